// Outgoing frames, framed and batched: what makes a router fast is few writes and few copies.
//
// How it works. A transport that writes bytes itself has a FrameQueue: a list of chunks of memory that it writes, all of
// them, once per event-loop tick. A frame (header, head, payload, tail) is appended to the chunk at the end of the list.
// An event for many recipients is appended once, to a chunk that all their queues share; the next event for the same
// recipients goes right behind it, at no cost per recipient. A shared chunk is closed as soon as one of its queues gets
// something else, or is written, so every queue keeps its own order.
//
// Chunks are pooled. When the socket is blocked, what waits is packed densely (`hold`), so that a slow reader costs the
// bytes it has not read and not the chunks they came in.

import { BATCH_SEPARATOR } from './batch.ts'
import { allocate, copyBytes } from './bytes.ts'
import type { PayloadBytes } from './payload.ts'
import type { ByteSink } from './serializer.ts'

/**
 * How a transport marks where a frame ends: a WebSocket header (server side, unmasked), the RawSocket prefix, or the mark
 * within a batch (SER-18), where whoever writes the chunks puts what surrounds the whole batch around them.
 */
export type Framing = 'websocket-text' | 'websocket-binary' | 'rawsocket' | 'batch-text' | 'batch-binary'

const SMALL_BYTES = 4096
const LARGE_BYTES = 65536
// A frame above this gets memory of its own size, so that pooled chunks stay well filled.
const POOLED_FRAME_BYTES_MAX = 16384
const POOL_CHUNKS_MAX = 64

const smallPool: Uint8Array[] = []
const largePool: Uint8Array[] = []

/** A stretch of framed bytes, written as one. */
export class Chunk {
  readonly bytes: Uint8Array
  /** Where the framed bytes end; they begin at 0. */
  end = 0
  /** Whether frames may still be appended for all who share it. */
  isOpen = true
  readonly isShared: boolean
  /** How many queues still have to write it. */
  owners = 1
  /** Whether the network still holds the memory, so that it must not be used again. */
  isHeld = false

  constructor(least: number, wantsLarge: boolean, isShared: boolean) {
    this.isShared = isShared
    if (least > POOLED_FRAME_BYTES_MAX) this.bytes = allocate(least)
    else if (wantsLarge || least > SMALL_BYTES) this.bytes = largePool.pop() ?? allocate(LARGE_BYTES)
    else this.bytes = smallPool.pop() ?? allocate(SMALL_BYTES)
  }

  /** One queue is done with it; `isHeld` when the network still reads from the memory. The last one gives it back. */
  release(isHeld: boolean): void {
    this.isHeld ||= isHeld
    if (--this.owners > 0 || this.isHeld) return
    const pool = this.bytes.length === SMALL_BYTES ? smallPool : this.bytes.length === LARGE_BYTES ? largePool : undefined
    if (pool && pool.length < POOL_CHUNKS_MAX) pool.push(this.bytes)
  }
}

export class FrameQueue {
  readonly framing: Framing
  /** The longest message the other side accepts. */
  frameBytesMax: number
  /** What is to be written, in order. */
  chunks: Chunk[] = []
  /** Whether the owner knows that there is something to write. */
  isTouched = false
  isClosed = false
  readonly #onTouched: () => void
  #wantsLarge = false

  constructor(framing: Framing, frameBytesMax: number, onTouched: () => void) {
    this.framing = framing
    this.frameBytesMax = frameBytesMax
    this.#onTouched = onTouched
  }

  /** Appends one frame; false when the message is longer than the other side accepts. */
  append(head: ByteSink, payload: PayloadBytes, tail: Uint8Array): boolean {
    const length = head.length + payload.end - payload.start + tail.length
    if (length > this.frameBytesMax) return false
    if (this.isClosed) return true
    const chunks = this.chunks
    let chunk = chunks.length > 0 ? chunks[chunks.length - 1]! : undefined
    const room = length + HEADER_BYTES_MAX
    if (chunk === undefined || chunk.isShared || chunk.end + room > chunk.bytes.length) {
      chunk = new Chunk(room, this.#wantsLarge || (chunk !== undefined && !chunk.isShared), false)
      this.push(chunk)
    }
    writeFrame(chunk, this.framing, length, head, payload, tail)
    return true
  }

  /** Appends a chunk; the one before is closed. */
  push(chunk: Chunk): void {
    const chunks = this.chunks
    if (chunks.length > 0) chunks[chunks.length - 1]!.isOpen = false
    chunks.push(chunk)
    if (!this.isTouched) {
      this.isTouched = true
      this.#onTouched()
    }
  }

  /** Bytes that wait here. */
  get bytes(): number {
    let sum = 0
    for (const chunk of this.chunks) sum += chunk.end
    return sum
  }

  /** Hands over what is to be written now. The owner writes it and calls `release` on every chunk. */
  take(): Chunk[] {
    const chunks = this.chunks
    this.chunks = []
    this.isTouched = false
    if (chunks.length > 0) chunks[chunks.length - 1]!.isOpen = false
    // The size of this tick tells the next one how much memory to begin with.
    this.#wantsLarge = chunks.length > 1 || (chunks.length === 1 && chunks[0]!.end > SMALL_BYTES / 2)
    return chunks
  }

  /** Packs what waits, because it cannot be written now: sparse and shared chunks are copied into full ones of its own. */
  hold(): void {
    this.isTouched = false
    const chunks = this.chunks
    if (chunks.length === 0) return
    const packed: Chunk[] = []
    let last: Chunk | undefined
    for (const chunk of chunks) {
      if (!chunk.isShared && chunk.end > chunk.bytes.length / 2) {
        packed.push(chunk)
        last = chunk
        continue
      }
      chunk.isOpen = false
      if (last === undefined || last.end + chunk.end > last.bytes.length) {
        last = new Chunk(chunk.end, true, false)
        packed.push(last)
      }
      copyBytes(chunk.bytes, 0, chunk.end, last.bytes, last.end)
      last.end += chunk.end
      chunk.release(false)
    }
    this.chunks = packed
  }

  /** Drops what waits; from now on `append` does nothing. */
  close(): void {
    this.isClosed = true
    for (const chunk of this.chunks) {
      chunk.isOpen = false
      chunk.release(false)
    }
    this.chunks = []
  }
}

/** The same frame for many queues of one framing. */
export class SharedFrames {
  readonly #framing: Framing
  readonly #queues: readonly FrameQueue[]
  readonly #frameBytesMax: number
  #chunk: Chunk | undefined

  /** All of `queues` have the framing `framing`. */
  constructor(framing: Framing, queues: readonly FrameQueue[]) {
    this.#framing = framing
    this.#queues = queues
    this.#frameBytesMax = Math.min(...new Set(queues.map((queue) => queue.frameBytesMax)))
  }

  /** Appends one frame for all; false, having done nothing, when it is too long for one of them. */
  append(head: ByteSink, payload: PayloadBytes, tail: Uint8Array): boolean {
    const length = head.length + payload.end - payload.start + tail.length
    if (length > this.#frameBytesMax) return false
    let chunk = this.#chunk
    const room = length + HEADER_BYTES_MAX
    if (chunk === undefined || !chunk.isOpen || chunk.end + room > chunk.bytes.length) {
      chunk = this.#open(room, chunk !== undefined && chunk.end > SMALL_BYTES / 2)
    }
    writeFrame(chunk, this.#framing, length, head, payload, tail)
    return true
  }

  #open(room: number, wantsLarge: boolean): Chunk {
    const chunk = new Chunk(room, wantsLarge, true)
    chunk.owners = 1 // held while it is handed round, so that no early release gives the memory away
    for (const queue of this.#queues) {
      if (queue.isClosed) continue
      chunk.owners++
      queue.push(chunk)
    }
    chunk.owners--
    this.#chunk = chunk
    return chunk
  }
}

const HEADER_BYTES_MAX = 10

function writeFrame(chunk: Chunk, framing: Framing, length: number, head: ByteSink, payload: PayloadBytes, tail: Uint8Array): void {
  const b = chunk.bytes
  let at = writeHeader(b, chunk.end, framing, length)
  copyBytes(head.bytes, 0, head.length, b, at)
  at += head.length
  copyBytes(payload.bytes, payload.start, payload.end, b, at)
  at += payload.end - payload.start
  for (let i = 0; i < tail.length; i++) b[at++] = tail[i]!
  if (framing === 'batch-text') b[at++] = BATCH_SEPARATOR
  chunk.end = at
}

/** The header of the WebSocket message that holds a batch of `length` bytes. */
export function webSocketHeader(isBinary: boolean, length: number): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES_MAX)
  return header.subarray(0, writeHeader(header, 0, isBinary ? 'websocket-binary' : 'websocket-text', length))
}

/** Writes the header of a frame of `length` bytes and returns the position behind it. */
function writeHeader(b: Uint8Array, at: number, framing: Framing, length: number): number {
  if (framing === 'rawsocket') {
    // Four octets: 0, then 24 bits of length; exactly 2^24 is told by the bit X alone (TRN-17, TRN-18).
    b[at++] = length === 0x1000000 ? 8 : 0
    b[at++] = (length >> 16) & 255
    b[at++] = (length >> 8) & 255
    b[at++] = length & 255
    return at
  }
  if (framing === 'websocket-text') b[at++] = 0x81
  else if (framing === 'websocket-binary') b[at++] = 0x82
  else return framing === 'batch-text' ? at : writeLength(b, at, length)
  if (length < 126) {
    b[at++] = length
    return at
  }
  if (length < 65536) {
    b[at++] = 126
    b[at++] = length >> 8
    b[at++] = length & 255
    return at
  }
  b[at++] = 127
  const high = Math.floor(length / 0x100000000)
  for (let shift = 24; shift >= 0; shift -= 8) b[at++] = (high >> shift) & 255
  for (let shift = 24; shift >= 0; shift -= 8) b[at++] = (length >> shift) & 255
  return at
}

function writeLength(b: Uint8Array, at: number, length: number): number {
  for (let shift = 24; shift >= 0; shift -= 8) b[at++] = (length >>> shift) & 255
  return at
}
