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
      if (layout === undefined) {
        test(`MSG-18 MSG-05 ${sample.description}`, () => {
          violates(() => serializer.decode(bytesOf(sample[dialect])), /^337 is not a message type/)
        })
        continue
      }
      const opaque = rest[layout.fields.length] instanceof Uint8Array
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

    test('SER-26 elements that take no bytes are counted over the whole message, so that lists in lists are no bomb', () => {
      const inner = ascii('$Z#U', 255)
      const lists = (count: number) =>
        Uint8Array.from([...ascii('[$[#U', count), ...Array.from({ length: count }, () => [...inner]).flat()])
      assert.equal((argumentOf(serializer, lists(16)) as unknown[]).length, 16)
      violates(() => serializer.decode(around(lists(17))), /announces more than 4096 elements that take no bytes/)
      violates(() => serializer.decode(around(lists(255))), /announces more than 4096 elements that take no bytes/)
      assert.equal((argumentOf(serializer, lists(16)) as unknown[]).length, 16, 'the next message begins at none')
    })

    test('SER-26 values in a dictionary of one type are bounded by its keys', () => {
      const keys = Array.from({ length: 5000 }, (_, index) => [...ascii('U', 4), ...ascii(String(10_000 + index).slice(1))]).flat()
      const count = dialect === 'bjdata' ? [0x88, 0x13] : [0x13, 0x88]
      const dict = argumentOf(serializer, Uint8Array.from([...ascii('{$Z#I'), ...count, ...keys])) as object
      assert.equal(Object.keys(dict).length, 5000)
    })

    test('SER-26 nesting has an end', () => {
      violates(() => serializer.decode(around(ascii('['.repeat(200)))), /nests deeper than 128 levels/)
      violates(() => serializer.decode(around(ascii(`[${'$[#U\x01['.repeat(200)}`))), /nests deeper than 128 levels/)
      violates(() => serializer.decode(around(ascii('[$[#U', 1))), /./)
    })

    test('SER-26 what nests as deep as may be written can be read, in the payload and in the head', () => {
      const nested = (levels: number) => {
        let value: unknown = 1
        for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value }
        return value
      }
      const eventOf = (details: unknown, args: unknown, kwargs: unknown): Message => ({
        type: 36,
        subscriptionId: 1 as never,
        publicationId: 2 as never,
        details: { a: details },
        payload: Payload.of([args], { a: kwargs }),
      })
      const deepest = eventOf(nested(127), nested(127), nested(127))
      assert.deepEqual(opened(serializer.decode(encodeMessage(serializer, deepest))), opened(deepest))
      for (const place of [0, 1, 2]) {
        const levels = [1, 1, 1].with(place, 128)
        const message = eventOf(nested(levels[0]!), nested(levels[1]!), nested(levels[2]!))
        assert.throws(
          () => encodeMessage(serializer, message),
          (error: unknown) => (error as UsageError).code === 'ERR_UNSERIALIZABLE',
        )
      }
    })

    test('what begins no value, lengths below 0 and unknown types are violations', () => {
      for (const [item, text] of [
        [ascii('x'), /0x78, which begins no value/],
        [ascii('Si', 0xff), /no length of 0 or more/],
        [ascii('Sd', 0, 0, 0, 0), /no length of 0 or more/],
        [ascii('[$'), /an unknown type of elements/],
        [ascii('[$x#U', 1), /an unknown type of elements/],
        [ascii('[$N#U', 1), /an unknown type of elements/],
        [ascii('[$U'), /a type of elements without their count/],
        [ascii('C', 200), /beyond ASCII/],
        [ascii('[$C#U', 2, 65, 200), /beyond ASCII/],
        [ascii('SU', 1, 0xff), /UTF-8/],
        [ascii('HU', 2, 0x30, 0x31), /text that is no number/],
        [ascii('HU', 0), /text that is no number/],
        [ascii('HU', 2, 0x31, 0x65), /text that is no number/],
        [ascii('HU', 2, 0x31, 0x2e), /text that is no number/],
      ] as const) {
        violates(() => serializer.decode(around(item)), text, hexOf(item))
      }
    })

    test('SER-26 a frame cut anywhere is a violation, also when more bytes follow it in memory', () => {
      for (const sample of vectors.samples) {
        const frame = bytesOf(sample[dialect])
        const room = Uint8Array.from([...frame, ...frame])
        for (let end = 1; end < frame.length; end++)
          violates(() => serializer.decode(room, 0, end), /./, `${sample.description} cut at ${end}`)
        if (layoutOf(sample.message[0] as number) === undefined) continue
        assert.equal(hexOf(encodeMessage(serializer, serializer.decode(room, frame.length))), hexOf(frame), 'and it can begin anywhere')
      }
    })

    test('SER-09 no-operations may stand before every marker and every key, also where elements are counted', () => {
      assert.deepEqual(argumentOf(serializer, ascii('N[#U', 2, ...ascii('NTNNF'))), [true, false])
      assert.deepEqual(argumentOf(serializer, ascii('{#U', 1, ...ascii('NU', 1, ...ascii('aNT')))), { a: true })
      assert.deepEqual(argumentOf(serializer, ascii('{NU', 1, ...ascii('aNTN}'))), { a: true })
    })

    test('SER-24 integers in decimal are read up to the longest that JSON and CBOR carry', () => {
      const longest = 2n ** 1016n - 1n
      for (const value of [longest, -longest]) {
        const bytes = serializer.encodePayload([[value]])
        assert.deepEqual(serializer.decodePayload(bytes, 0, bytes.length, 1, false), [[value]])
      }
      const decimal = (text: string) =>
        Uint8Array.from([
          ...ascii('H'),
          ...(dialect === 'bjdata' ? [0x49, text.length & 255, text.length >> 8] : [0x49, text.length >> 8, text.length & 255]),
          ...ascii(text),
        ])
      for (const text of [String(longest + 1n), `-${longest + 1n}`, '9'.repeat(30_000)]) {
        assert.throws(
          () => argumentOf(serializer, decimal(text)),
          (error: unknown) => (error as UsageError).code === 'ERR_UNSERIALIZABLE' && /more than 127 bytes/.test((error as Error).message),
        )
      }
      assert.throws(
        () => serializer.encodePayload([[longest + 1n]]),
        (error: unknown) => (error as UsageError).code === 'ERR_UNSERIALIZABLE',
      )
    })

    test('SER-24 a number in decimal with a fraction or exponent has no plain form, and in a head breaks the protocol', () => {
      for (const text of ['1.25', '-0.5', '1e5', '12E-3']) {
        const number = ascii('HU', text.length, ...ascii(text))
        const { payload } = serializer.decode(around(number)) as { payload: Payload }
        assert.throws(
          () => payload.read(),
          (error: unknown) => (error as UsageError).code === 'ERR_UNSERIALIZABLE' && /only integers/.test((error as Error).message),
        )
        const subscribe = Uint8Array.from([
          ...ascii('[U'),
          32,
          ...ascii('U'),
          1,
          ...ascii('{U'),
          1,
          ...ascii('a'),
          ...number,
          ...ascii('}SU'),
          1,
          ...ascii('b]'),
        ])
        violates(() => serializer.decode(subscribe), /SUBSCRIBE\.options must hold plain values\. .*only integers/i)
      }
    })

    test('SER-24 numbers that are not finite are written where the dialect has a form for them', () => {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        if (dialect === 'bjdata') {
          const frame = serializer.encodePayload([[value]])
          assert.deepEqual(serializer.decodePayload(frame, 0, frame.length, 1, true), [[value]])
          continue
        }
        assert.throws(
          () => serializer.encodePayload([[value]]),
          (error: unknown) => (error as UsageError).code === 'ERR_UNSERIALIZABLE',
        )
      }
    })

    test('SER-11 150 000 frames broken at random: a message or a violation, and none takes long', () => {
      const seed = 20_261_121
      const random = new SeededRandom(seed)
      const frames = [
        ...vectors.samples.map((sample) => bytesOf(sample[dialect])),
        ...vectors.values.map((each) => around(bytesOf(each[dialect]))),
        ...['[$Z#U\x09', '[$[#U\x02$T#U\x05$F#U\x01', '{$[#U\x01U\x01a$Z#U\x03'].map((head) => around(ascii(head))),
      ]
      for (let round = 0; round < 150_000; round++) {
        const frame = frames[random.below(frames.length)]!.slice()
        for (let i = random.below(4); i >= 0; i--) frame[random.below(frame.length)] = random.below(256)
        const read = () => {
          const began = performance.now()
          try {
            const message = serializer.decode(frame) as Message & { payload?: Payload }
            message.payload?.read()
          } catch (error) {
            const isExpected = error instanceof ProtocolViolation || (error as UsageError).code === 'ERR_UNSERIALIZABLE'
            assert.ok(isExpected, `seed ${seed}, round ${round}: ${hexOf(frame)}: ${(error as Error).stack}`)
          }
          return performance.now() - began
        }
        // Whoever is slow once may have been interrupted; what is slow four times is slow.
        const isSlow = read() > 20 && read() > 20 && read() > 20 && read() > 20
        assert.ok(!isSlow, `seed ${seed}, round ${round}: ${hexOf(frame)} takes more than 20 ms`)
      }
    })
  })
}

test('SER-12 the two dialects do not read each other: what one wrote is a violation, or another number, to the other', () => {
  const event: Message = { type: 36, subscriptionId: 300 as never, publicationId: 1 as never, details: {}, payload: Payload.of([1]) }
  violates(() => plainUbjsonSerializer.decode(encodeMessage(ubjsonSerializer, event)), /./)
  assert.notDeepEqual(opened(ubjsonSerializer.decode(encodeMessage(plainUbjsonSerializer, event))), opened(event))
})

test('SER-12 BJData: an array of one dimension is a list, as the bjdata package writes those of numpy; others are refused', () => {
  assert.deepEqual(argumentOf(ubjsonSerializer, bytesOf('5b2455235b55025d0102')), [1, 2])
  assert.deepEqual(argumentOf(ubjsonSerializer, bytesOf('5b2468235b55025d003e0040')), [1.5, 2])
  assert.deepEqual(argumentOf(ubjsonSerializer, bytesOf('5b2442235b55025d0102')), Uint8Array.of(1, 2))
  for (const dimensions of ['[]', '[U\x02U\x01]', '[[U\x01U\x02]]', '[$U#U\x02\x02\x01', '[#U\x01U\x02']) {
    violates(
      () => ubjsonSerializer.decode(around(ascii(`[$i#${dimensions}\x01\x02`))),
      /an array of none or several dimensions/,
      dimensions,
    )
  }
  for (const head of ['[#[U\x02]', '{$U#[U\x02]'])
    violates(() => ubjsonSerializer.decode(around(ascii(head))), /no length of 0 or more/, head)
  violates(() => plainUbjsonSerializer.decode(around(bytesOf('5b2455235b55025d0102'))), /no length of 0 or more/)
  violates(() => ubjsonSerializer.decode(around(ascii('[$Z#[l', 0, 0, 0, 1, 0x5d))), /announces more than 4096 elements/)
  violates(() => ubjsonSerializer.decode(around(ascii('[$i#[l', 0, 0, 0, 1, 0x5d))), /announces 16777216 elements/)
})

test('SER-12 the types of BJData alone are no types in UBJSON', () => {
  for (const [item, value] of [
    ['753412', 0x1234],
    ['6d78563412', 0x12345678],
    ['4d0100000000000000', 1],
    ['4205', 5],
    ['68003e', 1.5],
    ['680080', -0],
    ['680100', 2 ** -24],
    ['68007c', Number.POSITIVE_INFINITY],
  ] as const) {
    assert.deepEqual(argumentOf(ubjsonSerializer, bytesOf(item)), value)
    violates(() => plainUbjsonSerializer.decode(around(bytesOf(item))), /which begins no value/, item)
  }
})
