// Walks an application value and writes it with a binary format's writer. What values.ts says about undefined, `toJSON`
// and bytes is decided here, once for MessagePack, CBOR and UBJSON.

import { UsageError } from '../errors.ts'
import { ID_MAX } from '../ids.ts'
import type { Dict } from '../messages.ts'
import { ByteSink } from '../serializer.ts'
import { Float, NESTING_DEPTH_MAX, refuseValue } from '../values.ts'

/** Writes the parts of a value. Methods throw `TypeError` for what the format cannot hold. */
export interface ValueWriter {
  /** The format's name, for errors. */
  readonly format: string
  sink: ByteSink
  nothing(): void
  boolean(value: boolean): void
  /** An integer of -(2^53 - 1) … 2^53. */
  integer(value: number): void
  bigInteger(value: bigint): void
  float(value: number): void
  text(value: string): void
  bytes(value: Uint8Array): void
  /** Opens a list of `length` elements. */
  open(length: number): void
  /** Opens a dictionary of `length` keys. */
  openDict(length: number): void
  /** A key of a dictionary, in formats that write it otherwise than a text. */
  key?(value: string): void
  /** Closes the list or dictionary opened last, in formats that mark the end. */
  close?(isDict: boolean): void
}

// Where the walk is, for the error message: the keys from the outermost value down to the one being written.
const trail: (string | number)[] = []
let level = 0

/** Writes `value`. Throws `ERR_UNSERIALIZABLE`, saying what could not be written and where it stands. */
export function writeValue(writer: ValueWriter, value: unknown): void {
  level = 0
  try {
    write(writer, value, 0)
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    const place = level === 0 ? '' : ` at ${placeOf(trail.slice(0, level))}`
    throw new UsageError('ERR_UNSERIALIZABLE', `Cannot write ${writer.format}${place}: ${(cause as Error).message}`, { cause })
  }
}

function write(writer: ValueWriter, value: unknown, depth: number): void {
  switch (typeof value) {
    case 'string':
      writer.text(value)
      return
    case 'number':
      writeNumber(writer, value)
      return
    case 'boolean':
      writer.boolean(value)
      return
    case 'undefined':
      writer.nothing()
      return
    case 'bigint':
      writeBigint(writer, value)
      return
    case 'object':
      if (value === null) writer.nothing()
      else if (value instanceof Uint8Array) writer.bytes(value)
      else if (value instanceof Float) writer.float(value.value)
      else writeContainer(writer, value, depth)
      return
    default:
      refuseValue(value)
  }
}

/** Integers as integers, also 2^53 itself (ID-13, SER-08); everything else, and -0, as a float of 64 bit. */
function writeNumber(writer: ValueWriter, value: number): void {
  if (Number.isInteger(value) && value <= ID_MAX && value > -ID_MAX && !Object.is(value, -0)) writer.integer(value)
  else writer.float(value)
}

function writeBigint(writer: ValueWriter, value: bigint): void {
  if (value <= BigInt(ID_MAX) && value > -BigInt(ID_MAX)) writer.integer(Number(value))
  else writer.bigInteger(value)
}

function writeContainer(writer: ValueWriter, value: object, depth: number): void {
  if (depth >= NESTING_DEPTH_MAX) throw new TypeError(`the value nests deeper than ${NESTING_DEPTH_MAX} levels`)
  if (Array.isArray(value)) {
    const length = value.length
    writer.open(length)
    for (let i = 0; i < length; i++) {
      trail[depth] = i
      level = depth + 1
      write(writer, value[i], depth + 1)
    }
    writer.close?.(false)
    return
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    write(writer, value.toJSON(), depth + 1)
    return
  }
  const dict = value as Dict
  const keys = Object.keys(dict)
  let length = 0
  for (const key of keys) if (dict[key] !== undefined) length++
  writer.openDict(length)
  for (const key of keys) {
    const item = dict[key]
    if (item === undefined) continue
    if (--length < 0) break
    trail[depth] = key
    level = depth + 1
    if (writer.key === undefined) writer.text(key)
    else writer.key(key)
    write(writer, item, depth + 1)
  }
  // A getter or a toJSON can do this; the length written above would then be a lie.
  if (length !== 0) throw new TypeError('the object changed while it was being written')
  writer.close?.(true)
}

/** For example `[0].user["e-mail"]`. */
function placeOf(keys: readonly (string | number)[]): string {
  return keys
    .map((key, index) => {
      if (typeof key === 'number') return `[${key}]`
      if (!/^\w{1,60}$/.test(key)) return `[${JSON.stringify(key.slice(0, 60))}]`
      return index === 0 ? key : `.${key}`
    })
    .join('')
}

const SPARE_BYTES_MAX = 65536
let spare: ByteSink | undefined

/**
 * Writes `items` one after the other into memory of their own. The memory they are built in is used again, but never by
 * two at once: a `toJSON` may itself encode something.
 */
export function writeItems(makeWriter: (sink: ByteSink) => ValueWriter, items: readonly unknown[]): Uint8Array {
  const sink = spare ?? new ByteSink(1024)
  spare = undefined
  sink.length = 0
  const writer = makeWriter(sink)
  for (const item of items) writeValue(writer, item)
  const bytes = new Uint8Array(sink.length)
  bytes.set(sink.bytes.subarray(0, sink.length))
  if (sink.bytes.length <= SPARE_BYTES_MAX) spare = sink
  return bytes
}
