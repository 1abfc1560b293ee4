// MessagePack to values and back. Reading trusts that the bytes were walked before (msgpack-skip.ts), so it checks nothing
// but what a well-formed value may still lack: a form as a plain value (SER-24).

import { copyBytes, utf8Slice, utf8Write } from '../bytes.ts'
import { UsageError } from '../errors.ts'
import type { HeadWriter } from '../message-layout.ts'
import { type Dict, EMPTY_DICT } from '../messages.ts'
import type { ByteSink } from '../serializer.ts'
import { Float, setKey } from '../values.ts'
import {
  isNumber64,
  narrowed,
  readBigInt64,
  readBigUint64,
  readFloat32,
  readFloat64,
  readUint,
  readUint32,
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
 * Reads `count` values that stand one after the other from `start` on and have been walked before; `exact` as in
 * `Serializer.decodePayload`. Throws `ERR_UNSERIALIZABLE` for extension types and for dictionary keys that are no strings.
 */
export function readMsgpack(bytes: Uint8Array, start: number, count: number, exact: boolean): unknown[] {
  b = bytes
  at = start
  isExact = exact
  const items: unknown[] = []
  for (let i = 0; i < count; i++) items.push(readValue())
  return items
}

function readValue(): unknown {
  const c = b[at++]!
  if (c < 0x80) return c
  if (c >= 0xe0) return c - 256
  if (c < 0x90) return readDict(c & 15)
  if (c < 0xa0) return readList(c & 15)
  if (c < 0xc0) return readText(c & 31)
  switch (c) {
    case 0xc0:
      return null
    case 0xc2:
      return false
    case 0xc3:
      return true
    case 0xca:
      return readFloat(4)
    case 0xcb:
      return readFloat(8)
    case 0xd9:
    case 0xda:
    case 0xdb:
      return readText(readLength(1 << (c - 0xd9)))
    case 0xdc:
    case 0xdd:
      return readList(readLength(2 << (c - 0xdc)))
    case 0xde:
    case 0xdf:
      return readDict(readLength(2 << (c - 0xde)))
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return readBytes(readLength(1 << (c - 0xc4)))
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
      return readInteger(c)
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return readInteger(c)
    default:
      return refuseExtension(c)
  }
}

function readLength(size: number): number {
  const length = readUint(b, at, size)
  at += size
  return length
}

function readInteger(c: number): number | bigint {
  const start = at
  at += 1 << (c & 3)
  switch (c) {
    case 0xcf:
      return isNumber64(b, start) ? readUint(b, start, 8) : readBigUint64(b, start)
    case 0xd0:
      return (b[start]! << 24) >> 24
    case 0xd1:
      return (readUint(b, start, 2) << 16) >> 16
    case 0xd2:
      return readUint32(b, start) | 0
    case 0xd3:
      return narrowed(readBigInt64(b, start))
    default:
      return readUint(b, start, at - start)
  }
}

function readFloat(size: number): number | Float {
  const value = size === 8 ? readFloat64(b, at) : readFloat32(b, at)
  at += size
  return isExact && Number.isInteger(value) ? new Float(value) : value
}

function readText(length: number): string {
  const start = at
  at += length
  return length === 0 ? '' : utf8Slice(b, start, at)
}

function readBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  copyBytes(b, at, at + length, bytes, 0)
  at += length
  return bytes
}

function readList(length: number): unknown[] {
  const list: unknown[] = []
  for (let i = 0; i < length; i++) list.push(readValue())
  return list
}

function readDict(length: number): Dict {
  const dict: Record<string, unknown> = {}
  for (let i = 0; i < length; i++) {
    const key = readValue()
    if (typeof key !== 'string') {
      const shown = typeof key === 'object' ? 'a container or bytes' : String(key)
      throw new UsageError('ERR_UNSERIALIZABLE', `Cannot read a MessagePack dictionary with the key ${shown}; only strings are keys here`)
    }
    setKey(dict, key, readValue())
  }
  return dict
}

function refuseExtension(c: number): never {
  // fixext has the type right behind the head byte, ext behind its length of 1, 2 or 4 bytes.
  const typeAt = c >= 0xd4 ? at : at + (1 << (c - 0xc7))
  const type = (b[typeAt]! << 24) >> 24
  throw new UsageError('ERR_UNSERIALIZABLE', `Cannot read the MessagePack extension type ${type}: it has no form as a plain value`)
}

/** Writes heads and values; `sink` is set by whoever uses it. */
export class MsgpackWriter implements HeadWriter, ValueWriter {
  readonly format = 'MessagePack'
  sink: ByteSink
  constructor(sink: ByteSink) {
    this.sink = sink
  }

  #byte(value: number): void {
    const sink = this.sink
    sink.need(1)
    sink.bytes[sink.length++] = value
  }

  /** The head of a value whose length is written in 1, 2 or 4 bytes; `head8` is 0 where there is no form with one byte. */
  #head(length: number, head8: number, head16: number, head32: number): void {
    const sink = this.sink
    sink.need(5)
    const bytes = sink.bytes
    let end = sink.length
    if (length < 0x100 && head8 !== 0) {
      bytes[end] = head8
      bytes[end + 1] = length
      end += 2
    } else if (length < 0x10000) {
      bytes[end] = head16
      writeUint16(bytes, end + 1, length)
      end += 3
    } else {
      bytes[end] = head32
      writeUint32(bytes, end + 1, length)
      end += 5
    }
    sink.length = end
  }

  open(length: number): void {
    if (length < 16) this.#byte(0x90 | length)
    else this.#head(length, 0, 0xdc, 0xdd)
  }

  openDict(length: number): void {
    if (length < 16) this.#byte(0x80 | length)
    else this.#head(length, 0, 0xde, 0xdf)
  }

  nothing(): void {
    this.#byte(0xc0)
  }

  boolean(value: boolean): void {
    this.#byte(value ? 0xc3 : 0xc2)
  }

  integer(value: number): void {
    if (value >= 0 ? value < 128 : value >= -32) this.#byte(value)
    else if (value < 0x100000000 && value >= 0) this.#head(value, 0xcc, 0xcd, 0xce)
    else this.#wideInteger(value)
  }

  #wideInteger(value: number): void {
    const sink = this.sink
    sink.need(9)
    const bytes = sink.bytes
    const end = sink.length
    if (value >= 0 || value < -0x80000000) {
      bytes[end] = value < 0 ? 0xd3 : 0xcf
      writeInt64(bytes, end + 1, value)
      sink.length = end + 9
    } else if (value >= -128) {
      bytes[end] = 0xd0
      bytes[end + 1] = value
      sink.length = end + 2
    } else if (value >= -32768) {
      bytes[end] = 0xd1
      writeUint16(bytes, end + 1, value)
      sink.length = end + 3
    } else {
      bytes[end] = 0xd2
      writeUint32(bytes, end + 1, value)
      sink.length = end + 5
    }
  }

  bigInteger(value: bigint): void {
    if (value < -(2n ** 63n) || value >= 2n ** 64n) {
      throw new TypeError(`the integer ${shortened(value)} has more than 64 bit, which MessagePack has no form for`)
    }
    const sink = this.sink
    sink.need(9)
    sink.bytes[sink.length] = value < 0n ? 0xd3 : 0xcf
    writeBigint64(sink.bytes, sink.length + 1, value)
    sink.length += 9
  }

  float(value: number): void {
    const sink = this.sink
    sink.need(9)
    sink.bytes[sink.length] = 0xcb
    writeFloat64(sink.bytes, sink.length + 1, value)
    sink.length += 9
  }

  bytes(value: Uint8Array): void {
    const length = value.length
    this.#head(length, 0xc4, 0xc5, 0xc6)
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
    if (length < 32) bytes[end++] = 0xa0 | length
    else {
      bytes[end++] = 0xd9
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
    sink.need(5 + 3 * value.length)
    const start = sink.length
    const guess = headSize(value.length)
    const length = utf8Write(sink.bytes, value, start + guess)
    if (length !== value.length && !value.isWellFormed()) throw new TypeError('a string with half a surrogate pair has no form in UTF-8')
    const size = headSize(length)
    if (size !== guess) sink.bytes.copyWithin(start + size, start + guess, start + guess + length)
    if (size === 1) this.#byte(0xa0 | length)
    else this.#head(length, 0xd9, 0xda, 0xdb)
    sink.length = start + size + length
  }

  dict(value: Dict): void {
    if (value === EMPTY_DICT) this.#byte(0x80)
    else writeValue(this, value)
  }
}

function headSize(length: number): number {
  return length < 32 ? 1 : length < 0x100 ? 2 : length < 0x10000 ? 3 : 5
}

/** A bigint for an error message. Its digits are only written out when there are few. */
function shortened(value: bigint): string {
  return value > -(2n ** 128n) && value < 2n ** 128n ? String(value) : 'given'
}
