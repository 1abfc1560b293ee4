// Time that goes on only when a test says so.

import type { Clock, Timer } from '@crosspoint/protocol'

interface Entry {
  readonly dueAt: number
  readonly order: number
  readonly fire: () => void
}

export class VirtualClock implements Clock {
  #now: number
  #count = 0
  readonly #timers = new Set<Entry>()

  /** `now` is the time to begin with, in milliseconds since 1970-01-01 UTC. */
  constructor(now = 1_700_000_000_000) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const entry = { dueAt: this.#now + delayMs, order: this.#count++, fire }
    this.#timers.add(entry)
    return { cancel: () => void this.#timers.delete(entry) }
  }

  /** Timers that have neither fired nor been cancelled. */
  get timerCount(): number {
    return this.#timers.size
  }

  /** Lets `ms` milliseconds pass. What falls due fires in order, at its own time, also what was set meanwhile. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#timers.delete(next)
      this.#now = next.dueAt
      next.fire()
    }
    this.#now = until
  }

  #next(until: number): Entry | undefined {
    let next: Entry | undefined
    for (const entry of this.#timers) {
      if (entry.dueAt > until) continue
      if (next === undefined || entry.dueAt < next.dueAt || (entry.dueAt === next.dueAt && entry.order < next.order)) next = entry
    }
    return next
  }
}
