// The line protocol (README.md) for peers in JavaScript: reading commands, writing answers and values.
import { createInterface } from 'node:readline'

export class Unsupported extends Error {}

/** An ERROR, or what stands for one. */
export class PeerError extends Error {
  constructor(uri, args, kwargs) {
    super(uri)
    Object.assign(this, { uri, args: args ?? [], kwargs: kwargs ?? {} })
  }
}

export const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

export function toLine(value) {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : { $int: String(value) }
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') }
  if (Array.isArray(value)) return value.map(toLine)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toLine(item)]))
}

export function fromLine(value) {
  if (Array.isArray(value)) return value.map(fromLine)
  if (typeof value !== 'object' || value === null) return value
  if (value.$int !== undefined) return BigInt(value.$int)
  if (value.$bytes !== undefined) return new Uint8Array(Buffer.from(value.$bytes, 'base64'))
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fromLine(item)]))
}

/** Carries out commands until stdin ends; `errorOf` makes a PeerError of what the library threw, where it is one. */
export function serve(version, commands, errorOf) {
  // Some libraries throw where nobody can catch; that must not end the other features.
  process.on('uncaughtException', (error) => process.stderr.write(`uncaught: ${error?.stack ?? error}\n`))
  process.on('unhandledRejection', (error) => process.stderr.write(`unhandled: ${error?.stack ?? error}\n`))
  const run = async (command) => {
    const { id } = command
    if (command.do === 'keyring') return say({ id, unsupported: 'it has no encryption with cryptobox' })
    try {
      say({ id, ok: toLine(await commands[command.do](command)) })
    } catch (thrown) {
      if (thrown instanceof Unsupported) return say({ id, unsupported: thrown.message })
      const { uri, args, kwargs } =
        thrown instanceof PeerError ? thrown : (errorOf(thrown) ?? new PeerError('peer.error', [String(thrown?.message ?? thrown)]))
      say({ id, error: { uri, args: toLine(args), kwargs: toLine(kwargs) } })
    }
  }
  say({ ready: version })
  createInterface({ input: process.stdin })
    .on('line', (line) => void run(fromLine(JSON.parse(line))))
    .on('close', () => process.exit(0))
}
