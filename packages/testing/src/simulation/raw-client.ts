// A client that speaks messages directly, from what it has seen so far and no more: its answers cross with what the router
// sends, as they do in a real network. What it does is in features/.

import { EMPTY_DICT, encodeMessage, ID_MAX, type Message, MessageType, Payload, type RequestId, type Uri } from '@crosspoint/protocol'
import type { Chance } from './chance.ts'
import type { Feature, Reaction } from './feature.ts'
import { Finding } from './finding.ts'
import type { Link } from './link.ts'
import type { Scheduler } from './scheduler.ts'
import type { Room } from './settings.ts'
import { describe } from './trace.ts'

/** What clients are told of a realm. */
export interface RealmNews {
  readonly name: Uri
  /** Whether it counts request ids. */
  readonly isStrict: boolean
  /** Whether node keys are used there. */
  readonly hasShards: boolean
  /** Whether sessions may outlive their links there. */
  readonly mayResume: boolean
}

export interface Ticket {
  token: string
  /** Messages of the session that came, and that were sent. */
  received: number
  readonly sent: Message[]
}

/** What a raw client needs of the world. */
export interface ClientHost {
  readonly chance: Chance
  readonly scheduler: Scheduler
  readonly features: readonly Feature[]
  readonly isCalm: boolean
  /** Opens a link to the router. */
  connect(room?: Room): Link
  /** A realm to join. */
  drawRealm(): RealmNews
  /** Ids of sessions that live or have lived, to name in lists. */
  readonly sessionIds: readonly number[]
  /** A text that no payload has had. */
  tag(): string
}

export class RawClient {
  readonly host: ClientHost
  readonly index: number
  readonly isMisbehaving: boolean
  link: Link | undefined
  /** `away`: no link. `silent`: a link without HELLO. `left`: GOODBYE said, the answer is to come. `paused`: the link is lost, not the session. */
  state: 'away' | 'silent' | 'joining' | 'joined' | 'left' | 'paused' = 'away'
  realm: Uri = ''
  isStrictRealm = true
  usesShards = false
  isResumable = false
  /** What it needs to go on with its session on another link. */
  ticket: Ticket | undefined
  /** What HELLO announced: roles, and features as "caller.call_canceling". */
  roles: ReadonlySet<string> = new Set()
  sessionId = 0
  authid = ''
  /** Requests without an answer: by id, the type of each, and what it is about where that is an id. */
  readonly requests = new Map<number, { readonly type: number; readonly subject: number }>()
  /** Subscriptions and registrations that the client knows it has, by id. */
  readonly subscriptions = new Set<number>()
  readonly registrations = new Set<number>()
  /** Invocations that it has not answered for good; the value says whether progress is wanted. */
  readonly invocations = new Map<number, boolean>()
  /** Progressive calls whose last chunk it has not sent: the procedure of each. */
  readonly uploads = new Map<number, Uri>()
  #lastRequestId = 0
  #lastInvocationId = 0
  readonly #reactions = new Map<number, Reaction[]>()

  constructor(host: ClientHost, index: number, isMisbehaving: boolean) {
    this.host = host
    this.index = index
    this.isMisbehaving = isMisbehaving
    for (const feature of host.features) {
      for (const [type, reaction] of feature.reactions ?? []) {
        const known = this.#reactions.get(type)
        if (known === undefined) this.#reactions.set(type, [reaction])
        else known.push(reaction)
      }
    }
  }

  get chance(): Chance {
    return this.host.chance
  }

  /** Opens a link. */
  connect(room?: Room): Link {
    const link = this.host.connect(room)
    this.link = link
    this.state = 'silent'
    link.onClientFrame = (frame) => this.#receive(link, frame)
    link.onClientClose = () => this.forget(link)
    return link
  }

  /** The link is gone, and all that was known with it, unless the session may go on. */
  forget(link: Link): void {
    if (this.link !== link) return
    this.link = undefined
    if (this.ticket !== undefined && (this.state === 'joined' || this.state === 'joining')) this.state = 'paused'
    else this.forgetSession()
  }

  forgetSession(): void {
    this.state = 'away'
    this.ticket = undefined
    this.sessionId = 0
    this.requests.clear()
    this.subscriptions.clear()
    this.registrations.clear()
    this.invocations.clear()
    this.uploads.clear()
    this.#lastRequestId = 0
    this.#lastInvocationId = 0
  }

  send(message: Message): void {
    const { link } = this
    if (message.type !== MessageType.HELLO) this.ticket?.sent.push(message)
    if (link !== undefined) link.sendUp(encodeMessage(link.serializer, message))
  }

  /** The id of the next request. Where the realm does not count, it may be any that is not in use. */
  nextId(type: number, isAwaited = true, subject = 0): RequestId {
    let id = this.#lastRequestId + 1
    if (!this.isStrictRealm && this.chance.is(20)) id = this.chance.is(30) ? ID_MAX : this.chance.between(1, 2 ** 40)
    else this.#lastRequestId = id
    while (this.requests.has(id)) id = this.#lastRequestId = this.#lastRequestId + 1
    if (isAwaited) this.requests.set(id, { type, subject })
    return id as RequestId
  }
  get lastRequestId(): number {
    return this.#lastRequestId
  }

  /** A payload that no other message has, or an empty one: sometimes with keywords, sometimes with bytes, sometimes long. */
  payload(mayBeLong = true): Payload {
    const { chance, host } = this
    if (chance.is(5)) return Payload.of()
    const args: unknown[] = [host.tag()]
    if (chance.is(30)) args.push(chance.below(1000), null, true)
    if (chance.is(10)) args.push(Uint8Array.of(0, 1, 255))
    // Either far below the limits of links or far above them.
    if (mayBeLong && chance.is(6)) args.push('x'.repeat(chance.is(50) ? chance.below(500) : chance.between(5000, 12_000)))
    return Payload.of(args, chance.is(20) ? { number: chance.below(2 ** 32), text: 'ü' } : EMPTY_DICT)
  }

  #receive(link: Link, frame: Uint8Array): void {
    if (this.link !== link) return
    const message = link.serializer.decode(frame)
    this.#checkLegal(message)
    if (this.ticket !== undefined && message.type !== MessageType.WELCOME) this.ticket.received++
    for (const reaction of this.#reactions.get(message.type) ?? NONE) reaction(this, message as never)
  }

  /** What every client may rely on, whatever else it is told: answers to what was asked, nothing out of its place. */
  #checkLegal(message: Message): void {
    const { type } = message
    const isOpening = type === MessageType.WELCOME
    const isEnd = type === MessageType.ABORT || (type === MessageType.CHALLENGE && this.state === 'joining')
    if (this.state === 'joined' || this.state === 'left' ? isOpening : !isOpening && !isEnd && type !== MessageType.GOODBYE) {
      throw new Finding(`Client ${this.index} got ${describe(message)} while it was ${this.state}`)
    }
    if (type === MessageType.EVENT && !this.subscriptions.has(message.subscriptionId)) {
      throw new Finding(`Client ${this.index} got ${describe(message)} on a subscription that it does not have`)
    }
    if (type !== MessageType.INVOCATION) return
    const isNew = message.requestId > this.#lastInvocationId // a chunk may come after UNREGISTERED (RPC-49)
    if (isNew) this.#lastInvocationId = message.requestId
    if (isNew && !this.registrations.has(message.registrationId)) {
      throw new Finding(`Client ${this.index} got ${describe(message)} for a registration that it does not have`)
    }
  }

  /** An answer came: the request that it is for must be open, and is no longer. Returns what it was about. */
  answered(requestId: number, type: number, isLast = true): number {
    const request = this.requests.get(requestId)
    // Who breaks the rules may have asked in ways that it does not know of.
    if (request?.type !== type && !this.isMisbehaving) {
      throw new Finding(`Client ${this.index} got an answer to the request ${requestId} of type ${type}, which is not open`)
    }
    if (isLast) this.requests.delete(requestId)
    return request?.subject ?? 0
  }
}

const NONE: readonly Reaction[] = []
