// WAMP-SCRAM at the server: make and read what is stored of a user, challenge, check the proof. Checking is a few HMACs: the
// costly part is the client's.

import { toBase64 } from '../bytes.ts'
import type { Crypto } from '../crypto.ts'
import { UsageError } from '../errors.ts'
import type { Dict } from '../messages.ts'
import { readBase64 } from './base64.ts'
import type { AuthFault } from './fault.ts'
import { readHex, toHex } from './hex.ts'
import { mockBytes } from './mock.ts'
import { saslprep } from './saslprep.ts'
import {
  drawScramNonce,
  isScramBinding,
  isScramNonce,
  readScramCost,
  SCRAM_BINDINGS,
  SCRAM_KEY_BYTES,
  SCRAM_LIMITS,
  type ScramBinding,
  type ScramCost,
  type ScramExchange,
  scramAuthMessage,
  scramKeys,
  scramSaltedPassword,
  scramServerSignature,
  scramUnveil,
} from './scram.ts'

const SALT_BYTES = 16

/** What a server has of a user (AUTH-48), never the password. */
export interface ScramCredentials extends ScramCost {
  /** Base64, as CHALLENGE carries it. */
  readonly salt: string
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
}

/**
 * Makes what a server stores of a user, with a new salt.
 *
 * @param cost `SCRAM_COST`, or `SCRAM_COST_PBKDF2` for users in browsers
 * @param done gets undefined when there is no Argon2id here, or too many derivations wait (see `Crypto`)
 * @throws UsageError ERR_INVALID_ARGUMENT when the password cannot be prepared (see `saslprep`), or the cost is beyond `SCRAM_LIMITS`
 * @example
 * makeScramCredentials(crypto, 'pencil', SCRAM_COST, (credentials) => save('peter', scramCredentialsDict(credentials!)))
 */
export function makeScramCredentials(
  crypto: Crypto,
  password: string,
  cost: ScramCost,
  done: (credentials: ScramCredentials | undefined) => void,
): void {
  const checked = readScramCost({ ...cost })
  if ('fault' in checked) throw new UsageError('ERR_INVALID_ARGUMENT', `Cannot make SCRAM credentials: ${checked.fault}`)
  const salt = crypto.randomBytes(SALT_BYTES)
  scramSaltedPassword(crypto, password, salt, checked, 'stored', (saltedPassword) => {
    if (saltedPassword === undefined) {
      done(undefined)
      return
    }
    const { storedKey, serverKey } = scramKeys(crypto, saltedPassword)
    done({ ...checked, salt: toBase64(salt), storedKey, serverKey })
  })
}

/**
 * Credentials as they are kept in a configuration, a file or a table, with the names that Crossbar.io has for them.
 *
 * @example
 * scramCredentialsDict(credentials)
 * // { kdf: 'pbkdf2', iterations: 4096, memory: null, salt: 'W22Z…', 'stored-key': '586e…', 'server-key': 'c19b…' }
 */
export function scramCredentialsDict({ kdf, iterations, memory, salt, storedKey, serverKey }: ScramCredentials): Dict {
  return { kdf, iterations, memory, salt, 'stored-key': toHex(storedKey), 'server-key': toHex(serverKey) }
}

/**
 * Reads what `scramCredentialsDict` wrote; the keys may be in Base64, too.
 *
 * @returns the credentials, or the fault, which never shows a key
 * @example
 * const credentials = readScramCredentials(principal)
 * if ('fault' in credentials) throw new UsageError('ERR_CONFIG', `Cannot use the principal "peter": ${credentials.fault}`)
 */
export function readScramCredentials(dict: Dict): ScramCredentials | AuthFault {
  const cost = readScramCost(dict)
  if ('fault' in cost) return cost
  const { saltBytesMin, saltBytesMax } = SCRAM_LIMITS
  const { salt } = dict
  if (readBase64(salt, saltBytesMin, saltBytesMax) === undefined) {
    return { fault: `salt must be Base64 of ${saltBytesMin} to ${saltBytesMax} bytes` }
  }
  const storedKey = readKey(dict['stored-key'])
  const serverKey = readKey(dict['server-key'])
  if (storedKey === undefined || serverKey === undefined) {
    return { fault: 'stored-key and server-key must be 32 bytes in hexadecimal digits or Base64' }
  }
  return { ...cost, salt: salt as string, storedKey, serverKey }
}

function readKey(text: unknown): Uint8Array | undefined {
  return readHex(text, SCRAM_KEY_BYTES) ?? readBase64(text, SCRAM_KEY_BYTES, SCRAM_KEY_BYTES)
}

/**
 * The credentials of a user that does not exist (AUTH-46): the same for one name always, and no password fits.
 *
 * @param secret the router's own, see `mockBytes`
 * @param cost that of the real users
 * @example
 * const credentials = store.find(authid) ?? mockScramCredentials(crypto, routerSecret, authid, SCRAM_COST)
 */
export function mockScramCredentials(crypto: Crypto, secret: Uint8Array, authid: string, cost: ScramCost): ScramCredentials {
  const { kdf, iterations, memory } = cost
  const salt = toBase64(mockBytes(crypto, secret, 'scram salt', authid).subarray(0, SALT_BYTES))
  const storedKey = mockBytes(crypto, secret, 'scram stored key', authid)
  return { kdf, iterations, memory, salt, storedKey, serverKey: mockBytes(crypto, secret, 'scram server key', authid) }
}

/** What a client says in HELLO. */
export interface ScramHello {
  /** As received; prepare it with `saslprep` before looking it up. */
  readonly authid: string
  readonly clientNonce: string
  readonly channelBinding: ScramBinding | undefined
}

/**
 * Reads HELLO.Details (AUTH-35, AUTH-45). Whether this connection can be bound as asked is the caller's to know.
 *
 * @returns what the client says, or the fault
 * @example
 * const hello = readScramHello(message.details)
 * if ('fault' in hello) return abort('wamp.error.authentication_failed', hello.fault)
 */
export function readScramHello(details: Dict): ScramHello | AuthFault {
  const { authid, authextra } = details
  if (typeof authid !== 'string') return { fault: 'HELLO.Details.authid must be a string for wamp-scram' }
  try {
    saslprep(authid, 'query', 'HELLO.Details.authid')
  } catch (error) {
    return { fault: (error as UsageError).message }
  }
  const { nonce, channel_binding } = (typeof authextra === 'object' && authextra !== null ? authextra : {}) as Dict
  if (!isScramNonce(nonce, SCRAM_LIMITS.nonceCharsMax)) {
    return { fault: `HELLO.Details.authextra.nonce must be 1 to ${SCRAM_LIMITS.nonceCharsMax} printable ASCII characters without comma` }
  }
  const channelBinding = channel_binding ?? undefined
  if (channelBinding !== undefined && !isScramBinding(channelBinding)) {
    return { fault: `HELLO.Details.authextra.channel_binding must be null or one of ${SCRAM_BINDINGS.join(', ')}` }
  }
  return { authid, clientNonce: nonce, channelBinding }
}

/** CHALLENGE.Extra, which the server keeps until the answer. */
export interface ScramChallenge extends ScramCost {
  readonly nonce: string
  readonly salt: string
}

/**
 * CHALLENGE.Extra for a user (AUTH-36), with a new nonce.
 *
 * @example
 * const challenge = scramChallenge(crypto, credentials, hello.clientNonce)
 */
export function scramChallenge(crypto: Crypto, { salt, kdf, iterations, memory }: ScramCredentials, clientNonce: string): ScramChallenge {
  return { nonce: clientNonce + drawScramNonce(crypto), salt, kdf, iterations, memory }
}

/** Why a proof is refused, in the words of RFC 5802 section 7 (AUTH-44). */
export type ScramError = 'invalid-encoding' | 'channel-bindings-dont-match' | 'invalid-proof' | 'other-error'

/**
 * Checks AUTHENTICATE (AUTH-44).
 *
 * @param credentials the user's, or mock ones
 * @param exchange from HELLO and CHALLENGE, with the channel as the server itself sees it, if HELLO asked for binding
 * @param signature AUTHENTICATE.Signature as received
 * @param extra AUTHENTICATE.Extra as received
 * @returns WELCOME's `authextra.verifier` (AUTH-38), or the error
 * @example
 * const result = checkScramProof(crypto, credentials, { ...hello, ...challenge, channel: undefined }, authenticate.signature, authenticate.extra)
 * if ('error' in result) deny(result.error)
 */
export function checkScramProof(
  crypto: Crypto,
  credentials: ScramCredentials,
  exchange: ScramExchange,
  signature: unknown,
  extra: Dict,
): { readonly verifier: string } | { readonly error: ScramError } {
  const { channel, nonce } = exchange
  const proof = readBase64(signature, SCRAM_KEY_BYTES, SCRAM_KEY_BYTES)
  if (proof === undefined) return { error: 'invalid-encoding' }
  if (extra['nonce'] !== nonce) return { error: 'other-error' }
  const data = extra['cbind_data'] ?? undefined
  const expectedData = channel === undefined ? undefined : toBase64(channel.data)
  if ((extra['channel_binding'] ?? undefined) !== channel?.type || data !== expectedData) return { error: 'channel-bindings-dont-match' }

  const authMessage = scramAuthMessage(exchange)
  const clientKey = scramUnveil(crypto, credentials.storedKey, authMessage, proof)
  if (!crypto.isEqual(crypto.sha256(clientKey), credentials.storedKey)) return { error: 'invalid-proof' }
  return { verifier: toBase64(scramServerSignature(crypto, credentials.serverKey, authMessage)) }
}
