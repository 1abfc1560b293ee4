// What is stored in place of a ticket or password: its Argon2id hash, as text in the PHC string format that other programs use
// (github.com/P-H-C/phc-string-format): $argon2id$v=19$m=65536,t=3,p=1$<salt>$<hash>, Base64 without padding.

import { fromBase64, toBase64, utf8Encode } from '../bytes.ts'
import type { Crypto } from '../crypto.ts'
import { UsageError } from '../errors.ts'
import type { AuthFault } from './fault.ts'

export interface TicketHash {
  readonly memoryKiB: number
  readonly iterations: number
  readonly salt: Uint8Array
  readonly hash: Uint8Array
}

/** What a router computes at most because a stored text says so. */
export const TICKET_HASH_LIMITS = Object.freeze({
  memoryKiBMin: 8,
  memoryKiBMax: 1_048_576,
  iterationsMax: 1000,
  /** Memory in KiB times passes, 4 GiB: a few seconds of one core. */
  workMax: 4_194_304,
  saltBytesMin: 8,
  saltBytesMax: 64,
  hashBytesMin: 16,
  hashBytesMax: 64,
})

/** For new ones: the second choice of RFC 9106 section 4 with one lane, some 0.2 s in native code. */
const NEW = Object.freeze({ memoryKiB: 65_536, iterations: 3, saltBytes: 16, hashBytes: 32 })
const FORM = /^\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,6}),p=1\$([A-Za-z0-9+/]{1,100})\$([A-Za-z0-9+/]{1,100})$/

/**
 * Reads a stored hash.
 *
 * @param text anything
 * @returns the hash, or the fault, which never shows it
 * @example
 * const hash = readTicketHash(principal['ticket-hash'])
 * if ('fault' in hash) throw new UsageError('ERR_CONFIG', hash.fault)
 */
export function readTicketHash(text: unknown): TicketHash | AuthFault {
  const found = typeof text === 'string' ? FORM.exec(text) : null
  if (found === null) return { fault: 'it must be text of the form $argon2id$v=19$m=65536,t=3,p=1$<salt>$<hash>' }
  const [memoryKiB, iterations] = [Number(found[1]), Number(found[2])]
  const salt = unpadded(found[3]!)
  const hash = unpadded(found[4]!)
  const limits = TICKET_HASH_LIMITS
  if (memoryKiB < limits.memoryKiBMin || memoryKiB > limits.memoryKiBMax || iterations < 1 || iterations > limits.iterationsMax) {
    return {
      fault: `m must be from ${limits.memoryKiBMin} to ${limits.memoryKiBMax} (KiB) and t from 1 to ${limits.iterationsMax} in its parameters`,
    }
  }
  if (memoryKiB * iterations > limits.workMax) return { fault: `m times t must be at most ${limits.workMax} in its parameters` }
  if (salt === undefined || salt.length < limits.saltBytesMin || salt.length > limits.saltBytesMax) {
    return { fault: `its salt must be Base64 of ${limits.saltBytesMin} to ${limits.saltBytesMax} bytes` }
  }
  if (hash === undefined || hash.length < limits.hashBytesMin || hash.length > limits.hashBytesMax) {
    return { fault: `its hash must be Base64 of ${limits.hashBytesMin} to ${limits.hashBytesMax} bytes` }
  }
  return { memoryKiB, iterations, salt, hash }
}

function unpadded(text: string): Uint8Array | undefined {
  return fromBase64(text.padEnd(Math.ceil(text.length / 4) * 4, '='))
}

/**
 * Whether a ticket is the one of the hash, in constant time.
 *
 * @param done gets undefined when too many hashes are being computed (see `Crypto.argon2id`)
 * @example
 * isTicketOf(crypto, hash, 's3cret', (isRight) => (isRight ? welcome() : deny()))
 */
export function isTicketOf(crypto: Crypto, hash: TicketHash, ticket: string, done: (isRight: boolean | undefined) => void): void {
  const { iterations, memoryKiB } = hash
  crypto.argon2id(utf8Encode(ticket), hash.salt, { iterations, memoryKiB, length: hash.hash.length }, (found) =>
    done(found && crypto.isEqual(found, hash.hash)),
  )
}

/**
 * Makes the text to store of a ticket or password, with a new salt.
 *
 * @param done gets undefined when there is no Argon2id here, or too many hashes are being computed
 * @throws UsageError ERR_INVALID_ARGUMENT when the ticket is empty
 * @example
 * makeTicketHash(crypto, 's3cret', (text) => save('joe', { 'ticket-hash': text }))
 */
export function makeTicketHash(crypto: Crypto, ticket: string, done: (text: string | undefined) => void): void {
  if (ticket === '') throw new UsageError('ERR_INVALID_ARGUMENT', 'Cannot store an empty ticket: anyone could log in with it')
  const { memoryKiB, iterations, saltBytes, hashBytes } = NEW
  const salt = crypto.randomBytes(saltBytes)
  crypto.argon2id(utf8Encode(ticket), salt, { iterations, memoryKiB, length: hashBytes }, (hash) =>
    done(hash && phc(memoryKiB, iterations, salt, hash)),
  )
}

function phc(memoryKiB: number, iterations: number, salt: Uint8Array, hash: Uint8Array): string {
  const plain = (bytes: Uint8Array) => toBase64(bytes).replace(/=+$/, '')
  return `$argon2id$v=19$m=${memoryKiB},t=${iterations},p=1$${plain(salt)}$${plain(hash)}`
}

/** A hash that costs what new ones do, and that no known ticket has: for principals that do not exist. */
export function mockTicketHash(): string {
  const { memoryKiB, iterations, saltBytes, hashBytes } = NEW
  return phc(memoryKiB, iterations, new Uint8Array(saltBytes), new Uint8Array(hashBytes))
}
