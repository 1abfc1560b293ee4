// Properties of the codecs over generated messages and values. A failure prints its seed and the smallest example.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decode as packageReadMsgpack, encode as packageWriteMsgpack } from '@msgpack/msgpack'
import { decode as packageReadCbor, encode as packageWriteCbor } from 'cborg'
import fc from 'fast-check'
import { ID_MAX } from '../src/ids.ts'
import { encodeMessage, type Message, Payload, ProtocolViolation, type Serializer, UsageError } from '../src/index.ts'
import { Float, MESSAGE_LAYOUTS } from '../src/internal.ts'
import type { FieldKind } from '../src/message-layout.ts'
import { ALL_SERIALIZERS, frameOf, hexOf, messageOf, opened, SERIALIZERS } from './support.ts'

const key = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('__proto__', 'toString', 'ü', '€uro', 'constructor'))
const text = fc
  .oneof(fc.string({ maxLength: 80 }), fc.string({ unit: 'grapheme', maxLength: 40 }))
  .filter((value) => !value.startsWith('\0'))
const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -1, 127, 128, -32, -33, 255, 256, 65535, 65536, 2 ** 32, 2 ** 53),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    text,
    number,
    fc.boolean(),
    fc.constant(null),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).map((each) => (Number.isSafeInteger(Number(each)) ? Number(each) : each)),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
}))
const args = fc.array(value, { maxLength: 5 })
const kwargs = fc.dictionary(key, value, { maxKeys: 12, noNullPrototype: true })
const payload = fc.oneof(
  fc.constant(Payload.of()),
  args.map((items) => Payload.of(items)),
  fc.tuple(args, kwargs).map(([items, named]) => Payload.of(items, named)),
)

const id = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.integer({ min: 1, max: 2 ** 32 }),
  fc.maxSafeNat().map((each) => each + 1),
)
const options = fc.dictionary(fc.string({ unit: fc.constantFrom(...'abc_é'), minLength: 1, maxLength: 4 }), value, {
  noNullPrototype: true,
})
const fields: Record<FieldKind, fc.Arbitrary<unknown>> = {
  id,
  integer: fc.nat(),
  revocable: id,
  uri: text,
  string: text,
  realm: fc.oneof(text, fc.constant(null)),
  dict: options,
  ignored: options,
}
const message: fc.Arbitrary<Message> = fc
  .constantFrom(...MESSAGE_LAYOUTS)
  .chain((layout) =>
    fc
      .tuple(fc.tuple(...layout.fields.map((field) => (field.isOptional ? fc.constant(undefined) : fields[field.kind]))), payload)
      .map(([values, tail]) => messageOf(layout, values, tail)),
  )

/** -0 is kept by the binary formats and by JSON; 2^53 may come as a bigint and goes out as a number. */
function same(actual: unknown, wanted: unknown): void {
  assert.deepEqual(actual, wanted)
}

/** Whether `bytes` decode; anything else than a `ProtocolViolation` fails the test. */
function decodes(serializer: Serializer, bytes: Uint8Array): Message | undefined {
  try {
    return serializer.decode(bytes)
  } catch (error) {
    if (!(error instanceof ProtocolViolation)) throw error
    return undefined
  }
}

/** The payload's values, or undefined when they have no plain form. */
function valuesOf(of: Payload): unknown {
  try {
    return of.read()
  } catch (error) {
    if (error instanceof UsageError && error.code === 'ERR_UNSERIALIZABLE') return undefined
    throw error
  }
}

for (const serializer of ALL_SERIALIZERS) {
  describe(serializer.name, () => {
    test('MSG-01 MSG-02 SER-11 decoding gives back every message that was encoded', () => {
      fc.assert(
        fc.property(message, (sent) => {
          const frame = encodeMessage(serializer, sent)
          const received = serializer.decode(frame)
          same(opened(received), opened(sent))
          assert.equal(hexOf(encodeMessage(serializer, received)), hexOf(frame), 'passed on, the bytes are the same')
        }),
        { numRuns: 800 },
      )
    })

    test('SER-11 MSG-10 a frame that is cut or changed anywhere decodes or is a violation, never anything else', () => {
      const change = fc.tuple(fc.nat(), fc.constantFrom('flip', 'set', 'drop', 'add', 'cut'), fc.nat(255))
      fc.assert(
        fc.property(message, fc.array(change, { minLength: 1, maxLength: 4 }), (sent, changes) => {
          const bytes = Array.from(encodeMessage(serializer, sent))
          for (const [place, what, by] of changes) {
            const at = place % (bytes.length + 1)
            if (what === 'flip') bytes[at] = (bytes[at] ?? 0) ^ (1 << (by & 7))
            else if (what === 'set') bytes[at] = by
            else if (what === 'drop') bytes.splice(at, 1)
            else if (what === 'add') bytes.splice(at, 0, by)
            else bytes.length = at
          }
          const received = decodes(serializer, Uint8Array.from(bytes))
          const tail = (received as { payload?: Payload } | undefined)?.payload
          if (tail) {
            valuesOf(tail)
            for (const other of ALL_SERIALIZERS) transcoded(tail, other)
          }
        }),
        { numRuns: 2000 },
      )
    })

    test('SER-11 any bytes as a frame decode or are a violation', () => {
      const begin = serializer.isBinary ? [0x94, 0x84, 0x9f, 0x32, 0x01] : [...'[50,1,{},'].map((c) => c.charCodeAt(0))
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
          decodes(serializer, bytes)
          decodes(serializer, Uint8Array.from([...begin, ...bytes]))
        }),
        { numRuns: 2000 },
      )
    })

    test('MSG-12 SER-25 a payload that is passed through equals one that is decoded and encoded again', () => {
      fc.assert(
        fc.property(args, kwargs, (items, named) => {
          const bytes = serializer.encodePayload([items, named])
          const received = new Payload(2, serializer, bytes, 0, bytes.length)
          assert.equal(received.bytesIn(serializer), received)
          const again = serializer.encodePayload(serializer.decodePayload(bytes, 0, bytes.length, 2, true))
          assert.equal(hexOf(again), hexOf(bytes))
        }),
        { numRuns: 800 },
      )
    })

    for (const other of ALL_SERIALIZERS.filter((each) => each !== serializer)) {
      test(`SER-25 transcoding to ${other.name} keeps bytes, strings, integers and floats what they are`, () => {
        fc.assert(
          fc.property(args, kwargs, (items, named) => {
            const bytes = serializer.encodePayload([items, named])
            const there = new Payload(2, serializer, bytes, 0, bytes.length).bytesIn(other)
            const back = new Payload(2, other, there.bytes, there.start, there.end).bytesIn(serializer)
            assert.equal(hexOf(back.bytes.subarray(back.start, back.end)), hexOf(bytes))
          }),
          { numRuns: 500 },
        )
      })
    }
  })
}

/** What a payload is in another serializer, undefined when it has no form there. */
function transcoded(of: Payload, serializer: Serializer): unknown {
  try {
    return of.bytesIn(serializer)
  } catch (error) {
    if (error instanceof UsageError && error.code === 'ERR_UNSERIALIZABLE') return undefined
    throw error
  }
}

describe('SER-08 SER-09 the codecs against packages as oracles', () => {
  const [, msgpack, cbor] = SERIALIZERS as [Serializer, Serializer, Serializer]
  const plainKey = key.filter((each) => each !== '__proto__') // which the packages refuse
  const { item } = fc.letrec((tie) => ({
    item: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.maxSafeInteger(),
      fc.double({ noNaN: true }).filter((each) => !Number.isInteger(each) || !Number.isFinite(each)),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array({ maxLength: 300 }),
      fc.array(tie('item'), { maxLength: 20 }),
      fc.dictionary(plainKey, tie('item'), { maxKeys: 20, noNullPrototype: true }),
    ),
  }))

  test('MessagePack: each reads what the other wrote, and the bytes are equal', () => {
    fc.assert(
      fc.property(item, (each) => {
        const ours = msgpack.encodePayload([each])
        const theirs = packageWriteMsgpack(each, { useBigInt64: false })
        assert.deepEqual(packageReadMsgpack(ours), each)
        assert.deepEqual(msgpack.decodePayload(theirs, 0, theirs.length, 1, false)[0], each)
        assert.equal(hexOf(ours).length <= hexOf(theirs).length, true, 'never longer than the package writes it')
      }),
      { numRuns: 800 },
    )
  })

  test('CBOR: each reads what the other wrote', () => {
    fc.assert(
      fc.property(item, (each) => {
        const ours = cbor.encodePayload([each])
        assert.deepEqual(packageReadCbor(ours), each)
        const theirs = packageWriteCbor(each)
        assert.deepEqual(cbor.decodePayload(theirs, 0, theirs.length, 1, false)[0], each)
      }),
      { numRuns: 800 },
    )
  })

  test('the walkers accept exactly what the packages accept, where both have a form for it', () => {
    const [head, offset] = [[0x94, 0x32, 0x01, 0x80, 0x91], 5]
    fc.assert(
      fc.property(item, fc.nat(), fc.nat(255), (each, place, by) => {
        const damaged = Uint8Array.from(msgpack.encodePayload([each]))
        damaged[place % damaged.length] = by
        const frame = Uint8Array.from([...head, ...damaged])
        let received: { payload: Payload } | undefined
        let why = ''
        try {
          received = msgpack.decode(frame) as { payload: Payload }
        } catch (error) {
          why = (error as Error).message
        }
        let theirs: unknown = refused
        try {
          theirs = packageReadMsgpack(frame.subarray(offset), { useBigInt64: true, mapKeyConverter: stringOnly })
        } catch {}
        // The package takes invalid UTF-8 for something else instead of refusing it.
        if (received === undefined) assert.ok(theirs === refused || why.includes('valid UTF-8'), `${why} ${hexOf(frame)}`)
        else if (theirs !== refused) {
          const ours = valuesOf(received.payload) as { args: unknown[] } | undefined
          if (ours) assert.deepEqual(numbers(ours.args[0]), numbers(theirs))
        }
      }),
      { numRuns: 2000 },
    )
  })
})

const refused = Symbol('refused')

function stringOnly(each: unknown): string {
  if (typeof each !== 'string') throw new Error('not a string')
  return each
}

/** With bigint for every 64 bit integer the package reads more of them as bigint than we do. */
function numbers(each: unknown): unknown {
  if (typeof each === 'bigint') return each >= -BigInt(Number.MAX_SAFE_INTEGER) && each <= BigInt(ID_MAX) ? Number(each) : each
  if (Array.isArray(each)) return each.map(numbers)
  if (each instanceof Uint8Array) return Uint8Array.from(each)
  if (typeof each === 'object' && each !== null)
    return Object.fromEntries(Object.entries(each).map(([name, inner]) => [name, numbers(inner)]))
  return each
}

test('SER-25 a Float is one of ours and never seen by an application', () => {
  for (const serializer of ALL_SERIALIZERS) {
    const frame = frameOf(serializer, [50, 1, {}, [new Float(1)]])
    assert.deepEqual((serializer.decode(frame) as { payload: Payload }).payload.read().args, [1])
  }
})
