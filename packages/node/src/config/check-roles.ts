// What the shape of roles and permissions cannot say: names that stand once and exist where they are used, places that are URIs and
// stand once. A role that nobody has would let nobody in, so it is said at the start.

import { isValidUri, type UriRule } from '@crosspoint/protocol'
import { uriRuleText } from '@crosspoint/protocol/internal'
import { type ConfigPath, type Issue, pathText } from './issue.ts'
import { placeOf } from './permission-places.ts'
import type { RoleConfig, RouterConfig } from './schema.ts'
import type { TransportView } from './view.ts'

export function checkRoles(worker: RouterConfig, path: ConfigPath, views: readonly TransportView[]): Issue[] {
  const issues: Issue[] = []
  worker.realms.forEach((realm, index) => {
    const at = [...path, 'realms', index, 'roles']
    const rule = realm.options?.uri_check ?? 'loose'
    const seen = new Map<string, ConfigPath>()
    for (const [place, role] of (realm.roles ?? []).entries()) {
      const first = seen.get(role.name)
      if (first !== undefined)
        issues.push({ path: [...at, place, 'name'], value: role.name, message: `the name is taken by ${pathText(first)}` })
      else seen.set(role.name, [...at, place, 'name'])
      issues.push(...checkPermissions(role, [...at, place, 'permissions'], rule))
    }
  })
  return [...issues, ...checkTransports(worker, path, views), ...checkComponents(worker, path)]
}

function checkPermissions({ permissions = [] }: RoleConfig, path: ConfigPath, rule: UriRule): Issue[] {
  const issues: Issue[] = []
  const seen = new Map<string, ConfigPath>()
  permissions.forEach((permission, index) => {
    const at = [...path, index]
    const { match, uri } = placeOf(permission)
    const first = seen.get(`${match} ${uri}`)
    if (uri.includes('*') || !isValidUri(uri, match, rule)) {
      const stars = uri.includes('*') ? '; a star stands for a whole component, or for everything at the end' : ''
      issues.push({ path: [...at, 'uri'], value: permission.uri, message: `cannot match: ${uriRuleText(match, rule)}${stars}` })
    } else if (first !== undefined) {
      issues.push({ path: [...at, 'uri'], value: permission.uri, message: `the same as ${pathText(first)}; only one can decide` })
    }
    seen.set(`${match} ${uri}`, at)
    for (const kind of ['caller', 'publisher'] as const) {
      if (permission.disclose?.[kind] !== true) continue
      const message =
        'disclosure by role is not supported by this version of Crosspoint; write false, and disclose: true for the topic or procedure of the realm, or let clients ask for disclose_me'
      issues.push({ path: [...at, 'disclose', kind], value: true, message })
    }
  })
  return issues
}

/** The roles that transports give must exist in a realm. */
function checkTransports(worker: RouterConfig, path: ConfigPath, views: readonly TransportView[]): Issue[] {
  if (worker.realms.some((realm) => realm.roles === undefined)) return [] // which takes any role
  const names = new Set(worker.realms.flatMap((realm) => realm.roles!.map((role) => role.name)))
  const issues: Issue[] = []
  let isAnonymous = false
  for (const view of views) {
    isAnonymous ||= view.longpolls.length > 0
    for (const service of view.rawsocket === undefined ? view.websockets : [...view.websockets, view.rawsocket]) {
      const role = service.config.auth?.anonymous?.role
      isAnonymous ||= role === undefined
      if (role === undefined || names.has(role)) continue
      const at = [...service.path, 'auth', 'anonymous', 'role']
      issues.push({ path: at, value: role, message: `no realm has this role; there is ${[...names].join(', ')}` })
    }
  }
  if (isAnonymous && !names.has('anonymous')) {
    const message =
      'sessions without a login have the role "anonymous", which no realm has; add it, or name another one in auth.anonymous.role'
    issues.push({ path: [...path, 'realms'], value: [...names], message })
  }
  return issues
}

function checkComponents(worker: RouterConfig, path: ConfigPath): Issue[] {
  const issues: Issue[] = []
  for (const [index, { realm: name, role = 'anonymous' }] of (worker.components ?? []).entries()) {
    const realm = worker.realms.find((each) => each.name === name)
    if (realm?.roles === undefined || realm.roles.some((each) => each.name === role)) continue
    const names = realm.roles.map((each) => each.name).join(', ')
    issues.push({
      path: [...path, 'components', index, 'role'],
      value: role,
      message: `the realm "${name}" has no such role; it has ${names}`,
    })
  }
  return issues
}
