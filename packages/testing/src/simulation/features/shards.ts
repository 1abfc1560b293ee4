// Sharded subscriptions (PUB-48, PUB-49): of those subscribers that have a node key, a publication with a resource key reaches
// only those of one, and a node that comes or goes moves no keys but its own.

import { MessageType } from '@crosspoint/protocol'
import type { ModelSession, ModelSubscription } from '../model/state.ts'
import type { Turn } from '../model/turn.ts'
import { payloadKey } from '../payload-key.ts'
import { isIdOf, type ModelPublication } from './publication.ts'

/** Who may get the publication as far as node keys go. The router may choose; where it has chosen before, it must choose the same. */
export function shardOf(
  turn: Turn,
  subscription: ModelSubscription,
  publication: ModelPublication,
  mayHave: (subscriber: ModelSession) => boolean,
): (subscriber: ModelSession) => boolean {
  const { id, nodeKeys, shards } = subscription
  const rkey = publication.options['rkey'] as string | undefined
  if (rkey === undefined || nodeKeys.size === 0) return () => true
  const all = [...new Set(nodeKeys.values())]
  const last = shards.get(rkey)
  const allowed =
    last === undefined || !all.includes(last.nodeKey) ? all : all.filter((each) => each === last.nodeKey || !last.among.includes(each))
  const holders = (nodeKey: string) =>
    [...nodeKeys].filter(([session, own]) => own === nodeKey && mayHave(session)).map(([session]) => session)
  const isSeen = (session: ModelSession): boolean =>
    turn.sees(
      session.link,
      MessageType.EVENT,
      (event) =>
        event.subscriptionId === id && isIdOf(publication, event.publicationId) && payloadKey(event.payload) === publication.payload,
    )
  const seen = allowed.filter((nodeKey) => holders(nodeKey).some(isSeen))
  // When nobody got it, it went to a node that has nobody who may have it.
  const possible = seen.length > 0 ? seen : allowed.filter((nodeKey) => holders(nodeKey).length === 0)
  const chosen = possible[0] ?? allowed[0]!
  if (possible.length < 2) shards.set(rkey, { nodeKey: chosen, among: all })
  return (subscriber) => (nodeKeys.get(subscriber) ?? chosen) === chosen
}
