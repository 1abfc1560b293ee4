// JSON Web Tokens: like a ticket, but the token says who it is for.

import type { AuthMethod, Secret } from '../authentication.ts'
import { secretOf, text } from './secret.ts'

export interface JwtOptions {
  /** The compact token (`xxx.yyy.zzz`), or how to get one; asked when the router asks for it, so a fresh one for each session. */
  readonly token: Secret<string>
}

/**
 * Logs in with a JSON Web Token, for example the access token of an OpenID Connect provider. The router takes authid and role
 * from its claims. It is sent as it is: use it over `wss://` or within a machine.
 *
 * @throws UsageError `ERR_INVALID_ARGUMENT` when the token is empty
 * @example
 * new Client({ url, auth: [jwt({ token: () => oidc.accessToken() })] })
 */
export function jwt(options: JwtOptions): AuthMethod {
  const ask = secretOf(options.token, 'token', text)
  return { method: 'jwt', begin: () => ({ answer: async () => ({ signature: await ask() }) }) }
}
