// PostgreSQL by `pg`, which is loaded only where a URL asks for it. Connections are made when they are needed, so a server that is
// down fails what is asked meanwhile and nothing else.

import { UsageError } from '@crosspoint/protocol'
import type { CompiledQuery } from 'kysely'
import type { Logger } from '../log.ts'
import { type SqlDatabase, STATEMENT_MS_MAX, Waiting } from './sql-database.ts'

const CONNECTIONS_MAX = 4

type Pg = typeof import('pg')

/**
 * Opens a pool of at most four connections.
 *
 * @param load how `pg` is loaded; for tests
 * @throws UsageError ERR_CONFIG when the URL cannot be read, or `pg` is not installed
 */
export async function openPostgres(url: string, log: Logger, load: () => Promise<Pg> = () => import('pg')): Promise<SqlDatabase> {
  const name = withoutPassword(url)
  const { Pool } = await loadPg(name, load)
  const pool = new Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: STATEMENT_MS_MAX,
    query_timeout: STATEMENT_MS_MAX,
    statement_timeout: STATEMENT_MS_MAX,
    idleTimeoutMillis: 30_000,
    allowExitOnIdle: true,
    keepAlive: true,
    application_name: 'crosspoint',
  })
  // A connection that breaks while nobody uses it; without this listener it would end the process.
  pool.on('error', (error) => log.warn(`${name}: a connection was lost: ${messageOf(error)}`))
  const waiting = new Waiting(name)
  const ask = <Result>(work: () => Promise<Result>): Promise<Result> =>
    waiting.run(async () => {
      try {
        return await work()
      } catch (cause) {
        throw new Error(`${name}: ${messageOf(cause)}`, { cause })
      }
    })
  return {
    engine: 'postgres',
    name,
    all: <Row>(query: CompiledQuery<Row>) => ask(async () => (await pool.query(query.sql, [...query.parameters])).rows as Row[]),
    together: (queries) => ask(() => together(pool, queries)),
    close: () => pool.end(),
  }
}

async function together(pool: import('pg').Pool, queries: readonly CompiledQuery[]): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    for (const { sql, parameters } of queries) await client.query(sql, [...parameters])
    await client.query('COMMIT')
    client.release()
  } catch (error) {
    client.release(true) // closing the connection takes the transaction back, whatever state it is in
    throw error
  }
}

async function loadPg(name: string, load: () => Promise<Pg>): Promise<Pg> {
  try {
    return await load()
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new UsageError('ERR_CONFIG', `Cannot open ${name}: the package pg is not installed; install it with: npm install pg`, { cause })
  }
}

function withoutPassword(url: string): string {
  try {
    const parsed = new URL(url)
    const { protocol, username, host, pathname } = parsed
    return `${protocol}//${username === '' ? '' : `${username}@`}${host}${pathname}` // parameters may hold a password, too
  } catch (cause) {
    // What cannot be read cannot be shown without its password either; the error of URL would show it.
    throw new UsageError('ERR_CONFIG', 'Cannot read the postgres:// URL: it must be postgres://USER:PASSWORD@HOST:PORT/DATABASE', {
      cause: (cause as { code?: string }).code,
    })
  }
}

/** Several addresses that refuse make an AggregateError without a message. */
function messageOf(error: unknown): string {
  const { message, errors } = error as Error & { errors?: readonly Error[] }
  return message !== '' ? message : (errors?.map((one) => one.message).join('; ') ?? 'it failed without a word')
}
