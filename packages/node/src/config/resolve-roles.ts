// From checked roles to what the router is given, and to the authorizers that the node makes.

import { dirname, resolve } from 'node:path'
import { ACTIONS, type Permission, type RealmOptions } from '@crosspoint/router'
import { compileValidation } from '../authorization/payload-checks.ts'
import { type ConfigPath, pathText } from './issue.ts'
import { placeOf } from './permission-places.ts'
import type { ResolvedAuthorizer } from './resolved.ts'
import type { PermissionConfig, RealmConfig, RoleConfig } from './schema.ts'

const AUTHORIZER_TIMEOUT_MS = 5_000

/** Where a configuration is. */
export interface ConfigFile {
  /** Absolute path. */
  readonly file: string
  /** Its name for people. */
  readonly source: string
}

export interface ResolvedRoles {
  /** Undefined when the realm lists none. */
  readonly roles: RealmOptions['roles']
  /** By role. */
  readonly authorizers: { readonly [role: string]: ResolvedAuthorizer }
}

/** @param path of the realm in the configuration */
export function resolveRoles({ roles }: RealmConfig, path: ConfigPath, config: ConfigFile): ResolvedRoles {
  if (roles === undefined) return { roles: undefined, authorizers: {} }
  const authorizers: Record<string, ResolvedAuthorizer> = {}
  const resolved = roles.map((role, index) => {
    if (role.authorizer !== undefined) authorizers[role.name] = resolveAuthorizer(role.authorizer, config.file)
    return [role.name, { permissions: permissionsOf(role, [...path, 'roles', index], config.source) }] as const
  })
  return { roles: Object.fromEntries(resolved), authorizers }
}

function permissionsOf(role: RoleConfig, path: ConfigPath, source: string): readonly Permission[] {
  if (role['allow-by-default'] === true) {
    return [{ uri: '', match: 'prefix', allow: ACTIONS, source: `${source}: ${pathText([...path, 'allow-by-default'])}` }]
  }
  return (role.permissions ?? []).map((permission, index) => resolvePermission(permission, [...path, 'permissions', index], source))
}

function resolvePermission(permission: PermissionConfig, path: ConfigPath, source: string): Permission {
  const { allow, disclose, validate } = permission
  return {
    ...placeOf(permission),
    allow: ACTIONS.filter((action) => allow?.[action] === true),
    disclose,
    validate: validate && compileValidation(validate, [...path, 'validate']).validation,
    source: `${source}: ${pathText(path)}`,
  }
}

function resolveAuthorizer(authorizer: NonNullable<RoleConfig['authorizer']>, file: string): ResolvedAuthorizer {
  if (typeof authorizer === 'string') return { type: 'procedure', procedure: authorizer, timeoutMs: AUTHORIZER_TIMEOUT_MS }
  const { timeoutMs = AUTHORIZER_TIMEOUT_MS } = authorizer
  if (authorizer.type === 'dynamic') return { type: 'procedure', procedure: authorizer.procedure, timeoutMs }
  return { type: 'function', module: resolve(dirname(file), authorizer.module), name: authorizer.module, timeoutMs }
}
