// Principals in a table: the same suite on SQLite and on PostgreSQL.

import assert from 'node:assert/strict'
import { chmodSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, type TestContext, test } from 'node:test'
import { isLookupFailure, ticket } from '@crosspoint/router'
import { type SqlPrincipalsOptions, sqlPrincipals } from '../../src/authentication/sql-principals.ts'
import { nodeCrypto } from '../../src/crypto.ts'
import { openSql } from '../../src/storage/open-sql.ts'
import { openPostgres } from '../../src/storage/postgres.ts'
import { STATEMENT_MS_MAX, STATEMENTS_WAITING_MAX, Waiting } from '../../src/storage/sql-database.ts'
import { folder } from '../folder.ts'
import { recorder } from '../recorder.ts'
import { ENGINES, type TestDatabase } from '../support/databases.ts'
import { failureOf, find, LoginWorld } from '../support/principals.ts'

const KEY = '545efb0a2192db8d43f118e9bf9aee081466e1ef36c708b96ee6f62dddad9122'
const OTHER_KEY = `${'0'.repeat(63)}1`

async function open(context: TestContext, { url }: TestDatabase, options: Partial<SqlPrincipalsOptions> = {}) {
  const source = await sqlPrincipals(url, { method: 'ticket', log: recorder(), ...options })
  context.after(() => source.close())
  return source
}

const insert = (database: TestDatabase, columns: string, values: string) =>
  database.run(`INSERT INTO crosspoint_principals (${columns}) VALUES (${values})`)

for (const engine of ENGINES) {
  const on = (title: string, run: (context: TestContext, database: TestDatabase) => Promise<void>): void =>
    void test(title, { skip: engine.skip }, async (context) => run(context, await engine.make(context)))

  describe(`principals in ${engine.name}`, () => {
    on('a row that was written by hand is found, with its defaults', async (context, database) => {
      const source = await open(context, database)
      assert.equal(await find(source, { authid: 'joe' }), undefined)
      await insert(database, 'authmethod, authid, credentials', `'ticket', 'joe', '{"ticket": "s3cret"}'`)
      assert.deepEqual(await find(source, { authid: 'joe' }), { ticket: 's3cret', authid: 'joe' })
      assert.deepEqual(await find(source, { authid: 'joe', realm: 'realm2' }), { ticket: 's3cret', authid: 'joe' })
      assert.equal(await find(source, { authid: 'Joe' }), undefined)
      assert.equal(await find(source, {}), undefined)
    })

    on(
      'role, realm and extra of a row come with its credentials; what stands within these does not replace them',
      async (context, database) => {
        const source = await open(context, database, { provider: 'staff' })
        assert.equal(source.provider, 'staff')
        await insert(
          database,
          'realm, authmethod, authid, role, credentials, extra',
          `'realm1', 'ticket', 'joe', 'user', '{"ticket-hash": "h", "role": "admin", "authid": "root"}', '{"mail": "joe@example.com"}'`,
        )
        assert.deepEqual(await find(source, { authid: 'joe' }), {
          'ticket-hash': 'h',
          role: 'user',
          realm: 'realm1',
          extra: { mail: 'joe@example.com' },
          authid: 'joe',
        })
        assert.equal(await find(source, { authid: 'joe', realm: 'realm2' }), undefined)
      },
    )

    on('the row of the realm counts before that of any realm, also when it is disabled', async (context, database) => {
      const source = await open(context, database)
      await insert(database, 'authmethod, authid, role', `'ticket', 'joe', 'any'`)
      await insert(database, 'realm, authmethod, authid, role', `'realm1', 'ticket', 'joe', 'one'`)
      const roleIn = async (realm: string | null) => ((await find(source, { authid: 'joe', realm })) as { role?: string } | undefined)?.role
      assert.equal(await roleIn('realm1'), 'one')
      assert.equal(await roleIn('realm2'), 'any')
      assert.equal(await roleIn(null), 'one')
      await database.run("UPDATE crosspoint_principals SET disabled = true WHERE realm = 'realm1'")
      assert.equal(await roleIn('realm1'), undefined)
      assert.equal(await roleIn('realm2'), 'any')
      await insert(database, 'realm, authmethod, authid, role', `'realm2', 'ticket', 'joe', 'two'`)
      assert.equal(await roleIn(null), undefined, 'a client that names no realm could be meant for either')
    })

    on('rows of other methods are not seen', async (context, database) => {
      const source = await open(context, database, { method: 'scram' })
      await insert(database, 'authmethod, authid', `'ticket', 'joe'`)
      assert.equal(await find(source, { authid: 'joe' }), undefined)
      await insert(database, 'authmethod, authid, role', `'scram', 'joe', 'user'`)
      assert.deepEqual(await find(source, { authid: 'joe' }), { role: 'user', authid: 'joe' })
    })

    on('AUTH-60 cryptosign: found by key, and by name with the key if it is one of its own', async (context, database) => {
      const source = await open(context, database, { method: 'cryptosign' })
      await insert(database, 'authmethod, authid, role', `'cryptosign', 'sensor7', 'device'`)
      await insert(database, 'authmethod, authid, role', `'cryptosign', 'sensor8', 'device'`)
      const give = (authid: string, pubkey: string) =>
        database.run(`INSERT INTO crosspoint_principals_keys (authid, pubkey) VALUES ('${authid}', '${pubkey}')`)
      await give('sensor7', KEY)
      await give('sensor7', OTHER_KEY)
      const sensor7 = { role: 'device', authid: 'sensor7' }
      assert.deepEqual(await find(source, { pubkey: KEY }), { ...sensor7, authorized_keys: [KEY] })
      assert.deepEqual(await find(source, { pubkey: OTHER_KEY }), { ...sensor7, authorized_keys: [OTHER_KEY] })
      assert.equal(await find(source, { pubkey: '1'.repeat(64) }), undefined)
      assert.deepEqual(await find(source, { authid: 'sensor7', pubkey: KEY }), { ...sensor7, authorized_keys: [KEY] })
      assert.deepEqual(await find(source, { authid: 'sensor8', pubkey: KEY }), { role: 'device', authid: 'sensor8', authorized_keys: [] })
      await give('sensor8', KEY)
      assert.equal(await find(source, { pubkey: KEY }), undefined, 'a key of two says nobody')
      assert.deepEqual(await find(source, { authid: 'sensor8', pubkey: KEY }), {
        role: 'device',
        authid: 'sensor8',
        authorized_keys: [KEY],
      })
    })

    on('slips of the hand are refused when the row is written', async (context, database) => {
      await open(context, database)
      await assert.rejects(insert(database, 'authmethod, authid, credentials', `'ticket', 'joe', 'no JSON'`))
      await assert.rejects(insert(database, 'authmethod, authid, credentials', `'ticket', 'joe', '["a list"]'`))
      await assert.rejects(insert(database, 'authmethod, authid, extra', `'ticket', 'joe', '"text"'`))
      await assert.rejects(insert(database, 'authmethod, authid', `'tickets', 'joe'`))
      await assert.rejects(insert(database, 'authmethod', `'ticket'`))
      const key = (pubkey: string) => database.run(`INSERT INTO crosspoint_principals_keys (authid, pubkey) VALUES ('joe', '${pubkey}')`)
      await assert.rejects(key(KEY.toUpperCase()))
      await assert.rejects(key(KEY.slice(1)))
      await insert(database, 'authmethod, authid', `'ticket', 'joe'`)
      await assert.rejects(insert(database, 'authmethod, authid', `'ticket', 'joe'`))
    })

    on('names are compared as they are, whatever they hold', async (context, database) => {
      const source = await open(context, database)
      await insert(database, 'authmethod, authid, role', `'ticket', 'joe', 'user'`)
      await insert(database, 'authmethod, authid, role', `'ticket', 'Zoë ''quoted'' 🐢', 'user'`)
      assert.deepEqual(await find(source, { authid: "Zoë 'quoted' 🐢" }), { role: 'user', authid: "Zoë 'quoted' 🐢" })
      for (const authid of ["joe' OR '1'='1", "joe'--", 'jo_', '%', 'joe ', 'joe\0', '', '\ud800', 'x'.repeat(100_000), ':authid', '$1']) {
        assert.equal(await find(source, { authid }), undefined, JSON.stringify(authid.slice(0, 20)))
        assert.equal(await find(source, { authid: 'joe', realm: `realm1${authid}\0` }), undefined)
      }
    })

    on('AUTH-06 logins by ticket: right, wrong, unknown, and while the database is down', async (context, database) => {
      const log = recorder()
      let now = 0
      const source = await open(context, database, { log, now: () => now })
      await insert(database, 'authmethod, authid, role, credentials', `'ticket', 'joe', 'user', '{"ticket": "s3cret"}'`)
      const world = new LoginWorld()
      const options = { authenticators: [ticket(nodeCrypto, source)] }
      const login = (authid: string, signature: string) => world.login(options, { authmethods: ['ticket'], authid }, signature)
      const { details } = await login('joe', 's3cret')
      assert.deepEqual([details['authid'], details['authrole'], details['authprovider']], ['joe', 'user', 'sql'])
      const wrong = await login('joe', 'guess')
      const unknown = await login('nobody', 'guess')
      assert.equal(wrong.reason, 'wamp.error.authentication_denied')
      assert.deepEqual([unknown.reason, unknown.details], [wrong.reason, wrong.details])

      await database.down()
      for (let attempt = 0; attempt < 3; attempt++) {
        const down = await login('joe', 's3cret')
        assert.equal(down.reason, 'wamp.error.authentication_failed')
        assert.deepEqual(down.details, { message: 'The login could not be checked; try again later' })
      }
      assert.equal(log.lines.filter((line) => line.startsWith('error')).length, 1, 'it is logged once')
      await database.up()
      now += 1_000
      assert.equal((await login('joe', 's3cret')).reason, undefined)
      assert.match(log.lines.at(-1)!, /principals are found again/)
      for (const text of [...log.lines, ...world.causes]) assert.doesNotMatch(text, /s3cret|for-tests-only/)
    })

    on('what unknown principals are made to look like is a row that was there at the start', async (context, database) => {
      const before = await open(context, database)
      assert.equal(before.example, undefined)
      await insert(database, 'authmethod, authid, credentials', `'ticket', 'joe', '{"ticket": "s3cret"}'`)
      const after = await open(context, database)
      assert.deepEqual(after.example, { ticket: 's3cret', authid: 'joe' })
    })

    on('several nodes may make the tables at once, and each table is one of its own', async (context, database) => {
      const sources = await Promise.all(
        ['users', 'users', 'users', 'staff'].map((table) => open(context, database, { table, log: recorder() })),
      )
      await database.run(`INSERT INTO users (authmethod, authid) VALUES ('ticket', 'joe')`)
      const found = await Promise.all(sources.map((source) => find(source, { authid: 'joe' })))
      assert.deepEqual(
        found.map((one) => one !== undefined && !isLookupFailure(one)),
        [true, true, true, false],
      )
      const versions = await database.run('SELECT name, version FROM crosspoint_tables ORDER BY name')
      assert.deepEqual(
        versions.map(({ name, version }) => [name, version]),
        [
          ['staff', 1],
          ['users', 1],
        ],
      )
    })

    on('tables of a newer program are left alone', async (context, database) => {
      await open(context, database)
      await database.run("UPDATE crosspoint_tables SET version = 99 WHERE name = 'crosspoint_principals'")
      const log = recorder()
      const source = await open(context, database, { log })
      assert.match(log.lines[0]!, /^error .*version 99, this Crosspoint knows up to 1: start the newer one/)
      assert.match((await failureOf(source, { authid: 'joe' }))!, /version 99/)
    })
  })
}

for (const engine of ENGINES) {
  const on = (title: string, run: (context: TestContext, database: TestDatabase) => Promise<void>): void =>
    void test(title, { skip: engine.skip }, async (context) => run(context, await engine.make(context)))

  describe(`a query of one's own in ${engine.name}`, () => {
    const QUERY = `SELECT job AS role, hash AS "ticket-hash", ':authid' AS note /* :nobody's */
      FROM staff WHERE name = :authid AND (:realm = 'realm1' OR job = 'admin') -- :nothing`
    const makeStaff = async (database: TestDatabase) => {
      await database.run('CREATE TABLE staff (name text, job text, hash text, mail text, keys text)')
      await database.run(`INSERT INTO staff VALUES ('joe', 'user', 'h1', '{"mail": "joe@example.com"}', '["${KEY}"]')`)
      await database.run("INSERT INTO staff VALUES ('amy', 'admin', NULL, NULL, NULL), ('two', 'user', 'h', NULL, NULL)")
      await database.run("INSERT INTO staff VALUES ('two', 'user', 'h', NULL, NULL)")
    }

    on('its row is the principal; no other tables are made', async (context, database) => {
      await makeStaff(database)
      const source = await open(context, database, { query: QUERY })
      assert.deepEqual(await find(source, { authid: 'joe' }), { 'ticket-hash': 'h1', note: ':authid', role: 'user', authid: 'joe' })
      assert.equal(await find(source, { authid: 'joe', realm: 'realm2' }), undefined)
      assert.deepEqual(await find(source, { authid: 'amy', realm: 'realm2' }), { note: ':authid', role: 'admin', authid: 'amy' })
      for (const authid of ["joe' OR '1'='1", '%', '$1', ':authid', '']) assert.equal(await find(source, { authid }), undefined, authid)
      assert.match((await failureOf(source, { authid: 'two' }))!, /the query found 2 rows, it must find one or none/)
      await assert.rejects(database.run('SELECT * FROM crosspoint_tables'))
    })

    on('extra, realm, disabled and keys are those of a configuration', async (context, database) => {
      await makeStaff(database)
      const columns = `name AS authid, mail AS extra, 'realm2' AS realm, job = 'admin' AS disabled, keys AS authorized_keys`
      const query = `SELECT ${columns} FROM staff WHERE (name = :authid OR :authid IS NULL) AND (keys LIKE '%' || :pubkey || '%' OR job = 'admin')`
      const source = await open(context, database, {
        method: 'cryptosign',
        query: query.replaceAll(':authid IS', 'CAST(:authid AS text) IS'),
      })
      const joe = { authorized_keys: [KEY], realm: 'realm2', extra: { mail: 'joe@example.com' }, authid: 'joe' }
      assert.deepEqual(await find(source, { authid: 'joe', pubkey: KEY }), joe)
      assert.equal(await find(source, { authid: 'joe', pubkey: OTHER_KEY }), undefined)
      assert.equal(await find(source, { authid: 'amy', pubkey: KEY }), undefined, 'disabled')
    })

    on('one that the database does not understand is logged at the start, and fails logins', async (context, database) => {
      const log = recorder()
      const source = await open(context, database, { log, query: 'SELECT role FROM nowhere WHERE name = :authid' })
      assert.match(log.lines[0]!, /^error .*nowhere/)
      assert.match((await failureOf(source, { authid: 'joe' }))!, /nowhere/)
    })
  })
}

describe('principals in PostgreSQL, further', { skip: ENGINES[1]!.skip }, () => {
  test('who may only read the tables can use them', async (context) => {
    const database = await ENGINES[1]!.make(context)
    await open(context, database)
    await insert(database, 'authmethod, authid', `'ticket', 'joe'`)
    await database.run("CREATE ROLE reader LOGIN PASSWORD 'read'")
    await database.run('GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader')
    const url = database.url.replace('postgres:for-tests-only@', 'reader:read@')
    const source = await open(context, { ...database, url })
    assert.deepEqual(await find(source, { authid: 'joe' }), { authid: 'joe' })
  })

  test('a wrong password is told without it', async (context) => {
    const database = await ENGINES[1]!.make(context)
    const log = recorder()
    await open(context, { ...database, url: database.url.replace('for-tests-only', 'a-wr0ng-one') }, { log })
    assert.match(log.lines[0]!, /password authentication failed/)
    assert.doesNotMatch(log.lines.join(), /a-wr0ng-one/)
  })
})

describe('principals in SQLite, further', () => {
  test('the file is made for its owner only, and one that everybody may read is refused', async (context) => {
    const directory = folder(context)
    const options = { method: 'ticket', directory, log: recorder() } as const
    const source = await sqlPrincipals('sqlite:state/users.sqlite', options)
    context.after(() => source.close())
    const file = join(directory, 'state/users.sqlite')
    assert.equal(statSync(file).mode & 0o777, 0o600)
    chmodSync(file, 0o604)
    const refused = {
      name: 'UsageError',
      code: 'ERR_CONFIG',
      message: `Cannot use the database ${file}: everybody may read it, and it holds credentials; chmod o-r ${file}`,
    }
    await assert.rejects(sqlPrincipals('sqlite:state/users.sqlite', options), refused)
  })

  test("somebody else's transaction holds up neither the node nor the lookup", async (context) => {
    const database = await ENGINES[0]!.make(context)
    const source = await open(context, database)
    const other = new DatabaseSync(database.url.slice('sqlite:'.length))
    context.after(() => other.close())
    other.exec("BEGIN IMMEDIATE; INSERT INTO crosspoint_principals (authmethod, authid) VALUES ('ticket', 'joe')")
    assert.equal(await find(source, { authid: 'joe' }), undefined)
    other.exec('COMMIT')
    assert.deepEqual(await find(source, { authid: 'joe' }), { authid: 'joe' })
  })

  test('another file in its place counts at once; one that is no database fails logins, until it is one', async (context) => {
    const [database, another] = await Promise.all([ENGINES[0]!.make(context), ENGINES[0]!.make(context)])
    const source = await open(context, database)
    const file = database.url.slice('sqlite:'.length)
    await (await open(context, another)).close()
    await insert(another, 'authmethod, authid', `'ticket', 'amy'`)
    await another.down() // renamed to …away, as an operator who puts a backup in place would
    await database.down()
    renameSync(`${another.url.slice('sqlite:'.length)}.away`, file)
    assert.deepEqual(await find(source, { authid: 'amy' }), { authid: 'amy' })
    renameSync(file, `${file}.good`)
    writeFileSync(file, 'no database, but text of some length, so that it is more than a header'.repeat(10))
    assert.match((await failureOf(source, { authid: 'amy' }))!, /not a database/)
    renameSync(`${file}.good`, file)
    assert.deepEqual(await find(source, { authid: 'amy' }), { authid: 'amy' })
  })

  test('after close every lookup fails', async (context) => {
    const source = await open(context, await ENGINES[0]!.make(context))
    const asked = find(source, { authid: 'joe' })
    await source.close()
    await asked
    assert.match((await failureOf(source, { authid: 'joe' }))!, /is closed/)
  })
})

describe('databases that cannot be used', () => {
  const config = (message: RegExp) => ({ name: 'UsageError', code: 'ERR_CONFIG', message })

  test('a URL of another kind is refused, and shown as far as it can be no secret', async () => {
    const cases = [
      ['mysql://joe:s3cret@db/users', /begins with "mysql:": it must be sqlite:PATH or postgres:/],
      ['users.sqlite', /begins with no scheme/],
      ['sqlite:', /give sqlite: and the path/],
      ['postgres://joe:s3cret@db:99999/users', /Cannot read the postgres:\/\/ URL/],
    ] as const
    for (const [url, message] of cases) {
      await assert.rejects(openSql(url, '/', recorder()), (error: Error) => {
        assert.doesNotMatch(error.message + String(error.cause), /s3cret/)
        assert.match(error.message, message)
        return true
      })
    }
    await assert.rejects(openSql('sqlite:/dev/null/users.sqlite', '/', recorder()), config(/Cannot open the database/))
  })

  test('a table with another name than a plain one is refused', async () => {
    for (const table of ['', 'Users', 'a.b', '1a', 'users; drop table users', 'x'.repeat(41)]) {
      await assert.rejects(sqlPrincipals('sqlite:x', { method: 'ticket', table, log: recorder() }), config(/Cannot use a table called/))
    }
  })

  test('a query with a slip is refused before anything is opened', async () => {
    const cases = [
      ['DELETE FROM users WHERE name = :authid', /it must begin with SELECT or WITH/],
      ['SELECT role FROM users WHERE name = :name', /there is no :name here, there are :authid, :realm, :authmethod, :pubkey/],
      ["SELECT role FROM users WHERE name = ':authid'", /it must compare something with :authid/],
      ['SELECT a::authid, $$:authid$$, $x$:authid$x$ FROM users', /it must compare something with :authid/],
    ] as const
    for (const [query, message] of cases) {
      await assert.rejects(sqlPrincipals('sqlite:/dev/null/x', { method: 'ticket', query, log: recorder() }), config(message))
    }
  })

  test('without pg the command that installs it is named', async () => {
    const absent = Promise.reject(Object.assign(new Error("Cannot find package 'pg'"), { code: 'ERR_MODULE_NOT_FOUND' }))
    absent.catch(() => {})
    const opened = openPostgres('postgres://joe:s3cret@db/users?password=s3cret', recorder(), () => absent)
    await assert.rejects(
      opened,
      config(/^Cannot open postgres:\/\/joe@db\/users: the package pg is not installed; install it with: npm install pg$/),
    )
  })

  test('a statement without an answer fails after its time, and more than a thousand do not wait', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] })
    const waiting = new Waiting('the database')
    const never = () => new Promise<never>(() => {})
    const running = Array.from({ length: STATEMENTS_WAITING_MAX }, () => waiting.run(never))
    const settled = Promise.allSettled(running)
    await assert.rejects(waiting.run(never), /1000 statements wait already/)
    context.mock.timers.tick(STATEMENT_MS_MAX)
    for (const one of await settled) assert.match(String((one as PromiseRejectedResult).reason), /did not answer within 5000 ms/)
    assert.equal(await waiting.run(async () => 'again'), 'again')
  })
})
