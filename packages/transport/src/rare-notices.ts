// Notices that strangers can cause as fast as they like: one a second is said, the others are counted and not kept.

const INTERVAL_MS = 1_000

export class RareNotices {
  readonly #say: (notice: string) => void
  /** Runs for a second after each notice. */
  #pause: NodeJS.Timeout | undefined
  #last = ''
  #waiting = 0

  /** `say` is told at most one notice a second: "… (and 12 more)" is the last one of 13. */
  constructor(say: (notice: string) => void) {
    this.#say = say
  }

  add(notice: string): void {
    this.#last = notice
    this.#waiting++
    if (this.#pause === undefined) this.#flush()
  }

  /** Says what is still to be said. */
  close(): void {
    clearTimeout(this.#pause)
    this.#flush()
    clearTimeout(this.#pause)
  }

  #flush(): void {
    this.#pause = undefined
    if (this.#waiting === 0) return
    const others = this.#waiting - 1
    this.#waiting = 0
    this.#pause = setTimeout(() => this.#flush(), INTERVAL_MS).unref()
    this.#say(others === 0 ? this.#last : `${this.#last} (and ${others} more)`)
  }
}
