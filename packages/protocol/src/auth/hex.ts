// Hexadecimal text of bytes, strict: exactly two digits for each byte, in either case, and nothing else.

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const HEX = /^[0-9a-fA-F]*$/

/**
 * `bytes` in lower-case hexadecimal digits.
 *
 * @example
 * toHex(Uint8Array.of(10, 255)) // '0aff'
 */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += DIGITS[byte]
  return text
}

/**
 * The `length` bytes that `text` writes in hexadecimal digits of either case; undefined for anything else (AUTH-68).
 *
 * @example
 * readHex('0aFF', 2) // Uint8Array [10, 255]
 * readHex('0x0aff', 2) // undefined
 */
export function readHex(text: unknown, length: number): Uint8Array | undefined {
  if (typeof text !== 'string' || text.length !== 2 * length || !HEX.test(text)) return undefined
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}
