// Cryptography for tests: the algorithms are the real ones, but chance comes from a seed, so that challenges are known beforehand and
// a failure replays; everything answers at once, so that sending is processing; and what is done is written down, so that two logins
// can be compared by the work that they cost instead of by the clock.

import {
  argon2Sync,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  pbkdf2Sync,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import type { Argon2Cost, RouterCrypto } from '@crosspoint/protocol/internal'
import { SeededRandom } from './conformance/seeded-random.ts'

/** One thing that was computed, and what it cost in a unit that depends only on the lengths of what went in. */
export interface Operation {
  readonly name: string
  /** Blocks of 64 bytes through the hash function; KiB times passes of Argon2id; 1 of what always costs the same. */
  readonly work: number
}

// What stands before the 32 bytes in DER: PKCS #8 of a private key (RFC 8410 section 7) and the public key (section 4).
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

/** Blocks that SHA-1 or SHA-256 takes for so many bytes: padding is a byte and a length of eight. */
const blocksOf = (bytes: number): number => Math.ceil((bytes + 9) / 64)
/** The inner and the outer hash, each with a block of key before it; a key longer than a block is hashed first. */
const hmacBlocksOf = (key: number, data: number, hash: number): number =>
  (key > 64 ? blocksOf(key) : 0) + blocksOf(64 + data) + blocksOf(64 + hash)

export class TestCrypto implements RouterCrypto {
  readonly hasArgon2id = true
  /** What was computed, oldest first; whoever looks at it empties it. */
  readonly operations: Operation[] = []
  readonly #random: SeededRandom

  /** The same seed gives the same random bytes. */
  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
  }

  #note(name: string, work: number): void {
    this.operations.push({ name, work })
  }

  randomBytes(length: number): Uint8Array {
    this.#note('randomBytes', length)
    return Uint8Array.from({ length }, () => this.#random.below(256))
  }
  sha256(data: Uint8Array): Uint8Array {
    this.#note('sha256', blocksOf(data.length))
    return createHash('sha256').update(data).digest()
  }
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
    this.#note('hmacSha256', hmacBlocksOf(key.length, data.length, 32))
    return createHmac('sha256', key).update(data).digest()
  }
  hmacSha1(key: Uint8Array, data: Uint8Array): Uint8Array {
    this.#note('hmacSha1', hmacBlocksOf(key.length, data.length, 20))
    return createHmac('sha1', key).update(data).digest()
  }
  isEqual(one: Uint8Array, other: Uint8Array): boolean {
    this.#note('isEqual', Math.min(one.length, other.length))
    return one.length === other.length && timingSafeEqual(one, other)
  }
  pbkdf2Sha256(
    password: Uint8Array,
    salt: Uint8Array,
    iterations: number,
    length: number,
    done: (key: Uint8Array | undefined) => void,
  ): void {
    this.#note('pbkdf2Sha256', iterations * Math.ceil(length / 32))
    done(pbkdf2Sync(password, salt, iterations, length, 'sha256'))
  }
  argon2id(password: Uint8Array, salt: Uint8Array, cost: Argon2Cost, done: (key: Uint8Array | undefined) => void): void {
    const { iterations, memoryKiB, length } = cost
    this.#note('argon2id', iterations * memoryKiB)
    const parameters = { message: password, nonce: salt, parallelism: 1, tagLength: length, memory: memoryKiB, passes: iterations }
    done(argon2Sync('argon2id', parameters))
  }
  ed25519PublicKey(seed: Uint8Array, done: (publicKey: Uint8Array) => void): void {
    this.#note('ed25519PublicKey', 1)
    const spki = createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' })
    done(spki.subarray(PUBLIC_PREFIX.length))
  }
  ed25519Sign(seed: Uint8Array, message: Uint8Array, done: (signature: Uint8Array) => void): void {
    this.#note('ed25519Sign', 1)
    done(sign(null, message, privateKey(seed)))
  }
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array, done: (isValid: boolean) => void): void {
    this.#note('ed25519Verify', 1)
    let isValid = false
    try {
      const key = createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, publicKey]), format: 'der', type: 'spki' })
      isValid = verify(null, message, key, signature)
    } catch {
      // No key of the curve: nothing is valid under it.
    }
    done(isValid)
  }
}

function privateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: 'der', type: 'pkcs8' })
}

/** What `start` hands to its callback, which `TestCrypto` calls at once. */
export function answerNow<T>(start: (done: (value: T) => void) => void): T {
  let answer: { readonly value: T } | undefined
  start((value) => {
    answer = { value }
  })
  if (answer === undefined) throw new Error('The callback was not called at once: this needs TestCrypto')
  return answer.value
}
