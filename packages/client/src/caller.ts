// The caller: one OutgoingCall per call, from the wait for a session to the one final answer. Its promise settles once;
// the request stays in the session's table until the router has answered, because a RESULT may cross a CANCEL (RPC-73).

import {
  ApplicationError,
  type CancelMode,
  type Clock,
  type Dict,
  EMPTY_DICT,
  type Message,
  MessageType,
  type Payload,
  type RequestId,
  type Result as ResultMessage,
  type Timer,
  type Uri,
  UsageError,
} from '@crosspoint/protocol'
import type { Chunk } from './input.ts'
import { CallResult, payloadOf } from './result.ts'
import { type PendingRequest, type Session, undeliveredError } from './session.ts'
import type { Settle } from './subscriber.ts'
import { CANCELED, TIMEOUT, UPLOADS } from './uris.ts'
import { wireOptions } from './wire-options.ts'

export interface CallOptions {
  /** Positional arguments. Default: none. */
  readonly args?: readonly unknown[] | undefined
  /** Keyword arguments. Default: none. */
  readonly kwargs?: Dict | undefined
  /**
   * Milliseconds until the call ends with `wamp.error.timeout`; with progress, until the first result and between results.
   * The router watches it; the client does too, one second later. Default: 0, without limit.
   */
  readonly timeout?: number | undefined
  /** Asks the router to tell the callee who calls. Default: false. */
  readonly disclose_me?: boolean | undefined
  /** Asks the callee for progress. Default: whether `onProgress` is given. */
  readonly receive_progress?: boolean | undefined
  /**
   * Sends a progressive call: `args` and `kwargs` first, then every chunk as it comes, then what the iterator returns (a
   * generator's `return`), or nothing, as the last. It is read no faster than the network takes it, and no further when the call ends.
   */
  readonly input?: AsyncIterator<Chunk, unknown> | AsyncIterable<Chunk, unknown> | undefined
  /** `all`: every callee of a shared registration; `any`: one at random; `partition`: the one that `rkey` belongs to. */
  readonly runon?: 'all' | 'any' | 'partition' | undefined
  /** How results of `runon: "all"` come: `gather`, as one list, or `progressive`; or `partition` for what `runon` says of it. */
  readonly runmode?: 'gather' | 'progressive' | 'partition' | undefined
  /** The key by which a call of `partition` finds its callee. */
  readonly rkey?: string | undefined
  /** Gets progressive results. */
  readonly onProgress?: ((progress: CallResult) => void) | undefined
  /** Cancels the call; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /**
   * What a cancelled call does: `killnowait` (default) and `skip` end it at once, with and without telling the callee;
   * `kill` tells the callee and waits for its last word, which may still be the result.
   */
  readonly cancel_mode?: CancelMode | undefined
  /** Whether to wait for a session when there is none. Default: that of the client. */
  readonly waitForSession?: boolean | undefined
}

/** How much later than the router the client ends a call that has a timeout, in milliseconds. */
const TIMEOUT_GRACE_MS = 1000

const CANCEL_MODES: readonly string[] = ['skip', 'kill', 'killnowait']

export class OutgoingCall implements PendingRequest {
  readonly type = MessageType.CALL
  readonly uri: Uri
  readonly options: CallOptions
  /** Set while the call waits for a session: leaves the queue. */
  forget: (() => void) | undefined = undefined
  readonly #clock: Clock
  readonly #settle: Settle<CallResult>
  readonly #onProgress: ((progress: CallResult) => void) | undefined
  readonly #payload: Payload
  #session: Session | undefined
  #requestId: RequestId | undefined
  #timer: Timer | undefined
  #isSettled = false
  #isCanceled = false
  #cancelReason: unknown
  #onAbort: (() => void) | undefined

  /** Throws `ERR_INVALID_ARGUMENT` for wrong arguments. */
  constructor(
    clock: Clock,
    procedure: Uri,
    options: CallOptions,
    onProgress: ((progress: CallResult) => void) | undefined,
    settle: Settle<CallResult>,
  ) {
    this.uri = procedure
    this.options = options
    this.#clock = clock
    this.#settle = settle
    this.#onProgress = onProgress
    this.#payload = payloadOf(options.args, options.kwargs)
    const { cancel_mode } = options
    if (cancel_mode !== undefined && !CANCEL_MODES.includes(cancel_mode)) {
      throw new UsageError('ERR_INVALID_ARGUMENT', `cancel_mode must be "skip", "kill" or "killnowait", not "${String(cancel_mode)}"`)
    }
    this.#watchSignal(options.signal)
  }

  #watchSignal(signal: AbortSignal | undefined): void {
    if (signal === undefined) return
    if (signal.aborted) return this.cancel(signal.reason)
    this.#onAbort = () => this.cancel(signal.reason)
    signal.addEventListener('abort', this.#onAbort)
  }

  /** The reader of progress is behind, or has caught up. */
  setBehind(isBehind: boolean): void {
    if (isBehind) this.#session?.hold(this, true)
    else this.#session?.release(this)
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** Sends CALL, unless the call was canceled while it waited. */
  run(session: Session): void {
    if (this.#isSettled) return
    this.forget = undefined
    this.#session = session
    const receive_progress = this.options.receive_progress ?? (this.#onProgress && true)
    const { input } = this.options
    const wire = wireOptions(MessageType.CALL, { ...this.options, receive_progress, progress: input && true })
    try {
      if (input !== undefined && !session.info?.features['dealer']?.has(UPLOADS)) {
        throw new UsageError('ERR_REFUSED', `Cannot call "${this.uri}" with input: the router did not announce ${UPLOADS}`) // PRV-12
      }
      session.request((requestId) => {
        this.#requestId = requestId
        return { type: MessageType.CALL, requestId, options: wire, procedure: this.uri, payload: this.#payload }
      }, this)
    } catch (error) {
      return this.#reject(error)
    }
    this.#startTimer()
    if (input !== undefined) void this.#feed(session, input)
  }

  /** Sends the chunks of a progressive call; the last one is what the iterator returns. */
  async #feed(session: Session, input: NonNullable<CallOptions['input']>): Promise<void> {
    const chunks = Symbol.asyncIterator in input ? input[Symbol.asyncIterator]() : input
    try {
      for (;;) {
        const { value, done } = await chunks.next()
        if (this.#isSettled || !session.isJoined) return void (await chunks.return?.())
        const chunk = value as Chunk | undefined
        const payload = payloadOf(chunk?.args, chunk?.kwargs)
        const requestId = this.#requestId!
        const options = done ? EMPTY_DICT : { progress: true }
        const why = session.send({ type: MessageType.CALL, requestId, options, procedure: this.uri, payload }, this.uri)
        if (why !== undefined) throw undeliveredError(why, `a chunk of the call of "${this.uri}"`)
        if (done) return
        await session.writable()
      }
    } catch (error) {
      this.cancel(error)
    }
  }

  #startTimer(): void {
    this.#timer?.cancel()
    const timeoutMs = this.options.timeout ?? 0
    if (timeoutMs === 0 || this.#isSettled) return
    this.#timer = this.#clock.setTimer(timeoutMs + TIMEOUT_GRACE_MS, () => {
      this.#sendCancel('killnowait')
      this.#reject(new ApplicationError(TIMEOUT, [`No answer to the call of "${this.uri}" within ${timeoutMs} ms`]))
    })
  }

  /** Cancels the call; `reason` is what the promise rejects with. */
  cancel(reason: unknown): void {
    if (this.#isSettled || this.#isCanceled) return
    this.#isCanceled = true
    this.#cancelReason = reason
    const mode = this.options.cancel_mode ?? 'killnowait'
    const isSent = this.#sendCancel(mode)
    if (!isSent || mode !== 'kill') this.#reject(reason)
  }

  /** False when there is nobody to tell: the call is not under way, or the dealer cannot cancel. */
  #sendCancel(mode: CancelMode): boolean {
    const session = this.#session
    if (session === undefined || !session.isJoined) return false
    if (!session.info?.features['dealer']?.has('call_canceling')) return false
    session.send({ type: MessageType.CANCEL, requestId: this.#requestId!, options: { mode } })
    return true
  }

  replied(message: Message): boolean {
    const { details, payload } = message as ResultMessage
    const isProgress = details['progress'] === true
    if (this.#isSettled) return isProgress
    const result = new CallResult(payload, details) // throws when there is a value that cannot be read here
    if (isProgress) {
      this.#startTimer()
      this.#onProgress?.(result)
    } else {
      this.#end()
      this.#settle.resolve(result)
    }
    return isProgress
  }

  refused(error: ApplicationError): void {
    this.#reject(this.#isCanceled && error.error === CANCELED ? this.#cancelReason : error)
  }

  lost(error: UsageError): void {
    this.#reject(error)
  }

  /** No session came. */
  fail(error: unknown): void {
    this.#reject(error)
  }

  #reject(error: unknown): void {
    if (this.#isSettled) return
    this.#end()
    this.#settle.reject(error)
  }

  #end(): void {
    this.#isSettled = true
    this.setBehind(false)
    this.#timer?.cancel()
    this.forget?.()
    this.forget = undefined
    if (this.#onAbort !== undefined) this.options.signal!.removeEventListener('abort', this.#onAbort)
    this.#onAbort = undefined
  }
}
