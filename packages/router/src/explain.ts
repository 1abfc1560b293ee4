// Why something is allowed or not, in words and data: which rule decides, where it stands, and what would change it.

import { isReservedUri, type MatchPolicy, type Uri } from '@crosspoint/protocol'
import type { Action } from './authorizer.ts'
import type { Permission } from './permissions.ts'
import type { Policies, PolicyExplanation } from './policies.ts'

export interface Question {
  readonly authrole: string
  readonly action: Action
  readonly uri: Uri
  readonly match: MatchPolicy
}

/** `asked`: an authorizer decides, and only it knows. */
export type Answer = 'allowed' | 'denied' | 'asked'

export interface DecisionExplanation extends Question {
  readonly decision: Answer
  /** The rule that decided, as configured; null where none says anything. */
  readonly rule: {
    readonly uri: Uri
    readonly match: MatchPolicy
    readonly allow: readonly Action[]
    readonly source: string | null
  } | null
  /** Why, in a sentence. */
  readonly reason: string
  /** What would turn the decision round. */
  readonly change: string
}

/**
 * Explains one decision.
 *
 * @example
 * explainDecision(policies, { authrole: 'user', action: 'call', uri: 'com.example.add', match: 'exact' }).reason
 * // 'The rule prefix "com.example." of the role "user" allows call'
 */
export function explainDecision(policies: Policies, question: Question): DecisionExplanation {
  const { action, authrole, match, uri } = question
  if ((action === 'register' || action === 'publish') && isReservedUri(uri)) {
    const reason = `"${uri}" belongs to the router: nobody can ${action} below "wamp." and "crosspoint."`
    return { ...question, decision: 'denied', rule: null, reason, change: 'Nothing: use another URI' }
  }
  const found = policies.explain(authrole, action, uri, match)
  const decision = found.isAsked ? 'asked' : found.verdict === 'allowed' ? 'allowed' : 'denied'
  const { change, reason } = wordsFor(found, question, decision)
  return { ...question, decision, rule: found.rule === undefined ? null : describeRule(found.rule), reason, change }
}

function describeRule({ allow, match = 'exact', source, uri }: Permission): NonNullable<DecisionExplanation['rule']> {
  return { uri, match, allow, source: source ?? null }
}

function wordsFor(
  found: PolicyExplanation,
  { action, authrole, match, uri }: Question,
  decision: Answer,
): { reason: string; change: string } {
  const what = match === 'exact' ? `"${uri}"` : `the ${match} pattern "${uri}"`
  if (!found.hasRole) {
    return { reason: `The realm has no role "${authrole}", so nobody with it joins`, change: `Add the role "${authrole}" to the realm` }
  }
  const { isAsked, rule, verdict } = found
  if (rule === undefined && verdict === 'allowed') {
    const reason = isAsked ? 'The realm has no roles: its authorizer decides' : 'The realm has no roles, so every role may do everything'
    return { reason, change: isAsked ? 'Change what the authorizer answers' : 'Give the realm roles with permissions' }
  }
  const named = rule && `The rule ${rule.match ?? 'exact'} "${rule.uri}" of the role "${authrole}"`
  if (rule === undefined) {
    const nothing = match === 'exact' ? 'No rule' : 'No rule that covers all of it'
    const reason = `${nothing} of the role "${authrole}" says anything about ${what}: ${isAsked ? 'its authorizer decides' : 'what is not allowed is denied'}`
    return { reason, change: `Add { uri: "${uri}", match: "${match}", allow: { ${action}: true } } to the permissions of "${authrole}"` }
  }
  if (decision === 'asked')
    return {
      reason: `${named} allows ${action}, and the authorizer of the realm decides beside it`,
      change: 'Change what the authorizer answers',
    }
  if (verdict === 'allowed') {
    return {
      reason: `${named} allows ${action}`,
      change: `Write allow: { ${action}: false } there, or add a more specific rule that does not allow it`,
    }
  }
  const within = match === 'exact' ? '' : ', which the pattern reaches'
  return {
    reason: `${named} does not allow ${action}${within}`,
    change: `Write allow: { ${action}: true } there, or add a more specific rule that allows it`,
  }
}
