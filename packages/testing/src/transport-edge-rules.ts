// The rules of the transport suite that are easy to break: long frames, readers that pause at every frame, close at any moment.

import assert from 'node:assert/strict'
import type { Rule } from './transport-suite.ts'

/** A frame of `length` bytes of ASCII, which text transports can carry too. */
function frameOf(length: number, seed: number): string {
  return Array.from({ length }, (_, at) => String.fromCharCode(97 + ((at * 7 + seed) % 26))).join('')
}

const bytesOf = (frame: string): Uint8Array => new TextEncoder().encode(frame)
const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}`)

/** Lets everything happen that is under way in this process. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve))
}

export const EDGE_RULES: readonly (readonly [title: string, rule: Rule])[] = [
  [
    'frames of 0, 1, 65535, 65536 and a million bytes',
    async (one, other) => {
      const frames = [0, 1, 65_535, 65_536, 1_000_000].map(frameOf)
      one.transport.establish?.()
      other.transport.establish?.()
      for (const frame of frames) one.transport.send(bytesOf(frame))
      await other.until('all frames', () => other.frames.length === frames.length)
      for (const [index, frame] of frames.entries()) assert.ok(other.frames[index] === frame, `the frame of ${frame.length} bytes`)
    },
  ],
  [
    'TRN-20 a frame of exactly frameBytesMax arrives',
    async (one, other) => {
      one.transport.establish?.()
      other.transport.establish?.()
      const { frameBytesMax } = one.transport
      if (frameBytesMax !== undefined) assert.ok(Number.isInteger(frameBytesMax) && frameBytesMax > 0, `${frameBytesMax}`)
      const frame = 'x'.repeat(Math.min(frameBytesMax ?? 2 ** 20, 2 ** 24))
      one.transport.send(bytesOf(frame))
      await other.until('the frame', () => other.frames.length === 1)
      assert.ok(other.frames[0] === frame)
    },
  ],
  [
    'the memory of a frame is the sender’s again when it has been received',
    async (one, other) => {
      const frame = bytesOf('first')
      one.transport.send(frame)
      await other.until('the first', () => other.frames.length === 1)
      frame.set(bytesOf('other'))
      one.transport.send(frame)
      await other.until('the other', () => other.frames.length === 2)
      assert.deepEqual(other.frames, ['first', 'other'])
    },
  ],
  [
    'a frame that is a view of larger memory arrives without its surroundings',
    async (one, other) => {
      one.transport.send(bytesOf('before|frame|after').subarray(7, 12))
      await other.until('the frame', () => other.frames.length === 1)
      assert.deepEqual(other.frames, ['frame'])
    },
  ],
  [
    'a reader that pauses at every frame gets one with each resume',
    async (one, other) => {
      const { onFrame } = other.transport
      other.transport.onFrame = (bytes, start, end) => {
        other.transport.pause()
        onFrame(bytes, start, end)
      }
      for (const frame of numbers(20)) one.transport.send(bytesOf(frame))
      for (let count = 1; count <= 20; count++) {
        await other.until(`frame ${count}`, () => other.frames.length >= count)
        await settle()
        assert.equal(other.frames.length, count)
        other.transport.resume()
      }
      assert.deepEqual(other.frames, numbers(20))
    },
  ],
  [
    'close ends a transport that is paused',
    async (one, other) => {
      other.transport.pause()
      one.transport.send(bytesOf('unread'))
      other.transport.close()
      await Promise.all([one, other].map((end) => end.until('the end', () => end.ends.length === 1)))
    },
  ],
  [
    'close within a frame ends it there',
    async (one, other) => {
      const { onFrame } = other.transport
      other.transport.onFrame = (bytes, start, end) => {
        onFrame(bytes, start, end)
        other.transport.close()
      }
      one.transport.send(bytesOf('last'))
      await Promise.all([one, other].map((end) => end.until('the end', () => end.ends.length === 1)))
      assert.deepEqual(other.frames, ['last'])
    },
  ],
  [
    'both ends may close at the same time',
    async (one, other) => {
      one.transport.close()
      other.transport.close()
      await Promise.all([one, other].map((end) => end.until('the end', () => end.ends.length > 0)))
      await settle()
      assert.deepEqual([one.ends.length, other.ends.length], [1, 1])
    },
  ],
]
