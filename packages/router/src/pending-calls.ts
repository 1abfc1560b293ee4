// Calls in flight. A call is pending from INVOCATION to its final answer; it is known to its caller by the CALL's request id
// and to its callee by the INVOCATION's. When one of the two no longer cares, the record is gone from both.
//
//   CALL ──► pending ──► YIELD / ERROR ──► RESULT / ERROR                      answered by the callee
//              ├── CANCEL skip, killnowait ──► ERROR canceled ──► (answer dropped)
//              ├── CANCEL kill ──► INTERRUPT ──► whatever the callee answers ──► RESULT / ERROR
//              ├── timeout ──► ERROR timeout ──► (answer dropped)
//              ├── caller gone ──► INTERRUPT killnowait ──► (answer dropped)
//              └── callee gone ──► ERROR canceled

import type { RequestId, Timer } from '@crosspoint/protocol'
import type { Session } from './session.ts'

export class PendingCall {
  readonly caller: Session
  readonly callId: RequestId
  readonly callee: Session
  readonly invocationId: RequestId
  /** Whether the caller asked for progressive results and the callee was told so. */
  readonly wantsProgress: boolean
  /** Milliseconds to the first answer and between answers; 0 for no limit. */
  readonly timeoutMs: number
  timer: Timer | undefined = undefined
  /** Whether a `kill` was sent, after which only the callee's own answer, or its end, ends the call. */
  isKilled = false

  constructor(caller: Session, callId: RequestId, callee: Session, invocationId: RequestId, wantsProgress: boolean, timeoutMs: number) {
    this.caller = caller
    this.callId = callId
    this.callee = callee
    this.invocationId = invocationId
    this.wantsProgress = wantsProgress
    this.timeoutMs = timeoutMs
  }

  /** Makes the call known to both sides. */
  open(): void {
    this.caller.calls.add(this.callId, this)
    this.callee.invocations.add(this.invocationId, this)
  }

  /** Forgets the call on both sides; whatever the callee still sends for it is stale (PRV-07). */
  close(): void {
    this.caller.calls.delete(this.callId)
    this.callee.invocations.delete(this.invocationId)
    if (this.timer !== undefined) {
      this.timer.cancel()
      this.timer = undefined
    }
  }
}
