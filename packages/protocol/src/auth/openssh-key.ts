// The file that `ssh-keygen -t ed25519 -N ''` writes: Base64 between two lines, inside it length-prefixed fields
// (PROTOCOL.key of OpenSSH). Only Ed25519 without passphrase is read.

import { asciiSlice } from '../bytes.ts'
import { UsageError } from '../errors.ts'
import { readBase64 } from './base64.ts'

const BEGIN = '-----BEGIN OPENSSH PRIVATE KEY-----'
const END = '-----END OPENSSH PRIVATE KEY-----'
const MAGIC = 'openssh-key-v1\0'
const KEY_TYPE = 'ssh-ed25519'
/** Such a file has some 400 characters; the comment may be longer than usual. */
const TEXT_CHARS_MAX = 8192
const PADDING_BYTES_MAX = 255

/** Whether a text claims to be an OpenSSH private key. */
export function isOpensshKey(text: string): boolean {
  return text.trimStart().startsWith(BEGIN)
}

/**
 * The 32-byte seed in an unencrypted OpenSSH Ed25519 private key.
 *
 * @param text the whole file
 * @param what names the key in the error, for example `key of "device1"`
 * @throws UsageError ERR_INVALID_ARGUMENT, which says what is wrong and never shows the key
 * @example
 * const seed = readOpensshSeed(readFileSync('id_ed25519', 'utf8'), 'private key')
 */
export function readOpensshSeed(text: string, what: string): Uint8Array {
  const fail = (why: string): never => {
    throw new UsageError('ERR_INVALID_ARGUMENT', `Cannot read the ${what}: ${why}`)
  }
  const trimmed = text.trim()
  if (text.length > TEXT_CHARS_MAX || !trimmed.startsWith(BEGIN) || !trimmed.endsWith(END)) {
    fail(`it must be the whole text of an OpenSSH private key, at most ${TEXT_CHARS_MAX} characters`)
  }
  const body = readBase64(trimmed.slice(BEGIN.length, -END.length).replaceAll(/\s/g, ''), MAGIC.length, TEXT_CHARS_MAX)
  const fields = new Fields(body ?? new Uint8Array(0))
  if (fields.ascii(MAGIC.length) !== MAGIC) fail('there is no OpenSSH key between its first and last line')
  const [cipher, derivation] = [fields.text(), fields.text()]
  if (cipher !== 'none' || derivation !== 'none') fail('it has a passphrase; remove that with "ssh-keygen -p", or use an agent')
  fields.field() // options of the derivation, which is none
  if (fields.number() !== 1) fail('it must hold exactly one key')
  const outerKey = publicKeyIn(new Fields(fields.field()))
  const secret = new Fields(fields.field())
  if (!fields.isAtEnd) fail('it is cut or has bytes behind its end')

  const [check, sameCheck] = [secret.number(), secret.number()]
  const innerKey = publicKeyIn(secret)
  if (outerKey === undefined || innerKey === undefined) return fail('its type must be ssh-ed25519')
  const pair = secret.field()
  secret.field() // the comment
  const isWhole = check === sameCheck && pair.length === 64 && secret.isPadding
  if (!isWhole || !isSame(outerKey, innerKey) || !isSame(innerKey, pair.subarray(32))) return fail('its parts do not fit together')
  return pair.slice(0, 32)
}

function publicKeyIn(fields: Fields): Uint8Array | undefined {
  const type = fields.text()
  const key = fields.field()
  return type === KEY_TYPE && key.length === 32 ? key : undefined
}

/** Of public keys; time tells nothing here. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i])
}

/** Reads one field after the other; beyond the end everything is empty or -1, which no check accepts. */
class Fields {
  readonly #bytes: Uint8Array
  #at = 0
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }
  #take(length: number): Uint8Array {
    const isThere = length <= this.#bytes.length - this.#at
    const taken = this.#bytes.subarray(this.#at, isThere ? this.#at + length : this.#at)
    this.#at = isThere ? this.#at + length : this.#bytes.length
    return taken
  }
  ascii(length: number): string {
    const bytes = this.#take(length)
    return asciiSlice(bytes, 0, bytes.length)
  }
  number(): number {
    const bytes = this.#take(4)
    return bytes.length < 4 ? -1 : bytes.reduce((value, byte) => value * 256 + byte, 0)
  }
  field(): Uint8Array {
    return this.#take(Math.max(0, this.number()))
  }
  text(): string {
    const bytes = this.field()
    return asciiSlice(bytes, 0, bytes.length)
  }
  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }
  /** Whether 1, 2, 3 … follow up to the end. */
  get isPadding(): boolean {
    const rest = this.#bytes.subarray(this.#at)
    return rest.length <= PADDING_BYTES_MAX && rest.every((byte, i) => byte === i + 1)
  }
}
