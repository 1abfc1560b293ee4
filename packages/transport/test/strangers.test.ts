import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkOf, Strangers } from '../src/strangers.ts'

test('one address has so many places, others have theirs', () => {
  const strangers = new Strangers(2, () => {})
  assert.deepEqual([strangers.enter('10.0.0.1'), strangers.enter('10.0.0.1'), strangers.enter('10.0.0.1')], [true, true, false])
  assert.equal(strangers.enter('10.0.0.2'), true)
  strangers.leave('10.0.0.1')
  assert.deepEqual([strangers.enter('10.0.0.1'), strangers.enter('10.0.0.1')], [true, false])
})

test('0 turns it off', () => {
  const full: string[] = []
  const strangers = new Strangers(0, (address) => full.push(address))
  for (let count = 0; count < 1000; count++) assert.equal(strangers.enter('10.0.0.1'), true)
  for (let count = 0; count < 1000; count++) strangers.leave('10.0.0.1')
  assert.deepEqual(full, [])
})

test('a flood is reported once, and again when places were free meanwhile', () => {
  const full: string[] = []
  const strangers = new Strangers(4, (address) => full.push(address))
  const flood = () => Array.from({ length: 10 }, () => strangers.enter('10.0.0.1')).filter(Boolean).length
  assert.equal(flood(), 4)
  strangers.leave('10.0.0.1') // one that left is no reason to say it again
  assert.equal(flood(), 1)
  assert.deepEqual(full, ['10.0.0.1'])
  for (let count = 0; count < 4; count++) strangers.leave('10.0.0.1')
  assert.equal(flood(), 4)
  assert.deepEqual(full, ['10.0.0.1', '10.0.0.1'])
})

for (const [address, network] of [
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:192.0.2.7', '192.0.2.7'],
  [undefined, 'unix'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
  ['2001:db8::6', '2001:db8:0:0::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['2001:db8:1::3:4:5:6', '2001:db8:1:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
] as const) {
  test(`${address} belongs to ${network}`, () => assert.equal(networkOf(address), network))
}
