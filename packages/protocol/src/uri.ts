// URIs (requirements URI-01 … URI-20): topics, procedures, errors and realms share one namespace of dotted components.
// The loose rule always holds; the strict rule is an option of a realm.

export type Uri = string

/** How a subscription or registration matches the URI of a publication or call. */
export type MatchPolicy = 'exact' | 'prefix' | 'wildcard'
export const MATCH_POLICIES: readonly MatchPolicy[] = ['exact', 'prefix', 'wildcard']

export type UriRule = 'loose' | 'strict'

// A component: no dot, no hash, no whitespace. `\s` covers Unicode whitespace and line ends (URI-17); U+FEFF is in it.
const LOOSE = /^[^\s.#]+(?:\.[^\s.#]+)*$/u
const LOOSE_ANY_EMPTY = /^[^\s.#]*(?:\.[^\s.#]*)*$/u
const LOOSE_LAST_EMPTY = /^(?:[^\s.#]+\.)*[^\s.#]*$/u
const STRICT = /^[a-z0-9_]+(?:\.[a-z0-9_]+)*$/
const STRICT_ANY_EMPTY = /^[a-z0-9_]*(?:\.[a-z0-9_]*)*$/
const STRICT_LAST_EMPTY = /^(?:[a-z0-9_]+\.)*[a-z0-9_]*$/

// `$` without the m flag matches only at the very end in JavaScript, so a trailing line end fails (URI-17).
const RULES: Record<UriRule, Record<MatchPolicy, RegExp>> = {
  loose: { exact: LOOSE, prefix: LOOSE_LAST_EMPTY, wildcard: LOOSE_ANY_EMPTY },
  strict: { exact: STRICT, prefix: STRICT_LAST_EMPTY, wildcard: STRICT_ANY_EMPTY },
}

/**
 * Whether `uri` is valid under `match` (URI-04, URI-05, URI-06): exact has no empty component, prefix may have an empty
 * last one (and may be empty as a whole), wildcard may have any component empty.
 */
export function isValidUri(uri: string, match: MatchPolicy = 'exact', rule: UriRule = 'loose'): boolean {
  return RULES[rule][match].test(uri)
}

/** Whether the first component is `wamp`, which belongs to the protocol (URI-08). */
export function isReservedUri(uri: string): boolean {
  return uri.startsWith('wamp') && (uri.length === 4 || uri.charCodeAt(4) === 46)
}

/** Says, for an error message, what would have been right under `match` and `rule`. */
export function uriRuleText(match: MatchPolicy, rule: UriRule): string {
  const component = rule === 'strict' ? 'lower-case letters, digits and "_"' : 'no whitespace and no "#"'
  if (match === 'exact') return `match policy exact needs every component non-empty, with ${component}`
  if (match === 'prefix') return `match policy prefix allows only the last component to be empty, with ${component}`
  return `match policy wildcard allows empty components, otherwise ${component}`
}
