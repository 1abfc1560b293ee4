// What comes of a publication, whoever it is from (sections 5.2 to 5.8 of the requirements): it reaches exactly those who may
// have it, once per subscription.

import type { Dict } from '@crosspoint/protocol'
import type { Model } from '../model/model.ts'
import type { ModelSession, ModelSubscription } from '../model/state.ts'
import type { Turn } from '../model/turn.ts'
import { matches } from '../model/uris.ts'
import { isTooLong } from '../payload-key.ts'
import { isEligible } from './eligible.ts'
import { record, streamOf } from './history.ts'
import { type EventOrder, expectEvent, keptDetails, type ModelPublication } from './publication.ts'
import { retain } from './retained.ts'
import { shardOf } from './shards.ts'
import { slowly } from './slow.ts'

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

/** PUB-12, PUB-18, PUB-40, PUB-42, PUB-43, PUB-46, PPT-01, and the place in the history of the subscription. */
function detailsFor(publication: ModelPublication, subscriber: ModelSession, subscription: ModelSubscription): Dict {
  const stream = streamOf(subscriber.realm, subscription)
  return { ...keptDetails(publication, subscriber, subscription), ...(stream === undefined ? {} : { _offset: stream.offset }) }
}
