// Subscribers that do not keep up, on topics that say what becomes of their events: left out, or the newest of them kept until
// there is room. How many were left out is told with the next event.

import type { Feature } from '../feature.ts'
import type { Model } from '../model/model.ts'
import type { ModelSession, ModelSubscription } from '../model/state.ts'
import { expectEvent, type ModelEvent } from './publication.ts'

interface Lag {
  dropped: number
  newest: ModelEvent | undefined
}

const lags = new WeakMap<Model, Map<ModelSession, Map<ModelSubscription, Lag>>>()

function lagsOf(model: Model, session: ModelSession): Map<ModelSubscription, Lag> {
  let all = lags.get(model)
  if (all === undefined) lags.set(model, (all = new Map()))
  let own = all.get(session)
  if (own === undefined) all.set(session, (own = new Map()))
  return own
}

/** The event as it must come now; `undefined` when it is left out, or kept. */
export function slowly(model: Model, subscriber: ModelSession, event: ModelEvent): ModelEvent | undefined {
  const { publication, subscription } = event
  const { slow = 'close', slowBytesMax = 0 } = publication.rule ?? {}
  if (slow === 'close') return event
  const own = lagsOf(model, subscriber)
  const lag = own.get(subscription) ?? { dropped: 0, newest: undefined }
  if (lag.newest === undefined && (subscriber.resume?.isDetached || subscriber.link.bufferedBefore <= slowBytesMax)) return told(own, event)
  own.set(subscription, lag)
  if (slow === 'drop' || lag.newest !== undefined) lag.dropped++
  if (slow === 'newest') lag.newest = event
  if (slow === 'newest') model.watch(subscriber, slowSubscribers)
  return undefined
}

function told(own: Map<ModelSubscription, Lag>, event: ModelEvent): ModelEvent {
  const dropped = own.get(event.subscription)?.dropped ?? 0
  own.delete(event.subscription)
  return dropped === 0 ? event : { ...event, details: { ...event.details, _dropped: dropped } }
}

/** Who unsubscribed is owed nothing. */
export function forgetLag(model: Model, session: ModelSession, subscription: ModelSubscription): void {
  lagsOf(model, session).delete(subscription)
}

export const slowSubscribers: Feature = {
  name: 'slow subscribers',
  operations: [],
  drained: (model, turn, session) => {
    const own = lagsOf(model, session)
    for (const { newest } of [...own.values()]) if (newest !== undefined) expectEvent(turn, session, told(own, newest))
  },
  left: (model, _turn, session) => void lags.get(model)?.delete(session),
}
