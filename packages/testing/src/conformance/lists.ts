// Messages as lists, so that what is no message can be sent too.

import type { Serializer } from '@crosspoint/protocol'

/** The bytes of any list, message or not. */
export function encodeList(serializer: Serializer, message: readonly unknown[]): Uint8Array {
  return serializer.encodePayload([message])
}

export function decodeList(serializer: Serializer, bytes: Uint8Array): unknown[] {
  return serializer.decodePayload(bytes, 0, bytes.length, 1, false)[0] as unknown[]
}
