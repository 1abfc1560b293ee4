// The serializer "wamp.2.ubjson", in its two dialects (ubjson-format.ts): BJData, which Autobahn|Python speaks since 26.6, and plain
// UBJSON, which it spoke before. Heads are read element by element, payloads only walked.
//
// Why a codec of our own: the one library in the registry writes bytes as lists, has no 64-bit integers, and a message of nine
// bytes makes it take seconds and gigabytes.

import { ProtocolViolation, UsageError } from '../errors.ts'
import { ID_MAX } from '../ids.ts'
import { type HeadReader, readMessage, writeHead } from '../message-layout.ts'
import { type Dict, EMPTY_DICT, type Message } from '../messages.ts'
import { EMPTY_PAYLOAD, Payload, type PayloadBytes } from '../payload.ts'
import { shown } from '../roles.ts'
import { ByteSink, type Serializer } from '../serializer.ts'
import { BJDATA, type Dialect, M, UBJSON } from './ubjson-format.ts'
import { UbjsonWalker } from './ubjson-skip.ts'
import { UbjsonValues, UbjsonWriter } from './ubjson-values.ts'
import { writeItems } from './value-writer.ts'

class UbjsonReader implements HeadReader {
  readonly #dialect: Dialect
  readonly #walker: UbjsonWalker
  readonly #values: UbjsonValues
  readonly #serializer: Serializer
  #at = 0
  /** Elements that are still to come; -1 when the end is marked. */
  #left = 0

  constructor(dialect: Dialect, values: UbjsonValues, serializer: Serializer) {
    this.#dialect = dialect
    this.#walker = new UbjsonWalker(dialect)
    this.#values = values
    this.#serializer = serializer
  }

  open(bytes: Uint8Array, start: number, end: number): void {
    const walker = this.#walker
    walker.open(bytes, start, end)
    const at = walker.marker(start)
    if (bytes[at] !== M.list) {
      throw new ProtocolViolation(`A message must be a list; in ${this.#dialect.name} 0x${bytes[at]!.toString(16)} does not begin one`)
    }
    const { type, count, at: body } = walker.container(at + 1, 0, false)
    if (type !== 0) throw new ProtocolViolation('A message must be a list of elements of any type, not of one type')
    this.#at = body
    this.#left = count
  }

  next(): boolean {
    const walker = this.#walker
    if (this.#left !== 0) {
      this.#at = walker.marker(this.#at)
      if (this.#left > 0) {
        this.#left--
        return true
      }
      if (walker.bytes[this.#at] !== M.listEnd) return true
      this.#at++
      this.#left = 0
    }
    if (this.#at !== walker.end) {
      throw new ProtocolViolation(`A message must end with its list; bytes follow at byte ${this.#at - walker.origin}`)
    }
    return false
  }

  /** The element that stands here; it is left behind. */
  #take(label: string): unknown {
    const start = this.#at
    this.#at = this.#walker.value(start, 0)
    return this.#read(start, this.#at, label)
  }

  /** The value at `start`, which was walked before and ends at `end`. */
  #read(start: number, end: number, label: string): unknown {
    try {
      return this.#values.readOne(this.#walker.bytes, start, end)
    } catch (cause) {
      if (!(cause instanceof UsageError)) throw cause
      throw new ProtocolViolation(`${label} must hold plain values. ${cause.message}`)
    }
  }

  integer(label: string): number {
    const value = this.#take(label)
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= ID_MAX && !Object.is(value, -0)) return value
    throw new ProtocolViolation(`${label} must be an integer of 0 … 2^53, not ${shown(value)}`)
  }

  string(label: string): string {
    const value = this.#take(label)
    if (typeof value === 'string') return value
    throw new ProtocolViolation(`${label} must be a string, not ${shown(value)}`)
  }

  stringOrNull(label: string): string | null {
    if (this.#walker.bytes[this.#at] !== M.null) return this.string(label)
    this.#at++
    return null
  }

  dict(label: string): Dict {
    const walker = this.#walker
    const start = this.#at
    if (walker.bytes[start] !== M.dict) throw new ProtocolViolation(`${label} must be a dictionary, not ${shown(this.#take(label))}`)
    this.#at = walker.dict(start, label)
    const value = this.#read(start, this.#at, label) as Dict
    return Object.keys(value).length > 0 ? value : EMPTY_DICT
  }

  payload(name: string, mayBeOpaque: boolean): Payload {
    const walker = this.#walker
    const start = this.#at
    const isBytes = this.#isBytes(start)
    const first = walker.bytes[start]
    if (first !== M.list || isBytes) {
      const isOpaque = mayBeOpaque && (isBytes || first === M.string || first === M.char)
      if (!isOpaque) {
        const label = `${name}.Arguments`
        throw new ProtocolViolation(`${label} must be a list, not ${shown(this.#take(label))}`)
      }
      const end = (this.#at = walker.value(start, 0))
      if (this.next()) throw new ProtocolViolation(`${name} must have nothing after an opaque payload`)
      return new Payload(1, this.#serializer, walker.bytes, start, end)
    }
    let end = (this.#at = walker.value(start, 0))
    let count: 1 | 2 = 1
    if (this.next()) {
      const label = `${name}.ArgumentsKw`
      if (walker.bytes[this.#at] !== M.dict) throw new ProtocolViolation(`${label} must be a dictionary, not ${shown(this.#take(label))}`)
      end = this.#at = walker.dict(this.#at, label)
      count = 2
      if (this.next()) throw new ProtocolViolation(`${name} must have nothing after ArgumentsKw`)
    }
    return new Payload(count, this.#serializer, walker.bytes, start, end)
  }

  /** Whether a list that stands for bytes begins here. */
  #isBytes(at: number): boolean {
    const { bytes, end } = this.#walker
    return at + 2 < end && bytes[at] === M.list && bytes[at + 1] === M.type && bytes[at + 2] === this.#dialect.bytesMarker
  }
}

function makeSerializer(dialect: Dialect): Serializer {
  const values = new UbjsonValues(dialect)
  const writer = new UbjsonWriter(dialect, new ByteSink(0))
  const serializer: Serializer = {
    name: 'ubjson',
    subprotocol: 'wamp.2.ubjson',
    rawSocketId: 4,
    isBinary: true,
    tail: Uint8Array.of(M.listEnd),

    decode(bytes: Uint8Array, start = 0, end = bytes.length): Message {
      reader.open(bytes, start, end)
      return readMessage(reader)
    },

    encodeHead(message: Message, head: ByteSink): PayloadBytes {
      writer.sink = head
      writeHead(writer, message)
      const payload = (message as { payload?: Payload }).payload
      return payload === undefined || payload.count === 0 ? EMPTY_PAYLOAD : payload.bytesIn(serializer)
    },

    decodePayload(bytes: Uint8Array, start: number, end: number, count: number, exact: boolean): unknown[] {
      return values.read(bytes, start, end, count, exact)
    },

    encodePayload(items: readonly unknown[]): Uint8Array {
      return writeItems((sink) => new UbjsonWriter(dialect, sink), items)
    },
  }
  const reader = new UbjsonReader(dialect, values, serializer)
  return serializer
}

/** "wamp.2.ubjson" as BJData, which Autobahn|Python speaks since 26.6. */
export const ubjsonSerializer = makeSerializer(BJDATA)
/** "wamp.2.ubjson" as plain UBJSON, draft 12, which Autobahn|Python spoke before. */
export const plainUbjsonSerializer = makeSerializer(UBJSON)
