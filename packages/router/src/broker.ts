// The broker of a realm: SUBSCRIBE, UNSUBSCRIBE, PUBLISH (sections 5.1 to 5.5 of the requirements).

import {
  type Dict,
  EMPTY_DICT,
  ErrorUri,
  type Event,
  isReservedUri,
  type MatchPolicy,
  MessageType,
  type PublicationId,
  type Publish,
  type Random,
  type Subscribe,
  type SubscriptionId,
  type Unsubscribe,
  type Uri,
} from '@crosspoint/protocol'
import { Audience } from '@crosspoint/protocol/internal'
import { LimitUri } from './limits.ts'
import type { Outbox } from './outbox.ts'
import { PatternIndex } from './pattern-index.ts'
import { publicationFilter } from './publication-filter.ts'
import type { RealmRules } from './realm.ts'
import type { Session } from './session.ts'

/** The router's record for a topic or pattern; one for all who subscribe to the same pair of URI and policy (ID-03). */
export class Subscription {
  readonly id: SubscriptionId
  readonly uri: Uri
  readonly match: MatchPolicy
  readonly subscribers = new Set<Session>()
  #audience: Audience<Session> | undefined

  constructor(id: SubscriptionId, uri: Uri, match: MatchPolicy) {
    this.id = id
    this.uri = uri
    this.match = match
  }

  /** The subscribers as of now; made anew after one came or went, not for every publication. */
  get audience(): Audience<Session> {
    this.#audience ??= new Audience([...this.subscribers])
    return this.#audience
  }
  add(session: Session): void {
    this.subscribers.add(session)
    this.#audience = undefined
  }
  remove(session: Session): void {
    this.subscribers.delete(session)
    this.#audience = undefined
  }
}

export class Broker {
  readonly #rules: RealmRules
  readonly #outbox: Outbox
  readonly #random: Random
  readonly #index = new PatternIndex<Subscription>()
  #lastSubscriptionId = 0

  constructor(rules: RealmRules, outbox: Outbox, random: Random) {
    this.#rules = rules
    this.#outbox = outbox
    this.#random = random
  }

  /** Subscriptions that exist. */
  get size(): number {
    return this.#index.size
  }

  subscribe(session: Session, message: Subscribe): void {
    const match = (message.options['match'] ?? 'exact') as MatchPolicy
    const topic = message.topic
    const invalid = this.#rules.refuseUri('subscribe to', topic, match)
    if (invalid !== undefined) return session.fail(MessageType.SUBSCRIBE, message.requestId, ErrorUri.invalidUri, invalid)
    let subscription = this.#index.get(topic, match)
    if (subscription === undefined || !subscription.subscribers.has(session)) {
      if (session.subscriptions.size >= this.#rules.limits.subscriptionsMax) {
        const text = `Cannot subscribe to "${topic}": the session has ${session.subscriptions.size} subscriptions, which is the limit`
        return session.fail(MessageType.SUBSCRIBE, message.requestId, LimitUri.tooManySubscriptions, text)
      }
      if (subscription === undefined) {
        subscription = new Subscription(++this.#lastSubscriptionId as SubscriptionId, topic, match)
        this.#index.add(topic, match, subscription)
      }
      subscription.add(session)
      session.subscriptions.set(subscription.id, subscription)
    }
    // A repeated SUBSCRIBE gets the same id and changes nothing (PUB-02).
    this.#outbox.deliver({ type: MessageType.SUBSCRIBED, requestId: message.requestId, subscriptionId: subscription.id }, session)
  }

  unsubscribe(session: Session, message: Unsubscribe): void {
    const subscription = session.subscriptions.get(message.subscriptionId)
    if (subscription === undefined) {
      const text = `Cannot unsubscribe: the session has no subscription ${message.subscriptionId}`
      return session.fail(MessageType.UNSUBSCRIBE, message.requestId, ErrorUri.noSuchSubscription, text)
    }
    session.subscriptions.delete(subscription.id)
    this.#remove(subscription, session)
    this.#outbox.deliver({ type: MessageType.UNSUBSCRIBED, requestId: message.requestId, details: undefined }, session)
  }

  /** Ends all subscriptions of a session that leaves (SES-26). */
  leave(session: Session): void {
    for (const subscription of session.subscriptions.values()) this.#remove(subscription, session)
    session.subscriptions.clear()
  }

  #remove(subscription: Subscription, session: Session): void {
    subscription.remove(session)
    if (subscription.subscribers.size === 0) this.#index.remove(subscription.uri, subscription.match)
  }

  publish(session: Session, message: Publish): void {
    const options = message.options
    if (options !== EMPTY_DICT || this.#index.hasPatterns) {
      this.#publishWithOptions(session, message)
      return
    }
    // The common case: no options, no patterns. One map decides; a topic that somebody subscribed to is a valid one, and
    // what may not be published to (`wamp.…`) is seen by its first letter.
    const topic = message.topic
    const subscription = this.#index.getExact(topic)
    if (subscription === undefined || (topic.charCodeAt(0) === 119 && isReservedUri(topic))) return
    const publicationId = this.#random.id() as PublicationId
    this.#deliver(subscription, publicationId, EMPTY_DICT, message, subscription.subscribers.has(session) ? notThe(session) : undefined)
  }

  #publishWithOptions(session: Session, message: Publish): void {
    const { options, topic } = message
    const isAcknowledged = options['acknowledge'] === true
    const refusal = this.#refusePublish(message)
    if (refusal !== undefined) {
      if (isAcknowledged) session.fail(MessageType.PUBLISH, message.requestId, refusal.error, refusal.text) // PUB-07, PUB-08
      return
    }
    const publicationId = this.#random.id() as PublicationId
    // PUBLISHED goes before the EVENT that the publisher itself may get (ORD-07).
    if (isAcknowledged) this.#outbox.deliver({ type: MessageType.PUBLISHED, requestId: message.requestId, publicationId }, session)
    const accepts = publicationFilter(options, session)
    const isDisclosed = options['disclose_me'] === true
    for (const subscription of this.#index.matchAll(topic)) {
      const isPattern = subscription.match !== 'exact'
      // Nobody is taken out by a filter that only excludes a publisher who is not there.
      const filter = options === EMPTY_DICT && !subscription.subscribers.has(session) ? undefined : accepts
      if (!isDisclosed) {
        this.#deliver(subscription, publicationId, isPattern ? { topic } : EMPTY_DICT, message, filter)
        continue
      }
      // The publisher's identity goes only to subscribers that announced the feature (PUB-43).
      const knows = (subscriber: Session) => (filter === undefined || filter(subscriber)) && subscriber.takesPublisherIdentification
      const ignores = (subscriber: Session) => (filter === undefined || filter(subscriber)) && !subscriber.takesPublisherIdentification
      const base = isPattern ? { topic } : EMPTY_DICT
      const disclosed = { ...base, publisher: session.id, publisher_authid: session.authid, publisher_authrole: session.authrole }
      this.#deliver(subscription, publicationId, disclosed, message, knows)
      this.#deliver(subscription, publicationId, base, message, ignores)
    }
  }

  #refusePublish(message: Publish): { error: Uri; text: string } | undefined {
    const topic = message.topic
    const invalid = this.#rules.refuseUri('publish to', topic, 'exact')
    if (invalid !== undefined) return { error: ErrorUri.invalidUri, text: invalid }
    if (isReservedUri(topic)) {
      return { error: ErrorUri.invalidUri, text: `Cannot publish to "${topic}": URIs that begin with "wamp." belong to the router` } // URI-10
    }
    if (message.options['disclose_me'] === true && !this.#rules.allowsDisclose) {
      return { error: ErrorUri.discloseMeDisallowed, text: 'The realm does not allow disclose_me; publish without it' } // PUB-41
    }
    return undefined
  }

  #deliver(
    subscription: Subscription,
    publicationId: PublicationId,
    details: Dict,
    message: Publish,
    accepts: ((subscriber: Session) => boolean) | undefined,
  ): void {
    const event: Event = { type: MessageType.EVENT, subscriptionId: subscription.id, publicationId, details, payload: message.payload }
    this.#outbox.deliverAll(event, subscription.audience, accepts)
  }
}

function notThe(publisher: Session): (subscriber: Session) => boolean {
  return (subscriber) => subscriber !== publisher
}
