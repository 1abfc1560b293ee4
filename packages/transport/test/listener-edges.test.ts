// What a listener does at its edges: deadlines that nobody wins back, refusals in words, paths that are not ours to remove.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { link, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { OPCODE, RawSocketClient, WebSocketClient } from '@crosspoint/testing'
import { createListener } from '../src/index.ts'
import { ended, get, HELLO, Inbox, serve, serveRouter, untilEnd } from './server.ts'

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

test('SES-14 arriving bytes do not extend the deadline: pings, and header after header', async (t) => {
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
  const tookMs = performance.now() - begun
  assert.ok(tookMs >= 90 && tookMs < 5000, `closed after ${tookMs} ms`)
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

test('SES-14 behind a router WELCOME ends the deadline', async (t) => {
  const server = await serveRouter(t, { limits: { handshakeTimeoutMs: 200 } })
  const client = await RawSocketClient.open(server.dial(), 1)
  const answers = new Inbox<string>('an answer')
  client.onMessage = (bytes) => answers.put(bytes.toString())
  client.send(0, HELLO)
  assert.match(await answers.take(), /^\[2,/)
  const stranger = await RawSocketClient.open(server.dial(), 1)
  await ended(stranger.socket) // its deadline began after the client's
  client.send(0, '[6,{},"wamp.close.close_realm"]')
  assert.match(await answers.take(), /^\[6,/)
})

test('TRN-06 an origin that is not allowed gets 403; an allowed one, and none at all, come in', async (t) => {
  const server = await serve(t, { allowedOrigins: ['https://*.example.com'] })
  await server.webSocket()
  await server.webSocket({ headers: { Origin: 'https://app.example.com' } })
  await assert.rejects(WebSocketClient.open(server.dial(), { headers: { Origin: 'https://example.org' } }), { status: 403 })
  assert.match(await server.notices.take(), /origin https:\/\/example\.org is not allowed \(allowedOrigins\)/)
})

test('a WebSocket at another path gets 404, which names the right ones', async (t) => {
  const server = await serve(t, { websocketPaths: ['/ws', '/wamp'] })
  const refused = WebSocketClient.open(server.dial(), { path: '/other' })
  await assert.rejects(refused, { status: 404, body: /no WebSocket at \/other; try \/ws or \/wamp/ })
  assert.equal((await server.webSocket({ path: '/wamp?token=1' }))[1].info.path, '/wamp')
})

test('without WebSocket paths every upgrade is refused', async (t) => {
  const server = await serve(t, { websocketPaths: [] })
  await assert.rejects(WebSocketClient.open(server.dial()), { status: 404 })
  assert.equal((await get(server, '/ws')).status, 404)
})

test('TRN-14 what is neither 0x7F nor HTTP is answered with 400 and closed', async (t) => {
  const server = await serve(t)
  const socket = server.dial()
  socket.write('EHLO example.com\r\n\r\n')
  assert.match((await untilEnd(socket)).toString(), /^HTTP\/1\.1 400 [\s\S]*This is not HTTP, WebSocket or RawSocket/)
  assert.equal(server.arrivals.items.length, 0)
})

test('far beyond connectionsMax connections are closed without a word', async (t) => {
  const server = await serve(t, { limits: { connectionsMax: 0 } })
  const refused = Array.from({ length: 100 }, () => server.dial())
  await Promise.all(refused.map((socket) => once(socket, 'connect')))
  assert.equal((await untilEnd(server.dial())).length, 0)
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

/** Leaves a socket file behind, as a process does that is killed: Node removes only the name that it listened on. */
async function abandonSocket(path: string): Promise<void> {
  const abandoned = createServer().listen(path)
  await once(abandoned, 'listening')
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

test('close() ends silent connections and open requests at once', async (t) => {
  const asked = new Inbox<void>('a request')
  const server = await serve(t, { onRequest: () => asked.put() })
  const silent = server.dial()
  const asking = server.dial()
  await once(silent, 'connect')
  asking.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await asked.take()
  await Promise.all([server.listener.close(), ended(silent), ended(asking)])
})

test('close() before listen() does nothing, and after it nobody comes in', async (t) => {
  const idle = createListener({ endpoint: { port: 0 }, serializers: [], onTransport: () => {} })
  await idle.close()
  const server = await serve(t)
  const { port } = server
  await server.listener.close()
  const late = connect({ host: '127.0.0.1', port })
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => late.once('error', resolve))
  assert.equal(error.code, 'ECONNREFUSED')
})
