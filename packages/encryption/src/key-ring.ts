// Keys by URI prefix, in the form that Autobahn|Python's key ring has: whoever calls and publishes is the originator, whoever
// answers and hears is the responder, and each side needs its own private key and the other's public one.

import { type Uri, UsageError } from '@crosspoint/protocol'
import { x25519 } from '@noble/curves/ed25519.js'
import { keyFromBase64, toBase64 } from './base64.ts'
import { sharedKey } from './box.ts'

/** Both halves of a key of X25519, 32 bytes each, in Base64. */
export interface KeyPair {
  readonly privateKey: string
  readonly publicKey: string
}

/** Draws a new key. */
export function generateKeyPair(): KeyPair {
  const { secretKey, publicKey } = x25519.keygen()
  return { privateKey: toBase64(secretKey), publicKey: toBase64(publicKey) }
}

/** Keys for one part of the URIs, each 32 bytes in Base64. A private key stands for its public one, too. */
export interface KeySet {
  readonly originatorPrivate?: string | undefined
  readonly originatorPublic?: string | undefined
  readonly responderPrivate?: string | undefined
  readonly responderPublic?: string | undefined
}

interface Secrets {
  readonly originator: Uint8Array | undefined
  readonly responder: Uint8Array | undefined
}

/**
 * Keys by URI prefix; the longest prefix decides. URIs without a key travel in the clear.
 *
 * @example
 * const ring = new KeyRing({ 'com.example.secret.': privateKey })
 * const client = new Client({ url, payloadCodec: cryptobox(ring) })
 */
export class KeyRing {
  readonly #secrets = new Map<Uri, Secrets>()

  /**
   * @param keys by prefix: a private key that all sides share, or a `KeySet`. The prefix "" is for every URI.
   * @throws `ERR_INVALID_ARGUMENT` for a key that is none, or when no side can be taken with those given.
   */
  constructor(keys: { readonly [prefix: Uri]: string | KeySet } = {}) {
    for (const [prefix, key] of Object.entries(keys)) this.set(prefix, key)
  }

  /** Sets the key of a prefix; `undefined` takes it away. Throws like the constructor. */
  set(prefix: Uri, key: string | KeySet | undefined): void {
    if (key === undefined) this.#secrets.delete(prefix)
    else this.#secrets.set(prefix, secretsOf(prefix, key))
  }

  /** The secret for messages about `uri`, seen from the originator's or the responder's side. */
  secretFor(uri: Uri, isOriginator: boolean): Uint8Array | undefined {
    let best: Uri | undefined
    for (const prefix of this.#secrets.keys()) {
      if (uri.startsWith(prefix) && (best === undefined || prefix.length > best.length)) best = prefix
    }
    if (best === undefined) return undefined
    const { originator, responder } = this.#secrets.get(best)!
    return isOriginator ? originator : responder
  }
}

function secretsOf(prefix: Uri, key: string | KeySet): Secrets {
  const set: KeySet = typeof key === 'string' ? { originatorPrivate: key, responderPrivate: key } : key
  const read = (name: keyof KeySet) => (set[name] === undefined ? undefined : keyFromBase64(set[name], `${name} of "${prefix}"`))
  const originatorPrivate = read('originatorPrivate')
  const responderPrivate = read('responderPrivate')
  const originatorPublic = originatorPrivate ? x25519.getPublicKey(originatorPrivate) : read('originatorPublic')
  const responderPublic = responderPrivate ? x25519.getPublicKey(responderPrivate) : read('responderPublic')
  const originator = originatorPrivate && responderPublic && sharedKey(originatorPrivate, responderPublic)
  const responder = responderPrivate && originatorPublic && sharedKey(responderPrivate, originatorPublic)
  if (originator === undefined && responder === undefined) {
    throw new UsageError(
      'ERR_INVALID_ARGUMENT',
      `The keys of "${prefix}" make no side: give one private key and the other side's public one, or one private key for all`,
    )
  }
  return { originator, responder }
}
