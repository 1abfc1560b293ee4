import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { chooseShard } from '../src/sharding.ts'

const keys = Array.from({ length: 2000 }, (_, at) => `key${at}`)
const candidates = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 12 })

test('PUB-49 RPC-130 a key belongs to the same candidate whatever their order', () => {
  fc.assert(
    fc.property(candidates, fc.string(), (names, key) => {
      const reversed = [...names].reverse()
      assert.equal(names[chooseShard(key, names)], reversed[chooseShard(key, reversed)])
    }),
  )
})

test('PUB-49 a candidate that leaves moves only its own keys', () => {
  fc.assert(
    fc.property(candidates, fc.nat(), (names, at) => {
      const gone = names[at % names.length]!
      const rest = names.filter((name) => name !== gone)
      for (const key of keys.slice(0, 100)) {
        const before = names[chooseShard(key, names)]
        if (before !== gone) assert.equal(rest[chooseShard(key, rest)], before)
      }
    }),
  )
})

test('keys are spread evenly, also over names that differ in one digit', () => {
  const names = Array.from({ length: 8 }, (_, at) => `node${at}`)
  const counts = new Array<number>(names.length).fill(0)
  for (const key of keys) counts[chooseShard(key, names)]!++
  for (const count of counts) assert.ok(count > 150 && count < 350, `${counts}`)
})

test('without candidates there is none', () => {
  assert.equal(chooseShard('key', []), -1)
})
