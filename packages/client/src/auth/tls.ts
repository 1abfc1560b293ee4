// The certificate that TLS has shown to the router already (AUTH-10); nothing is asked.

import type { AuthMethod } from '../authentication.ts'

/**
 * Logs in as whom the certificate of this connection stands for: in Node that of the option `tls`, in browsers the one that the
 * user chooses.
 *
 * @example
 * new Client({ url: 'wss://example.com/ws', auth: [tls()] })
 */
export function tls(): AuthMethod {
  return { method: 'tls', begin: () => ({}) }
}
