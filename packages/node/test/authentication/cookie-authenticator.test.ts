// Logins by cookie, from the upgrade to the logout; and what somebody who plants a cookie, or finds one, gains by it.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { type Dict, MessageType, type SessionId } from '@crosspoint/protocol'
import { anonymous, type LoginOptions, staticPrincipals, ticket } from '@crosspoint/router'
import { SeededRandom } from '@crosspoint/testing'
import { CookieLogins, type CookieLoginsOptions } from '../../src/authentication/cookie-authenticator.ts'
import { type CookieStore, cookieKey, memoryCookieStore, sqlCookieStore } from '../../src/authentication/cookie-store.ts'
import { nodeCrypto } from '../../src/crypto.ts'
import { recorder } from '../recorder.ts'
import { ENGINES } from '../support/databases.ts'
import { LoginWorld, type Outcome } from '../support/principals.ts'

const WEEK_MS = 604_800_000
const PRINCIPALS = staticPrincipals({
  joe: { ticket: 's3cret', role: 'user', extra: { mail: 'joe@example.com' } },
  eve: { ticket: 'ev1l', role: 'user' },
})

/** A node with one path; a browser is an object that keeps what Set-Cookie says. */
class CookieWorld {
  readonly time = { now: 4_000_000_000_000 } // later than the system's, by which some of the stores here go
  readonly log = recorder()
  readonly ended: SessionId[] = []
  readonly roles = new Set(['user', 'anonymous'])
  readonly store: CookieStore
  readonly world: LoginWorld
  readonly cookies: CookieLogins
  readonly login: LoginOptions

  constructor(options: Partial<CookieLoginsOptions> = {}) {
    this.store = options.store ?? memoryCookieStore({}, () => this.time.now)
    this.world = new LoginWorld({ onSessionEnd: ({ id }, reason) => this.cookies.ended(id, reason) })
    this.cookies = new CookieLogins({
      store: this.store,
      path: '/ws',
      hasRole: (_realm, role) => this.roles.has(role),
      endSessions: (sessions) => void this.ended.push(...sessions),
      log: this.log,
      now: () => this.time.now,
      ...options,
    })
    const others = [ticket(nodeCrypto, PRINCIPALS), anonymous({ random: new SeededRandom(1), role: 'user' })]
    this.login = { authenticators: [this.cookies.authenticator, ...others], onAccepted: this.cookies.accepted }
  }

  /** A connection of a browser: the upgrade, by which it may get a new cookie. */
  connect(browser: Browser): { cookie: string | undefined; setCookies: readonly string[] } {
    const headers = browser.value === undefined ? {} : { cookie: `theme=dark; cbtid=${browser.value}` }
    const setCookies = this.cookies.upgrade({ headers, isSecure: false })
    for (const text of setCookies) browser.value = /^cbtid=([^;]*)/.exec(text)![1]!
    return { cookie: this.cookies.cookieOf(headers), setCookies }
  }

  hello(cookie: string | undefined, details: Dict, signature = 's3cret', realm?: string): Promise<Outcome> {
    return this.world.login(this.login, details, signature, { cookie }, realm)
  }

  /** Connects and offers the cookie, then a ticket. */
  visit(browser: Browser, authid = 'joe', signature = 's3cret'): Promise<Outcome> {
    return this.hello(this.connect(browser).cookie, { authmethods: ['cookie', 'ticket'], authid }, signature)
  }

  /** Connects and offers only the cookie. */
  comeBack(browser: Browser, realm?: string): Promise<Outcome> {
    return this.hello(this.connect(browser).cookie, { authmethods: ['cookie'] }, '', realm)
  }
}

interface Browser {
  value?: string
}

const methodOf = ({ details, reason }: Outcome) => reason ?? details['authmethod']
const NONE = 'wamp.error.no_matching_auth_method'

test('AUTH-02 AUTH-10 who has logged in comes back with the cookie, as who it was', async () => {
  const world = new CookieWorld()
  const browser: Browser = {}
  const { cookie, setCookies } = world.connect(browser)
  assert.deepEqual(setCookies, [`cbtid=${cookie}; Path=/ws; Max-Age=604800; HttpOnly; SameSite=Lax`])
  assert.equal(methodOf(await world.hello(cookie, { authmethods: ['cookie', 'ticket'], authid: 'joe' })), 'ticket')
  assert.deepEqual(world.connect(browser).setCookies, [], 'a cookie with a login is not replaced')
  const { details } = await world.comeBack(browser)
  const { authid, authrole, authmethod, authprovider, authextra } = details
  assert.deepEqual(
    { authid, authrole, authmethod, authprovider, authextra },
    { authid: 'joe', authrole: 'user', authmethod: 'cookie', authprovider: 'cookie', authextra: { mail: 'joe@example.com' } },
  )
})

test('without a login of its own a cookie is passed over, and the next method asked', async () => {
  const world = new CookieWorld()
  assert.equal(methodOf(await world.hello(undefined, { authmethods: ['cookie', 'ticket'], authid: 'joe' })), 'ticket')
  assert.equal(methodOf(await world.comeBack({})), NONE)
  assert.equal(methodOf(await world.comeBack({ value: 'x'.repeat(24) })), NONE)
  assert.match(world.world.causes.join('\n'), /cookie \(the cookie is new\)/)
})

test('a cookie brings back into its realm, under its name, while the role is there', async () => {
  const world = new CookieWorld()
  const browser: Browser = {}
  await world.visit(browser)
  assert.equal(methodOf(await world.comeBack(browser, 'realm2')), NONE)
  const { cookie } = world.connect(browser)
  assert.equal(methodOf(await world.hello(cookie, { authmethods: ['cookie'], authid: 'eve' })), NONE)
  assert.equal(methodOf(await world.hello(cookie, { authmethods: ['cookie'], authid: 'joe' })), 'cookie')
  world.roles.delete('user')
  assert.equal(methodOf(await world.comeBack(browser)), NONE)
  assert.match(world.world.causes.at(-1)!, /the role "user" of the cookie's login is no more in realm "realm1"/)
  world.roles.add('user')
  assert.equal(methodOf(await world.comeBack(browser)), 'cookie')
})

test('the node, not the browser, ends a login when its time is over', async () => {
  const world = new CookieWorld()
  const browser: Browser = {}
  await world.visit(browser)
  world.time.now += WEEK_MS - 1
  assert.equal(methodOf(await world.comeBack(browser)), 'cookie')
  world.time.now += 1
  const before = browser.value
  assert.equal(methodOf(await world.comeBack(browser)), NONE)
  assert.notEqual(browser.value, before, 'and it gets a new one')
})

test('max_age is the life of the login, and a login that ends sooner is not made longer', async () => {
  const put: number[] = []
  const store = {
    ...memoryCookieStore(),
    put: async (_key: string, { expiresAtMs }: { expiresAtMs: number }) => void put.push(expiresAtMs),
  }
  const world = new CookieWorld({ store, cookie: { max_age: 60 } })
  const identity = { realm: 'realm1', authid: 'joe', authrole: 'user', authmethod: 'jwt', authprovider: 'jwt' }
  for (const expiresAtMs of [undefined, world.time.now + 5, world.time.now + 100_000]) {
    const { cookie } = world.connect({})
    const link = { peer: '', address: undefined, transport: {}, channelId: () => undefined, certificate: undefined, cookie }
    const request = { session: 1 as SessionId, realm: 'realm1', authid: undefined, authextra: {}, details: {}, link }
    world.cookies.accepted(request, { ...identity, expiresAtMs })
  }
  assert.deepEqual(
    put.map((at) => at - world.time.now),
    [60_000, 5, 60_000],
  )
})

test('anonymous sessions are not kept, so that a later login can be', async () => {
  const world = new CookieWorld()
  const browser: Browser = {}
  const { cookie } = world.connect(browser)
  assert.equal(methodOf(await world.hello(cookie, { authmethods: ['anonymous'] })), 'anonymous')
  assert.equal(methodOf(await world.comeBack(browser)), NONE)
})

test('AUTH-06 a wrong ticket leaves nothing with the cookie', async () => {
  const world = new CookieWorld()
  const browser: Browser = {}
  assert.equal(methodOf(await world.visit(browser, 'joe', 'guess')), 'wamp.error.authentication_denied')
  assert.equal(methodOf(await world.comeBack(browser)), NONE)
})

test('fixation: a cookie that an attacker has planted takes no login', async () => {
  // A store that cannot be asked at the upgrade, as a database.
  const { knows: _, ...store } = memoryCookieStore()
  const world = new CookieWorld({ store })
  const attacker: Browser = {}
  // 1. one that was given to the attacker, who waits; 2. one that is made up; 3. one with the attacker's own login, gone meanwhile.
  world.connect(attacker)
  const madeUp: Browser = { value: 'x'.repeat(24) }
  for (const planted of [attacker.value!, madeUp.value!]) {
    const victim: Browser = { value: planted }
    assert.equal(methodOf(await world.visit(victim)), 'ticket')
    assert.equal(methodOf(await world.comeBack({ value: planted })), NONE)
  }
  const evil: Browser = {}
  await world.visit(evil, 'eve', 'ev1l')
  const victim: Browser = { value: evil.value! }
  const { cookie } = world.connect(victim)
  assert.equal(cookie, evil.value)
  await world.cookies.logout(cookie!)
  assert.equal(methodOf(await world.hello(cookie, { authmethods: ['ticket'], authid: 'joe' })), 'ticket')
  assert.equal(methodOf(await world.comeBack({ value: evil.value! })), NONE)
})

test("fixation: another login does not take the place of a cookie's own", async () => {
  const world = new CookieWorld()
  const evil: Browser = {}
  await world.visit(evil, 'eve', 'ev1l')
  const victim: Browser = { value: evil.value! }
  const { cookie } = world.connect(victim)
  assert.equal(methodOf(await world.hello(cookie, { authmethods: ['ticket'], authid: 'joe' })), 'ticket')
  assert.equal((await world.comeBack(evil)).details['authid'], 'eve')
})

test('a browser with a cookie that counts no more is kept by a new one after at most one login more', async () => {
  // A store that cannot be asked at the upgrade, as a database.
  const { knows: _, ...store } = memoryCookieStore()
  const world = new CookieWorld({ store })
  const browser: Browser = { value: 'y'.repeat(24) }
  assert.equal(methodOf(await world.hello(world.connect(browser).cookie, { authmethods: ['ticket'], authid: 'joe' })), 'ticket')
  await setImmediate()
  assert.equal(methodOf(await world.visit(browser)), 'ticket')
  assert.notEqual(browser.value, 'y'.repeat(24))
  assert.equal(methodOf(await world.comeBack(browser)), 'cookie')
})

test('values of the wrong form, and two of one name, are replaced', () => {
  const world = new CookieWorld()
  for (const value of ['', 'short', 'x'.repeat(25), 'x'.repeat(100_000), `${'é'.repeat(24)}`, "'; DROP TABLE crosspoint_cookies; "]) {
    const { cookie, setCookies } = world.connect({ value })
    assert.equal(setCookies.length, 1)
    assert.match(cookie!, /^[\w-]{24}$/)
  }
  const headers = { cookie: `cbtid=${'x'.repeat(24)}; cbtid=${'y'.repeat(24)}` }
  assert.equal(world.cookies.upgrade({ headers, isSecure: true }).length, 1)
})

test('a cookie counts at its own path only', async () => {
  const world = new CookieWorld()
  const browser: Browser = {}
  await world.visit(browser)
  const other = new CookieWorld({ store: world.store, path: '/other' })
  assert.equal(methodOf(await other.comeBack({ value: browser.value! })), NONE)
})

test('name, length and attributes are those of the configuration', () => {
  const world = new CookieWorld({
    path: '/a/b',
    cookie: { name: 'sid', length: 40, secure: true, same_site: 'Strict', http_strict: false },
  })
  const headers = {}
  const [text] = world.cookies.upgrade({ headers, isSecure: false })
  assert.match(text!, /^sid=[\w-]{40}; Path=\/a\/b; Max-Age=604800; Secure; SameSite=Strict$/)
  const again = { cookie: `sid=${'x'.repeat(40)}` }
  assert.equal(world.cookies.upgrade({ headers: again, isSecure: false }).length, 1, 'nobody logged in with it')
})

test('GOODBYE wamp.close.logout takes the login away, here and from the other sessions of the cookie; another reason does not', async () => {
  const world = new CookieWorld()
  const browser: Browser = {}
  const first = await world.visit(browser)
  const second = await world.comeBack(browser)
  const other: Browser = {}
  await world.visit(other)
  second.peer.send({ type: MessageType.GOODBYE, details: {}, reason: 'wamp.close.normal' })
  const third = await world.comeBack(browser)
  assert.equal(methodOf(third), 'cookie')
  assert.deepEqual(world.ended, [])
  third.peer.send({ type: MessageType.GOODBYE, details: {}, reason: 'wamp.close.logout' })
  await setImmediate()
  assert.deepEqual(world.ended, [first.session])
  assert.equal(await world.store.find(cookieKey('/ws', browser.value!)), undefined)
  const before = browser.value
  assert.equal(methodOf(await world.comeBack(browser)), NONE)
  assert.notEqual(browser.value, before)
  assert.equal(methodOf(await world.comeBack(other)), 'cookie', 'joe on another device stays')
})

test('logout(cookie) does the same, also while the login is being stored', async () => {
  const memory = memoryCookieStore()
  const slow = Promise.withResolvers<void>()
  const store: CookieStore = {
    find: memory.find,
    put: async (key, login) => {
      await slow.promise
      return memory.put(key, login)
    },
    delete: memory.delete,
    close: memory.close,
  }
  const world = new CookieWorld({ store })
  const browser: Browser = {}
  const { session } = await world.visit(browser)
  const loggedOut = world.cookies.logout(browser.value!)
  slow.resolve()
  await loggedOut
  assert.deepEqual(world.ended, [session])
  assert.equal(await memory.find(cookieKey('/ws', browser.value!)), undefined)
})

test('a store that fails: other methods do, the operator reads why, and a logout holds on this node', async () => {
  const memory = memoryCookieStore()
  let isDown = false
  const unless =
    <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
    (...args: Args) =>
      isDown ? Promise.reject(new Error('the database is down')) : work(...args)
  const store: CookieStore = { find: unless(memory.find), put: unless(memory.put), delete: unless(memory.delete), close: memory.close }
  const world = new CookieWorld({ store })
  const browser: Browser = {}
  await world.visit(browser)
  isDown = true
  const known = browser.value
  assert.equal(methodOf(await world.visit(browser)), 'ticket')
  assert.equal(browser.value, known, 'the browser keeps its cookie meanwhile')
  assert.match(world.log.lines[0]!, /^error a cookie could not be looked up: the database is down$/)
  assert.equal(methodOf(await world.visit({})), 'ticket')
  await setImmediate()
  assert.match(world.log.lines.at(-1)!, /^error the login of "joe" could not be kept by its cookie: the database is down$/)
  isDown = false
  assert.equal(methodOf(await world.comeBack(browser)), 'cookie')
  isDown = true
  await world.cookies.logout(known!)
  assert.match(world.log.lines.at(-1)!, /^error a cookie was logged out, but its login could not be deleted/)
  isDown = false
  assert.equal(methodOf(await world.hello(known, { authmethods: ['cookie'] })), NONE)
  for (const line of world.log.lines) assert.ok(!line.includes(known!), 'a cookie in the log')
})

for (const { name, skip, make } of ENGINES) {
  test(`AUTH-10 cookies in ${name}: back after a restart of the node, and at another one`, { skip }, async (context: TestContext) => {
    const database = await make(context)
    const open = async () => {
      const store = await sqlCookieStore(database.url, { log: recorder() })
      context.after(() => store.close())
      return new CookieWorld({ store, now: Date.now })
    }
    const [first, second] = [await open(), await open()]
    const browser: Browser = {}
    assert.equal(methodOf(await first.visit(browser)), 'ticket')
    assert.equal(methodOf(await first.comeBack(browser)), 'cookie', 'at once, whether it is written or not')
    // Then it is, and another node knows it, too.
    const written = await first.store.find(cookieKey('/ws', browser.value!))
    assert.equal(written?.authid, 'joe')
    assert.equal(methodOf(await second.comeBack(browser)), 'cookie')
    const back = await second.comeBack(browser)
    back.peer.send({ type: MessageType.GOODBYE, details: {}, reason: 'wamp.close.logout' })
    await second.cookies.logout(browser.value!)
    assert.equal(methodOf(await first.comeBack(browser)), NONE)
  })
}
