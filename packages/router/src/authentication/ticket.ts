// Tickets (AUTH-15, AUTH-16): the client sends a secret, in the clear within the transport. What is stored is the ticket itself, or
// its Argon2id hash, which is computed outside of the event loop and takes its time for unknown principals, too.

import type { Dict } from '@crosspoint/protocol'
import { type Crypto, isTicketOf, mockTicketHash, readTicketHash, utf8Encode } from '@crosspoint/protocol/internal'
import type { Authenticator, LoginRequest, Next } from './authenticator.ts'
import { identityOf } from './identity.ts'
import { isLookupFailure, type LookupFailure, lookUp, type Principal, type PrincipalSource } from './principals.ts'
import { denied, failed, lookupFailed, malformed } from './refusals.ts'

/** Longer ones are refused unseen. */
const TICKET_CHARS_MAX = 16_384

/**
 * Tickets of the principals of a source, which have `ticket` or `ticket-hash`.
 *
 * @example
 * ticket(nodeCrypto, staticPrincipals({ joe: { 'ticket-hash': '$argon2id$v=19$m=65536,t=3,p=1$…', role: 'user' } }))
 */
export function ticket(crypto: Crypto, source: PrincipalSource): Authenticator {
  return {
    method: 'ticket',
    begin(request, next) {
      const { authid } = request
      if (authid === undefined) return next(malformed('HELLO.Details.authid must be a string for ticket'))
      next({
        type: 'challenge',
        extra: {},
        answered: (sent, _extra: Dict, decided) => {
          if (sent.length > TICKET_CHARS_MAX) return decided(malformed(`A ticket has at most ${TICKET_CHARS_MAX} characters`))
          lookUp(source, { authmethod: 'ticket', authid, ticket: sent, request }, (found) =>
            check(crypto, source, request, authid, sent, found, decided),
          )
        },
      })
    },
  }
}

function check(
  crypto: Crypto,
  source: PrincipalSource,
  request: LoginRequest,
  authid: string,
  sent: string,
  found: Principal | LookupFailure | undefined,
  next: Next,
): void {
  if (isLookupFailure(found)) return next(lookupFailed(found))
  const accept = (principal: Principal) => {
    const identity = identityOf(principal, request, source, 'ticket', authid)
    if (typeof identity === 'string') next(failed(`ticket of "${authid}": ${identity}`))
    else next({ type: 'accept', identity, principal })
  }
  if (source.checksTickets === true) return found === undefined ? next(denied(`no principal "${authid}"`)) : accept(found)
  const stored = found ?? mock(source)
  const isRight = (is: boolean | undefined) => {
    if (is === undefined) next(failed('too many hashes are being computed'))
    else if (found === undefined) next(denied(`no principal "${authid}"`))
    else if (is) accept(found)
    else next(denied(`wrong ticket of "${authid}"`))
  }
  const { ticket: plain, 'ticket-hash': text } = stored
  if (text !== undefined) {
    const hash = readTicketHash(text)
    if ('fault' in hash) return next(failed(`ticket-hash of "${authid}": ${hash.fault}`))
    return isTicketOf(crypto, hash, sent, isRight)
  }
  if (typeof plain !== 'string' || plain === '') return next(failed(`principal "${authid}" has neither ticket nor ticket-hash`))
  isRight(crypto.isEqual(crypto.sha256(utf8Encode(plain)), crypto.sha256(utf8Encode(sent))))
}

/** What an unknown principal is compared with: the answer takes as long as that of a known one. */
function mock(source: PrincipalSource): Principal {
  const { example } = source
  if (example !== undefined && example['ticket-hash'] === undefined) return { ticket: 'nobody has this one' }
  return { 'ticket-hash': example?.['ticket-hash'] ?? mockTicketHash() }
}
