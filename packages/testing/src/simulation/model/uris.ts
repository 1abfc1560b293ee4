// URIs by the requirements: what is valid (URI-02 … URI-06) and what matches what (URI-15, URI-16, RPC-114 … RPC-116). Written
// as the obvious loops over components, so that it has nothing in common with the router's index.

import type { MatchPolicy, Uri } from '@crosspoint/protocol'

const LOOSE_FAULT = /[\s#]/
const STRICT = /^[a-z0-9_]*$/

export function isValid(uri: Uri, match: MatchPolicy, isStrict: boolean): boolean {
  if (match === 'prefix' && uri === '') return true
  return uri.split('.').every((component, at, all) => {
    if (LOOSE_FAULT.test(component) || (isStrict && !STRICT.test(component))) return false
    return component !== '' || match === 'wildcard' || (match === 'prefix' && at === all.length - 1)
  })
}

export function isReserved(uri: Uri): boolean {
  return uri.split('.')[0] === 'wamp'
}

export function matches(pattern: Uri, match: MatchPolicy, uri: Uri): boolean {
  if (match === 'exact') return pattern === uri
  if (match === 'prefix') return uri.startsWith(pattern)
  const wanted = pattern.split('.')
  const given = uri.split('.')
  return wanted.length === given.length && wanted.every((component, at) => component === '' || component === given[at])
}

/** Which of several matching registrations a call goes to: exact, then the longest prefix, then the best wildcard. */
export function bestOf<Pattern extends { readonly uri: Uri; readonly match: MatchPolicy }>(
  all: Iterable<Pattern>,
  uri: Uri,
): Pattern | undefined {
  let best: Pattern | undefined
  for (const one of all) if (matches(one.uri, one.match, uri) && (best === undefined || isBetter(one, best))) best = one
  return best
}

const ORDER = { exact: 0, prefix: 1, wildcard: 2 }

function isBetter(one: { uri: Uri; match: MatchPolicy }, other: { uri: Uri; match: MatchPolicy }): boolean {
  if (one.match !== other.match) return ORDER[one.match] < ORDER[other.match]
  if (one.match === 'prefix') return one.uri.length > other.uri.length
  const [ones, others] = [literalRuns(one.uri), literalRuns(other.uri)]
  for (let at = 0; at < Math.max(ones.length, others.length); at++) {
    const difference = (ones[at] ?? 0) - (others[at] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return false
}

/** The numbers of literal components before the first wildcard, then between the first and the second, and so on. */
function literalRuns(pattern: Uri): number[] {
  const runs = [0]
  for (const component of pattern.split('.')) {
    if (component === '') runs.push(0)
    else runs[runs.length - 1]!++
  }
  return runs
}
