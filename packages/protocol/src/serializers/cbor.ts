// The CBOR serializer (RFC 8949), "wamp.2.cbor". Heads are read byte by byte, payloads only walked (cbor-skip.ts), values
// read and written in cbor-values.ts.
//
// Why a codec of our own and not a package: floats must stay floats when a payload goes over to another format (SER-25),
// `__proto__` is a key like any other for the peers that send JSON, a key that stands twice must be seen (SER-10), depth
// and announced sizes are checked before memory is taken (SER-26), and the browser client carries no dependency.

import { utf8Slice } from '../bytes.ts'
import { ProtocolViolation, UsageError } from '../errors.ts'
import { ID_MAX } from '../ids.ts'
import { hashStep, internAscii } from '../intern.ts'
import { type HeadReader, readMessage, writeHead } from '../message-layout.ts'
import { type Dict, EMPTY_DICT, type Message } from '../messages.ts'
import { EMPTY_PAYLOAD, Payload, type PayloadBytes } from '../payload.ts'
import { shown } from '../roles.ts'
import { ByteSink, type Serializer } from '../serializer.ts'
import { isNumber64, readFloat16, readFloat32, readFloat64 } from './binary-numbers.ts'
import { bodyAt, cutCbor, INDEFINITE, readCborHead, setCborOrigin, skipCborDict, skipCborItem } from './cbor-skip.ts'
import { CborWriter, readCbor, readCborText } from './cbor-values.ts'
import { checkUtf8 } from './utf8.ts'
import { writeItems } from './value-writer.ts'

// Major types, as the upper three bits of a head.
const UNSIGNED = 0
const BYTES = 2
const TEXT = 3
const LIST = 4
const MAP = 5
const BREAK = 0xff

class CborReader implements HeadReader {
  bytes: Uint8Array = new Uint8Array(0)
  start = 0
  at = 0
  end = 0
  /** Elements of the message that are still to come; `INDEFINITE` when a break ends them. */
  left = 0

  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.start = start
    this.end = end
    setCborOrigin(start)
    if (start >= end) throw cutCbor(end)
    if (bytes[start]! >> 5 !== LIST) {
      throw new ProtocolViolation(`A message must be a list; in CBOR 0x${bytes[start]!.toString(16)} does not begin one`)
    }
    this.left = readCborHead(bytes, start, end)
    this.at = bodyAt
  }

  next(): boolean {
    if (this.left > 0) {
      this.left--
      if (this.at >= this.end) throw cutCbor(this.end)
      return true
    }
    if (this.left === INDEFINITE) {
      if (this.at >= this.end) throw cutCbor(this.end)
      if (this.bytes[this.at] !== BREAK) return true
      this.at++
      this.left = 0
    }
    if (this.at !== this.end) throw new ProtocolViolation(`A message must end with its list; bytes follow at byte ${this.at - this.start}`)
    return false
  }

  integer(label: string): number {
    const b = this.bytes
    const c = b[this.at]!
    if (c < 24) {
      this.at++
      return c
    }
    const stop = skipCborItem(b, this.at, this.end)
    let value = -1
    if (c >> 5 === UNSIGNED) {
      value = readCborHead(b, this.at, this.end)
      if (c === 0x1b && !isNumber64(b, this.at + 1)) value = -1
    } else if (c === 0xfb) value = readFloat64(b, this.at + 1)
    else if (c === 0xfa) value = readFloat32(b, this.at + 1)
    else if (c === 0xf9) value = readFloat16(b, this.at + 1)
    if (!Number.isInteger(value) || value < 0 || value > ID_MAX || Object.is(value, -0)) {
      throw new ProtocolViolation(`${label} must be an integer of 0 … 2^53, not ${this.#shown()}`)
    }
    this.at = stop
    return value
  }

  string(label: string): string {
    const b = this.bytes
    if (b[this.at]! >> 5 !== TEXT) throw new ProtocolViolation(`${label} must be a string, not ${this.#shown()}`)
    const length = readCborHead(b, this.at, this.end)
    if (length === INDEFINITE) return this.#chunkedString()
    const start = bodyAt
    if (length > this.end - start) throw cutCbor(this.end)
    const stop = start + length
    let at = start
    let c = 0
    let hash = 0
    while (at < stop && (c = b[at]!) < 128) {
      hash = hashStep(hash, c)
      at++
    }
    this.at = stop
    if (at === stop) return internAscii(b, start, stop, hash)
    checkUtf8(b, at, stop, this.start)
    return utf8Slice(b, start, stop)
  }

  #chunkedString(): string {
    const start = this.at
    this.at = skipCborItem(this.bytes, start, this.end)
    return readCborText(this.bytes, start)
  }

  stringOrNull(label: string): string | null {
    if (this.bytes[this.at] !== 0xf6) return this.string(label)
    this.at++
    return null
  }

  dict(label: string): Dict {
    const start = this.at
    if (this.bytes[start] === 0xa0) {
      this.at++
      return EMPTY_DICT
    }
    if (this.bytes[start]! >> 5 !== MAP) throw new ProtocolViolation(`${label} must be a dictionary, not ${this.#shown()}`)
    this.at = skipCborDict(this.bytes, start, this.end, label)
    try {
      return readCbor(this.bytes, start, 1, false)[0] as Dict
    } catch (cause) {
      if (!(cause instanceof UsageError)) throw cause
      throw new ProtocolViolation(`${label} must hold plain values with strings as keys. ${cause.message}`)
    }
  }

  payload(name: string, mayBeOpaque: boolean): Payload {
    const b = this.bytes
    const start = this.at
    if (b[start]! >> 5 !== LIST) {
      if (!mayBeOpaque || !(b[start]! >> 5 === TEXT || b[start]! >> 5 === BYTES))
        throw new ProtocolViolation(`${name}.Arguments must be a list, not ${this.#shown()}`)
      const end = (this.at = skipCborItem(b, start, this.end))
      if (this.next()) throw new ProtocolViolation(`${name} must have nothing after an opaque payload`)
      return new Payload(1, cborSerializer, b, start, end)
    }
    let end = (this.at = skipCborItem(b, start, this.end))
    let count: 1 | 2 = 1
    if (this.next()) {
      if (b[this.at]! >> 5 !== MAP) throw new ProtocolViolation(`${name}.ArgumentsKw must be a dictionary, not ${this.#shown()}`)
      end = this.at = skipCborDict(b, this.at, this.end, `${name}.ArgumentsKw`)
      count = 2
      if (this.next()) throw new ProtocolViolation(`${name} must have nothing after ArgumentsKw`)
    }
    return new Payload(count, cborSerializer, b, start, end)
  }

  /** The item that stands here, for an error message. */
  #shown(): string {
    skipCborItem(this.bytes, this.at, this.end)
    try {
      return shown(readCbor(this.bytes, this.at, 1, false)[0])
    } catch (cause) {
      if (cause instanceof UsageError) return 'an item with a tag, or with keys that are no strings'
      throw cause
    }
  }
}

const reader = new CborReader()
const writer = new CborWriter(new ByteSink(0))

export const cborSerializer: Serializer = {
  name: 'cbor',
  subprotocol: 'wamp.2.cbor',
  rawSocketId: 3,
  isBinary: true,
  tail: new Uint8Array(0),

  decode(bytes: Uint8Array, start = 0, end = bytes.length): Message {
    reader.open(bytes, start, end)
    return readMessage(reader)
  },

  encodeHead(message: Message, head: ByteSink): PayloadBytes {
    writer.sink = head
    writeHead(writer, message)
    const payload = (message as { payload?: Payload }).payload
    return payload === undefined || payload.count === 0 ? EMPTY_PAYLOAD : payload.bytesIn(cborSerializer)
  },

  decodePayload(bytes: Uint8Array, start: number, _end: number, count: number, exact: boolean): unknown[] {
    return readCbor(bytes, start, count, exact)
  },

  encodePayload(items: readonly unknown[]): Uint8Array {
    return writeItems((sink) => new CborWriter(sink), items)
  },
}
