// SQL by Kysely, run at once by node:sqlite. Kysely builds and checks the statements; its own way of running them is
// asynchronous, and a transaction that nothing can come between is simpler without.

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { type CompiledQuery, DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'

/** A Kysely that only builds statements. */
export function builder<Tables>(): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
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

  run(query: CompiledQuery): { readonly changes: number; readonly id: number } {
    const { changes, lastInsertRowid } = this.#prepare(query).run(...parametersOf(query))
    return { changes: Number(changes), id: Number(lastInsertRowid) }
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
  transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
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
