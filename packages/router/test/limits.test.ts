import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { jsonSerializer } from '@crosspoint/protocol'
import { DEFAULT_LIMITS, LimitUri, type RouterLimits } from '../src/index.ts'
import { World } from './support.ts'

const worldWith = (limits: Partial<RouterLimits>): World => new World({ limits })

/** Type, request type, id and URI of an ERROR. */
const head = (list: readonly unknown[]): unknown[] => [list[0], list[1], list[2], list[4]]

describe('per session', () => {
  test('subscriptionsMax: one more is refused; one that exists, or after an UNSUBSCRIBE, is not', () => {
    const world = worldWith({ subscriptionsMax: 2 })
    const client = world.join()
    const [, , first] = client.ask(32, {}, 'a.one')
    client.ask(32, {}, 'a.two')
    assert.deepEqual(head(client.ask(32, {}, 'a.three')), [8, 32, 3, LimitUri.tooManySubscriptions])
    assert.deepEqual(client.ask(32, {}, 'a.one'), [33, 4, first])
    assert.equal(world.join().ask(32, {}, 'a.three')[0], 33, 'another session has a limit of its own')
    client.ask(34, first)
    assert.equal(client.ask(32, {}, 'a.three')[0], 33)
  })

  test('registrationsMax: one more is refused; one that exists, or after an UNREGISTER, is not', () => {
    const world = worldWith({ registrationsMax: 2 })
    const client = world.join()
    const [, , first] = client.ask(64, { invoke: 'roundrobin' }, 'a.one')
    client.ask(64, {}, 'a.two')
    assert.deepEqual(head(client.ask(64, {}, 'a.three')), [8, 64, 3, LimitUri.tooManyRegistrations])
    assert.deepEqual(client.ask(64, { invoke: 'roundrobin' }, 'a.one'), [65, 4, first], 'RPC-125')
    assert.deepEqual(head(client.ask(64, {}, 'a.two')), [8, 64, 5, 'wamp.error.procedure_already_exists'])
    assert.equal(world.router.realm('realm1')!.dealer.size, 2, 'a refused procedure leaves nothing behind')
    client.ask(66, first)
    assert.equal(client.ask(64, {}, 'a.three')[0], 65)
  })

  test('callsInFlightMax: one more is refused, until an answer makes room', () => {
    const world = worldWith({ callsInFlightMax: 2 })
    const [caller, callee] = [world.join(), world.join()]
    callee.ask(64, {}, 'a.work')
    caller.request(48, {}, 'a.work')
    caller.request(48, {}, 'a.work')
    assert.deepEqual(head(caller.ask(48, {}, 'a.work')), [8, 48, 3, LimitUri.tooManyCalls])
    assert.equal(callee.take().length, 2, 'the refused call reached nobody')
    callee.send(70, 1, {})
    assert.deepEqual(caller.take(), [[50, 1, {}]])
    caller.request(48, {}, 'a.work')
    assert.deepEqual([caller.take(), callee.take().length], [[], 1])
  })

  test('uriLengthMax: a URI of that length is used, a longer one is invalid, in every request that has one', () => {
    const world = worldWith({ uriLengthMax: 10 })
    const client = world.join()
    const [fits, tooLong] = ['a'.repeat(10), 'a'.repeat(11)]
    const requests = [
      [32, {}],
      [64, {}],
      [16, { acknowledge: true }],
      [48, {}],
    ] as const
    for (const [type, options] of requests) {
      const answer = client.ask(type, options, tooLong)
      assert.deepEqual([answer[0], answer[1], answer[4]], [8, type, 'wamp.error.invalid_uri'])
      assert.match(String((answer[5] as unknown[])[0]), /at most 10 characters, this one 11/)
    }
    assert.equal(client.ask(32, {}, fits)[0], 33)
    assert.equal(client.ask(64, {}, fits)[0], 65)
    assert.equal(client.ask(32, { match: 'prefix' }, tooLong)[0], 8)
    assert.equal(world.join().ask(16, { acknowledge: true }, fits)[0], 17)
  })
})

describe('deadlines', () => {
  test('SES-14 handshakeTimeoutMs: no HELLO in time is answered with ABORT and the transport closed', () => {
    for (const serializer of [undefined, jsonSerializer]) {
      const world = worldWith({ handshakeTimeoutMs: 300 })
      const client = world.connect(serializer === undefined ? {} : { serializer })
      world.clock.advance(299)
      assert.deepEqual([client.take(), client.isClosed], [[], false])
      world.clock.advance(1)
      const [abort] = client.take()
      assert.deepEqual(abort, [3, { message: 'HELLO must arrive within 300 ms' }, 'wamp.error.timeout'])
      assert.equal(client.isClosed, true)
      assert.deepEqual([world.router.peerCount, world.clock.timerCount], [0, 0])
    }
  })

  test('SES-14 a session that joined in time, and one that went, leave no timer', () => {
    const world = worldWith({ handshakeTimeoutMs: 300 })
    const [joined, gone] = [world.join(), world.connect()]
    gone.cut()
    assert.equal(world.clock.timerCount, 0)
    world.clock.advance(1000)
    assert.equal(joined.isClosed, false)
  })

  test('SES-22 goodbyeTimeoutMs: a peer that does not answer GOODBYE is closed; one that answers, sooner', () => {
    const world = worldWith({ goodbyeTimeoutMs: 200 })
    const [mute, polite] = [world.join(), world.join()]
    let isClosed = false
    world.router.close(() => {
      isClosed = true
    })
    for (const client of [mute, polite]) assert.deepEqual(client.take(), [[6, {}, 'wamp.close.system_shutdown']])
    polite.send(6, {}, 'wamp.close.goodbye_and_out')
    assert.deepEqual([polite.isClosed, mute.isClosed, isClosed], [true, false, false])
    world.clock.advance(199)
    assert.equal(mute.isClosed, false)
    world.clock.advance(1)
    assert.deepEqual([mute.isClosed, isClosed, world.clock.timerCount], [true, true, 0])
    assert.deepEqual(mute.take(), [])
  })
})

test('a limit that is not given has its default', () => {
  assert.equal(Object.isFrozen(DEFAULT_LIMITS), true)
  const world = worldWith({ goodbyeTimeoutMs: 1 })
  const client = world.connect()
  world.clock.advance(DEFAULT_LIMITS.handshakeTimeoutMs - 1)
  assert.equal(client.isClosed, false)
  world.clock.advance(1)
  assert.equal(client.isClosed, true)
})
