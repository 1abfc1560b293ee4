// One login: from HELLO over CHALLENGE and AUTHENTICATE, possibly twice, to an identity or a refusal (AUTH-01, AUTH-08). It knows
// nothing of methods and of the session but what it sends. Everything may come late: what comes after the end is ignored.

import { type Clock, type Dict, ErrorUri, type Timer, type Uri } from '@crosspoint/protocol'
import { saslprep, shown } from '@crosspoint/protocol/internal'
import { LimitUri } from '../limits.ts'
import type { Authenticator, Identity, LoginOptions, LoginRequest, Next, Refusal, Step } from './authenticator.ts'
import type { Attempt, LoginThrottle } from './login-throttle.ts'
import type { Principal } from './principals.ts'
import { failed } from './refusals.ts'

/** What a login does to its session. */
export interface LoginHost {
  challenge(authmethod: string, extra: Dict): void
  accept(identity: Identity): void
  refuse(refusal: Refusal): void
}

/** Challenges of one login: first and second step, with one to spare. */
const CHALLENGES_MAX = 3

export class Login {
  readonly request: LoginRequest
  /** The method in use, for logs. */
  method: string | undefined = undefined
  readonly #options: LoginOptions
  readonly #clock: Clock
  readonly #throttle: LoginThrottle
  readonly #host: LoginHost
  readonly #waiting: Authenticator[]
  readonly #offered: readonly string[]
  #answered: ((signature: string, extra: Dict, next: Next) => void) | undefined
  #challenges = 0
  #skipped = ''
  #isInSecondStep = false
  #isOver = false
  #attempt: Attempt | undefined
  #timer: Timer | undefined

  /** @param offered the methods of the client in its order; none is "anonymous" (AUTH-03) */
  constructor(
    options: LoginOptions,
    request: LoginRequest,
    offered: readonly string[],
    clock: Clock,
    throttle: LoginThrottle,
    host: LoginHost,
  ) {
    this.#options = options
    this.request = request
    this.#clock = clock
    this.#throttle = throttle
    this.#host = host
    this.#offered = offered.length === 0 ? ['anonymous'] : offered
    const chosen = new Set<Authenticator>()
    for (const name of this.#offered) {
      const one = options.authenticators.find(({ method, aliases }) => method === name || aliases?.includes(name) === true)
      if (one !== undefined) chosen.add(one)
    }
    this.#waiting = [...chosen]
  }

  start(): void {
    this.#tryNext()
  }

  /** The session is over: whatever comes is ignored. */
  abandon(): void {
    this.#isOver = true
    this.#timer?.cancel()
    this.#attempt?.abandoned()
  }

  /** AUTHENTICATE came. */
  authenticate(signature: string, extra: Dict): void {
    const answered = this.#answered
    if (answered === undefined) return
    this.#answered = undefined
    this.#throttled(() => this.#step((next) => answered(signature, extra, next)))
  }

  /** Does something that may be a guess: at once, later, or not at all. */
  #throttled(go: () => void): void {
    this.#attempt ??= this.#newAttempt()
    const delayMs = this.#attempt.delayMs
    if (delayMs === undefined) return this.#refuse(TOO_MANY)
    if (delayMs === 0) return go()
    this.#timer = this.#clock.setTimer(delayMs, () => {
      if (!this.#isOver) go()
    })
  }

  #newAttempt(): Attempt {
    const { authid, link, realm } = this.request
    return this.#throttle.attempt(link.address, realm ?? '', authid && prepared(authid))
  }

  #tryNext(): void {
    const authenticator = this.#waiting.shift()
    if (authenticator === undefined) return this.#refuse(this.#nothingFits())
    this.method = authenticator.method
    this.#step((next) => authenticator.begin(this.request, next))
  }

  #nothingFits(): Refusal {
    const known = this.#options.authenticators.map(({ method }) => method).join(', ')
    const wantsAnonymous = this.#offered.every((name) => name === 'anonymous') // ERR-19
    const message = wantsAnonymous
      ? 'This router wants a login'
      : `None of the methods offered (${shown(this.#offered.join(', '))}) is accepted here`
    const reason: Uri = wantsAnonymous ? ErrorUri.authenticationRequired : ErrorUri.noMatchingAuthMethod
    const cause = `${message}; the link has ${known || 'none'}${this.#skipped && `; skipped: ${this.#skipped}`}`
    return { reason, message, cause, isGuess: false }
  }

  /** Asks for one step, and takes it once. What comes at once is taken after the asking, so that only the authenticator's errors are caught. */
  #step(ask: (next: Next) => void): void {
    let isTaken = false
    let isAsking = true
    const early: Step[] = []
    const next: Next = (step) => {
      if (isTaken || this.#isOver) return
      isTaken = true
      if (isAsking) early.push(step)
      else this.#take(step)
    }
    try {
      ask(next)
    } catch (error) {
      next(failed(`${this.method} failed: ${textOf(error)}`))
    }
    isAsking = false
    for (const step of early) this.#take(step)
  }

  #take(step: Step): void {
    switch (step?.type) {
      case 'skip':
        if (this.#isInSecondStep) return this.#refuse(NOT_SKIPPED) // or the next method would let in without it
        this.#skipped += `${this.#skipped === '' ? '' : ', '}${this.method} (${step.cause})`
        return this.#tryNext()
      case 'challenge':
        if (++this.#challenges > CHALLENGES_MAX) return this.#take(failed('the authenticators ask for too many steps'))
        this.#answered = step.answered
        return this.#host.challenge(step.authmethod ?? this.method!, step.extra)
      case 'accept':
        return this.#accept(step.identity, step.principal)
      case 'refuse':
        return this.#refuse(step.refusal)
      default: // An authenticator that is not ours may be wrong.
        return this.#take(failed(`${this.method} answered with no step, but ${shown((step as { type?: unknown } | undefined)?.type)}`))
    }
  }

  #accept(identity: Identity, principal: Principal | undefined): void {
    const second = this.#isInSecondStep ? undefined : this.#second(identity, principal)
    if (second !== undefined) {
      this.#isInSecondStep = true
      return this.#take(second)
    }
    this.#isOver = true
    this.#attempt?.succeeded()
    this.#options.onAccepted?.(this.request, identity)
    this.#host.accept(identity)
  }

  #second(identity: Identity, principal: Principal | undefined): Step | undefined {
    try {
      return this.#options.secondStep?.begin(this.request, identity, principal)
    } catch (error) {
      return failed(`the second step failed: ${textOf(error)}`)
    }
  }

  #refuse(refusal: Refusal): void {
    this.#isOver = true
    if (refusal.isGuess) {
      // One that was refused at HELLO counts as well.
      this.#attempt ??= this.#newAttempt()
      this.#attempt.failed()
    } else this.#attempt?.abandoned()
    this.#host.refuse(refusal)
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : 'it threw what is no error'
}

/** SCRAM finds one principal by many texts (AUTH-42), which all count as one. */
function prepared(authid: string): string {
  try {
    return saslprep(authid, 'query', 'authid')
  } catch {
    return authid
  }
}

const NOT_SKIPPED: Refusal = Object.freeze({
  reason: ErrorUri.authenticationFailed,
  message: 'The login could not be checked; try again later',
  cause: 'the second step answered with "skip"',
  isGuess: false,
})

const TOO_MANY: Refusal = Object.freeze({
  reason: LimitUri.tooManyLogins,
  message: 'Too many failed logins; try again later',
  cause: 'too many failed logins from this address or of this principal (loginFailures…Max)',
  isGuess: false,
})
