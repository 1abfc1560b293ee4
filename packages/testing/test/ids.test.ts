// Ids that chance would have to give twice.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Message, MessageType, type Random } from '@crosspoint/protocol'
import { Router } from '@crosspoint/router'
import { VirtualClock } from '@crosspoint/testing'

/** Draws these ids in turn, and all others beyond them. */
function drawing(...ids: number[]): Random {
  let next = 1_000
  return { id: () => ids.shift() ?? next++, below: () => 0 }
}

test('ID-14 a session id that a live session has, in whichever realm, is drawn again', () => {
  // Each session draws its id, then two words for its authid.
  const random = drawing(7, 100, 101, 7, 8, 102, 103, 7, 8, 9)
  const router = new Router({ clock: new VirtualClock(), random, realms: [{ name: 'realm1' }, { name: 'realm2' }] })
  const join = (realm: string): number => {
    const peer = router.attachLocal()
    const received: Message[] = []
    peer.onMessage = (message) => received.push(message)
    peer.send({ type: MessageType.HELLO, realm, details: { roles: { caller: {} } } })
    const [welcome] = received
    assert.equal(welcome?.type, MessageType.WELCOME)
    return (welcome as { sessionId: number }).sessionId
  }
  assert.deepEqual([join('realm1'), join('realm1'), join('realm2')], [7, 8, 9])
})
