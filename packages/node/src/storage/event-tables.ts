// The tables of history and retained events, and their versions. A version is a list of statements that is never changed
// once released; a new one is added below.

import type { Generated } from 'kysely'
import { sql } from 'kysely'
import { builder, type Runner } from './sql.ts'

export interface EventTables {
  /** Which version of the tables a file has. */
  version: { number: number }
  streams: {
    id: Generated<number>
    realm: string
    uri: string
    match: string
    epoch: string
    /** Events of the stream before this one (`seq`) have numbers of an earlier epoch. */
    epoch_start: number
    offset: number
    /** 1 when the last one who had it closed it; otherwise numbers may have been given out that are not here. */
    is_clean: number
  }
  events: {
    seq: Generated<number>
    publication: number
    topic: string
    time: number
    details: string
    publisher_session: number
    publisher_authid: string
    publisher_authrole: string
    is_disclosed: number
    excludes_publisher: number
    lists: string
    serializer: string
    count: number
    payload: Uint8Array
  }
  stream_events: { stream: number; seq: number; offset: number; bytes: number; time: number }
  retained: { realm: string; topic: string; seq: number }
}

export const tables = builder<EventTables>()

const { schema } = tables
const VERSIONS = [
  [
    schema
      .createTable('streams')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('realm', 'text', (column) => column.notNull())
      .addColumn('uri', 'text', (column) => column.notNull())
      .addColumn('match', 'text', (column) => column.notNull())
      .addColumn('epoch', 'text', (column) => column.notNull())
      .addColumn('epoch_start', 'integer', (column) => column.notNull())
      .addColumn('offset', 'integer', (column) => column.notNull())
      .addColumn('is_clean', 'integer', (column) => column.notNull())
      .addUniqueConstraint('streams_key', ['realm', 'uri', 'match']),
    schema
      .createTable('events')
      .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('publication', 'integer', (column) => column.notNull())
      .addColumn('topic', 'text', (column) => column.notNull())
      .addColumn('time', 'integer', (column) => column.notNull())
      .addColumn('details', 'text', (column) => column.notNull())
      .addColumn('publisher_session', 'integer', (column) => column.notNull())
      .addColumn('publisher_authid', 'text', (column) => column.notNull())
      .addColumn('publisher_authrole', 'text', (column) => column.notNull())
      .addColumn('is_disclosed', 'integer', (column) => column.notNull())
      .addColumn('excludes_publisher', 'integer', (column) => column.notNull())
      .addColumn('lists', 'text', (column) => column.notNull())
      .addColumn('serializer', 'text', (column) => column.notNull())
      .addColumn('count', 'integer', (column) => column.notNull())
      .addColumn('payload', 'blob', (column) => column.notNull()),
    schema.createIndex('events_publication').on('events').column('publication'),
    schema
      .createTable('stream_events')
      .addColumn('stream', 'integer', (column) => column.notNull())
      .addColumn('seq', 'integer', (column) => column.notNull())
      .addColumn('offset', 'integer', (column) => column.notNull())
      .addColumn('bytes', 'integer', (column) => column.notNull())
      .addColumn('time', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('stream_events_key', ['stream', 'seq'])
      .modifyEnd(sql`without rowid`),
    schema.createIndex('stream_events_seq').on('stream_events').column('seq'),
    schema
      .createTable('retained')
      .addColumn('realm', 'text', (column) => column.notNull())
      .addColumn('topic', 'text', (column) => column.notNull())
      .addColumn('seq', 'integer', (column) => column.notNull())
      .addPrimaryKeyConstraint('retained_key', ['realm', 'topic', 'seq'])
      .modifyEnd(sql`without rowid`),
    schema.createIndex('retained_seq').on('retained').column('seq'),
  ],
]

/** Brings a file to the newest version. Throws when it comes from a newer program. */
export function migrate(runner: Runner): void {
  runner.exec('CREATE TABLE IF NOT EXISTS version (number INTEGER NOT NULL)')
  const found = runner.first(tables.selectFrom('version').select('number').compile())?.number ?? 0
  if (found > VERSIONS.length)
    throw new Error(
      `its tables have version ${found}, this Crosspoint knows up to ${VERSIONS.length}: start the newer one, or move the file away`,
    )
  if (found === VERSIONS.length) return
  runner.transaction(() => {
    for (const statements of VERSIONS.slice(found)) for (const statement of statements) runner.run(statement.compile())
    runner.run(tables.deleteFrom('version').compile())
    runner.run(tables.insertInto('version').values({ number: VERSIONS.length }).compile())
  })
}
