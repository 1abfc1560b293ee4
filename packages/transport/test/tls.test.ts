// Client certificates: with `ca`, a connection without a good one gets nowhere.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { jsonSerializer } from '@crosspoint/protocol'
import { OPCODE, RawSocketClient, WebSocketClient } from '@crosspoint/testing'
import { generate } from 'selfsigned'
import { connectRawSocket } from '../src/index.ts'
import { ended, get, type Server, serve } from './server.ts'

/** A key and a certificate for localhost, signed by nobody else. */
function makePair(commonName: string) {
  return generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  })
}

const router = await makePair('router')
const known = await makePair('known client')
const stranger = await makePair('stranger')

function serveTls(t: TestContext, ca?: string): Promise<Server> {
  return serve(t, { endpoint: { port: 0, tls: { key: router.private, cert: router.cert, ca } } })
}

function dial(server: Server, pair?: { private: string; cert: string }): TLSSocket {
  const certificate = pair === undefined ? {} : { key: pair.private, cert: pair.cert }
  return server.track(connectTls({ host: '127.0.0.1', servername: 'localhost', port: server.port, ca: router.cert, ...certificate }))
}

test('TRN-07 WebSocket and RawSocket over TLS, both ways', async (t) => {
  const server = await serveTls(t)
  const web = await WebSocketClient.open(dial(server))
  const first = await server.arrivals.take()
  const raw = await RawSocketClient.open(dial(server), 1)
  const second = await server.arrivals.take()
  assert.deepEqual([first.info.type, first.info.isSecure, second.info.type, second.info.isSecure], ['websocket', true, 'rawsocket', true])
  const frame = Buffer.alloc(50_000, 'x')
  web.send(OPCODE.text, frame)
  raw.send(0, frame)
  for (const [client, arrival] of [
    [web, first],
    [raw, second],
  ] as const) {
    assert.deepEqual(await arrival.frames.take(), frame)
    const heard = new Promise<Buffer>((resolve) => {
      client.onMessage = resolve
    })
    assert.equal(arrival.queue(frame), true)
    assert.deepEqual(await heard, frame)
  }
})

test('TRN-07 connectRawSocket trusts only what it is told to', async (t) => {
  const server = await serveTls(t)
  const address = { host: 'localhost', port: server.port }
  const options = { serializer: jsonSerializer }
  await assert.rejects(connectRawSocket({ ...address, tls: true }, options), { code: 'ERR_CONNECT_FAILED', message: /self-signed/ })
  await assert.rejects(connectRawSocket({ ...address, tls: { ca: stranger.cert } }, options), { code: 'ERR_CONNECT_FAILED' })
  const transport = await connectRawSocket({ ...address, tls: { ca: router.cert } }, options)
  const arrival = await server.arrivals.take()
  transport.close()
  await arrival.closes.take()
})

test('TRN-07 with `ca`, a client with a certificate of it comes in, by RawSocket and WebSocket', async (t) => {
  const server = await serveTls(t, known.cert)
  await RawSocketClient.open(dial(server, known), 1)
  assert.equal((await server.arrivals.take()).info.type, 'rawsocket')
  await WebSocketClient.open(dial(server, known))
  assert.equal((await server.arrivals.take()).info.type, 'websocket')
})

for (const [what, pair] of [
  ['without a certificate', undefined],
  ['with a certificate of somebody else', stranger],
] as const) {
  test(`TRN-07 with \`ca\`, a client ${what} gets nowhere`, async (t) => {
    const server = await serveTls(t, known.cert)
    const socket = dial(server, pair)
    socket.write(Buffer.from([0x7f, 0xf1, 0, 0]))
    await ended(socket)
    assert.equal(server.arrivals.items.length, 0)
  })
}

test('TRN-07 plain bytes at a TLS port get nowhere', async (t) => {
  const server = await serveTls(t)
  await assert.rejects(get(server, '/'))
  const socket = server.dial()
  socket.write(Buffer.from([0x7f, 0xf1, 0, 0, 0, 0, 0, 0]))
  await ended(socket)
  assert.equal(server.arrivals.items.length, 0)
})
