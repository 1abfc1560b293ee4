// What the client is doing about its session, as a value, a callback and an async iterator.

/**
 * `connecting`: an attempt is under way. `joined`: the session is established. `lost`: it ended without our doing.
 * `waiting`: the next attempt comes after `delayMs`. `stopped`: nothing more happens until `start()`.
 */
export type StatusName = 'connecting' | 'joined' | 'lost' | 'waiting' | 'stopped'

export interface Status {
  readonly status: StatusName
  /** Which attempt in a row this is, from 1; 0 when joined or stopped. */
  readonly attempt: number
  /** Why, for `lost`, `waiting` and `stopped`: a URI or error, and what is known about it. */
  readonly reason: string | undefined
  /** For `waiting`: milliseconds until the next attempt. */
  readonly delayMs: number | undefined
}

/** A reader that is this far behind misses the oldest statuses, never the newest. */
const UNREAD_STATUSES_MAX = 100

interface Reader {
  readonly unread: Status[]
  wake: (() => void) | undefined
}

export class StatusFeed {
  current: Status = { status: 'stopped', attempt: 0, reason: undefined, delayMs: undefined }
  readonly #readers = new Set<Reader>()

  set(status: StatusName, attempt = 0, reason?: string, delayMs?: number): Status {
    this.current = { status, attempt, reason, delayMs }
    for (const reader of this.#readers) {
      reader.unread.push(this.current)
      if (reader.unread.length > UNREAD_STATUSES_MAX) reader.unread.shift()
      reader.wake?.()
    }
    return this.current
  }

  /** The current status, unless that is `stopped`, and every one that follows; ends after `stopped`. */
  async *read(): AsyncGenerator<Status, void, void> {
    const reader: Reader = { unread: this.current.status === 'stopped' ? [] : [this.current], wake: undefined }
    this.#readers.add(reader)
    try {
      for (;;) {
        const status = reader.unread.shift()
        if (status === undefined) {
          await new Promise<void>((resolve) => {
            reader.wake = resolve
          })
          continue
        }
        yield status
        if (status.status === 'stopped') return
      }
    } finally {
      this.#readers.delete(reader)
    }
  }
}
