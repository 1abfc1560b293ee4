// Static permissions: what a role may do where (AUTHZ-01, AUTHZ-07). Rules have exact URIs, prefixes and wildcards; for a URI the
// most specific rule decides alone: exact, then the longest prefix, then the best wildcard (RPC-114). Without a rule everything
// is denied.
//
// Who subscribes or registers with a pattern asks for every URI that the pattern matches. That is allowed only when one rule
// covers the whole pattern and allows it, and no rule within the pattern that would decide before it denies. So no pattern
// reaches what its URIs one by one would not.

import { type MatchPolicy, type Uri, UsageError } from '@crosspoint/protocol'
import type { Action } from './authorizer.ts'
import { PatternIndex } from './pattern-index.ts'

export interface Permission {
  readonly uri: Uri
  /** Default: `exact`. */
  readonly match?: MatchPolicy | undefined
  /** What is allowed; the others are denied. */
  readonly allow: readonly Action[]
}

interface Rule {
  readonly uri: Uri
  readonly match: MatchPolicy
  readonly allow: ReadonlySet<Action>
}

const DECISIONS_MAX = 10_000
const NOTHING: ReadonlySet<Action> = new Set()

export class Permissions {
  readonly #index = new PatternIndex<Rule>()
  readonly #rules: Rule[] = []
  /** What is allowed at URIs that were asked for, and which patterns are; each forgotten when there are many. */
  readonly #known = new Map<Uri, ReadonlySet<Action>>()
  readonly #knownPatterns = new Map<string, boolean>()

  /** Throws `ERR_INVALID_ARGUMENT` when a URI stands twice under the same policy. */
  constructor(permissions: readonly Permission[]) {
    for (const { allow, match = 'exact', uri } of permissions) {
      if (this.#index.get(uri, match) !== undefined) {
        throw new UsageError('ERR_INVALID_ARGUMENT', `A role has two permissions for ${match} "${uri}"; only one can decide`)
      }
      const rule = { uri, match, allow: new Set(allow) }
      this.#index.add(uri, match, rule)
      this.#rules.push(rule)
    }
  }

  /**
   * Whether the role may.
   *
   * @example
   * new Permissions([{ uri: 'com.example.', match: 'prefix', allow: ['call'] }]).allows('call', 'com.example.add', 'exact') // true
   */
  allows(action: Action, uri: Uri, match: MatchPolicy): boolean {
    if (match === 'exact') return (this.#known.get(uri) ?? this.#look(uri)).has(action)
    const key = `${action} ${match} ${uri}`
    const known = this.#knownPatterns.get(key)
    if (known !== undefined) return known
    const isAllowed = this.#allowsAll(action, uri, match)
    if (this.#knownPatterns.size >= DECISIONS_MAX) this.#knownPatterns.clear()
    this.#knownPatterns.set(key, isAllowed)
    return isAllowed
  }

  #look(uri: Uri): ReadonlySet<Action> {
    const allow = this.#index.matchBest(uri)?.allow ?? NOTHING
    if (this.#known.size >= DECISIONS_MAX) this.#known.clear()
    this.#known.set(uri, allow)
    return allow
  }

  #allowsAll(action: Action, uri: Uri, match: MatchPolicy): boolean {
    const covering = this.#rules.filter((rule) => covers(rule, uri, match)).sort(bySpecificity)[0]
    if (covering?.allow.has(action) !== true) return false
    return this.#rules.every(
      (rule) => rule.allow.has(action) || bySpecificity(rule, covering) > 0 || !overlaps(rule.uri, rule.match, uri, match),
    )
  }
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
