// Properties of the FlatBuffers codec over every message that its schema can carry. A failure prints its seed and the
// smallest example. FLATBUFFERS_RUNS sets how many damaged frames are read, for a long run by hand.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeMessage, type Message, Payload, ProtocolViolation, UsageError } from '../src/index.ts'
import { flatbuffersSerializer } from '../src/serializers/flatbuffers.ts'
import { MESSAGE_TABLES, type MessageTable, type Slot } from '../src/serializers/flatbuffers-schema.ts'
import { ALL_SERIALIZERS, hexOf, messageOf, opened } from './support.ts'

const RUNS = Number(process.env['FLATBUFFERS_RUNS'] ?? 3000)

const text = fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: 'grapheme', maxLength: 30 }))
const id = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.constantFrom(2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53),
  fc.maxSafeNat().map((each) => each + 1),
)
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    text,
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 6 }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))
const args = fc.array(value, { maxLength: 4 })
const kwargs = fc.dictionary(fc.string({ maxLength: 6 }), value, { maxKeys: 4, noNullPrototype: true })
const payload = fc.oneof(
  fc.constant(Payload.of()),
  args.map((items) => Payload.of(items)),
  fc.tuple(args, kwargs).map(([items, named]) => Payload.of(items, named)),
)

const one = fc.dictionary(fc.oneof(text, fc.constant('__proto__')), fc.oneof(text, fc.constant(null)), {
  minKeys: 1,
  maxKeys: 1,
  noNullPrototype: true,
})
const textOnly = one.filter((dict) => Object.values(dict)[0] !== null)

const nameIn = (slot: Slot) => fc.constantFrom(...slot.names.filter((name) => name !== ''))

/** Values that a slot can hold. */
function valueFor(slot: Slot): fc.Arbitrary<unknown> {
  switch (slot.kind) {
    case 'id':
    case 'revocable':
      return id
    case 'uint32':
      return fc.integer({ min: 0, max: 2 ** 32 - 1 })
    case 'uint16':
      return fc.integer({ min: 0, max: 65535 })
    case 'positive':
      return fc.integer({ min: 1, max: 65535 })
    case 'bool':
      return fc.boolean()
    case 'enum':
      return nameIn(slot)
    case 'string':
      return text
    case 'ids':
      return fc.array(id, { maxLength: 5 })
    case 'strings':
      return fc.array(text, { maxLength: 5 })
    case 'authmethods':
      return fc.array(nameIn(slot), { maxLength: 5 })
    case 'map':
      return slot.element >= 0 ? fc.oneof(one, fc.constant({})) : slot.isLenient ? textOnly : one
    case 'features':
      return optionsOf(slot.table!.slots).map((features) => (Object.keys(features).length === 0 ? {} : { features }))
    case 'principals':
      return fc.array(optionsOf(slot.table!.slots), { maxLength: 3 })
    default:
      return optionsOf(slot.table!.slots)
  }
}

function optionsOf(slots: readonly Slot[]): fc.Arbitrary<Record<string, unknown>> {
  const keys = slots.filter((slot) => slot.element < 0 && slot.kind !== 'unused' && slot.kind !== 'bytes')
  // Roles that are missing are read as all of them.
  const requiredKeys = keys.filter((slot) => slot.kind === 'roles').map((slot) => slot.name)
  return fc.record(Object.fromEntries(keys.map((slot) => [slot.name, valueFor(slot)])), { requiredKeys, noNullPrototype: true })
}

const revocation = { 35: 'subscription', 67: 'registration' } as { readonly [type: number]: string }

function messagesOf(schema: MessageTable): fc.Arbitrary<Message> {
  const { layout, slots } = schema
  const elements = layout.fields.map((field, index) => {
    const slot = slots.find((each) => each.element === index)
    if (slot === undefined) return field.kind === 'ignored' ? fc.constant(undefined) : optionsOf(slots)
    return slot.isNullable ? fc.oneof(text, fc.constant(null)) : valueFor(slot)
  })
  return fc
    .tuple(fc.tuple(...elements), schema.hasPayload ? payload : fc.constant(Payload.of()), fc.uint8Array({ maxLength: 9 }), fc.nat(5))
    .map(([values, rest, opaque, kind]) => {
      const all = [...values]
      // A mode that is missing is said (RPC-70), so it does not come back missing.
      if (slots.some((slot) => slot.absentWrites)) all[schema.dict] = { mode: 'skip', ...(all[schema.dict] as object) }
      if (revocation[layout.type] !== undefined) all[kind < 3 ? 0 : 1] = kind < 3 ? 0 : undefined
      if (schema.hasPayload && kind === 0) {
        all[schema.dict] = { enc_algo: 'xbr', enc_key: 'k', enc_serializer: 'ubjson' }
        return messageOf(layout, all, Payload.opaque(opaque))
      }
      return messageOf(layout, all, rest)
    })
}
const message = fc.oneof(...MESSAGE_TABLES.filter((schema) => schema !== undefined).map(messagesOf))

test('SER-13 SER-14 SER-15 SER-16 decoding gives back every message that the schema can carry', () => {
  fc.assert(
    fc.property(message, (sent) => {
      const frame = encodeMessage(flatbuffersSerializer, sent)
      const received = flatbuffersSerializer.decode(frame)
      assert.deepEqual(opened(received), opened(sent))
      assert.equal(hexOf(encodeMessage(flatbuffersSerializer, received)), hexOf(frame), 'passed on, the bytes are the same')
      const placed = Uint8Array.from([9, ...frame, 9])
      assert.deepEqual(opened(flatbuffersSerializer.decode(placed, 1, frame.length + 1)), opened(sent), 'and so is any place in memory')
    }),
    { numRuns: 1500 },
  )
})

/** What a frame reads as, or why it does not: nothing around it in memory may make a difference. */
function outcome(bytes: Uint8Array, around: number): unknown {
  const memory = new Uint8Array(bytes.length + 600).fill(around)
  memory.set(bytes, 300)
  try {
    return opened(flatbuffersSerializer.decode(memory, 300, 300 + bytes.length))
  } catch (error) {
    return (error as Error).message
  }
}

/** Whether `bytes` decode and their payload can be read; anything else than the two errors for it fails the test. */
function readAll(bytes: Uint8Array): void {
  let received: Message
  try {
    received = flatbuffersSerializer.decode(bytes)
  } catch (error) {
    if (!(error instanceof ProtocolViolation)) throw error
    return
  }
  const tail = (received as { payload?: Payload }).payload
  for (const read of [
    () => tail?.read(),
    ...[flatbuffersSerializer, ...ALL_SERIALIZERS].map((other) => () => encodeMessage(other, received)),
  ]) {
    try {
      read()
    } catch (error) {
      if (!(error instanceof UsageError) || error.code !== 'ERR_UNSERIALIZABLE') throw error
    }
  }
}

test('SER-11 SER-26 MSG-10 a frame that is cut or changed anywhere decodes or is a violation, in bounded time', () => {
  const change = fc.tuple(fc.nat(), fc.constantFrom('flip', 'set', 'drop', 'add', 'cut', 'point'), fc.nat(255))
  let slowest = 0
  fc.assert(
    fc.property(message, fc.array(change, { minLength: 1, maxLength: 4 }), (sent, changes) => {
      const bytes = Array.from(encodeMessage(flatbuffersSerializer, sent))
      for (const [place, what, by] of changes) {
        const at = place % (bytes.length + 1)
        if (what === 'flip') bytes[at] = (bytes[at] ?? 0) ^ (1 << (by & 7))
        else if (what === 'set') bytes[at] = by
        else if (what === 'drop') bytes.splice(at, 1)
        else if (what === 'add') bytes.splice(at, 0, by)
        else if (what === 'cut') bytes.length = at
        else bytes.splice(at & ~3, 4, by, 0, 0, 0) // an offset, or a length, to somewhere near
      }
      const start = process.cpuUsage()
      readAll(Uint8Array.from(bytes))
      const { user, system } = process.cpuUsage(start)
      slowest = Math.max(slowest, user + system)
      const alone = outcome(Uint8Array.from(bytes), 0)
      for (const around of [1, 4, 255]) assert.deepEqual(outcome(Uint8Array.from(bytes), around), alone)
    }),
    { numRuns: RUNS },
  )
  assert.ok(slowest < 1_000_000, `the slowest of them took ${slowest} µs`)
})

test('SER-11 any bytes as a frame decode or are a violation', () => {
  const begin = encodeMessage(flatbuffersSerializer, messageOf(MESSAGE_TABLES[48]!.layout, [1, {}, 'a'], Payload.of())).subarray(0, 22)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      readAll(bytes)
      readAll(Uint8Array.from([...begin, ...bytes]))
    }),
    { numRuns: RUNS },
  )
})

test('MSG-12 SER-25 a payload that is passed through equals one that is decoded and encoded again', () => {
  fc.assert(
    fc.property(args, kwargs, fc.boolean(), (items, named, hasKwargs) => {
      const list = hasKwargs ? [items, named] : [items]
      const bytes = flatbuffersSerializer.encodePayload(list)
      const again = flatbuffersSerializer.decodePayload(bytes, 0, bytes.length, list.length, true)
      assert.equal(hexOf(flatbuffersSerializer.encodePayload(again)), hexOf(bytes))
      for (const other of ALL_SERIALIZERS) {
        const there = new Payload(hasKwargs ? 2 : 1, flatbuffersSerializer, bytes, 0, bytes.length).bytesIn(other)
        const back = new Payload(hasKwargs ? 2 : 1, other, there.bytes, there.start, there.end).bytesIn(flatbuffersSerializer)
        assert.equal(hexOf(back.bytes.subarray(back.start, back.end)), hexOf(bytes), other.name)
      }
    }),
    { numRuns: 400 },
  )
})
