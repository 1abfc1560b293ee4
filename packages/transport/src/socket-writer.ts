// The writing half of a connection: a frame queue and the socket it goes to.
//
// While the socket is blocked nothing more is handed to it: what waits is packed in the queue, counted, and beyond the
// limit the connection is destroyed, so a reader that never reads costs a bounded amount and nobody else's time.

import type { Socket } from 'node:net'
import { type Chunk, FrameQueue, type Framing, webSocketHeader } from '@crosspoint/protocol/internal'
import type { Flusher } from './flusher.ts'

// No batch of several chunks is longer than this: readers have limits for the WebSocket messages that they accept.
const BATCH_BYTES_MAX = 1024 * 1024

export class SocketWriter {
  readonly queue: FrameQueue
  readonly #socket: Socket
  readonly #flusher: Flusher
  readonly #bufferedBytesMax: number
  readonly #onOverflow: (bufferedBytes: number) => void
  readonly #isPlain: boolean
  readonly #isBatched: boolean
  #isBlocked = false
  #onDrained: (() => void)[] = []

  /** `onOverflow` is called when more than `bufferedBytesMax` wait; it must destroy the socket. */
  constructor(
    socket: Socket,
    framing: Framing,
    frameBytesMax: number,
    flusher: Flusher,
    bufferedBytesMax: number,
    onOverflow: (bufferedBytes: number) => void,
  ) {
    this.#socket = socket
    this.#flusher = flusher
    this.#bufferedBytesMax = bufferedBytesMax
    this.#onOverflow = onOverflow
    // A TLS socket keeps what it is given until it is encrypted, so its chunks are never used again.
    this.#isPlain = !('encrypted' in socket)
    this.#isBatched = framing === 'batch-text' || framing === 'batch-binary'
    this.queue = new FrameQueue(framing, frameBytesMax, () => this.#flusher.touch(this))
    socket.on('drain', this.#onDrain)
  }

  readonly #onDrain = (): void => {
    this.#isBlocked = false
    this.flush()
  }

  /** Calls `call` once, when nothing is queued here and the socket takes more; never within this call. */
  whenDrained(call: () => void): void {
    this.#onDrained.push(call)
    if (!this.queue.isTouched) this.#flusher.touch(this) // nothing is queued here, so nothing else would come by
  }

  #tellDrained(): void {
    if (this.#isBlocked) return // the socket's "drain" comes here again
    for (const call of this.#onDrained.splice(0)) call()
  }

  /** Bytes queued here or in the socket. */
  get bufferedBytes(): number {
    return this.queue.bytes + this.#socket.writableLength
  }

  /** Writes what is queued, or packs it when the socket is blocked. */
  flush(): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) {
      this.queue.close()
      return
    }
    if (this.#isBlocked) {
      this.queue.hold()
      const waiting = this.bufferedBytes
      if (waiting > this.#bufferedBytesMax) this.#onOverflow(waiting)
      return
    }
    this.#write(this.queue.take())
    if (this.#onDrained.length > 0) this.#tellDrained()
  }

  /** Writes everything, blocked or not: the last words before the end. */
  flushAll(): void {
    if (!this.#socket.destroyed && !this.#socket.writableEnded) this.#write(this.queue.take())
    this.queue.close()
  }

  #write(chunks: readonly Chunk[]): void {
    const socket = this.#socket
    if (chunks.length === 0) return
    // What the socket already holds back will hold these too: sparse chunks are then copied, so as not to be held whole.
    const isBehind = socket.writableLength > 0
    if (this.#isBatched) this.#writeBatches(chunks, isBehind)
    else if (chunks.length === 1) this.#isBlocked = !socket.write(bytesOf(chunks[0]!, isBehind))
    else {
      socket.cork()
      for (const chunk of chunks) this.#isBlocked = !socket.write(bytesOf(chunk, isBehind))
      socket.uncork()
      this.#isBlocked = socket.writableNeedDrain
    }
    // When the network took everything at once the memory can be used again.
    const isHeld = !this.#isPlain || socket.writableLength > 0
    for (const chunk of chunks) chunk.release(isHeld)
  }

  /** All that waited goes into one WebSocket message, or a few: one header, then the messages in their batch framing (TRN-45). */
  #writeBatches(chunks: readonly Chunk[], isBehind: boolean): void {
    const socket = this.#socket
    socket.cork()
    for (let from = 0; from < chunks.length; ) {
      let to = from
      let length = 0
      do length += chunks[to++]!.end
      while (to < chunks.length && length + chunks[to]!.end <= BATCH_BYTES_MAX)
      socket.write(webSocketHeader(this.queue.framing === 'batch-binary', length))
      for (; from < to; from++) socket.write(bytesOf(chunks[from]!, isBehind))
    }
    socket.uncork()
    this.#isBlocked = socket.writableNeedDrain
  }
}

function bytesOf(chunk: Chunk, isBehind: boolean): Uint8Array {
  // Not `bytes.slice`: a Buffer's slice is a view on the same memory.
  return isBehind && chunk.end < chunk.bytes.length / 2
    ? Uint8Array.prototype.slice.call(chunk.bytes, 0, chunk.end)
    : chunk.bytes.subarray(0, chunk.end)
}
