import type { Random } from '@crosspoint/protocol'
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
export class MemoryEventStore implements EventStore {
  readonly streams: readonly StreamState[]
  readonly retained: readonly StoredEvent[] = []
  #e: { offset: number; event: StoredEvent }[][]
  constructor(streams: readonly StreamOptions[], random: Random) {
    this.streams = streams.map((s) => ({ ...s, epoch: String(random.id()), offset: 0 }))
    this.#e = streams.map(() => [])
  }
  append(record: EventRecord, done: (failure: StoreFailure | undefined) => void): void {
    for (const { index, offset } of record.streams) {
      this.#e[index]!.push({ offset, event: record.event })
      if (this.#e[index]!.length > this.streams[index]!.eventsMax) this.#e[index]!.shift()
    }
    done(undefined)
  }
  dropRetained(): void {}
  query(q: HistoryQuery, done: (answer: HistoryPage | StoreFailure) => void): void {
    let all = this.#e[q.stream]!.slice()
    const oldestOffset = all[0]?.offset ?? 0
    if (q.afterOffset !== undefined) all = all.filter((x) => x.offset > q.afterOffset!)
    all = all.filter((x) => isVisibleTo(x.event, q.asker))
    if (q.reverse) all.reverse()
    done({ events: all.slice(0, q.limit), isLimitReached: all.length > q.limit, oldestOffset })
  }
}
