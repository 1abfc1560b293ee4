// Whether a peer is still there: pings after silence, a limit on the answer, a limit on idleness, and a meter of messages.
// One sweep over all connections of a listener looks at times that each keeps; no timer per connection.

import type { TransportLimits } from './options.ts'

export interface Watched {
  /** When anything last arrived, and when a message last arrived (milliseconds of `performance.now()`). */
  receivedAt: number
  messageAt: number
  /** When a ping went out that nothing has followed yet; 0 when none is open. */
  pingedAt: number
  readonly pingIntervalMs: number
  ping(): void
  /** Ends the connection; `notice` is for the log. */
  expire(notice: string): void
}

/** Looks at one connection. */
export function watch(watched: Watched, limits: TransportLimits, now: number): void {
  if (limits.idleTimeoutMs > 0 && now - watched.messageAt > limits.idleTimeoutMs) {
    watched.expire(`no message for ${limits.idleTimeoutMs} ms (idleTimeoutMs)`)
    return
  }
  if (watched.pingedAt > 0) {
    if (watched.receivedAt >= watched.pingedAt) watched.pingedAt = 0
    else if (now - watched.pingedAt > limits.pingTimeoutMs) {
      watched.expire(`no answer to a ping within ${limits.pingTimeoutMs} ms (pingTimeoutMs)`)
      return
    }
  }
  if (watched.pingIntervalMs > 0 && watched.pingedAt === 0 && now - watched.receivedAt > watched.pingIntervalMs) {
    watched.pingedAt = now
    watched.ping()
  }
}

/** How often the sweep must run for these limits, in milliseconds; 0 when there is nothing to look at. */
export function sweepIntervalMs(limits: TransportLimits): number {
  const pings = limits.pingIntervalMs > 0 || limits.rawSocketPingIntervalMs > 0
  const times = [limits.pingIntervalMs, limits.rawSocketPingIntervalMs, pings ? limits.pingTimeoutMs : 0, limits.idleTimeoutMs].filter(
    (ms) => ms > 0,
  )
  return times.length === 0 ? 0 : Math.max(10, Math.min(5_000, Math.min(...times) / 4))
}

/** Counts messages against a bucket that fills at `perSecond` and holds one second's worth. */
export class MessageMeter {
  readonly #perSecond: number
  #left: number
  #at: number

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond
    this.#left = perSecond
    this.#at = now
  }

  /** Takes one message; false when the bucket is empty. */
  take(now: number): boolean {
    this.#left = Math.min(this.#perSecond, this.#left + ((now - this.#at) / 1000) * this.#perSecond)
    this.#at = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
