// Mutated frames through decoder and router, in memory, in one process and on one thread: what a frame does is known when
// `send` returns. After each frame either everybody lives, and then the frame was a message, or exactly its own session
// has ended, with an ABORT that says why. Half of the hostile sessions live in a realm with strict request ids, half in one
// without, where more mutations get past the session.

import { flatbuffersSerializer, MemoryTransport, MessageType, type Serializer, UsageError } from '@crosspoint/protocol'
import { type AttachInfo, type LoginOptions, Router, staticPrincipals } from '@crosspoint/router'
import { everyMethodOf, PEOPLE } from '../attacks/stage.ts'
import { SeededRandom } from '../conformance/seeded-random.ts'
import { VirtualClock } from '../conformance/virtual-clock.ts'
import { TestCrypto } from '../test-crypto.ts'
import { type Check, exactly, type Finding, faultless, type HostileOptions } from './check.ts'
import { FORMATS, type Format } from './corpus.ts'
import { pick } from './draw.ts'
import { ALL_ROLES, abortFault, decodeList, encodeList, GoodTalk, type Line } from './good-talk.ts'
import { JOE } from './login-answers.ts'
import { Mutator } from './mutate.ts'

const ROUND_EVERY = 500 // frames between two rounds of the well-behaved
const FAULTS_MAX = 20
const FRAMES_PER_SESSION_MAX = 64

export class MemoryLine implements Line {
  readonly serializer: Serializer
  onFrame: (frame: Uint8Array) => void = () => {}
  onClose: (reason: string) => void = () => {}
  isClosed = false
  readonly #transport: MemoryTransport

  constructor(router: Router, serializer: Serializer, peer: string, info: AttachInfo = {}) {
    const [ours, theirs] = MemoryTransport.pair()
    this.serializer = serializer
    this.#transport = ours
    ours.onFrame = (bytes, start = 0, end = bytes.length) => this.onFrame(bytes.subarray(start, end))
    ours.onClose = (reason) => {
      this.isClosed = true
      this.onClose(reason)
    }
    router.attach(theirs, serializer, { ...info, peer })
  }
  send(frame: Uint8Array): void {
    this.#transport.send(frame)
  }
  close(): void {
    this.#transport.close()
  }
}

/** What mutated frames did. */
export interface FuzzCounts {
  frames: number
  legal: number
  aborted: number
  /** Ended by a GOODBYE or ABORT of the mutated session's own. */
  left: number
}

interface Hostile {
  readonly line: MemoryLine
  readonly peer: string
  readonly format: Format
  readonly mutator: Mutator
  readonly received: Uint8Array[]
  frames: number
}

export class MemoryFuzz {
  readonly faults: string[] = []
  readonly counts: FuzzCounts = { frames: 0, legal: 0, aborted: 0, left: 0 }
  readonly talk: GoodTalk
  readonly #router: Router
  readonly #crypto: TestCrypto
  /** Of the hostile sessions that are to log in. */
  readonly #login: LoginOptions
  readonly #clock = new VirtualClock()
  readonly #random: SeededRandom
  readonly #seed: number
  /** Mutators by format, and by the request id that a session of that kind has to use next. */
  readonly #mutators: readonly { readonly format: Format; readonly fresh: Mutator; readonly busy: Mutator }[]
  #ended: string[] = []
  #sessionCount = 0
  /** A well-behaved caller of whatever hostile sessions register. */
  readonly #prober: MemoryLine
  #probes = 0
  #probeAnswers = 0

  constructor(seed: number) {
    this.#seed = seed
    this.#random = new SeededRandom(seed)
    this.#crypto = new TestCrypto(seed + 2)
    const parts = { crypto: this.#crypto, clock: this.#clock, random: new SeededRandom(seed + 3) }
    this.#login = { authenticators: everyMethodOf(parts, (method) => staticPrincipals(PEOPLE[method])) }
    this.#router = new Router({
      clock: this.#clock,
      random: new SeededRandom(seed + 1),
      realms: [{ name: 'realm1' }, { name: 'lenient', requestIds: 'lenient' }],
      limits: { loginFailuresPerPrincipalMax: 0 },
      observer: {
        onSessionEnd: (session) => this.#ended.push(session.peer),
        onRefused: (peer) => this.#ended.push(peer),
      },
    })
    this.#mutators = FORMATS.map((format) => ({
      format,
      fresh: new Mutator(this.#random, format, 1),
      busy: new Mutator(this.#random, format, 3),
    }))
    const lines = FORMATS.flatMap(({ serializer }) => [0, 1].map((index) => new MemoryLine(this.#router, serializer, `good ${index}`)))
    this.talk = new GoodTalk(lines, 'realm1')
    this.#prober = this.#openProber()
  }

  #openProber(): MemoryLine {
    const prober = new MemoryLine(this.#router, FORMATS[0]!.serializer, 'prober')
    prober.onClose = (reason) => this.#fault(`the prober was closed: ${reason}`)
    prober.onFrame = (frame) => {
      const message = decodeList(prober.serializer, frame)
      if (message[0] === MessageType.RESULT || message[0] === MessageType.ERROR) this.#probeAnswers++
    }
    prober.send(encodeList(prober.serializer, [MessageType.HELLO, 'realm1', { roles: ALL_ROLES }]))
    return prober
  }

  #fault(what: string, frame?: Uint8Array): void {
    const bytes = frame === undefined ? '' : `; frame ${Buffer.from(frame.subarray(0, 300)).toString('hex')} (${frame.length} bytes)`
    this.faults.push(`seed ${this.#seed}, frame ${this.counts.frames}: ${what}${bytes}`)
  }

  /** Sends `frames` mutated frames, with rounds of the well-behaved between them. */
  run(frames: number): void {
    let hostile = this.#open()
    for (let count = 0; count < frames && this.faults.length < FAULTS_MAX; count++) {
      if (count % ROUND_EVERY === 0) {
        this.talk.step()
        this.#clock.advance(1)
      }
      if (hostile.line.isClosed) hostile = this.#open()
      this.counts.frames++
      hostile.frames++
      const isFirst = hostile.frames === 1
      this.#send(hostile, hostile.mutator.next(), isFirst)
      if (!hostile.line.isClosed && hostile.frames > FRAMES_PER_SESSION_MAX) hostile.line.close()
    }
    hostile.line.close()
    this.#clock.advance(60_000) // what still waits for a timeout gets it
    this.#finish()
  }

  /**
   * A hostile session: fresh from HELLO, one with a registration, a subscription and a call to answer, one before HELLO, or one that
   * was challenged. Half of the last two are on links that want a login.
   */
  #open(): Hostile {
    const { format, fresh, busy } = this.#mutators[this.#random.below(this.#mutators.length)]!
    const kind = this.#random.below(9)
    const realm = this.#random.below(2) === 0 ? 'realm1' : 'lenient'
    const peer = `hostile ${++this.#sessionCount}`
    const hasLogin = kind === 8 || (kind === 7 && this.#random.below(2) === 0)
    const line = new MemoryLine(this.#router, format.serializer, peer, hasLogin ? { login: this.#login } : {})
    const received: Uint8Array[] = []
    line.onFrame = (frame) => received.push(frame)
    const hostile = { line, peer, format, mutator: kind < 2 ? busy : fresh, received, frames: 0 }
    if (kind === 7) return hostile
    const send = (list: readonly unknown[]): void => line.send(encodeList(format.serializer, list))
    if (kind === 8) {
      this.#crypto.operations.length = 0
      // FlatBuffers has no slot for what other methods say in HELLO.
      const { hello } = pick(this.#random, format.serializer === flatbuffersSerializer ? JOE.slice(0, 2) : JOE)
      send([MessageType.HELLO, realm, { roles: ALL_ROLES, ...hello }])
      return hostile
    }
    send([MessageType.HELLO, realm, { roles: ALL_ROLES }])
    if (kind >= 2) return hostile
    send([MessageType.REGISTER, 1, {}, 'com.fuzz.probed'])
    send([MessageType.SUBSCRIBE, 2, {}, 'com.fuzz.topic'])
    if (realm === 'realm1') {
      this.#prober.send(encodeList(this.#prober.serializer, [MessageType.CALL, ++this.#probes, {}, 'com.fuzz.probed', [1]]))
    }
    return hostile
  }

  #send(hostile: Hostile, frame: Uint8Array, isFirst: boolean): void {
    const { line, received, peer } = hostile
    received.length = 0
    this.#ended = []
    try {
      line.send(frame)
    } catch (error) {
      this.#fault(`the router threw ${error instanceof Error ? error.stack : String(error)}`, frame)
      line.close()
      return
    }
    if (this.#ended.length > 1 || (this.#ended.length === 1 && this.#ended[0] !== peer)) {
      this.#fault(`a frame of "${peer}" ended ${this.#ended.map((name) => `"${name}"`).join(', ')}`, frame)
    }
    if (!line.isClosed) {
      this.counts.legal++
      this.#checkLegal(hostile, frame, isFirst)
      return
    }
    if (this.#ended.length !== 1) this.#fault('the transport was closed, and the router was not told of an end', frame)
    this.#checkEnd(hostile, frame)
  }

  /** What was taken as a message must be one. */
  #checkLegal(hostile: Hostile, frame: Uint8Array, isFirst: boolean): void {
    try {
      const list = decodeList(hostile.format.serializer, frame)
      if (!Array.isArray(list) || typeof list[0] !== 'number') this.#fault('a frame was taken that is no message', frame)
    } catch (error) {
      if (error instanceof UsageError) return // well formed, with a value that JavaScript has no plain form for
      this.#fault(`a frame was taken that cannot be read: ${String(error)}`, frame)
    }
    for (const answer of hostile.received) {
      try {
        decodeList(hostile.format.serializer, answer)
      } catch (error) {
        if (error instanceof UsageError) continue
        this.#fault(`the answer ${Buffer.from(answer).toString('hex')} cannot be read: ${String(error)}`, frame)
      }
    }
    if (isFirst && hostile.received.length > 50) this.#fault(`one frame was answered with ${hostile.received.length}`, frame)
  }

  #checkEnd(hostile: Hostile, frame: Uint8Array): void {
    const serializer = hostile.format.serializer
    const last = hostile.received.at(-1)
    if (last === undefined) {
      // An ABORT is not answered (SES-27).
      if (readType(serializer, frame) === MessageType.ABORT) this.counts.left++
      else this.#fault('the session ended without a word', frame)
      return
    }
    const message = decodeList(serializer, last)
    if (message[0] === MessageType.GOODBYE && readType(serializer, frame) === MessageType.GOODBYE) this.counts.left++
    else if (message[0] === MessageType.ABORT) {
      this.counts.aborted++
      const fault = abortFault(message)
      if (fault !== undefined) this.#fault(fault, frame)
    } else this.#fault(`the last word was ${JSON.stringify(message)}`, frame)
  }

  #finish(): void {
    this.talk.step()
    this.faults.push(...this.talk.faults)
    if (!this.talk.isIdle) this.#fault(`the well-behaved miss something: ${JSON.stringify(this.talk.counts)}`)
    if (this.#probeAnswers !== this.#probes) this.#fault(`${this.#probes} calls of the prober got ${this.#probeAnswers} answers`)
    const realm = this.#router.realm('realm1')!
    const wanted = FORMATS.length * 2 + 1
    if (realm.sessions.size !== wanted) this.#fault(`${realm.sessions.size} sessions are left, not the ${wanted} well-behaved`)
    const lenient = this.#router.realm('lenient')!
    if (lenient.broker.size + lenient.dealer.size + lenient.sessions.size > 0) this.#fault('the lenient realm is not empty')
    if (({} as { polluted?: unknown }).polluted !== undefined) this.#fault('Object.prototype was changed')
    if (this.#clock.timerCount > 0) this.#fault(`${this.#clock.timerCount} timers are left`)
  }
}

function readType(serializer: Serializer, frame: Uint8Array): number | undefined {
  try {
    return serializer.decode(frame).type
  } catch {
    return undefined
  }
}

export const memoryFuzz: Check = {
  name: 'memory',
  async run(options: HostileOptions): Promise<readonly Finding[]> {
    const fuzz = new MemoryFuzz(options.seed)
    const before = process.threadCpuUsage()
    fuzz.run(options.frames)
    const { user, system } = process.threadCpuUsage(before) // what else runs on the machine does not count
    const seconds = (user + system) / 1e6
    const { frames, legal, aborted, left } = fuzz.counts
    const { answers, events } = fuzz.talk.counts
    const secondsMax = Math.max(5, (90 * options.frames) / 1_000_000)
    const figure = `${frames} (${legal} legal, ${aborted} ended with ABORT, ${left} said goodbye)`
    return [
      faultless(`mutated frames through decoder and router, seed ${options.seed}`, figure, fuzz.faults),
      exactly(`lost of ${answers} calls and ${events} events of the well-behaved meanwhile`, fuzz.talk.lost, 0, 'messages'),
      {
        what: 'processor time for all of them',
        figure: `${seconds.toFixed(1)} s`,
        limit: `at most ${secondsMax} s`,
        isOk: seconds <= secondsMax,
      },
    ]
  },
}
