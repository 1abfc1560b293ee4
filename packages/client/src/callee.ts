// The callee: procedures by registration, INVOCATION to handler, answers back. Registrations outlive sessions: on every new
// session each is made again, with its options.

import {
  type Clock,
  type Dict,
  EMPTY_DICT,
  type Interrupt,
  type Invocation as InvocationMessage,
  type InvocationPolicy,
  type MatchPolicy,
  MessageType,
  type Registered,
  type RegistrationId,
  type Uri,
  type UsageError,
} from '@crosspoint/protocol'
import { EMPTY_PAYLOAD } from '@crosspoint/protocol/internal'
import { type Invocation, RunningInvocation } from './invocation.ts'
import type { Session } from './session.ts'
import { type Declared, type RoleContext, revocation, type Settle } from './subscriber.ts'
import { CANCELED, INVALID_ARGUMENT, NO_SUCH_REGISTRATION } from './uris.ts'
import { wireOptions } from './wire-options.ts'

export interface RegisterOptions {
  /** How the procedure's URI matches that of a call. Default: `exact`. */
  readonly match?: MatchPolicy | undefined
  /** Which of several callees of a shared registration gets a call. Default: `single`, which allows no other. */
  readonly invoke?: InvocationPolicy | undefined
  /** Asks the router to tell who calls. Default: false. */
  readonly disclose_caller?: boolean | undefined
  /** How many invocations this callee takes at once; the router gives more to others or lets them wait. Default: any number. */
  readonly concurrency?: number | undefined
  /** Takes the procedure away from whoever has it. Default: false. */
  readonly force_reregister?: boolean | undefined
  /** Asks the router to leave call timeouts to this callee, which then ends the invocation itself. Default: false. */
  readonly forward_timeout?: boolean | undefined
  /** Whether to wait for a session when there is none. Default: that of the client. */
  readonly waitForSession?: boolean | undefined
}

export type Procedure = (invocation: Invocation) => unknown

/** Registrations of this session that ended and may still be called while the router's answer is under way (PRV-22). */
const FORMER_REGISTRATIONS_MAX = 1000

export class DeclaredProcedure implements Declared {
  readonly procedure: Uri
  readonly options: Dict
  readonly run: Procedure
  id: RegistrationId | undefined = undefined
  /** Until the first answer: who waits for it. */
  waiting: Settle<DeclaredProcedure> | undefined
  readonly #callee: Callee

  constructor(callee: Callee, procedure: Uri, options: Dict, run: Procedure, waiting: Settle<DeclaredProcedure>) {
    this.#callee = callee
    this.procedure = procedure
    this.options = options
    this.run = run
    this.waiting = waiting
  }

  attach(session: Session): void {
    const { procedure, options } = this
    try {
      session.ask(
        { type: MessageType.REGISTER, options, procedure },
        procedure,
        (reply) => this.#callee.registered(session, this, (reply as Registered).registrationId),
        (error) => this.#callee.refused(this, error),
        (error) => this.#callee.failWaiting(this, error),
      )
    } catch (error) {
      this.#callee.refused(this, error)
    }
  }
}

export class Callee {
  readonly #context: RoleContext
  readonly #clock: Clock
  readonly #byId = new Map<number, DeclaredProcedure>()
  readonly #formerIds = new Set<number>()
  readonly #running = new Map<number, RunningInvocation>()
  /** Handlers that have not ended, answered or not. */
  #handlers = 0
  #lastRequestId = 0
  #onIdle: (() => void) | undefined

  constructor(context: RoleContext, clock: Clock) {
    this.#context = context
    this.#clock = clock
  }

  register(session: Session, procedure: Uri, options: RegisterOptions, run: Procedure, settle: Settle<DeclaredProcedure>): void {
    const declared = new DeclaredProcedure(this, procedure, wireOptions(MessageType.REGISTER, options), run, settle)
    this.#context.declared.add(declared)
    declared.attach(session)
  }

  unregister(session: Session | undefined, declared: DeclaredProcedure, settle: Settle<void>): void {
    const registrationId = declared.id
    if (!this.#context.declared.delete(declared) || registrationId === undefined || session === undefined) return settle.resolve()
    this.#sendUnregister(session, declared, registrationId, settle)
  }

  /** UNREGISTER for all, keeping the procedures for a later session. `done` is called once per answer. Returns how many. */
  unregisterAll(session: Session, done: () => void): number {
    const attached = [...this.#byId]
    for (const [id, declared] of attached) this.#sendUnregister(session, declared, id as RegistrationId, { resolve: done, reject: done })
    return attached.length
  }

  #sendUnregister(session: Session, declared: DeclaredProcedure, registrationId: RegistrationId, settle: Settle<void>): void {
    this.#byId.delete(registrationId)
    declared.id = undefined
    this.#formerIds.add(registrationId)
    if (this.#formerIds.size > FORMER_REGISTRATIONS_MAX) this.#formerIds.delete(this.#formerIds.values().next().value!)
    // When the session is lost, so is the registration.
    session.ask(
      { type: MessageType.UNREGISTER, registrationId },
      declared.procedure,
      () => settle.resolve(),
      settle.reject,
      () => settle.resolve(),
    )
  }

  /** The router confirmed a registration. */
  registered(session: Session, declared: DeclaredProcedure, id: RegistrationId): void {
    if (!this.#context.declared.has(declared)) {
      // It was unregistered while the answer was on its way.
      this.#sendUnregister(session, declared, id, { resolve: () => {}, reject: () => {} })
      return
    }
    declared.id = id
    this.#byId.set(id, declared)
    const waiting = declared.waiting
    declared.waiting = undefined
    waiting?.resolve(declared)
  }

  /** The router refused a registration: news to who waits for it, otherwise a report; it is tried again on the next session. */
  refused(declared: DeclaredProcedure, error: unknown): void {
    if (declared.waiting === undefined) this.#context.report('registration', error, declared.procedure)
    else this.failWaiting(declared, error)
  }

  /** Ends a registration that never was confirmed. */
  failWaiting(declared: DeclaredProcedure, error: unknown): void {
    const waiting = declared.waiting
    if (waiting === undefined) return
    this.#context.declared.delete(declared)
    waiting.reject(error)
  }

  invocation(session: Session, received: InvocationMessage): void {
    const { requestId, registrationId } = received
    const known = this.#running.get(requestId)
    const declared = this.#byId.get(registrationId)
    const procedure = (received.details['procedure'] as Uri | undefined) ?? known?.procedure ?? declared?.procedure ?? ''
    const message = session.reveal(received, procedure)
    if (known !== undefined) return message && known.take(message) // a further chunk (RPC-45)
    if (requestId <= this.#lastRequestId) return // a chunk of an invocation that is over (RPC-54); gaps are accepted (ID-10)
    this.#lastRequestId = requestId
    if (declared === undefined && !this.#formerIds.has(registrationId)) {
      return session.violate(`INVOCATION of the registration ${registrationId}, which this session never had`) // PRV-22
    }
    if (declared === undefined || message === undefined) {
      const error = declared === undefined ? NO_SUCH_REGISTRATION : INVALID_ARGUMENT // PPT-14
      const requestType = MessageType.INVOCATION
      session.send({ type: MessageType.ERROR, requestType, requestId, details: EMPTY_DICT, error, payload: EMPTY_PAYLOAD })
      return
    }
    const running = new RunningInvocation(session, message, procedure, this.#clock, (error, uri) =>
      this.#context.report('invocation', error, uri),
    )
    this.#running.set(requestId, running)
    this.#handlers++
    running.run(declared.run, () => {
      if (this.#running.get(requestId) === running) this.#running.delete(requestId)
      if (--this.#handlers === 0) this.#onIdle?.()
    })
  }

  /** The router took a registration away: it is over, also for later sessions. An unknown one is ignored (RPC-132). */
  revoked({ registration: id, reason }: Dict): void {
    const declared = this.#byId.get(id as number)
    if (declared === undefined) return
    this.#byId.delete(id as number)
    this.#formerIds.add(id as number)
    declared.id = undefined
    this.#context.declared.delete(declared)
    this.#context.report('registration', revocation(reason), declared.procedure)
  }

  /** INTERRUPT; for an unknown or finished invocation it is ignored (RPC-78). */
  interrupt(message: Interrupt): void {
    this.#running
      .get(message.requestId)
      ?.interrupt(message.options['mode'] === 'kill', (message.options['reason'] as Uri | undefined) ?? CANCELED)
  }

  /** Calls `onIdle` when no handler runs: at once, or when the last one ends. */
  whenIdle(onIdle: () => void): void {
    this.#onIdle = onIdle
    if (this.#handlers === 0) onIdle()
  }

  /** Fires the signals of all invocations in flight. */
  abortAll(why: UsageError): void {
    for (const running of this.#running.values()) running.abandon(why)
    this.#running.clear()
  }

  /** The session is over; ids of the next one are others. */
  detach(why: UsageError): void {
    for (const declared of this.#byId.values()) declared.id = undefined
    this.#byId.clear()
    this.#formerIds.clear()
    this.#lastRequestId = 0
    this.abortAll(why)
  }
}
