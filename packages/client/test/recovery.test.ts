import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Gap, subscribeRecoverable } from '../src/recovery.ts'
import { rejection } from './support/fake-router.ts'
import { RealWorld } from './support/real-router.ts'
import { settle } from './support/virtual-clock.ts'

const TOPIC = 'com.example.price'

async function setUp(history = {}) {
  const world = new RealWorld({ history: [{ uri: TOPIC, ...history }] })
  const publisher = await world.join()
  const client = await world.join()
  const events: unknown[] = []
  const gaps: Gap[] = []
  const subscription = await subscribeRecoverable(client, TOPIC, ({ args }) => events.push(args[0]), { onGap: (gap) => gaps.push(gap) })
  return { world, publisher, client, events, gaps, subscription }
}

test('a client that comes back gets what it missed, in order, before what is new', async () => {
  const { world, publisher, events, gaps } = await setUp()
  publisher.publish(TOPIC, 1)
  await settle()
  world.cut()
  for (const n of [2, 3]) publisher.publish(TOPIC, n)
  world.mend()
  await world.advance(1_000)
  publisher.publish(TOPIC, 4)
  await settle()
  assert.deepEqual([events, gaps], [[1, 2, 3, 4], []])
})

test('also when it was away again and again, and through several pages', async () => {
  const { world, publisher, events, gaps } = await setUp({ eventsMax: 5_000 })
  let n = 0
  for (let round = 0; round < 5; round++) {
    world.cut()
    for (let i = 0; i < 700; i++) publisher.publish(TOPIC, n++)
    world.mend()
    await world.advance(20_000)
    publisher.publish(TOPIC, n++)
    await settle()
  }
  assert.deepEqual(
    events,
    Array.from({ length: n }, (_, at) => at),
  )
  assert.deepEqual(gaps, [])
})

test('it is told plainly when what it missed is no longer there, and goes on from now', async () => {
  const { world, publisher, events, gaps } = await setUp({ eventsMax: 2 })
  publisher.publish(TOPIC, 1)
  await settle()
  world.cut()
  for (const n of [2, 3, 4, 5]) publisher.publish(TOPIC, n)
  world.mend()
  await world.advance(1_000)
  publisher.publish(TOPIC, 6)
  await settle()
  assert.deepEqual(events, [1, 6])
  assert.deepEqual(
    gaps.map(({ topic }) => topic),
    [TOPIC],
  )
})

test('history that has grown too old counts as gone; nothing missed is nothing missed', async () => {
  const { world, publisher, events, gaps } = await setUp({ ageMsMax: 60_000 })
  publisher.publish(TOPIC, 1)
  await settle()
  world.cut()
  await world.advance(120_000)
  world.mend()
  await world.advance(20_000)
  assert.deepEqual([events, gaps], [[1], []], 'it has seen everything there was')
  world.cut()
  publisher.publish(TOPIC, 2)
  await world.advance(120_000)
  world.mend()
  await world.advance(20_000)
  assert.deepEqual([events, gaps.length], [[1], 1])
})

test('a topic without history is refused', async () => {
  const { client } = await setUp()
  assert.equal((await rejection(subscribeRecoverable(client, 'com.example.other', () => {}))).error, 'wamp.error.history_unavailable')
})

test('after unsubscribe nothing is delivered, not after a reconnect either', async () => {
  const { world, publisher, events, subscription } = await setUp()
  await subscription.unsubscribe()
  publisher.publish(TOPIC, 1)
  world.cut()
  publisher.publish(TOPIC, 2)
  world.mend()
  await world.advance(1_000)
  publisher.publish(TOPIC, 3)
  await settle()
  assert.deepEqual(events, [])
})

test('patterns: each event comes with its topic', async () => {
  const world = new RealWorld({ history: [{ uri: 'com.example.', match: 'prefix' }] })
  const publisher = await world.join()
  const client = await world.join()
  const topics: string[] = []
  await subscribeRecoverable(client, 'com.example.', ({ topic }) => topics.push(topic), { match: 'prefix' })
  publisher.publish('com.example.a', 1)
  await settle()
  world.cut()
  publisher.publish('com.example.b', 2)
  world.mend()
  await world.advance(1_000)
  assert.deepEqual(topics, ['com.example.a', 'com.example.b'])
})
