// Batched WebSocket: the subprotocols `wamp.2.*.batched`.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cborSerializer, encodeMessage, type Message, MessageType, msgpackSerializer } from '@crosspoint/protocol'
import { BatchReader, joinBatch } from '@crosspoint/protocol/internal'
import { OPCODE, UpgradeRefused, WebSocketClient } from '@crosspoint/testing'
import { subprotocolsOf } from '../src/subprotocols.ts'
import { append } from './append.ts'
import { type Arrival, HELLO, Inbox, type Server, serve, serveRouter } from './server.ts'

const JSON_BATCHED = { protocols: ['wamp.2.json.batched'] }
const SEPARATOR = '\x1e'

interface Batched {
  readonly client: WebSocketClient
  /** Whole WebSocket messages: batches. */
  readonly batches: Inbox<Buffer>
  readonly closed: Promise<void>
}

async function openBatched(server: Server, protocol = 'wamp.2.json.batched'): Promise<Batched> {
  const client = await WebSocketClient.open(server.dial(), { protocols: [protocol] })
  const batches = new Inbox<Buffer>('a batch')
  client.onMessage = (bytes) => batches.put(Buffer.from(bytes))
  return { client, batches, closed: new Promise((resolve) => (client.onClose = resolve)) }
}

async function serveBatched(t: Parameters<typeof serve>[0], limits = {}): Promise<Batched & { arrival: Arrival; server: Server }> {
  const server = await serve(t, { limits })
  const batched = await openBatched(server)
  return { ...batched, server, arrival: await server.arrivals.take() }
}

for (const [offered, chosen, name] of [
  [['wamp.2.json.batched', 'wamp.2.json'], 'wamp.2.json.batched', 'json'],
  [['wamp.2.msgpack.batched'], 'wamp.2.msgpack.batched', 'msgpack'],
  [['soap', 'wamp.2.cbor.batched', 'wamp.2.cbor'], 'wamp.2.cbor.batched', 'cbor'],
  [['wamp.2.cbor', 'wamp.2.cbor.batched'], 'wamp.2.cbor', 'cbor'],
] as const) {
  test(`TRN-03 TRN-45 of ${offered.join(', ')} the router takes ${chosen}`, async (t) => {
    const server = await serve(t)
    const [client, arrival] = await server.webSocket({ protocols: offered })
    assert.equal(client.protocol, chosen)
    assert.equal(arrival.serializer.name, name)
  })
}

test('TRN-03 TRN-45 subprotocols are named once, plain ones first; two serializers of one name: the first', () => {
  const other = { ...msgpackSerializer }
  const found = subprotocolsOf([msgpackSerializer, cborSerializer, other])
  assert.deepEqual([...found.keys()], ['wamp.2.msgpack', 'wamp.2.cbor', 'wamp.2.msgpack.batched', 'wamp.2.cbor.batched'])
  assert.equal(found.get('wamp.2.msgpack')!.serializer, msgpackSerializer)
  assert.equal(found.get('wamp.2.msgpack.batched')!.serializer, msgpackSerializer)
})

test('TRN-03 TRN-45 a refusal names the batched subprotocols too', async (t) => {
  const server = await serve(t)
  await assert.rejects(
    WebSocketClient.open(server.dial(), { protocols: ['wamp.2.soap.batched'] }),
    (error) => error instanceof UpgradeRefused && error.status === 400 && error.body.includes('wamp.2.msgpack.batched'),
  )
})

test('SER-20 TRN-45 a session over JSON batches: HELLO and GOODBYE as batches of one', async (t) => {
  const server = await serveRouter(t)
  const { client, batches, closed } = await openBatched(server)
  client.send(OPCODE.text, HELLO + SEPARATOR)
  const [welcome, ...rest] = (await batches.take()).toString().split(SEPARATOR)
  assert.match(welcome!, /^\[2,.*\]$/)
  assert.deepEqual(rest, [''])
  client.send(OPCODE.text, `[6,{},"wamp.close.close_realm"]${SEPARATOR}`)
  assert.equal((await batches.take()).toString(), `[6,{},"wamp.close.goodbye_and_out"]${SEPARATOR}`)
  await closed
  assert.equal(client.closeCode, 1000)
})

for (const serializer of [msgpackSerializer, cborSerializer]) {
  test(`SER-18 SER-22 a whole session in one ${serializer.name} batch, processed in order, answered in one batch`, async (t) => {
    const server = await serveRouter(t)
    const { client, batches } = await openBatched(server, `${serializer.subprotocol}.batched`)
    const messages: Message[] = [
      { type: MessageType.HELLO, realm: 'realm1', details: { roles: { subscriber: {} } } },
      { type: MessageType.SUBSCRIBE, requestId: 1, options: {}, topic: 'com.example.one' },
      { type: MessageType.SUBSCRIBE, requestId: 2, options: {}, topic: 'com.example.two' },
    ] as Message[]
    const batch = joinBatch(
      messages.map((message) => encodeMessage(serializer, message)),
      true,
    )
    client.send(OPCODE.binary, batch)
    const found: Message[] = []
    const reader = new BatchReader(true, (bytes, start, end) => found.push(serializer.decode(bytes, start, end)))
    const answer = await batches.take()
    reader.read(answer, 0, answer.length)
    assert.deepEqual(
      found.map((message) => [message.type, (message as { requestId?: number }).requestId]),
      [
        [MessageType.WELCOME, undefined],
        [MessageType.SUBSCRIBED, 1],
        [MessageType.SUBSCRIBED, 2],
      ],
    )
  })
}

test('TRN-45 what is queued in one tick is one batch, also when it is long', async (t) => {
  const { arrival, batches } = await serveBatched(t)
  for (const length of [1, 300, 70_000, 5_000]) append(arrival.transport, length)
  arrival.transport.send(Buffer.from('[1]'))
  const lengths = (await batches.take())
    .toString()
    .split(SEPARATOR)
    .map((message) => message.length)
  assert.deepEqual(lengths, [1, 300, 70_000, 5_000, 3, 0])
})

test('TRN-45 what is queued beyond a megabyte goes in several batches, none of which tears a message', async (t) => {
  const { arrival, batches } = await serveBatched(t)
  for (let count = 0; count < 100; count++) append(arrival.transport, 30_000)
  append(arrival.transport, 2_000_000)
  let found: number[] = []
  const sizes: number[] = []
  while (found.length < 101) {
    const batch = await batches.take()
    sizes.push(batch.length)
    const messages = batch.toString().split(SEPARATOR)
    assert.equal(messages.pop(), '')
    found = [...found, ...messages.map((message) => message.length)]
  }
  assert.deepEqual(found, [...new Array(100).fill(30_000), 2_000_000])
  assert.deepEqual(
    sizes.slice(0, -1).filter((size) => size > 1024 * 1024),
    [],
  )
  assert.equal(sizes.length, 4)
})

test('SER-22 a violation within a batch is told in its place, and the rest is not read', async (t) => {
  const { arrival, client } = await serveBatched(t)
  client.send(OPCODE.text, `[1]${SEPARATOR}[2]${SEPARATOR}[3]`)
  assert.equal((await arrival.frames.take()).toString(), '[1]')
  assert.equal((await arrival.frames.take()).toString(), '[2]')
  assert.match(await arrival.faults.take(), /3 bytes behind its last separator/)
})

test('SER-22 after a message that aborts the session the rest of its batch is discarded', async (t) => {
  const server = await serveRouter(t)
  const { client, batches, closed } = await openBatched(server)
  const lines = [HELLO, '[32,1,{},"com.example.one"]', '[1,"realm1",{}]', '[32,2,{},"com.example.two"]', 'no message']
  client.send(OPCODE.text, lines.map((line) => line + SEPARATOR).join(''))
  const [welcome, subscribed, abort, ...rest] = (await batches.take()).toString().split(SEPARATOR)
  assert.match(welcome!, /^\[2,/)
  assert.match(subscribed!, /^\[33,1,/)
  assert.match(abort!, /^\[3,.*"wamp\.error\.protocol_violation"\]$/)
  assert.deepEqual(rest, [''])
  await closed
  assert.equal(client.closeCode, 1002)
  assert.equal(batches.items.length, 0)
})

test('SER-20 TRN-45 PRV-31 an empty batch fails the transport, without ABORT', async (t) => {
  for (const [protocol, opcode] of [
    ['wamp.2.json.batched', OPCODE.text],
    ['wamp.2.cbor.batched', OPCODE.binary],
  ] as const) {
    const server = await serveRouter(t)
    const { client, batches, closed } = await openBatched(server, protocol)
    client.send(opcode, '')
    await closed
    assert.equal(client.closeCode, 1002)
    assert.match(await server.notices.take(), /An empty batch arrived/)
    assert.equal(batches.items.length, 0)
  }
})

test('SER-07 TRN-45 a binary message under a text subprotocol is a violation', async (t) => {
  const { arrival, client } = await serveBatched(t)
  client.send(OPCODE.binary, `[1]${SEPARATOR}`)
  assert.match(await arrival.faults.take(), /A binary WebSocket message arrived/)
})

test('TRN-45 paused within a batch nothing is handed on, paused and resumed at once everything', async (t) => {
  const { arrival, client } = await serveBatched(t)
  const { onFrame } = arrival.transport
  const batch = [1, 2, 3].map((id) => `[${id}]${SEPARATOR}`).join('')
  arrival.transport.onFrame = (bytes, start, end) => {
    arrival.transport.pause()
    onFrame(bytes, start, end)
  }
  client.send(OPCODE.text, batch)
  client.send(OPCODE.text, `[4]${SEPARATOR}`)
  for (const id of [1, 2, 3, 4]) {
    assert.equal((await arrival.frames.take()).toString(), `[${id}]`)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(arrival.frames.items.length, 0)
    arrival.transport.resume()
  }
  arrival.transport.onFrame = (bytes, start, end) => {
    arrival.transport.pause()
    arrival.transport.resume()
    onFrame(bytes, start, end)
  }
  client.send(OPCODE.text, batch)
  client.send(OPCODE.text, batch)
  for (const id of [1, 2, 3, 1, 2, 3]) assert.equal((await arrival.frames.take()).toString(), `[${id}]`)
})

test('TRN-45 a fragmented batch, and one that comes while paused', async (t) => {
  const { arrival, client } = await serveBatched(t)
  client.send(OPCODE.text, '[1', { isFinal: false })
  client.send(OPCODE.continuation, `]${SEPARATOR}[2]`, { isFinal: false })
  client.send(OPCODE.continuation, SEPARATOR)
  assert.equal((await arrival.frames.take()).toString(), '[1]')
  assert.equal((await arrival.frames.take()).toString(), '[2]')
})

test('TRN-06 messagesPerSecondMax counts the messages of a batch, frameBytesMax the whole of it', async (t) => {
  const { arrival, client } = await serveBatched(t, { messagesPerSecondMax: 3 })
  client.send(OPCODE.text, `[1]${SEPARATOR}`.repeat(10))
  assert.match(await arrival.faults.take(), /More than 3 messages/)
  const long = await serveBatched(t, { frameBytesMax: 512, strangerFrameBytesMax: 512 })
  long.client.send(OPCODE.text, `[1]${SEPARATOR}`.repeat(200))
  await long.closed
  assert.equal(long.client.closeCode, 1009)
})

test('TRN-45 close lets what was queued leave in a last batch', async (t) => {
  const { arrival, batches, closed, client } = await serveBatched(t)
  arrival.transport.send(Buffer.from('[1]'))
  arrival.transport.send(Buffer.from('[2]'))
  arrival.transport.close('wamp.close.normal')
  arrival.transport.send(Buffer.from('[3]'))
  assert.equal((await batches.take()).toString(), `[1]${SEPARATOR}[2]${SEPARATOR}`)
  await closed
  assert.equal(client.closeCode, 1000)
})

test('TRN-39 TRN-45 a reader of batches that does not read is cut at bufferedBytesMax', async (t) => {
  const server = await serve(t, { limits: { bufferedBytesMax: 300_000 } })
  const [client, arrival] = await server.webSocket(JSON_BATCHED)
  client.socket.pause()
  let isOver = false
  const notice = server.notices.take().finally(() => (isOver = true))
  while (!isOver) {
    append(arrival.transport, 100_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.match(await notice, /bytes wait for a reader that does not read/)
  assert.match(await arrival.closes.take(), /bufferedBytesMax 300000/)
})
