import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { jsonSerializer } from '@crosspoint/protocol'
import { SeededRandom } from '@crosspoint/testing'
import { drawToken, isSameToken } from '../src/resumption.ts'
import { ALL_ROLES, type TestClient, World } from './support.ts'

const world = (resume = {}): World => new World({ realms: [{ name: 'realm1', resume }] })

function joinResumable(in_: World): { client: TestClient; id: number; token: string } {
  const client = in_.connect()
  client.hello('realm1', { roles: ALL_ROLES, resumable: true })
  const [, id, details] = client.take()[0]!
  return { client, id: id as number, token: (details as { resume_token: string }).resume_token }
}

function resume(in_: World, id: number, token: string, received?: number): { client: TestClient; welcome: unknown[]; rest: unknown[][] } {
  const client = in_.connect()
  client.send(1, null, { resume_session: id, resume_token: token, ...(received === undefined ? {} : { _received: received }) })
  const [welcome, ...rest] = client.take()
  return { client, welcome: welcome!, rest }
}

const numbers = (lists: readonly unknown[][]): unknown[] => lists.filter((list) => list[0] === 36).map((list) => (list[4] as unknown[])[0])

describe('a session that outlives its transport', () => {
  test('RES-07 a client that tells how much it received gets what was lost on the way, too', () => {
    const w = world()
    const { client, id, token } = joinResumable(w)
    const publisher = w.join()
    client.ask(32, {}, 'a.topic') // SUBSCRIBED is the second message, after WELCOME
    for (let n = 1; n <= 3; n++) publisher.request(16, {}, 'a.topic', [n])
    client.cut()
    for (let n = 4; n <= 5; n++) publisher.request(16, {}, 'a.topic', [n])
    const { welcome, rest } = resume(w, id, token, 3) // WELCOME, SUBSCRIBED and event 1 arrived
    assert.equal(welcome[1], id)
    assert.deepEqual(numbers(rest), [2, 3, 4, 5])
    assert.equal((welcome[2] as { _received: number })._received, 1, 'and is told what of its own arrived: SUBSCRIBE')
  })

  test('RES-07 one that does not tell gets what came while it was away', () => {
    const w = world()
    const { client, id, token } = joinResumable(w)
    const publisher = w.join()
    client.ask(32, {}, 'a.topic')
    publisher.request(16, {}, 'a.topic', [1])
    client.cut()
    publisher.request(16, {}, 'a.topic', [2])
    assert.deepEqual(numbers(resume(w, id, token).rest), [2])
  })

  test('RES-06 what can no longer be sent again is told plainly: the session cannot be resumed', () => {
    const w = world({ messagesMax: 10 })
    const { client, id, token } = joinResumable(w)
    const publisher = w.join()
    client.ask(32, {}, 'a.topic')
    for (let n = 1; n <= 100; n++) publisher.request(16, {}, 'a.topic', [n])
    client.cut()
    assert.deepEqual(resume(w, id, token, 3).welcome[2], 'wamp.error.no_such_session')
    assert.equal(resume(w, id, token, 102).welcome[0], 2, 'what is still there can')
  })

  test('RES-06 a number of messages that were never sent is no reason to go on', () => {
    const w = world()
    const { client, id, token } = joinResumable(w)
    client.cut()
    assert.equal(resume(w, id, token, 7).welcome[0], 3)
  })

  test('bytesMax: more payload than may wait ends the session', () => {
    const w = world({ bytesMax: 1_000 })
    const { client, id, token } = joinResumable(w)
    client.ask(32, {}, 'a.topic')
    client.cut()
    const publisher = w.join({ serializer: jsonSerializer })
    publisher.request(16, {}, 'a.topic', ['x'.repeat(2_000)])
    assert.equal(resume(w, id, token).welcome[0], 3)
  })

  test('RES-07 when too much waits the session ends, and leaves no timer', () => {
    const w = world({ messagesMax: 2 })
    const { client } = joinResumable(w)
    const publisher = w.join()
    client.ask(32, {}, 'a.topic')
    client.cut()
    assert.equal(w.clock.timerCount, 1)
    for (let n = 1; n <= 3; n++) publisher.request(16, {}, 'a.topic', [n])
    assert.deepEqual([w.router.realm('realm1')!.sessions.size, w.clock.timerCount], [1, 0])
  })

  test('RPC-18 what waits and is too long for the next transport is answered as any other', () => {
    const w = world()
    const { client, id, token } = joinResumable(w)
    const caller = w.join()
    client.ask(64, {}, 'a.procedure')
    client.cut()
    caller.send(48, 1, {}, 'a.procedure', ['x'.repeat(2000)])
    caller.send(48, 2, {}, 'a.procedure', ['short'])
    const again = w.connect({ serializer: jsonSerializer, frameBytesMax: 1000 })
    again.send(1, null, { resume_session: id, resume_token: token })
    const [welcome, ...rest] = again.take()
    const details = welcome![2] as { roles: object; resume_token: string }
    assert.deepEqual(details.roles, { broker: {}, dealer: {} }, 'WELCOME would be too long with all features')
    assert.deepEqual(
      rest.map(([type, , , , args]) => [type, args]),
      [[68, ['short']]],
    )
    assert.deepEqual(caller.take()[0]!.slice(0, 5), [8, 48, 1, {}, 'wamp.error.payload_size_exceeded'])
    again.cut()
    // WELCOME, REGISTERED and one INVOCATION: what was never sent does not count.
    assert.deepEqual(resume(w, id, details.resume_token, 3).rest, [])
  })

  test('PUB-11 TST-06 a session that is away does not get its own detached testament', () => {
    const w = world()
    const { client, id, token } = joinResumable(w)
    const witness = w.join()
    for (const each of [client, witness]) each.ask(32, {}, 'a.topic')
    client.ask(48, {}, 'wamp.session.add_testament', ['a.topic', ['away'], {}], { scope: 'detached' })
    client.cut()
    assert.deepEqual(numbers(witness.take()), ['away'])
    assert.deepEqual(numbers(resume(w, id, token).rest), [])
  })

  test('RES-03 a WELCOME lost on its way does not cost the session: the token before holds until a message comes', () => {
    const w = world()
    const { client, id, token } = joinResumable(w)
    client.cut()
    const first = resume(w, id, token)
    first.client.cut() // and never saw its WELCOME
    const second = resume(w, id, token)
    assert.equal(second.welcome[0], 2)
    const newest = (second.welcome[2] as { resume_token: string }).resume_token
    second.client.ask(32, {}, 'a.topic')
    second.client.cut()
    assert.equal(resume(w, id, token).welcome[0], 3, 'the client has shown that it has the new one')
    assert.equal(resume(w, id, newest).welcome[0], 2)
  })

  test('request ids go on where they were', () => {
    const w = world()
    const { client, id, token } = joinResumable(w)
    client.ask(32, {}, 'a.topic')
    client.cut()
    const { client: again } = resume(w, id, token)
    again.send(32, 2, {}, 'a.other')
    assert.deepEqual(again.take()[0]!.slice(0, 2), [33, 2])
  })

  test('a session that waits is in no other list than the realm, and shutting down ends it at once', async () => {
    const w = world()
    const { client } = joinResumable(w)
    client.cut()
    assert.equal(w.router.realm('realm1')!.sessions.size, 1)
    let isClosed = false
    w.router.close(() => {
      isClosed = true
    })
    assert.ok(isClosed)
    assert.deepEqual([w.router.peerCount, w.clock.timerCount], [0, 0])
  })
})

describe('tokens', () => {
  test('RES-02 Base64 of 16 octets, never twice the same', () => {
    const random = new SeededRandom(1)
    const tokens = new Set(Array.from({ length: 1000 }, () => drawToken(random)))
    assert.equal(tokens.size, 1000)
    for (const token of tokens) {
      const octets = Buffer.from(token, 'base64')
      assert.equal(octets.length, 16)
      assert.equal(octets.toString('base64'), token, 'canonical Base64')
    }
  })

  test('comparing', () => {
    assert.ok(isSameToken('abc', 'abc'))
    for (const other of ['', 'ab', 'abd', 'abcd', 'ABC']) assert.ok(!isSameToken('abc', other), other)
  })
})
