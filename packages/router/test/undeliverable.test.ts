// What cannot reach its receiver: longer than it accepts, or without a form in its serializer.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  cborSerializer,
  type ErrorMessage,
  jsonSerializer,
  MessageType,
  msgpackSerializer,
  Payload,
  type RequestId,
} from '@crosspoint/protocol'
import type { LinkOptions } from './support.ts'
import { World } from './support.ts'

const LARGE = 'x'.repeat(2000)
/** A receiver of frames up to 1024 bytes, and one that reads JSON; both over a plain transport and over a queue. */
const RECEIVERS: readonly (LinkOptions & { readonly label: string; readonly error: string; readonly bad: unknown })[] = [
  { label: 'too large', error: 'wamp.error.payload_size_exceeded', bad: LARGE, serializer: jsonSerializer, frameBytesMax: 1024 },
  {
    label: 'too large, queued',
    error: 'wamp.error.payload_size_exceeded',
    bad: LARGE,
    frameBytesMax: 1024,
    isQueued: true,
    serializer: jsonSerializer,
  },
  { label: 'NaN for JSON', error: 'wamp.error.invalid_argument', bad: Number.NaN, serializer: jsonSerializer },
  { label: 'NaN for JSON, queued', error: 'wamp.error.invalid_argument', bad: Number.NaN, serializer: jsonSerializer, isQueued: true },
]

function newWorld(): { world: World; dropped: string[] } {
  const dropped: string[] = []
  const onEventDropped = (session: { readonly id: number }, why: string): void => void dropped.push(`${session.id} ${why}`)
  return { world: new World({ observer: { onEventDropped } }), dropped }
}

for (const receiver of RECEIVERS) {
  const { label, error, bad } = receiver
  const why = label.startsWith('too large') ? 'too_large' : 'unserializable'

  describe(label, () => {
    test('PUB-15 SER-24 an event is dropped for that subscriber alone, and counted; the publisher is not told', () => {
      for (const options of [{}, { exclude_me: false }, { disclose_me: true }]) {
        const { world, dropped } = newWorld()
        const [small, queued, local] = [world.join(receiver), world.join({ serializer: cborSerializer, isQueued: true }), world.join()]
        const others = [queued, world.join({ serializer: msgpackSerializer }), local]
        const publisher = world.join({ serializer: cborSerializer })
        for (const client of [small, ...others]) client.ask(32, {}, 'a.topic')
        assert.equal(publisher.ask(16, { ...options, acknowledge: true }, 'a.topic', [bad])[0], 17)
        for (const client of others) assert.deepEqual(client.take()[0]![4], [bad])
        assert.deepEqual(small.take(), [])
        assert.deepEqual(dropped, [`${small.sessionId} ${why}`])
        publisher.request(16, {}, 'a.topic', ['fits'])
        assert.deepEqual(small.take()[0]![4], ['fits'], 'the session goes on')
      }
    })

    test('RPC-18 SER-24 an invocation: the caller gets an ERROR and the callee goes on', () => {
      const { world } = newWorld()
      const [callee, caller] = [world.join(receiver), world.join({ serializer: cborSerializer })]
      callee.ask(64, {}, 'a.work')
      const answer = caller.ask(48, { timeout: 1000 }, 'a.work', [bad])
      assert.deepEqual([answer[0], answer[1], answer[2], answer[4]], [8, 48, 1, error])
      assert.equal(world.clock.timerCount, 0)
      caller.request(48, {}, 'a.work', ['fits'])
      const [invocation] = callee.take()
      assert.deepEqual(invocation![4], ['fits'])
      assert.equal(invocation![1], 1, 'ID-10: the callee sees no gap')
      callee.send(70, invocation![1], {})
      assert.deepEqual(caller.take(), [[50, 2, {}]])
    })

    test('RPC-18 SER-24 a result: the caller gets an ERROR instead', () => {
      const { world } = newWorld()
      const [callee, caller] = [world.join({ serializer: cborSerializer }), world.join(receiver)]
      callee.ask(64, {}, 'a.work')
      caller.request(48, {}, 'a.work')
      callee.send(70, 1, {}, [bad])
      const [answer, ...rest] = caller.take()
      assert.deepEqual([answer![0], answer![1], answer![2], answer![4], rest], [8, 48, 1, error, []])
    })

    test('RPC-18 SER-24 a progressive result ends the call: ERROR to the caller, INTERRUPT to the callee, then nothing', () => {
      const { world } = newWorld()
      const [callee, caller] = [world.join({ serializer: cborSerializer }), world.join(receiver)]
      callee.ask(64, {}, 'a.work')
      caller.request(48, { receive_progress: true }, 'a.work')
      callee.send(70, 1, { progress: true }, ['fits'])
      callee.take()
      callee.send(70, 1, { progress: true }, [bad])
      assert.deepEqual(callee.take(), [[69, 1, { mode: 'killnowait' }]])
      callee.send(70, 1, {}, ['fits'])
      assert.deepEqual(
        caller.take().map((list) => list[0]),
        [50, 8],
      )
    })

    test('RPC-10 a callee that answers all at once, inside send, still ends the call once', () => {
      for (const rest of [
        [{ progress: true }, bad],
        [{}, 'fits'],
        [{}, bad],
      ]) {
        const { world } = newWorld()
        const [callee, caller] = [world.join({ serializer: cborSerializer }), world.join(receiver)]
        callee.ask(64, {}, 'a.work')
        callee.onList = (list) => {
          if (list[0] !== 68) return
          callee.send(70, list[1], { progress: true }, [bad])
          callee.send(70, list[1], rest[0], [rest[1]])
        }
        caller.request(48, { receive_progress: true }, 'a.work')
        const answers = caller.take()
        assert.deepEqual(
          answers.map((list) => [list[0], list[2], list[4]]),
          [[8, 1, error]],
        )
      }
    })

    test('an error comes without its arguments', () => {
      const { world } = newWorld()
      const [callee, caller] = [world.join({ serializer: cborSerializer }), world.join(receiver)]
      callee.ask(64, {}, 'a.work')
      caller.request(48, {}, 'a.work')
      callee.send(8, 68, 1, {}, 'a.error', [bad], { bad })
      assert.deepEqual(caller.take(), [[8, 48, 1, {}, 'a.error']])
    })
  })
}

test('RPC-10 an error whose URI does not reach the caller is replaced, so that the call is answered', () => {
  const cases = [
    { uri: `a.${'x'.repeat(2000)}`, error: 'wamp.error.payload_size_exceeded' },
    { uri: '\0a.error', error: 'wamp.error.invalid_argument' }, // JSON reads such a string as bytes
  ]
  for (const { uri, error } of cases) {
    for (const isQueued of [false, true]) {
      const { world } = newWorld()
      const caller = world.join({ serializer: jsonSerializer, frameBytesMax: 1024, isQueued })
      const callee = world.join({ serializer: cborSerializer })
      callee.ask(64, {}, 'a.work')
      caller.request(48, {}, 'a.work')
      callee.send(8, 68, 1, {}, uri, ['why'])
      assert.deepEqual(caller.take(), [[8, 48, 1, {}, error]])
    }
  }
})

test('a client that does not accept a message as long as WELCOME is not left waiting', () => {
  for (const isQueued of [false, true]) {
    const ended: string[] = []
    const world = new World({ agent: LARGE, observer: { onSessionEnd: (_session, reason) => void ended.push(reason) } })
    const client = world.connect({ serializer: jsonSerializer, frameBytesMax: 1024, isQueued })
    client.hello()
    const received = client.take()
    assert.deepEqual([received.length, received[0]?.[0], received[0]?.[2]], [1, 3, 'wamp.error.payload_size_exceeded'])
    assert.equal(client.isClosed, true)
    assert.deepEqual(ended, ['wamp.error.payload_size_exceeded'])
    assert.deepEqual([world.router.sessionCount, world.router.peerCount], [0, 0])
  }
})

describe('in one process', () => {
  const impossible = (): Payload => Payload.of([() => 1])

  test('SER-24 a value without a form anywhere is the sender’s to hear of, not the receiver’s', () => {
    const { world, dropped } = newWorld()
    const [subscriber, publisher] = [world.join(), world.join({ serializer: cborSerializer })]
    subscriber.ask(32, {}, 'a.topic')
    const local = world.join()
    local.sendMessage({ type: MessageType.PUBLISH, requestId: 1 as RequestId, options: {}, topic: 'a.topic', payload: impossible() })
    publisher.request(16, {}, 'a.topic', [1])
    assert.deepEqual(
      subscriber.take().map((list) => list[4]),
      [[1]],
    )
    assert.deepEqual(dropped, [])
  })

  test('SER-24 a value of a local callee that JSON has no form for becomes an ERROR for a JSON caller', () => {
    const { world } = newWorld()
    const [callee, caller] = [world.join(), world.join({ serializer: jsonSerializer })]
    callee.ask(64, {}, 'a.work')
    caller.request(48, {}, 'a.work')
    const error: ErrorMessage = {
      type: MessageType.ERROR,
      requestType: MessageType.INVOCATION,
      requestId: 1 as RequestId,
      details: {},
      error: 'a.error',
      payload: Payload.of([Number.NaN]),
    }
    callee.sendMessage(error)
    assert.deepEqual(caller.take(), [[8, 48, 1, {}, 'a.error']])
    caller.request(48, {}, 'a.work')
    callee.sendMessage({ type: MessageType.YIELD, requestId: 2 as RequestId, options: {}, payload: Payload.of([Number.NaN]) })
    assert.equal(caller.take()[0]![4], 'wamp.error.invalid_argument')
  })
})
