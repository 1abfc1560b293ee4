// Who listens to what: SUBSCRIBE, UNSUBSCRIBE, revocation (sections 5.1, 5.2, 5.9 of the requirements) and what the meta API
// tells of it (section 7.4).

import {
  type Clock,
  ErrorUri,
  isReservedUri,
  type MatchPolicy,
  MessageType,
  type RequestId,
  type Subscribe,
  type SubscriptionId,
  type Unsubscribe,
  type Uri,
} from '@crosspoint/protocol'
import type { EventStore } from './event-store.ts'
import { LimitUri } from './limits.ts'
import type { Outbox } from './outbox.ts'
import { PatternIndex } from './pattern-index.ts'
import type { RealmRules } from './realm-rules.ts'
import type { Tell } from './registrations.ts'
import type { Session } from './session.ts'
import { describeSubscription, Subscription } from './subscription.ts'

export class Subscriptions {
  readonly #rules: RealmRules
  readonly #outbox: Outbox
  readonly #clock: Clock
  readonly #tell: Tell
  readonly index = new PatternIndex<Subscription>()
  readonly byId = new Map<number, Subscription>()
  #lastId = 0
  /** Called when a session is no longer a subscriber. */
  onRemoved: (subscription: Subscription, session: Session) => void = () => {}

  /** The streams of `store` become subscriptions at once, without subscribers (HIS-13). */
  constructor(rules: RealmRules, outbox: Outbox, clock: Clock, tell: Tell, store: EventStore) {
    this.#rules = rules
    this.#outbox = outbox
    this.#clock = clock
    this.#tell = tell
    for (const [index, { uri, match, epoch, offset }] of store.streams.entries()) this.#create(uri, match, { index, epoch, offset })
  }

  #create(uri: Uri, match: MatchPolicy, stream: Subscription['stream']): Subscription {
    const subscription = new Subscription(++this.#lastId as SubscriptionId, uri, match, this.#clock.now(), stream)
    this.index.add(uri, match, subscription)
    this.byId.set(subscription.id, subscription)
    return subscription
  }

  /** Subscribes and answers; the subscription, or `undefined` when it was refused. */
  subscribe(session: Session, message: Subscribe): Subscription | undefined {
    const { options, requestId, topic } = message
    const match = (options['match'] ?? 'exact') as MatchPolicy
    const refuse = (error: Uri, text: string): undefined => session.fail(MessageType.SUBSCRIBE, requestId, error, text) as undefined
    const invalid = this.#rules.refuseUri('subscribe to', topic, match)
    if (invalid !== undefined) return refuse(ErrorUri.invalidUri, invalid)
    const known = this.index.get(topic, match)
    const isRepeated = known?.subscribers.has(session) === true
    if (!isRepeated && session.subscriptions.size >= this.#rules.limits.subscriptionsMax) {
      const text = `Cannot subscribe to "${topic}": the session has ${session.subscriptions.size} subscriptions, which is the limit`
      return refuse(LimitUri.tooManySubscriptions, text)
    }
    const subscription = known ?? this.#create(topic, match, undefined)
    if (!isRepeated) {
      subscription.add(session)
      session.subscriptions.set(subscription.id, subscription)
    }
    subscription.setNodeKey(session, options['nkey'] as string | undefined)
    // A repeated SUBSCRIBE gets the same id and changes nothing (PUB-02).
    this.#outbox.deliver({ type: MessageType.SUBSCRIBED, requestId, subscriptionId: subscription.id }, session)
    if (isRepeated || isReservedUri(topic)) return subscription // META-05, META-61
    if (known === undefined) this.#tell('wamp.subscription.on_create', () => [session.id, describeSubscription(subscription)]) // META-60
    this.#tell('wamp.subscription.on_subscribe', () => [session.id, subscription.id])
    return subscription
  }

  unsubscribe(session: Session, message: Unsubscribe): void {
    const subscription = session.subscriptions.get(message.subscriptionId)
    if (subscription === undefined) {
      const text = `Cannot unsubscribe: the session has no subscription ${message.subscriptionId}`
      return session.fail(MessageType.UNSUBSCRIBE, message.requestId, ErrorUri.noSuchSubscription, text)
    }
    this.#outbox.deliver({ type: MessageType.UNSUBSCRIBED, requestId: message.requestId, details: undefined }, session)
    this.#remove(subscription, session)
  }

  /** Takes a subscription away from a session (PUB-66, PUB-68). `reason` is a URI. */
  revoke(subscription: Subscription, session: Session, reason: Uri): void {
    if (session.takesSubscriptionRevocation) {
      const details = { subscription: subscription.id, reason }
      this.#outbox.deliver({ type: MessageType.UNSUBSCRIBED, requestId: 0 as RequestId, details }, session)
    }
    this.#remove(subscription, session)
  }

  /** Ends all subscriptions of a session that leaves (SES-26). */
  leave(session: Session): void {
    // First it leaves all of them, so that it hears nothing of its own leaving (META-07).
    for (const subscription of session.subscriptions.values()) subscription.remove(session)
    for (const subscription of session.subscriptions.values()) this.#remove(subscription, session)
  }

  #remove(subscription: Subscription, session: Session): void {
    session.subscriptions.delete(subscription.id)
    subscription.remove(session)
    this.onRemoved(subscription, session)
    const isLast = subscription.subscribers.size === 0 && subscription.stream === undefined // META-62
    if (isLast) {
      this.index.remove(subscription.uri, subscription.match)
      this.byId.delete(subscription.id)
    }
    if (isReservedUri(subscription.uri)) return // META-05
    this.#tell('wamp.subscription.on_unsubscribe', () => [session.id, subscription.id])
    if (isLast) this.#tell('wamp.subscription.on_delete', () => [session.id, subscription.id])
  }
}
