// Frames of FlatBuffers, altered where they have structure: offsets, lists of slots, lengths of vectors, what the vectors of
// the payload hold, references to the same bytes again and again.

import { encodeMessage, flatbuffersSerializer, type Message, MessageType, Payload } from '@crosspoint/protocol'
import { messageOf } from '../conformance/lists.ts'
import type { SeededRandom } from '../conformance/seeded-random.ts'
import { byUse, pick, pickNasty } from './draw.ts'
import { type Place, type Places, placesOf } from './flat-places.ts'
import { nastyCbor } from './nasty.ts'

const SLOTS_MAX = 48
const REFERENCES_MAX = 3000

/** What builders other than ours write, and lists have no form for: all kinds of slots, and a payload that is no list. */
const RICH: readonly (readonly unknown[])[] = [
  [
    MessageType.PUBLISH,
    1,
    {
      exclude: [1, 2],
      exclude_authid: ['peter', 'gruß €'],
      eligible_authrole: ['anonymous', ''],
      retain: true,
      forward_for: [{ session: 1, authid: 'a', authrole: 'b' }, {}],
      ppt_scheme: 'mqtt',
    },
    'com.fuzz.topic',
    ['payload'],
  ],
  [MessageType.REGISTER, 1, { match: 'wildcard', invoke: 'random', concurrency: 3, force_reregister: true }, 'com.fuzz..rich'],
  [MessageType.HELLO, 'realm1', { roles: { caller: {} }, authmethods: ['ticket', 'anonymous'], authid: 'x', authextra: { key: 'value' } }],
]

const opaque: Message = {
  ...(messageOf([MessageType.PUBLISH, 1, { enc_algo: 'xbr', enc_serializer: 'cbor', enc_key: 'key' }, 'com.fuzz.topic']) as Message & {
    type: 16
  }),
  payload: Payload.opaque(Uint8Array.of(1, 2, 3, 250)),
}

export class FlatFrames {
  readonly valid: readonly Uint8Array[]
  readonly #places: readonly Places[]
  /** The frames that have a vector of offsets. */
  readonly #listed: readonly number[]
  readonly #messages: readonly Message[]

  /** `messages` as lists; what the schema has no slot for is left out of them. */
  constructor(messages: readonly (readonly unknown[])[]) {
    const all = [...byUse([...messages, ...RICH]).map(messageOf), opaque]
    this.#messages = all.filter((message) => (message as { payload?: Payload }).payload !== undefined && message !== opaque)
    this.valid = all.map((message) => encodeMessage(flatbuffersSerializer, message))
    this.#places = this.valid.map(placesOf)
    this.#listed = [...this.#places.keys()].filter((index) => this.#places[index]!.lists.length > 0)
  }

  altered(random: SeededRandom): Uint8Array {
    const index = random.below(this.valid.length)
    const frame = Buffer.from(this.valid[index]!)
    const places = this.#places[index]!
    switch (random.below(8)) {
      case 0:
        return this.#payload(random)
      case 1:
        return moreSlots(random, frame, places)
      case 2:
        return this.#manyReferences(random)
      case 3: {
        const place = pick(random, places.all) // broken off where something begins
        return frame.subarray(0, place.at + random.below(place.size + 1))
      }
      default:
        for (let times = 1 + random.below(2); times > 0; times--) aim(random, frame, pick(random, places.all), places)
        return frame
    }
  }

  /** A vector of offsets that all lead to one place, behind the frame, in the place of another vector of offsets. */
  #manyReferences(random: SeededRandom): Uint8Array {
    const index = pick(random, this.#listed)
    const { lists, targets } = this.#places[index]!
    const frame = padded(this.valid[index]!)
    // What they lead to is in a copy of the frame behind them, since offsets lead forward only.
    const copy = Buffer.from(frame)
    const count = 1 + random.below(REFERENCES_MAX)
    const references = Buffer.alloc(4 + 4 * count)
    references.writeUInt32LE(count)
    const target = frame.length + references.length + pick(random, targets)
    for (let at = 4; at < references.length; at += 4) references.writeUInt32LE(target - frame.length - at, at)
    const { at } = pick(random, lists)
    frame.writeUInt32LE(frame.length - at, at)
    return Buffer.concat([frame, references, copy])
  }

  /** Args, or args and kwargs, that hold other CBOR than a list and a dictionary. */
  #payload(random: SeededRandom): Uint8Array {
    const message = pick(random, this.#messages)
    const args = pickNasty(random, nastyCbor)
    const count = random.below(2) === 0 ? 1 : 2
    const region = count === 1 ? vector(args) : Buffer.concat([padded(vector(pickNasty(random, nastyCbor))), vector(args)])
    const payload = new Payload(count, flatbuffersSerializer, region, 0, region.length)
    return encodeMessage(flatbuffersSerializer, { ...message, payload } as Message)
  }
}

function vector(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return Buffer.concat([length, bytes])
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
}

const LENGTHS = [0, 1, 0x3fffffff, 0x40000000, 0x20000000, 0x1fffffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]
const NUMBERS = [
  '0',
  '1',
  '255',
  '65535',
  '4294967295',
  '9007199254740992',
  '9007199254740993',
  '9223372036854775808',
  '18446744073709551615',
]
const TEXTS = ['ff', 'c080', 'eda080', 'f4908080', 'e282', '00', '2e2e', '20'].map((hex) => Buffer.from(hex, 'hex'))

/** Puts something else in one place. */
function aim(random: SeededRandom, frame: Buffer, place: Place, { tables, targets }: Places): void {
  const { at, size, kind } = place
  const left = frame.length - at
  switch (kind) {
    case 'offset': // to what is there for somebody else, to the end, behind it, to itself
      frame.writeUInt32LE(pick(random, [pick(random, targets) - at, left, left - 4, left - 1, random.below(left), ...LENGTHS]) >>> 0, at)
      return
    case 'origin':
      frame.writeInt32LE(pick(random, [0, at, at + 1, -left, 4 - left, pick(random, tables) - at, random.below(64) - 32, 1 << 31]) | 0, at)
      return
    case 'length':
      frame.writeUInt32LE(pick(random, [left, left - 4, left - 3, (left >> 2) + 1, random.below(left), ...LENGTHS]) >>> 0, at)
      return
    case 'sizes':
    case 'entry':
      frame.writeUInt16LE(pick(random, [0, 1, 2, 3, 4, 5, 6, 7, 0x7fff, 0xffff, random.below(64), left & 0xffff]), at)
      return
    case 'number': {
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64LE(random.below(2) === 0 ? BigInt(pick(random, NUMBERS)) : BigInt(random.below(256)))
      bytes.copy(frame, at, 0, size)
      return
    }
    default:
      pick(random, TEXTS).copy(frame, at + random.below(size))
  }
}

/** A table with a new list of slots behind the frame: slots that were absent, or that nobody knows, anywhere in the table. */
function moreSlots(random: SeededRandom, frame: Buffer, { tables }: Places): Buffer {
  const table = pick(random, tables)
  const old = table - frame.readInt32LE(table)
  const oldSlots = (frame.readUInt16LE(old) - 4) >> 1
  const slots = Math.max(oldSlots, random.below(SLOTS_MAX))
  const tableSize = frame.readUInt16LE(old + 2)
  const list = Buffer.alloc(4 + 2 * slots)
  list.writeUInt16LE(list.length)
  list.writeUInt16LE(random.below(4) === 0 ? Math.min(0xffff, frame.length - table) : tableSize, 2)
  for (let slot = 0; slot < slots; slot++) {
    const isKept = slot < oldSlots && random.below(4) > 0
    list.writeUInt16LE(isKept ? frame.readUInt16LE(old + 4 + 2 * slot) : random.below(tableSize + 2), 4 + 2 * slot)
  }
  const whole = padded(frame)
  whole.writeInt32LE(table - whole.length, table)
  return Buffer.concat([whole, list])
}

/** Bytes that mean something: lengths that lie, offsets to nowhere, lists of slots. */
export const flatMarks: readonly Uint8Array[] = [
  ...LENGTHS.map((length) => Buffer.from(Uint32Array.of(length).buffer)),
  Buffer.from([4, 0, 4, 0]),
  Buffer.from([8, 0, 8, 0, 4, 0, 0, 0]),
  Buffer.from([12, 0, 0, 0]),
  Buffer.from([0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
]
