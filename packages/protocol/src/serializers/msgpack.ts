// The MessagePack serializer, "wamp.2.msgpack". Heads are read byte by byte, payloads only walked (msgpack-skip.ts), values
// read and written in msgpack-values.ts.
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
import { isNumber64, readFloat32, readFloat64, readUint } from './binary-numbers.ts'
import { bodyAt, cutMsgpack, readMsgpackLength, setMsgpackOrigin, skipMsgpackDict, skipMsgpackValue } from './msgpack-skip.ts'
import { MsgpackWriter, readMsgpack } from './msgpack-values.ts'
import { checkUtf8 } from './utf8.ts'
import { writeItems } from './value-writer.ts'

class MsgpackReader implements HeadReader {
  bytes: Uint8Array = new Uint8Array(0)
  start = 0
  at = 0
  end = 0
  /** Elements of the message that are still to come. */
  left = 0

  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.start = start
    this.end = end
    setMsgpackOrigin(start)
    this.left = readMsgpackLength(bytes, start, end, 0x90, 16, 0xdc)
    if (this.left < 0)
      throw new ProtocolViolation(`A message must be a list; in MessagePack 0x${bytes[start]!.toString(16)} does not begin one`)
    this.at = bodyAt
  }

  next(): boolean {
    if (this.left === 0) {
      if (this.at !== this.end)
        throw new ProtocolViolation(`A message must end with its list; bytes follow at byte ${this.at - this.start}`)
      return false
    }
    this.left--
    if (this.at >= this.end) throw cutMsgpack(this.end)
    return true
  }

  integer(label: string): number {
    const b = this.bytes
    const c = b[this.at]!
    if (c < 0x80) {
      this.at++
      return c
    }
    const start = this.at + 1
    const stop = skipMsgpackValue(b, this.at, this.end)
    let value = -1
    if (c >= 0xcc && c <= 0xce) value = readUint(b, start, stop - start)
    else if ((c === 0xcf || c === 0xd3) && isNumber64(b, start)) value = readUint(b, start, 8)
    else if (c >= 0xd0 && c <= 0xd2 && b[start]! < 128) value = readUint(b, start, stop - start)
    else if (c === 0xcb) value = readFloat64(b, start)
    else if (c === 0xca) value = readFloat32(b, start)
    if (!Number.isInteger(value) || value < 0 || value > ID_MAX || Object.is(value, -0)) {
      throw new ProtocolViolation(`${label} must be an integer of 0 … 2^53, not ${this.#shown()}`)
    }
    this.at = stop
    return value
  }

  string(label: string): string {
    const b = this.bytes
    const length = readMsgpackLength(b, this.at, this.end, 0xa0, 32, 0xd9)
    if (length < 0) throw new ProtocolViolation(`${label} must be a string, not ${this.#shown()}`)
    const start = bodyAt
    if (length > this.end - start) throw cutMsgpack(this.end)
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

  stringOrNull(label: string): string | null {
    if (this.bytes[this.at] !== 0xc0) return this.string(label)
    this.at++
    return null
  }

  dict(label: string): Dict {
    const start = this.at
    if (this.bytes[start] === 0x80) {
      this.at++
      return EMPTY_DICT
    }
    if (!isMap(this.bytes[start]!)) throw new ProtocolViolation(`${label} must be a dictionary, not ${this.#shown()}`)
    this.at = skipMsgpackDict(this.bytes, start, this.end, label)
    try {
      return readMsgpack(this.bytes, start, 1, false)[0] as Dict
    } catch (cause) {
      if (!(cause instanceof UsageError)) throw cause
      throw new ProtocolViolation(`${label} must hold plain values with strings as keys. ${cause.message}`)
    }
  }

  payload(name: string, mayBeOpaque: boolean): Payload {
    const b = this.bytes
    const start = this.at
    if (!isList(b[start]!)) {
      if (!mayBeOpaque || !isTextOrBytes(b[start]!)) throw new ProtocolViolation(`${name}.Arguments must be a list, not ${this.#shown()}`)
      const end = (this.at = skipMsgpackValue(b, start, this.end))
      if (this.next()) throw new ProtocolViolation(`${name} must have nothing after an opaque payload`)
      return new Payload(1, msgpackSerializer, b, start, end)
    }
    let end = (this.at = skipMsgpackValue(b, start, this.end))
    let count: 1 | 2 = 1
    if (this.next()) {
      if (!isMap(b[this.at]!)) throw new ProtocolViolation(`${name}.ArgumentsKw must be a dictionary, not ${this.#shown()}`)
      end = this.at = skipMsgpackDict(b, this.at, this.end, `${name}.ArgumentsKw`)
      count = 2
      if (this.next()) throw new ProtocolViolation(`${name} must have nothing after ArgumentsKw`)
    }
    return new Payload(count, msgpackSerializer, b, start, end)
  }

  /** The value that stands here, for an error message. */
  #shown(): string {
    skipMsgpackValue(this.bytes, this.at, this.end)
    try {
      return shown(readMsgpack(this.bytes, this.at, 1, false)[0])
    } catch (cause) {
      if (cause instanceof UsageError) return 'a value of an extension type, or with keys that are no strings'
      throw cause
    }
  }
}

const isList = (c: number) => (c & 0xf0) === 0x90 || c === 0xdc || c === 0xdd
/** str and bin of every length. */
const isTextOrBytes = (c: number) => (c & 0xe0) === 0xa0 || (c >= 0xd9 && c <= 0xdb) || (c >= 0xc4 && c <= 0xc6)
const isMap = (c: number) => (c & 0xf0) === 0x80 || c === 0xde || c === 0xdf

const reader = new MsgpackReader()
const writer = new MsgpackWriter(new ByteSink(0))

export const msgpackSerializer: Serializer = {
  name: 'msgpack',
  subprotocol: 'wamp.2.msgpack',
  rawSocketId: 2,
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
    return payload === undefined || payload.count === 0 ? EMPTY_PAYLOAD : payload.bytesIn(msgpackSerializer)
  },

  decodePayload(bytes: Uint8Array, start: number, _end: number, count: number, exact: boolean): unknown[] {
    return readMsgpack(bytes, start, count, exact)
  },

  encodePayload(items: readonly unknown[]): Uint8Array {
    return writeItems((sink) => new MsgpackWriter(sink), items)
  },
}
