// Events as plain data: what goes between the node and its storage thread, and into columns.

import { cborSerializer, type Dict, jsonSerializer, Payload, type Serializer } from '@crosspoint/protocol'
import type { StoredEvent } from '@crosspoint/router'
import { SERIALIZERS } from '../serializers.ts'
import type { FlatEvent } from './messages.ts'

/** By the names that are kept with every payload. The two dialects of UBJSON have one name on the wire, and two here. */
const NAMED: ReadonlyMap<string, Serializer> = new Map(Object.entries(SERIALIZERS))
const NAME_OF: ReadonlyMap<Serializer, string> = new Map(Object.entries(SERIALIZERS).map(([name, serializer]) => [serializer, name]))

/** Throws `ERR_UNSERIALIZABLE` for values that have no form as bytes. */
export function flatten({ payload, ...event }: StoredEvent): FlatEvent {
  // Payloads of values, which components in the node publish, are kept as CBOR; so are those of a serializer without a name here.
  const own = payload.serializer
  const serializer = own !== undefined && NAME_OF.has(own) ? own : cborSerializer
  const { bytes, start, end } = payload.bytesIn(serializer)
  const { session, authid, authrole } = event.publisher
  return {
    ...event,
    publisher: { session, authid, authrole },
    details: dictToText(event.details),
    lists: dictToText(event.lists),
    serializer: NAME_OF.get(serializer)!,
    count: payload.count,
    // Not a view: the thread would be given all of the memory behind it.
    bytes: Uint8Array.prototype.slice.call(bytes, start, end),
  }
}

/** The event again; `undefined` when its payload is of a serializer that only a newer version of this program has. */
export function restore({ serializer, count, bytes, details, lists, ...event }: FlatEvent): StoredEvent | undefined {
  const known = NAMED.get(serializer)
  if (known === undefined) return undefined
  const payload = new Payload(count as 0 | 1 | 2, known, bytes, 0, bytes.length)
  return { ...event, details: textToDict(details), lists: textToDict(lists), payload }
}

/** As the JSON serializer writes it, so that bytes and big integers, which clients may put there, come back. */
function dictToText(dict: Dict): string {
  return Object.keys(dict).length === 0 ? '{}' : Buffer.from(jsonSerializer.encodePayload([dict])).toString()
}

export function textToDict(text: string): Dict {
  if (text === '{}') return {}
  const bytes = Buffer.from(text)
  return jsonSerializer.decodePayload(bytes, 0, bytes.length, 1, false)[0] as Dict
}
