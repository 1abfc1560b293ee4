// JSON Schema for payloads: what each keyword lets pass, what is said of the rest, and which schemas are refused at the start. ajv has
// tests of its own; these are of how it is set up, and of what makes schemas worth nothing when it goes wrong: constraints without
// `type`, `required` without `properties`, lists in `enum`, values that are no JSON.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { compileSchema } from '../../src/authorization/json-schema.ts'
import { pathText } from '../../src/config/issue.ts'

type Row = readonly [schema: unknown, right: readonly unknown[], wrong: readonly (readonly [value: unknown, text: string])[]]

const NAMED = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
const TREE = { type: 'object', properties: { below: { type: 'array', items: { $ref: '#' } } }, additionalProperties: false }

const ROWS: readonly Row[] = [
  [true, [1, undefined], []],
  [false, [], [[1, 'must not be there']]],
  [{}, [1, null, new Uint8Array(1)], []],
  [
    { type: 'string' },
    ['', 'x'],
    [
      [1, 'must be a string'],
      [null, 'must be a string'],
      [new Uint8Array(1), 'must be a string'],
    ],
  ],
  [{ type: 'number' }, [1, 1.5, 2n], [['1', 'must be a number']]],
  [
    { type: 'integer' },
    [1, 1.0, 2n ** 60n],
    [
      [1.5, 'must be an integer'],
      [Number.NaN, 'must be an integer'],
    ],
  ],
  [{ type: 'number' }, [0.5], [Number.NaN, Number.POSITIVE_INFINITY, 2n ** 1024n].map((value) => [value, 'must be a number'] as const)],
  [{ maximum: 9_223_372_036_854_775_807n }, [2n ** 63n - 1n], [[2n ** 65n, 'must be <= 9223372036854776000']]],
  [{ type: 'boolean' }, [true, false], [[0, 'must be true or false']]],
  [{ type: 'null' }, [null], [[0, 'must be null']]],
  [{ type: 'array' }, [[]], [[{}, 'must be a list']]],
  [
    { type: 'object' },
    [{}],
    [
      [[], 'must be a dictionary'],
      [null, 'must be a dictionary'],
      [new Uint8Array(1), 'must be a dictionary'],
    ],
  ],
  [{ type: ['string', 'null'] }, ['x', null], [[1, 'must be a string or null']]],
  [
    { enum: ['a', 1, [1, 2], { a: 1, b: 2 }] },
    ['a', 1, [1, 2], { b: 2, a: 1 }],
    [
      [[2, 1], 'must be one of "a", 1, [1,2], {"a":1,"b":2}'],
      ['1', 'must be one of "a", 1, [1,2], {"a":1,"b":2}'],
    ],
  ],
  [{ const: [1, 2] }, [[1, 2]], [[1, 'must be [1,2]']]],
  [{ const: 0 }, [0, -0], [[false, 'must be 0']]],
  [
    { minimum: 1, maximum: 3 },
    [1, 3, 2n, 'x'],
    [
      [0, 'must be >= 1'],
      [4n, 'must be <= 3'],
    ],
  ],
  [
    { exclusiveMinimum: 1, exclusiveMaximum: 3 },
    [2],
    [
      [1, 'must be > 1'],
      [3, 'must be < 3'],
    ],
  ],
  [{ multipleOf: 0.1 }, [0.3, 7, 0, 'x'], [[0.35, 'must be multiple of 0.1']]],
  [{ multipleOf: 0.01 }, [19.99, 123456.78], [[0.005, 'must be multiple of 0.01']]],
  [
    { minLength: 2, maxLength: 3 },
    ['ab', '😀😀😀', 1],
    [
      ['😀', 'must NOT have fewer than 2 characters'],
      ['abcd', 'must NOT have more than 3 characters'],
    ],
  ],
  [{ pattern: '^a+$' }, ['aa', 1], [['b', 'must match pattern "^a+$"']]],
  [{ format: 'date' }, ['2026-02-28', 1], [['2026-02-30', 'must match format "date"']]],
  [{ format: 'uuid' }, ['123e4567-e89b-12d3-a456-426614174000'], [['x', 'must match format "uuid"']]],
  [{ items: { type: 'number' } }, [[], [1, 2], 'x'], [[[1, 'x'], '[1]: must be a number']]],
  [
    { prefixItems: [{ type: 'string' }, NAMED] },
    [[], ['a'], ['a', { name: 'b' }, 7]],
    [
      [['a', { name: 1 }], '[1].name: must be a string'],
      [['a', {}], '[1].name: is missing'],
    ],
  ],
  [
    { prefixItems: [true], items: false, minItems: 1 },
    [[1]],
    [
      [[1, 2], 'must NOT have more than 1 items'],
      [[], 'must NOT have fewer than 1 items'],
    ],
  ],
  // Binary data is of no type of JSON, and can be told apart.
  [{ properties: { length: false }, additionalProperties: false, minLength: 9, required: ['a'] }, [new Uint8Array(2)], []],
  [
    { uniqueItems: true },
    [[new Uint8Array(2), new Uint8Array(3), 0, 1]],
    [[[new Uint8Array(2), new Uint8Array(2)], 'must NOT have duplicate items (items ## 0 and 1 are identical)']],
  ],
  [{ maxItems: 1 }, [[1], 'x'], [[[1, 2], 'must NOT have more than 1 items']]],
  [
    { uniqueItems: true },
    [[1, '1', [1], { a: 1 }]],
    [
      [
        [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
        'must NOT have duplicate items (items ## 0 and 1 are identical)',
      ],
    ],
  ],
  [{ contains: { type: 'number' } }, [['x', 1]], [[['x'], 'must contain at least 1 valid item(s)']]],
  [
    { contains: { type: 'number' }, minContains: 0, maxContains: 1 },
    [['x'], [1]],
    [[[1, 2], 'must contain at least 0 and no more than 1 valid item(s)']],
  ],
  [
    NAMED,
    [{ name: 'a', more: 1 }],
    [
      [{}, 'name: is missing'],
      [{ name: 1 }, 'name: must be a string'],
    ],
  ],
  [
    { required: ['a'] },
    [{ a: null }, 'x'],
    [
      [{}, 'a: is missing'],
      [{ a: undefined }, 'a: is missing'],
      [Object.create({ a: 1 }), 'a: is missing'],
    ],
  ],
  [{ required: ['toString', '__proto__'] }, [JSON.parse('{"toString":1,"__proto__":2}')], [[{}, 'toString: is missing']]],
  [{ allOf: [{ properties: { a: true } }], unevaluatedProperties: false }, [{ a: 1 }], [[{ a: 1, b: 1 }, 'b: must not be there']]],
  [{ prefixItems: [true], unevaluatedItems: { type: 'string' } }, [[1, 'x']], [[[1, 2], '[1]: must be a string']]],
  [{ properties: { 0: { type: 'string' }, 'a/~b': true } }, [{ 'a/~b': 1 }], [[{ 0: 1 }, '["0"]: must be a string']]],
  [
    { properties: { xa: { type: 'string' } }, patternProperties: { '^x': { minLength: 2 } } },
    [{ xa: 'ab' }],
    [[{ xa: 'a' }, 'xa: must NOT have fewer than 2 characters']],
  ],
  [
    { properties: { a: true }, additionalProperties: false },
    [{ a: 1 }],
    [
      [{ b: 1 }, 'b: must not be there'],
      [JSON.parse('{"__proto__":1}'), '__proto__: must not be there'],
    ],
  ],
  [
    { patternProperties: { '^x-': { type: 'string' } }, additionalProperties: { type: 'number' } },
    [{ 'x-a': 'b', c: 1 }],
    [
      [{ 'x-a': 1 }, 'x-a: must be a string'],
      [{ 'no word': 'b' }, '["no word"]: must be a number'],
    ],
  ],
  [
    { propertyNames: { maxLength: 2 } },
    [{ ab: 1 }],
    [[{ abc: 1 }, 'property name must be valid (abc: must NOT have more than 2 characters)']],
  ],
  [
    { minProperties: 1, maxProperties: 1 },
    [{ a: 1 }],
    [
      [{}, 'must NOT have fewer than 1 properties'],
      [{ a: 1, b: 2 }, 'must NOT have more than 1 properties'],
    ],
  ],
  [{ dependentRequired: { a: ['b'] } }, [{}, { a: 1, b: 2 }], [[{ a: 1 }, 'b: must have property b when property a is present']]],
  [{ dependentSchemas: { a: { required: ['b'] } } }, [{}, { a: 1, b: 2 }], [[{ a: 1 }, 'b: is missing']]],
  [{ allOf: [{ type: 'number' }, { minimum: 1 }] }, [1], [[0, 'must be >= 1']]],
  [
    { anyOf: [{ type: 'number' }, NAMED] },
    [1, { name: 'a' }],
    [
      ['x', 'must match a schema in anyOf (must be a number; must be a dictionary)'],
      [{}, 'must match a schema in anyOf (must be a number; name: is missing)'],
    ],
  ],
  [{ oneOf: [{ type: 'number' }, { minimum: 5 }] }, [1, 'x'], [[7, 'must match exactly one schema in oneOf']]],
  [{ not: { type: 'string' } }, [1], [['x', 'must NOT be valid']]],
  [
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    { if: { type: 'string' }, then: { minLength: 1 }, else: { minimum: 1 } },
    ['a', 1],
    [
      ['', 'must NOT have fewer than 1 characters'],
      [0, 'must be >= 1'],
    ],
  ],
  [
    { $ref: '#/$defs/a~1b', $defs: { 'a/b': { type: 'string' } }, minLength: 1 },
    ['x'],
    [
      [1, 'must be a string'],
      ['', 'must NOT have fewer than 1 characters'],
    ],
  ],
  [{ $id: 'a', $ref: '#/$defs/b', $defs: { b: { minimum: 1 } } }, [1], [[0, 'must be >= 1']]],
  [{ $id: 'a', $ref: '#/$defs/b', $defs: { b: { minimum: 2 } } }, [2], [[1, 'must be >= 2']]], // the name is no one else's
  [TREE, [{ below: [{ below: [] }] }], [[{ below: [{ above: 1 }] }, 'below[0].above: must not be there']]],
  [{ $schema: 'https://json-schema.org/draft/2020-12/schema', $id: 'x', title: 't', default: 1, examples: [1] }, ['x'], []],
]

const shown = (schema: unknown) => JSON.stringify(schema, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))

describe('AUTHZ-08 what JSON Schema lets pass, and what it says of the rest', () => {
  for (const [schema, right, wrong] of ROWS) {
    test(shown(schema), () => {
      const { check, issues } = compileSchema(schema, ['s'])
      assert.deepEqual(issues, [])
      for (const value of right) assert.equal(check(value), undefined, inspect(value))
      for (const [value, text] of wrong) assert.equal(check(value), text)
    })
  }
})

const REFUSED: readonly (readonly [schema: unknown, place: string, words: RegExp])[] = [
  ['x', 's', /must be a JSON Schema/],
  [null, 's', /must be a JSON Schema/],
  [{ typ: 'string' }, 's.typ', /no keyword of JSON Schema.*did you mean "type"\?/],
  [{ type: 'text' }, 's.type', /must be one of "array", .*"string"/],
  [{ type: [] }, 's.type', /must be one of/],
  [{ items: { type: 'array', items: [true] } }, 's.items.items', /must be a JSON Schema: an object, true or false/],
  [{ properties: { a: { minimum: '1' } } }, 's.properties.a.minimum', /must be a number/],
  [{ minLength: -1 }, 's.minLength', /must be >= 0/],
  [{ multipleOf: 0 }, 's.multipleOf', /must be > 0/],
  [{ pattern: '(' }, 's.pattern', /must be a regular expression/],
  [{ pattern: '\\-' }, 's.pattern', /the flag "u"/],
  [{ patternProperties: { '(': true } }, 's.patternProperties["("]', /must be a regular expression/],
  [{ format: 'password' }, 's.format', /must be one of/],
  [{ format: 'phone' }, 's.format', /must be one of "date-time"/],
  [{ required: 'a' }, 's.required', /must be a list/],
  [{ enum: 'a' }, 's.enum', /must be a list/],
  [{ anyOf: [] }, 's.anyOf', /fewer than 1 items/],
  [{ properties: [] }, 's.properties', /must be a dictionary/],
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  [{ then: true }, 's.if', /when property then is present/],
  [{ minContains: 1 }, 's.contains', /when property minContains is present/],
  [{ if: true }, 's', /"if" without "then" and "else"/],
  [{ enum: [] }, 's', /enum must have non-empty array/],
  [{ anyOf: [{ not: { prefixItems: [{ $defs: { a: { typ: 1 } } }] } }] }, 's.anyOf[0].not.prefixItems[0].$defs.a.typ', /"type"/],
  [{ dependentSchemas: { a: { minimun: 1 } } }, 's.dependentSchemas.a.minimun', /did you mean "minimum"/],
  [{ additionalItems: false }, 's.additionalItems', /no keyword/],
  [{ nullable: true }, 's.nullable', /no keyword of JSON Schema; remove it/],
  [JSON.parse('{"properties":{"__proto__":true}}'), 's.properties.__proto__', /must NOT be valid/],
  [{ $anchor: 'a' }, 's.$anchor', /not supported/],
  [{ $dynamicRef: '#a' }, 's.$dynamicRef', /not supported/],
  [{ const: new Uint8Array(1) }, 's', /cannot be checked/],
  [{ items: { $ref: 'other.json' } }, 's.items.$ref', /refer to "#\/\$defs\/name", in the same schema/],
  [{ $ref: 'https://json-schema.org/draft/2020-12/schema' }, 's.$ref', /in the same schema/],
  [{ items: { $ref: '#/$defs/none' } }, 's', /can't resolve reference #\/\$defs\/none/],
  [{ $schema: 'http://json-schema.org/draft-07/schema#' }, 's.$schema', /2020-12/],
  [{ uniqueItems: 1 }, 's.uniqueItems', /must be true or false/],
]

describe('schemas that cannot be checked are refused, with the place', () => {
  for (const [schema, place, words] of REFUSED) {
    test(JSON.stringify(schema), () => {
      const { issues } = compileSchema(schema, ['s'])
      assert.equal(issues.length, 1, JSON.stringify(issues))
      assert.equal(pathText(issues[0]!.path), place)
      assert.match(issues[0]!.message, words)
    })
  }
})

test('a schema that refers to itself without end, or a value that is very deep, is refused and ends', () => {
  const endless = compileSchema({ $ref: '#' }, ['s'])
  assert.deepEqual(endless.issues, [])
  assert.equal(endless.check(1), 'it cannot be checked')
  let list: unknown[] = []
  for (let depth = 0; depth < 100_000; depth++) list = [list]
  const { check } = compileSchema({ enum: [1] }, ['s'])
  assert.equal(check(list), 'it cannot be checked')
  assert.equal(check(1), undefined, 'the next value begins anew')
  const circle: { below?: unknown } = {}
  circle.below = circle
  assert.match(compileSchema({ default: circle }, ['s']).issues[0]!.message, /cannot be checked/)
})

test('what is checked stays as it is, and members that objects have by nature are no way around', () => {
  const { check } = compileSchema({ properties: { a: { type: 'string', default: 'x' }, b: { type: 'number', default: 1 } } }, ['s'])
  const value = { a: '1', c: 2n, d: new Uint8Array(1) }
  assert.equal(check(value), undefined)
  assert.deepEqual(value, { a: '1', c: 2n, d: new Uint8Array(1) }, 'no defaults, no coercion')
  assert.equal(check({ b: '1' }), 'b: must be a number')
  const { check: isOne } = compileSchema({ enum: [{ a: { b: 1 } }] }, ['s'])
  assert.equal(isOne({ a: { valueOf: 1 } }), 'it cannot be checked')
})

test('what is said of a payload has no values of it', () => {
  const SECRET = 's3cret'
  for (const schema of [
    ...[{ type: 'number' }, { enum: ['a'] }, { const: 'a' }, { pattern: '^a' }, { format: 'date' }, { minLength: 9 }, { maxLength: 1 }],
    ...[{ not: true }, false, { anyOf: [{ type: 'null' }, { const: 1 }] }, { oneOf: [true, true] }],
  ]) {
    const { check, issues } = compileSchema({ properties: { a: schema } }, ['s'])
    assert.deepEqual(issues, [])
    const text = check({ a: SECRET })
    assert.ok(text !== undefined && !text.includes(SECRET), `${JSON.stringify(schema)}: ${text}`)
  }
})

test('a node without schemas does not load what checks them', () => {
  const loaded = (code: string) => {
    const [from, to] = [
      '../../src/authorization/json-schema.ts',
      `console.log(Object.keys(require.cache).filter((file) => /\\bajv\\b/.test(file)).length)`,
    ]
    const head = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)`
    const script = `${head}; const { compileSchema } = await import(${JSON.stringify(new URL(from, import.meta.url).href)}); ${code}; ${to}`
    const conditions = ['--conditions=@crosspoint/source', '--input-type=module', '-e', script]
    return Number(execFileSync(process.execPath, conditions, { encoding: 'utf8' }))
  }
  assert.equal(loaded(''), 0)
  assert.ok(loaded('compileSchema(true, [])') > 0)
})
