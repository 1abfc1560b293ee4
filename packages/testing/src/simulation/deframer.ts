// From a stream of bytes, cut anywhere, back to frames: the other side of protocol/frame-queue.ts.

import type { Framing } from '@crosspoint/protocol/internal'

const SEPARATOR = 0x1e // after each message of a batch of text (SER-18)
const NO_BYTES = new Uint8Array(0)

export class Deframer {
  readonly #framing: Framing
  #rest: Uint8Array = NO_BYTES

  constructor(framing: Framing) {
    this.#framing = framing
  }

  /** Bytes of a frame that is not whole yet. */
  get restBytes(): number {
    return this.#rest.length
  }

  /** Takes the next bytes and gives the frames that are whole now. */
  take(bytes: Uint8Array): Uint8Array[] {
    const all = this.#rest.length === 0 ? bytes : joined(this.#rest, bytes)
    const frames: Uint8Array[] = []
    let at = 0
    for (;;) {
      const span = spanOf(this.#framing, all, at)
      if (span === undefined || span.end > all.length) break
      frames.push(all.slice(span.start, span.end))
      at = span.next ?? span.end
    }
    this.#rest = all.slice(at)
    return frames
  }
}

/** Where the payload of the frame at `at` is; `undefined` when not even its header is whole. */
function spanOf(framing: Framing, b: Uint8Array, at: number): { start: number; end: number; next?: number } | undefined {
  if (framing === 'rawsocket') {
    if (b.length < at + 4) return undefined
    const length = (b[at]! & 8) !== 0 ? 2 ** 24 : b[at + 1]! * 65536 + b[at + 2]! * 256 + b[at + 3]!
    return { start: at + 4, end: at + 4 + length }
  }
  if (framing === 'batch-text') {
    const end = b.indexOf(SEPARATOR, at)
    return end < 0 ? undefined : { start: at, end, next: end + 1 }
  }
  if (framing === 'batch-binary') {
    if (b.length < at + 4) return undefined
    const length = b[at]! * 2 ** 24 + b[at + 1]! * 65536 + b[at + 2]! * 256 + b[at + 3]!
    return { start: at + 4, end: at + 4 + length }
  }
  if (b.length < at + 2) return undefined
  const short = b[at + 1]!
  if (short < 126) return { start: at + 2, end: at + 2 + short }
  const size = short === 126 ? 2 : 8
  if (b.length < at + 2 + size) return undefined
  let length = 0
  for (let i = 0; i < size; i++) length = length * 256 + b[at + 2 + i]!
  return { start: at + 2 + size, end: at + 2 + size + length }
}

/** How many bytes a frame of `length` bytes takes in a frame queue. */
export function framedBytes(framing: Framing, length: number): number {
  if (framing.startsWith('websocket')) return length + (length < 126 ? 2 : length < 65536 ? 4 : 10)
  return length + (framing === 'batch-text' ? 1 : 4)
}

/** A frame as a client sends it over a simulated socket, in RawSocket framing whatever the router's is. */
export function framed(frame: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(frame.length + 4)
  bytes[1] = frame.length >> 16
  bytes[2] = (frame.length >> 8) & 255
  bytes[3] = frame.length & 255
  bytes.set(frame, 4)
  return bytes
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const all = new Uint8Array(one.length + other.length)
  all.set(one)
  all.set(other, one.length)
  return all
}
