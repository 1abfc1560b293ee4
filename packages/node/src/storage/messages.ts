// What the node and its storage thread say to each other: plain data, copied from one to the other.

import type { HistoryQuery, StoredEvent, StreamOptions, StreamState } from '@crosspoint/router'

/** An event with its payload as bytes and the name of their serializer. */
export interface FlatEvent extends Omit<StoredEvent, 'payload'> {
  readonly serializer: string
  readonly count: number
  readonly bytes: Uint8Array
}

export interface FlatRecord {
  readonly event: FlatEvent
  readonly streams: readonly { readonly index: number; readonly offset: number }[]
  readonly retention: 'none' | 'add' | 'replace'
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

export type Request =
  | { readonly type: 'append'; readonly id: number; readonly realm: number; readonly record: FlatRecord }
  | { readonly type: 'drop'; readonly realm: number; readonly topic: string }
  | { readonly type: 'query'; readonly id: number; readonly realm: number; readonly query: HistoryQuery }
  | { readonly type: 'close' }

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
