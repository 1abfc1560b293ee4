// The fast lane for WebSocket frames from clients. The library's receiver costs about a fifth of the time of a small call,
// so whole, masked, unfragmented data frames are taken here; every other frame (control, fragments, anything out of the
// ordinary) is handed, byte for byte, to the library, which does what RFC 6455 asks and sees nothing but whole frames.
//
// Nothing here depends on the library's private members: it is given bytes through the stream interface of its receiver,
// and each frame goes to exactly one of the two.

import { allocate, copyBytes } from '@crosspoint/protocol/internal'

export interface LaneSink {
  /** A data message: unmasked bytes `[start..end)`. */
  onMessage(bytes: Uint8Array, start: number, end: number, isBinary: boolean): void
  /** Bytes of a frame that the library shall handle. */
  onOther(bytes: Uint8Array): void
  /** A message longer than `frameBytesMax` was announced. Nothing more is read. */
  onTooLarge(bytes: number): void
}

const NO_BYTES = new Uint8Array(0)
const HEADER_BYTES_MAX = 14
const JOIN_BYTES_MIN = 4096
const WORDS_FROM_BYTES = 64

export class WebSocketLane {
  /** The longest message accepted, over all its fragments. */
  frameBytesMax: number
  readonly #sink: LaneSink
  /** The beginning of a frame whose header is not yet whole. */
  #header: Uint8Array = NO_BYTES
  /** A data frame that a read cut in two: its memory, how much is there, how long it will be. */
  #joined: Uint8Array | undefined
  #joinedLength = 0
  #wanted = 0
  #mask = 0
  #isBinary = false
  /** Bytes of a frame for the library that are still to come. */
  #otherBytes = 0
  /** Bytes of a fragmented message so far; -1 when none is open. */
  #fragmentBytes = -1
  /** Whether the frame under way is the closing one, after which nothing may follow. */
  #isLast = false
  #isPaused = false
  #isStopped = false
  #held: Uint8Array[] = []

  constructor(frameBytesMax: number, sink: LaneSink) {
    this.frameBytesMax = frameBytesMax
    this.#sink = sink
  }

  /** Takes the next bytes of the stream. */
  push(bytes: Uint8Array): void {
    if (this.#isPaused) {
      this.#held.push(bytes)
      return
    }
    if (this.#header.length > 0) {
      const joined = allocate(this.#header.length + bytes.length)
      copyBytes(this.#header, 0, this.#header.length, joined, 0)
      copyBytes(bytes, 0, bytes.length, joined, this.#header.length)
      this.#header = NO_BYTES
      bytes = joined
    }
    let at = 0
    while (at < bytes.length && !this.#isStopped) {
      if (this.#isPaused) {
        this.#held.unshift(bytes.subarray(at))
        return
      }
      if (this.#otherBytes > 0) {
        const take = Math.min(this.#otherBytes, bytes.length - at)
        this.#otherBytes -= take
        this.#sink.onOther(bytes.subarray(at, at + take))
        at += take
        if (this.#otherBytes === 0 && this.#isLast) this.stop()
      } else if (this.#joined !== undefined) at = this.#join(bytes, at)
      else {
        const next = this.#frame(bytes, at)
        if (next < 0) {
          this.#header = bytes.slice(at) // less than a header: at most 13 bytes
          return
        }
        at = next
      }
    }
  }

  /** Reads one frame header at `at`; returns the position to go on at, or -1 when the header is not whole yet. */
  #frame(b: Uint8Array, at: number): number {
    const available = b.length - at
    if (available < 2) return -1
    const first = b[at]!
    const second = b[at + 1]!
    let length = second & 127
    let headerLength = 2
    if (length === 126) {
      if (available < 4) return -1
      length = (b[at + 2]! << 8) | b[at + 3]!
      headerLength = 4
    } else if (length === 127) {
      if (available < 10) return -1
      length = 0
      for (let i = 2; i < 10; i++) length = length * 256 + b[at + i]!
      headerLength = 10
    }
    const isMasked = (second & 128) !== 0
    if (isMasked) headerLength += 4
    if (available < headerLength && available < HEADER_BYTES_MAX) return -1
    if (!isMasked || (first !== 0x81 && first !== 0x82) || this.#fragmentBytes >= 0) {
      return this.#other(b, at, first, headerLength, length, isMasked)
    }
    if (length > this.frameBytesMax) return this.#tooLarge(length)
    this.#isBinary = first === 0x82
    const start = at + headerLength
    this.#mask = (b[start - 4]! << 24) | (b[start - 3]! << 16) | (b[start - 2]! << 8) | b[start - 1]!
    const end = start + length
    if (end <= b.length) {
      unmask(b, start, end, this.#mask)
      this.#sink.onMessage(b, start, end, this.#isBinary)
      return end
    }
    this.#wanted = length
    this.#joined = allocate(Math.min(length, Math.max(JOIN_BYTES_MIN, 2 * (b.length - start))))
    this.#joinedLength = 0
    return start
  }

  /** A frame for the library: its header goes now, its payload as it comes. */
  #other(b: Uint8Array, at: number, first: number, headerLength: number, length: number, isMasked: boolean): number {
    const opcode = first & 15
    if (!isMasked || !this.#isRegular(first, opcode, length)) {
      // The library closes on it, a tick later; what stands behind it must not be heard until then.
      this.#sink.onOther(b.subarray(at, at + headerLength))
      this.stop()
      return 0
    }
    if (opcode <= 2) {
      // Fragments count together; the library joins them.
      this.#fragmentBytes = Math.max(0, this.#fragmentBytes) + length
      if (this.#fragmentBytes > this.frameBytesMax) return this.#tooLarge(this.#fragmentBytes)
      if ((first & 128) !== 0) this.#fragmentBytes = -1
    }
    this.#otherBytes = length
    this.#isLast = opcode === 8
    this.#sink.onOther(b.subarray(at, at + headerLength))
    if (this.#isLast && length === 0) this.stop()
    return at + headerLength
  }

  /** Whether RFC 6455 allows such a frame here. */
  #isRegular(first: number, opcode: number, length: number): boolean {
    if ((first & 0x70) !== 0) return false
    if (opcode >= 8) return opcode <= 10 && (first & 128) !== 0 && length < 126
    return opcode === 0 ? this.#fragmentBytes >= 0 : opcode <= 2 && this.#fragmentBytes < 0
  }

  #tooLarge(length: number): number {
    this.stop()
    this.#sink.onTooLarge(length)
    return 0
  }

  #join(b: Uint8Array, at: number): number {
    const take = Math.min(this.#wanted - this.#joinedLength, b.length - at)
    const length = this.#joinedLength + take
    if (length > this.#joined!.length) {
      const larger = allocate(Math.min(this.#wanted, Math.max(length, this.#joined!.length * 2)))
      copyBytes(this.#joined!, 0, this.#joinedLength, larger, 0)
      this.#joined = larger
    }
    copyBytes(b, at, at + take, this.#joined!, this.#joinedLength)
    this.#joinedLength = length
    if (length === this.#wanted) {
      const joined = this.#joined!
      this.#joined = undefined
      unmask(joined, 0, length, this.#mask)
      this.#sink.onMessage(joined, 0, length, this.#isBinary)
    }
    return at + take
  }

  /** Reads nothing more, whatever comes. */
  stop(): void {
    this.#isStopped = true
    this.#held = []
    this.#joined = undefined
  }

  pause(): void {
    this.#isPaused = true
  }

  /** Goes on with what was held back. */
  resume(): void {
    this.#isPaused = false
    const held = this.#held
    this.#held = []
    for (let i = 0; i < held.length; i++) {
      if (this.#isPaused) {
        this.#held = this.#held.concat(held.slice(i))
        return
      }
      this.push(held[i]!)
    }
  }
}

/** Takes the mask off, in place; the network's buffer is ours. */
export function unmask(b: Uint8Array, start: number, end: number, mask: number): void {
  if (mask === 0) return
  let at = start
  if (end - start >= WORDS_FROM_BYTES && (b.buffer.byteLength & 3) === 0) {
    while (((b.byteOffset + at) & 3) !== 0) b[at] = b[at]! ^ maskByte(mask, at++ - start)
    // The mask as a little-endian word, turned to begin where the aligned stretch begins.
    const turn = at - start
    const word =
      maskByte(mask, turn) | (maskByte(mask, turn + 1) << 8) | (maskByte(mask, turn + 2) << 16) | (maskByte(mask, turn + 3) << 24)
    const count = (end - at) >> 2
    const words = new Int32Array(b.buffer, b.byteOffset + at, count)
    for (let i = 0; i < count; i++) words[i] = words[i]! ^ word
    at += count << 2
  }
  for (; at < end; at++) b[at] = b[at]! ^ maskByte(mask, at - start)
}

function maskByte(mask: number, at: number): number {
  return (mask >>> (24 - ((at & 3) << 3))) & 255
}
