// Reads FlatBuffers: tables by their slots (flatbuffers-schema.ts), each offset checked against the frame before it is
// followed. The runtime that others use has no verifier; here nothing is read before it is known to be there.
//
// Offsets may point at the same bytes again and again, so a small frame could ask for work without end. The schema has no
// table within itself, so depth is bounded by the schema; everything that is visited is paid for from a budget that is a
// multiple of the frame's length.

import { utf8Slice } from '../bytes.ts'
import { ProtocolViolation } from '../errors.ts'
import { ID_MAX } from '../ids.ts'
import { hashStep, internAscii } from '../intern.ts'
import { setKey } from '../values.ts'
import type { Slot, Table } from './flatbuffers-schema.ts'
import { checkUtf8 } from './utf8.ts'

/** How often a frame may refer to the same bytes, on average. Builders that keep equal strings once stay far below. */
const VISITS_MAX = 4
/** For frames so small that their average says little. */
const VISITED_BYTES_SPARE = 1024

export class FlatReader {
  bytes: Uint8Array = new Uint8Array(0)
  start = 0
  end = 0
  #budget = 0
  /** Where the bytes of the vector begin and end that `vector` looked at last. */
  vectorAt = 0
  vectorEnd = 0

  /** Opens a frame and returns where its root table is. */
  open(bytes: Uint8Array, start: number, end: number): number {
    this.bytes = bytes
    this.start = start
    this.end = end
    this.#budget = (end - start) * VISITS_MAX + VISITED_BYTES_SPARE
    if (end - start < 4)
      throw new ProtocolViolation(`A FlatBuffers message must begin with an offset of 4 bytes, not end after ${end - start}`)
    return this.follow(start, 'message')
  }

  /** The value of the offset at `at`, which the caller has found to be inside the frame. */
  follow(at: number, label: string): number {
    const offset = this.uint32(at)
    if (offset > this.end - at - 4) throw this.#outside(label, at + offset)
    return at + offset
  }

  /** Checks the table at `at` and returns where its list of slots is. */
  table(at: number, label: string): number {
    const b = this.bytes
    const back = this.uint32(at) | 0
    const vtable = at - back
    if (vtable < this.start || vtable > this.end - 4) throw this.#outside(`${label}'s list of slots`, vtable)
    const vtableSize = b[vtable]! | (b[vtable + 1]! << 8)
    const tableSize = b[vtable + 2]! | (b[vtable + 3]! << 8)
    if (vtableSize < 4 || (vtableSize & 1) !== 0 || vtableSize > this.end - vtable)
      throw new ProtocolViolation(`${label} must have a list of slots inside the message, not one of ${vtableSize} bytes`)
    if (tableSize < 4 || tableSize > this.end - at)
      throw new ProtocolViolation(`${label} must be a table inside the message, not one of ${tableSize} bytes`)
    this.#spend(vtableSize + tableSize, label)
    return vtable
  }

  /** Where the table's value for a slot is, or -1 when the slot is absent. */
  slot(table: number, vtable: number, index: number, size: number, label: string): number {
    const b = this.bytes
    const entry = 4 + 2 * index
    if (entry + 2 > (b[vtable]! | (b[vtable + 1]! << 8))) return -1
    const offset = b[vtable + entry]! | (b[vtable + entry + 1]! << 8)
    if (offset === 0) return -1
    const tableSize = b[vtable + 2]! | (b[vtable + 3]! << 8)
    if (offset < 4 || offset + size > tableSize)
      throw new ProtocolViolation(`${label} must be inside its table of ${tableSize} bytes, not at byte ${offset}`)
    return table + offset
  }

  uint32(at: number): number {
    const b = this.bytes
    return (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)) >>> 0
  }

  uint64(at: number, label: string): number {
    const value = this.uint32(at + 4) * 2 ** 32 + this.uint32(at)
    // 2^53 + 1 is rounded to 2^53, but its low word tells.
    if (value > ID_MAX || (value === ID_MAX && this.uint32(at) !== 0))
      throw new ProtocolViolation(`${label} must be an integer of 0 … 2^53, not ${value}`)
    return value
  }

  /** Looks at the vector that the offset at `at` points to; returns its length in elements of `size` bytes. */
  vector(at: number, size: number, label: string): number {
    const start = this.follow(at, label)
    const length = this.uint32(start)
    if (length * size > this.end - start - 4)
      throw new ProtocolViolation(`${label} announces ${length} elements, but only ${this.end - start - 4} bytes are left`)
    this.#spend(4 + length * size, label)
    this.vectorAt = start + 4
    this.vectorEnd = start + 4 + length * size
    return length
  }

  /** The string that the offset at `at` points to. */
  string(at: number, label: string): string {
    this.vector(at, 1, label)
    const b = this.bytes
    const start = this.vectorAt
    const stop = this.vectorEnd
    let place = start
    let c = 0
    let hash = 0
    while (place < stop && (c = b[place]!) < 128) {
      hash = hashStep(hash, c)
      place++
    }
    if (place === stop) return internAscii(b, start, stop, hash)
    checkUtf8(b, place, stop, this.start)
    return utf8Slice(b, start, stop)
  }

  /** The value of a slot at `at`; `undefined` when it stands for an absent one. */
  value(slot: Slot, at: number): unknown {
    const label = slot.label
    switch (slot.kind) {
      case 'id':
        return this.uint64(at, label) || undefined
      case 'revocable':
        return this.uint64(at, label)
      case 'uint32':
        return this.uint32(at)
      case 'uint16':
        return this.bytes[at]! | (this.bytes[at + 1]! << 8)
      case 'positive':
        return this.bytes[at]! | (this.bytes[at + 1]! << 8) || undefined
      case 'bool':
        return this.bytes[at] !== 0
      case 'enum':
        return this.#name(slot, this.bytes[at]!) || undefined
      case 'string':
        return this.string(at, label)
      case 'map':
        return this.#map(slot, this.follow(at, label))
      case 'roles':
        return this.#dict(slot.table!, this.follow(at, label), label)
      case 'features': {
        const features = this.#dict(slot.table!, this.follow(at, label), label)
        return Object.keys(features).length === 0 ? features : { features }
      }
      default:
        return this.#list(slot, at)
    }
  }

  #list(slot: Slot, at: number): unknown[] {
    const { kind, label } = slot
    const size = kind === 'authmethods' ? 1 : kind === 'ids' ? 8 : 4
    const length = this.vector(at, size, label)
    const first = this.vectorAt
    const items: unknown[] = []
    for (let i = 0; i < length; i++) {
      const place = first + i * size
      if (kind === 'ids') items.push(this.uint64(place, label))
      else if (kind === 'authmethods') items.push(this.#name(slot, this.bytes[place]!))
      else if (kind === 'strings') items.push(this.string(place, label))
      else items.push(this.#dict(slot.table!, this.follow(place, label), label))
    }
    return items
  }

  /** The slots of a table as the keys of a dictionary. */
  #dict(table: Table, at: number, label: string): Record<string, unknown> {
    const vtable = this.table(at, label)
    const dict: Record<string, unknown> = {}
    for (const slot of table.slots) {
      const place = this.slot(at, vtable, slot.index, slot.size, slot.label)
      if (place < 0) continue
      const value = this.value(slot, place)
      if (value !== undefined) dict[slot.name] = value
    }
    return dict
  }

  /** A table of one key and its value as a dictionary. */
  #map(slot: Slot, at: number): Record<string, unknown> {
    const { key, value = null } = this.#dict(slot.table!, at, slot.label)
    if (key === undefined) throw new ProtocolViolation(`${slot.label} must have a key`)
    const dict: Record<string, unknown> = {}
    setKey(dict, key as string, value)
    return dict
  }

  #name(slot: Slot, number: number): string {
    const name = slot.names[number]
    if (name === undefined) throw new ProtocolViolation(`${slot.label} must be a number of 0 … ${slot.names.length - 1}, not ${number}`)
    return name
  }

  #spend(bytes: number, label: string): void {
    this.#budget -= bytes
    if (this.#budget < 0) throw new ProtocolViolation(`${label} refers to the same bytes of the message again and again`)
  }

  #outside(label: string, at: number): ProtocolViolation {
    return new ProtocolViolation(`${label} must be inside the message of ${this.end - this.start} bytes, not at byte ${at - this.start}`)
  }
}
