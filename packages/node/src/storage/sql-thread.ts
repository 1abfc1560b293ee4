// The thread of one SQLite file: runs statements in the order in which they come. A file that cannot be used fails them in words;
// after damage, or when another file has taken its place, it is opened anew. It is never made anew: an empty table would turn
// everybody away without a word.

import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import type { CompiledQuery } from 'kysely'
import { Runner } from './sql.ts'
import type { SqliteReply, SqliteRequest } from './sqlite.ts'

const BUSY_MS = 2_000 // how long somebody else's transaction may hold up ours
const { file } = workerData as { readonly file: string }

let open: { readonly database: DatabaseSync; readonly runner: Runner; readonly inode: bigint } | undefined

function use(): Runner {
  const inode = statSync(file, { bigint: true }).ino // throws when the file is gone
  if (open !== undefined && open.inode !== inode) close()
  if (open !== undefined) return open.runner
  const database = new DatabaseSync(file, { timeout: BUSY_MS })
  // The journal is as the file has it. By default that is none beside the file between transactions, so that a file may be put in
  // place of another; one with a WAL beside it must not be.
  database.exec('PRAGMA synchronous = FULL')
  open = { database, runner: new Runner(database), inode }
  return open.runner
}

function close(): void {
  const closing = open
  open = undefined
  try {
    closing?.database.close()
  } catch {
    // It is of no more use either way.
  }
}

function answer({ id, statements }: Exclude<SqliteRequest, 'close'>): SqliteReply {
  try {
    const runner = use()
    const queries = statements.map(({ sql, parameters }) => ({ sql, parameters: parameters.map(plain) }) as unknown as CompiledQuery)
    if (queries.length === 1) return { id, rows: runner.all(queries[0]!) }
    runner.transaction(() => {
      for (const query of queries) runner.run(query)
    })
    return { id, rows: [] }
  } catch (error) {
    if (open?.runner.isStuck === true || BROKEN.has(((error as { errcode?: number }).errcode ?? 0) & 0xff)) close()
    return { id, failure: `${file}: ${(error as Error).message}` }
  }
}
/** Disk failures, damage, no database: after these the file is opened anew. */
const BROKEN = new Set([10, 11, 26])

/** SQLite has no truth values. */
function plain(parameter: unknown): unknown {
  return typeof parameter === 'boolean' ? Number(parameter) : parameter
}

parentPort!.on('message', (request: SqliteRequest) => {
  if (request !== 'close') return parentPort!.postMessage(answer(request))
  close()
  parentPort!.close()
})
