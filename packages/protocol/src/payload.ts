// The application payload of a message: args and kwargs, kept as the bytes that arrived and decoded only when somebody
// looks. A router passes the bytes on between equal serializers and transcodes, once per target, between different ones.
//
// A payload is a view on the network buffer it came in and keeps that buffer alive: whatever outlives the turn stores
// `payload.copy()`.

import { allocate, copyBytes } from './bytes.ts'
import { UsageError } from './errors.ts'
import type { Dict } from './messages.ts'
import { EMPTY_DICT } from './messages.ts'
import type { Serializer } from './serializer.ts'
import { cloneValue } from './values.ts'

/** Bytes of a payload in one serializer's form. */
export interface PayloadBytes {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

export interface PayloadValues {
  readonly args: readonly unknown[]
  readonly kwargs: Dict
}

const NO_BYTES = new Uint8Array(0)

export class Payload implements PayloadBytes {
  /** How many of args and kwargs are present: 0, 1 (args) or 2 (both). */
  readonly count: 0 | 1 | 2
  /** The serializer that `bytes` are in; `undefined` for a payload made of values. */
  readonly serializer: Serializer | undefined
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  readonly #values: PayloadValues | undefined
  #transcoded: Map<Serializer, PayloadBytes> | undefined

  constructor(
    count: 0 | 1 | 2,
    serializer: Serializer | undefined,
    bytes: Uint8Array,
    start: number,
    end: number,
    values: PayloadValues | undefined = undefined,
  ) {
    this.count = count
    this.serializer = serializer
    this.bytes = bytes
    this.start = start
    this.end = end
    this.#values = values
    this.#transcoded = undefined
  }

  /** A payload of values, which must not change before it is sent. Empty kwargs, then empty args, are left out (MSG-06). */
  static of(args: readonly unknown[] = [], kwargs: Dict = EMPTY_DICT): Payload {
    const count = Object.keys(kwargs).length > 0 ? 2 : args.length > 0 ? 1 : 0
    return count === 0 ? EMPTY_PAYLOAD : new Payload(count, undefined, NO_BYTES, 0, 0, { args, kwargs })
  }

  /** A payload of the older passthru form (PPT-16): bytes in place of args and kwargs. */
  static opaque(bytes: Uint8Array): Payload {
    return new Payload(1, undefined, NO_BYTES, 0, 0, { args: bytes as never, kwargs: EMPTY_DICT })
  }

  /** The bytes, or the text, of an opaque payload; `undefined` for any other. */
  readOpaque(): Uint8Array | string | undefined {
    const args: unknown = this.count === 1 ? this.#items()[0] : undefined
    return typeof args === 'string' || args instanceof Uint8Array ? args : undefined
  }

  /** Decodes args and kwargs; of an opaque payload, its bytes as the one argument. Every call gives fresh values: the receiver may change them. */
  read(): PayloadValues {
    if (this.count === 0) return { args: [], kwargs: {} }
    const [args, kwargs = {}] = this.#values
      ? [cloneValue(this.#values.args), cloneValue(this.#values.kwargs)]
      : this.serializer!.decodePayload(this.bytes, this.start, this.end, this.count, false)
    if (!Array.isArray(args)) return { args: [args], kwargs: {} }
    return { args, kwargs: kwargs as Dict }
  }

  /** The payload in the form of `serializer`. Throws `ERR_UNSERIALIZABLE` for a value that form does not have (SER-24). */
  bytesIn(serializer: Serializer): PayloadBytes {
    if (this.serializer === serializer || this.count === 0) return this
    const known = this.#transcoded?.get(serializer)
    if (known) return known
    const bytes = serializer.encodePayload(this.#items())
    const made = { bytes, start: 0, end: bytes.length }
    this.#transcoded ??= new Map()
    this.#transcoded.set(serializer, made)
    return made
  }

  /** The same payload without hold on a network buffer. */
  copy(): Payload {
    if (this.serializer === undefined) return this
    // Not `slice`: a Buffer's slice is a view on the same memory.
    const bytes = allocate(this.end - this.start)
    copyBytes(this.bytes, this.start, this.end, bytes, 0)
    return new Payload(this.count, this.serializer, bytes, 0, bytes.length)
  }

  /** The same payload, out of reach of whoever made it: values are cloned (TRN-48). */
  isolated(): Payload {
    if (!this.#values) return this
    try {
      return new Payload(this.count, undefined, NO_BYTES, 0, 0, {
        args: cloneValue(this.#values.args),
        kwargs: cloneValue(this.#values.kwargs),
      })
    } catch (cause) {
      throw new UsageError('ERR_UNSERIALIZABLE', `Cannot send this payload: ${(cause as Error).message}`, { cause })
    }
  }

  #items(): unknown[] {
    if (!this.#values) return this.serializer!.decodePayload(this.bytes, this.start, this.end, this.count, true)
    return this.count === 1 ? [this.#values.args] : [this.#values.args, this.#values.kwargs]
  }
}

/** The payload of a message that carries none. */
export const EMPTY_PAYLOAD = new Payload(0, undefined, NO_BYTES, 0, 0)
