// Codes that change with time (TOTP, RFC 6238), as apps show them: HMAC-SHA-1, six digits, thirty seconds.

import type { RouterCrypto } from '../crypto.ts'
import type { AuthFault } from './fault.ts'

export const TOTP_STEP_MS = 30_000
/** Steps before and after the present one whose codes are right, too: clocks differ, and typing takes time (RFC 6238 section 5.2). */
export const TOTP_WINDOW_STEPS = 1
const DIGITS = 6
/** Apps draw 80 bits at least; longer ones than this are no secrets of a device. */
const SECRET_BYTES_MIN = 10
const SECRET_BYTES_MAX = 128
const CODE = /^[0-9]{6}$/
const BASE32 = /^[A-Z2-7]+$/
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/**
 * Reads a secret as an `otpauth:` URI has it: Base32 (RFC 4648 section 6) in either case, with padding or without; spaces, which
 * people put between groups, are left out.
 *
 * @returns the bytes, or the fault, which never shows the secret
 * @example
 * readTotpSecret('GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ') // the 20 bytes of '12345678901234567890'
 */
export function readTotpSecret(text: unknown): { readonly bytes: Uint8Array } | AuthFault {
  const fault = { fault: `totp must be Base32 of ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} bytes` }
  if (typeof text !== 'string' || text.length > 4 * SECRET_BYTES_MAX) return fault
  const plain = text.replaceAll(' ', '').replace(/=+$/, '').toUpperCase()
  const bytes = new Uint8Array(Math.floor((plain.length * 5) / 8))
  if (!BASE32.test(plain) || bytes.length < SECRET_BYTES_MIN || bytes.length > SECRET_BYTES_MAX) return fault
  let bits = 0
  let bitCount = 0
  let at = 0
  for (const letter of plain) {
    bits = ((bits << 5) | ALPHABET.indexOf(letter)) & 0xfff
    bitCount += 5
    if (bitCount < 8) continue
    bitCount -= 8
    bytes[at++] = bits >> bitCount
  }
  return { bytes }
}

/**
 * The number of the step at a time.
 *
 * @param nowMs milliseconds since 1970-01-01 UTC
 * @example
 * totpStepAt(59_000) // 1
 */
export function totpStepAt(nowMs: number): number {
  return Math.floor(nowMs / TOTP_STEP_MS)
}

/**
 * The code of a step (RFC 4226 section 5.3), six digits.
 *
 * @param secret from `readTotpSecret`
 * @example
 * totpCode(crypto, utf8Encode('12345678901234567890'), totpStepAt(59_000)) // '287082'
 */
export function totpCode(crypto: RouterCrypto, secret: Uint8Array, step: number): string {
  const counter = new Uint8Array(8)
  const view = new DataView(counter.buffer)
  view.setUint32(0, Math.floor(step / 2 ** 32))
  view.setUint32(4, step >>> 0)
  const mac = crypto.hmacSha1(secret, counter)
  const at = mac[mac.length - 1]! & 0xf
  const number = ((mac[at]! & 0x7f) << 24) | (mac[at + 1]! << 16) | (mac[at + 2]! << 8) | mac[at + 3]!
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0')
}

/**
 * The step whose code this is, within `TOTP_WINDOW_STEPS` of `now`; undefined when it is none. The time that it takes does not
 * depend on the code. Whether the code was used before is the caller's to know.
 *
 * @param code anything, as received
 * @param now the present step, from `totpStepAt`
 * @example
 * const step = findTotpStep(crypto, secret, authenticate.signature, totpStepAt(clock.now()))
 */
export function findTotpStep(crypto: RouterCrypto, secret: Uint8Array, code: unknown, now: number): number | undefined {
  if (typeof code !== 'string' || !CODE.test(code)) return undefined
  const given = digitsOf(code)
  let found: number | undefined
  for (let step = Math.max(0, now - TOTP_WINDOW_STEPS); step <= now + TOTP_WINDOW_STEPS; step++) {
    if (crypto.isEqual(digitsOf(totpCode(crypto, secret, step)), given)) found = step
  }
  return found
}

function digitsOf(code: string): Uint8Array {
  return Uint8Array.from(code, Number)
}
