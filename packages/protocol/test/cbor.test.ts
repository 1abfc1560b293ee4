import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cborSerializer, type Payload } from '../src/index.ts'
import { Float } from '../src/internal.ts'
import { bytesOf, frameOf, hexOf, violates } from './support.ts'

const write = (value: unknown): string => hexOf(cborSerializer.encodePayload([value]))
const read = (hex: string, exact = false): unknown => {
  const bytes = bytesOf(hex)
  return cborSerializer.decodePayload(bytes, 0, bytes.length, 1, exact)[0]
}
/** The payload of a RESULT whose only argument is the item in `hex`, which is walked on the way. */
const payload = (hex: string): Payload => (cborSerializer.decode(bytesOf(`84183201a081${hex}`)) as { payload: Payload }).payload
const walked = (hex: string): unknown => payload(hex).read().args[0]

test('SER-01 names, subprotocol, RawSocket number and frame type', () => {
  const { name, subprotocol, rawSocketId, isBinary, tail } = cborSerializer
  assert.deepEqual([name, subprotocol, rawSocketId, isBinary, tail.length], ['cbor', 'wamp.2.cbor', 3, true, 0])
})

describe('numbers', () => {
  test('ID-13 SER-25 integers take the shortest form, up to 64 bit as integers, beyond it as tags 2 and 3', () => {
    for (const [value, hex] of [
      [0, '00'],
      [23, '17'],
      [24, '1818'],
      [255, '18ff'],
      [256, '190100'],
      [65535, '19ffff'],
      [65536, '1a00010000'],
      [2 ** 32 - 1, '1affffffff'],
      [2 ** 32, '1b0000000100000000'],
      [2 ** 53, '1b0020000000000000'],
      [-1, '20'],
      [-24, '37'],
      [-25, '3818'],
      [-256, '38ff'],
      [-257, '390100'],
      [-(2 ** 32), '3affffffff'],
      [-(2 ** 32) - 1, '3b0000000100000000'],
      [-(2 ** 53) + 1, '3b001ffffffffffffe'],
    ] as const) {
      assert.equal(write(value), hex, `${value}`)
      assert.equal(write(BigInt(value)), hex, `${value}n`)
      assert.equal(read(hex), value)
      assert.equal(walked(hex), value)
    }
    for (const [value, hex] of [
      [2n ** 53n + 1n, '1b0020000000000001'],
      [2n ** 64n - 1n, '1bffffffffffffffff'],
      [2n ** 64n, 'c249010000000000000000'],
      [-(2n ** 53n), '3b001fffffffffffff'],
      [-(2n ** 53n) - 1n, '3b0020000000000000'],
      [-(2n ** 64n), '3bffffffffffffffff'],
      [-(2n ** 64n) - 1n, 'c349010000000000000000'],
    ] as const) {
      assert.equal(write(value), hex, `${value}`)
      assert.equal(read(hex), value)
      assert.equal(walked(hex), value)
    }
  })

  test('SER-25 bignums of any form are read, narrowed where a number holds them, up to 127 bytes', () => {
    assert.deepEqual([walked('c240'), walked('c2420000'), walked('c24101'), walked('c34100'), walked('c25f41014102ff')], [0, 0, 1, -1, 258])
    assert.equal(walked(`c2587f${'ff'.repeat(127)}`), 2n ** 1016n - 1n)
    assert.equal(walked(`c2588100${'00'}${'ff'.repeat(127)}`), 2n ** 1016n - 1n)
    assert.equal(write(2n ** 1016n - 1n), `c2587f${'ff'.repeat(127)}`)
    assert.throws(() => walked(`c25880${'ff'.repeat(128)}`), { code: 'ERR_UNSERIALIZABLE', message: /128 bytes/ })
    for (const value of [2n ** 1016n, -(2n ** 1017n)])
      assert.throws(() => write([value]), { code: 'ERR_UNSERIALIZABLE', message: /too long/ })
    for (const hex of ['c201', 'c26161', 'c2f6', 'c280']) assert.throws(() => walked(hex), { code: 'ERR_UNSERIALIZABLE' }, hex)
  })

  test('SER-25 floats of all widths are read, and for transcoding an integral one stays a float', () => {
    for (const [hex, value] of [
      ['f90000', 0],
      ['f93c00', 1],
      ['f93e00', 1.5],
      ['f97bff', 65504],
      ['f90001', 2 ** -24],
      ['f90400', 2 ** -14],
      ['f9c400', -4],
      ['f97c00', Number.POSITIVE_INFINITY],
      ['f9fc00', Number.NEGATIVE_INFINITY],
      ['fa47c35000', 100000],
      ['fa7f7fffff', 3.4028234663852886e38],
      ['fb3ff199999999999a', 1.1],
      ['fbc010666666666666', -4.1],
    ] as const) {
      assert.equal(walked(hex), value)
      const exact = read(hex, true)
      assert.deepEqual(exact, Number.isInteger(value) ? new Float(value) : value)
    }
    assert.ok(Number.isNaN(walked('f97e00')))
    assert.ok(Object.is(walked('f98000'), -0))
    assert.deepEqual(
      [write(1.5), write(-0), write(2 ** 60), write(new Float(1))],
      ['fb3ff8000000000000', 'fb8000000000000000', 'fb43b0000000000000', 'fb3ff0000000000000'],
    )
  })
})

describe('text, bytes and containers', () => {
  test('SER-09 strings and bytes of every length, definite and in chunks', () => {
    for (const [length, argument] of [
      [0, '0'],
      [23, '7'],
      [24, '818'],
      [255, '8ff'],
      [256, '90100'],
      [65535, '9ffff'],
      [65536, 'a00010000'],
    ] as const) {
      const text = 'x'.repeat(length)
      const bytes = new Uint8Array(length).fill(120)
      const first = (major: number) =>
        length === 23 ? (major + 0x17).toString(16) : length === 0 ? major.toString(16) : `${(major + 16).toString(16)[0]}${argument}`
      assert.equal(write(text).slice(0, first(0x60).length), first(0x60))
      assert.equal(write(bytes).slice(0, first(0x40).length), first(0x40))
      assert.equal(walked(write(text)), text)
      assert.deepEqual(walked(write(bytes)), bytes)
      assert.equal(walked(`7f${write(text)}${write('é')}60ff`), `${text}é`)
      assert.deepEqual(walked(`5f${write(bytes)}410140ff`), Uint8Array.from([...bytes, 1]))
    }
    for (const part of ['ü', '€', '😀']) {
      for (const count of [1, 7, 8, 11, 12, 23, 24, 63, 64, 85, 86, 127, 128, 21845, 21846, 32768]) {
        const text = part.repeat(count)
        assert.equal(walked(write(text)), text)
      }
    }
  })

  test('SER-09 lists and dictionaries, definite and indefinite, in each other', () => {
    assert.deepEqual(walked('9f01820203bf616104ffff'), [1, [2, 3], { a: 4 }])
    assert.deepEqual(walked('bf61619f01ff6162bfffff'), { a: [1], b: {} })
    assert.deepEqual(walked('829fff80'), [[], []])
    for (const [length, list, dict] of [
      [0, '80', 'a0'],
      [23, '97', 'b7'],
      [24, '9818', 'b818'],
      [256, '990100', 'b90100'],
      [65536, '9a00010000', 'ba00010000'],
    ] as const) {
      const values = new Array<number>(length).fill(1)
      const object = Object.fromEntries(values.map((value, index) => [`k${index}`, value]))
      assert.equal(write(values).slice(0, list.length), list)
      assert.equal(write(object).slice(0, dict.length), dict)
      assert.deepEqual(walked(write(values)), values)
      assert.deepEqual(walked(write(object)), object)
    }
  })

  test('undefined is left out of objects and null in lists, toJSON is honoured, `__proto__` is a key', () => {
    assert.equal(write({ a: undefined, b: [undefined, null, true, false] }), 'a1616284f6f6f5f4')
    assert.equal(write([new Date(0)]), write(['1970-01-01T00:00:00.000Z']))
    const value = walked('a1695f5f70726f746f5f5fa1617801') as object
    assert.deepEqual(Object.keys(value), ['__proto__'])
    assert.equal(Object.getPrototypeOf(value), Object.prototype)
    assert.equal(write(value), 'a1695f5f70726f746f5f5fa1617801')
  })

  test('SER-24 what cannot be written is refused with its place', () => {
    assert.throws(() => write({ list: [1, () => 1] }), { code: 'ERR_UNSERIALIZABLE', message: /^Cannot write CBOR at list\[1\]: function/ })
    assert.throws(() => write(['\ud800']), { code: 'ERR_UNSERIALIZABLE', message: /surrogate/ })
  })

  test('SER-26 nesting ends at 128 levels, tags included', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)])
    assert.equal(write(nested(128)).length, 258)
    assert.throws(() => write(nested(129)), { code: 'ERR_UNSERIALIZABLE', message: /deeper than 128/ })
    for (const open of ['81', '9f', 'a16161', 'bf6161', 'c0']) {
      const closed = open === '9f' || open === 'bf6161' ? 'ff' : ''
      assert.equal(payload(`${open.repeat(127)}00${closed.repeat(127)}`).count, 1, open)
      violates(() => payload(`${open.repeat(128)}00${closed.repeat(128)}`), /deeper than 128/)
      violates(() => payload(open.repeat(100000)), /deeper than 128/)
    }
  })
})

describe('SER-24 what has no plain form', () => {
  test('SER-24 the tag 64 of a JavaScript encoder reads as bytes', () => {
    assert.deepEqual(walked('d84043010203'), new Uint8Array([1, 2, 3]))
  })

  test('other tags pass through but are refused when read; their content is not taken for the value', () => {
    for (const [hex, tag] of [
      ['c074323031332d30332d32315432303a30343a30305a', 0],
      ['c11a514b67b0', 1],
      ['d818 4401020304', 24],
      ['d9d9f7 01', 55799],
      ['db0000000100000000 01', 4294967296],
    ] as const) {
      const message = payload(hex)
      assert.equal(hexOf(message.bytes.subarray(message.start, message.end)), `81${hex.replaceAll(' ', '')}`)
      assert.throws(() => message.read(), { code: 'ERR_UNSERIALIZABLE', message: new RegExp(`the tag ${tag}:`) })
    }
  })

  test('simple values without a meaning pass through but are refused when read', () => {
    for (const [hex, value] of [
      ['e0', 0],
      ['f3', 19],
      ['f820', 32],
      ['f8ff', 255],
    ] as const) {
      assert.throws(() => walked(hex), { code: 'ERR_UNSERIALIZABLE', message: new RegExp(`simple value ${value}:`) })
    }
  })

  test('undefined reads as null, and is refused for transcoding', () => {
    assert.equal(walked('f7'), null)
    assert.throws(() => read('f7', true), { code: 'ERR_UNSERIALIZABLE', message: /undefined/ })
  })

  test('SER-10 deeper in a payload other keys than strings pass through but are refused when read', () => {
    for (const key of ['01', 'f6', 'f5', '80', 'a0', '4161', 'f93e00']) {
      assert.throws(() => walked(`a1${key}01`), { code: 'ERR_UNSERIALIZABLE', message: /only strings are keys/ }, key)
    }
  })
})

describe('damaged frames', () => {
  const definite = frameOf(cborSerializer, [
    48,
    2 ** 40,
    { timeout: 5, x: [1.5, 'ü', new Uint8Array(3)] },
    'com.ü.example.add',
    [1, -200, 70000, -70000, 'x'.repeat(300), 'ü'.repeat(200), null, true, 1.5, new Uint8Array(300), {}, 2n ** 70n],
    { a: { b: [] }, c: 2n ** 64n - 1n },
  ])
  const indefinite = bytesOf(
    '9f 1830 01 bf 6178 9f ff ff 7f 62612e 6162 ff 9f 5f 4101 ff c11a514b67b0 f93c00 ff bf 6161 bf 6162 f6 ff ff ff',
  )

  test('every prefix of a frame is a violation, also with the rest behind it in memory', () => {
    for (const whole of [definite, indefinite]) {
      assert.ok(cborSerializer.decode(whole))
      for (let end = 0; end < whole.length; end++) {
        violates(() => cborSerializer.decode(whole.slice(0, end)), /./, `${end}`)
        violates(() => cborSerializer.decode(whole, 0, end), /./, `${end}`)
      }
    }
  })

  test('SER-09 an indefinite message is passed on as a definite one with the payload bytes untouched', () => {
    const message = cborSerializer.decode(indefinite) as { payload: Payload; procedure: string; options: object }
    assert.deepEqual([message.procedure, message.options], ['a.b', { x: [] }])
    assert.equal(
      hexOf(message.payload.bytes.subarray(message.payload.start, message.payload.end)),
      '9f5f4101ffc11a514b67b0f93c00ffbf6161bf6162f6ffff',
    )
  })

  test('SER-10 a key that stands twice is found among many, also in an indefinite dictionary', () => {
    const keys = Array.from({ length: 20 }, (_, index) => `key${index}`)
    const frame = (list: string[]) => bytesOf(`85183201a080bf${list.map((key) => `${write(key)}f6`).join('')}ff`)
    assert.ok(cborSerializer.decode(frame(keys)))
    for (const second of [1, 7, 8, 19]) violates(() => cborSerializer.decode(frame(keys.with(second, 'key0'))), /"key0" stands twice/)
  })
})
