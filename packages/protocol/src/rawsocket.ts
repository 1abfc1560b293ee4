// RawSocket: the handshake and the frame prefix (TRN-11 … TRN-21). Bytes in, frames out; no socket here.
//
// The reader takes whatever the network gives: whole frames are handed on as views on the network's buffer, and only the
// frame that a read cut in two is joined, in memory that grows with what has arrived, not with what was announced.

import { allocate, copyBytes } from './bytes.ts'
import { ProtocolViolation } from './errors.ts'

export const RAWSOCKET_MAGIC = 0x7f
export const FRAME_MESSAGE = 0
export const FRAME_PING = 1
export const FRAME_PONG = 2

/** Errors a router answers in the handshake (TRN-13). */
export const HANDSHAKE_ERRORS: { readonly [code: number]: string } = {
  1: 'serializer unsupported',
  2: 'maximum message length unacceptable',
  3: 'use of reserved bits',
  4: 'maximum connection count reached',
}

export interface RawSocketHandshake {
  /** The longest message the sender of the handshake accepts, in bytes: 512 … 16777216. */
  readonly frameBytesMax: number
  /** 1 JSON, 2 MessagePack, 3 CBOR … */
  readonly serializerId: number
}

/** The four octets for `handshake`; `frameBytesMax` is rounded down to a power of two within 512 … 16 M. */
export function encodeHandshake(handshake: RawSocketHandshake): Uint8Array {
  const exponent = Math.min(15, Math.max(0, Math.floor(Math.log2(handshake.frameBytesMax)) - 9))
  return new Uint8Array([RAWSOCKET_MAGIC, (exponent << 4) | handshake.serializerId, 0, 0])
}

/** The four octets of a refusal. */
export function encodeHandshakeError(code: number): Uint8Array {
  return new Uint8Array([RAWSOCKET_MAGIC, code << 4, 0, 0])
}

/** Reads four octets. A number is the error to refuse with, 0 meaning: close without an answer (TRN-14, TRN-15). */
export function decodeHandshake(octets: Uint8Array): RawSocketHandshake | number {
  if (octets[0] !== RAWSOCKET_MAGIC || (octets[1]! & 15) === 0) return 0
  if (octets[2] !== 0 || octets[3] !== 0) return 3
  return { frameBytesMax: 2 ** (9 + (octets[1]! >> 4)), serializerId: octets[1]! & 15 }
}

export interface RawSocketSink {
  onMessage(bytes: Uint8Array, start: number, end: number): void
  onPing(bytes: Uint8Array, start: number, end: number): void
  onPong(): void
}

const JOIN_BYTES_MIN = 4096

/** Finds frames in a byte stream that arrives in any split. */
export class RawSocketReader {
  /** The longest frame accepted, in bytes. */
  frameBytesMax: number
  readonly #sink: RawSocketSink
  #prefix = new Uint8Array(4)
  #prefixLength = 0
  #type = 0
  #joined: Uint8Array | undefined
  #joinedLength = 0
  #wanted = 0
  #isPaused = false
  #held: Uint8Array[] = []

  constructor(frameBytesMax: number, sink: RawSocketSink) {
    this.frameBytesMax = frameBytesMax
    this.#sink = sink
  }

  /** Takes the next bytes of the stream. Throws a `ProtocolViolation` that ends the transport (PRV-31, TRN-21). */
  push(bytes: Uint8Array, at = 0): void {
    if (this.#isPaused) {
      this.#held.push(bytes.subarray(at))
      return
    }
    while (at < bytes.length) {
      if (this.#isPaused) {
        this.#held.unshift(bytes.subarray(at))
        return
      }
      if (this.#joined !== undefined) {
        at = this.#join(bytes, at)
        continue
      }
      if (this.#prefixLength > 0 || bytes.length - at < 4) {
        this.#prefix[this.#prefixLength++] = bytes[at++]!
        if (this.#prefixLength < 4) continue
        this.#prefixLength = 0
        this.#readPrefix(this.#prefix, 0)
      } else {
        this.#readPrefix(bytes, at)
        at += 4
      }
      if (bytes.length - at >= this.#wanted) {
        const end = at + this.#wanted
        this.#emit(bytes, at, end)
        at = end
      } else {
        this.#joined = allocate(Math.min(this.#wanted, Math.max(JOIN_BYTES_MIN, 2 * (bytes.length - at))))
        this.#joinedLength = 0
      }
    }
  }

  #readPrefix(b: Uint8Array, at: number): void {
    const first = b[at]!
    const length = (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!
    this.#type = first & 7
    if ((first & 0xf0) !== 0) throw fault(`reserved bits are set in the frame prefix 0x${hex(b, at)}`)
    if (this.#type > FRAME_PONG) throw fault(`frame type ${this.#type} is reserved`)
    if ((first & 8) !== 0 && length !== 0) throw fault(`the length bit X stands with other length bits in 0x${hex(b, at)}`)
    this.#wanted = (first & 8) !== 0 ? 0x1000000 : length
    if (this.#wanted > this.frameBytesMax) {
      throw fault(`a frame of ${this.#wanted} bytes was announced; at most ${this.frameBytesMax} are accepted`)
    }
  }

  #join(bytes: Uint8Array, at: number): number {
    const take = Math.min(this.#wanted - this.#joinedLength, bytes.length - at)
    const length = this.#joinedLength + take
    if (length > this.#joined!.length) {
      const larger = allocate(Math.min(this.#wanted, Math.max(length, this.#joined!.length * 2)))
      copyBytes(this.#joined!, 0, this.#joinedLength, larger, 0)
      this.#joined = larger
    }
    copyBytes(bytes, at, at + take, this.#joined!, this.#joinedLength)
    this.#joinedLength = length
    if (length === this.#wanted) {
      const joined = this.#joined!
      this.#joined = undefined
      this.#emit(joined, 0, length)
    }
    return at + take
  }

  #emit(bytes: Uint8Array, start: number, end: number): void {
    if (this.#type === FRAME_MESSAGE) this.#sink.onMessage(bytes, start, end)
    else if (this.#type === FRAME_PING) this.#sink.onPing(bytes, start, end)
    else this.#sink.onPong()
  }

  pause(): void {
    this.#isPaused = true
  }

  /** Goes on with what was held back. Throws like `push`. */
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

/** A PING or PONG with its prefix. */
export function encodeControlFrame(type: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(4 + payload.length)
  frame[0] = type | (payload.length === 0x1000000 ? 8 : 0)
  frame[1] = (payload.length >> 16) & 255
  frame[2] = (payload.length >> 8) & 255
  frame[3] = payload.length & 255
  frame.set(payload, 4)
  return frame
}

function fault(what: string): ProtocolViolation {
  return new ProtocolViolation(`RawSocket: ${what}`, true)
}

function hex(b: Uint8Array, at: number): string {
  return Array.from(b.subarray(at, at + 4), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
