import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { jsonSerializer } from '@crosspoint/protocol'
import { RawSocketClient, WebSocketClient } from '@crosspoint/testing'
import { endPointHash } from '../src/channel-binding.ts'
import { connectRawSocket } from '../src/index.ts'
import { dialTls, makePair } from './certificates.ts'
import { type Arrival, type Server, serve } from './server.ts'

const router = await makePair('router')
const NO_EXTENDED_MASTER_SECRET = 1 // SSL_OP_NO_EXTENDED_MASTER_SECRET of OpenSSL 3, which Node has no name for

function serveTls(t: TestContext): Promise<Server> {
  return serve(t, { endpoint: { port: 0, tls: { key: router.private, cert: router.cert } } })
}

/** A connection as the client's TLS sees it, and the router's end. */
async function open(server: Server, options: ConnectionOptions = {}): Promise<{ socket: TLSSocket; arrival: Arrival }> {
  const socket = dialTls(server, options)
  await RawSocketClient.open(socket, 1)
  return { socket, arrival: await server.arrivals.take() }
}

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex')
}

/** What RFC 9266 has both ends compute. */
function exporterOf(socket: TLSSocket): string | undefined {
  return hex(socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)))
}
const END_POINT = createHash('sha256').update(new X509Certificate(router.cert).raw).digest('hex')

test('AUTH-66 tls-exporter over TLS 1.3 is the same 32 bytes at both ends, other ones on each connection', async (t) => {
  const server = await serveTls(t)
  const first = await open(server)
  const second = await open(server)
  for (const { socket, arrival } of [first, second]) {
    assert.equal(socket.getProtocol(), 'TLSv1.3')
    const id = arrival.info.channelId('tls-exporter')
    assert.equal(id?.length, 32)
    assert.equal(hex(id), exporterOf(socket))
    assert.deepEqual(arrival.transport.channelId?.('tls-exporter'), id)
  }
  assert.notDeepEqual(first.arrival.info.channelId('tls-exporter'), second.arrival.info.channelId('tls-exporter'))
})

test('AUTH-66 tls-unique does not exist over TLS 1.3', async (t) => {
  const { arrival } = await open(await serveTls(t))
  assert.equal(arrival.info.channelId('tls-unique'), undefined)
  assert.equal(arrival.info.channelId('tls-unique-router'), undefined)
})

test("AUTH-66 tls-unique over TLS 1.2 is the client's Finished, tls-unique-router the router's", async (t) => {
  const { socket, arrival } = await open(await serveTls(t), { maxVersion: 'TLSv1.2' })
  const unique = arrival.info.channelId('tls-unique')
  assert.equal(unique?.length, 12)
  assert.equal(hex(unique), hex(socket.getFinished()))
  assert.equal(hex(arrival.info.channelId('tls-unique-router')), hex(socket.getPeerFinished()))
  assert.notEqual(hex(arrival.info.channelId('tls-unique-router')), hex(unique))
})

test('AUTH-65 a client of connectRawSocket computes the same channel ids, over TLS 1.2 and 1.3', async (t) => {
  const server = await serveTls(t)
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const tls = { ca: router.cert, maxVersion }
    const transport = await connectRawSocket({ host: 'localhost', port: server.port, tls }, { serializer: jsonSerializer })
    const { info } = await server.arrivals.take()
    for (const type of ['tls-unique', 'tls-unique-router', 'tls-exporter', 'tls-server-end-point'] as const) {
      assert.equal(hex(transport.channelId?.(type)), hex(info.channelId(type)), `${type} over ${maxVersion}`)
    }
    assert.equal(transport.channelId?.('tls-unique') !== undefined, maxVersion === 'TLSv1.2')
    assert.equal(hex(transport.channelId?.('tls-server-end-point')), END_POINT)
    transport.close()
  }
})

test('AUTH-66 a WebSocket has the channel ids of its connection', async (t) => {
  const server = await serveTls(t)
  const socket = dialTls(server)
  await WebSocketClient.open(socket)
  const { info, transport } = await server.arrivals.take()
  assert.equal(hex(info.channelId('tls-exporter')), exporterOf(socket))
  assert.equal(hex(transport.channelId?.('tls-exporter')), exporterOf(socket))
  assert.equal(hex(info.channelId('tls-server-end-point')), END_POINT)
})

test('AUTH-46 tls-exporter over TLS 1.2 needs the extended master secret', async (t) => {
  const server = await serveTls(t)
  const old = await open(server, { maxVersion: 'TLSv1.2', secureOptions: NO_EXTENDED_MASTER_SECRET })
  assert.equal(old.arrival.info.channelId('tls-exporter'), undefined)
  assert.equal(old.arrival.info.channelId('tls-unique')?.length, 12) // a full handshake
  const extended = await open(server, { maxVersion: 'TLSv1.2' })
  assert.equal(hex(extended.arrival.info.channelId('tls-exporter')), exporterOf(extended.socket))
})

for (const secureOptions of [0, NO_EXTENDED_MASTER_SECRET]) {
  const secret = secureOptions === 0 ? 'the extended' : 'the old'
  test(`AUTH-46 a resumed session has no tls-unique, with ${secret} master secret`, async (t) => {
    const server = await serveTls(t)
    const options = { maxVersion: 'TLSv1.2', secureOptions } as const
    const { socket: first } = await open(server, options)
    const { socket, arrival } = await open(server, { ...options, session: first.getSession()! })
    assert.equal(socket.isSessionReused(), true)
    assert.equal(arrival.info.channelId('tls-unique'), undefined)
    assert.equal(arrival.info.channelId('tls-unique-router'), undefined)
    assert.equal(arrival.info.channelId('tls-server-end-point'), undefined)
    assert.equal(hex(arrival.info.channelId('tls-exporter')), secureOptions === 0 ? exporterOf(socket) : undefined)
  })
}

test('AUTH-46 the router does not renegotiate, which would change what logins are bound to', async (t) => {
  const server = await serveTls(t)
  const { socket, arrival } = await open(server, { maxVersion: 'TLSv1.2' })
  const before = hex(arrival.info.channelId('tls-unique'))
  const outcome = await new Promise<string>((resolve) => {
    socket.once('error', (error) => resolve(error.message))
    socket.renegotiate({}, () => resolve('it did'))
  })
  assert.match(outcome, /no renegotiation/)
  assert.equal(hex(arrival.info.channelId('tls-unique')), before)
})

test('AUTH-66 without TLS there is nothing to bind to', async (t) => {
  const [, { info, transport }] = await (await serve(t)).rawSocket()
  for (const type of ['tls-unique', 'tls-unique-router', 'tls-exporter', 'tls-server-end-point'] as const) {
    assert.equal(info.channelId(type), undefined)
    assert.equal(transport.channelId?.(type), undefined)
  }
})

test('AUTH-66 a connection that is over has no channel ids, for a login that ends after it', async (t) => {
  const server = await serveTls(t)
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { socket, arrival } = await open(server, { maxVersion })
    socket.destroy()
    await arrival.closes.take()
    for (const type of ['tls-unique', 'tls-unique-router', 'tls-exporter', 'tls-server-end-point'] as const) {
      assert.equal(arrival.info.channelId(type), undefined)
    }
  }
})

// Made by OpenSSL; nobody has the keys.
const ED25519 = `-----BEGIN CERTIFICATE-----
MIIBLjCB4aADAgECAhRWWezN4Cl0Pz4fK3ZabueJQ/91pzAFBgMrZXAwDDEKMAgG
A1UEAwwBYTAgFw0yNjExMjExNDE3MTRaGA8yMTI2MTAyODE0MTcxNFowDDEKMAgG
A1UEAwwBYTAqMAUGAytlcAMhANVarm1LQ+ifi5czWFSRKjm2Z/FJ2klYYGKhpxMF
Ebajo1MwUTAdBgNVHQ4EFgQUxaW6RllngKmGuq7aiwXn9l/oi1swHwYDVR0jBBgw
FoAUxaW6RllngKmGuq7aiwXn9l/oi1swDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXAD
QQA5qgV5OcbFJSifFxj5/13ZUVMtmVfjCD9hdZ7IrtAR05syx0OZHqo2H7qjFOIC
/izIqPOmjmcBvvYAc2+Tb8oN
-----END CERTIFICATE-----`
const RSA_PSS_SHA384 = `-----BEGIN CERTIFICATE-----
MIICXjCCAZOgAwIBAgIUc15YCz3+o3+x5IZHXiJxfbPCbTEwQQYJKoZIhvcNAQEK
MDSgDzANBglghkgBZQMEAgIFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgIF
AKIDAgFOMAwxCjAIBgNVBAMMAWEwIBcNMjYxMTIxMTQxNzE0WhgPMjEyNjEwMjgx
NDE3MTRaMAwxCjAIBgNVBAMMAWEwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGB
ALN+fRNu82XlzDHiNNTugj979R+/6lfsmePc07TE1blLvvvxwhojCASEGbRw4i4K
aiF29vHid7HVbet5FC8YKdqrOT/blHA2sfMcY6aQup1fUliYJeOlq81/yyEFmqa4
yGVAbLVmIWGfzJ+iTY2k20O7ROVVOI+IGG9zDx3NsdxTAgMBAAGjUzBRMB0GA1Ud
DgQWBBTAHZPsLVKVmqkD7CGbJMVJus0QJTAfBgNVHSMEGDAWgBTAHZPsLVKVmqkD
7CGbJMVJus0QJTAPBgNVHRMBAf8EBTADAQH/MEEGCSqGSIb3DQEBCjA0oA8wDQYJ
YIZIAWUDBAICBQChHDAaBgkqhkiG9w0BAQgwDQYJYIZIAWUDBAICBQCiAwIBTgOB
gQCZfEG4BUMxzPsKjpxACwxzxg6aGu2roYuLj5hghoXY+m13+HCI5y0Gj8Hu+RNo
8qpbjZFdSG55vR670AlSDFSf9zZJF0DNuoqi8JRr/x/Ixg/hGWogatyzfmBvzHUL
jt1+nEnliQOLrvIYRC9HQRI3sThSaetHs1JVZ4D8nbsbxg==
-----END CERTIFICATE-----`
for (const [what, pem, hash] of [
  ['ECDSA with SHA-256', router.cert, 'sha256'],
  ['ECDSA with SHA-384', (await makePair('other', [], 'sha384')).cert, 'sha384'],
  ['ECDSA with SHA-512', (await makePair('other', [], 'sha512')).cert, 'sha512'],
  ['RSASSA-PSS with SHA-384', RSA_PSS_SHA384, 'sha384'],
  ['Ed25519, which has none', ED25519, undefined],
] as const) {
  test(`AUTH-66 the hash of tls-server-end-point for ${what}`, () => {
    assert.equal(endPointHash(new X509Certificate(pem).raw), hash)
  })
}
test('AUTH-66 what is no certificate has no hash for tls-server-end-point', () => {
  const { raw } = new X509Certificate(router.cert)
  for (let length = 0; length < 100; length++) assert.equal(endPointHash(raw.subarray(0, length)), undefined)
  assert.equal(endPointHash(Buffer.alloc(1000, 0xff)), undefined)
})
