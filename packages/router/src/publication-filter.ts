// Who may receive a publication: the six lists of PUB-25 and the publisher itself. Lists only take receivers away (PUB-28).

import { type Dict, EMPTY_DICT } from '@crosspoint/protocol'
import type { Session } from './session.ts'

const LISTS = ['exclude', 'exclude_authid', 'exclude_authrole', 'eligible', 'eligible_authid', 'eligible_authrole'] as const

/** The lists of a publication as they are kept with it: an empty `exclude*` list excludes nobody (PUB-29). */
export function publicationLists(options: Dict): Dict {
  let lists: Record<string, unknown> | undefined
  for (const name of LISTS) {
    const list = options[name]
    if (!Array.isArray(list) || (list.length === 0 && name.startsWith('exclude'))) continue
    lists ??= {}
    lists[name] = list
  }
  return lists ?? EMPTY_DICT
}

/**
 * A test that says whether a subscriber may receive, or `undefined` when everybody may. A subscriber must be in every
 * `eligible*` list that is present and in no `exclude*` list (PUB-26); an empty `eligible*` list lets nobody in (PUB-29).
 */
export function publicationFilter(options: Dict, publisher: Session | undefined): ((subscriber: Session) => boolean) | undefined {
  const excludesPublisher = options['exclude_me'] !== false // PUB-11, PUB-36
  const exclude = listOf(options, 'exclude')
  const excludeAuthid = listOf(options, 'exclude_authid')
  const excludeAuthrole = listOf(options, 'exclude_authrole')
  const eligible = listOf(options, 'eligible')
  const eligibleAuthid = listOf(options, 'eligible_authid')
  const eligibleAuthrole = listOf(options, 'eligible_authrole')
  const hasLists = exclude || excludeAuthid || excludeAuthrole || eligible || eligibleAuthid || eligibleAuthrole
  if (!hasLists) return excludesPublisher ? (subscriber) => subscriber !== publisher : undefined
  return (subscriber) => {
    if (excludesPublisher && subscriber === publisher) return false
    if (eligible && !eligible.has(subscriber.id)) return false
    if (eligibleAuthid && !eligibleAuthid.has(subscriber.authid)) return false
    if (eligibleAuthrole && !eligibleAuthrole.has(subscriber.authrole)) return false
    if (exclude?.has(subscriber.id)) return false
    if (excludeAuthid?.has(subscriber.authid)) return false
    if (excludeAuthrole?.has(subscriber.authrole)) return false
    return true
  }
}

function listOf(options: Dict, name: string): ReadonlySet<unknown> | undefined {
  const list = options[name]
  return Array.isArray(list) ? new Set(list) : undefined
}
