// The JSON serializer, "wamp.2.json". Heads are read byte by byte, payloads only walked (json-skip.ts); what JSON.parse and
// JSON.stringify would lose (bytes, integers beyond 2^53, floats that are integral) is handled in json-values.ts.

import { asciiSlice, utf8Slice, utf8Write } from '../bytes.ts'
import { ProtocolViolation, UsageError } from '../errors.ts'
import { ID_MAX } from '../ids.ts'
import { hashStep, internAscii } from '../intern.ts'
import { type HeadReader, type HeadWriter, readMessage, writeHead } from '../message-layout.ts'
import { type Dict, EMPTY_DICT, type Message } from '../messages.ts'
import { EMPTY_PAYLOAD, Payload, type PayloadBytes } from '../payload.ts'
import type { ByteSink, Serializer } from '../serializer.ts'
import { readHot, writeDigits, writeHot } from './json-hot.ts'
import { cut, setJsonOrigin, skipJsonString, skipJsonValue, unexpected } from './json-skip.ts'
import { parseJson, stringifyJson } from './json-values.ts'

class JsonReader implements HeadReader {
  bytes: Uint8Array = new Uint8Array(0)
  at = 0
  end = 0
  isFirst = true

  open(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes
    this.at = start
    this.end = end
    this.isFirst = true
    setJsonOrigin(start)
    if (this.#peek() !== 91) throw new ProtocolViolation('A message must be a list; a JSON message begins with "["')
    this.at++
  }

  /** The next byte that is not white space, without moving past it. */
  #peek(): number {
    let at = this.at
    let c = 0
    while (at < this.end && (c = this.bytes[at]!) <= 32) {
      if (c !== 32 && c !== 10 && c !== 13 && c !== 9) throw unexpected(this.bytes, at)
      at++
    }
    this.at = at
    if (at >= this.end) throw cut(at)
    return c
  }

  next(): boolean {
    const c = this.#peek()
    if (this.isFirst) {
      this.isFirst = false
      if (c !== 93) return true
    } else if (c === 44) {
      this.at++
      this.#peek()
      return true
    } else if (c !== 93) throw unexpected(this.bytes, this.at)
    this.at++
    this.#expectEnd()
    return false
  }

  #expectEnd(): void {
    for (let at = this.at; at < this.end; at++) {
      const c = this.bytes[at]!
      if (c !== 32 && c !== 10 && c !== 13 && c !== 9) throw unexpected(this.bytes, at)
    }
  }

  integer(label: string): number {
    const b = this.bytes
    const start = this.at
    let at = start
    let c = b[at]!
    // Eight digits at a time stay within 32 bit; ids have up to sixteen (2^53).
    let high = 0
    while (at < this.end && at < start + 8 && (c = b[at]!) >= 48 && c <= 57) {
      high = high * 10 + c - 48
      at++
    }
    let value = high
    if (at === start + 8) {
      let low = 0
      let scale = 1
      while (at < this.end && at < start + 16 && (c = b[at]!) >= 48 && c <= 57) {
        low = low * 10 + c - 48
        scale *= 10
        at++
      }
      value = high * scale + low
      // 2^53 = 90071992_54740992: beyond it the sum is no longer exact.
      if (scale === 100000000 && (high > 90071992 || (high === 90071992 && low > 54740992))) throw notInteger(this, label)
    }
    c = at < this.end ? b[at]! : 0
    if (at === start || c === 46 || c === 69 || c === 101 || (c >= 48 && c <= 57) || (b[start] === 48 && at > start + 1)) {
      return this.#unusualInteger(label)
    }
    this.at = at
    return value
  }

  /** `1.0` and `1e3` are integers too (ID-12); everything else that is not one ends here. */
  #unusualInteger(label: string): number {
    const start = this.at
    const c = this.bytes[start]!
    if (c !== 45 && (c < 48 || c > 57)) throw notInteger(this, label)
    const at = skipJsonValue(this.bytes, start, this.end)
    const text = asciiSlice(this.bytes, start, at)
    const value = Number(text)
    if (!Number.isInteger(value) || value < 0 || value > ID_MAX || Object.is(value, -0)) throw notInteger(this, label)
    if (value === ID_MAX && !/^9007199254740992(\.0*)?$/.test(text)) throw notInteger(this, label)
    this.at = at
    return value
  }

  string(label: string): string {
    const b = this.bytes
    if (b[this.at] !== 34) throw new ProtocolViolation(`${label} must be a string, not ${this.#shown()}`)
    const start = this.at + 1
    let at = start
    let c = 0
    let hash = 0
    while (at < this.end && (c = b[at]!) !== 34 && c >= 32 && c < 128 && c !== 92) {
      hash = hashStep(hash, c)
      at++
    }
    if (at >= this.end) throw cut(at)
    if (c === 34) {
      this.at = at + 1
      return internAscii(b, start, at, hash)
    }
    const stop = skipJsonString(b, start, this.end, false)
    const text = JSON.parse(utf8Slice(b, start - 1, stop)) as string
    if (text.charCodeAt(0) === 0) throw new ProtocolViolation(`${label} must be a string, not bytes: ${this.#shown()}`)
    this.at = stop
    return text
  }

  stringOrNull(label: string): string | null {
    if (this.bytes[this.at] !== 110) return this.string(label)
    this.at = skipJsonValue(this.bytes, this.at, this.end)
    return null
  }

  dict(label: string): Dict {
    const b = this.bytes
    const start = this.at
    if (b[start] !== 123) throw new ProtocolViolation(`${label} must be a dictionary, not ${this.#shown()}`)
    if (b[start + 1] === 125 && start + 1 < this.end) {
      this.at = start + 2
      return EMPTY_DICT
    }
    this.at = skipJsonValue(b, start, this.end)
    return parseJson(utf8Slice(b, start, this.at), false) as Dict
  }

  payload(name: string, mayBeOpaque: boolean): Payload {
    const b = this.bytes
    const start = this.at
    if (b[start] !== 91) {
      if (!mayBeOpaque || !(b[start] === 34)) throw new ProtocolViolation(`${name}.Arguments must be a list, not ${this.#shown()}`)
      const end = (this.at = skipJsonValue(b, start, this.end))
      if (this.next()) throw new ProtocolViolation(`${name} must have nothing after an opaque payload`)
      return new Payload(1, jsonSerializer, b, start, end)
    }
    let end = (this.at = skipJsonValue(b, start, this.end))
    let count: 1 | 2 = 1
    if (this.next()) {
      if (b[this.at] !== 123) throw new ProtocolViolation(`${name}.ArgumentsKw must be a dictionary, not ${this.#shown()}`)
      end = this.at = skipJsonValue(b, this.at, this.end)
      count = 2
      if (this.next()) throw new ProtocolViolation(`${name} must have nothing after ArgumentsKw`)
    }
    return new Payload(count, jsonSerializer, b, start, end)
  }

  /** The value that stands here, for an error message. */
  #shown(): string {
    const start = this.at
    const at = skipJsonValue(this.bytes, start, this.end)
    const text = utf8Slice(this.bytes, start, Math.min(at, start + 60))
    return at > start + 60 ? `${text}…` : text
  }

  describe(): string {
    return this.#shown()
  }
}

function notInteger(reader: JsonReader, label: string): ProtocolViolation {
  return new ProtocolViolation(`${label} must be an integer of 0 … 2^53, not ${reader.describe()}`)
}

class JsonWriter implements HeadWriter {
  sink: ByteSink | undefined
  isFirst = true

  open(): void {
    const sink = this.sink!
    sink.need(1)
    sink.bytes[sink.length++] = 91
    this.isFirst = true
  }
  #comma(sink: ByteSink): void {
    if (this.isFirst) this.isFirst = false
    else sink.bytes[sink.length++] = 44
  }
  integer(value: number): void {
    const sink = this.sink!
    sink.need(18)
    this.#comma(sink)
    sink.length = writeDigits(sink.bytes, sink.length, value)
  }
  string(value: string): void {
    const sink = this.sink!
    sink.need(3 + value.length)
    this.#comma(sink)
    const b = sink.bytes
    let at = sink.length
    b[at++] = 34
    for (let i = 0; i < value.length; i++) {
      const c = value.charCodeAt(i)
      if (c < 32 || c > 126 || c === 34 || c === 92) {
        if (c === 0 && i === 0)
          throw new UsageError('ERR_UNSERIALIZABLE', 'Cannot write JSON: a string that begins with U+0000 means bytes')
        this.#text(sink, JSON.stringify(value))
        return
      }
      b[at++] = c
    }
    b[at++] = 34
    sink.length = at
  }
  nothing(): void {
    const sink = this.sink!
    sink.need(1)
    this.#comma(sink)
    this.#text(sink, 'null')
  }
  dict(value: Dict): void {
    const sink = this.sink!
    sink.need(3)
    this.#comma(sink)
    if (value === EMPTY_DICT) {
      sink.bytes[sink.length++] = 123
      sink.bytes[sink.length++] = 125
    } else this.#text(sink, stringifyJson(value))
  }
  #text(sink: ByteSink, text: string): void {
    sink.need(3 * text.length)
    sink.length += utf8Write(sink.bytes, text, sink.length)
  }
}

const reader = new JsonReader()
const writer = new JsonWriter()
const CLOSE = new Uint8Array([93])

export const jsonSerializer: Serializer = {
  name: 'json',
  subprotocol: 'wamp.2.json',
  rawSocketId: 1,
  isBinary: false,
  tail: CLOSE,

  decode(bytes: Uint8Array, start = 0, end = bytes.length): Message {
    const hot = readHot(bytes, start, end, jsonSerializer)
    if (hot !== undefined) return hot
    reader.open(bytes, start, end)
    return readMessage(reader)
  },

  encodeHead(message: Message, head: ByteSink): PayloadBytes {
    if (!writeHot(message, head)) {
      writer.sink = head
      writeHead(writer, message)
    }
    const payload = (message as { payload?: Payload }).payload
    if (payload === undefined || payload.count === 0) return EMPTY_PAYLOAD
    const bytes = payload.bytesIn(jsonSerializer)
    head.need(1)
    head.bytes[head.length++] = 44
    return bytes
  },

  decodePayload(bytes: Uint8Array, start: number, end: number, count: number, exact: boolean): unknown[] {
    const text = utf8Slice(bytes, start, end)
    return count === 1 ? [parseJson(text, exact)] : (parseJson(`[${text}]`, exact) as unknown[])
  },

  encodePayload(items: readonly unknown[]): Uint8Array {
    const text = items.map(stringifyJson).join(',')
    const bytes = new Uint8Array(text.length * 3)
    return bytes.slice(0, utf8Write(bytes, text, 0))
  },
}
