// What the shape of roles and permissions cannot say: names that stand once and exist where they are used, places that are URIs and
// stand once, schemas that can be checked, authorizers that can be found. A role that nobody has would let nobody in, so it is said at
// the start.

import { isReservedUri, isValidUri, type UriRule } from '@crosspoint/protocol'
import { uriRuleText } from '@crosspoint/protocol/internal'
import { compileValidation } from '../authorization/payload-checks.ts'
import { RESERVED_ROLES } from '../authorization/service-role.ts'
import { checkModule } from './check-auth.ts'
import { checkAuthRoles } from './check-auth-roles.ts'
import { type ConfigPath, type Issue, pathText } from './issue.ts'
import { placeOf } from './permission-places.ts'
import type { RoleConfig, RouterConfig } from './schema.ts'
import type { TransportView } from './view.ts'

export function checkRoles(worker: RouterConfig, path: ConfigPath, views: readonly TransportView[], file: string): Issue[] {
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
      if (role.name.startsWith(RESERVED_ROLES)) {
        const message = `roles whose names begin with "${RESERVED_ROLES}" are the node's own; give it another name`
        issues.push({ path: [...at, place, 'name'], value: role.name, message })
      }
      issues.push(...checkPermissions(role, [...at, place, 'permissions'], rule), ...checkAuthorizer(role, [...at, place], rule, file))
    }
  })
  return [...issues, ...checkAuthRoles(worker, path, views), ...checkComponents(worker, path)]
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
    if (permission.validate !== undefined) issues.push(...compileValidation(permission.validate, [...at, 'validate']).issues)
  })
  return issues
}

function checkAuthorizer(role: RoleConfig, path: ConfigPath, rule: UriRule, file: string): Issue[] {
  const { authorizer, permissions } = role
  if (role['allow-by-default'] === true && (authorizer !== undefined || permissions !== undefined)) {
    const message =
      'is for roles without permissions and authorizer, which decide here; remove it, or write a permission { uri: "*", allow: { … } }'
    return [{ path: [...path, 'allow-by-default'], value: true, message }]
  }
  if (authorizer === undefined) return []
  const at = [...path, 'authorizer']
  if (typeof authorizer === 'object' && authorizer.type === 'function') return checkModule(authorizer.module, [...at, 'module'], file)
  const [procedure, where] = typeof authorizer === 'string' ? [authorizer, at] : [authorizer.procedure, [...at, 'procedure']]
  if (isValidUri(procedure, 'exact', rule) && !isReservedUri(procedure)) return []
  const message = `must be the URI of a procedure that a component registers: ${uriRuleText('exact', rule)}`
  return [{ path: where, value: procedure, message }]
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
