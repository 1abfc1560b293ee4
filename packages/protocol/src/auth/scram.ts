// WAMP-SCRAM (AUTH-35 … AUTH-54), what both sides compute; scram-client.ts and scram-server.ts have the two roles.
//
// The password makes a salted password, that makes two keys. The server keeps what checks the one (StoredKey) and proves the
// other (ServerKey); neither lets anyone log in who steals it. Client and server prove themselves to each other over one text,
// the AuthMessage, in which everything stands that both must have seen alike.

import { toBase64, utf8Encode } from '../bytes.ts'
import type { Crypto } from '../crypto.ts'
import type { Dict } from '../messages.ts'
import type { AuthFault } from './fault.ts'
import { type SaslprepUse, saslprep } from './saslprep.ts'

/** How the salted password is made (AUTH-36). */
export type ScramKdf = 'argon2id13' | 'pbkdf2'

/** What making it costs, on the wire and in store. */
export interface ScramCost {
  readonly kdf: ScramKdf
  readonly iterations: number
  /** KiB, of Argon2id; null for PBKDF2. */
  readonly memory: number | null
}

/**
 * Bounds in both directions: a client neither works endlessly because a router says so, nor hands out a proof from which its
 * password is cheaply guessed (AUTH-43); a server does not store what clients refuse.
 */
export const SCRAM_LIMITS = Object.freeze({
  /** RFC 7677 section 4, AUTH-41. */
  pbkdf2IterationsMin: 4096,
  /** A few seconds of one core; eight times what is advised today. */
  pbkdf2IterationsMax: 5_000_000,
  /** Below this the passes are so quick that Argon2id has no advantage over PBKDF2. */
  argon2MemoryKiBMin: 512,
  /** What a device with little memory can still give. */
  argon2MemoryKiBMax: 262_144,
  /** Memory in KiB times passes, 16 MiB: half of the cheapest that is advised today, and what AUTH-52 has. */
  argon2WorkMin: 16_384,
  /** 4 GiB: a few seconds of one core. */
  argon2WorkMax: 4_194_304,
  /** Argon2 takes no shorter salt (RFC 9106 section 3.1). */
  saltBytesMin: 8,
  saltBytesMax: 256,
  /** Of each side; 16 random octets have 24 in Base64 (AUTH-35). */
  nonceCharsMax: 256,
})

/** For new users: the second choice of RFC 9106 section 4, with the parallelism of AUTH-41. Some 0.2 s in native code. */
export const SCRAM_COST: ScramCost = Object.freeze({ kdf: 'argon2id13', iterations: 3, memory: 65_536 })
/** For users on platforms without Argon2id, browsers above all (OWASP Password Storage Cheat Sheet). */
export const SCRAM_COST_PBKDF2: ScramCost = Object.freeze({ kdf: 'pbkdf2', iterations: 600_000, memory: null })

/** What SCRAM can be bound to (AUTH-45). */
export type ScramBinding = 'tls-unique' | 'tls-server-end-point'
export const SCRAM_BINDINGS: readonly ScramBinding[] = ['tls-unique', 'tls-server-end-point']

/** The channel as one side sees it. */
export interface ScramChannel {
  readonly type: ScramBinding
  /** The channel's data (RFC 5929), each side its own. */
  readonly data: Uint8Array
}

/** What both sides must have seen alike. */
export interface ScramExchange {
  /** As in HELLO, not yet prepared. */
  readonly authid: string
  readonly clientNonce: string
  /** As in CHALLENGE: the client's followed by the server's. */
  readonly nonce: string
  /** Base64 text, as in CHALLENGE. */
  readonly salt: string
  readonly iterations: number
  /** Undefined without channel binding. */
  readonly channel: ScramChannel | undefined
}

/** Bytes of every key, proof and signature. */
export const SCRAM_KEY_BYTES = 32
const NONCE_BYTES = 16
/** Printable ASCII without comma (RFC 5802 section 5.1): anything else could be read as another attribute of the AuthMessage. */
const NONCE = /^[\x21-\x2b\x2d-\x7e]+$/

/**
 * One side's nonce: Base64 of 16 random octets (AUTH-35).
 *
 * @example
 * const clientNonce = drawScramNonce(crypto) // 'egVDf3DMJh0SBmkFIh7sSo=='
 */
export function drawScramNonce(crypto: Crypto): string {
  return toBase64(crypto.randomBytes(NONCE_BYTES))
}

/**
 * Whether a value can stand as a nonce in the AuthMessage: 1 to `charsMax` printable ASCII characters, no comma. It need not be
 * Base64: two put together are not (AUTH-36).
 *
 * @example
 * isScramNonce('rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0', 512) // true
 */
export function isScramNonce(value: unknown, charsMax: number): value is string {
  return typeof value === 'string' && value.length <= charsMax && NONCE.test(value)
}

/** Whether a value names a type of channel binding that SCRAM has. */
export function isScramBinding(value: unknown): value is ScramBinding {
  return SCRAM_BINDINGS.some((each) => each === value)
}

/**
 * Reads `kdf`, `iterations` and `memory` of CHALLENGE.Extra or of stored credentials, within `SCRAM_LIMITS`.
 *
 * @returns the cost, or the fault
 * @example
 * readScramCost({ kdf: 'pbkdf2', iterations: 1 }) // { fault: 'iterations must be a whole number from 4096 to 5000000 with pbkdf2' }
 */
export function readScramCost({ kdf, iterations, memory }: Dict): ScramCost | AuthFault {
  const limits = SCRAM_LIMITS
  if (kdf === 'pbkdf2') {
    if (isWithin(iterations, limits.pbkdf2IterationsMin, limits.pbkdf2IterationsMax)) return { kdf, iterations, memory: null }
    return { fault: `iterations must be a whole number from ${limits.pbkdf2IterationsMin} to ${limits.pbkdf2IterationsMax} with pbkdf2` }
  }
  if (kdf !== 'argon2id13') return { fault: 'kdf must be "argon2id13" or "pbkdf2"' }
  if (!isWithin(memory, limits.argon2MemoryKiBMin, limits.argon2MemoryKiBMax)) {
    return {
      fault: `memory must be a whole number of KiB from ${limits.argon2MemoryKiBMin} to ${limits.argon2MemoryKiBMax} with argon2id13`,
    }
  }
  if (isWithin(iterations, 1, limits.argon2WorkMax) && isWithin(memory * iterations, limits.argon2WorkMin, limits.argon2WorkMax)) {
    return { kdf, iterations, memory }
  }
  return { fault: `iterations times memory must be from ${limits.argon2WorkMin} to ${limits.argon2WorkMax} KiB with argon2id13` }
}

function isWithin(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
}

/**
 * The text that both sides sign (AUTH-40).
 *
 * @throws UsageError ERR_INVALID_ARGUMENT when the authid cannot be prepared (see `saslprep`)
 * @example
 * scramAuthMessage({ authid: 'user', clientNonce: 'a', nonce: 'ab', salt: 'c2FsdA==', iterations: 4096, channel: undefined })
 * // 'n=user,r=a,r=ab,s=c2FsdA==,i=4096,c=biws,r=ab'
 */
export function scramAuthMessage({ authid, clientNonce, nonce, salt, iterations, channel }: ScramExchange): string {
  const name = saslprep(authid, 'query', 'authid').replaceAll('=', '=3D').replaceAll(',', '=2C')
  const flag = utf8Encode(channel === undefined ? 'n,,' : `p=${channel.type},,`)
  const bound = new Uint8Array(flag.length + (channel?.data.length ?? 0))
  bound.set(flag)
  if (channel !== undefined) bound.set(channel.data, flag.length)
  return `n=${name},r=${clientNonce},r=${nonce},s=${salt},i=${iterations},c=${toBase64(bound)},r=${nonce}`
}

/**
 * SaltedPassword (AUTH-39, AUTH-41), 32 bytes. The cost is used as it is: `readScramCost` has checked what comes from outside.
 *
 * @param salt the bytes, not their Base64
 * @param use `stored` when the result is to be kept, `query` when it is to prove the password
 * @param done gets undefined when there is no Argon2id here, or too many derivations wait (see `Crypto`)
 * @throws UsageError ERR_INVALID_ARGUMENT when the password cannot be prepared (see `saslprep`)
 * @example
 * scramSaltedPassword(crypto, 'pencil', salt, { kdf: 'pbkdf2', iterations: 4096, memory: null }, 'query', (key) => …)
 */
export function scramSaltedPassword(
  crypto: Crypto,
  password: string,
  salt: Uint8Array,
  { kdf, iterations, memory }: ScramCost,
  use: SaslprepUse,
  done: (saltedPassword: Uint8Array | undefined) => void,
): void {
  const bytes = utf8Encode(saslprep(password, use, 'password'))
  if (kdf === 'pbkdf2') crypto.pbkdf2Sha256(bytes, salt, iterations, SCRAM_KEY_BYTES, done)
  else crypto.argon2id(bytes, salt, { iterations, memoryKiB: memory ?? 0, length: SCRAM_KEY_BYTES }, done)
}

/** What a salted password makes (AUTH-39), 32 bytes each. */
export interface ScramKeys {
  /** The client's alone. */
  readonly clientKey: Uint8Array
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
}

const CLIENT_KEY = utf8Encode('Client Key')
const SERVER_KEY = utf8Encode('Server Key')

/**
 * The keys of a salted password (AUTH-39).
 *
 * @example
 * const { storedKey, serverKey } = scramKeys(crypto, saltedPassword)
 */
export function scramKeys(crypto: Crypto, saltedPassword: Uint8Array): ScramKeys {
  const clientKey = crypto.hmacSha256(saltedPassword, CLIENT_KEY)
  return { clientKey, storedKey: crypto.sha256(clientKey), serverKey: crypto.hmacSha256(saltedPassword, SERVER_KEY) }
}

/** ClientProof from ClientKey, or ClientKey from ClientProof: both are the other XOR HMAC(StoredKey, AuthMessage). */
export function scramUnveil(crypto: Crypto, storedKey: Uint8Array, authMessage: string, veiled: Uint8Array): Uint8Array {
  const signature = crypto.hmacSha256(storedKey, utf8Encode(authMessage))
  return Uint8Array.from(veiled, (byte, i) => byte ^ signature[i]!)
}

/** ServerSignature (AUTH-39), 32 bytes. */
export function scramServerSignature(crypto: Crypto, serverKey: Uint8Array, authMessage: string): Uint8Array {
  return crypto.hmacSha256(serverKey, utf8Encode(authMessage))
}
