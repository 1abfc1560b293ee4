// Principals in a table of SQLite or PostgreSQL (principal-tables.ts). Each login asks the database, so a row that is written, changed
// or disabled counts from the next login on. A database that is down fails the logins that ask it, and nothing else.

import { UsageError } from '@crosspoint/protocol'
import type { LoginPrincipal, LookupFailure } from '@crosspoint/router'
import type { CompiledQuery } from 'kysely'
import type { PrincipalMethod } from '../config/schema-auth.ts'
import type { Logger } from '../log.ts'
import { openSql } from '../storage/open-sql.ts'
import type { Engine } from '../storage/sql.ts'
import type { SqlDatabase } from '../storage/sql-database.ts'
import { migrate } from '../storage/sql-versions.ts'
import type { OpenPrincipals } from './file-principals.ts'
import { dictionaryOf, principalQuery, queriedRow } from './principal-query.ts'
import { type FoundRow, type PrincipalTables, principalTables, type Wanted } from './principal-tables.ts'

export interface SqlPrincipalsOptions {
  /** What they log in by: rows of other methods are not looked at. */
  readonly method: PrincipalMethod
  /** The table; that of the keys has `_keys` behind its name. Default: "crosspoint_principals". */
  readonly table?: string | undefined
  /**
   * A statement that finds them in tables of your own, in place of ours: a SELECT with `:authid`, and if need be `:realm`, `:authmethod`
   * and `:pubkey` (null where the client gave none), whose only row has the columns of a principal: `role`, `realm`, `authid`, `extra`,
   * `disabled`, and its credentials by the names that they have in a configuration. Default: none, the tables are ours.
   */
  readonly query?: string | undefined
  /** `authprovider` of their sessions. Default: "sql". */
  readonly provider?: string | undefined
  /** What a relative path of `sqlite:` is relative to. Default: the working directory. */
  readonly directory?: string | undefined
  readonly log: Logger
  /** Milliseconds that only grow. Default: the process's. */
  readonly now?: (() => number) | undefined
}

/** What a table may be called: whoever writes statements by hand need not quote it. */
const TABLE_NAME = /^[a-z_][a-z0-9_]{0,39}$/
/** How soon the tables are looked for again, when they could not be. */
const RETRY_MS = 1_000

/** How rows are found and read: those of our tables, or of a statement of the operator's own. */
interface Lookup {
  /** For messages. */
  readonly name: string
  readonly versions: PrincipalTables['versions']
  find(wanted: Wanted): CompiledQuery<FoundRow>
  /** The row among those that were found; a text says why it is not clear which. */
  choose(rows: readonly FoundRow[], wanted: Wanted): FoundRow | string | undefined
  example(method: PrincipalMethod): CompiledQuery<FoundRow>
}

/**
 * The principals of a table, which is made when it is not there, or of a statement.
 *
 * @param url `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`
 * @returns also when the database is down: that is logged, and logins fail until it is back
 * @throws UsageError ERR_CONFIG when the URL, the table's name or the statement cannot be used, others may read the file, or `pg` is not
 *   installed
 * @example
 * const source = await sqlPrincipals('postgres://crosspoint:s3cret@db/users', { method: 'scram', log })
 */
export async function sqlPrincipals(url: string, options: SqlPrincipalsOptions): Promise<OpenPrincipals> {
  const { table = 'crosspoint_principals', query, directory = process.cwd(), log } = options
  if (!TABLE_NAME.test(table)) {
    throw new UsageError(
      'ERR_CONFIG',
      `Cannot use a table called ${JSON.stringify(table)}: its name must be 1 to 40 of a … z, 0 … 9 and _, and begin with no digit`,
    )
  }
  if (query !== undefined) principalQuery(query, 'sqlite') // its mistakes come before anything is opened
  const database = await openSql(url, directory, log)
  const lookup = query === undefined ? byTables(database.engine, table) : byQuery(database.engine, query)
  const principals = new SqlPrincipals(database, lookup, options)
  await principals.start()
  return principals
}

function byTables(engine: Engine, table: string): Lookup {
  return { ...principalTables(engine, table), name: table, choose: chosen }
}

function byQuery(engine: Engine, text: string): Lookup {
  const find = principalQuery(text, engine)
  return {
    name: 'the query',
    versions: [],
    find,
    choose: (rows, wanted) =>
      rows.length > 1 ? `the query found ${rows.length} rows, it must find one or none` : rows[0] && queriedRow({ ...rows[0] }, wanted),
    // Nobody has an empty name: it is asked to see its mistakes at the start.
    example: (authmethod) => find({ authmethod, realm: null, authid: '', pubkey: undefined }),
  }
}

class SqlPrincipals implements OpenPrincipals {
  readonly provider: string
  example: LoginPrincipal | undefined
  readonly #database: SqlDatabase
  readonly #lookup: Lookup
  readonly #method: PrincipalMethod
  readonly #log: Logger
  readonly #now: () => number
  /** The tables are there. */
  #ready: Promise<void> | undefined
  #failure: { readonly error: Error; readonly at: number } | undefined
  /** Whether the last lookup failed, which is logged once. */
  #isDown = false

  constructor(
    database: SqlDatabase,
    lookup: Lookup,
    { method, provider = 'sql', log, now = () => performance.now() }: SqlPrincipalsOptions,
  ) {
    this.provider = provider
    this.#database = database
    this.#lookup = lookup
    this.#method = method
    this.#log = log
    this.#now = now
  }

  async start(): Promise<void> {
    try {
      await this.#prepare()
    } catch (error) {
      this.#tellDown(error as Error)
    }
  }

  find(
    { authid, pubkey, request }: Parameters<OpenPrincipals['find']>[0],
    done: (found: LoginPrincipal | LookupFailure | undefined) => void,
  ): void {
    this.#look({ authmethod: this.#method, realm: request.realm, authid, pubkey }).then(
      (found) => {
        if (this.#isDown) this.#log.info(`${this.#database.name}: principals are found again`)
        this.#isDown = false
        done(found)
      },
      (error: Error) => {
        this.#tellDown(error)
        done({ failure: error.message })
      },
    )
  }

  close(): Promise<void> {
    return this.#database.close()
  }

  #tellDown(error: Error): void {
    if (!this.#isDown) this.#log.error(`${error.message}; logins that need it fail until it is back`)
    this.#isDown = true
  }

  async #look(wanted: Wanted): Promise<LoginPrincipal | LookupFailure | undefined> {
    // PostgreSQL has no character 0, and nobody's name has one.
    if (wanted.authid?.includes('\0') === true || wanted.realm?.includes('\0') === true) return undefined
    if (wanted.authid === undefined && wanted.pubkey === undefined) return undefined
    await this.#prepare()
    const row = this.#lookup.choose(await this.#database.all(this.#lookup.find(wanted)), wanted)
    if (typeof row === 'string') return { failure: `${this.#database.name}: ${row}` }
    return row === undefined || row.disabled ? undefined : this.#toPrincipal(row)
  }

  /** Makes the tables, once; when that fails it is tried again at a login, once a second at most. */
  #prepare(): Promise<void> {
    if (this.#failure !== undefined && this.#now() - this.#failure.at < RETRY_MS) return Promise.reject(this.#failure.error)
    this.#ready ??= this.#makeTables().catch((error: Error) => {
      this.#ready = undefined
      this.#failure = { error, at: this.#now() }
      throw error
    })
    return this.#ready
  }

  async #makeTables(): Promise<void> {
    const { name, versions } = this.#lookup
    if (versions.length > 0) await migrate(this.#database, name, versions)
    const [row] = await this.#database.all(this.#lookup.example(this.#method))
    const example = row && this.#toPrincipal(row)
    if (example !== undefined && !('failure' in example)) this.example = example
    this.#failure = undefined
  }

  #toPrincipal(row: FoundRow): LoginPrincipal | LookupFailure {
    const { realm, authid, role, pubkey } = row
    const credentials = dictionaryOf(row.credentials)
    const extra = row.extra === null ? null : dictionaryOf(row.extra)
    const where = `${this.#database.name}: ${this.#lookup.name}, authid "${authid}"`
    if (credentials === undefined) return { failure: `${where}: credentials must be a dictionary in JSON` }
    if (extra === undefined) return { failure: `${where}: extra must be a dictionary in JSON, or null` }
    return {
      ...credentials,
      ...('pubkey' in row && { authorized_keys: typeof pubkey === 'string' ? [pubkey] : [] }),
      ...(role !== null && { role }),
      ...(realm !== '' && { realm }),
      ...(extra !== null && { extra }),
      authid,
    } as LoginPrincipal
  }
}

/** The row that is meant: that of the realm before that of any, and none when there are several of the same rank. */
function chosen(rows: readonly FoundRow[]): FoundRow | undefined {
  const first = rows[0]
  if (first === undefined) return undefined
  const isOther = (row: FoundRow) => row.authid !== first.authid || (row.realm !== first.realm && row.realm !== '')
  return rows.some(isOther) ? undefined : first
}
