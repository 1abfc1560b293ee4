import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cborSerializer, jsonSerializer, type Message, msgpackSerializer, Payload, type Serializer } from '../src/index.ts'
import { bytesOf, frameOf, hexOf, SERIALIZERS, textOf } from './support.ts'

const payloadIn = (serializer: Serializer, frame: Uint8Array): Payload =>
  (serializer.decode(frame) as Message & { payload: Payload }).payload
const result = (serializer: Serializer, ...args: unknown[]): Payload => payloadIn(serializer, frameOf(serializer, [50, 1, {}, args]))
const shown = (of: { bytes: Uint8Array; start: number; end: number }): string => hexOf(of.bytes.subarray(of.start, of.end))
const jsonText = (of: Payload): string => {
  const { bytes, start, end } = of.bytesIn(jsonSerializer)
  return Buffer.from(bytes.subarray(start, end)).toString()
}

describe('MSG-12 passing through', () => {
  test('the bytes between equal serializers are the very ones that came, white space and all', () => {
    const frame = textOf('[50, 1, {}, [ 1.0,\t"\\u0061" , 1e2 ] , {"a" :18446744073709551616} ]')
    const payload = payloadIn(jsonSerializer, frame)
    assert.equal(payload.bytesIn(jsonSerializer), payload)
    assert.equal(
      Buffer.from(payload.bytes.subarray(payload.start, payload.end)).toString(),
      '[ 1.0,\t"\\u0061" , 1e2 ] , {"a" :18446744073709551616}',
    )
  })

  test('SER-24 what has no plain form passes too', () => {
    assert.equal(shown(payloadIn(msgpackSerializer, bytesOf('9432018091d40500'))), '91d40500')
    assert.equal(shown(payloadIn(cborSerializer, bytesOf('84183201a081c11a514b67b0'))), '81c11a514b67b0')
  })
})

describe('SER-25 transcoding', () => {
  test('floats stay floats and integers stay integers', () => {
    const json = payloadIn(jsonSerializer, textOf('[50,1,{},[1,1.0,1.5,-0.0,1e300]]'))
    assert.equal(shown(json.bytesIn(msgpackSerializer)), '9501cb3ff0000000000000cb3ff8000000000000cb8000000000000000cb7e37e43c8800759c')
    assert.equal(shown(json.bytesIn(cborSerializer)), '8501fb3ff0000000000000fb3ff8000000000000fb8000000000000000fb7e37e43c8800759c')
    for (const serializer of [msgpackSerializer, cborSerializer]) {
      const { bytes, start, end } = json.bytesIn(serializer)
      assert.equal(jsonText(new Payload(1, serializer, bytes, start, end)), '[1,1.0,1.5,-0.0,1e+300]')
    }
    assert.equal(jsonText(payloadIn(cborSerializer, bytesOf('84183201a082f93c00fa40000000'))), '[1.0,2.0]')
  })

  test('integers beyond 2^53 keep every digit', () => {
    for (const serializer of SERIALIZERS) {
      const payload = result(serializer, 2n ** 64n - 1n, -(2n ** 63n), 2n ** 53n + 1n)
      assert.equal(jsonText(payload), '[18446744073709551615,-9223372036854775808,9007199254740993]')
      assert.equal(shown(payload.bytesIn(msgpackSerializer)), '93cfffffffffffffffffd38000000000000000cf0020000000000001')
      assert.equal(shown(payload.bytesIn(cborSerializer)), '831bffffffffffffffff3b7fffffffffffffff1b0020000000000001')
    }
  })

  test('SER-03 bytes are bytes and strings are strings', () => {
    const bytes = bytesOf('10e3ff9053075c526f5fc06d4fe37cdb')
    for (const serializer of SERIALIZERS) {
      const payload = result(serializer, bytes, 'EOP/', { a: bytes })
      assert.equal(jsonText(payload), '["\\u0000EOP/kFMHXFJvX8BtT+N82w==","EOP/",{"a":"\\u0000EOP/kFMHXFJvX8BtT+N82w=="}]')
      assert.equal(shown(payload.bytesIn(msgpackSerializer)), `93c410${hexOf(bytes)}a4454f502f81a161c410${hexOf(bytes)}`)
      assert.equal(shown(payload.bytesIn(cborSerializer)), `8350${hexOf(bytes)}64454f502fa1616150${hexOf(bytes)}`)
    }
  })

  test('keys such as `__proto__` arrive in every serializer', () => {
    const json = payloadIn(jsonSerializer, textOf('[50,1,{},[{"__proto__":1,"constructor":2}]]'))
    assert.equal(shown(json.bytesIn(msgpackSerializer)), '9182a95f5f70726f746f5f5f01ab636f6e7374727563746f7202')
    assert.deepEqual(Object.entries(json.read().args[0] as object), [
      ['__proto__', 1],
      ['constructor', 2],
    ])
  })

  test('SER-26 a payload is transcoded once for each serializer', () => {
    const payload = result(jsonSerializer, 1)
    assert.equal(payload.bytesIn(cborSerializer), payload.bytesIn(cborSerializer))
    assert.notEqual(payload.bytesIn(cborSerializer), payload.bytesIn(msgpackSerializer))
  })
})

describe('SER-24 what the other serializer has no form for', () => {
  const cases: readonly (readonly [string, Serializer, string, Serializer, RegExp])[] = [
    ['NaN to JSON', msgpackSerializer, '9432018091cb7ff8000000000000', jsonSerializer, /NaN/],
    ['Infinity to JSON', cborSerializer, '84183201a081f97c00', jsonSerializer, /Infinity/],
    ['a string that begins with U+0000 to JSON', msgpackSerializer, '9432018091a20061', jsonSerializer, /U\+0000/],
    ['an extension type', msgpackSerializer, '9432018091d40500', jsonSerializer, /extension type 5/],
    ['an extension type', msgpackSerializer, '9432018091d40500', cborSerializer, /extension type 5/],
    ['a tag', cborSerializer, '84183201a081c11a514b67b0', msgpackSerializer, /the tag 1/],
    ['undefined', cborSerializer, '84183201a081f7', msgpackSerializer, /undefined/],
    ['an integer beyond 64 bit to MessagePack', cborSerializer, '84183201a081c249010000000000000000', msgpackSerializer, /64 bit/],
    ['a key that is no string', cborSerializer, '84183201a081a10102', jsonSerializer, /key 1/],
    ['half a surrogate pair', jsonSerializer, hexOf(textOf('[50,1,{},["\\ud800"]]')), cborSerializer, /surrogate/],
  ]
  for (const [what, from, hex, to, expected] of cases) {
    test(`${what}: ${from.name} to ${to.name}`, () => {
      const payload = payloadIn(from, bytesOf(hex))
      assert.throws(() => payload.bytesIn(to), { code: 'ERR_UNSERIALIZABLE', message: expected })
      assert.throws(() => payload.bytesIn(to), { code: 'ERR_UNSERIALIZABLE' }, 'and again when asked again')
    })
  }
})

describe('a payload of values', () => {
  test('MSG-06 empty kwargs and then empty args are left out', () => {
    assert.deepEqual([Payload.of().count, Payload.of([]).count, Payload.of([1]).count, Payload.of([], { a: 1 }).count], [0, 0, 1, 2])
  })

  test('reading gives fresh values every time', () => {
    for (const payload of [
      Payload.of([[1], new Uint8Array([1])], { a: {} }),
      result(jsonSerializer, [1]),
      result(cborSerializer, new Uint8Array(1)),
    ]) {
      const first = payload.read()
      const second = payload.read()
      assert.deepEqual(first, second)
      assert.notEqual(first.args, second.args)
      assert.notEqual(first.args[0], second.args[0])
    }
    const empty = Payload.of().read()
    ;(empty.args as unknown[]).push(1)
    assert.deepEqual(Payload.of().read(), { args: [], kwargs: {} })
  })

  test("TRN-48 an isolated payload is out of its maker's reach", () => {
    const args = [{ list: [1] }]
    const payload = Payload.of(args).isolated()
    args[0]!.list.push(2)
    assert.deepEqual(payload.read().args, [{ list: [1] }])
    assert.throws(() => Payload.of([() => 1]).isolated(), { code: 'ERR_UNSERIALIZABLE', message: /function/ })
  })

  test('a copy does not hang on the network buffer, whatever kind of memory that is', () => {
    for (const serializer of SERIALIZERS) {
      for (const memory of [(bytes: Uint8Array) => Uint8Array.from(bytes), (bytes: Uint8Array) => Buffer.from(bytes)]) {
        const frame = memory(frameOf(serializer, [50, 1, {}, [1, 'text']]))
        const copy = payloadIn(serializer, frame).copy()
        frame.fill(0)
        assert.deepEqual(copy.read().args, [1, 'text'])
      }
    }
  })
})
