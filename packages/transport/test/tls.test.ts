// TLS, and client certificates: with `ca`, a connection without a good one gets nowhere, or is one without.

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { jsonSerializer } from '@crosspoint/protocol'
import { OPCODE, RawSocketClient, WebSocketClient } from '@crosspoint/testing'
import { connectRawSocket, type TlsOptions } from '../src/index.ts'
import { dialTls, makePair, type Pair } from './certificates.ts'
import { ended, get, type Server, serve } from './server.ts'

const router = await makePair('router')
const known = await makePair('known client')
const stranger = await makePair('stranger')

function serveTls(t: TestContext, options: Partial<TlsOptions> = {}): Promise<Server> {
  return serve(t, { endpoint: { port: 0, tls: { key: router.private, cert: router.cert, ...options } } })
}

function dial(server: Server, pair?: Pair): TLSSocket {
  return dialTls(server, { ca: router.cert, rejectUnauthorized: true, ...(pair && { pair }) })
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
  const server = await serveTls(t, { ca: known.cert })
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
    const server = await serveTls(t, { ca: known.cert })
    const socket = dial(server, pair)
    socket.write(Buffer.from([0x7f, 0xf1, 0, 0]))
    await ended(socket)
    assert.equal(server.arrivals.items.length, 0)
  })
}

/** As the router tells them: digits without colons. */
function fingerprints({ cert }: Pair): { sha1: string; sha256: string } {
  const { fingerprint, fingerprint256 } = new X509Certificate(cert)
  return { sha1: fingerprint.replaceAll(':', '').toLowerCase(), sha256: fingerprint256.replaceAll(':', '').toLowerCase() }
}

for (const clientCertificates of ['required', 'wanted'] as const) {
  test(`TRN-07 with client certificates ${clientCertificates}, one of \`ca\` is told to the router`, async (t) => {
    const server = await serveTls(t, { ca: known.cert, clientCertificates })
    const certificate = { ...fingerprints(known), commonName: 'known client' }
    await RawSocketClient.open(dial(server, known), 1)
    assert.deepEqual((await server.arrivals.take()).info.certificate, certificate)
    await WebSocketClient.open(dial(server, known))
    assert.deepEqual((await server.arrivals.take()).info.certificate, certificate)
    const tls = { ca: router.cert, key: known.private, cert: known.cert }
    const transport = await connectRawSocket({ host: 'localhost', port: server.port, tls }, { serializer: jsonSerializer })
    assert.deepEqual((await server.arrivals.take()).info.certificate, certificate)
    transport.close()
  })
}

for (const [what, pair] of [
  ['no certificate', undefined],
  ['a certificate of somebody else', stranger],
] as const) {
  test(`TRN-07 with client certificates wanted, ${what} counts as none`, async (t) => {
    const server = await serveTls(t, { ca: known.cert, clientCertificates: 'wanted' })
    await RawSocketClient.open(dial(server, pair), 1)
    assert.equal((await server.arrivals.take()).info.certificate, undefined)
  })
}

test('TRN-07 without `ca` a client certificate is not asked for', async (t) => {
  const server = await serveTls(t)
  await RawSocketClient.open(dial(server, known), 1)
  assert.equal((await server.arrivals.take()).info.certificate, undefined)
})

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  for (const pair of [known, stranger, undefined]) {
    const what = pair === known ? 'with its certificate' : pair === stranger ? 'without that of somebody else' : 'without any'
    test(`TRN-07 a session resumed over ${maxVersion} is one ${what}`, async (t) => {
      const server = await serveTls(t, { ca: known.cert, clientCertificates: 'wanted' })
      const first = dialTls(server, { maxVersion, ...(pair && { pair }) })
      const sessions: Buffer[] = []
      const ticket = new Promise<void>((resolve) => {
        first.on('session', (session) => {
          sessions.push(session)
          resolve()
        })
      })
      await RawSocketClient.open(first, 1)
      await server.arrivals.take()
      await ticket
      const second = dialTls(server, { maxVersion, session: sessions.at(-1)! })
      await RawSocketClient.open(second, 1)
      assert.equal(second.isSessionReused(), true)
      const certificate = (await server.arrivals.take()).info.certificate
      assert.equal(certificate?.commonName, pair === known ? 'known client' : undefined)
    })
  }
}

test('TRN-07 plain bytes at a TLS port get nowhere', async (t) => {
  const server = await serveTls(t)
  await assert.rejects(get(server, '/'))
  const socket = server.dial()
  socket.write(Buffer.from([0x7f, 0xf1, 0, 0, 0, 0, 0, 0]))
  await ended(socket)
  assert.equal(server.arrivals.items.length, 0)
})
