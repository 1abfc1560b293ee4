// The history of one subscription in the file: what belongs to it, in order of arrival (`seq`), trimmed and asked for.

import { type HistoryQuery, isVisibleTo, type StoredEvent, type StreamOptions } from '@crosspoint/router'
import type { Selectable } from 'kysely'
import { type EventTables, tables } from './event-tables.ts'
import { textToDict } from './flat-event.ts'
import type { FlatEvent, FlatPage } from './messages.ts'
import type { Runner } from './sql.ts'

// So many that are too old go with one commit; with a million at once the appends behind them would wait for seconds.
const AGED_PER_TRIM = 1_000

/** What a stream holds; counted along, because SQLite would have to read all of it. */
export interface StreamState {
  readonly offset: number
  readonly events: number
  readonly bytes: number
}

export class StoredStream {
  readonly id: number
  readonly options: StreamOptions
  readonly epoch: string
  /** Set back by the owner when a transaction fails. */
  state: StreamState
  readonly #epochStart: number
  readonly #runner: Runner

  constructor(runner: Runner, options: StreamOptions, row: Selectable<EventTables['streams']>) {
    this.#runner = runner
    this.options = options
    this.id = row.id
    this.epoch = row.epoch
    this.#epochStart = row.epoch_start
    const held = runner.first(
      tables
        .selectFrom('stream_events')
        .select(({ fn }) => [fn.countAll<number>().as('events'), fn.sum<number | null>('bytes').as('bytes')])
        .where('stream', '=', row.id)
        .compile(),
    )!
    this.state = { offset: row.offset, events: held.events, bytes: held.bytes ?? 0 }
  }

  add(seq: number, offset: number, event: FlatEvent): void {
    const bytes = event.bytes.length
    const row = { stream: this.id, seq, offset, bytes, time: event.time }
    this.#runner.run(tables.insertInto('stream_events').values(row).compile())
    this.state = { offset, events: this.state.events + 1, bytes: this.state.bytes + bytes }
  }

  saveOffset(): void {
    this.#runner.run(tables.updateTable('streams').set({ offset: this.state.offset }).where('id', '=', this.id).compile())
  }

  /** Drops what is beyond the limits, the oldest first; the newest stays whatever its size. */
  trim(now: number): void {
    const { ageMsMax, bytesMax, eventsMax } = this.options
    let { events, bytes } = this.state
    const isTooMuch = () => events > eventsMax || (bytesMax > 0 && events > 1 && bytes > bytesMax)
    if (ageMsMax === 0 && !isTooMuch()) return
    let bound = 0
    let aged = 0
    const oldest = tables.selectFrom('stream_events').select(['seq', 'bytes', 'time']).where('stream', '=', this.id).orderBy('seq')
    for (const row of this.#runner.each(oldest.compile())) {
      const isTooOld = ageMsMax > 0 && row.time < now - ageMsMax && ++aged <= AGED_PER_TRIM
      if (!isTooOld && !isTooMuch()) break
      bound = row.seq
      events--
      bytes -= row.bytes
    }
    if (bound === 0) return
    this.#dropUpTo(bound)
    this.state = { ...this.state, events, bytes }
  }

  #dropUpTo(bound: number): void {
    const gone = tables.selectFrom('stream_events').select('seq').where('stream', '=', this.id).where('seq', '<=', bound)
    const orphans = tables
      .deleteFrom('events')
      .where('seq', 'in', gone)
      .where(({ exists, not, selectFrom }) => {
        const elsewhere = selectFrom('stream_events as other').select('other.seq').whereRef('other.seq', '=', 'events.seq')
        return not(exists(elsewhere.where('other.stream', '!=', this.id)))
      })
      .where(({ exists, not, selectFrom }) =>
        not(exists(selectFrom('retained').select('retained.seq').whereRef('retained.seq', '=', 'events.seq'))),
      )
    this.#runner.run(orphans.compile())
    this.#runner.run(tables.deleteFrom('stream_events').where('stream', '=', this.id).where('seq', '<=', bound).compile())
  }

  query(query: HistoryQuery): FlatPage {
    const first = this.#firstOfEpoch(query.now)
    const events: { offset: number; event: FlatEvent }[] = []
    const page = { events, oldestOffset: first?.offset ?? 0 }
    const rows = this.#rowsFor(query)
    if (rows === undefined) return { ...page, isLimitReached: false }
    let bytes = 0
    for (const row of this.#runner.each(rows.compile())) {
      const event = fromRow(row)
      if (!isFor(event, query)) continue
      if (events.length >= query.limit || (events.length > 0 && bytes + event.bytes.length > query.bytesMax)) {
        return { ...page, isLimitReached: true }
      }
      bytes += event.bytes.length
      events.push({ offset: row.offset, event })
    }
    return { ...page, isLimitReached: false }
  }

  /** The rows that meet all conditions, in the order asked for; `undefined` when a publication is not in the stream (HIS-15). */
  #rowsFor(query: HistoryQuery) {
    let rows = tables
      .selectFrom('stream_events')
      .innerJoin('events', 'events.seq', 'stream_events.seq')
      .selectAll('events')
      .select('stream_events.offset')
      .where('stream_events.stream', '=', this.id)
      .where('stream_events.time', '>=', this.#oldestTime(query.now))
      .orderBy('stream_events.seq', query.reverse ? 'desc' : 'asc')
    const times = [
      ['>=', query.fromTime],
      ['>', query.afterTime],
      ['<', query.beforeTime],
      ['<=', query.untilTime],
    ] as const
    for (const [operator, time] of times) if (time !== undefined) rows = rows.where('stream_events.time', operator, time)
    const publications = [
      ['>=', query.fromPublication],
      ['>', query.afterPublication],
      ['<', query.beforePublication],
      ['<=', query.untilPublication],
    ] as const
    for (const [operator, publication] of publications) {
      if (publication === undefined) continue
      const seq = this.#seqOf(publication, query.now)
      if (seq === undefined) return undefined
      rows = rows.where('stream_events.seq', operator, seq)
    }
    if (query.topic !== undefined) rows = rows.where('events.topic', '=', query.topic)
    if (query.afterOffset !== undefined) rows = rows.where('stream_events.seq', '>', this.#seqAt(query.afterOffset))
    return rows
  }

  #oldestTime(now: number): number {
    return this.options.ageMsMax > 0 ? now - this.options.ageMsMax : 0
  }

  #firstOfEpoch(now: number): { offset: number } | undefined {
    const query = tables
      .selectFrom('stream_events')
      .select('offset')
      .where('stream', '=', this.id)
      .where('seq', '>=', this.#epochStart)
      .where('time', '>=', this.#oldestTime(now))
      .orderBy('seq')
      .limit(1)
    return this.#runner.first(query.compile())
  }

  /** The newest event of this epoch whose number is at most `offset`; looked for from the end, where positions are. */
  #seqAt(offset: number): number {
    const query = tables
      .selectFrom('stream_events')
      .select('seq')
      .where('stream', '=', this.id)
      .where('seq', '>=', this.#epochStart)
      .where('offset', '<=', offset)
      .orderBy('seq', 'desc')
      .limit(1)
    return this.#runner.first(query.compile())?.seq ?? this.#epochStart - 1
  }

  #seqOf(publication: number, now: number): number | undefined {
    const query = tables
      .selectFrom('events')
      .innerJoin('stream_events', 'stream_events.seq', 'events.seq')
      .select('events.seq')
      .where('events.publication', '=', publication)
      .where('stream_events.stream', '=', this.id)
      .where('stream_events.time', '>=', this.#oldestTime(now))
    return this.#runner.first(query.compile())?.seq
  }
}

function isFor(event: FlatEvent, { asker }: HistoryQuery): boolean {
  const { excludesPublisher, publisher } = event
  return isVisibleTo({ excludesPublisher, publisher, lists: textToDict(event.lists) } as StoredEvent, asker)
}

export function fromRow(row: Selectable<EventTables['events']>): FlatEvent {
  return {
    publicationId: row.publication as FlatEvent['publicationId'],
    topic: row.topic,
    time: row.time,
    details: row.details,
    publisher: { session: row.publisher_session as never, authid: row.publisher_authid, authrole: row.publisher_authrole },
    isDisclosed: row.is_disclosed === 1,
    excludesPublisher: row.excludes_publisher === 1,
    lists: row.lists,
    serializer: row.serializer,
    count: row.count,
    bytes: row.payload,
  }
}
