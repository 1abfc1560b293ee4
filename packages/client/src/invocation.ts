// One invocation: what a procedure sees of it (Invocation), and its way from INVOCATION to the one final answer
// (RunningInvocation).

import {
  ApplicationError,
  type Clock,
  type Dict,
  EMPTY_DICT,
  type Invocation as InvocationMessage,
  MessageType,
  Payload,
  type RequestId,
  type Timer,
  type Uri,
  type UsageError,
} from '@crosspoint/protocol'
import { type Chunk, Input } from './input.ts'
import { isThenable, payloadOf, payloadOfResult } from './result.ts'
import { type Session, undeliveredError } from './session.ts'
import { CANCELED, PAYLOAD_SIZE_EXCEEDED, RUNTIME_ERROR, TIMEOUT } from './uris.ts'

/** One call of a procedure, whole. */
export class Invocation {
  readonly args: readonly unknown[]
  readonly kwargs: Dict
  /** `INVOCATION.Details`. */
  readonly details: Dict
  /** The procedure that was called, also when the registration is for a pattern. */
  readonly procedure: Uri
  /** The caller's session, when disclosed. */
  readonly caller: number | undefined
  readonly caller_authid: string | undefined
  readonly caller_authrole: string | undefined
  /** Whether the caller asked for progress. Without it, `progress()` does nothing. */
  readonly isProgressWanted: boolean
  readonly #running: RunningInvocation

  constructor(message: InvocationMessage, procedure: Uri, running: RunningInvocation) {
    const { args, kwargs } = message.payload.read()
    const details = message.details
    this.args = args
    this.kwargs = kwargs
    this.details = details
    this.procedure = (details['procedure'] as Uri | undefined) ?? procedure
    this.caller = details['caller'] as number | undefined
    this.caller_authid = details['caller_authid'] as string | undefined
    this.caller_authrole = details['caller_authrole'] as string | undefined
    this.isProgressWanted = details['receive_progress'] === true
    this.#running = running
  }

  /** Fires when the call is canceled or timed out, and when the session is lost: nobody waits for the answer any more. */
  get signal(): AbortSignal {
    return this.#running.signal
  }

  /**
   * All chunks of a progressive call, the first one too; of any other call, the one there is. Chunks without args and kwargs are
   * passed over: they only begin or end a call. Ends early when the call is canceled or the session is lost: look at `signal`.
   * @example for await (const { args } of invocation.input) await file.write(args[0])
   */
  get input(): AsyncIterableIterator<Required<Chunk>, void, void> {
    return this.#running.input
  }

  /**
   * Sends one progressive result. Does nothing when the caller did not ask for progress or waits no longer. Who sends much
   * awaits `writable()` in between.
   * @throws `ERR_UNSERIALIZABLE`, `ERR_PAYLOAD_TOO_LARGE`
   * It may be taken out of the invocation: `({ args, progress }) => …`.
   * @example invocation.progress([50], { unit: 'percent' })
   */
  readonly progress = (args?: readonly unknown[], kwargs?: Dict): void => {
    if (this.isProgressWanted) this.#running.progress(payloadOf(args, kwargs))
  }

  /**
   * Resolves when the network takes more; at once when it does, and when the session is lost. May be taken out of the invocation.
   * @example for (const part of parts) { progress([part]); await writable() }
   */
  readonly writable = (): Promise<void> => this.#running.writable()
}

/** The loose rule (URI-04), which every router accepts or answers; anything else could cost the session. */
const URI = /^[^\s.#]+(?:\.[^\s.#]+)*$/u

const PROGRESS: Dict = Object.freeze({ progress: true })

export class RunningInvocation {
  readonly #session: Session
  readonly #message: InvocationMessage
  readonly #requestId: RequestId
  readonly procedure: Uri
  readonly #clock: Clock
  readonly #report: (error: unknown, uri: Uri) => void
  readonly #timeoutMs: number
  readonly input: Input
  #timer: Timer | undefined
  /** Made when somebody looks: most procedures never do. */
  #controller: AbortController | undefined
  #abortReason: unknown
  #isAborted = false
  /** Whether an answer still has a taker. */
  #isAwaited = true

  constructor(session: Session, message: InvocationMessage, procedure: Uri, clock: Clock, report: (error: unknown, uri: Uri) => void) {
    this.#session = session
    this.#message = message
    this.#requestId = message.requestId
    this.procedure = procedure
    this.input = new Input(session, message)
    this.#clock = clock
    this.#report = report
    // Only there when the registration asked for it with `forward_timeout` (RPC-84).
    this.#timeoutMs = (message.details['timeout'] as number | undefined) ?? 0
  }

  /** Runs the procedure and answers; `ended` is called when the procedure has ended. */
  run(procedure: (invocation: Invocation) => unknown, ended: () => void): void {
    this.#startTimer()
    const done = () => {
      this.input.end()
      ended()
    }
    let outcome: unknown
    try {
      outcome = procedure(new Invocation(this.#message, this.procedure, this))
    } catch (error) {
      this.#fail(error)
      return done()
    }
    if (!isThenable(outcome)) {
      this.#succeed(outcome)
      return done()
    }
    outcome.then(
      (value) => {
        this.#succeed(value)
        done()
      },
      (error) => {
        this.#fail(error)
        done()
      },
    )
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#isAborted) this.#controller.abort(this.#abortReason)
    }
    return this.#controller.signal
  }

  /** A further chunk of a progressive call. */
  take(message: InvocationMessage): void {
    this.input.take(message)
  }

  writable(): Promise<void> {
    return this.#session.writable()
  }

  progress(payload: Payload): void {
    if (!this.#isAwaited) return
    const why = this.#session.send({ type: MessageType.YIELD, requestId: this.#requestId, options: PROGRESS, payload }, this.procedure)
    if (why !== undefined) throw undeliveredError(why, `a progressive result of "${this.procedure}"`)
    this.#startTimer() // the limit is between results (RPC-87)
  }

  /** The caller canceled. With `kill` one answer is still due, with `killnowait` none (RPC-77). */
  interrupt(isAnswerDue: boolean, reason: Uri): void {
    if (!isAnswerDue) this.#isAwaited = false
    this.#abort(new ApplicationError(reason, [`The call of "${this.procedure}" was canceled`]))
  }

  /** Nobody waits any more. */
  abandon(why: UsageError): void {
    this.#isAwaited = false
    this.#abort(why)
  }

  #abort(reason: unknown): void {
    this.#timer?.cancel()
    if (this.#isAborted) return
    this.#isAborted = true
    this.input.end()
    this.#abortReason = reason
    this.#controller?.abort(reason)
  }

  #startTimer(): void {
    this.#timer?.cancel()
    if (this.#timeoutMs === 0) return
    this.#timer = this.#clock.setTimer(this.#timeoutMs, () => {
      const error = new ApplicationError(TIMEOUT, [`"${this.procedure}" did not answer within ${this.#timeoutMs} ms`])
      this.#answerError(error.error, Payload.of(error.args)) // RPC-85
      this.#abort(error)
    })
  }

  #succeed(value: unknown): void {
    this.#timer?.cancel()
    if (!this.#isAwaited) return
    let error: unknown
    let uri: Uri = RUNTIME_ERROR
    try {
      const payload = payloadOfResult(value)
      const why = this.#session.send({ type: MessageType.YIELD, requestId: this.#requestId, options: EMPTY_DICT, payload }, this.procedure)
      if (why === undefined) {
        this.#isAwaited = false
        return
      }
      error = undeliveredError(why, `the result of "${this.procedure}"`)
      if (why === 'too_large') uri = PAYLOAD_SIZE_EXCEEDED
    } catch (cause) {
      error = cause
    }
    this.#report(error, this.procedure)
    this.#answerError(uri, Payload.of([(error as Error).message]))
  }

  #fail(error: unknown): void {
    this.#timer?.cancel()
    if (!this.#isAwaited) {
      // A procedure that stops because it was told to is no news; any other failure is.
      if (!this.#isAborted || !isStop(error, this.#abortReason)) this.#report(error, this.procedure)
      return
    }
    if (error instanceof ApplicationError && URI.test(error.error)) {
      return this.#answerError(error.error, Payload.of(error.args, error.kwargs))
    }
    // It stopped because the caller asked for that (RPC-75).
    if (this.#isAborted && isStop(error, this.#abortReason)) return this.#answerError(CANCELED, Payload.of())
    this.#report(error, this.procedure)
    this.#answerError(RUNTIME_ERROR, Payload.of([error instanceof Error ? error.message : String(error)])) // RPC-16
  }

  #answerError(error: Uri, payload: Payload): void {
    if (!this.#isAwaited) return
    this.#isAwaited = false
    const answer = {
      type: MessageType.ERROR,
      requestType: MessageType.INVOCATION,
      requestId: this.#requestId,
      details: EMPTY_DICT,
      error,
    } as const
    const why = this.#session.send({ ...answer, payload }, this.procedure)
    if (why === undefined) return
    this.#report(undeliveredError(why, `the error "${error}" of "${this.procedure}"`), this.procedure)
    this.#session.send({ ...answer, payload: Payload.of() })
  }
}

/** Whether `error` is what code throws that heeds an AbortSignal. */
function isStop(error: unknown, reason: unknown): boolean {
  return error === reason || (error instanceof Error && error.name === 'AbortError')
}
