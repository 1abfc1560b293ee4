// From the URL of a database to the engine that has it, which is loaded only then.

import { UsageError } from '@crosspoint/protocol'
import type { Logger } from '../log.ts'
import type { SqlDatabase } from './sql-database.ts'

/**
 * Opens a database by its URL. One that is down is no error here: what is asked of it fails until it is back.
 *
 * @param url `sqlite:` and a path, relative to `directory`, or `postgres://user:password@host:port/database`
 * @param directory that of the configuration
 * @throws UsageError ERR_CONFIG when the URL is neither, when others may read the file, or when `pg` is not installed
 * @example
 * const database = await openSql('sqlite:users.sqlite', '/etc/crosspoint', log)
 * await database.all(tables.selectFrom('users').selectAll().compile())
 */
export async function openSql(url: string, directory: string, log: Logger): Promise<SqlDatabase> {
  if (url.startsWith('sqlite:')) return (await import('./sqlite.ts')).openSqlite(url.slice('sqlite:'.length), directory)
  if (/^postgres(ql)?:\/\//.test(url)) return (await import('./postgres.ts')).openPostgres(url, log)
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(url)?.[0] // what follows may hold a password
  throw new UsageError(
    'ERR_CONFIG',
    `Cannot open a database by a URL that begins with ${scheme === undefined ? 'no scheme' : `"${scheme}"`}: it must be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE`,
  )
}
