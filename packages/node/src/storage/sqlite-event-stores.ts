// The router's stores of events in a SQLite file, seen from the node: what is asked for goes to the storage thread, and its
// answers come back later (event-thread.ts).

import { randomUUID } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { cborSerializer, Payload, type Serializer } from '@crosspoint/protocol'
import type { EventRecord, EventStore, HistoryPage, HistoryQuery, StoredEvent, StoreFailure, StreamState } from '@crosspoint/router'
import { SERIALIZERS } from '../serializers.ts'
import type { FlatEvent, OpenedRealm, RealmStreams, Reply, Request, ThreadData } from './messages.ts'

export interface SqliteStoresOptions extends ThreadData {
  /** Bytes of payload on their way to the thread. Beyond it an append fails at once. Default: 64 MiB. */
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
const EVENT_BYTES = 200 // what an event takes beside its payload, roughly

const THREAD = new URL(import.meta.url.endsWith('.ts') ? './event-thread.ts' : './event-thread.js', import.meta.url)

/** By the names that are kept with every payload. The two dialects of UBJSON have one name on the wire, and two here. */
const NAMED: ReadonlyMap<string, Serializer> = new Map(Object.entries(SERIALIZERS))
const NAME_OF: ReadonlyMap<Serializer, string> = new Map(Object.entries(SERIALIZERS).map(([name, serializer]) => [serializer, name]))

/**
 * Opens a file for the events of these realms, and makes it when it is not there. A file that cannot be used is no error
 * here: its stores fail, in words, until it can.
 *
 * @example
 * const { stores, close } = await openSqliteStores({ file: 'events.sqlite', realms: [{ name: 'realm1', streams: streamsOf(history) }] })
 */
export function openSqliteStores(options: SqliteStoresOptions): Promise<SqliteStores> {
  const { file, realms, pendingBytesMax = PENDING_BYTES_MAX } = options
  const data: ThreadData = { file, realms }
  const link = new ThreadLink(new Worker(THREAD, { workerData: data }), file, pendingBytesMax)
  return link.opened.then(({ realms: found, failure }) => ({
    stores: new Map(realms.map((realm, index) => [realm.name, new SqliteEventStore(link, index, realm, found[index])])),
    failure,
    close: () => link.close(),
  }))
}

/** The way to the thread and back: what waits for an answer, by id. */
class ThreadLink {
  readonly opened: Promise<Extract<Reply, { type: 'opened' }>>
  readonly #worker: Worker
  readonly #file: string
  readonly #pendingBytesMax: number
  readonly #appends = new Map<number, { readonly bytes: number; readonly done: (failure: StoreFailure | undefined) => void }>()
  readonly #queries = new Map<number, (answer: HistoryPage | StoreFailure) => void>()
  readonly #onEnd: (() => void)[] = []
  #lastId = 0
  #pendingBytes = 0
  #dead: string | undefined

  constructor(worker: Worker, file: string, pendingBytesMax: number) {
    this.#worker = worker
    this.#file = file
    this.#pendingBytesMax = pendingBytesMax
    this.opened = new Promise((resolve) => {
      const nothing = () => resolve({ type: 'opened', realms: [], failure: this.#dead })
      this.#onEnd.push(nothing)
      worker.on('message', (reply: Reply) => (reply.type === 'opened' ? resolve(reply) : this.#answered(reply)))
    })
    worker.on('error', (error) => this.#ended(`the storage thread of ${file} failed: ${(error as Error).message}; restart the node`))
    worker.on('exit', () => this.#ended(`the storage thread of ${file} has ended; restart the node`))
  }

  #ended(why: string): void {
    this.#dead ??= why
    const failure = { failure: this.#dead }
    for (const { done } of this.#appends.values()) done(failure)
    for (const done of this.#queries.values()) done(failure)
    this.#appends.clear()
    this.#queries.clear()
    for (const end of this.#onEnd.splice(0)) end()
  }

  #answered(reply: Reply): void {
    if (reply.type === 'appended') {
      const failure = reply.failure === undefined ? undefined : { failure: reply.failure }
      for (const id of reply.ids) {
        const append = this.#appends.get(id)!
        this.#appends.delete(id)
        this.#pendingBytes -= append.bytes
        append.done(failure)
      }
    } else if (reply.type === 'page' || reply.type === 'failed') {
      const done = this.#queries.get(reply.id)
      this.#queries.delete(reply.id)
      if (reply.type === 'failed') return done?.({ failure: reply.failure })
      const { events, ...rest } = reply.page
      done?.({ ...rest, events: events.map(({ offset, event }) => ({ offset, event: restored(event) })) })
    }
  }

  append(realm: number, record: EventRecord, done: (failure: StoreFailure | undefined) => void): void {
    if (this.#dead !== undefined) return done({ failure: this.#dead })
    const event = flat(record.event)
    const bytes = event.bytes.length + EVENT_BYTES
    if (this.#pendingBytes + bytes > this.#pendingBytesMax) {
      return done({ failure: `${this.#file}: ${this.#pendingBytes} bytes wait to be written, which is the limit; the disk is too slow` })
    }
    this.#pendingBytes += bytes
    const id = ++this.#lastId
    this.#appends.set(id, { bytes, done })
    this.#send({ type: 'append', id, realm, record: { ...record, event } })
  }

  drop(realm: number, topic: string): void {
    this.#send({ type: 'drop', realm, topic })
  }

  query(realm: number, query: HistoryQuery, done: (answer: HistoryPage | StoreFailure) => void): void {
    if (this.#dead !== undefined) return done({ failure: this.#dead })
    const id = ++this.#lastId
    this.#queries.set(id, done)
    this.#send({ type: 'query', id, realm, query })
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#dead !== undefined) return resolve()
      this.#onEnd.push(resolve)
      this.#send({ type: 'close' })
    })
  }

  #send(request: Request): void {
    this.#worker.postMessage(request)
  }
}

class SqliteEventStore implements EventStore {
  readonly streams: readonly StreamState[]
  readonly retained: readonly StoredEvent[]
  readonly #link: ThreadLink
  readonly #realm: number

  constructor(link: ThreadLink, realm: number, { streams }: RealmStreams, found: OpenedRealm | undefined) {
    this.#link = link
    this.#realm = realm
    // Without a file every position is of an epoch that nobody has seen.
    this.streams = found?.streams ?? streams.map((options) => ({ ...options, epoch: randomUUID(), offset: 0 }))
    this.retained = found?.retained.map(restored) ?? []
  }

  append(record: EventRecord, done: (failure: StoreFailure | undefined) => void): void {
    this.#link.append(this.#realm, record, done)
  }
  dropRetained(topic: string): void {
    this.#link.drop(this.#realm, topic)
  }
  query(query: HistoryQuery, done: (answer: HistoryPage | StoreFailure) => void): void {
    this.#link.query(this.#realm, query, done)
  }
}

/** Payloads of values, which components in the node publish, are kept as CBOR; so are those of a serializer that no configuration has. */
function flat({ payload, ...event }: StoredEvent): FlatEvent {
  const own = payload.serializer
  const serializer = own !== undefined && NAME_OF.has(own) ? own : cborSerializer
  const { bytes, start, end } = payload.bytesIn(serializer)
  return { ...event, serializer: NAME_OF.get(serializer)!, count: payload.count, bytes: Uint8Array.prototype.slice.call(bytes, start, end) }
}

function restored({ serializer, count, bytes, ...event }: FlatEvent): StoredEvent {
  const known = NAMED.get(serializer) ?? cborSerializer
  return { ...event, payload: new Payload(count as 0 | 1 | 2, known, bytes, 0, bytes.length) }
}
