// What holds for each role of a realm: its permissions, and the authorizers that are asked.
//
// The permissions of a role decide wherever one of them says anything. Where none does its own authorizer is asked; without one
// that is denied. The realm's authorizer, if there is one, is asked beside for everything that would be allowed.

import type { MatchPolicy, Uri } from '@crosspoint/protocol'
import type { Action, Authorizer } from './authorizer.ts'
import { type Explanation, type Permission, Permissions } from './permissions.ts'

export interface RoleOptions {
  /** Default: none. */
  readonly permissions?: readonly Permission[] | undefined
  /** Asked where no permission says anything. Default: that is denied. */
  readonly authorizer?: Authorizer | undefined
}

export interface Policy {
  /** Undefined when the realm knows no roles: then everything is open. */
  readonly permissions: Permissions | undefined
  /** Who is asked where no permission says anything, one after the other; nobody: then it is denied. */
  readonly authorizers: readonly Authorizer[]
  /** Who is asked even where a permission allows it. */
  readonly always: readonly Authorizer[]
  /** Whether the permissions know everything, so that nobody is asked ever. */
  readonly isKnown: boolean
}

export interface PolicyExplanation extends Explanation {
  /** Whether an authorizer is asked, which then decides. */
  readonly isAsked: boolean
  /** Whether the realm has the role at all. */
  readonly hasRole: boolean
}

const NOTHING: Policy = { permissions: new Permissions([]), authorizers: [], always: [], isKnown: true }

export class Policies {
  readonly #roles: ReadonlyMap<string, Policy> | undefined
  /** For every role, when the realm knows none. */
  readonly #everybody: Policy

  constructor(roles: { readonly [authrole: string]: RoleOptions } | undefined, authorizer: Authorizer | undefined) {
    const always = authorizer === undefined ? [] : [authorizer]
    this.#everybody = { permissions: undefined, authorizers: always, always, isKnown: false }
    this.#roles =
      roles &&
      new Map(
        Object.entries(roles).map(([role, { permissions = [], authorizer: own }]) => {
          const authorizers = own === undefined ? [] : [own, ...always]
          const isKnown = own === undefined && authorizer === undefined
          return [role, { permissions: new Permissions(permissions), authorizers, always, isKnown }]
        }),
      )
  }

  /** Whether sessions with this role may join (AUTH-06). */
  has(authrole: string): boolean {
    return this.#roles === undefined || this.#roles.has(authrole)
  }

  of(authrole: string): Policy {
    return this.#roles === undefined ? this.#everybody : (this.#roles.get(authrole) ?? NOTHING)
  }

  /** Whether the permissions alone deny it, without an authorizer having a say. */
  denies(authrole: string, action: Action, uri: Uri, match: MatchPolicy): boolean {
    const { authorizers, permissions } = this.of(authrole)
    const verdict = permissions?.decide(action, uri, match) ?? 'allowed'
    return verdict === 'denied' || (verdict === 'open' && authorizers.length === 0)
  }

  explain(authrole: string, action: Action, uri: Uri, match: MatchPolicy): PolicyExplanation {
    const { always, authorizers, permissions } = this.of(authrole)
    const { rule, verdict } = permissions?.explain(action, uri, match) ?? { verdict: 'allowed' as const, rule: undefined }
    const asked = verdict === 'allowed' ? always : verdict === 'open' ? authorizers : []
    return { verdict, rule, isAsked: asked.length > 0, hasRole: this.has(authrole) }
  }
}
