// UBJSON and BJData to values and back. Reading trusts that the bytes were walked before (ubjson-skip.ts).

import { copyBytes, utf8Slice, utf8Write } from '../bytes.ts'
import { UsageError } from '../errors.ts'
import type { HeadWriter } from '../message-layout.ts'
import { type Dict, EMPTY_DICT } from '../messages.ts'
import type { ByteSink } from '../serializer.ts'
import { BIGINT_BYTES_MAX, bigintBytes, Float, setKey } from '../values.ts'
import { narrowed } from './binary-numbers.ts'
import { type Dialect, M, readFloat, readInteger } from './ubjson-format.ts'
import { UbjsonWalker } from './ubjson-skip.ts'
import { type ValueWriter, writeValue } from './value-writer.ts'

/** Reads values that have been walked before; what has no form as a plain value is `ERR_UNSERIALIZABLE` (SER-24). */
export class UbjsonValues {
  readonly #walker: UbjsonWalker
  readonly #dialect: Dialect
  #at = 0
  #isExact = false

  constructor(dialect: Dialect) {
    this.#walker = new UbjsonWalker(dialect)
    this.#dialect = dialect
  }

  /** `count` values that stand one after the other from `start` on; `exact` as in `Serializer.decodePayload`. */
  read(bytes: Uint8Array, start: number, end: number, count: number, exact: boolean): unknown[] {
    this.#walker.open(bytes, start, end)
    this.#at = start
    this.#isExact = exact
    const items: unknown[] = []
    for (let i = 0; i < count; i++) items.push(this.#value())
    return items
  }

  /** The one value at `start`, as an application sees it. */
  readOne(bytes: Uint8Array, start: number, end: number): unknown {
    this.#walker.open(bytes, start, end)
    this.#at = start
    this.#isExact = false
    return this.#value()
  }

  #value(): unknown {
    const at = this.#walker.marker(this.#at)
    this.#at = at + 1
    return this.#body(this.#walker.bytes[at]!)
  }

  #body(code: number): unknown {
    const { bytes } = this.#walker
    const at = this.#at
    const integer = readInteger(this.#dialect, bytes, at, code)
    if (integer !== undefined) {
      this.#at += this.#dialect.sizes[code]!
      return typeof integer === 'bigint' ? narrowed(integer) : integer
    }
    const float = readFloat(this.#dialect, bytes, at, code)
    if (float !== undefined) {
      this.#at += this.#dialect.sizes[code]!
      return this.#isExact && Number.isInteger(float) ? new Float(float) : float
    }
    switch (code) {
      case M.null:
        return null
      case M.true:
        return true
      case M.false:
        return false
      case M.char:
        this.#at++
        return String.fromCharCode(bytes[at]!)
      case M.string:
        return this.#text()
      case M.number:
        return this.#number()
      case M.list:
        return this.#list()
      default:
        return this.#dict()
    }
  }

  #text(): string {
    const length = this.#walker.length(this.#at)
    const start = this.#walker.lengthEnd
    this.#at = start + length
    return length === 0 ? '' : utf8Slice(this.#walker.bytes, start, this.#at)
  }

  /**
   * A number in decimal. Integers are what they are, up to the longest that JSON and CBOR carry. One with a fraction or an exponent
   * is refused: who writes it so wants more than a float holds, and a float would lose that without a word (SER-25).
   */
  #number(): number | bigint {
    const text = this.#text()
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text
    if (!/^-?\d+$/.test(text)) throw this.#refusal(`number ${shown}: only integers are this precise here`)
    // The digits are counted first: reading decimal takes more than linear time.
    const value = text.length > DIGITS_MAX ? undefined : BigInt(text)
    if (value === undefined || bigintBytes(value) > BIGINT_BYTES_MAX) {
      throw this.#refusal(`integer ${shown}: it has more than ${BIGINT_BYTES_MAX} bytes`)
    }
    return narrowed(value)
  }

  #refusal(what: string): UsageError {
    return new UsageError('ERR_UNSERIALIZABLE', `Cannot read the ${this.#dialect.name} ${what}`)
  }

  #list(): unknown[] | Uint8Array {
    const walker = this.#walker
    const { type, count, at } = walker.container(this.#at, 0, false)
    this.#at = at
    if (count >= 0 && type === this.#dialect.bytesMarker) {
      const bytes = new Uint8Array(count)
      copyBytes(walker.bytes, at, at + count, bytes, 0)
      this.#at += count
      return bytes
    }
    const list: unknown[] = []
    if (count >= 0) {
      for (let i = 0; i < count; i++) list.push(type === 0 ? this.#value() : this.#body(type))
      return list
    }
    for (;;) {
      this.#at = walker.marker(this.#at)
      if (walker.bytes[this.#at] === M.listEnd) break
      list.push(this.#value())
    }
    this.#at++
    return list
  }

  #dict(): Dict {
    const walker = this.#walker
    const { type, count, at } = walker.container(this.#at, 0, true)
    this.#at = at
    const dict: Record<string, unknown> = {}
    for (let left = count; left !== 0; left--) {
      this.#at = walker.marker(this.#at)
      if (left < 0 && walker.bytes[this.#at] === M.dictEnd) {
        this.#at++
        break
      }
      const key = this.#text()
      setKey(dict, key, type === 0 ? this.#value() : this.#body(type))
    }
    return dict
  }
}

/** The digits, and the sign, that an integer of `BIGINT_BYTES_MAX` bytes may have. */
const DIGITS_MAX = 310

const scratch = new Uint8Array(8)
const view = new DataView(scratch.buffer)

/** Writes heads and values; `sink` is set by whoever uses it. */
export class UbjsonWriter implements HeadWriter, ValueWriter {
  readonly format: string
  sink: ByteSink
  readonly #dialect: Dialect

  constructor(dialect: Dialect, sink: ByteSink) {
    this.format = dialect.name
    this.#dialect = dialect
    this.sink = sink
  }

  #byte(value: number): void {
    const { sink } = this
    sink.need(1)
    sink.bytes[sink.length++] = value
  }

  /** A marker and the first `size` bytes of the scratch. */
  #number(code: number, size: number): void {
    const { sink } = this
    sink.need(1 + size)
    sink.bytes[sink.length++] = code
    for (let i = 0; i < size; i++) sink.bytes[sink.length++] = scratch[i]!
  }

  open(_length: number): void {
    this.#byte(M.list)
  }
  openDict(_length: number): void {
    this.#byte(M.dict)
  }
  close(isDict: boolean): void {
    this.#byte(isDict ? M.dictEnd : M.listEnd)
  }
  nothing(): void {
    this.#byte(M.null)
  }
  boolean(value: boolean): void {
    this.#byte(value ? M.true : M.false)
  }

  /** The smallest type that holds it. */
  integer(value: number): void {
    const { isLittle } = this.#dialect
    if (value >= 0 && value < 0x100) {
      scratch[0] = value
      this.#number(M.uint8, 1)
    } else if (value < 0 && value >= -0x80) {
      view.setInt8(0, value)
      this.#number(M.int8, 1)
    } else if (value >= -0x8000 && value < (isLittle && value > 0 ? 0x10000 : 0x8000)) {
      view.setInt16(0, value, isLittle)
      this.#number(isLittle && value > 0 ? M.uint16 : M.int16, 2)
    } else if (value >= -0x80000000 && value < (isLittle && value > 0 ? 0x100000000 : 0x80000000)) {
      view.setInt32(0, value, isLittle)
      this.#number(isLittle && value > 0 ? M.uint32 : M.int32, 4)
    } else this.bigInteger(BigInt(value))
  }

  bigInteger(value: bigint): void {
    const { isLittle } = this.#dialect
    if (isLittle && value > 0n && value < 2n ** 64n) {
      view.setBigUint64(0, value, true)
      this.#number(M.uint64, 8)
    } else if (value >= -(2n ** 63n) && value < 2n ** 63n) {
      view.setBigInt64(0, value, isLittle)
      this.#number(M.int64, 8)
    } else {
      if (bigintBytes(value) > BIGINT_BYTES_MAX) throw new TypeError(`an integer of more than ${BIGINT_BYTES_MAX} bytes is too long`)
      this.#byte(M.number)
      this.key(String(value))
    }
  }

  float(value: number): void {
    // BJData writes them as any other float; draft 12 has null in their place, which is another value.
    if (!this.#dialect.isLittle && !Number.isFinite(value)) throw new TypeError(`${value} has no form in ${this.format}`)
    view.setFloat64(0, value, this.#dialect.isLittle)
    this.#number(M.float64, 8)
  }

  bytes(value: Uint8Array): void {
    for (const code of [M.list, M.type, this.#dialect.bytesMarker, M.count]) this.#byte(code)
    this.integer(value.length)
    const { sink } = this
    sink.need(value.length)
    copyBytes(value, 0, value.length, sink.bytes, sink.length)
    sink.length += value.length
  }

  string(value: string): void {
    writeValue(this, value)
  }

  text(value: string): void {
    if (value.length === 1 && value.charCodeAt(0) < 128) {
      this.#byte(M.char)
      this.#byte(value.charCodeAt(0))
      return
    }
    this.#byte(M.string)
    this.key(value)
  }

  /** A text without its marker: its length, then its bytes, which are moved when UTF-8 made the length longer than it seemed. */
  key(value: string): void {
    const { sink } = this
    sink.need(9 + 3 * value.length)
    const start = sink.length
    const guess = this.#integerSize(value.length)
    const length = utf8Write(sink.bytes, value, start + guess)
    if (length !== value.length && !value.isWellFormed()) throw new TypeError('a string with half a surrogate pair has no form in UTF-8')
    const size = this.#integerSize(length)
    if (size !== guess) sink.bytes.copyWithin(start + size, start + guess, start + guess + length)
    this.integer(length)
    sink.length += length
  }

  /** How many bytes `integer` writes for a length. */
  #integerSize(length: number): number {
    if (length < 0x100) return 2
    return length < (this.#dialect.isLittle ? 0x10000 : 0x8000) ? 3 : 5
  }

  dict(value: Dict): void {
    if (value === EMPTY_DICT) {
      this.#byte(M.dict)
      this.#byte(M.dictEnd)
    } else writeValue(this, value)
  }
}
