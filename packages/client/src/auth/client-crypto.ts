// Cryptography of the client, one for browsers and Node: the platform's own where it is there, and otherwise scripts that are
// loaded on demand. Browsers have theirs in secure contexts only (https:, localhost), and some have no Ed25519; Node has Argon2id.

import { type Argon2Cost, type Crypto, readBase64, readHex, toHex } from '@crosspoint/protocol/internal'
import { hmac } from '@noble/hashes/hmac.js'
import { pbkdf2Async } from '@noble/hashes/pbkdf2.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { randomBytes } from '@noble/hashes/utils.js'
import { asError } from '../authentication.ts'

/** The part of Web Cryptography that is used. */
export interface Subtle {
  importKey(format: 'raw' | 'pkcs8', key: Uint8Array, algorithm: string, extractable: boolean, uses: readonly string[]): Promise<object>
  exportKey(format: 'jwk', key: object): Promise<{ readonly x?: string }>
  deriveBits(algorithm: object, key: object, bits: number): Promise<ArrayBuffer>
  sign(algorithm: string, key: object, data: Uint8Array): Promise<ArrayBuffer>
  verify(algorithm: string, key: object, signature: Uint8Array, data: Uint8Array): Promise<boolean>
}
/** The part of `node:crypto` that is used. */
export interface NativeArgon2 {
  argon2?(algorithm: 'argon2id', parameters: object, done: (error: Error | null, key: Uint8Array) => void): void
}
/** What the platform has; tests give less. */
export interface Means {
  readonly subtle: Subtle | undefined
  readonly node: NativeArgon2 | undefined
}

declare const process: { getBuiltinModule?(name: string): unknown } | undefined

function platformMeans(): Means {
  const { crypto } = globalThis as unknown as { readonly crypto?: { readonly subtle?: Subtle } }
  const node = typeof process === 'undefined' ? undefined : process?.getBuiltinModule?.('node:crypto')
  return { subtle: crypto?.subtle, node: node as NativeArgon2 | undefined }
}

/**
 * Computes something of the protocol. What fails on the way, and what is thrown, rejects.
 *
 * @example
 * const key = await compute<Uint8Array>((crypto, done) => wampcraKey(crypto, secret, salting, done))
 */
export function compute<Value>(run: (crypto: Crypto, done: (value: Value) => void) => void): Promise<Value> {
  return new Promise<Value>((resolve, reject) => run(clientCrypto(reject), resolve))
}

/**
 * The door to it all. `failed` is told when something that answers later fails, for example because a script cannot be loaded;
 * then its `done` is not called.
 */
export function clientCrypto(failed: (error: Error) => void, means: Means = platformMeans()): Crypto {
  const later = <Value>(promise: Promise<Value>, done: (value: Value) => void): void => {
    promise.then(done).catch((error: unknown) => failed(asError(error)))
  }
  return {
    randomBytes: (length) => randomBytes(length),
    sha256: (data) => sha256(data),
    hmacSha256: (key, data) => hmac(sha256, key, data),
    isEqual,
    pbkdf2Sha256: (password, salt, iterations, length, done) => later(pbkdf2(means, password, salt, iterations, length), done),
    hasArgon2id: true,
    argon2id: (password, salt, cost, done) => later(argon2id(means, password, salt, cost), done),
    ed25519PublicKey: (seed, done) => later(publicKeyOf(means, seed), done),
    ed25519Sign: (seed, message, done) => later(sign(means, seed, message), done),
    ed25519Verify: (publicKey, message, signature, done) => later(verify(means, publicKey, message, signature), done),
  }
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  let difference = one.length ^ other.length
  for (let i = 0; i < one.length; i++) difference |= one[i]! ^ (other[i] ?? 0)
  return difference === 0
}

async function pbkdf2({ subtle }: Means, password: Uint8Array, salt: Uint8Array, iterations: number, length: number): Promise<Uint8Array> {
  if (subtle === undefined) return pbkdf2Async(sha256, password, salt, { c: iterations, dkLen: length })
  const key = await subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits'])
  return new Uint8Array(await subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, key, 8 * length))
}

async function argon2id({ node }: Means, password: Uint8Array, salt: Uint8Array, cost: Argon2Cost): Promise<Uint8Array> {
  const { iterations, memoryKiB, length } = cost
  const parameters = { message: password, nonce: salt, parallelism: 1, tagLength: length, memory: memoryKiB, passes: iterations }
  try {
    const key = await new Promise<Uint8Array | undefined>((resolve, reject) => {
      if (node?.argon2 === undefined) resolve(undefined)
      else node.argon2('argon2id', parameters, (error, derived) => (error ? reject(error) : resolve(derived)))
    })
    if (key !== undefined) return key
  } catch {
    // Not every OpenSSL that Node can be built with has the algorithm.
  }
  const { argon2 } = await import('./argon2-wasm.ts')
  return argon2(password, salt, cost)
}

// What stands before the 32 bytes of a private key in DER: PKCS #8 (RFC 8410 section 7).
const PRIVATE_PREFIX = '302e020100300506032b657004220420'
const KEY_BYTES = 32
const ED25519 = 'Ed25519'

async function privateKey(subtle: Subtle, seed: Uint8Array, isExtractable: boolean): Promise<object> {
  const der = readHex(PRIVATE_PREFIX + toHex(seed), PRIVATE_PREFIX.length / 2 + KEY_BYTES)!
  return subtle.importKey('pkcs8', der, ED25519, isExtractable, ['sign'])
}

async function webPublicKey(subtle: Subtle, seed: Uint8Array): Promise<Uint8Array> {
  const { x = '' } = await subtle.exportKey('jwk', await privateKey(subtle, seed, true))
  // A JSON Web Key has Base64 for URLs, without padding.
  const bytes = readBase64(`${x.replaceAll('-', '+').replaceAll('_', '/')}=`, KEY_BYTES, KEY_BYTES)
  if (bytes === undefined) throw new Error('This platform gives no public key for an Ed25519 private key')
  return bytes
}

/** The first seed of RFC 8032 section 7.1, and its public key. */
const KNOWN_SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'
const KNOWN_KEY = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'
const webEd25519 = new WeakMap<Subtle, Promise<boolean>>()

/** Web Cryptography, if it has Ed25519 that works: browsers had it in parts, or behind a switch, for years. */
async function withEd25519({ subtle }: Means): Promise<Subtle | undefined> {
  if (subtle === undefined) return undefined
  let works = webEd25519.get(subtle)
  if (works === undefined) {
    works = webPublicKey(subtle, readHex(KNOWN_SEED, KEY_BYTES)!).then(
      (key) => toHex(key) === KNOWN_KEY,
      () => false,
    )
    webEd25519.set(subtle, works)
  }
  return (await works) ? subtle : undefined
}

async function publicKeyOf(means: Means, seed: Uint8Array): Promise<Uint8Array> {
  const subtle = await withEd25519(means)
  return subtle === undefined ? (await import('./ed25519-script.ts')).publicKey(seed) : webPublicKey(subtle, seed)
}

async function sign(means: Means, seed: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
  const subtle = await withEd25519(means)
  if (subtle === undefined) return (await import('./ed25519-script.ts')).sign(seed, message)
  return new Uint8Array(await subtle.sign(ED25519, await privateKey(subtle, seed, false), message))
}

async function verify(means: Means, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const subtle = await withEd25519(means)
  if (subtle === undefined) return (await import('./ed25519-script.ts')).verify(publicKey, message, signature)
  try {
    return await subtle.verify(ED25519, await subtle.importKey('raw', publicKey, ED25519, false, ['verify']), signature, message)
  } catch {
    return false // no key of the curve: nothing is valid under it
  }
}
