import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Event, MessageType, Payload, type PublicationId, type RequestId, type SubscriptionId } from '@crosspoint/protocol'
import { Audience } from '@crosspoint/protocol/internal'
import { Outbox } from '../src/outbox.ts'
import type { Session } from '../src/session.ts'
import { bareSession } from './support.ts'

const event = (publication: number, payload = Payload.of()): Event => ({
  type: MessageType.EVENT,
  subscriptionId: 1 as SubscriptionId,
  publicationId: publication as PublicationId,
  details: {},
  payload,
})
const unsubscribed = { type: MessageType.UNSUBSCRIBED, requestId: 1 as RequestId, details: undefined } as const
const nothingLost = (): never => assert.fail('nothing is lost here')

test('nothing leaves before flush; then everything in the order it was decided', () => {
  const [a, b] = [bareSession(1), bareSession(2)]
  const outbox = new Outbox(nothingLost)
  const audience = new Audience([a.session, b.session])
  outbox.deliverAll(event(7), audience)
  outbox.deliver(unsubscribed, a.session)
  outbox.deliverAll(event(8), audience, (session) => session === b.session)
  assert.deepEqual([a.sent, b.sent], [[], []])
  outbox.flush()
  assert.deepEqual(a.sent, [
    [36, 1, 7, {}],
    [35, 1],
  ])
  assert.deepEqual(b.sent, [
    [36, 1, 7, {}],
    [36, 1, 8, {}],
  ])
  outbox.flush()
  assert.equal(a.sent.length, 2, 'nothing leaves twice')
})

test('a transport is closed after all of the turn has left, whenever the close was decided', () => {
  const a = bareSession(1)
  const outbox = new Outbox(nothingLost)
  let sentAtClose = -1
  a.session.peer.onClose = () => {
    sentAtClose = a.sent.length
  }
  outbox.close(a.session)
  outbox.deliver(event(7), a.session)
  outbox.flush()
  assert.equal(sentAtClose, 1)
})

test('whoever could not get a message is named, with the reason, and the rest is delivered', () => {
  const [a, b] = [bareSession(1), bareSession(2)]
  const lost: [number, Session, string][] = []
  const outbox = new Outbox((message, session, why) => void lost.push([message.type, session, why]))
  // A function has no form anywhere, not even in one process.
  const impossible = Payload.of([() => 1])
  outbox.deliver(event(1, impossible), a.session)
  outbox.deliverAll(event(2, impossible), new Audience([a.session, b.session]))
  outbox.deliverAll(event(3, impossible), new Audience([a.session, b.session]), (session) => session === b.session)
  outbox.deliver(unsubscribed, a.session)
  outbox.flush()
  const why = 'unserializable'
  assert.deepEqual(lost, [
    [36, a.session, why],
    [36, a.session, why],
    [36, b.session, why],
    [36, b.session, why],
  ])
  assert.deepEqual([a.sent, b.sent], [[[35, 1]], []])
})
