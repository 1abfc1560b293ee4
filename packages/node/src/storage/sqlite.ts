// A SQLite file seen from the node: what is asked for goes to a thread (sql-thread.ts), and its answers come back later. A lookup
// costs the event loop two messages, about what running it here would cost with all its pages in memory; but a cold page, a lock
// that another program holds, or the sync of a commit cost the event loop nothing.

import { closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { UsageError } from '@crosspoint/protocol'
import type { CompiledQuery } from 'kysely'
import { type SqlDatabase, STATEMENT_MS_MAX, Waiting } from './sql-database.ts'

/** What the thread is asked for; "close" comes last. */
export type SqliteRequest =
  | { readonly id: number; readonly statements: readonly { readonly sql: string; readonly parameters: readonly unknown[] }[] }
  | 'close'

export type SqliteReply = { readonly id: number } & ({ readonly rows: unknown[] } | { readonly failure: string })

const IS_SOURCE = import.meta.url.endsWith('.ts')
const THREAD = new URL(IS_SOURCE ? './sql-thread.ts' : './sql-thread.js', import.meta.url)
// As in thread-link.ts: the hooks of a checkout do not reach into threads.
const CONDITIONS = IS_SOURCE ? { execArgv: ['--conditions=@crosspoint/source'] } : {}

/** Opens a file, and makes it when it is not there: for its owner only. */
export function openSqlite(path: string, directory: string): SqlDatabase {
  const file = resolve(directory, path)
  const advice = 'give sqlite: and the path of a file that this user can read and write'
  if (path === '') throw new UsageError('ERR_CONFIG', `Cannot open the database "sqlite:": ${advice}`)
  let mode: number
  try {
    mkdirSync(dirname(file), { recursive: true })
    closeSync(openSync(file, 'a', 0o600))
    mode = statSync(file).mode
  } catch (cause) {
    throw new UsageError('ERR_CONFIG', `Cannot open the database ${file}: ${(cause as Error).message}; ${advice}`, { cause })
  }
  if ((mode & 0o004) !== 0 && process.platform !== 'win32') {
    throw new UsageError(
      'ERR_CONFIG',
      `Cannot use the database ${file}: everybody may read it, and it holds credentials; chmod o-r ${file}`,
    )
  }
  return new Sqlite(file)
}

class Sqlite implements SqlDatabase {
  readonly engine = 'sqlite'
  readonly name: string
  readonly #worker: Worker
  readonly #exited: Promise<void>
  readonly #waiting: Waiting
  readonly #requests = new Map<number, { resolve(rows: unknown[]): void; reject(why: Error): void }>()
  #lastId = 0
  #dead: string | undefined

  constructor(file: string) {
    this.name = file
    this.#waiting = new Waiting(file)
    this.#worker = new Worker(THREAD, { workerData: { file }, ...CONDITIONS })
    this.#worker.on('message', (reply: SqliteReply) => this.#answered(reply))
    this.#worker.on('error', (error) => this.#ended(`the thread of ${file} failed: ${(error as Error).message}; restart the node`))
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#ended(`the thread of ${file} has ended; restart the node`)
        resolve()
      })
    })
  }

  async all<Row>(query: CompiledQuery<Row>): Promise<Row[]> {
    return (await this.#ask([query])) as Row[]
  }

  async together(queries: readonly CompiledQuery[]): Promise<void> {
    await this.#ask(queries)
  }

  async close(): Promise<void> {
    this.#dead ??= `${this.name} is closed`
    this.#worker.postMessage('close' satisfies SqliteRequest) // the thread does what was asked before it
    const timer = setTimeout(() => void this.#worker.terminate(), STATEMENT_MS_MAX)
    await this.#exited
    clearTimeout(timer)
  }

  #ask(queries: readonly CompiledQuery[]): Promise<unknown[]> {
    return this.#waiting.run(() => {
      if (this.#dead !== undefined) return Promise.reject(new Error(this.#dead))
      const id = ++this.#lastId
      const asked = new Promise<unknown[]>((resolve, reject) => this.#requests.set(id, { resolve, reject }))
      const statements = queries.map(({ sql, parameters }) => ({ sql, parameters }))
      this.#worker.postMessage({ id, statements } satisfies SqliteRequest)
      return asked
    })
  }

  #answered(reply: SqliteReply): void {
    const request = this.#requests.get(reply.id)!
    this.#requests.delete(reply.id)
    if ('failure' in reply) request.reject(new Error(reply.failure))
    else request.resolve(reply.rows)
  }

  #ended(why: string): void {
    this.#dead ??= why
    for (const { reject } of this.#requests.values()) reject(new Error(this.#dead))
    this.#requests.clear()
  }
}
