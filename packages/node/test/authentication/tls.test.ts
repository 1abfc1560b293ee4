// Logins over TLS as a configuration says: client certificates, and signatures that are bound to their connection.

import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { cryptosignMessage, cryptosignText, readHex, toHex } from '@crosspoint/protocol/internal'
import { generate } from 'selfsigned'
import { nodeCrypto } from '../../src/crypto.ts'
import { RawSession, startNode } from '../support/logins.ts'

const SEED = nodeCrypto.randomBytes(32)
const pair = (name: string) => generate([{ name: 'commonName', value: name }], { keySize: 2048 })

async function start(context: TestContext, auth: (fingerprint: string) => object) {
  const [server, client] = await Promise.all([pair('localhost'), pair('joe')])
  const fingerprint = new X509Certificate(client.cert).fingerprint256
  const { port } = await startNode(context, {
    auth: auth(fingerprint),
    tls: { key: 'key.pem', certificate: 'cert.pem', ca_certificates: ['ca.pem'] },
    files: { 'key.pem': server.private, 'cert.pem': server.cert, 'ca.pem': client.cert },
  })
  const open = async (): Promise<{ session: RawSession; socket: TLSSocket }> => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      ca: server.cert,
      key: client.private,
      cert: client.cert,
      checkServerIdentity: () => undefined,
    })
    context.after(() => socket.destroy())
    return { session: await RawSession.over(socket), socket }
  }
  return open
}

test('AUTH-10 a client certificate says who it is', async (context) => {
  const open = await start(context, (fingerprint) => ({
    tls: { type: 'static', principals: { joe: { 'certificate-sha256': fingerprint, role: 'user' } } },
  }))
  const { session } = await open()
  const [type, , details] = await session.hello({ authmethods: ['tls'] })
  const { authid, authrole, authmethod } = details as { [key: string]: unknown }
  assert.deepEqual([type, authid, authrole, authmethod], [2, 'joe', 'user', 'tls'])
  session.close()
})

test('AUTH-10 one that nobody here has is denied', async (context) => {
  const files = (fingerprint: string) => ({
    tls: { type: 'static', principals: { joe: { 'certificate-sha1': `00${fingerprint.slice(2, 59)}`, role: 'user' } } },
  })
  const open = await start(context, files)
  const { session } = await open()
  assert.equal((await session.hello({ authmethods: ['tls'] }))[2], 'wamp.error.authentication_denied')
  session.close()
})

test('AUTH-65 where channel binding is required, a signature without it, or for another connection, is refused', async (context) => {
  const key = await new Promise<string>((resolve) => nodeCrypto.ed25519PublicKey(SEED, (bytes) => resolve(toHex(bytes))))
  const open = await start(context, () => ({
    cryptosign: { type: 'static', 'channel-binding': 'required', principals: { joe: { authorized_keys: [key], role: 'user' } } },
  }))
  const hello = (binding: string | null) => ({ authmethods: ['cryptosign'], authextra: { pubkey: key, channel_binding: binding } })
  const channelId = (socket: TLSSocket) => socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
  const login = async (isOwn: boolean) => {
    const { session, socket } = await open()
    const [type, , extra] = await session.hello(hello('tls-exporter'))
    assert.equal(type, 4)
    const challenge = readHex((extra as { challenge: string }).challenge, 32)!
    const id = isOwn ? channelId(socket) : createHash('sha256').update('another connection').digest()
    const message = cryptosignMessage(challenge, id)
    const signature = await new Promise<Uint8Array>((resolve) => nodeCrypto.ed25519Sign(SEED, message, resolve))
    const answer = await session.authenticate(cryptosignText(signature, message))
    session.close()
    return answer
  }
  assert.equal((await login(true))[0], 2)
  assert.equal((await login(false))[0], 3)
  const { session } = await open()
  assert.equal((await session.hello(hello(null)))[2], 'wamp.error.authentication_failed')
  session.close()
})
