// Tickets (AUTH-15, AUTH-16): a secret that is sent as it is, so only over TLS or within a machine.

import { UsageError } from '@crosspoint/protocol'
import { type AuthMethod, reveal, type Secret } from '../authentication.ts'

export interface TicketOptions {
  readonly authid: string
  /** The ticket, or how to get it; asked when the router asks for it. */
  readonly ticket: Secret<string>
}

/**
 * Logs in with a ticket: a password, an API key, a token.
 *
 * @throws UsageError `ERR_INVALID_ARGUMENT` when the authid is empty
 * @example
 * new Client({ url, auth: [ticket({ authid: 'joe', ticket: () => readTicket() })] })
 */
export function ticket(options: TicketOptions): AuthMethod {
  const { authid } = options
  if (typeof authid !== 'string' || authid === '') {
    throw new UsageError('ERR_INVALID_ARGUMENT', 'ticket needs an authid, a string that is not empty')
  }
  return { method: 'ticket', begin: () => ({ authid, answer: async () => ({ signature: await reveal(options.ticket) }) }) }
}
