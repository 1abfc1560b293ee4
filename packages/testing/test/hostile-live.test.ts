// A slice of `npm run hostile`: mutated and broken frames at a live listener, over WebSocket and RawSocket.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveFuzz } from '../src/hostile/live-fuzz.ts'

const seed = Date.now() % 1_000_000

test(`PRV-31 broken frames end their own connection, mutated messages their own session, and nobody loses a message (seed ${seed})`, async () => {
  const fuzz = new LiveFuzz(seed)
  await fuzz.run(1500)
  assert.deepEqual(fuzz.faults, [])
  assert.equal(fuzz.talk.lost, 0)
  const { aborted, closed } = fuzz.counts
  assert.ok(aborted > 500 && closed > 200, `${aborted} ended with ABORT and ${closed} were closed: the mutations are too weak`)
})
