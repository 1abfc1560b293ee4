// Elements that break decoders: too deep, too large, not UTF-8, keys that mean something to JavaScript, lengths that lie.
// Some of them are well formed; a router may take those and must then pass them on whole.

const text = (value: string): Uint8Array => Buffer.from(value, 'utf8')
const bytes = (...values: readonly number[]): Uint8Array => new Uint8Array(values)
const repeated = (part: readonly number[], times: number, end: readonly number[]): Uint8Array =>
  Buffer.concat([...Array.from({ length: times }, () => bytes(...part)), bytes(...end)])

// A little below what any decoder takes, above what most take, and what overflows a stack that recursion uses.
const DEPTHS = [30, 130, 1000, 20_000]

export const nastyJson: readonly Uint8Array[] = [
  ...DEPTHS.map((depth) => text('['.repeat(depth) + ']'.repeat(depth))),
  ...DEPTHS.map((depth) => text(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)),
  text('['.repeat(5000)),
  ...[
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"__proto__":null,"toString":1,"hasOwnProperty":2,"valueOf":[]}',
    '["__proto__"]',
    '"__proto__"',
    '{"a":1,"a":2}',
    '{"match":"exact","match":"prefix"}',
    '{"":{"":{"":0}}}',
    '1e400',
    '-1e400',
    '-0',
    '0.1',
    '9007199254740993',
    '18446744073709551616',
    '123456789012345678901234567890123456789012345678901234567890',
    `1${'0'.repeat(2000)}`,
    '1.0',
    '1e0',
    '01',
    '+1',
    '.5',
    '5.',
    '0x10',
    'NaN',
    'Infinity',
    'undefined',
    'null',
    'true',
    'false',
    'nul',
    '-1',
    '0',
    '""',
    '"\\u0000AAEC"',
    '"\\u0000not base64!"',
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"\\u12"',
    '"\\x41"',
    '"unclosed',
    "'single'",
    '"line\nbreak"',
    '[1,]',
    '[,1]',
    '{"a"}',
    '{"a":}',
    '{a:1}',
    '{1:2}',
    '//',
    '[] []',
    ' \t\r\n 7 \t\r\n ',
    '\ufeff1',
  ].map(text),
  Buffer.concat([text('"'), bytes(0xff, 0xfe), text('"')]),
  Buffer.concat([text('"'), bytes(0xc0, 0x80), text('"')]), // overlong NUL
  Buffer.concat([text('"'), bytes(0xed, 0xa0, 0x80), text('"')]), // a surrogate in UTF-8
  Buffer.concat([text('"'), bytes(0xf4, 0x90, 0x80, 0x80), text('"')]), // beyond U+10FFFF
  Buffer.concat([text('"'), bytes(0xe2, 0x82), text('"')]), // cut short
  Buffer.concat([text('{"'), bytes(0x80), text('":1}')]),
]

const msgpackText = (value: Uint8Array): Uint8Array => Buffer.concat([bytes(0xa0 | value.length), value])
const MSGPACK_PROTO = msgpackText(text('__proto__'))

export const nastyMsgpack: readonly Uint8Array[] = [
  ...DEPTHS.map((depth) => repeated([0x91], depth, [0x90])),
  ...DEPTHS.map((depth) => repeated([0x81, 0xa1, 0x61], depth, [1])),
  Buffer.concat([bytes(0x81), MSGPACK_PROTO, bytes(0x81), msgpackText(text('polluted')), bytes(0xc3)]),
  Buffer.concat([bytes(0x81), msgpackText(text('constructor')), bytes(0x80)]),
  bytes(0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2), // the same key twice
  bytes(0x81, 1, 2), // a key that is a number
  bytes(0x81, 0x90, 1), // a key that is a list
  bytes(0x81, 0xc4, 1, 0x61, 1), // a key that is binary
  bytes(0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  bytes(0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0),
  bytes(0xcf, 0, 0x20, 0, 0, 0, 0, 0, 1),
  bytes(0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0), // NaN
  bytes(0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0), // infinity
  bytes(0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0), // 1.0
  bytes(0xca, 0x7f, 0xc0, 0, 0),
  bytes(0xff),
  bytes(0xc0),
  bytes(0xc1), // never used
  bytes(0xc2),
  bytes(0xa0),
  bytes(0xd9, 0),
  bytes(0xc4, 3, 0, 1, 2),
  msgpackText(bytes(0xff, 0xfe)),
  msgpackText(bytes(0xc0, 0x80)),
  msgpackText(bytes(0xed, 0xa0, 0x80)),
  msgpackText(bytes(0xf4, 0x90, 0x80, 0x80)),
  msgpackText(bytes(0xe2, 0x82)),
  msgpackText(bytes(0)),
  bytes(0xd4, 1, 2), // extension
  bytes(0xc7, 0, 0xff),
  bytes(0xd6, 0xff, 0, 0, 0, 0), // timestamp
  bytes(0xc7, 12, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0),
  bytes(0xdb, 0xff, 0xff, 0xff, 0xff, 0x61),
  bytes(0xdd, 0xff, 0xff, 0xff, 0xff),
  bytes(0xdf, 0x10, 0, 0, 0),
  bytes(0xc6, 0x7f, 0xff, 0xff, 0xff, 1),
  bytes(0xdc, 0, 1, 7), // longer than needed, and right
  bytes(0xd1, 0, 7),
]

const cborText = (value: Uint8Array): Uint8Array => Buffer.concat([bytes(0x60 | value.length), value])

export const nastyCbor: readonly Uint8Array[] = [
  ...DEPTHS.map((depth) => repeated([0x81], depth, [0x80])),
  ...DEPTHS.map((depth) => repeated([0xa1, 0x61, 0x61], depth, [1])),
  ...DEPTHS.map((depth) => repeated([0xc6], depth, [1])), // tags within tags
  ...DEPTHS.map((depth) => repeated([0x9f], depth, [])),
  Buffer.concat([bytes(0xa1), cborText(text('__proto__')), bytes(0xa1), cborText(text('polluted')), bytes(0xf5)]),
  Buffer.concat([bytes(0xa1), cborText(text('constructor')), bytes(0xa0)]),
  bytes(0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2), // the same key twice
  bytes(0xa1, 1, 2),
  bytes(0xa1, 0x80, 1),
  bytes(0xa1, 0x41, 0x61, 1),
  bytes(0xbf, 0x61, 0x61, 1, 0xff), // indefinite map
  bytes(0xbf, 0x61, 0x61, 0xff), // without a value
  bytes(0x9f, 1, 2, 0xff),
  bytes(0x9f, 1, 2),
  bytes(0x7f, 0x61, 0x61, 0x61, 0x62, 0xff),
  bytes(0x7f, 0x61, 0xc3, 0x61, 0xbc, 0xff), // a letter cut in two by the parts
  bytes(0x7f, 0x41, 0x61, 0xff), // binary within text
  bytes(0x7f, 0x7f, 0xff, 0xff),
  bytes(0x5f, 0x41, 1, 0xff),
  bytes(0xff),
  bytes(0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  bytes(0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  bytes(0x1b, 0, 0x20, 0, 0, 0, 0, 0, 1),
  bytes(0x18, 1), // longer than needed
  bytes(0x1b, 0, 0, 0, 0, 0, 0, 0, 1),
  bytes(0xc2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0), // a big number
  bytes(0xc2, 0x61, 0x61), // one made of text
  bytes(0xd9, 0xd9, 0xf7, 0x01), // self-described
  bytes(0xc0, 0x60),
  bytes(0xc1, 0xfb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0),
  bytes(0xf9, 0x7e, 0), // NaN
  bytes(0xf9, 0x7c, 0),
  bytes(0xf9, 0x3c, 0), // 1.0
  bytes(0xfa, 0x7f, 0xc0, 0, 0),
  bytes(0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0),
  bytes(0x20),
  bytes(0xf4),
  bytes(0xf6),
  bytes(0xf7), // undefined
  bytes(0xe0), // unassigned simple values
  bytes(0xf8, 0xff),
  bytes(0xf8, 0x10),
  bytes(0x1c),
  bytes(0x60),
  bytes(0x43, 0, 1, 2),
  cborText(bytes(0xff, 0xfe)),
  cborText(bytes(0xc0, 0x80)),
  cborText(bytes(0xed, 0xa0, 0x80)),
  cborText(bytes(0xf4, 0x90, 0x80, 0x80)),
  cborText(bytes(0xe2, 0x82)),
  cborText(bytes(0)),
  bytes(0x7b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x61),
  bytes(0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  bytes(0xba, 0x10, 0, 0, 0),
]
