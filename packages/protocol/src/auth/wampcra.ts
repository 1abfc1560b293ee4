// WAMP-CRA (AUTH-20 … AUTH-30): the router sends a text, the client answers with its HMAC under a shared key.
//
// The key is the secret itself, or, with a salt, the Base64 *text* of what PBKDF2 makes of the secret (AUTH-24): the router then
// stores that text and never sees the secret.

import { toBase64, utf8Encode } from '../bytes.ts'
import type { Crypto } from '../crypto.ts'
import { UsageError } from '../errors.ts'
import type { Dict } from '../messages.ts'
import type { AuthFault } from './fault.ts'
import { mockBytes } from './mock.ts'

/** How the key is made of the secret, as CHALLENGE says it. */
export interface WampcraSalting {
  /** Used as UTF-8 text, not decoded, whatever it looks like (AUTH-23). */
  readonly salt: string
  readonly iterations: number
  /** Bytes of the derived key. */
  readonly keylen: number
}

/** What routers mean that send a salt alone (AUTH-25). */
export const WAMPCRA_SALTING_DEFAULTS = Object.freeze({ iterations: 1000, keylen: 32 })

/** What a client does at most because a router says so, and what a router stores at most. */
export const WAMPCRA_LIMITS = Object.freeze({
  /** Ours has some 300; a challenge may come from a third party (AUTH-28), so there is room. */
  challengeChars: 16_384,
  saltChars: 1024,
  /** A few seconds of one core. There is no lower limit: without a salt the secret signs directly, which costs less than one. */
  iterations: 5_000_000,
  /** Every 32 bytes cost the whole iterations again, and more than 32 give HMAC-SHA256 nothing. */
  keylen: 64,
})

/** For credentials made here: what is advised for PBKDF2-HMAC-SHA256 today (OWASP Password Storage Cheat Sheet). */
export const WAMPCRA_ITERATIONS = 600_000

const NONCE_BYTES = 24
const SALT_BYTES = 16
/** Base64 of the 32 bytes of HMAC-SHA256. */
const SIGNATURE_CHARS = 44

/** Who is challenged, and as whom they will be in the session if they answer. */
export interface WampcraChallengeParts {
  readonly authid: string
  readonly authrole: string
  readonly authprovider: string
  /** The id that WELCOME will carry. */
  readonly session: number
  /** Milliseconds since 1970-01-01 UTC. */
  readonly nowMs: number
}

/**
 * A challenge, new each time: a JSON text with the seven members of AUTH-21. The router keeps the text and compares the
 * signature over exactly this, once (AUTH-26).
 *
 * @example
 * const challenge = wampcraChallenge(crypto, { authid: 'peter', authrole: 'user', authprovider: 'static', session, nowMs: clock.now() })
 */
export function wampcraChallenge(crypto: Crypto, { authid, authrole, authprovider, session, nowMs }: WampcraChallengeParts): string {
  const nonce = toBase64(crypto.randomBytes(NONCE_BYTES))
  const timestamp = new Date(nowMs).toISOString()
  return JSON.stringify({ authid, authrole, authmethod: 'wampcra', authprovider, nonce, timestamp, session })
}

/** What a client has to do. */
export interface WampcraTask {
  readonly challenge: string
  /** Undefined: the secret signs directly. */
  readonly salting: WampcraSalting | undefined
}

/**
 * Reads CHALLENGE.Extra (AUTH-21, AUTH-23), with the defaults of AUTH-25.
 *
 * @param extra as received
 * @returns the task, or the fault: something is missing, of a wrong type, or beyond `WAMPCRA_LIMITS`
 * @example
 * readWampcraChallenge({ challenge: '{"nonce": …}', salt: 'salt123' })
 * // { challenge: '{"nonce": …}', salting: { salt: 'salt123', iterations: 1000, keylen: 32 } }
 */
export function readWampcraChallenge(extra: Dict): WampcraTask | AuthFault {
  const { challenge, salt } = extra
  if (typeof challenge !== 'string' || challenge === '' || challenge.length > WAMPCRA_LIMITS.challengeChars) {
    return { fault: `CHALLENGE.Extra.challenge must be a string of 1 to ${WAMPCRA_LIMITS.challengeChars} characters` }
  }
  // Some routers send an empty or null salt where there is none.
  if (salt === undefined || salt === null || salt === '') return { challenge, salting: undefined }
  const salting = readWampcraSalting(extra)
  return 'fault' in salting ? salting : { challenge, salting }
}

/**
 * Reads `salt`, `iterations` and `keylen` from CHALLENGE.Extra or from stored credentials, with the defaults of AUTH-25.
 *
 * @returns the salting, or the fault
 * @example
 * readWampcraSalting({ salt: 'salt123', iterations: 0 }) // { fault: 'iterations must be a whole number from 1 to 5000000' }
 */
export function readWampcraSalting(dict: Dict): WampcraSalting | AuthFault {
  const { salt } = dict
  const iterations = dict['iterations'] ?? WAMPCRA_SALTING_DEFAULTS.iterations
  const keylen = dict['keylen'] ?? WAMPCRA_SALTING_DEFAULTS.keylen
  if (typeof salt !== 'string' || salt === '' || salt.length > WAMPCRA_LIMITS.saltChars) {
    return { fault: `salt must be a string of 1 to ${WAMPCRA_LIMITS.saltChars} characters` }
  }
  if (!isWithin(iterations, WAMPCRA_LIMITS.iterations)) {
    return { fault: `iterations must be a whole number from 1 to ${WAMPCRA_LIMITS.iterations}` }
  }
  if (!isWithin(keylen, WAMPCRA_LIMITS.keylen)) return { fault: `keylen must be a whole number from 1 to ${WAMPCRA_LIMITS.keylen}` }
  return { salt, iterations, keylen }
}

function isWithin(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max
}

/**
 * The key that signs (AUTH-24): the UTF-8 secret, or with a salting the Base64 text of the derived bytes, in UTF-8 too.
 *
 * @param secret what the user knows
 * @param salting from CHALLENGE; undefined when there is no salt
 * @param done gets the key, undefined when too many derivations wait (see `Crypto.pbkdf2Sha256`)
 * @throws UsageError ERR_INVALID_ARGUMENT when the secret is empty
 * @example
 * wampcraKey(crypto, 'secret1', { salt: 'salt123', iterations: 1000, keylen: 32 }, (key) => send(signWampcra(crypto, key!, challenge)))
 */
export function wampcraKey(
  crypto: Crypto,
  secret: string,
  salting: WampcraSalting | undefined,
  done: (key: Uint8Array | undefined) => void,
): void {
  if (secret === '') throw new UsageError('ERR_INVALID_ARGUMENT', 'Cannot use an empty secret for WAMP-CRA: anyone could sign with it')
  const bytes = utf8Encode(secret)
  if (salting === undefined) {
    done(bytes)
    return
  }
  const { salt, iterations, keylen } = salting
  crypto.pbkdf2Sha256(bytes, utf8Encode(salt), iterations, keylen, (key) => done(key && utf8Encode(toBase64(key))))
}

/**
 * AUTHENTICATE.Signature (AUTH-22): Base64 of the HMAC-SHA256 of the challenge exactly as received.
 *
 * @param key from `wampcraKey`; an empty one is the caller's mistake
 * @example
 * signWampcra(crypto, utf8Encode('secret1'), challenge) // 'vb/MUq65p6Xs4P09HfsDI4VmI8HWO3whf0vNe4IdogQ='
 */
export function signWampcra(crypto: Crypto, key: Uint8Array, challenge: string): string {
  return toBase64(crypto.hmacSha256(key, utf8Encode(challenge)))
}

/**
 * Whether `signature`, as received in AUTHENTICATE, is that of `challenge` under `key`; in constant time (AUTH-07).
 *
 * @param signature anything; what is no canonical Base64 of 32 bytes is wrong
 * @example
 * isWampcraSignature(crypto, key, challenge, authenticate.signature)
 */
export function isWampcraSignature(crypto: Crypto, key: Uint8Array, challenge: string, signature: unknown): boolean {
  const expected = utf8Encode(signWampcra(crypto, key, challenge))
  // Texts are compared, not bytes: there is one Base64 text only, and nothing malformed is decoded.
  // The length comes first, so that a long text is not encoded.
  return typeof signature === 'string' && signature.length === SIGNATURE_CHARS && crypto.isEqual(expected, utf8Encode(signature))
}

/** What a router stores of a user in place of the secret: who steals it can sign as this user here, but not elsewhere. */
export interface WampcraCredentials extends WampcraSalting {
  /** The Base64 text of the derived key, which is the key (AUTH-24). */
  readonly secret: string
}

/**
 * Makes what a router stores of a user, with a new salt.
 *
 * @param iterations of PBKDF2, by default `WAMPCRA_ITERATIONS`
 * @param done gets the credentials, undefined when too many derivations wait
 * @throws UsageError ERR_INVALID_ARGUMENT when the secret is empty or the iterations are beyond `WAMPCRA_LIMITS`
 * @example
 * makeWampcraCredentials(crypto, 'secret1', WAMPCRA_ITERATIONS, (credentials) => save('peter', credentials))
 */
export function makeWampcraCredentials(
  crypto: Crypto,
  secret: string,
  iterations: number,
  done: (credentials: WampcraCredentials | undefined) => void,
): void {
  const { keylen } = WAMPCRA_SALTING_DEFAULTS
  const salting = readWampcraSalting({ salt: toBase64(crypto.randomBytes(SALT_BYTES)), iterations, keylen })
  if ('fault' in salting)
    throw new UsageError('ERR_INVALID_ARGUMENT', `Cannot make WAMP-CRA credentials: ${salting.fault}, not ${iterations}`)
  wampcraKey(crypto, secret, salting, (key) => {
    done(key && { ...salting, secret: String.fromCharCode(...key) })
  })
}

/**
 * The salting of a user that does not exist (AUTH-26), which looks like one of `makeWampcraCredentials`.
 *
 * @param secret the router's own, see `mockBytes`
 * @param iterations those of the real users
 * @example
 * const extra = { challenge, ...mockWampcraSalting(crypto, routerSecret, 'nobody', WAMPCRA_ITERATIONS) }
 */
export function mockWampcraSalting(crypto: Crypto, secret: Uint8Array, authid: string, iterations: number): WampcraSalting {
  const salt = toBase64(mockBytes(crypto, secret, 'wampcra salt', authid).subarray(0, SALT_BYTES))
  return { salt, iterations, keylen: WAMPCRA_SALTING_DEFAULTS.keylen }
}
