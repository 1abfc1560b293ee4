// The role of the session by which the node asks authorizers that are procedures. It may do that and nothing else, no authorizer is
// asked about it, and nobody gets it by logging in: its name is reserved.

import type { Uri } from '@crosspoint/protocol'
import { type Authenticator, failed, type LoginOptions, type Next, type RoleOptions } from '@crosspoint/router'

/** Roles whose names begin like this are the node's own. */
export const RESERVED_ROLES = 'crosspoint.'
export const SERVICE_ROLE = `${RESERVED_ROLES}authorizer`

/** What the role may do: call the authorizers, see when they are registered anew, and then have decisions forgotten. */
export function serviceRole(procedures: Iterable<Uri>): RoleOptions {
  return {
    permissions: [
      ...[...new Set(procedures)].map((uri) => ({ uri, allow: ['call'] as const })),
      { uri: 'wamp.registration.', match: 'prefix', allow: ['call', 'subscribe'] },
      { uri: 'crosspoint.authorization.forget', allow: ['call'] },
    ],
  }
}

/**
 * The same login, which gives nobody a role of the node's own: not even when a file, a function or a token says so.
 *
 * @example
 * router.attach(transport, serializer, { link, login: withoutReservedRoles(login) })
 */
export function withoutReservedRoles(login: LoginOptions): LoginOptions {
  return { ...login, authenticators: login.authenticators.map(guarded) }
}

function guarded(authenticator: Authenticator): Authenticator {
  return {
    method: authenticator.method,
    aliases: authenticator.aliases,
    begin: (request, next) => authenticator.begin(request, guardedNext(next)),
  }
}

function guardedNext(next: Next): Next {
  return (step) => {
    if (step.type === 'challenge') {
      const { answered } = step
      return next({ ...step, answered: (signature, extra, then) => answered(signature, extra, guardedNext(then)) })
    }
    if (step.type !== 'accept' || !step.identity.authrole.startsWith(RESERVED_ROLES)) return next(step)
    next(failed(`the role "${step.identity.authrole}" is the node's own: roles that begin with "${RESERVED_ROLES}" are reserved`))
  }
}
