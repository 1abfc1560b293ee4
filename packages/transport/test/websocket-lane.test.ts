// The fast lane together with the library gives what the library alone gives, whatever arrives and however it is cut.

import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { OPCODE, SeededRandom, webSocketFrame } from '@crosspoint/testing'
import { type WebSocket, WebSocketServer } from 'ws'
import { unmask, WebSocketLane } from '../src/websocket-lane.ts'

const FRAME_BYTES_MAX = 100_000

const server = new WebSocketServer({
  noServer: true,
  maxPayload: FRAME_BYTES_MAX,
  skipUTF8Validation: true,
  autoPong: false,
  clientTracking: false,
})
const UPGRADE = {
  method: 'GET',
  headers: { upgrade: 'websocket', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13' },
} as unknown as IncomingMessage

/** The library's end of a WebSocket on a stream that the test feeds; `received` grows with every message and control frame. */
function library(received: string[]): { feed: (bytes: Uint8Array) => void; end: () => void } {
  const stream = new Duplex({ read() {}, write: (_bytes, _encoding, done) => done() })
  let opened: WebSocket | undefined
  server.handleUpgrade(UPGRADE, stream, Buffer.alloc(0), (webSocket) => {
    opened = webSocket
  })
  const webSocket = opened!
  webSocket.on('message', (data: Buffer, isBinary) => received.push(`${isBinary ? 'binary' : 'text'} ${data.toString('latin1')}`))
  webSocket.on('ping', (data: Buffer) => received.push(`ping ${data.toString('latin1')}`))
  webSocket.on('pong', (data: Buffer) => received.push(`pong ${data.toString('latin1')}`))
  webSocket.on('error', () => received.push('error'))
  const onData = stream.listeners('data')[0] as (bytes: Uint8Array) => void
  stream.removeAllListeners('data')
  return { feed: (bytes) => onData.call(stream, bytes), end: () => webSocket.terminate() }
}

/** A legal stream of frames, now and then in fragments, with control frames anywhere; `isFaulty` puts one behind it that is not. */
function randomStream(random: SeededRandom, isFaulty: boolean): Buffer {
  const bytes = (length: number) => Buffer.from(Array.from({ length }, () => random.below(256)))
  const lengths = [0, 1, 5, 63, 64, 65, 125, 126, 127, 300, 4_095, 4_096, 9_000, 65_535, 65_536]
  const frames: Buffer[] = []
  const control = () => {
    if (random.below(4) === 0) frames.push(webSocketFrame(random.below(2) === 0 ? OPCODE.ping : OPCODE.pong, bytes(random.below(126))))
  }
  for (let count = 1 + random.below(8); count > 0; count--) {
    const opcode = random.below(2) === 0 ? OPCODE.text : OPCODE.binary
    const fragments = random.below(3) === 0 ? 2 + random.below(3) : 1
    for (let at = 0; at < fragments; at++) {
      control()
      const length = lengths[random.below(fragments === 1 ? lengths.length : 10)]!
      frames.push(webSocketFrame(at === 0 ? opcode : OPCODE.continuation, bytes(length), { isFinal: at === fragments - 1 }))
    }
    control()
  }
  if (isFaulty) {
    const faults = [
      webSocketFrame(OPCODE.text, bytes(3), { isMasked: false }),
      webSocketFrame(OPCODE.continuation, bytes(3)),
      webSocketFrame(3, bytes(3)),
      webSocketFrame(OPCODE.ping, bytes(3), { isFinal: false }),
      webSocketFrame(OPCODE.ping, bytes(126)),
      Buffer.from([0xc1, 0x80, 1, 2, 3, 4]),
    ]
    frames.push(faults[random.below(faults.length)]!, webSocketFrame(OPCODE.text, bytes(5)))
  }
  return Buffer.concat(frames)
}

function cut(stream: Buffer, random: SeededRandom): Buffer[] {
  const parts: Buffer[] = []
  const longest = [1, 3, 20, 2_000, 100_000][random.below(5)]!
  if (longest < 20 && stream.length > 20_000) return [Buffer.from(stream)]
  for (let at = 0; at < stream.length; ) {
    const next = at + 1 + random.below(longest)
    parts.push(Buffer.from(stream.subarray(at, next))) // a copy: the mask is taken off in place
    at = next
  }
  return parts
}

/** Until both have done what they defer. */
async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
}

for (const isFaulty of [false, true]) {
  test(`TRN-02 lane and library together equal the library alone${isFaulty ? ', also when a frame is not legal' : ''}`, async () => {
    const first = Date.now() % 2 ** 31
    for (let seed = first; seed < first + 150; seed++) {
      const random = new SeededRandom(seed)
      const stream = randomStream(random, isFaulty)
      const expected: string[] = []
      const alone = library(expected)
      alone.feed(Buffer.from(stream))
      await settled()
      alone.end()

      assert.ok(expected.length > 0)
      const received: string[] = []
      const inner = library(received)
      const lane = new WebSocketLane(FRAME_BYTES_MAX, {
        onMessage: (bytes, start, end, isBinary) =>
          received.push(`${isBinary ? 'binary' : 'text'} ${Buffer.from(bytes.subarray(start, end)).toString('latin1')}`),
        onOther: (bytes) => {
          inner.feed(bytes)
          if (received.at(-1) === 'error') lane.stop()
        },
        onTooLarge: () => received.push('too large'),
      })
      for (const part of cut(stream, random)) {
        lane.push(part)
        if (random.below(8) === 0) {
          lane.pause()
          await settled()
          lane.resume()
        }
      }
      await settled()
      inner.end()
      assert.deepEqual(received, expected, `seed ${seed}`)
    }
  })
}

test('TRN-06 a message longer than the limit stops the lane at its header, in fragments too', () => {
  for (const frames of [
    [webSocketFrame(OPCODE.text, Buffer.alloc(101))],
    [webSocketFrame(OPCODE.text, Buffer.alloc(60), { isFinal: false }), webSocketFrame(OPCODE.continuation, Buffer.alloc(41))],
  ]) {
    const seen: string[] = []
    const lane = new WebSocketLane(100, {
      onMessage: () => seen.push('message'),
      onOther: () => {},
      onTooLarge: (bytes) => seen.push(`too large: ${bytes}`),
    })
    for (const frame of frames) lane.push(frame)
    lane.push(webSocketFrame(OPCODE.text, Buffer.alloc(1)))
    assert.deepEqual(seen, ['too large: 101'])
  }
})

test('unmasking: every length and alignment', () => {
  const memory = new Uint8Array(256)
  for (let start = 0; start < 8; start++) {
    for (let length = 0; length < 140; length++) {
      const mask = 0x12a4f6c8
      for (let at = 0; at < memory.length; at++) memory[at] = at & 255
      unmask(memory, start, start + length, mask)
      for (let at = 0; at < memory.length; at++) {
        const isInside = at >= start && at < start + length
        const expected = isInside ? (at & 255) ^ ((mask >>> (24 - 8 * ((at - start) & 3))) & 255) : at & 255
        assert.equal(memory[at], expected, `start ${start}, length ${length}, at ${at}`)
      }
    }
  }
})
