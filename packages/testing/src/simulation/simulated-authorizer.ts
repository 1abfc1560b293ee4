// An authorizer that decides as the seed says: at once or late, for or against, or not at all before the calm.

import type { AuthorizationRequest, Authorizer, Decision } from '@crosspoint/router'
import type { Chance } from './chance.ts'
import type { Ask } from './model/guard.ts'
import type { Scheduler } from './scheduler.ts'

export interface AuthorizerHost {
  readonly chance: Chance
  readonly scheduler: Scheduler
  readonly isCalm: boolean
  /** The router asked. */
  asked(ask: Ask): void
  /** A late decision is made; `tell` tells the router. */
  decided(ask: Ask, tell: () => void): void
}

export class SimulatedAuthorizer implements Authorizer {
  readonly #host: AuthorizerHost
  readonly #latePercent: number
  #waiting: (() => void)[] = []

  constructor(host: AuthorizerHost) {
    this.#host = host
    this.#latePercent = host.chance.pick([0, 20, 60])
  }

  authorize({ action, principal, uri }: AuthorizationRequest, decide: (decision: Decision) => void): void {
    const { chance, isCalm, scheduler } = this.#host
    const decision = chance.is(90) ? 'allowed' : chance.is(70) ? 'denied' : 'failed'
    const isNow = isCalm || !chance.is(this.#latePercent)
    const ask: Ask = { sessionId: principal.session, action, uri, decision, isNow }
    this.#host.asked(ask)
    if (isNow) return decide(decision)
    const tell = () => this.#host.decided(ask, () => decide(decision))
    if (chance.is(3)) this.#waiting.push(tell)
    else scheduler.after(chance.below(300), tell)
  }

  /** Every question is answered. */
  calm(): void {
    for (const tell of this.#waiting.splice(0)) tell()
  }
}
