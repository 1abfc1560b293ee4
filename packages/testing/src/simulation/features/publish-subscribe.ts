// SUBSCRIBE, UNSUBSCRIBE, PUBLISH (sections 5.1 to 5.5 of the requirements): each publication reaches exactly those who may
// have it, once per subscription.

import { isId, type MatchPolicy, MessageType } from '@crosspoint/protocol'
import type { Feature, Handler } from '../feature.ts'
import { tellMembership } from '../model/meta-events.ts'
import type { Model } from '../model/model.ts'
import type { ModelSession, ModelSubscription } from '../model/state.ts'
import { isErrorFor, type MessageOf, RANK, type Turn } from '../model/turn.ts'
import { isReserved, isValid } from '../model/uris.ts'
import { payloadKey } from '../payload-key.ts'
import { isKept } from './history.ts'
import { keyOf } from './keys.ts'
import { isIdOf, learnId, newPublication } from './publication.ts'
import { publishTo } from './publications.ts'
import { publishOperations, publishReactions } from './publish-operations.ts'
import { expectRetained } from './retained.ts'
import { forgetLag } from './slow.ts'

const DISALLOWED = 'wamp.error.option_disallowed.disclose_me'

function subscribed(model: Model, turn: Turn, session: ModelSession, message: MessageOf<32>): void {
  const { options, requestId, topic } = message
  const { realm } = session
  const match = (options['match'] ?? 'exact') as MatchPolicy
  const key = keyOf(match, topic)
  const known = realm.subscriptions.get(key)
  const isRepeated = known !== undefined && session.subscriptions.has(known)
  const refusals: string[] = []
  if (!isValid(topic, match, realm.hasStrictUris) || topic.length > model.limits.uriLengthMax) refusals.push('wamp.error.invalid_uri')
  if (!isRepeated && session.subscriptions.size >= model.limits.subscriptionsMax) refusals.push('crosspoint.error.too_many_subscriptions')
  if (refusals.length > 0) {
    turn.expect(session, MessageType.ERROR, `ERROR ${refusals.join(' or ')} for SUBSCRIBE ${requestId}`, (error) =>
      isErrorFor(error, MessageType.SUBSCRIBE, requestId, refusals),
    )
    return
  }
  const subscription: ModelSubscription = known ?? {
    id: 0,
    uri: topic,
    match,
    subscribers: new Set(),
    nodeKeys: new Map(),
    shards: new Map(),
  }
  realm.subscriptions.set(key, subscription)
  subscription.subscribers.add(session)
  session.subscriptions.add(subscription)
  const nodeKey = options['nkey'] as string | undefined
  if (nodeKey === undefined) subscription.nodeKeys.delete(session)
  else subscription.nodeKeys.set(session, nodeKey)
  const isNew = (id: number) => isId(id) && !realm.usedSubscriptionIds.has(id)
  turn.expect(
    session,
    MessageType.SUBSCRIBED,
    `SUBSCRIBED ${requestId} with ${subscription.id === 0 ? 'a new id' : `the id ${subscription.id}`}`,
    (answer) =>
      answer.requestId === requestId && (subscription.id === 0 ? isNew(answer.subscriptionId) : answer.subscriptionId === subscription.id),
    {
      rank: RANK.answer,
      learn: (answer) => {
        subscription.id = answer.subscriptionId
        realm.usedSubscriptionIds.add(subscription.id)
      },
    },
  ) // PUB-01, PUB-02, ID-03
  if (options['get_retained'] === true) expectRetained(turn, session, subscription)
  if (!isRepeated) tellMembership(turn, session, 'subscription', subscription, { isAdded: true, isFirstOrLast: known === undefined }) // META-61
}

function unsubscribed(model: Model, turn: Turn, session: ModelSession, message: MessageOf<34>): void {
  const { requestId, subscriptionId } = message
  const subscription = [...session.subscriptions].find((each) => each.id === subscriptionId)
  if (subscription === undefined) {
    const uris = ['wamp.error.no_such_subscription']
    turn.expect(session, MessageType.ERROR, `ERROR ${uris[0]} for UNSUBSCRIBE ${requestId}`, (error) =>
      isErrorFor(error, MessageType.UNSUBSCRIBE, requestId, uris),
    ) // PUB-05
    return
  }
  const isFirstOrLast = remove(model, session, subscription)
  turn.expect(
    session,
    MessageType.UNSUBSCRIBED,
    `UNSUBSCRIBED ${requestId}`,
    (answer) => answer.requestId === requestId && answer.details === undefined,
    { rank: RANK.answer },
  ) // PUB-04
  tellMembership(turn, session, 'subscription', subscription, { isAdded: false, isFirstOrLast })
}

/** Whether it was the last subscriber. */
function remove(model: Model, session: ModelSession, subscription: ModelSubscription): boolean {
  session.subscriptions.delete(subscription)
  subscription.subscribers.delete(session)
  subscription.nodeKeys.delete(session)
  forgetLag(model, session, subscription)
  if (subscription.subscribers.size > 0 || isKept(session.realm, subscription)) return false // META-62
  session.realm.subscriptions.delete(keyOf(subscription.match, subscription.uri))
  return true
}

/** Its own leaving is no news to who leaves (META-07). */
function left(model: Model, turn: Turn, session: ModelSession, leaving: object): void {
  const removed = [...session.subscriptions].map((subscription) => ({ subscription, isFirstOrLast: remove(model, session, subscription) }))
  for (const { subscription, isFirstOrLast } of removed) {
    tellMembership(turn, session, 'subscription', subscription, { isAdded: false, isFirstOrLast }, leaving)
  }
}

function published(model: Model, turn: Turn, session: ModelSession, message: MessageOf<16>): void {
  const { options, requestId, topic } = message
  const { realm } = session
  const isAcknowledged = options['acknowledge'] === true
  const refusals: string[] = []
  const isLegal = isValid(topic, 'exact', realm.hasStrictUris) && topic.length <= model.limits.uriLengthMax && !isReserved(topic)
  if (!isLegal) refusals.push('wamp.error.invalid_uri') // URI-10, URI-13
  if (options['disclose_me'] === true && !realm.allowsDisclose) refusals.push(DISALLOWED) // PUB-41
  if (refusals.length > 0) {
    if (!isAcknowledged) return // PUB-07
    turn.expect(session, MessageType.ERROR, `ERROR ${refusals.join(' or ')} for PUBLISH ${requestId}`, (error) =>
      isErrorFor(error, MessageType.PUBLISH, requestId, refusals),
    )
    return
  }
  const publication = newPublication(turn, session, topic, options, payloadKey(message.payload))
  if (isAcknowledged) {
    const check = (answer: MessageOf<17>) => answer.requestId === requestId && isIdOf(publication, answer.publicationId)
    const learn = (answer: MessageOf<17>) => learnId(publication, answer.publicationId)
    turn.expect(session, MessageType.PUBLISHED, `PUBLISHED ${requestId}`, check, { rank: RANK.answer, learn }) // PUB-08, ORD-07
  }
  publishTo(model, turn, publication)
}

export const publishSubscribe: Feature = {
  name: 'publish and subscribe',
  operations: publishOperations,
  reactions: publishReactions,
  handlers: new Map<number, Handler>([
    [MessageType.SUBSCRIBE, subscribed],
    [MessageType.UNSUBSCRIBE, unsubscribed],
    [MessageType.PUBLISH, published],
  ]),
  left,
}
