// A slice of `npm run hostile`: mutated frames through decoder and router, in memory, and at a live listener.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MESSAGE_LAYOUTS } from '@crosspoint/protocol/internal'
import { leftInTables } from '../src/hostile/churn.ts'
import { FORMATS, validMessages } from '../src/hostile/corpus.ts'
import { MemoryFuzz } from '../src/hostile/memory-fuzz.ts'

const seed = Date.now() % 1_000_000

test('the corpus has every message, and every decoder takes all of it', () => {
  const messages = validMessages(1)
  assert.deepEqual(new Set(messages.map(([type]) => type)), new Set(MESSAGE_LAYOUTS.map((layout) => layout.type)))
  for (const { serializer, frames } of FORMATS) {
    const types = frames(1).valid.map((frame) => serializer.decode(frame).type)
    assert.deepEqual(new Set(types), new Set(messages.map(([type]) => type)), serializer.name)
  }
})

test(`PRV-01 30 000 mutated frames end their own session with ABORT or are messages, and harm nobody else (seed ${seed})`, () => {
  const fuzz = new MemoryFuzz(seed)
  fuzz.run(30_000)
  assert.deepEqual(fuzz.faults, [])
  assert.equal(fuzz.talk.lost, 0)
  const { frames, legal, aborted, left } = fuzz.counts
  assert.equal(frames, 30_000)
  assert.equal(legal + aborted + left, frames)
  assert.ok(legal > 500 && aborted > 20_000, `${legal} were legal and ${aborted} refused: the mutations are too weak or too strong`)
})

test(`SES-26 sessions that subscribe, register, call and leave in any order leave nothing in the tables (seed ${seed})`, () => {
  assert.deepEqual(leftInTables(500, seed), { tables: 0, timers: 0 })
})
