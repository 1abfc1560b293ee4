import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Call, Message, Yield } from '@crosspoint/protocol'
import { jsonSerializer, MemoryTransport, MessageType, Payload, type RequestId } from '@crosspoint/protocol'
import type { Peer } from '@crosspoint/protocol/internal'
import { announceRoles } from '@crosspoint/protocol/internal'
import { World } from './support.ts'

const ROLES = announceRoles({
  caller: ['progressive_call_results', 'progressive_call_invocations', 'call_canceling'],
  callee: ['progressive_call_results', 'progressive_call_invocations', 'call_canceling'],
})
const CHUNK = Payload.of([new Uint8Array(1000)])
const LIMITS = { streamBufferedBytesMax: 2_000, streamStallMs: 1_000 }

interface Link {
  readonly peer: Peer
  readonly received: Message[]
  /** Whether the router reads from it. */
  isRead: boolean
}

/** In-process links whose receiving end can stand still; the router's side counts what waits. */
function open(world: World, details = {}): Link {
  const peer = world.router.attachLocal()
  const link: Link = { peer, received: [], isRead: true }
  peer.onMessage = (message) => void link.received.push(message)
  peer.send({ type: MessageType.HELLO, realm: 'realm1', details: { roles: ROLES, ...details } })
  return link
}

/** Two sessions with a call in flight that wants progress, and as many chunks of input as one likes. */
function stream(resumable = false): {
  world: World
  caller: Link
  callee: Link
  isHeld: (link: Link) => boolean
  yieldOne: () => void
  callOne: () => void
} {
  const world = new World({ limits: LIMITS, realms: [{ name: 'realm1', ...(resumable && { resume: {} }) }] })
  const [caller, callee] = [open(world, { resumable }), open(world)]
  callee.peer.send({ type: MessageType.REGISTER, requestId: 1 as RequestId, options: {}, procedure: 'a.stream' })
  const call: Call = {
    type: MessageType.CALL,
    requestId: 1 as RequestId,
    options: { receive_progress: true, progress: true },
    procedure: 'a.stream',
    payload: CHUNK,
  }
  caller.peer.send(call)
  const progress: Yield = { type: MessageType.YIELD, requestId: 1 as RequestId, options: { progress: true }, payload: CHUNK }
  return {
    world,
    caller,
    callee,
    // What a session whose transport is not read sends waits in front of the router.
    isHeld: (link) => link.peer.bufferedBytes > 0,
    yieldOne: () => void callee.peer.send(progress),
    callOne: () => void caller.peer.send(call),
  }
}

describe('RPC-39 back-pressure', () => {
  test('a caller that does not read holds up the callee, and lets it go on when it reads again', () => {
    const { caller, isHeld, callee, yieldOne } = stream()
    caller.peer.pause()
    for (let i = 0; i < 50; i++) yieldOne()
    assert.ok(isHeld(callee), 'the router no longer reads from the callee')
    caller.peer.resume()
    assert.ok(!isHeld(callee))
    const results = caller.received.filter((message) => message.type === MessageType.RESULT)
    assert.equal(results.length, 50, 'nothing is lost')
  })

  test('a callee that does not read holds up the caller of a progressive call', () => {
    const { caller, callee, isHeld, callOne } = stream()
    callee.peer.pause()
    for (let i = 0; i < 50; i++) callOne()
    assert.ok(isHeld(caller))
    callee.peer.resume()
    assert.ok(!isHeld(caller))
    assert.equal(callee.received.filter((message) => message.type === MessageType.INVOCATION).length, 51)
  })

  test('a receiver that never reads ends the call after streamStallMs, and its sender is read again', () => {
    const { world, caller, callee, isHeld, yieldOne } = stream()
    caller.peer.pause()
    for (let i = 0; i < 50; i++) yieldOne()
    world.clock.advance(LIMITS.streamStallMs)
    assert.ok(!isHeld(callee))
    const interrupts = callee.received.filter((message) => message.type === MessageType.INTERRUPT)
    assert.deepEqual(
      interrupts.map((message) => message.options),
      [{ mode: 'killnowait' }],
    )
    caller.peer.resume()
    const last = caller.received.at(-1)!
    assert.equal(last.type, MessageType.ERROR)
    assert.equal((last as { error?: string }).error, 'wamp.error.canceled')
  })

  test('a receiver that leaves holds up nobody', () => {
    const { world, caller, callee, isHeld, yieldOne } = stream()
    caller.peer.pause()
    for (let i = 0; i < 50; i++) yieldOne()
    caller.peer.close()
    assert.ok(!isHeld(callee))
    assert.equal(world.clock.timerCount, 0, 'no timer is left')
  })

  test('RES-07 a receiver that lost its transport holds up nobody: what it gets waits for it', () => {
    const { world, caller, callee, isHeld, yieldOne } = stream(true)
    caller.peer.pause()
    for (let i = 0; i < 50; i++) yieldOne()
    assert.ok(isHeld(callee))
    caller.peer.close()
    assert.ok(!isHeld(callee))
    assert.equal(world.clock.timerCount, 1, 'the one that ends its waiting')
  })

  test('a stream whose first message is too long for its receiver holds up nobody', () => {
    const world = new World({ limits: LIMITS })
    const [ours, theirs] = MemoryTransport.pair(3_000)
    world.router.attach(theirs, jsonSerializer)
    const say = (list: unknown[]): void => ours.send(new TextEncoder().encode(JSON.stringify(list)))
    say([1, 'realm1', { roles: ROLES }])
    say([64, 1, {}, 'a.stream'])
    ours.pause() // what waits here counts for whoever sends a stream
    const caller = open(world)
    const call = (id: number, bytes: number, options: Call['options']): void => {
      const payload = Payload.of(['x'.repeat(bytes)])
      caller.peer.send({ type: MessageType.CALL, requestId: id as RequestId, options, procedure: 'a.stream', payload })
    }
    call(1, 2_500, {})
    call(2, 5_000, { progress: true })
    assert.equal((caller.received.at(-1) as { error?: string }).error, 'wamp.error.payload_size_exceeded')
    call(3, 10, {})
    assert.equal(caller.peer.bufferedBytes, 0, 'the router reads on')
    assert.equal(world.clock.timerCount, 0)
  })

  test('a sender that leaves is forgotten', () => {
    const { world, caller, callee, yieldOne } = stream()
    caller.peer.pause()
    for (let i = 0; i < 50; i++) yieldOne()
    callee.peer.close()
    caller.peer.close()
    assert.equal(world.clock.timerCount, 0)
  })
})
