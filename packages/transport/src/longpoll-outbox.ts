// What waits for the next `receive`: a frame queue, so that an event for many lies in memory once here too, and what was taken
// from it and not given out yet.

import { allocate, type Chunk, copyBytes, FrameQueue } from '@crosspoint/protocol/internal'
import type { Subprotocol } from './subprotocols.ts'

const LENGTH_BYTES = 4

export class LongPollOutbox {
  readonly queue: FrameQueue
  readonly #isBatched: boolean
  #chunks: Chunk[] = []
  /** Where the next message begins in the first chunk. */
  #offset = 0

  /** `onTouched` is called once per tick in which something is queued. */
  constructor(subprotocol: Subprotocol, onTouched: () => void) {
    const { isBatched, serializer } = subprotocol
    this.#isBatched = isBatched
    // Without batches every message is given out alone, so that it must be found again: the length before it tells how.
    const framing = isBatched && !serializer.isBinary ? 'batch-text' : 'batch-binary'
    this.queue = new FrameQueue(framing, Number.POSITIVE_INFINITY, onTouched)
  }

  get bytes(): number {
    let bytes = this.queue.bytes - this.#offset
    for (const chunk of this.#chunks) bytes += chunk.end
    return bytes
  }

  /** Whether nothing is left, once it is closed. */
  get isEmpty(): boolean {
    return this.#chunks.length === 0
  }

  /** The bytes of the next answer, in memory of their own: all that waits in one batch, or one message (TRN-32). */
  take(): Uint8Array | undefined {
    if (this.#isBatched || this.#chunks.length === 0) this.#chunks.push(...this.queue.take())
    if (this.#chunks.length === 0) return undefined
    return this.#isBatched ? this.#takeAll() : this.#takeOne()
  }

  #takeAll(): Uint8Array {
    const batch = Buffer.concat(this.#chunks.map((chunk) => chunk.bytes.subarray(0, chunk.end)))
    this.#release()
    return batch
  }

  #takeOne(): Uint8Array {
    const { bytes, end } = this.#chunks[0]!
    const start = this.#offset + LENGTH_BYTES
    this.#offset = start + new DataView(bytes.buffer, bytes.byteOffset + this.#offset).getUint32(0)
    const message = allocate(this.#offset - start) // a Buffer's own slice would share the memory, which is used again
    copyBytes(bytes, start, this.#offset, message, 0)
    if (this.#offset === end) {
      this.#chunks.shift()!.release(false)
      this.#offset = 0
    }
    return message
  }

  #release(): void {
    for (const chunk of this.#chunks) chunk.release(false)
    this.#chunks = []
    this.#offset = 0
  }

  /** Packs what waits in the queue, and lets it tell when more comes. */
  hold(): void {
    if (this.queue.isTouched) this.queue.hold()
  }

  /** Takes nothing more; what waits can still be taken. */
  close(): void {
    this.#chunks.push(...this.queue.take())
    this.queue.close()
  }

  /** Forgets everything. */
  drop(): void {
    this.queue.close()
    this.#release()
  }
}
