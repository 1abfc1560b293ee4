// The router's end of long-poll: order, limits, and the ways in which it ends.

import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { CloseUri } from '@crosspoint/protocol'
import { ask, LongPollClient, UpgradeRefused } from '@crosspoint/testing'
import type { TransportLimits } from '../src/index.ts'
import { append } from './append.ts'
import { type Arrival, HELLO, Inbox, type Server, serve, serveRouter } from './server.ts'

const LP = { longPollPaths: ['/lp'] }

async function openPoll(t: TestContext, limits: Partial<TransportLimits> = {}, protocol = 'wamp.2.json') {
  const server = await serve(t, { ...LP, limits })
  const client = await LongPollClient.open(server.port, [protocol])
  const arrival: Arrival = await server.arrivals.take()
  return { server, client, arrival }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A request written by hand; `finish` sends the rest of its body. */
function sendInParts(server: Server, transport: string, body: string): { socket: Socket; finish: () => void; answer: Promise<string> } {
  const socket = server.track(connect({ host: '127.0.0.1', port: server.port, noDelay: true }))
  const head = `POST /lp/${transport}/send HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n`
  socket.write(head + body.slice(0, 1))
  const answer = new Promise<string>((resolve) => socket.once('data', (bytes: Buffer) => resolve(bytes.toString().split('\r\n')[0]!)))
  return { socket, finish: () => socket.write(body.slice(1)), answer }
}

test('TRN-40 sends are handed on in the order in which they arrived, whichever body is whole first', async (t) => {
  const { server, client, arrival } = await openPoll(t)
  const first = sendInParts(server, client.transport, '"first"')
  // Its head has arrived when another request, sent after it, has been answered.
  await new Promise((resolve) => first.socket.once('connect', resolve))
  await client.ask('nothing')
  await client.ask('nothing')
  const second = client.ask('send', '"second"')
  await client.ask('nothing')
  assert.equal(arrival.frames.items.length, 0)
  first.finish()
  assert.equal((await arrival.frames.take()).toString(), '"first"')
  assert.equal((await arrival.frames.take()).toString(), '"second"')
  assert.equal(await first.answer, 'HTTP/1.1 204 No Content')
  assert.equal((await second).status, 204)
})

test('TRN-40 a send whose connection breaks is forgotten, the next one goes on', async (t) => {
  const { server, client, arrival } = await openPoll(t)
  const broken = sendInParts(server, client.transport, '"broken"')
  await new Promise((resolve) => broken.socket.once('connect', resolve))
  await client.ask('nothing')
  await client.ask('nothing')
  const second = client.ask('send', '"second"')
  broken.socket.destroy()
  assert.equal((await second).status, 204)
  assert.equal((await arrival.frames.take()).toString(), '"second"')
})

for (const protocol of ['wamp.2.json', 'wamp.2.json.batched']) {
  const mark = protocol.endsWith('batched') ? '\x1e' : ''
  test(`TRN-40 a session that is full holds back the next send, and its answer: ${protocol}`, async (t) => {
    const { client, arrival } = await openPoll(t, {}, protocol)
    const { onFrame } = arrival.transport
    arrival.transport.onFrame = (bytes, start, end) => {
      arrival.transport.pause()
      onFrame(bytes, start, end)
    }
    let answers = 0
    const sends = [1, 2].map((id) => client.ask('send', `[${id}]${mark}`).finally(() => answers++))
    await arrival.frames.take()
    await client.ask('nothing')
    assert.ok(answers <= 1)
    assert.equal(arrival.frames.items.length, 0)
    arrival.transport.resume()
    await arrival.frames.take()
    arrival.transport.resume()
    assert.deepEqual(
      (await Promise.all(sends)).map((answer) => answer.status),
      [204, 204],
    )
  })
}

test('TRN-39 more than 16 sends that wait for a session that is full: 429, and none of them is kept', async (t) => {
  const { client, arrival } = await openPoll(t)
  arrival.transport.pause()
  const sends = Array.from({ length: 17 }, (_, id) => client.ask('send', `[${id}]`))
  assert.equal((await Promise.race(sends)).status, 429)
  arrival.transport.resume()
  const statuses = (await Promise.all(sends)).map((answer) => answer.status)
  assert.deepEqual(statuses.sort(), [...new Array(16).fill(204), 429])
  assert.equal(arrival.frames.items.length, 16)
})

test('TRN-40 a message that pauses and resumes at once changes nothing', async (t) => {
  const { client, arrival } = await openPoll(t, {}, 'wamp.2.json.batched')
  const { onFrame } = arrival.transport
  arrival.transport.onFrame = (bytes, start, end) => {
    arrival.transport.pause()
    arrival.transport.resume()
    onFrame(bytes, start, end)
  }
  for (const batch of ['[1]\x1e[2]\x1e', '[3]\x1e']) assert.equal(await client.send(batch), 204)
  for (const id of [1, 2, 3]) assert.equal((await arrival.frames.take()).toString(), `[${id}]`)
})

test('SER-22 TRN-34 what is no batch is a violation in its place, and 400; the rest is not read', async (t) => {
  const { client, arrival } = await openPoll(t, {}, 'wamp.2.json.batched')
  const answer = await client.ask('send', '[1]\x1e[2]')
  assert.equal(answer.status, 400)
  assert.match(answer.body.toString(), /3 bytes behind its last separator/)
  assert.equal((await arrival.frames.take()).toString(), '[1]')
  assert.match(await arrival.faults.take(), /3 bytes behind its last separator/)
})

test('SER-20 PRV-31 an empty batch fails the transport, without ABORT', async (t) => {
  const { server, client, arrival } = await openPoll(t, {}, 'wamp.2.cbor.batched')
  assert.equal((await client.ask('send')).status, 400)
  assert.match(await arrival.closes.take(), /An empty batch arrived/)
  assert.match(await server.notices.take(), /An empty batch arrived/)
  assert.equal((await client.ask('receive')).status, 404)
})

test('SER-22 closed while a part of a batch is held back, the rest is discarded and the send answered', async (t) => {
  const { client, arrival } = await openPoll(t, {}, 'wamp.2.json.batched')
  const { onFrame } = arrival.transport
  arrival.transport.onFrame = (bytes, start, end) => {
    arrival.transport.pause()
    onFrame(bytes, start, end)
  }
  const send = client.ask('send', '[1]\x1e[2]\x1e')
  await arrival.frames.take()
  const next = client.ask('send', '[3]\x1e')
  await client.ask('nothing')
  arrival.transport.send(Buffer.from('["last"]'))
  arrival.transport.close(CloseUri.normal)
  arrival.transport.resume()
  assert.deepEqual([(await send).status, (await next).status], [404, 404])
  assert.equal(arrival.frames.items.length, 0)
  assert.equal((await client.ask('receive')).body.toString(), '["last"]\x1e')
  await arrival.closes.take()
})

test('TRN-39 SES-24 without requests for longPollIdleTimeoutMs the transport is lost', async (t) => {
  const { server, client, arrival } = await openPoll(t, { longPollIdleTimeoutMs: 30 })
  assert.match(await arrival.closes.take(), /no request for 30 ms \(longPollIdleTimeoutMs\)/)
  assert.match(await server.notices.take(), /no request for 30 ms/)
  assert.equal((await client.ask('receive')).status, 404)
})

test('TRN-39 a receive that waits keeps the transport, one whose client went away does not', async (t) => {
  const { server, client, arrival } = await openPoll(t, { longPollIdleTimeoutMs: 300, longPollTimeoutMs: 700 })
  const answer = await client.ask('receive')
  assert.equal(answer.status, 204, 'it was there longer than the limit')
  assert.equal(arrival.closes.items.length, 0)
  const leaving = new AbortController()
  const left = ask({ port: server.port, path: `/lp/${client.transport}/receive`, signal: leaving.signal }).catch(() => 'gone')
  await client.ask('nothing')
  leaving.abort()
  assert.equal(await left, 'gone')
  assert.match(await arrival.closes.take(), /no request for 300 ms/)
})

test('TRN-39 more than longPollQueueBytesMax waiting: the transport is lost', async (t) => {
  for (const protocol of ['wamp.2.json', 'wamp.2.cbor.batched']) {
    const { server, client, arrival } = await openPoll(t, { longPollQueueBytesMax: 100_000 }, protocol)
    for (let count = 0; count < 9; count++) append(arrival.transport, 10_000)
    await turn()
    assert.equal(arrival.closes.items.length, 0)
    assert.ok(arrival.transport.bufferedBytes >= 90_000)
    append(arrival.transport, 20_000)
    assert.match(await arrival.closes.take(), /bytes wait for a client that does not receive \(longPollQueueBytesMax 100000\)/)
    assert.match(await server.notices.take(), /longPollQueueBytesMax 100000/)
    assert.equal((await client.ask('receive')).status, 404)
    assert.equal(arrival.transport.bufferedBytes, 0)
  }
})

test('TRN-39 a connection that breaks while messages are on their way loses the transport', async (t) => {
  const { server, client, arrival } = await openPoll(t)
  const socket = server.track(connect({ host: '127.0.0.1', port: server.port }))
  socket.pause() // reads nothing, so that most of the answer stays on the other side
  socket.write(`POST /lp/${client.transport}/receive HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`)
  await new Promise((resolve) => socket.once('connect', resolve))
  await client.ask('nothing')
  append(arrival.transport, 7_000_000)
  await turn()
  await turn()
  socket.destroy()
  assert.match(await arrival.closes.take(), /a connection broke while messages were on their way/)
})

test('TRN-40 concurrent receives are answered one after the other, in order', async (t) => {
  const { client, arrival } = await openPoll(t)
  for (let id = 0; id < 20; id++) arrival.queue(`[${id}]`)
  const got: string[] = []
  client.onBody = (bytes) => got.push(bytes.toString())
  client.poll()
  for (let count = 0; count < 5; count++) void client.fence()
  await client.fence()
  assert.deepEqual(
    got,
    Array.from({ length: 20 }, (_, id) => `[${id}]`),
  )
  await client.close()
})

test('TRN-39 no session within handshakeTimeoutMs: the transport is closed; an established one stays', async (t) => {
  const { server, client, arrival } = await openPoll(t, { handshakeTimeoutMs: 300 })
  arrival.transport.establish!()
  const stranger = await LongPollClient.open(server.port, ['wamp.2.json'])
  assert.match(await (await server.arrivals.take()).closes.take(), /no session within 300 ms \(handshakeTimeoutMs\)/)
  assert.equal((await stranger.ask('send', '[1]')).status, 404)
  assert.equal((await client.ask('send', '[1]')).status, 204)
  await client.close()
})

test('TRN-39 messagesPerSecondMax and idleTimeoutMs hold here too', async (t) => {
  const meter = await openPoll(t, { messagesPerSecondMax: 2 }, 'wamp.2.json.batched')
  assert.equal((await meter.client.ask('send', '[1]\x1e'.repeat(5))).status, 400)
  assert.match(await meter.arrival.faults.take(), /More than 2 messages/)
  const idle = await openPoll(t, { idleTimeoutMs: 40 })
  assert.match(await idle.arrival.closes.take(), /no message for 40 ms \(idleTimeoutMs\)/)
})

test('whenDrained tells when everything was taken by the network, and at once when nothing waits', async (t) => {
  const { client, arrival } = await openPoll(t)
  await new Promise<void>((resolve) => arrival.transport.whenDrained!(resolve))
  let isDrained = false
  arrival.queue('[1]')
  arrival.queue('[2]')
  const drained = new Promise<void>((resolve) =>
    arrival.transport.whenDrained!(() => {
      isDrained = true
      resolve()
    }),
  )
  await client.ask('receive')
  await client.ask('nothing')
  assert.equal(isDrained, false)
  await client.ask('receive')
  await drained
  assert.equal(arrival.transport.bufferedBytes, 0)
})

test('TRN-40 what was said last is kept for longPollIdleTimeoutMs, and no longer', async (t) => {
  const { client, arrival } = await openPoll(t, { longPollIdleTimeoutMs: 40 })
  arrival.queue('["last"]')
  arrival.transport.close(CloseUri.normal)
  arrival.queue('["after"]')
  assert.equal(arrival.closes.items.length, 0)
  assert.equal(await arrival.closes.take(), CloseUri.normal)
  assert.equal((await client.ask('receive')).status, 404)
})

test('a receive that waits is told 404 when the router closes with nothing to say', async (t) => {
  const { client, arrival } = await openPoll(t)
  const receive = client.ask('receive')
  await client.ask('nothing')
  arrival.transport.close(CloseUri.normal)
  const answer = await receive
  assert.deepEqual([answer.status, JSON.parse(answer.body.toString())], [404, { error: 'This transport is closed: wamp.close.normal' }])
})

test('TRN-40 while the listener closes, sessions say and hear their last words; then all is closed', async (t) => {
  const server = await serveRouter(t, LP)
  const client = await LongPollClient.open(server.port, ['wamp.2.json'])
  const messages = new Inbox<string>('a message')
  client.onBody = (bytes) => messages.put(bytes.toString())
  const gone = new Promise<void>((resolve) => (client.onClose = resolve))
  await client.send(HELLO)
  client.poll()
  await messages.take()
  const closed = server.listener.close()
  await client.send('[6,{},"wamp.close.system_shutdown"]')
  assert.match(await messages.take(), /^\[6,/)
  await gone
  await closed
})

test('while the listener closes nobody new comes in, and transports without a session end', async (t) => {
  const { server, client, arrival } = await openPoll(t)
  const other = await LongPollClient.open(server.port, ['wamp.2.json'])
  arrival.transport.establish!()
  const stranger = await server.arrivals.take()
  const { port } = server
  const closed = server.listener.close()
  assert.equal(await stranger.closes.take(), 'the listener was closed')
  assert.equal((await other.ask('receive')).status, 404)
  await assert.rejects(LongPollClient.open(port, ['wamp.2.json']), (error) => error instanceof UpgradeRefused && error.status === 503)
  await assert.rejects(server.webSocket(), (error) => error instanceof UpgradeRefused && error.status === 503)
  assert.equal((await ask({ port, path: '/' })).status, 503)
  assert.equal((await client.ask('send', '[1]')).status, 204)
  arrival.queue('["last"]')
  arrival.transport.close(CloseUri.systemShutdown)
  assert.equal((await client.ask('receive')).body.toString(), '["last"]')
  await closed
  await assert.rejects(client.ask('receive'))
})
