// One direction of a link: what goes in comes out in the same order, later. It can stall, and be paused by who reads.

import type { Scheduler } from './scheduler.ts'

export class Pipe<Item> {
  /** Milliseconds that the next item takes, given its number of bytes. */
  delayOf: (bytes: number) => number
  readonly #scheduler: Scheduler
  readonly #deliver: (item: Item) => void
  readonly #items: { readonly item: Item; readonly dueAt: number }[] = []
  #lastDueAt = 0
  #stalledUntil = 0
  #isPlanned = false
  #isPaused = false
  #isStopped = false

  constructor(scheduler: Scheduler, delayOf: (bytes: number) => number, deliver: (item: Item) => void) {
    this.#scheduler = scheduler
    this.delayOf = delayOf
    this.#deliver = deliver
  }

  get isEmpty(): boolean {
    return this.#items.length === 0
  }

  push(item: Item, bytes: number): void {
    if (this.#isStopped) return
    this.#lastDueAt = Math.max(this.#lastDueAt, this.#scheduler.now + this.delayOf(bytes))
    this.#items.push({ item, dueAt: this.#lastDueAt })
    this.#plan()
  }

  /** Nothing comes out for `ms` milliseconds. */
  stall(ms: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.#scheduler.now + ms)
  }
  endStall(): void {
    this.#stalledUntil = 0
  }

  /** Whoever reads has had enough for now. */
  pause(): void {
    this.#isPaused = true
  }
  resume(): void {
    this.#isPaused = false
    this.#plan()
  }

  /** What is inside is lost, and nothing goes in any more. */
  stop(): void {
    this.#isStopped = true
    this.#items.length = 0
  }

  #plan(): void {
    const head = this.#items[0]
    if (head === undefined || this.#isPlanned || this.#isPaused) return
    this.#isPlanned = true
    const dueAt = Math.max(head.dueAt, this.#stalledUntil)
    this.#scheduler.after(Math.max(0, dueAt - this.#scheduler.now), () => this.#due())
  }

  #due(): void {
    this.#isPlanned = false
    if (this.#isPaused || this.#isStopped) return
    if (this.#stalledUntil <= this.#scheduler.now) {
      const head = this.#items.shift()
      if (head !== undefined) this.#deliver(head.item)
    }
    this.#plan()
  }
}
