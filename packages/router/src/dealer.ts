// Calls of a realm: CALL, CANCEL, YIELD, ERROR (sections 6.2 to 6.13 of the requirements). `call` and the first lines of
// `yield` are the whole of a plain call; everything that only some calls need is behind them.

import {
  type Call,
  type Cancel,
  type CancelMode,
  type Clock,
  type Dict,
  EMPTY_DICT,
  type ErrorMessage,
  ErrorUri,
  isValidUri,
  MessageType,
  Payload,
  ProtocolViolation,
  type Random,
  type RequestId,
  type Result,
  type Uri,
  type Yield,
} from '@crosspoint/protocol'
import { CallGroup } from './call-groups.ts'
import { refuseCall } from './call-refusals.ts'
import { hasPassthru, isPassthru } from './details.ts'
import { invocationDetails, lacksFeature, resultDetails, withoutProgress } from './invocation-details.ts'
import { LimitUri } from './limits.ts'
import type { Outbox } from './outbox.ts'
import { CallFailure, OwnCall, type OwnProcedure } from './own-procedures.ts'
import { type CallExtra, PendingCall } from './pending-calls.ts'
import type { RealmRules } from './realm-rules.ts'
import { type Callee, hasPlace, type Registration } from './registration.ts'
import type { Registrations } from './registrations.ts'
import type { Session } from './session.ts'
import { chooseShard } from './sharding.ts'
import type { Throttle } from './throttle.ts'
import { isChecked, wrongAnswer, wrongPayload } from './validation.ts'

export class Dealer {
  readonly #rules: RealmRules
  readonly #outbox: Outbox
  readonly #clock: Clock
  readonly #random: Random
  readonly #registrations: Registrations
  readonly #own: ReadonlyMap<Uri, OwnProcedure>
  readonly #throttle: Throttle
  /** Opens a turn for a timer that fires. */
  readonly #turn: (input: () => void) => void
  /** Goes on in this turn, when what was decided so far has been delivered or not. */
  readonly #next: (step: () => void) => void
  readonly #callsInFlightMax: number

  constructor(
    rules: RealmRules,
    outbox: Outbox,
    clock: Clock,
    random: Random,
    registrations: Registrations,
    own: ReadonlyMap<Uri, OwnProcedure>,
    throttle: Throttle,
    turn: (input: () => void) => void,
    next: (step: () => void) => void,
  ) {
    this.#rules = rules
    this.#outbox = outbox
    this.#clock = clock
    this.#random = random
    this.#registrations = registrations
    this.#own = own
    this.#throttle = throttle
    this.#turn = turn
    this.#next = next
    this.#callsInFlightMax = rules.limits.callsInFlightMax
    registrations.onCalleesChanged = (registration) => this.#serveSoon(registration)
    throttle.onStalled = (from, to) => this.#endStreams(from, to)
  }

  /** Registrations that exist. */
  get size(): number {
    return this.#registrations.byId.size
  }

  call(session: Session, message: Call): void {
    const registration = this.#registrations.getExact(message.procedure)
    if (
      registration === undefined ||
      !registration.isPlain ||
      message.options !== EMPTY_DICT ||
      !this.#rules.isStrict ||
      session.calls.size >= this.#callsInFlightMax
    ) {
      this.#callWithCare(session, message, registration)
      return
    }
    const to = registration.next(this.#random).session
    const pending = new PendingCall(session, message.requestId, to, to.nextInvocationId(), false, 0)
    pending.open()
    this.#outbox.deliver(
      {
        type: MessageType.INVOCATION,
        requestId: pending.invocationId,
        registrationId: registration.id,
        details: EMPTY_DICT,
        payload: message.payload,
      },
      to,
    )
  }

  #callWithCare(session: Session, message: Call, exact: Registration | undefined): void {
    const { procedure, requestId } = message
    if (!this.#rules.isStrict && session.calls.get(requestId) !== undefined) return this.continueCall(session, message)
    const own = exact === undefined ? this.#own.get(procedure) : undefined
    const registration = exact ?? (own === undefined ? this.#registrations.matchBest(procedure) : undefined)
    const refusal = refuseCall(this.#rules, session, message, own, registration)
    if (refusal !== undefined) return session.fail(MessageType.CALL, requestId, refusal.error, refusal.text)
    if (own !== undefined) return this.#callOwn(session, message, own)
    if (message.options['runon'] === 'all') return this.#callAll(session, message, registration!)
    this.#route(session, message, registration!)
  }

  /** Calls one callee of the registration. */
  #route(session: Session, message: Call, registration: Registration): void {
    const { options, requestId } = message
    const callee = this.#choose(registration, options)
    if (callee === undefined) return this.#wait(session, message, registration)
    const lacking = lacksFeature(callee.session, options)
    if (lacking !== undefined) {
      const text = `Cannot call "${message.procedure}": its callee did not announce ${lacking}`
      return session.fail(MessageType.CALL, requestId, ErrorUri.featureNotSupported, text) // RPC-47, PPT-04
    }
    const timeoutMs = (options['timeout'] ?? 0) as number
    const runsTimer = timeoutMs > 0 && !callee.forwardsTimeout
    const pending = new PendingCall(session, requestId, undefined, 0 as RequestId, false, timeoutMs)
    const canReroute = callee.session.takesReroute && registration.invoke !== 'single'
    if (options['progress'] === true || callee.concurrency > 0 || canReroute || isChecked(message)) {
      pending.extra = this.#extraFor(message, registration, canReroute)
    }
    pending.open()
    if (runsTimer) this.#startTimer(pending)
    this.#invoke(pending, callee, message, registration)
  }

  #extraFor(message: Call, registration: Registration, canReroute: boolean): CallExtra {
    const kept = canReroute ? { ...message, payload: message.payload.copy() } : message
    const tried = canReroute ? new Set<Session>() : undefined
    const endsAt = this.#clock.now() + ((message.options['timeout'] ?? 0) as number)
    return { message: kept, registration, upload: undefined, place: undefined, tried, group: undefined, endsAt }
  }

  #choose(registration: Registration, options: Dict): Callee | undefined {
    const { callees } = registration
    if (options['runmode'] === 'partition' || options['runon'] === 'partition') {
      const at = chooseShard(
        options['rkey'] as string,
        callees.map((callee) => String(callee.session.id)),
      )
      return callees[at] // the key decides, free place or not (RPC-130)
    }
    if (options['runon'] === 'any' && callees.length > 1) {
      const free = callees.filter(hasPlace)
      return free[this.#random.below(Math.max(1, free.length))]
    }
    if (callees.some((callee) => callee.concurrency > 0)) return registration.nextOf(hasPlace, this.#random)
    return registration.next(this.#random)
  }

  /** Sends the invocation of a call that is open at its caller. */
  #invoke(pending: PendingCall, callee: Callee, message: Call, registration: Registration): void {
    const to = callee.session
    const { options } = message
    const { caller, extra } = pending
    pending.wantsProgress = options['receive_progress'] === true && to.takesProgress
    pending.invoke(to)
    if (extra !== undefined) {
      if (extra.group === undefined) this.#moveTimer(pending, callee, extra.endsAt)
      extra.tried?.add(to)
      if (callee.concurrency > 0) {
        extra.place = callee
        callee.running++
      }
    }
    let details = invocationDetails(this.#rules, caller, message, registration, callee, pending.wantsProgress)
    if (options['progress'] === true) {
      extra!.upload = { registrationId: registration.id, details, isOpen: true, chunks: 1, isHolding: false }
      details = { ...details, progress: true } // RPC-45
    }
    const { invocationId } = pending
    this.#outbox.deliver(
      { type: MessageType.INVOCATION, requestId: invocationId, registrationId: registration.id, details, payload: message.payload },
      to,
    )
    if (extra?.upload !== undefined) extra.upload.isHolding = this.#throttle.sent(caller, to)
  }

  /** All callees are at their limit: the call waits for a place (RPC-127). */
  #wait(session: Session, message: Call, registration: Registration): void {
    const { options, procedure, requestId } = message
    const limit = this.#rules.limits.callsQueuedMax
    if (registration.queue.length >= limit || options['progress'] === true) {
      const why = options['progress'] === true ? 'a progressive call cannot wait' : `${limit} calls wait already, which is the limit`
      const text = `Cannot call "${procedure}": every callee is at its limit of concurrency, and ${why}`
      return session.fail(MessageType.CALL, requestId, LimitUri.tooManyCalls, text)
    }
    const timeoutMs = (options['timeout'] ?? 0) as number
    const pending = new PendingCall(session, requestId, undefined, 0 as RequestId, false, timeoutMs)
    pending.extra = this.#extraFor(message, registration, true)
    pending.open()
    if (timeoutMs > 0) this.#startTimer(pending)
    registration.queue.push(pending)
  }

  /**
   * A place may be free, a callee have come, or the last be gone: the calls that wait are served in order, each when what was decided
   * before has left, since an INVOCATION that cannot be delivered must not leave a gap in the ids before the next (ID-10).
   */
  #serveSoon(registration: Registration): void {
    if (registration.queue.length > 0) this.#next(() => this.#serveQueue(registration))
  }

  #serveQueue(registration: Registration): void {
    const { queue } = registration
    while (queue.length > 0) {
      if (registration.callees.length === 0) {
        const pending = queue.shift()!
        this.#end(pending)
        this.#answerError(pending, ErrorUri.canceled, Payload.of(['The last callee left before the call had its turn']))
        continue
      }
      const callee = registration.nextOf(hasPlace, this.#random)
      if (callee === undefined) return
      const pending = queue.shift()!
      const { message } = pending.extra!
      const lacking = lacksFeature(callee.session, message.options)
      if (lacking === undefined) {
        this.#invoke(pending, callee, message, registration)
        return this.#serveSoon(registration)
      }
      this.#end(pending)
      this.#answerError(pending, ErrorUri.featureNotSupported, Payload.of([`The callee did not announce ${lacking}`]))
    }
  }

  /** Calls every callee of the registration (RPC-129). */
  #callAll(session: Session, message: Call, registration: Registration): void {
    const { options, requestId } = message
    const isProgressive = options['runmode'] === 'progressive'
    const lacking = registration.callees.find((callee) => lacksFeature(callee.session, options) !== undefined)
    if (options['progress'] === true || lacking !== undefined) {
      const text = `Cannot call "${message.procedure}" at all callees: every callee must have announced what the options need`
      return session.fail(MessageType.CALL, requestId, ErrorUri.featureNotSupported, text)
    }
    const timeoutMs = (options['timeout'] ?? 0) as number
    const head = new PendingCall(session, requestId, undefined, 0 as RequestId, false, timeoutMs)
    const group = new CallGroup(head, isProgressive)
    head.extra = { ...this.#extraFor(message, registration, false), group }
    head.open()
    if (timeoutMs > 0) this.#startTimer(head)
    const plain = { ...message, options: withoutProgress(options) }
    for (const callee of registration.callees) {
      const part = new PendingCall(session, requestId, undefined, 0 as RequestId, false, 0)
      part.extra = { ...this.#extraFor(message, registration, false), group }
      group.add(part)
      this.#invoke(part, callee, plain, registration)
    }
  }

  #callOwn(session: Session, message: Call, procedure: OwnProcedure): void {
    const { requestId } = message
    try {
      const call = new OwnCall(session, message)
      procedure(call)
      if (call.isAnswered) return
      const timeoutMs = (message.options['timeout'] ?? 0) as number
      call.pending = new PendingCall(session, requestId, undefined, 0 as RequestId, false, timeoutMs)
      call.pending.open()
      if (timeoutMs > 0) this.#startTimer(call.pending)
    } catch (error) {
      if (!(error instanceof CallFailure)) throw error
      session.fail(MessageType.CALL, requestId, error.error, error.message)
    }
  }

  /** A CALL whose request id was used before: a further chunk of a progressive call (RPC-58 … RPC-62). */
  continueCall(session: Session, message: Call): void {
    const pending = session.calls.get(message.requestId)
    if (pending === undefined) return // over, or never there: discarded (RPC-54, RPC-62)
    const upload = pending.extra?.upload
    if (upload === undefined || !upload.isOpen) {
      const what = upload === undefined ? 'is not progressive' : 'has had its last chunk'
      session.violate(new ProtocolViolation(`CALL.Request ${message.requestId} is the id of a call in flight that ${what}`)) // RPC-61
      return
    }
    if (message.procedure !== pending.extra!.message.procedure) return // RPC-57
    const wrong = wrongPayload(pending.extra!.message.validation, message.payload, message.options)
    if (wrong !== undefined) return this.#endWith(pending, ErrorUri.invalidArgument, `Cannot call "${message.procedure}": ${wrong}`)
    upload.isOpen = message.options['progress'] === true
    upload.chunks++
    const callee = pending.callee!
    this.#outbox.deliver(
      {
        type: MessageType.INVOCATION,
        requestId: pending.invocationId,
        registrationId: upload.registrationId,
        details: upload.isOpen ? { ...upload.details, progress: true } : upload.details, // RPC-50
        payload: message.payload,
      },
      callee,
    )
    this.#throttle.sent(session, callee)
  }

  yield(session: Session, message: Yield): void {
    const pending = session.invocations.get(message.requestId)
    if (pending === undefined) return this.#stale(session, message.requestId, 'YIELD')
    const { options } = message
    if (options !== EMPTY_DICT || pending.extra !== undefined) return this.#yieldWithCare(session, pending, message)
    pending.close()
    this.#outbox.deliver(
      { type: MessageType.RESULT, requestId: pending.callId, details: EMPTY_DICT, payload: message.payload },
      pending.caller,
    )
  }

  #yieldWithCare(session: Session, pending: PendingCall, message: Yield): void {
    const { options, payload } = message
    const { caller, extra } = pending
    if (isPassthru(options) && !caller.takesPassthruAsCaller) {
      this.#fail(pending, ErrorUri.featureNotSupported, Payload.of(['The caller did not announce payload_passthru_mode'])) // PPT-06
      if (options['progress'] === true) this.#interruptAt(session, message.requestId, 'killnowait')
      return
    }
    const wrong = extra && wrongAnswer(extra.message, options['progress'] === true ? 'progress' : 'result', payload, options)
    if (wrong !== undefined) {
      this.#fail(pending, ErrorUri.invalidArgument, Payload.of([wrong])) // AUTHZ-08
      if (options['progress'] === true) this.#interruptAt(session, message.requestId, 'killnowait')
      return
    }
    if (options['progress'] === true) {
      if (pending.timer !== undefined) this.#startTimer(pending) // each answer starts the time anew (RPC-87)
      if (!pending.wantsProgress) return // RPC-37: nobody asked, the call stays open
      if (extra !== undefined) extra.tried = undefined // no second attempt once something was forwarded (RPC-101)
      const details = resultDetails(options, true)
      this.#outbox.deliver({ type: MessageType.RESULT, requestId: pending.callId, details, payload }, caller)
      this.#throttle.sent(session, caller)
      return
    }
    this.#end(pending)
    if (extra?.group !== undefined) return this.#answerPart(extra.group, pending, resultDetails(options, true), payload)
    const details = hasPassthru(options) ? resultDetails(options, false) : EMPTY_DICT
    this.#outbox.deliver({ type: MessageType.RESULT, requestId: pending.callId, details, payload }, caller)
  }

  #answerPart(group: CallGroup, part: PendingCall, details: Dict, payload: Payload): void {
    const { caller, callId } = group.head
    const result = group.answered(part, details, payload)
    if (result !== undefined) this.#outbox.deliver(result, caller)
    if (group.open.size > 0) return
    if (!group.isProgressive) return this.#end(group.head)
    // The empty RESULT that ends it comes when the last answer has left: that may not be deliverable, which ends it otherwise.
    this.#next(() => {
      if (!group.head.isOpen) return
      this.#end(group.head)
      this.#outbox.deliver({ type: MessageType.RESULT, requestId: callId, details: EMPTY_DICT, payload: Payload.of() }, caller)
    })
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
    if (message.error === ErrorUri.unavailable && session.takesReroute && !pending.isKilled) return this.#reroute(pending)
    const wrong = wrongAnswer(pending.extra?.message, 'error', message.payload, message.details)
    if (wrong === undefined) this.#fail(pending, message.error, message.payload, message.details)
    else this.#fail(pending, ErrorUri.invalidArgument, Payload.of([wrong]))
  }

  /** Ends a call with an error, and the other parts of a call that ran at all callees. */
  #fail(pending: PendingCall, error: Uri, payload: Payload, details: Dict = EMPTY_DICT): void {
    this.#end(pending)
    const group = pending.extra?.group
    if (group === undefined) return this.#answerError(pending, error, payload, details)
    group.open.delete(pending)
    this.#endParts(group, 'killnowait')
    this.#end(group.head)
    this.#answerError(group.head, error, payload, details)
  }

  /** The callee cannot take the call: the next one gets it, as if the first were absent (RPC-92 … RPC-101). */
  #reroute(pending: PendingCall): void {
    const { extra } = pending
    const tried = extra?.tried
    const isPossible = tried !== undefined && (extra!.upload?.chunks ?? 1) === 1
    this.#releasePlace(pending)
    const registration = extra?.registration
    const isCandidate = (callee: Callee): boolean =>
      !tried!.has(callee.session) && hasPlace(callee) && lacksFeature(callee.session, extra!.message.options) === undefined
    const next = isPossible ? registration!.nextAfter(pending.callee!, isCandidate, this.#random) : undefined
    if (next === undefined) {
      return this.#fail(pending, ErrorUri.noAvailableCallee, Payload.of(['No callee of this procedure is available'])) // RPC-98
    }
    pending.revoke()
    this.#invoke(pending, next, extra!.message, registration!)
  }

  /** An answer to an invocation that is not pending: late if it was ever sent, otherwise a violation (PRV-07, AMB-04). */
  #stale(session: Session, invocationId: number, name: string): void {
    if (session.wasInvoked(invocationId)) return
    session.violate(new ProtocolViolation(`${name} answers INVOCATION ${invocationId}, which was never sent to this session`))
  }

  cancel(session: Session, message: Cancel): void {
    const pending = session.calls.get(message.requestId)
    if (pending === undefined || pending.isKilled) return // it races with RESULT (RPC-72)
    const asked = (message.options['mode'] ?? 'killnowait') as CancelMode // RPC-70
    const mode = pending.callee?.takesCancel || pending.extra?.group !== undefined ? asked : 'skip' // RPC-69
    if (mode === 'kill' && pending.callee !== undefined) {
      pending.isKilled = true
      this.#interrupt(pending, 'kill')
      return
    }
    this.#interruptAll(pending, mode === 'skip' ? undefined : 'killnowait', () =>
      this.#answerError(pending, ErrorUri.canceled, Payload.of(['The caller canceled the call'])),
    )
  }

  /** Ends a call from the caller's side: the caller gets its answer, the callees, if any and if told to, an INTERRUPT. */
  #interruptAll(pending: PendingCall, mode: CancelMode | undefined, answer: () => void): void {
    this.#end(pending)
    answer()
    if (mode !== undefined && pending.callee !== undefined) this.#interrupt(pending, mode)
    const group = pending.extra?.group
    if (group !== undefined) this.#endParts(group, mode)
  }

  #endParts(group: CallGroup, mode: CancelMode | undefined): void {
    for (const part of group.open) {
      this.#end(part)
      if (mode !== undefined) this.#interrupt(part, mode)
    }
    group.open.clear()
  }

  #startTimer(pending: PendingCall, ms = pending.timeoutMs): void {
    pending.timer?.cancel()
    pending.timer = this.#clock.setTimer(ms, () => this.#turn(() => this.#expire(pending)))
  }

  /** The callee of a call is another one than at first: the time runs here unless that one is told of it (RPC-84, RPC-88). */
  #moveTimer(pending: PendingCall, callee: Callee, endsAt: number): void {
    if (pending.timeoutMs === 0) return
    if (callee.forwardsTimeout) {
      pending.timer?.cancel()
      pending.timer = undefined
    } else if (pending.timer === undefined) this.#startTimer(pending, Math.max(0, endsAt - this.#clock.now()))
  }

  #expire(pending: PendingCall): void {
    if (!pending.isOpen) return // answered in the same instant (RPC-90)
    this.#endWith(pending, ErrorUri.timeout, `No answer within ${pending.timeoutMs} ms`)
  }

  /** Ends a call from the router's side, with an error to the caller and an INTERRUPT to the callees. */
  #endWith(pending: PendingCall, error: Uri, text: string): void {
    this.#interruptAll(pending, 'killnowait', () => this.#answerError(pending, error, Payload.of([text])))
  }

  #interrupt(pending: PendingCall, mode: CancelMode): void {
    if (pending.callee !== undefined && !pending.isUndelivered) this.#interruptAt(pending.callee, pending.invocationId, mode)
  }
  #interruptAt(callee: Session, invocationId: RequestId, mode: CancelMode): void {
    if (!callee.takesCancel || callee.realm === undefined) return
    this.#outbox.deliver({ type: MessageType.INTERRUPT, requestId: invocationId, options: { mode } }, callee)
  }

  #answerError(pending: PendingCall, error: Uri, payload: Payload, from: Dict = EMPTY_DICT): void {
    const details = hasPassthru(from) ? resultDetails(from, false) : EMPTY_DICT
    this.#outbox.deliver(
      { type: MessageType.ERROR, requestType: MessageType.CALL, requestId: pending.callId, details, error, payload },
      pending.caller,
    )
  }

  /** Forgets a call, and whatever it held. */
  #end(pending: PendingCall): void {
    pending.close()
    const { extra } = pending
    if (extra === undefined) return
    if (pending.callee === undefined && extra.group === undefined) {
      const at = extra.registration.queue.indexOf(pending)
      if (at >= 0) extra.registration.queue.splice(at, 1)
    }
    this.#releasePlace(pending)
  }

  #releasePlace(pending: PendingCall): void {
    const place = pending.extra?.place
    if (place === undefined) return
    pending.extra!.place = undefined
    place.running--
    this.#serveSoon(place.registration)
  }

  /**
   * An INVOCATION could not be delivered: noted at once, before anything comes of it, because who did not get it gets no INTERRUPT.
   * True when it was the first of its call, so that its callee knows nothing of it.
   */
  noteUndelivered(callee: Session, invocationId: RequestId): boolean {
    const pending = callee.invocations.get(invocationId)
    if (pending === undefined || (pending.extra?.upload?.chunks ?? 1) > 1) return false
    pending.isUndelivered = true
    return true
  }

  /** An INVOCATION could not be delivered: the caller is told why (RPC-18, SER-24). `isFirst` is what `noteUndelivered` said. */
  invocationUndelivered(callee: Session, invocationId: RequestId, isFirst: boolean, error: Uri, text: string): void {
    if (isFirst) callee.returnInvocationId(invocationId)
    const pending = callee.invocations.get(invocationId)
    if (pending === undefined) return // it ended with another part of its call
    if (isFirst && pending.extra?.upload?.isHolding) this.#throttle.takeBack(pending.caller, callee)
    this.#interrupt(pending, 'killnowait') // it may know the chunks before
    this.#fail(pending, error, Payload.of([text]))
  }

  /**
   * A RESULT could not be delivered: the caller gets an ERROR instead, and a stream ends here (RPC-18, SER-24), unless the call has
   * had its end meanwhile.
   */
  resultUndelivered(caller: Session, { requestId, details }: Result, error: Uri, text: string): void {
    const pending = caller.calls.get(requestId)
    if (pending === undefined && details['progress'] === true) return
    if (pending !== undefined) this.#interruptAll(pending, 'killnowait', () => {})
    caller.fail(MessageType.CALL, requestId, error, text)
  }

  /** An ERROR could not be delivered: it goes again without its payload, then with our URI `error` and nothing of its own. */
  errorUndelivered(to: Session, message: ErrorMessage, error: Uri): void {
    if (message.payload.count > 0) this.#outbox.deliver({ ...message, payload: Payload.of() }, to)
    else if (message.error !== error || message.details !== EMPTY_DICT) this.#outbox.deliver({ ...message, error, details: EMPTY_DICT }, to)
  }

  /** `to` did not read the stream that `from` sends it for too long: those calls end (RPC-39). */
  #endStreams(from: Session, to: Session): void {
    const text = `The stream stood still for ${this.#rules.limits.streamStallMs} ms because its receiver did not read`
    for (const pending of [...from.invocations.values(), ...from.calls.values()]) {
      const isResult = pending.callee === from && pending.caller === to && pending.wantsProgress
      const isUpload = pending.caller === from && pending.callee === to && pending.extra?.upload !== undefined
      if (!isResult && !isUpload) continue
      this.#endWith(pending, ErrorUri.canceled, text)
    }
  }

  /** Who has left calls nobody: its calls that wait take no place that becomes free, and get no answer (RPC-24). */
  forgetWaiting(session: Session): void {
    for (const pending of session.calls.values()) if (pending.callee === undefined && pending.extra?.group === undefined) this.#end(pending)
  }

  /** Ends all calls of a session that leaves (SES-26, RPC-24, RPC-26, RPC-27). */
  leave(session: Session): void {
    for (const pending of session.calls.values()) {
      this.#end(pending)
      if (pending.callee !== session) this.#interrupt(pending, 'killnowait')
      const group = pending.extra?.group
      if (group !== undefined) this.#endParts(group, 'killnowait')
    }
    const why = Payload.of(['The callee left before it answered']) // one for all, so it is encoded once per serializer
    for (const pending of session.invocations.values()) this.#fail(pending, ErrorUri.canceled, why)
  }
}
