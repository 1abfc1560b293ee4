// One turn of the router: what had to come out of it, compared with what did. A turn is one input: a frame that arrived, a
// transport that was lost, a timer that fired, a call of the router's own methods.

import type { Message, Uri } from '@crosspoint/protocol'
import { Finding } from '../finding.ts'
import type { Link } from '../link.ts'
import { describe } from '../trace.ts'
import type { Deadline, ModelRegistration, ModelSession } from './state.ts'

export type MessageOf<Type extends number> = Extract<Message, { readonly type: Type }>

/** Where a message stands among those that one link gets in a turn; those of one rank come in any order. */
export const RANK = { first: 0, answer: 1, other: 2, last: 3 } as const

const STAGE_RANKS = 10

/** A message that must come. */
export interface Expectation {
  readonly turn: Turn
  readonly link: Link
  /** Of those that may be resumed. */
  readonly session: ModelSession | undefined
  readonly type: number
  readonly what: string
  readonly rank: number
  readonly isFree: boolean
  readonly isOptional: boolean
  readonly oneOf: object | undefined
  readonly about: readonly object[]
  readonly after: object | undefined
  readonly check: (message: never, link: Link) => boolean
  readonly learn: ((message: never, link: Link) => void) | undefined
  readonly payload: string
  readonly requestId: number
  readonly isProgress: boolean
  readonly onlyUri: Uri
}

export interface ExpectOptions<Type extends number> {
  readonly rank?: number
  /** It may come before or after any other. */
  readonly isFree?: boolean
  /** The message may also not come. */
  readonly isOptional?: boolean
  /** Of all expectations with the same object here, exactly one must come true. */
  readonly oneOf?: object | undefined
  /** What this message is about, for `after` of others. */
  readonly about?: readonly object[]
  /** Not before the messages to the same link that are about this. */
  readonly after?: object | undefined
  /** For a message that may have to wait for a link, on which it may be too long: its payload, and the request that it is about. */
  readonly payload?: string
  readonly requestId?: number
  readonly isProgress?: boolean
  /** The URI of an ERROR that goes without its payload when it is too long with it. */
  readonly onlyUri?: Uri
  /** Called when the message has come. */
  readonly learn?: (message: MessageOf<Type>, link: Link) => void
}

/** What came out, and how many bytes it takes at the router's end of the link. */
interface Output {
  readonly message: Message
  readonly bytes: number
}

export class Turn {
  readonly now: number
  readonly #input: string
  readonly #message: Message | undefined
  readonly newDeadlines: Deadline[] = []
  /** Those who leave in this turn together, so that who of them learns of the others is open. */
  leaving: ReadonlySet<ModelSession> | undefined
  /** By callee, what stands for its last INVOCATION of this turn: the next comes after it. */
  readonly lastInvocation = new Map<ModelSession, object>()
  /** Registrations whose queues have to be looked at. */
  readonly freed = new Set<ModelRegistration>()
  /** What stands for the last testament of this turn: the next comes after it. */
  lastTestament: object | undefined
  #expected: Expectation[] = []
  readonly #closing = new Set<Link>()
  #stage = 0
  readonly #outputs = new Map<Link, Output[]>()

  /** `input` says what was put in, for people; `message` is what arrived, if it was one. */
  constructor(now: number, input: string, message: Message | undefined) {
    this.now = now
    this.#input = input
    this.#message = message
  }

  describeInput(): string {
    return this.#message === undefined ? this.#input : `${this.#input}: ${describe(this.#message)}`
  }

  /** A message of `type` must come to `to`, one for which `check` is true. `what` describes it for people. */
  expect<Type extends number>(
    to: ModelSession | Link,
    type: Type,
    what: string,
    check: (message: MessageOf<Type>, link: Link) => boolean,
    options: ExpectOptions<Type> = {},
  ): void {
    const session = 'peer' in to ? to : undefined
    const {
      rank = RANK.other,
      isFree = false,
      isOptional = false,
      oneOf,
      about = [],
      after,
      learn,
      payload = '',
      requestId = 0,
      isProgress = false,
      onlyUri = '',
    } = options
    const isLeaving = session !== undefined && this.leaving?.has(session) === true
    const expectation: Expectation = {
      turn: this,
      link: session?.link ?? (to as Link),
      session: session?.resume && session,
      type,
      what,
      rank: rank + this.#stage * STAGE_RANKS,
      isFree,
      isOptional: isOptional || isLeaving,
      oneOf,
      about,
      after,
      check,
      learn,
      payload,
      requestId,
      isProgress,
      onlyUri,
    }
    if (session?.resume?.isDetached) session.resume.backlog.push(expectation)
    else this.#expected.push(expectation)
  }

  /** What was expected while a session had no link comes now, in the order of then. */
  expectBacklog(session: ModelSession, backlog: readonly Expectation[]): void {
    let last: Expectation | undefined
    for (const expectation of backlog) {
      const { turn, rank } = expectation
      const isBehind = turn !== last?.turn || Math.floor(rank / STAGE_RANKS) !== Math.floor(last.rank / STAGE_RANKS)
      if (isBehind) this.nextStage()
      this.#expected.push({ ...expectation, link: session.link, rank: (rank % STAGE_RANKS) + this.#stage * STAGE_RANKS })
      last = expectation
    }
    this.nextStage()
  }

  /** What is expected from now on comes behind everything before it: several messages were handled in this turn. */
  nextStage(): void {
    this.#settle(false)
    this.#stage++
  }

  /** The router must close this link. */
  expectClose(link: Link): void {
    this.#closing.add(link)
  }

  /** A message that came out; what it means is seen when the turn, or its stage, is settled. */
  came(link: Link, message: Message, bytes: number): void {
    const outputs = this.#outputs.get(link)
    if (outputs === undefined) this.#outputs.set(link, [{ message, bytes }])
    else outputs.push({ message, bytes })
  }

  /** Whether a message for which `test` is true came on `link` and is not explained yet: shows what the router chose where it may choose. */
  sees<Type extends number>(link: Link, type: Type, test: (message: MessageOf<Type>) => boolean): boolean {
    const outputs = this.#outputs.get(link) ?? []
    return outputs.some(({ message }) => message.type === type && test(message as MessageOf<Type>))
  }

  /** Takes what came out as far as it is expected by now: later stages may build on what it tells. */
  #settle(isEnd: boolean): void {
    for (const [link, outputs] of this.#outputs) {
      while (outputs.length > 0 && this.#take(link, outputs[0]!.message, isEnd)) link.bufferedBefore += outputs.shift()!.bytes
    }
  }

  #take(link: Link, message: Message, mustBe: boolean): boolean {
    const known = this.#expected.filter((expectation) => expectation.link === link)
    const due = known.filter(({ isFree, isOptional }) => !isFree && !isOptional)
    const first = Math.min(...due.map(({ rank }) => rank))
    const isDue = ({ after, isFree, rank }: Expectation): boolean =>
      (isFree || rank <= first) && (after === undefined || !known.some((other) => !other.isOptional && other.about.includes(after)))
    const found = known.find(
      (expectation) => expectation.type === message.type && isDue(expectation) && expectation.check(message as never, link),
    )
    if (found === undefined) {
      if (!mustBe) return false
      const open = known.map((expectation) => `\n    ${expectation.what}`).join('')
      const expected = open === '' ? 'nothing was expected there' : `expected there, in this order of ranks:${open}`
      throw new Finding(`After ${this.describeInput()}, link ${link.index} got ${describe(message)}, which nothing explains; ${expected}`)
    }
    const isPast = (other: Expectation): boolean =>
      other === found ||
      (found.oneOf !== undefined && other.oneOf === found.oneOf) ||
      (other.isOptional && !found.isFree && other.rank < found.rank && other.link === link)
    this.#expected = this.#expected.filter((other) => !isPast(other))
    found.learn?.(message as never, link)
    found.session?.resume?.sent.push(message)
    return true
  }

  /** Does a check at the end of the turn, when everything has been learned. */
  later(check: () => void): void {
    this.#later.push(check)
  }
  readonly #later: (() => void)[] = []

  /** Everything came out: nothing may be missing, and exactly the links of those who were sent away are closed. */
  end(closed: ReadonlySet<Link>): void {
    this.#settle(true)
    const missing = this.#expected.filter((expectation) => !expectation.isOptional)
    if (missing.length > 0) {
      const lines = missing.map(({ link, what }) => `\n    link ${link.index}: ${what}`)
      throw new Finding(`After ${this.describeInput()}, this did not come:${lines.join('')}`)
    }
    for (const check of this.#later) check()
    for (const link of this.#closing) {
      if (!closed.has(link)) throw new Finding(`After ${this.describeInput()}, the router had to close link ${link.index} and did not`)
    }
    for (const link of closed) {
      if (!this.#closing.has(link))
        throw new Finding(`After ${this.describeInput()}, the router closed link ${link.index}, for which there was no reason`)
    }
  }
}

/** Whether an ERROR is about this request and has one of these URIs. */
export function isErrorFor(message: MessageOf<8>, requestType: number, requestId: number, uris: readonly Uri[]): boolean {
  return message.requestType === requestType && message.requestId === requestId && uris.includes(message.error)
}
