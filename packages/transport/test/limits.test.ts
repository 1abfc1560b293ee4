// The limits of DEFAULT_LIMITS, each at work on a real connection. What one peer does costs the others nothing.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OPCODE, RawSocketClient, WebSocketClient } from '@crosspoint/testing'
import { type Arrival, ended, HELLO, Inbox, serve, serveRouter } from './server.ts'

test('TRN-06 a WebSocket peer that does not answer a ping is cut after pingTimeoutMs', async (t) => {
  const server = await serve(t, { limits: { pingIntervalMs: 20, pingTimeoutMs: 30 } })
  const [client, arrival] = await server.webSocket()
  client.answersPings = false
  const pings = new Inbox<Buffer>('a ping')
  client.onPing = pings.put
  await pings.take()
  assert.match(await arrival.closes.take(), /no answer to a ping within 30 ms \(pingTimeoutMs\)/)
  assert.match(await server.notices.take(), /pingTimeoutMs/)
})

test('TRN-06 a WebSocket peer that answers pings stays', async (t) => {
  const server = await serve(t, { limits: { pingIntervalMs: 15, pingTimeoutMs: 1000 } })
  const [client, arrival] = await server.webSocket()
  const pings = new Inbox<Buffer>('a ping')
  client.onPing = pings.put
  for (let count = 0; count < 3; count++) await pings.take()
  client.send(OPCODE.text, 'here')
  assert.equal((await arrival.frames.take()).toString(), 'here')
})

test('TRN-19 a RawSocket peer is pinged when rawSocketPingIntervalMs is set, and cut when it does not answer', async (t) => {
  const server = await serve(t, { limits: { rawSocketPingIntervalMs: 15, pingTimeoutMs: 40, pingIntervalMs: 0 } })
  const [client, arrival] = await server.rawSocket()
  const pings = new Inbox<Buffer>('a PING')
  client.onPing = pings.put
  for (let count = 0; count < 2; count++) client.send(2, await pings.take())
  assert.match(await arrival.closes.take(), /no answer to a ping within 40 ms/)
})

test('pings do not count as messages: idleTimeoutMs ends a connection that says nothing', async (t) => {
  const server = await serve(t, { limits: { idleTimeoutMs: 60 } })
  const [web, first] = await server.webSocket()
  const [raw, second] = await server.rawSocket()
  web.onPong = () => web.send(OPCODE.ping, '')
  web.send(OPCODE.ping, '')
  raw.onPong = () => raw.send(1, '')
  raw.send(1, '')
  assert.match(await first.closes.take(), /no message for 60 ms \(idleTimeoutMs\)/)
  assert.match(await second.closes.take(), /no message for 60 ms \(idleTimeoutMs\)/)
})

for (const type of ['websocket', 'rawsocket'] as const) {
  test(`messagesPerSecondMax on a ${type} ends the session with ABORT`, async (t) => {
    const server = await serveRouter(t, { limits: { messagesPerSecondMax: 5 } })
    const messages = new Inbox<string>('a message')
    const client = type === 'websocket' ? await WebSocketClient.open(server.dial()) : await RawSocketClient.open(server.dial(), 1)
    client.onMessage = (bytes: Buffer) => messages.put(bytes.toString())
    const send = (text: string) => (client instanceof WebSocketClient ? client.send(OPCODE.text, text) : client.send(0, text))
    send(HELLO)
    assert.match(await messages.take(), /^\[2,/)
    for (let id = 1; id <= 10; id++) send(`[16,${id},{},"com.example.topic"]`)
    assert.match(await messages.take(), /^\[3,.*More than 5 messages arrived within a second.*wamp\.error\.protocol_violation/)
    await ended(client.socket)
    assert.match(await server.notices.take(), /more than 5 messages within a second \(messagesPerSecondMax\)/)
  })
}

/** Sends until the transport is closed; returns why, and how much was sent. */
async function flood(arrival: Arrival): Promise<{ reason: string; sentBytes: number }> {
  const closed = arrival.closes.take()
  let reason = ''
  void closed.then((why) => {
    reason = why
  })
  const frame = Buffer.alloc(65536, 'x')
  let sentBytes = 0
  while (reason === '' && sentBytes < 2 ** 28) {
    arrival.queue(frame)
    sentBytes += frame.length
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { reason: await closed, sentBytes }
}

for (const type of ['websocket', 'rawsocket'] as const) {
  test(`bufferedBytesMax: a ${type} reader that never reads is cut, its neighbour notices nothing`, async (t) => {
    const server = await serve(t, { limits: { bufferedBytesMax: 200_000 } })
    const [client, arrival] = type === 'websocket' ? await server.webSocket() : await server.rawSocket()
    const [neighbour, other] = await server.webSocket()
    const heard = new Inbox<string>('a message')
    neighbour.onMessage = (bytes) => heard.put(bytes.toString())
    client.socket.pause()
    const { reason } = await flood(arrival)
    assert.match(reason, /^\d+ bytes wait for a reader that does not read \(bufferedBytesMax 200000\)/)
    assert.ok(Number.parseInt(reason, 10) < 200_000 + 3 * 65_536, reason)
    assert.match(await server.notices.take(), /bufferedBytesMax 200000/)
    other.queue('hello')
    assert.equal(await heard.take(), 'hello')
  })
}

test('bufferedBytesMax: a RawSocket peer that only pings and never reads is cut', async (t) => {
  const server = await serve(t, { limits: { bufferedBytesMax: 200_000 } })
  const [client, arrival] = await server.rawSocket()
  client.socket.pause()
  for (let count = 0; count < 1000; count++) client.send(1, Buffer.alloc(60_000))
  assert.match(await arrival.closes.take(), /bytes wait for a reader that does not read/)
})

test('bufferedBytesMax: a WebSocket peer that only pings and never reads is cut', async (t) => {
  const server = await serve(t, { limits: { bufferedBytesMax: 200_000 } })
  const [client, arrival] = await server.webSocket()
  client.socket.pause()
  const ping = Buffer.concat([Buffer.from([0x89, 0xfd, 0, 0, 0, 0]), Buffer.alloc(125)])
  const pings = Buffer.concat(Array.from({ length: 8000 }, () => ping))
  let isOver = false
  const closed = arrival.closes.take().finally(() => {
    isOver = true
  })
  for (let count = 0; count < 100 && !isOver; count++) {
    await new Promise((resolve) => client.socket.write(pings, resolve))
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.match(await closed, /bytes wait for a reader that does not read/)
})

test('a reader that is only slow gets everything, in order', async (t) => {
  const server = await serve(t)
  const [client, arrival] = await server.rawSocket()
  const heard: number[] = []
  const done = new Inbox<void>('the last message')
  client.onMessage = (bytes) => {
    heard.push(bytes.readUInt32BE(0))
    if (heard.length === 100) done.put()
  }
  client.socket.pause()
  for (let index = 0; index < 100; index++) {
    const frame = Buffer.alloc(70_000)
    frame.writeUInt32BE(index)
    arrival.queue(frame)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(arrival.transport.bufferedBytes > 0)
  client.socket.resume()
  await done.take()
  assert.deepEqual(
    heard,
    Array.from({ length: 100 }, (_, index) => index),
  )
  assert.equal(arrival.transport.bufferedBytes, 0)
})

for (const type of ['websocket', 'rawsocket'] as const) {
  test(`pause() on a ${type} stops reading from the network, resume() loses nothing, even when it pauses again`, async (t) => {
    const server = await serve(t, { limits: { frameBytesMax: 2 ** 20 } })
    const [client, arrival] = type === 'websocket' ? await server.webSocket() : await server.rawSocket()
    arrival.transport.establish!()
    const { transport } = arrival
    const { onFrame } = transport
    const heard: number[] = []
    let isPausing = true
    transport.onFrame = (bytes, start = 0, end = bytes.length) => {
      heard.push(bytes[start]!)
      if (isPausing) transport.pause()
      onFrame(bytes, start, end)
    }
    const frame = (index: number) => Buffer.alloc(500_000, index)
    for (let index = 0; index < 60; index++) {
      if (client instanceof RawSocketClient) client.send(0, frame(index))
      else {
        // In two fragments, which go through the library: it must not set the socket going again.
        client.send(OPCODE.text, frame(index).subarray(0, 250_000), { isFinal: false })
        client.send(OPCODE.continuation, frame(index).subarray(250_000))
      }
    }
    for (let index = 0; index < 5; index++) {
      await arrival.frames.take()
      assert.equal(heard.length, index + 1)
      transport.resume()
    }
    // 30 MB do not fit into the buffers of two sockets: what the reader does not want stays with the sender.
    for (let turns = 0; turns < 200; turns++) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(client.socket.writableLength > 0, 'the sender is held back')
    assert.ok(heard.length <= 6)
    isPausing = false
    transport.resume()
    for (let index = 5; index < 60; index++) await arrival.frames.take()
    assert.deepEqual(
      heard,
      Array.from({ length: 60 }, (_, index) => index),
    )
  })
}
