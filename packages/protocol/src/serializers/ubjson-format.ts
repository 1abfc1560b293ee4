// The two dialects that are spoken as "wamp.2.ubjson" (SER-12): UBJSON, draft 12, with numbers in network byte order, and BJData,
// draft 3, with numbers in little-endian order, unsigned integers of every width, half floats, and a marker of its own for
// bytes. They cannot read each other. What differs is here, as data.

import { readFloat16 } from './binary-numbers.ts'

const marker = (character: string): number => character.charCodeAt(0)

export const M = {
  null: marker('Z'),
  noop: marker('N'),
  true: marker('T'),
  false: marker('F'),
  int8: marker('i'),
  uint8: marker('U'),
  int16: marker('I'),
  uint16: marker('u'),
  int32: marker('l'),
  uint32: marker('m'),
  int64: marker('L'),
  uint64: marker('M'),
  float16: marker('h'),
  float32: marker('d'),
  float64: marker('D'),
  byte: marker('B'),
  char: marker('C'),
  string: marker('S'),
  number: marker('H'),
  list: marker('['),
  listEnd: marker(']'),
  dict: marker('{'),
  dictEnd: marker('}'),
  type: marker('$'),
  count: marker('#'),
} as const

export interface Dialect {
  /** For errors. */
  readonly name: string
  readonly isLittle: boolean
  /** The type of a list of one type that stands for bytes: `[$B#…` or `[$U#…`. */
  readonly bytesMarker: number
  /** Whether a list of one type may have dimensions, `#[…]`, in place of its count. */
  readonly hasArrays: boolean
  /** How many bytes follow each marker of a fixed size; 255 for every other. */
  readonly sizes: Uint8Array
}

function sizesOf(sizes: { readonly [code: number]: number }): Uint8Array {
  const table = new Uint8Array(256).fill(255)
  for (const [code, size] of Object.entries(sizes)) table[Number(code)] = size
  return table
}

const COMMON = {
  [M.null]: 0,
  [M.true]: 0,
  [M.false]: 0,
  [M.int8]: 1,
  [M.uint8]: 1,
  [M.int16]: 2,
  [M.int32]: 4,
  [M.int64]: 8,
  [M.float32]: 4,
  [M.float64]: 8,
  [M.char]: 1,
}

export const UBJSON: Dialect = { name: 'UBJSON', isLittle: false, bytesMarker: M.uint8, hasArrays: false, sizes: sizesOf(COMMON) }
export const BJDATA: Dialect = {
  name: 'BJData',
  isLittle: true,
  bytesMarker: M.byte,
  hasArrays: true,
  sizes: sizesOf({ ...COMMON, [M.uint16]: 2, [M.uint32]: 4, [M.uint64]: 8, [M.float16]: 2, [M.byte]: 1 }),
}

const scratch = new Uint8Array(8)
const view = new DataView(scratch.buffer)

function load(b: Uint8Array, at: number, size: number): void {
  for (let i = 0; i < size; i++) scratch[i] = b[at + i]!
}

/** An integer of the type `code` at `at`, or `undefined` when that is no integer type. The bytes are there. */
export function readInteger(dialect: Dialect, b: Uint8Array, at: number, code: number): number | bigint | undefined {
  const { isLittle } = dialect
  switch (code) {
    case M.uint8:
    case M.byte:
      return b[at]
    case M.int8:
      return (b[at]! << 24) >> 24
    case M.int16:
      load(b, at, 2)
      return view.getInt16(0, isLittle)
    case M.uint16:
      load(b, at, 2)
      return view.getUint16(0, isLittle)
    case M.int32:
      load(b, at, 4)
      return view.getInt32(0, isLittle)
    case M.uint32:
      load(b, at, 4)
      return view.getUint32(0, isLittle)
    case M.int64:
      load(b, at, 8)
      return view.getBigInt64(0, isLittle)
    case M.uint64:
      load(b, at, 8)
      return view.getBigUint64(0, isLittle)
    default:
      return undefined
  }
}

/** A float of the type `code`, or `undefined` when that is no float type. The bytes are there. */
export function readFloat(dialect: Dialect, b: Uint8Array, at: number, code: number): number | undefined {
  const { isLittle } = dialect
  switch (code) {
    case M.float64:
      load(b, at, 8)
      return view.getFloat64(0, isLittle)
    case M.float32:
      load(b, at, 4)
      return view.getFloat32(0, isLittle)
    case M.float16:
      // Only BJData has these, in little-endian order; the shared reader wants them the other way round.
      scratch[0] = b[at + 1]!
      scratch[1] = b[at]!
      return readFloat16(scratch, 0)
    default:
      return undefined
  }
}
