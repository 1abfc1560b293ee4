// What ends a session that has logged in: its login expires, or somebody sends it away; and who is told.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Authenticator, Identity, RouterObserver } from '../src/index.ts'
import { World } from './support.ts'

const HOUR_MS = 3_600_000

/** Lets everybody in until a time. */
function until(expiresAtMs: number): Authenticator {
  const identity: Identity = { realm: 'realm1', authid: 'joe', authrole: 'user', authmethod: 'test', authprovider: 'test', expiresAtMs }
  return { method: 'anonymous', begin: (_, next) => next({ type: 'accept', identity }) }
}

describe('a login that expires', () => {
  test('ends the session with GOODBYE, at that time and not before', () => {
    const world = new World()
    const at = world.clock.now() + HOUR_MS
    const client = world.join({ info: { login: { authenticators: [until(at)] } } })
    world.clock.advance(HOUR_MS - 1)
    assert.deepEqual(client.take(), [])
    world.clock.advance(1)
    assert.equal(client.take()[0]![2], 'crosspoint.close.login_expired')
    assert.equal(world.router.realm('realm1')!.sessions.size, 0)
  })

  test('is waited for longer than a timer can wait', () => {
    const world = new World()
    const days = 60 * 24 * HOUR_MS
    const client = world.join({ info: { login: { authenticators: [until(world.clock.now() + days)] } } })
    world.clock.advance(days - 1)
    assert.deepEqual(client.take(), [])
    world.clock.advance(1)
    assert.equal(client.take()[0]![0], 6)
  })

  test('that has expired already ends it at once; one that has left is not waited for', () => {
    const world = new World()
    const login = { authenticators: [until(world.clock.now() - 1)] }
    const client = world.connect({ info: { login } })
    client.hello()
    world.clock.advance(0)
    assert.deepEqual(
      client.take().map(([type]) => type),
      [2, 6],
    )
    const other = world.join({ info: { login: { authenticators: [until(world.clock.now() + HOUR_MS)] } } })
    other.send(6, {}, 'wamp.close.close_realm')
    other.take()
    world.clock.advance(2 * HOUR_MS)
    assert.deepEqual(other.take(), [])
  })
})

test('the observer is told who sent whom away', () => {
  const told: unknown[] = []
  const ended: unknown[] = []
  const onSessionEnd: RouterObserver['onSessionEnd'] = (session, reason) => void ended.push([session.id, reason])
  const world = new World({
    observer: { onSessionEnd, onKill: (session, reason, by) => void told.push([session.id, session.authid, reason, by.id]) },
  })
  const [operator, client] = [world.join(), world.join({ info: { login: { authenticators: [until(world.clock.now() + HOUR_MS)] } } })]
  operator.ask(48, {}, 'wamp.session.kill', [client.sessionId], { reason: 'com.example.enough' })
  assert.deepEqual(told, [[client.sessionId, 'joe', 'com.example.enough', operator.sessionId]])
  client.send(6, {}, 'wamp.close.goodbye_and_out')
  assert.deepEqual(ended, [[client.sessionId, 'com.example.enough']], 'the answer is not the reason')
})
