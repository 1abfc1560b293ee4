import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Payload } from '@crosspoint/protocol'
import { eventStoreSuite, SeededRandom } from '@crosspoint/testing'
import { type HistoryPage, MemoryEventStore, type StreamOptions } from '../src/index.ts'

const open = async (streams: readonly StreamOptions[]) => ({
  store: new MemoryEventStore(streams, new SeededRandom(1)),
  reopen: undefined,
  close: async () => {},
})
eventStoreSuite('in memory', open, false)

test('a stream that has been full for long takes the memory of what it holds, and every append about the same time', () => {
  const store = new MemoryEventStore([{ uri: 'a.b', match: 'exact', eventsMax: 10, ageMsMax: 0, bytesMax: 0 }], new SeededRandom(1))
  const publisher = { session: 1 as never, authid: '', authrole: '' }
  const rest = { topic: 'a.b', details: {}, publisher, isDisclosed: false, excludesPublisher: false, lists: {}, payload: Payload.of() }
  for (let n = 1; n <= 10_000; n++) {
    const event = { ...rest, publicationId: n as never, time: n }
    store.append({ event, streams: [{ index: 0, offset: n }], retention: 'none' }, () => {})
  }
  let page: HistoryPage | undefined
  const asked = {
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
  store.query({ stream: 0, now: 0, asker, reverse: false, limit: 100, bytesMax: 100, ...asked, ...publications }, (answer) => {
    page = answer as HistoryPage
  })
  assert.deepEqual(
    page!.events.map(({ offset }) => offset),
    [9991, 9992, 9993, 9994, 9995, 9996, 9997, 9998, 9999, 10000],
  )
})
