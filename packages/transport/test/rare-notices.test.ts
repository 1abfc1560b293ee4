import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RareNotices } from '../src/rare-notices.ts'

test('the first notice is said at once, those of the next second are counted', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const said: string[] = []
  const notices = new RareNotices((notice) => void said.push(notice))
  notices.add('one')
  assert.deepEqual(said.splice(0), ['one'])
  for (let number = 2; number <= 14; number++) notices.add(`number ${number}`)
  t.mock.timers.tick(999)
  assert.deepEqual(said, [])
  t.mock.timers.tick(1)
  assert.deepEqual(said.splice(0), ['number 14 (and 12 more)'])
  notices.add('alone in its second')
  t.mock.timers.tick(1_000)
  assert.deepEqual(said.splice(0), ['alone in its second'])
  t.mock.timers.tick(1_000)
  notices.add('after silence')
  assert.deepEqual(said.splice(0), ['after silence'])
})

test('close says what is still waiting, and nothing comes later', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const said: string[] = []
  const notices = new RareNotices((notice) => void said.push(notice))
  for (const notice of ['one', 'two', 'three']) notices.add(notice)
  notices.close()
  assert.deepEqual(said, ['one', 'three (and 1 more)'])
  t.mock.timers.tick(10_000)
  assert.equal(said.length, 2)
})
