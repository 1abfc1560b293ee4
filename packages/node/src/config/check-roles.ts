// Roles and permissions are not enforced by this version. So a configuration that restricts anyone is refused, rather than
// started as if it restricted nobody: everything that it lets in must be allowed everything.

import type { ConfigPath, Issue } from './issue.ts'
import { pathText } from './issue.ts'
import type { RealmConfig, RouterConfig } from './schema.ts'
import type { TransportView } from './view.ts'

type Permission = NonNullable<NonNullable<RealmConfig['roles']>[number]['permissions']>[number]

const NOT_ENFORCED = 'permissions are not enforced by this version of Crosspoint'
const EVERYTHING = '{ uri: "", match: "prefix", allow: { call: true, register: true, publish: true, subscribe: true } }'
const ACTIONS = ['call', 'register', 'publish', 'subscribe'] as const

export function checkRoles(worker: RouterConfig, path: ConfigPath, views: readonly TransportView[]): Issue[] {
  const issues: Issue[] = []
  const entering = rolesOfTransports(views)
  worker.realms.forEach((realm, index) => {
    if (realm.roles === undefined) return
    const at = [...path, 'realms', index, 'roles']
    const names = realm.roles.map((role) => role.name)
    for (const [name, source] of entering) {
      if (names.includes(name)) continue
      const who = `sessions get the role "${name}"${source === undefined ? '' : ` of ${pathText(source)}`}`
      const message = `${who}, which this realm does not have, and ${NOT_ENFORCED}; give the realm that role with ${EVERYTHING}, or leave out roles`
      issues.push({ path: at, value: names, message })
    }
    for (const [place, role] of realm.roles.entries())
      issues.push(...checkPermissions(role.permissions ?? [], [...at, place, 'permissions']))
  })
  return issues
}

/** The roles that transports give to anonymous sessions, and where each is said; "anonymous" when nothing is. */
function rolesOfTransports(views: readonly TransportView[]): Map<string, ConfigPath | undefined> {
  const roles = new Map<string, ConfigPath | undefined>()
  for (const view of views) {
    const services = view.rawsocket === undefined ? view.websockets : [...view.websockets, view.rawsocket]
    for (const service of services) {
      const role = service.config.auth?.anonymous?.role
      if (role === undefined) roles.set('anonymous', roles.get('anonymous'))
      else roles.set(role, [...service.path, 'auth', 'anonymous', 'role'])
    }
  }
  if (roles.size === 0) roles.set('anonymous', undefined) // components alone
  return roles
}

function checkPermissions(permissions: readonly Permission[], path: ConfigPath): Issue[] {
  const issues: Issue[] = []
  permissions.forEach((permission, index) => {
    const at = [...path, index]
    const denied = ACTIONS.filter((action) => permission.allow?.[action] !== true)
    if (denied.length > 0) {
      issues.push({
        path: [...at, 'allow'],
        value: permission.allow ?? null,
        message: `does not allow ${denied.join(', ')}, and ${NOT_ENFORCED}; write ${EVERYTHING}`,
      })
    }
    for (const kind of ['caller', 'publisher'] as const) {
      if (permission.disclose?.[kind] !== true) continue
      const message =
        'disclosure by the router is not supported by this version of Crosspoint; write false, and let clients ask for disclose_me'
      issues.push({ path: [...at, 'disclose', kind], value: true, message })
    }
  })
  if (!permissions.some(coversEverything)) {
    const message = `does not cover every URI, and ${NOT_ENFORCED}; write one permission ${EVERYTHING}`
    issues.push({ path, value: permissions.map((permission) => permission.uri), message })
  }
  return issues
}

/** "" as a prefix, or "*", which Crossbar's users write for the same thing. */
function coversEverything(permission: Permission): boolean {
  if (permission.uri === '*') return permission.match === undefined || permission.match === 'prefix'
  return permission.uri === '' && permission.match === 'prefix'
}
