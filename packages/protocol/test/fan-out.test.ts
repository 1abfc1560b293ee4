import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cborSerializer, jsonSerializer, MemoryTransport, type Message, msgpackSerializer, Payload, type Serializer } from '../src/index.ts'
import { Audience, FrameQueue, type Framing, LocalPeer, type Peer, RemotePeer } from '../src/internal.ts'
import { opened } from './support.ts'

interface Member {
  readonly name: string
  readonly peer: Peer
  readonly received: () => unknown[]
}

const event = (payload: Payload): Message => ({ type: 36, subscriptionId: 1, publicationId: 2, details: {}, payload }) as unknown as Message
const argument = (message: Message): unknown => (opened(message)['payload'] as { args: unknown[] }).args[0]

/** A member whose transport writes framed bytes. */
function queued(name: string, serializer: Serializer, framing: Framing, frameBytesMax = 1000): Member & { queue: FrameQueue } {
  const queue = new FrameQueue(framing, frameBytesMax, () => {})
  const peer = new RemotePeer(Object.assign(new MemoryTransport(), { queue }), serializer)
  const received = () => {
    const found: unknown[] = []
    for (const chunk of queue.take()) {
      const b = chunk.bytes
      for (let at = 0; at < chunk.end; ) {
        const length =
          framing === 'rawsocket' ? (b[at + 2]! << 8) | b[at + 3]! : b[at + 1]! < 126 ? b[at + 1]! : (b[at + 2]! << 8) | b[at + 3]!
        at += framing === 'rawsocket' ? 4 : b[at + 1]! < 126 ? 2 : 4
        found.push(argument(serializer.decode(b, at, at + length)))
        at += length
      }
      chunk.release(false)
    }
    return found
  }
  return { name, peer, queue, received }
}

/** A member that is sent to one by one: a transport without a queue, or no transport at all. */
function single(name: string, serializer?: Serializer, frameBytesMax = 1000): Member {
  const found: unknown[] = []
  if (serializer) {
    const [far, near] = MemoryTransport.pair(frameBytesMax)
    far.onFrame = (bytes) => found.push(argument(serializer.decode(bytes)))
    return { name, peer: new RemotePeer(near, serializer), received: () => found.splice(0) }
  }
  const [near, far] = LocalPeer.pair()
  far.onMessage = (message) => found.push(argument(message))
  return { name, peer: near, received: () => found.splice(0) }
}

function members(): Member[] {
  return [
    queued('json ws', jsonSerializer, 'websocket-text'),
    queued('json raw', jsonSerializer, 'rawsocket'),
    queued('msgpack ws', msgpackSerializer, 'websocket-binary'),
    queued('cbor raw', cborSerializer, 'rawsocket'),
    queued('cbor raw 2', cborSerializer, 'rawsocket'),
    single('json alone', jsonSerializer),
    single('local'),
  ]
}

test('SER-01 every member gets every event, whatever its serializer and transport', () => {
  const all = members()
  const audience = new Audience(all)
  audience.send(event(Payload.of(['first'])), () => assert.fail())
  audience.send(event(Payload.of([new Uint8Array([1])])), () => assert.fail())
  for (const member of all) assert.deepEqual(member.received(), ['first', new Uint8Array([1])], member.name)
})

test('SER-26 an event is serialized once per serializer, not per receiver', () => {
  let encodings = 0
  const counting: Serializer = {
    ...cborSerializer,
    encodeHead(message, head) {
      encodings++
      return cborSerializer.encodeHead(message, head)
    },
  }
  const audience = new Audience(Array.from({ length: 50 }, (_, index) => queued(`${index}`, counting, 'rawsocket')))
  for (let turn = 1; turn <= 3; turn++) {
    audience.send(event(Payload.of([turn])), () => assert.fail())
    assert.equal(encodings, turn)
  }
  for (const member of audience.members) assert.deepEqual(member.received(), [1, 2, 3])
})

test('SER-24 who cannot be given a value is named, and the others get it', () => {
  const all = members()
  const missed: string[] = []
  const frame = msgpackSerializer.encodePayload([[Number.NaN]])
  new Audience(all).send(event(new Payload(1, msgpackSerializer, frame, 0, frame.length)), (member, why) =>
    missed.push(`${member.name}: ${why}`),
  )
  assert.deepEqual(missed.sort(), ['json alone: unserializable', 'json raw: unserializable', 'json ws: unserializable'])
  for (const member of all) assert.deepEqual(member.received(), member.name.startsWith('json') ? [] : [Number.NaN], member.name)
})

test('TRN-22 an event that is too long for one receiver is left out there alone, and counted', () => {
  const all = [
    queued('short', jsonSerializer, 'rawsocket', 100),
    queued('long', jsonSerializer, 'rawsocket', 512),
    single('alone', jsonSerializer, 100),
  ]
  const missed: string[] = []
  const audience = new Audience(all)
  audience.send(event(Payload.of(['x'.repeat(200)])), (member, why) => missed.push(`${member.name}: ${why}`))
  audience.send(event(Payload.of(['y'])), () => assert.fail())
  assert.deepEqual(missed.sort(), ['alone: too_large', 'short: too_large'])
  assert.deepEqual(
    all.map((member) => member.received()),
    [['y'], ['x'.repeat(200), 'y'], ['y']],
  )
})

test('sendTo reaches those that are accepted, and says of those alone what they missed', () => {
  const all = members()
  const audience = new Audience(all)
  const missed: string[] = []
  const accepts = (member: Member) => member.name !== 'json raw' && member.name !== 'local'
  audience.sendTo(event(Payload.of([1])), accepts, () => assert.fail())
  audience.sendTo(event(Payload.of([2n ** 70n])), accepts, (member, why) => missed.push(`${member.name}: ${why}`))
  audience.sendTo(event(Payload.of(['x'.repeat(2000)])), accepts, (member, why) => missed.push(`${member.name}: ${why}`))
  for (const member of all) {
    const got = member.received()
    if (!accepts(member)) assert.deepEqual(got, [], member.name)
    else assert.deepEqual(got, member.name === 'msgpack ws' ? [1] : [1, 2n ** 70n], member.name)
  }
  const tooLarge = all.filter(accepts).map((member) => `${member.name}: too_large`)
  assert.deepEqual(missed.sort(), [...tooLarge, 'msgpack ws: unserializable'].sort())
})

test('ORD-12 frames of an audience and frames of one member keep their order', () => {
  const [first, second] = [queued('first', jsonSerializer, 'rawsocket'), queued('second', jsonSerializer, 'rawsocket')]
  const audience = new Audience<Member>([first, second])
  for (let turn = 0; turn < 5; turn++) {
    audience.send(event(Payload.of([`all ${turn}`])), () => assert.fail())
    first.peer.send(event(Payload.of([`own ${turn}`])))
    audience.sendTo(
      event(Payload.of([`one ${turn}`])),
      (member) => member === second,
      () => assert.fail(),
    )
  }
  const turns = [0, 1, 2, 3, 4]
  assert.deepEqual(
    first.received(),
    turns.flatMap((turn) => [`all ${turn}`, `own ${turn}`]),
  )
  assert.deepEqual(
    second.received(),
    turns.flatMap((turn) => [`all ${turn}`, `one ${turn}`]),
  )
})

test('an audience of nobody sends nothing', () => {
  new Audience<Member>([]).send(event(Payload.of([1])), () => assert.fail())
})
