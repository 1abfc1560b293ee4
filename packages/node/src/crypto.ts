// Cryptography of this process, by node:crypto. HMACs and Ed25519 answer at once: one costs less than handing it to another
// thread. Deriving keys from passwords takes milliseconds to seconds, so it runs in processes of its own.

import {
  argon2Sync,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import type { RouterCrypto } from '@crosspoint/protocol/internal'
import { derive } from './derivations.ts'

let isArgon2Present: boolean | undefined

/** Node has the function from 24.7 on, but not every OpenSSL that it can be built with has the algorithm. */
function hasArgon2id(): boolean {
  if (isArgon2Present !== undefined) return isArgon2Present
  try {
    argon2Sync('argon2id', { message: Buffer.alloc(1), nonce: Buffer.alloc(8), parallelism: 1, tagLength: 4, memory: 8, passes: 1 })
    isArgon2Present = true
  } catch {
    isArgon2Present = false
  }
  return isArgon2Present
}

// What stands before the 32 bytes in DER: PKCS #8 of a private key (RFC 8410 section 7) and the public key (section 4).
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

function privateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: 'der', type: 'pkcs8' })
}

/** The cryptography of Node. */
export const nodeCrypto: RouterCrypto = {
  randomBytes: (length) => randomBytes(length),
  sha256: (data) => createHash('sha256').update(data).digest(),
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  hmacSha1: (key, data) => createHmac('sha1', key).update(data).digest(),
  isEqual: (one, other) => one.length === other.length && timingSafeEqual(one, other),

  pbkdf2Sha256(password, salt, iterations, length, done) {
    derive({ kind: 'pbkdf2', password, salt, iterations, length }, done)
  },

  get hasArgon2id() {
    return hasArgon2id()
  },
  argon2id(password, salt, { iterations, memoryKiB, length }, done) {
    if (!hasArgon2id()) {
      done(undefined)
      return
    }
    derive({ kind: 'argon2id', password, salt, iterations, memoryKiB, length }, done)
  },

  ed25519PublicKey(seed, done) {
    const spki = createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' })
    done(spki.subarray(PUBLIC_PREFIX.length))
  },
  ed25519Sign(seed, message, done) {
    done(sign(null, message, privateKey(seed)))
  },
  ed25519Verify(publicKey, message, signature, done) {
    let isValid = false
    try {
      const key = createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, publicKey]), format: 'der', type: 'spki' })
      isValid = verify(null, message, key, signature)
    } catch {
      // No key of the curve: nothing is valid under it.
    }
    done(isValid)
  },
}
