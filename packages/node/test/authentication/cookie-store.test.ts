// Stores of cookies: one suite for memory, SQLite and PostgreSQL.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import {
  type CookieLogin,
  type CookieStore,
  type CookieStoreLimits,
  cookieKey,
  memoryCookieStore,
  PURGE_MS,
  sqlCookieStore,
} from '../../src/authentication/cookie-store.ts'
import { recorder } from '../recorder.ts'
import { ENGINES, type TestDatabase } from '../support/databases.ts'

interface Opened {
  readonly store: CookieStore
  readonly time: { now: number }
  /** Undefined for memory. */
  readonly database: TestDatabase | undefined
  /** Closes it and opens it again; memory has forgotten all. */
  reopen(): Promise<CookieStore>
}

interface Kind {
  readonly name: string
  readonly skip: string | false
  open(context: TestContext, limits?: Partial<CookieStoreLimits>): Promise<Opened>
}

const KINDS: readonly Kind[] = [
  {
    name: 'memory',
    skip: false,
    open: async (_context, limits) => {
      const time = { now: 1_000 }
      const make = () => memoryCookieStore(limits, () => time.now)
      return { store: make(), time, database: undefined, reopen: async () => make() }
    },
  },
  ...ENGINES.map(({ name, skip, make }) => ({
    name,
    skip,
    open: async (context: TestContext, limits?: Partial<CookieStoreLimits>) => {
      const database = await make(context)
      const time = { now: 1_000 }
      let last: CookieStore | undefined
      const reopen = async () => {
        await last?.close()
        return (last = await sqlCookieStore(database.url, { log: recorder(), limits, now: () => time.now }))
      }
      context.after(() => last!.close())
      return { store: await reopen(), time, database, reopen }
    },
  })),
]

const keyOf = (value: string) => cookieKey('/ws', value)
const login = (authid: string, expiresAtMs: number, more: Partial<CookieLogin> = {}): CookieLogin => ({
  realm: 'realm1',
  authid,
  authrole: 'user',
  authextra: undefined,
  expiresAtMs,
  ...more,
})

/** Which of the values have a login. */
async function known(store: CookieStore, values: readonly string[]): Promise<string> {
  const found = await Promise.all(values.map(async (value) => ((await store.find(keyOf(value))) === undefined ? '' : value)))
  return found.join('')
}

for (const { name, skip, open } of KINDS) {
  const on = (title: string, run: (context: TestContext) => Promise<void>): void => void test(title, { skip }, run)
  describe(`cookies in ${name}`, () => {
    on('what was put is found, replaced, and deleted', async (context) => {
      const { store } = await open(context)
      assert.equal(await store.find(keyOf('a')), undefined)
      const joe = login('joe', 9_000, { authextra: { mail: 'joe@example.com', ß: [1, null] } })
      await store.put(keyOf('a'), joe)
      assert.deepEqual(await store.find(keyOf('a')), joe)
      const amy = login("a'my", Number.MAX_SAFE_INTEGER, { realm: 'realm2', authrole: 'admin' })
      await store.put(keyOf('a'), amy)
      assert.deepEqual(await store.find(keyOf('a')), amy)
      await store.delete(keyOf('a'))
      await store.delete(keyOf('a'))
      assert.equal(await store.find(keyOf('a')), undefined)
    })

    on('a login is over when its time is, whatever the browser does', async (context) => {
      const { store, time } = await open(context)
      await store.put(keyOf('a'), login('joe', 2_000))
      time.now = 1_999
      assert.equal(await known(store, ['a']), 'a')
      time.now = 2_000
      assert.equal(await known(store, ['a']), '')
    })

    on('of one name the newest are kept, and of all', async (context) => {
      const { store, time } = await open(context, { loginsPerAuthidMax: 2, loginsMax: 4 })
      let expiresAtMs = 10_000_000
      const put = (value: string, authid: string) => store.put(keyOf(value), login(authid, ++expiresAtMs))
      for (const value of ['a', 'b', 'c']) await put(value, 'joe')
      assert.equal(await known(store, ['a', 'b', 'c']), 'bc')
      for (const [value, authid] of [
        ['d', 'amy'],
        ['e', 'ann'],
      ] as const)
        await put(value, authid)
      time.now += PURGE_MS // beyond what all may have, a database is cleaned once a minute
      await put('f', 'kim')
      assert.equal(await known(store, ['b', 'c', 'd', 'e', 'f']), 'cdef')
      await put('c', 'joe')
      assert.equal(await known(store, ['b', 'c', 'd', 'e', 'f']), 'cdef', 'one that is put again takes no place more')
    })
  })
}

for (const { name, skip, open } of KINDS.slice(1)) {
  const on = (title: string, run: (context: TestContext) => Promise<void>): void => void test(title, { skip }, run)
  describe(`cookies in ${name}, further`, () => {
    on('logins are there after a restart, and another node sees them', async (context) => {
      const { store, reopen } = await open(context)
      await store.put(keyOf('a'), login('joe', 9_000))
      assert.equal(await known(await reopen(), ['a']), 'a')
    })

    on('what has expired is deleted with a later login', async (context) => {
      const { store, time, database } = await open(context)
      await store.put(keyOf('a'), login('joe', 2_000))
      time.now += PURGE_MS
      await store.put(keyOf('b'), login('amy', 90_000_000))
      const rows = await database!.run('SELECT authid FROM crosspoint_cookies')
      assert.deepEqual(
        rows.map(({ authid }) => authid),
        ['amy'],
      )
    })

    on('who reads the table cannot log in with what is there', async (context) => {
      const { store, database } = await open(context)
      await store.put(keyOf('a-cookie-of-24-characters'), login('joe', 9_000))
      const rows = await database!.run('SELECT * FROM crosspoint_cookies')
      assert.doesNotMatch(JSON.stringify(rows), /a-cookie-of/)
      assert.equal(await store.find(String(rows[0]!['key']).slice(0, 24)), undefined)
    })

    on('a database that is down fails what is asked, and works again when it is back', async (context) => {
      const { store, database } = await open(context)
      await store.put(keyOf('a'), login('joe', 9_000))
      await database!.down()
      await assert.rejects(store.find(keyOf('a')))
      await assert.rejects(store.put(keyOf('b'), login('joe', 9_000)))
      await assert.rejects(store.delete(keyOf('a')))
      await database!.up()
      assert.equal(await known(store, ['a', 'b']), 'a')
    })
  })
}

test('what a cookie is kept by depends on where it counts', () => {
  assert.match(cookieKey('/ws', 'a'), /^[0-9a-f]{64}$/)
  assert.notEqual(cookieKey('/ws', 'a'), cookieKey('/other', 'a'))
  assert.notEqual(cookieKey('/ws', 'a'), cookieKey('/w', 'sa'))
})
