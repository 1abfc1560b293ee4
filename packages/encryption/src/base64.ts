// Base64 with padding (RFC 4648, 4) for keys, without Node and without waiting for browsers that have it built in.

import { UsageError } from '@crosspoint/protocol'

declare const btoa: (binary: string) => string
declare const atob: (base64: string) => string

export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

/** The 32 bytes of a key. Throws `ERR_INVALID_ARGUMENT`, which never shows the key. */
export function keyFromBase64(text: string, what: string): Uint8Array {
  let binary = ''
  try {
    binary = atob(text)
  } catch {
    // said below
  }
  if (binary.length !== 32) {
    throw new UsageError('ERR_INVALID_ARGUMENT', `${what} must be 32 bytes in Base64, as generateKeyPair() makes them`)
  }
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}
