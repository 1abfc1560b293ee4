// A call whose progress is read with `for await`.

import { UsageError } from '@crosspoint/protocol'
import type { OutgoingCall } from './caller.ts'
import { UNREAD_HIGH, UNREAD_LOW } from './input.ts'
import type { CallResult } from './result.ts'
import type { Settle } from './subscriber.ts'

/** Progressive results that wait to be read. One more, and the call is canceled with `ERR_PAYLOAD_TOO_LARGE`. */
export const PROGRESS_UNREAD_MAX = 10_000

/**
 * Progress as an async iterator, and the final result as a promise. Leaving the loop early cancels the call. When the call
 * fails, both the loop and `result` tell.
 * @example
 * const call = client.callProgress('com.example.long')
 * for await (const progress of call) console.log(progress.value)
 * console.log((await call.result).value)
 */
export class ProgressCall<Value = unknown> implements AsyncIterableIterator<CallResult<Value>, void, void> {
  readonly result: Promise<CallResult<Value>>
  readonly #call: OutgoingCall
  readonly #unread: CallResult<Value>[] = []
  #wake: (() => void) | undefined
  #isOver = false
  #error: unknown
  #isFailed = false

  /** `create` makes the call, `begin` sends it: in one process the answer may come before `begin` returns. */
  constructor(
    create: (onProgress: (progress: CallResult) => void, settle: Settle<CallResult>) => OutgoingCall,
    begin: (call: OutgoingCall) => void,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<CallResult<Value>>()
    this.result = promise
    promise.catch(() => {}) // who only reads the loop learns of the failure there
    this.#call = create((progress) => this.#push(progress as CallResult<Value>), {
      resolve: (result) => {
        resolve(result as CallResult<Value>)
        this.#finish()
      },
      reject: (error) => {
        reject(error)
        this.#isFailed = true
        this.#error = error
        this.#finish()
      },
    })
    begin(this.#call)
  }

  #push(progress: CallResult<Value>): void {
    if (this.#isOver) return
    if (this.#unread.length >= PROGRESS_UNREAD_MAX) {
      const why = `More than ${PROGRESS_UNREAD_MAX} progressive results of "${this.#call.uri}" were not read; the call was canceled`
      return this.#call.cancel(new UsageError('ERR_PAYLOAD_TOO_LARGE', why))
    }
    this.#unread.push(progress)
    if (this.#unread.length >= UNREAD_HIGH) this.#call.setBehind(true)
    this.#wake?.()
  }

  #finish(): void {
    this.#isOver = true
    this.#wake?.()
  }

  async next(): Promise<IteratorResult<CallResult<Value>, void>> {
    for (;;) {
      const value = this.#unread.shift()
      if (this.#unread.length <= UNREAD_LOW) this.#call.setBehind(false)
      if (value !== undefined) return { value, done: false }
      if (this.#isOver) {
        if (!this.#isFailed) return { value: undefined, done: true }
        this.#isFailed = false // told once
        throw this.#error
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Called by `for await` when the loop is left early. */
  async return(): Promise<IteratorResult<CallResult<Value>, void>> {
    this.#unread.length = 0
    this.#isOver = true
    this.#call.cancel(new UsageError('ERR_CLOSED', `The progress of "${this.#call.uri}" is no longer read; the call was canceled`))
    this.#isFailed = false
    return { value: undefined, done: true }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
