// Retained events (section 5.8 of the requirements): what a publication leaves behind for those who subscribe later.

import { type Dict, type MatchPolicy, MessageType, type Uri } from '@crosspoint/protocol'
import { Finding } from '../finding.ts'
import type { Model } from '../model/model.ts'
import { isSameDict, type ModelRealm, type ModelSession, type ModelSubscription } from '../model/state.ts'
import type { MessageOf, Turn } from '../model/turn.ts'
import { matches } from '../model/uris.ts'
import { isTooLong, payloadKey } from '../payload-key.ts'
import { isEligible } from './eligible.ts'
import { isIdOf, keptDetails, learnId, type ModelPublication } from './publication.ts'

const RESTRICTED_MAX = 100

/** By realm and topic: the newest event that everybody may have, then those that only some may, oldest first (PUB-56). */
const kept = new WeakMap<ModelRealm, Map<Uri, ModelPublication[]>>()

function keptIn(realm: ModelRealm): Map<Uri, ModelPublication[]> {
  let topics = kept.get(realm)
  if (topics === undefined) kept.set(realm, (topics = new Map()))
  return topics
}

/** An accepted publication: kept if it asks for that and there is room (PUB-51, PUB-52). */
export function retain(model: Model, publication: ModelPublication): void {
  const { options, publisher, topic } = publication
  if (options['retain'] !== true || !publisher.realm.allowsRetain) return
  const topics = keptIn(publisher.realm)
  const events = topics.get(topic) ?? []
  if (events.length === 0 && topics.size >= model.limits.retainedTopicsMax) return
  topics.set(topic, isRestricted(options) ? [...events.slice(1 - RESTRICTED_MAX), publication] : [publication])
}

function isRestricted(options: Dict): boolean {
  return Object.entries(options).some(
    ([name, list]) => name.startsWith('eligible') || (/^exclude(_auth|$)/.test(name) && (list as []).length > 0),
  )
}

/** Who subscribes with `get_retained` gets, of each topic that matches, the newest that it may have (PUB-53, PUB-54, PUB-57). */
export function expectRetained(turn: Turn, session: ModelSession, subscription: ModelSubscription): void {
  for (const [topic, events] of keptIn(session.realm)) {
    if (!matches(subscription.uri, subscription.match as MatchPolicy, topic)) continue
    const event = events.findLast(({ options, publisher }) => isEligible(publisher, session, options))
    if (event === undefined || isTooLong(event.payload, session)) continue
    const details = { ...keptDetails(event, session, subscription), retained: true }
    const what = `the retained EVENT of ${topic} with ${JSON.stringify(details)}`
    const check = (given: MessageOf<36>) =>
      isIdOf(event, given.publicationId) && isSameDict(given.details, details) && payloadKey(given.payload) === event.payload
    const learn = (given: MessageOf<36>) => {
      if (!isIdOf(event, given.publicationId)) throw new Finding(`${what} has another publication id than at first`)
      learnId(event, given.publicationId)
      turn.later(() => {
        if (given.subscriptionId !== subscription.id) throw new Finding(`${what} came on subscription ${given.subscriptionId}`)
      })
    }
    turn.expect(session, MessageType.EVENT, what, check, { learn }) // after SUBSCRIBED, which has the rank before (ORD-08)
  }
}
