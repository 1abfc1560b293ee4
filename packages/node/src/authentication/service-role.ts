// The role of the sessions by which the node calls authenticators that are procedures, and ends sessions that were logged out. It may
// do that and nothing else, and nobody gets it by logging in: its name is reserved.

import type { Uri } from '@crosspoint/protocol'
import type { RealmOptions, RoleOptions } from '@crosspoint/router'
import { RESERVED_ROLES } from '../authorization/service-role.ts'
import type { ResolvedListener, ResolvedLogin } from '../config/resolved.ts'

export const AUTHENTICATOR_ROLE = `${RESERVED_ROLES}authenticator`
/** The procedure of the meta API that ends a session. */
export const KILL = 'wamp.session.kill'

/** All logins of a node, some of them several times. */
function loginsOf(listeners: readonly ResolvedListener[]): ResolvedLogin[] {
  return listeners.flatMap(({ logins, rawSocketLogin }) => [
    ...Object.values(logins),
    ...(rawSocketLogin === undefined ? [] : [rawSocketLogin]),
  ])
}

/**
 * The roles of a realm with that of the node's own sessions, where some listener needs it; a realm that lists none takes any role.
 *
 * @example
 * new Router({ …, realms: [{ name: 'realm1', roles: withServiceRole(roles, 'realm1', listeners) }] })
 */
export function withServiceRole(roles: RealmOptions['roles'], realm: Uri, listeners: readonly ResolvedListener[]): RealmOptions['roles'] {
  if (roles === undefined) return undefined
  const procedures = new Set<Uri>()
  for (const { methods, cookie } of loginsOf(listeners)) {
    if (cookie !== undefined) procedures.add(KILL)
    for (const { source } of methods) {
      const isCalledHere = source?.type === 'dynamic' && source.role === AUTHENTICATOR_ROLE && (source.realm ?? realm) === realm
      if (isCalledHere) procedures.add(source.authenticator)
    }
  }
  if (procedures.size === 0) return roles
  const role: RoleOptions = { permissions: [...procedures].map((uri) => ({ uri, allow: ['call'] })) }
  return { ...roles, [AUTHENTICATOR_ROLE]: role }
}
