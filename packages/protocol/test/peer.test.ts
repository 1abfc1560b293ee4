import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  cborSerializer,
  jsonSerializer,
  MemoryTransport,
  type Message,
  msgpackSerializer,
  Payload,
  ProtocolViolation,
  type Transport,
} from '../src/index.ts'
import { FrameQueue, LocalPeer, RemotePeer } from '../src/internal.ts'
import { bytesOf, opened, textOf } from './support.ts'

const event = (...args: unknown[]): Message =>
  ({ type: 36, subscriptionId: 1, publicationId: 2, details: {}, payload: Payload.of(args) }) as unknown as Message
const plainEvent = (...args: unknown[]) => ({ type: 36, subscriptionId: 1, publicationId: 2, details: {}, payload: { args, kwargs: {} } })

function linked(frameBytesMax?: number, serializer = jsonSerializer) {
  const [near, far] = MemoryTransport.pair(frameBytesMax)
  const peers = [new RemotePeer(near, serializer), new RemotePeer(far, serializer)] as const
  const heard: unknown[] = []
  peers[0].onMessage = (message) => heard.push(opened(message))
  peers[0].onViolation = (violation: ProtocolViolation) => heard.push(violation.message)
  return { near, far, peers, heard }
}

describe('RemotePeer', () => {
  test('TRN-02 a message arrives as it was sent, in every serializer', () => {
    for (const serializer of [jsonSerializer, msgpackSerializer, cborSerializer]) {
      const { peers, heard } = linked(undefined, serializer)
      assert.equal(peers[1].send(event(1, 'a', new Uint8Array(2))), undefined)
      assert.deepEqual(heard, [plainEvent(1, 'a', new Uint8Array(2))])
    }
  })

  test('SER-11 PRV-01 a frame that is no message is a violation, and the next frame is read as if nothing were', () => {
    const { far, peers, heard } = linked()
    far.send(textOf('[36,1'))
    far.send(textOf('{}'))
    peers[1].send(event(1))
    assert.deepEqual(heard, [
      'JSON ends in the middle, at byte 5',
      'A message must be a list; a JSON message begins with "["',
      plainEvent(1),
    ])
  })

  test('SER-07 what the transport finds wrong reaches the session as a violation', () => {
    const { near, heard } = linked()
    const { onFault }: Transport = near
    onFault!(new ProtocolViolation('text for binary'))
    assert.deepEqual(heard, ['text for binary'])
  })

  test('TRN-20 SER-24 send tells why a message could not go, and the peer goes on', () => {
    const { peers, heard } = linked(64)
    assert.equal(peers[1].send(event('x'.repeat(100))), 'too_large')
    assert.equal(peers[1].send(event(Number.NaN)), 'unserializable')
    assert.equal(peers[1].send(event('\0')), 'unserializable')
    assert.equal(peers[1].send(event(1)), undefined)
    assert.deepEqual(heard, [plainEvent(1)])
  })

  test('TRN-20 the same over a queue of framed bytes', () => {
    const queue = new FrameQueue('rawsocket', 64, () => {})
    const transport = Object.assign(new MemoryTransport(), { queue })
    const peer = new RemotePeer(transport, msgpackSerializer)
    assert.equal(peer.send(event('x'.repeat(100))), 'too_large')
    assert.equal(peer.send(event(2n ** 70n)), 'unserializable')
    assert.equal(queue.bytes, 0)
    assert.equal(peer.send(event(1)), undefined)
    const [chunk] = queue.take()
    assert.deepEqual(chunk!.bytes.subarray(0, chunk!.end), Buffer.from(bytesOf('00000007 952401028091 01')))
  })

  test("an error that is our own is not taken for the peer's", () => {
    const { peers } = linked()
    const broken = { ...event(1), payload: { count: 1, bytesIn: () => assert.fail('ours') } } as unknown as Message
    assert.throws(() => peers[0].send(broken), /ours/)
  })

  test('close, pause and resume go to the transport', () => {
    const { near, peers, heard } = linked()
    const closed: string[] = []
    peers[0].onClose = (reason) => closed.push(reason)
    peers[0].pause()
    peers[1].send(event(1))
    assert.deepEqual(heard, [])
    peers[0].resume()
    assert.equal(heard.length, 1)
    peers[1].close('wamp.close.normal')
    assert.deepEqual(closed, ['wamp.close.normal'])
    let isEstablished = false
    Object.assign(near, { establish: () => (isEstablished = true) })
    peers[0].establish()
    assert.ok(isEstablished)
  })
})

describe('LocalPeer', () => {
  test('TRN-48 messages go over at once, and neither side can change what the other holds', () => {
    const [one, other] = LocalPeer.pair()
    const heard: Message[] = []
    other.onMessage = (message) => heard.push(message)
    const list = [1]
    one.send(event(list))
    list.push(2)
    assert.deepEqual(heard.map(opened), [plainEvent([1])])
    assert.equal(one.send(event(() => 1)), 'unserializable')
    assert.equal(heard.length, 1)
  })

  test('values are treated as every serializer would', () => {
    const [one, other] = LocalPeer.pair()
    const heard: Message[] = []
    other.onMessage = (message) => heard.push(message)
    one.send(event({ a: undefined, b: [undefined], c: new Date(0) }))
    assert.deepEqual(heard.map(opened), [plainEvent({ b: [null], c: '1970-01-01T00:00:00.000Z' })])
  })

  test('closing reaches both ends once, and nothing is sent afterwards', () => {
    const [one, other] = LocalPeer.pair()
    const heard: string[] = []
    one.onClose = (reason) => heard.push(`one ${reason}`)
    other.onClose = (reason) => heard.push(`other ${reason}`)
    other.onMessage = () => heard.push('message')
    one.close('wamp.close.normal')
    other.close()
    one.close()
    one.send(event(1))
    assert.deepEqual(heard.sort(), ['one wamp.close.normal', 'other wamp.close.normal'])
  })

  test('while paused messages wait and come in order', () => {
    const [one, other] = LocalPeer.pair()
    const heard: unknown[] = []
    other.onMessage = (message) => {
      heard.push((opened(message)['payload'] as { args: unknown[] }).args[0])
      if (heard.length === 1) other.pause()
    }
    other.pause()
    for (const each of [1, 2, 3]) one.send(event(each))
    other.resume()
    assert.deepEqual(heard, [1])
    one.send(event(4))
    other.resume()
    assert.deepEqual(heard, [1, 2, 3, 4])
  })
})
