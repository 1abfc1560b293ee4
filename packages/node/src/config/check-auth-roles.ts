// Roles and realms that logins give: each must exist, or nobody could come in by them. A realm that lists no roles takes any.

import { type AuthService, authServices, type MethodAt, methodsOf, principalsOf } from './check-auth.ts'
import type { ConfigPath, Issue } from './issue.ts'
import type { RouterConfig } from './schema.ts'
import type { TransportView } from './view.ts'

/** What the realms of a worker have. */
class Known {
  readonly realms: RouterConfig['realms']

  constructor(worker: RouterConfig) {
    this.realms = worker.realms
  }

  realmIssue(realm: string | undefined, path: ConfigPath): Issue | undefined {
    if (realm === undefined || this.realms.some(({ name }) => name === realm)) return undefined
    const names = this.realms.map(({ name }) => `"${name}"`).join(', ')
    return { path, value: realm, message: `there is no such realm; this worker has ${names}` }
  }

  /** @param realm where the role must be; undefined when the client chooses, then some realm must have it */
  roleIssue(role: string, realm: string | undefined, path: ConfigPath): Issue | undefined {
    const realms = realm === undefined ? this.realms : this.realms.filter(({ name }) => name === realm)
    if (realms.length === 0) return undefined // which is told by itself
    const roles = new Set<string>()
    for (const each of realms) {
      if (each.roles === undefined) return undefined
      for (const { name } of each.roles) roles.add(name)
    }
    if (roles.has(role)) return undefined
    const who = realm === undefined ? 'no realm has this role' : `the realm "${realm}" has no such role`
    return { path, value: role, message: `${who}; there is ${[...roles].join(', ') || 'none'}` }
  }
}

export function checkAuthRoles(worker: RouterConfig, path: ConfigPath, views: readonly TransportView[]): Issue[] {
  const known = new Known(worker)
  const services = views.flatMap(authServices)
  const issues = [
    ...services.flatMap(methodsOf).flatMap((method) => checkMethod(method, known)),
    ...services.flatMap((service) => checkJwt(service, known)),
  ]
  const isRoleMissing = known.roleIssue('anonymous', undefined, []) !== undefined
  if (isRoleMissing && services.some(isOpen)) {
    const names = worker.realms.flatMap(({ roles = [] }) => roles.map(({ name }) => name))
    const message =
      'sessions without a login have the role "anonymous", which no realm has; add it, or name another one in auth.anonymous.role'
    issues.push({ path: [...path, 'realms'], value: [...new Set(names)], message })
  }
  return issues
}

/** Whether sessions have the role "anonymous" there without being told so. */
function isOpen({ auth }: AuthService): boolean {
  if (auth === undefined) return true
  const { anonymous } = auth
  return anonymous !== undefined && (anonymous.type === undefined || anonymous.type === 'static') && anonymous.role === undefined
}

function checkMethod(at: MethodAt, known: Known): Issue[] {
  const { config, path } = at
  const issues: (Issue | undefined)[] = []
  const fallback = 'default-role' in config ? config['default-role'] : undefined
  if (fallback !== undefined) issues.push(known.roleIssue(fallback, undefined, [...path, 'default-role']))
  if (config.type === 'dynamic') {
    const { 'authenticator-realm': realm, 'authenticator-role': role } = config
    issues.push(known.realmIssue(realm, [...path, 'authenticator-realm']))
    if (role !== undefined) issues.push(known.roleIssue(role, realm, [...path, 'authenticator-role']))
  }
  if ('realm' in config) issues.push(known.realmIssue(config.realm, [...path, 'realm']))
  if ('role' in config && config.role !== undefined) issues.push(known.roleIssue(config.role, config.realm, [...path, 'role']))
  const { path: within, principals = {} } = principalsOf(at) ?? {}
  for (const [authid, { role = fallback, realm }] of Object.entries(principals)) {
    const place = [...within!, authid]
    issues.push(known.realmIssue(realm, [...place, 'realm']))
    if (role !== undefined) issues.push(known.roleIssue(role, realm, [...place, 'role']))
    else issues.push({ path: [...place, 'role'], value: undefined, message: `must be the name of a role, or give default-role for all` })
  }
  return issues.filter((issue) => issue !== undefined)
}

function checkJwt({ auth, path }: AuthService, known: Known): Issue[] {
  const { defaultRole, roles = {} } = auth?.jwt ?? {}
  const at = [...path, 'auth', 'jwt']
  const issues = Object.entries(roles).map(([value, role]) => known.roleIssue(role, undefined, [...at, 'roles', value]))
  if (defaultRole !== undefined) issues.push(known.roleIssue(defaultRole, undefined, [...at, 'defaultRole']))
  return issues.filter((issue) => issue !== undefined)
}
