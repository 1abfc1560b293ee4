// What the router asks of a store of events: history by subscription, and retained events by topic. The router decides which
// publication belongs to which stream and numbers it; a store keeps it, finds it again and says when it is safe. Stores do
// I/O and may answer late; the router takes their answers as inputs (realm.ts).
//
// One store serves one realm and is open before the realm is made. A stream is the history of one subscription, that is of
// one pair of URI and match policy (HIS-10), configured beforehand (HIS-13). Its events are numbered 1, 2, 3 … (`offset`);
// the `epoch` changes when numbers may have been given out that the store does not know, so a position of another epoch
// cannot be continued. Retained events are all in the router's memory as well: a store only lets them outlive it.

import type { Dict, MatchPolicy, Payload, PublicationId, SessionId, Uri } from '@crosspoint/protocol'

/** Who somebody is, as far as lists and disclosure ask. */
export interface Principal {
  readonly session: SessionId
  readonly authid: string
  readonly authrole: string
}

/** A publication as it is kept. */
export interface StoredEvent {
  readonly publicationId: PublicationId
  readonly topic: Uri
  /** When the router accepted it: milliseconds since 1970-01-01 UTC. */
  readonly time: number
  /** What every receiver finds in EVENT.Details: `ppt_*`, `trustlevel`. Not the topic, not the publisher. */
  readonly details: Dict
  readonly publisher: Principal
  /** Whether receivers may know the publisher (PUB-40). */
  readonly isDisclosed: boolean
  /** Whether the publishing session itself was left out (PUB-36). */
  readonly excludesPublisher: boolean
  /** The lists `exclude`, `exclude_authid`, … `eligible_authrole` as published; empty when everybody may have it (PUB-25). */
  readonly lists: Dict
  /** Without hold on a network buffer. */
  readonly payload: Payload
}

/** A stream as configured. */
export interface StreamOptions {
  readonly uri: Uri
  readonly match: MatchPolicy
  /** At most so many events; the oldest go first. */
  readonly eventsMax: number
  /** Events older than this many milliseconds are gone; 0 for no limit. */
  readonly ageMsMax: number
  /** At most so many bytes of payload; the oldest go first; 0 for no limit. */
  readonly bytesMax: number
}

/** A stream as the store found it when it was opened. */
export interface StreamState extends StreamOptions {
  readonly epoch: string
  /** The number of its last event, 0 when it never had one. */
  readonly offset: number
}

/** Retained events per topic that only some may receive; a store drops the oldest beyond it, as the router does. */
export const RETAINED_PER_TOPIC_MAX = 100

/** A publication and where it belongs. */
export interface EventRecord {
  readonly event: StoredEvent
  /** The streams it belongs to, as indexes of `EventStore.streams`, with its number in each. */
  readonly streams: readonly { readonly index: number; readonly offset: number }[]
  /** What it does to the retained events of its topic (PUB-52, PUB-56): nothing, comes after them, takes their place. */
  readonly retention: 'none' | 'add' | 'replace'
}

/** A question to one stream. All conditions must hold (HIS-05). */
export interface HistoryQuery {
  /** Index of `EventStore.streams`. */
  readonly stream: number
  /** The time of the question; events that are too old by now are not found. */
  readonly now: number
  /** Who asks: events whose lists leave this principal out are not found, and do not count towards `limit` (HIS-11). */
  readonly asker: Principal
  /** From the newest to the oldest instead of from the oldest to the newest. */
  readonly reverse: boolean
  /** The first so many in that direction (HIS-09). */
  readonly limit: number
  /** No more once the payloads found exceed this many bytes; at least one event is given. */
  readonly bytesMax: number
  readonly fromTime: number | undefined
  readonly afterTime: number | undefined
  readonly beforeTime: number | undefined
  readonly untilTime: number | undefined
  /** By order of arrival, not of ids (HIS-04); an id that the stream does not have finds nothing (HIS-15). */
  readonly fromPublication: PublicationId | undefined
  readonly afterPublication: PublicationId | undefined
  readonly beforePublication: PublicationId | undefined
  readonly untilPublication: PublicationId | undefined
  readonly topic: Uri | undefined
  /** Only events with a greater number. */
  readonly afterOffset: number | undefined
}

export interface HistoryPage {
  readonly events: readonly { readonly offset: number; readonly event: StoredEvent }[]
  /** Whether `limit` or `bytesMax` left events out. */
  readonly isLimitReached: boolean
  /** The number from which on the stream has every event: of its oldest, or the one after the last that was lost; 0 when there is none. */
  readonly oldestOffset: number
}

/** A store that cannot do what it should says why, in words for a log. */
export interface StoreFailure {
  readonly failure: string
}

export interface EventStore {
  /** The streams given at opening, in that order. */
  readonly streams: readonly StreamState[]
  /** The events retained when the store was opened, oldest first. */
  readonly retained: readonly StoredEvent[]
  /**
   * Keeps a publication. `done` is called once, now or later, when it is safe or will never be: a store that loses its
   * process after `done(undefined)` has it again when it is opened.
   */
  append(record: EventRecord, done: (failure: StoreFailure | undefined) => void): void
  /** Finds events; `done` is called once, now or later. A question sees everything that was appended before it. */
  query(query: HistoryQuery, done: (answer: HistoryPage | StoreFailure) => void): void
}

/** Whether `asker` may receive an event with these lists (PUB-26 … PUB-29, PUB-54). */
export function isVisibleTo(event: StoredEvent, asker: Principal): boolean {
  if (event.excludesPublisher && event.publisher.session === asker.session) return false
  const { lists } = event
  for (const name in lists) {
    const isListed = (lists[name] as readonly unknown[]).includes(valueFor(name, asker))
    if (isListed !== name.startsWith('eligible')) return false
  }
  return true
}

function valueFor(list: string, asker: Principal): unknown {
  if (list.endsWith('_authid')) return asker.authid
  if (list.endsWith('_authrole')) return asker.authrole
  return asker.session
}
