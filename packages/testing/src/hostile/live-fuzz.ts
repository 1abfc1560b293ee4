// Mutated frames at a live listener: WAMP that is none in whole frames, batches that are none, and frames that are none. After
// each frame a ping asks whether the connection lives.

import { connect } from 'node:net'
import { MessageType } from '@crosspoint/protocol'
import { SeededRandom } from '../conformance/seeded-random.ts'
import { brokenBatch } from './broken-batches.ts'
import { type Broken, brokenFrame, brokenHandshake, mutatedFraming } from './broken-frames.ts'
import { type Check, exactly, type Finding, faultless, type HostileOptions } from './check.ts'
import { type Format, offeredFormats } from './corpus.ts'
import { pick } from './draw.ts'
import { ALL_ROLES, abortFault, decodeList, encodeList, type GoodTalk } from './good-talk.ts'
import { CLOSED_WITHIN_MS, LiveStage } from './live-stage.ts'
import { Mutator } from './mutate.ts'
import { isSpoken, openLine, type PeerLine, SOCKET_KINDS, type SocketLine } from './socket-line.ts'

const WORKERS = 16
const FAULTS_MAX = 20
const WAITING_MS = 150 // a connection that neither answers nor closes by then waits for more bytes
const STRANGER_BYTES_MAX = 64 * 1024

type Outcome = 'alive' | 'closed' | 'waiting'

export interface LiveCounts {
  frames: number
  legal: number
  aborted: number
  left: number
  /** Ended by the transport alone: broken frames, too long ones. */
  closed: number
  /** Incomplete, so that the transport waits for more. */
  waiting: number
}

export class LiveFuzz {
  readonly counts: LiveCounts = { frames: 0, legal: 0, aborted: 0, left: 0, closed: 0, waiting: 0 }
  readonly #seed: number
  readonly #stage: LiveStage
  readonly #formats: readonly Format[]

  constructor(seed: number) {
    this.#seed = seed
    this.#formats = offeredFormats(seed)
    this.#stage = new LiveStage(seed, this.#formats)
  }

  get talk(): GoodTalk {
    return this.#stage.talk
  }
  get faults(): readonly string[] {
    return this.#stage.faults
  }

  /** Sends `frames` frames over several connections at a time while the well-behaved talk, and sees that all is well after. */
  run(frames: number): Promise<void> {
    return this.#stage.run(() => Promise.all(Array.from({ length: WORKERS }, (_, index) => this.#work(index, this.#stage.port, frames))))
  }

  /** One hostile client after the other, until enough frames were sent by all workers together. */
  async #work(index: number, port: number, frames: number): Promise<void> {
    const random = new SeededRandom(this.#seed + 1000 * (index + 1))
    const mutators = this.#formats.map((format) => ({ format, mutator: new Mutator(random, format, 1) }))
    while (this.counts.frames < frames && this.faults.length < FAULTS_MAX) {
      if (random.below(12) === 0) {
        this.counts.frames++
        await this.#handshake(port, brokenHandshake(random))
        continue
      }
      const { format, mutator } = mutators[random.below(mutators.length)]!
      await this.#session(port, random, format, mutator, frames)
    }
  }

  /** Opens a connection and sends frames until it ends. */
  async #session(port: number, random: SeededRandom, format: Format, mutator: Mutator, frames: number): Promise<void> {
    const kind = pick(
      random,
      SOCKET_KINDS.filter((one) => isSpoken(one, format.serializer)),
    )
    const line = await openLine(port, kind, format.serializer)
    const received: Uint8Array[] = []
    line.onFrame = (frame) => received.push(Buffer.from(frame))
    const isStranger = random.below(6) === 0
    if (!isStranger) {
      const realm = random.below(2) === 0 ? 'realm1' : 'lenient'
      line.send(encodeList(format.serializer, [MessageType.HELLO, realm, { roles: ALL_ROLES }]))
    }
    if (kind === 'batched' && !isStranger && random.below(3) === 0) {
      this.counts.frames++
      await this.#batch(line, random, format, received)
      line.close()
      return
    }
    for (let count = 0; count < 8 && this.counts.frames < frames; count++) {
      this.counts.frames++
      const isFraming = random.below(4) === 0
      const outcome = isFraming
        ? await this.#framing(line, random, mutator)
        : await this.#message(line, mutator.next(), received, isStranger)
      if (outcome !== 'alive') break
    }
    line.close()
  }

  async #framing(line: SocketLine, random: SeededRandom, mutator: Mutator): Promise<Outcome> {
    const framing = line.kind === 'rawsocket' ? 'rawsocket' : 'websocket'
    const broken = random.below(3) === 0 ? mutatedFraming(random, framing, mutator.next()) : brokenFrame(random, framing)
    line.sendBytes(broken.bytes)
    const outcome = await outcomeOf(line, broken.mustClose ? CLOSED_WITHIN_MS : WAITING_MS)
    if (broken.mustClose && outcome !== 'closed') this.#stage.fault(`the connection is ${outcome} after ${broken.name}`, broken.bytes)
    if (outcome === 'alive') this.counts.legal++
    else this.counts[outcome]++
    // One that lives may be within a fragmented message, or have half a header: what comes next would mean something else.
    return outcome === 'alive' ? 'waiting' : outcome
  }

  async #message(line: SocketLine, frame: Uint8Array, received: Uint8Array[], isStranger: boolean): Promise<Outcome> {
    received.length = 0
    line.send(frame)
    const outcome = await outcomeOf(line, CLOSED_WITHIN_MS)
    if (outcome === 'waiting') this.#stage.fault('a whole frame was neither taken nor refused', frame)
    else if (outcome === 'alive') this.counts.legal++
    else this.#ended(line, frame, received, isStranger)
    return outcome
  }

  /** What stands in front of the fault in a batch is answered, then the session ends (SER-20, SER-22). */
  async #batch(line: SocketLine, random: SeededRandom, format: Format, received: Uint8Array[]): Promise<void> {
    const { serializer } = format
    const good = encodeList(serializer, [MessageType.SUBSCRIBE, 1, {}, 'com.fuzz.batch'])
    const { name, body, isEmpty } = brokenBatch(
      random,
      serializer,
      good,
      encodeList(serializer, [MessageType.SUBSCRIBE, 2, {}, 'com.fuzz']),
    )
    line.sendBody(body)
    const outcome = await outcomeOf(line, CLOSED_WITHIN_MS)
    const messages = received.map((frame) => decodeList(serializer, frame))
    const types = messages.map(([type]) => type as number)
    const wanted = isEmpty ? [MessageType.WELCOME] : [MessageType.WELCOME, MessageType.SUBSCRIBED, MessageType.ABORT]
    if (outcome !== 'closed' || String(types) !== String(wanted)) {
      this.#stage.fault(`the connection is ${outcome} after ${name} (${serializer.name}); the answers were ${JSON.stringify(types)}`, body)
    }
    if (isEmpty) this.counts.closed++
    else this.counts.aborted++
  }

  #ended(line: SocketLine, frame: Uint8Array, received: readonly Uint8Array[], isStranger: boolean): void {
    const last = received.at(-1)
    const message = last === undefined ? [] : decodeList(line.serializer, last)
    if (message[0] === MessageType.ABORT) {
      this.counts.aborted++
      const fault = abortFault(message)
      if (fault !== undefined) this.#stage.fault(fault, frame)
    } else if (isStranger && frame.length > STRANGER_BYTES_MAX) this.counts.closed++
    else if (readsAs(line, frame, MessageType.ABORT)) this.counts.left++
    else if (message[0] === MessageType.GOODBYE && readsAs(line, frame, MessageType.GOODBYE)) this.counts.left++
    else
      this.#stage.fault(
        `the connection ended without ABORT (${line.kind}, ${line.serializer.name}); last word ${JSON.stringify(message)}`,
        frame,
      )
  }

  /** First bytes that are no handshake: the connection must be closed. */
  #handshake(port: number, broken: Broken): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(broken.bytes))
      const guard = setTimeout(() => {
        this.#stage.fault(`the connection stays open after ${broken.name}`, broken.bytes)
        socket.destroy()
      }, CLOSED_WITHIN_MS / 2) // well within the deadline of the handshake, which would close it too
      socket.on('error', () => {})
      socket.on('data', () => {})
      socket.on('close', () => {
        clearTimeout(guard)
        this.counts.closed++
        resolve()
      })
    })
  }
}

/** Whether the connection answers a ping, ends, or does neither in time. */
function outcomeOf(line: SocketLine, waitMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const done = (outcome: Outcome): void => {
      clearTimeout(guard)
      resolve(outcome)
    }
    const guard = setTimeout(() => done('waiting'), waitMs)
    line.onPong = () => done('alive')
    line.onClose = () => done('closed')
    if (line.isClosed) done('closed')
    else if (line.socket.writable) line.ping()
  })
}

function readsAs(line: PeerLine, frame: Uint8Array, type: number): boolean {
  try {
    return line.serializer.decode(frame).type === type
  } catch {
    return false
  }
}

export const liveFuzz: Check = {
  name: 'live',
  async run(options: HostileOptions): Promise<readonly Finding[]> {
    const fuzz = new LiveFuzz(options.seed)
    const started = performance.now()
    await fuzz.run(options.liveFrames)
    const { frames, legal, aborted, left, closed, waiting } = fuzz.counts
    const { answers, events } = fuzz.talk.counts
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    const figure = `${frames} (${legal} legal, ${aborted} ended with ABORT, ${closed} closed, ${left} said goodbye, ${waiting} incomplete) in ${seconds} s`
    return [
      faultless(`mutated frames at a live listener, seed ${options.seed}`, figure, fuzz.faults),
      exactly(`lost of ${answers} calls and ${events} events of the well-behaved meanwhile`, fuzz.talk.lost, 0, 'messages'),
    ]
  },
}
