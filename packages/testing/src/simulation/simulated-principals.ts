// Principals that are looked up as the seed says: at once or late, found or not, with a failure, or with an exception. There is one
// of them, joe; some links want a login.

import type { LoginOptions, PrincipalSource } from '@crosspoint/router'
import { anonymous, ticket } from '@crosspoint/router'
import type { SeededRandom } from '../conformance/seeded-random.ts'
import { TestCrypto } from '../test-crypto.ts'
import type { Chance } from './chance.ts'
import { JOE, type Lookup, RIGHT_TICKET } from './model/logins.ts'
import type { Scheduler } from './scheduler.ts'

export interface PrincipalsHost {
  readonly chance: Chance
  readonly scheduler: Scheduler
  readonly isCalm: boolean
  /** The router has begun a lookup. */
  lookedUp(lookup: Lookup): void
  /** A late lookup has a result; `tell` tells the router. */
  found(lookup: Lookup, tell: () => void): void
}

export class SimulatedPrincipals implements PrincipalSource {
  readonly provider = 'simulated'
  readonly #host: PrincipalsHost
  readonly #latePercent: number
  #waiting: (() => void)[] = []

  constructor(host: PrincipalsHost) {
    this.#host = host
    this.#latePercent = host.chance.pick([0, 30, 70])
  }

  /** How links with a login log in. */
  login(seed: number, random: SeededRandom): LoginOptions {
    return { authenticators: [ticket(new TestCrypto(seed), this), anonymous({ random })] }
  }

  find: PrincipalSource['find'] = ({ authid }, done) => {
    const { chance, isCalm, scheduler } = this.#host
    const isWorking = chance.is(90)
    const isNow = isCalm || !chance.is(this.#latePercent)
    const lookup: Lookup = { result: !isWorking ? 'failed' : authid === JOE ? 'joe' : 'nobody', isNow }
    this.#host.lookedUp(lookup)
    if (isNow && !isWorking && chance.is(50)) throw new Error('the source is broken')
    const answer = () => {
      if (!isWorking) done({ failure: 'the source is broken' })
      else done(lookup.result === 'joe' ? { ticket: RIGHT_TICKET } : undefined)
    }
    if (isNow) return answer()
    const tell = () => this.#host.found(lookup, answer)
    if (chance.is(5)) this.#waiting.push(tell)
    else scheduler.after(chance.below(chance.is(20) ? 5000 : 400), tell)
  }

  /** Every lookup ends. */
  calm(): void {
    for (const tell of this.#waiting.splice(0)) tell()
  }
}
