// Walks UBJSON and BJData without building anything: where does this value end, and is it well formed? Text must be valid
// UTF-8 (SER-11), nesting ends at NESTING_DEPTH_MAX, and what is announced must fit in the bytes that are left (SER-26): also the
// elements of a list whose type takes no bytes, of which a few bytes could announce billions.

import { ProtocolViolation } from '../errors.ts'
import { NESTING_DEPTH_MAX } from '../values.ts'
import { DictKeys } from './dict-keys.ts'
import { type Dialect, M, readInteger } from './ubjson-format.ts'
import { checkUtf8 } from './utf8.ts'

const WEIGHTLESS_MAX = 4_096 // null, true and false in a list of one type
const DIGITS_MAX = 310 // of an integer of BIGINT_BYTES_MAX bytes, and the sign

/** The head of a list or dictionary. */
export interface Container {
  /** The type of all elements, 0 when each has its own marker. */
  type: number
  /** How many elements, -1 when the end is marked. */
  count: number
  /** Where the elements begin. */
  at: number
}

export class UbjsonWalker {
  readonly dialect: Dialect
  readonly #keys = new DictKeys()
  bytes: Uint8Array = new Uint8Array(0)
  end = 0
  /** Where the frame begins, so that errors count bytes from there. */
  origin = 0

  constructor(dialect: Dialect) {
    this.dialect = dialect
  }

  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.origin = start
    this.end = end
  }

  cut(): ProtocolViolation {
    return new ProtocolViolation(`${this.dialect.name} ends in the middle, at byte ${this.end - this.origin}`)
  }
  #wrong(at: number, what: string): ProtocolViolation {
    return new ProtocolViolation(`${this.dialect.name} has ${what} at byte ${at - this.origin}`)
  }

  /** The position of the next marker, behind markers that mean nothing. */
  marker(at: number): number {
    while (at < this.end && this.bytes[at] === M.noop) at++
    if (at >= this.end) throw this.cut()
    return at
  }

  /** The position behind the value at `at`, marker included. */
  value(at: number, depth = 0): number {
    const start = this.marker(at)
    return this.body(start + 1, this.bytes[start]!, depth)
  }

  /** The position behind a value of the type `code` whose marker is left out, or was read. */
  body(at: number, code: number, depth: number): number {
    const size = this.dialect.sizes[code]!
    if (size !== 255) {
      if (size > this.end - at) throw this.cut()
      if (code === M.char && this.bytes[at]! > 127) throw this.#wrong(at, 'a character beyond ASCII')
      return at + size
    }
    if (code === M.string) return this.#text(at)
    if (code === M.number) return this.#digits(at)
    if (code === M.list) return this.#elements(this.container(at, depth), depth)
    if (code === M.dict) return this.#members(this.container(at, depth), depth, undefined)
    throw this.#wrong(at - 1, `0x${code.toString(16)}, which begins no value,`)
  }

  /** A length or count at `at`; the position behind it is in `lengthEnd`. */
  length(at: number): number {
    if (at >= this.end) throw this.cut()
    const code = this.bytes[at]!
    const size = this.dialect.sizes[code]!
    if (size !== 255 && size > this.end - at - 1) throw this.cut()
    const value = size === 255 ? undefined : readInteger(this.dialect, this.bytes, at + 1, code)
    if (value === undefined || value < 0) throw this.#wrong(at, 'no length of 0 or more')
    this.lengthEnd = at + 1 + size
    return Number(value)
  }
  lengthEnd = 0

  #text(at: number): number {
    const length = this.length(at)
    const start = this.lengthEnd
    if (length > this.end - start) throw this.#tooLong(`${length} bytes`, start)
    checkUtf8(this.bytes, start, start + length, this.origin)
    return start + length
  }

  #digits(at: number): number {
    const stop = this.#text(at)
    const start = this.lengthEnd
    if (stop - start > DIGITS_MAX || !isJsonNumber(this.bytes, start, stop)) throw this.#wrong(start, 'no number of at most 310 digits')
    return stop
  }

  #tooLong(what: string, at: number): ProtocolViolation {
    return new ProtocolViolation(`${this.dialect.name} announces ${what}, but only ${this.end - at} bytes are left`)
  }

  /** Reads the head of a container behind its marker. */
  container(at: number, depth: number): Container {
    if (depth >= NESTING_DEPTH_MAX) throw new ProtocolViolation(`${this.dialect.name} nests deeper than ${NESTING_DEPTH_MAX} levels`)
    const b = this.bytes
    let type = 0
    if (at < this.end && b[at] === M.type) {
      if (at + 1 >= this.end) throw this.cut()
      type = b[at + 1]!
      at += 2
      const isKnown = this.dialect.sizes[type] !== 255 || type === M.string || type === M.number || type === M.list || type === M.dict
      if (!isKnown) throw this.#wrong(at - 1, 'an unknown type of elements')
      if (at >= this.end || b[at] !== M.count) throw this.#wrong(at, 'a type of elements without their count')
    }
    if (at >= this.end || b[at] !== M.count) return { type, count: -1, at }
    if (b[at + 1] === M.list) throw this.#wrong(at + 1, 'an array of several dimensions, which has no form as a plain value,')
    const count = this.length(at + 1)
    const size = type === 0 ? 1 : this.dialect.sizes[type]!
    const least = size === 0 ? 0 : size === 255 ? 1 : size
    const isTooMuch = least === 0 ? count > WEIGHTLESS_MAX : count * least > this.end - this.lengthEnd
    if (isTooMuch) throw this.#tooLong(`${count} elements`, this.lengthEnd)
    return { type, count, at: this.lengthEnd }
  }

  #elements({ type, count, at }: Container, depth: number): number {
    if (count < 0) {
      for (at = this.marker(at); this.bytes[at] !== M.listEnd; at = this.marker(at)) at = this.value(at, depth + 1)
      return at + 1
    }
    for (; count > 0; count--) at = type === 0 ? this.value(at, depth + 1) : this.body(at, type, depth + 1)
    return at
  }

  /** `label` names a dictionary of the protocol, whose keys must be different (SER-10). */
  #members({ type, count, at }: Container, depth: number, label: string | undefined): number {
    if (label !== undefined) this.#keys.open(this.bytes, label)
    for (; count !== 0; count--) {
      if (count < 0) {
        at = this.marker(at)
        if (this.bytes[at] === M.dictEnd) return at + 1
      }
      const stop = this.#text(at)
      if (label !== undefined) this.#keys.add(this.lengthEnd, stop)
      at = type === 0 ? this.value(stop, depth + 1) : this.body(stop, type, depth + 1)
    }
    return at
  }

  /** The position behind the dictionary whose marker is at `at`. */
  dict(at: number, label: string): number {
    return this.#members(this.container(at + 1, 0), 0, label)
  }
}

/** Whether the bytes are a number as JSON writes it. */
function isJsonNumber(b: Uint8Array, start: number, end: number): boolean {
  let text = ''
  for (let at = start; at < end; at++) text += String.fromCharCode(b[at]!)
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)
}
