// Queues that share chunks against the obvious model: every queue has a list of its own.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { SharedFrames } from '../src/frame-queue.ts'
import { BatchReader, ByteSink, type Chunk, FrameQueue, type Framing, webSocketHeader } from '../src/internal.ts'
import { hexOf } from './support.ts'

const NO_BYTES = new Uint8Array(0)

/** The parts of a frame whose bytes are told by `length` and `mark`. */
function parts(
  length: number,
  mark: number,
): { head: ByteSink; payload: { bytes: Uint8Array; start: number; end: number }; tail: Uint8Array } {
  const headLength = Math.min(length, 20)
  const tailLength = length > 20 ? 1 : 0
  const head = new ByteSink(32)
  for (let i = 0; i < headLength; i++) head.bytes[i] = mark
  head.length = headLength
  const payloadLength = length - headLength - tailLength
  const bytes = new Uint8Array(payloadLength + 7).fill(mark)
  return { head, payload: { bytes, start: 3, end: 3 + payloadLength }, tail: new Uint8Array(tailLength).fill(mark) }
}

function append(to: { append: FrameQueue['append'] }, length: number, mark: number): boolean {
  const { head, payload, tail } = parts(length, mark)
  return to.append(head, payload, tail)
}

/** What a socket would be given for these chunks; they are released. */
function written(chunks: readonly Chunk[]): Uint8Array {
  const bytes = Buffer.concat(chunks.map((chunk) => Buffer.from(chunk.bytes.subarray(0, chunk.end))))
  for (const chunk of chunks) chunk.release(false)
  return bytes
}

/** Splits a WebSocket stream from a server into its messages. */
function messages(stream: Uint8Array, opcode: number): string[] {
  const found: string[] = []
  const view = new DataView(stream.buffer, stream.byteOffset, stream.length)
  for (let at = 0; at < stream.length; ) {
    assert.equal(stream[at], opcode)
    let length = stream[at + 1]!
    at += 2
    if (length === 126) {
      length = view.getUint16(at)
      assert.ok(length >= 126, 'shortest form')
      at += 2
    } else if (length === 127) {
      length = Number(view.getBigUint64(at))
      assert.ok(length >= 65536, 'shortest form')
      at += 8
    }
    const body = stream.subarray(at, at + length)
    assert.equal(body.length, length)
    assert.ok(
      body.every((byte) => byte === body[0]),
      'a frame is not torn',
    )
    found.push(`${length}×${body[0]}`)
    at += length
  }
  return found
}

const queueOf = (framing: Framing, frameBytesMax = 2 ** 24, onTouched = () => {}) => new FrameQueue(framing, frameBytesMax, onTouched)

describe('one queue', () => {
  test('headers of WebSocket frames at the borders of their forms', () => {
    for (const [length, header] of [
      [0, '00'],
      [125, '7d'],
      [126, '7e007e'],
      [65535, '7effff'],
      [65536, '7f0000000000010000'],
      [2 ** 24, '7f0000000001000000'],
    ] as const) {
      for (const [framing, first] of [
        ['websocket-text', '81'],
        ['websocket-binary', '82'],
      ] as const) {
        const queue = queueOf(framing)
        assert.ok(append(queue, length, 5))
        const bytes = written(queue.take())
        assert.equal(hexOf(bytes.subarray(0, 1 + header.length / 2)), first + header)
        assert.equal(bytes.length, 1 + header.length / 2 + length)
      }
    }
  })

  test('TRN-17 TRN-18 prefixes of RawSocket frames', () => {
    for (const [length, header] of [
      [0, '00000000'],
      [255, '000000ff'],
      [65536, '00010000'],
      [2 ** 24 - 1, '00ffffff'],
      [2 ** 24, '08000000'],
    ] as const) {
      const queue = queueOf('rawsocket')
      assert.ok(append(queue, length, 5))
      const bytes = written(queue.take())
      assert.equal(hexOf(bytes.subarray(0, 4)), header)
      assert.equal(bytes.length, 4 + length)
    }
  })

  test('SER-18 messages of a batch: 0x1E behind each, or the length before it', () => {
    for (const length of [1, 125, 126, 65536, 2 ** 24]) {
      for (const framing of ['batch-text', 'batch-binary'] as const) {
        const queue = queueOf(framing)
        assert.ok(append(queue, length, 5))
        assert.ok(append(queue, length, 6))
        const found: string[] = []
        const reader = new BatchReader(framing === 'batch-binary', (bytes, start, end) => found.push(`${end - start}×${bytes[start]}`))
        const bytes = written(queue.take())
        reader.read(bytes, 0, bytes.length)
        assert.deepEqual(found, [`${length}×5`, `${length}×6`])
      }
    }
  })

  test('TRN-45 the header of the WebSocket message around a batch', () => {
    assert.equal(hexOf(webSocketHeader(false, 125)), '817d')
    assert.equal(hexOf(webSocketHeader(true, 65536)), '827f0000000000010000')
  })

  test('TRN-20 what is longer than the other side accepts is not queued, and said to be so', () => {
    const queue = queueOf('rawsocket', 512)
    assert.equal(append(queue, 513, 1), false)
    assert.equal(queue.bytes, 0)
    assert.equal(append(queue, 512, 1), true)
    assert.equal(queue.bytes, 516)
  })

  test('its owner is told once for each tick that there is something to write', () => {
    let touched = 0
    const queue = queueOf('rawsocket', 1000, () => touched++)
    append(queue, 10, 1)
    append(queue, 10, 2)
    assert.equal(touched, 1)
    written(queue.take())
    append(queue, 10, 3)
    assert.equal(touched, 2)
    written(queue.take())
    queue.hold()
    append(queue, 10, 4)
    assert.equal(touched, 3)
  })

  test('closed, it drops what waits and takes nothing more', () => {
    const queue = queueOf('rawsocket')
    append(queue, 10, 1)
    queue.close()
    assert.equal(append(queue, 10, 2), true)
    assert.deepEqual([queue.bytes, queue.take().length], [0, 0])
  })

  test('hold packs what waits densely and keeps it', () => {
    const queues = [queueOf('websocket-binary'), queueOf('websocket-binary')]
    const shared = new SharedFrames('websocket-binary', queues)
    for (let turn = 0; turn < 50; turn++) {
      append(shared, 40, 1)
      append(queues[0]!, 40, 2)
    }
    assert.ok(queues[0]!.chunks.length > 50)
    const before = queues[0]!.bytes
    queues[0]!.hold()
    assert.equal(queues[0]!.bytes, before)
    assert.equal(queues[0]!.chunks.length, 1)
    assert.deepEqual(messages(written(queues[0]!.take()), 0x82), new Array(50).fill(['40×1', '40×2']).flat())
    assert.deepEqual(messages(written(queues[1]!.take()), 0x82), new Array(50).fill('40×1'))
  })
})

describe('frames for many', () => {
  test('ORD-12 every queue has what was sent to it, in order, under any mix of shared and own frames', () => {
    const length = fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 1, max: 200 }) },
      fc.integer({ min: 1, max: 9000 }),
      fc.constantFrom(16374, 16384, 65536),
    )
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant('own' as const), queue: fc.nat(3), length }) },
      { weight: 8, arbitrary: fc.record({ do: fc.constant('shared' as const), queue: fc.nat(2), length }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('write' as const), queue: fc.nat(3), length }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('hold' as const), queue: fc.nat(3), length }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), queue: fc.nat(30), length }) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const queues = Array.from({ length: 4 }, () => queueOf('websocket-binary', 60_000))
        const sets = [
          [0, 1, 2, 3],
          [0, 1],
          [2, 3, 1],
        ]
        const audiences = sets.map(
          (set) =>
            new SharedFrames(
              'websocket-binary',
              set.map((index) => queues[index]!),
            ),
        )
        const wanted: string[][] = queues.map(() => [])
        const streams: Uint8Array[][] = queues.map(() => [])
        const closed = new Set<number>()
        steps.forEach((each, turn) => {
          const mark = (turn % 250) + 1
          const isShort = each.length <= 60_000
          const members = each.do === 'own' ? [each.queue] : each.do === 'shared' ? sets[each.queue]! : []
          if (each.do === 'own') assert.equal(append(queues[each.queue]!, each.length, mark), isShort)
          else if (each.do === 'shared') assert.equal(append(audiences[each.queue]!, each.length, mark), isShort)
          else if (each.do === 'write') streams[each.queue]!.push(written(queues[each.queue]!.take()))
          else if (each.do === 'hold') queues[each.queue]!.hold()
          else if (each.queue < 4 && !closed.has(each.queue)) {
            streams[each.queue]!.push(written(queues[each.queue]!.take()))
            queues[each.queue]!.close()
            closed.add(each.queue)
          }
          if (isShort) for (const member of members) if (!closed.has(member)) wanted[member]!.push(`${each.length}×${mark}`)
        })
        queues.forEach((queue, index) => {
          streams[index]!.push(written(queue.take()))
          assert.deepEqual(messages(Buffer.concat(streams[index]!), 0x82), wanted[index])
        })
      }),
      { numRuns: 400 },
    )
  })

  test('TRN-20 a frame that is too long for one of them is appended to none', () => {
    const queues = [queueOf('rawsocket', 512), queueOf('rawsocket', 1024)]
    const shared = new SharedFrames('rawsocket', queues)
    assert.equal(append(shared, 513, 1), false)
    assert.deepEqual(
      queues.map((queue) => queue.bytes),
      [0, 0],
    )
    assert.equal(append(shared, 512, 1), true)
    assert.deepEqual(
      queues.map((queue) => queue.bytes),
      [516, 516],
    )
  })

  test('SER-26 a frame for many lies in memory once', () => {
    const queues = Array.from({ length: 100 }, () => queueOf('rawsocket'))
    const shared = new SharedFrames('rawsocket', queues)
    for (let turn = 0; turn < 10; turn++) append(shared, 100, 1)
    const taken = queues.map((queue) => queue.take())
    assert.deepEqual(new Set(taken.flat()).size, 1)
    for (const chunks of taken) written(chunks)
  })

  test('memory that the network still reads from is not used again', () => {
    const queues = [queueOf('rawsocket'), queueOf('rawsocket')]
    const shared = new SharedFrames('rawsocket', queues)
    append(shared, 100, 7)
    const [first] = queues[0]!.take() as [Chunk]
    first.release(true)
    for (const chunk of queues[1]!.take()) chunk.release(false)
    for (let turn = 0; turn < 200; turn++) {
      const other = queueOf('rawsocket')
      append(other, 100, 9)
      const [chunk] = other.take() as [Chunk]
      assert.notEqual(chunk.bytes, first.bytes)
      chunk.release(false)
    }
    assert.equal(first.bytes[50], 7)
  })

  test('a payload of no bytes and a tail of none make a frame too', () => {
    const queue = queueOf('websocket-text')
    const head = new ByteSink(4)
    assert.ok(queue.append(head, { bytes: NO_BYTES, start: 0, end: 0 }, NO_BYTES))
    assert.equal(hexOf(written(queue.take())), '8100')
  })
})
