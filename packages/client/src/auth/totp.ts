// A second step (AUTH-08): the code that an authenticator app shows, beside whatever the first step was.

import type { AuthMethod, Secret } from '../authentication.ts'
import { secretOf, text } from './secret.ts'

/**
 * Answers a router that asks for a time-based code (RFC 6238) after the first step. It stands beside other methods, which are
 * the first step.
 *
 * @param code six digits, or how to get them; asked when the router asks for it. A code serves once, so a value does for one
 *   session only. While a user types, the attempt runs: `connectTimeoutMs` and the router's time for logins must leave room.
 * @throws UsageError `ERR_INVALID_ARGUMENT` when the code is empty
 * @example
 * new Client({ url, connectTimeoutMs: 60_000, auth: [scram({ authid: 'joe', password }), totp(() => askUser('Code?'))] })
 */
export function totp(code: Secret<string>): AuthMethod {
  const ask = secretOf(code, 'code', text)
  return { method: 'totp', isSecondStep: true, begin: () => ({ answer: async () => ({ signature: await ask() }) }) }
}
