// Authorization of messages. A decision may come late; the session's next messages then wait for it, so what one session
// sends stays in order (ORD-04). CANCEL does not wait: it reaches the call that it is for wherever that is (RPC-79).

import {
  type Call,
  type Dict,
  EMPTY_DICT,
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
import type { Permissions } from './permissions.ts'
import type { RealmRules } from './realm-rules.ts'
import type { Session } from './session.ts'

/** A message that waits, or whose decision is awaited. */
interface Held {
  message: Message
  readonly isContinuation: boolean
  isCanceled: boolean
}

/** What to do with a message that may pass. */
export type Act = (session: Session, message: Message, isContinuation: boolean) => void

/** By message type. */
const ACTIONS: readonly (Action | undefined)[] = (() => {
  const actions: (Action | undefined)[] = new Array(256).fill(undefined)
  actions[MessageType.CALL] = 'call'
  actions[MessageType.REGISTER] = 'register'
  actions[MessageType.PUBLISH] = 'publish'
  actions[MessageType.SUBSCRIBE] = 'subscribe'
  return actions
})()

export class Guard {
  /** What each role may do; without it every role everything. */
  readonly #permissions: ReadonlyMap<string, Permissions> | undefined
  /** Asked for what the permissions allow; without it that is allowed. */
  readonly #authorizer: Authorizer | undefined
  readonly #realm: Uri
  readonly #rules: RealmRules
  readonly #turn: (input: () => void) => void
  readonly #act: Act
  /** Sessions with a decision pending: the message that it is about, then those that wait. */
  readonly #held = new Map<Session, Held[]>()
  /** Sessions whose transport is not read because too many of their messages wait. */
  readonly #full = new Set<Session>()

  constructor(
    permissions: ReadonlyMap<string, Permissions> | undefined,
    authorizer: Authorizer | undefined,
    realm: Uri,
    rules: RealmRules,
    turn: (input: () => void) => void,
    act: Act,
  ) {
    this.#permissions = permissions
    this.#authorizer = authorizer
    this.#realm = realm
    this.#rules = rules
    this.#turn = turn
    this.#act = act
  }

  /** Lets a message through, now, later or never. */
  pass(session: Session, message: Message, isContinuation: boolean): void {
    if (this.#authorizer === undefined) {
      this.#passNow(session, message, isContinuation)
      return
    }
    const held = this.#held.get(session)
    if (held === undefined) {
      const entry = { message, isContinuation, isCanceled: false }
      if (this.#decide(session, entry)) return
      entry.message = copied(message)
      this.#held.set(session, [entry])
      return
    }
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

  /** By the permissions alone, which know at once. */
  #passNow(session: Session, message: Message, isContinuation: boolean): void {
    const action = ACTIONS[message.type]
    if (action === undefined || isContinuation) return this.#act(session, message, isContinuation)
    const { options, procedure, topic } = message as Call & Publish
    const uri = topic ?? procedure
    const match = options === EMPTY_DICT ? 'exact' : matchOf(action, options)
    if (this.#permissions!.get(session.authrole)?.allows(action, uri, match) === true) return this.#act(session, message, false)
    if (this.#rules.refuseUri(action, uri, match) !== undefined) return this.#act(session, message, false) // answered as invalid
    this.#decided(session, message, 'denied')
  }

  #mayDo(authrole: string, action: Action, uri: Uri, match: MatchPolicy): boolean {
    return this.#permissions === undefined || this.#permissions.get(authrole)?.allows(action, uri, match) === true
  }

  /** The session is gone: what waits is forgotten, and a late decision changes nothing. */
  leave(session: Session): void {
    this.#held.delete(session)
    if (this.#full.delete(session)) session.release() // its GOODBYE must be read
  }

  /** Asks for what is not a message of a session that is there: a testament, a reader of history. */
  ask(principal: Principal, action: Action, uri: Uri, options: Dict, decide: (decision: Decision) => void): void {
    if (!this.#mayDo(principal.authrole, action, uri, matchOf(action, options))) return decide('denied')
    if (this.#authorizer === undefined) return decide('allowed')
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

  /** Carries a message out, or refuses it; false when the decision has to be waited for. */
  #decide(session: Session, entry: Held): boolean {
    const { message, isContinuation } = entry
    const action = ACTIONS[message.type]
    if (action === undefined || isContinuation) {
      this.#act(session, message, isContinuation)
      return true
    }
    const { uri, options } = subjectOf(message)
    if (this.#rules.refuseUri(action, uri, matchOf(action, options)) !== undefined) {
      this.#act(session, message, false) // answered as invalid
      return true
    }
    let isNow = true
    let isDecided = false
    this.ask(principalOf(session), action, uri, options, (decision) => {
      isDecided = true
      if (!isNow && this.#held.get(session)?.[0] !== entry) return // the session is gone
      if (!entry.isCanceled) this.#decided(session, entry.message, decision)
      if (!isNow) this.#goOn(session)
    })
    isNow = false
    return isDecided
  }

  /** The first of the held messages is done with: the next one has its turn. A turn each, as if they came from the network only now. */
  #goOn(session: Session): void {
    const held = this.#held.get(session)
    if (held === undefined) return // it ended the session
    held.shift()
    if (held.length < this.#rules.limits.heldMessagesMax && this.#full.delete(session)) session.release()
    const next = held[0]
    if (next === undefined) this.#held.delete(session)
    else this.#turn(() => this.#handle(session, next))
  }

  #handle(session: Session, entry: Held): void {
    if (this.#held.get(session)?.[0] !== entry) return // the session is gone
    if (session.state !== 'established') return this.leave(session) // what is behind a violation is not processed (PRV-01)
    if (entry.isCanceled || this.#decide(session, entry)) this.#goOn(session)
  }

  #decided(session: Session, message: Message, decision: Decision): void {
    if (decision === 'allowed') return this.#act(session, message, false)
    const { requestId, uri, options } = subjectOf(message)
    if (message.type === MessageType.PUBLISH && options['acknowledge'] !== true) return // PUB-07
    const error = decision === 'denied' ? ErrorUri.notAuthorized : ErrorUri.authorizationFailed
    const text = decision === 'denied' ? 'this session may not' : 'the authorizer gave no decision'
    session.fail(message.type, requestId, error, `Cannot ${ACTIONS[message.type]} "${uri}": ${text}`)
  }
}

/** What a message asks for: the URI and the options with it. */
function subjectOf(message: Message): { requestId: RequestId; uri: Uri; options: Dict } {
  const { requestId, options, topic, procedure } = message as Publish & Call
  return { requestId, uri: topic ?? procedure, options }
}

/** Only those who subscribe and register can ask for patterns. */
function matchOf(action: Action, options: Dict): MatchPolicy {
  return action === 'register' || action === 'subscribe' ? ((options['match'] ?? 'exact') as MatchPolicy) : 'exact'
}

/** A message that outlives its turn must not keep a network buffer alive. */
function copied(message: Message): Message {
  const payload = (message as { payload?: Payload }).payload
  return payload === undefined ? message : ({ ...message, payload: payload.copy() } as Message)
}

/** Cancels the call if it is among the held messages; false when it is not. A chunk of a call is not the call (RPC-56). */
function cancelHeld(session: Session, held: readonly Held[], requestId: RequestId): boolean {
  let isFound = false
  for (const entry of held) {
    const { isCanceled, isContinuation, message } = entry
    if (message.type !== MessageType.CALL || message.requestId !== requestId || isCanceled || isContinuation) continue
    entry.isCanceled = true
    if (!isFound) session.fail(MessageType.CALL, requestId, ErrorUri.canceled, 'The caller canceled the call')
    isFound = true
  }
  return isFound
}
