import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Client, type Status } from '../src/index.ts'
import { bench, joined, rejection } from './support/fake-router.ts'
import { settle } from './support/virtual-clock.ts'

describe('waiting for a session', () => {
  test('calls made before the session are sent in their order when it is there', async () => {
    const { client, router } = bench()
    const answers = [client.call('com.example.a', 1), client.subscribe('com.example.b', () => 1), client.call('com.example.c')]
    void client.start()
    await settle()
    router.link.welcome()
    assert.deepEqual(
      router.link.takeAll().map((message) => message[3]),
      ['com.example.a', 'com.example.b', 'com.example.c'],
    )
    router.link.say(50, 1, {}, [5])
    router.link.say(33, 2, 9)
    router.link.say(50, 3, {})
    assert.equal(await answers[0], 5)
    assert.equal(await answers[2], undefined)
  })

  test('calls wait for connectTimeoutMs and then fail with ERR_NOT_CONNECTED', async () => {
    const { client, clock } = bench({ connectTimeoutMs: 3000 })
    const call = rejection(client.call('com.example.add'))
    let isOver = false
    void call.then(() => {
      isOver = true
    })
    await clock.advance(2999)
    assert.equal(isOver, false)
    await clock.advance(1)
    assert.equal((await call).code, 'ERR_NOT_CONNECTED')
  })

  test('waitForSession: false fails at once', async () => {
    const { client } = bench({ waitForSession: false })
    assert.equal((await rejection(client.call('com.example.add'))).code, 'ERR_NOT_CONNECTED')
    const patient = bench()
    assert.equal((await rejection(patient.client.callResult('a.b', { waitForSession: false }))).code, 'ERR_NOT_CONNECTED')
    assert.equal((await rejection(patient.client.publishEvent('a.b', { waitForSession: false }))).code, 'ERR_NOT_CONNECTED')
    assert.throws(() => patient.client.publish('a.b'), { code: 'ERR_NOT_CONNECTED' })
  })
})

describe('reconnecting', () => {
  test('the first connect is tried again, with exponential bounds and full jitter', async () => {
    const { client, router, clock, statuses } = bench()
    router.refuseWith = new Error('connection refused')
    void client.start()
    await clock.advance(120_000)
    const waits = statuses.filter((status) => status.status === 'waiting')
    assert.ok(waits.length >= 10)
    waits.forEach((wait, index) => {
      assert.equal(wait.attempt, index + 2)
      assert.ok(wait.delayMs! <= Math.min(15_000, 250 * 2 ** index), `wait ${index} is ${wait.delayMs} ms`)
      assert.match(wait.reason!, /connection refused/)
    })
    assert.ok(new Set(waits.map((wait) => wait.delayMs)).size > 5, 'the waits differ')
    router.refuseWith = undefined
    await clock.advance(15_000)
    router.link.welcome()
    await client.start()
  })

  test('a router that accepts and says nothing is left after connectTimeoutMs and tried again', async () => {
    const { client, router, clock, statuses } = bench({ connectTimeoutMs: 1000 })
    void client.start()
    await clock.advance(999)
    assert.equal(router.links.length, 1)
    await clock.advance(1 + 250)
    assert.equal(router.links.length, 2)
    assert.notEqual(router.links[0]!.closeReason, undefined)
    assert.match(statuses.find((status) => status.status === 'waiting')!.reason!, /1000 ms/)
  })

  for (const reason of ['wamp.close.system_shutdown', 'wamp.close.close_realm', 'wamp.close.killed']) {
    test(`SES-19 after GOODBYE ${reason} it comes back`, async () => {
      const { client, link, router, clock } = await joined()
      link.say(6, {}, reason)
      await clock.advance(250)
      assert.equal(router.links.length, 2)
      router.link.welcome(8)
      assert.equal(client.session?.id, 8)
    })
  }

  test('SES-24 after a lost transport it comes back; SES-29 also when the router is still shutting down', async () => {
    const { client, link, router, clock } = await joined()
    link.drop()
    await clock.advance(250)
    router.link.say(3, {}, 'wamp.close.system_shutdown')
    await clock.advance(500)
    assert.equal(router.links.length, 3)
    router.link.welcome(8)
    assert.equal(client.session?.id, 8)
  })

  const final = [
    'no_such_realm',
    'not_authorized',
    'authentication_failed',
    'authentication_denied',
    'no_matching_auth_method',
    'protocol_violation',
  ]
  for (const name of final) {
    test(`SES-27 after ABORT wamp.error.${name} it does not come back, and start rejects with reason and message`, async () => {
      const { client, router, clock, errors } = bench()
      const started = client.start()
      await settle()
      router.link.say(3, { message: 'not you' }, `wamp.error.${name}`)
      const error = await rejection(started)
      assert.equal(error.code, 'ERR_REFUSED')
      assert.match(error.message, new RegExp(`wamp.error.${name}: not you`))
      await clock.advance(100_000)
      assert.equal(router.links.length, 1)
      assert.equal(clock.timerCount, 0)
      assert.deepEqual(errors, [], 'told once')
      assert.equal((await rejection(client.call('a.b'))).code, 'ERR_REFUSED')
      assert.equal((await rejection(client.stopped())).code, 'ERR_REFUSED')
    })
  }

  test('a refusal after a session was there goes to onError and stopped()', async () => {
    const { client, link, router, clock, errors } = await joined()
    link.drop()
    await clock.advance(250)
    router.link.say(3, {}, 'wamp.error.not_authorized')
    await settle()
    assert.equal(errors[0]?.source, 'session')
    assert.equal((await rejection(client.stopped())).code, 'ERR_REFUSED')
  })

  test('retriesMax bounds the attempts', async () => {
    const { client, router, clock, statuses } = bench({ retriesMax: 3 })
    router.refuseWith = new Error('connection refused')
    const started = rejection(client.start())
    await clock.advance(60_000)
    const error = await started
    assert.equal(error.code, 'ERR_CONNECT_FAILED')
    assert.match(error.message, /4 attempts: connection refused/)
    assert.equal(statuses.filter((status) => status.status === 'connecting').length, 4)
  })

  test('a router that breaks the protocol three times in a row is not tried again', async () => {
    const { client, link, router, clock, errors } = await joined()
    link.say(48, 1, {}, 'a.b')
    for (let i = 0; i < 5 && client.session === undefined; i++) {
      await clock.advance(5000)
      if (router.link.closeReason === undefined) {
        router.link.welcome()
        router.link.say(48, 1, {}, 'a.b')
      }
    }
    assert.equal(router.links.length, 3)
    assert.match((errors[0]!.error as Error).message, /3 times in a row/)
    assert.equal(clock.timerCount, 0)
  })

  test('sessions that die young do not make the next attempts come ever faster', async () => {
    const { router, link, clock, statuses } = await joined()
    let current = link
    for (let i = 0; i < 12; i++) {
      current.drop()
      await clock.advance(15_000)
      current = router.link
      if (i < 11) current.welcome()
    }
    const long = statuses.filter((status) => status.status === 'waiting' && status.delayMs! > 250)
    assert.ok(long.length > 0)
  })

  test('status tells the whole story, as callback and as iterator', async () => {
    const { client, router, clock, statuses } = bench()
    const read: Status[] = []
    const reading = (async () => {
      for await (const status of client.status()) read.push(status)
    })()
    void client.start()
    await settle()
    router.link.welcome()
    await settle()
    router.link.drop()
    await clock.advance(250)
    router.link.welcome()
    const stopped = client.stop()
    await settle()
    router.link.say(6, {}, 'wamp.close.goodbye_and_out')
    await stopped
    await reading
    const names = ['connecting', 'joined', 'lost', 'waiting', 'connecting', 'joined', 'stopped']
    assert.deepEqual(
      statuses.map((status) => status.status),
      names,
    )
    assert.deepEqual(read, statuses)
    assert.match(statuses[2]!.reason!, /the cable was cut/)
  })
})

describe('stopping', () => {
  test('SES-19 GOODBYE close_realm, the answer, the end: requests in flight fail with ERR_CLOSED', async () => {
    const { client, link, clock } = await joined()
    const call = rejection(client.call('com.example.add'))
    link.takeAll()
    const stopped = client.stop()
    await settle()
    assert.deepEqual(link.takeAll(), [[6, {}, 'wamp.close.close_realm']])
    assert.equal((await call).code, 'ERR_CLOSED')
    link.say(36, 1, 1, {}) // SES-21: ignored
    link.say(6, {}, 'wamp.close.goodbye_and_out')
    await stopped
    await client.stopped()
    assert.notEqual(link.closeReason, undefined)
    assert.equal(clock.timerCount, 0)
    assert.equal((await rejection(client.call('a.b'))).code, 'ERR_CLOSED')
  })

  test('SES-22 crossing GOODBYEs answer each other', async () => {
    const { client, link } = await joined()
    const stopped = client.stop()
    await settle()
    link.takeAll()
    link.say(6, {}, 'wamp.close.system_shutdown')
    await stopped
    assert.deepEqual(link.takeAll(), [])
  })

  test('SES-22 a router that does not answer is left after goodbyeTimeoutMs', async () => {
    const { client, clock } = await joined({ goodbyeTimeoutMs: 700 })
    let isOver = false
    const stopped = client.stop().then(() => {
      isOver = true
    })
    await clock.advance(699)
    assert.equal(isOver, false)
    await clock.advance(1)
    await stopped
    assert.equal(clock.timerCount, 0)
  })

  test('while connecting: start rejects with ERR_CLOSED and the attempt ends', async () => {
    const { client, router, clock } = bench()
    const started = rejection(client.start())
    const waiting = rejection(client.call('a.b'))
    await settle()
    await client.stop()
    assert.equal((await started).code, 'ERR_CLOSED')
    assert.equal((await waiting).code, 'ERR_CLOSED')
    assert.notEqual(router.link.closeReason, undefined)
    assert.equal(clock.timerCount, 0)
  })

  test('a peer that arrives after the stop is closed', async () => {
    const { client, router } = bench()
    void client.start()
    await client.stop()
    await settle()
    assert.equal(router.links.length, 1)
    assert.notEqual(router.link.closeReason, undefined)
    assert.deepEqual(router.link.received, [])
  })

  test('start after stop begins again, with what was subscribed', async () => {
    const { client, link, router } = await joined()
    const subscribing = client.subscribe('com.example.tick', () => 1)
    link.say(33, 1, 5)
    await subscribing
    link.takeAll()
    const stopped = client.stop()
    await settle()
    assert.deepEqual(link.take(34), [34, 2, 5])
    link.say(35, 2)
    await settle()
    link.take(6)
    link.say(6, {}, 'wamp.close.goodbye_and_out')
    await stopped
    const started = client.start()
    await settle()
    router.link.welcome()
    await started
    assert.deepEqual(router.link.takeAll(), [[32, 1, {}, 'com.example.tick']])
  })

  test('GOODBYE has the reason that stop() is given', async () => {
    const { client, link } = await joined()
    link.takeAll()
    const stopped = client.stop({ reason: 'wamp.close.logout' })
    await settle()
    assert.deepEqual(link.takeAll(), [[6, {}, 'wamp.close.logout']])
    link.say(6, {}, 'wamp.close.goodbye_and_out')
    await stopped
  })

  test('beforeLeave runs while the session still stands; nothing new is registered meanwhile', async () => {
    const { client, link } = await joined()
    const seen: unknown[] = []
    const stopped = client.stop({
      beforeLeave: async () => {
        seen.push(client.session?.id, (await rejection(client.register('a.b', () => 1))).code)
        client.publish('com.example.bye')
      },
    })
    await settle()
    assert.deepEqual(
      link.takeAll().map((message) => message[0]),
      [16, 6],
    )
    link.say(6, {}, 'wamp.close.goodbye_and_out')
    await stopped
    assert.deepEqual(seen, [7, 'ERR_CLOSED'])
  })
})

test('options with a mistake are refused in the constructor', () => {
  const wrong: [object, RegExp][] = [
    [{ url: 'http://localhost' }, /http:\/\/localhost/],
    [{ url: 'rs://localhost:1' }, /ws: or wss:/],
    [{}, /url/],
    [{ url: 'ws://localhost', retriesMax: -1 }, /retriesMax/],
    [{ url: 'ws://localhost', connectTimeoutMs: '5' }, /connectTimeoutMs/],
    [{ url: 'ws://localhost', peer: () => undefined }, /one of/],
  ]
  for (const [options, message] of wrong) assert.throws(() => new Client(options), { code: 'ERR_INVALID_ARGUMENT', message })
})
