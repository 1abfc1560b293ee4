// Cryptosign (AUTH-60 … AUTH-68): one side sends 32 random bytes, the other signs them with Ed25519 and returns signature and
// message. With channel binding what is signed is the bytes XOR the id of the TLS channel, so that nobody in between can pass
// the signature on. Both directions are the same computation: the router's challenge to the client, and the client's to the router.
//
// A router's key must be no client's key: the router signs whatever 32 bytes a client sends it.

import type { Crypto } from '../crypto.ts'
import { UsageError } from '../errors.ts'
import type { Dict } from '../messages.ts'
import type { AuthFault } from './fault.ts'
import { readHex, toHex } from './hex.ts'
import { isOpensshKey, readOpensshSeed } from './openssh-key.ts'

/** Bytes of a challenge, a seed, a public key and a channel id. */
export const CRYPTOSIGN_BYTES = 32
const SIGNATURE_BYTES = 64

/** What cryptosign can be bound to (AUTH-65). */
export type CryptosignBinding = 'tls-unique' | 'tls-exporter'
export const CRYPTOSIGN_BINDINGS: readonly CryptosignBinding[] = ['tls-unique', 'tls-exporter']

/** How a check went; all but `valid` are for the log alone (AUTH-06). */
export type CryptosignVerdict = 'valid' | 'malformed' | 'other_challenge' | 'wrong_signature' | 'unknown_key'

/**
 * A new challenge, 32 random bytes, to be used once.
 *
 * @example
 * const challenge = drawCryptosignChallenge(crypto)
 */
export function drawCryptosignChallenge(crypto: Crypto): Uint8Array {
  return crypto.randomBytes(CRYPTOSIGN_BYTES)
}

/**
 * What is signed (AUTH-62): the challenge, XOR the channel id if there is one.
 *
 * @param challenge 32 bytes
 * @param channelId 32 bytes; undefined without channel binding
 * @returns 32 bytes
 * @throws UsageError ERR_INVALID_ARGUMENT when one of the two has another length
 * @example
 * const signature = await hardwareModule.sign(cryptosignMessage(task.challenge, undefined))
 */
export function cryptosignMessage(challenge: Uint8Array, channelId: Uint8Array | undefined): Uint8Array {
  requireLength('challenge', challenge, CRYPTOSIGN_BYTES)
  if (channelId === undefined) return new Uint8Array(challenge) // a Buffer's slice would be no copy
  requireLength('channel id', channelId, CRYPTOSIGN_BYTES)
  return challenge.map((byte, i) => byte ^ channelId[i]!)
}

/**
 * AUTHENTICATE.Signature, and CHALLENGE.Extra.signature of a router (AUTH-62, AUTH-67): signature and message as 192 hex digits.
 * For signatures made elsewhere, in a hardware module or an agent; `signCryptosign` makes both.
 *
 * @param signature 64 bytes over `message`
 * @param message from `cryptosignMessage`
 * @throws UsageError ERR_INVALID_ARGUMENT when one of the two has another length
 * @example
 * const text = cryptosignText(signature, cryptosignMessage(task.challenge, channelId))
 */
export function cryptosignText(signature: Uint8Array, message: Uint8Array): string {
  requireLength('signature', signature, SIGNATURE_BYTES)
  requireLength('message', message, CRYPTOSIGN_BYTES)
  return toHex(signature) + toHex(message)
}

function requireLength(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length === length) return
  throw new UsageError('ERR_INVALID_ARGUMENT', `Cannot use a ${what} of ${bytes.length} bytes for cryptosign: it must have ${length}`)
}

/**
 * Signs a challenge, the client the router's or the router the client's.
 *
 * @param seed the private key, from `readCryptosignSeed`
 * @param channelId 32 bytes; undefined without channel binding
 * @param done gets the 192 hex digits
 * @throws UsageError ERR_INVALID_ARGUMENT when something has another length
 * @example
 * signCryptosign(crypto, seed, task.challenge, undefined, (signature) => peer.send(authenticate(signature)))
 */
export function signCryptosign(
  crypto: Crypto,
  seed: Uint8Array,
  challenge: Uint8Array,
  channelId: Uint8Array | undefined,
  done: (signature: string) => void,
): void {
  requireLength('seed', seed, CRYPTOSIGN_BYTES)
  const message = cryptosignMessage(challenge, channelId)
  crypto.ed25519Sign(seed, message, (signature) => done(cryptosignText(signature, message)))
}

/**
 * Checks an answer: that it is about this challenge (an old answer would be, but about another, AUTH-63), then the signature.
 *
 * @param publicKey 32 bytes, known before or announced and then trusted (AUTH-64)
 * @param challenge what was sent, 32 bytes
 * @param channelId 32 bytes; undefined without channel binding
 * @param text anything, as received
 * @throws UsageError ERR_INVALID_ARGUMENT when one of the first three has another length; never because of `text`
 * @example
 * checkCryptosign(crypto, key, challenge, undefined, authenticate.signature, (verdict) => (verdict === 'valid' ? welcome() : deny(verdict)))
 */
export function checkCryptosign(
  crypto: Crypto,
  publicKey: Uint8Array,
  challenge: Uint8Array,
  channelId: Uint8Array | undefined,
  text: unknown,
  done: (verdict: CryptosignVerdict) => void,
): void {
  requireLength('public key', publicKey, CRYPTOSIGN_BYTES)
  const expected = cryptosignMessage(challenge, channelId)
  const bytes = readHex(text, SIGNATURE_BYTES + CRYPTOSIGN_BYTES)
  if (bytes === undefined) {
    done('malformed')
    return
  }
  const message = bytes.subarray(SIGNATURE_BYTES)
  if (!crypto.isEqual(message, expected)) {
    done('other_challenge')
    return
  }
  crypto.ed25519Verify(publicKey, expected, bytes.subarray(0, SIGNATURE_BYTES), (isValid) => done(isValid ? 'valid' : 'wrong_signature'))
}

/** What a client asks for in HELLO.Details.authextra. */
export interface CryptosignRequest {
  readonly publicKey: Uint8Array
  readonly channelBinding: CryptosignBinding | undefined
  /** What the router is to sign, if it is to prove itself (AUTH-67). */
  readonly challenge: Uint8Array | undefined
}

/**
 * Reads HELLO.Details.authextra at the router (AUTH-60). Whether the key is known, and certificates, are the caller's.
 *
 * @param authextra as received, or undefined
 * @returns the request, or the fault
 * @example
 * const request = readCryptosignHello(hello.details.authextra)
 * if ('fault' in request) return abort('wamp.error.authentication_failed', request.fault)
 */
export function readCryptosignHello(authextra: Dict | undefined): CryptosignRequest | AuthFault {
  const publicKey = readHex(authextra?.['pubkey'], CRYPTOSIGN_BYTES)
  if (publicKey === undefined) return { fault: 'HELLO.Details.authextra.pubkey must be 64 hexadecimal digits' }
  const binding = authextra?.['channel_binding'] ?? undefined
  if (binding !== undefined && !isBinding(binding)) {
    return { fault: `HELLO.Details.authextra.channel_binding must be null or one of ${CRYPTOSIGN_BINDINGS.join(', ')}` }
  }
  const text = authextra?.['challenge'] ?? undefined
  const challenge = readHex(text, CRYPTOSIGN_BYTES)
  if (text !== undefined && challenge === undefined) return { fault: 'HELLO.Details.authextra.challenge must be 64 hexadecimal digits' }
  return { publicKey, channelBinding: binding, challenge }
}

function isBinding(value: unknown): value is CryptosignBinding {
  return CRYPTOSIGN_BINDINGS.some((each) => each === value)
}

/** How a router proves itself: its public key, and its answer to the client's challenge, 192 hex digits. */
export interface RouterProof {
  readonly publicKey: Uint8Array
  readonly signature: string
}

/**
 * CHALLENGE.Extra (AUTH-61, AUTH-67).
 *
 * @param challenge 32 bytes from `drawCryptosignChallenge`
 * @param channelBinding the type in use, undefined when there is none
 * @param proof the router's, when the client asked for it and this router has a key
 * @example
 * const extra = cryptosignChallengeExtra(challenge, undefined) // { challenge: 'fa03…', channel_binding: null }
 */
export function cryptosignChallengeExtra(challenge: Uint8Array, channelBinding: CryptosignBinding | undefined, proof?: RouterProof): Dict {
  const extra = { challenge: toHex(challenge), channel_binding: channelBinding ?? null }
  return proof === undefined ? extra : { ...extra, pubkey: toHex(proof.publicKey), signature: proof.signature }
}

/** What a client has to do. */
export interface CryptosignTask {
  readonly challenge: Uint8Array
  /** What the router has bound to; without it nothing is XORed. */
  readonly channelBinding: CryptosignBinding | undefined
  /** Unchecked: see `checkRouterProof`. */
  readonly proof: RouterProof | undefined
}

/** The channel binding that a client asked for. */
export interface BindingWish {
  readonly type: CryptosignBinding
  /** A router that goes on without is refused. */
  readonly isRequired: boolean
}

/**
 * Reads CHALLENGE.Extra at the client (AUTH-61, AUTH-65): the type in use must be the one asked for, or none unless required.
 *
 * @param extra as received
 * @param wish what HELLO asked for; undefined when it asked for no binding
 * @returns the task, or the fault
 * @example
 * const task = readCryptosignChallenge(challenge.extra, { type: 'tls-exporter', isRequired: true })
 */
export function readCryptosignChallenge(extra: Dict, wish: BindingWish | undefined): CryptosignTask | AuthFault {
  const challenge = readHex(extra['challenge'], CRYPTOSIGN_BYTES)
  if (challenge === undefined) return { fault: 'CHALLENGE.Extra.challenge must be 64 hexadecimal digits' }
  const inUse = extra['channel_binding'] ?? undefined
  if (inUse !== undefined && inUse !== wish?.type) {
    return { fault: `CHALLENGE.Extra.channel_binding must be ${wish === undefined ? 'null' : `"${wish.type}"`} as in HELLO` }
  }
  if (inUse === undefined && wish?.isRequired) return { fault: `The router does not bind to the channel, and "${wish.type}" is required` }
  const channelBinding = inUse === undefined ? undefined : wish?.type
  const signature = extra['signature'] ?? undefined
  if (signature === undefined) return { challenge, channelBinding, proof: undefined }
  const publicKey = readHex(extra['pubkey'], CRYPTOSIGN_BYTES)
  if (publicKey === undefined || typeof signature !== 'string') {
    return { fault: 'CHALLENGE.Extra.pubkey must be 64 hexadecimal digits and signature a string, when the router proves itself' }
  }
  return { challenge, channelBinding, proof: { publicKey, signature } }
}

/**
 * Checks at the client that the router is one of those it trusts (AUTH-67). A proof under a key that the client does not know
 * beforehand would prove nothing.
 *
 * @param proof from `readCryptosignChallenge`; undefined, when the router sent none, is malformed
 * @param trustedKeys public keys of 32 bytes
 * @param challenge what HELLO.Details.authextra.challenge carried, 32 bytes
 * @param channelId 32 bytes, when the channel is bound
 * @example
 * checkRouterProof(crypto, task.proof, [routerKey], ownChallenge, undefined, (verdict) => { if (verdict !== 'valid') abort() })
 */
export function checkRouterProof(
  crypto: Crypto,
  proof: RouterProof | undefined,
  trustedKeys: readonly Uint8Array[],
  challenge: Uint8Array,
  channelId: Uint8Array | undefined,
  done: (verdict: CryptosignVerdict) => void,
): void {
  if (proof === undefined) done('malformed')
  else if (!trustedKeys.some((key) => crypto.isEqual(key, proof.publicKey))) done('unknown_key')
  else checkCryptosign(crypto, proof.publicKey, challenge, channelId, proof.signature, done)
}

/**
 * The 32-byte seed of a private key (AUTH-68).
 *
 * @param key 32 bytes; or 64 hexadecimal digits; or the text of an OpenSSH Ed25519 private key without passphrase
 * @param what names the key in errors
 * @throws UsageError ERR_INVALID_ARGUMENT, which never shows the key
 * @example
 * const seed = readCryptosignSeed('4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510')
 */
export function readCryptosignSeed(key: Uint8Array | string, what = 'private key'): Uint8Array {
  if (typeof key === 'string' && isOpensshKey(key)) return readOpensshSeed(key, what)
  if (key instanceof Uint8Array && key.length === CRYPTOSIGN_BYTES) return new Uint8Array(key)
  const seed = typeof key === 'string' ? readHex(key.trim(), CRYPTOSIGN_BYTES) : undefined
  if (seed !== undefined) return seed
  const wanted = '32 bytes, 64 hexadecimal digits, or the text of an OpenSSH Ed25519 private key without passphrase'
  throw new UsageError('ERR_INVALID_ARGUMENT', `Cannot read the ${what}: it must be ${wanted}`)
}
