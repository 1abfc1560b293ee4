import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ApplicationError, UsageError } from '../src/index.ts'
import { bench, joined, ROUTER_ROLES, rejection } from './support/fake-router.ts'
import { settle } from './support/virtual-clock.ts'

const PV = 'wamp.error.protocol_violation'

describe('opening', () => {
  test('SES-01 SES-02 FEA-11 FEA-12 FEA-14 HELLO comes first and announces roles and features', async () => {
    const { client, router } = bench({ realm: 'com.example.realm' })
    void client.start()
    await settle()
    const [type, realm, details] = router.link.take(1) as [number, string, { roles: Record<string, { features: object }>; agent: string }]
    assert.deepEqual([type, realm, details.agent], [1, 'com.example.realm', 'Crosspoint'])
    const features = (...names: string[]) => ({ features: Object.fromEntries(names.map((name) => [name, true])) })
    const calls = ['progressive_call_results', 'progressive_call_invocations', 'call_canceling', 'call_timeout', 'caller_identification']
    assert.deepEqual(details.roles, {
      caller: features(...calls, 'sharded_registration'),
      callee: features(
        ...calls,
        'call_reroute',
        'call_trustlevels',
        'pattern_based_registration',
        'registration_revocation',
        'sharded_registration',
        'shared_registration',
      ),
      publisher: features('subscriber_blackwhite_listing', 'publisher_exclusion', 'publisher_identification', 'sharded_subscription'),
      subscriber: features(
        'publisher_identification',
        'publication_trustlevels',
        'pattern_based_subscription',
        'sharded_subscription',
        'subscription_revocation',
      ),
    })
  })

  test('session tells who we are while joined', async () => {
    const { client, link } = await joined()
    assert.deepEqual(
      { ...client.session, features: undefined, details: undefined },
      {
        id: 7,
        realm: 'realm1',
        authid: 'joe',
        authrole: 'anonymous',
        authmethod: 'anonymous',
        authprovider: 'static',
        authextra: undefined,
        features: undefined,
        details: undefined,
      },
    )
    assert.equal(client.session?.features['dealer']?.has('call_canceling'), true)
    link.drop()
    assert.equal(client.session, undefined)
  })

  for (const roles of [null, {}, { broker: 1 }, 'broker']) {
    test(`SES-04 WELCOME with roles ${JSON.stringify(roles)} is answered with ABORT`, async () => {
      const { client, router } = bench()
      void client.start()
      await settle()
      router.link.welcome(7, roles as object)
      const abort = router.link.take(3)
      assert.equal(abort[2], PV)
      assert.match((abort[1] as { message: string }).message, /roles/)
      assert.equal(client.session, undefined)
    })
  }

  test('PRV-20 SES-27 CHALLENGE is answered with ABORT cannot_authenticate, and start rejects', async () => {
    const { client, router, clock } = bench()
    const started = client.start()
    await settle()
    router.link.say(4, 'ticket', {})
    assert.equal(router.link.take(3)[2], 'wamp.error.cannot_authenticate')
    const error = await rejection(started)
    assert.equal(error.code, 'ERR_REFUSED')
    assert.match(error.message, /ticket/)
    await clock.advance(60_000)
    assert.equal(router.links.length, 1)
  })

  const early = {
    GOODBYE: [6, {}, 'x.y'],
    ERROR: [8, 48, 1, {}, 'x.y'],
    PUBLISHED: [17, 1, 1],
    SUBSCRIBED: [33, 1, 1],
    UNSUBSCRIBED: [35, 1],
  }
  const later = { EVENT: [36, 1, 1, {}], RESULT: [50, 1, {}], REGISTERED: [65, 1, 1], UNREGISTERED: [67, 1], INVOCATION: [68, 1, 1, {}] }
  for (const [name, message] of Object.entries({ ...early, ...later, INTERRUPT: [69, 1, {}] })) {
    const id = name === 'GOODBYE' || name === 'ERROR' ? 'PRV-04' : 'PRV-05'
    test(`${id} STA-03 ${name} before WELCOME is answered with ABORT`, async () => {
      const { client, router } = bench()
      void client.start()
      await settle()
      router.link.say(...message)
      const abort = router.link.take(3)
      assert.equal(abort[2], PV)
      assert.match((abort[1] as { message: string }).message, new RegExp(name))
      assert.notEqual(router.link.closeReason, undefined)
      await client.stop()
    })
  }
})

describe('an established session', () => {
  const wrong: [string, string, unknown[]][] = [
    ['PRV-03', 'WELCOME', [2, 9, { roles: ROUTER_ROLES }]],
    ['PRV-03', 'CHALLENGE', [4, 'ticket', {}]],
    ['PRV-06', 'ERROR of type 68', [8, 68, 1, {}, 'x.y']],
    ['PRV-06', 'ERROR of type 70', [8, 70, 1, {}, 'x.y']],
    ['PRV-18 MSG-16', 'HELLO', [1, 'realm1', { roles: { caller: {} } }]],
    ['PRV-18 MSG-16', 'CALL', [48, 1, {}, 'com.example.add']],
    ['PRV-18 MSG-16', 'PUBLISH', [16, 1, {}, 'com.example.tick']],
    ['PRV-18 MSG-16', 'YIELD', [70, 1, {}]],
    ['PRV-21', 'SUBSCRIBED for nothing', [33, 5, 1]],
    ['PRV-21', 'RESULT for nothing', [50, 5, {}]],
    ['PRV-21', 'REGISTERED for nothing', [65, 5, 1]],
    ['PRV-21', 'PUBLISHED for nothing', [17, 5, 1]],
    ['PRV-21', 'UNSUBSCRIBED for nothing', [35, 5]],
    ['PRV-21', 'UNREGISTERED for nothing', [67, 5]],
    ['PRV-21', 'ERROR for nothing', [8, 48, 5, {}, 'x.y']],
    ['PRV-22', 'INVOCATION of an unknown registration', [68, 1, 99, {}]],
    ['PRV-09', 'a message type that does not exist', [99, 1]],
    ['PRV-09', 'a message that is too short', [36, 1]],
    ['PRV-17 MSG-11', 'a known detail of a wrong type', [36, 1, 1, { topic: 3 }]],
  ]
  for (const [id, name, message] of wrong) {
    test(`${id} ${name} is answered with one ABORT, and the session is over`, async () => {
      const { client, link, router, clock } = await joined()
      link.say(...message)
      assert.equal(link.take(3)[2], PV)
      assert.deepEqual(link.takeAll(), [])
      assert.notEqual(link.closeReason, undefined)
      assert.equal(client.session, undefined)
      await clock.advance(1000)
      assert.equal(router.links.length, 2, 'it connects again')
    })
  }

  test('PRV-09 PRV-10 text that is no JSON, and JSON that is no message, are answered with ABORT', async () => {
    for (const text of ['{', '{}', '[]', '"x"', '[1.5]', '[36,0,1,{}]', '[36,1,1,[]]', '[36,1,1,{},{}]', '[36,1,1,{},[],[]]']) {
      const { link } = await joined()
      link.sayText(text)
      assert.equal(link.take(3)[2], PV, text)
    }
  })

  test('PRV-21 a reply of the wrong kind for a request in flight is a violation', async () => {
    const { client, link } = await joined()
    const call = rejection(client.call('com.example.add'))
    link.say(33, 1, 5)
    assert.equal(link.take(3)[2], PV)
    assert.equal((await call).code, 'ERR_CONNECTION_LOST')
  })

  test('PRV-30 a second answer to a request is dropped', async () => {
    const { client, link } = await joined()
    const call = client.call('com.example.add')
    link.say(50, 1, {}, [1])
    link.say(50, 1, {}, [2])
    assert.equal(await call, 1)
    assert.notEqual(client.session, undefined)
  })

  test('ID-04 request ids count 1, 2, 3 … over all kinds of requests, and from 1 again on a new session', async () => {
    const { client, link, router, clock } = await joined()
    const answers = [
      client.call('com.example.a'),
      client.register('com.example.b', () => 1),
      client.subscribe('com.example.c', () => 1),
      client.publishEvent('com.example.d', { acknowledge: true }),
    ].map(rejection)
    client.publish('com.example.e')
    assert.deepEqual(
      link.takeAll().map((message) => [message[0], message[1]]),
      [
        [48, 1],
        [64, 2],
        [32, 3],
        [16, 4],
        [16, 5],
      ],
    )
    link.drop()
    for (const error of await Promise.all(answers)) assert.equal(error.code, 'ERR_CONNECTION_LOST')
    await clock.advance(250)
    router.link.welcome()
    client.publish('com.example.e')
    assert.deepEqual(router.link.takeAll()[0], [16, 1, {}, 'com.example.e', []].slice(0, 4))
  })

  test('a request that cannot be sent uses up no id', async () => {
    const { client, link } = await joined()
    const error = await rejection(client.call('com.example.add', () => 1))
    assert.equal(error.code, 'ERR_UNSERIALIZABLE')
    assert.match(error.message, /CALL of "com\.example\.add"/)
    assert.throws(() => client.publish('com.example.tick', Number.NaN), { code: 'ERR_UNSERIALIZABLE' })
    client.publish('com.example.tick')
    assert.deepEqual(link.takeAll(), [[16, 1, {}, 'com.example.tick']])
  })

  test('MSG-11 a wrong option is refused here, not by an ABORT of the router', async () => {
    const { client, link } = await joined()
    const wrong = { match: 'regex', exclude_me: 1, timeout: -1, args: 'abc' } as never
    assert.equal((await rejection(client.subscribe('a.b', () => 1, wrong))).code, 'ERR_INVALID_ARGUMENT')
    assert.equal((await rejection(client.callResult('a.b', { timeout: -1 }))).code, 'ERR_INVALID_ARGUMENT')
    assert.equal((await rejection(client.publishEvent('a.b', wrong))).code, 'ERR_INVALID_ARGUMENT')
    assert.equal((await rejection(client.callResult('a.b', { args: 'abc' as never }))).code, 'ERR_INVALID_ARGUMENT')
    assert.equal((await rejection(client.call(undefined as never))).code, 'ERR_INVALID_ARGUMENT')
    assert.deepEqual(link.takeAll(), [])
    assert.notEqual(client.session, undefined)
  })

  test('SES-18 a GOODBYE is answered and pending requests settle', async () => {
    const { client, link } = await joined()
    const call = rejection(client.call('com.example.add', 1))
    link.takeAll()
    link.say(6, { message: 'restart' }, 'wamp.close.system_shutdown')
    assert.deepEqual(link.takeAll(), [[6, {}, 'wamp.close.goodbye_and_out']])
    const error = await call
    assert.ok(error instanceof UsageError)
    assert.equal(error.code, 'ERR_CONNECTION_LOST')
    assert.match(error.message, /CALL of "com\.example\.add".*system_shutdown: restart/)
  })

  test('MSG-14 SES-27 an ABORT with arguments is reported with them', async () => {
    const { client, link, errors } = await joined()
    link.say(3, { message: 'no more' }, 'wamp.error.not_authorized', ['banned'], { until: 5 })
    await settle()
    assert.equal(errors.length, 1)
    assert.match((errors[0]!.error as Error).message, /not_authorized: no more \["banned"\]/)
    assert.equal(client.session, undefined)
  })

  test('an ERROR becomes an ApplicationError with args and kwargs', async () => {
    const { client, link } = await joined()
    const call = rejection(client.call('com.example.add'))
    link.say(8, 48, 1, {}, 'com.example.error.odd', ['too odd', 3], { limit: 2 })
    const error = await call
    assert.ok(error instanceof ApplicationError)
    assert.deepEqual([error.error, error.args, error.kwargs], ['com.example.error.odd', ['too odd', 3], { limit: 2 }])
  })
})
