// The subscriber: handlers by topic, shared subscriptions, EVENT to handlers. Subscriptions outlive sessions: on every new
// session each is made again, with its options.

import {
  ApplicationError,
  type Dict,
  type Event as EventMessage,
  type MatchPolicy,
  MessageType,
  type Subscribed,
  type SubscriptionId,
  type Uri,
} from '@crosspoint/protocol'
import type { ErrorReport } from './options.ts'
import { isThenable } from './result.ts'
import type { Session } from './session.ts'
import { CLOSE_NORMAL } from './uris.ts'
import { wireOptions } from './wire-options.ts'

export interface SubscribeOptions {
  /** How the topic matches. Default: `exact`. */
  readonly match?: MatchPolicy | undefined
  /** Asks for the event that the router has retained for the topic, of each topic for a pattern. Default: false. */
  readonly get_retained?: boolean | undefined
  /** Node key: this subscriber gets only publications whose `rkey` belongs to it, and those without one. Default: none. */
  readonly nkey?: string | undefined
  /** Whether to wait for a session when there is none. Default: that of the client. */
  readonly waitForSession?: boolean | undefined
}

/** One event, whole. */
export class Event {
  readonly args: readonly unknown[]
  readonly kwargs: Dict
  /** `EVENT.Details`. */
  readonly details: Dict
  /** The topic that was published to, also when the subscription is for a pattern. */
  readonly topic: Uri
  /** The publication's id. */
  readonly publication: number
  /** The publisher's session, when disclosed. */
  readonly publisher: number | undefined
  readonly publisher_authid: string | undefined
  readonly publisher_authrole: string | undefined

  constructor(message: EventMessage, topic: Uri) {
    const { args, kwargs } = message.payload.read()
    const details = message.details
    this.args = args
    this.kwargs = kwargs
    this.details = details
    this.topic = (details['topic'] as Uri | undefined) ?? topic
    this.publication = message.publicationId
    this.publisher = details['publisher'] as number | undefined
    this.publisher_authid = details['publisher_authid'] as string | undefined
    this.publisher_authrole = details['publisher_authrole'] as string | undefined
  }
}

/** What the router's word about a revocation is to `onError`. */
export function revocation(reason: unknown): ApplicationError {
  return new ApplicationError(typeof reason === 'string' ? reason : CLOSE_NORMAL, ['The router took it away'])
}

export type EventHandler = (event: Event) => unknown

/** Settles the promise at the public edge. */
export interface Settle<Value> {
  resolve(value: Value): void
  reject(error: unknown): void
}

/** What is made again on every new session, in the order in which it was first made. */
export interface Declared {
  attach(session: Session): void
}

export interface RoleContext {
  readonly declared: Set<Declared>
  report(source: ErrorReport['source'], error: unknown, uri: Uri): void
}

export interface Handler {
  readonly handle: EventHandler
  /** Present until the router has answered. */
  waiting: Settle<void> | undefined
}

class SharedSubscription implements Declared {
  readonly key: string
  readonly topic: Uri
  readonly options: Dict
  readonly handlers = new Set<Handler>()
  id: SubscriptionId | undefined = undefined
  /** SUBSCRIBE is under way. */
  isAsked = false
  readonly #subscriber: Subscriber

  constructor(subscriber: Subscriber, key: string, topic: Uri, options: Dict) {
    this.#subscriber = subscriber
    this.key = key
    this.topic = topic
    this.options = options
  }

  attach(session: Session): void {
    const { topic, options } = this
    this.isAsked = true
    try {
      session.ask(
        { type: MessageType.SUBSCRIBE, options, topic },
        topic,
        (reply) => this.#subscriber.subscribed(session, this, (reply as Subscribed).subscriptionId),
        (error) => this.#subscriber.refused(this, error),
        (error) => this.#subscriber.failWaiting(this, error),
      )
    } catch (error) {
      this.#subscriber.refused(this, error)
    }
  }
}

export class Subscriber {
  readonly #context: RoleContext
  readonly #byTopic = new Map<string, SharedSubscription>()
  readonly #byId = new Map<number, SharedSubscription>()

  constructor(context: RoleContext) {
    this.#context = context
  }

  /** Adds a handler; the first one of a topic and match policy sends SUBSCRIBE (PUB-13). `settle` gets the way to remove it. */
  subscribe(session: Session, topic: Uri, options: SubscribeOptions, handle: EventHandler, settle: Settle<Handler>): void {
    const match = options.match ?? 'exact'
    const key = `${match} ${topic}`
    let subscription = this.#byTopic.get(key)
    const handler: Handler = { handle, waiting: undefined }
    if (subscription?.id !== undefined) {
      subscription.handlers.add(handler)
      settle.resolve(handler)
      return
    }
    handler.waiting = { resolve: () => settle.resolve(handler), reject: settle.reject }
    if (subscription !== undefined) {
      subscription.handlers.add(handler)
      if (!subscription.isAsked) subscription.attach(session) // it was refused on this session (the handlers before still wait for another)
      return
    }
    subscription = new SharedSubscription(this, key, topic, wireOptions(MessageType.SUBSCRIBE, options))
    subscription.handlers.add(handler)
    this.#byTopic.set(key, subscription)
    this.#context.declared.add(subscription)
    subscription.attach(session)
  }

  /** Removes a handler; the last one sends UNSUBSCRIBE (PUB-13). */
  unsubscribe(session: Session | undefined, topic: Uri, options: SubscribeOptions, handler: Handler, settle: Settle<void>): void {
    const subscription = this.#byTopic.get(`${options.match ?? 'exact'} ${topic}`)
    if (!subscription?.handlers.delete(handler) || subscription.handlers.size > 0) return settle.resolve()
    this.#forget(subscription)
    const subscriptionId = subscription.id
    if (subscriptionId === undefined || session === undefined) return settle.resolve()
    this.#sendUnsubscribe(session, subscription, subscriptionId, settle)
  }

  /** UNSUBSCRIBE for all, keeping the handlers for a later session. `done` is called once per answer. Returns how many. */
  unsubscribeAll(session: Session, done: () => void): number {
    const attached = [...this.#byId]
    for (const [id, subscription] of attached) {
      this.#sendUnsubscribe(session, subscription, id as SubscriptionId, { resolve: done, reject: done })
    }
    return attached.length
  }

  #sendUnsubscribe(session: Session, subscription: SharedSubscription, subscriptionId: SubscriptionId, settle: Settle<void>): void {
    this.#byId.delete(subscriptionId) // what still arrives is dropped (PUB-14)
    subscription.id = undefined
    // When the session is lost, so is the subscription.
    session.ask(
      { type: MessageType.UNSUBSCRIBE, subscriptionId },
      subscription.topic,
      () => settle.resolve(),
      settle.reject,
      () => settle.resolve(),
    )
  }

  /** The router confirmed a subscription. */
  subscribed(session: Session, subscription: SharedSubscription, id: SubscriptionId): void {
    if (this.#byTopic.get(subscription.key) !== subscription) {
      // Its last handler went while the answer was on its way. A newer subscription of the same topic has the same id and
      // keeps it.
      if (!this.#byTopic.has(subscription.key)) this.#sendUnsubscribe(session, subscription, id, { resolve: () => {}, reject: () => {} })
      return
    }
    subscription.id = id
    subscription.isAsked = false
    this.#byId.set(id, subscription)
    for (const handler of subscription.handlers) {
      const waiting = handler.waiting
      handler.waiting = undefined
      waiting?.resolve()
    }
  }

  /** The router refused a subscription: news to those who wait, a report about those who had it before. */
  refused(subscription: SharedSubscription, error: unknown): void {
    this.failWaiting(subscription, error)
    if (subscription.handlers.size > 0) this.#context.report('subscription', error, subscription.topic)
  }

  /** Ends the handlers that never were confirmed. */
  failWaiting(subscription: SharedSubscription, error: unknown): void {
    subscription.isAsked = false
    for (const handler of [...subscription.handlers]) {
      if (handler.waiting === undefined) continue
      subscription.handlers.delete(handler)
      handler.waiting.reject(error)
    }
    if (subscription.handlers.size === 0) this.#forget(subscription)
  }

  #forget(subscription: SharedSubscription): void {
    if (this.#byTopic.get(subscription.key) === subscription) this.#byTopic.delete(subscription.key)
    this.#context.declared.delete(subscription)
  }

  /** EVENT. For an id that is not ours, because it was just unsubscribed, it is dropped (PUB-14). */
  event(session: Session, received: EventMessage): void {
    const subscription = this.#byId.get(received.subscriptionId)
    const message = subscription && session.reveal(received, (received.details['topic'] as Uri | undefined) ?? subscription.topic)
    if (subscription === undefined || message === undefined) return
    for (const handler of [...subscription.handlers]) {
      if (!subscription.handlers.has(handler)) continue // removed by one before it
      try {
        const outcome = handler.handle(new Event(message, subscription.topic))
        if (isThenable(outcome)) outcome.then(undefined, (error: unknown) => this.#context.report('event', error, subscription.topic))
      } catch (error) {
        this.#context.report('event', error, subscription.topic)
      }
    }
  }

  /** The router took a subscription away: it is over, also for later sessions. An unknown one is ignored (PUB-68). */
  revoked({ subscription: id, reason }: Dict): void {
    const subscription = this.#byId.get(id as number)
    if (subscription === undefined) return
    this.#byId.delete(id as number)
    this.#forget(subscription)
    this.#context.report('subscription', revocation(reason), subscription.topic)
  }

  /** The session is over; ids of the next one are others. */
  detach(): void {
    for (const subscription of this.#byId.values()) subscription.id = undefined
    this.#byId.clear()
  }
}
