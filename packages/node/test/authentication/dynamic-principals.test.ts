// Principals that a procedure knows (`type: dynamic`), with Crossbar.io's arguments and answers.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type AuthMethod, cryptosign, wampcra } from '@crosspoint/client'
import { Client } from '@crosspoint/client/node'
import { toHex } from '@crosspoint/protocol/internal'
import { nodeCrypto } from '../../src/crypto.ts'
import { EVERYTHING, loginByTicket, RawSession, ROLES, startNode } from '../support/logins.ts'

const WHO = 'com.example.authenticate'
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** A node whose authenticator is a component; `answer` is the body of its function. */
function start(
  context: TestContext,
  answer: string,
  auth: object = { ticket: { type: 'dynamic', authenticator: WHO } },
  more: object = {},
) {
  const source = `import { ApplicationError } from '${import.meta.resolve('@crosspoint/client')}'
export default (app) => {
  app.register('${WHO}', async (realm, authid, details) => { ${answer} })
}`
  const components = [{ type: 'module', module: './who.js', realm: 'realm1', role: 'backend' }]
  return startNode(context, { auth, components, files: { 'who.js': source, 'package.json': '{"type":"module"}' }, ...more })
}

async function whoIs(context: TestContext, port: number, method: AuthMethod): Promise<string> {
  const client = new Client({ url: `ws://127.0.0.1:${port}/ws`, realm: 'realm1', auth: [method], logger: quiet })
  context.after(() => client.stop())
  await client.start()
  const { authid, authrole, authmethod, authprovider } = client.session!
  return `${authid} ${authrole} ${authmethod} ${authprovider}`
}

const shared = globalThis as { asked?: { realm: unknown; authid: unknown; details: { [key: string]: unknown } } }

test('AUTH-12 the procedure is told realm, authid and details, and answers with a role', async (context) => {
  const { port } = await start(context, `globalThis.asked = { realm, authid, details }; return details.ticket === 'right' ? 'user' : null`)
  const [type, , welcome] = await loginByTicket(port, 'joe', 'right')
  const { authid, authrole, authprovider } = welcome as { [key: string]: unknown }
  assert.deepEqual([type, authid, authrole, authprovider], [2, 'joe', 'user', 'dynamic'])
  const { session, transport, ...rest } = shared.asked!.details
  assert.deepEqual([shared.asked!.realm, shared.asked!.authid], ['realm1', 'joe'])
  assert.deepEqual(rest, { authmethod: 'ticket', authextra: {}, ticket: 'right' })
  assert.equal(typeof session, 'number')
  const { channel_framing, peer, http_headers_received } = transport as { [key: string]: unknown }
  assert.equal(channel_framing, 'websocket')
  assert.match(String(peer), /^127\.0\.0\.1:\d+$/)
  assert.equal((http_headers_received as { upgrade: string }).upgrade, 'websocket')
  assert.equal((await loginByTicket(port, 'joe', 'wrong'))[2], 'wamp.error.authentication_denied')
})

test('AUTH-12 the answer may be a principal with its credentials', async (context) => {
  const seed = toHex(nodeCrypto.randomBytes(32))
  const key = await new Promise((resolve) => nodeCrypto.ed25519PublicKey(Buffer.from(seed, 'hex'), (bytes) => resolve(toHex(bytes))))
  const dynamic = { type: 'dynamic', authenticator: WHO, 'default-role': 'user' }
  const { port } = await start(
    context,
    `switch (details.authmethod) {
       case 'wampcra': return { secret: 's3cret', role: 'backend', salt: null }
       case 'cryptosign': return { pubkey: ${JSON.stringify(key)}, authid: details.pubkey === ${JSON.stringify(key)} ? 'found' : 'other' }
       case 'anonymous': return { authid: 'somebody' }
     }`,
    { wampcra: dynamic, cryptosign: dynamic, anonymous: dynamic },
  )
  assert.equal(await whoIs(context, port, wampcra({ authid: 'joe', secret: 's3cret' })), 'joe backend wampcra dynamic')
  assert.equal(await whoIs(context, port, cryptosign({ privateKey: seed })), 'found user cryptosign dynamic')
  const session = await RawSession.open(port)
  const [, , details] = await session.hello({})
  const { authid, authrole } = details as { [key: string]: unknown }
  assert.deepEqual([authid, authrole], ['somebody', 'user'])
  session.close()
})

test('AUTH-12 errors of its own go to the client with their first argument, all others are failures without a cause', async (context) => {
  const { port, log } = await start(
    context,
    `switch (authid) {
       case 'own': throw new ApplicationError('com.example.error.expired', ['Your account has expired', 'hidden'])
       case 'denied': throw new ApplicationError('wamp.error.authentication_denied', ['Not today'])
       case 'not allowed': throw new ApplicationError('wamp.error.not_authorized')
       case 'breaks': throw new Error('the database is down')
       case 'no such': throw new ApplicationError('wamp.error.no_such_procedure', ['inner'])
       case 'canceled': throw new ApplicationError('wamp.error.canceled', ['inner'])
       case 'number': return 4711
       case 'list': return ['user']
       case 'empty': return ''
       case 'odd realm': return { role: 'user', realm: 5 }
     }
     return 'user'`,
  )
  const answers = {
    own: ['com.example.error.expired', 'Your account has expired'],
    denied: ['wamp.error.authentication_denied', 'Not today'],
    'not allowed': ['wamp.error.not_authorized', 'The login is refused'],
  }
  for (const [authid, [uri, message]] of Object.entries(answers)) {
    const [type, details, reason] = await loginByTicket(port, authid, 'x')
    assert.deepEqual([type, reason, details], [3, uri, { message }])
  }
  for (const authid of ['breaks', 'no such', 'canceled', 'number', 'list', 'empty', 'odd realm']) {
    const [type, details, reason] = await loginByTicket(port, authid, 'x')
    assert.deepEqual([type, reason], [3, 'wamp.error.authentication_failed'], authid)
    assert.deepEqual(details, { message: 'The login could not be checked; try again later' })
    assert.match(log.lines.at(-1)!, /^info a login of/)
  }
  assert.equal((await loginByTicket(port, 'joe', 'x'))[0], 2)
})

test('a procedure that hangs denies within the time limit, and holds up no other', async (context) => {
  const { port, log } = await start(context, `return authid === 'hangs' ? new Promise(() => {}) : 'user'`, {
    ticket: { type: 'dynamic', authenticator: WHO, timeoutMs: 100 },
  })
  const hanging = await RawSession.open(port)
  await hanging.hello({ authmethods: ['ticket'], authid: 'hangs' })
  const answer = hanging.authenticate('x')
  assert.equal((await loginByTicket(port, 'joe', 'x'))[0], 2)
  assert.equal((await answer)[2], 'wamp.error.authentication_failed')
  assert.match(log.lines.at(-1)!, /com\.example\.authenticate (did not answer within 100 ms|failed: wamp\.error\.timeout)/)
})

test('a procedure that nobody has registered fails the login, and works as soon as it is there', async (context) => {
  const auth = { ticket: { type: 'dynamic', authenticator: WHO }, anonymous: { role: 'backend' } }
  const { port } = await startNode(context, { auth })
  assert.equal((await loginByTicket(port, 'joe', 'x'))[2], 'wamp.error.authentication_failed')
  const client = new Client({ url: `ws://127.0.0.1:${port}/ws`, realm: 'realm1', logger: quiet })
  context.after(() => client.stop())
  await client.start()
  await client.register(WHO, () => 'user')
  assert.equal((await loginByTicket(port, 'joe', 'x'))[0], 2)
})

test('the procedure may be in another realm, and be called with a role of choice', async (context) => {
  const caller = { name: 'caller', permissions: [{ uri: WHO, allow: { call: true } }] }
  const realms = [
    { name: 'realm1', roles: ROLES },
    { name: 'users', roles: [{ name: 'backend', permissions: [{ uri: '*', allow: EVERYTHING }] }, caller, { name: 'mute' }] },
  ]
  const components = [{ type: 'module', module: './who.js', realm: 'users', role: 'backend' }]
  const login = async (role: string | undefined) => {
    const dynamic = {
      type: 'dynamic',
      authenticator: WHO,
      'authenticator-realm': 'users',
      ...(role !== undefined && { 'authenticator-role': role }),
    }
    const { port } = await start(context, `return 'user'`, { ticket: dynamic }, { realms, components })
    return (await loginByTicket(port, 'joe', 'x')).filter((_, index) => index !== 1)
  }
  assert.equal((await login(undefined))[0], 2)
  assert.equal((await login('caller'))[0], 2)
  // One that may not call it: that is no refusal of the procedure's, but of the router's.
  assert.deepEqual(await login('mute'), [3, 'wamp.error.authentication_failed'])
})
