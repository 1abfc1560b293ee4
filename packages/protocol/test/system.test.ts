import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isId } from '../src/index.ts'
import { systemClock, systemRandom } from '../src/system.ts'

test('ID-02 ids are drawn over the whole range and do not repeat', () => {
  const ids = Array.from({ length: 20_000 }, () => systemRandom.id())
  assert.ok(ids.every(isId))
  assert.equal(new Set(ids).size, ids.length)
  // Sixteen equal parts of the range: each gets 1250 on average, with a deviation of 34; 400 off is 12 deviations.
  const parts = new Array<number>(16).fill(0)
  for (const id of ids) parts[Math.floor((id - 1) / 2 ** 49)]!++
  for (const part of parts) assert.ok(Math.abs(part - 1250) < 400, `${parts}`)
  assert.ok(ids.some((id) => id % 2 === 0) && ids.some((id) => id % 2 === 1), 'the lowest bit varies too')
})

test('below(n) draws 0 … n-1, all of them', () => {
  const seen = new Set(Array.from({ length: 2000 }, () => systemRandom.below(5)))
  assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 4])
  assert.equal(systemRandom.below(1), 0)
})

test('the clock tells the time, fires its timers and cancels them', async () => {
  const before = Date.now()
  const now = systemClock.now()
  assert.ok(now >= before && now <= Date.now())
  const fired: string[] = []
  await new Promise<void>((resolve) => {
    systemClock.setTimer(0, () => fired.push('cancelled')).cancel()
    systemClock.setTimer(1, () => {
      fired.push('fired')
      resolve()
    })
  })
  assert.deepEqual(fired, ['fired'])
})

test('a delay longer than a timer of the engine can hold does not fire at once', async () => {
  let hasFired = false
  const timer = systemClock.setTimer(2 ** 40, () => (hasFired = true))
  await new Promise<void>((resolve) => systemClock.setTimer(5, resolve))
  timer.cancel()
  assert.equal(hasFired, false)
})
