import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cborSerializer, encodeMessage, jsonSerializer, MessageType, ProtocolViolation, type Serializer } from '../src/index.ts'
import { BatchReader, batchedSubprotocol, joinBatch } from '../src/internal.ts'
import { hexOf } from './support.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

/** What a reader finds in one batch, and the fault that it throws, if any. */
function read(batch: Uint8Array, isBinary: boolean): { messages: string[]; fault: ProtocolViolation | undefined } {
  const messages: string[] = []
  const reader = new BatchReader(isBinary, (bytes, start, end) => messages.push(textOf(bytes.subarray(start, end))))
  // Surrounded, so that a reader that looks beyond its bounds is found out.
  const surrounded = Buffer.concat([bytesOf('["before"]\x1e'), batch, bytesOf('["after"]\x1e')])
  try {
    reader.read(surrounded, 11, 11 + batch.length)
  } catch (error) {
    assert.ok(error instanceof ProtocolViolation, String(error))
    return { messages, fault: error }
  }
  return { messages, fault: undefined }
}

test('SER-18 every JSON message, also the last, is followed by 0x1E; a binary one is preceded by its length', () => {
  const goodbye = { type: MessageType.GOODBYE, details: {}, reason: 'wamp.close.normal' } as const
  const json = encodeMessage(jsonSerializer, goodbye)
  assert.equal(textOf(joinBatch([json], false)), '[6,{},"wamp.close.normal"]\x1e')
  assert.equal(textOf(joinBatch([json, json], false)), '[6,{},"wamp.close.normal"]\x1e[6,{},"wamp.close.normal"]\x1e')
  const cbor = encodeMessage(cborSerializer, goodbye)
  assert.equal(hexOf(joinBatch([cbor], true)), `000000${cbor.length.toString(16)}${hexOf(cbor)}`)
  assert.equal(hexOf(joinBatch([new Uint8Array(0x010203)], true).subarray(0, 4)), '00010203')
})

test('SER-18 SER-20 what is joined is read again, in order, one message or many', () => {
  const message = fc.string({ minLength: 1, maxLength: 300 }).map((text) => JSON.stringify([text]))
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 20 }), fc.boolean(), (messages, isBinary) => {
      const { messages: found, fault } = read(joinBatch(messages.map(bytesOf), isBinary), isBinary)
      assert.equal(fault, undefined)
      assert.deepEqual(found, messages)
    }),
  )
})

test('SER-20 PRV-31 an empty batch fails the transport, without ABORT', () => {
  for (const isBinary of [false, true]) {
    const { messages, fault } = read(new Uint8Array(0), isBinary)
    assert.equal(fault?.isTransportFault, true)
    assert.match(fault.message, /An empty batch arrived/)
    assert.deepEqual(messages, [])
  }
})

test('SER-21 0x18 separates JSON messages too', () => {
  assert.deepEqual(read(bytesOf('[1]\x18[2]\x1e[3]\x18'), false), { messages: ['[1]', '[2]', '[3]'], fault: undefined })
})

for (const [what, batch, isBinary, found, message] of [
  ['bytes behind the last separator', '[1]\x1e[2]', false, ['[1]'], /3 bytes behind its last separator/],
  ['no separator at all', '[1]', false, [], /3 bytes behind its last separator/],
  ['a length of 0', '\0\0\0\x03[1]\0\0\0\0', true, ['[1]'], /0 bytes was announced in a batch with 0 bytes left/],
  ['a length beyond the end', '\0\0\0\x03[1]\0\0\0\x04[2]', true, ['[1]'], /4 bytes was announced in a batch with 3 bytes left/],
  ['a length beyond 2^31', '\x7f\0\0\0[1]', true, [], /2130706432 bytes was announced/],
  ['a piece of a length', '\0\0\0\x03[1]\0\0\0', true, ['[1]'], /ended with 3 bytes, which is no length/],
] as const) {
  test(`SER-22 ${what} is a violation, after the whole messages before it`, () => {
    const { messages, fault } = read(bytesOf(batch), isBinary)
    assert.equal(fault?.isTransportFault, false)
    assert.match(fault.message, message)
    assert.deepEqual(messages, found)
  })
}

test('SER-22 any bytes are messages or a violation, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.boolean(), (bytes, isBinary) => {
      const { messages, fault } = read(bytes, isBinary)
      assert.ok(messages.length > 0 || fault !== undefined)
    }),
  )
})

for (const isBinary of [false, true]) {
  const kind = isBinary ? 'binary' : 'text'
  test(`SER-22 after stop the rest of a ${kind} batch is discarded, and the next batch read`, () => {
    const found: string[] = []
    const reader = new BatchReader(isBinary, (bytes, start, end) => {
      found.push(textOf(bytes.subarray(start, end)))
      if (found.length === 2) reader.stop()
    })
    const batch = joinBatch(['a', 'b', 'c'].map(bytesOf), isBinary)
    reader.read(batch, 0, batch.length)
    assert.deepEqual([found, reader.isReady], [['a', 'b'], true])
    reader.read(batch, 0, batch.length)
    assert.deepEqual(found, ['a', 'b', 'a', 'b', 'c'])
  })

  test(`paused within a ${kind} batch, the reader holds the rest until resume`, () => {
    const found: string[] = []
    const reader = new BatchReader(isBinary, (bytes, start, end) => {
      found.push(textOf(bytes.subarray(start, end)))
      reader.pause()
    })
    const batch = joinBatch(['a', 'b', 'c'].map(bytesOf), isBinary)
    reader.read(batch, 0, batch.length)
    assert.deepEqual([found, reader.isReady], [['a'], false])
    reader.resume()
    assert.deepEqual([found, reader.isReady], [['a', 'b'], false])
    reader.resume()
    assert.deepEqual([found, reader.isReady], [['a', 'b', 'c'], false])
    reader.resume()
    assert.equal(reader.isReady, true)
  })
}

test('TRN-45 the subprotocol of batches; FlatBuffers has none', () => {
  assert.equal(batchedSubprotocol(jsonSerializer), 'wamp.2.json.batched')
  assert.equal(batchedSubprotocol(cborSerializer), 'wamp.2.cbor.batched')
  const flatbuffers: Serializer = { ...cborSerializer, name: 'flatbuffers', subprotocol: 'wamp.2.flatbuffers' }
  assert.equal(batchedSubprotocol(flatbuffers), undefined)
})
