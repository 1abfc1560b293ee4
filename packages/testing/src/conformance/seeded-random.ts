// Chance that a seed replays: the same seed gives the same run. Not for secrets.

import type { Random } from '@crosspoint/protocol'

const WORDS = 2 ** 32

export class SeededRandom implements Random {
  #state: number

  /** `seed` is any whole number; print it when a test with random input fails. */
  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 32 random bits: a Weyl sequence through an avalanche of multiplications. */
  word(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0
    let bits = this.#state
    bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad)
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97)
    return (bits ^ (bits >>> 15)) >>> 0
  }

  id(): number {
    for (;;) {
      const value = (this.word() & 0x1fffff) * WORDS + this.word()
      if (value !== 0) return value
    }
  }

  below(n: number): number {
    return Math.floor((this.word() / WORDS) * n)
  }
}
