import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Event, Message, Welcome } from '@crosspoint/protocol'
import { MessageType, type RequestId } from '@crosspoint/protocol'
import type { Peer } from '@crosspoint/protocol/internal'
import type { TopicOptions } from '../src/index.ts'
import { ALL_ROLES, World } from './support.ts'

const TOPIC = 'a.measure'

/** A subscriber that can stand still, and a publisher of numbers. */
function setUp(slow: TopicOptions['slow']): {
  world: World
  peer: Peer
  received: Message[]
  events: () => [unknown, unknown][]
  publish: (n: number) => void
  dropped: string[]
} {
  const dropped: string[] = []
  const world = new World({
    realms: [{ name: 'realm1', topics: [{ uri: TOPIC, slow, slowBytesMax: 1_000 }], resume: {} }],
    observer: { onEventDropped: (_session, why) => void dropped.push(why) },
  })
  const peer = world.router.attachLocal()
  const received: Message[] = []
  peer.onMessage = (message) => void received.push(message)
  peer.send({ type: MessageType.HELLO, realm: 'realm1', details: { roles: ALL_ROLES, resumable: true } })
  peer.send({ type: MessageType.SUBSCRIBE, requestId: 1 as RequestId, options: {}, topic: TOPIC })
  const publisher = world.join()
  const events = (): [unknown, unknown][] =>
    received
      .filter((message): message is Event => message.type === MessageType.EVENT)
      .map(({ payload, details }) => [payload.read().args[0], details['_dropped']])
  return { world, received, peer, events, publish: (n) => void publisher.request(16, {}, TOPIC, [n]), dropped }
}

describe('PUB-15 a subscriber that does not keep up', () => {
  test('drop: what comes while too much waits is left out, counted, and told with the next event', () => {
    const { peer, events, publish, dropped } = setUp('drop')
    peer.pause()
    for (let n = 1; n <= 10; n++) publish(n)
    peer.resume()
    const before = events().length
    assert.ok(before > 1 && before < 10, `${before} were kept`)
    assert.deepEqual(
      events().map(([n]) => n),
      Array.from({ length: before }, (_, at) => at + 1),
      'the oldest, in order',
    )
    publish(11)
    assert.deepEqual(events().at(-1), [11, 10 - before])
    publish(12)
    assert.deepEqual(events().at(-1), [12, undefined], 'it is told once')
    assert.equal(dropped.length, 10 - before)
    assert.ok(dropped.every((why) => why === 'slow'))
  })

  test('newest: the last event comes when there is room, with the number of those left out before it', () => {
    const { peer, events, publish, dropped } = setUp('newest')
    peer.pause()
    for (let n = 1; n <= 10; n++) publish(n)
    const kept = 10 - 1 - dropped.length
    peer.resume()
    assert.deepEqual(events().at(-1), [10, dropped.length])
    assert.equal(events().length, kept + 1)
    publish(11)
    assert.deepEqual(events().at(-1), [11, undefined])
  })

  test('newest: also when the transport was lost meanwhile, and after that as before', () => {
    const { world, received, peer, events, publish } = setUp('newest')
    peer.pause()
    for (let n = 1; n <= 10; n++) publish(n)
    const { sessionId, details } = received[0] as Welcome
    peer.close()
    const again = world.router.attachLocal()
    again.onMessage = (message) => void received.push(message)
    const resume_token = details['resume_token']
    again.send({ type: MessageType.HELLO, realm: null, details: { resume_session: sessionId, resume_token } })
    assert.equal(events().at(-1)![0], 10)
    again.pause()
    for (let n = 11; n <= 20; n++) publish(n)
    again.resume()
    assert.equal(events().at(-1)![0], 20)
  })

  test('newest: nothing comes after UNSUBSCRIBED (ORD-08)', () => {
    const { peer, events, publish } = setUp('newest')
    peer.pause()
    for (let n = 1; n <= 10; n++) publish(n)
    peer.send({ type: MessageType.UNSUBSCRIBE, requestId: 2 as RequestId, subscriptionId: 1 as never })
    peer.resume()
    assert.ok(events().every(([n]) => (n as number) < 10))
  })

  test('close, the default, leaves it to the transport: nothing is left out here', () => {
    const { peer, events, publish } = setUp(undefined)
    peer.pause()
    for (let n = 1; n <= 10; n++) publish(n)
    peer.resume()
    assert.equal(events().length, 10)
  })

  test('another subscriber gets everything meanwhile', () => {
    const world = new World({ realms: [{ name: 'realm1', topics: [{ uri: TOPIC, slow: 'drop', slowBytesMax: 1_000 }] }] })
    const slow = world.router.attachLocal()
    slow.send({ type: MessageType.HELLO, realm: 'realm1', details: { roles: ALL_ROLES } })
    slow.send({ type: MessageType.SUBSCRIBE, requestId: 1 as RequestId, options: {}, topic: TOPIC })
    slow.pause()
    const [quick, publisher] = [world.join(), world.join()]
    quick.ask(32, {}, TOPIC)
    for (let n = 1; n <= 10; n++) {
      publisher.request(16, {}, TOPIC, [n])
      assert.deepEqual(
        quick.take().map((list) => list[4]),
        [[n]],
      )
    }
  })
})
