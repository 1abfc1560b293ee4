import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApplicationError, Event } from '../src/index.ts'
import { joined, rejection } from './support/fake-router.ts'
import { settle } from './support/virtual-clock.ts'

test('a handler gets positional arguments, or the whole event', async () => {
  const { client, link } = await joined()
  const values: unknown[] = []
  const events: Event[] = []
  const made = [
    client.subscribe('com.example.tick', (...args) => values.push(args)),
    client.subscribeEvent('com.example.', (event) => events.push(event), { match: 'prefix' }),
  ]
  assert.deepEqual(link.takeAll(), [
    [32, 1, {}, 'com.example.tick'],
    [32, 2, { match: 'prefix' }, 'com.example.'],
  ])
  link.say(33, 1, 5)
  link.say(33, 2, 6)
  await Promise.all(made)
  link.say(36, 5, 70, {}, [1, 2])
  link.say(36, 6, 71, { topic: 'com.example.tick', publisher: 9, publisher_authid: 'ann', publisher_authrole: 'staff' }, [1], { k: 2 })
  assert.deepEqual(values, [[1, 2]])
  const { args, kwargs, topic, publication, publisher, publisher_authid, publisher_authrole } = events[0]!
  assert.deepEqual([args, kwargs, topic, publication], [[1], { k: 2 }, 'com.example.tick', 71])
  assert.deepEqual([publisher, publisher_authid, publisher_authrole], [9, 'ann', 'staff'])
})

test('PUB-13 handlers of one topic and match share a subscription; the last to go sends UNSUBSCRIBE', async () => {
  const { client, link } = await joined()
  const seen: string[] = []
  const first = client.subscribe('com.example.tick', () => seen.push('first'))
  const second = client.subscribe('com.example.tick', () => seen.push('second'))
  assert.deepEqual(link.takeAll(), [[32, 1, {}, 'com.example.tick']])
  link.say(33, 1, 5)
  const handles = [await first, await second, await client.subscribe('com.example.tick', () => seen.push('third'))]
  link.say(36, 5, 70, {})
  assert.deepEqual(seen, ['first', 'second', 'third'])
  await handles[0]!.unsubscribe()
  await handles[0]!.unsubscribe()
  await handles[1]!.unsubscribe()
  assert.deepEqual(link.takeAll(), [])
  const last = handles[2]!.unsubscribe()
  assert.deepEqual(link.takeAll(), [[34, 2, 5]])
  link.say(35, 2)
  await last
})

test('PUB-14 EVENT for an id just unsubscribed is dropped', async () => {
  const { client, link } = await joined()
  let count = 0
  const subscribing = client.subscribe('com.example.tick', () => count++)
  link.say(33, 1, 5)
  const subscription = await subscribing
  void subscription.unsubscribe()
  link.say(36, 5, 70, {})
  link.say(35, 2)
  link.say(36, 5, 71, {})
  assert.equal(count, 0)
  assert.notEqual(client.session, undefined)
})

test('every handler gets arguments of its own', async () => {
  const { client, link } = await joined()
  const seen: unknown[] = []
  const spoil = (list: number[]) => {
    seen.push([...list])
    list.push(99)
  }
  const made = [client.subscribe('com.example.tick', spoil), client.subscribe('com.example.tick', spoil)]
  link.say(33, 1, 5)
  await Promise.all(made)
  link.say(36, 5, 70, {}, [[1]])
  assert.deepEqual(seen, [[1], [1]])
})

test('a handler that throws, now or later, goes to onError and breaks nothing', async () => {
  const { client, link, errors } = await joined()
  let count = 0
  const handlers = [
    () => {
      throw new Error('now')
    },
    async () => {
      throw new Error('later')
    },
    () => count++,
  ]
  const made = handlers.map((handler) => client.subscribe('com.example.tick', handler))
  link.say(33, 1, 5)
  await Promise.all(made)
  link.say(36, 5, 70, {})
  link.say(36, 5, 71, {})
  await settle()
  assert.equal(count, 2)
  assert.deepEqual(errors.map(({ source, error }) => `${source} ${(error as Error).message}`).sort(), [
    'event later',
    'event later',
    'event now',
    'event now',
  ])
})

test('a handler may unsubscribe another while an event is handed out', async () => {
  const { client, link } = await joined()
  const seen: string[] = []
  const first = client.subscribe('com.example.tick', async () => {
    seen.push('first')
    await (await second).unsubscribe()
  })
  const second = client.subscribe('com.example.tick', () => seen.push('second'))
  link.say(33, 1, 5)
  await Promise.all([first, second])
  link.say(36, 5, 70, {})
  await settle()
  link.say(36, 5, 71, {})
  await settle()
  assert.deepEqual(seen, ['first', 'second', 'first'])
})

test('a refused subscription rejects for all who wait, and is forgotten', async () => {
  const { client, link } = await joined()
  const waiting = [1, 2].map(() => rejection(client.subscribe('com.example.tick', () => 1)))
  link.say(8, 32, 1, {}, 'wamp.error.not_authorized')
  for (const error of await Promise.all(waiting)) assert.equal(error.error, 'wamp.error.not_authorized')
  link.takeAll()
  void client.subscribe('com.example.tick', () => 1).catch(() => {})
  assert.deepEqual(link.takeAll(), [[32, 2, {}, 'com.example.tick']])
})

test('a handler removed while the subscription is made again does not leave one behind', async () => {
  const { client, link, router, clock } = await joined()
  const subscribing = client.subscribe('com.example.tick', () => 1)
  link.say(33, 1, 5)
  const subscription = await subscribing
  link.drop()
  await clock.advance(250)
  router.link.welcome()
  router.link.take(32)
  await subscription.unsubscribe()
  assert.deepEqual(router.link.takeAll(), [])
  router.link.say(33, 1, 8)
  assert.deepEqual(router.link.takeAll(), [[34, 2, 8]])
})

test('a handler that comes while its topic is made again, after the last one went, keeps the subscription', async () => {
  const { client, link, router, clock } = await joined()
  const subscribing = client.subscribe('com.example.tick', () => 1)
  link.say(33, 1, 5)
  const subscription = await subscribing
  link.drop()
  await clock.advance(250)
  router.link.welcome()
  await subscription.unsubscribe()
  let count = 0
  const again = client.subscribe('com.example.tick', () => count++)
  router.link.takeAll()
  router.link.say(33, 1, 8)
  router.link.say(33, 2, 8) // the same subscription, as a router answers
  await again
  assert.deepEqual(router.link.takeAll(), [])
  router.link.say(36, 8, 70, {})
  assert.equal(count, 1)
})

test('a subscription refused after a reconnect is reported, and tried again on the next session', async () => {
  const { client, link, router, clock, errors } = await joined()
  const subscribing = client.subscribe('com.example.tick', () => 1)
  link.say(33, 1, 5)
  await subscribing
  link.drop()
  await clock.advance(250)
  router.link.welcome()
  router.link.say(8, 32, 1, {}, 'wamp.error.not_authorized')
  assert.deepEqual(
    errors.map(({ source, uri }) => [source, uri]),
    [['subscription', 'com.example.tick']],
  )
  router.link.drop()
  await clock.advance(500)
  router.link.welcome()
  assert.deepEqual(router.link.takeAll(), [[32, 1, {}, 'com.example.tick']])
})

test('PUB-66 PUB-68 a revoked subscription is reported, and not made again on the next session; an unknown id is ignored', async () => {
  const { client, link, router, clock, errors } = await joined()
  let count = 0
  const subscribing = client.subscribe('com.example.tick', () => count++)
  link.say(33, 1, 5)
  await subscribing
  link.say(35, 0, { subscription: 4711 })
  link.say(35, 0, { subscription: 5, reason: 'com.example.error.closed' })
  link.say(36, 5, 1, {})
  assert.deepEqual(
    errors.map(({ source, uri, error }) => [source, uri, (error as ApplicationError).error]),
    [['subscription', 'com.example.tick', 'com.example.error.closed']],
  )
  assert.equal(count, 0)
  link.drop()
  await clock.advance(250)
  router.link.welcome()
  assert.ok(router.link.received.every(([type]) => type !== 32))
})

test('subscribing once more after a refused resubscription asks the router again', async () => {
  const { client, link, router, clock, errors } = await joined()
  const seen: string[] = []
  const first = client.subscribe('com.example.tick', () => seen.push('first'))
  link.say(33, 1, 5)
  await first
  link.drop()
  await clock.advance(250)
  router.link.welcome()
  router.link.takeAll()
  router.link.say(8, 32, 1, {}, 'wamp.error.not_authorized')
  assert.equal(errors.length, 1)
  const second = client.subscribe('com.example.tick', () => seen.push('second'))
  assert.deepEqual(router.link.takeAll(), [[32, 2, {}, 'com.example.tick']])
  router.link.say(33, 2, 6)
  await second
  router.link.say(36, 6, 70, {})
  assert.deepEqual(seen, ['first', 'second'])
})
