// WAMP-SCRAM at the client: read the challenge, make the keys (slow, and the same as long as salt and cost are), prove the
// password, and check that the router has proved itself too.

import { toBase64 } from '../bytes.ts'
import type { Crypto } from '../crypto.ts'
import type { Dict } from '../messages.ts'
import { readBase64 } from './base64.ts'
import type { AuthFault } from './fault.ts'
import {
  isScramNonce,
  readScramCost,
  SCRAM_KEY_BYTES,
  SCRAM_LIMITS,
  type ScramBinding,
  type ScramChannel,
  type ScramCost,
  type ScramKeys,
  scramAuthMessage,
  scramKeys,
  scramSaltedPassword,
  scramServerSignature,
  scramUnveil,
} from './scram.ts'

/**
 * HELLO.Details.authextra (AUTH-35).
 *
 * @param clientNonce from `drawScramNonce`
 * @param channelBinding the type asked for, undefined for none
 * @example
 * const details = { authmethods: ['wamp-scram'], authid: 'peter', authextra: scramHelloExtra(drawScramNonce(crypto), undefined) }
 */
export function scramHelloExtra(clientNonce: string, channelBinding: ScramBinding | undefined): Dict {
  return { nonce: clientNonce, channel_binding: channelBinding ?? null }
}

/** What a client has to do. */
export interface ScramTask {
  /** The client's nonce followed by the server's. */
  readonly nonce: string
  /** Base64, as it stands in the AuthMessage, and the bytes it means. */
  readonly salt: string
  readonly saltBytes: Uint8Array
  readonly cost: ScramCost
}

/**
 * Reads CHALLENGE.Extra (AUTH-36): the nonce must begin with the client's own and go on, the cost be within `SCRAM_LIMITS`
 * (AUTH-43), the salt be canonical Base64.
 *
 * @param extra as received
 * @param clientNonce what HELLO carried
 * @returns the task, or the fault, upon which the client aborts
 * @example
 * const task = readScramChallenge(challenge.extra, clientNonce)
 */
export function readScramChallenge(extra: Dict, clientNonce: string): ScramTask | AuthFault {
  const { nonce, salt } = extra
  if (!isScramNonce(nonce, 2 * SCRAM_LIMITS.nonceCharsMax) || !nonce.startsWith(clientNonce) || nonce === clientNonce) {
    return { fault: 'CHALLENGE.Extra.nonce must be the nonce of HELLO followed by one of the router' }
  }
  const saltBytes = readBase64(salt, SCRAM_LIMITS.saltBytesMin, SCRAM_LIMITS.saltBytesMax)
  if (saltBytes === undefined) {
    return { fault: `CHALLENGE.Extra.salt must be Base64 of ${SCRAM_LIMITS.saltBytesMin} to ${SCRAM_LIMITS.saltBytesMax} bytes` }
  }
  const cost = readScramCost(extra)
  if ('fault' in cost) return { fault: `CHALLENGE.Extra.${cost.fault}` }
  return { nonce, salt: salt as string, saltBytes, cost }
}

/**
 * The keys for a task, from the password. They may be kept and used again for a task with equal salt and cost.
 *
 * @param done gets undefined when there is no Argon2id here, or too many derivations wait (see `Crypto`)
 * @throws UsageError ERR_INVALID_ARGUMENT when the password cannot be prepared (see `saslprep`)
 * @example
 * scramClientKeys(crypto, 'pencil', task, (keys) => answer(keys))
 */
export function scramClientKeys(crypto: Crypto, password: string, task: ScramTask, done: (keys: ScramKeys | undefined) => void): void {
  scramSaltedPassword(crypto, password, task.saltBytes, task.cost, 'query', (key) => done(key && scramKeys(crypto, key)))
}

/** Who answers, and over which channel. */
export interface ScramClient {
  readonly authid: string
  readonly clientNonce: string
  readonly channel: ScramChannel | undefined
}

/** AUTHENTICATE, and what the router must answer to it. */
export interface ScramAnswer {
  readonly signature: string
  readonly extra: Dict
  /** ServerSignature, for `isScramVerifier`. */
  readonly expected: Uint8Array
}

/**
 * The answer to a challenge (AUTH-37, AUTH-39).
 *
 * @throws UsageError ERR_INVALID_ARGUMENT when the authid cannot be prepared (see `saslprep`)
 * @example
 * const { signature, extra, expected } = answerScram(crypto, { authid: 'peter', clientNonce, channel: undefined }, keys, task)
 */
export function answerScram(crypto: Crypto, { authid, clientNonce, channel }: ScramClient, keys: ScramKeys, task: ScramTask): ScramAnswer {
  const { nonce, salt, cost } = task
  const authMessage = scramAuthMessage({ authid, clientNonce, nonce, salt, iterations: cost.iterations, channel })
  return {
    signature: toBase64(scramUnveil(crypto, keys.storedKey, authMessage, keys.clientKey)),
    extra: { nonce, channel_binding: channel?.type ?? null, cbind_data: channel === undefined ? null : toBase64(channel.data) },
    expected: scramServerSignature(crypto, keys.serverKey, authMessage),
  }
}

/**
 * Whether WELCOME proves that the router knows the keys (AUTH-38, AUTH-43): `verifier`, with or without `v=` before it, or
 * `scram_server_signature` as Crossbar.io calls it. If not, the client ends the session.
 *
 * @param expected from `answerScram`
 * @param authextra WELCOME.Details.authextra as received, or undefined
 * @example
 * if (!isScramVerifier(crypto, answer.expected, welcome.details.authextra)) abort()
 */
export function isScramVerifier(crypto: Crypto, expected: Uint8Array, authextra: Dict | undefined): boolean {
  const value = authextra?.['verifier'] ?? authextra?.['scram_server_signature']
  const text = typeof value === 'string' && value.startsWith('v=') ? value.slice(2) : value
  const bytes = readBase64(text, SCRAM_KEY_BYTES, SCRAM_KEY_BYTES)
  return bytes !== undefined && crypto.isEqual(bytes, expected)
}
