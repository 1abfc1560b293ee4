// Where a FlatBuffers frame has its offsets, lengths, lists of slots and numbers, found by following a valid frame the way a
// decoder does. A mutation can then aim: a bit flipped in a text says nothing about offsets.

import { MESSAGE_TABLES } from '@crosspoint/protocol/internal'

type Slot = NonNullable<(typeof MESSAGE_TABLES)[number]>['slots'][number]

export interface Place {
  /** `origin`: from a table back to its list of slots. `entry`: one slot in such a list. `sizes`: the two in front of it. */
  readonly kind: 'offset' | 'origin' | 'sizes' | 'entry' | 'length' | 'number' | 'text'
  readonly at: number
  /** Bytes that it takes. */
  readonly size: number
}

/** The places of a frame, and where its tables are. */
export interface Places {
  readonly all: readonly Place[]
  readonly tables: readonly number[]
  /** What offsets lead to: tables, texts and vectors. */
  readonly targets: readonly number[]
  /** Offsets to vectors that hold offsets themselves. */
  readonly lists: readonly Place[]
}

/** Finds the places of a valid frame. */
export function placesOf(frame: Uint8Array): Places {
  const finder = new Finder(frame)
  finder.message()
  return finder
}

class Finder implements Places {
  readonly all: Place[] = []
  readonly tables: number[] = []
  readonly targets: number[] = []
  readonly lists: Place[] = []
  readonly #view: DataView

  constructor(frame: Uint8Array) {
    this.#view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  }

  /** The root has two slots: the type of the message, and the offset to its table. */
  message(): void {
    const root = this.#follow(0)
    const [typeAt, messageAt] = this.#table(root) as [number, number]
    this.#add('number', typeAt, 1)
    const { slots } = MESSAGE_TABLES[this.#view.getUint8(typeAt)]!
    this.#slots(slots, this.#follow(messageAt))
  }

  #add(kind: Place['kind'], at: number, size: number): void {
    if (size > 0) this.all.push({ kind, at, size })
  }

  #follow(at: number): number {
    this.#add('offset', at, 4)
    const target = at + this.#view.getUint32(at, true)
    this.targets.push(target)
    return target
  }

  /** Where the values of the slots are, 0 for absent ones. */
  #table(at: number): number[] {
    this.tables.push(at)
    this.#add('origin', at, 4)
    const list = at - this.#view.getInt32(at, true)
    this.#add('sizes', list, 2)
    this.#add('sizes', list + 2, 2)
    const places: number[] = []
    const end = list + this.#view.getUint16(list, true)
    for (let entry = list + 4; entry < end; entry += 2) {
      this.#add('entry', entry, 2)
      const offset = this.#view.getUint16(entry, true)
      places.push(offset === 0 ? 0 : at + offset)
    }
    return places
  }

  #slots(slots: readonly Slot[], table: number): void {
    for (const [index, at] of this.#table(table).entries()) {
      const slot = slots[index]
      if (at === 0 || slot === undefined) continue
      if (slot.kind === 'strings' || slot.kind === 'principals') this.lists.push({ kind: 'offset', at, size: 4 })
      const isReference = slot.size === 4 && slot.kind !== 'uint32'
      if (isReference) this.#reference(slot, this.#follow(at))
      else this.#add('number', at, slot.size)
    }
  }

  #reference(slot: Slot, target: number): void {
    if (slot.table !== undefined && slot.kind !== 'principals') return this.#slots(slot.table.slots, target)
    const length = this.#view.getUint32(target, true)
    this.#add('length', target, 4)
    const first = target + 4
    if (slot.kind === 'strings' || slot.kind === 'principals') {
      for (let index = 0; index < length; index++) {
        const item = this.#follow(first + 4 * index)
        if (slot.kind === 'principals') this.#slots(slot.table!.slots, item)
        else this.#text(item)
      }
    } else if (slot.kind === 'ids') for (let index = 0; index < length; index++) this.#add('number', first + 8 * index, 8)
    else this.#add('text', first, length)
  }

  #text(at: number): void {
    const length = this.#view.getUint32(at, true)
    this.#add('length', at, 4)
    this.#add('text', at + 4, length)
  }
}
