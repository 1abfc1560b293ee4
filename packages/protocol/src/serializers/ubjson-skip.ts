// Walks UBJSON and BJData without building anything: where does this value end, and is it well formed? Text must be valid
// UTF-8 (SER-11), nesting ends at NESTING_DEPTH_MAX, and what is announced must fit in the bytes that are left (SER-26).
//
// The elements of a list whose type takes no bytes (`[$Z#`) fit anywhere: a few bytes could announce billions, and a list of
// such lists many times as many as one of them. They are counted over the whole frame.

import { ProtocolViolation } from '../errors.ts'
import { NESTING_DEPTH_MAX } from '../values.ts'
import { DictKeys } from './dict-keys.ts'
import { type Dialect, M, readInteger } from './ubjson-format.ts'
import { checkUtf8 } from './utf8.ts'

/** How many elements that take no bytes one frame may have. No encoder we know writes any. */
const WEIGHTLESS_MAX = 4_096
const VARIABLE = 255 // in Dialect.sizes: not of a fixed size

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
  #weightless = 0

  constructor(dialect: Dialect) {
    this.dialect = dialect
  }

  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.origin = start
    this.end = end
    this.#weightless = 0
  }

  #cut(): ProtocolViolation {
    return new ProtocolViolation(`${this.dialect.name} ends in the middle, at byte ${this.end - this.origin}`)
  }
  #wrong(at: number, what: string): ProtocolViolation {
    return new ProtocolViolation(`${this.dialect.name} has ${what} at byte ${at - this.origin}`)
  }
  #tooLong(what: string, at: number): ProtocolViolation {
    return new ProtocolViolation(`${this.dialect.name} announces ${what}, but only ${this.end - at} bytes are left`)
  }

  /** The position of the next marker, behind markers that mean nothing. */
  marker(at: number): number {
    while (at < this.end && this.bytes[at] === M.noop) at++
    if (at >= this.end) throw this.#cut()
    return at
  }

  /** The position behind the value at `at`, marker included. `depth` says how many containers it stands in. */
  value(at: number, depth: number): number {
    const start = this.marker(at)
    return this.#body(start + 1, this.bytes[start]!, depth)
  }

  /** The position behind a value of the type `code` whose marker is left out, or was read. */
  #body(at: number, code: number, depth: number): number {
    const size = this.dialect.sizes[code]!
    if (size !== VARIABLE) {
      if (size > this.end - at) throw this.#cut()
      if (code === M.char) this.#checkChars(at, 1)
      return at + size
    }
    if (code === M.string) return this.#text(at)
    if (code === M.number) return this.#digits(at)
    if (code === M.list) return this.#elements(this.container(at, depth, false), depth)
    if (code === M.dict) return this.#members(this.container(at, depth, true), depth, undefined)
    throw this.#wrong(at - 1, `0x${code.toString(16)}, which begins no value,`)
  }

  /** A length or count at `at`; the position behind it is in `lengthEnd`. */
  length(at: number): number {
    if (at >= this.end) throw this.#cut()
    const code = this.bytes[at]!
    const size = this.dialect.sizes[code]!
    if (size !== VARIABLE && size > this.end - at - 1) throw this.#cut()
    const value = size === VARIABLE ? undefined : readInteger(this.dialect, this.bytes, at + 1, code)
    if (value === undefined || value < 0) throw this.#wrong(at, 'no length of 0 or more')
    this.lengthEnd = at + 1 + size
    return Number(value) // rounded beyond 2^53, where it is too long anyway
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
    if (!isJsonNumber(this.bytes, this.lengthEnd, stop)) throw this.#wrong(this.lengthEnd, 'text that is no number')
    return stop
  }

  #checkChars(at: number, count: number): void {
    for (const stop = at + count; at < stop; at++) if (this.bytes[at]! > 127) throw this.#wrong(at, 'a character beyond ASCII')
  }

  /** Reads the head of a container behind its marker, and checks that its elements can be there. */
  container(at: number, depth: number, isDict: boolean): Container {
    if (depth >= NESTING_DEPTH_MAX) throw new ProtocolViolation(`${this.dialect.name} nests deeper than ${NESTING_DEPTH_MAX} levels`)
    const b = this.bytes
    let type = 0
    if (at < this.end && b[at] === M.type) {
      if (at + 1 >= this.end) throw this.#cut()
      type = b[at + 1]!
      at += 2
      const isKnown = this.dialect.sizes[type] !== VARIABLE || type === M.string || type === M.number || type === M.list || type === M.dict
      if (!isKnown) throw this.#wrong(at - 1, 'an unknown type of elements')
      if (at >= this.end) throw this.#cut()
      if (b[at] !== M.count) throw this.#wrong(at, 'a type of elements without their count')
    }
    if (at >= this.end || b[at] !== M.count) return { type, count: -1, at }
    const count = this.#count(at + 1, this.dialect.hasArrays && type !== 0 && !isDict)
    this.#checkCount(type, count, isDict)
    return { type, count, at: this.lengthEnd }
  }

  /**
   * The count at `at`. BJData may have a list of dimensions in its place. With one dimension, which is how the bjdata package
   * writes such an array of numpy, that is a count. Several are refused: they would be lists in lists, and a few bytes of
   * dimensions that are 1 or 0 could ask for as many lists as they like.
   */
  #count(at: number, mayBeArray: boolean): number {
    if (!mayBeArray || at >= this.end || this.bytes[at] !== M.list) return this.length(at)
    if (at + 1 >= this.end) throw this.#cut()
    const isLength = this.dialect.sizes[this.bytes[at + 1]!] !== VARIABLE
    const count = isLength ? this.length(at + 1) : 0
    if (isLength && this.lengthEnd >= this.end) throw this.#cut()
    if (!isLength || this.bytes[this.lengthEnd] !== M.listEnd) {
      throw this.#wrong(at, 'an array of none or several dimensions, which is no plain value; send lists in lists; it begins')
    }
    this.lengthEnd++
    return count
  }

  /** Whether `count` elements can follow at `lengthEnd`. */
  #checkCount(type: number, count: number, isDict: boolean): void {
    const size = type === 0 ? 1 : this.dialect.sizes[type]!
    // The least that an element takes; a key takes at least the marker and the byte of its length.
    const least = (size === VARIABLE ? 1 : size) + (isDict ? 2 : 0)
    if (count * least > this.end - this.lengthEnd) throw this.#tooLong(`${count} elements`, this.lengthEnd)
    if (least > 0) return
    this.#weightless += count
    if (this.#weightless > WEIGHTLESS_MAX) {
      const at = this.lengthEnd - this.origin
      throw new ProtocolViolation(
        `${this.dialect.name} announces more than ${WEIGHTLESS_MAX} elements that take no bytes, the last of them at byte ${at}`,
      )
    }
  }

  #elements({ type, count, at }: Container, depth: number): number {
    if (count < 0) {
      for (at = this.marker(at); this.bytes[at] !== M.listEnd; at = this.marker(at)) at = this.value(at, depth + 1)
      return at + 1
    }
    const size = type === 0 ? VARIABLE : this.dialect.sizes[type]!
    if (size !== VARIABLE) {
      // That all of them are there was checked with the count.
      if (type === M.char) this.#checkChars(at, count)
      return at + count * size
    }
    for (; count > 0; count--) at = type === 0 ? this.value(at, depth + 1) : this.#body(at, type, depth + 1)
    return at
  }

  /** `label` names a dictionary of the protocol, whose keys must be different (SER-10). */
  #members({ type, count, at }: Container, depth: number, label: string | undefined): number {
    if (label !== undefined) this.#keys.open(this.bytes, label)
    for (; count !== 0; count--) {
      at = this.marker(at)
      if (count < 0 && this.bytes[at] === M.dictEnd) return at + 1
      const stop = this.#text(at)
      if (label !== undefined) this.#keys.add(this.lengthEnd, stop)
      at = type === 0 ? this.value(stop, depth + 1) : this.#body(stop, type, depth + 1)
    }
    return at
  }

  /** The position behind the dictionary whose marker is at `at`, in which every key must stand once; `label` names it in errors. */
  dict(at: number, label: string): number {
    return this.#members(this.container(at + 1, 0, true), 0, label)
  }
}

const MINUS = 0x2d
const PLUS = 0x2b
const POINT = 0x2e
const ZERO = 0x30

/** The position behind the decimal digits at `at`. */
function digitsEnd(b: Uint8Array, at: number, end: number): number {
  while (at < end && b[at]! >= ZERO && b[at]! <= ZERO + 9) at++
  return at
}

/** Whether the bytes are a number as JSON writes it. */
function isJsonNumber(b: Uint8Array, start: number, end: number): boolean {
  const first = start < end && b[start] === MINUS ? start + 1 : start
  let at = digitsEnd(b, first, end)
  if (at === first || (b[first] === ZERO && at > first + 1)) return false
  if (at < end && b[at] === POINT) {
    const fraction = at + 1
    at = digitsEnd(b, fraction, end)
    if (at === fraction) return false
  }
  if (at < end && (b[at]! | 0x20) === 0x65) {
    const exponent = at + 1 < end && (b[at + 1] === PLUS || b[at + 1] === MINUS) ? at + 2 : at + 1
    at = digitsEnd(b, exponent, end)
    if (at === exponent) return false
  }
  return at === end
}
