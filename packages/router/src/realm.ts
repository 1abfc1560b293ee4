// One realm: its sessions and its turns. A message, a timer, a lost transport: each is one input, each input is one turn:
// check, decide, change state, queue deliveries; then deliver. An input that arrives during a turn (an in-process component
// that answers inside `send`) waits for the next, so there are no locks and the ordering guarantees fall out (section 12).

import {
  type Clock,
  CloseUri,
  type Dict,
  EMPTY_DICT,
  ErrorUri,
  type Message,
  MessageType,
  ProtocolViolation,
  type Random,
  type Uri,
  type Welcome,
} from '@crosspoint/protocol'
import { EMPTY_PAYLOAD, type Peer, type Undelivered } from '@crosspoint/protocol/internal'
import type { Authorizer } from './authorizer.ts'
import { Broker } from './broker.ts'
import { Dealer } from './dealer.ts'
import { DecisionRecord } from './decision-record.ts'
import { isPassthru } from './details.ts'
import { type Act, Guard } from './guard.ts'
import { History } from './history.ts'
import type { RouterLimits } from './limits.ts'
import { MemoryEventStore } from './memory-event-store.ts'
import { authorizationMeta } from './meta/authorization-meta.ts'
import { historyMeta } from './meta/history-meta.ts'
import { reflection } from './meta/reflection.ts'
import { registrationMeta } from './meta/registration-meta.ts'
import { describeSession, sessionMeta } from './meta/session-meta.ts'
import { subscriptionMeta } from './meta/subscription-meta.ts'
import { type Ask, SCOPES, Testaments } from './meta/testaments.ts'
import { Outbox } from './outbox.ts'
import type { OwnProcedure } from './own-procedures.ts'
import { Policies } from './policies.ts'
import type { RealmOptions } from './realm-options.ts'
import { RealmRules } from './realm-rules.ts'
import { Registrations, type Tell } from './registrations.ts'
import { RetainedEvents } from './retained-events.ts'
import type { Session } from './session.ts'
import { SlowSubscribers } from './slow-subscribers.ts'
import { streamsOf } from './stream-options.ts'
import { Subscriptions } from './subscriptions.ts'
import { Throttle } from './throttle.ts'

/** Told about what ends sessions and what could not be delivered; for logs and counters. */
export interface RealmObserver {
  ended(session: Session, reason: Uri, message: string): void
  /** An event was dropped for one subscriber (PUB-15, SER-24), or left out because it is slow. */
  eventDropped(session: Session, why: Undelivered | 'slow'): void
  /** The realm has other roles. */
  rolesChanged(): void
  /** A session had decisions forgotten that were made to last. */
  decisionsForgotten(by: Session, count: number): void
  /** A session is sent away by another one. */
  killed(by: Session, session: Session, reason: Uri): void
  /** The store of events begins to fail, with why, or works again. */
  storeFailing(failure: string | undefined): void
}

export class Realm {
  readonly name: Uri
  readonly rules: RealmRules
  readonly outbox: Outbox
  readonly subscriptions: Subscriptions
  readonly broker: Broker
  readonly registrations: Registrations
  readonly dealer: Dealer
  readonly retained: RetainedEvents
  readonly testaments: Testaments
  readonly history: History
  readonly sessions = new Map<number, Session>()
  readonly #clock: Clock
  readonly #observer: RealmObserver
  readonly #throttle: Throttle
  readonly #slow: SlowSubscribers
  #guard: Guard | undefined
  readonly #authorizer: Authorizer | undefined
  readonly #openGuard: () => Guard
  #policies: Policies
  readonly #waitMs: number
  #isInTurn = false
  #inputs: (() => void)[] = []
  /** What to do about messages of this turn that could not be delivered. */
  readonly #losses: (() => void)[] = []
  /** What had to wait for that. */
  readonly #steps: (() => void)[] = []

  constructor(options: RealmOptions, limits: RouterLimits, clock: Clock, random: Random, observer: RealmObserver) {
    const turn = (input: () => void): void => this.turn(input)
    const tell: Tell = (topic, args) => this.broker.publishMeta(topic, args)
    const own = new Map<Uri, OwnProcedure>()
    this.name = options.name
    this.rules = new RealmRules(options, limits)
    this.#clock = clock
    this.#observer = observer
    this.#waitMs = options.resume?.waitMs ?? RESUME_WAIT_MS
    this.outbox = new Outbox((message, session, why) => this.#undelivered(message, session, why))
    const store = options.events ?? new MemoryEventStore(streamsOf(options.history ?? [], this.rules), random)
    this.history = new History(store, clock, turn, (failure) => observer.storeFailing(failure))
    this.retained = new RetainedEvents(limits, store.retained)
    this.subscriptions = new Subscriptions(this.rules, this.outbox, clock, tell, store)
    this.#slow = new SlowSubscribers(this.outbox, turn, (session) => observer.eventDropped(session, 'slow'))
    this.broker = new Broker(this.rules, this.outbox, clock, random, this.subscriptions, this.history, this.retained, this.#slow)
    this.registrations = new Registrations(this.rules, this.outbox, clock, tell, (uri) => own.has(uri))
    this.#throttle = new Throttle(limits, clock, turn)
    this.dealer = new Dealer(this.rules, this.outbox, clock, random, this.registrations, own, this.#throttle, turn, (step) =>
      this.#steps.push(step),
    )
    const { authorizer, roles } = options
    this.#policies = new Policies(roles, authorizer)
    const act: Act = (session, message, again) => this.#act(session, message, again)
    this.#authorizer = authorizer
    this.#openGuard = () => new Guard(this.#policies, this.name, this.sessions, this.rules, turn, act)
    this.#guard = roles || authorizer ? this.#openGuard() : undefined
    const ask: Ask = (principal, action, uri, dict, decide) =>
      this.#guard === undefined ? decide('allowed') : this.#guard.ask(principal, action, uri, dict, decide)
    this.testaments = new Testaments(this.rules, this.broker, ask)
    const { history, registrations, rules, sessions, subscriptions } = this
    const procedures = {
      ...sessionMeta({
        sessions,
        kill: (by, session, ...how) => {
          observer.killed(by, session, how[0])
          this.#kill(session, ...how)
        },
      }),
      ...registrationMeta(registrations, sessions),
      ...subscriptionMeta(subscriptions, sessions),
      ...historyMeta({ rules, subscriptions, history, ask, now: () => clock.now() }),
      ...reflection({ rules, registrations, tell, ask }),
      ...authorizationMeta({
        sessions,
        policies: () => this.#policies,
        forget: (by, isConcerned) => {
          const count = this.#guard?.forget(isConcerned) ?? 0
          observer.decisionsForgotten(by, count)
          return count
        },
        record: () => this.#guard?.record,
        startRecord: (given) => {
          if (this.#guard !== undefined) this.#guard.record = given && new DecisionRecord(clock, given)
          return this.#guard !== undefined
        },
      }),
      ...this.testaments.procedures,
    }
    for (const [uri, procedure] of Object.entries(procedures)) own.set(uri, procedure)
  }

  /** Takes a message that the session found legal. */
  receive(session: Session, message: Message): void {
    if (this.#isInTurn) {
      this.#inputs.push(() => this.#handle(session, message, false))
      return
    }
    this.#isInTurn = true
    this.#handle(session, message, false)
    this.#flush()
    if (this.#inputs.length > 0) this.#drain()
    this.#isInTurn = false
  }

  /** Takes a CALL whose request id was used before (RPC-60). */
  receiveContinuation(session: Session, message: Message): void {
    this.turn(() => this.#handle(session, message, true))
  }

  /** Takes any other input: a timer, a late decision, a closed transport. */
  turn(input: () => void): void {
    this.#inputs.push(input)
    if (this.#isInTurn) return
    this.#isInTurn = true
    this.#drain()
    this.#isInTurn = false
  }

  #drain(): void {
    for (let i = 0; i < this.#inputs.length; i++) {
      this.#inputs[i]!()
      this.#flush()
    }
    this.#inputs = []
  }

  /**
   * Ends a turn. What could not be delivered comes before the inputs that wait: a call that ends by it must not get the
   * answer that its callee gave meanwhile.
   */
  #flush(): void {
    this.outbox.flush()
    if (this.#losses.length > 0 || this.#steps.length > 0) this.#settle()
  }

  #settle(): void {
    for (;;) {
      const next = this.#losses.shift() ?? this.#steps.shift()
      if (next === undefined) return
      next()
      this.outbox.flush()
    }
  }

  #handle(session: Session, message: Message, isContinuation: boolean): void {
    if (session.realm !== this || session.state !== 'established') return // it ended while the message waited
    const guard = this.#guard
    if (guard === undefined || (!isContinuation && guard.passesPlainly(session, message))) this.#act(session, message, isContinuation)
    else guard.pass(session, message, isContinuation)
  }

  #act(session: Session, message: Message, isContinuation: boolean): void {
    switch (message.type) {
      case MessageType.CALL:
        if (message.options !== EMPTY_DICT && refusesCall(session, message.options)) return
        if (isContinuation) return this.dealer.continueCall(session, message)
        return this.dealer.call(session, message)
      case MessageType.YIELD:
        if (message.options !== EMPTY_DICT && refusesPassthru(session, message.options, 'YIELD', session.takesPassthruAsCallee)) return
        return this.dealer.yield(session, message)
      case MessageType.PUBLISH:
        if (message.options !== EMPTY_DICT && refusesPassthru(session, message.options, 'PUBLISH', session.sendsPassthruAsPublisher)) return
        return this.broker.publish(session, message)
      case MessageType.ERROR:
        return this.dealer.error(session, message)
      case MessageType.CANCEL:
        return this.dealer.cancel(session, message)
      case MessageType.SUBSCRIBE:
        return this.broker.subscribe(session, message)
      case MessageType.UNSUBSCRIBE:
        return this.subscriptions.unsubscribe(session, message)
      case MessageType.REGISTER:
        return this.registrations.register(session, message)
      case MessageType.UNREGISTER:
        return this.registrations.unregister(session, message)
      default:
        throw new Error(`Session ${session.id} let message type ${message.type} through to the realm`)
    }
  }

  /** Whether sessions with this role may join (AUTH-06). */
  hasRole(authrole: string): boolean {
    return this.#policies.has(authrole)
  }

  /**
   * Gives the realm other roles, while it runs. Sessions whose role is gone are sent away, subscriptions and registrations that their
   * role no longer allows by its permissions are revoked, and decisions that were made to last are forgotten.
   */
  changeRoles(roles: RealmOptions['roles']): void {
    const policies = new Policies(roles, this.#authorizer) // may throw, and then nothing has changed
    this.turn(() => {
      this.#policies = policies
      if (this.#guard === undefined) this.#guard = this.#openGuard()
      else this.#guard.change(policies)
      this.#observer.rolesChanged()
      for (const session of [...this.sessions.values()]) {
        session.permissions = this.#guard.permissionsOf(session.authrole)
        if (policies.has(session.authrole)) this.#revokeDenied(session)
        else this.#kill(session, ErrorUri.noSuchRole, `The realm has no role "${session.authrole}" any more`, false)
      }
    })
  }

  /** Takes away what the permissions alone now deny; what an authorizer decides about stays as it was decided. */
  #revokeDenied(session: Session): void {
    const { authrole } = session
    for (const subscription of [...session.subscriptions.values()]) {
      if (this.#policies.denies(authrole, 'subscribe', subscription.uri, subscription.match))
        this.subscriptions.revoke(subscription, session, ErrorUri.notAuthorized)
    }
    for (const registration of [...session.registrations.values()]) {
      if (this.#policies.denies(authrole, 'register', registration.uri, registration.match))
        this.registrations.revoke(registration, session, ErrorUri.notAuthorized)
    }
  }

  /** Ends a session when its login expires. */
  #expireAt(session: Session, atMs: number): void {
    const delayMs = Math.min(Math.max(0, atMs - this.#clock.now()), TIMER_MS_MAX)
    session.expiry = this.#clock.setTimer(delayMs, () => {
      if (atMs > this.#clock.now()) return this.#expireAt(session, atMs)
      this.turn(() => {
        if (session.realm === this) this.#kill(session, LOGIN_EXPIRED, 'The login has expired; log in again', false)
      })
    })
  }

  /** Takes in a session whose HELLO was accepted; `welcome` is its first message (ORD-10). */
  join(session: Session, welcome: Message, expiresAtMs?: number): void {
    this.turn(() => {
      if (session.state !== 'establishing') return // it ended while this waited
      session.realm = this
      this.sessions.set(session.id, session)
      session.permissions = this.#guard?.permissionsOf(session.authrole)
      session.established()
      if (expiresAtMs !== undefined) this.#expireAt(session, expiresAtMs)
      this.outbox.deliver(welcome, session)
      this.broker.publishMeta('wamp.session.on_join', () => [describeSession(session)]) // META-25
    })
  }

  /** The transport of a session that may be resumed is gone: messages for it wait (RES-07). */
  pause(session: Session, reason: string): void {
    this.turn(() => {
      if (session.realm !== this || session.resumption?.isDetached !== true) return
      session.timer = this.#clock.setTimer(this.#waitMs, () => this.lost(session, reason))
      this.#detached(session)
      this.testaments.fire(session, 'detached')
    })
  }

  /** Nobody waits any more until all has left a transport that is gone. */
  #detached(session: Session): void {
    this.#throttle.detached(session)
    this.#slow.detached(session)
  }

  /** The client is back with another transport. `welcome` makes its answer, for the number of messages received so far. */
  resume(session: Session, peer: Peer, received: number | undefined, welcome: (received: number) => Welcome): void {
    this.turn(() => {
      const { resumption } = session
      if (session.realm !== this || resumption === undefined) return peer.close(ErrorUri.noSuchSession)
      if (!resumption.isDetached) this.#detached(session)
      session.resumed()
      resumption.attach(peer)
      peer.establish()
      const answer = welcome(resumption.received)
      const why = resumption.sendUncounted(answer)
      if (why !== undefined && resumption.sendUncounted(withPlainRoles(answer)) !== undefined)
        return peer.close(ErrorUri.payloadSizeExceeded)
      resumption.replay(received, (message, reason) => this.#undelivered(message, session, reason))
    })
  }

  /** Sends a session away: it has left when this returns, and has some time to answer (META-20, META-24). */
  #kill(session: Session, reason: Uri, message: string | undefined, isSilent: boolean): void {
    this.#leave(session, isSilent)
    this.#dismiss(session, reason, message === undefined ? {} : { message })
  }

  #dismiss(session: Session, reason: Uri, details: { readonly message?: string }): void {
    session.state = 'shutting_down'
    session.dismissal = reason
    if (session.resumption?.isDetached === true) return session.finish(reason, 'nobody was there')
    this.outbox.deliver({ type: MessageType.GOODBYE, details, reason }, session)
    session.timer = this.#clock.setTimer(this.rules.limits.goodbyeTimeoutMs, () => session.finish(reason, 'no answer to GOODBYE'))
  }

  /** The peer said GOODBYE: it is answered, and the session is over (SES-18). */
  goodbye(session: Session, reason: Uri): void {
    this.turn(() => {
      if (session.realm !== this) return
      this.#leave(session)
      session.state = 'closing'
      this.outbox.deliver({ type: MessageType.GOODBYE, details: {}, reason: CloseUri.goodbyeAndOut }, session)
      this.outbox.close(session)
      this.#observer.ended(session, reason, '')
    })
  }

  /** The session broke a rule: ABORT is its last message (PRV-01). */
  abort(session: Session, reason: Uri, message: string): void {
    session.state = 'failed' // at once: what is queued behind the violation is not processed
    this.turn(() => {
      if (session.realm !== this) return
      this.#leave(session)
      session.closeReason = reason
      this.outbox.deliver({ type: MessageType.ABORT, details: { message }, reason, payload: EMPTY_PAYLOAD }, session)
      this.outbox.close(session)
      this.#observer.ended(session, reason, message)
    })
  }

  /** The peer sent ABORT: it is not answered (SES-27). */
  end(session: Session, reason: Uri, message: string): void {
    this.turn(() => {
      if (session.realm !== this) return
      this.#leave(session)
      session.finish(reason, message)
    })
  }

  /** The transport is gone (SES-24). */
  lost(session: Session, reason: string): void {
    this.turn(() => {
      if (session.realm !== this) return
      session.timer?.cancel() // of one that waited for its client
      this.#leave(session)
      session.state = 'failed'
      this.#observer.ended(session, 'wamp.close.transport_lost', reason)
    })
  }

  /**
   * Sends GOODBYE to every session. Each has left the realm when this returns: no more messages of it are routed. Its
   * transport is closed when it answers, or after `goodbyeTimeoutMs`.
   */
  close(reason: Uri): void {
    this.turn(() => {
      for (const session of [...this.sessions.values()]) {
        this.#leave(session)
        this.#dismiss(session, reason, {})
      }
    })
  }

  /** What ends with a session, in the order of META-25. `isSilent`: without session meta events and testaments (META-22). */
  #leave(session: Session, isSilent = false): void {
    this.sessions.delete(session.id)
    session.realm = undefined
    session.expiry?.cancel()
    this.#guard?.leave(session)
    this.#throttle.leave(session)
    this.dealer.forgetWaiting(session)
    this.subscriptions.leave(session)
    this.registrations.leave(session)
    this.dealer.leave(session)
    if (isSilent) return this.testaments.forget(session)
    for (const scope of SCOPES) this.testaments.fire(session, scope)
    this.broker.publishMeta('wamp.session.on_leave', () => [session.id, session.authid, session.authrole])
  }

  /** A WELCOME that is too long for its client goes without features; when that does not help, the client would wait forever. */
  #welcomeShorter(session: Session, welcome: Welcome, error: Uri, text: string): void {
    if (session.realm !== this) return
    if (welcome.details['roles'] === PLAIN_ROLES) return this.abort(session, error, text)
    this.outbox.deliver(withPlainRoles(welcome), session)
  }

  #undelivered(message: Message, session: Session, why: Undelivered): void {
    const error = why === 'too_large' ? ErrorUri.payloadSizeExceeded : ErrorUri.invalidArgument
    const text =
      why === 'too_large'
        ? 'The message is longer than the receiver accepts'
        : 'The payload holds a value that has no form in the serializer of the receiver'
    const isFirst = message.type === MessageType.INVOCATION && this.dealer.noteUndelivered(session, message.requestId)
    this.#losses.push(() => {
      switch (message.type) {
        case MessageType.EVENT:
          return this.#observer.eventDropped(session, why)
        case MessageType.INVOCATION:
          return this.dealer.invocationUndelivered(session, message.requestId, isFirst, error, text)
        case MessageType.RESULT:
          if (session.realm === this) this.dealer.resultUndelivered(session, message, error, text)
          return
        case MessageType.ERROR:
          if (session.realm === this) this.dealer.errorUndelivered(session, message, error)
          return
        case MessageType.WELCOME:
          return this.#welcomeShorter(session, message, error, text)
        default:
          return
      }
    })
  }
}

const RESUME_WAIT_MS = 30_000
/** The reason of the GOODBYE to a session whose login has expired. */
const LOGIN_EXPIRED = 'crosspoint.close.login_expired'
/** What timers can wait at most: a signed 32-bit number of milliseconds. */
const TIMER_MS_MAX = 2_147_483_647
const PLAIN_ROLES: Dict = Object.freeze({ broker: {}, dealer: {} })

function withPlainRoles(welcome: Welcome): Welcome {
  return { ...welcome, details: { ...welcome.details, roles: PLAIN_ROLES } }
}

/** Options of CALL whose use is a violation by a caller that did not announce their feature (PRV-11, PRV-16). */
function refusesCall(session: Session, options: Dict): boolean {
  if (options['progress'] === true && !session.sendsUploads) {
    session.violate(
      new ProtocolViolation('CALL.Options.progress needs the feature progressive_call_invocations, which the caller did not announce'),
    )
    return true
  }
  return refusesPassthru(session, options, 'CALL', session.takesPassthruAsCaller)
}

function refusesPassthru(session: Session, options: Dict, name: string, isAnnounced: boolean): boolean {
  if (isAnnounced || !isPassthru(options)) return false
  session.violate(
    new ProtocolViolation(`${name}.Options.ppt_scheme needs the feature payload_passthru_mode, which the sender did not announce`),
  )
  return true
}
