// Where the logins of cookies are kept: what a browser showed once, by the SHA-256 of its cookie, until it expires. Nothing is kept of
// a cookie that nobody logged in with, and who reads the store can log in with none of them.

import { createHash } from 'node:crypto'
import type { Dict } from '@crosspoint/protocol'
import { type CompiledQuery, sql } from 'kysely'
import type { Logger } from '../log.ts'
import { openSql } from '../storage/open-sql.ts'
import { builder } from '../storage/sql.ts'
import type { SqlDatabase } from '../storage/sql-database.ts'
import { migrate } from '../storage/sql-versions.ts'

/** Who a cookie brings back. */
export interface CookieLogin {
  readonly realm: string
  readonly authid: string
  readonly authrole: string
  readonly authextra?: Dict | undefined
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number
}

/** How many logins are kept; beyond either the oldest goes. */
export interface CookieStoreLimits {
  /** Of all. Default: 100000. */
  readonly loginsMax: number
  /** Of one authid in one realm: browsers that it uses. Default: 50. */
  readonly loginsPerAuthidMax: number
}

const COOKIE_STORE_LIMITS: CookieStoreLimits = Object.freeze({ loginsMax: 100_000, loginsPerAuthidMax: 50 })

/** All methods but `knows` reject with an Error when the database is down. */
export interface CookieStore {
  /** The login of a cookie, unless it has expired. */
  find(key: string): Promise<CookieLogin | undefined>
  /** Keeps the login of a cookie in place of any other. */
  put(key: string, login: CookieLogin): Promise<void>
  /** Forgets it. */
  delete(key: string): Promise<void>
  /** Whether the cookie has a login, where that is known without asking. */
  knows?(key: string): boolean
  close(): Promise<void>
}

/**
 * What a cookie is kept by.
 *
 * @param scope what the cookie counts for; the same value shown elsewhere is another cookie
 */
export function cookieKey(scope: string, value: string): string {
  return createHash('sha256').update(`${scope}\0${value}`).digest('hex')
}

/**
 * Logins in memory: they are lost when the node stops.
 *
 * @param now milliseconds since 1970. Default: the system's clock
 * @example
 * const store = memoryCookieStore()
 */
export function memoryCookieStore(limits: Partial<CookieStoreLimits> = {}, now: () => number = Date.now): CookieStore {
  const { loginsMax, loginsPerAuthidMax } = { ...COOKIE_STORE_LIMITS, ...limits }
  /** In the order in which they came. */
  const logins = new Map<string, CookieLogin>()
  const byAuthid = new Map<string, Set<string>>()
  const remove = (key: string) => {
    const login = logins.get(key)
    if (login === undefined) return
    logins.delete(key)
    const own = byAuthid.get(ownerOf(login))!
    own.delete(key)
    if (own.size === 0) byAuthid.delete(ownerOf(login))
  }
  const find = (key: string) => {
    const login = logins.get(key)
    if (login === undefined || login.expiresAtMs > now()) return login
    remove(key)
    return undefined
  }
  return {
    find: async (key) => find(key),
    put: async (key, login) => {
      remove(key)
      const owner = ownerOf(login)
      const own = byAuthid.get(owner) ?? new Set()
      if (own.size >= loginsPerAuthidMax) remove(own.values().next().value!)
      if (logins.size >= loginsMax) remove(logins.keys().next().value!)
      byAuthid.set(owner, own.add(key))
      logins.set(key, login)
    },
    delete: async (key) => remove(key),
    knows: (key) => find(key) !== undefined,
    close: async () => {},
  }
}

function ownerOf({ realm, authid }: CookieLogin): string {
  return `${realm} ${authid}` // a realm has no blanks
}

interface CookieTables {
  crosspoint_cookies: {
    key: string
    realm: string
    authid: string
    authrole: string
    /** JSON; null is none. */
    authextra: string | null
    expires_at_ms: number
  }
}

export interface SqlCookieStoreOptions {
  /** What a relative path of `sqlite:` is relative to. Default: the working directory. */
  readonly directory?: string | undefined
  readonly log: Logger
  readonly limits?: Partial<CookieStoreLimits> | undefined
  /** Milliseconds since 1970. Default: the system's clock. */
  readonly now?: (() => number) | undefined
}

/** How often what has expired, or is too much, is deleted: with a login, once in this time at most. */
export const PURGE_MS = 60_000

/**
 * Logins in a database, which several nodes may share: they last until they expire, also when the node is restarted. Their table
 * `crosspoint_cookies` is made when it is not there.
 *
 * @param url `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`
 * @throws UsageError ERR_CONFIG when the URL cannot be used, others may read the file, or `pg` is not installed
 * @example
 * const store = await sqlCookieStore('sqlite:.crosspoint/cookies.sqlite', { log })
 */
export async function sqlCookieStore(url: string, options: SqlCookieStoreOptions): Promise<CookieStore> {
  const { directory = process.cwd(), log, limits, now = Date.now } = options
  const database = await openSql(url, directory, log)
  return new SqlCookieStore(database, { ...COOKIE_STORE_LIMITS, ...limits }, now)
}

class SqlCookieStore implements CookieStore {
  readonly #database: SqlDatabase
  readonly #limits: CookieStoreLimits
  readonly #now: () => number
  readonly #build: ReturnType<typeof builder<CookieTables>>
  #ready: Promise<void> | undefined
  #purgedAt = Number.NEGATIVE_INFINITY

  constructor(database: SqlDatabase, limits: CookieStoreLimits, now: () => number) {
    this.#database = database
    this.#limits = limits
    this.#now = now
    this.#build = builder<CookieTables>(database.engine)
  }

  async find(key: string): Promise<CookieLogin | undefined> {
    await this.#prepare()
    const query = this.#build.selectFrom('crosspoint_cookies').selectAll().where('key', '=', key)
    const [row] = await this.#database.all(query.compile())
    if (row === undefined) return undefined
    const { realm, authid, authrole, authextra } = row
    const expiresAtMs = Number(row.expires_at_ms) // PostgreSQL gives 64 bits as text
    if (expiresAtMs <= this.#now()) return undefined
    return { realm, authid, authrole, authextra: authextra === null ? undefined : (JSON.parse(authextra) as Dict), expiresAtMs }
  }

  async put(key: string, { realm, authid, authrole, authextra, expiresAtMs }: CookieLogin): Promise<void> {
    await this.#prepare()
    const row = {
      realm,
      authid,
      authrole,
      authextra: authextra === undefined ? null : JSON.stringify(authextra),
      expires_at_ms: expiresAtMs,
    }
    const insert = this.#build
      .insertInto('crosspoint_cookies')
      .values({ key, ...row })
      .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
    const tooMany = this.#oldest(this.#limits.loginsPerAuthidMax, { realm, authid })
    const now = this.#now()
    const isDue = now - this.#purgedAt >= PURGE_MS
    await this.#database.together([insert.compile(), tooMany, ...(isDue ? this.#purge(now) : [])])
    if (isDue) this.#purgedAt = now
  }

  async delete(key: string): Promise<void> {
    await this.#prepare()
    await this.#database.all(this.#build.deleteFrom('crosspoint_cookies').where('key', '=', key).compile())
  }

  close(): Promise<void> {
    return this.#database.close()
  }

  #purge(now: number): CompiledQuery[] {
    const expired = this.#build.deleteFrom('crosspoint_cookies').where('expires_at_ms', '<=', now)
    return [expired.compile(), this.#oldest(this.#limits.loginsMax)]
  }

  /** Deletes all but the newest `keep`. All last equally long, so the oldest are those that expire first. */
  #oldest(keep: number, of?: { readonly realm: string; readonly authid: string }): CompiledQuery {
    let newest = this.#build.selectFrom('crosspoint_cookies').select('key').orderBy('expires_at_ms', 'desc').orderBy('key')
    if (of !== undefined) newest = newest.where('realm', '=', of.realm).where('authid', '=', of.authid)
    // SQLite takes no OFFSET without a LIMIT.
    const beyond = newest.limit(Number.MAX_SAFE_INTEGER).offset(keep)
    return this.#build.deleteFrom('crosspoint_cookies').where('key', 'in', beyond).compile()
  }

  #prepare(): Promise<void> {
    this.#ready ??= this.#makeTables().catch((error: Error) => {
      this.#ready = undefined
      throw error
    })
    return this.#ready
  }

  async #makeTables(): Promise<void> {
    // A login then costs one sync of the disk.
    if (this.#database.engine === 'sqlite') await this.#database.all(sql`PRAGMA journal_mode = WAL`.compile(this.#build))
    await migrate(this.#database, 'crosspoint_cookies', versions(this.#build))
  }
}

function versions({ schema }: ReturnType<typeof builder<CookieTables>>): CompiledQuery[][] {
  const first = [
    schema
      .createTable('crosspoint_cookies')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('realm', 'text', (column) => column.notNull())
      .addColumn('authid', 'text', (column) => column.notNull())
      .addColumn('authrole', 'text', (column) => column.notNull())
      .addColumn('authextra', 'text')
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .addCheckConstraint('crosspoint_cookies_key', sql`length(key) = 64`),
    schema.createIndex('crosspoint_cookies_owner').on('crosspoint_cookies').columns(['realm', 'authid', 'expires_at_ms']),
    schema.createIndex('crosspoint_cookies_expiry').on('crosspoint_cookies').column('expires_at_ms'),
  ]
  return [first.map((statement) => statement.compile())]
}
