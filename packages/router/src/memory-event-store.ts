// The store that ends with the router: streams as lists in order of arrival, bounded by number, age and bytes.

import type { PublicationId, Random } from '@crosspoint/protocol'
import {
  type EventRecord,
  type EventStore,
  type HistoryPage,
  type HistoryQuery,
  isVisibleTo,
  type StoredEvent,
  type StoreFailure,
  type StreamOptions,
  type StreamState,
} from './event-store.ts'
import { keptPayload } from './kept-payload.ts'

interface Entry {
  readonly offset: number
  readonly event: StoredEvent
}

/** One stream. What was dropped at the front is cut off now and then, so that dropping costs nothing. */
class Stream {
  readonly #options: StreamOptions
  #entries: Entry[] = []
  readonly #offsets = new Map<PublicationId, number>()
  /** Entries before this index have been dropped. */
  #first = 0
  #bytes = 0

  constructor(options: StreamOptions) {
    this.#options = options
  }

  add(entry: Entry): void {
    this.#entries.push(entry)
    this.#offsets.set(entry.event.publicationId, entry.offset)
    this.#bytes += bytesOf(entry)
    this.trim(entry.event.time)
  }

  /** Drops what is beyond the limits, the oldest first; the newest stays whatever its size. */
  trim(now: number): void {
    const { eventsMax, bytesMax } = this.#options
    const entries = this.#entries
    while (this.#first < entries.length) {
      const count = entries.length - this.#first
      const oldest = entries[this.#first]!
      const isTooMuch = count > eventsMax || (bytesMax > 0 && count > 1 && this.#bytes > bytesMax)
      if (!isTooMuch && !this.#isTooOld(oldest, now)) break
      this.#offsets.delete(oldest.event.publicationId)
      this.#bytes -= bytesOf(oldest)
      this.#first++
    }
    if (this.#first > 64 && this.#first * 2 > entries.length) {
      this.#entries = entries.slice(this.#first)
      this.#first = 0
    }
  }

  #isTooOld({ event }: Entry, now: number): boolean {
    const { ageMsMax } = this.#options
    return ageMsMax > 0 && event.time < now - ageMsMax
  }

  query(query: HistoryQuery): HistoryPage {
    this.trim(query.now)
    const range = this.#range(query)
    const events: Entry[] = []
    let bytes = 0
    let isLimitReached = false
    const step = query.reverse ? -1 : 1
    for (let at = query.reverse ? range.end - 1 : range.start; at >= range.start && at < range.end; at += step) {
      const entry = this.#entries[at]!
      // A clock may go back, so an event that is too old may stand behind one that is not.
      if (this.#isTooOld(entry, query.now) || !matches(entry.event, query)) continue
      if (events.length >= query.limit || (events.length > 0 && bytes + bytesOf(entry) > query.bytesMax)) {
        isLimitReached = true
        break
      }
      bytes += bytesOf(entry)
      events.push(entry)
    }
    return { events, isLimitReached, oldestOffset: this.#entries[this.#first]?.offset ?? 0 }
  }

  /** The indexes that the conditions by number and publication leave; empty when a publication is not there (HIS-15). */
  #range(query: HistoryQuery): { start: number; end: number } {
    const none = { start: 0, end: 0 }
    let start = query.afterOffset === undefined ? this.#first : this.#indexAfter(query.afterOffset)
    let end = this.#entries.length
    const bounds = [
      [query.fromPublication, 0, undefined],
      [query.afterPublication, 1, undefined],
      [query.beforePublication, undefined, 0],
      [query.untilPublication, undefined, 1],
    ] as const
    for (const [publication, fromStart, fromEnd] of bounds) {
      if (publication === undefined) continue
      const offset = this.#offsets.get(publication)
      if (offset === undefined) return none
      const at = this.#indexAfter(offset) - 1
      if (this.#isTooOld(this.#entries[at]!, query.now)) return none
      if (fromStart !== undefined) start = Math.max(start, at + fromStart)
      if (fromEnd !== undefined) end = Math.min(end, at + fromEnd)
    }
    return { start, end }
  }

  /** Numbers only grow, so the first greater one is found by halving. */
  #indexAfter(offset: number): number {
    let [low, high] = [this.#first, this.#entries.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#entries[middle]!.offset > offset) high = middle
      else low = middle + 1
    }
    return low
  }
}

export class MemoryEventStore implements EventStore {
  readonly streams: readonly StreamState[]
  readonly retained: readonly StoredEvent[] = []
  readonly #streams: readonly Stream[]

  /** `random` draws the epochs. */
  constructor(streams: readonly StreamOptions[], random: Random) {
    this.streams = streams.map((options) => ({ ...options, epoch: random.id().toString(36), offset: 0 }))
    this.#streams = streams.map((options) => new Stream(options))
  }

  append(record: EventRecord, done: (failure: StoreFailure | undefined) => void): void {
    if (record.streams.length > 0) {
      const { event: given } = record
      const event = given.payload.serializer === undefined ? { ...given, payload: keptPayload(given.payload) } : given
      for (const { index, offset } of record.streams) this.#streams[index]!.add({ offset, event })
    }
    done(undefined)
  }

  query(query: HistoryQuery, done: (answer: HistoryPage | StoreFailure) => void): void {
    done(this.#streams[query.stream]!.query(query))
  }
}

function matches(event: StoredEvent, query: HistoryQuery): boolean {
  const { fromTime, afterTime, beforeTime, untilTime, topic, asker } = query
  if (fromTime !== undefined && event.time < fromTime) return false
  if (afterTime !== undefined && event.time <= afterTime) return false
  if (beforeTime !== undefined && event.time >= beforeTime) return false
  if (untilTime !== undefined && event.time > untilTime) return false
  return (topic === undefined || event.topic === topic) && isVisibleTo(event, asker)
}

function bytesOf({ event }: Entry): number {
  return event.payload.end - event.payload.start
}
