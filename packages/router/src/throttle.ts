// Back-pressure between two sessions of a stream (RPC-39). Progressive results and progressive invocations may be endless: when
// the receiver does not keep up, the router stops reading from the sender until what waits has left. A receiver that does
// not read at all ends the streams to it, so that it cannot hold up the sender's other work for long.

import type { Clock, Timer } from '@crosspoint/protocol'
import type { RouterLimits } from './limits.ts'
import type { Session } from './session.ts'

export class Throttle {
  readonly #limits: RouterLimits
  readonly #clock: Clock
  readonly #turn: (input: () => void) => void
  /** By receiver: who is held up by it, with the time that ends it. */
  readonly #held = new Map<Session, Map<Session, Timer>>()
  /** Called when the streams from one session to another stood still for `streamStallMs`. */
  onStalled: (from: Session, to: Session) => void = () => {}

  constructor(limits: RouterLimits, clock: Clock, turn: (input: () => void) => void) {
    this.#limits = limits
    this.#clock = clock
    this.#turn = turn
  }

  /** One more message of a stream goes from `from` to `to`. Whether `from` is held up from now on. */
  sent(from: Session, to: Session): boolean {
    if (from === to || to.peer.bufferedBytes <= this.#limits.streamBufferedBytesMax) return false
    let held = this.#held.get(to)
    if (held?.has(from)) return false
    if (held === undefined) {
      if (!to.peer.whenDrained(() => this.#turn(() => this.#drained(to)))) return false // its transport cannot tell
      this.#held.set(to, (held = new Map()))
    }
    held.set(
      from,
      this.#clock.setTimer(this.#limits.streamStallMs, () => this.#turn(() => this.#stalled(from, to))),
    )
    from.hold()
    return true
  }

  /** What was sent could not be delivered, and with it the stream has ended before it began: it holds up nobody. */
  takeBack(from: Session, to: Session): void {
    const held = this.#held.get(to)
    const timer = held?.get(from)
    if (timer === undefined) return
    timer.cancel()
    held!.delete(from)
    from.release()
  }

  /** The receiver has no transport any more, for now: nothing waits in one. */
  detached(to: Session): void {
    this.#drained(to)
  }

  #drained(to: Session): void {
    const held = this.#held.get(to)
    this.#held.delete(to)
    for (const [from, timer] of held ?? []) {
      timer.cancel()
      from.release()
    }
  }

  #stalled(from: Session, to: Session): void {
    if (this.#held.get(to)?.delete(from) !== true) return
    this.onStalled(from, to)
    from.release()
  }

  /** The session is gone: nobody waits for it any more, and it waits for nobody, since its GOODBYE must be read. */
  leave(session: Session): void {
    this.#drained(session)
    for (const held of this.#held.values()) {
      const timer = held.get(session)
      if (timer === undefined) continue
      timer.cancel()
      held.delete(session)
      session.release()
    }
  }
}
