import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cborSerializer, jsonSerializer, type Random, UsageError } from '@crosspoint/protocol'
import { SeededRandom } from '@crosspoint/testing'
import { ROUTER_FEATURES, type RouterObserver } from '../src/index.ts'
import { ALL_ROLES, World } from './support.ts'

const SHUTDOWN = 'wamp.close.system_shutdown'

/** An observer that writes down what it is told. */
function recorder(): { observer: RouterObserver; told: unknown[][] } {
  const told: unknown[][] = []
  return {
    told,
    observer: {
      onSessionStart: ({ id, realm, peer }) => void told.push(['start', id, realm, peer]),
      onSessionEnd: ({ id, realm }, reason) => void told.push(['end', id, realm, reason]),
      onRefused: (peer, reason, message) => void told.push(['refused', peer, reason, message]),
    },
  }
}

describe('close', () => {
  test('SES-29 GOODBYE to all, nothing is routed any more, transports close on the answer, onClosed comes once and last', () => {
    const { observer, told } = recorder()
    const world = new World({ observer })
    const [one, two, stranger] = [world.join(), world.join({ serializer: jsonSerializer }), world.connect()]
    one.ask(32, {}, 'a.topic')
    one.ask(64, {}, 'a.work')
    told.length = 0
    world.router.close(() => void told.push(['closed']))

    for (const client of [one, two]) assert.deepEqual(client.take(), [[6, {}, SHUTDOWN]])
    assert.deepEqual(stranger.take(), [[3, { message: 'The router is shutting down' }, SHUTDOWN]])
    assert.deepEqual([one.isClosed, two.isClosed, stranger.isClosed], [false, false, true])
    assert.deepEqual([world.router.sessionCount, world.router.peerCount], [0, 2])
    two.request(16, {}, 'a.topic')
    two.request(48, {}, 'a.work')
    assert.deepEqual([one.take(), two.take()], [[], []])

    one.send(6, {}, 'wamp.close.goodbye_and_out')
    assert.deepEqual([one.isClosed, two.isClosed], [true, false])
    assert.equal(
      told.some(([what]) => what === 'closed'),
      false,
    )
    two.send(6, {}, 'wamp.close.goodbye_and_out')
    assert.deepEqual(
      told.map(([what]) => what),
      ['refused', 'end', 'end', 'closed'],
    )
    world.clock.advance(60_000)
    assert.equal(told.length, 4)
    assert.deepEqual([world.router.peerCount, world.clock.timerCount], [0, 0])
  })

  test('SES-29 a HELLO that arrives meanwhile is refused', () => {
    const world = new World()
    const member = world.join()
    world.router.close(() => {})
    const late = world.connect()
    late.hello()
    assert.deepEqual(late.take(), [[3, { message: 'The router is shutting down' }, SHUTDOWN]])
    assert.equal(late.isClosed, true)
    member.cut()
    assert.equal(world.router.peerCount, 0)
  })

  test('RPC-26 a call whose callee leaves first is answered before its caller gets GOODBYE', () => {
    const world = new World()
    const [callee, caller] = [world.join(), world.join()]
    callee.ask(64, {}, 'a.work')
    caller.request(48, { timeout: 1000 }, 'a.work')
    callee.take()
    let isClosed = false
    world.router.close(() => {
      isClosed = true
    })
    assert.deepEqual(callee.take(), [[6, {}, SHUTDOWN]])
    const received = caller.take()
    assert.deepEqual([received.length, received[0]?.[4], received[1]?.[0]], [2, 'wamp.error.canceled', 6])
    for (const client of [callee, caller]) client.cut()
    assert.deepEqual([isClosed, world.clock.timerCount], [true, 0])
  })

  test('without sessions onClosed is called at once; a second close is refused', () => {
    const world = new World()
    let count = 0
    world.router.close(() => count++)
    assert.equal(count, 1)
    const other = new World()
    other.connect() // refused within close
    let otherCount = 0
    other.router.close(() => otherCount++)
    assert.equal(otherCount, 1)
    assert.throws(() => world.router.close(() => count++), isUsageError('ERR_CLOSED'))
    assert.equal(count, 1)
  })

  test('from inside a turn it waits for the turn', () => {
    const world = new World()
    const [subscriber, publisher] = [world.join(), world.join()]
    for (const client of [subscriber, publisher]) client.ask(32, {}, 'a.topic')
    let isClosed = false
    subscriber.onList = (list) => {
      if (list[0] === 36) world.router.close(() => (isClosed = true))
    }
    publisher.request(16, { exclude_me: false }, 'a.topic')
    for (const client of [subscriber, publisher]) {
      assert.deepEqual(
        client.take().map((list) => list[0]),
        [36, 6],
      )
      client.cut()
    }
    assert.equal(isClosed, true)
  })
})

describe('observer', () => {
  test('it is told once of each start and end, with the reason', () => {
    const { observer, told } = recorder()
    const world = new World({ observer })
    const ends = {
      'wamp.close.close_realm': world.join(),
      'wamp.close.transport_lost': world.join({ serializer: jsonSerializer }),
      'wamp.error.protocol_violation': world.join(),
      'a.reason': world.join({ serializer: cborSerializer }),
    }
    const [polite, lost, wrong, aborting] = Object.values(ends)
    assert.deepEqual(
      told,
      Object.values(ends).map(({ sessionId }, at) => ['start', sessionId, 'realm1', at % 2 === 0 ? 'in-process' : 'test']),
    )
    told.length = 0
    polite!.send(6, {}, 'wamp.close.close_realm')
    lost!.cut()
    wrong!.hello()
    aborting!.send(3, {}, 'a.reason')
    assert.deepEqual(
      told,
      Object.entries(ends).map(([reason, { sessionId }]) => ['end', sessionId, 'realm1', reason]),
    )
    for (const client of Object.values(ends)) assert.equal(client.isClosed, true)
    assert.deepEqual(aborting!.take(), [], 'SES-27')
    assert.equal(world.router.peerCount, 0)
  })

  test('it is told of peers that were refused, or went, before they joined', () => {
    const { observer, told } = recorder()
    const world = new World({ observer })
    world.connect().hello('nowhere')
    world.connect().hello('realm1', { roles: {} })
    world.connect().hello('realm1', { roles: ALL_ROLES, authmethods: ['ticket'] })
    world.connect().cut()
    assert.deepEqual(
      told.map(([what, peer, reason]) => [what, peer, reason]),
      ['no_such_realm', 'protocol_violation', 'no_matching_auth_method']
        .map((name) => ['refused', 'in-process', `wamp.error.${name}`])
        .concat([['refused', 'in-process', 'wamp.close.transport_lost']]),
    )
  })

  test('a router without an observer does the same', () => {
    const world = new World()
    world.join().cut()
    world.connect().hello('nowhere')
    assert.equal(world.router.peerCount, 0)
  })
})

test('a realm that is given twice is refused', () => {
  const realms = [{ name: 'realm1' }, { name: 'realm2' }, { name: 'realm1' }]
  assert.throws(() => new World({ realms }), isUsageError('ERR_INVALID_ARGUMENT', /"realm1" is given twice/))
})

test('ID-14 a session id that a live session of any realm has is drawn again', () => {
  const ids = [5, 100, 101, 5, 5, 6, 102, 103, 5, 104, 105]
  const random: Random = { id: () => ids.shift()!, below: () => 0 }
  const world = new World({ random, realms: [{ name: 'realm1' }, { name: 'realm2' }] })
  const first = world.join()
  assert.equal(first.sessionId, 5)
  assert.equal(world.join({ realm: 'realm2' }).sessionId, 6)
  first.cut()
  assert.equal(world.join().sessionId, 5, 'it is free again')
  assert.deepEqual(ids, [])
})

test('ID-14 two clients that join in one turn get different ids', () => {
  const ids = [1, 2, 3, 4, 5, 6, 7, /* a publication: */ 8, 9, 10, 11, 9, 12, 13, 14]
  const random: Random = { id: () => ids.shift()!, below: () => 0 }
  const world = new World({ random })
  const [subscriber, publisher, third, fourth] = [world.join(), world.join(), world.connect(), world.connect()]
  ids.shift()
  subscriber.ask(32, {}, 'a.topic')
  subscriber.onList = () => {
    third.hello()
    fourth.hello()
  }
  publisher.request(16, {}, 'a.topic')
  assert.deepEqual([third.take()[0]![1], fourth.take()[0]![1]], [9, 12])
})

test('SES-13 WELCOME names realm, authid, agent, roles and features', () => {
  const world = new World({ random: new SeededRandom(3), agent: 'Test 1.0' })
  const [client, other] = [world.connect(), world.connect()]
  for (const each of [client, other]) each.hello()
  const [type, , details] = client.take()[0] as [number, number, Record<string, unknown>]
  assert.equal(type, 2)
  assert.deepEqual(
    [details['realm'], details['agent'], details['authrole'], details['authmethod']],
    ['realm1', 'Test 1.0', 'anonymous', 'anonymous'],
  )
  const roles = details['roles'] as Record<string, { features: Record<string, boolean> }>
  for (const role of ['broker', 'dealer'] as const) assert.deepEqual(Object.keys(roles[role]!.features), [...ROUTER_FEATURES[role]])
  assert.notEqual(details['authid'], (other.take()[0]![2] as Record<string, unknown>)['authid'])
})

function isUsageError(code: string, text = /./): (error: unknown) => boolean {
  return (error) => error instanceof UsageError && error.code === code && text.test(error.message)
}
