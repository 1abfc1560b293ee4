// SQL by Kysely, run at once by node:sqlite. Kysely builds and checks the statements; its own way of running them is
// asynchronous, and a transaction that nothing can come between is simpler without.

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'

export type Engine = 'sqlite' | 'postgres'

/** A Kysely that only builds statements. */
export function builder<Tables>(engine: Engine = 'sqlite'): Kysely<Tables> {
  const isSqlite = engine === 'sqlite'
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => (isSqlite ? new SqliteAdapter() : new PostgresAdapter()),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => (isSqlite ? new SqliteIntrospector(db) : new PostgresIntrospector(db)),
      createQueryCompiler: () => (isSqlite ? new SqliteQueryCompiler() : new PostgresQueryCompiler()),
    },
  })
}

const STATEMENTS_MAX = 200 // of different shapes; history questions have many

/** Runs built statements on one database; each shape is prepared once. */
export class Runner {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Gives the id of the row that it inserted, if it did. */
  run(query: CompiledQuery): number {
    return Number(this.#prepare(query).run(...parametersOf(query)).lastInsertRowid)
  }
  all<Row>(query: CompiledQuery<Row>): Row[] {
    return this.#prepare(query).all(...parametersOf(query)) as Row[]
  }
  first<Row>(query: CompiledQuery<Row>): Row | undefined {
    return this.#prepare(query).get(...parametersOf(query)) as Row | undefined
  }
  each<Row>(query: CompiledQuery<Row>): Iterable<Row> {
    // Not one of those kept: it is in use while its rows are read.
    return this.#database.prepare(query.sql).iterate(...parametersOf(query)) as Iterable<Row>
  }
  exec(sql: string): void {
    this.#database.exec(sql)
  }

  /** All of `work` or nothing. */
  transaction<Result>(work: () => Result): Result {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  #rollBack(): void {
    try {
      // SQLite has done it already after some failures, such as a full disk.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
    } catch {
      // What made it necessary says more.
    }
  }

  /** Whether a transaction could not even be taken back. */
  get isStuck(): boolean {
    return this.#database.isTransaction
  }

  #prepare(query: CompiledQuery): StatementSync {
    let statement = this.#statements.get(query.sql)
    if (statement !== undefined) return statement
    if (this.#statements.size >= STATEMENTS_MAX) this.#statements.clear()
    statement = this.#database.prepare(query.sql)
    this.#statements.set(query.sql, statement)
    return statement
  }
}

function parametersOf(query: CompiledQuery): SQLInputValue[] {
  return query.parameters as SQLInputValue[]
}
