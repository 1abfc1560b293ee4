// What the tests of storage share: files that vanish with the test, events, questions.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { Payload } from '@crosspoint/protocol'
import type { EventRecord, EventStore, HistoryPage, HistoryQuery, StoredEvent, StoreFailure, StreamOptions } from '@crosspoint/router'
import { openSqliteStores, type SqliteStores } from '../../src/storage/sqlite-event-stores.ts'

export const folder = mkdtempSync(join(tmpdir(), 'crosspoint-storage-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0
export const newFile = () => join(folder, `events-${++files}.sqlite`)

export const STREAM: StreamOptions = { uri: 'a.b', match: 'exact', eventsMax: 1_000_000, ageMsMax: 0, bytesMax: 0 }

/** Opens a file with one realm of one stream. */
export const openOne = (file: string, options: object = {}): Promise<SqliteStores> =>
  openSqliteStores({ file, realms: [{ name: 'realm1', streams: [STREAM] }], ...options })

/** Appends the event with this number to the first stream. */
export function append(
  store: EventStore,
  offset: number,
  payload = Payload.of([offset]),
  more: Partial<StoredEvent> = {},
  retention: EventRecord['retention'] = 'none',
): Promise<StoreFailure | undefined> {
  const event = {
    publicationId: offset as never,
    topic: 'a.b',
    time: offset,
    details: {},
    publisher: { session: 1 as never, authid: '', authrole: '' },
    isDisclosed: false,
    excludesPublisher: false,
    lists: {},
    payload,
    ...more,
  }
  return new Promise((resolve) => store.append({ event, streams: [{ index: 0, offset }], retention }, resolve))
}

export function ask(store: EventStore, query: Partial<HistoryQuery> = {}): Promise<HistoryPage | StoreFailure> {
  const none = {
    fromTime: undefined,
    afterTime: undefined,
    beforeTime: undefined,
    untilTime: undefined,
    topic: undefined,
    afterOffset: undefined,
  }
  const publications = {
    fromPublication: undefined,
    afterPublication: undefined,
    beforePublication: undefined,
    untilPublication: undefined,
  }
  const asker = { session: 2 as never, authid: '', authrole: '' }
  const all = { stream: 0, now: 0, asker, reverse: false, limit: 1_000_000, bytesMax: 1e9, ...none, ...publications, ...query }
  return new Promise((resolve) => store.query(all, resolve))
}

/** What a question finds; it must be answered. */
export async function pageOf(store: EventStore, query: Partial<HistoryQuery> = {}): Promise<HistoryPage> {
  const page = await ask(store, query)
  if ('failure' in page) assert.fail(page.failure)
  return page
}

export async function offsets(store: EventStore): Promise<number[]> {
  return (await pageOf(store)).events.map(({ offset }) => offset)
}
