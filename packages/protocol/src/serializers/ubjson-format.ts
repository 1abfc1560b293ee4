// The two dialects that are spoken as "wamp.2.ubjson" (SER-12): UBJSON, draft 12, with numbers in network byte order, and BJData,
// draft 3, with numbers in little-endian order, unsigned integers of every width, half floats, and a marker of its own for
// bytes. They cannot read each other. What differs is here, as data.

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

export const UBJSON: Dialect = { name: 'UBJSON', isLittle: false, bytesMarker: M.uint8, sizes: sizesOf(COMMON) }
export const BJDATA: Dialect = {
  name: 'BJData',
  isLittle: true,
  bytesMarker: M.byte,
  sizes: sizesOf({ ...COMMON, [M.uint16]: 2, [M.uint32]: 4, [M.uint64]: 8, [M.float16]: 2, [M.byte]: 1 }),
}

const scratch = new Uint8Array(8)
const view = new DataView(scratch.buffer)

/** An integer of the type `code` at `at`, or `undefined` when that is no integer type. The bytes are there. */
export function readInteger(dialect: Dialect, b: Uint8Array, at: number, code: number): number | bigint | undefined {
  const size = dialect.sizes[code]!
  for (let i = 0; i < size && i < 8; i++) scratch[i] = b[at + i]!
  const { isLittle } = dialect
  switch (code) {
    case M.int8:
      return view.getInt8(0)
    case M.uint8:
    case M.byte:
      return view.getUint8(0)
    case M.int16:
      return view.getInt16(0, isLittle)
    case M.uint16:
      return view.getUint16(0, isLittle)
    case M.int32:
      return view.getInt32(0, isLittle)
    case M.uint32:
      return view.getUint32(0, isLittle)
    case M.int64:
      return view.getBigInt64(0, isLittle)
    case M.uint64:
      return view.getBigUint64(0, isLittle)
    default:
      return undefined
  }
}

/** A float of the type `code`, or `undefined` when that is no float type. */
export function readFloat(dialect: Dialect, b: Uint8Array, at: number, code: number): number | undefined {
  const { isLittle, sizes } = dialect
  const size = sizes[code]!
  for (let i = 0; i < size && i < 8; i++) scratch[i] = b[at + i]!
  if (code === M.float64) return view.getFloat64(0, isLittle)
  if (code === M.float32) return view.getFloat32(0, isLittle)
  return code === M.float16 ? half(view.getUint16(0, isLittle)) : undefined
}

/** A float of 16 bit (IEEE 754 binary16) from its bits. */
function half(bits: number): number {
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  let value: number
  if (exponent === 31) value = fraction === 0 ? Number.POSITIVE_INFINITY : Number.NaN
  else if (exponent === 0) value = fraction * 2 ** -24
  else value = (1 + fraction / 1024) * 2 ** (exponent - 15)
  return (bits & 0x8000) === 0 ? value : -value
}
