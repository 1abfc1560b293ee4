// Static permissions: what a role may do where (AUTHZ-01, AUTHZ-07). Rules have exact URIs, prefixes and wildcards; for a URI the
// most specific rule decides alone: exact, then the longest prefix, then the best wildcard (RPC-114). Without a rule everything
// is denied.
//
// Who subscribes or registers with a pattern asks for every URI that the pattern matches. That is allowed only when one rule
// covers the whole pattern and allows it, and no rule within the pattern that would decide before it denies. So no pattern
// reaches what its URIs one by one would not.

import { type MatchPolicy, type Uri, UsageError } from '@crosspoint/protocol'
import type { Action, Grant } from './authorizer.ts'
import { PatternIndex } from './pattern-index.ts'
import type { Validation } from './validation.ts'

export interface Permission {
  readonly uri: Uri
  /** Default: `exact`. */
  readonly match?: MatchPolicy | undefined
  /** What is allowed; the others are denied. */
  readonly allow: readonly Action[]
  /** Whose identity callees and subscribers are told, asked or not. Default: that of those who ask for it. */
  readonly disclose?: { readonly caller?: boolean | undefined; readonly publisher?: boolean | undefined } | undefined
  /** What calls and events must be like here. Default: anything. */
  readonly validate?: Validation | undefined
  /** Where the rule stands, for `explain`: "crosspoint.config.ts: workers[0].realms[0].roles[1].permissions[2]". */
  readonly source?: string | undefined
}

/** `open` where no rule says anything. */
export type Verdict = 'allowed' | 'denied' | 'open'

interface Rule {
  readonly uri: Uri
  readonly match: MatchPolicy
  readonly allow: ReadonlySet<Action>
  readonly permission: Permission
  /** What goes with leave, by action, where there is anything. */
  readonly grants: { readonly [action in Action]?: Grant | undefined } | undefined
}

/** How a decision came about. */
export interface Explanation {
  readonly verdict: Verdict
  /** The rule that decided; undefined where none says anything. */
  readonly rule: Permission | undefined
}

const DECISIONS_MAX = 10_000
export const ACTION_BITS: { readonly [action in Action]: number } = { call: 1, register: 2, publish: 4, subscribe: 8 }

export class Permissions {
  readonly #index = new PatternIndex<Rule>()
  readonly #rules: Rule[] = []
  /** The rules of URIs that were asked for, and the verdicts about patterns; each forgotten when there are many. */
  readonly #known = new Map<Uri, Rule | undefined>()
  readonly #knownPatterns = new Map<string, Verdict>()
  /** What is allowed at a URI with nothing else to it, as bits of actions. */
  readonly #plain = new Map<Uri, number>()

  /** Throws `ERR_INVALID_ARGUMENT` when a URI stands twice under the same policy. */
  constructor(permissions: readonly Permission[]) {
    for (const permission of permissions) {
      const { allow, match = 'exact', uri } = permission
      if (this.#index.get(uri, match) !== undefined) {
        throw new UsageError('ERR_INVALID_ARGUMENT', `A role has two permissions for ${match} "${uri}"; only one can decide`)
      }
      const rule = { uri, match, allow: new Set(allow), permission, grants: grantsOf(permission) }
      this.#index.add(uri, match, rule)
      this.#rules.push(rule)
    }
  }

  /**
   * What the rules say, if they say anything.
   *
   * @example
   * new Permissions([{ uri: 'com.example.', match: 'prefix', allow: ['call'] }]).decide('call', 'com.example.add', 'exact') // 'allowed'
   */
  decide(action: Action, uri: Uri, match: MatchPolicy): Verdict {
    if (match === 'exact') {
      const rule = this.#ruleOf(uri)
      if (rule === undefined) return 'open'
      return rule.allow.has(action) ? 'allowed' : 'denied'
    }
    const key = `${action} ${match} ${uri}`
    const known = this.#knownPatterns.get(key)
    if (known !== undefined) return known
    const { verdict } = this.#decidePattern(action, uri, match)
    if (this.#knownPatterns.size >= DECISIONS_MAX) this.#knownPatterns.clear()
    this.#knownPatterns.set(key, verdict)
    return verdict
  }

  /** Whether an exact URI is allowed with nothing else to it: the way of nearly every message, one lookup. */
  allowsPlainly(bit: number, uri: Uri): boolean {
    const bits = this.#plain.get(uri)
    return ((bits === undefined ? this.#lookPlain(uri) : bits) & bit) !== 0
  }

  #lookPlain(uri: Uri): number {
    const rule = this.#ruleOf(uri)
    let bits = 0
    for (const action of rule?.allow ?? []) if (rule!.grants?.[action] === undefined) bits |= ACTION_BITS[action]
    if (this.#plain.size >= DECISIONS_MAX) this.#plain.clear()
    this.#plain.set(uri, bits)
    return bits
  }

  /** What goes with leave at an exact URI: false without leave, undefined when it is just leave. */
  grant(action: Action, uri: Uri): Grant | undefined | false {
    const rule = this.#ruleOf(uri)
    if (rule === undefined || !rule.allow.has(action)) return false
    return rule.grants === undefined ? undefined : rule.grants[action]
  }

  /** Which rule decides. */
  explain(action: Action, uri: Uri, match: MatchPolicy): Explanation {
    if (match === 'exact') return { verdict: this.decide(action, uri, match), rule: this.#ruleOf(uri)?.permission }
    const { verdict, rule } = this.#decidePattern(action, uri, match)
    return { verdict, rule: rule?.permission }
  }

  #ruleOf(uri: Uri): Rule | undefined {
    const known = this.#known.get(uri)
    return known !== undefined || this.#known.has(uri) ? known : this.#look(uri)
  }

  #look(uri: Uri): Rule | undefined {
    const rule = this.#index.matchBest(uri)
    if (this.#known.size >= DECISIONS_MAX) this.#known.clear()
    this.#known.set(uri, rule)
    return rule
  }

  #decidePattern(action: Action, uri: Uri, match: MatchPolicy): { verdict: Verdict; rule: Rule | undefined } {
    const covering = this.#rules.filter((rule) => covers(rule, uri, match)).sort(bySpecificity)[0]
    const denying = this.#rules.find(
      (rule) =>
        !rule.allow.has(action) &&
        (covering === undefined || bySpecificity(rule, covering) <= 0) &&
        overlaps(rule.uri, rule.match, uri, match),
    )
    if (denying !== undefined) return { verdict: 'denied', rule: denying }
    return { verdict: covering === undefined ? 'open' : 'allowed', rule: covering }
  }
}

/** Where a caller or publisher can be told, or a payload looked at, there is more than leave. */
function grantsOf({ disclose, validate }: Permission): Rule['grants'] {
  const grants: { [action in Action]?: Grant } = {}
  const isCallerDisclosed = disclose?.caller === true
  const isPublisherDisclosed = disclose?.publisher === true
  if (isCallerDisclosed || validate !== undefined) grants.call = { isDisclosed: isCallerDisclosed, validation: validate }
  if (isPublisherDisclosed || validate !== undefined) grants.publish = { isDisclosed: isPublisherDisclosed, validation: validate }
  return grants.call === undefined && grants.publish === undefined ? undefined : grants
}

const RANKS = { exact: 0, prefix: 1, wildcard: 2 } as const

/** Negative when `one` decides before `other`; wildcards among each other count as equal, since it depends on the URI. */
function bySpecificity(one: Rule, other: Rule): number {
  const rank = RANKS[one.match] - RANKS[other.match]
  return rank !== 0 || one.match !== 'prefix' ? rank : other.uri.length - one.uri.length
}

/** Whether the rule holds for every URI that the pattern matches. */
function covers(rule: Rule, uri: Uri, match: MatchPolicy): boolean {
  if (rule.match === 'exact') return false // a pattern is more than one URI
  if (rule.match === 'prefix') return (match === 'prefix' ? uri : beginningOf(uri)).startsWith(rule.uri)
  if (match === 'prefix') return false // has URIs of any number of components
  const [wide, narrow] = [rule.uri.split('.'), uri.split('.')]
  return wide.length === narrow.length && wide.every((component, at) => component === '' || component === narrow[at])
}

/** What every URI of a wildcard pattern begins with. */
function beginningOf(wildcard: Uri): string {
  const components = wildcard.split('.')
  const first = components.indexOf('')
  return first < 0
    ? wildcard
    : components
        .slice(0, first)
        .map((component) => `${component}.`)
        .join('')
}

/** Whether some URI matches both. */
function overlaps(one: Uri, oneMatch: MatchPolicy, other: Uri, otherMatch: MatchPolicy): boolean {
  if (oneMatch === 'prefix' && otherMatch === 'prefix') return one.startsWith(other) || other.startsWith(one)
  if (oneMatch === 'prefix') return canBegin(other, otherMatch, one)
  if (otherMatch === 'prefix') return canBegin(one, oneMatch, other)
  const [a, b] = [one.split('.'), other.split('.')]
  const isOpen = (component: string, match: MatchPolicy): boolean => component === '' && match === 'wildcard'
  return a.length === b.length && a.every((each, at) => each === b[at] || isOpen(each, oneMatch) || isOpen(b[at]!, otherMatch))
}

/** Whether some URI of the pattern, or the exact URI itself, begins with `prefix`. */
function canBegin(uri: Uri, match: MatchPolicy, prefix: string): boolean {
  if (match === 'exact') return uri.startsWith(prefix)
  const components = uri.split('.')
  const wanted = prefix.split('.')
  const last = wanted.length - 1
  if (wanted.length > components.length) return false
  return wanted.every((part, at) => {
    const component = components[at]!
    return component === '' || (at === last ? component.startsWith(part) : component === part)
  })
}
