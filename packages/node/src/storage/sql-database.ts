// A database for what a node knows of logins: SQLite on a thread of its own, so that neither a slow disk nor a lock holds up the
// event loop, or PostgreSQL. Statements are built by Kysely and run here, each with a time limit; a database that is down fails
// them in words, and the next one is tried afresh.

import type { CompiledQuery } from 'kysely'
import type { Engine } from './sql.ts'

/** How long one statement may take, waiting for a connection included. */
export const STATEMENT_MS_MAX = 5_000
/** How many statements wait at most; the next one fails at once. */
export const STATEMENTS_WAITING_MAX = 1_000

export interface SqlDatabase {
  readonly engine: Engine
  /** For messages: the file, or the URL without its password. */
  readonly name: string
  /** The rows of one statement. Rejects with an Error that says why there are none, after `STATEMENT_MS_MAX` at the latest. */
  all<Row>(query: CompiledQuery<Row>): Promise<Row[]>
  /** All of the statements or none. */
  together(queries: readonly CompiledQuery[]): Promise<void>
  /** Lets the file or the connections go. What is asked for afterwards fails. */
  close(): Promise<void>
}

/** Counts what waits, and gives up on what takes too long: the engines have limits of their own, this one holds in any case. */
export class Waiting {
  readonly #name: string
  #count = 0

  constructor(name: string) {
    this.#name = name
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#count >= STATEMENTS_WAITING_MAX) throw new Error(`${this.#name}: ${this.#count} statements wait already, which is the limit`)
    this.#count++
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const why = new Error(`${this.#name} did not answer within ${STATEMENT_MS_MAX} ms`)
      timer = setTimeout(reject, STATEMENT_MS_MAX, why)
    })
    try {
      return await Promise.race([work(), late])
    } finally {
      clearTimeout(timer)
      this.#count--
    }
  }
}
