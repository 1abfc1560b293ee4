// The dealer of a realm: REGISTER, UNREGISTER, CALL, CANCEL, YIELD, ERROR (sections 6.1 to 6.12 of the requirements).

import {
  type Call,
  type Cancel,
  type CancelMode,
  type Clock,
  type Dict,
  EMPTY_DICT,
  type ErrorMessage,
  ErrorUri,
  type InvocationPolicy,
  isReservedUri,
  isValidUri,
  type MatchPolicy,
  MessageType,
  Payload,
  ProtocolViolation,
  type Random,
  type Register,
  type RegistrationId,
  type RequestId,
  type Unregister,
  type Uri,
  type Yield,
} from '@crosspoint/protocol'
import { chooseCallee } from './invocation-policy.ts'
import { LimitUri } from './limits.ts'
import type { Outbox } from './outbox.ts'
import { PatternIndex } from './pattern-index.ts'
import { PendingCall } from './pending-calls.ts'
import type { RealmRules } from './realm.ts'
import type { Session } from './session.ts'

/** A callee of a registration, with what it asked for. */
interface Callee {
  readonly session: Session
  readonly disclosesCaller: boolean
  readonly forwardsTimeout: boolean
}

/** The router's record for a procedure or pattern, and who offers it. */
export class Registration {
  readonly id: RegistrationId
  readonly uri: Uri
  readonly match: MatchPolicy
  readonly invoke: InvocationPolicy
  /** In registration order (RPC-123). */
  readonly callees: Callee[] = []
  /** The index after the callee that got the last call, for round robin. */
  turn = 0

  constructor(id: RegistrationId, uri: Uri, match: MatchPolicy, invoke: InvocationPolicy) {
    this.id = id
    this.uri = uri
    this.match = match
    this.invoke = invoke
  }
}

const PROGRESS: Dict = Object.freeze({ progress: true })
const RECEIVE_PROGRESS: Dict = Object.freeze({ receive_progress: true })

export class Dealer {
  readonly #rules: RealmRules
  readonly #outbox: Outbox
  readonly #clock: Clock
  readonly #random: Random
  /** Opens a turn for a timer that fires. */
  readonly #turn: (input: () => void) => void
  readonly #index = new PatternIndex<Registration>()
  #lastRegistrationId = 0

  constructor(rules: RealmRules, outbox: Outbox, clock: Clock, random: Random, turn: (input: () => void) => void) {
    this.#rules = rules
    this.#outbox = outbox
    this.#clock = clock
    this.#random = random
    this.#turn = turn
  }

  /** Registrations that exist. */
  get size(): number {
    return this.#index.size
  }

  register(session: Session, message: Register): void {
    const { options, procedure, requestId } = message
    const match = (options['match'] ?? 'exact') as MatchPolicy
    const invoke = (options['invoke'] ?? 'single') as InvocationPolicy
    const refusal = this.#refuseRegister(procedure, match, options)
    if (refusal !== undefined) return session.fail(MessageType.REGISTER, requestId, refusal.error, refusal.text)
    let registration = this.#index.get(procedure, match)
    if (registration !== undefined && (registration.invoke === 'single' || registration.invoke !== invoke)) {
      const text =
        registration.invoke === 'single'
          ? `Cannot register "${procedure}": it is registered already, and not shared`
          : `Cannot register "${procedure}" with invocation policy ${invoke}: it is registered with ${registration.invoke}`
      return session.fail(MessageType.REGISTER, requestId, ErrorUri.procedureAlreadyExists, text)
    }
    const isRepeated = registration !== undefined && session.registrations.has(registration.id)
    if (!isRepeated && session.registrations.size >= this.#rules.limits.registrationsMax) {
      const text = `Cannot register "${procedure}": the session has ${session.registrations.size} registrations, which is the limit`
      return session.fail(MessageType.REGISTER, requestId, LimitUri.tooManyRegistrations, text)
    }
    if (registration === undefined) {
      registration = new Registration(++this.#lastRegistrationId as RegistrationId, procedure, match, invoke)
      this.#index.add(procedure, match, registration)
    }
    // The same session once more under a shared policy: same id, no second slot (RPC-125).
    if (!isRepeated) {
      const forwardsTimeout = options['forward_timeout'] === true && session.takesTimeout
      registration.callees.push({ session, disclosesCaller: options['disclose_caller'] === true, forwardsTimeout })
      session.registrations.set(registration.id, registration)
    }
    this.#outbox.deliver({ type: MessageType.REGISTERED, requestId, registrationId: registration.id }, session)
  }

  #refuseRegister(procedure: Uri, match: MatchPolicy, options: Dict): { error: Uri; text: string } | undefined {
    const invalid = this.#rules.refuseUri('register', procedure, match)
    if (invalid !== undefined) return { error: ErrorUri.invalidUri, text: invalid }
    if (isReservedUri(procedure)) {
      return { error: ErrorUri.invalidUri, text: `Cannot register "${procedure}": URIs that begin with "wamp." belong to the router` } // URI-08
    }
    if (options['disclose_caller'] === true && !this.#rules.allowsDisclose) {
      return { error: ErrorUri.discloseMeDisallowed, text: 'The realm does not allow disclose_caller; register without it' } // RPC-107
    }
    return undefined
  }

  unregister(session: Session, message: Unregister): void {
    const registration = session.registrations.get(message.registrationId)
    if (registration === undefined) {
      const text = `Cannot unregister: the session has no registration ${message.registrationId}`
      return session.fail(MessageType.UNREGISTER, message.requestId, ErrorUri.noSuchRegistration, text)
    }
    session.registrations.delete(registration.id)
    this.#remove(registration, session)
    // Invocations that run go on to their answer (RPC-04).
    this.#outbox.deliver({ type: MessageType.UNREGISTERED, requestId: message.requestId, details: undefined }, session)
  }

  #remove(registration: Registration, session: Session): void {
    const at = registration.callees.findIndex((callee) => callee.session === session)
    registration.callees.splice(at, 1)
    if (at < registration.turn) registration.turn-- // the turn of those that stay is kept (RPC-123)
    if (registration.callees.length === 0) this.#index.remove(registration.uri, registration.match)
  }

  call(session: Session, message: Call): void {
    const { options, procedure, requestId } = message
    // No pattern registration may take a call to the router's own procedures (URI-11).
    const registration = procedure.charCodeAt(0) === 119 && isReservedUri(procedure) ? undefined : this.#index.matchBest(procedure)
    if (registration === undefined || options !== EMPTY_DICT || registration.match !== 'exact') {
      const refusal = this.#refuseCall(message, registration)
      if (refusal !== undefined) return session.fail(MessageType.CALL, requestId, refusal.error, refusal.text)
    }
    if (!this.#rules.isStrict && session.calls.get(requestId) !== undefined) {
      session.violate(new ProtocolViolation(`CALL.Request ${requestId} is the id of a call that is in flight`)) // RPC-61
      return
    }
    if (session.calls.size >= this.#rules.limits.callsInFlightMax) {
      const text = `Cannot call "${procedure}": the session has ${session.calls.size} calls in flight, which is the limit`
      return session.fail(MessageType.CALL, requestId, LimitUri.tooManyCalls, text)
    }
    const { callees, invoke } = registration!
    let at = 0
    if (callees.length > 1) at = chooseCallee(invoke, callees.length, registration!.turn, this.#random)
    registration!.turn = at + 1 // also of an only callee: one that joins then is next
    const callee = callees[at]!
    const to = callee.session
    const timeoutMs = options === EMPTY_DICT ? 0 : ((options['timeout'] ?? 0) as number)
    const wantsProgress = options !== EMPTY_DICT && options['receive_progress'] === true && to.takesProgress && session.asksForProgress
    const runsTimer = timeoutMs > 0 && !callee.forwardsTimeout
    const pending = new PendingCall(session, requestId, to, to.nextInvocationId(), wantsProgress, runsTimer ? timeoutMs : 0)
    pending.open()
    if (runsTimer) this.#startTimer(pending)
    const details =
      options === EMPTY_DICT && registration!.match === 'exact' && !callee.disclosesCaller
        ? EMPTY_DICT
        : invocationDetails(session, message, registration!, callee, wantsProgress, timeoutMs)
    this.#outbox.deliver(
      {
        type: MessageType.INVOCATION,
        requestId: pending.invocationId,
        registrationId: registration!.id,
        details,
        payload: message.payload,
      },
      to,
    )
  }

  /** Why a call ends before it reaches a callee (RPC-14), other than by a limit. */
  #refuseCall(message: Call, registration: Registration | undefined): { error: Uri; text: string } | undefined {
    const { options, procedure } = message
    if (registration === undefined || registration.match !== 'exact') {
      const invalid = this.#rules.refuseUri('call', procedure, 'exact')
      if (invalid !== undefined) return { error: ErrorUri.invalidUri, text: invalid }
    }
    if (registration === undefined) return { error: ErrorUri.noSuchProcedure, text: `No procedure is registered for "${procedure}"` }
    if (options['disclose_me'] === true && !this.#rules.allowsDisclose) {
      return { error: ErrorUri.discloseMeDisallowed, text: 'The realm does not allow disclose_me; call without it' } // RPC-107
    }
    return undefined
  }

  yield(session: Session, message: Yield): void {
    const pending = session.invocations.get(message.requestId)
    if (pending === undefined) return this.#stale(session, message.requestId, 'YIELD')
    if (message.options !== EMPTY_DICT && message.options['progress'] === true) {
      if (pending.timer !== undefined) this.#startTimer(pending) // each answer starts the time anew (RPC-87)
      if (!pending.wantsProgress) return // RPC-37: nobody asked, the call stays open
      this.#outbox.deliver(
        { type: MessageType.RESULT, requestId: pending.callId, details: PROGRESS, payload: message.payload },
        pending.caller,
      )
      return
    }
    pending.close()
    this.#outbox.deliver(
      { type: MessageType.RESULT, requestId: pending.callId, details: EMPTY_DICT, payload: message.payload },
      pending.caller,
    )
  }

  error(session: Session, message: ErrorMessage): void {
    if (message.requestType !== MessageType.INVOCATION) {
      session.violate(
        new ProtocolViolation(`ERROR.REQUEST.Type must be ${MessageType.INVOCATION} (INVOCATION), not ${message.requestType}`),
      ) // PRV-06
      return
    }
    if (!isValidUri(message.error)) {
      session.violate(new ProtocolViolation(`ERROR.Error must be a URI, not "${message.error}"`))
      return
    }
    const pending = session.invocations.get(message.requestId)
    if (pending === undefined) return this.#stale(session, message.requestId, 'ERROR')
    pending.close()
    this.#answerError(pending, message.error, message.payload)
  }

  /** An answer to an invocation that is not pending: late if it was ever sent, otherwise a violation (PRV-07, AMB-04). */
  #stale(session: Session, invocationId: number, name: string): void {
    if (session.wasInvoked(invocationId)) return
    session.violate(new ProtocolViolation(`${name} answers INVOCATION ${invocationId}, which was never sent to this session`))
  }

  cancel(session: Session, message: Cancel): void {
    const pending = session.calls.get(message.requestId)
    if (pending === undefined || pending.isKilled) return // it races with RESULT (RPC-72)
    const mode = pending.callee.takesCancel ? ((message.options['mode'] ?? 'killnowait') as CancelMode) : 'skip' // RPC-69, RPC-70
    if (mode === 'kill') {
      pending.isKilled = true
      this.#interrupt(pending, 'kill')
      return
    }
    pending.close()
    this.#answerError(pending, ErrorUri.canceled, Payload.of(['The caller canceled the call']))
    if (mode === 'killnowait') this.#interrupt(pending, 'killnowait')
  }

  #startTimer(pending: PendingCall): void {
    pending.timer?.cancel()
    pending.timer = this.#clock.setTimer(pending.timeoutMs, () => this.#turn(() => this.#expire(pending)))
  }

  #expire(pending: PendingCall): void {
    if (pending.callee.invocations.get(pending.invocationId) !== pending) return // answered in the same instant (RPC-90)
    pending.close()
    this.#answerError(pending, ErrorUri.timeout, Payload.of([`No answer within ${pending.timeoutMs} ms`]))
    this.#interrupt(pending, 'killnowait')
  }

  #interrupt(pending: PendingCall, mode: CancelMode): void {
    if (!pending.callee.takesCancel) return
    this.#outbox.deliver({ type: MessageType.INTERRUPT, requestId: pending.invocationId, options: { mode } }, pending.callee)
  }

  #answerError(pending: PendingCall, error: Uri, payload: Payload): void {
    this.#outbox.deliver(
      { type: MessageType.ERROR, requestType: MessageType.CALL, requestId: pending.callId, details: EMPTY_DICT, error, payload },
      pending.caller,
    )
  }

  /** An INVOCATION could not be delivered: the caller is told why (RPC-18, SER-24). */
  invocationUndelivered(callee: Session, invocationId: RequestId, error: Uri, text: string): void {
    const pending = callee.invocations.get(invocationId)
    if (pending === undefined) return
    pending.close()
    this.#answerError(pending, error, Payload.of([text]))
  }

  /** A RESULT could not be delivered: the caller gets an ERROR instead, and a stream ends here (RPC-18, SER-24). */
  resultUndelivered(caller: Session, callId: RequestId, error: Uri, text: string): void {
    const pending = caller.calls.get(callId)
    if (pending !== undefined) {
      pending.close()
      this.#interrupt(pending, 'killnowait')
    }
    caller.fail(MessageType.CALL, callId, error, text)
  }

  /** An ERROR could not be delivered: it goes again without its payload, then with our URI `error` in place of its own. */
  errorUndelivered(to: Session, message: ErrorMessage, error: Uri): void {
    if (message.payload.count > 0) this.#outbox.deliver({ ...message, payload: Payload.of() }, to)
    else if (message.error !== error) this.#outbox.deliver({ ...message, error }, to)
  }

  /** Ends all registrations and calls of a session that leaves (SES-26, RPC-24, RPC-26, RPC-27). */
  leave(session: Session): void {
    for (const registration of session.registrations.values()) this.#remove(registration, session)
    session.registrations.clear()
    for (const pending of session.calls.values()) {
      pending.close()
      if (pending.callee !== session) this.#interrupt(pending, 'killnowait')
    }
    const why = Payload.of(['The callee left before it answered']) // one for all, so it is encoded once per serializer
    for (const pending of session.invocations.values()) {
      pending.close()
      this.#answerError(pending, ErrorUri.canceled, why)
    }
  }
}

function invocationDetails(
  caller: Session,
  message: Call,
  registration: Registration,
  callee: Callee,
  wantsProgress: boolean,
  timeoutMs: number,
): Dict {
  const discloses = (message.options['disclose_me'] === true && callee.session.takesCallerIdentification) || callee.disclosesCaller
  const forwardsTimeout = callee.forwardsTimeout && timeoutMs > 0
  if (!discloses && !forwardsTimeout && registration.match === 'exact') return wantsProgress ? RECEIVE_PROGRESS : EMPTY_DICT
  const details: Record<string, unknown> = {}
  if (registration.match !== 'exact') details['procedure'] = message.procedure // RPC-113
  if (wantsProgress) details['receive_progress'] = true
  if (forwardsTimeout) details['timeout'] = timeoutMs // RPC-84
  if (discloses) {
    details['caller'] = caller.id
    details['caller_authid'] = caller.authid
    details['caller_authrole'] = caller.authrole
  }
  return details
}
