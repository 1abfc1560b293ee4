// Well-behaved sessions that talk while others misbehave: each calls the next one's procedure and publishes a numbered
// event, in rounds; whatever does not arrive, or arrives changed, doubled or out of order, is a fault.

import { ErrorUri, encodeMessage, flatbuffersSerializer, MessageType, type Serializer, UsageError } from '@crosspoint/protocol'
import { listOf, messageOf } from '../conformance/lists.ts'

/** A way to send and receive frames; `onFrame` is set by whoever uses the line. */
export interface Line {
  readonly serializer: Serializer
  send(frame: Uint8Array): void
  close(): void
  onFrame: (frame: Uint8Array) => void
  onClose: (reason: string) => void
}

export const ALL_ROLES = {
  caller: { features: { call_canceling: true, progressive_call_results: true } },
  callee: { features: { call_canceling: true, progressive_call_results: true } },
  publisher: {},
  subscriber: { features: { publisher_identification: true } },
} as const

/** FlatBuffers has a form for messages only. */
export function encodeList(serializer: Serializer, list: readonly unknown[]): Uint8Array {
  if (serializer === flatbuffersSerializer) return encodeMessage(serializer, messageOf(list))
  return serializer.encodePayload([list])
}

/** Reads a frame without the router's own decoder where the platform has another: JSON. */
export function decodeList(serializer: Serializer, frame: Uint8Array): unknown[] {
  if (serializer.name === 'json') return JSON.parse(strictUtf8.decode(frame)) as unknown[]
  if (serializer === flatbuffersSerializer) return listOf(serializer.decode(frame))
  return serializer.decodePayload(frame, 0, frame.length, 1, false)[0] as unknown[]
}
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The numbers of requests: REGISTER is 1, then come the two SUBSCRIBEs. */
const FIRST_REQUEST = 4

class Talker {
  readonly index: number
  readonly line: Line
  readonly #talk: GoodTalk
  readonly #count: number
  isReady = false
  callsMade = 0
  answers = 0
  acknowledged = 0
  events = 0
  #setUp = 0
  #ticks = 0
  #nextRequest = FIRST_REQUEST
  readonly #open = new Map<number, number>()
  readonly #heard = new Map<number, number>()

  constructor(index: number, count: number, line: Line, realm: string, talk: GoodTalk) {
    this.index = index
    this.line = line
    this.#talk = talk
    this.#count = count
    line.onFrame = (frame) => this.#receive(frame)
    line.onClose = (reason) => talk.fault(`the connection of session ${index} was closed: ${reason}`)
    this.#send([MessageType.HELLO, realm, { roles: ALL_ROLES }])
  }

  #send(list: readonly unknown[]): void {
    this.line.send(encodeList(this.line.serializer, list))
  }

  /** One call and one publication, both numbered. */
  step(number: number): void {
    const callee = (this.index + 1) % this.#count
    const request = this.#nextRequest
    this.#nextRequest += 2
    this.#open.set(request, number)
    this.callsMade++
    this.#send([MessageType.CALL, request, {}, `com.good.echo.${callee}`, [number, 'gruß €']])
    this.#send([MessageType.PUBLISH, request + 1, { acknowledge: true, exclude_me: false }, 'com.good.tick', [this.index, number]])
  }

  /** Nothing that was asked for is still missing. */
  isIdle(rounds: number): boolean {
    return this.#open.size === 0 && this.acknowledged === rounds && this.events === rounds * this.#count
  }

  #receive(frame: Uint8Array): void {
    let message: unknown[]
    try {
      message = decodeList(this.line.serializer, frame)
    } catch (error) {
      if (error instanceof UsageError) return // a stranger's event with a value that JavaScript has no plain form for
      this.#talk.fault(`session ${this.index} (${this.line.serializer.name}) got a frame that is no message: ${String(error)}`)
      return
    }
    switch (message[0]) {
      case MessageType.WELCOME:
        this.#send([MessageType.REGISTER, 1, {}, `com.good.echo.${this.index}`])
        this.#send([MessageType.SUBSCRIBE, 2, {}, 'com.good.tick'])
        // Whatever hostile sessions publish comes here too, through every serializer: it must be whole.
        this.#send([MessageType.SUBSCRIBE, 3, { match: 'prefix' }, 'com.fuzz'])
        return
      case MessageType.REGISTERED:
      case MessageType.SUBSCRIBED:
        if (message[1] === 2) this.#ticks = message[2] as number
        this.isReady = ++this.#setUp === 3
        return
      case MessageType.INVOCATION:
        this.#send([MessageType.YIELD, message[1], {}, message[4]])
        return
      case MessageType.RESULT:
        return this.#result(message[1] as number, (message[3] as unknown[])[0], (message[3] as unknown[])[1])
      case MessageType.PUBLISHED:
        this.acknowledged++
        return
      case MessageType.EVENT:
        if (message[1] === this.#ticks) this.#event(message[4] as unknown[])
        return
      default:
        this.#talk.fault(`session ${this.index} got an unexpected message: ${JSON.stringify(message).slice(0, 200)}`)
    }
  }

  #result(request: number, number: unknown, text: unknown): void {
    if (this.#open.get(request) !== number || text !== 'gruß €') {
      this.#talk.fault(`session ${this.index} got for call ${request} the wrong result ${String(number)} ${String(text)}`)
    }
    this.#open.delete(request)
    this.answers++
  }

  #event(args: readonly unknown[]): void {
    const [publisher, number] = args as [number, number]
    const expected = (this.#heard.get(publisher) ?? 0) + 1
    if (number !== expected) this.#talk.fault(`session ${this.index} heard ${number} of ${publisher}, not ${expected}`)
    this.#heard.set(publisher, number)
    this.events++
  }
}

export class GoodTalk {
  readonly faults: string[] = []
  readonly #talkers: Talker[]
  #rounds = 0

  /** Opens a session on each line. */
  constructor(lines: readonly Line[], realm: string) {
    this.#talkers = lines.map((line, index) => new Talker(index, lines.length, line, realm, this))
  }

  fault(what: string): void {
    this.faults.push(what)
  }

  get isReady(): boolean {
    return this.#talkers.every((talker) => talker.isReady)
  }
  /** Everything of the rounds so far has arrived. */
  get isIdle(): boolean {
    return this.#talkers.every((talker) => talker.isIdle(this.#rounds))
  }

  /** One more round: every session calls and publishes. */
  step(): void {
    this.#rounds++
    for (const talker of this.#talkers) talker.step(this.#rounds)
  }

  /** Calls answered and events heard, and what should have been. */
  get counts(): { calls: number; answers: number; events: number; eventsWanted: number } {
    const sum = (of: (talker: Talker) => number): number => this.#talkers.reduce((total, talker) => total + of(talker), 0)
    return {
      calls: sum((talker) => talker.callsMade),
      answers: sum((talker) => talker.answers),
      events: sum((talker) => talker.events),
      eventsWanted: this.#rounds * this.#talkers.length ** 2,
    }
  }

  /** Calls and events that never came. */
  get lost(): number {
    const { calls, answers, events, eventsWanted } = this.counts
    return calls - answers + eventsWanted - events
  }

  close(): void {
    for (const talker of this.#talkers) {
      talker.line.onClose = () => {}
      talker.line.close()
    }
  }
}

/** Whether an ABORT says something: a reason that names the kind of fault, and words for people. */
export function abortFault(message: readonly unknown[]): string | undefined {
  const details = message[1] as { readonly message?: unknown } | undefined
  const words = details?.message
  if (typeof words !== 'string' || words.length < 10) return `ABORT without words: ${JSON.stringify(message)}`
  if (typeof message[2] !== 'string' || !KNOWN_REASONS.has(message[2])) return `ABORT with an unexpected reason: ${JSON.stringify(message)}`
  return undefined
}

const KNOWN_REASONS: ReadonlySet<string> = new Set([
  ErrorUri.protocolViolation,
  ErrorUri.noSuchRealm,
  ErrorUri.invalidUri,
  ErrorUri.noMatchingAuthMethod,
  ErrorUri.authenticationDenied,
  ErrorUri.authenticationFailed,
  ErrorUri.authenticationRequired,
  ErrorUri.noSuchSession, // HELLO.resume_session
])
