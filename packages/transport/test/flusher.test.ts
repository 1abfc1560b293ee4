import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Flusher } from '../src/flusher.ts'
import type { SocketWriter } from '../src/socket-writer.ts'

/** A writer whose flush does what the test says; the flusher uses nothing else of it. */
function writer(flush: () => void): SocketWriter {
  return { flush } as SocketWriter
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

test('writers are flushed at the end of the tick, in the order in which they were touched', async () => {
  const flusher = new Flusher()
  const flushed: number[] = []
  for (let index = 0; index < 100; index++) flusher.touch(writer(() => flushed.push(index)))
  await Promise.resolve()
  assert.equal(flushed.length, 0, 'not within the tick')
  await nextTurn()
  assert.deepEqual(
    flushed,
    Array.from({ length: 100 }, (_, index) => index),
  )
  flusher.touch(writer(() => flushed.push(100)))
  await nextTurn()
  assert.equal(flushed.length, 101)
})

test('what is touched while others are flushed is flushed too', async () => {
  const flusher = new Flusher()
  const flushed: string[] = []
  const second = writer(() => flushed.push('second'))
  flusher.touch(
    writer(() => {
      flushed.push('first')
      flusher.touch(second)
    }),
  )
  await nextTurn()
  await nextTurn()
  assert.deepEqual(flushed, ['first', 'second'])
})

test('a long round is cut into slices, and everybody else gets a turn between them', async () => {
  const flusher = new Flusher()
  const flushed: number[] = []
  for (let index = 0; index < 128; index++) {
    flusher.touch(
      writer(() => {
        const until = performance.now() + 0.5
        while (performance.now() < until);
        flushed.push(index)
      }),
    )
  }
  const seen: number[] = []
  while (flushed.length < 128) {
    await nextTurn()
    seen.push(flushed.length)
  }
  // 32 writers take 16 ms, which is more than a slice may.
  assert.deepEqual(seen.slice(-4), [32, 64, 96, 128])
  assert.deepEqual(
    flushed,
    Array.from({ length: 128 }, (_, index) => index),
  )
})
