// A short simulation: some seeds, the same seed twice, and the planted defects. `npm run sim` runs many more.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findPlanted, plantedDefects } from '../src/simulation/planted.ts'
import { runSeed } from '../src/simulation/run.ts'

const SEEDS = 40
const EVENTS = 2000
const DEFECT_SEEDS_MAX = 500

test(`the worlds of the seeds 1 to ${SEEDS} run without a finding`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { events, finding, last } = await runSeed(seed, EVENTS)
    assert.equal(finding, undefined, `seed ${seed}, event ${events}: ${finding}\n${last.join('\n')}`)
    assert.ok(events >= EVENTS, `seed ${seed} ended after ${events} events`)
  }
})

test('the same seed gives the same run, another seed another', async () => {
  const hashes = new Set<number>()
  for (const seed of [1, 2, 3, 4, 5]) {
    const [one, other] = [await runSeed(seed, EVENTS), await runSeed(seed, EVENTS)]
    assert.equal(one.hash, other.hash, `seed ${seed}`)
    assert.equal(one.events, other.events, `seed ${seed}`)
    hashes.add(one.hash)
  }
  assert.equal(hashes.size, 5)
})

for (const name of plantedDefects()) {
  test(`the planted defect ${name} is found within ${DEFECT_SEEDS_MAX} seeds`, async () => {
    const { finding, seed } = await findPlanted(name, DEFECT_SEEDS_MAX)
    assert.notEqual(seed, undefined)
    assert.notEqual(finding, '')
  })
}
