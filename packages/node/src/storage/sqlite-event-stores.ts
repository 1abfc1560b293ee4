// The router's stores of events in a SQLite file, seen from the node: what is asked for goes to the storage thread, and its
// answers come back later (event-thread.ts).

import { randomUUID } from 'node:crypto'
import type { EventRecord, EventStore, HistoryPage, HistoryQuery, StoredEvent, StoreFailure, StreamState } from '@crosspoint/router'
import { flatten, restore } from './flat-event.ts'
import type { FlatPage, OpenedRealm, RealmStreams, ThreadData } from './messages.ts'
import { ThreadLink } from './thread-link.ts'

export interface SqliteStoresOptions extends ThreadData {
  /** Bytes of events on their way to the thread. Beyond it an append fails at once. Default: 64 MiB. */
  readonly pendingBytesMax?: number | undefined
}

/** The open stores of a file, by realm. */
export interface SqliteStores {
  readonly stores: ReadonlyMap<string, EventStore>
  /** Why nothing can be kept, when that is so: the realms route all the same, and the file is tried again. */
  readonly failure: string | undefined
  /** Waits for what was appended, and closes the file. */
  close(): Promise<void>
}

const PENDING_BYTES_MAX = 67_108_864

/**
 * Opens a file for the events of these realms, and makes it when it is not there. A file that cannot be used is no error
 * here: its stores fail, in words, until it can.
 *
 * @example
 * const { stores, close } = await openSqliteStores({ file: 'events.sqlite', realms: [{ name: 'realm1', streams: streamsOf(history) }] })
 */
export async function openSqliteStores(options: SqliteStoresOptions): Promise<SqliteStores> {
  const { file, realms, pendingBytesMax = PENDING_BYTES_MAX } = options
  const link = new ThreadLink({ file, realms }, pendingBytesMax)
  const { realms: found, failure } = await link.opened
  const stores = realms.map((realm, index) => new SqliteEventStore(link, index, realm, found[index]))
  return {
    stores: new Map(realms.map(({ name }, index) => [name, stores[index]!])),
    failure,
    close: () => link.close(stores.map((store) => store.lossyStreams)),
  }
}

class SqliteEventStore implements EventStore {
  readonly streams: readonly StreamState[]
  readonly retained: readonly StoredEvent[]
  readonly #link: ThreadLink
  readonly #realm: number
  /** By stream: the greatest number that came here, and the greatest of those that were lost. */
  readonly #offsets: { last: number; lost: number }[]

  constructor(link: ThreadLink, realm: number, { streams }: RealmStreams, found: OpenedRealm | undefined) {
    this.#link = link
    this.#realm = realm
    // Without a file every position is of an epoch that nobody has seen.
    this.streams = found?.streams ?? streams.map((options) => ({ ...options, epoch: randomUUID(), offset: 0 }))
    this.retained = found?.retained.map(restore).filter((event) => event !== undefined) ?? []
    this.#offsets = streams.map(() => ({ last: 0, lost: 0 }))
  }

  append(record: EventRecord, done: (failure: StoreFailure | undefined) => void): void {
    for (const { index, offset } of record.streams) this.#offsets[index]!.last = offset
    const finish = (failure: StoreFailure | undefined): void => {
      if (failure !== undefined) this.#noteLoss(record)
      done(failure)
    }
    try {
      const flat = { ...record, event: flatten(record.event) }
      const refusal = this.#link.append(this.#realm, flat, finish)
      if (refusal === undefined) return
      if (record.retention === 'replace') this.#link.drop(this.#realm, record.event.topic)
      finish(refusal)
    } catch (error) {
      finish({ failure: `an event of ${record.event.topic} cannot be stored: ${(error as Error).message}` })
    }
  }

  query(query: HistoryQuery, done: (answer: HistoryPage | StoreFailure) => void): void {
    this.#link.query(this.#realm, query, (answer) => done('failure' in answer ? answer : this.#restorePage(answer, query.stream)))
  }

  #restorePage({ events, isLimitReached, oldestOffset }: FlatPage, stream: number): HistoryPage {
    const restored: { offset: number; event: StoredEvent }[] = []
    for (const { offset, event: flat } of events) {
      const event = restore(flat)
      if (event !== undefined) restored.push({ offset, event })
    }
    return { events: restored, isLimitReached, oldestOffset: this.#wholeFrom(oldestOffset, stream) }
  }

  /** Whoever asks for what came after a lost event must see that it is not all there. */
  #wholeFrom(oldestOffset: number, stream: number): number {
    const { last, lost } = this.#offsets[stream]!
    if (oldestOffset === 0 || oldestOffset > lost) return oldestOffset
    return last > lost ? lost + 1 : 0
  }

  #noteLoss({ streams }: EventRecord): void {
    for (const { index, offset } of streams) {
      const offsets = this.#offsets[index]!
      offsets.lost = Math.max(offsets.lost, offset)
    }
  }

  /** The streams of which numbers were given out to events that the file does not have. */
  get lossyStreams(): number[] {
    return this.#offsets.flatMap(({ lost }, index) => (lost > 0 ? [index] : []))
  }
}
