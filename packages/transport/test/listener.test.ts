import assert from 'node:assert/strict'
import { once } from 'node:events'
import { link, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { jsonSerializer, UsageError } from '@crosspoint/protocol'
import { OPCODE, RawSocketClient, rawSocketFrame, WebSocketClient } from '@crosspoint/testing'
import { createListener } from '../src/index.ts'
import { ended, get, HELLO, Inbox, serve, serveRouter, untilEnd } from './server.ts'

test('TRN-02 TRN-14 HTTP, WebSocket and RawSocket share one port', async (t) => {
  const server = await serve(t, { onRequest: (_request, response) => response.end('a page') })
  const [, first] = await server.webSocket()
  const [, second] = await server.rawSocket()
  assert.deepEqual([first.info.type, second.info.type], ['websocket', 'rawsocket'])
  assert.deepEqual((await get(server, '/')).body, 'a page')
  assert.equal(server.listener.address, `127.0.0.1:${server.port}`)
})

test('TRN-14 without RawSocket its magic octet is not HTTP: 400', async (t) => {
  const server = await serve(t, { hasRawSocket: false })
  const socket = server.dial()
  socket.write(Buffer.from([0x7f, 0xf1, 0, 0]))
  assert.match((await untilEnd(socket)).toString(), /^HTTP\/1\.1 400 [^]*This is not HTTP, WebSocket or RawSocket/)
})

test('TRN-14 what is neither 0x7F nor HTTP is answered with 400 and closed', async (t) => {
  const server = await serve(t)
  const socket = server.dial()
  socket.write('EHLO example.com\r\n\r\n')
  assert.match((await untilEnd(socket)).toString(), /^HTTP\/1\.1 400 /)
  assert.equal(server.arrivals.items.length, 0)
})

test('plain HTTP gets 426 on a WebSocket path and 404 elsewhere', async (t) => {
  const server = await serve(t, { websocketPaths: ['/ws', '/wamp'] })
  const upgrade = await get(server, '/wamp?x=1')
  assert.equal(upgrade.status, 426)
  assert.equal(upgrade.headers.get('upgrade'), 'websocket')
  assert.match(upgrade.body, /wamp\.2\.json/)
  const nothing = await get(server, '/elsewhere')
  assert.deepEqual([nothing.status, nothing.body], [404, 'Nothing is served here.\n'])
})

test('a WebSocket at another path gets 404, which names the right ones', async (t) => {
  const server = await serve(t, { websocketPaths: ['/ws', '/wamp'] })
  await assert.rejects(WebSocketClient.open(server.dial(), { path: '/other' }), { status: 404, body: /no WebSocket at \/other; try \/ws or \/wamp/ })
  assert.equal((await server.webSocket({ path: '/wamp?token=1' }))[1].info.path, '/wamp')
})

test('without WebSocket paths every upgrade is refused', async (t) => {
  const server = await serve(t, { websocketPaths: [] })
  await assert.rejects(WebSocketClient.open(server.dial()), { status: 404 })
  assert.equal((await get(server, '/ws')).status, 404)
})

test('TRN-06 an origin that is not allowed gets 403, an allowed one and none at all come in', async (t) => {
  const server = await serve(t, { allowedOrigins: ['https://*.example.com'] })
  await server.webSocket()
  await server.webSocket({ headers: { Origin: 'https://app.example.com' } })
  await assert.rejects(WebSocketClient.open(server.dial(), { headers: { Origin: 'https://example.org' } }), { status: 403 })
  assert.match(await server.notices.take(), /origin https:\/\/example\.org is not allowed \(allowedOrigins\)/)
})

test('more connections than connectionsMax: HTTP and WebSocket get 503, and a free place is used again', async (t) => {
  const server = await serve(t, { limits: { connectionsMax: 1 } })
  const [client, arrival] = await server.rawSocket()
  await assert.rejects(WebSocketClient.open(server.dial()), { status: 503 })
  const response = await get(server, '/')
  assert.deepEqual([response.status, response.body], [503, 'Too many connections; try again later.\n'])
  client.socket.destroy()
  await arrival.closes.take()
  // Connections that were refused free their places a little later.
  for (let attempts = 0; ; attempts++) {
    const opened = await server.webSocket().catch((error: Error) => error)
    if (!(opened instanceof Error)) break
    assert.ok(attempts < 1000, 'no place became free')
  }
})

test('far beyond connectionsMax connections are closed without a word', async (t) => {
  const server = await serve(t, { limits: { connectionsMax: 0 } })
  const refused = Array.from({ length: 100 }, () => server.dial())
  await Promise.all(refused.map((socket) => once(socket, 'connect')))
  assert.equal((await untilEnd(server.dial())).length, 0)
})

for (const [what, bytes] of [
  ['nothing is sent', ''],
  ['half a request is sent', 'GET /ws HTTP/1.1\r\nHost: x\r\n'],
  ['half a RawSocket handshake is sent', '\x7f'],
] as const) {
  test(`SES-14 a connection is closed after handshakeTimeoutMs when ${what}`, async (t) => {
    const server = await serve(t, { limits: { handshakeTimeoutMs: 40 } })
    const socket = server.dial()
    socket.write(bytes, 'latin1')
    await ended(socket)
    assert.match(await server.notices.take(), /no session within 40 ms/)
  })
}

test('SES-14 arriving bytes do not extend the deadline: pings, frames, fragments of HTTP', async (t) => {
  const server = await serve(t, { limits: { handshakeTimeoutMs: 100 } })
  const begun = performance.now()
  const http = server.dial()
  http.write('GET / HTTP/1.1\r\n')
  const [web] = await server.webSocket()
  const [raw] = await server.rawSocket()
  // Each answer brings the next ping: bytes arrive until the very end.
  web.onPong = () => web.send(OPCODE.ping, 'x')
  web.send(OPCODE.ping, 'x')
  raw.onPong = () => raw.send(1, 'x')
  raw.send(1, 'x')
  const header = setInterval(() => http.write('x: y\r\n'), 5)
  t.after(() => clearInterval(header))
  await Promise.all([ended(http), ended(web.socket), ended(raw.socket)])
  const took = performance.now() - begun
  assert.ok(took >= 90 && took < 5000, `closed after ${took} ms`)
})

test('SES-14 a plain request before the upgrade does not win a connection without a deadline', async (t) => {
  const server = await serve(t, { limits: { handshakeTimeoutMs: 50 } })
  const socket = server.dial()
  const answer = once(socket, 'data')
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  assert.match(String((await answer)[0]), /^HTTP\/1\.1 404/)
  const client = await WebSocketClient.open(socket)
  await ended(client.socket)
  assert.match(await server.notices.take(), /no session within 50 ms/)
})

test('SES-14 a session that is established has no deadline', async (t) => {
  const server = await serve(t, { limits: { handshakeTimeoutMs: 30 } })
  const [stranger] = await server.webSocket()
  const [client, arrival] = await server.webSocket()
  arrival.transport.establish!()
  await ended(stranger.socket)
  client.send(OPCODE.text, 'still here')
  assert.equal((await arrival.frames.take()).toString(), 'still here')
})

test('SES-14 behind a router WELCOME ends the deadline', async (t) => {
  const server = await serveRouter(t, { limits: { handshakeTimeoutMs: 60 } })
  const client = await RawSocketClient.open(server.dial(), 1)
  const answers = new Inbox<string>('an answer')
  client.onMessage = (bytes) => answers.put(bytes.toString())
  client.send(0, HELLO)
  assert.match(await answers.take(), /^\[2,/)
  const stranger = await RawSocketClient.open(server.dial(), 1)
  await ended(stranger.socket)
  client.send(0, '[6,{},"wamp.close.close_realm"]')
  assert.match(await answers.take(), /^\[6,/)
})

test('a port in use: ERR_LISTEN, which says so', async (t) => {
  const server = await serve(t)
  const second = createListener({ endpoint: { port: server.port }, serializers: [jsonSerializer], onTransport: () => {} })
  await assert.rejects(second.listen(), (error) => {
    assert.ok(error instanceof UsageError)
    assert.equal(error.code, 'ERR_LISTEN')
    assert.equal(
      error.message,
      `Cannot listen on 127.0.0.1:${server.port}: something listens there already; stop it or choose another port`,
    )
    return true
  })
})

test('an address that this machine does not have: ERR_LISTEN', async () => {
  const listener = createListener({ endpoint: { host: '192.0.2.1', port: 0 }, serializers: [], onTransport: () => {} })
  await assert.rejects(listener.listen(), { code: 'ERR_LISTEN', message: /this machine does not have that address/ })
})

/** A path for a Unix socket, gone after the test. */
async function socketPath(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'crosspoint-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'router.sock')
}

test('TRN-11 a Unix socket carries RawSocket and WebSocket', async (t) => {
  const path = await socketPath(t)
  const server = await serve(t, { endpoint: { path } })
  assert.equal(server.listener.address, `unix:${path}`)
  assert.equal(server.listener.port, undefined)
  const raw = await RawSocketClient.open(server.track(connect(path)), 1)
  const first = await server.arrivals.take()
  assert.equal(first.info.type, 'rawsocket')
  raw.send(0, 'one')
  assert.equal((await first.frames.take()).toString(), 'one')
  const web = await WebSocketClient.open(server.track(connect(path)))
  const second = await server.arrivals.take()
  assert.equal(second.info.type, 'websocket')
  web.send(OPCODE.text, 'two')
  assert.equal((await second.frames.take()).toString(), 'two')
})

/** Leaves a socket file behind, as a process does that is killed. */
async function abandonSocket(path: string): Promise<void> {
  const abandoned = createServer().listen(path)
  await once(abandoned, 'listening')
  // Node removes the file that it has listened on; under another name it stays.
  await link(path, `${path}.kept`)
  abandoned.close()
  await once(abandoned, 'close')
  await rename(`${path}.kept`, path)
}

test('a Unix socket that a dead process left behind is replaced', async (t) => {
  const path = await socketPath(t)
  await abandonSocket(path)
  assert.ok((await stat(path)).isSocket())
  const server = await serve(t, { endpoint: { path } })
  await RawSocketClient.open(server.track(connect(path)), 1)
})

test('a Unix socket that somebody answers is left alone: ERR_LISTEN', async (t) => {
  const path = await socketPath(t)
  const server = await serve(t, { endpoint: { path } })
  const second = createListener({ endpoint: { path }, serializers: [], onTransport: () => {} })
  await assert.rejects(second.listen(), { code: 'ERR_LISTEN', message: /router\.sock: something listens there already/ })
  await RawSocketClient.open(server.track(connect(path)), 1)
})

test('a regular file at the path of a Unix socket is never removed: ERR_LISTEN', async (t) => {
  const path = await socketPath(t)
  await writeFile(path, 'precious')
  const listener = createListener({ endpoint: { path }, serializers: [], onTransport: () => {} })
  await assert.rejects(listener.listen(), { code: 'ERR_LISTEN', message: /the file is no socket/ })
  assert.equal(await readFile(path, 'utf8'), 'precious')
})

test('a Unix socket in a folder that does not exist: ERR_LISTEN', async (t) => {
  const path = join(await socketPath(t), 'no', 'folder.sock')
  const listener = createListener({ endpoint: { path }, serializers: [], onTransport: () => {} })
  await assert.rejects(listener.listen(), { code: 'ERR_LISTEN', message: /Cannot listen on .*folder\.sock: / })
})

test('close() ends strangers and HTTP at once, and waits for established transports', async (t) => {
  const server = await serve(t, { onRequest: () => {} })
  const [stranger] = await server.webSocket()
  const [client, arrival] = await server.rawSocket()
  arrival.transport.establish!()
  const silent = server.dial()
  const asking = server.dial()
  asking.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(silent, 'connect')
  let isClosed = false
  const closed = server.listener.close().then(() => {
    isClosed = true
  })
  await Promise.all([stranger.socket, silent, asking].map((socket) => ended(socket)))
  const { port } = server
  assert.equal(port, undefined)
  client.send(0, 'still here')
  assert.equal((await arrival.frames.take()).toString(), 'still here')
  assert.equal(isClosed, false)
  arrival.transport.close()
  await closed
})

test('close() before listen() does nothing, and after it nobody comes in', async (t) => {
  const idle = createListener({ endpoint: { port: 0 }, serializers: [], onTransport: () => {} })
  await idle.close()
  const server = await serve(t)
  const { port } = server
  await server.listener.close()
  const [error] = await once(connect({ host: '127.0.0.1', port }), 'error').catch((cause) => [cause])
  assert.equal(error.code, 'ECONNREFUSED')
})

test('TRN-02 twenty connections at once are not mixed up', async (t) => {
  const server = await serve(t)
  const pairs = await Promise.all(Array.from({ length: 20 }, async () => server.dial()))
  const answers = await Promise.all(
    pairs.map(async (socket, index) => {
      const client = await RawSocketClient.open(socket, 1)
      const inbox = new Inbox<string>('an echo')
      client.onMessage = (bytes) => inbox.put(bytes.toString())
      client.socket.write(rawSocketFrame(0, Buffer.from(`${index}`)))
      return inbox
    }),
  )
  for (let arrived = 0; arrived < pairs.length; arrived++) {
    const arrival = await server.arrivals.take()
    arrival.queue(await arrival.frames.take())
  }
  for (const [index, inbox] of answers.entries()) assert.equal(await inbox.take(), `${index}`)
})
