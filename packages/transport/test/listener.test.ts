// One port for everything, and every limit of it with its visible ending.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { jsonSerializer, UsageError } from '@crosspoint/protocol'
import { OPCODE, RawSocketClient, type UpgradeRefused, WebSocketClient } from '@crosspoint/testing'
import { connectRawSocket, createListener } from '@crosspoint/transport'
import { generate } from 'selfsigned'
import { append } from './append.ts'
import { ended, open, type Place, readAll, SERIALIZERS } from './support.ts'

interface Answer {
  readonly status: number
  readonly body: string
}
function get(place: Place, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: place.listener.port, path, agent: false }, (response) => {
      let body = ''
      response.on('data', (part) => (body += part)).on('end', () => resolve({ status: response.statusCode!, body }))
    })
    sent.on('error', reject).end()
  })
}

test('TRN-14 HTTP, WebSocket and RawSocket on one port', async (t) => {
  const place = await open(t, { onRequest: (_request, response) => response.end('a page') })
  assert.deepEqual(await get(place, '/'), { status: 200, body: 'a page' })
  const webSocket = await place.webSocket()
  const rawSocket = await place.rawSocket()
  webSocket.send(OPCODE.text, '[1]')
  rawSocket.send(0, '[2]')
  const [one, other] = [await place.end(0), await place.end(1)]
  await place.until('both messages', () => one.frames.length === 1 && other.frames.length === 1)
  assert.deepEqual([one.info.type, other.info.type], ['websocket', 'rawsocket'])
  webSocket.socket.destroy()
  rawSocket.socket.destroy()
})
test('without a handler HTTP is told where it is', async (t) => {
  const place = await open(t)
  assert.equal((await get(place, '/')).status, 404)
  assert.equal((await get(place, '/ws?x=1')).status, 426)
  await assert.rejects(place.webSocket({ path: '/elsewhere' }), (error: UpgradeRefused) => error.status === 404 && /\/ws/.test(error.body))
})

test('handshakeTimeoutMs: no arriving byte extends it, whatever the connection speaks', async (t) => {
  const place = await open(t, { limits: { handshakeTimeoutMs: 120 } })
  const began = performance.now()
  const silent = place.dial()
  const slow = place.dial()
  const http = place.dial()
  const webSocket = await place.webSocket()
  const rawSocket = await place.rawSocket()
  slow.write(Buffer.from([0x7f]))
  http.write('GET / HTTP/1.1\r\n')
  // Something arrives on each all the time.
  const drip = setInterval(() => {
    if (http.writable) http.write('X: y\r\n')
    if (webSocket.socket.writable) webSocket.send(OPCODE.ping, '')
    if (rawSocket.socket.writable) rawSocket.send(1, '')
  }, 10)
  t.after(() => clearInterval(drip))
  await Promise.all([silent, slow, http, webSocket.socket, rawSocket.socket].map(ended))
  assert.ok(performance.now() - began < 4_000)
  assert.match(place.notices.join(), /no session within 120 ms \(handshakeTimeoutMs\)/)
})
test('handshakeTimeoutMs: an established session stays', async (t) => {
  const place = await open(t, { limits: { handshakeTimeoutMs: 60 } })
  const stays = await place.rawSocket()
  const { transport, frames } = await place.end()
  transport.establish?.()
  await ended(place.dial()) // one that says nothing is gone by now
  stays.send(0, '[1]')
  await place.until('the message of the established one', () => frames.length === 1)
  stays.socket.destroy()
})

test('connectionsMax: one more is told 503, also for a WebSocket; a place that is free again is given away', async (t) => {
  const place = await open(t, { limits: { connectionsMax: 1 } })
  const first = await place.webSocket()
  assert.equal((await get(place, '/')).status, 503)
  await assert.rejects(place.webSocket(), (error: UpgradeRefused) => error.status === 503)
  const { ends } = await place.end()
  first.socket.destroy()
  await place.until('its end', () => ends.length === 1)
  // The listener forgets the refused ones when their sockets are closed, which is soon but not now.
  for (let connected = false; !connected; ) {
    connected = await place.webSocket().then(
      (client) => {
        client.socket.destroy()
        return true
      },
      () => false,
    )
  }
})

for (const kind of ['webSocket', 'rawSocket'] as const) {
  test(`messagesPerSecondMax: one too many over ${kind} is a fault that ABORT names`, async (t) => {
    const place = await open(t, { limits: { messagesPerSecondMax: 5 } })
    const client = await place[kind]()
    for (let i = 0; i < 50; i++) client.send(kind === 'webSocket' ? OPCODE.text : 0, '[1]')
    const { faults, frames } = await place.end()
    await place.until('the fault', () => faults.length > 0)
    assert.match(faults[0]!.message, /More than 5 messages arrived within a second/)
    assert.ok(frames.length >= 5 && frames.length < 50, `${frames.length} passed`)
    client.socket.destroy()
  })

  test(`bufferedBytesMax: a ${kind} reader that never reads is cut, and another one is not`, async (t) => {
    const place = await open(t, { limits: { bufferedBytesMax: 2 ** 20 } })
    const deaf = await place[kind]()
    const { transport, ends } = await place.end(0)
    const other = await place[kind]()
    const { transport: theirs } = await place.end(1)
    deaf.socket.pause()
    for (let sent = 0; ends.length === 0 && sent < 64 * 2 ** 20; sent += 2 ** 16) {
      append(transport, 2 ** 16)
      await new Promise((resolve) => setImmediate(resolve))
      assert.ok(transport.bufferedBytes <= 3 * 2 ** 20, `${transport.bufferedBytes} bytes wait`)
    }
    await place.until('the end of the one that does not read', () => ends.length === 1)
    assert.match(ends[0]!, /bufferedBytesMax/)
    const heard = new Promise<number>((resolve) => (other.onMessage = (bytes: Buffer) => resolve(bytes.length)))
    append(theirs, 100)
    assert.equal(await heard, 100)
    deaf.socket.destroy()
    other.socket.destroy()
  })

  test(`idleTimeoutMs: a ${kind} without messages is closed, though it answers pings`, async (t) => {
    const limits = { idleTimeoutMs: 80, pingIntervalMs: 20, rawSocketPingIntervalMs: 20 }
    const place = await open(t, { limits })
    const client = await place[kind]()
    client.onPing = (payload) => {
      if (kind === 'rawSocket') client.send(2, payload)
    }
    await ended(client.socket)
    const { ends } = await place.end()
    await place.until('its end', () => ends.length === 1)
    assert.match(ends[0]!, /no message for 80 ms \(idleTimeoutMs\)/)
  })

  test(`TRN-06 pingTimeoutMs: a ${kind} that does not answer a ping is cut; one that answers stays`, async (t) => {
    const limits = { pingIntervalMs: 20, rawSocketPingIntervalMs: 20, pingTimeoutMs: 200 }
    const place = await open(t, { limits })
    const dead = await place[kind]()
    if (dead instanceof WebSocketClient) dead.answersPings = false
    const alive = await place[kind]()
    let pings = 0
    alive.onPing = (payload) => {
      pings++
      if (kind === 'rawSocket') alive.send(2, payload)
    }
    await ended(dead.socket)
    const { ends } = await place.end(0)
    await place.until('its end', () => ends.length === 1)
    assert.match(ends[0]!, /no answer to a ping within 200 ms \(pingTimeoutMs\)/)
    assert.ok(pings > 1)
    assert.deepEqual((await place.end(1)).ends, [])
    alive.socket.destroy()
  })
}

test('a port in use is said so', async (t) => {
  const place = await open(t)
  const second = createListener({ endpoint: { port: place.listener.port! }, serializers: SERIALIZERS, onTransport: () => {} })
  await assert.rejects(second.listen(), (error: UsageError) => {
    assert.ok(error instanceof UsageError)
    assert.equal(error.code, 'ERR_LISTEN')
    assert.match(error.message, /^Cannot listen on 127\.0\.0\.1:\d+: something listens there already/)
    return true
  })
})

/** A path for a Unix socket that is gone with the test. */
function socketPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'crosspoint-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'router.sock')
}
test('TRN-11 RawSocket and WebSocket over a Unix socket', async (t) => {
  const path = socketPath(t)
  const place = await open(t, { endpoint: { path } })
  assert.equal(place.listener.address, `unix:${path}`)
  const rawSocket = await RawSocketClient.open(connect(path), 1)
  const webSocket = await WebSocketClient.open(connect(path))
  rawSocket.send(0, '[1]')
  webSocket.send(OPCODE.text, '[2]')
  const [one, other] = [await place.end(0), await place.end(1)]
  await place.until('both messages', () => one.frames.length === 1 && other.frames.length === 1)
  assert.equal(one.info.peer, 'unix')
  rawSocket.socket.destroy()
  webSocket.socket.destroy()
})
test('a Unix socket that somebody listens on is in use; a stale file is not', async (t) => {
  const path = socketPath(t)
  const first = await open(t, { endpoint: { path } })
  const second = createListener({ endpoint: { path }, serializers: SERIALIZERS, onTransport: () => {} })
  await assert.rejects(second.listen(), /something listens there already/)
  await first.listener.close()
  await second.listen()
  await second.close()
})

const certificates = await generate([{ name: 'commonName', value: 'localhost' }], {
  extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
})
const tls = { key: certificates.private, cert: certificates.cert }

test('TRN-07 TLS for RawSocket, WebSocket and HTTP on one port', async (t) => {
  const place = await open(t, { endpoint: { host: '127.0.0.1', port: 0, tls } })
  const where = { host: '127.0.0.1', port: place.listener.port!, servername: 'localhost', ca: tls.cert }
  const rawSocket = await RawSocketClient.open(connectTls(where), 2)
  const webSocket = await WebSocketClient.open(connectTls(where), { protocols: ['wamp.2.json'] })
  rawSocket.send(0, new Uint8Array([0x91, 1]))
  webSocket.send(OPCODE.text, '[2]')
  const [one, other] = [await place.end(0), await place.end(1)]
  await place.until('both messages', () => one.frames.length === 1 && other.frames.length === 1)
  assert.deepEqual([one.info.isSecure, other.info.isSecure], [true, true])
  const got = new Promise<string>((resolve) => (webSocket.onMessage = (bytes) => resolve(String(bytes))))
  other.transport.send(Buffer.from('[3]'))
  assert.equal(await got, '[3]')
  rawSocket.socket.destroy()
  webSocket.socket.destroy()
})
test("TRN-07 the client verifies the router's certificate", async (t) => {
  const place = await open(t, { endpoint: { host: '127.0.0.1', port: 0, tls } })
  const address = { host: 'localhost', port: place.listener.port! }
  const options = { serializer: jsonSerializer }
  await assert.rejects(connectRawSocket({ ...address, tls: true }, options), (error: UsageError) => error.code === 'ERR_CONNECT_FAILED')
  await assert.rejects(
    connectRawSocket({ ...address, tls: { ca: tls.cert, servername: 'elsewhere.example.com' } }, options),
    /altnames|elsewhere/,
  )
  const transport = await connectRawSocket({ ...address, tls: { ca: tls.cert } }, options)
  transport.close()
})
test('TRN-07 plain bytes at a TLS port are closed', async (t) => {
  const place = await open(t, { endpoint: { host: '127.0.0.1', port: 0, tls } })
  const socket = place.dial()
  socket.write(Buffer.from([0x7f, 0xf1, 0, 0, 0, 0, 0, 1, 0x5b])) // more than the header of a TLS record
  await readAll(socket)
  assert.equal(place.accepted.length, 0)
})

test('close ends what is not established, and leaves what is to its owner', async (t) => {
  const place = await open(t)
  const stranger = await place.rawSocket()
  const known = await place.rawSocket()
  const { transport, ends } = await place.end(1)
  transport.establish?.()
  const closed = place.listener.close()
  await ended(stranger.socket)
  assert.deepEqual(ends, [])
  transport.close()
  await closed
  await ended(known.socket)
})
