import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resumable } from '../src/resume.ts'
import { rejection } from './support/fake-router.ts'
import { RealWorld } from './support/real-router.ts'
import { settle } from './support/virtual-clock.ts'

const WAITING = { resume: { waitMs: 60_000 } }

test('RES-07 a call in flight, a registration and a subscription outlive the transport; nothing is lost or comes twice', async () => {
  const world = new RealWorld(WAITING)
  const other = await world.join()
  const statuses: string[] = []
  const pauses: (string | undefined)[] = []
  const client = await world.join({
    resume: resumable({ onPause: (reason) => pauses.push(reason) }),
    onStatus: ({ status }) => statuses.push(status),
  })
  const id = client.session!.id
  let finish: (value: string) => void = () => {}
  await other.register('com.example.slow', () => new Promise((resolve) => (finish = resolve)))
  await client.register('com.example.echo', (value) => value)
  const events: number[] = []
  await client.subscribe('com.example.tick', (n: number) => events.push(n))
  const call = client.call('com.example.slow')
  other.publish('com.example.tick', 1)
  world.cut()
  for (const n of [2, 3]) other.publish('com.example.tick', n)
  const echoed = other.call('com.example.echo', 'while away')
  finish('answered while away')
  await world.advance(1_000)
  assert.deepEqual(events, [1])
  world.mend()
  await world.advance(5_000)
  assert.equal(await call, 'answered while away')
  assert.equal(await echoed, 'while away')
  other.publish('com.example.tick', 4)
  await settle()
  assert.deepEqual(events, [1, 2, 3, 4])
  assert.equal(client.session!.id, id)
  assert.deepEqual(pauses, ['the cable was cut', undefined])
  assert.ok(!statuses.includes('lost'))
  assert.equal(await client.call('com.example.echo', 5), 5, 'request ids go on')
})

test('RES-07 what the client sends while it is away arrives when it is back, in order', async () => {
  const world = new RealWorld(WAITING)
  const other = await world.join()
  const events: number[] = []
  await other.subscribe('com.example.tick', (n: number) => events.push(n))
  const client = await world.join({ resume: resumable() })
  client.publish('com.example.tick', 1)
  world.cut()
  for (const n of [2, 3, 4]) client.publish('com.example.tick', n)
  world.mend()
  await world.advance(5_000)
  assert.deepEqual(events, [1, 2, 3, 4])
})

test('ID-08 what the client sends between its question and WELCOME comes after what was lost', async () => {
  const world = new RealWorld(WAITING)
  const other = await world.join()
  const events: number[] = []
  await other.subscribe('com.example.tick', (n: number) => events.push(n))
  const client = await world.join({ resume: resumable() })
  world.cut()
  client.publish('com.example.tick', 1)
  world.isSlow = true
  world.mend()
  await world.advance(5_000) // it has asked to resume, and has no answer yet
  client.publish('com.example.tick', 2)
  world.deliver()
  await world.advance(0)
  assert.deepEqual(events, [1, 2])
})

test('a session that cannot be resumed in time is lost, and another begins', async () => {
  const world = new RealWorld({ resume: { waitMs: 1_000 } })
  const other = await world.join()
  const client = await world.join({ resume: resumable({ waitMs: 5_000 }) })
  const id = client.session!.id
  await client.register('com.example.work', () => 'here')
  const pending = client.call('wamp.no.such').catch(() => {})
  await pending
  world.cut()
  await world.advance(2_000)
  assert.equal((await rejection(other.call('com.example.work'))).error, 'wamp.error.no_such_procedure', 'the router has ended it')
  world.mend()
  await world.advance(20_000)
  assert.notEqual(client.session!.id, id)
  assert.equal(await other.call('com.example.work'), 'here')
})

test('waitMs: a router that cannot be reached for longer means a lost session; calls in flight fail', async () => {
  const world = new RealWorld({ resume: { waitMs: 60_000 } })
  const other = await world.join()
  await other.register('com.example.slow', () => new Promise(() => {}))
  const client = await world.join({ resume: resumable({ waitMs: 2_000 }) })
  const failed = rejection(client.call('com.example.slow'))
  world.cut()
  await world.advance(1_999)
  assert.ok(client.session)
  await world.advance(1)
  assert.equal((await failed).code, 'ERR_CONNECTION_LOST')
})

test('messagesMax: more messages than may wait mean a lost session', async () => {
  const world = new RealWorld(WAITING)
  const client = await world.join({ resume: resumable({ messagesMax: 10 }) })
  world.cut()
  for (let n = 0; n < 10; n++) client.publish('com.example.tick', n)
  assert.ok(client.session)
  client.publish('com.example.tick', 10)
  assert.equal(client.session, undefined)
})

test('RES-01 a realm that does not resume: everything is as without it', async () => {
  const world = new RealWorld()
  const client = await world.join({ resume: resumable() })
  const id = client.session!.id
  world.cut()
  assert.equal(client.session, undefined)
  world.mend()
  await world.advance(1_000)
  assert.notEqual(client.session!.id, id)
})

test('stop() while there is no transport ends at once', async () => {
  const world = new RealWorld(WAITING)
  const client = await world.join({ resume: resumable() })
  world.cut()
  const stopped = client.stop()
  await world.advance(10_000)
  await stopped
  assert.equal(client.session, undefined)
})
