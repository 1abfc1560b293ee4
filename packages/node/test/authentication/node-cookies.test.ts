// A node with cookies, as its configuration says: given out at the upgrade, a login bound to them, back with them, logged out.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ask } from '@crosspoint/testing'
import { folder } from '../folder.ts'
import { RawSession, ROLES, startNode } from '../support/logins.ts'

const TICKET = { type: 'static', principals: { joe: { ticket: 's3cret', role: 'user' } } }
const AUTH = { cookie: {}, ticket: TICKET }

/** Logs in with a ticket on a new connection; gives its session and its cookie. */
async function login(port: number): Promise<{ session: RawSession; cookie: string; header: string }> {
  const session = await RawSession.open(port)
  const header = session.client.headers['set-cookie']!
  assert.equal((await session.hello({ authmethods: ['cookie', 'ticket'], authid: 'joe' }))[0], 4)
  assert.equal((await session.authenticate('s3cret'))[0], 2)
  return { session, cookie: header.split(';', 1)[0]!, header }
}

async function back(port: number, cookie: string) {
  const session = await RawSession.open(port, { Cookie: cookie })
  return { session, answer: await session.hello({ authmethods: ['cookie'] }) }
}

test('AUTH-02 a browser that has logged in comes back with its cookie', async (context) => {
  const { port } = await startNode(context, { auth: AUTH, more: { cookie: {} } })
  const { session, cookie, header } = await login(port)
  assert.match(header, /^cbtid=[\w-]{24}; Path=\/ws; Max-Age=604800; HttpOnly; SameSite=Lax$/)
  const { session: second, answer } = await back(port, cookie)
  const { authid, authrole, authmethod, authprovider } = answer[2] as { [key: string]: unknown }
  assert.deepEqual([answer[0], authid, authrole, authmethod, authprovider], [2, 'joe', 'user', 'cookie', 'cookie'])
  assert.equal(second.client.headers['set-cookie'], undefined)

  // Nobody else comes in: not with a made-up value, nor with that of a connection that has not logged in.
  const { session: stranger, answer: refused } = await back(port, `cbtid=${'x'.repeat(24)}`)
  assert.deepEqual([refused[0], refused[2]], [3, 'wamp.error.no_matching_auth_method'])
  assert.notEqual(stranger.client.headers['set-cookie'], undefined)
  for (const each of [session, second, stranger]) each.close()
})

test('a logout takes the login from the cookie and ends the other sessions with it', async (context) => {
  const { port, log } = await startNode(context, { auth: AUTH, more: { cookie: {} } })
  const { session, cookie } = await login(port)
  const { session: second } = await back(port, cookie)
  session.send([6, {}, 'wamp.close.logout'])
  assert.deepEqual([(await session.next())[0], (await second.next()).slice(0, 3)[2]], [6, 'wamp.close.logout'])
  const { session: third, answer } = await back(port, cookie)
  assert.deepEqual([answer[0], answer[2]], [3, 'wamp.error.no_matching_auth_method'])
  assert.deepEqual(
    log.lines.filter((line) => line.startsWith('warn') || line.startsWith('error')),
    [],
  )
  for (const each of [session, second, third]) each.close()
})

test('logins in a database outlive the node', async (context) => {
  const more = { cookie: { name: 'sid_1', max_age: 60, same_site: 'Strict', store: { type: 'sql', url: 'sqlite:cookies.sqlite' } } }
  const root = folder(context)
  const first = await startNode(context, { auth: AUTH, more }, root)
  const { session, cookie, header } = await login(first.port)
  assert.match(header, /^sid_1=.*Max-Age=60; HttpOnly; SameSite=Strict$/)
  session.close()
  await first.node.stop()
  const second = await startNode(context, { auth: AUTH, more }, root)
  const { session: again, answer } = await back(second.port, cookie)
  assert.equal(answer[0], 2)
  again.close()
  await second.node.stop()

  // Without its role nobody comes back.
  const realms = [{ name: 'realm1', roles: ROLES.filter(({ name }) => name !== 'user') }]
  const principals = { joe: { ticket: 's3cret', role: 'backend' } }
  const third = await startNode(context, { auth: { ...AUTH, ticket: { ...TICKET, principals } }, more, realms }, root)
  const { session: late, answer: refused } = await back(third.port, cookie)
  assert.equal(refused[2], 'wamp.error.no_matching_auth_method')
  late.close()
})

test('long-poll has cookies of its own', async (context: TestContext) => {
  const { port } = await startNode(context, { auth: AUTH, more: { cookie: {} } })
  const body = JSON.stringify({ protocols: ['wamp.2.json'] })
  const opened = await ask({ port, path: '/lp/open', body })
  const cookie = opened.headers['set-cookie']![0]!
  assert.match(cookie, /^cbtid=[\w-]{24}; Path=\/lp;/)
  const { transport } = JSON.parse(opened.body.toString()) as { transport: string }
  const talk = async (path: string, id: string, message?: unknown) => {
    if (message !== undefined) await ask({ port, path: `${path}/${id}/send`, body: JSON.stringify(message) })
    return JSON.parse((await ask({ port, path: `${path}/${id}/receive` })).body.toString()) as unknown[]
  }
  const hello = [1, 'realm1', { roles: { caller: {} }, authmethods: ['cookie', 'ticket'], authid: 'joe' }]
  assert.equal((await talk('/lp', transport, hello))[0], 4)
  assert.equal((await talk('/lp', transport, [5, 's3cret', {}]))[0], 2)
  const again = await ask({ port, path: '/lp/open', body, headers: { Cookie: cookie.split(';', 1)[0]! } })
  assert.equal(again.headers['set-cookie'], undefined)
  const { transport: second } = JSON.parse(again.body.toString()) as { transport: string }
  const [type, , details] = await talk('/lp', second, hello)
  assert.deepEqual([type, (details as { authmethod: string }).authmethod], [2, 'cookie'])
  for (const id of [transport, second]) await ask({ port, path: `/lp/${id}/close` })
})
