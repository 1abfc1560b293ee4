// What the stores in SQLite do about events that they could not keep: nothing else is lost with them, and nobody is told later
// that nothing was.

import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'node:test'
import { msgpackSerializer, Payload } from '@crosspoint/protocol'
import type { EventStore } from '@crosspoint/router'
import { openSqliteStores } from '../src/storage/sqlite-event-stores.ts'
import { append, ask, newFile, offsets, openOne, pageOf, STREAM } from './support/event-stores.ts'

const LARGE = Payload.of(['x'.repeat(4_000)])
/** With this only two of the large ones fit on the way to the thread. */
const NARROW = { pendingBytesMax: 10_000 }

function only(stores: ReadonlyMap<string, EventStore>): EventStore {
  return stores.get('realm1')!
}

describe('events that cannot be kept', () => {
  test('one that no bytes exist for fails alone, and says which it was', async (context) => {
    const { stores, close } = await openOne(newFile())
    context.after(close)
    const store = only(stores)
    const impossible = Payload.of([2n ** 5_000n])
    const answers = await Promise.all([append(store, 1), append(store, 2, impossible), append(store, 3)])
    assert.deepEqual(
      answers.map((answer) => answer === undefined),
      [true, false, true],
    )
    assert.match(answers[1]!.failure, /an event of a\.b cannot be stored: /)
    assert.deepEqual(await offsets(store), [1, 3])
  })

  test('dictionaries with bytes and big integers in them take nobody along', async (context) => {
    const { stores, close } = await openOne(newFile())
    context.after(close)
    const store = only(stores)
    const odd = { details: { enc_algo: 'x', enc_key: 2n ** 63n }, lists: { exclude_authid: [2n ** 63n, new Uint8Array([1])] } }
    const answers = await Promise.all([append(store, 1), append(store, 2, Payload.of([2]), odd), append(store, 3)])
    assert.deepEqual(answers, [undefined, undefined, undefined])
    assert.deepEqual((await pageOf(store)).events[1]!.event.details, odd.details)
  })

  test('a lost event ends what can be continued: its stream is whole from the next one on', async (context) => {
    const file = newFile()
    const { stores, close } = await openOne(file, NARROW)
    context.after(close)
    const store = only(stores)
    const answers = await Promise.all([1, 2, 3].map((offset) => append(store, offset, LARGE)))
    assert.notEqual(answers[2], undefined)
    assert.equal((await pageOf(store)).oldestOffset, 0, 'nothing came after the lost one')
    assert.equal(await append(store, 4), undefined)
    const page = await pageOf(store)
    assert.deepEqual([page.events.map(({ offset }) => offset), page.oldestOffset], [[1, 2, 4], 4])
  })

  test('numbers of lost events are not given out again in the same epoch', async (context) => {
    const file = newFile()
    const first = await openOne(file, NARROW)
    const { epoch } = only(first.stores).streams[0]!
    await Promise.all([1, 2, 3].map((offset) => append(only(first.stores), offset, LARGE)))
    await first.close()
    const second = await openOne(file)
    context.after(second.close)
    const [stream] = only(second.stores).streams
    assert.equal(stream!.offset, 2)
    assert.notEqual(stream!.epoch, epoch)
    assert.equal((await pageOf(only(second.stores), { afterOffset: 0 })).events.length, 0, 'those of before have other numbers')
    assert.deepEqual(await offsets(only(second.stores)), [1, 2], 'and are still there')
  })

  test('a retained event whose successor was lost is forgotten: better none than the one before', async (context) => {
    const file = newFile()
    const first = await openOne(file, NARROW)
    const store = only(first.stores)
    await append(store, 1, Payload.of(['before']), {}, 'replace')
    const [, , lost] = await Promise.all([append(store, 2, LARGE), append(store, 3, LARGE), append(store, 4, LARGE, {}, 'replace')])
    assert.notEqual(lost, undefined)
    await first.close()
    const second = await openOne(file)
    context.after(second.close)
    assert.deepEqual(only(second.stores).retained, [])
  })

  test('the same when the file was locked meanwhile', async (context) => {
    const file = newFile()
    const first = await openOne(file)
    for (const [offset, topic] of ['replaced', 'kept'].entries()) {
      await append(only(first.stores), offset + 1, Payload.of([]), { topic }, 'replace')
    }
    await first.close()
    const other = new DatabaseSync(file)
    other.exec('BEGIN EXCLUSIVE')
    const second = await openOne(file)
    const store = only(second.stores)
    const startedAt = Date.now()
    for (let offset = 1; offset <= 20; offset++) {
      assert.match((await append(store, offset, Payload.of([]), { topic: 'replaced' }, 'replace'))!.failure, /another process/)
    }
    assert.ok(Date.now() - startedAt < 5_000, 'nobody waits for the lock every time')
    other.exec('COMMIT')
    other.close()
    for (let offset = 21; (await append(store, offset)) !== undefined; offset++) {
      await new Promise((resolve) => setTimeout(resolve, 20)) // it is tried once a second
    }
    await second.close()
    const third = await openOne(file)
    context.after(third.close)
    assert.deepEqual(
      only(third.stores).retained.map(({ topic }) => topic),
      ['kept'],
    )
  })
})

describe('files of other times', () => {
  test('limits that are smaller than before hold from the opening on, and nothing is left behind', async () => {
    const file = newFile()
    const both = (eventsMax: number) => [
      { ...STREAM, eventsMax },
      { ...STREAM, uri: 'a.', match: 'prefix' as const, eventsMax: 8 },
    ]
    const first = await openSqliteStores({ file, realms: [{ name: 'realm1', streams: both(100) }] })
    for (let n = 1; n <= 20; n++) await appendToBoth(only(first.stores), n, n === 3 ? 'replace' : 'none')
    await first.close()
    const second = await openSqliteStores({ file, realms: [{ name: 'realm1', streams: both(5) }] })
    assert.deepEqual(await offsets(only(second.stores)), [16, 17, 18, 19, 20])
    await second.close()
    const plain = new DatabaseSync(file)
    const left = plain.prepare('SELECT publication FROM events ORDER BY seq').all()
    plain.close()
    assert.deepEqual(
      left.map(({ publication }) => publication),
      [3, 13, 14, 15, 16, 17, 18, 19, 20],
      'the retained one, and those of the other stream',
    )
  })

  test('tables of a newer version are left alone, and a payload of a serializer that only that one has is passed over', async (context) => {
    const file = newFile()
    const first = await openOne(file)
    for (const n of [1, 2]) await append(only(first.stores), n)
    await first.close()
    const plain = new DatabaseSync(file)
    plain.exec("UPDATE events SET serializer = 'morse' WHERE publication = 1")
    const second = await openOneAfter(plain)
    assert.deepEqual(await offsets(only(second.stores)), [2])
    await second.close()
    const again = new DatabaseSync(file)
    again.exec('UPDATE version SET number = 99')
    const third = await openOneAfter(again)
    context.after(third.close)
    assert.match(third.failure!, /its tables have version 99, this Crosspoint knows up to 1: start the newer one/)
    assert.match(((await ask(only(third.stores))) as { failure: string }).failure, /version 99/)

    function openOneAfter(database: DatabaseSync) {
      database.close()
      return openOne(file)
    }
  })

  test('payloads off the wire are kept in the form in which they came', async (context) => {
    const { stores, close } = await openOne(newFile())
    context.after(close)
    const bytes = msgpackSerializer.encodePayload([[1, 'two']])
    await append(only(stores), 1, new Payload(1, msgpackSerializer, bytes, 0, bytes.length))
    const [found] = (await pageOf(only(stores))).events
    assert.equal(found!.event.payload.serializer, msgpackSerializer)
    assert.deepEqual(Uint8Array.from(found!.event.payload.bytes), bytes)
  })
})

function appendToBoth(store: EventStore, n: number, retention: 'none' | 'replace'): Promise<unknown> {
  const event = {
    publicationId: n as never,
    topic: 'a.b',
    time: n,
    details: {},
    publisher: { session: 1 as never, authid: '', authrole: '' },
    isDisclosed: false,
    excludesPublisher: false,
    lists: {},
    payload: Payload.of([n]),
  }
  const streams = [0, 1].map((index) => ({ index, offset: n }))
  return new Promise((resolve) => store.append({ event, streams, retention }, resolve))
}
