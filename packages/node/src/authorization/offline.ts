// What a configuration decides, without a node that runs: for `crosspoint explain` and `crosspoint replay`.

import { type Authorizer, type DecisionExplanation, explainDecision, isLookupFailure, Policies, type Question } from '@crosspoint/router'
import type { ResolvedLogin, ResolvedMethod, ResolvedNode, ResolvedRealm } from '../config/resolved.ts'

/** An explanation, and who is asked where the decision is `asked`. */
export interface OfflineExplanation extends DecisionExplanation {
  /** A procedure, or a module as configured. */
  readonly authorizer: string | null
}

/** Stands for authorizers: an explanation says that they are asked, and does not ask. */
const SOMEBODY: Authorizer = { authorize: (_, decide) => decide('failed') }

/**
 * Explains decisions of a realm as configured.
 *
 * @example
 * const explain = explainer(config.realms[0])
 * explain({ authrole: 'user', action: 'call', uri: 'com.example.add', match: 'exact' }).decision // 'allowed'
 */
export function explainer({ options: { roles }, authorizers }: ResolvedRealm): (question: Question) => OfflineExplanation {
  const complete =
    roles &&
    Object.fromEntries(
      Object.entries(roles).map(([role, has]) => [role, authorizers[role] === undefined ? has : { ...has, authorizer: SOMEBODY }]),
    )
  const policies = new Policies(complete, undefined)
  return (question) => {
    const explanation = explainDecision(policies, question)
    const asked = explanation.decision === 'asked' ? authorizers[question.authrole] : undefined
    return { ...explanation, authorizer: asked === undefined ? null : asked.type === 'function' ? asked.name : asked.procedure }
  }
}

/** Somebody that the configuration itself knows, by one method. */
export interface KnownPrincipal {
  readonly role: string
  readonly method: string
}

/** Roles that somebody has in a realm, each once. Only principals that stand in the configuration are known without a node. */
export function rolesOf({ listeners }: ResolvedNode, realm: string, authid: string): KnownPrincipal[] {
  const known = new Map<string, KnownPrincipal>()
  for (const { logins, rawSocketLogin } of listeners) {
    for (const login of [...Object.values(logins), rawSocketLogin]) {
      for (const found of (login?.methods ?? []).flatMap((method) => byMethod(method, realm, authid))) known.set(found.role, found)
    }
  }
  return [...known.values()]
}

function byMethod(login: ResolvedLogin['methods'][number] & ResolvedMethod, realm: string, authid: string): KnownPrincipal[] {
  const { method } = login
  if (login.source === undefined) {
    const isIt = login.method === 'anonymous' && login.authid === authid && (login.realm ?? realm) === realm
    return isIt ? [{ role: login.role, method }] : []
  }
  if (login.source.type !== 'static') return []
  return Object.entries(login.source.principals).flatMap(([name, principal]) => {
    if (isLookupFailure(principal)) return []
    const { role = login.defaultRole } = principal
    const isIt = (principal.authid ?? name) === authid && (principal.realm ?? realm) === realm
    return isIt && role !== undefined ? [{ role, method }] : []
  })
}
