import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CloseUri, ErrorUri } from '@crosspoint/protocol'
import { OPCODE, UpgradeRefused, WebSocketClient, webSocketFrame } from '@crosspoint/testing'
import { WebSocket } from 'ws'
import { ended, HELLO, Inbox, type Server, serve, serveRouter } from './server.ts'

const LENGTHS = [0, 1, 125, 126, 127, 65535, 65536]

/** A client of the `ws` library, open. */
async function openLibrary(server: Server, protocols: string | string[] = 'wamp.2.json'): Promise<WebSocket> {
  const client = new WebSocket(server.url, protocols)
  client.on('error', () => {})
  await new Promise((resolve, reject) => client.once('open', resolve).once('close', reject))
  server.track((client as unknown as { _socket: import('node:net').Socket })._socket)
  return client
}

for (const [offered, chosen] of [
  [['wamp.2.json'], 'wamp.2.json'],
  [['wamp.2.cbor', 'wamp.2.json'], 'wamp.2.cbor'],
  [['wamp.2.msgpack', 'wamp.2.cbor', 'wamp.2.json'], 'wamp.2.msgpack'],
  [['soap', 'wamp.2.flatbuffers', 'wamp.2.cbor'], 'wamp.2.cbor'],
] as const) {
  test(`TRN-03 of ${offered.join(', ')} the router takes ${chosen}, the first of the client's that it knows`, async (t) => {
    const server = await serve(t)
    const [client, arrival] = await server.webSocket({ protocols: offered })
    assert.equal(client.protocol, chosen)
    assert.equal(arrival.serializer.subprotocol, chosen)
    assert.equal(arrival.info.type, 'websocket')
    assert.equal(arrival.info.path, '/ws')
  })
}

for (const protocols of [['soap', 'wamp.2.flatbuffers'], []]) {
  test(`TRN-03 ${protocols.length > 0 ? 'none that the router knows' : 'no subprotocol'}: HTTP 400, which says what to offer`, async (t) => {
    const server = await serve(t)
    await assert.rejects(
      WebSocketClient.open(server.dial(), { protocols }),
      (error) => error instanceof UpgradeRefused && error.status === 400 && error.body.includes('wamp.2.json, wamp.2.msgpack, wamp.2.cbor'),
    )
    assert.equal(server.arrivals.items.length, 0)
  })
}

test('TRN-03 with assumesJson a client that offers nothing speaks JSON, one that offers something else is still refused', async (t) => {
  const server = await serve(t, { assumesJson: true })
  const [client, arrival] = await server.webSocket({ protocols: [] })
  assert.equal(client.protocol, '')
  assert.equal(arrival.serializer.name, 'json')
  await assert.rejects(WebSocketClient.open(server.dial(), { protocols: ['soap'] }), { status: 400 })
})

test('TRN-07 the headers of the upgrade request, cookies among them, are handed on', async (t) => {
  const server = await serve(t)
  const [, arrival] = await server.webSocket({ headers: { Cookie: 'id=7' } })
  assert.equal(arrival.info.headers['cookie'], 'id=7')
})

test('TRN-06 no extension is agreed on, even when permessage-deflate is offered', async (t) => {
  const server = await serve(t)
  const [client] = await server.webSocket({ headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } })
  assert.equal(client.headers['sec-websocket-extensions'], undefined)
})

test('TRN-02 messages of all lengths go both ways whole and in order', async (t) => {
  const server = await serve(t)
  const client = await openLibrary(server, 'wamp.2.cbor')
  const arrival = await server.arrivals.take()
  arrival.transport.establish!()
  const messages = new Inbox<Buffer>('a message')
  client.on('message', (bytes, isBinary) => messages.put(isBinary ? (bytes as Buffer) : Buffer.from('not binary')))
  for (const length of LENGTHS) client.send(Buffer.alloc(length, length & 255))
  for (const length of LENGTHS) assert.deepEqual(await arrival.frames.take(), Buffer.alloc(length, length & 255))
  for (const length of LENGTHS) arrival.queue(Buffer.alloc(length, length & 255))
  for (const length of LENGTHS) arrival.transport.send(Buffer.alloc(length, length & 255))
  for (const length of [...LENGTHS, ...LENGTHS]) assert.deepEqual(await messages.take(), Buffer.alloc(length, length & 255))
})

test('TRN-02 text serializers send text messages', async (t) => {
  const server = await serve(t)
  const client = await openLibrary(server)
  const arrival = await server.arrivals.take()
  const messages = new Inbox<string>('a message')
  client.on('message', (bytes, isBinary) => messages.put(`${isBinary ? 'binary' : 'text'} ${bytes}`))
  arrival.queue('"größer"')
  arrival.transport.send(Buffer.from('[]'))
  assert.equal(await messages.take(), 'text "größer"')
  assert.equal(await messages.take(), 'text []')
})

test('TRN-02 fragments make one message, with control frames between them', async (t) => {
  const server = await serve(t)
  const [client, arrival] = await server.webSocket()
  const pongs = new Inbox<string>('a pong')
  client.onPong = (payload) => pongs.put(payload.toString())
  client.send(OPCODE.text, '[1,', { isFinal: false })
  client.send(OPCODE.ping, 'between')
  client.send(OPCODE.continuation, '', { isFinal: false })
  client.send(OPCODE.pong, 'unasked')
  client.send(OPCODE.continuation, '2]')
  client.send(OPCODE.text, '[3]')
  assert.equal((await arrival.frames.take()).toString(), '[1,2]')
  assert.equal((await arrival.frames.take()).toString(), '[3]')
  assert.equal(await pongs.take(), 'between')
})

test('TRN-02 a frame in the same write as the upgrade request is heard', async (t) => {
  const server = await serve(t)
  const [, arrival] = await server.webSocket({ early: webSocketFrame(OPCODE.text, Buffer.from('[1]')) })
  assert.equal((await arrival.frames.take()).toString(), '[1]')
})

test('TRN-02 frames arrive byte by byte', async (t) => {
  const server = await serve(t)
  const [client, arrival] = await server.webSocket()
  const stream = Buffer.concat([
    webSocketFrame(OPCODE.text, Buffer.from('one')),
    webSocketFrame(OPCODE.text, Buffer.alloc(300, 'x')),
    webSocketFrame(OPCODE.text, Buffer.from('a'), { isFinal: false }),
    webSocketFrame(OPCODE.continuation, Buffer.from('b')),
  ])
  for (const byte of stream) await new Promise((resolve) => client.socket.write(Buffer.from([byte]), resolve))
  assert.equal((await arrival.frames.take()).toString(), 'one')
  assert.equal((await arrival.frames.take()).toString(), 'x'.repeat(300))
  assert.equal((await arrival.frames.take()).toString(), 'ab')
})

for (const [protocol, opcode, expected] of [
  ['wamp.2.json', OPCODE.binary, /A binary WebSocket message arrived; the agreed serializer uses text/],
  ['wamp.2.cbor', OPCODE.text, /A text WebSocket message arrived; the agreed serializer uses binary/],
] as const) {
  test(`SER-07 the wrong type of message for ${protocol} is a violation, whole or in fragments`, async (t) => {
    const server = await serve(t)
    const [client, arrival] = await server.webSocket({ protocols: [protocol] })
    client.send(opcode, 'x')
    assert.match(await arrival.faults.take(), expected)
    client.send(opcode, 'x', { isFinal: false })
    client.send(OPCODE.continuation, 'y')
    assert.match(await arrival.faults.take(), expected)
    assert.equal(arrival.frames.items.length, 0)
  })
}

test('SER-07 TRN-05 PRV-10 the router answers the wrong type with ABORT, then closes with 1002', async (t) => {
  const server = await serveRouter(t)
  const client = await WebSocketClient.open(server.dial())
  const messages: string[] = []
  client.onMessage = (bytes) => messages.push(bytes.toString())
  client.send(OPCODE.binary, HELLO)
  await ended(client.socket)
  assert.equal(messages.length, 1)
  const [type, details, reason] = JSON.parse(messages[0]!)
  assert.deepEqual([type, reason], [3, 'wamp.error.protocol_violation'])
  assert.match(details.message, /binary/)
  assert.equal(client.closeCode, 1002)
})

test('TRN-05 1000 after GOODBYE', async (t) => {
  const server = await serveRouter(t)
  const client = await WebSocketClient.open(server.dial())
  const messages = new Inbox<string>('a message')
  client.onMessage = (bytes) => messages.put(bytes.toString())
  client.send(OPCODE.text, HELLO)
  assert.match(await messages.take(), /^\[2,/)
  client.send(OPCODE.text, '[6,{},"wamp.close.close_realm"]')
  assert.match(await messages.take(), /^\[6,.*wamp\.close\.goodbye_and_out/)
  await ended(client.socket)
  assert.equal(client.closeCode, 1000)
})

for (const [reason, code] of [
  [CloseUri.systemShutdown, 1001],
  [ErrorUri.protocolViolation, 1002],
  [CloseUri.goodbyeAndOut, 1000],
  [undefined, 1000],
] as const) {
  test(`TRN-05 close(${reason ?? ''}) closes with ${code}, after what was sent`, async (t) => {
    const server = await serve(t)
    const client = await openLibrary(server)
    const arrival = await server.arrivals.take()
    const messages: string[] = []
    client.on('message', (bytes) => messages.push(String(bytes)))
    arrival.queue('one')
    arrival.transport.send(Buffer.from('two'))
    arrival.queue('three')
    arrival.transport.close(reason)
    arrival.queue('never')
    arrival.transport.send(Buffer.from('never'))
    const closed = await new Promise<unknown[]>((resolve) => client.once('close', (...values) => resolve(values)))
    assert.deepEqual([closed[0], String(closed[1])], [code, reason ?? ''])
    assert.deepEqual(messages, ['one', 'two', 'three'])
    await arrival.closes.take()
  })
}

test('TRN-05 what the peer sent before it heard of the close neither delays the end nor counts as too long', async (t) => {
  const server = await serve(t)
  const [client, arrival] = await server.webSocket()
  client.onMessage = () => client.send(OPCODE.text, 'still on the way')
  arrival.queue('last')
  const begun = performance.now()
  arrival.transport.close()
  await arrival.closes.take()
  assert.ok(performance.now() - begun < 1500, 'the closing handshake ends it, not the timeout of 2 s')
  assert.deepEqual(server.notices.items, [])
  assert.equal(arrival.frames.items.length, 0)
})

test('TRN-05 close() ends at once even when the transport is paused', async (t) => {
  const server = await serve(t)
  const [client, arrival] = await server.webSocket()
  arrival.transport.pause()
  client.send(OPCODE.text, 'unread')
  const begun = performance.now()
  arrival.transport.close()
  await arrival.closes.take()
  assert.ok(performance.now() - begun < 1500, 'the closing handshake ends it, not the timeout of 2 s')
  assert.equal(arrival.frames.items.length, 0)
})

test('TRN-02 the peer closes: what it sent before is heard, and its reason', async (t) => {
  const server = await serve(t)
  const client = await openLibrary(server)
  const arrival = await server.arrivals.take()
  client.send('[1]')
  client.close(1000, 'enough')
  assert.equal(await arrival.closes.take(), 'enough')
  assert.equal((await arrival.frames.take()).toString(), '[1]')
  assert.equal(arrival.closes.items.length, 0)
})

test('a socket that is gone without a closing handshake ends the transport once', async (t) => {
  const server = await serve(t)
  const [client, arrival] = await server.webSocket()
  client.socket.destroy()
  assert.match(await arrival.closes.take(), /1006/)
  arrival.transport.send(Buffer.from('x'))
  arrival.queue('x')
  arrival.transport.close()
})

/** Announces a message and sends none of it. */
function announcement(length: number, opcode = 0x81): Buffer {
  const head = Buffer.alloc(14)
  head.set([opcode, 0xff])
  head.writeBigUInt64BE(BigInt(length), 2)
  return head
}

for (const [what, isEstablished, length] of [
  ['before WELCOME above strangerFrameBytesMax', false, 65537],
  ['after it above frameBytesMax', true, 131073],
] as const) {
  test(`TRN-05 TRN-06 a message that is too long is refused at its header with 1009: ${what}`, async (t) => {
    const server = await serve(t, { limits: { frameBytesMax: 131072 } })
    const [client, arrival] = await server.webSocket()
    if (isEstablished) arrival.transport.establish!()
    client.send(OPCODE.text, Buffer.alloc(length - 1, 'x'))
    assert.equal((await arrival.frames.take()).length, length - 1)
    client.socket.write(announcement(length))
    const expected = new RegExp(`a message of ${length} bytes was announced; at most ${length - 1} are accepted`)
    assert.match(await arrival.closes.take(), expected)
    assert.match(await server.notices.take(), expected)
    assert.equal(client.closeCode, 1009)
    assert.equal(server.notices.items.length, 0)
  })
}

test('TRN-05 TRN-06 fragments count together: 1009', async (t) => {
  const server = await serve(t)
  const [client, arrival] = await server.webSocket()
  client.send(OPCODE.text, Buffer.alloc(30000, 'x'), { isFinal: false })
  client.send(OPCODE.continuation, Buffer.alloc(30000, 'x'), { isFinal: false })
  client.send(OPCODE.continuation, Buffer.alloc(5537, 'x'))
  assert.match(await arrival.closes.take(), /65537 bytes was announced; at most 65536/)
  assert.equal(client.closeCode, 1009)
  assert.equal(arrival.frames.items.length, 0)
})

test('TRN-06 a message of 2^53 bytes is refused at its header', async (t) => {
  const server = await serve(t)
  const [client, arrival] = await server.webSocket()
  client.socket.write(announcement(2 ** 53))
  assert.match(await arrival.closes.take(), /9007199254740992 bytes/)
  assert.equal(client.closeCode, 1009)
})

for (const [what, bytes] of [
  ['an unmasked frame', webSocketFrame(OPCODE.text, Buffer.from('x'), { isMasked: false })],
  ['a reserved opcode', webSocketFrame(3, Buffer.from('x'))],
  ['a reserved bit', Buffer.concat([Buffer.from([0xc1]), webSocketFrame(OPCODE.text, Buffer.from('x')).subarray(1)])],
  ['a continuation of nothing', webSocketFrame(OPCODE.continuation, Buffer.from('x'))],
  ['a fragmented ping', webSocketFrame(OPCODE.ping, Buffer.from('x'), { isFinal: false })],
  ['a ping of 126 bytes', webSocketFrame(OPCODE.ping, Buffer.alloc(126))],
] as const) {
  test(`TRN-02 ${what} breaks RFC 6455: closed with 1002, nothing is heard`, async (t) => {
    const server = await serve(t)
    const [client, arrival] = await server.webSocket()
    client.socket.write(Buffer.concat([bytes, webSocketFrame(OPCODE.text, Buffer.from('after'))]))
    await arrival.closes.take()
    assert.equal(client.closeCode, 1002)
    assert.equal(arrival.frames.items.length, 0)
  })
}

test('a new message within a fragmented one breaks RFC 6455: closed with 1002', async (t) => {
  const server = await serve(t)
  const [client, arrival] = await server.webSocket()
  client.send(OPCODE.text, 'a', { isFinal: false })
  client.send(OPCODE.text, 'b')
  await arrival.closes.take()
  assert.equal(client.closeCode, 1002)
  assert.equal(arrival.frames.items.length, 0)
})

test('nothing after a close frame is heard', async (t) => {
  const server = await serve(t)
  const [client, arrival] = await server.webSocket()
  client.socket.write(Buffer.concat([webSocketFrame(OPCODE.close, Buffer.from([3, 0xe8])), webSocketFrame(OPCODE.text, Buffer.from('x'))]))
  await arrival.closes.take()
  assert.equal(client.closeCode, 1000)
  assert.equal(arrival.frames.items.length, 0)
})
