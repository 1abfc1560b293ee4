// The databases that a test of SQL runs on: a SQLite file, and PostgreSQL where it is installed. One suite runs on both.

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, type TestContext } from 'node:test'
import { type PostgresServer, startPostgres, whyNoPostgres } from '@crosspoint/testing'
import pg from 'pg'

export interface TestDatabase {
  readonly url: string
  /** Runs a statement by hand, as an operator would. */
  run(sql: string): Promise<Record<string, unknown>[]>
  /** Takes the database away, and brings it back. */
  down(): Promise<void>
  up(): Promise<void>
}

export interface Engine {
  readonly name: 'SQLite' | 'PostgreSQL'
  /** For the `skip` of its tests. */
  readonly skip: string | false
  /** A database without tables, gone when the test is over. */
  make(context: TestContext): Promise<TestDatabase>
}

let server: Promise<PostgresServer> | undefined
let databases = 0
after(async () => (await server)?.close())

export const ENGINES: readonly Engine[] = [
  { name: 'SQLite', skip: false, make: makeSqlite },
  { name: 'PostgreSQL', skip: whyNoPostgres(), make: makePostgres },
]

async function makeSqlite(context: TestContext): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'crosspoint-sql-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'logins.sqlite')
  writeFileSync(file, '', { mode: 0o600 })
  return {
    url: `sqlite:${file}`,
    run: async (sql) => {
      const database = new DatabaseSync(file, { timeout: 5_000 })
      try {
        return database.prepare(sql).all()
      } finally {
        database.close()
      }
    },
    down: async () => renameSync(file, `${file}.away`),
    up: async () => renameSync(`${file}.away`, file),
  }
}

async function makePostgres(): Promise<TestDatabase> {
  server ??= startPostgres()
  const { url, stop, start } = await server
  const name = `test${++databases}`
  await query(url, `CREATE DATABASE ${name}`)
  const own = url.replace(/\/postgres$/, `/${name}`)
  return { url: own, run: (sql) => query(own, sql), down: stop, up: start }
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}
