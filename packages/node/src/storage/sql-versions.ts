// Versions of the tables of a database, by the name of what they belong to. A version is a list of statements that is never changed
// once released; a new one is added behind it.

import type { CompiledQuery } from 'kysely'
import { builder } from './sql.ts'
import type { SqlDatabase } from './sql-database.ts'

interface VersionTables {
  crosspoint_tables: { name: string; version: number }
}

/**
 * Brings the tables of `name` to the newest version. Does nothing but look when they have it, so that a user of the database without
 * the right to make tables can use those that somebody else made. Several nodes may do it at once.
 *
 * @param versions the statements of version 1, 2, …
 * @returns rejects when the database is down, refuses a statement, or has tables of a newer program
 */
export async function migrate(database: SqlDatabase, name: string, versions: readonly (readonly CompiledQuery[])[]): Promise<void> {
  const newest = versions.length
  const found = await versionOf(database, name)
  if (found > newest) {
    throw new Error(
      `${database.name}: the tables of ${name} have version ${found}, this Crosspoint knows up to ${newest}: start the newer one`,
    )
  }
  if (found === newest) return
  const note = builder<VersionTables>(database.engine)
    .insertInto('crosspoint_tables')
    .values({ name, version: newest })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ version: newest }))
  try {
    await database.together([...versions.slice(found).flat(), note.compile()])
  } catch (error) {
    if ((await versionOf(database, name)) !== newest) throw error // otherwise another node was faster
  }
}

/** 0 when there are none. */
async function versionOf(database: SqlDatabase, name: string): Promise<number> {
  const tables = builder<VersionTables>(database.engine)
  const ask = tables.selectFrom('crosspoint_tables').select('version').where('name', '=', name).compile()
  try {
    return (await database.all(ask))[0]?.version ?? 0
  } catch (error) {
    if (!isTableMissing(error as Error)) throw error
  }
  const make = tables.schema
    .createTable('crosspoint_tables')
    .ifNotExists()
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('version', 'integer', (column) => column.notNull())
    .compile()
  try {
    await database.together([make])
  } catch (failure) {
    // In PostgreSQL IF NOT EXISTS does not help those who make it at the same time.
    return (await database.all(ask).catch(() => Promise.reject(failure)))[0]?.version ?? 0
  }
  return (await database.all(ask))[0]?.version ?? 0
}

function isTableMissing({ message, cause }: Error): boolean {
  return (cause as { code?: unknown } | undefined)?.code === '42P01' || /no such table/.test(message)
}
