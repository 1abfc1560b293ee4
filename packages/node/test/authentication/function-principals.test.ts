// Principals that a function knows (`type: function`).

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { UsageError } from '@crosspoint/protocol'
import { makeTicketHash } from '@crosspoint/protocol/internal'
import { nodeCrypto } from '../../src/crypto.ts'
import { loginByTicket, RawSession, startNode } from '../support/logins.ts'

const MODULE = { 'package.json': '{"type":"module"}' }

function start(context: TestContext, source: string, more: object = {}) {
  const auth = { ticket: { type: 'function', module: './who.js', ...more } }
  return startNode(context, { auth, files: { ...MODULE, 'who.js': source } })
}

interface Seen {
  realm: unknown
  authid: unknown
  details: { [key: string]: unknown }
}
const shared = globalThis as { seen?: Seen }

test('the function is told who asks, how and over what, and gives a role or a principal', async (context) => {
  const { port } = await start(
    context,
    `export default async (realm, authid, details) => {
       globalThis.seen = { realm, authid, details }
       if (details.ticket === 'role') return 'user'
       if (details.ticket === 'principal') return { role: 'backend', authid: 'joseph', extra: { team: 'red' } }
     }`,
  )
  const [type, , details] = await loginByTicket(port, 'joe', 'role')
  const { authid, authrole, authprovider } = details as { [key: string]: unknown }
  assert.deepEqual([type, authid, authrole, authprovider], [2, 'joe', 'user', 'function'])
  const { session, transport, ...rest } = shared.seen!.details
  assert.deepEqual(
    [shared.seen!.realm, shared.seen!.authid, rest],
    ['realm1', 'joe', { authmethod: 'ticket', authextra: {}, ticket: 'role' }],
  )
  assert.equal(typeof session, 'number')
  const { channel_type, channel_framing, channel_serializer, is_secure } = transport as { [key: string]: unknown }
  assert.deepEqual([channel_type, channel_framing, channel_serializer, is_secure], ['tcp', 'websocket', 'json', false])

  const [, , other] = await loginByTicket(port, 'joe', 'principal')
  const principal = other as { [key: string]: unknown }
  assert.deepEqual([principal['authid'], principal['authrole'], principal['authextra']], ['joseph', 'backend', { team: 'red' }])
  assert.equal((await loginByTicket(port, 'joe', 'neither'))[2], 'wamp.error.authentication_denied')
})

test('a principal with a ticket of its own, or its hash, is compared with what came', async (context) => {
  const hash = await new Promise((resolve) => makeTicketHash(nodeCrypto, 'hashed', resolve))
  const { port } = await start(
    context,
    `export default (realm, authid) => authid === 'joe' ? { ticket: 's3cret', role: 'user' }
       : authid === 'amy' ? { 'ticket-hash': ${JSON.stringify(hash)}, role: 'user' }
       : authid === 'odd' ? { ticket: 7, role: 'user' } : { 'ticket-hash': 'odd', role: 'user' }`,
  )
  const reason = async (authid: string, ticket: string) => {
    const answer = await loginByTicket(port, authid, ticket)
    return answer[0] === 2 ? 'welcome' : answer[2]
  }
  assert.equal(await reason('joe', 's3cret'), 'welcome')
  assert.equal(await reason('joe', 's3cret2'), 'wamp.error.authentication_denied')
  assert.equal(await reason('amy', 'hashed'), 'welcome')
  assert.equal(await reason('amy', 'hash'), 'wamp.error.authentication_denied')
  assert.equal(await reason('odd', '7'), 'wamp.error.authentication_failed')
  assert.equal(await reason('odder', 'odd'), 'wamp.error.authentication_failed')
})

test('AUTH-06 what the function does wrong fails one login, without its words for the client', async (context) => {
  const { port, log } = await start(
    context,
    `export default (realm, authid) => {
       if (authid === 'throws') throw new TypeError('the database is down')
       if (authid === 'rejects') return Promise.reject(new Error('the database is away'))
       if (authid === 'hangs') return new Promise(() => {})
       if (authid === 'number') return 4711
       if (authid === 'list') return ['user']
       if (authid === 'empty') return ''
       if (authid === 'odd role') return { role: 5 }
       if (authid === 'trap') return { get role() { throw new Error('a trap') } }
       if (authid === 'failure') return { failure: 'made up', role: 'user' }
       return 'user'
     }`,
    { timeoutMs: 50 },
  )
  for (const [authid, cause] of [
    ['throws', /threw TypeError: the database is down/],
    ['rejects', /threw Error: the database is away/],
    ['hangs', /did not answer within 50 ms/],
    ['number', /a role or a principal, not with a number/],
    ['list', /not with a list/],
    ['empty', /an empty role/],
    ['trap', /threw Error: a trap/],
    ['odd role', /role of the principal must be a string/],
  ] as const) {
    const [, details, reason] = await loginByTicket(port, authid, 'x')
    assert.equal(reason, 'wamp.error.authentication_failed', authid)
    assert.deepEqual(details, { message: 'The login could not be checked; try again later' }, authid)
    assert.match(log.lines.at(-1)!, cause)
  }
  assert.equal((await loginByTicket(port, 'failure', 'x'))[0], 2) // whose name is no failure of ours
  assert.equal((await loginByTicket(port, 'joe', 'x'))[0], 2)
})

test('one that hangs holds up no other', async (context) => {
  const { port } = await start(context, `export default (realm, authid) => authid === 'hangs' ? new Promise(() => {}) : 'user'`)
  const hanging = await RawSession.open(port)
  await hanging.hello({ authmethods: ['ticket'], authid: 'hangs' })
  hanging.send([5, 'x', {}])
  assert.equal((await loginByTicket(port, 'joe', 'x'))[0], 2)
  hanging.close()
})

test('anonymous sessions about which a function decides, by what it is told of the connection', async (context) => {
  const auth = { anonymous: { type: 'function', module: './who.js' } }
  const source = `export default (realm, authid, { transport }) => transport.http_headers_received['x-team'] === 'red' ? 'user' : undefined`
  const { port } = await startNode(context, { auth, files: { ...MODULE, 'who.js': source } })
  const red = await RawSession.open(port, { 'X-Team': 'red' })
  const [type, , details] = await red.hello({ authid: 'admin' })
  const { authid, authrole, authmethod } = details as { [key: string]: unknown }
  assert.deepEqual([type, authrole, authmethod], [2, 'user', 'anonymous'])
  assert.notEqual(authid, 'admin')
  const blue = await RawSession.open(port)
  assert.equal((await blue.hello({}))[2], 'wamp.error.authentication_denied')
  red.close()
  blue.close()
})

test('a module that cannot be loaded ends the start, named with its file', async (context) => {
  for (const [source, message] of [
    [
      'export default 5',
      /Cannot load \.\/who\.js for logins: its default export is of type number; write export default \(realm, authid, details\)/,
    ],
    ['export const x = 5', /it has no default export/],
    [`throw new Error('no database')`, /Cannot load \.\/who\.js for logins: it threw Error: no database/],
  ] as const) {
    await assert.rejects(start(context, source), (error: unknown) => {
      assert.ok(error instanceof UsageError)
      assert.equal(error.code, 'ERR_CONFIG')
      assert.match(error.message, message)
      return true
    })
  }
})
