// Turns: whoever acts while a turn goes on, from inside `send`, waits for the next one.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { jsonSerializer } from '@crosspoint/protocol'
import { ALL_ROLES, type LinkOptions, type TestClient, World } from './support.ts'

const LINKS: { readonly [name: string]: LinkOptions } = { 'in process': {}, 'over memory': { serializer: jsonSerializer } }

/** Lets `client` answer every invocation at once, from inside the router's `send`. */
function answerAtOnce(client: TestClient, answer: (invocation: number, list: unknown[]) => void): void {
  client.onList = (list) => {
    if (list[0] === 68) answer(list[1] as number, list)
  }
}

for (const [name, link] of Object.entries(LINKS)) {
  describe(`a client ${name} that answers inside send`, () => {
    test('RPC-10 its YIELD waits for the next turn, and the caller gets one answer', () => {
      const world = new World()
      const [callee, caller] = [world.join(link), world.join(link)]
      callee.ask(64, {}, 'a.echo')
      answerAtOnce(callee, (invocation, list) => callee.send(70, invocation, {}, list[4] ?? []))
      for (let i = 1; i <= 3; i++) caller.request(48, {}, 'a.echo', [i])
      assert.deepEqual(
        caller.take(),
        [1, 2, 3].map((i) => [50, i, {}, [i]]),
      )
    })

    test('ORD-01 all receivers get an event before any gets what the first one does about it', () => {
      const world = new World()
      const [first, second, publisher] = [world.join(link), world.join(link), world.join(link)]
      for (const client of [first, second]) client.ask(32, {}, 'a.topic')
      first.onList = (list) => {
        if (list[0] === 36 && (list[4] as unknown[])[0] === 'question') first.request(16, { exclude_me: false }, 'a.topic', ['answer'])
      }
      publisher.request(16, {}, 'a.topic', ['question'])
      for (const client of [first, second]) {
        assert.deepEqual(
          client.take().map((list) => list[4]),
          [['question'], ['answer']],
        )
      }
    })

    test('ORD-02 what is done inside the turn comes after what the turn itself sends', () => {
      const world = new World()
      const [client, other] = [world.join(link), world.join(link)]
      client.onList = (list) => {
        if (list[0] === 33) other.request(16, {}, 'a.topic', ['as soon as subscribed'])
        if (list[0] === 36) client.request(34, list[1])
      }
      client.request(32, {}, 'a.topic')
      assert.deepEqual(
        client.take().map((list) => list[0]),
        [33, 36, 35],
      )
    })

    test('ORD-04 inputs that wait are taken in the order in which they came', () => {
      const world = new World()
      const [client, observer, publisher] = [world.join(link), world.join(link), world.join(link)]
      client.ask(32, {}, 'a.start')
      observer.ask(32, { match: 'prefix' }, 'a.next')
      client.onList = (list) => {
        if (list[0] !== 36) return
        for (let i = 0; i < 20; i++) (i % 2 === 0 ? client : publisher).request(16, {}, `a.next.n${i}`, [i])
      }
      publisher.request(16, {}, 'a.start')
      assert.deepEqual(
        observer.take().map((list) => (list[4] as unknown[])[0]),
        Array.from({ length: 20 }, (_, i) => i),
      )
    })

    test('a long chain of answers to answers does not grow the stack', () => {
      const world = new World()
      const [callee, caller] = [world.join(link), world.join(link)]
      callee.ask(64, {}, 'a.step')
      answerAtOnce(callee, (invocation) => callee.send(70, invocation, {}))
      let left = 20_000
      caller.onList = (list) => {
        if (list[0] === 50 && --left > 0) caller.request(48, {}, 'a.step')
      }
      caller.request(48, {}, 'a.step')
      assert.equal(left, 0)
    })

    test('SES-21 nothing of a session is processed behind its own GOODBYE, PRV-01 nor behind a violation', () => {
      for (const end of ['goodbye', 'violation']) {
        const world = new World()
        const [client, observer, publisher] = [world.join(link), world.join(link), world.join(link)]
        client.ask(32, {}, 'a.start')
        observer.ask(32, { match: 'prefix' }, 'a.next')
        client.onList = (list) => {
          if (list[0] !== 36) return
          if (end === 'goodbye') client.send(6, {}, 'wamp.close.close_realm')
          else client.send(1, 'realm1', { roles: ALL_ROLES })
          client.request(16, {}, 'a.next.late')
        }
        publisher.request(16, {}, 'a.start')
        assert.deepEqual(observer.take(), [], end)
        assert.deepEqual(
          client.take().map((list) => list[0]),
          [36, end === 'goodbye' ? 6 : 3],
        )
        assert.equal(client.isClosed, true)
        assert.equal(world.router.sessionCount, 2)
      }
    })

    test('RPC-24 a caller that goes inside send is not answered; the callee is interrupted', () => {
      const world = new World()
      const [callee, caller] = [world.join(link), world.join(link)]
      callee.ask(64, {}, 'a.work')
      answerAtOnce(callee, () => caller.cut())
      caller.request(48, {}, 'a.work')
      assert.deepEqual(callee.take().slice(1), [[69, 1, { mode: 'killnowait' }]])
      callee.send(70, 1, {})
      assert.deepEqual([callee.isClosed, caller.take()], [false, []])
    })
  })
}

describe('a client that joins while a turn goes on', () => {
  /** Runs `act` inside the send of an event. */
  function inTurn(world: World, act: () => void): void {
    const [subscriber, publisher] = [world.join(), world.join()]
    subscriber.ask(32, {}, 'a.topic')
    subscriber.onList = act
    publisher.request(16, {}, 'a.topic')
    subscriber.cut()
    publisher.cut()
  }

  test('ORD-10 is welcomed after it', () => {
    const world = new World()
    let late: TestClient | undefined
    inTurn(world, () => {
      late = world.connect()
      late.hello()
      assert.deepEqual(late.take(), [])
    })
    assert.deepEqual(
      late!.take().map((list) => list[0]),
      [2],
    )
    assert.equal(late!.ask(32, {}, 'a.topic')[0], 33)
  })

  test('SES-26 and goes before it is welcomed leaves nothing behind', () => {
    const world = new World()
    inTurn(world, () => {
      const late = world.connect()
      late.hello()
      late.cut()
    })
    assert.deepEqual([world.router.sessionCount, world.router.peerCount, world.clock.timerCount], [0, 0, 0])
  })

  test('PRV-01 and breaks the protocol before it is welcomed is refused and stays out', () => {
    const world = new World()
    let late: TestClient | undefined
    inTurn(world, () => {
      late = world.connect()
      late.hello()
      late.request(32, {}, 'a.topic')
    })
    assert.deepEqual(
      late!.take().map((list) => list[0]),
      [3],
    )
    assert.equal(late!.isClosed, true)
    assert.deepEqual([world.router.sessionCount, world.router.peerCount, world.clock.timerCount], [0, 0, 0])
  })
})

test('SES-27 a refused client that answers ABORT is not answered again', () => {
  for (const link of Object.values(LINKS)) {
    const world = new World()
    const client = world.connect(link)
    client.onList = () => client.send(6, {}, 'wamp.close.goodbye_and_out')
    client.hello('nowhere')
    world.clock.advance(60_000)
    assert.deepEqual(
      client.take().map((list) => list[0]),
      [3],
    )
    const silent = world.connect(link)
    silent.onList = () => silent.send(6, {}, 'wamp.close.goodbye_and_out')
    world.clock.advance(60_000)
    assert.deepEqual(
      silent.take().map((list) => list[0]),
      [3],
    )
    assert.equal(world.router.peerCount, 0)
  }
})

test('two realms know nothing of each other', () => {
  const world = new World({ realms: [{ name: 'one' }, { name: 'two' }] })
  const [one, two] = [world.join({ realm: 'one' }), world.join({ realm: 'two' })]
  one.ask(32, {}, 'a.topic')
  one.ask(64, {}, 'a.work')
  assert.equal(two.ask(64, {}, 'a.work')[0], 65)
  two.request(16, {}, 'a.topic')
  assert.deepEqual(one.take(), [])
  assert.equal(world.router.sessionCount, 2)
  assert.deepEqual([world.router.realm('one')!.sessions.size, world.router.realm('three')], [1, undefined])
})

test('META-07 a session that leaves hears nothing of its own leaving, whatever it was subscribed to', () => {
  const world = new World()
  const [leaver, other] = [world.join(), world.join()]
  leaver.ask(32, {}, 'a.topic')
  leaver.ask(32, { match: 'prefix' }, 'wamp.')
  leaver.request(32, { match: 'prefix' }, '')
  leaver.request(64, {}, 'a.procedure')
  other.ask(32, { match: 'prefix' }, 'wamp.')
  leaver.take()
  leaver.send(6, {}, 'wamp.close.close_realm')
  assert.deepEqual(leaver.take(), [[6, {}, 'wamp.close.goodbye_and_out']])
  assert.deepEqual(
    other.take().map(([, , , details]) => (details as { topic: string }).topic),
    [
      'wamp.subscription.on_unsubscribe',
      'wamp.subscription.on_delete',
      'wamp.subscription.on_unsubscribe',
      'wamp.subscription.on_delete',
      'wamp.registration.on_unregister',
      'wamp.registration.on_delete',
      'wamp.session.on_leave',
    ],
  )
})
