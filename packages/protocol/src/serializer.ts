// The Serializer interface: messages to frames and back. A decoder reads the head of a message (type, ids, options, URI)
// and leaves the payload as bytes, which it has walked once and found well formed, so that nobody is handed a malformed tail.

import { allocate, copyBytes } from './bytes.ts'
import type { Message } from './messages.ts'
import type { PayloadBytes } from './payload.ts'

export interface Serializer {
  /** The name in options and logs, for example "json". */
  readonly name: string
  /** The WebSocket subprotocol, for example "wamp.2.json". */
  readonly subprotocol: string
  /** The number in the RawSocket handshake (TRN-11). */
  readonly rawSocketId: number
  /** Whether WebSocket messages are binary or text (SER-07). */
  readonly isBinary: boolean
  /** The bytes after the payload that end a message: "]" for JSON, none for the others. */
  readonly tail: Uint8Array
  /** Reads one message from `bytes[start..end)`. Throws `ProtocolViolation` for anything that is not one. */
  decode(bytes: Uint8Array, start?: number, end?: number): Message
  /**
   * Appends everything before the payload to `head` and returns the payload's bytes (possibly an empty span). A frame is
   * head, payload, tail. Throws `UsageError` with `ERR_UNSERIALIZABLE` for values without a form here (SER-24).
   */
  encodeHead(message: Message, head: ByteSink): PayloadBytes
  /**
   * Reads args, or args and kwargs, from bytes that `decode` has accepted. With `exact`, integral floats come as `Float`
   * and integers beyond 2^53 as bigint even where the format could not tell otherwise: for transcoding (SER-25).
   */
  decodePayload(bytes: Uint8Array, start: number, end: number, count: number, exact: boolean): unknown[]
  /** Writes args, or args and kwargs, as they stand in a message. Throws like `encodeHead`. */
  encodePayload(items: readonly unknown[]): Uint8Array
}

/** The whole frame of `message` in memory of its own; transports that share frames go through `FrameQueue` instead. */
export function encodeMessage(serializer: Serializer, message: Message): Uint8Array {
  const head = new ByteSink(256)
  const payload = serializer.encodeHead(message, head)
  const tail = serializer.tail
  const payloadLength = payload.end - payload.start
  const frame = allocate(head.length + payloadLength + tail.length)
  copyBytes(head.bytes, 0, head.length, frame, 0)
  copyBytes(payload.bytes, payload.start, payload.end, frame, head.length)
  copyBytes(tail, 0, tail.length, frame, head.length + payloadLength)
  return frame
}

/** Growing memory that encoders append to. */
export class ByteSink {
  bytes: Uint8Array
  length = 0
  constructor(size: number) {
    this.bytes = allocate(size)
  }
  /** Makes room for `more` bytes. */
  need(more: number): void {
    if (this.length + more > this.bytes.length) this.#grow(this.length + more)
  }
  #grow(least: number): void {
    const bytes = allocate(Math.max(least, this.bytes.length * 2))
    copyBytes(this.bytes, 0, this.length, bytes, 0)
    this.bytes = bytes
  }
}
