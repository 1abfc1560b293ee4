// What functions and procedures are told of a login, and how their answers are read.

import type { Dict } from '@crosspoint/protocol'
import { type Crypto, isTicketOf, readTicketHash, utf8Encode } from '@crosspoint/protocol/internal'
import type { LoginPrincipal, LookupFailure, PrincipalQuery } from '@crosspoint/router'

/** As in Crossbar.io: what is known of the session that logs in. */
export function detailsOf({ authmethod, ticket, pubkey, certificate, request }: PrincipalQuery): Dict {
  const { session, link, authextra } = request
  const details: Record<string, unknown> = { session, transport: link.transport, authmethod, authextra }
  if (ticket !== undefined) details['ticket'] = ticket
  if (pubkey !== undefined) {
    details['pubkey'] = pubkey
    details['channel_binding'] = authextra['channel_binding'] ?? null
  }
  if (certificate !== undefined) details['certificate'] = { ...certificate, commonName: certificate.commonName ?? null }
  return details
}

/** The principal of an answer: a dictionary, or a string, which is its role; undefined or null is nobody. */
export function readAnswer(answer: unknown, who: string): LoginPrincipal | LookupFailure | undefined {
  if (answer === undefined || answer === null) return undefined
  if (typeof answer === 'string') return answer === '' ? { failure: `${who} answered with an empty role` } : { role: answer }
  if (typeof answer !== 'object' || Array.isArray(answer) || ArrayBuffer.isView(answer)) {
    return { failure: `${who} must answer with a role or a principal, not with ${Array.isArray(answer) ? 'a list' : `a ${typeof answer}`}` }
  }
  // Its own member of this name would pass for a failure.
  const { failure: _, ...principal } = answer as Dict
  return withoutNulls(principal)
}

/** Languages without `undefined` write null for what is not there. */
function withoutNulls(dict: Dict): LoginPrincipal {
  return Object.fromEntries(Object.entries(dict).filter(([, value]) => value !== null && value !== undefined))
}

/**
 * Who answers to a ticket vouches for it, unless the answer has `ticket` or `ticket-hash` itself: then that is compared.
 *
 * @param done gets undefined when the ticket is wrong
 */
export function checkTicket(
  crypto: Crypto,
  found: LoginPrincipal | LookupFailure | undefined,
  sent: string | undefined,
  who: string,
  done: (found: LoginPrincipal | LookupFailure | undefined) => void,
): void {
  if (found === undefined || sent === undefined) return done(found)
  const { ticket, 'ticket-hash': text } = found as LoginPrincipal
  if (text !== undefined) {
    const hash = readTicketHash(text)
    if ('fault' in hash) return done({ failure: `the ticket-hash that ${who} answered cannot be read: ${hash.fault}` })
    return isTicketOf(crypto, hash, sent, (isRight) => {
      done(isRight === undefined ? { failure: 'too many hashes are being computed' } : isRight ? found : undefined)
    })
  }
  if (ticket === undefined) return done(found)
  if (typeof ticket !== 'string' || ticket === '')
    return done({ failure: `the ticket that ${who} answered must be text that is not empty` })
  done(crypto.isEqual(crypto.sha256(utf8Encode(ticket)), crypto.sha256(utf8Encode(sent))) ? found : undefined)
}

/** Calls `done` with the first that comes: what `give` is called with, or a failure when the time is over. */
export function withinTime<Value>(
  timeoutMs: number,
  who: string,
  done: (value: Value | LookupFailure) => void,
): (value: Value | LookupFailure) => void {
  let isOver = false
  const timer = setTimeout(() => give({ failure: `${who} did not answer within ${timeoutMs} ms (timeoutMs)` }), timeoutMs)
  const give = (value: Value | LookupFailure) => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    done(value)
  }
  return give
}
