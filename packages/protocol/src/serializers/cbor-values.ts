// CBOR to values and back. Reading trusts that the bytes were walked before (cbor-skip.ts), so it checks nothing but what a
// well-formed item may still lack: a form as a plain value (SER-24).
//
// Tags: 2 and 3 are integers and become bigint; 64 is bytes. The content of any other tag is not silently taken for the value, since the
// tag is what says how it is meant; such an item passes between CBOR sessions untouched and is refused when somebody reads
// it. `undefined` reads as null, and is refused when transcoding, which promises to keep values what they are.

import { allocate, copyBytes, utf8Slice, utf8Write } from '../bytes.ts'
import { UsageError } from '../errors.ts'
import type { HeadWriter } from '../message-layout.ts'
import { type Dict, EMPTY_DICT } from '../messages.ts'
import { ByteSink } from '../serializer.ts'
import { BIGINT_BYTES_MAX, bigintBytes, Float, setKey } from '../values.ts'
import {
  isNumber64,
  narrowed,
  readBigUint64,
  readFloat16,
  readFloat32,
  readFloat64,
  readUint,
  writeBigint64,
  writeFloat64,
  writeInt64,
  writeUint16,
  writeUint32,
} from './binary-numbers.ts'
import { type ValueWriter, writeValue } from './value-writer.ts'

let b: Uint8Array = new Uint8Array(0)
let at = 0
let isExact = false

/**
 * Reads `count` items that stand one after the other from `start` on and have been walked before; `exact` as in
 * `Serializer.decodePayload`. Throws `ERR_UNSERIALIZABLE` for tags and simple values without a plain form and for dictionary
 * keys that are no strings.
 */
export function readCbor(bytes: Uint8Array, start: number, count: number, exact: boolean): unknown[] {
  b = bytes
  at = start
  isExact = exact
  const items: unknown[] = []
  for (let i = 0; i < count; i++) items.push(readItem())
  return items
}

/** The text of the string at `start`, in one piece or in chunks, which has been walked before. */
export function readCborText(bytes: Uint8Array, start: number): string {
  b = bytes
  at = start
  return readItem() as string
}

function readItem(): unknown {
  const c = b[at++]!
  const info = c & 31
  switch (c >> 5) {
    case 0:
      return info < 24 ? info : readInteger(info, false)
    case 1:
      return info < 24 ? -1 - info : readInteger(info, true)
    case 2:
      return info === 31 ? readByteChunks() : readBytes(readArgument(info))
    case 3:
      return info === 31 ? readTextChunks() : readText(readArgument(info))
    case 4:
      return readList(info)
    case 5:
      return readDict(info)
    case 6:
      return readTagged(readArgument(info))
    default:
      return readSimple(info)
  }
}

function readArgument(info: number): number {
  if (info < 24) return info
  const size = 1 << (info - 24)
  const argument = readUint(b, at, size)
  at += size
  return argument
}

function readInteger(info: number, isNegative: boolean): number | bigint {
  if (info === 27 && !isNumber64(b, at)) {
    const value = readBigUint64(b, at)
    at += 8
    return isNegative ? -1n - value : value
  }
  const value = readArgument(info)
  if (!isNegative) return value
  return value < Number.MAX_SAFE_INTEGER ? -1 - value : -1n - BigInt(value)
}

function readText(length: number): string {
  const start = at
  at += length
  return length === 0 ? '' : utf8Slice(b, start, at)
}

function readTextChunks(): string {
  let text = ''
  while (b[at] !== 0xff) text += readItem() as string
  at++
  return text
}

function readBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  copyBytes(b, at, at + length, bytes, 0)
  at += length
  return bytes
}

function readByteChunks(): Uint8Array {
  const sink = new ByteSink(64)
  while (b[at] !== 0xff) {
    const length = readArgument(b[at++]! & 31)
    sink.need(length)
    copyBytes(b, at, at + length, sink.bytes, sink.length)
    sink.length += length
    at += length
  }
  at++
  const bytes = new Uint8Array(sink.length)
  copyBytes(sink.bytes, 0, sink.length, bytes, 0)
  return bytes
}

function readList(info: number): unknown[] {
  const list: unknown[] = []
  if (info === 31) {
    while (b[at] !== 0xff) list.push(readItem())
    at++
  } else {
    const length = readArgument(info)
    for (let i = 0; i < length; i++) list.push(readItem())
  }
  return list
}

function readDict(info: number): Dict {
  const dict: Record<string, unknown> = {}
  if (info === 31) {
    while (b[at] !== 0xff) readEntry(dict)
    at++
  } else {
    const length = readArgument(info)
    for (let i = 0; i < length; i++) readEntry(dict)
  }
  return dict
}

function readEntry(dict: Record<string, unknown>): void {
  const key = readItem()
  if (typeof key !== 'string') {
    const shown = typeof key === 'object' ? 'a container or bytes' : String(key)
    throw new UsageError('ERR_UNSERIALIZABLE', `Cannot read a CBOR dictionary with the key ${shown}; only strings are keys here`)
  }
  setKey(dict, key, readItem())
}

const TAG_POSITIVE = 2
const TAG_NEGATIVE = 3
/** RFC 8746: an array of unsigned bytes, which is how some JavaScript encoders write a Uint8Array. */
const TAG_UINT8_ARRAY = 64

function readTagged(tag: number): number | bigint | Uint8Array {
  const bytes = tag === TAG_POSITIVE || tag === TAG_NEGATIVE || tag === TAG_UINT8_ARRAY ? readItem() : undefined
  if (!(bytes instanceof Uint8Array))
    throw refusal(`the tag ${tag}: only 2 and 3, integers as bytes, and 64, bytes, have a form as a plain value`)
  if (tag === TAG_UINT8_ARRAY) return bytes
  let start = 0
  while (bytes[start] === 0) start++
  if (bytes.length - start > BIGINT_BYTES_MAX) throw refusal(`an integer of ${bytes.length} bytes; at most ${BIGINT_BYTES_MAX} are taken`)
  let hex = '0'
  for (let i = start; i < bytes.length; i++) hex += bytes[i]!.toString(16).padStart(2, '0')
  const value = BigInt(`0x${hex}`)
  return narrowed(tag === TAG_POSITIVE ? value : -1n - value)
}

function readSimple(info: number): unknown {
  switch (info) {
    case 20:
      return false
    case 21:
      return true
    case 22:
      return null
    case 23:
      if (isExact) throw refusal('undefined as a value of another format')
      return null
    case 25:
      at += 2
      return kept(readFloat16(b, at - 2))
    case 26:
      at += 4
      return kept(readFloat32(b, at - 4))
    case 27:
      at += 8
      return kept(readFloat64(b, at - 8))
    default:
      throw refusal(`the simple value ${info === 24 ? b[at]! : info}: it has no form as a plain value`)
  }
}

function kept(value: number): number | Float {
  return isExact && Number.isInteger(value) ? new Float(value) : value
}

function refusal(what: string): UsageError {
  return new UsageError('ERR_UNSERIALIZABLE', `Cannot read from CBOR ${what}`)
}

/** Writes heads and values; `sink` is set by whoever uses it. All lengths are definite and in their shortest form. */
export class CborWriter implements HeadWriter, ValueWriter {
  readonly format = 'CBOR'
  sink: ByteSink
  constructor(sink: ByteSink) {
    this.sink = sink
  }

  /** The head of an item; `major` is the major type in its place, the upper three bits. */
  #head(major: number, argument: number): void {
    const sink = this.sink
    sink.need(9)
    const bytes = sink.bytes
    let end = sink.length
    if (argument < 24) bytes[end++] = major | argument
    else if (argument < 0x100) {
      bytes[end] = major | 24
      bytes[end + 1] = argument
      end += 2
    } else if (argument < 0x10000) {
      bytes[end] = major | 25
      writeUint16(bytes, end + 1, argument)
      end += 3
    } else if (argument < 0x100000000) {
      bytes[end] = major | 26
      writeUint32(bytes, end + 1, argument)
      end += 5
    } else {
      bytes[end] = major | 27
      writeInt64(bytes, end + 1, argument)
      end += 9
    }
    sink.length = end
  }

  open(length: number): void {
    this.#head(0x80, length)
  }

  openDict(length: number): void {
    this.#head(0xa0, length)
  }

  nothing(): void {
    this.#head(0xe0, 22)
  }

  boolean(value: boolean): void {
    this.#head(0xe0, value ? 21 : 20)
  }

  integer(value: number): void {
    if (value >= 0) this.#head(0, value)
    else this.#head(0x20, -1 - value)
  }

  /** Within 64 bit a plain integer, beyond it one of the tags 2 and 3. */
  bigInteger(value: bigint): void {
    const isNegative = value < 0n
    const rest = isNegative ? -1n - value : value
    if (rest < 2n ** 64n) {
      const sink = this.sink
      sink.need(9)
      sink.bytes[sink.length] = isNegative ? 0x3b : 0x1b
      writeBigint64(sink.bytes, sink.length + 1, rest)
      sink.length += 9
      return
    }
    const length = bigintBytes(rest)
    if (length > BIGINT_BYTES_MAX) throw new TypeError(`an integer of more than ${BIGINT_BYTES_MAX} bytes is too long`)
    const hex = rest.toString(16).padStart(2 * length, '0')
    const bytes = allocate(length)
    for (let i = 0; i < length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
    this.#head(0xc0, isNegative ? TAG_NEGATIVE : TAG_POSITIVE)
    this.bytes(bytes)
  }

  float(value: number): void {
    const sink = this.sink
    sink.need(9)
    sink.bytes[sink.length] = 0xfb
    writeFloat64(sink.bytes, sink.length + 1, value)
    sink.length += 9
  }

  bytes(value: Uint8Array): void {
    const length = value.length
    this.#head(0x40, length)
    this.sink.need(length)
    copyBytes(value, 0, length, this.sink.bytes, this.sink.length)
    this.sink.length += length
  }

  string(value: string): void {
    if (!this.#short(value)) writeValue(this, value)
  }

  text(value: string): void {
    if (!this.#short(value)) this.#long(value)
  }

  /** Writes a short ASCII string; false, having written nothing, for any other. */
  #short(value: string): boolean {
    const length = value.length
    if (length > 63) return false
    const sink = this.sink
    sink.need(65)
    const bytes = sink.bytes
    let end = sink.length
    if (length < 24) bytes[end++] = 0x60 | length
    else {
      bytes[end++] = 0x78
      bytes[end++] = length
    }
    for (let i = 0; i < length; i++) {
      const c = value.charCodeAt(i)
      if (c > 127) return false
      bytes[end++] = c
    }
    sink.length = end
    return true
  }

  /** Writes the text behind a head that suits ASCII, and moves it when UTF-8 made it longer. */
  #long(value: string): void {
    const sink = this.sink
    sink.need(9 + 3 * value.length)
    const start = sink.length
    const guess = headSize(value.length)
    const length = utf8Write(sink.bytes, value, start + guess)
    if (length !== value.length && !value.isWellFormed()) throw new TypeError('a string with half a surrogate pair has no form in UTF-8')
    const size = headSize(length)
    if (size !== guess) sink.bytes.copyWithin(start + size, start + guess, start + guess + length)
    this.#head(0x60, length)
    sink.length = start + size + length
  }

  dict(value: Dict): void {
    if (value === EMPTY_DICT) this.#head(0xa0, 0)
    else writeValue(this, value)
  }
}

function headSize(length: number): number {
  return length < 24 ? 1 : length < 0x100 ? 2 : length < 0x10000 ? 3 : 5
}
