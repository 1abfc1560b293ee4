// Batches: several messages in one WebSocket message or one HTTP body (SER-18 … SER-22). In JSON every message is followed by
// one separator; in the binary serializations every message is preceded by its length, as a big-endian uint32.
//
// The reader hands messages on one by one and may be paused or stopped within a batch: what a message does to the session
// (a limit reached, an ABORT) holds for the messages behind it.

import { allocate, copyBytes } from './bytes.ts'
import { ProtocolViolation } from './errors.ts'
import type { Serializer } from './serializer.ts'

/** Follows every message of a JSON batch. It cannot occur within JSON, where control characters are escaped. */
export const BATCH_SEPARATOR = 0x1e
// Autobahn|Python writes an octal escape, `\30`, where the specification means the decimal number (SER-21).
const AUTOBAHN_SEPARATOR = 0x18
const LENGTH_BYTES = 4

/**
 * The subprotocol of batches for a serializer, such as "wamp.2.json.batched"; `undefined` when there is none: nobody has
 * defined one for FlatBuffers.
 */
export function batchedSubprotocol(serializer: Serializer): string | undefined {
  return serializer.name === 'flatbuffers' ? undefined : `${serializer.subprotocol}.batched`
}

/** One batch of `messages`; of at least one, since there are no empty batches (SER-20). */
export function joinBatch(messages: readonly Uint8Array[], isBinary: boolean): Uint8Array {
  let length = 0
  for (const message of messages) length += message.length + (isBinary ? LENGTH_BYTES : 1)
  const batch = allocate(length)
  let at = 0
  for (const message of messages) {
    if (isBinary) {
      for (let shift = 24; shift >= 0; shift -= 8) batch[at++] = (message.length >>> shift) & 255
    }
    copyBytes(message, 0, message.length, batch, at)
    at += message.length
    if (!isBinary) batch[at++] = BATCH_SEPARATOR
  }
  return batch
}

const NO_BYTES = new Uint8Array(0)

/** Splits batches into their messages, in order. One batch is read to its end before the next is given. */
export class BatchReader {
  readonly #isBinary: boolean
  readonly #onMessage: (bytes: Uint8Array, start: number, end: number) => void
  #bytes: Uint8Array = NO_BYTES
  #at = 0
  #end = 0
  #isReading = false
  #isPaused = false

  /** `onMessage` is given every message; it may call `pause` or `stop`. */
  constructor(isBinary: boolean, onMessage: (bytes: Uint8Array, start: number, end: number) => void) {
    this.#isBinary = isBinary
    this.#onMessage = onMessage
  }

  /** Whether the next batch may be given: not while paused, nor while a part of the last one is there. */
  get isReady(): boolean {
    return !this.#isPaused && this.#at >= this.#end
  }

  /**
   * Reads the batch `bytes[start..end)`. Throws a `ProtocolViolation` for what is none, after the whole messages in front of
   * the fault have been handed on; for an empty batch one that ends the transport without ABORT (SER-20, PRV-31).
   */
  read(bytes: Uint8Array, start: number, end: number): void {
    if (start === end) throw new ProtocolViolation('An empty batch arrived; a batch holds at least one message', true)
    this.#bytes = bytes
    this.#at = start
    this.#end = end
    this.#go()
  }

  /** Hands nothing more on until `resume`. */
  pause(): void {
    this.#isPaused = true
  }

  /** Goes on with what was held back. Throws like `read`. */
  resume(): void {
    this.#isPaused = false
    if (!this.#isReading) this.#go()
  }

  /** Drops the rest of the batch. */
  stop(): void {
    this.#at = this.#end = 0
    this.#bytes = NO_BYTES
  }

  #go(): void {
    this.#isReading = true
    try {
      while (this.#at < this.#end && !this.#isPaused) {
        if (this.#isBinary) this.#nextBinary()
        else this.#nextText()
      }
      if (this.#at >= this.#end) this.stop()
    } catch (error) {
      this.stop()
      throw error
    } finally {
      this.#isReading = false
    }
  }

  #nextText(): void {
    const b = this.#bytes
    const start = this.#at
    let at = start
    while (at < this.#end && b[at] !== BATCH_SEPARATOR && b[at] !== AUTOBAHN_SEPARATOR) at++
    if (at === this.#end) {
      const rest = this.#end - start
      throw new ProtocolViolation(`A JSON batch ended with ${rest} bytes behind its last separator; each message is followed by octet 0x1E`)
    }
    this.#at = at + 1
    this.#onMessage(b, start, at)
  }

  #nextBinary(): void {
    const b = this.#bytes
    const at = this.#at
    const left = this.#end - at - LENGTH_BYTES
    if (left < 0) throw new ProtocolViolation(`A batch ended with ${left + LENGTH_BYTES} bytes, which is no length: that takes 4 bytes`)
    const length = b[at]! * 0x1000000 + ((b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!)
    if (length === 0 || length > left) {
      throw new ProtocolViolation(`A message of ${length} bytes was announced in a batch with ${left} bytes left; right is 1 to ${left}`)
    }
    const start = at + LENGTH_BYTES
    this.#at = start + length
    this.#onMessage(b, start, start + length)
  }
}
