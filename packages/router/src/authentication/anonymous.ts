// Sessions without a login (AUTH-02).

import type { Random } from '@crosspoint/protocol'
import type { Authenticator } from './authenticator.ts'
import { malformed } from './refusals.ts'

export interface AnonymousOptions {
  readonly random: Random
  /** Default: "anonymous". */
  readonly role?: string | undefined
  /** The realm that these sessions join, whatever they ask for. Default: the one they ask for. */
  readonly realm?: string | undefined
  /** Default: a random one. */
  readonly authid?: string | undefined
}

/**
 * Lets everybody in, with a role for all.
 *
 * @example
 * router.attach(transport, serializer, { login: { authenticators: [anonymous({ random, role: 'guest' })] } })
 */
export function anonymous({ random, role = 'anonymous', realm, authid }: AnonymousOptions): Authenticator {
  return {
    method: 'anonymous',
    begin(request, next) {
      const joined = realm ?? request.realm
      if (joined === null) return next(malformed('HELLO must name a realm'))
      const identity = { realm: joined, authid: authid ?? randomAuthid(random), authrole: role }
      next({ type: 'accept', identity: { ...identity, authmethod: 'anonymous', authprovider: 'static' } })
    },
  }
}

/** A random authid for an anonymous session (SES-13). */
export function randomAuthid(random: Random): string {
  return `${random.id().toString(36)}${random.id().toString(36)}`.slice(0, 16)
}
