// A node as its configuration says, over real connections: each method, what is refused, and what the log says of it.

import assert from 'node:assert/strict'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type AuthMethod, anonymous, cryptosign, jwt, scram, ticket, wampcra } from '@crosspoint/client'
import { Client } from '@crosspoint/client/node'
import {
  makeScramCredentials,
  makeTicketHash,
  makeWampcraCredentials,
  type ScramCredentials,
  scramCredentialsDict,
  toHex,
  totpCode,
  totpStepAt,
  utf8Encode,
  type WampcraCredentials,
} from '@crosspoint/protocol/internal'
import { SignJWT } from 'jose'
import { nodeCrypto } from '../../src/crypto.ts'
import { folder } from '../folder.ts'
import { EVERYTHING, loginByTicket, RawSession, ROLES, startNode } from '../support/logins.ts'

const PBKDF2 = { kdf: 'pbkdf2', iterations: 4096, memory: null } as const
const TOTP_SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' // '12345678901234567890', as in RFC 6238
const SEED = toHex(nodeCrypto.randomBytes(32))
const ROUTER_SEED = toHex(nodeCrypto.randomBytes(32))
const TOKEN_SECRET = 'a secret that is longer than thirty-two bytes'

const derived = <Value>(make: (done: (value: Value | undefined) => void) => void): Promise<Value> =>
  new Promise((resolve) => make((value) => resolve(value!)))
const publicKey = (seed: string) =>
  derived<string>((done) => nodeCrypto.ed25519PublicKey(Buffer.from(seed, 'hex'), (key) => done(toHex(key))))

async function everyMethod(): Promise<{ [method: string]: object }> {
  const salted = await derived<WampcraCredentials>((done) => makeWampcraCredentials(nodeCrypto, 'salty', 1000, done))
  const scrammed = await derived<ScramCredentials>((done) => makeScramCredentials(nodeCrypto, 'pencil', PBKDF2, done))
  return {
    anonymous: { role: 'anonymous' },
    ticket: {
      type: 'static',
      'default-role': 'user',
      principals: {
        joe: { ticket: 's3cret', extra: { team: 'red' } },
        amy: { 'ticket-hash': await derived<string>((done) => makeTicketHash(nodeCrypto, 'hashed', done)), role: 'backend' },
        two: { ticket: 's3cret', totp: TOTP_SECRET },
      },
    },
    wampcra: { type: 'static', users: { joe: { ...salted, role: 'user' } } },
    scram: { type: 'static', principals: { joe: { ...scramCredentialsDict(scrammed), role: 'user' } } },
    cryptosign: {
      type: 'static',
      routerKey: 'router.key',
      principals: { joe: { authorized_keys: [await publicKey(SEED)], role: 'user' } },
    },
    jwt: { audience: 'crosspoint', secret: TOKEN_SECRET, roles: { member: 'user' } },
  }
}

async function startAll(context: TestContext) {
  const root = folder(context, { 'router.key': ROUTER_SEED })
  chmodSync(join(root, 'router.key'), 0o600)
  return startNode(context, { auth: await everyMethod() }, root)
}

async function join_(context: TestContext, url: string, auth: AuthMethod) {
  const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const client = new Client({ url, realm: 'realm1', auth: [auth], logger })
  context.after(() => client.stop())
  await client.start()
  const { authid, authrole, authmethod, authprovider } = client.session!
  return { client, who: `${authid} ${authrole} ${authmethod} ${authprovider}` }
}

test('AUTH-05 each method of a configuration over WebSocket and RawSocket', async (context) => {
  const { port } = await startAll(context)
  const token = await new SignJWT({ sub: 'tim', role: 'member', aud: 'crosspoint' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(utf8Encode(TOKEN_SECRET))
  const logins: readonly (readonly [AuthMethod, who: RegExp])[] = [
    [anonymous(), /^\w+ anonymous anonymous static$/],
    [ticket({ authid: 'joe', ticket: 's3cret' }), /^joe user ticket static$/],
    [ticket({ authid: 'amy', ticket: 'hashed' }), /^amy backend ticket static$/],
    [wampcra({ authid: 'joe', secret: 'salty' }), /^joe user wampcra static$/],
    [scram({ authid: 'joe', password: 'pencil' }), /^joe user wamp-scram static$/],
    [cryptosign({ privateKey: SEED, routerKeys: [await publicKey(ROUTER_SEED)] }), /^joe user cryptosign static$/],
    [jwt({ token }), /^tim user jwt jwt$/],
  ]
  for (const url of [`ws://127.0.0.1:${port}/ws`, `rs://127.0.0.1:${port}`]) {
    for (const [method, who] of logins) assert.match((await join_(context, url, method)).who, who)
  }
})

test('the extra of a principal is the authextra of its session', async (context) => {
  const { port } = await startAll(context)
  const { client } = await join_(context, `ws://127.0.0.1:${port}/ws`, ticket({ authid: 'joe', ticket: 's3cret' }))
  assert.deepEqual(client.session!.authextra, { team: 'red' })
})

test('AUTH-08 a principal with totp is asked for a code, and each code lets in once', async (context) => {
  const { port } = await startAll(context)
  const login = async (code: string) => {
    const session = await RawSession.open(port)
    await session.hello({ authmethods: ['ticket'], authid: 'two' })
    assert.deepEqual(await session.authenticate('s3cret'), [4, 'totp', {}])
    const answer = await session.authenticate(code)
    session.close()
    return answer
  }
  const code = () => totpCode(nodeCrypto, utf8Encode('12345678901234567890'), totpStepAt(Date.now()))
  const first = code()
  assert.equal((await login(first))[0], 2)
  const [type, , reason] = await login(first)
  assert.deepEqual([type, reason], [3, 'wamp.error.authentication_denied'])
})

test('AUTH-06 what is refused: the peer learns the kind, the log the cause, and nobody a secret', async (context) => {
  const { port, log } = await startAll(context)
  for (const [authid, secret, cause] of [
    ['joe', 'xyzzy', /wrong ticket of "joe"/],
    ['eve', 'xyzzy', /no principal "eve"/],
  ] as const) {
    const [type, details, reason] = await loginByTicket(port, authid, secret)
    assert.deepEqual([type, reason], [3, 'wamp.error.authentication_denied'])
    assert.deepEqual(details, { message: 'The credentials are not right' })
    const line = log.lines.at(-1)!
    assert.match(line, new RegExp(`^info a login of "${authid}" to realm "realm1" from 127\\.0\\.0\\.1:\\d+ by ticket was refused: `))
    assert.match(line, cause)
  }
  assert.ok(!log.lines.join('\n').includes('xyzzy'))
})

test('AUTH-03 a method that is not configured is passed over, and where there is no anonymous everybody logs in', async (context) => {
  const auth = { ticket: { type: 'static', principals: { joe: { ticket: 's3cret', role: 'user' } } } }
  const { port } = await startNode(context, { auth })
  const none = await RawSession.open(port)
  assert.equal((await none.hello({}))[2], 'wamp.error.authentication_required')
  const other = await RawSession.open(port)
  assert.equal((await other.hello({ authmethods: ['scram', 'cookie'], authid: 'joe' }))[2], 'wamp.error.no_matching_auth_method')
  const both = await RawSession.open(port)
  assert.deepEqual(await both.hello({ authmethods: ['wampcra', 'ticket'], authid: 'joe' }), [4, 'ticket', {}])
  for (const session of [none, other, both]) session.close()
})

test('a token is also taken as a ticket, where no other tickets are', async (context) => {
  const { port } = await startNode(context, { auth: { jwt: { audience: 'crosspoint', secret: TOKEN_SECRET, defaultRole: 'user' } } })
  const token = await new SignJWT({ sub: 'tim', aud: 'crosspoint' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(utf8Encode(TOKEN_SECRET))
  const [type, , details] = await loginByTicket(port, 'tim', token)
  assert.deepEqual([type, (details as { authrole: string }).authrole], [2, 'user'])
})

test('principals in a file', async (context) => {
  const root = folder(context, { 'users.yaml': 'joe: { ticket: s3cret, role: user }' })
  chmodSync(join(root, 'users.yaml'), 0o600)
  const { port } = await startNode(context, { auth: { ticket: { type: 'file', path: 'users.yaml' } } }, root)
  const [type, , details] = await loginByTicket(port, 'joe', 's3cret')
  assert.deepEqual([type, (details as { authprovider: string }).authprovider], [2, 'file'])
})

test('principals in a table of SQLite', async (context) => {
  const root = folder(context)
  const { port, node } = await startNode(context, { auth: { ticket: { type: 'sql', url: 'sqlite:users.sqlite' } } }, root)
  assert.equal((await loginByTicket(port, 'joe', 's3cret'))[2], 'wamp.error.authentication_denied')
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(join(root, 'users.sqlite'))
  database.exec(
    `insert into crosspoint_principals (realm, authmethod, authid, role, credentials) values ('', 'ticket', 'joe', 'user', '{"ticket":"s3cret"}')`,
  )
  database.close()
  const [type, , details] = await loginByTicket(port, 'joe', 's3cret')
  assert.deepEqual([type, (details as { authprovider: string }).authprovider], [2, 'sql'])
  await node.stop()
})

test('principals in a table of the operator’s own', async (context) => {
  const root = folder(context)
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(join(root, 'app.sqlite'))
  database.exec("create table users (name text, password text, role text); insert into users values ('joe', 's3cret', 'user')")
  database.close()
  chmodSync(join(root, 'app.sqlite'), 0o600)
  const query = 'SELECT role, password AS ticket FROM users WHERE name = :authid'
  const { port, node } = await startNode(context, { auth: { ticket: { type: 'sql', url: 'sqlite:app.sqlite', query } } }, root)
  assert.equal((await loginByTicket(port, 'joe', 's3cret'))[0], 2)
  assert.equal((await loginByTicket(port, 'joe', 'wrong'))[2], 'wamp.error.authentication_denied')
  await node.stop()
})

test('AUTH-26 AUTH-46 salts of those who do not exist are the same after a restart', async (context) => {
  const auth = await everyMethod()
  const root = folder(context, { 'router.key': ROUTER_SEED })
  chmodSync(join(root, 'router.key'), 0o600)
  const saltOf = async (port: number, authmethod: string) => {
    const session = await RawSession.open(port)
    const [type, , extra] = await session.hello({ authmethods: [authmethod], authid: 'nobody', authextra: { nonce: 'abc' } })
    assert.equal(type, 4)
    session.close()
    return (extra as { salt: string }).salt
  }
  const first = await startNode(context, { auth }, root)
  const salts = [await saltOf(first.port, 'wampcra'), await saltOf(first.port, 'wamp-scram')]
  await first.node.stop()
  const file = join(root, '.crosspoint/secret')
  assert.deepEqual([statSync(file).mode & 0o777, readFileSync(file).length], [0o600, 32])
  const second = await startNode(context, { auth }, root)
  assert.deepEqual([await saltOf(second.port, 'wampcra'), await saltOf(second.port, 'wamp-scram')], salts)
  await second.node.stop()

  for (const [spoil, message] of [
    [() => chmodSync(file, 0o644), /every user of this machine can read it \(mode 644\), and it holds secrets; run chmod 600/],
    [() => writeFileSync(file, 'short', { mode: 0o600 }), /it has 5 bytes instead of 32/],
  ] as const) {
    spoil()
    await assert.rejects(startNode(context, { auth }, root), message)
    chmodSync(file, 0o600)
  }
})

test('a role that no login may give: those of the node itself', async (context) => {
  const files = { 'who.js': `export default () => 'crosspoint.authenticator'`, 'package.json': '{"type":"module"}' }
  const { port, log } = await startNode(context, { auth: { ticket: { type: 'function', module: 'who.js' } }, files })
  assert.equal((await loginByTicket(port, 'joe', 'x'))[2], 'wamp.error.authentication_failed')
  assert.match(log.lines.at(-1)!, /the role "crosspoint\.authenticator" is the node's own/)
})

test('AUTH-06 a role that the realm has not is refused, and the log says so', async (context) => {
  const files = { 'who.js': `export default () => 'whoever'`, 'package.json': '{"type":"module"}' }
  const { port, log } = await startNode(context, { auth: { ticket: { type: 'function', module: 'who.js' } }, files })
  assert.equal((await loginByTicket(port, 'joe', 'x'))[2], 'wamp.error.no_such_role')
  assert.match(log.lines.at(-1)!, /^info a login of "joe".*wamp\.error\.no_such_role: .*no role "whoever"/)
})

test('two realms with roles of their own: the principal says where it belongs', async (context) => {
  const realms = [
    { name: 'realm1', roles: ROLES },
    { name: 'other', roles: [{ name: 'guest', permissions: [{ uri: '*', allow: EVERYTHING }] }] },
  ]
  const principals = { joe: { ticket: 's3cret', role: 'guest', realm: 'other', authid: 'joseph' } }
  const { port } = await startNode(context, { auth: { ticket: { type: 'static', principals } }, realms })
  const session = await RawSession.open(port)
  assert.equal((await session.hello({ authmethods: ['ticket'], authid: 'joe' }, null))[0], 4) // SES-09
  const [type, , details] = await session.authenticate('s3cret')
  const { realm, authid, authrole } = details as { realm: string; authid: string; authrole: string }
  assert.deepEqual([type, realm, authid, authrole], [2, 'other', 'joseph', 'guest'])
  session.close()
})
