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
  type SessionId,
  type Uri,
} from '@crosspoint/protocol'
import { type Action, type Asker, type AuthorizationRequest, type Authorizer, type Decision, type Grant, isRefused } from './authorizer.ts'
import { principalOf } from './broker.ts'
import type { DecisionRecord } from './decision-record.ts'
import { DISCLOSED_BY_ROLE } from './details.ts'
import { ACTION_BITS, type Permissions } from './permissions.ts'
import type { Policies, Policy } from './policies.ts'
import type { RealmRules } from './realm-rules.ts'
import type { Session } from './session.ts'
import { bothValidations, type CheckedCall, wrongPayload } from './validation.ts'

/** A message that waits, or whose decision is awaited. */
interface Held {
  message: Message
  readonly isContinuation: boolean
  isCanceled: boolean
}

/** What to do with a message that may pass. */
export type Act = (session: Session, message: Message, isContinuation: boolean) => void

/** By message type. */
const ACTION_OF: readonly (Action | undefined)[] = (() => {
  const actions: (Action | undefined)[] = new Array(256).fill(undefined)
  actions[MessageType.CALL] = 'call'
  actions[MessageType.REGISTER] = 'register'
  actions[MessageType.PUBLISH] = 'publish'
  actions[MessageType.SUBSCRIBE] = 'subscribe'
  return actions
})()

const PATTERN_BIT = 16
/** The bit of the action of a message that asks for one URI, `PATTERN_BIT` where it may ask for patterns, 0 where it asks for nothing. */
const PLAIN_BIT: readonly number[] = ACTION_OF.map((action) =>
  action === undefined ? 0 : action === 'call' || action === 'publish' ? ACTION_BITS[action] : PATTERN_BIT,
)
const CALL_BIT = ACTION_BITS.call

export class Guard {
  #policies: Policies
  readonly #realm: Uri
  /** Those who are there, by id. */
  readonly #sessions: ReadonlyMap<number, Session>
  readonly #rules: RealmRules
  readonly #turn: (input: () => void) => void
  readonly #act: Act
  /** Sessions with a decision pending: the message that it is about, then those that wait. */
  readonly #held = new Map<Session, Held[]>()
  /** Sessions whose transport is not read because too many of their messages wait. */
  readonly #full = new Set<Session>()
  /** Decisions that authorizers made to last, by session; forgotten with it. */
  readonly #lasting = new Map<SessionId, Map<string, Decision>>()
  #decisions = 0

  constructor(
    policies: Policies,
    realm: Uri,
    sessions: ReadonlyMap<number, Session>,
    rules: RealmRules,
    turn: (input: () => void) => void,
    act: Act,
  ) {
    this.#policies = policies
    this.#realm = realm
    this.#sessions = sessions
    this.#rules = rules
    this.#turn = turn
    this.#act = act
  }

  /** Where decisions are noted, when that is wanted. */
  record: DecisionRecord | undefined = undefined

  /** Other permissions hold from now on; decisions that were made to last do not. */
  change(policies: Policies): void {
    this.#policies = policies
    this.forget(() => true)
  }

  /**
   * Whether a message may pass with nothing else to it, as nearly every one may; false is not yet a refusal.
   * Kept short: it is asked for every message of a realm with roles.
   */
  passesPlainly(session: Session, message: Message): boolean {
    if (this.#held.size > 0 || this.record !== undefined) return false
    const bit = PLAIN_BIT[message.type]!
    if (bit === 0) return true
    const { permissions } = session
    if (bit === PATTERN_BIT || permissions === undefined || (message as Call).options !== EMPTY_DICT) return false
    return permissions.allowsPlainly(bit, bit === CALL_BIT ? (message as Call).procedure : (message as Publish).topic)
  }

  /** The permissions of a role, where they know everything. */
  permissionsOf(authrole: string): Permissions | undefined {
    const { isKnown, permissions } = this.#policies.of(authrole)
    return isKnown ? permissions : undefined
  }

  /** Lets a message through, now, later or never. */
  pass(session: Session, message: Message, isContinuation: boolean): void {
    const policy = this.#policies.of(session.authrole)
    if (policy.isKnown && (this.#held.size === 0 || !this.#held.has(session))) {
      this.#passNow(policy.permissions!, session, message, isContinuation)
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
  #passNow(permissions: Permissions, session: Session, message: Message, isContinuation: boolean): void {
    const action = ACTION_OF[message.type]
    if (action === undefined || isContinuation) return this.#act(session, message, isContinuation)
    const { options, procedure, topic } = message as Call & Publish
    const uri = topic ?? procedure
    const match = options === EMPTY_DICT ? 'exact' : matchOf(action, options)
    if (match === 'exact') {
      const grant = permissions.grant(action, uri)
      if (this.record !== undefined) this.record.note(session.authrole, action, uri, match, grant === false ? 'denied' : 'allowed')
      if (grant === undefined) return this.#act(session, message, false)
      if (grant !== false) return this.#decided(session, message, grant)
    } else {
      const isAllowed = permissions.decide(action, uri, match) === 'allowed'
      if (this.record !== undefined) this.record.note(session.authrole, action, uri, match, isAllowed ? 'allowed' : 'denied')
      if (isAllowed) return this.#act(session, message, false)
    }
    if (this.#rules.refuseUri(action, uri, match) !== undefined) return this.#act(session, message, false) // answered as invalid
    this.#decided(session, message, 'denied')
  }

  /** The session is gone: what waits is forgotten, and a late decision changes nothing. */
  leave(session: Session): void {
    this.#held.delete(session)
    this.#forget(session.id)
    if (this.#full.delete(session)) session.release() // its GOODBYE must be read
  }

  /** Forgets the decisions that were made to last, of one session or of all; how many there were. */
  #forget(session: SessionId): number {
    const count = this.#lasting.get(session)?.size ?? 0
    this.#lasting.delete(session)
    this.#decisions -= count
    return count
  }

  /** Decisions that were made to last do so no longer: the authorizers are asked again. How many there were. */
  forget(isConcerned: (session: SessionId) => boolean): number {
    let count = 0
    for (const session of [...this.#lasting.keys()]) if (isConcerned(session)) count += this.#forget(session)
    return count
  }

  /** Asks for what is not a message of a session that is there: a testament, a reader of history. */
  ask(principal: Asker, action: Action, uri: Uri, options: Dict, decided: (decision: Decision) => void): void {
    const match = matchOf(action, options)
    const decide = (decision: Decision) => {
      const kind = decision === 'failed' ? 'failed' : isRefused(decision) ? 'denied' : 'allowed'
      this.record?.note(principal.authrole, action, uri, match, kind)
      decided(decision)
    }
    const policy = this.#policies.of(principal.authrole)
    const verdict = policy.permissions === undefined ? 'allowed' : policy.permissions.decide(action, uri, match)
    const asked = verdict === 'allowed' ? policy.always : policy.authorizers
    if (verdict === 'denied' || (verdict === 'open' && asked.length === 0)) return decide('denied')
    const so = verdict === 'allowed' ? this.#granted(policy, action, uri, match) : 'allowed'
    if (asked.length === 0) return decide(so)
    const key = `${action} ${match} ${uri}`
    const known = this.#lasting.get(principal.session)?.get(key)
    if (known !== undefined) return decide(known)
    const request: AuthorizationRequest = { realm: this.#realm, principal, action, uri, options }
    const policies = this.#policies
    this.#askEach(request, asked, so, true, (decision, isLasting) => {
      // Not when the roles have changed meanwhile: it was made for those of before.
      if (isLasting && this.#policies === policies) this.#keep(principal.session, key, decision)
      decide(decision)
    })
  }

  #granted({ permissions }: Policy, action: Action, uri: Uri, match: MatchPolicy): Decision {
    return (match === 'exact' && permissions?.grant(action, uri)) || 'allowed'
  }

  /** Asks authorizers one after the other until one says no. What they say together lasts when each of them says so. */
  #askEach(
    request: AuthorizationRequest,
    [first, ...others]: readonly Authorizer[],
    so: Decision,
    isLasting: boolean,
    decide: (decision: Decision, isLasting: boolean) => void,
  ): void {
    if (first === undefined) return decide(so, isLasting)
    let isNow = true
    let isDecided = false
    const answered = (decision: Decision) => {
      const lasts = typeof decision === 'object' && decision.isLasting === true
      if (isRefused(decision))
        decide(decision, lasts) // whatever the others say
      else this.#askEach(request, others, combined(so, decision), isLasting && lasts, decide)
    }
    const take = (decision: Decision) => {
      if (isDecided) return
      isDecided = true
      if (isNow) answered(decision)
      else this.#turn(() => answered(decision))
    }
    try {
      first.authorize(request, take)
    } catch {
      take('failed')
    }
    isNow = false
  }

  #keep(session: SessionId, key: string, decision: Decision): void {
    // Who has left is asked about for its testaments.
    if (!this.#sessions.has(session)) return
    const { limits } = this.#rules
    if (this.#decisions >= limits.decisionsMax) this.forget(() => true)
    let decisions = this.#lasting.get(session)
    if (decisions === undefined) {
      decisions = new Map()
      this.#lasting.set(session, decisions)
    }
    if (!decisions.has(key)) this.#decisions++
    decisions.set(key, decision)
  }

  /** Carries a message out, or refuses it; false when the decision has to be waited for. */
  #decide(session: Session, entry: Held): boolean {
    const { message, isContinuation } = entry
    const action = ACTION_OF[message.type]
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
    this.ask(askerOf(session), action, uri, options, (decision) => {
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
    const isSilent = message.type === MessageType.PUBLISH && options['acknowledge'] !== true // PUB-07
    if (isRefused(decision)) {
      if (isSilent) return
      const isFailure = decision === 'failed'
      const text = isFailure ? 'the authorizer gave no decision' : 'this session may not'
      const error = isFailure ? ErrorUri.authorizationFailed : ErrorUri.notAuthorized
      return session.fail(message.type, requestId, error, `Cannot ${ACTION_OF[message.type]} "${uri}": ${text}`)
    }
    if (message.type !== MessageType.CALL && message.type !== MessageType.PUBLISH) return this.#act(session, message, false)
    const { isDisclosed, validation } = decision as Grant
    const wrong = wrongPayload(validation, message.payload, options)
    if (wrong !== undefined) {
      if (isSilent) return
      return session.fail(message.type, requestId, ErrorUri.invalidArgument, `Cannot ${ACTION_OF[message.type]} "${uri}": ${wrong}`) // AUTHZ-08
    }
    const disclose = isDisclosed === true && options['disclose_me'] !== true ? { disclose_me: DISCLOSED_BY_ROLE } : EMPTY_DICT
    // New options even where nothing is added: who goes the short way has none.
    const granted: CheckedCall | Publish = { ...message, options: { ...options, ...disclose }, validation } as CheckedCall
    this.#act(session, granted, false)
  }
}

/** What goes with leave that two have given. */
function combined(one: Decision, other: Decision): Decision {
  if (one === 'allowed') return other
  if (other === 'allowed') return one
  const [first, second] = [one as Grant, other as Grant]
  const isDisclosed = first.isDisclosed === true || second.isDisclosed === true
  return { isDisclosed, validation: bothValidations(first.validation, second.validation) }
}

function askerOf(session: Session): Asker {
  const { authextra, authmethod, authprovider, transport } = session
  return { ...principalOf(session), authmethod, authprovider, authextra, transport }
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
