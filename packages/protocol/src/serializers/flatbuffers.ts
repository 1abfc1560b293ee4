// The FlatBuffers serializer, "wamp.2.flatbuffers", as autobahn-python speaks it (SER-13 … SER-17).
//
// Why a codec of our own and not a package: the byte that says which message it is holds WAMP's code instead of the
// schema's number, so generated code reads and writes something else, and the packages check no offset before they follow
// it. The router sees the same messages as from JSON: slots become the keys of Options and Details, numbers their names.
// What the schema has no slot for is left out; a known option with a value that its slot cannot hold is `ERR_UNSERIALIZABLE`.

import { utf8Encode } from '../bytes.ts'
import { ProtocolViolation, UsageError } from '../errors.ts'
import { buildMessage } from '../message-build.ts'
import { checkOptions, checkRevocation, layoutOf } from '../message-layout.ts'
import { type Dict, EMPTY_DICT, type Message } from '../messages.ts'
import { EMPTY_PAYLOAD, Payload, type PayloadBytes } from '../payload.ts'
import { isDict, shown } from '../roles.ts'
import type { ByteSink, Serializer } from '../serializer.ts'
import { decodeRegion, encodeRegion, payloadIn, type Vector, vectorOf, vectorsIn } from './flatbuffers-payload.ts'
import { FlatReader } from './flatbuffers-read.ts'
import { MESSAGE_TABLES, type MessageTable, type Slot } from './flatbuffers-schema.ts'
import { FlatWriter } from './flatbuffers-write.ts'

const reader = new FlatReader()
const writer = new FlatWriter()

interface Vectors {
  readonly args: Vector
  readonly kwargs: Vector
  readonly payload: Vector
}
const found: Vectors = { args: { at: 0, end: 0 }, kwargs: { at: 0, end: 0 }, payload: { at: 0, end: 0 } }

/** Finds the table of the message below the root, then reads its slots. */
function readFrame(bytes: Uint8Array, start: number, end: number): Message {
  const root = reader.open(bytes, start, end)
  const rootSlots = reader.table(root, 'message')
  const typeAt = reader.slot(root, rootSlots, 0, 1, 'message type')
  const type = typeAt < 0 ? 0 : bytes[typeAt]!
  const schema = layoutOf(type) && MESSAGE_TABLES[type]
  if (schema === undefined) throw new ProtocolViolation(`${type} is not a message type of WAMP v2`)
  const name = schema.layout.name
  const offsetAt = reader.slot(root, rootSlots, 1, 4, name)
  if (offsetAt < 0) throw new ProtocolViolation(`${name} must have a table with its elements, not nothing`)
  return readMessageTable(schema, reader.follow(offsetAt, name))
}

function readMessageTable(schema: MessageTable, at: number): Message {
  const { layout, slots } = schema
  const vtable = reader.table(at, layout.name)
  const elements: unknown[] = [undefined, undefined, undefined, undefined]
  let options: Record<string, unknown> | undefined
  let isOpaque = false
  found.args.at = found.args.end = found.kwargs.at = found.kwargs.end = 0
  for (const slot of slots) {
    if (slot.kind === 'unused') continue
    const place = reader.slot(at, vtable, slot.index, slot.size, slot.label)
    if (slot.kind === 'bytes') {
      if (place < 0) continue
      readVector(slot, place)
      if (slot.name === 'payload') isOpaque = true
      continue
    }
    const value = (place < 0 ? undefined : reader.value(slot, place)) ?? slot.absentReads
    if (slot.element >= 0) elements[slot.element] = value ?? missing(slot)
    else if (value !== undefined) {
      options ??= {}
      options[isOpaque ? slot.opaqueName : slot.name] = value
    }
  }
  if (schema.dict >= 0 && elements[schema.dict] === undefined) {
    const isOptional = layout.fields[schema.dict]!.isOptional && elements[0] !== 0
    elements[schema.dict] = options ?? (isOptional ? undefined : EMPTY_DICT)
  }
  const payload = schema.hasPayload ? readPayload(layout.name, isOpaque, options) : EMPTY_PAYLOAD
  const message = buildMessage(layout.type, elements[0], elements[1], elements[2], elements[3], payload)
  checkOptions(layout, message)
  if (layout.fields[0]!.kind === 'revocable') checkRevocation(layout, elements[0] as number, elements[1])
  return message
}

function readVector(slot: Slot, place: number): void {
  reader.vector(place, 1, slot.label)
  const vector = found[slot.name as keyof Vectors]
  vector.at = reader.vectorAt
  vector.end = reader.vectorEnd
}

/** An element whose slot is absent: 0 where 0 is allowed, null for a realm, an empty dictionary; else a violation. */
function missing(slot: Slot): unknown {
  if (slot.kind === 'revocable') return 0
  if (slot.kind === 'map') return EMPTY_DICT
  if (slot.isNullable) return null
  if (slot.kind === 'string') throw new ProtocolViolation(`${slot.label} must be a string, not nothing`)
  throw new ProtocolViolation(
    `${slot.label} must be ${slot.kind === 'id' ? 'an id of 1 … 2^53, not 0 or nothing' : 'an integer, not nothing'}`,
  )
}

/** Args and kwargs, or in place of both the bytes of a payload that only its receiver can read (PPT-16). */
function readPayload(name: string, isOpaque: boolean, options: Dict | undefined): Payload {
  if (!isOpaque) return payloadIn(reader.bytes, reader.start, found.args, found.kwargs, name, flatbuffersSerializer)
  if (found.args.end > 0 || found.kwargs.end > 0)
    throw new ProtocolViolation(`${name} must have either args and kwargs or payload, not both (SER-14)`)
  if (options?.['enc_algo'] === undefined)
    throw new ProtocolViolation(`${name}.ppt_scheme must say what payload is, not be ${shown(options?.['enc_algo'])}`)
  return Payload.opaque(Uint8Array.from(reader.bytes.subarray(found.payload.at, found.payload.end)))
}

function writeFrame(message: Message, head: ByteSink): PayloadBytes {
  const schema = MESSAGE_TABLES[message.type]!
  const fields = message as unknown as { readonly [name: string]: unknown }
  const options = (schema.dict < 0 ? undefined : fields[schema.layout.fields[schema.dict]!.name]) as Dict | undefined
  const payload = schema.hasPayload ? (message as { payload: Payload }).payload : EMPTY_PAYLOAD
  if (options !== undefined) refuseIndispensable(schema, options)
  const opaque = options?.['enc_algo'] !== undefined && payload.count === 1 ? payload.readOpaque() : undefined
  const region = opaque === undefined ? payload.bytesIn(flatbuffersSerializer) : opaqueRegion(opaque)
  const vectors = opaque === undefined && payload.count > 0 ? vectorsIn(region, payload.count) : NO_VECTORS
  const values: unknown[] = new Array(schema.slots.length).fill(undefined)
  for (const slot of schema.slots) {
    if (slot.kind === 'bytes') {
      const isThere = slot.name === 'payload' ? opaque !== undefined : vectors[slot.name as 'args' | 'kwargs'] >= 0
      if (isThere) values[slot.index] = true
    } else values[slot.index] = valueFor(slot, fields, options, opaque !== undefined)
  }
  writer.open(head, message.type)
  writer.message(schema, values)
  if (payload.count === 0) return EMPTY_PAYLOAD
  writer.align(4)
  writer.patchToPayload(writer.vectors.args, vectors.args)
  writer.patchToPayload(writer.vectors.kwargs, vectors.kwargs)
  writer.patchToPayload(writer.vectors.payload, 0)
  return region
}

function refuseIndispensable({ indispensable, layout }: MessageTable, options: Dict): void {
  for (const name of indispensable) {
    if ((options[name] ?? false) === false) continue
    const said = `${layout.name}.${name}, which is ${shown(options[name])}, has no place there`
    throw new UsageError('ERR_UNSERIALIZABLE', `Cannot write FlatBuffers: ${said} and would be missed (SER-17)`)
  }
}

const NO_VECTORS = { args: -1, kwargs: -1 }

function opaqueRegion(opaque: Uint8Array | string): PayloadBytes {
  const bytes = vectorOf(typeof opaque === 'string' ? utf8Encode(opaque) : opaque)
  return { bytes, start: 0, end: bytes.length }
}

function valueFor(slot: Slot, fields: { readonly [name: string]: unknown }, options: Dict | undefined, isOpaque: boolean): unknown {
  if (slot.element >= 0) {
    const value = fields[slot.name] ?? undefined
    return slot.kind === 'map' && Object.keys(value as Dict).length === 0 ? undefined : value
  }
  const name = isOpaque ? slot.opaqueName : slot.name
  const value = options !== undefined && Object.hasOwn(options, name) ? (options[name] ?? undefined) : undefined
  if (value === undefined) return slot.absentWrites
  return slot.isLenient && !hasForm(slot, value) ? undefined : value
}

function hasForm(slot: Slot, value: unknown): boolean {
  if (slot.kind === 'enum') return slot.names.includes(value as string)
  const items = isDict(value) ? Object.values(value) : []
  return items.length === 1 && typeof items[0] === 'string'
}

export const flatbuffersSerializer: Serializer = {
  name: 'flatbuffers',
  subprotocol: 'wamp.2.flatbuffers',
  rawSocketId: 5,
  isBinary: true,
  tail: new Uint8Array(0),

  decode(bytes: Uint8Array, start = 0, end = bytes.length): Message {
    return readFrame(bytes, start, end)
  },

  encodeHead(message: Message, head: ByteSink): PayloadBytes {
    return writeFrame(message, head)
  },

  decodePayload(bytes: Uint8Array, start: number, end: number, count: number, exact: boolean): unknown[] {
    return decodeRegion(bytes, start, end, count, exact)
  },

  encodePayload(items: readonly unknown[]): Uint8Array {
    return encodeRegion(items)
  },
}
