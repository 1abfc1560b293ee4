import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ProtocolViolation } from '../src/index.ts'
import {
  decodeHandshake,
  encodeControlFrame,
  encodeHandshake,
  encodeHandshakeError,
  FRAME_PING,
  FRAME_PONG,
  HANDSHAKE_ERRORS,
  RawSocketReader,
} from '../src/internal.ts'
import { bytesOf, hexOf } from './support.ts'

/** A reader that writes down what it hears, as `message 616263`. */
function recorder(frameBytesMax = 2 ** 24) {
  const heard: string[] = []
  const reader = new RawSocketReader(frameBytesMax, {
    onMessage: (bytes, start, end) => heard.push(`message ${hexOf(bytes.subarray(start, end))}`),
    onPing: (bytes, start, end) => heard.push(`ping ${hexOf(bytes.subarray(start, end))}`),
    onPong: () => heard.push('pong'),
  })
  return { heard, reader }
}

function fails(act: () => void, expected: RegExp): void {
  assert.throws(act, (error: unknown) => {
    assert.ok(error instanceof ProtocolViolation && error.isTransportFault, String(error))
    assert.match(error.message, expected)
    return true
  })
}

describe('handshake', () => {
  test('TRN-11 the octets tell the serializer and the longest message, 512 … 16 M', () => {
    assert.equal(hexOf(encodeHandshake({ frameBytesMax: 2 ** 24, serializerId: 1 })), '7ff10000')
    for (let exponent = 0; exponent < 16; exponent++) {
      for (const serializerId of [1, 2, 3, 15]) {
        const octets = encodeHandshake({ frameBytesMax: 2 ** (9 + exponent), serializerId })
        assert.equal(hexOf(octets), `7f${exponent.toString(16)}${serializerId.toString(16)}0000`)
        assert.deepEqual(decodeHandshake(octets), { frameBytesMax: 2 ** (9 + exponent), serializerId })
      }
    }
  })

  test('TRN-11 a limit that is no power of two is rounded down, within 512 … 16 M', () => {
    for (const [given, told] of [
      [1, 512],
      [513, 512],
      [1023, 512],
      [1024, 1024],
      [1_000_000, 524288],
      [2 ** 24 - 1, 2 ** 23],
      [2 ** 30, 2 ** 24],
    ] as const) {
      assert.deepEqual(decodeHandshake(encodeHandshake({ frameBytesMax: given, serializerId: 2 })), {
        frameBytesMax: told,
        serializerId: 2,
      })
    }
  })

  test('TRN-13 refusals have the code in the upper half and no serializer', () => {
    assert.deepEqual(
      [1, 2, 3, 4].map((code) => hexOf(encodeHandshakeError(code))),
      ['7f100000', '7f200000', '7f300000', '7f400000'],
    )
    assert.deepEqual(Object.keys(HANDSHAKE_ERRORS), ['1', '2', '3', '4'])
  })

  test('TRN-14 TRN-15 TRN-16 a wrong first octet or serializer 0 closes without an answer, reserved octets are error 3', () => {
    for (const hex of ['00f10000', '47455420', '7ef10000', '7ff00000', '7f000000', '7f100000'])
      assert.equal(decodeHandshake(bytesOf(hex)), 0, hex)
    for (const hex of ['7ff10100', '7ff10001', '7ff1ffff', '7ff18000']) assert.equal(decodeHandshake(bytesOf(hex)), 3, hex)
  })
})

describe('frames', () => {
  const stream = bytesOf('00000003 616263 01000002 7878 02000001 79 00000000 01000000 00000001 7a')
  const all = ['message 616263', 'ping 7878', 'pong', 'message ', 'ping ', 'message 7a']

  test('TRN-17 TRN-19 messages, PING and PONG are told apart, also empty ones', () => {
    const { heard, reader } = recorder()
    reader.push(stream)
    assert.deepEqual(heard, all)
  })

  test('TRN-21 frames may arrive in any split: byte by byte, and cut at every place', () => {
    const single = recorder()
    for (const byte of stream) single.reader.push(Uint8Array.of(byte))
    assert.deepEqual(single.heard, all)
    for (let first = 0; first <= stream.length; first++) {
      for (let second = first; second <= stream.length; second++) {
        const { heard, reader } = recorder()
        reader.push(stream.slice(0, first))
        reader.push(stream.slice(first, second))
        reader.push(stream.slice(second))
        assert.deepEqual(heard, all, `${first} ${second}`)
      }
    }
  })

  test('TRN-21 long frames survive any split', () => {
    const split = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20000 }), { maxLength: 4 }), split, (lengths, sizes) => {
        const frames = lengths.map((length, index) => new Uint8Array(length).fill(index + 1))
        const bytes = Buffer.concat(
          frames.map((frame) => Buffer.concat([encodeControlFrame(0, new Uint8Array(0)).subarray(0, 1), lengthOf(frame.length), frame])),
        )
        const { heard, reader } = recorder()
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % sizes.length]!
          reader.push(Uint8Array.from(bytes.subarray(at, at + size)))
          at += size
        }
        assert.deepEqual(
          heard,
          frames.map((frame) => `message ${hexOf(frame)}`),
        )
      }),
      { numRuns: 100 },
    )
  })

  test('TRN-18 exactly 2^24 bytes are told by the bit X alone', () => {
    let length = 0
    const sink = { onMessage: (_bytes: Uint8Array, start: number, end: number) => (length = end - start), onPing() {}, onPong() {} }
    const reader = new RawSocketReader(2 ** 24, sink)
    reader.push(bytesOf('08000000'))
    reader.push(new Uint8Array(2 ** 23))
    assert.equal(length, 0)
    reader.push(new Uint8Array(2 ** 23))
    assert.equal(length, 2 ** 24)
    reader.push(bytesOf('00ffffff'))
    reader.push(new Uint8Array(2 ** 24 - 1))
    assert.equal(length, 2 ** 24 - 1)
    for (const hex of ['08000001', '08ffffff', '09000001']) fails(() => recorder().reader.push(bytesOf(hex)), /length bit X/)
  })

  test('TRN-21 TRN-17 reserved bits and types fail the connection', () => {
    for (const first of ['10', '20', '40', '80', 'f0']) fails(() => recorder().reader.push(bytesOf(`${first}000001`)), /reserved bits/)
    for (const type of ['03', '04', '05', '06', '07'])
      fails(() => recorder().reader.push(bytesOf(`${type}000000`)), /frame type \d is reserved/)
  })

  test('TRN-20 SER-26 a frame that is too long is refused at its header, before memory is taken', () => {
    const { heard, reader } = recorder(512)
    reader.push(Uint8Array.from([0, 0, 2, 0, ...new Uint8Array(512)]))
    assert.equal(heard.length, 1)
    for (const hex of ['00000201', '01000201', '02ffffff', '08000000']) {
      fails(() => recorder(512).reader.push(bytesOf(hex)), /bytes was announced; at most 512 are accepted/)
    }
  })

  test('the limit may be raised when the session is established', () => {
    const { heard, reader } = recorder(512)
    reader.frameBytesMax = 1024
    reader.push(Uint8Array.from([0, 0, 4, 0, ...new Uint8Array(1024)]))
    assert.equal(heard.length, 1)
  })

  test('while paused nothing is handed over, and afterwards everything in order', () => {
    for (const size of [1, 2, 3, 5, 100]) {
      const { heard, reader } = recorder()
      reader.pause()
      for (let at = 0; at < stream.length; at += size) reader.push(stream.slice(at, at + size))
      assert.deepEqual(heard, [])
      reader.resume()
      assert.deepEqual(heard, all)
    }
  })

  test('a pause from within a message stops before the next one, however often', () => {
    for (const size of [1, 4, 7, 100]) {
      const heard: string[] = []
      let reader: RawSocketReader
      const hear = (what: string) => {
        heard.push(what)
        reader.pause()
      }
      reader = new RawSocketReader(1000, {
        onMessage: (bytes, start, end) => hear(`message ${hexOf(bytes.subarray(start, end))}`),
        onPing: (bytes, start, end) => hear(`ping ${hexOf(bytes.subarray(start, end))}`),
        onPong: () => hear('pong'),
      })
      for (let at = 0; at < stream.length; at += size) reader.push(stream.slice(at, at + size))
      for (let index = 1; index <= all.length; index++) {
        assert.deepEqual(heard, all.slice(0, index), `${size}`)
        reader.resume()
      }
      assert.deepEqual(heard, all)
    }
  })

  test('TRN-19 a PONG has the payload of its PING', () => {
    assert.equal(hexOf(encodeControlFrame(FRAME_PONG, bytesOf('7878'))), '020000027878')
    assert.equal(hexOf(encodeControlFrame(FRAME_PING, new Uint8Array(0))), '01000000')
    assert.equal(hexOf(encodeControlFrame(FRAME_PONG, new Uint8Array(2 ** 24)).subarray(0, 4)), '0a000000')
    assert.equal(hexOf(encodeControlFrame(FRAME_PONG, new Uint8Array(2 ** 24 - 1)).subarray(0, 4)), '02ffffff')
  })
})

function lengthOf(length: number): Uint8Array {
  return Uint8Array.of(length >> 16, length >> 8, length)
}
