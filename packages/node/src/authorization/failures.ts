// What authorizers fail at, for the log: when one begins to fail and when it works again, not each time, since every message of
// every session asks it.

import type { Logger } from '../log.ts'

/** The failures of one authorizer. */
export class Failures {
  readonly #log: Logger
  readonly #who: string
  #count = 0

  /** @param who "The authorizer com.example.authorize of realm1" */
  constructor(log: Logger, who: string) {
    this.#log = log
    this.#who = who
  }

  failed(cause: string): void {
    if (this.#count++ === 0) this.#log.warn(`${this.#who} gives no decisions, so requests fail: ${cause}`)
    else this.#log.debug(`${this.#who} gave no decision: ${cause}`)
  }

  worked(): void {
    if (this.#count === 0) return
    this.#log.info(`${this.#who} works again; requests that failed: ${this.#count}`)
    this.#count = 0
  }
}
