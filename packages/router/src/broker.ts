// Publications of a realm (sections 5.1 to 5.8 of the requirements). The first lines of `publish` are the whole of a plain
// publication; everything that only some need is behind them.

import {
  type Clock,
  type Dict,
  EMPTY_DICT,
  ErrorUri,
  type Event,
  isReservedUri,
  MessageType,
  Payload,
  type PublicationId,
  type Publish,
  type Random,
  type Subscribe,
  type Uri,
} from '@crosspoint/protocol'
import { copyPassthru, isDisclosed } from './details.ts'
import type { Principal, StoredEvent, StoreFailure } from './event-store.ts'
import type { History } from './history.ts'
import { keptPayload } from './kept-payload.ts'
import { LimitUri } from './limits.ts'
import type { Outbox } from './outbox.ts'
import { publicationFilter, publicationLists } from './publication-filter.ts'
import type { TopicOptions } from './realm-options.ts'
import type { RealmRules } from './realm-rules.ts'
import type { RetainedEvents } from './retained-events.ts'
import type { Session } from './session.ts'
import type { SlowSubscribers } from './slow-subscribers.ts'
import type { Subscription } from './subscription.ts'
import type { Subscriptions } from './subscriptions.ts'

/** One accepted publish. */
interface Publication {
  readonly id: PublicationId
  readonly topic: Uri
  readonly options: Dict
  readonly payload: Payload
  /** `undefined` for the router itself. */
  readonly publisher: Principal | undefined
  /** The publishing session while it is there. */
  readonly session: Session | undefined
  readonly rule: TopicOptions | undefined
}

type Accepts = ((subscriber: Session) => boolean) | undefined

export class Broker {
  readonly #rules: RealmRules
  readonly #outbox: Outbox
  readonly #clock: Clock
  readonly #random: Random
  readonly #subscriptions: Subscriptions
  readonly #history: History
  readonly #retained: RetainedEvents
  readonly #slow: SlowSubscribers
  /** Whether every publication needs a closer look. */
  readonly #hasRules: boolean

  constructor(
    rules: RealmRules,
    outbox: Outbox,
    clock: Clock,
    random: Random,
    subscriptions: Subscriptions,
    history: History,
    retained: RetainedEvents,
    slow: SlowSubscribers,
  ) {
    this.#rules = rules
    this.#outbox = outbox
    this.#clock = clock
    this.#random = random
    this.#subscriptions = subscriptions
    this.#history = history
    this.#retained = retained
    this.#slow = slow
    this.#hasRules = rules.hasTopicRules
    subscriptions.onRemoved = (subscription, session) => slow.forget(session, subscription)
  }

  /** Subscriptions that exist, those without subscribers that keep history included. */
  get size(): number {
    return this.#subscriptions.byId.size
  }

  publish(session: Session, message: Publish): void {
    const topic = message.topic
    const { index } = this.#subscriptions
    if (message.options !== EMPTY_DICT || index.hasPatterns || this.#hasRules) {
      this.#publishWithCare(session, message)
      return
    }
    // The common case: no options, no patterns. One map decides; a topic that somebody subscribed to is a valid one, and
    // what may not be published to (`wamp.…`, `crosspoint.…`) is seen by its first letter.
    const subscription = index.getExact(topic)
    if (subscription === undefined || ((topic.charCodeAt(0) === 119 || topic.charCodeAt(0) === 99) && isReservedUri(topic))) return
    if (subscription.stream !== undefined) return this.#publishWithCare(session, message)
    const event: Event = {
      type: MessageType.EVENT,
      subscriptionId: subscription.id,
      publicationId: this.#random.id() as PublicationId,
      details: EMPTY_DICT,
      payload: message.payload,
    }
    this.#outbox.deliverAll(event, subscription.audience, subscription.subscribers.has(session) ? notThe(session) : undefined)
  }

  #publishWithCare(session: Session, message: Publish): void {
    const { options, topic, requestId, payload } = message
    const isAcknowledged = options['acknowledge'] === true
    const refusal = this.#refuse(topic, options)
    if (refusal !== undefined) {
      if (isAcknowledged) session.fail(MessageType.PUBLISH, requestId, refusal.error, refusal.text) // PUB-07, PUB-08
      return
    }
    const publication = this.#publication(principalOf(session), session, topic, options, payload)
    // PUBLISHED goes before the EVENT that the publisher itself may get (ORD-07), unless it has to wait for a store.
    this.#publish(publication, (failure) => {
      if (!isAcknowledged || session.realm === undefined) return
      if (failure === undefined) {
        this.#outbox.deliver({ type: MessageType.PUBLISHED, requestId, publicationId: publication.id }, session)
      } else {
        const text = `The event was sent to the subscribers but could not be stored: ${failure.failure}`
        session.fail(MessageType.PUBLISH, requestId, LimitUri.notStored, text)
      }
    })
  }

  #publication(publisher: Principal | undefined, session: Session | undefined, topic: Uri, options: Dict, payload: Payload): Publication {
    const id = this.#random.id() as PublicationId
    return { id, topic, options, payload, publisher, session, rule: this.#rules.topicRule(topic) }
  }

  /**
   * Publishes for a session that has left or is away: a testament (TST-06). Its options are those of PUBLISH; `exclude_me` says
   * nothing (TST-05): who is away does not get its own when it comes back (PUB-11).
   */
  publishTestament(owner: Principal, session: Session, topic: Uri, { exclude_me: _, ...options }: Dict, payload: Payload): void {
    if (this.#refuse(topic, options) !== undefined) return
    this.#publish(this.#publication(owner, session, topic, options, payload), () => {})
  }

  /** Publishes for the router itself: a meta event (META-01). `args` is called only when somebody would receive it. */
  publishMeta(topic: Uri, args: () => readonly unknown[], except?: Session): void {
    const subscriptions = this.#subscriptions.index.matchAll(topic)
    if (subscriptions.length === 0) return
    const publication = this.#publication(undefined, undefined, topic, EMPTY_DICT, Payload.of(args()))
    for (const subscription of subscriptions)
      this.#dispatch(publication, subscription, except === undefined ? undefined : notThe(except), EMPTY_DICT)
  }

  /** Why a topic cannot be published to, with these options. */
  #refuse(topic: Uri, options: Dict): { error: Uri; text: string } | undefined {
    const invalid = this.#rules.refuseUri('publish to', topic, 'exact')
    if (invalid !== undefined) return { error: ErrorUri.invalidUri, text: invalid }
    if (isReservedUri(topic)) {
      return {
        error: ErrorUri.invalidUri,
        text: `Cannot publish to "${topic}": URIs that begin with "wamp." or "crosspoint." belong to the router`,
      } // URI-10
    }
    if (options['disclose_me'] === true && !this.#rules.allowsDisclose) {
      return { error: ErrorUri.discloseMeDisallowed, text: 'The realm does not allow disclose_me; publish without it' } // PUB-41
    }
    return undefined
  }

  /** Keeps the publication where it is to be kept and sends it to whom it concerns. `acknowledge` is called once, now or later. */
  #publish(publication: Publication, acknowledge: (failure: StoreFailure | undefined) => void): void {
    const { options, session } = publication
    const subscriptions = this.#subscriptions.index.matchAll(publication.topic)
    const details = this.#details(publication)
    this.#keep(publication, subscriptions, details, acknowledge)
    const accepts = publicationFilter(options, session)
    for (const subscription of subscriptions) {
      // Nobody is taken out by a filter that only excludes a publisher who is not there.
      const isOpen = options === EMPTY_DICT && (session === undefined || !subscription.subscribers.has(session))
      this.#dispatch(publication, subscription, isOpen ? undefined : accepts, details)
    }
  }

  /** What every receiver finds in Details, whoever it is and whatever it subscribed to. */
  #details(publication: Publication): Dict {
    const { options } = publication
    if (options === EMPTY_DICT) return EMPTY_DICT
    const details: Record<string, unknown> = {}
    copyPassthru(options, details)
    return details
  }

  /** History and retention; `acknowledge` waits for them. */
  #keep(
    publication: Publication,
    subscriptions: readonly Subscription[],
    details: Dict,
    acknowledge: (failure: StoreFailure | undefined) => void,
  ): void {
    const { options, publisher, rule, topic } = publication
    const isRetained = options['retain'] === true && this.#rules.allowsRetain
    const streams = subscriptions.filter((subscription) => subscription.stream !== undefined)
    if (!isRetained && streams.length === 0) return acknowledge(undefined)
    const trustlevel = this.#trustlevel(publication)
    const event: StoredEvent = {
      publicationId: publication.id,
      topic,
      time: this.#clock.now(),
      details: trustlevel === undefined ? details : { ...details, trustlevel },
      publisher: publisher!,
      isDisclosed: isDisclosed(options) || rule?.disclose === true,
      excludesPublisher: options['exclude_me'] !== false,
      lists: publicationLists(options),
      payload: keptPayload(publication.payload),
    }
    this.#history.append(event, streams, isRetained ? this.#retained.keep(event) : 'none', acknowledge)
  }

  #trustlevel(publication: Publication): number | undefined {
    const { publisher, rule } = publication
    return rule?.trustlevel ?? (publisher === undefined ? undefined : this.#rules.trustlevelOf(publisher.authrole))
  }

  /** Sends a publication to one subscription: once, or once for each way in which its subscribers may see it. */
  #dispatch(publication: Publication, subscription: Subscription, accepts: Accepts, common: Dict): void {
    const { options, publisher, rule } = publication
    const shard = subscription.shardOf(options['rkey'])
    const filter = both(accepts, shard)
    const base = detailsFor(subscription, publication.topic, common)
    const isTold = publisher !== undefined && (isDisclosed(options) || rule?.disclose === true)
    const trustlevel = this.#hasRules ? this.#trustlevel(publication) : undefined
    if (!isTold && trustlevel === undefined) return this.#deliver(publication, subscription, base, filter)
    // Identity and trust level go only to subscribers that announced the feature (PUB-43).
    const disclosure = isTold ? disclosureOf(publisher) : EMPTY_DICT
    const trust = trustlevel === undefined ? EMPTY_DICT : { trustlevel }
    for (const knows of isTold ? [true, false] : [false]) {
      for (const trusts of trustlevel === undefined ? [false] : [true, false]) {
        const isOne = (subscriber: Session): boolean =>
          (!isTold || subscriber.takesPublisherIdentification === knows) &&
          (trustlevel === undefined || subscriber.takesPublicationTrustlevels === trusts)
        const details = { ...base, ...(knows ? disclosure : EMPTY_DICT), ...(trusts ? trust : EMPTY_DICT) }
        this.#deliver(publication, subscription, details, both(filter, isOne))
      }
    }
  }

  #deliver(publication: Publication, subscription: Subscription, details: Dict, accepts: Accepts): void {
    const { id: publicationId, payload, rule } = publication
    const event: Event = { type: MessageType.EVENT, subscriptionId: subscription.id, publicationId, details, payload }
    if (rule?.slow === 'drop' || rule?.slow === 'newest') this.#slow.deliver(event, subscription, rule, accepts)
    else this.#outbox.deliverAll(event, subscription.audience, accepts)
  }

  subscribe(session: Session, message: Subscribe): void {
    const subscription = this.#subscriptions.subscribe(session, message)
    if (subscription === undefined || message.options['get_retained'] !== true) return
    const asker = principalOf(session)
    for (const event of this.#retained.find(subscription.uri, subscription.match, asker)) {
      const details = { ...storedDetails(event, session, subscription), retained: true } // PUB-53
      const { publicationId, payload } = event
      this.#outbox.deliver({ type: MessageType.EVENT, subscriptionId: subscription.id, publicationId, details, payload }, session)
    }
  }
}

/** The Details with which `session` sees an event that was kept, on `subscription` (PUB-57, HIS-15). */
export function storedDetails(event: StoredEvent, session: Session, subscription: Subscription): Dict {
  const { trustlevel, ...rest } = event.details
  const details: Record<string, unknown> = { ...rest }
  if (trustlevel !== undefined && session.takesPublicationTrustlevels) details['trustlevel'] = trustlevel
  if (subscription.match !== 'exact') details['topic'] = event.topic
  if (event.isDisclosed && session.takesPublisherIdentification) Object.assign(details, disclosureOf(event.publisher))
  return details
}

export function principalOf(session: Session): Principal {
  return { session: session.id, authid: session.authid, authrole: session.authrole }
}

function disclosureOf({ session, authid, authrole }: Principal): Dict {
  return { publisher: session, publisher_authid: authid, publisher_authrole: authrole }
}

/** What a subscription adds: the topic for patterns (PUB-18), the number in its history. */
function detailsFor(subscription: Subscription, topic: Uri, common: Dict): Dict {
  const { stream } = subscription
  const isPattern = subscription.match !== 'exact'
  if (!isPattern && stream === undefined) return common
  const details: Record<string, unknown> = { ...common }
  if (isPattern) details['topic'] = topic
  if (stream !== undefined && !isReservedUri(topic)) details['_offset'] = stream.offset
  return details
}

function notThe(publisher: Session): (subscriber: Session) => boolean {
  return (subscriber) => subscriber !== publisher
}

function both(one: Accepts, other: Accepts): Accepts {
  if (one === undefined) return other
  if (other === undefined) return one
  return (subscriber) => one(subscriber) && other(subscriber)
}
