// What the shape of realms cannot say: names and patterns that are URIs, and nothing twice.

import { isReservedUri, isValidUri, type UriRule } from '@crosspoint/protocol'
import { uriRuleText } from '@crosspoint/protocol/internal'
import { type ConfigPath, type Issue, pathText } from './issue.ts'
import type { RealmConfig, RouterConfig } from './schema.ts'

export function checkRealms(worker: RouterConfig, path: ConfigPath): Issue[] {
  const issues: Issue[] = []
  const seen = new Map<string, ConfigPath>()
  worker.realms.forEach((realm, index) => {
    const at = [...path, 'realms', index, 'name']
    const rule = realm.options?.uri_check ?? 'loose'
    const first = seen.get(realm.name)
    if (first !== undefined)
      issues.push({ path: at, value: realm.name, message: `the name is taken by ${pathText(first)}; give each realm its own` })
    else seen.set(realm.name, at)
    if (!isValidUri(realm.name, 'exact', rule)) {
      issues.push({ path: at, value: realm.name, message: `must be a URI: ${uriRuleText('exact', rule)}` })
    } else if (isReservedUri(realm.name)) {
      issues.push({
        path: at,
        value: realm.name,
        message: 'names that begin with "wamp" belong to the protocol; take another, such as "realm1"',
      })
    }
    issues.push(...checkPatterns(realm, [...path, 'realms', index], rule))
    if (realm.store?.type === 'memory' && realm.store.path !== undefined) {
      const message = 'a store in memory has no file; write type: "sqlite", or remove the path'
      issues.push({ path: [...path, 'realms', index, 'store', 'path'], value: realm.store.path, message })
    }
  })
  return issues
}

/** URIs and patterns must be valid, and stand once in each list. */
function checkPatterns(realm: RealmConfig, path: ConfigPath, rule: UriRule): Issue[] {
  const issues: Issue[] = []
  const lists = [
    [['topics'], realm.topics],
    [['procedures'], realm.procedures],
    [['store', 'event-history'], realm.store?.['event-history']],
  ] as const
  for (const [key, patterns] of lists) {
    const seen = new Map<string, ConfigPath>()
    for (const [index, { uri, match = 'exact' }] of (patterns ?? []).entries()) {
      const at = [...path, ...key, index]
      const first = seen.get(`${match} ${uri}`)
      if (!isValidUri(uri, match, rule))
        issues.push({ path: [...at, 'uri'], value: uri, message: `cannot match: ${uriRuleText(match, rule)}` })
      else if (first !== undefined) issues.push({ path: at, value: uri, message: `the same as ${pathText(first)}; only one can hold` })
      seen.set(`${match} ${uri}`, at)
    }
  }
  return issues
}
