// Long-poll against a live listener: mutated messages and broken batches as bodies, requests that are wrong as HTTP, and scenes
// of requests that are wrong together. The sessions that use it well, and all others, must not notice.

import { MessageType } from '@crosspoint/protocol'
import { SeededRandom } from '../conformance/seeded-random.ts'
import { brokenBatch } from './broken-batches.ts'
import { type Check, exactly, type Finding, faultless, type HostileOptions, until } from './check.ts'
import { type Format, offeredFormats } from './corpus.ts'
import { pick } from './draw.ts'
import { ALL_ROLES, abortFault, decodeList, encodeList, type GoodTalk } from './good-talk.ts'
import { CLOSED_WITHIN_MS, LiveStage } from './live-stage.ts'
import { LONGPOLL_KINDS, LongPollLine } from './longpoll-line.ts'
import { brokenRequest, statusFor } from './longpoll-requests.ts'
import { SCENES } from './longpoll-scenes.ts'
import { Mutator } from './mutate.ts'
import { isSpoken } from './socket-line.ts'

const WORKERS = 8
const FAULTS_MAX = 20
const BODIES_PER_SESSION = 8
const REQUESTS_PER_SESSION = 8

export class LongPollFuzz {
  readonly counts = { requests: 0, legal: 0, aborted: 0, left: 0, refused: 0, scenes: 0 }
  readonly #seed: number
  readonly #stage: LiveStage
  readonly #formats: readonly Format[]

  constructor(seed: number) {
    this.#seed = seed
    this.#formats = offeredFormats(seed + 1) // the other dialect than at sockets, so that a run has both
    this.#stage = new LiveStage(seed, this.#formats)
  }

  get talk(): GoodTalk {
    return this.#stage.talk
  }
  get faults(): readonly string[] {
    return this.#stage.faults
  }

  /** Makes about `requests` requests, and each scene at least once. */
  run(requests: number): Promise<void> {
    return this.#stage.run(() => Promise.all(Array.from({ length: WORKERS }, (_, index) => this.#work(index, requests))))
  }

  async #work(index: number, requests: number): Promise<void> {
    const random = new SeededRandom(this.#seed + 1000 * (index + 1))
    const formats = this.#formats.map((format) => ({ format, mutator: new Mutator(random, format, 1) }))
    const scenes = SCENES.filter((_, at) => at % WORKERS === index)
    const hasMore = (): boolean => this.counts.requests < requests && this.faults.length < FAULTS_MAX
    while (hasMore() || scenes.length > 0) {
      const kind = random.below(8)
      const { format, mutator } = pick(random, formats)
      const scene = scenes.pop() ?? (kind === 0 && random.below(40) === 0 ? pick(random, SCENES) : undefined)
      if (scene !== undefined) {
        this.counts.scenes++
        this.counts.requests += scene.requests
        for (const fault of await scene.play(this.#stage.port)) this.#stage.fault(fault)
      } else if (kind === 1) await this.#requests(random)
      else if (kind === 2 && isSpoken('longpoll-batched', format.serializer)) await this.#batch(random, format)
      else await this.#session(random, format, mutator, hasMore)
    }
  }

  /** A session in whose name wrong requests are made; none of them may end it. */
  async #requests(random: SeededRandom): Promise<void> {
    const { serializer } = this.#formats[0]!
    const { port } = this.#stage
    const line = await LongPollLine.open(port, 'longpoll', serializer)
    const received: unknown[][] = []
    line.onFrame = (frame) => received.push(decodeList(serializer, frame))
    line.send(encodeList(serializer, [MessageType.HELLO, 'realm1', { roles: ALL_ROLES }]))
    await line.client.fence()
    for (let count = 0; count < REQUESTS_PER_SESSION; count++) {
      this.counts.requests++
      const { name, bytes, statuses } = brokenRequest(random, line.client.transport)
      const status = await statusFor(port, bytes, CLOSED_WITHIN_MS)
      if (status === undefined || !statuses.includes(status)) {
        this.#stage.fault(`the answer to ${name} was ${status ?? 'none'}, not ${statuses.join(' or ')}`, bytes)
      }
      this.counts.refused++
    }
    line.send(encodeList(serializer, [MessageType.SUBSCRIBE, 1, {}, 'com.fuzz.request']))
    await line.client.fence()
    const types = received.map(([type]) => type)
    if (String(types) !== `${MessageType.WELCOME},${MessageType.SUBSCRIBED}`) {
      this.#stage.fault(`a session whose requests were refused received the messages ${types}`)
    }
    line.close()
  }

  async #session(random: SeededRandom, format: Format, mutator: Mutator, hasMore: () => boolean): Promise<void> {
    const { serializer } = format
    const kind = pick(
      random,
      LONGPOLL_KINDS.filter((one) => isSpoken(one, serializer)),
    )
    const line = await LongPollLine.open(this.#stage.port, kind, serializer)
    const received: Uint8Array[] = []
    line.onFrame = (frame) => received.push(Buffer.from(frame))
    if (random.below(6) > 0) {
      const realm = random.below(2) === 0 ? 'realm1' : 'lenient'
      line.send(encodeList(serializer, [MessageType.HELLO, realm, { roles: ALL_ROLES }]))
    }
    for (let count = 0; count < BODIES_PER_SESSION && hasMore() && !line.isClosed; count++) {
      this.counts.requests++
      received.length = 0
      const frame = mutator.next()
      line.send(frame)
      await line.client.fence()
      if (!line.isClosed && line.lastStatus === 400) await until('the end', () => line.isClosed, CLOSED_WITHIN_MS).catch(() => {})
      if (!line.isClosed) this.#alive(line, frame)
      else this.#ended(line, frame, received)
    }
    line.close()
  }

  #alive(line: LongPollLine, frame: Uint8Array): void {
    if (line.lastStatus === 413) this.counts.refused++
    else if (line.lastStatus === 204) this.counts.legal++
    else this.#stage.fault(`a body was answered with ${line.lastStatus}, and the session lives`, frame)
  }

  #ended(line: LongPollLine, frame: Uint8Array, received: readonly Uint8Array[]): void {
    const last = received.at(-1)
    const message = last === undefined ? [] : decodeList(line.serializer, last)
    const own = typeOf(line, frame)
    if (message[0] === MessageType.ABORT) {
      this.counts.aborted++
      const fault = abortFault(message)
      if (fault !== undefined) this.#stage.fault(fault, frame)
    } else if (own === MessageType.ABORT || (own === MessageType.GOODBYE && message[0] === MessageType.GOODBYE)) this.counts.left++
    else if (frame.length === 0) this.counts.refused++
    else this.#stage.fault(`the session ended without ABORT (${line.kind}, ${line.serializer.name}, ${line.lastStatus})`, frame)
  }

  /** What stands in front of the fault in a batch is answered, then the session ends (SER-20, SER-22). */
  async #batch(random: SeededRandom, { serializer }: Format): Promise<void> {
    this.counts.requests++
    const line = await LongPollLine.open(this.#stage.port, 'longpoll-batched', serializer)
    const types: unknown[] = []
    line.onFrame = (frame) => types.push(decodeList(serializer, frame)[0])
    line.send(encodeList(serializer, [MessageType.HELLO, 'realm1', { roles: ALL_ROLES }]))
    await line.client.fence()
    const good = encodeList(serializer, [MessageType.SUBSCRIBE, 1, {}, 'com.fuzz.batch'])
    const { name, body, isEmpty } = brokenBatch(
      random,
      serializer,
      good,
      encodeList(serializer, [MessageType.SUBSCRIBE, 2, {}, 'com.fuzz']),
    )
    line.sendBody(body)
    await until(`the end after ${name}`, () => line.isClosed, CLOSED_WITHIN_MS).catch((error: Error) =>
      this.#stage.fault(error.message, body),
    )
    const wanted = isEmpty ? [MessageType.WELCOME] : [MessageType.WELCOME, MessageType.SUBSCRIBED, MessageType.ABORT]
    if (String(types) !== String(wanted) || ![400, 0].includes(line.lastStatus)) {
      // 0: the receive that waited told of the end first, and the client gave up its connections.
      this.#stage.fault(`${name} (${serializer.name}) was answered with ${line.lastStatus} and the messages ${types}`, body)
    }
    if (isEmpty) this.counts.refused++
    else this.counts.aborted++
    line.close()
  }
}

function typeOf(line: LongPollLine, frame: Uint8Array): number | undefined {
  try {
    return line.serializer.decode(frame).type
  } catch {
    return undefined
  }
}

export const longpollFuzz: Check = {
  name: 'longpoll',
  async run(options: HostileOptions): Promise<readonly Finding[]> {
    const fuzz = new LongPollFuzz(options.seed)
    const started = performance.now()
    await fuzz.run(Math.ceil(options.liveFrames / 2))
    const { requests, legal, aborted, left, refused, scenes } = fuzz.counts
    const { answers, events } = fuzz.talk.counts
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    const figure = `${requests} (${legal} legal, ${aborted} ended with ABORT, ${refused} refused, ${left} said goodbye, ${scenes} scenes) in ${seconds} s`
    return [
      faultless(`requests of long-poll clients, seed ${options.seed}`, figure, fuzz.faults),
      exactly(`lost of ${answers} calls and ${events} events of the well-behaved meanwhile`, fuzz.talk.lost, 0, 'messages'),
    ]
  },
}
