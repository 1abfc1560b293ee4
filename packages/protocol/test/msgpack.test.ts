import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { msgpackSerializer, type Payload } from '../src/index.ts'
import { Float } from '../src/internal.ts'
import { bytesOf, frameOf, hexOf, violates } from './support.ts'

const write = (value: unknown): string => hexOf(msgpackSerializer.encodePayload([value]))
const read = (hex: string, exact = false): unknown => {
  const bytes = bytesOf(hex)
  return msgpackSerializer.decodePayload(bytes, 0, bytes.length, 1, exact)[0]
}
/** The payload of a RESULT whose only argument is the value in `hex`, which is walked on the way. */
const payload = (hex: string): Payload => (msgpackSerializer.decode(bytesOf(`9432018091${hex}`)) as { payload: Payload }).payload
const hex64 = (value: bigint): string => BigInt.asUintN(64, value).toString(16).padStart(16, '0')

test('SER-01 names, subprotocol, RawSocket number and frame type', () => {
  const { name, subprotocol, rawSocketId, isBinary, tail } = msgpackSerializer
  assert.deepEqual([name, subprotocol, rawSocketId, isBinary, tail.length], ['msgpack', 'wamp.2.msgpack', 2, true, 0])
})

describe('numbers', () => {
  test('SER-08 ID-13 integers take the shortest form and are never floats', () => {
    for (const [value, hex] of [
      [0, '00'],
      [127, '7f'],
      [128, 'cc80'],
      [255, 'ccff'],
      [256, 'cd0100'],
      [65535, 'cdffff'],
      [65536, 'ce00010000'],
      [2 ** 32 - 1, 'ceffffffff'],
      [2 ** 32, 'cf0000000100000000'],
      [2 ** 53 - 1, 'cf001fffffffffffff'],
      [2 ** 53, 'cf0020000000000000'],
      [-1, 'ff'],
      [-32, 'e0'],
      [-33, 'd0df'],
      [-128, 'd080'],
      [-129, 'd1ff7f'],
      [-32768, 'd18000'],
      [-32769, 'd2ffff7fff'],
      [-(2 ** 31), 'd280000000'],
      [-(2 ** 31) - 1, 'd3ffffffff7fffffff'],
      [-(2 ** 53) + 1, 'd3ffe0000000000001'],
    ] as const) {
      assert.equal(write(value), hex, `${value}`)
      assert.equal(write(BigInt(value)), hex, `${value}n`)
      assert.equal(read(hex), value)
      assert.equal(read(hex, true), value)
    }
  })

  test('SER-25 integers of 64 bit are bigint both ways', () => {
    for (const value of [2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
      assert.equal(write(value), `cf${hex64(value)}`)
      assert.equal(read(write(value)), value)
    }
    for (const value of [-(2n ** 53n), -(2n ** 53n) - 1n, -(2n ** 63n)]) {
      assert.equal(write(value), `d3${hex64(value)}`)
      assert.equal(read(write(value)), value)
    }
    assert.equal(read(`d3${hex64(5n)}`), 5)
    assert.equal(read(`d3${hex64(-5n)}`), -5)
  })

  test('SER-24 integers beyond 64 bit have no form', () => {
    for (const value of [2n ** 64n, -(2n ** 63n) - 1n, 2n ** 5000n]) {
      assert.throws(() => write([1, { a: value }]), {
        code: 'ERR_UNSERIALIZABLE',
        message: /at \[1\]\.a: the integer .* has more than 64 bit/,
      })
    }
  })

  test('SER-25 floats of both widths are read, and for transcoding an integral one stays a float', () => {
    assert.equal(read('cb3ff8000000000000'), 1.5)
    assert.equal(read('ca3fc00000'), 1.5)
    assert.deepEqual(
      [read('cb3ff0000000000000'), read('cb3ff0000000000000', true), read('ca3f800000', true)],
      [1, new Float(1), new Float(1)],
    )
    assert.ok(Object.is(read('cb8000000000000000'), -0))
    assert.deepEqual(read('cb8000000000000000', true), new Float(-0))
    assert.ok(Number.isNaN(read('cb7ff8000000000000', true)))
    assert.equal(read('ca7f800000', true), Number.POSITIVE_INFINITY)
  })

  test('floats, and integers beyond the safe range, are written as 64 bit floats', () => {
    for (const [value, hex] of [
      [1.5, 'cb3ff8000000000000'],
      [-0, 'cb8000000000000000'],
      [Number.POSITIVE_INFINITY, 'cb7ff0000000000000'],
      [2 ** 60, 'cb43b0000000000000'],
      [-(2 ** 53), 'cbc340000000000000'],
      [new Float(1), 'cb3ff0000000000000'],
      [new Float(-0), 'cb8000000000000000'],
    ] as const) {
      assert.equal(write(value), hex)
    }
    assert.match(write(Number.NaN), /^cb7ff/)
  })
})

describe('text, bytes and containers', () => {
  test('SER-08 strings of every length are str in their shortest form', () => {
    for (const [length, head] of [
      [0, 'a0'],
      [31, 'bf'],
      [32, 'd920'],
      [63, 'd93f'],
      [64, 'd940'],
      [255, 'd9ff'],
      [256, 'da0100'],
      [65535, 'daffff'],
      [65536, 'db00010000'],
    ] as const) {
      const text = 'x'.repeat(length)
      assert.equal(write(text).slice(0, head.length), head)
      assert.equal(read(write(text)), text)
    }
    // Text whose UTF-8 is longer than its UTF-16 units, around each border of the head.
    for (const part of ['ü', '€', '😀']) {
      for (const count of [1, 10, 11, 15, 16, 31, 32, 63, 64, 84, 85, 86, 127, 128, 21845, 21846, 32767, 32768]) {
        const text = part.repeat(count)
        const length = new TextEncoder().encode(text).length
        const head = length < 32 ? 1 : length < 256 ? 2 : length < 65536 ? 3 : 5
        assert.equal(write(text).length / 2, head + length)
        assert.equal(read(write(text)), text)
      }
    }
  })

  test('SER-11 half a surrogate pair has no form in UTF-8', () => {
    for (const text of ['\ud800', 'a\udc00b', `${'x'.repeat(100)}\ud83d`]) {
      assert.throws(() => write([text]), { code: 'ERR_UNSERIALIZABLE', message: /surrogate/ })
      assert.throws(() => write({ [text]: 1 }), { code: 'ERR_UNSERIALIZABLE', message: /surrogate/ })
    }
  })

  test('SER-08 Uint8Array and Buffer are bin', () => {
    for (const [length, head] of [
      [0, 'c400'],
      [255, 'c4ff'],
      [256, 'c50100'],
      [65536, 'c600010000'],
    ] as const) {
      const bytes = new Uint8Array(length).fill(7)
      assert.equal(write(bytes).slice(0, head.length), head)
      assert.equal(write(Buffer.from(bytes)), write(bytes))
      assert.deepEqual(read(write(bytes)), bytes)
    }
  })

  test('bytes that are read are a copy of their own', () => {
    const frame = Buffer.from('9432018091c403010203', 'hex')
    const message = msgpackSerializer.decode(frame) as { payload: Payload }
    const [first] = message.payload.read().args as [Uint8Array]
    frame.fill(0)
    assert.deepEqual(first, new Uint8Array([1, 2, 3]))
    assert.equal(Object.getPrototypeOf(first), Uint8Array.prototype)
  })

  test('lists and dictionaries of every size', () => {
    for (const [length, list, map] of [
      [0, '90', '80'],
      [15, '9f', '8f'],
      [16, 'dc0010', 'de0010'],
      [65535, 'dcffff', 'deffff'],
      [65536, 'dd00010000', 'df00010000'],
    ] as const) {
      const values = new Array<number>(length).fill(1)
      const dict = Object.fromEntries(values.map((value, index) => [`k${index}`, value]))
      assert.equal(write(values).slice(0, list.length), list)
      assert.equal(write(dict).slice(0, map.length), map)
      assert.deepEqual(read(write(values)), values)
      assert.deepEqual(read(write(dict)), dict)
    }
  })

  test('undefined is left out of objects and nil in lists, toJSON is honoured, `__proto__` is a key', () => {
    assert.equal(write({ a: undefined, b: [undefined, null] }), '81a16292c0c0')
    assert.equal(write([new Date(0), { toJSON: () => undefined }]), write(['1970-01-01T00:00:00.000Z', null]))
    const value = read('81a95f5f70726f746f5f5f81a17801') as object
    assert.deepEqual(Object.keys(value), ['__proto__'])
    assert.equal(Object.getPrototypeOf(value), Object.prototype)
    assert.equal(write(value), '81a95f5f70726f746f5f5f81a17801')
  })

  test('an object that changes while it is written is refused rather than written wrong', () => {
    let reads = 0
    const shrinking = {
      get a() {
        return reads++ === 0 ? 1 : undefined
      },
    }
    assert.throws(() => write([shrinking]), { code: 'ERR_UNSERIALIZABLE', message: /changed while/ })
  })

  test('a toJSON that encodes something itself spoils nothing', () => {
    const inner = { toJSON: () => write({ deep: [1, 2, 3] }) }
    assert.equal(write(['before', inner, 'after']), write(['before', '81a46465657093010203', 'after']))
  })

  test('SER-24 functions and symbols are refused with their place', () => {
    assert.throws(() => write([0, { user: { 'e-mail': () => 1 } }]), {
      code: 'ERR_UNSERIALIZABLE',
      message: /^Cannot write MessagePack at \[1\]\.user\["e-mail"\]: function/,
    })
    assert.throws(() => write(Symbol('s')), { code: 'ERR_UNSERIALIZABLE', message: /^Cannot write MessagePack: Symbol\(s\)/ })
  })

  test('SER-26 values that nest too deep are refused when written and when walked', () => {
    const nested = (levels: number): unknown => (levels === 0 ? new Uint8Array(1) : [nested(levels - 1)])
    assert.deepEqual(read(write(nested(128))), nested(128))
    assert.throws(() => write(nested(129)), { code: 'ERR_UNSERIALIZABLE', message: /deeper than 128/ })
    assert.deepEqual(payload(`${'91'.repeat(127)}c0`).count, 1)
    violates(() => payload(`${'91'.repeat(128)}c0`), /deeper than 128/)
    violates(() => payload('91'.repeat(100000)), /deeper than 128/)
    violates(() => payload(`${'81a161'.repeat(128)}c0`), /deeper than 128/)
    const kwargs = (levels: number) => bytesOf(`9532018090${'81a161'.repeat(levels)}c0`)
    assert.ok(msgpackSerializer.decode(kwargs(128)))
    violates(() => msgpackSerializer.decode(kwargs(129)), /deeper than 128/)
  })
})

describe('SER-24 what has no plain form', () => {
  test('extension types pass through but are refused when read, by their number', () => {
    for (const [hex, type] of [
      ['d4 05 00', 5],
      ['d5 06 0000', 6],
      ['d6 ff 00000000', -1],
      ['d7 ff 0000000000000000', -1],
      ['d8 7f 00000000000000000000000000000000', 127],
      ['c7 03 11 000000', 17],
      ['c8 0003 12 000000', 18],
      ['c9 00000003 80 000000', -128],
    ] as const) {
      const message = payload(hex)
      assert.equal(hexOf(message.bytes.subarray(message.start, message.end)), `91${hex.replaceAll(' ', '')}`)
      assert.throws(() => message.read(), { code: 'ERR_UNSERIALIZABLE', message: new RegExp(`extension type ${type}:`) })
    }
  })

  test('SER-10 deeper in a payload other keys than strings pass through but are refused when read', () => {
    for (const key of ['01', 'c0', 'c3', '90', '80', 'c40161', 'cb3ff8000000000000']) {
      const message = payload(`81${key}01`)
      assert.throws(() => message.read(), { code: 'ERR_UNSERIALIZABLE', message: /only strings are keys/ }, key)
    }
  })
})

describe('damaged frames', () => {
  const whole = frameOf(msgpackSerializer, [
    48,
    2 ** 40,
    { timeout: 5, x: [1.5, 'ü', new Uint8Array(3)] },
    'com.ü.example.add',
    [1, -200, 70000, -70000, 'x'.repeat(300), 'ü'.repeat(200), null, true, 1.5, new Uint8Array(300), {}],
    { a: { b: [] }, c: 2n ** 64n - 1n },
  ])

  test('every prefix of a frame is a violation, also with the rest behind it in memory', () => {
    assert.ok(msgpackSerializer.decode(whole))
    for (let end = 0; end < whole.length; end++) {
      violates(() => msgpackSerializer.decode(whole.slice(0, end)), /./, `${end}`)
      violates(() => msgpackSerializer.decode(whole, 0, end), /./, `${end}`)
    }
  })

  test('a frame in the middle of a buffer is read alone, and errors count from its begin', () => {
    const bytes = bytesOf('93110102 9432018091a161 93320180c1')
    assert.deepEqual((msgpackSerializer.decode(bytes, 4, 11) as { payload: Payload }).payload.read().args, ['a'])
    violates(() => msgpackSerializer.decode(bytes, 11, 16), /bytes follow at byte 4/)
    violates(() => msgpackSerializer.decode(bytes, 4, 10), /announces 1 bytes, but only 0/)
  })

  test('SER-10 a key that stands twice is found among many', () => {
    const keys = Array.from({ length: 40 }, (_, index) => `key${index}`)
    const frame = (list: string[]) =>
      bytesOf(`9532018090de${list.length.toString(16).padStart(4, '0')}${list.map((key) => `${write(key)}c0`).join('')}`)
    assert.ok(msgpackSerializer.decode(frame(keys)))
    for (const [first, second] of [
      [0, 1],
      [0, 7],
      [0, 8],
      [7, 39],
      [20, 21],
    ] as const) {
      const doubled = keys.with(second, keys[first]!)
      violates(() => msgpackSerializer.decode(frame(doubled)), new RegExp(`"key${first}" stands twice`))
    }
    violates(() => msgpackSerializer.decode(frame(['ü', 'ue', 'ü'])), /"ü" stands twice/)
  })
})
