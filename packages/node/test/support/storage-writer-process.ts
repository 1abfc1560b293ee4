// A program for ../storage.test.ts: appends events without end and prints the number of each that is acknowledged, until it is killed.

import { Payload } from '@crosspoint/protocol'
import { openSqliteStores } from '../../src/storage/sqlite-event-stores.ts'

const [file] = process.argv.slice(2)
const streams = [{ uri: 'a.b', match: 'exact' as const, eventsMax: 1_000_000, ageMsMax: 0, bytesMax: 0 }]
const { stores } = await openSqliteStores({ file: file!, realms: [{ name: 'realm1', streams }] })
const store = stores.get('realm1')!
const publisher = { session: 1 as never, authid: '', authrole: '' }
let n = store.streams[0]!.offset

function appendOne(): void {
  const offset = ++n
  const event = {
    publicationId: offset as never,
    topic: 'a.b',
    time: offset,
    details: {},
    publisher,
    isDisclosed: false,
    excludesPublisher: false,
    lists: {},
    payload: Payload.of([offset]),
  }
  store.append({ event, streams: [{ index: 0, offset }], retention: 'none' }, (failure) => {
    if (failure !== undefined) throw new Error(failure.failure)
    process.stdout.write(`${offset}\n`)
    appendOne()
  })
}
for (let i = 0; i < 20; i++) appendOne()
