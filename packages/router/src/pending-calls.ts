// Calls in flight. A call is pending from the CALL to its final answer; it is known to its caller by the CALL's request id
// and, from INVOCATION on, to its callee by the INVOCATION's. When one of the two no longer cares, the record is gone from both.
//
//   CALL ──► pending ──► YIELD / ERROR ──► RESULT / ERROR                      answered by the callee
//              ├── CANCEL skip, killnowait ──► ERROR canceled ──► (answer dropped)
//              ├── CANCEL kill ──► INTERRUPT ──► whatever the callee answers ──► RESULT / ERROR
//              ├── timeout ──► ERROR timeout ──► (answer dropped)
//              ├── caller gone ──► INTERRUPT killnowait ──► (answer dropped)
//              ├── callee gone ──► ERROR canceled
//              └── ERROR unavailable ──► the next callee, as if the first were absent (RPC-92)

import type { Dict, RegistrationId, RequestId, Timer } from '@crosspoint/protocol'
import type { CallGroup } from './call-groups.ts'
import type { Callee, Registration } from './registration.ts'
import type { Session } from './session.ts'
import type { CheckedCall } from './validation.ts'

/** A progressive call invocation: what its later chunks need (RPC-50). */
export interface Upload {
  readonly registrationId: RegistrationId
  /** INVOCATION.Details of every chunk, but for `progress`. */
  readonly details: Dict
  /** Whether the caller's last chunk is still to come. */
  isOpen: boolean
  chunks: number
  /** Whether its first chunk made the callee hold up the caller. */
  isHolding: boolean
}

/** What a call needs beyond the common case. */
export interface CallExtra {
  /** The call as it came: for a call that waits or may be tried again, and for the checks of a continuation. */
  readonly message: CheckedCall
  readonly registration: Registration
  upload: Upload | undefined
  /** The callee whose place it takes. */
  place: Callee | undefined
  /** Who has been tried (RPC-99); `undefined` when the call cannot be tried again. */
  tried: Set<Session> | undefined
  /** The call that this is one part of, when it runs at all callees (RPC-129). */
  group: CallGroup | undefined
  /** When its timeout ends it, unless answers move that: milliseconds since 1970-01-01 UTC. */
  readonly endsAt: number
}

export class PendingCall {
  readonly caller: Session
  readonly callId: RequestId
  /** `undefined` while the call waits for a callee. */
  callee: Session | undefined
  invocationId: RequestId
  /** Whether the caller asked for progressive results and the callee was told so. */
  wantsProgress: boolean
  /** Milliseconds to the first answer and between answers; 0 for no limit. */
  readonly timeoutMs: number
  timer: Timer | undefined = undefined
  /** Whether a `kill` was sent, after which only the callee's own answer, or its end, ends the call. */
  isKilled = false
  /** Whether its INVOCATION, or the first of them, could not be sent to the callee. */
  isUndelivered = false
  extra: CallExtra | undefined = undefined

  constructor(
    caller: Session,
    callId: RequestId,
    callee: Session | undefined,
    invocationId: RequestId,
    wantsProgress: boolean,
    timeoutMs: number,
  ) {
    this.caller = caller
    this.callId = callId
    this.callee = callee
    this.invocationId = invocationId
    this.wantsProgress = wantsProgress
    this.timeoutMs = timeoutMs
  }

  /** Makes the call known to its caller and, if there is one, to its callee. */
  open(): void {
    this.caller.calls.add(this.callId, this)
    if (this.callee !== undefined) this.callee.invocations.add(this.invocationId, this)
  }

  /** Whether it still waits for its end. */
  get isOpen(): boolean {
    return this.caller.calls.get(this.callId) === this
  }

  /** Gives the call to `callee`. */
  invoke(callee: Session): void {
    this.callee = callee
    this.invocationId = callee.nextInvocationId()
    callee.invocations.add(this.invocationId, this)
  }

  /** Takes the call away from its callee; whatever that still sends for it is stale (PRV-07). */
  revoke(): void {
    if (this.callee === undefined) return
    this.callee.invocations.delete(this.invocationId)
    this.callee = undefined
  }

  /** Forgets the call on both sides. */
  close(): void {
    // One part of a call at all callees is not what the caller knows by this id.
    if (this.extra === undefined || this.isOpen) this.caller.calls.delete(this.callId)
    if (this.callee !== undefined) this.callee.invocations.delete(this.invocationId)
    if (this.timer !== undefined) {
      this.timer.cancel()
      this.timer = undefined
    }
  }
}
