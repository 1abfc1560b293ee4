import { writeFileSync } from 'node:fs'
import { CRYPTOSIGN_BYTES, toHex } from '@crosspoint/protocol/internal'
import { nodeCrypto } from '../crypto.ts'

export interface KeygenOptions {
  /** Where the private key is written, for its owner alone; a file that is there is not overwritten. Default: it is printed. */
  readonly out?: string | undefined
}

/**
 * `crosspoint keygen`: a new key for cryptosign, Ed25519.
 *
 * @param write takes what is printed. Default: stdout
 * @throws Error when the file is there already or cannot be written
 * @example
 * keygen({ out: 'joe.key' }) // prints the public key, for authorized_keys
 */
export function keygen({ out }: KeygenOptions, write: (text: string) => void = (text) => process.stdout.write(text)): void {
  const seed = nodeCrypto.randomBytes(CRYPTOSIGN_BYTES)
  nodeCrypto.ed25519PublicKey(seed, (publicKey) => {
    const text = toHex(seed)
    if (out === undefined) write(`private key: ${text}\n`)
    else writeKey(out, text)
    write(`public key: ${toHex(publicKey)}\n`)
  })
}

function writeKey(path: string, text: string): void {
  try {
    writeFileSync(path, `${text}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'EEXIST' ? 'it is there already, and a key that is in use would be lost' : message
    throw new Error(`Cannot write a new private key to ${path}: ${why}; give another with --out FILE`, { cause: error })
  }
}
