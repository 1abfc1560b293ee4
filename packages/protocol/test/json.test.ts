import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeMessage, jsonSerializer, type Message, type Payload, UsageError } from '../src/index.ts'
import { Float } from '../src/internal.ts'
import { parseJson, stringifyJson } from '../src/serializers/json-values.ts'
import { bytesOf, opened, textOf, violates } from './support.ts'

const read = (text: string): Message => jsonSerializer.decode(textOf(text))
const frame = (message: unknown): string => Buffer.from(encodeMessage(jsonSerializer, message as Message)).toString()

describe('bytes in JSON', () => {
  const bytes = bytesOf('10e3ff9053075c526f5fc06d4fe37cdb')
  const text = '"\\u0000EOP/kFMHXFJvX8BtT+N82w=="'

  test('SER-03 bytes become U+0000 and Base64, byte for byte as the specification shows it', () => {
    assert.equal(stringifyJson(bytes), text)
    assert.deepEqual(parseJson(text, false), bytes)
    assert.equal(stringifyJson(Buffer.from(bytes)), text, 'a Buffer is bytes too')
  })

  test('SER-04 only a string that begins with U+0000 is bytes', () => {
    assert.deepEqual(parseJson('["\\u0000","a\\u0000","\\\\u0000",""]', false), [new Uint8Array(0), 'a\0', '\\u0000', ''])
  })

  test('SER-05 at any depth, but never as a key', () => {
    assert.deepEqual(parseJson('{"a":[{"b":"\\u0000AQI="}],"\\u0000AQI=":1}', false), { a: [{ b: new Uint8Array([1, 2]) }], '\0AQI=': 1 })
    assert.equal(stringifyJson({ a: [{ b: new Uint8Array([1, 2]) }] }), '{"a":[{"b":"\\u0000AQI="}]}')
  })

  test('SER-05 a string of the application that begins with U+0000 cannot be sent', () => {
    for (const value of ['\0', '\0abc', ['\0abc'], { a: { b: '\0' } }]) {
      assert.throws(() => stringifyJson(value), { code: 'ERR_UNSERIALIZABLE', message: /begins with U\+0000/ })
    }
    assert.throws(() => frame({ type: 32, requestId: 1, options: {}, topic: '\0a' }), { code: 'ERR_UNSERIALIZABLE' })
  })

  test('SER-05 what is not Base64 behind U+0000 is a violation wherever it stands', () => {
    for (const wrong of ['"\\u0000="', '"\\u0000AQI"', '"\\u0000A QI="', '"\\u0000AQI=="', '"\\u0000AQ-_"']) {
      violates(() => read(`[50,1,{},[${wrong}]]`), /not Base64/)
      violates(() => read(`[50,1,{},[],{"a":[${wrong}]}]`), /not Base64/)
      violates(() => read(`[48,1,{"x":${wrong}},"a.b"]`), /not Base64/)
    }
  })

  test('SER-26 ten million bytes as Base64 are read without trouble', () => {
    const text = `[50,1,{},["\\u0000${'QUJD'.repeat(3_000_000)}"]]`
    const [read10] = (opened(read(text))['payload'] as { args: Uint8Array[] }).args
    assert.equal(read10!.length, 9_000_000)
    violates(() => read(text.replace('QUJD"', 'QUJ*"')), /not Base64/)
  })
})

describe('numbers in JSON', () => {
  test('ID-13 SER-25 integers beyond 2^53 are bigint and keep their digits', () => {
    assert.deepEqual(parseJson('[9007199254740991,9007199254740992,9007199254740993,-9007199254740993]', false), [
      9007199254740991,
      9007199254740992,
      9007199254740993n,
      -9007199254740993n,
    ])
    assert.equal(stringifyJson([18446744073709551615n, -9223372036854775808n, 5n]), '[18446744073709551615,-9223372036854775808,5]')
  })

  test('SER-25 for transcoding an integral float stays a float', () => {
    assert.deepEqual(parseJson('[1.0,1e3,1.5,-0.0,1,-0]', true), [new Float(1), new Float(1000), 1.5, new Float(-0), 1, -0])
    assert.deepEqual(parseJson('[1.0,1e3]', false), [1, 1000])
    assert.equal(stringifyJson([new Float(1), new Float(-0), new Float(1e21), new Float(-5), -0]), '[1.0,-0.0,1e+21,-5.0,-0.0]')
  })

  test('SER-24 what JSON has no form for is refused and named', () => {
    assert.throws(() => stringifyJson([Number.NaN]), { code: 'ERR_UNSERIALIZABLE', message: /NaN/ })
    assert.throws(() => stringifyJson({ a: Number.NEGATIVE_INFINITY }), { code: 'ERR_UNSERIALIZABLE', message: /-Infinity/ })
    assert.throws(() => stringifyJson([() => 1]), { code: 'ERR_UNSERIALIZABLE', message: /function/ })
    assert.throws(() => stringifyJson([Symbol('s')]), { code: 'ERR_UNSERIALIZABLE', message: /Symbol\(s\)/ })
    assert.throws(() => stringifyJson([2n ** 2000n]), { code: 'ERR_UNSERIALIZABLE', message: /too long/ })
  })

  test('SER-26 values that nest too deep are refused, also endless ones', () => {
    const endless: unknown[] = []
    endless.push(endless)
    assert.throws(() => stringifyJson(endless), { code: 'ERR_UNSERIALIZABLE', message: /deeper than 128/ })
    const self: Record<string, unknown> = {}
    self['toJSON'] = () => self
    assert.throws(() => stringifyJson(self), { code: 'ERR_UNSERIALIZABLE' })
  })
})

test('undefined is left out of objects and null in lists, and toJSON is honoured', () => {
  assert.equal(stringifyJson({ a: undefined, b: [undefined, 1], c: new Date(0) }), '{"b":[null,1],"c":"1970-01-01T00:00:00.000Z"}')
  assert.equal(stringifyJson({ a: { toJSON: () => undefined } }), '{"a":null}')
})

test('a key `__proto__` is a key like any other', () => {
  const value = parseJson('{"__proto__":{"polluted":true},"x":"\\u0000"}', true) as object
  assert.deepEqual(Object.keys(value), ['__proto__', 'x'])
  assert.equal((value as { polluted?: boolean }).polluted, undefined)
  assert.equal(stringifyJson(value), '{"__proto__":{"polluted":true},"x":"\\u0000"}')
  const message = read('[48,1,{"__proto__":{"timeout":"x"}},"a.b",[],{"__proto__":1}]')
  assert.equal(message.type, 48)
  assert.deepEqual(Object.keys((opened(message)['payload'] as { kwargs: object }).kwargs), ['__proto__'])
})

test('SER-01 names, subprotocol, RawSocket number and frame type', () => {
  const { name, subprotocol, rawSocketId, isBinary } = jsonSerializer
  assert.deepEqual([name, subprotocol, rawSocketId, isBinary], ['json', 'wamp.2.json', 1, false])
})

describe('URIs and strings in heads', () => {
  test('any text passes, escaped or not', () => {
    for (const topic of ['a.b', 'com.ünï.€.😀', 'a"b\\c', 'tab\tline\n', '', 'x'.repeat(5000), '\u007f', 'a\0']) {
      const message = { type: 32, requestId: 1, options: {}, topic }
      assert.deepEqual(opened(read(frame(message))), message)
    }
    assert.equal((read('[32,1,{},"\\u0061\\u002eb"]') as { topic: string }).topic, 'a.b')
  })

  test('every prefix of a frame is a violation', () => {
    for (const whole of [
      '[48,123456789,{},"com.example.add",[1,2],{"a":1}]',
      '[70,12345678901,{"progress":true},[]]',
      '[1,null,{"roles":{}}]',
      '[16,7,{},"a\\u0062"]',
    ]) {
      const bytes = textOf(whole)
      assert.ok(jsonSerializer.decode(bytes))
      for (let end = 0; end < bytes.length; end++) {
        violates(() => jsonSerializer.decode(bytes.slice(0, end)), /./, whole.slice(0, end))
        violates(() => jsonSerializer.decode(bytes, 0, end), /./, whole.slice(0, end))
      }
    }
  })

  test('a frame in the middle of a buffer is read alone', () => {
    const bytes = textOf('[48,1,{},"x"][48,2,{},"com.example.y",[3]][48,4')
    const message = jsonSerializer.decode(bytes, 13, 42) as { requestId: number; procedure: string; payload: Payload }
    assert.deepEqual([message.requestId, message.procedure, message.payload.read().args], [2, 'com.example.y', [3]])
    violates(() => jsonSerializer.decode(bytes, 42, bytes.length), /ends in the middle, at byte 5/)
  })
})

test('errors of the encoder are UsageErrors that keep their cause', () => {
  const failing = {
    toJSON() {
      throw new Error('inner')
    },
  }
  assert.throws(
    () => stringifyJson(failing),
    (error: unknown) => error instanceof UsageError && (error.cause as Error).message === 'inner',
  )
})
