// The walker accepts exactly what JSON.parse accepts, with three more rules: valid UTF-8, limited depth, Base64 behind U+0000.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ProtocolViolation } from '../src/index.ts'
import { NESTING_DEPTH_MAX } from '../src/internal.ts'
import { setJsonOrigin, skipJsonValue } from '../src/serializers/json-skip.ts'
import { textOf, violates } from './support.ts'

/** Whether the walker takes all of `bytes` as one value. */
function isAccepted(bytes: Uint8Array): boolean {
  setJsonOrigin(0)
  try {
    const at = skipJsonValue(bytes, 0, bytes.length)
    return bytes.subarray(at).every((c) => c === 32 || c === 10 || c === 13 || c === 9)
  } catch (error) {
    assert.ok(error instanceof ProtocolViolation, String(error))
    return false
  }
}

/** Whether JSON.parse takes it, being valid UTF-8 and, where a value begins with U+0000, Base64 behind it. */
function isJson(bytes: Uint8Array): boolean {
  let isRight = true
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    JSON.parse(text, (_key, value) => {
      if (typeof value === 'string' && value.startsWith('\0')) {
        isRight &&= /^[A-Za-z0-9+/]*={0,2}$/.test(value.slice(1)) && value.length % 4 === 1
      }
      if (typeof value === 'number' && !Number.isFinite(value)) isRight = false
      return value
    })
    return isRight
  } catch {
    return false
  }
}

function agrees(bytes: Uint8Array): void {
  assert.equal(isAccepted(bytes), isJson(bytes), JSON.stringify(Buffer.from(bytes).toString('latin1')))
}

/** `text` in memory of its own size and alignment. */
function placed(bytes: Uint8Array, offset: number, behind: number): Uint8Array {
  const memory = new Uint8Array(new ArrayBuffer(offset + bytes.length + behind), 0)
  memory.fill(34) // quotes around it: reading beyond either end would end the string there
  memory.set(bytes, offset)
  return memory.subarray(offset, offset + bytes.length)
}

/** Right and wrong at every place of the grammar. */
const TEXTS = [
  ...['null', 'true', 'false', '0', '-0', '1', '-1', '10', '1.5', '1e5', '1E+5', '1e-5', '0.0', '-0.5e10', '""', '"a"', '[]', '{}'],
  ...[
    '[1]',
    '[1,2]',
    '{"a":1}',
    '{"a":1,"b":[{}]}',
    ' [ 1 , 2 ] ',
    '\t{\n"a"\r:\t1\n}\r',
    '"\\u00e9\\n\\"\\\\\\/\\b\\f\\r\\t"',
    '"\\ud800"',
  ],
  ...[
    '',
    ' ',
    'nul',
    'nulL',
    'tru',
    'truee',
    'False',
    '00',
    '01',
    '-',
    '+1',
    '.5',
    '1.',
    '1e',
    '1e+',
    '0x1',
    'NaN',
    'Infinity',
    '-Infinity',
  ],
  ...[
    '"',
    '"a',
    '"\\',
    '"\\x"',
    '"\\u12"',
    '"\\u12G4"',
    '"\n"',
    "'a'",
    '[',
    ']',
    '[1',
    '[1,',
    '[1,]',
    '[,1]',
    '[1 2]',
    '[1}',
    '{',
    '}',
    '{]',
  ],
  ...[
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{a:1}',
    '{1:1}',
    '{"a" 1}',
    '{"a":1 "b":2}',
    '{,}',
    '[]]',
    '{}}',
    '1 2',
    '/**/1',
    '[1]//',
    '\u00a01',
    '\ufeff1',
  ],
  ...[
    '"\\u0000"',
    '"\\u0000QQ=="',
    '"\\u0000Q"',
    '"\\u0000QQ"',
    '"\\u0000QUJD"',
    '"\\u0000QUJ*"',
    '{"\\u0000Q":1}',
    '"a\\u0000Q"',
    '"\\u0001Q"',
  ],
  ...['1e308', '1e309', '-1e309', '1'.repeat(308), '1'.repeat(310), `0.${'0'.repeat(400)}1`, '"\\U0041"', '"\\u00"', '{"\\u0041":1}'],
]

describe('SER-11 the walk over JSON', () => {
  test('accepts what JSON.parse accepts, and nothing else', () => {
    for (const text of TEXTS) agrees(textOf(text))
  })

  test('accepts what JSON.parse accepts, for generated values with generated damage', () => {
    const damage = fc.tuple(fc.nat(), fc.constantFrom('set', 'drop', 'add'), fc.constantFrom(...'{}[]":,\\u0+-eE. tn19\u0001é'))
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.array(damage, { maxLength: 3 }), fc.nat(2), (value, damages, indent) => {
        let text = JSON.stringify(value, null, indent)
        for (const [place, what, by] of damages) {
          const at = place % (text.length + 1)
          text = text.slice(0, at) + (what === 'drop' ? '' : by) + text.slice(what === 'add' ? at : at + 1)
        }
        agrees(textOf(text))
      }),
      { numRuns: 3000 },
    )
  })

  test('accepts what JSON.parse accepts, for any bytes in a string', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => agrees(Uint8Array.from([34, ...bytes, 34]))),
      { numRuns: 3000 },
    )
  })

  test('the four digits of an escape are hexadecimal digits, whatever byte stands there', () => {
    for (let place = 3; place < 7; place++) {
      for (let byte = 0; byte < 256; byte++) {
        const bytes = textOf('"\\u0041"')
        bytes[place] = byte
        agrees(bytes)
      }
    }
  })

  test('refuses every prefix of a value', () => {
    const whole = textOf(`[1.5e-3,"a\\u00e9\\\\ü€😀",{"k":[true,false,null,{}],"\\n":""},"${'x'.repeat(200)}"]`)
    assert.ok(isAccepted(whole))
    for (let end = 0; end < whole.length; end++) {
      setJsonOrigin(0)
      const cut = whole.slice(0, end)
      violates(() => skipJsonValue(cut, 0, end), /ends in the middle|valid UTF-8/)
      // The same with the rest of the frame behind it in memory: the walk must stop at `end`, not at the memory's end.
      violates(() => skipJsonValue(whole, 0, end), /ends in the middle|valid UTF-8/)
    }
  })
})

describe('long strings', () => {
  test('every kind of byte is seen at every alignment and place', () => {
    const kinds = [
      [31],
      [34],
      [92, 110],
      [92, 117, 48, 48, 52, 49],
      [92],
      [127],
      [128],
      [0xc3, 0xa9],
      [0xe2, 0x82, 0xac],
      [0xf0, 0x9f, 0x98, 0x80],
    ]
    for (const kind of [...kinds, [0xff], [0], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
      for (let offset = 0; offset < 4; offset++) {
        for (const length of [158, 159, 160, 161, 162, 163, 164, 165, 170, 240]) {
          for (const at of [0, 1, 2, 3, 100, length - 3, length - 2, length - 1, length]) {
            const body = [...new Array(at).fill(97), ...kind, ...new Array(length - at).fill(98)]
            agrees(placed(Uint8Array.from([34, ...body, 34]), offset, (offset + length) % 3))
          }
        }
      }
    }
  })

  test('dense escapes and dense UTF-8 pass, and one wrong byte among them is found', () => {
    for (const part of ['\\n', '\\u00e9', '\\"\\\\', 'ü', '€', '😀', 'aü', 'ab€', 'abc😀', 'abcdefgh\\n']) {
      for (let offset = 0; offset < 4; offset++) {
        const bytes = textOf(`"${part.repeat(400)}"`)
        const whole = placed(bytes, offset, 1)
        assert.ok(isAccepted(whole), part)
        const spoilt = placed(bytes, offset, 1)
        spoilt[spoilt.length >> 1] = 1
        assert.ok(!isAccepted(spoilt), part)
        agrees(spoilt)
      }
    }
  })

  test('a string that fills its memory to the last byte ends where the memory ends', () => {
    for (let length = 150; length < 180; length++) {
      const unclosed = placed(textOf(`"${'a'.repeat(length)}`), 0, 0)
      violates(() => skipJsonValue(unclosed, 0, unclosed.length), /ends in the middle/)
    }
  })
})

describe('SER-26 depth', () => {
  test(`values nest up to ${NESTING_DEPTH_MAX} levels`, () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const nested = (levels: number) => textOf(`${open.repeat(levels)}1${close.repeat(levels)}`)
      assert.ok(isAccepted(nested(NESTING_DEPTH_MAX)))
      violates(() => skipJsonValue(nested(NESTING_DEPTH_MAX + 1), 0, 10000), /deeper than 128 levels/)
      violates(() => skipJsonValue(textOf(open.repeat(1_000_000)), 0, 1_000_000), /deeper than 128 levels/)
    }
  })

  test('many values beside each other are no depth', () => {
    assert.ok(isAccepted(textOf(`[${'[],{},'.repeat(1000)}[]]`)))
  })
})

test('errors count bytes from where the frame begins', () => {
  setJsonOrigin(10)
  violates(() => skipJsonValue(textOf('          [1,x]'), 10, 15), /"x" at byte 3/)
  setJsonOrigin(0)
})
