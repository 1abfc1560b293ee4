// What the node and its storage thread say to each other: plain data, copied from one to the other.

import type { EventRecord, HistoryQuery, StoredEvent, StreamOptions, StreamState } from '@crosspoint/router'

/** An event with its payload as bytes and the name of their serializer, its dictionaries as JSON. */
export interface FlatEvent extends Omit<StoredEvent, 'payload' | 'details' | 'lists'> {
  readonly details: string
  readonly lists: string
  readonly serializer: string
  readonly count: number
  readonly bytes: Uint8Array
}

export interface FlatRecord extends Omit<EventRecord, 'event'> {
  readonly event: FlatEvent
}

export interface RealmStreams {
  readonly name: string
  readonly streams: readonly StreamOptions[]
}

/** What the thread is started with. */
export interface ThreadData {
  readonly file: string
  readonly realms: readonly RealmStreams[]
}

/** Keeps an event. `realm` is an index, as everywhere here. */
export interface Append {
  readonly type: 'append'
  readonly id: number
  readonly realm: number
  readonly record: FlatRecord
}

/** Forgets the retained events of a topic. Never answered: one that fails is done as soon as it can be. */
export interface Drop {
  readonly type: 'drop'
  readonly realm: number
  readonly topic: string
}

export type Write = Append | Drop

export type Request =
  | { readonly type: 'write'; readonly writes: readonly Write[] }
  | { readonly type: 'query'; readonly id: number; readonly realm: number; readonly query: HistoryQuery }
  /** `lossy`: by realm the streams of which numbers were given out to events that never came here. */
  | { readonly type: 'close'; readonly lossy: readonly (readonly number[])[] }

export interface OpenedRealm {
  readonly streams: readonly StreamState[]
  readonly retained: readonly FlatEvent[]
}

export interface FlatPage {
  readonly events: readonly { readonly offset: number; readonly event: FlatEvent }[]
  readonly isLimitReached: boolean
  readonly oldestOffset: number
}

export type Reply =
  /** First of all: what is there, and why nothing can be kept, if so. */
  | { readonly type: 'opened'; readonly realms: readonly OpenedRealm[]; readonly failure: string | undefined }
  /** These appends are safe, or are lost. */
  | { readonly type: 'appended'; readonly ids: readonly number[]; readonly failure: string | undefined }
  | { readonly type: 'page'; readonly id: number; readonly page: FlatPage }
  | { readonly type: 'failed'; readonly id: number; readonly failure: string }
  | { readonly type: 'closed' }
