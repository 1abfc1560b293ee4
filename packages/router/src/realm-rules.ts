// Options of a realm, as resolved, with the checks that follow from them.

import { isValidUri, type MatchPolicy, type Uri, type UriRule, UsageError } from '@crosspoint/protocol'
import { shown, uriRuleText } from '@crosspoint/protocol/internal'
import type { RouterLimits } from './limits.ts'
import { PatternIndex } from './pattern-index.ts'
import type { ProcedureOptions, RealmOptions, TopicOptions } from './realm-options.ts'

export class RealmRules {
  readonly limits: RouterLimits
  readonly isStrict: boolean
  readonly allowsDisclose: boolean
  readonly allowsRetain: boolean
  /** Whether any topic has a rule, or any role a trust level: then every publication is looked at more closely. */
  readonly hasTopicRules: boolean
  readonly hasTrustlevels: boolean
  readonly #uriRule: UriRule
  readonly #topics: PatternIndex<TopicOptions>
  readonly #procedures: PatternIndex<ProcedureOptions>
  readonly #trustlevels: ReadonlyMap<string, number>

  constructor(options: RealmOptions, limits: RouterLimits) {
    this.limits = limits
    this.isStrict = (options.requestIds ?? 'strict') === 'strict'
    this.allowsDisclose = options.allowDisclose ?? true
    this.allowsRetain = options.allowRetain ?? true
    this.#uriRule = options.uriRule ?? 'loose'
    this.#trustlevels = new Map(Object.entries(options.trustlevels ?? {}))
    this.#topics = this.#indexed('topics', options.topics ?? [])
    this.#procedures = this.#indexed('procedures', options.procedures ?? [])
    this.hasTrustlevels = this.#trustlevels.size > 0
    this.hasTopicRules = this.#topics.size > 0 || this.hasTrustlevels
  }

  #indexed<Rule extends { readonly uri: Uri; readonly match?: MatchPolicy | undefined }>(
    name: string,
    rules: readonly Rule[],
  ): PatternIndex<Rule> {
    const index = new PatternIndex<Rule>()
    for (const rule of rules) {
      const match = rule.match ?? 'exact'
      const invalid = this.refuseUri(`use a rule in ${name} for`, rule.uri, match)
      if (invalid !== undefined) throw new UsageError('ERR_INVALID_ARGUMENT', invalid)
      if (index.get(rule.uri, match) !== undefined) {
        throw new UsageError('ERR_INVALID_ARGUMENT', `The realm has two rules in ${name} for ${match} "${rule.uri}"; only one can decide`)
      }
      index.add(rule.uri, match, rule)
    }
    return index
  }

  /** What the realm says about a topic: the most specific rule (RPC-114 orders them), or none. */
  topicRule(topic: Uri): TopicOptions | undefined {
    return this.#topics.size === 0 ? undefined : this.#topics.matchBest(topic)
  }
  procedureRule(procedure: Uri): ProcedureOptions | undefined {
    return this.#procedures.size === 0 ? undefined : this.#procedures.matchBest(procedure)
  }
  /** The trust level of a role (PUB-46, RPC-111). */
  trustlevelOf(authrole: string): number | undefined {
    return this.#trustlevels.get(authrole)
  }

  /** Why `uri` cannot be used under `match`, `undefined` when it can. */
  refuseUri(what: string, uri: Uri, match: MatchPolicy): string | undefined {
    if (uri.length > this.limits.uriLengthMax) {
      return `Cannot ${what} ${shown(uri)}: a URI has at most ${this.limits.uriLengthMax} characters, this one ${uri.length}`
    }
    if (isValidUri(uri, match, this.#uriRule)) return undefined
    return `Cannot ${what} ${shown(uri)}: ${uriRuleText(match, this.#uriRule)}`
  }
}
