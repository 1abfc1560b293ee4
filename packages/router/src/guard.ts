// Authorization of messages. A decision may come late; the session's next messages then wait for it, so what one session
// sends stays in order (ORD-04). CANCEL does not wait: it reaches the call that it is for wherever that is (RPC-79).

import {
  type Call,
  type Dict,
  ErrorUri,
  type MatchPolicy,
  type Message,
  MessageType,
  type Payload,
  type Publish,
  type RequestId,
  type Uri,
} from '@crosspoint/protocol'
import type { Action, Authorizer, Decision } from './authorizer.ts'
import { principalOf } from './broker.ts'
import type { Principal } from './event-store.ts'
import type { RealmRules } from './realm-rules.ts'
import type { Session } from './session.ts'

/** A message that waits, or whose decision is awaited. */
interface Held {
  readonly message: Message
  readonly isContinuation: boolean
  isCanceled: boolean
}

/** What to do with a message that may pass. */
export type Act = (session: Session, message: Message, isContinuation: boolean) => void

const ACTIONS: ReadonlyMap<number, Action> = new Map([
  [MessageType.CALL, 'call'],
  [MessageType.REGISTER, 'register'],
  [MessageType.PUBLISH, 'publish'],
  [MessageType.SUBSCRIBE, 'subscribe'],
])

export class Guard {
  readonly #authorizer: Authorizer
  readonly #realm: Uri
  readonly #rules: RealmRules
  readonly #turn: (input: () => void) => void
  readonly #act: Act
  /** Sessions with a decision pending: the message that it is about, then those that wait. */
  readonly #held = new Map<Session, Held[]>()
  /** Sessions whose transport is not read because too many of their messages wait. */
  readonly #full = new Set<Session>()

  constructor(authorizer: Authorizer, realm: Uri, rules: RealmRules, turn: (input: () => void) => void, act: Act) {
    this.#authorizer = authorizer
    this.#realm = realm
    this.#rules = rules
    this.#turn = turn
    this.#act = act
  }

  /** Lets a message through, now, later or never. */
  pass(session: Session, message: Message, isContinuation: boolean): void {
    const held = this.#held.get(session)
    if (held === undefined) return this.#check(session, message, isContinuation)
    if (message.type === MessageType.CANCEL) {
      if (!cancelHeld(session, held, message.requestId)) this.#act(session, message, false)
      return
    }
    held.push({ message: copied(message), isContinuation, isCanceled: false })
    if (held.length >= this.#rules.limits.heldMessagesMax && !this.#full.has(session)) {
      this.#full.add(session)
      session.hold()
    }
  }

  /** The session is gone: what waits is forgotten, and a late decision changes nothing. */
  leave(session: Session): void {
    this.#held.delete(session)
    this.#full.delete(session)
  }

  /** Asks for what is not a message of a session that is there: a testament, a reader of history. */
  ask(principal: Principal, action: Action, uri: Uri, options: Dict, decide: (decision: Decision) => void): void {
    let isNow = true
    let isDecided = false
    this.#authorizer.authorize({ realm: this.#realm, principal, action, uri, options }, (decision) => {
      if (isDecided) return
      isDecided = true
      if (isNow) decide(decision)
      else this.#turn(() => decide(decision))
    })
    isNow = false
  }

  #check(session: Session, message: Message, isContinuation: boolean): void {
    const action = ACTIONS.get(message.type)
    if (action === undefined || isContinuation) return this.#act(session, message, isContinuation)
    const { uri, options } = subjectOf(message)
    const isPattern = action === 'register' || action === 'subscribe'
    const match = isPattern ? ((options['match'] ?? 'exact') as MatchPolicy) : 'exact'
    if (this.#rules.refuseUri(action, uri, match) !== undefined) return this.#act(session, message, false) // answered as invalid
    let entry: Held | undefined
    let isDecided = false
    this.ask(principalOf(session), action, uri, options, (decision) => {
      isDecided = true
      if (entry === undefined) return this.#decided(session, message, decision)
      if (this.#held.get(session)?.[0] !== entry) return // the session is gone
      if (!entry.isCanceled) this.#decided(session, entry.message, decision)
      this.#goOn(session)
    })
    if (isDecided) return
    entry = { message: copied(message), isContinuation, isCanceled: false }
    this.#held.set(session, [entry])
  }

  /** The first of the held messages is done with: the next ones go, as far as none of them has to wait itself. */
  #goOn(session: Session): void {
    const [, ...rest] = this.#held.get(session) ?? []
    this.#held.delete(session)
    for (const [at, { message, isContinuation, isCanceled }] of rest.entries()) {
      if (isCanceled) continue
      if (session.realm === undefined) return
      this.#check(session, message, isContinuation)
      const waiting = this.#held.get(session)
      if (waiting === undefined) continue
      waiting.push(...rest.slice(at + 1))
      break
    }
    const left = this.#held.get(session)?.length ?? 0
    if (left < this.#rules.limits.heldMessagesMax && this.#full.delete(session)) session.release()
  }

  #decided(session: Session, message: Message, decision: Decision): void {
    if (decision === 'allowed') return this.#act(session, message, false)
    const { requestId, uri, options } = subjectOf(message)
    if (message.type === MessageType.PUBLISH && options['acknowledge'] !== true) return // PUB-07
    const error = decision === 'denied' ? ErrorUri.notAuthorized : ErrorUri.authorizationFailed
    const text = decision === 'denied' ? 'this session may not' : 'the authorizer gave no decision'
    session.fail(message.type, requestId, error, `Cannot ${ACTIONS.get(message.type)} "${uri}": ${text}`)
  }
}

/** What a message asks for: the URI and the options with it. */
function subjectOf(message: Message): { requestId: RequestId; uri: Uri; options: Dict } {
  const { requestId, options, topic, procedure } = message as Publish & Call
  return { requestId, uri: topic ?? procedure, options }
}

/** A message that outlives its turn must not keep a network buffer alive. */
function copied(message: Message): Message {
  const payload = (message as { payload?: Payload }).payload
  return payload === undefined ? message : ({ ...message, payload: payload.copy() } as Message)
}

/** Cancels the call if it is among the held messages; false when it is not. */
function cancelHeld(session: Session, held: readonly Held[], requestId: RequestId): boolean {
  let isFound = false
  for (const entry of held) {
    if (entry.message.type !== MessageType.CALL || entry.message.requestId !== requestId || entry.isCanceled) continue
    entry.isCanceled = true
    if (!isFound) session.fail(MessageType.CALL, requestId, ErrorUri.canceled, 'The caller canceled the call')
    isFound = true
  }
  return isFound
}
