// The chunks of a progressive call, as its callee reads them (RPC-45). Chunks that nobody reads wait; when too many do, the
// session reads no more from the router until the reader has caught up.

import type { Dict, Invocation as InvocationMessage } from '@crosspoint/protocol'
import type { Session } from './session.ts'

/** One chunk of a progressive call, on its way in or out. */
export interface Chunk {
  readonly args?: readonly unknown[] | undefined
  readonly kwargs?: Dict | undefined
}

/** Chunks that wait before reading stops, and at which it goes on. */
export const UNREAD_HIGH = 16
export const UNREAD_LOW = 4

export class Input implements AsyncIterableIterator<Required<Chunk>, void, void> {
  readonly #session: Session
  readonly #unread: InvocationMessage[] = []
  #isOver = false
  #wake: (() => void) | undefined

  constructor(session: Session, first: InvocationMessage) {
    this.#session = session
    this.take(first)
  }

  take(message: InvocationMessage): void {
    if (message.payload.count > 0) this.#unread.push(message) // one without only says that the call begins or ends
    if (message.details['progress'] !== true) this.#isOver = true
    else if (this.#unread.length >= UNREAD_HIGH) this.#session.hold(this, false)
    this.#wake?.()
  }

  /** Nothing more will come, or nobody waits for it any more. */
  end(): void {
    this.#isOver = true
    this.#session.release(this)
    this.#wake?.()
  }

  async next(): Promise<IteratorResult<Required<Chunk>, void>> {
    for (;;) {
      const message = this.#unread.shift()
      if (this.#unread.length <= UNREAD_LOW) this.#session.release(this)
      if (message !== undefined) return { value: message.payload.read(), done: false }
      if (this.#isOver) return { value: undefined, done: true }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
