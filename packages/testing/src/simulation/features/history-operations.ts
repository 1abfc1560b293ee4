// What clients ask of history: by time, by publication, by number; and what they missed since the last position that they know.

import { MessageType } from '@crosspoint/protocol'
import type { Reaction } from '../feature.ts'
import type { MessageOf } from '../model/turn.ts'
import type { RawClient } from '../raw-client.ts'
import { drawUri } from '../uri-pool.ts'
import { callOwn, drawTimeout } from './own-calls.ts'

/** What a client remembers of the histories of a realm, also from sessions before: publications, epochs, and positions by subscription. */
interface Notes {
  readonly publications: number[]
  /** By subscription. */
  readonly epochs: Map<number, string>
  /** By the id of the call, which subscription it asked about. */
  readonly asked: Map<number, number>
  readonly positions: Map<number, number>
}
const notesOf = new WeakMap<RawClient, Map<string, Notes>>()

function notes(client: RawClient): Notes {
  const own = notesOf.get(client) ?? new Map<string, Notes>()
  notesOf.set(client, own)
  const known = own.get(client.realm) ?? { publications: [0], epochs: new Map(), asked: new Map(), positions: new Map() }
  own.set(client.realm, known)
  return known
}

/** One that has a history, mostly; `undefined` when it asks for none. */
function drawSubscription(client: RawClient): unknown {
  const { chance } = client
  const known = [...notes(client).positions.keys()]
  if (known.length > 0 && chance.is(96)) return chance.pick(known)
  if (chance.is(97)) return undefined
  return client.subscriptions.size === 0 || chance.is(20) ? chance.pick([2 ** 40, 'one']) : chance.pick([...client.subscriptions])
}

const SIDES = ['from', 'after', 'before', 'until'] as const

export function drawQuery(client: RawClient): void {
  const { chance, host } = client
  const subscription = drawSubscription(client)
  if (subscription === undefined) return
  const words: Record<string, unknown> = {}
  if (chance.is(30)) words['limit'] = chance.is(95) ? chance.between(1, 5) : chance.pick([0, 'all'])
  if (chance.is(30)) words['reverse'] = chance.is(80)
  if (chance.is(10)) words['topic'] = drawUri(chance)
  const timeOf = (): string => (chance.is(98) ? new Date(host.scheduler.now - chance.pick([0, 10, 200, 2000])).toISOString() : 'yesterday')
  if (chance.is(30)) words[`${chance.pick(SIDES)}_time`] = timeOf()
  if (chance.is(40)) words[`${chance.pick(SIDES)}_publication`] = chance.pick(notes(client).publications.slice(-20)) || 2 ** 50
  callOwn(client, 'wamp.subscription.get_events', [subscription], words, drawTimeout(client))
}

export function drawPosition(client: RawClient): void {
  const { chance } = client
  const { asked, epochs, positions } = notes(client)
  const subscription = drawSubscription(client) as number | undefined
  if (subscription === undefined) return
  const words: Record<string, unknown> = {}
  const epoch = epochs.get(subscription)
  if (epoch === undefined ? chance.is(10) : chance.is(95)) {
    if (chance.is(98)) words['epoch'] = chance.is(97) ? (epoch ?? 'none') : 'none'
    // Where it stands, or a little before, as if it had missed the rest.
    words['offset'] = chance.is(90) ? Math.max(0, (positions.get(subscription) ?? 0) - chance.below(4)) : chance.below(30)
  }
  const requestId = callOwn(client, 'crosspoint.subscription.recover', [subscription], words, drawTimeout(client))
  asked.set(requestId, subscription)
}

export const historyReactions: ReadonlyMap<number, Reaction> = new Map<number, Reaction>([
  [
    MessageType.EVENT,
    (client: RawClient, { details, publicationId, subscriptionId }: MessageOf<36>) => {
      if (details['_offset'] === undefined) return
      const { positions, publications } = notes(client)
      publications.push(publicationId)
      positions.set(subscriptionId, details['_offset'] as number)
    },
  ],
  [
    MessageType.RESULT,
    (client: RawClient, { payload, requestId }: MessageOf<50>) => {
      const { asked, epochs } = notes(client)
      const subscription = asked.get(requestId)
      const { epoch } = (payload.read().args[0] ?? {}) as { readonly epoch?: unknown }
      if (subscription !== undefined && typeof epoch === 'string') epochs.set(subscription, epoch)
    },
  ],
])
