// Writes what was queued: once per event-loop tick, one write per socket, and in slices, so that an event for ten thousand
// subscribers does not keep everybody else waiting. The order on each socket is the order of its queue.

/** Something with a queue of its own to write. */
export interface Writer {
  flush(): void
}

// How long one slice may take, in milliseconds. Sockets that were not reached are written in the next turn of the loop.
const SLICE_MS = 4
const SOCKETS_PER_LOOK = 32 // how many sockets are written before the time is looked at

export class Flusher {
  #touched: Writer[] = []
  #next = 0
  #isScheduled = false

  /** The writer has something to write. */
  touch(writer: Writer): void {
    this.#touched.push(writer)
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(this.#run)
  }

  readonly #run = (): void => {
    const until = performance.now() + SLICE_MS
    const touched = this.#touched
    let written = 0
    while (this.#next < touched.length) {
      touched[this.#next++]!.flush()
      if (++written % SOCKETS_PER_LOOK === 0 && performance.now() > until) {
        setImmediate(this.#run)
        return
      }
    }
    touched.length = 0
    this.#next = 0
    this.#isScheduled = false
  }
}
