// History and retained events in one SQLite file. Everything here is synchronous and belongs on the storage thread.
//
// An event is stored once, and belongs to any number of streams and perhaps to the retained ones; when it belongs to
// nothing any more it is deleted. `seq` is the order of arrival. The file is held exclusively: a second process that opens it
// is refused, and a killed one leaves no lock behind.

import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type HistoryQuery, RETAINED_PER_TOPIC_MAX, type StreamOptions } from '@crosspoint/router'
import { migrate, tables } from './event-tables.ts'
import type { FlatEvent, FlatPage, FlatRecord, OpenedRealm, RealmStreams, Write } from './messages.ts'
import { Runner } from './sql.ts'
import { fromRow, StoredStream, type StreamState } from './stored-stream.ts'

interface StoredRealm {
  readonly name: string
  readonly streams: readonly StoredStream[]
}

export interface OpenOptions {
  readonly file: string
  readonly realms: readonly RealmStreams[]
  /** The router has given out numbers already, so none of those in the file may be continued. */
  readonly isLate: boolean
  /** How long to wait for whoever has the file. */
  readonly busyMs: number
}

export class EventDatabase {
  readonly #database: DatabaseSync
  readonly #runner: Runner
  readonly #realms: readonly StoredRealm[]

  /** Opens or makes the file. Throws what SQLite or the file system says. */
  constructor({ file, realms, isLate, busyMs }: OpenOptions) {
    mkdirSync(dirname(file), { recursive: true })
    const database = new DatabaseSync(file, { timeout: busyMs })
    try {
      // FULL: a group of appends costs one sync, and what is acknowledged then survives a power cut, too.
      for (const pragma of ['locking_mode = EXCLUSIVE', 'journal_mode = WAL', 'synchronous = FULL']) database.exec(`PRAGMA ${pragma}`)
      this.#database = database
      this.#runner = new Runner(database)
      migrate(this.#runner)
      this.#realms = this.#runner.transaction(() =>
        realms.map(({ name, streams }) => ({ name, streams: streams.map((options) => this.#openStream(name, options, isLate)) })),
      )
    } catch (error) {
      database.close()
      throw error
    }
  }

  #openStream(realm: string, options: StreamOptions, isLate: boolean): StoredStream {
    const { uri, match } = options
    const key = tables.selectFrom('streams').selectAll().where('realm', '=', realm).where('uri', '=', uri).where('match', '=', match)
    let row = this.#runner.first(key.compile())
    if (row === undefined) {
      const made = { realm, uri, match, epoch: randomUUID(), epoch_start: 1, offset: 0, is_clean: 0 }
      row = { ...made, id: this.#runner.run(tables.insertInto('streams').values(made).compile()) }
    } else {
      // A stream that was not closed may have given out numbers that are not here, so its positions count no more.
      if (row.is_clean === 0 || isLate) row = { ...row, epoch: randomUUID(), epoch_start: this.#newestOf(row.id) + 1 }
      const { epoch, epoch_start } = row
      this.#runner.run(tables.updateTable('streams').set({ epoch, epoch_start, is_clean: 0 }).where('id', '=', row.id).compile())
    }
    const stream = new StoredStream(this.#runner, options, row)
    stream.trim(0) // the limits may be smaller than they were; what is too old is a question of when it is asked for
    return stream
  }

  #newestOf(stream: number): number {
    const newest = tables.selectFrom('stream_events').select('seq').where('stream', '=', stream).orderBy('seq', 'desc').limit(1)
    return this.#runner.first(newest.compile())?.seq ?? 0
  }

  /** What was there when it was opened. */
  opened(): OpenedRealm[] {
    return this.#realms.map(({ name, streams }) => ({
      streams: streams.map(({ options, epoch, state }) => ({ ...options, epoch, offset: state.offset })),
      retained: this.#runner
        .all(
          tables
            .selectFrom('retained')
            .innerJoin('events', 'events.seq', 'retained.seq')
            .selectAll('events')
            .where('realm', '=', name)
            .orderBy('events.seq')
            .compile(),
        )
        .map(fromRow),
    }))
  }

  /** Does all of these, in order, or none. */
  write(writes: readonly Write[]): void {
    this.#undoable((touched) => {
      let now = 0
      for (const write of writes) {
        const realm = this.#realms[write.realm]!
        if (write.type === 'drop') this.#dropRetained(realm.name, write.topic)
        else {
          this.#append(realm, write.record, touched)
          now = Math.max(now, write.record.event.time)
        }
      }
      for (const stream of touched.keys()) {
        stream.saveOffset()
        stream.trim(now)
      }
    })
  }

  /** A transaction; when it fails the streams that it `touched` are as they were. */
  #undoable(work: (touched: Map<StoredStream, StreamState>) => void): void {
    const touched = new Map<StoredStream, StreamState>()
    try {
      this.#runner.transaction(() => work(touched))
    } catch (error) {
      for (const [stream, state] of touched) stream.state = state
      throw error
    }
  }

  #append(realm: StoredRealm, { event, retention, streams }: FlatRecord, touched: Map<StoredStream, StreamState>): void {
    const seq = this.#insert(event)
    for (const { index, offset } of streams) {
      const stream = realm.streams[index]!
      if (!touched.has(stream)) touched.set(stream, stream.state)
      stream.add(seq, offset, event)
    }
    if (retention === 'none') return
    if (retention === 'replace') this.#dropRetained(realm.name, event.topic)
    this.#runner.run(tables.insertInto('retained').values({ realm: realm.name, topic: event.topic, seq }).compile())
    if (retention === 'add') this.#dropRetained(realm.name, event.topic, RETAINED_PER_TOPIC_MAX)
  }

  #insert(event: FlatEvent): number {
    const { publisher } = event
    const row = {
      publication: event.publicationId,
      topic: event.topic,
      time: event.time,
      details: event.details,
      publisher_session: publisher.session,
      publisher_authid: publisher.authid,
      publisher_authrole: publisher.authrole,
      is_disclosed: Number(event.isDisclosed),
      excludes_publisher: Number(event.excludesPublisher),
      lists: event.lists,
      serializer: event.serializer,
      count: event.count,
      payload: event.bytes,
    }
    return this.#runner.run(tables.insertInto('events').values(row).compile())
  }

  /** Forgets the retained events of a topic but for the newest `keep`. */
  #dropRetained(realm: string, topic: string, keep = 0): void {
    const ofTopic = tables.selectFrom('retained').select('seq').where('realm', '=', realm).where('topic', '=', topic)
    const rows = this.#runner.all(ofTopic.orderBy('seq', 'desc').limit(-1).offset(keep).compile())
    for (const { seq } of rows) {
      this.#runner.run(tables.deleteFrom('retained').where('realm', '=', realm).where('topic', '=', topic).where('seq', '=', seq).compile())
      const orphan = tables
        .deleteFrom('events')
        .where('seq', '=', seq)
        .where(({ exists, not, selectFrom }) => not(exists(selectFrom('stream_events').select('seq').where('seq', '=', seq))))
      this.#runner.run(orphan.compile())
    }
  }

  query(realm: number, query: HistoryQuery): FlatPage {
    const stream = this.#realms[realm]!.streams[query.stream]!
    if (stream.options.ageMsMax > 0) this.#tryToTrim(stream, query.now)
    return stream.query(query)
  }

  /** A question does not find what is too old either way, so it does not fail on a full disk. */
  #tryToTrim(stream: StoredStream, now: number): void {
    try {
      this.#undoable((touched) => {
        touched.set(stream, stream.state)
        stream.trim(now)
      })
    } catch {
      // The next append says it.
    }
  }

  /** Whether the connection is of no more use. */
  get isStuck(): boolean {
    return this.#runner.isStuck
  }

  /** Closes it in order: positions count when it is opened again, but for those of `lossy` streams (by realm). */
  close(lossy: readonly ReadonlySet<number>[]): void {
    const clean = this.#realms.flatMap(({ streams }, realm) => streams.filter((_, index) => !lossy[realm]?.has(index)))
    this.#runner.transaction(() => {
      for (const { id } of clean) this.#runner.run(tables.updateTable('streams').set({ is_clean: 1 }).where('id', '=', id).compile())
    })
    this.#runner.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    this.#database.close()
  }

  /** Lets the file go without a word, because it cannot be used. */
  abandon(): void {
    this.#database.close()
  }
}
