// A slice of `npm run hostile`: mutated and broken frames, batches and requests at a live listener, over every transport.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveFuzz } from '../src/hostile/live-fuzz.ts'
import { LongPollFuzz } from '../src/hostile/longpoll-fuzz.ts'
import { SCENES } from '../src/hostile/longpoll-scenes.ts'

const seed = Date.now() % 1_000_000

test(`PRV-31 SER-20 SER-22 broken frames end their own connection, mutated messages their own session, and nobody loses a message (seed ${seed})`, async () => {
  const fuzz = new LiveFuzz(seed)
  await fuzz.run(1500)
  assert.deepEqual(fuzz.faults, [])
  assert.equal(fuzz.talk.lost, 0)
  const { aborted, closed } = fuzz.counts
  assert.ok(aborted > 500 && closed > 200, `${aborted} ended with ABORT and ${closed} were closed: the mutations are too weak`)
})

test(`TRN-33 TRN-40 wrong requests are refused, wrong bodies end their own long-poll session, and nobody loses a message (seed ${seed})`, async () => {
  const fuzz = new LongPollFuzz(seed)
  await fuzz.run(1200)
  assert.deepEqual(fuzz.faults, [])
  assert.equal(fuzz.talk.lost, 0)
  const { aborted, refused, scenes } = fuzz.counts
  // Most requests may be those of a few long scenes.
  assert.ok(aborted > 20 && refused > 20, `${aborted} ended with ABORT and ${refused} were refused: the mutations are too weak`)
  assert.ok(scenes >= SCENES.length, `${scenes} scenes were played, not all ${SCENES.length}`)
})
