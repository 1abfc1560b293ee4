// Tickets (AUTH-15, AUTH-16): a secret that is sent as it is, so only over TLS or within a machine.

import type { AuthMethod, Secret } from '../authentication.ts'
import { checkAuthid, secretOf, text } from './secret.ts'

export interface TicketOptions {
  readonly authid: string
  /** The ticket, or how to get it; asked when the router asks for it. */
  readonly ticket: Secret<string>
}

/**
 * Logs in with a ticket: a password, an API key. It is sent as it is: use it over `wss://` or within a machine.
 *
 * @throws UsageError `ERR_INVALID_ARGUMENT` when the authid or the ticket is empty
 * @example
 * new Client({ url, auth: [ticket({ authid: 'joe', ticket: () => readTicket() })] })
 */
export function ticket(options: TicketOptions): AuthMethod {
  const authid = checkAuthid(options.authid, 'ticket')
  const ask = secretOf(options.ticket, 'ticket', text)
  return { method: 'ticket', authid, begin: () => ({ answer: async () => ({ signature: await ask() }) }) }
}
