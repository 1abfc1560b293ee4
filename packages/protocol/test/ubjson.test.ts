import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SeededRandom } from '@crosspoint/testing'
import {
  encodeMessage,
  type Message,
  Payload,
  ProtocolViolation,
  plainUbjsonSerializer,
  type Serializer,
  type UsageError,
  ubjsonSerializer,
} from '../src/index.ts'
import { layoutOf } from '../src/internal.ts'
import { bytesOf, hexOf, messageOf, opened, violates } from './support.ts'
import vectors from './vectors/ubjson.json' with { type: 'json' }

const DIALECTS: readonly (readonly ['bjdata' | 'ubjson', Serializer])[] = [
  ['bjdata', ubjsonSerializer],
  ['ubjson', plainUbjsonSerializer],
]

/** Bytes and big integers, as the file of vectors writes them. */
function plainOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainOf)
  if (typeof value !== 'object' || value === null) return value
  const { hex, integer } = value as { hex?: string; integer?: string }
  if (hex !== undefined) return bytesOf(hex)
  if (integer !== undefined) return BigInt(integer)
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plainOf(each)]))
}

const ascii = (text: string, ...more: number[]) => Uint8Array.from([...Array.from(text, (c) => c.charCodeAt(0)), ...more])
/** The frame of an EVENT whose first argument is these bytes. */
const around = (item: Uint8Array) =>
  Uint8Array.from([...ascii('[U'), 36, ...ascii('U'), 1, ...ascii('U'), 1, ...ascii('{}['), ...item, ...ascii(']]')])
const argumentOf = (serializer: Serializer, item: Uint8Array) =>
  (serializer.decode(around(item)) as { payload: Payload }).payload.read().args[0]

for (const [dialect, serializer] of DIALECTS) {
  describe(dialect, () => {
    for (const sample of vectors.samples) {
      const [type, ...rest] = plainOf(sample.message) as [number, ...unknown[]]
      const layout = layoutOf(type)
      const opaque = rest[layout?.fields.length ?? 0] instanceof Uint8Array
      if (layout === undefined) continue
      test(`VEC-06 SER-12 ${sample.description}`, () => {
        const frame = bytesOf(sample[dialect])
        const message = serializer.decode(frame)
        const [args, kwargs] = rest.slice(layout.fields.length) as [unknown[]?, Record<string, unknown>?]
        const built = messageOf(layout, rest, opaque ? Payload.opaque(args as never) : Payload.of(args, kwargs))
        assert.deepEqual(opened(message), opened(built))
        assert.equal(hexOf(encodeMessage(serializer, built)), hexOf(frame), 'and so it is written')
        assert.equal(hexOf(encodeMessage(serializer, message)), hexOf(frame), 'passing it on gives the same bytes')
      })
    }

    for (const { says, values, isOtherForm, ...bytes } of vectors.values) {
      test(`SER-08 SER-09 SER-25 ${says}`, () => {
        const frame = bytesOf(bytes[dialect])
        const wanted = plainOf(values)
        assert.deepEqual(serializer.decodePayload(frame, 0, frame.length, 1, false)[0], wanted)
        if (isOtherForm !== true) assert.equal(hexOf(serializer.encodePayload([wanted])), bytes[dialect])
      })
    }

    test('SER-09 floats with an integral value are ids, markers that mean nothing are nothing', () => {
      const little = dialect === 'bjdata'
      const one = little ? [0, 0, 0, 0, 0, 0, 0xf0, 0x3f] : [0x3f, 0xf0, 0, 0, 0, 0, 0, 0]
      const frame = Uint8Array.from([...ascii('N[NU'), 34, ...ascii('ND'), ...one, ...ascii('U'), 5, ...ascii('N]')])
      assert.deepEqual(opened(serializer.decode(frame)), { type: 34, requestId: 1, subscriptionId: 5 })
    })

    test('SER-10 a key that stands twice is a violation', () => {
      const frame = Uint8Array.from([...ascii('[U'), 6, ...ascii('{U'), 1, ...ascii('aTU'), 1, ...ascii('aF}SU'), 3, ...ascii('a.b]')])
      violates(() => serializer.decode(frame), /every key once; "a" stands twice/)
    })

    test('SER-26 announced sizes are checked before anything is taken', () => {
      const much = dialect === 'bjdata' ? [0xff, 0xff, 0xff, 0x7f] : [0x7f, 0xff, 0xff, 0xff]
      for (const head of ['[$Z#l', '[$T#l', '[$U#l', '[$D#l', '[#l', '{#l', '{$Z#l', 'Sl', 'Hl']) {
        violates(() => serializer.decode(around(Uint8Array.from([...ascii(head), ...much]))), /announces|ends in the middle/, head)
      }
      assert.deepEqual(argumentOf(serializer, ascii('[$Z#U', 3)), [null, null, null])
    })

    test('SER-26 nesting has an end', () => {
      violates(() => serializer.decode(around(ascii('['.repeat(200)))), /nests deeper than 128 levels/)
      violates(() => serializer.decode(around(ascii('[$[#U', 1))), /./)
    })

    test('what begins no value, lengths below 0 and arrays of several dimensions are violations', () => {
      for (const item of [ascii('x'), ascii('Si', 0xff), ascii('[$'), ascii('[$x#U', 1), ascii('[$U'), ascii('[$U#[U', 2, 0x55, 2, 0x5d)]) {
        violates(() => serializer.decode(around(item)), /./)
      }
      violates(() => serializer.decode(around(ascii('C', 200))), /beyond ASCII/)
      violates(() => serializer.decode(around(ascii('SU', 1, 0xff))), /UTF-8/)
    })

    test('SER-24 a number with a fraction and more digits than a float has no plain form', () => {
      const frame = around(ascii('HU', 4, ...ascii('1.25')))
      const { payload } = serializer.decode(frame) as { payload: Payload }
      assert.throws(
        () => payload.read(),
        (error: unknown) => (error as UsageError).code === 'ERR_UNSERIALIZABLE',
      )
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, undefined].slice(0, 2)) {
        assert.throws(
          () => serializer.encodePayload([[value]]),
          (error: unknown) => (error as UsageError).code === 'ERR_UNSERIALIZABLE',
        )
      }
    })

    test('SER-11 20 000 frames broken at random: a message or a violation, and none takes long', () => {
      const seed = 20_261_121
      const random = new SeededRandom(seed)
      const frames = vectors.samples.map((sample) => bytesOf(sample[dialect]))
      let slowest = 0
      for (let round = 0; round < 20_000; round++) {
        const frame = frames[random.below(frames.length)]!.slice()
        for (let i = random.below(4); i >= 0; i--) frame[random.below(frame.length)] = random.below(256)
        const began = performance.now()
        try {
          const message = serializer.decode(frame) as Message & { payload?: Payload }
          message.payload?.read()
        } catch (error) {
          const isExpected = error instanceof ProtocolViolation || (error as UsageError).code === 'ERR_UNSERIALIZABLE'
          assert.ok(isExpected, `seed ${seed}, round ${round}: ${hexOf(frame)}: ${(error as Error).stack}`)
        }
        slowest = Math.max(slowest, performance.now() - began)
      }
      assert.ok(slowest < 500, `the slowest took ${slowest} ms`)
    })
  })
}

test('SER-12 the two dialects do not read each other: what one wrote is a violation, or another number, to the other', () => {
  const event: Message = { type: 36, subscriptionId: 300 as never, publicationId: 1 as never, details: {}, payload: Payload.of([1]) }
  violates(() => plainUbjsonSerializer.decode(encodeMessage(ubjsonSerializer, event)), /./)
  assert.notDeepEqual(opened(ubjsonSerializer.decode(encodeMessage(plainUbjsonSerializer, event))), opened(event))
})
