// The router's record for a topic or pattern; one for all who subscribe to the same pair of URI and policy (ID-03).

import type { Dict, MatchPolicy, SubscriptionId, Uri } from '@crosspoint/protocol'
import { Audience } from '@crosspoint/protocol/internal'
import type { Session } from './session.ts'
import { chooseShard } from './sharding.ts'

/** The history of a subscription: which stream of the store it is, and how far it has come. */
export interface Stream {
  readonly index: number
  readonly epoch: string
  offset: number
}

export class Subscription {
  readonly id: SubscriptionId
  readonly uri: Uri
  readonly match: MatchPolicy
  /** Milliseconds since 1970-01-01 UTC. */
  readonly created: number
  readonly subscribers = new Set<Session>()
  /** A subscription with history stays when its last subscriber leaves (HIS-13). */
  readonly stream: Stream | undefined
  /** The node keys of those subscribers that have one (PUB-48). */
  #nodeKeys: Map<Session, string> | undefined = undefined
  #audience: Audience<Session> | undefined = undefined

  constructor(id: SubscriptionId, uri: Uri, match: MatchPolicy, created: number, stream: Stream | undefined) {
    this.id = id
    this.uri = uri
    this.match = match
    this.created = created
    this.stream = stream
  }

  /** The subscribers as of now; made anew after one came or went, not for every publication. */
  get audience(): Audience<Session> {
    this.#audience ??= new Audience([...this.subscribers])
    return this.#audience
  }
  add(session: Session): void {
    this.subscribers.add(session)
    this.#audience = undefined
  }
  remove(session: Session): void {
    this.subscribers.delete(session)
    this.setNodeKey(session, undefined)
    this.#audience = undefined
  }
  /** A subscriber's peer is another one now. */
  changed(): void {
    this.#audience = undefined
  }

  setNodeKey(session: Session, nodeKey: string | undefined): void {
    if (nodeKey !== undefined) {
      this.#nodeKeys ??= new Map()
      this.#nodeKeys.set(session, nodeKey)
    } else if (this.#nodeKeys?.delete(session) && this.#nodeKeys.size === 0) this.#nodeKeys = undefined
  }

  /**
   * Who gets a publication with the resource key `rkey` (PUB-49): everybody without a node key, and those whose node key the
   * resource key belongs to. `undefined` when that is everybody.
   */
  shardOf(rkey: unknown): ((subscriber: Session) => boolean) | undefined {
    const nodeKeys = this.#nodeKeys
    if (nodeKeys === undefined || typeof rkey !== 'string') return undefined
    const candidates = [...new Set(nodeKeys.values())].sort()
    const chosen = candidates[chooseShard(rkey, candidates)]
    return (subscriber) => {
      const nodeKey = nodeKeys.get(subscriber)
      return nodeKey === undefined || nodeKey === chosen
    }
  }
}

/** A subscription as the meta API tells it (META-50). */
export function describeSubscription(subscription: Subscription): Dict {
  const { id, created, uri, match } = subscription
  return { id, created: new Date(created).toISOString(), uri, match }
}
