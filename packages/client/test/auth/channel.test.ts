// Logins bound to real TLS connections, and one through a man in the middle who has a certificate that the client trusts.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { connect as connectTls, createServer, type Server, type TLSSocket } from 'node:tls'
import { makeScramCredentials, type ScramCredentials, scramCredentialsDict } from '@crosspoint/protocol/internal'
import { systemClock, systemRandom } from '@crosspoint/protocol/system'
import { BARE_LINK, cryptosign as cryptosignOfRouter, Router, scram as scramOfRouter, staticPrincipals } from '@crosspoint/router'
import { createListener, type Listener } from '@crosspoint/transport'
import { nodeCrypto } from '../../../node/src/crypto.ts'
import { makePair, type Pair } from '../../../transport/test/certificates.ts'
import { type AuthMethod, Client, cryptosign, scram, jsonSerializer as serializer } from '../../src/node.ts'
import { rejection, SILENT } from '../support/fake-router.ts'

const SEED = '4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510'
const PUBLIC = '1adfc8bfe1d35616e64dffbd900096f23b066f914c8c2ffbb66f6075b96e116d'

type Version = 'TLSv1.2' | 'TLSv1.3'

let pair: Pair
let listener: Listener
const router = new Router({ clock: systemClock, random: systemRandom, realms: [{ name: 'realm1' }] })

before(async () => {
  pair = await makePair('router')
  const cost = { kdf: 'pbkdf2', iterations: 4096, memory: null } as const
  const made = await new Promise<ScramCredentials | undefined>((done) => makeScramCredentials(nodeCrypto, 'pencil', cost, done))
  const users = staticPrincipals({ joe: { ...scramCredentialsDict(made!), role: 'user' } })
  const keys = staticPrincipals({ joe: { authorized_keys: [PUBLIC], role: 'user' } })
  const authenticators = [cryptosignOfRouter(nodeCrypto, keys), scramOfRouter(nodeCrypto, users, { mockSecret: new Uint8Array(32) })]
  listener = createListener({
    endpoint: { host: '127.0.0.1', port: 0, tls: { key: pair.private, cert: pair.cert } },
    serializers: [serializer],
    onTransport: (transport, used, { channelId }) => {
      router.attach(transport, used, { login: { authenticators }, link: { ...BARE_LINK, channelId } })
    },
  })
  await listener.listen()
})
after(async () => {
  await new Promise<void>((resolve) => router.close(resolve))
  await listener.close()
})

const SCHEMES = ['rss', 'wss'] as const

function clientOf(method: AuthMethod, maxVersion: Version, scheme: (typeof SCHEMES)[number] = 'rss', port = listener.port!): Client {
  const url = `${scheme}://127.0.0.1:${port}${scheme === 'wss' ? '/ws' : ''}`
  return new Client({ url, tls: { ca: pair.cert, maxVersion }, auth: [method], logger: SILENT })
}

const BOUND: readonly [string, () => AuthMethod, Version][] = [
  ['AUTH-65 cryptosign by tls-exporter', () => bound('tls-exporter'), 'TLSv1.3'],
  ['AUTH-65 cryptosign by tls-exporter', () => bound('tls-exporter'), 'TLSv1.2'],
  ['AUTH-66 cryptosign by tls-unique', () => bound('tls-unique'), 'TLSv1.2'],
  ['AUTH-46 scram by tls-unique', () => scram({ authid: 'joe', password: 'pencil', channelBinding: 'tls-unique' }), 'TLSv1.2'],
  [
    'AUTH-45 scram by tls-server-end-point',
    () => scram({ authid: 'joe', password: 'pencil', channelBinding: 'tls-server-end-point' }),
    'TLSv1.3',
  ],
]
function bound(channelBinding: 'tls-exporter' | 'tls-unique'): AuthMethod {
  return cryptosign({ privateKey: SEED, channelBinding, requireChannelBinding: true })
}

for (const [name, method, version] of BOUND) {
  for (const scheme of SCHEMES) {
    test(`${name} over ${scheme} and ${version}: both ends see the same channel`, async () => {
      const client = clientOf(method(), version, scheme)
      await client.start()
      assert.equal(client.session!.authid, 'joe')
      await client.stop()
    })
  }
}

test('a client trusts no other certificates than those that it is told to', async () => {
  const other = await makePair('another')
  for (const scheme of SCHEMES) {
    const url = `${scheme}://127.0.0.1:${listener.port}${scheme === 'wss' ? '/ws' : ''}`
    const client = new Client({ url, tls: { ca: other.cert }, logger: SILENT, retriesMax: 0 })
    assert.match((await rejection(client.start())).message, /certificate|self.signed/i)
  }
})

for (const method of [bound('tls-unique'), scram({ authid: 'joe', password: 'pencil', channelBinding: 'tls-unique' })]) {
  test(`AUTH-66 ${method.method} by tls-unique cannot be over TLS 1.3, and the client says so`, async () => {
    assert.match((await rejection(clientOf(method, 'TLSv1.3').start())).message, /This connection has no "tls-unique"/)
  })
}

test('AUTH-62 AUTH-65 a man in the middle passes on a login that is not bound, and no other', async () => {
  const sockets: TLSSocket[] = []
  const middle: Server = createServer({ key: pair.private, cert: pair.cert }, (socket) => {
    const onward = connectTls({ host: '127.0.0.1', port: listener.port, rejectUnauthorized: false })
    sockets.push(socket, onward)
    for (const end of [socket, onward]) end.on('error', () => end.destroy())
    socket.pipe(onward).pipe(socket)
  })
  await new Promise<void>((resolve) => middle.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = middle.address() as { port: number }
    const unbound = clientOf(cryptosign({ privateKey: SEED }), 'TLSv1.3', 'rss', port)
    await unbound.start()
    assert.equal(unbound.session!.authid, 'joe')
    await unbound.stop()
    const error = await rejection(clientOf(bound('tls-exporter'), 'TLSv1.3', 'rss', port).start())
    assert.match(error.message, /wamp\.error\.authentication_denied/)
  } finally {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => middle.close(resolve))
  }
})
