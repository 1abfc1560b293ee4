// Boxes as NaCl makes them: X25519, HSalsa20, XSalsa20-Poly1305. A sealed box is the nonce of 24 bytes, then the tag and the
// ciphertext.

import { UsageError } from '@crosspoint/protocol'
import { utf8Encode } from '@crosspoint/protocol/internal'
import { hsalsa, xsalsa20poly1305 } from '@noble/ciphers/salsa.js'
import { randomBytes } from '@noble/ciphers/utils.js'
import { x25519 } from '@noble/curves/ed25519.js'

const NONCE_BYTES = 24
const OVERHEAD_BYTES = NONCE_BYTES + 16
const SIGMA = words(utf8Encode('expand 32-byte k'))

/** The words of a byte string, little-endian as Salsa20 reads them. */
function words(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Uint32Array.from({ length: bytes.length / 4 }, (_, at) => view.getUint32(at * 4, true))
}

/** The key that two sides share, each from its own private key and the other's public one. */
export function sharedKey(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  let secret: Uint8Array
  try {
    secret = x25519.getSharedSecret(privateKey, publicKey)
  } catch (cause) {
    throw new UsageError('ERR_INVALID_ARGUMENT', 'These two keys share no secret: the public one is not a point of X25519', { cause })
  }
  const out = new Uint32Array(8)
  hsalsa(SIGMA, words(secret), new Uint32Array(4), out)
  const key = new Uint8Array(32)
  const view = new DataView(key.buffer)
  for (const [at, word] of out.entries()) view.setUint32(at * 4, word, true)
  return key
}

export function seal(key: Uint8Array, plain: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES)
  const sealed = xsalsa20poly1305(key, nonce).encrypt(plain)
  const box = new Uint8Array(NONCE_BYTES + sealed.length)
  box.set(nonce)
  box.set(sealed, NONCE_BYTES)
  return box
}

/** What a box holds; `undefined` when it was not sealed with this key or has been changed. */
export function open(key: Uint8Array, box: Uint8Array): Uint8Array | undefined {
  if (box.length < OVERHEAD_BYTES) return undefined
  try {
    return xsalsa20poly1305(key, box.subarray(0, NONCE_BYTES)).decrypt(box.subarray(NONCE_BYTES))
  } catch {
    return undefined
  }
}
