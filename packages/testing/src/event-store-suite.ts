// What every store of events must do (packages/router/src/event-store.ts says it in words): one suite for all of them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  cborSerializer,
  encodeMessage,
  jsonSerializer,
  msgpackSerializer,
  Payload,
  type PublicationId,
  type Serializer,
  type SessionId,
} from '@crosspoint/protocol'
import {
  type EventRecord,
  type EventStore,
  type HistoryPage,
  type HistoryQuery,
  type Principal,
  RETAINED_PER_TOPIC_MAX,
  type StoredEvent,
  type StoreFailure,
  type StreamOptions,
} from '@crosspoint/router'
import { SeededRandom } from './conformance/seeded-random.ts'
import { EventModel } from './event-store-model.ts'

export interface OpenStore {
  readonly store: EventStore
  /** Closes the store in order and opens it again; `undefined` for one that does not outlive its process. */
  readonly reopen: (() => Promise<EventStore>) | undefined
  close(): Promise<void>
}

const TOPIC = 'com.example.topic'
const OTHER = 'com.example.other'
const STREAMS: readonly StreamOptions[] = [
  { uri: TOPIC, match: 'exact', eventsMax: 100, ageMsMax: 0, bytesMax: 0 },
  { uri: 'com.example.', match: 'prefix', eventsMax: 5, ageMsMax: 1_000, bytesMax: 0 },
  { uri: 'com..topic', match: 'wildcard', eventsMax: 100, ageMsMax: 0, bytesMax: 1_000 },
]
const ADA: Principal = { session: 11 as SessionId, authid: 'ada', authrole: 'user' }
const BOB: Principal = { session: 22 as SessionId, authid: 'bob', authrole: 'admin' }

const question: HistoryQuery = {
  stream: 0,
  now: 10_000,
  asker: ADA,
  reverse: false,
  limit: 1_000,
  bytesMax: 1_000_000,
  fromTime: undefined,
  afterTime: undefined,
  beforeTime: undefined,
  untilTime: undefined,
  fromPublication: undefined,
  afterPublication: undefined,
  beforePublication: undefined,
  untilPublication: undefined,
  topic: undefined,
  afterOffset: undefined,
}

function event(n: number, more: Partial<StoredEvent> = {}): StoredEvent {
  return {
    publicationId: (2 ** 53 - 1 - n * 7) as PublicationId, // not in order of arrival
    topic: TOPIC,
    time: n * 1_000,
    details: {},
    publisher: BOB,
    isDisclosed: false,
    excludesPublisher: true,
    lists: {},
    payload: Payload.of([n]),
    ...more,
  }
}

type Open = (streams: readonly StreamOptions[]) => Promise<OpenStore>
type InStore = (title: string, run: (tools: Tools, opened: OpenStore) => Promise<void>) => void

/** Registers the tests. `open` gives a store of its own for each, with these streams; `lasts` says whether it outlives its process. */
export function eventStoreSuite(name: string, open: Open, lasts: boolean): void {
  const inStore: InStore = (title, run) => {
    void test(`${name}: ${title}`, async (context) => {
      const opened = await open(STREAMS)
      context.after(() => opened.close())
      await run(new Tools(opened.store), opened)
    })
  }
  conditions(inStore)
  belonging(inStore)
  contents(inStore)
  drawn(name, open)
  if (lasts) lasting(name, open)
}

/** What a question finds. */
function conditions(inStore: InStore): void {
  inStore('HIS-02 the order of arrival, forward and in reverse', async (tools) => {
    await tools.fill(5)
    assert.deepEqual(await tools.numbers({}), [1, 2, 3, 4, 5])
    assert.deepEqual(await tools.numbers({ reverse: true }), [5, 4, 3, 2, 1])
  })

  inStore('HIS-02 HIS-09 limit takes the first in the direction asked for, and says when it left something out', async (tools) => {
    await tools.fill(5)
    assert.deepEqual(await tools.numbers({ limit: 2 }), [1, 2])
    assert.deepEqual(await tools.numbers({ limit: 2, reverse: true }), [5, 4])
    assert.equal((await tools.ask({ limit: 4 })).isLimitReached, true)
    assert.equal((await tools.ask({ limit: 5 })).isLimitReached, false)
  })

  inStore('bytesMax bounds an answer, which has one event at least', async (tools) => {
    for (let n = 1; n <= 3; n++) await tools.append(event(n, { payload: encoded(jsonSerializer, ['x'.repeat(200)]) }), [0])
    const page = await tools.ask({ bytesMax: 500 })
    assert.deepEqual([page.events.length, page.isLimitReached], [2, true])
    assert.equal((await tools.ask({ bytesMax: 1 })).events.length, 1)
  })

  inStore('HIS-03 times: from and until with the bound, after and before without', async (tools) => {
    await tools.fill(5)
    assert.deepEqual(await tools.numbers({ fromTime: 3_000 }), [3, 4, 5])
    assert.deepEqual(await tools.numbers({ afterTime: 3_000 }), [4, 5])
    assert.deepEqual(await tools.numbers({ beforeTime: 3_000 }), [1, 2])
    assert.deepEqual(await tools.numbers({ untilTime: 3_000 }), [1, 2, 3])
    assert.deepEqual(await tools.numbers({ fromTime: 2_000.5, untilTime: 4_000.5 }), [3, 4])
  })

  inStore('HIS-04 publications: by arrival, not by id', async (tools) => {
    await tools.fill(5)
    const third = event(3).publicationId
    assert.deepEqual(await tools.numbers({ fromPublication: third }), [3, 4, 5])
    assert.deepEqual(await tools.numbers({ afterPublication: third }), [4, 5])
    assert.deepEqual(await tools.numbers({ beforePublication: third }), [1, 2])
    assert.deepEqual(await tools.numbers({ untilPublication: third }), [1, 2, 3])
    assert.deepEqual(await tools.numbers({ afterPublication: event(1).publicationId, beforePublication: third }), [2])
  })

  inStore('HIS-15 a publication that the stream does not have finds nothing', async (tools) => {
    await tools.fill(3)
    await tools.append(event(9, { topic: OTHER }), [1]) // in another stream
    for (const name of ['fromPublication', 'afterPublication', 'beforePublication', 'untilPublication'] as const) {
      assert.deepEqual(await tools.numbers({ [name]: 4711 as PublicationId }), [])
      assert.deepEqual(await tools.numbers({ [name]: event(9).publicationId }), [])
    }
  })

  inStore('HIS-05 topic, and all conditions together', async (tools) => {
    for (let n = 1; n <= 5; n++) await tools.append(event(n, { topic: n % 2 === 0 ? OTHER : TOPIC }), [0])
    assert.deepEqual(await tools.numbers({ topic: OTHER }), [2, 4])
    assert.deepEqual(await tools.numbers({ topic: TOPIC, afterTime: 1_000, beforePublication: event(5).publicationId }), [3])
  })
}

/** Which events a stream has, and who may have them. */
function belonging(inStore: InStore): void {
  inStore('HIS-10 an event belongs to every stream it was appended to, and to no other', async (tools) => {
    await tools.append(event(1), [0, 2])
    await tools.append(event(2), [2])
    assert.deepEqual(await tools.numbers({ stream: 0 }), [1])
    assert.deepEqual(await tools.numbers({ stream: 2 }), [1, 2])
    assert.deepEqual(await tools.numbers({ stream: 1 }), [])
  })

  inStore('HIS-11 who is left out by a list does not find it, and it does not count towards the limit', async (tools) => {
    await tools.append(event(1, { lists: { exclude_authid: ['ada'] } }), [0])
    await tools.append(event(2, { lists: { eligible_authrole: ['admin'] } }), [0])
    await tools.append(event(3, { lists: { eligible_authid: ['ada', 'eve'], exclude_authrole: ['admin'] } }), [0])
    await tools.append(event(4), [0])
    assert.deepEqual(await tools.numbers({}), [3, 4])
    assert.deepEqual(await tools.numbers({ limit: 1 }), [3])
    assert.deepEqual(await tools.numbers({ asker: { ...BOB, session: 5 as SessionId } }), [1, 2, 4])
    assert.deepEqual(await tools.numbers({ asker: BOB }), [], 'nor does the publisher, whom they exclude')
  })

  inStore('eventsMax, ageMsMax, bytesMax: the oldest go first, in their own stream only', async (tools) => {
    for (let n = 1; n <= 8; n++) {
      await tools.append(event(n, { time: 9_000 + n, payload: encoded(jsonSerializer, [n, 'x'.repeat(300)]) }), [0, 1, 2])
    }
    assert.deepEqual(await tools.numbers({ stream: 0 }), [1, 2, 3, 4, 5, 6, 7, 8])
    assert.deepEqual(await tools.numbers({ stream: 1 }), [4, 5, 6, 7, 8])
    assert.deepEqual(await tools.numbers({ stream: 2 }), [6, 7, 8])
    assert.deepEqual(await tools.numbers({ stream: 1, now: 10_006 }), [6, 7, 8], 'what is older than a second is gone')
    assert.deepEqual(await tools.numbers({ stream: 1, now: 20_000 }), [])
  })

  inStore('payloads of values, as components publish them, count by their bytes as well', async (tools) => {
    for (let n = 1; n <= 5; n++) await tools.append(event(n, { payload: Payload.of([n, 'x'.repeat(300)]) }), [0, 2])
    assert.deepEqual(await tools.numbers({ stream: 2 }), [3, 4, 5])
    assert.deepEqual(await tools.numbers({ bytesMax: 700 }), [1, 2])
  })

  inStore('a clock that went back: what is too old is not found, wherever it stands', async (tools) => {
    for (const [n, time] of [9_500, 8_000, 9_600].entries()) await tools.append(event(n, { time }), [1])
    assert.deepEqual(await tools.numbers({ stream: 1, now: 9_700 }), [0, 2])
    assert.deepEqual(await tools.numbers({ stream: 1, now: 9_700, fromPublication: event(1).publicationId }), [])
  })

  inStore('a single event larger than bytesMax stays until the next', async (tools) => {
    await tools.append(event(1, { payload: encoded(jsonSerializer, [1, 'x'.repeat(2_000)]) }), [2])
    assert.deepEqual(await tools.numbers({ stream: 2 }), [1])
    await tools.append(event(2), [2])
    assert.deepEqual(await tools.numbers({ stream: 2 }), [2])
  })

  inStore('afterOffset and oldestOffset', async (tools) => {
    await tools.fill(4)
    const page = await tools.ask({ afterOffset: 2 })
    assert.deepEqual(
      page.events.map(({ offset }) => offset),
      [3, 4],
    )
    assert.equal(page.oldestOffset, 1)
    assert.equal((await tools.ask({ stream: 2 })).oldestOffset, 0)
    for (let n = 1; n <= 7; n++) await tools.append(event(n, { time: 9_900 }), [1])
    assert.equal((await tools.ask({ stream: 1 })).oldestOffset, 3)
  })
}

/** What events are. */
function contents(inStore: InStore): void {
  inStore('events come back as they went in', async (tools) => {
    const values = ['text', 2 ** 53 - 1, -1.5, null, true, [1, { deep: 'äöü€😀' }]]
    const given = [
      event(1, { details: { ppt_scheme: 'x_custom', trustlevel: 3 }, isDisclosed: true, excludesPublisher: false }),
      event(2, { lists: { exclude_authid: ['eve'] }, payload: encoded(jsonSerializer, values, { key: 'value' }) }),
      event(3, { payload: encoded(msgpackSerializer, [...values, new Uint8Array([0, 255]), 2n ** 63n]) }),
      event(4, { payload: encoded(cborSerializer, [...values, new Uint8Array([0, 255]), 2n ** 64n - 1n]) }),
      event(5, { payload: Payload.of([new Uint8Array([1, 2]), { big: 2n ** 60n }], { a: 1 }) }),
      event(6, { payload: Payload.of() }),
    ]
    for (const each of given) await tools.append(each, [0])
    const { events } = await tools.ask({})
    assert.deepEqual(
      events.map(({ event: { payload, ...rest } }) => rest),
      given.map(({ payload, ...rest }) => rest),
    )
    for (const [at, { event: found }] of events.entries()) {
      assert.deepEqual(found.payload.read(), given[at]!.payload.read())
      assert.equal(found.payload.count, given[at]!.payload.count)
      if (given[at]!.payload.serializer !== undefined) assert.equal(found.payload.serializer, given[at]!.payload.serializer)
    }
  })

  inStore('PPT-16 a payload of the older passthru form, and options that only the far end reads, come back as they were', async (tools) => {
    const details = { enc_algo: 'cryptobox', enc_key: new Uint8Array([0, 1, 255]), ppt_keyid: 2n ** 63n }
    await tools.append(event(1, { details, payload: Payload.opaque(new Uint8Array([7, 0, 255])) }), [0])
    const [found] = (await tools.ask({})).events
    assert.deepEqual(Uint8Array.from(found!.event.payload.readOpaque() as Uint8Array), new Uint8Array([7, 0, 255]))
    assert.deepEqual({ ...found!.event.details, enc_key: Uint8Array.from(found!.event.details['enc_key'] as Uint8Array) }, details)
  })

  inStore('a question sees what was appended before it, answered or not', async (tools, { store }) => {
    for (let n = 1; n <= 50; n++) store.append({ event: event(n), streams: [{ index: 0, offset: n }], retention: 'none' }, () => {})
    assert.equal((await tools.ask({})).events.length, 50)
  })
}

/** Drawn events and questions; the answers are those of the obvious loop. */
function drawn(name: string, open: Open): void {
  void test(`${name}: HIS-02 … HIS-05 drawn events and questions are answered as by the obvious loop`, async (context) => {
    const seed = Number(process.env['SEED'] ?? Date.now())
    context.diagnostic(`seed ${seed}`)
    const random = new SeededRandom(seed)
    const opened = await open(STREAMS)
    context.after(() => opened.close())
    const tools = new Tools(opened.store)
    const model = new EventModel(STREAMS)
    let now = 0
    for (let n = 1; n <= 120; n++) {
      now += random.below(300)
      const given = drawEvent(random, n, now)
      const streams = STREAMS.map((_, index) => index).filter(() => random.below(3) > 0)
      model.append(given, streams)
      await tools.append(given, streams)
      if (random.below(5) === 0) now += random.below(1_500)
      const query = drawQuery(random, n, now)
      const { events, ...rest } = await tools.ask(query)
      const answer = { ...rest, events: events.map(({ offset, event: found }) => [offset, found.publicationId]) }
      assert.deepEqual(answer, model.ask(query), `seed ${seed}, event ${n}: ${JSON.stringify(query)}`)
    }
  })
}

function lasting(name: string, open: Open): void {
  void test(`${name}: what lasts lasts: events, numbers and retained events are there when it is opened again`, async (context) => {
    const opened = await open(STREAMS)
    context.after(() => opened.close())
    const tools = new Tools(opened.store)
    await tools.fill(3)
    await tools.append(event(4, { topic: 'com.kept' }), [], 'replace')
    await tools.append(event(5, { topic: 'com.kept' }), [], 'replace')
    await tools.append(event(6, { topic: 'com.kept', lists: { eligible_authid: ['ada'] } }), [], 'add')
    const [before] = opened.store.streams
    const again = await opened.reopen!()
    const [after] = again.streams
    assert.deepEqual([after!.epoch, after!.offset], [before!.epoch, 3])
    assert.deepEqual(await new Tools(again).numbers({}), [1, 2, 3])
    assert.deepEqual(
      again.retained.map(({ topic, time }) => [topic, time]),
      [
        ['com.kept', 5_000],
        ['com.kept', 6_000],
      ],
    )
    assert.deepEqual(again.retained[1]!.lists, { eligible_authid: ['ada'] })
  })

  void test(`${name}: no more than ${RETAINED_PER_TOPIC_MAX} retained events of a topic that only some may receive`, async (context) => {
    const opened = await open(STREAMS)
    context.after(() => opened.close())
    const tools = new Tools(opened.store)
    for (let n = 1; n <= RETAINED_PER_TOPIC_MAX + 5; n++) await tools.append(event(n, { lists: { exclude_authid: ['eve'] } }), [], 'add')
    const again = await opened.reopen!()
    assert.equal(again.retained.length, RETAINED_PER_TOPIC_MAX)
    assert.equal(again.retained[0]!.time, 6_000)
  })
}

/** Events of two topics, large and small, for everybody, for Ada, or for administrators. */
function drawEvent(random: SeededRandom, n: number, time: number): StoredEvent {
  const lists = [{}, {}, { eligible_authid: ['ada'] }, { exclude_authrole: ['user'] }][random.below(4)]!
  const payload = encoded(jsonSerializer, [n, 'x'.repeat(random.below(10) === 0 ? 600 : random.below(100))])
  return event(n, { time, topic: [TOPIC, OTHER][random.below(2)]!, lists, payload, excludesPublisher: random.below(2) === 0 })
}

/** A question about the first `n` events, with every condition now and then. */
function drawQuery(random: SeededRandom, n: number, now: number): HistoryQuery {
  const maybe = <Value>(value: () => Value) => (random.below(6) === 0 ? value() : undefined)
  const publication = () => event(1 + random.below(n + 1)).publicationId
  const time = () => random.below(now + 1)
  return {
    stream: random.below(STREAMS.length),
    now,
    asker: [ADA, BOB][random.below(2)]!,
    reverse: random.below(2) === 0,
    limit: 1 + random.below(random.below(2) === 0 ? 4 : 200),
    bytesMax: random.below(2) === 0 ? 1_000 : 1_000_000,
    fromTime: maybe(time),
    afterTime: maybe(time),
    beforeTime: maybe(time),
    untilTime: maybe(time),
    fromPublication: maybe(publication),
    afterPublication: maybe(publication),
    beforePublication: maybe(publication),
    untilPublication: maybe(publication),
    topic: maybe(() => TOPIC),
    afterOffset: maybe(() => random.below(n)),
  }
}

/** A payload as it comes off the wire. */
function encoded(serializer: Serializer, args: readonly unknown[], kwargs: { readonly [key: string]: unknown } = {}): Payload {
  const message = {
    type: 36,
    subscriptionId: 1 as never,
    publicationId: 1 as never,
    details: {},
    payload: Payload.of(args, kwargs),
  } as const
  return (serializer.decode(encodeMessage(serializer, message)) as { payload: Payload }).payload.copy()
}

class Tools {
  readonly #store: EventStore
  readonly #offsets: number[]

  constructor(store: EventStore) {
    this.#store = store
    this.#offsets = store.streams.map(({ offset }) => offset)
  }

  append(stored: StoredEvent, streams: readonly number[], retention: EventRecord['retention'] = 'none'): Promise<void> {
    const record = { event: stored, streams: streams.map((index) => ({ index, offset: ++this.#offsets[index]! })), retention }
    return new Promise((resolve, reject) => {
      this.#store.append(record, (failure) => (failure === undefined ? resolve() : reject(new Error(failure.failure))))
    })
  }
  /** Events 1 to `count` in the first stream, a second apart. */
  async fill(count: number): Promise<void> {
    for (let n = 1; n <= count; n++) await this.append(event(n), [0])
  }
  ask(query: Partial<HistoryQuery>): Promise<HistoryPage> {
    return new Promise((resolve, reject) => {
      this.#store.query({ ...question, ...query }, (answer: HistoryPage | StoreFailure) =>
        'failure' in answer ? reject(new Error(answer.failure)) : resolve(answer),
      )
    })
  }
  /** The first argument of every event found. */
  async numbers(query: Partial<HistoryQuery>): Promise<unknown[]> {
    return (await this.ask(query)).events.map(({ event: { payload } }) => payload.read().args[0])
  }
}
