// What waits behind a late decision of the authorizer. Most of these exchanges were found by the simulator.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cborSerializer } from '@crosspoint/protocol'
import type { Decision } from '../src/authorizer.ts'
import { type LinkOptions, type TestClient, World } from './support.ts'

const ROLES = {
  caller: { features: { progressive_call_results: true, progressive_call_invocations: true, call_canceling: true } },
  callee: { features: { progressive_call_results: true, progressive_call_invocations: true, call_canceling: true } },
  publisher: {},
  subscriber: {},
}

/** A world whose authorizer decides late about URIs that begin with `late`, when the test says so. */
function lateWorld(): { world: World; decide: (decision?: Decision) => void; join: (options?: LinkOptions) => TestClient } {
  const waiting: ((decision: Decision) => void)[] = []
  const world = new World({
    limits: { heldMessagesMax: 3 },
    realms: [
      {
        name: 'realm1',
        authorizer: { authorize: ({ uri }, decide) => void (uri.startsWith('late') ? waiting.push(decide) : decide('allowed')) },
      },
    ],
  })
  return {
    world,
    decide: (decision = 'allowed') => (waiting.shift() ?? assert.fail('nothing waits for a decision'))(decision),
    join: (options = {}) => world.join({ ...options, roles: ROLES }),
  }
}

describe('messages behind a late decision', () => {
  test('ORD-04 they are carried out in order, each after its own decision', () => {
    const { decide, join } = lateWorld()
    const client = join()
    client.send(32, 1, {}, 'late.a')
    client.send(32, 2, {}, 'now.b')
    client.send(32, 3, {}, 'late.c')
    assert.deepEqual(client.take(), [])
    decide()
    assert.deepEqual(client.take(), [
      [33, 1, 1],
      [33, 2, 2],
    ])
    decide('denied')
    assert.deepEqual(client.take()[0]!.slice(0, 5), [8, 32, 3, {}, 'wamp.error.not_authorized'])
    client.send(32, 4, {}, 'now.d')
    assert.deepEqual(client.take(), [[33, 4, 3]])
  })

  test('RPC-79 a testament whose call is cancelled before the decision is not left', () => {
    const { decide, join } = lateWorld()
    const client = join()
    client.send(48, 1, {}, 'wamp.session.add_testament', ['late.news', ['kept'], {}])
    client.send(49, 1, {})
    assert.deepEqual(client.take()[0]!.slice(0, 5), [8, 48, 1, {}, 'wamp.error.canceled'])
    decide()
    client.cut()
    assert.throws(() => decide(), /nothing waits for a decision/, 'a testament would be asked about again (TST-07)')
  })

  test('PRV-01 what comes behind a violation is not carried out', () => {
    const { decide, join } = lateWorld()
    const [client, witness] = [join(), join()]
    witness.ask(32, {}, 'now.news')
    client.send(16, 1, {}, 'late.a')
    client.send(70, 77, {}) // YIELD of an invocation that never was
    client.send(16, 2, { acknowledge: true }, 'now.news')
    decide()
    assert.deepEqual(
      client.take().map(([type]) => type),
      [3],
    )
    assert.deepEqual(witness.take(), [])
  })

  test('RPC-56 CANCEL passes a chunk of its call that waits: the call ends once', () => {
    const { decide, join } = lateWorld()
    const [caller, callee] = [join(), join()]
    callee.ask(64, {}, 'now.sum')
    caller.send(48, 1, { progress: true }, 'now.sum', [1])
    const [[, invocationId]] = callee.take() as [[number, number]]
    caller.send(16, 2, {}, 'late.a')
    caller.send(48, 1, { progress: true }, 'now.sum', [2])
    caller.send(49, 1, { mode: 'kill' })
    assert.deepEqual(callee.take(), [[69, invocationId, { mode: 'kill' }]])
    callee.send(8, 68, invocationId, {}, 'wamp.error.canceled')
    decide()
    assert.deepEqual(
      caller.take().map((message) => message.slice(0, 5)),
      [[8, 48, 1, {}, 'wamp.error.canceled']],
    )
    assert.deepEqual(callee.take(), [], 'the chunk of a call that is over goes nowhere')
  })

  test('RPC-10 results that wait behind one that is too long do not end the call twice', () => {
    const { decide, join } = lateWorld()
    const caller = join({ serializer: cborSerializer, frameBytesMax: 200 })
    const callee = join()
    callee.ask(64, {}, 'now.work')
    caller.send(48, 1, { receive_progress: true }, 'now.work')
    const [[, invocationId]] = callee.take() as [[number, number]]
    callee.send(16, 2, {}, 'late.a')
    callee.send(70, invocationId, { progress: true }, ['x'.repeat(300)])
    callee.send(70, invocationId, {}, ['done'])
    decide()
    assert.deepEqual(
      caller.take().map((message) => message.slice(0, 5)),
      [[8, 48, 1, {}, 'wamp.error.payload_size_exceeded']],
    )
  })

  test('a session with too many messages behind a decision is not read until there is room', () => {
    const { decide, join } = lateWorld()
    const client = join()
    for (let id = 1; id <= 6; id++) client.send(32, id, {}, id === 1 ? 'late.a' : `now.${id}`)
    assert.deepEqual(client.take(), [])
    decide()
    assert.deepEqual(
      client.take().map(([type, id]) => [type, id]),
      [1, 2, 3, 4, 5, 6].map((id) => [33, id]),
    )
  })

  test('SES-22 a session that is not read, and is sent away, can still answer', () => {
    const { world, join } = lateWorld()
    const client = join()
    for (let id = 1; id <= 6; id++) client.send(32, id, {}, 'late.a')
    let isClosed = false
    world.router.close(() => {
      isClosed = true
    })
    assert.deepEqual(
      client.take().map(([type]) => type),
      [6],
    )
    client.send(6, {}, 'wamp.close.goodbye_and_out')
    assert.deepEqual([isClosed, world.clock.timerCount], [true, 0])
  })
})

test('RPC-127 force_reregister by a session that may not register more takes nothing away', () => {
  const world = new World({ limits: { registrationsMax: 1 } })
  const [holder, other] = [world.join(), world.join()]
  const [, , id] = holder.ask(64, {}, 'com.example.taken')
  other.ask(64, {}, 'com.example.own')
  assert.equal(other.ask(64, { force_reregister: true }, 'com.example.taken')[4], 'crosspoint.error.too_many_registrations')
  assert.deepEqual(holder.take(), [])
  other.send(48, 3, {}, 'com.example.taken')
  assert.equal(holder.take()[0]![2], id)
  // Its own registration does not count: it would lose it.
  const [, , ownId] = other.ask(64, { force_reregister: true }, 'com.example.own').slice(-3)
  assert.notEqual(ownId, undefined)
})
