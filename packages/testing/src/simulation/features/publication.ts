// One publication as the model knows it, and the EVENT that a subscriber gets of it.

import { type Dict, isId, MessageType, type Uri } from '@crosspoint/protocol'
import { hasFeature, isSameDict, type ModelSession, type ModelSubscription, type ModelTopicRule } from '../model/state.ts'
import type { MessageOf, Turn } from '../model/turn.ts'
import { bestOf } from '../model/uris.ts'
import { isTooLong, payloadKey } from '../payload-key.ts'
import { passthruDetails } from './passthru.ts'

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
