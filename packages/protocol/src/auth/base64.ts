// Base64 that has one text for each sequence of bytes (AUTH-48): padding is there, the bits that pad are zero, no whitespace.

import { fromBase64, toBase64 } from '../bytes.ts'

/**
 * The bytes of canonical Base64 (RFC 4648 sections 3.5 and 4), if they are `bytesMin` to `bytesMax`; undefined for anything else.
 *
 * @example
 * readBase64('AP8=', 1, 16) // Uint8Array [0, 255]
 * readBase64('AP9=', 1, 16) // undefined: the last bits are not zero
 */
export function readBase64(text: unknown, bytesMin: number, bytesMax: number): Uint8Array | undefined {
  if (typeof text !== 'string' || text.length > 4 * Math.ceil(bytesMax / 3)) return undefined
  const bytes = fromBase64(text)
  if (bytes === undefined || bytes.length < bytesMin || bytes.length > bytesMax || toBase64(bytes) !== text) return undefined
  return bytes
}
