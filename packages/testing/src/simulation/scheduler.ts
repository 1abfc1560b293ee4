// Virtual time: it jumps to whatever is due next. Things due at the same time happen in the order in which they were planned.

import type { Clock, Timer } from '@crosspoint/protocol'

export interface Scheduled extends Timer {
  readonly dueAt: number
  readonly order: number
  readonly run: () => void
  isCancelled: boolean
}

export class Scheduler {
  now = Date.UTC(2026, 0, 1)
  readonly #heap: Scheduled[] = []
  #order = 0

  /** Plans `run` for `delayMs` milliseconds from now. */
  after(delayMs: number, run: () => void): Scheduled {
    const entry: Scheduled = {
      dueAt: this.now + delayMs,
      order: this.#order++,
      run,
      isCancelled: false,
      cancel: () => {
        entry.isCancelled = true
      },
    }
    this.#push(entry)
    return entry
  }

  /** Moves time on to what is due next and does it; false when nothing is planned, or not before `until`. */
  step(until = Number.POSITIVE_INFINITY): boolean {
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined || first.dueAt > until) return false
      this.#pop()
      if (first.isCancelled) continue
      this.now = first.dueAt
      first.isCancelled = true // it has happened: cancelling it now changes nothing
      first.run()
      return true
    }
  }

  #push(entry: Scheduled): void {
    const heap = this.#heap
    let at = heap.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(entry, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

function isBefore(one: Scheduled, other: Scheduled): boolean {
  return one.dueAt < other.dueAt || (one.dueAt === other.dueAt && one.order < other.order)
}

/** A timer of the router, as the checkers see it. */
export interface RouterTimer {
  readonly dueAt: number
}

/** The clock that the router is given. It knows which timers live, so that a checker can ask what each of them is for. */
export class RouterClock implements Clock {
  readonly live = new Set<RouterTimer>()
  /** Timers set since this was last emptied. */
  created: RouterTimer[] = []
  readonly #scheduler: Scheduler
  readonly #fired: (timer: RouterTimer, fire: () => void) => void

  /** `fired` is called when a timer is due, and must call `fire`. */
  constructor(scheduler: Scheduler, fired: (timer: RouterTimer, fire: () => void) => void) {
    this.#scheduler = scheduler
    this.#fired = fired
  }

  now(): number {
    return this.#scheduler.now
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const timer: RouterTimer = { dueAt: this.#scheduler.now + delayMs }
    this.live.add(timer)
    this.created.push(timer)
    const scheduled = this.#scheduler.after(delayMs, () => {
      this.live.delete(timer)
      this.#fired(timer, fire)
    })
    return {
      cancel: () => {
        this.live.delete(timer)
        scheduled.cancel()
      },
    }
  }
}

/** The clock that a real client is given. */
export class ClientClock implements Clock {
  /** Timers that neither fired nor were cancelled. */
  liveCount = 0
  readonly #scheduler: Scheduler
  readonly #acted: () => void

  /** `acted` is called after a timer fired: the client may have promises to settle. */
  constructor(scheduler: Scheduler, acted: () => void) {
    this.#scheduler = scheduler
    this.#acted = acted
  }

  now(): number {
    return this.#scheduler.now
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    this.liveCount++
    const scheduled = this.#scheduler.after(delayMs, () => {
      this.liveCount--
      fire()
      this.#acted()
    })
    return {
      cancel: () => {
        if (!scheduled.isCancelled) this.liveCount--
        scheduled.cancel()
      },
    }
  }
}
