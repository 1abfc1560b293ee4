// Mutated frames at a live listener: WAMP that is none in whole frames, and frames that are none. The router runs in this
// process, so an exception that nobody caught is seen. After each frame a ping asks whether the connection lives.

import { connect } from 'node:net'
import { MessageType } from '@crosspoint/protocol'
import { systemClock, systemRandom } from '@crosspoint/protocol/system'
import { Router } from '@crosspoint/router'
import { createListener, type Listener } from '@crosspoint/transport'
import { SeededRandom } from '../conformance/seeded-random.ts'
import { type Broken, brokenFrame, brokenHandshake, mutatedFraming } from './broken-frames.ts'
import { type Check, exactly, type Finding, faultless, type HostileOptions, until } from './check.ts'
import { corpusOf, type Format, OFFERED_FORMATS } from './corpus.ts'
import { ALL_ROLES, abortFault, decodeList, encodeList, GoodTalk } from './good-talk.ts'
import { Mutator } from './mutate.ts'
import { KINDS, type Kind, openLine, type SocketLine } from './socket-line.ts'

const WORKERS = 16
const FAULTS_MAX = 20
const WAITING_MS = 150 // a connection that neither answers nor closes by then waits for more bytes
const CLOSED_WITHIN_MS = 10_000
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
  readonly faults: string[] = []
  readonly counts: LiveCounts = { frames: 0, legal: 0, aborted: 0, left: 0, closed: 0, waiting: 0 }
  readonly #seed: number
  readonly #router: Router
  readonly #listener: Listener
  #talk: GoodTalk | undefined

  constructor(seed: number) {
    this.#seed = seed
    this.#router = new Router({
      clock: systemClock,
      random: systemRandom,
      realms: [{ name: 'realm1' }, { name: 'lenient', requestIds: 'lenient' }],
    })
    this.#listener = createListener({
      endpoint: { port: 0 },
      serializers: OFFERED_FORMATS.map(({ serializer }) => serializer),
      onTransport: (transport, serializer, info) => this.#router.attach(transport, serializer, { peer: info.peer }),
    })
  }

  get talk(): GoodTalk {
    return this.#talk!
  }

  fault(what: string, bytes?: Uint8Array): void {
    const shown = bytes === undefined ? '' : `; ${Buffer.from(bytes.subarray(0, 300)).toString('hex')} (${bytes.length} bytes)`
    this.faults.push(`seed ${this.#seed}: ${what}${shown}`)
  }

  /** Sends `frames` frames over several connections at a time while the well-behaved talk, and sees that all is well after. */
  async run(frames: number): Promise<void> {
    const caught = (error: unknown): void =>
      this.fault(`an exception nobody caught: ${error instanceof Error ? error.stack : String(error)}`)
    process.on('uncaughtException', caught)
    process.on('unhandledRejection', caught)
    await this.#listener.listen()
    try {
      const port = this.#listener.port!
      const lines = await Promise.all(KINDS.flatMap((kind) => OFFERED_FORMATS.map(({ serializer }) => openLine(port, kind, serializer))))
      this.#talk = new GoodTalk(lines, 'realm1')
      await until('the well-behaved to be ready', () => this.talk.isReady)
      let isOver = false
      const talking = this.#keepTalking(() => isOver)
      await Promise.all(Array.from({ length: WORKERS }, (_, index) => this.#work(index, port, frames)))
      isOver = true
      await talking
      this.faults.push(...this.talk.faults)
      this.talk.close()
      await until('all sessions to be gone', () => this.#router.peerCount === 0)
    } finally {
      await this.#listener.close()
      process.off('uncaughtException', caught)
      process.off('unhandledRejection', caught)
    }
    for (const name of ['realm1', 'lenient']) {
      const { broker, dealer } = this.#router.realm(name)!
      if (broker.size + dealer.size > 0) this.fault(`${broker.size} subscriptions and ${dealer.size} registrations are left in ${name}`)
    }
  }

  async #keepTalking(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      this.talk.step()
      try {
        await until('a round of the well-behaved', () => this.talk.isIdle, CLOSED_WITHIN_MS)
      } catch {
        this.fault(`the well-behaved miss something: ${JSON.stringify(this.talk.counts)}`)
        return
      }
    }
  }

  /** One hostile client after the other, until enough frames were sent by all workers together. */
  async #work(index: number, port: number, frames: number): Promise<void> {
    const random = new SeededRandom(this.#seed + 1000 * (index + 1))
    const mutators = OFFERED_FORMATS.map((format) => ({ format, mutator: new Mutator(random, format, corpusOf(format, 1)) }))
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
    const kind = KINDS[random.below(2)]!
    const line = await openLine(port, kind, format.serializer)
    const received: Uint8Array[] = []
    line.onFrame = (frame) => received.push(Buffer.from(frame))
    const isStranger = random.below(6) === 0
    if (!isStranger) {
      const realm = random.below(2) === 0 ? 'realm1' : 'lenient'
      line.send(encodeList(format.serializer, [MessageType.HELLO, realm, { roles: ALL_ROLES }]))
    }
    for (let count = 0; count < 8 && this.counts.frames < frames; count++) {
      this.counts.frames++
      const isFraming = random.below(4) === 0
      const outcome = isFraming
        ? await this.#framing(line, random, kind, mutator)
        : await this.#message(line, mutator.next(), received, isStranger)
      if (outcome !== 'alive') break
    }
    line.close()
  }

  async #framing(line: SocketLine, random: SeededRandom, kind: Kind, mutator: Mutator): Promise<Outcome> {
    const broken = random.below(3) === 0 ? mutatedFraming(random, kind, mutator.next()) : brokenFrame(random, kind)
    line.sendBytes(broken.bytes)
    const outcome = await outcomeOf(line, broken.mustClose ? CLOSED_WITHIN_MS : WAITING_MS)
    if (broken.mustClose && outcome !== 'closed') this.fault(`the connection is ${outcome} after ${broken.name}`, broken.bytes)
    if (outcome === 'alive') this.counts.legal++
    else this.counts[outcome]++
    // One that lives may be within a fragmented message, or have half a header: what comes next would mean something else.
    return outcome === 'alive' ? 'waiting' : outcome
  }

  async #message(line: SocketLine, frame: Uint8Array, received: Uint8Array[], isStranger: boolean): Promise<Outcome> {
    received.length = 0
    line.send(frame)
    const outcome = await outcomeOf(line, CLOSED_WITHIN_MS)
    if (outcome === 'waiting') this.fault('a whole frame was neither taken nor refused', frame)
    else if (outcome === 'alive') this.counts.legal++
    else this.#ended(line, frame, received, isStranger)
    return outcome
  }

  #ended(line: SocketLine, frame: Uint8Array, received: readonly Uint8Array[], isStranger: boolean): void {
    const last = received.at(-1)
    const message = last === undefined ? [] : decodeList(line.serializer, last)
    if (message[0] === MessageType.ABORT) {
      this.counts.aborted++
      const fault = abortFault(message)
      if (fault !== undefined) this.fault(fault, frame)
    } else if (isStranger && frame.length > STRANGER_BYTES_MAX) this.counts.closed++
    else if (readsAs(line, frame, MessageType.ABORT)) this.counts.left++
    else if (message[0] === MessageType.GOODBYE && readsAs(line, frame, MessageType.GOODBYE)) this.counts.left++
    else
      this.fault(`the connection ended without ABORT (${line.kind}, ${line.serializer.name}); last word ${JSON.stringify(message)}`, frame)
  }

  /** First bytes that are no handshake: the connection must be closed. */
  #handshake(port: number, broken: Broken): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(broken.bytes))
      const guard = setTimeout(() => {
        this.fault(`the connection stays open after ${broken.name}`, broken.bytes)
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

function readsAs(line: SocketLine, frame: Uint8Array, type: number): boolean {
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
