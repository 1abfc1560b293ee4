// A subscriber that stops reading while others get events at full speed, until it is cut: what it costs in memory, and what
// it costs the others in latency.

import { jsonSerializer, MessageType } from '@crosspoint/protocol'
import { atMost, type Check, type Finding, pause } from './check.ts'
import { ALL_ROLES, encodeList, type Line } from './good-talk.ts'
import { LongPollLine } from './longpoll-line.ts'
import { MEGABYTE, type RouterProcess, withRouter } from './router-process.ts'
import { KINDS, ListSession, type SocketKind } from './socket-line.ts'

const OTHERS = 10
const SUBSCRIBE = [MessageType.SUBSCRIBE, 1, {}, 'com.flood']
const WINDOW = 16 // events under way at a time
const GROWTH_BYTES_MAX = 16 * MEGABYTE
const LATENCY_FACTOR_MAX = 3
type SlowKind = SocketKind | 'longpoll'
/** Who does not read, one in each round. */
const SLOW_KINDS: readonly SlowKind[] = ['websocket', 'rawsocket', 'batched', 'longpoll']
// A round of small events takes as long as many of large ones.
const SLOW_KINDS_OF_SMALL: readonly SlowKind[] = ['rawsocket', 'longpoll', 'websocket']
const ROUND_EVENTS_MIN = 4000
const ROUND_MS_MAX = 60_000

interface Round {
  /** The 99th percentile, from publishing to each of the others, in milliseconds. */
  readonly latencyMs: number
  readonly highestBytes: number
  readonly wasCut: boolean
  readonly events: number
}

/** Sessions that stay for all rounds: a publisher and the subscribers that read. */
class Crowd {
  readonly #publisher: ListSession
  readonly #subscribers: ListSession[] = []
  readonly #pad: string
  #sentAt: number[] = []
  #published = 0
  #received = 0
  #latencies: number[] = []
  #onReceived: () => void = () => {}

  private constructor(publisher: ListSession, pad: string) {
    this.#publisher = publisher
    this.#pad = pad
  }

  static async open(port: number, pad: string): Promise<Crowd> {
    const crowd = new Crowd(await ListSession.open(port, 'rawsocket'), pad)
    for (let count = 0; count < OTHERS; count++) {
      const session = await ListSession.open(port, KINDS[count % 2]!)
      await session.ask(SUBSCRIBE)
      crowd.#subscribers.push(session)
      session.onMessage = (message) => crowd.#event((message[4] as [number])[0])
    }
    return crowd
  }

  #event(number: number): void {
    this.#latencies.push(performance.now() - this.#sentAt[number]!)
    this.#received++
    this.#onReceived()
  }

  /** Publishes until `isOver` says so; a window of events is under way at any time. */
  async run(isOver: (events: number) => boolean): Promise<{ latencyMs: number; events: number }> {
    this.#latencies = []
    const began = this.#published
    await new Promise<void>((resolve) => {
      const fill = (): void => {
        if (isOver(this.#published - began)) {
          if (this.#received === this.#published * OTHERS) resolve()
          return
        }
        while (this.#published * OTHERS - this.#received <= (WINDOW - 1) * OTHERS) {
          const number = this.#published++
          this.#sentAt[number] = performance.now()
          this.#publisher.send([MessageType.PUBLISH, number + 1, {}, 'com.flood', [number, this.#pad]])
        }
      }
      this.#onReceived = fill
      fill()
    })
    this.#latencies.sort((a, b) => a - b)
    const latencyMs = this.#latencies[Math.floor(this.#latencies.length * 0.99)] ?? 0
    return { latencyMs, events: this.#published - began }
  }

  close(): void {
    for (const session of [this.#publisher, ...this.#subscribers]) session.close()
  }
}

async function pausedReader(port: number, kind: SocketKind): Promise<Line> {
  const session = await ListSession.open(port, kind)
  await session.ask(SUBSCRIBE)
  session.line.socket.pause()
  return session.line
}

/** A long-poll client that asks for nothing once it has subscribed. */
async function silentPoller(port: number): Promise<Line> {
  const line = await LongPollLine.deaf(port, 'longpoll', jsonSerializer)
  for (const list of [[MessageType.HELLO, 'realm1', { roles: ALL_ROLES }], SUBSCRIBE]) {
    await line.client.ask('send', encodeList(jsonSerializer, list))
    await line.client.ask('receive')
  }
  return line
}

/** One round, with a reader that does not read or without. */
async function round(router: RouterProcess, crowd: Crowd, slowKind: SlowKind | undefined, eventsMin: number): Promise<Round> {
  const slow = slowKind && (slowKind === 'longpoll' ? await silentPoller(router.port) : await pausedReader(router.port, slowKind))
  const noticesBefore = notices(router)
  const memory = router.watchMemory()
  const until = performance.now() + ROUND_MS_MAX
  const isCut = (): boolean => notices(router) > noticesBefore
  const { latencyMs, events } = await crowd.run((published) => (published >= eventsMin && (!slow || isCut())) || performance.now() > until)
  if (slow) await pause(50)
  const result = { latencyMs, events, highestBytes: memory.stop(), wasCut: isCut() }
  slow?.close()
  return result
}

function notices(router: RouterProcess): number {
  return router.log.split(/bufferedBytesMax|longPollQueueBytesMax/).length - 1
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!
}

async function attack(router: RouterProcess, name: string, pad: string, kinds: readonly SlowKind[]): Promise<Finding[]> {
  const crowd = await Crowd.open(router.port, pad)
  // How many events it takes to fill the reader's buffers, so that rounds without it are as long.
  const first = await round(router, crowd, 'websocket', ROUND_EVENTS_MIN)
  const without: Round[] = []
  const withSlow: Round[] = []
  for (const kind of kinds) {
    without.push(await round(router, crowd, undefined, first.events))
    withSlow.push(await round(router, crowd, kind, first.events))
  }
  crowd.close()
  const highest = (rounds: readonly Round[]): number => Math.max(...rounds.map((one) => one.highestBytes))
  const growth = Math.max(0, highest(withSlow) - highest(without))
  const plain = median(without.map((one) => one.latencyMs))
  const slowed = median(withSlow.map((one) => one.latencyMs))
  const cuts = withSlow.filter((one) => one.wasCut).length
  return [
    {
      what: `${name}: a reader that never reads is cut, and the log says why`,
      figure: `${cuts} of ${kinds.length} (${kinds.join(', ')}), after about ${first.events} events`,
      limit: `${kinds.length} of ${kinds.length}`,
      isOk: cuts === kinds.length,
    },
    atMost(`${name}: memory that it cost at most`, growth / MEGABYTE, GROWTH_BYTES_MAX / MEGABYTE, 'MB', 1),
    atMost(
      `${name}: latency of the ${OTHERS} others, 99th percentile, ${slowed.toFixed(2)} ms with it, ${plain.toFixed(2)} ms without`,
      slowed / plain,
      LATENCY_FACTOR_MAX,
      'times',
      2,
    ),
  ]
}

export const slowReader: Check = {
  name: 'slow-reader',
  async run() {
    const large = await withRouter((router) => attack(router, 'events of 2000 bytes', 'x'.repeat(2000), SLOW_KINDS))
    return [...large, ...(await withRouter((router) => attack(router, 'events of 60 bytes', 'x'.repeat(60), SLOW_KINDS_OF_SMALL)))]
  },
}
