// Several certificates at one listener, and other ones while it runs.

import assert from 'node:assert/strict'
import { getDiffieHellman, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import type { ConnectionOptions } from 'node:tls'
import { RawSocketClient } from '@crosspoint/testing'
import { generate } from 'selfsigned'
import type { TlsOptions } from '../src/index.ts'
import { dialTls, makePair, type Pair } from './certificates.ts'
import { ended, type Server, serve } from './server.ts'

const first = await makePair('first', ['first.example', 'exact.wild.example'])
const second = await makePair('second', ['second.example'])
const wild = await makePair('wild', ['*.wild.example'])
const client = await makePair('client')

function tlsOf(pair: Pair, ...others: readonly Pair[]): TlsOptions {
  const pairs = others.map((one) => ({ key: one.private, cert: one.cert }))
  return { key: pair.private, cert: pair.cert, certificates: pairs }
}

function serveTls(t: TestContext, tls: TlsOptions): Promise<Server> {
  return serve(t, { endpoint: { port: 0, tls } })
}

/** The common name of the certificate that a client is shown. */
async function shown(server: Server, options: ConnectionOptions = {}): Promise<string | string[] | undefined> {
  const socket = dialTls(server, options)
  await once(socket, 'secureConnect')
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return CN
}

test('TRN-07 the certificate is chosen by the name that the client asks for', async (t) => {
  const server = await serveTls(t, tlsOf(first, second, wild))
  for (const [servername, name] of [
    ['first.example', 'first'],
    ['second.example', 'second'],
    ['SECOND.example', 'second'],
    ['any.wild.example', 'wild'],
    ['exact.wild.example', 'first'],
    ['two.labels.wild.example', 'first'],
    ['wild.example', 'first'],
    ['unknown.example', 'first'],
    ['', 'first'],
    ['no host name!', 'first'],
  ] as const) {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      assert.equal(await shown(server, { servername, maxVersion }), name, `${servername} over ${maxVersion}`)
    }
  }
})

test('TRN-07 an exact name goes before a wildcard, in any order', async (t) => {
  const exact = await makePair('exact', ['exact.wild.example'])
  const server = await serveTls(t, tlsOf(wild, exact))
  assert.equal(await shown(server, { servername: 'exact.wild.example' }), 'exact')
  assert.equal(await shown(server, { servername: 'other.wild.example' }), 'wild')
})

test('AUTH-66 tls-server-end-point is that of the certificate chosen', async (t) => {
  const server = await serveTls(t, tlsOf(first, second))
  const ids: string[] = []
  for (const servername of ['first.example', 'second.example']) {
    await RawSocketClient.open(dialTls(server, { servername }), 1)
    ids.push(Buffer.from((await server.arrivals.take()).info.channelId('tls-server-end-point')!).toString('hex'))
  }
  assert.deepEqual(
    ids,
    [first, second].map(({ cert }) => new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase()),
  )
})

test('TRN-07 client certificates are checked whatever name is asked for', async (t) => {
  const server = await serveTls(t, { ...tlsOf(first, second), ca: client.cert })
  await RawSocketClient.open(dialTls(server, { servername: 'second.example', pair: client }), 1)
  assert.equal((await server.arrivals.take()).info.certificate?.commonName, 'client')
  const without = dialTls(server, { servername: 'second.example', pair: second })
  without.write(Buffer.from([0x7f, 0xf1, 0, 0]))
  await ended(without)
  assert.equal(server.arrivals.items.length, 0)
})

test('TRN-07 setTls holds for new connections, and leaves those that are there', async (t) => {
  const server = await serveTls(t, tlsOf(first))
  const old = await RawSocketClient.open(dialTls(server), 1)
  const arrival = await server.arrivals.take()
  assert.equal(await shown(server), 'first')
  server.listener.setTls(tlsOf(second, wild))
  assert.equal(await shown(server), 'second')
  assert.equal(await shown(server, { servername: 'a.wild.example' }), 'wild')
  old.send(0, Buffer.from('still here'))
  assert.equal((await arrival.frames.take()).toString(), 'still here')
})

test('TRN-07 setTls changes the authorities of client certificates, also for sessions that would be resumed', async (t) => {
  const server = await serveTls(t, { ...tlsOf(first), ca: client.cert })
  const socket = dialTls(server, { pair: client, maxVersion: 'TLSv1.2' })
  await RawSocketClient.open(socket, 1)
  await server.arrivals.take()
  server.listener.setTls({ ...tlsOf(first), ca: second.cert })
  const again = dialTls(server, { pair: client, maxVersion: 'TLSv1.2', session: socket.getSession()! })
  again.write(Buffer.from([0x7f, 0xf1, 0, 0]))
  await ended(again)
  assert.equal(server.arrivals.items.length, 0)
})

for (const [what, tls] of [
  ['a certificate that is no PEM', { ...tlsOf(second), cert: 'nonsense' }],
  ['the key of another certificate', { ...tlsOf(second), key: first.private }],
  ['one of several that is wrong', tlsOf(second, { private: second.private, cert: first.cert })],
  ['ciphers that nobody knows', { ...tlsOf(second), ciphers: 'CAESAR-ROT13' }],
] as const) {
  test(`TRN-07 setTls refuses ${what}, and all stays as it was`, async (t) => {
    const server = await serveTls(t, tlsOf(first))
    const message = /^Cannot use the TLS options for 127\.0\.0\.1:\d+: .+; give keys and certificates as PEM text/
    assert.throws(() => server.listener.setTls(tls), { code: 'ERR_INVALID_ARGUMENT', message })
    assert.equal(await shown(server), 'first')
  })
}

test('TRN-07 setTls at a listener without TLS says so', async (t) => {
  const server = await serve(t)
  assert.throws(() => server.listener.setTls(tlsOf(first)), { code: 'ERR_INVALID_ARGUMENT', message: /it listens without/ })
})

test('TRN-07 ciphers: the order is ours, and a list for TLS 1.2 leaves TLS 1.3 as it is', async (t) => {
  const [one, other] = ['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-AES128-GCM-SHA256']
  const server = await serveTls(t, { ...tlsOf(first), ciphers: `${one}:${other}` })
  const agreed = async (options: ConnectionOptions) => {
    const socket = dialTls(server, options)
    await once(socket, 'secureConnect')
    const { name } = socket.getCipher()
    socket.destroy()
    return name
  }
  assert.equal(await agreed({ maxVersion: 'TLSv1.2', ciphers: `${other}:${one}` }), one)
  assert.equal(await agreed({ maxVersion: 'TLSv1.2', ciphers: other }), other)
  assert.match(await agreed({ minVersion: 'TLSv1.3' }), /^TLS_/)
  server.listener.setTls({ ...tlsOf(first), ciphers: 'TLS_AES_128_GCM_SHA256' })
  assert.equal(await agreed({}), 'TLS_AES_128_GCM_SHA256')
})

/** A group of RFC 3526 as `openssl dhparam` writes it: SEQUENCE { prime INTEGER, generator INTEGER }. */
function dhparam(group: string): string {
  const prime = getDiffieHellman(group).getPrime()
  const integers = Buffer.concat([Buffer.from([2, 0x82, 0, 0, 0]), prime, Buffer.from([2, 1, 2])])
  integers.writeUInt16BE(prime.length + 1, 2) // with an octet of zero, since the prime is not negative
  const header = Buffer.from([0x30, 0x82, 0, 0])
  header.writeUInt16BE(integers.length, 2)
  return `-----BEGIN DH PARAMETERS-----\n${Buffer.concat([header, integers]).toString('base64')}\n-----END DH PARAMETERS-----\n`
}

test('TRN-07 with dhparam there are ciphers of DHE, without there are none', async (t) => {
  const rsa = await generate([{ name: 'commonName', value: 'rsa' }], { keySize: 2048, algorithm: 'sha256' })
  const server = await serveTls(t, tlsOf(rsa))
  const options = { maxVersion: 'TLSv1.2', ciphers: 'DHE-RSA-AES256-GCM-SHA384' } as const
  await assert.rejects(once(dialTls(server, options), 'secureConnect'))
  server.listener.setTls({ ...tlsOf(rsa), dhparam: dhparam('modp14') })
  const socket = dialTls(server, options)
  await once(socket, 'secureConnect')
  assert.equal(socket.getCipher().name, options.ciphers)
})

test('TRN-07 without `ciphers` there is forward secrecy or no connection; whoever names others has them', async (t) => {
  const rsa = await generate([{ name: 'commonName', value: 'rsa' }], { keySize: 2048, algorithm: 'sha256' })
  const server = await serveTls(t, tlsOf(rsa))
  const agreed = async (ciphers: string) => {
    const socket = dialTls(server, { maxVersion: 'TLSv1.2', ciphers })
    await once(socket, 'secureConnect')
    return socket.getCipher().name
  }
  const [without, forward] = ['AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256']
  for (const ciphers of [without, 'AES256-SHA', 'kRSA']) await assert.rejects(agreed(ciphers), { code: /HANDSHAKE_FAILURE/ }, ciphers)
  assert.equal(await agreed(forward), forward)
  assert.equal(await agreed(`${without}:${forward}`), forward)
  server.listener.setTls({ ...tlsOf(rsa), ciphers: without })
  assert.equal(await agreed(without), without)
})

test('TRN-07 versions before TLS 1.2 are refused', async (t) => {
  const server = await serveTls(t, tlsOf(first))
  const socket = dialTls(server, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' })
  socket.write(Buffer.from([0x7f, 0xf1, 0, 0]))
  await ended(socket)
  assert.equal(server.arrivals.items.length, 0)
})
