// Two linked transports without a network: real frames through real serializers, in one process.

import type { Transport } from './transport.ts'

export class MemoryTransport implements Transport {
  onFrame: (bytes: Uint8Array, start?: number, end?: number) => void = () => {}
  onClose: (reason: string) => void = () => {}
  readonly frameBytesMax: number | undefined
  #other: MemoryTransport | undefined
  #isClosed = false
  #isPaused = false
  #waiting: Uint8Array[] = []
  #onDrained: (() => void)[] = []

  constructor(frameBytesMax?: number) {
    this.frameBytesMax = frameBytesMax
  }

  /** Two ends; what one sends the other receives at once. `frameBytesMax` bounds what may be sent to the first end. */
  static pair(frameBytesMax?: number): [MemoryTransport, MemoryTransport] {
    const one = new MemoryTransport()
    const other = new MemoryTransport(frameBytesMax)
    one.#other = other
    other.#other = one
    return [one, other]
  }

  get bufferedBytes(): number {
    return this.#other!.#waiting.reduce((sum, frame) => sum + frame.length, 0)
  }

  send(frame: Uint8Array): void {
    const other = this.#other!
    if (this.#isClosed || other.#isClosed) return
    if (other.#isPaused || other.#waiting.length > 0)
      other.#waiting.push(frame) // nothing overtakes what waits
    else other.onFrame(frame)
  }

  close(reason = 'closed'): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const other = this.#other!
    if (!other.#isClosed) {
      other.#isClosed = true
      other.onClose(reason)
    }
    this.onClose(reason)
  }

  pause(): void {
    this.#isPaused = true
  }
  resume(): void {
    this.#isPaused = false
    while (!this.#isPaused && this.#waiting.length > 0) this.onFrame(this.#waiting.shift()!)
    if (this.#waiting.length > 0) return
    const calls = this.#other!.#onDrained.splice(0)
    for (const call of calls) call()
  }
  /** Only while something waits: what does not wait has been taken already. */
  whenDrained(call: () => void): void {
    this.#onDrained.push(call)
  }
}
