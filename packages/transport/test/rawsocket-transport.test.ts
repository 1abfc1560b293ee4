import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RawSocketReader } from '@crosspoint/protocol/internal'
import { rawSocketFrame } from '@crosspoint/testing'
import { ended, HELLO, Inbox, serve, serveRouter, untilEnd } from './server.ts'

const LENGTHS = [0, 1, 125, 126, 511, 512, 65535]

test('TRN-11 TRN-13 the handshake answers with the own limit and the same serializer', async (t) => {
  const server = await serve(t)
  for (const [id, name] of [
    [1, 'json'],
    [2, 'msgpack'],
    [3, 'cbor'],
  ] as const) {
    const [client, arrival] = await server.rawSocket(id, 3)
    assert.deepEqual([...client.reply], [0x7f, 0xd0 | id, 0, 0], '4 MB is 2^(9+13)')
    assert.equal(arrival.serializer.name, name)
    assert.equal(arrival.transport.frameBytesMax, 4096)
    assert.equal(arrival.info.type, 'rawsocket')
    assert.equal(arrival.info.peer, `${client.socket.localAddress}:${client.socket.localPort}`)
    assert.equal(arrival.info.isSecure, false)
  }
})

for (const [what, octets, reply] of [
  ['an unknown serializer: error 1', [0x7f, 0xf4, 0, 0], [0x7f, 0x10, 0, 0]],
  ['reserved octet 3: error 3', [0x7f, 0xf1, 1, 0], [0x7f, 0x30, 0, 0]],
  ['reserved octet 4: error 3', [0x7f, 0xf1, 0, 0x80], [0x7f, 0x30, 0, 0]],
  ['serializer 0: no answer', [0x7f, 0xf0, 0, 0], []],
] as const) {
  test(`TRN-13 TRN-15 PRV-31 the handshake is refused and the transport closed without ABORT for ${what}`, async (t) => {
    const server = await serve(t)
    const socket = server.dial()
    socket.write(Buffer.from(octets))
    assert.deepEqual([...(await untilEnd(socket))], [...reply])
    assert.equal(server.arrivals.items.length, 0)
  })
}

test('TRN-13 more connections than connectionsMax: error 4', async (t) => {
  const server = await serve(t, { limits: { connectionsMax: 1 } })
  await server.rawSocket()
  const socket = server.dial()
  socket.write(Buffer.from([0x7f, 0xf1, 0, 0]))
  assert.deepEqual([...(await untilEnd(socket))], [0x7f, 0x40, 0, 0])
})

test('TRN-15 an incomplete handshake is closed after handshakeTimeoutMs', async (t) => {
  const server = await serve(t, { limits: { handshakeTimeoutMs: 50 } })
  const socket = server.dial()
  socket.write(Buffer.from([0x7f, 0xf1]))
  assert.equal((await untilEnd(socket)).length, 0)
  assert.match(await server.notices.take(), /no session within 50 ms \(handshakeTimeoutMs\)/)
})

test('TRN-21 handshake and frames arrive byte by byte', async (t) => {
  const server = await serve(t)
  const socket = server.dial()
  const stream = Buffer.concat([
    Buffer.from([0x7f, 0xf1, 0, 0]),
    rawSocketFrame(0, Buffer.from('one')),
    rawSocketFrame(0, Buffer.alloc(0)),
    rawSocketFrame(1, Buffer.from('ping')),
    rawSocketFrame(2, Buffer.from('unasked')),
    rawSocketFrame(0, Buffer.alloc(300, 'x')),
  ])
  const answers: Buffer[] = []
  socket.on('data', (bytes: Buffer) => answers.push(bytes))
  for (const byte of stream) {
    // Each write is sent before the next is made: no two bytes are put together on this side.
    await new Promise<void>((resolve, reject) => socket.write(Buffer.from([byte]), (error) => (error ? reject(error) : resolve())))
  }
  const arrival = await server.arrivals.take()
  assert.equal((await arrival.frames.take()).toString(), 'one')
  assert.equal((await arrival.frames.take()).length, 0)
  assert.equal((await arrival.frames.take()).toString(), 'x'.repeat(300))
  arrival.transport.close()
  await ended(socket)
  assert.deepEqual(Buffer.concat(answers), Buffer.concat([Buffer.from([0x7f, 0xd1, 0, 0]), rawSocketFrame(2, Buffer.from('ping'))]))
})

test('TRN-21 the reader finds the same frames in pieces of any size', () => {
  const stream = Buffer.concat(
    LENGTHS.slice(0, 6).flatMap((length) => [0, 1, 2].map((type) => rawSocketFrame(type, Buffer.alloc(length, 65 + type)))),
  )
  const read = (pieceLength: number): string[] => {
    const found: string[] = []
    const note = (kind: string) => (bytes: Uint8Array, start: number, end: number) =>
      found.push(`${kind} ${Buffer.from(bytes.subarray(start, end)).toString()}`)
    const reader = new RawSocketReader(512, { onMessage: note('message'), onPing: note('ping'), onPong: () => found.push('pong') })
    for (let at = 0; at < stream.length; at += pieceLength) reader.push(stream.subarray(at, at + pieceLength))
    return found
  }
  const whole = read(stream.length)
  assert.equal(whole.length, 18)
  for (const pieceLength of [1, 2, 3, 4, 5, 7, 130, 515, 516, 517]) assert.deepEqual(read(pieceLength), whole, `pieces of ${pieceLength}`)
})

test('TRN-02 TRN-17 messages of all lengths go both ways whole and in order', async (t) => {
  const server = await serve(t)
  const [client, arrival] = await server.rawSocket()
  const messages = new Inbox<Buffer>('a message')
  client.onMessage = messages.put
  for (const length of LENGTHS) client.send(0, Buffer.alloc(length, length & 255))
  for (const length of LENGTHS) assert.deepEqual(await arrival.frames.take(), Buffer.alloc(length, length & 255))
  for (const length of LENGTHS) assert.equal(arrival.queue(Buffer.alloc(length, length & 255)), true)
  for (const length of LENGTHS) assert.deepEqual(await messages.take(), Buffer.alloc(length, length & 255))
})

test('TRN-19 a PING of any length gets one PONG with its payload, an unsolicited PONG nothing', async (t) => {
  const server = await serve(t)
  const [client, arrival] = await server.rawSocket()
  const pongs = new Inbox<Buffer>('a PONG')
  client.onPong = pongs.put
  for (const length of LENGTHS) {
    client.send(2, Buffer.alloc(length))
    client.send(1, Buffer.alloc(length, 7))
  }
  for (const length of LENGTHS) assert.deepEqual(await pongs.take(), Buffer.alloc(length, 7))
  client.send(0, 'after')
  assert.equal((await arrival.frames.take()).toString(), 'after')
  assert.equal(pongs.items.length, 0)
})

test('TRN-19 a PONG keeps its place among messages', async (t) => {
  const server = await serve(t)
  const [client, arrival] = await server.rawSocket()
  const order = new Inbox<string>('a frame')
  client.onMessage = (bytes) => order.put(bytes.toString())
  client.onPong = () => order.put('pong')
  arrival.transport.onFrame = () => arrival.queue('answer')
  client.socket.write(
    Buffer.concat([rawSocketFrame(0, Buffer.from('x')), rawSocketFrame(1, Buffer.alloc(0)), rawSocketFrame(0, Buffer.from('y'))]),
  )
  assert.deepEqual([await order.take(), await order.take(), await order.take()], ['answer', 'pong', 'answer'])
})

for (const [what, bytes, expected] of [
  ['reserved bits', [0x80, 0, 0, 0], /reserved bits/],
  ['reserved bit 4', [0x10, 0, 0, 0], /reserved bits/],
  ['frame type 3', [3, 0, 0, 0], /frame type 3 is reserved/],
  ['frame type 7', [7, 0, 0, 0], /frame type 7 is reserved/],
  ['X with another length bit', [8, 0, 0, 1], /length bit X/],
  ['a message that is too long', [0, 1, 0, 1], /65537 bytes was announced; at most 65536/],
  ['a PING that is too long', [1, 1, 0, 1], /65537 bytes was announced; at most 65536/],
  ['2^24 octets', [8, 0, 0, 0], /16777216 bytes was announced; at most 65536/],
] as const) {
  test(`TRN-20 TRN-21 PRV-31 ${what}: the transport is closed at the prefix, without ABORT`, async (t) => {
    const server = await serve(t)
    const [client, arrival] = await server.rawSocket()
    client.onMessage = () => assert.fail('nothing may be said')
    client.socket.write(Buffer.from(bytes))
    assert.match(await arrival.closes.take(), expected)
    assert.match(await server.notices.take(), expected)
    await ended(client.socket)
    assert.equal(arrival.faults.items.length, 0)
  })
}

test('TRN-20 PRV-31 behind a router, too, an over-long frame closes without ABORT', async (t) => {
  const server = await serveRouter(t)
  const socket = server.dial()
  socket.write(Buffer.concat([Buffer.from([0x7f, 0xf1, 0, 0]), Buffer.from([0, 1, 0, 1])]))
  assert.deepEqual([...(await untilEnd(socket))], [0x7f, 0xd1, 0, 0])
})

test('TRN-20 the limit for strangers ends with establish()', async (t) => {
  const server = await serve(t, { limits: { frameBytesMax: 131072 } })
  const [client, arrival] = await server.rawSocket()
  client.send(0, Buffer.alloc(65536))
  assert.equal((await arrival.frames.take()).length, 65536)
  arrival.transport.establish!()
  client.send(0, Buffer.alloc(131072))
  assert.equal((await arrival.frames.take()).length, 131072)
  client.send(0, Buffer.alloc(131073))
  assert.match(await arrival.closes.take(), /131073 bytes was announced; at most 131072/)
})

test('TRN-20 TRN-22 a message longer than the peer accepts is not sent, and what follows is', async (t) => {
  const server = await serve(t)
  const [client, arrival] = await server.rawSocket(1, 0)
  const messages = new Inbox<Buffer>('a message')
  client.onMessage = messages.put
  assert.equal(arrival.queue(Buffer.alloc(513)), false)
  assert.equal(arrival.queue(Buffer.alloc(512)), true)
  assert.equal((await messages.take()).length, 512)
})

test('TRN-02 HELLO in the same write as the handshake is answered', async (t) => {
  const server = await serveRouter(t)
  const socket = server.dial()
  const answers = new Inbox<string>('WELCOME')
  let bytes = Buffer.alloc(0)
  socket.on('data', (more: Buffer) => {
    bytes = Buffer.concat([bytes, more])
    if (bytes.length > 8 && bytes.length === 8 + bytes.readUInt32BE(4)) answers.put(bytes.toString('utf8', 8))
  })
  socket.write(Buffer.concat([Buffer.from([0x7f, 0xf1, 0, 0]), rawSocketFrame(0, Buffer.from(HELLO))]))
  assert.equal(JSON.parse(await answers.take())[0], 2)
})

test('close() sends what was queued before, and then ends', async (t) => {
  const server = await serve(t)
  const [client, arrival] = await server.rawSocket()
  const messages: string[] = []
  client.onMessage = (bytes) => messages.push(bytes.toString())
  arrival.queue('one')
  arrival.transport.send(Buffer.from('two'))
  arrival.queue('three')
  arrival.transport.close()
  arrival.queue('never')
  arrival.transport.send(Buffer.from('never'))
  await ended(client.socket)
  assert.deepEqual(messages, ['one', 'two', 'three'])
  assert.equal(await arrival.closes.take(), 'RawSocket closed')
})

test('a peer that keeps its half open after close() is cut', async (t) => {
  const server = await serve(t)
  const [client, arrival] = await server.rawSocket()
  client.socket.allowHalfOpen = true
  client.socket.resume()
  arrival.transport.close()
  assert.equal(await arrival.closes.take(), 'RawSocket closed')
})
