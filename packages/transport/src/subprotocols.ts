// The names of WAMP subprotocols: one for each serializer, and one for its batches (TRN-03, TRN-30, TRN-45).

import type { Serializer } from '@crosspoint/protocol'
import { batchedSubprotocol } from '@crosspoint/protocol/internal'

export interface Subprotocol {
  /** "wamp.2.json.batched" */
  readonly name: string
  readonly serializer: Serializer
  /** Whether messages travel in batches (SER-18). */
  readonly isBatched: boolean
}

/** Every subprotocol of `serializers` by its name: first the plain ones, then the batched ones. Of one name the first counts. */
export function subprotocolsOf(serializers: readonly Serializer[]): ReadonlyMap<string, Subprotocol> {
  const plain = serializers.map((serializer) => ({ name: serializer.subprotocol, serializer, isBatched: false }))
  const batched = serializers.map((serializer) => ({ name: batchedSubprotocol(serializer), serializer, isBatched: true }))
  const found = new Map<string, Subprotocol>()
  for (const { name, ...form } of [...plain, ...batched]) {
    if (name !== undefined && !found.has(name)) found.set(name, { name, ...form })
  }
  return found
}
