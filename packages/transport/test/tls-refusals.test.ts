// What the operator is told when TLS does not let a client in.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import type { ConnectionOptions } from 'node:tls'
import type { TlsOptions, TransportLimits } from '../src/index.ts'
import { dialTls, makePair } from './certificates.ts'
import { ended, type Server, serve } from './server.ts'

const own = await makePair('router')
const known = await makePair('known')
const stranger = await makePair('stranger')

function serveTls(t: TestContext, tls: Partial<TlsOptions> = {}, limits: Partial<TransportLimits> = {}): Promise<Server> {
  return serve(t, { endpoint: { port: 0, tls: { key: own.private, cert: own.cert, ...tls } }, limits })
}

/** Dials and is refused; the address that it dialled from. */
async function refused(server: Server, options: ConnectionOptions & { readonly pair?: typeof own }): Promise<string> {
  const socket = dialTls(server, options)
  await new Promise((resolve) => socket.once('connect', resolve))
  const address = `127.0.0.1:${socket.localPort}`
  await ended(socket)
  return address
}

for (const [what, tls, dialled, why] of [
  [
    'without a certificate',
    { ca: known.cert },
    {},
    /^TLS refused it: peer did not return .*\(ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE\)$/,
  ],
  [
    'with a certificate of another authority',
    { ca: known.cert },
    { pair: stranger },
    /^TLS refused it: its certificate is not accepted \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
  ],
  [
    'of an old version',
    {},
    { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' },
    /^TLS refused it: .* \(ERR_SSL_UNSUPPORTED_PROTOCOL\)$/,
  ],
  [
    'without a cipher in common',
    { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
    { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
    /^TLS refused it: no shared cipher \(ERR_SSL_NO_SHARED_CIPHER\)$/,
  ],
  [
    'that trusts another certificate',
    {},
    { ca: known.cert, rejectUnauthorized: true },
    /^left during the TLS handshake \(ECONNRESET\); it may/,
  ],
] as const) {
  test(`TRN-07 a notice says who was refused by TLS and why: a client ${what}`, async (t) => {
    const server = await serveTls(t, tls)
    const address = await refused(server, dialled)
    const notice = await server.notices.take()
    assert.equal(notice.slice(0, address.length + 2), `${address}: `)
    assert.match(notice.slice(address.length + 2), why)
  })
}

test('TRN-07 of many clients that TLS refuses within a second one is named, and the others are counted when the listener closes', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] }) // none of the others is needed here
  const server = await serveTls(t, { ca: known.cert })
  const first = await refused(server, {})
  for (let count = 0; count < 3; count++) await refused(server, {})
  const last = await refused(server, {})
  await server.listener.close()
  const [one, other, ...more] = server.notices.items
  assert.ok(one?.startsWith(`${first}: TLS refused it`) && one.endsWith('CERTIFICATE)'), one)
  assert.ok(other?.startsWith(`${last}: TLS refused it`) && other.endsWith('CERTIFICATE) (and 3 more)'), other)
  assert.deepEqual(more, [])
})

test('TRN-07 who only opens and closes a connection is not named, nor twice who lets the time pass', async (t) => {
  const server = await serveTls(t, {}, { handshakeTimeoutMs: 100 })
  const looking = server.dial()
  await once(looking, 'connect')
  looking.end()
  await ended(looking)
  const slow = server.dial()
  slow.write(Buffer.from([0x16, 3, 1])) // the beginning of a ClientHello
  await ended(slow)
  assert.match(await server.notices.take(), /no session within 100 ms/)
  assert.deepEqual(server.notices.items, [])
})
