// History and retained events in one SQLite file. Everything here is synchronous and belongs on the storage thread.
//
// An event is stored once, and belongs to any number of streams and perhaps to the retained ones; when it belongs to
// nothing any more it is deleted. `seq` is the order of arrival. The file is held exclusively: a second process that opens it
// is refused, and a killed one leaves no lock behind.

import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  type HistoryQuery,
  isVisibleTo,
  RETAINED_PER_TOPIC_MAX,
  type StoredEvent,
  type StreamOptions,
  type StreamState,
} from '@crosspoint/router'
import type { Selectable } from 'kysely'
import { type EventTables, migrate, tables } from './event-tables.ts'
import type { FlatEvent, FlatPage, FlatRecord, OpenedRealm, RealmStreams } from './messages.ts'
import { Runner } from './sql.ts'

const BUSY_TIMEOUT_MS = 1_000
const TRIM_EVERY = 64 // appends to a stream between two looks at its limits; a question looks, too

interface Stream {
  readonly id: number
  readonly options: StreamOptions
  readonly epoch: string
  offset: number
  sinceTrim: number
}

export class EventDatabase {
  readonly #database: DatabaseSync
  readonly #runner: Runner
  readonly #realms: readonly { readonly name: string; readonly streams: readonly Stream[] }[]

  readonly #isLate: boolean

  /**
   * Opens or makes the file. Throws what SQLite or the file system says. `isLate`: the router has given out numbers already,
   * so none of those in the file may be continued.
   */
  constructor(file: string, realms: readonly RealmStreams[], isLate: boolean) {
    this.#isLate = isLate
    mkdirSync(dirname(file), { recursive: true })
    const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
    try {
      // FULL: a group of appends costs one sync, and what is acknowledged then survives a power cut, too.
      for (const pragma of ['locking_mode = EXCLUSIVE', 'journal_mode = WAL', 'synchronous = FULL']) database.exec(`PRAGMA ${pragma}`)
      this.#database = database
      this.#runner = new Runner(database)
      migrate(this.#runner)
      this.#realms = realms.map(({ name, streams }) => ({ name, streams: streams.map((options) => this.#openStream(name, options)) }))
    } catch (error) {
      database.close()
      throw error
    }
  }

  #openStream(realm: string, options: StreamOptions): Stream {
    const { uri, match } = options
    const key = { realm, uri, match }
    const found = this.#runner.first(
      tables.selectFrom('streams').selectAll().where('realm', '=', realm).where('uri', '=', uri).where('match', '=', match).compile(),
    )
    // A stream that was not closed may have given out numbers that are not here, so its positions count no more.
    const epoch = found?.is_clean === 1 && !this.#isLate ? found.epoch : randomUUID()
    if (found === undefined) {
      const { id } = this.#runner.run(
        tables
          .insertInto('streams')
          .values({ ...key, epoch, offset: 0, is_clean: 0 })
          .compile(),
      )
      return { id, options, epoch, offset: 0, sinceTrim: 0 }
    }
    this.#runner.run(tables.updateTable('streams').set({ epoch, is_clean: 0 }).where('id', '=', found.id).compile())
    return { id: found.id, options, epoch, offset: found.offset, sinceTrim: 0 }
  }

  /** What was there when it was opened. */
  opened(): OpenedRealm[] {
    return this.#realms.map(({ name, streams }) => ({
      streams: streams.map(({ options, epoch, offset }): StreamState => ({ ...options, epoch, offset })),
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
        .map(flatten),
    }))
  }

  /** Keeps all of these, or none. */
  append(records: readonly { readonly realm: number; readonly record: FlatRecord }[]): void {
    const offsets = new Map<Stream, number>()
    this.#runner.transaction(() => {
      for (const { realm, record } of records) this.#insert(this.#realms[realm]!, record, offsets)
      for (const [stream, offset] of offsets) {
        this.#runner.run(tables.updateTable('streams').set({ offset }).where('id', '=', stream.id).compile())
        if (stream.sinceTrim >= TRIM_EVERY) this.#trim(stream, records[records.length - 1]!.record.event.time)
      }
    })
    for (const [stream, offset] of offsets) stream.offset = offset
  }

  #insert(realm: { readonly name: string; readonly streams: readonly Stream[] }, record: FlatRecord, offsets: Map<Stream, number>): void {
    const { event, retention } = record
    const { publisher } = event
    const { id: seq } = this.#runner.run(
      tables
        .insertInto('events')
        .values({
          publication: event.publicationId,
          topic: event.topic,
          time: event.time,
          details: JSON.stringify(event.details),
          publisher_session: publisher.session,
          publisher_authid: publisher.authid,
          publisher_authrole: publisher.authrole,
          is_disclosed: Number(event.isDisclosed),
          excludes_publisher: Number(event.excludesPublisher),
          lists: JSON.stringify(event.lists),
          serializer: event.serializer,
          count: event.count,
          payload: event.bytes,
        })
        .compile(),
    )
    for (const { index, offset } of record.streams) {
      const stream = realm.streams[index]!
      const row = { stream: stream.id, seq, offset, epoch: stream.epoch, bytes: event.bytes.length, time: event.time }
      this.#runner.run(tables.insertInto('stream_events').values(row).compile())
      offsets.set(stream, offset)
      stream.sinceTrim++
    }
    if (retention === 'none') return
    if (retention === 'replace') this.dropRetainedOf(realm.name, event.topic)
    this.#runner.run(tables.insertInto('retained').values({ realm: realm.name, topic: event.topic, seq }).compile())
    if (retention === 'add') this.#trimRetained(realm.name, event.topic)
  }

  dropRetained(realm: number, topic: string): void {
    this.#runner.transaction(() => this.dropRetainedOf(this.#realms[realm]!.name, topic))
  }
  dropRetainedOf(realm: string, topic: string): void {
    const rows = this.#runner.all(
      tables.selectFrom('retained').select('seq').where('realm', '=', realm).where('topic', '=', topic).compile(),
    )
    this.#forgetRetained(
      realm,
      topic,
      rows.map(({ seq }) => seq),
    )
  }

  #trimRetained(realm: string, topic: string): void {
    const rows = this.#runner.all(
      tables
        .selectFrom('retained')
        .select('seq')
        .where('realm', '=', realm)
        .where('topic', '=', topic)
        .orderBy('seq', 'desc')
        .offset(RETAINED_PER_TOPIC_MAX)
        .limit(1_000)
        .compile(),
    )
    this.#forgetRetained(
      realm,
      topic,
      rows.map(({ seq }) => seq),
    )
  }

  #forgetRetained(realm: string, topic: string, seqs: readonly number[]): void {
    for (const seq of seqs) {
      this.#runner.run(tables.deleteFrom('retained').where('realm', '=', realm).where('topic', '=', topic).where('seq', '=', seq).compile())
    }
    this.#deleteOrphans(seqs)
  }

  /** Drops what is beyond the limits of a stream, the oldest first. The newest stays whatever its size. */
  #trim(stream: Stream, now: number): void {
    stream.sinceTrim = 0
    const { ageMsMax, bytesMax, eventsMax } = stream.options
    const ofStream = tables.selectFrom('stream_events').where('stream', '=', stream.id)
    const tooMany = this.#runner.first(ofStream.select('seq').orderBy('seq', 'desc').offset(eventsMax).limit(1).compile())?.seq ?? 0
    let bound = tooMany
    if (ageMsMax > 0) {
      const old = this.#runner.first(
        ofStream
          .select('seq')
          .where('time', '<', now - ageMsMax)
          .orderBy('seq', 'desc')
          .limit(1)
          .compile(),
      )
      bound = Math.max(bound, old?.seq ?? 0)
    }
    if (bytesMax > 0) bound = Math.max(bound, this.#tooLarge(stream, bytesMax))
    if (bound === 0) return
    const gone = this.#runner.all(ofStream.select('seq').where('seq', '<=', bound).compile()).map(({ seq }) => seq)
    this.#runner.run(tables.deleteFrom('stream_events').where('stream', '=', stream.id).where('seq', '<=', bound).compile())
    this.#deleteOrphans(gone)
  }

  /** The newest event that is too much for the bytes that a stream may have; 0 when none is. */
  #tooLarge(stream: Stream, bytesMax: number): number {
    let bytes = 0
    let isNewest = true
    const rows = tables
      .selectFrom('stream_events')
      .select(['seq', 'bytes'])
      .where('stream', '=', stream.id)
      .orderBy('seq', 'desc')
      .compile()
    for (const row of this.#runner.each(rows)) {
      bytes += row.bytes
      if (bytes > bytesMax && !isNewest) return row.seq
      isNewest = false
    }
    return 0
  }

  #deleteOrphans(seqs: readonly number[]): void {
    for (const seq of seqs) {
      const query = tables
        .deleteFrom('events')
        .where('seq', '=', seq)
        .where(({ exists, not, selectFrom }) => not(exists(selectFrom('stream_events').select('seq').where('seq', '=', seq))))
        .where(({ exists, not, selectFrom }) => not(exists(selectFrom('retained').select('seq').where('seq', '=', seq))))
      this.#runner.run(query.compile())
    }
  }

  query(realm: number, query: HistoryQuery): FlatPage {
    const stream = this.#realms[realm]!.streams[query.stream]!
    this.#runner.transaction(() => this.#trim(stream, query.now))
    const oldest = this.#runner.first(
      tables
        .selectFrom('stream_events')
        .select('offset')
        .where('stream', '=', stream.id)
        .where('epoch', '=', stream.epoch)
        .orderBy('seq')
        .limit(1)
        .compile(),
    )
    const page = { oldestOffset: oldest?.offset ?? 0 }
    const rows = this.#rowsFor(stream, query)
    if (rows === undefined) return { ...page, events: [], isLimitReached: false }
    const events: { offset: number; event: FlatEvent }[] = []
    let bytes = 0
    for (const row of this.#runner.each(rows.compile())) {
      const event = flatten(row)
      if (!isVisibleTo(event as unknown as StoredEvent, query.asker)) continue
      if (events.length >= query.limit || (events.length > 0 && bytes + event.bytes.length > query.bytesMax)) {
        return { ...page, events, isLimitReached: true }
      }
      bytes += event.bytes.length
      events.push({ offset: row.offset, event })
    }
    return { ...page, events, isLimitReached: false }
  }

  /** The rows that meet all conditions, in the order asked for; `undefined` when a publication is not in the stream (HIS-15). */
  #rowsFor(stream: Stream, query: HistoryQuery) {
    let rows = tables
      .selectFrom('stream_events')
      .innerJoin('events', 'events.seq', 'stream_events.seq')
      .selectAll('events')
      .select('stream_events.offset')
      .where('stream_events.stream', '=', stream.id)
      .orderBy('stream_events.seq', query.reverse ? 'desc' : 'asc')
    const times = [
      ['>=', query.fromTime],
      ['>', query.afterTime],
      ['<', query.beforeTime],
      ['<=', query.untilTime],
    ] as const
    for (const [operator, time] of times) if (time !== undefined) rows = rows.where('events.time', operator, time)
    const publications = [
      ['>=', query.fromPublication],
      ['>', query.afterPublication],
      ['<', query.beforePublication],
      ['<=', query.untilPublication],
    ] as const
    for (const [operator, publication] of publications) {
      if (publication === undefined) continue
      const seq = this.#seqOf(stream, publication)
      if (seq === undefined) return undefined
      rows = rows.where('stream_events.seq', operator, seq)
    }
    if (query.topic !== undefined) rows = rows.where('events.topic', '=', query.topic)
    if (query.afterOffset !== undefined) {
      rows = rows.where('stream_events.epoch', '=', stream.epoch).where('stream_events.offset', '>', query.afterOffset)
    }
    return rows
  }

  #seqOf(stream: Stream, publication: number): number | undefined {
    const query = tables
      .selectFrom('events')
      .innerJoin('stream_events', 'stream_events.seq', 'events.seq')
      .select('events.seq')
      .where('events.publication', '=', publication)
      .where('stream_events.stream', '=', stream.id)
    return this.#runner.first(query.compile())?.seq
  }

  /** Closes it in order: its positions count when it is opened again. */
  close(): void {
    const ids = this.#realms.flatMap(({ streams }) => streams.map(({ id }) => id))
    if (ids.length > 0) this.#runner.run(tables.updateTable('streams').set({ is_clean: 1 }).where('id', 'in', ids).compile())
    this.#runner.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    this.#database.close()
  }

  /** Lets the file go without a word, because it cannot be used. */
  abandon(): void {
    this.#database.close()
  }
}

function flatten(row: Selectable<EventTables['events']>): FlatEvent {
  return {
    publicationId: row.publication as FlatEvent['publicationId'],
    topic: row.topic,
    time: row.time,
    details: JSON.parse(row.details) as FlatEvent['details'],
    publisher: { session: row.publisher_session as never, authid: row.publisher_authid, authrole: row.publisher_authrole },
    isDisclosed: row.is_disclosed === 1,
    excludesPublisher: row.excludes_publisher === 1,
    lists: JSON.parse(row.lists) as FlatEvent['lists'],
    serializer: row.serializer,
    count: row.count,
    bytes: row.payload,
  }
}
