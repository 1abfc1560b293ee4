// Time that stands still until a test moves it, chance from a seed, and a way to let promises run.

import type { Clock, Random, Timer } from '@crosspoint/protocol'

interface Entry {
  readonly at: number
  readonly order: number
  readonly fire: () => void
}

export class VirtualClock implements Clock {
  #now = Date.UTC(2026, 0, 31)
  #order = 0
  readonly #timers = new Set<Entry>()

  now(): number {
    return this.#now
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const entry = { at: this.#now + delayMs, order: this.#order++, fire }
    this.#timers.add(entry)
    return { cancel: () => void this.#timers.delete(entry) }
  }

  /** How many timers run: after a stop there should be none. */
  get timerCount(): number {
    return this.#timers.size
  }

  /** Moves time on, firing what falls due in order; promises run before and after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (;;) {
      const due = [...this.#timers].filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0]
      if (due === undefined) break
      this.#timers.delete(due)
      this.#now = due.at
      due.fire()
      await settle()
    }
    this.#now = end
  }
}

/** Lets every promise that can go on go on: `setImmediate` comes after all microtasks. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** The same numbers for the same seed. */
export class SeededRandom implements Random {
  #state: number
  constructor(seed: number) {
    this.#state = seed >>> 0
  }
  #next(): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0
    return this.#state / 2 ** 32
  }
  id(): number {
    return 1 + Math.floor(this.#next() * (2 ** 53 - 2))
  }
  below(n: number): number {
    return Math.floor(this.#next() * n)
  }
}
