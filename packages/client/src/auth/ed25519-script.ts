// Ed25519 where the platform has none: a file of its own, so that it is loaded on demand.

import { ed25519 } from '@noble/curves/ed25519.js'

export const publicKey = (seed: Uint8Array): Uint8Array => ed25519.getPublicKey(seed)
export const sign = (seed: Uint8Array, message: Uint8Array): Uint8Array => ed25519.sign(message, seed)
/** As RFC 8032 has it, which the platforms' own follow, too. */
export const verify = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
  ed25519.verify(signature, message, key, { zip215: false })
