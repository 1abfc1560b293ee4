// The router's own procedures: the meta API and what belongs to it. They are called like any other, by URI, but no session
// can register them, and they answer within the turn or later.

import { type Call, type Dict, ErrorUri, MessageType, Payload, type Uri } from '@crosspoint/protocol'
import { shown } from '@crosspoint/protocol/internal'
import type { PendingCall } from './pending-calls.ts'
import type { Session } from './session.ts'

export type OwnProcedure = (call: OwnCall) => void

/** Something is wrong with a call; the caller gets it as ERROR. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure'
  readonly error: Uri
  constructor(error: Uri, message: string) {
    super(message)
    this.error = error
  }
}

/** One call of one of the router's own procedures. */
export class OwnCall {
  readonly caller: Session
  readonly procedure: Uri
  readonly args: readonly unknown[]
  readonly kwargs: Dict
  readonly #message: Call
  #isAnswered = false
  /** The record of a call that was not answered within its turn. */
  pending: PendingCall | undefined = undefined

  constructor(caller: Session, message: Call) {
    this.caller = caller
    this.procedure = message.procedure
    this.#message = message
    const { args, kwargs } = message.payload.read()
    this.args = args
    this.kwargs = kwargs
  }

  /** Whether the caller still waits: it has no answer yet, has not cancelled and is there. */
  get isOpen(): boolean {
    return !this.#isAnswered && this.pending?.isOpen !== false
  }

  get isAnswered(): boolean {
    return this.#isAnswered
  }

  /** Answers with RESULT; once, and only if the caller still waits. */
  answer(args: readonly unknown[] = [], kwargs: Dict = {}): void {
    if (!this.#end()) return
    this.caller.realm?.outbox.deliver(
      { type: MessageType.RESULT, requestId: this.#message.requestId, details: {}, payload: Payload.of(args, kwargs) },
      this.caller,
    )
  }

  /** Answers with ERROR. */
  fail(error: Uri, text: string): void {
    if (!this.#end()) return
    this.caller.fail(MessageType.CALL, this.#message.requestId, error, text)
  }

  #end(): boolean {
    if (this.#isAnswered) return false
    this.#isAnswered = true
    if (this.pending === undefined) return true
    if (!this.pending.isOpen) return false // canceled, expired, or the caller left
    this.pending.close()
    return true
  }

  /** The positional argument at `index`, checked; `what` says what it must be. Throws `CallFailure`. */
  argument<Value>(index: number, name: string, accepts: (value: unknown) => value is Value, what: string): Value {
    const value = this.args[index]
    if (!accepts(value)) throw this.#invalid(`argument ${index + 1} (${name})`, what, value)
    return value
  }

  /** The keyword argument, checked, or `undefined` when it is absent or null. */
  keyword<Value>(name: string, accepts: (value: unknown) => value is Value, what: string): Value | undefined {
    const value = this.kwargs[name]
    if (value === undefined || value === null) return undefined
    if (!accepts(value)) throw this.#invalid(`keyword argument ${name}`, what, value)
    return value
  }

  /** Refuses more positional arguments than `most`. */
  atMost(most: number): void {
    if (this.args.length > most) {
      throw new CallFailure(ErrorUri.invalidArgument, `${this.procedure} takes at most ${most} arguments, not ${this.args.length}`)
    }
  }

  #invalid(name: string, what: string, value: unknown): CallFailure {
    return new CallFailure(ErrorUri.invalidArgument, `${this.procedure}: ${name} must be ${what}, not ${shown(value)}`)
  }
}
