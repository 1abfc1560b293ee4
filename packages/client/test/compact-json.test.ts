// The compact JSON of browsers beside the serializer of the protocol package: what one accepts, the other does, and both
// read and write the same.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeMessage, jsonSerializer, type Message, Payload, ProtocolViolation, type Serializer } from '@crosspoint/protocol'
import { MESSAGE_LAYOUTS } from '@crosspoint/protocol/internal'
import { compactJsonSerializer } from '../src/compact-json.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (frame: Uint8Array) => new TextDecoder().decode(frame)

function read(serializer: Serializer, frame: string): unknown {
  try {
    const message = serializer.decode(bytes(frame)) as Message & { payload?: Payload }
    return { ...message, payload: message.payload && [message.payload.count > 0, message.payload.read()] }
  } catch (error) {
    if (!(error instanceof ProtocolViolation)) throw error
    return 'violation'
  }
}

const VALUES: { readonly [kind: string]: unknown } = {
  id: 5,
  revocable: 5,
  integer: 48,
  uri: 'a.b',
  string: 's',
  realm: 'r',
  dict: { x: 1 },
  ignored: {},
}

describe('decode', () => {
  for (const { name, type, fields, hasPayload, lengthMin } of MESSAGE_LAYOUTS) {
    test(`${name}: every length, and every element of every type`, () => {
      const whole = [type, ...fields.map(({ kind }) => VALUES[kind]), ...(hasPayload ? [[1, 'two'], { three: 3 }] : []), 'more']
      for (let length = 1; length <= whole.length; length++) {
        // A detail that some peers append and nobody reads, or the details of a revocation.
        if (length > lengthMin && !hasPayload && length <= fields.length + 1) continue
        const frame = JSON.stringify(whole.slice(0, length))
        assert.deepEqual(read(compactJsonSerializer, frame), read(jsonSerializer, frame), frame)
      }
      const full = whole.slice(0, lengthMin)
      for (let at = 1; at < lengthMin; at++) {
        for (const wrong of [null, true, -1, 0, 1.5, 2 ** 53, 'x', [], {}, { topic: 1 }, { match: 'x' }, { progress: 1 }]) {
          if (wrong === 0 && fields[at - 1]!.kind === 'revocable') continue // the session refuses request id 0
          const frame = JSON.stringify(full.with(at, wrong))
          assert.deepEqual(read(compactJsonSerializer, frame), read(jsonSerializer, frame), frame)
        }
      }
    })
  }

  test('PPT-16 bytes or text in place of the arguments, where they are announced', () => {
    const announced = '{"enc_algo":"cryptobox"}'
    for (const rest of ['"\\u0000AQID"', '"text"', '"text",{}', '5', '[1]', '{}', '"text",[1]', '[1],{"k":2}']) {
      for (const options of [announced, '{}', 'null']) {
        const frame = `[68,1,2,${options},${rest}]`
        assert.deepEqual(read(compactJsonSerializer, frame), read(jsonSerializer, frame), frame)
      }
    }
    const message = jsonSerializer.decode(bytes(`[68,1,2,${announced},"\\u0000AQID"]`))
    assert.equal(text(encodeMessage(compactJsonSerializer, message)), `[68,1,2,${announced},"\\u0000AQID"]`)
  })

  test('what is no message', () => {
    for (const frame of [
      '',
      '{',
      '[',
      '[]',
      '{}',
      'null',
      '"x"',
      '[null]',
      '["16"]',
      '[1.5]',
      '[16.0]',
      '[0]',
      '[300]',
      '[-1]',
      '[36,1,1,{}]x',
    ]) {
      assert.deepEqual(read(compactJsonSerializer, frame), read(jsonSerializer, frame), frame)
    }
  })

  test('SER-04 ID-13 bytes, large integers and odd keys in payloads', () => {
    const payloads = [
      '["\\u0000AQID"]',
      '[9007199254740992,9007199254740993,-9007199254740993,12345678901234567890]',
      '[{"__proto__":{"a":1}}]',
    ]
    for (const payload of [...payloads, '["\\u0000not base64!"]', '[1.0,1e3,0.5]', '[],{"k":"\\u0000"}']) {
      const frame = `[36,1,1,{},${payload}]`
      assert.deepEqual(read(compactJsonSerializer, frame), read(jsonSerializer, frame), frame)
    }
  })
})

describe('encode', () => {
  const payloads: [unknown[], Record<string, unknown>][] = [
    [[], {}],
    [[1, 'zwei ✓', null, true, [1, [2]], { a: { b: 1 } }], {}],
    [[], { k: 1 }],
    [[new Uint8Array([1, 2, 255]), 2n ** 60n, -0, undefined, { gone: undefined }], { date: new Date(0) }],
  ]
  for (const [args, kwargs] of payloads) {
    test(`SER-03 the same text as the serializer of the protocol package: ${args.length} args`, () => {
      const message: Message = {
        type: 48,
        requestId: 1 as never,
        options: { timeout: 5 },
        procedure: 'a.b',
        payload: Payload.of(args, kwargs),
      }
      assert.equal(text(encodeMessage(compactJsonSerializer, message)), text(encodeMessage(jsonSerializer, message)))
    })
  }

  test('SER-24 what JSON has no form for is refused', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, () => 1, Symbol('x'), '\0text']) {
      for (const serializer of [compactJsonSerializer, jsonSerializer]) {
        assert.throws(() => serializer.encodePayload([[value]]), { code: 'ERR_UNSERIALIZABLE' }, String(value))
      }
    }
  })
})

test('PRV-10 a message that nests too deep is refused at decoding, not when somebody reads it', () => {
  const deep = `[50,1,{},[${'['.repeat(200)}${']'.repeat(200)}]]`
  for (const serializer of [compactJsonSerializer, jsonSerializer]) {
    assert.throws(() => serializer.decode(new TextEncoder().encode(deep)), ProtocolViolation)
  }
})
