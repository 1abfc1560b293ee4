// What one publication costs the router itself: in a realm with a million subscriptions and 100 000 patterns, beside a hundred
// thousand retained events, and beside topics whose events are kept. In one process, with no network between: a PUBLISH
// goes in as a frame of JSON, events go out as messages, and the clock runs for each publication alone.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeMessage, jsonSerializer, type MatchPolicy, MemoryTransport, type Message, MessageType, Payload } from '@crosspoint/protocol'
import { systemClock, systemRandom } from '@crosspoint/protocol/system'
import { type EventStore, type HistoryOptions, Router, streamsOf } from '@crosspoint/router'
import { openSqliteStores } from '../packages/node/src/storage/sqlite-event-stores.ts'
import { median } from './report.ts'

const EXACT = 1_000_000
const PATTERNS = 100_000
const RETAINED = 100_000
const PER_SESSION = 10_000
const PUBLICATIONS = 50_000
const HISTORY: readonly HistoryOptions[] = [{ uri: 'com.kept.', match: 'prefix', eventsMax: 100_000, bytesMax: 1e9 }]

/** The cost of a publication in one situation: medians of the rounds, in microseconds. */
export interface MatchingRow {
  readonly name: string
  readonly median: number
  readonly p99: number
  /** The median to that of a publication in an empty realm, of the same round. */
  readonly toEmpty: number
}

export interface MatchingResult {
  readonly rows: readonly MatchingRow[]
  /** Resident bytes for each of the subscriptions. */
  readonly bytesPerSubscription: number
  readonly secondsToSubscribe: number
}

/** One realm with a publisher that speaks JSON. */
class World {
  readonly #router: Router
  readonly #publisher: MemoryTransport
  #lastId = 0

  constructor(store?: EventStore, history?: readonly HistoryOptions[]) {
    this.#router = new Router({
      clock: systemClock,
      random: systemRandom,
      realms: [{ name: 'realm1', ...(history && { history }), ...(store && { events: store }) }],
      limits: { retainedTopicsMax: RETAINED, subscriptionsMax: PER_SESSION },
    })
    const [ours, theirs] = MemoryTransport.pair()
    this.#publisher = ours
    this.#router.attach(theirs, jsonSerializer)
    ours.send(new TextEncoder().encode('[1,"realm1",{"roles":{"publisher":{}}}]'))
  }

  /** Subscribes sessions of their own to these, so many each. */
  subscribe(subscriptions: Iterable<readonly [string, MatchPolicy]>): void {
    let peer: ReturnType<Router['attachLocal']> | undefined
    let requestId = 0
    for (const [topic, match] of subscriptions) {
      if (peer === undefined || requestId === PER_SESSION) {
        requestId = 0
        peer = this.#router.attachLocal()
        peer.send({ type: MessageType.HELLO, realm: 'realm1', details: { roles: { subscriber: {} } } } as Message)
      }
      const options = match === 'exact' ? {} : { match }
      peer.send({ type: MessageType.SUBSCRIBE, requestId: ++requestId, options, topic } as Message)
    }
  }

  /** The frame of the next publication. */
  frame(topic: string, options: object = {}): Uint8Array {
    const payload = Payload.of(['thirty-two bytes of some payload'])
    return encodeMessage(jsonSerializer, { type: MessageType.PUBLISH, requestId: ++this.#lastId, options, topic, payload } as Message)
  }

  /** Publishes it; the milliseconds until all of it is done. */
  publish(frame: Uint8Array): number {
    const began = performance.now()
    this.#publisher.send(frame)
    return performance.now() - began
  }
}

interface Situation {
  readonly name: string
  readonly world: World
  readonly topic: (index: number) => string
  /** Done before each publication, and not counted. */
  readonly before?: (index: number) => void
}

const device = (index: number): string => `com.example.device.${index}.temperature`

function* subscriptions(): Iterable<readonly [string, MatchPolicy]> {
  for (let index = 0; index < EXACT; index++) yield [device(index), 'exact']
  for (let index = 0; index < PATTERNS / 2; index++) {
    yield [`com.example.device.${index}.`, 'prefix']
    yield [`com.example..${index}.temperature`, 'wildcard']
  }
}

export async function measureMatching(rounds: number, say: (line: string) => void): Promise<MatchingResult> {
  const folder = mkdtempSync(join(tmpdir(), 'crosspoint-bench-'))
  const sqlite = await openSqliteStores({ file: join(folder, 'events.sqlite'), realms: [{ name: 'realm1', streams: streamsOf(HISTORY) }] })
  try {
    say(`subscribing to ${EXACT} topics and ${PATTERNS} patterns`)
    const full = new World()
    const before = process.memoryUsage().rss
    const began = performance.now()
    full.subscribe(subscriptions())
    const secondsToSubscribe = (performance.now() - began) / 1000
    const bytesPerSubscription = (process.memoryUsage().rss - before) / (EXACT + PATTERNS)
    const retaining = new World()
    for (let index = 0; index < RETAINED; index++) retaining.publish(retaining.frame(`com.retained.${index}`, { retain: true }))
    const rows = await measureRounds(situations(full, retaining, sqlite.stores.get('realm1')!), rounds, say)
    return { rows, bytesPerSubscription, secondsToSubscribe }
  } finally {
    await sqlite.close()
    rmSync(folder, { recursive: true })
  }
}

function situations(full: World, retaining: World, store: EventStore): readonly Situation[] {
  const other = new World()
  const inMemory = new World(undefined, HISTORY)
  const inSqlite = new World(store, HISTORY)
  const nobody = (index: number): string => `com.nobody.device.${index}.temperature`
  const kept = (world: World, index: number): void => void world.publish(world.frame(`com.kept.${index % 100}`))
  return [
    { name: 'an empty realm', world: new World(), topic: nobody },
    { name: 'nobody subscribed', world: full, topic: nobody },
    { name: '1 subscriber, exact', world: full, topic: (index) => device(EXACT / 2 + index) },
    { name: '3 subscribers: exact, prefix, wildcard', world: full, topic: (index) => device(index) },
    { name: '3 subscribers, the same 100 topics', world: full, topic: (index) => device(index % 100) },
    { name: 'beside 100 000 retained events', world: retaining, topic: nobody },
    { name: 'after another topic, which is not kept', world: other, topic: nobody, before: (index) => kept(other, index) },
    { name: 'after another topic, kept in memory', world: inMemory, topic: nobody, before: (index) => kept(inMemory, index) },
    { name: 'after another topic, kept in SQLite', world: inSqlite, topic: nobody, before: (index) => kept(inSqlite, index) },
  ]
}

async function measureRounds(all: readonly Situation[], rounds: number, say: (line: string) => void): Promise<MatchingRow[]> {
  const figures = all.map(() => ({ medians: [] as number[], p99s: [] as number[], toEmpty: [] as number[] }))
  for (let round = 0; round <= rounds; round++) {
    let empty = 0
    for (const [at, situation] of all.entries()) {
      const times = await measureOne(situation, round)
      if (round === 0) continue // warming up
      if (at === 0) empty = times.median
      say(`round ${round} of ${rounds}: ${situation.name}: ${times.median.toFixed(2)} µs`)
      figures[at]!.medians.push(times.median)
      figures[at]!.p99s.push(times.p99)
      figures[at]!.toEmpty.push(times.median / empty)
    }
  }
  return all.map(({ name }, at) => {
    const { medians, p99s, toEmpty } = figures[at]!
    return { name, median: median(medians), p99: median(p99s), toEmpty: median(toEmpty) }
  })
}

async function measureOne({ world, topic, before }: Situation, round: number): Promise<{ median: number; p99: number }> {
  const times = new Float64Array(PUBLICATIONS)
  for (let index = 0; index < PUBLICATIONS; index++) {
    before?.(index + round * PUBLICATIONS)
    times[index] = world.publish(world.frame(topic(index))) * 1000
    // The store's answers come with the loop.
    if (index % 1000 === 999) await new Promise((resolve) => setImmediate(resolve))
  }
  times.sort()
  return { median: times[PUBLICATIONS / 2]!, p99: times[Math.floor(PUBLICATIONS * 0.99)]! }
}

export function formatMatching({ rows, bytesPerSubscription, secondsToSubscribe }: MatchingResult): string {
  const width = Math.max(...rows.map((row) => row.name.length))
  const cell = (value: number): string => value.toFixed(2).padStart(10)
  return [
    `a publication, in µs${' '.repeat(width - 18)}    median       99 %  to an empty realm`,
    ...rows.map((row) => `  ${row.name.padEnd(width)}${cell(row.median)} ${cell(row.p99)} ${cell(row.toEmpty)}`),
    `${EXACT + PATTERNS} subscriptions were made in ${secondsToSubscribe.toFixed(1)} s and take ${Math.round(bytesPerSubscription)} bytes each`,
    '',
  ].join('\n')
}
