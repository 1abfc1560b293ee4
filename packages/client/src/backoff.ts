// How long to wait before the next attempt: exponential with full jitter, so that the clients of a router that was
// restarted do not all come back at the same moment.

import type { Random } from '@crosspoint/protocol'

export class Backoff {
  readonly #random: Random
  readonly #delayMs: number
  readonly #delayMaxMs: number
  #exponent = 0

  /** `delayMs` bounds the first wait and doubles from attempt to attempt up to `delayMaxMs`. */
  constructor(random: Random, delayMs: number, delayMaxMs: number) {
    this.#random = random
    this.#delayMs = delayMs
    this.#delayMaxMs = delayMaxMs
  }

  /** The next wait in milliseconds: uniform over 0 … the bound. */
  next(): number {
    const bound = Math.min(this.#delayMaxMs, this.#delayMs * 2 ** this.#exponent)
    if (bound < this.#delayMaxMs) this.#exponent++
    return this.#random.below(Math.floor(bound) + 1)
  }

  /** Begins with `delayMs` again. */
  reset(): void {
    this.#exponent = 0
  }
}
