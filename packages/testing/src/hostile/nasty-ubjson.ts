// Elements that break decoders of UBJSON and BJData: what nasty.ts is for the other formats. The two differ in the order of the
// bytes of numbers, so the same bytes are a small count to one and a large one to the other.

const text = (value: string): Uint8Array => Buffer.from(value, 'latin1')
/** Markers as letters, numbers as bytes. */
const made = (...parts: readonly (string | number)[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? text(part) : Uint8Array.of(part))))

const DEPTHS = [30, 130, 1000, 20_000]
const FULL = [0xff, 0xff, 0xff, 0xff] as const
const HALF = [0x7f, 0xff, 0xff, 0xff] as const
const BAD_TEXTS = [[0xff, 0xfe], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0]]

/** Values of all kinds, well formed or not. */
export const nastyUbjson: readonly Uint8Array[] = [
  ...DEPTHS.map((depth) => text('['.repeat(depth) + ']'.repeat(depth))),
  ...DEPTHS.map((depth) => text('['.repeat(depth))),
  ...DEPTHS.map((depth) => Buffer.concat([...Array.from({ length: depth }, () => made('{U', 1, 'a')), text(`Z${'}'.repeat(depth)}`)])),
  ...DEPTHS.map((depth) => Buffer.concat(Array.from({ length: depth }, () => made('[#U', 1)))), // counted lists within lists
  made('{U', 9, '__proto__{U', 8, 'pollutedT}}'),
  made('{U', 11, 'constructor{U', 9, 'prototypeZ}}'),
  made('{U', 1, 'aZU', 1, 'aT}'), // the same key twice
  made('{Sa', 'Z}'),
  made('{U', 1, 'a}'), // without a value
  made('{U', 0, 'Z}'), // an empty key
  made('{#U', 2, 'U', 1, 'aZ'), // fewer pairs than announced
  made('{$U#U', 2, 'U', 1, 'a', 1, 'U', 1, 'b', 2),
  made('{$Z#U', 1, 'U', 1, 'a'),
  ...BAD_TEXTS.map((bad) => made('SU', bad.length, ...bad)),
  ...BAD_TEXTS.map((bad) => made('{U', bad.length, ...bad, 'Z}')),
  // Lengths that lie, or are no length.
  ...['S', 'H', '[#', '{#', '[$U#', '[$B#', '[$D#', '[$Z#', '[$[#', '{$U#', '[$S#'].flatMap((head) => [
    made(head, 'l', ...FULL),
    made(head, 'l', ...HALF),
    made(head, 'm', ...FULL),
    made(head, 'L', ...HALF, ...FULL),
    made(head, 'L', ...FULL, ...FULL),
    made(head, 'M', ...FULL, ...FULL),
    made(head, 'i', 0xff),
    made(head, 'i', 3),
    made(head, 'U', 0),
    made(head, 'U', 200),
    made(head, 'd', 0, 0, 0x80, 0x3f),
    made(head, 'Z'),
    made(head, 'S'),
    made(head),
  ]),
  made('[$U'),
  made('[$U]'),
  made('[$#U', 1),
  made('[$N#U', 3),
  made('[$$#U', 3),
  made('[$U#U', 3, 1, 2, 3),
  made('[$C#U', 2, 'ab'),
  made('[$T#U', 100),
  made('[#U', 2, 'ZZ]'), // an end that a counted list has not
  // Dimensions: an array of arrays in BJData, malformed in UBJSON.
  made('[$U#[U', 2, 'U', 2, ']', 1, 2, 3, 4),
  made('[$U#[$l#U', 2, ...HALF, ...HALF),
  made('[$U#[m', ...FULL, 'm', ...FULL, ']'),
  made('[$U#[]'),
  made('[$U#[[', 1),
  made('[#[U', 2, 'U', 1, ']ZZ'),
  made('NNNNZ'),
  made('N'),
  made('[NNNZN]'),
  made('{NU', 1, 'aNZN}'),
  made('Z'),
  made('T'),
  made('F'),
  made('i', 0x80),
  made('U', 255),
  made('L', 0x80, 0, 0, 0, 0, 0, 0, 0),
  made('L', 0, 0x20, 0, 0, 0, 0, 0, 1),
  made('L', 1, 0, 0, 0, 0, 0, 0x20, 0),
  made('M', ...FULL, ...FULL),
  made('u', 1, 0),
  made('h', 0, 0x7c),
  made('h', 0x7e, 0),
  made('D', 0x7f, 0xf8, 0, 0, 0, 0, 0, 0),
  made('D', 0, 0, 0, 0, 0, 0, 0xf8, 0x7f),
  made('d', 0x7f, 0x80, 0, 0),
  made('C', 'a'),
  made('C', 0x80),
  made('B', 7),
  made('HU', 1, '5'),
  made('HU', 22, '1234567890123456789012'),
  made('HU', 5, '1e400'),
  made('HU', 3, 'abc'),
  made('HU', 0),
  made(']'),
  made('}'),
  made('#'),
  made('$'),
  made('Q'),
  made(0),
]

/** Bytes that mean something: lengths that lie, types, brackets. */
export const ubjsonMarks: readonly Uint8Array[] = [
  ...['[', ']', '{', '}', 'N', '#', '$', '[$U#', '[#', 'Z', 'SU', 'H'].map(text),
  made('l', ...FULL),
  made('l', ...HALF),
  made('L', ...HALF, ...FULL),
  made('[$U#l', ...HALF),
  made('[$U#[$l#U', 2),
]
