// What HTTP adds to a transport before it is one: cookies, host names, and how many may be on their way at one time.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { test } from 'node:test'
import { WebSocketClient } from '@crosspoint/testing'
import { WebSocket } from 'ws'
import type { UpgradeRequest } from '../src/index.ts'
import { ended, get, HELLO, type Server, serve, serveRouter } from './server.ts'

const COOKIES = ['cbtid=abc; Path=/; HttpOnly', 'other=1']

function open(server: Server, headers: { readonly [name: string]: string } = {}): Promise<Response> {
  const body = JSON.stringify({ protocols: ['wamp.2.json'] })
  return fetch(`http://127.0.0.1:${server.port}/lp/open`, { method: 'POST', body, headers })
}

test('AUTH-10 onUpgrade sets cookies in the answer to a WebSocket upgrade', async (t) => {
  const asked: UpgradeRequest[] = []
  const onUpgrade = (one: UpgradeRequest) => {
    asked.push(one)
    return COOKIES
  }
  const server = await serve(t, { onUpgrade })
  const webSocket = new WebSocket(server.url, 'wamp.2.json', { headers: { cookie: 'cbtid=old' } })
  const [answer] = await once(webSocket, 'upgrade')
  assert.deepEqual(answer.headers['set-cookie'], COOKIES)
  const { info } = await server.arrivals.take()
  assert.deepEqual(info.setCookies, COOKIES)
  assert.equal(info.headers['cookie'], 'cbtid=old')
  assert.deepEqual(asked, [{ headers: info.headers, path: '/ws', isSecure: false }])
  assert.equal(asked[0]!.headers, info.headers)
  webSocket.terminate()
})

test('AUTH-10 onUpgrade sets cookies in the answer to a long-poll `open`', async (t) => {
  const asked: UpgradeRequest[] = []
  const onUpgrade = (one: UpgradeRequest) => {
    asked.push(one)
    return COOKIES
  }
  const server = await serve(t, { longPollPaths: ['/lp'], onUpgrade })
  const answer = await open(server, { cookie: 'cbtid=old' })
  assert.equal(answer.status, 200)
  assert.deepEqual(answer.headers.getSetCookie(), COOKIES)
  const { info, transport } = await server.arrivals.take()
  assert.deepEqual(info.setCookies, COOKIES)
  assert.equal(info.headers['cookie'], 'cbtid=old')
  assert.deepEqual(asked, [{ headers: info.headers, path: '/lp', isSecure: false }])
  assert.equal(info.channelId('tls-exporter'), undefined)
  assert.equal(transport.channelId?.('tls-exporter'), undefined)
  assert.equal(info.certificate, undefined)
})

test('AUTH-10 without cookies to set there is no Set-Cookie, and what is refused is not asked for', async (t) => {
  let count = 0
  const onUpgrade = () => {
    count++
    return []
  }
  const server = await serve(t, { longPollPaths: ['/lp'], onUpgrade })
  const client = await WebSocketClient.open(server.dial())
  assert.equal(client.headers['set-cookie'], undefined)
  assert.equal((await open(server)).headers.get('set-cookie'), null)
  assert.equal(count, 2)
  await assert.rejects(WebSocketClient.open(server.dial(), { protocols: ['unknown'] }))
  await get(server, '/ws')
  const refused = server.dial()
  refused.write('GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n') // no key
  await ended(refused)
  assert.equal(count, 2)
  assert.deepEqual((await server.arrivals.take()).info.setCookies, [])
})

/** The status of a request under another host name. */
async function statusOf(server: Server, host: string, path: string, method = 'GET'): Promise<number> {
  const [answer] = await once(request({ host: '127.0.0.1', port: server.port, path, method, headers: { host } }).end(), 'response')
  answer.resume()
  return answer.statusCode
}

test('TRN-06 a host name that is not allowed gets 403 by HTTP, WebSocket and long-poll', async (t) => {
  const onRequest = (_: unknown, response: import('node:http').ServerResponse) => void response.end('served')
  const server = await serve(t, { longPollPaths: ['/lp'], allowedHosts: ['localhost', '127.0.0.1'], onRequest })
  for (const path of ['/', '/ws', '/lp/open']) {
    assert.equal(await statusOf(server, 'evil.example', path, path === '/lp/open' ? 'POST' : 'GET'), 403)
    assert.match(await server.notices.take(), /host "evil\.example" is not allowed \(allowedHosts\)/)
  }
  const { port } = server
  for (const host of ['evil.example', `evil.example:${port}`]) {
    const webSocket = new WebSocket(server.url, 'wamp.2.json', { headers: { host } })
    const [error] = await once(webSocket, 'error')
    assert.match(error.message, /403/)
  }
  assert.equal(server.arrivals.items.length, 0)
  assert.equal(await statusOf(server, 'localhost', '/'), 200)
  assert.equal((await open(server)).status, 200)
  await server.webSocket({ headers: { Host: `localhost:${port}` } }).then(([client]) => client.socket.destroy())
})

test('TRN-06 RawSocket has no host name to check', async (t) => {
  const server = await serve(t, { allowedHosts: ['localhost'] })
  const [, arrival] = await server.rawSocket()
  assert.equal(arrival.info.type, 'rawsocket')
})

test('TRN-06 an origin that is not allowed gets 403 by long-poll, too; case and default ports do not matter', async (t) => {
  const server = await serve(t, { longPollPaths: ['/lp'], allowedOrigins: ['https://Example.com:443'] })
  assert.equal((await open(server, { origin: 'https://example.com' })).status, 200)
  for (const origin of ['null', 'http://example.com', 'https://example.com:444']) {
    assert.equal((await open(server, { origin })).status, 403, origin)
  }
})

test('handshakesPerAddressMax: one more connection of an address is closed at once, and let in when one is established', async (t) => {
  const server = await serveRouter(t, { limits: { handshakesPerAddressMax: 2 } })
  const first = await WebSocketClient.open(server.dial())
  const second = server.dial()
  await once(second, 'connect')
  await ended(server.dial())
  assert.match(await server.notices.take(), /^127\.0\.0\.1: 2 connections shake hands, .*\(handshakesPerAddressMax\)$/)
  const welcomed = new Promise<void>((resolve) => {
    first.onMessage = () => resolve()
  })
  first.send(1, Buffer.from(HELLO))
  await welcomed
  const third = await WebSocketClient.open(server.dial())
  third.socket.destroy()
})

test('handshakesPerAddressMax: places are free again when a connection ends, and plain HTTP takes none for long', async (t) => {
  const server = await serve(t, { limits: { handshakesPerAddressMax: 1 } })
  for (let count = 0; count < 3; count++) {
    const client = await WebSocketClient.open(server.dial())
    const arrival = await server.arrivals.take()
    client.socket.destroy()
    await arrival.closes.take()
  }
  const idle = server.dial()
  idle.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(idle, 'data')
  const other = server.dial() // takes the place
  await once(other, 'connect')
  await ended(server.dial())
  idle.write(
    'GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n',
  )
  const [answer] = await once(idle, 'data')
  assert.match(answer.toString(), /^HTTP\/1\.1 503 /)
})

test('handshakesPerAddressMax counts long-poll transports without a session', async (t) => {
  const server = await serve(t, { longPollPaths: ['/lp'], limits: { handshakesPerAddressMax: 1 } })
  const socket = server.dial() // all requests on one connection, since another one would need a place, too
  const opened = async () => {
    const body = JSON.stringify({ protocols: ['wamp.2.json'] })
    socket.write(`POST /lp/open HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    const [answer] = await once(socket, 'data')
    return answer.toString()
  }
  assert.match(await opened(), /^HTTP\/1\.1 200 /)
  const { transport } = await server.arrivals.take()
  assert.match(await opened(), /^HTTP\/1\.1 503 .*retry-after: 5\r\n/is)
  transport.establish?.()
  assert.match(await opened(), /^HTTP\/1\.1 200 /)
  const second = await server.arrivals.take()
  second.transport.close()
  assert.match(await opened(), /^HTTP\/1\.1 200 /)
  transport.close() // a session is its owner's to end, and the listener would wait for it
})
