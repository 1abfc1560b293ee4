// One turn of the router: what had to come out of it, compared with what did. A turn is one input: a frame that arrived, a
// transport that was lost, a timer that fired, a call of the router's own methods.

import type { Message, Uri } from '@crosspoint/protocol'
import { Finding } from '../finding.ts'
import type { Link } from '../link.ts'
import { describe } from '../trace.ts'
import type { Deadline, ModelSession } from './state.ts'

export type MessageOf<Type extends number> = Extract<Message, { readonly type: Type }>

/** Where a message stands among those that one link gets in a turn; those of one rank come in any order. */
export const RANK = { first: 0, answer: 1, other: 2, last: 3 } as const

const STAGE_RANKS = 10

interface Expectation {
  /** The link that gets the message; one of several where the router may choose. */
  readonly links: readonly Link[]
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
    to: ModelSession | readonly ModelSession[] | Link,
    type: Type,
    what: string,
    check: (message: MessageOf<Type>, link: Link) => boolean,
    options: ExpectOptions<Type> = {},
  ): void {
    const targets = Array.isArray(to) ? (to as readonly ModelSession[]) : [to as ModelSession | Link]
    const links = targets.map((target) => ('peer' in target ? target.link : target))
    const { rank = RANK.other, isFree = false, isOptional = false, oneOf, about = [], after, learn } = options
    const isLeaving = targets.some((target) => this.leaving?.has(target as ModelSession) === true)
    this.#expected.push({
      links,
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
    })
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

  /** Takes what came out as far as it is expected by now: later stages may build on what it tells. */
  #settle(isEnd: boolean): void {
    for (const [link, outputs] of this.#outputs) {
      while (outputs.length > 0 && this.#take(link, outputs[0]!.message, isEnd)) link.bufferedBefore += outputs.shift()!.bytes
    }
  }

  #take(link: Link, message: Message, mustBe: boolean): boolean {
    const known = this.#expected.filter((expectation) => expectation.links.includes(link))
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
      (other.isOptional && !found.isFree && other.rank < found.rank && other.links.includes(link))
    this.#expected = this.#expected.filter((other) => !isPast(other))
    found.learn?.(message as never, link)
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
      const lines = missing.map(({ links, what }) => `\n    link ${links.map((link) => link.index).join(' or ')}: ${what}`)
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
