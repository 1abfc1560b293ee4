// How our client logs in at foreign routers.

import { type AuthMethod, anonymous, cryptosign, scram, ticket, tls, wampcra } from '@crosspoint/client/node'
import { type LoginWith, Unsupported } from './line-protocol.ts'

/** What a router does not have of logins, and a sentence about each. */
export type Lacking = { readonly [method in LoginWith['method'] | 'binding']?: string }

/** The methods to offer. Throws Unsupported when the router lacks what is to be tried. */
export function methodsOf({ method, authid, secret, channel_binding: binding }: LoginWith, lacks: Lacking): readonly AuthMethod[] {
  const lacking = lacks[method] ?? (binding === undefined ? undefined : lacks.binding)
  if (lacking !== undefined) throw new Unsupported(lacking)
  switch (method) {
    case 'ticket':
      return [ticket({ authid, ticket: secret })]
    case 'wampcra':
      return [wampcra({ authid, secret })]
    case 'cryptosign':
      return [cryptosign({ authid, privateKey: secret })]
    case 'wamp-scram':
      return [scram({ authid, password: secret })]
    case 'anonymous':
      return [tls(), anonymous()]
  }
}
