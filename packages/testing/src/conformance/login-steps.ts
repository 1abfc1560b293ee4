// Words for scenarios about logins: who is known, HELLO with a login, the ends that a login can have.

import {
  type Authenticator,
  anonymous,
  type LoginOptions,
  type LoginPrincipal,
  type PrincipalSource,
  staticPrincipals,
  ticket,
} from '@crosspoint/router'
import { ALL_ROLES, any, attach, bind, closed, containing, expect, type LoginSettings, type Step, send } from './scenario.ts'

export const DENIED = 'wamp.error.authentication_denied'
export const FAILED = 'wamp.error.authentication_failed'
export const REQUIRED = 'wamp.error.authentication_required'

/** 32 bytes that outlive a restart. */
export const MOCK_SECRET = new Uint8Array(32).fill(7)

/** Who logs in with tickets. */
const TICKETS: { readonly [authid: string]: LoginPrincipal } = {
  joe: { ticket: 'joe-secret', role: 'user' },
  amy: { ticket: 'amy-secret', role: 'admin', authid: 'amy@example.org', extra: { team: 7 } },
  homeless: { ticket: 'homeless-secret', role: 'user', realm: 'realm2' },
}

/** Links with one method, or several in this order. */
export const methods =
  (make: (...parts: Parameters<LoginSettings>) => readonly Authenticator[]): LoginSettings =>
  (parts): LoginOptions => ({ authenticators: make(parts) })

export const tickets = methods(({ crypto }) => [ticket(crypto, staticPrincipals(TICKETS))])
export const ticketsAndAnonymous = methods(({ crypto, random }) => [
  ticket(crypto, staticPrincipals(TICKETS)),
  anonymous({ random, role: 'guest' }),
])

/** A source that answers with what `find` returns. */
export function source(find: PrincipalSource['find'], provider = 'dynamic'): PrincipalSource {
  return { provider, find }
}

/** HELLO of one who wants to log in. */
export const hello = (who: string, details: object, realm: string | null = 'realm1'): Step =>
  send(who, 1, realm, { roles: ALL_ROLES, ...details })

/** Opens a transport and says HELLO with a ticket; CHALLENGE comes. */
export function ticketHello(who: string, authid: string): Step[] {
  return [attach(who), hello(who, { authmethods: ['ticket'], authid }), expect(who, 4, 'ticket', {})]
}

/** WELCOME, whose Details have at least these entries; keeps the session id under `who`. */
export const welcome = (who: string, entries: object = {}): Step => expect(who, 2, bind(who), containing({ ...entries }))

/** ABORT with this reason, and the end of the transport. */
export function refused(who: string, reason: string, details: unknown = any): Step[] {
  return [expect(who, 3, details, reason), closed(who)]
}

/** What everybody is told who did not prove who they are: nothing about why. */
export const denied = (who: string, more: object = {}): Step[] =>
  refused(who, DENIED, { message: 'The credentials are not right', ...more })
