import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Backoff } from '../src/backoff.ts'
import { SeededRandom } from './support/virtual-clock.ts'

test('the bound doubles from the first to the greatest and begins anew after reset', () => {
  const bounds: number[] = []
  const spy = {
    id: () => 1,
    below: (n: number) => {
      bounds.push(n - 1)
      return 0
    },
  }
  const backoff = new Backoff(spy, 250, 15_000)
  for (let i = 0; i < 9; i++) backoff.next()
  backoff.reset()
  backoff.next()
  assert.deepEqual(bounds, [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000, 250])
})

test('waits are spread over the whole range', () => {
  const seed = 42
  const backoff = new Backoff(new SeededRandom(seed), 1000, 1000)
  const waits = Array.from({ length: 1000 }, () => backoff.next())
  assert.ok(
    waits.every((wait) => wait >= 0 && wait <= 1000),
    `seed ${seed}`,
  )
  for (const [from, to] of [
    [0, 250],
    [250, 500],
    [500, 750],
    [750, 1001],
  ] as const) {
    const share = waits.filter((wait) => wait >= from && wait < to).length
    assert.ok(share > 180 && share < 320, `seed ${seed}: ${share} of 1000 in ${from} … ${to}`)
  }
})
