// An authorizer that is a procedure (AUTHZ-06), with Crossbar.io's arguments and answers: it is called with the details of the session
// that asks, the URI, the action and the options of the message. One that hangs holds up only those who ask it.

import { ApplicationError } from '@crosspoint/protocol'
import type { Authorizer, Decision } from '@crosspoint/router'
import { argumentsOf, type Failure, readDecision } from './answers.ts'
import type { Failures } from './failures.ts'

/** How the procedure is called; `ServiceSession` is one. */
export interface Caller {
  call(args: readonly unknown[], signal: AbortSignal): Promise<unknown>
}

export class ProcedureAuthorizer implements Authorizer {
  readonly #timeoutMs: number
  readonly #caller: () => Caller | undefined
  readonly #failures: Failures
  /** Counts versions of the procedure. */
  #version = 0

  /**
   * @param timeoutMs how long an answer may take, in milliseconds; then the call is cancelled, and there is no decision
   * @param caller how to call; undefined as long as the node is not that far
   * @example
   * new ProcedureAuthorizer(5000, () => session, failures)
   */
  constructor(timeoutMs: number, caller: () => Caller | undefined, failures: Failures) {
    this.#timeoutMs = timeoutMs
    this.#caller = caller
    this.#failures = failures
  }

  /** There is another version of the procedure: what the earlier one still answers does not last. */
  renewed(): void {
    this.#version++
  }

  authorize(...[request, decide]: Parameters<Authorizer['authorize']>): void {
    const timeoutMs = this.#timeoutMs
    const caller = this.#caller()
    if (caller === undefined) return this.#fail('the node is not that far yet', decide)
    const version = this.#version
    const control = new AbortController()
    let isOver = false
    const finish = (outcome: () => void) => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      outcome()
    }
    const timer = setTimeout(() => {
      finish(() => this.#fail(`it did not answer within ${timeoutMs} ms (timeoutMs)`, decide))
      control.abort()
    }, timeoutMs)
    caller.call(argumentsOf(request), control.signal).then(
      (answer) => finish(() => this.#take(readDecision(answer, request.action), version, decide)),
      (error: unknown) => finish(() => this.#fail(textOf(error), decide)),
    )
  }

  #take(decision: Decision | Failure, version: number, decide: (decision: Decision) => void): void {
    if (typeof decision === 'object' && 'failure' in decision) return this.#fail(decision.failure, decide)
    this.#failures.worked()
    const isOld = version !== this.#version && typeof decision === 'object'
    decide(isOld ? { ...decision, isLasting: false } : decision)
  }

  #fail(cause: string, decide: (decision: Decision) => void): void {
    this.#failures.failed(cause)
    decide('failed')
  }
}

function textOf(error: unknown): string {
  if (error instanceof ApplicationError) return `it answered with ${error.error}: ${error.message.split('\n', 1)[0]}`
  return error instanceof Error ? error.message.split('\n', 1)[0]! : String(error)
}
