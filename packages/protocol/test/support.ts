// What the protocol tests share: the serializers, frames made of plain lists, and messages made from the layout table.

import assert from 'node:assert/strict'
import {
  cborSerializer,
  jsonSerializer,
  type Message,
  msgpackSerializer,
  Payload,
  ProtocolViolation,
  plainUbjsonSerializer,
  type Serializer,
  ubjsonSerializer,
} from '../src/index.ts'
import { buildMessage, type Layout, MESSAGE_LAYOUTS } from '../src/internal.ts'

export const SERIALIZERS: readonly Serializer[] = [jsonSerializer, msgpackSerializer, cborSerializer]
/** Those that are our own dialects of one name, too. */
export const ALL_SERIALIZERS: readonly Serializer[] = [...SERIALIZERS, ubjsonSerializer, plainUbjsonSerializer]

/** The properties of any message, for comparing. */
export type Fields = Record<string, unknown>

/** The frame of a raw list, which need not be a message. */
export function frameOf(serializer: Serializer, list: unknown): Uint8Array {
  return serializer.encodePayload([list])
}

/** The raw list in a frame. */
export function listIn(serializer: Serializer, frame: Uint8Array): unknown[] {
  return serializer.decodePayload(frame, 0, frame.length, 1, false)[0] as unknown[]
}

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

export function textOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** The message with its payload read. */
export function opened(message: Message): Fields {
  const fields: Fields = { ...message }
  if (fields['payload'] instanceof Payload) fields['payload'] = fields['payload'].read()
  return fields
}

/** Asserts that `act` throws a `ProtocolViolation` whose text matches. */
export function violates(act: () => unknown, expected: RegExp, about?: string): void {
  assert.throws(act, (error: unknown) => {
    assert.ok(error instanceof ProtocolViolation, `${about ?? 'it'} threw ${error}`)
    assert.match(error.message, expected, about)
    return true
  })
}

/** A value of the right kind for a field. */
export function sampleField(kind: Layout['fields'][number]['kind']): unknown {
  switch (kind) {
    case 'id':
    case 'integer':
      return 48
    case 'revocable':
      return 7
    case 'uri':
    case 'realm':
      return 'com.example.thing'
    case 'string':
      return 'text'
    case 'dict':
    case 'ignored':
      return {}
  }
}

/** The raw list of a message of every type, optional elements left out, with `extra` appended. */
export function sampleList(layout: Layout, ...extra: unknown[]): unknown[] {
  const required = layout.fields.filter((field) => !field.isOptional)
  return [layout.type, ...required.map((field) => sampleField(field.kind)), ...extra]
}

/** A message whose elements are `values`, in wire order. */
export function messageOf(layout: Layout, values: readonly unknown[], payload: Payload): Message {
  const [a, b, c, d] = values
  return buildMessage(layout.type, a, b, c, d, payload)
}

export function layoutNamed(name: string): Layout {
  return MESSAGE_LAYOUTS.find((layout) => layout.name === name)!
}
