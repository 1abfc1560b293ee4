// Writes FlatBuffers front to back: a table with its list of slots, behind it what its slots refer to. Builders elsewhere
// write back to front, so our bytes differ from theirs for the same message; a FlatBuffer has many valid layouts. This one
// leaves the payload for last, because whoever sends the frame appends it to the head.

import { utf8Write } from '../bytes.ts'
import { UsageError } from '../errors.ts'
import { ID_MAX } from '../ids.ts'
import { isDict, shown } from '../roles.ts'
import { ByteSink } from '../serializer.ts'
import { writeLength } from './flatbuffers-payload.ts'
import type { Slot, Table } from './flatbuffers-schema.ts'

export class FlatWriter {
  sink: ByteSink = new ByteSink(0)
  /** Where the frame begins in the sink; alignment counts from here. */
  base = 0
  /** Where the offsets to the payload's vectors stand, by the slot's name; 0 for none. */
  readonly vectors = { args: 0, kwargs: 0, payload: 0 }

  /** Begins a frame: the root table with the type of the message (SER-13). The message's own table comes next. */
  open(sink: ByteSink, type: number): void {
    this.sink = sink
    this.base = sink.length
    this.vectors.args = this.vectors.kwargs = this.vectors.payload = 0
    sink.need(ROOT.length)
    sink.bytes.set(ROOT, sink.length)
    sink.bytes[sink.length + ROOT_TYPE] = type
    sink.length += ROOT.length
  }

  /** Writes the table of the message, whose values are by slot, `undefined` for absent. */
  message(table: Table, values: readonly unknown[]): void {
    this.#patch(this.base + ROOT_TABLE, this.#table(table, values))
  }

  /** Fills up to a multiple of `size` bytes, less `before`, since the frame began. */
  align(size: number, before = 0): void {
    const sink = this.sink
    sink.need(size)
    while ((sink.length - this.base + before) % size !== 0) sink.bytes[sink.length++] = 0
  }

  #table(table: Table, values: readonly unknown[]): number {
    const sink = this.sink
    let entries = values.length
    while (entries > 0 && values[entries - 1] === undefined) entries--
    this.align(2)
    const vtable = sink.length
    const vtableSize = 4 + 2 * entries
    sink.need(vtableSize + 8 + 4 + 8 * entries)
    sink.length += vtableSize
    sink.bytes.fill(0, vtable, sink.length)
    this.align(8, 4) // so that the numbers of 64 bit, which come first in it, are aligned
    const at = sink.length
    let size = 4
    for (const slot of table.bySize) {
      const value = values[slot.index]
      if (value === undefined) continue
      const place = vtable + 4 + 2 * slot.index
      sink.bytes[place] = size
      sink.bytes[place + 1] = size >> 8
      this.#scalar(slot, value, at + size)
      size += slot.size
    }
    sink.bytes[vtable] = vtableSize
    sink.bytes[vtable + 1] = vtableSize >> 8
    sink.bytes[vtable + 2] = size
    sink.bytes[vtable + 3] = size >> 8
    writeLength(sink.bytes, at, at - vtable)
    sink.length = at + size
    for (const slot of table.slots) {
      const value = values[slot.index]
      if (value === undefined || !isReference(slot)) continue
      const place = at + (sink.bytes[vtable + 4 + 2 * slot.index]! | (sink.bytes[vtable + 5 + 2 * slot.index]! << 8))
      if (slot.kind === 'bytes') this.vectors[slot.name as 'args'] = place
      else this.#patch(place, this.#reference(slot, value))
    }
    return at
  }

  /** The values that stand in the table itself. */
  #scalar(slot: Slot, value: unknown, at: number): void {
    const b = this.sink.bytes
    switch (slot.kind) {
      case 'id':
      case 'revocable':
        writeUint64(b, at, number(slot, value, ID_MAX))
        return
      case 'uint32':
        writeLength(b, at, number(slot, value, 0xffffffff))
        return
      case 'uint16':
      case 'positive': {
        const checked = number(slot, value, 0xffff)
        b[at] = checked
        b[at + 1] = checked >> 8
        return
      }
      case 'bool':
        if (typeof value !== 'boolean') throw unserializable(slot, 'true or false', value)
        b[at] = value ? 1 : 0
        return
      case 'enum':
        b[at] = numberOf(slot, value)
        return
    }
  }

  /** Writes what a slot refers to and returns where it is. */
  #reference(slot: Slot, value: unknown): number {
    switch (slot.kind) {
      case 'string':
        return this.#string(slot, value)
      case 'ids':
      case 'strings':
      case 'authmethods':
      case 'principals':
        if (!Array.isArray(value)) throw unserializable(slot, 'a list', value)
        return this.#list(slot, value)
      case 'map': {
        const entries = isDict(value) ? Object.entries(value) : []
        const [key, item] = entries[0] ?? []
        if (entries.length !== 1) throw unserializable(slot, 'a dictionary of one key with a string', value)
        return this.#table(slot.table!, [key, item ?? undefined])
      }
      case 'roles':
        return this.#options(slot, value)
      default:
        return this.#options(slot, isDict(value) ? (value['features'] ?? {}) : value)
    }
  }

  /** A dictionary whose keys are the slots of a table; other keys have no place (SER-17). */
  #options(slot: Slot, dict: unknown): number {
    if (!isDict(dict)) throw unserializable(slot, 'a dictionary', dict)
    return this.#table(
      slot.table!,
      slot.table!.slots.map(({ name }) => (Object.hasOwn(dict, name) ? (dict[name] ?? undefined) : undefined)),
    )
  }

  #list(slot: Slot, items: readonly unknown[]): number {
    const { kind } = slot
    const size = kind === 'authmethods' ? 1 : kind === 'ids' ? 8 : 4
    // Methods that have no number can be offered by nobody here.
    const kept = kind === 'authmethods' ? items.filter((item) => slot.names.includes(item as string)) : items
    this.align(4)
    if (size === 8) this.align(8, 4)
    const at = this.#room(4 + kept.length * size)
    writeLength(this.sink.bytes, at, kept.length)
    for (let i = 0; i < kept.length; i++) {
      const place = at + 4 + i * size
      if (kind === 'ids') writeUint64(this.sink.bytes, place, number(slot, kept[i], ID_MAX))
      else if (kind === 'authmethods') this.sink.bytes[place] = numberOf(slot, kept[i])
      else this.#patch(place, kind === 'strings' ? this.#string(slot, kept[i]) : this.#options(slot, kept[i]))
    }
    return at
  }

  #string(slot: Slot, value: unknown): number {
    if (typeof value !== 'string') throw unserializable(slot, 'a string', value)
    this.align(4)
    const sink = this.sink
    sink.need(4 + 3 * value.length + 1)
    const at = sink.length
    const written = utf8Write(sink.bytes, value, at + 4)
    if (written !== value.length && !value.isWellFormed()) throw unserializable(slot, 'text without half of a surrogate pair', value)
    writeLength(sink.bytes, at, written)
    sink.bytes[at + 4 + written] = 0 // strings end with a zero that their length does not count
    sink.length = at + 4 + written + 1
    return at
  }

  #room(size: number): number {
    this.sink.need(size)
    this.sink.length += size
    return this.sink.length - size
  }

  /** Writes the offset at `at` that leads to `to`. */
  #patch(at: number, to: number): void {
    writeLength(this.sink.bytes, at, to - at)
  }

  /** Writes the offset at `at` that leads to a place in the payload, which is appended at the end. */
  patchToPayload(at: number, place: number): void {
    if (at > 0 && place >= 0) this.#patch(at, this.sink.length + place)
  }
}

// The root: its offset, a list of two slots, and the table with the offset to the message, then the byte of its type.
const ROOT = Uint8Array.of(12, 0, 0, 0, 8, 0, 9, 0, 8, 0, 4, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0)
const ROOT_TABLE = 16
const ROOT_TYPE = 20

function isReference(slot: Slot): boolean {
  return slot.size === 4 && slot.kind !== 'uint32'
}

function number(slot: Slot, value: unknown, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max)
    throw unserializable(slot, `an integer of 0 … ${max}`, value)
  return value
}

function numberOf(slot: Slot, value: unknown): number {
  const found = typeof value === 'string' && value !== '' ? slot.names.indexOf(value) : -1
  if (found < 0) throw unserializable(slot, `one of ${slot.names.filter((name) => name !== '').join(', ')}`, value)
  return found
}

function writeUint64(b: Uint8Array, at: number, value: number): void {
  writeLength(b, at, value % 2 ** 32)
  writeLength(b, at + 4, value / 2 ** 32)
}

function unserializable(slot: Slot, expected: string, value: unknown): UsageError {
  return new UsageError('ERR_UNSERIALIZABLE', `Cannot write FlatBuffers: ${slot.label} must be ${expected}, not ${shown(value)}`)
}
