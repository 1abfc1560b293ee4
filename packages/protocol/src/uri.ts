// URIs (requirements URI-01 … URI-20): topics, procedures, errors and realms share one namespace of dotted components.
// The loose rule always holds; the strict rule is an option of a realm.

export type Uri = string

/** How a subscription or registration matches the URI of a publication or call. */
export type MatchPolicy = 'exact' | 'prefix' | 'wildcard'
export const MATCH_POLICIES: readonly MatchPolicy[] = ['exact', 'prefix', 'wildcard']

export type UriRule = 'loose' | 'strict'

// What makes a URI invalid. Looking for a fault instead of matching the whole needs no nested repetition, on which the engine's
// stack would overflow with a URI of some megabytes. `\s` covers Unicode whitespace and line ends (URI-17) but for U+0085;
// U+FEFF is in it. `$` without the m flag matches only at the very end in JavaScript.
const FAULTS: Record<UriRule, Record<MatchPolicy, RegExp>> = {
  loose: { exact: /[\s\x85#]|\.\.|^\.|\.$|^$/, prefix: /[\s\x85#]|\.\.|^\./, wildcard: /[\s\x85#]/ },
  strict: { exact: /[^a-z0-9_.]|\.\.|^\.|\.$|^$/, prefix: /[^a-z0-9_.]|\.\.|^\./, wildcard: /[^a-z0-9_.]/ },
}

/**
 * Whether `uri` is valid under `match` (URI-04, URI-05, URI-06): exact has no empty component, prefix may have an empty
 * last one (and may be empty as a whole), wildcard may have any component empty.
 */
export function isValidUri(uri: string, match: MatchPolicy = 'exact', rule: UriRule = 'loose'): boolean {
  return !FAULTS[rule][match].test(uri)
}

/** Whether the first component is `wamp`, which belongs to the protocol (URI-08), or `crosspoint`, which belongs to management. */
export function isReservedUri(uri: string): boolean {
  return beginsWith(uri, 'wamp') || beginsWith(uri, 'crosspoint')
}

function beginsWith(uri: string, component: string): boolean {
  return uri.startsWith(component) && (uri.length === component.length || uri.charCodeAt(component.length) === 46)
}

/** Says, for an error message, what would have been right under `match` and `rule`. */
export function uriRuleText(match: MatchPolicy, rule: UriRule): string {
  const component = rule === 'strict' ? 'lower-case letters, digits and "_"' : 'no whitespace and no "#"'
  if (match === 'exact') return `match policy exact needs every component non-empty, with ${component}`
  if (match === 'prefix') return `match policy prefix allows only the last component to be empty, with ${component}`
  return `match policy wildcard allows empty components, otherwise ${component}`
}
