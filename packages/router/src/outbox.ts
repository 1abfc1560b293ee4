// What a turn decided to send, kept until the turn ends: nobody can act inside another's turn, and what one session gets
// leaves in the order it was decided.

import type { Message } from '@crosspoint/protocol'
import type { Audience, Undelivered } from '@crosspoint/protocol/internal'
import type { Session } from './session.ts'

/** A message and who gets it: one session, or those of an audience that `accepts` says yes to. */
interface Delivery {
  readonly message: Message
  readonly to: Session | undefined
  readonly audience: Audience<Session> | undefined
  readonly accepts: ((session: Session) => boolean) | undefined
}

export class Outbox {
  readonly #onUndelivered: (message: Message, session: Session, why: Undelivered) => void
  #deliveries: Delivery[] = []
  #closing: Session[] = []

  /** `onUndelivered` is called while the turn's deliveries leave; what it decides is the next turn's. */
  constructor(onUndelivered: (message: Message, session: Session, why: Undelivered) => void) {
    this.#onUndelivered = onUndelivered
  }

  deliver(message: Message, to: Session): void {
    this.#deliveries.push({ message, to, audience: undefined, accepts: undefined })
  }

  deliverAll(message: Message, audience: Audience<Session>, accepts?: (session: Session) => boolean): void {
    this.#deliveries.push({ message, to: undefined, audience, accepts })
  }

  /** Closes the session's transport once this turn's deliveries have left. */
  close(session: Session): void {
    this.#closing.push(session)
  }

  flush(): void {
    const deliveries = this.#deliveries
    for (let i = 0; i < deliveries.length; i++) {
      const { message, to, audience, accepts } = deliveries[i]!
      if (to !== undefined) {
        const why = to.peer.send(message)
        if (why !== undefined) this.#onUndelivered(message, to, why)
      } else if (accepts !== undefined) {
        audience!.sendTo(message, accepts, (session, why) => this.#onUndelivered(message, session, why))
      } else {
        audience!.send(message, (session, why) => this.#onUndelivered(message, session, why))
      }
    }
    deliveries.length = 0
    if (this.#closing.length > 0) {
      const closing = this.#closing
      this.#closing = []
      for (const session of closing) session.closePeer()
    }
  }
}
