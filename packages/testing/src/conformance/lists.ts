// Messages as lists, so that what is no message can be sent too.

import { jsonSerializer, type Message, Payload, type Serializer } from '@crosspoint/protocol'
import { layoutOf } from '@crosspoint/protocol/internal'

/** The bytes of any list, message or not. */
export function encodeList(serializer: Serializer, message: readonly unknown[]): Uint8Array {
  return serializer.encodePayload([message])
}

export function decodeList(serializer: Serializer, bytes: Uint8Array): unknown[] {
  return serializer.decodePayload(bytes, 0, bytes.length, 1, false)[0] as unknown[]
}

/** A message as the list that it is on the wire. */
export function listOf(message: Message): unknown[] {
  const layout = layoutOf(message.type)!
  const values = message as unknown as { readonly [name: string]: unknown }
  const list: unknown[] = [message.type]
  for (const field of layout.fields) if (values[field.name] !== undefined) list.push(values[field.name])
  const payload = values['payload'] as Payload | undefined
  if (payload === undefined || payload.count === 0) return list
  const { args, kwargs } = payload.read()
  return payload.count === 1 ? [...list, args] : [...list, args, kwargs]
}

/** The message that a list is, with a payload made of values. Throws `ProtocolViolation` for a list that is no message. */
export function messageOf(list: readonly unknown[]): Message {
  const message = jsonSerializer.decode(encodeList(jsonSerializer, list))
  const payload = (message as { payload?: Payload }).payload
  if (payload === undefined) return message
  const { args, kwargs } = payload.read()
  return { ...message, payload: Payload.of(args, kwargs) } as Message
}
