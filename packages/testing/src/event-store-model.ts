// The obvious store of events: lists, and a loop over all of them. The stores are held against it (event-store-suite.ts).

import { type HistoryQuery, isVisibleTo, type StoredEvent, type StreamOptions } from '@crosspoint/router'

interface Kept {
  readonly offset: number
  readonly event: StoredEvent
}

export class EventModel {
  readonly #streams: { readonly options: StreamOptions; offset: number; kept: Kept[] }[]

  constructor(streams: readonly StreamOptions[]) {
    this.#streams = streams.map((options) => ({ options, offset: 0, kept: [] }))
  }

  /** Times must not go back. */
  append(event: StoredEvent, streams: readonly number[]): void {
    for (const index of streams) {
      const stream = this.#streams[index]!
      const { bytesMax, eventsMax } = stream.options
      stream.kept.push({ offset: ++stream.offset, event })
      while (stream.kept.length > eventsMax) stream.kept.shift()
      while (bytesMax > 0 && stream.kept.length > 1 && sum(stream.kept.map(size)) > bytesMax) stream.kept.shift()
    }
  }

  /** Offsets and ids of what is found, in order. */
  ask(query: HistoryQuery): object {
    const { options, kept } = this.#streams[query.stream]!
    const young = kept.filter(({ event }) => options.ageMsMax === 0 || event.time >= query.now - options.ageMsMax)
    const found = young.filter((each, at) => matches(each, at, young, query))
    if (query.reverse) found.reverse()
    let count = Math.min(found.length, query.limit)
    while (count > 1 && sum(found.slice(0, count).map(size)) > query.bytesMax) count--
    return {
      isLimitReached: count < found.length,
      oldestOffset: young[0]?.offset ?? 0,
      events: found.slice(0, count).map(({ offset, event }) => [offset, event.publicationId]),
    }
  }
}

function matches({ offset, event }: Kept, at: number, all: readonly Kept[], query: HistoryQuery): boolean {
  const { fromTime, afterTime, beforeTime, untilTime, fromPublication, afterPublication, beforePublication, untilPublication } = query
  const place = (id: number) => all.findIndex((each) => each.event.publicationId === id)
  for (const id of [fromPublication, afterPublication, beforePublication, untilPublication]) {
    if (id !== undefined && place(id) < 0) return false
  }
  if (fromTime !== undefined && !(event.time >= fromTime)) return false
  if (afterTime !== undefined && !(event.time > afterTime)) return false
  if (beforeTime !== undefined && !(event.time < beforeTime)) return false
  if (untilTime !== undefined && !(event.time <= untilTime)) return false
  if (fromPublication !== undefined && !(at >= place(fromPublication))) return false
  if (afterPublication !== undefined && !(at > place(afterPublication))) return false
  if (beforePublication !== undefined && !(at < place(beforePublication))) return false
  if (untilPublication !== undefined && !(at <= place(untilPublication))) return false
  if (query.topic !== undefined && event.topic !== query.topic) return false
  if (query.afterOffset !== undefined && offset <= query.afterOffset) return false
  return isVisibleTo(event, query.asker)
}

function size({ event: { payload } }: Kept): number {
  return payload.end - payload.start
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0)
}
