// What clients do with topics.

import { type Dict, MessageType, type SubscriptionId } from '@crosspoint/protocol'
import type { Operation, Reaction } from '../feature.ts'
import type { MessageOf } from '../model/turn.ts'
import type { RawClient } from '../raw-client.ts'
import { drawMetaPattern, drawPattern, drawUri } from '../uri-pool.ts'
import { drawPassthru } from './passthru.ts'

function subscribe(client: RawClient): void {
  if (!client.roles.has('subscriber')) return
  const { uri: topic, match } = client.chance.is(10) ? drawMetaPattern(client.chance) : drawPattern(client.chance)
  const options: Record<string, unknown> = match === 'exact' && client.chance.is(80) ? {} : { match, x_unknown: 1 }
  if (client.chance.is(25)) options['get_retained'] = client.chance.is(90)
  if (client.usesShards && client.chance.is(30)) options['nkey'] = `node${client.chance.below(3)}`
  client.send({ type: MessageType.SUBSCRIBE, requestId: client.nextId(MessageType.SUBSCRIBE), options, topic })
}

/** Of a subscription that it has, mostly. */
function unsubscribe(client: RawClient): void {
  if (!client.roles.has('subscriber')) return
  const known = [...client.subscriptions]
  const id = known.length === 0 || client.chance.is(10) ? client.chance.between(1, 30) : client.chance.pick(known)
  const requestId = client.nextId(MessageType.UNSUBSCRIBE, true, id)
  client.send({ type: MessageType.UNSUBSCRIBE, requestId, subscriptionId: id as SubscriptionId })
}

function publish(client: RawClient): void {
  const { chance } = client
  if (!client.roles.has('publisher')) return
  const options: Record<string, unknown> = {}
  if (chance.is(50)) {
    if (chance.is(50)) options['acknowledge'] = chance.is(90)
    if (chance.is(30)) options['exclude_me'] = chance.is(30)
    if (chance.is(20)) options['disclose_me'] = chance.is(80)
    if (chance.is(20)) Object.assign(options, drawLists(client))
    if (chance.is(10)) options['x_unknown'] = 'ignored'
    if (chance.is(25)) options['retain'] = chance.is(90)
    if (client.usesShards && chance.is(30)) options['rkey'] = `key${chance.below(6)}`
  }
  const opaque = drawPassthru(client, 'publisher')
  Object.assign(options, opaque?.options)
  const payload = opaque?.payload ?? client.payload()
  const requestId = client.nextId(MessageType.PUBLISH, options['acknowledge'] === true)
  client.send({ type: MessageType.PUBLISH, requestId, options, topic: drawUri(chance), payload })
}

export function drawLists(client: RawClient): Dict {
  const { chance } = client
  const ids = chance.some(client.host.sessionIds.slice(-8))
  const lists: Record<string, unknown> = {}
  if (chance.is(40)) lists['exclude'] = ids
  if (chance.is(40)) lists['eligible'] = chance.is(50) ? ids : [...ids, client.sessionId]
  if (chance.is(10)) lists['exclude_authrole'] = chance.pick([[], ['anonymous'], ['nobody']])
  if (chance.is(10)) lists['eligible_authrole'] = chance.pick([[], ['anonymous'], ['nobody', 'anonymous']])
  if (chance.is(10)) lists['exclude_authid'] = ['nobody']
  if (chance.is(5)) lists['eligible_authid'] = ['nobody']
  return lists
}

/** One event to itself and everybody else on a hot topic: what is subscribed must be current. */
export function publishLoud(client: RawClient, topic: string): void {
  if (!client.roles.has('publisher')) return
  const requestId = client.nextId(MessageType.PUBLISH)
  const options = { acknowledge: true, exclude_me: false }
  client.send({ type: MessageType.PUBLISH, requestId, options, topic, payload: client.payload() })
}

export const publishOperations: readonly Operation[] = [
  { name: 'SUBSCRIBE', weight: 18, run: subscribe },
  { name: 'UNSUBSCRIBE', weight: 10, run: unsubscribe },
  { name: 'PUBLISH', weight: 60, run: publish },
]

export const publishReactions: ReadonlyMap<number, Reaction> = new Map<number, Reaction>([
  [
    MessageType.SUBSCRIBED,
    (client: RawClient, { requestId, subscriptionId }: MessageOf<33>) => {
      client.answered(requestId, MessageType.SUBSCRIBE)
      client.subscriptions.add(subscriptionId)
    },
  ],
  [
    MessageType.UNSUBSCRIBED,
    (client: RawClient, { requestId }: MessageOf<35>) => {
      client.subscriptions.delete(client.answered(requestId, MessageType.UNSUBSCRIBE))
    },
  ],
  [MessageType.PUBLISHED, (client: RawClient, { requestId }: MessageOf<17>) => void client.answered(requestId, MessageType.PUBLISH)],
])
