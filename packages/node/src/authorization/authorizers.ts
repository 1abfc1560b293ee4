// The authorizers of a node: made before its router, since realms are made with them; able to call procedures after it. What a node
// without any does not need is not loaded.

import { isDeepStrictEqual } from 'node:util'
import type { Uri } from '@crosspoint/protocol'
import type { RealmOptions, RoleOptions, Router } from '@crosspoint/router'
import type { ResolvedAuthorizer, ResolvedRealm } from '../config/resolved.ts'
import type { Logger } from '../log.ts'
import { Failures } from './failures.ts'
import type { ProcedureAuthorizer } from './procedure-authorizer.ts'
import { SERVICE_ROLE, serviceRole } from './service-role.ts'
import type { ServiceSession } from './service-session.ts'

type Roles = NonNullable<RealmOptions['roles']>

/** Procedures that authorize in a realm, and the roles that each is asked for. */
type Procedures = Map<Uri, { readonly authorizer: ProcedureAuthorizer; readonly role: string }[]>

export class Authorizers {
  readonly #log: Logger
  readonly #roles = new Map<Uri, Roles | undefined>()
  /** As configured, by realm: what tells whether another configuration has the same. */
  readonly #configs = new Map<Uri, ResolvedRealm['authorizers']>()
  readonly #procedures = new Map<Uri, Procedures>()
  /** By realm and procedure. */
  readonly #sessions = new Map<string, ServiceSession>()

  private constructor(log: Logger) {
    this.#log = log
  }

  /**
   * Makes the authorizers of all realms; loads the modules of those that are functions.
   *
   * @throws UsageError ERR_CONFIG, naming the file, for a module that cannot be used
   * @example
   * const authorizers = await Authorizers.make(config.realms, log)
   * const router = new Router({ …, realms: [{ ...options, roles: authorizers.rolesOf('realm1') }] })
   * await authorizers.open(router)
   */
  static async make(realms: readonly ResolvedRealm[], log: Logger): Promise<Authorizers> {
    const authorizers = new Authorizers(log)
    for (const realm of realms) await authorizers.#add(realm)
    return authorizers
  }

  async #add(realm: ResolvedRealm): Promise<void> {
    const { authorizers, options } = realm
    const { name, roles } = options
    this.#configs.set(name, authorizers)
    if (roles === undefined) return
    const procedures: Procedures = new Map()
    const complete: Record<string, RoleOptions> = { ...roles }
    for (const [role, config] of Object.entries(authorizers)) {
      complete[role] = { ...roles[role], authorizer: await this.#make(name, role, config, procedures) }
    }
    if (procedures.size > 0) complete[SERVICE_ROLE] = serviceRole(procedures.keys())
    this.#roles.set(name, complete)
    this.#procedures.set(name, procedures)
  }

  async #make(realm: Uri, role: string, config: ResolvedAuthorizer, procedures: Procedures): Promise<RoleOptions['authorizer']> {
    const name = config.type === 'function' ? config.name : config.procedure
    const failures = new Failures(this.#log, `The authorizer ${name} of the role "${role}" in ${realm}`)
    if (config.type === 'function') {
      const { functionAuthorizer } = await import('./function-authorizer.ts')
      return functionAuthorizer(config, failures)
    }
    const { ProcedureAuthorizer } = await import('./procedure-authorizer.ts')
    const authorizer = new ProcedureAuthorizer(config.timeoutMs, () => this.#sessions.get(keyOf(realm, config.procedure)), failures)
    const users = procedures.get(config.procedure) ?? []
    users.push({ authorizer, role })
    procedures.set(config.procedure, users)
    return authorizer
  }

  /** What the router is given as `roles` of a realm; undefined when it lists none. */
  rolesOf(realm: Uri): Roles | undefined {
    return this.#roles.get(realm)
  }

  /**
   * The roles of a realm by another configuration, with the authorizers that are there: those are not made anew while the node runs.
   * A text when the configuration wants others, which needs a restart.
   */
  changed({ authorizers, options: { name, roles } }: ResolvedRealm): Roles | string | undefined {
    if (!isDeepStrictEqual(authorizers, this.#configs.get(name))) return `the authorizers of ${name} are others, which needs a restart`
    if (roles === undefined) return undefined
    const old = this.#roles.get(name)
    const complete: Record<string, RoleOptions> = { ...roles }
    for (const role of Object.keys(authorizers)) complete[role] = { ...roles[role], authorizer: old?.[role]?.authorizer }
    if (old?.[SERVICE_ROLE] !== undefined) complete[SERVICE_ROLE] = old[SERVICE_ROLE]
    return complete
  }

  /** Opens the sessions by which procedures are called, one for each, so that one that hangs takes nothing from others; before anybody else joins. */
  async open(router: Router): Promise<void> {
    for (const [realm, procedures] of this.#procedures) {
      for (const [procedure, users] of procedures) {
        const { ServiceSession } = await import('./service-session.ts')
        const session = new ServiceSession(router, realm, procedure, this.#log, () => {
          for (const { authorizer, role } of users) {
            authorizer.renewed()
            session.forget(role)
          }
        })
        this.#sessions.set(keyOf(realm, procedure), session)
        await session.open()
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.close()))
  }
}

function keyOf(realm: Uri, procedure: Uri): string {
  return `${realm} ${procedure}` // neither has a space
}
