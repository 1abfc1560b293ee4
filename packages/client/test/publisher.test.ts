import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joined, rejection } from './support/fake-router.ts'

test('publish sends values and waits for nothing', async () => {
  const { client, link } = await joined()
  assert.equal(client.publish('com.example.tick', 1, 'two'), undefined)
  assert.deepEqual(link.takeAll(), [[16, 1, {}, 'com.example.tick', [1, 'two']]])
})

test('publishEvent carries every option', async () => {
  const { client, link } = await joined()
  const options = {
    exclude_me: false,
    exclude: [1],
    exclude_authid: ['a'],
    exclude_authrole: ['b'],
    eligible: [2],
    eligible_authid: ['c'],
    eligible_authrole: ['d'],
    disclose_me: true,
  }
  assert.equal(await client.publishEvent('com.example.tick', { kwargs: { n: 1 }, ...options }), undefined)
  assert.deepEqual(link.takeAll(), [[16, 1, options, 'com.example.tick', [], { n: 1 }]])
})

test('with acknowledge it resolves to the publication id, or rejects with the ERROR', async () => {
  const { client, link } = await joined()
  const good = client.publishEvent('com.example.tick', { acknowledge: true })
  const bad = rejection(client.publishEvent('com.example.tick', { acknowledge: true }))
  link.say(17, 1, 4711)
  link.say(8, 16, 2, {}, 'wamp.error.not_authorized')
  assert.equal(await good, 4711)
  assert.equal((await bad).error, 'wamp.error.not_authorized')
})

test('an ERROR for a publication that asked for no answer is dropped', async () => {
  const { client, link } = await joined()
  client.publish('com.example.tick')
  link.say(8, 16, 1, {}, 'wamp.error.not_authorized')
  assert.notEqual(client.session, undefined)
})
