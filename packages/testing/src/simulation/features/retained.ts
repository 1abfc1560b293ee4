// Retained events (section 5.8 of the requirements): what a publication leaves behind for those who subscribe later.

import { isId, type MatchPolicy, MessageType, type Uri } from '@crosspoint/protocol'
import { Finding } from '../finding.ts'
import type { Model } from '../model/model.ts'
import { hasFeature, isSameDict, type ModelRealm, type ModelSession, type ModelSubscription } from '../model/state.ts'
import type { MessageOf, Turn } from '../model/turn.ts'
import { matches } from '../model/uris.ts'
import { isTooLong, payloadKey } from '../payload-key.ts'
import { isEligible } from './eligible.ts'

/** A publication; its id is 0 until some message tells it. */
export interface ModelPublication {
  id: number
  readonly publisher: ModelSession
  readonly message: MessageOf<16>
}

interface Kept extends ModelPublication {
  readonly payload: string
}

const RESTRICTED_MAX = 100

/** By realm and topic: the newest event that everybody may have, then those that only some may, oldest first (PUB-56). */
const kept = new WeakMap<ModelRealm, Map<Uri, Kept[]>>()

function keptIn(realm: ModelRealm): Map<Uri, Kept[]> {
  let topics = kept.get(realm)
  if (topics === undefined) kept.set(realm, (topics = new Map()))
  return topics
}

/** An accepted publication: kept if it asks for that and there is room (PUB-51, PUB-52). */
export function retain(model: Model, publication: ModelPublication): void {
  const { message, publisher } = publication
  const { options, topic } = message
  if (options['retain'] !== true || !publisher.realm.allowsRetain) return
  const topics = keptIn(publisher.realm)
  const events = topics.get(topic) ?? []
  if (events.length === 0 && topics.size >= model.limits.retainedTopicsMax) return
  const event: Kept = Object.assign(publication, { payload: payloadKey(message.payload) })
  topics.set(topic, isRestricted(message) ? [...events.slice(1 - RESTRICTED_MAX), event] : [event])
}

function isRestricted({ options }: MessageOf<16>): boolean {
  return Object.entries(options).some(
    ([name, list]) => name.startsWith('eligible') || (/^exclude(_auth|$)/.test(name) && (list as []).length > 0),
  )
}

/** Who subscribes with `get_retained` gets, of each topic that matches, the newest that it may have (PUB-53, PUB-54, PUB-57). */
export function expectRetained(turn: Turn, session: ModelSession, subscription: ModelSubscription): void {
  for (const [topic, events] of keptIn(session.realm)) {
    if (!matches(subscription.uri, subscription.match as MatchPolicy, topic)) continue
    const event = events.findLast(({ message, publisher }) => isEligible(publisher, session, message.options))
    if (event === undefined || isTooLong(event.payload, session)) continue
    const details: Record<string, unknown> = { retained: true }
    if (subscription.match !== 'exact') details['topic'] = topic
    const { message, publisher } = event
    if (message.options['disclose_me'] === true && hasFeature(session, 'subscriber.publisher_identification')) {
      Object.assign(details, { publisher: publisher.id, publisher_authid: publisher.authid, publisher_authrole: 'anonymous' })
    }
    const what = `the retained EVENT of ${topic} with ${JSON.stringify(details)}`
    const check = (given: MessageOf<36>) =>
      isId(given.publicationId) && isSameDict(given.details, details) && payloadKey(given.payload) === event.payload
    const learn = (given: MessageOf<36>) => {
      if (event.id !== 0 && given.publicationId !== event.id) throw new Finding(`${what} has another publication id than at first`)
      event.id = given.publicationId
      turn.later(() => {
        if (given.subscriptionId !== subscription.id) throw new Finding(`${what} came on subscription ${given.subscriptionId}`)
      })
    }
    turn.expect(session, MessageType.EVENT, what, check, { learn }) // after SUBSCRIBED, which has the rank before (ORD-08)
  }
}
