// What comes of a publication, whoever it is from (sections 5.2 to 5.8 of the requirements): it reaches exactly those who may
// have it, once per subscription.

import { type Dict, isId, MessageType, type Uri } from '@crosspoint/protocol'
import type { Model } from '../model/model.ts'
import { hasFeature, isSameDict, type ModelSession, type ModelSubscription, type ModelTopicRule } from '../model/state.ts'
import type { MessageOf, Turn } from '../model/turn.ts'
import { bestOf, matches } from '../model/uris.ts'
import { isTooLong, payloadKey } from '../payload-key.ts'
import { isEligible } from './eligible.ts'
import { record, streamOf } from './history.ts'
import { passthruDetails } from './passthru.ts'
import { retain } from './retained.ts'
import { shardOf } from './shards.ts'
import { slowly } from './slow.ts'

/** A publication; its id is 0 until some message tells it: the same for PUBLISHED and every EVENT (PUB-09). */
export interface ModelPublication {
  id: number
  readonly time: number
  readonly publisher: ModelSession
  readonly topic: Uri
  readonly options: Dict
  readonly payload: string
  readonly rule: ModelTopicRule | undefined
}

/** An EVENT for one subscriber. */
export interface ModelEvent {
  readonly publication: ModelPublication
  readonly subscription: ModelSubscription
  readonly details: Dict
}

/** How the EVENTs stand to other messages of the turn. */
export interface EventOrder {
  readonly about?: readonly object[]
  readonly after?: object | undefined
}

export function newPublication(turn: Turn, publisher: ModelSession, topic: Uri, options: Dict, payload: string): ModelPublication {
  return { id: 0, time: turn.now, publisher, topic, options, payload, rule: bestOf(publisher.realm.topics, topic) }
}

/** Keeps the publication where it is to be kept, and says who must get it. */
export function publishTo(model: Model, turn: Turn, publication: ModelPublication, order: EventOrder = {}): void {
  const { options, payload, publisher, topic } = publication
  retain(model, publication)
  record(publication)
  for (const subscription of publisher.realm.subscriptions.values()) {
    if (!matches(subscription.uri, subscription.match, topic)) continue
    const mayHave = (subscriber: ModelSession) => isEligible(publisher, subscriber, options)
    const isInShard = shardOf(turn, subscription, publication, (subscriber) => mayHave(subscriber) && !isTooLong(payload, subscriber))
    for (const subscriber of subscription.subscribers) {
      if (!mayHave(subscriber) || !isInShard(subscriber)) continue
      const details = detailsFor(publication, subscriber, subscription)
      const event = slowly(model, subscriber, { publication, subscription, details })
      if (event !== undefined) expectEvent(turn, subscriber, event, order)
    }
  }
}

export function expectEvent(turn: Turn, subscriber: ModelSession, event: ModelEvent, order: EventOrder = {}): void {
  const { publication, subscription, details } = event
  if (isTooLong(publication.payload, subscriber)) return // PUB-15
  const what = `EVENT on subscription ${subscription.id} with ${JSON.stringify(details)} ${publication.payload.slice(0, 40)}`
  const check = (given: MessageOf<36>) =>
    given.subscriptionId === subscription.id &&
    isIdOf(publication, given.publicationId) &&
    isSameDict(given.details, details) &&
    payloadKey(given.payload) === publication.payload
  const learn = (given: MessageOf<36>) => learnId(publication, given.publicationId)
  turn.expect(subscriber, MessageType.EVENT, what, check, { ...order, payload: publication.payload, learn })
}

export function isIdOf(publication: ModelPublication, id: number): boolean {
  return publication.id === 0 ? isId(id) : id === publication.id
}
export function learnId(publication: ModelPublication, id: number): void {
  publication.id = id
}

/** PUB-12, PUB-18, PUB-40, PUB-42, PUB-43, PUB-46, PPT-01, and the place in the history of the subscription. */
function detailsFor(publication: ModelPublication, subscriber: ModelSession, subscription: ModelSubscription): Dict {
  const stream = streamOf(subscriber.realm, subscription)
  return { ...keptDetails(publication, subscriber, subscription), ...(stream === undefined ? {} : { _offset: stream.offset }) }
}

/** Those that stay the same however late the event is looked at. */
export function keptDetails(publication: ModelPublication, subscriber: ModelSession, subscription: ModelSubscription): Dict {
  const { options, publisher, rule, topic } = publication
  const details: Record<string, unknown> = passthruDetails(options)
  if (subscription.match !== 'exact') details['topic'] = topic
  const isDisclosed = options['disclose_me'] === true || rule?.disclose === true
  if (isDisclosed && hasFeature(subscriber, 'subscriber.publisher_identification')) {
    Object.assign(details, { publisher: publisher.id, publisher_authid: publisher.authid, publisher_authrole: 'anonymous' })
  }
  const trustlevel = rule?.trustlevel ?? publisher.realm.trustlevel
  if (trustlevel !== undefined && hasFeature(subscriber, 'subscriber.publication_trustlevels')) details['trustlevel'] = trustlevel
  return details
}
