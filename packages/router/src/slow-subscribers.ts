// Subscribers that do not keep up, on topics that say what becomes of their events (`TopicOptions.slow`). While too much waits
// for one, events for it are left out; `newest` keeps the last of them and delivers it when there is room. What was left
// out is counted, and told with the next event as `Details._dropped`.

import type { Event } from '@crosspoint/protocol'
import type { Outbox } from './outbox.ts'
import type { TopicOptions } from './realm-options.ts'
import type { Session } from './session.ts'
import type { Subscription } from './subscription.ts'

const SLOW_BYTES_MAX = 1_048_576

interface Lag {
  dropped: number
  newest: Event | undefined
}

export class SlowSubscribers {
  readonly #outbox: Outbox
  readonly #turn: (input: () => void) => void
  readonly #onDropped: (session: Session) => void
  readonly #lags = new Map<Session, Map<number, Lag>>()
  /** Sessions that will say when there is room. */
  readonly #watched = new Set<Session>()

  constructor(outbox: Outbox, turn: (input: () => void) => void, onDropped: (session: Session) => void) {
    this.#outbox = outbox
    this.#turn = turn
    this.#onDropped = onDropped
  }

  /**
   * Delivers to those that keep up and do not have to be told of a loss; the others are dealt with here. `accepts` decides
   * who may receive at all.
   */
  deliver(event: Event, subscription: Subscription, rule: TopicOptions, accepts: ((subscriber: Session) => boolean) | undefined): void {
    const bytesMax = rule.slowBytesMax ?? SLOW_BYTES_MAX
    const isPlain = (subscriber: Session): boolean => {
      if (accepts !== undefined && !accepts(subscriber)) return false
      const lag = this.#lags.get(subscriber)?.get(subscription.id)
      if (subscriber.peer.bufferedBytes > bytesMax || lag?.newest !== undefined) {
        this.#leaveOut(subscriber, event, rule)
        return false
      }
      if (lag === undefined) return true
      this.#tell(subscriber, event)
      return false
    }
    // Decided now, once for each, because deciding counts.
    const chosen = new Set([...subscription.subscribers].filter(isPlain))
    if (chosen.size > 0) this.#outbox.deliverAll(event, subscription.audience, (subscriber) => chosen.has(subscriber))
  }

  #leaveOut(subscriber: Session, event: Event, rule: TopicOptions): void {
    let lags = this.#lags.get(subscriber)
    if (lags === undefined) this.#lags.set(subscriber, (lags = new Map()))
    let lag = lags.get(event.subscriptionId)
    if (lag === undefined) lags.set(event.subscriptionId, (lag = { dropped: 0, newest: undefined }))
    const isKept = rule.slow === 'newest' && this.#watch(subscriber)
    if (!isKept || lag.newest !== undefined) {
      lag.dropped++
      this.#onDropped(subscriber)
    }
    if (isKept) lag.newest = { ...event, payload: event.payload.copy() }
  }

  /** Sends an event with the number of those that were left out before it. */
  #tell(subscriber: Session, event: Event): void {
    const lags = this.#lags.get(subscriber)!
    const { dropped } = lags.get(event.subscriptionId)!
    lags.delete(event.subscriptionId)
    if (lags.size === 0) this.#lags.delete(subscriber)
    const details = dropped === 0 ? event.details : { ...event.details, _dropped: dropped }
    this.#outbox.deliver({ ...event, details }, subscriber)
  }

  #watch(subscriber: Session): boolean {
    if (this.#watched.has(subscriber)) return true
    const canTell = subscriber.peer.whenDrained(() => this.#turn(() => this.#drained(subscriber)))
    if (canTell) this.#watched.add(subscriber)
    return canTell
  }

  /** The subscriber has no transport any more, for now: what was kept for it waits with the rest. */
  detached(subscriber: Session): void {
    if (this.#watched.has(subscriber)) this.#drained(subscriber)
  }

  #drained(subscriber: Session): void {
    this.#watched.delete(subscriber)
    for (const lag of [...(this.#lags.get(subscriber)?.values() ?? [])]) {
      if (lag.newest !== undefined) this.#tell(subscriber, lag.newest)
    }
  }

  /** The session has unsubscribed: nothing of that subscription is sent any more (ORD-08). */
  forget(session: Session, subscription: Subscription): void {
    const lags = this.#lags.get(session)
    if (lags?.delete(subscription.id) && lags.size === 0) this.#lags.delete(session)
  }
}
