// What a router shows about a user that does not exist (AUTH-26, AUTH-46): always the same for one name, so that asking twice
// tells nothing, and without the router's secret not to be told from what belongs to a real user.

import { utf8Encode } from '../bytes.ts'
import type { Crypto } from '../crypto.ts'

/**
 * 32 bytes that stand for `authid` and `purpose`; shorten them to the form that real users have.
 *
 * @param secret the router's own, 32 random bytes, which must outlive a restart or the mock salts change with it
 * @example
 * const salt = toBase64(mockBytes(crypto, routerSecret, 'wampcra salt', 'nobody').subarray(0, 16))
 */
export function mockBytes(crypto: Crypto, secret: Uint8Array, purpose: string, authid: string): Uint8Array {
  return crypto.hmacSha256(secret, utf8Encode(`${purpose}\0${authid}`))
}
