// Payloads that outlive their turn: retained, in history.

import { cborSerializer, Payload } from '@crosspoint/protocol'

/** The same payload without hold on a network buffer. Values become bytes, so that limits can count what they take. */
export function keptPayload(payload: Payload): Payload {
  const { count, serializer } = payload
  if (serializer !== undefined || count === 0) return payload.copy()
  try {
    const { bytes, start, end } = payload.bytesIn(cborSerializer)
    return new Payload(count, cborSerializer, bytes, start, end)
  } catch {
    return payload // values beyond CBOR are kept as they are
  }
}
