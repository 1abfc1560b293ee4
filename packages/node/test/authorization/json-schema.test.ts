// JSON Schema for payloads: what each keyword lets pass, what it says of the rest, and which words are refused at the start.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
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
      [0, 'must be at least 1'],
      [4n, 'must be at most 3'],
    ],
  ],
  [
    { exclusiveMinimum: 1, exclusiveMaximum: 3 },
    [2],
    [
      [1, 'must be greater than 1'],
      [3, 'must be less than 3'],
    ],
  ],
  [{ multipleOf: 0.1 }, [0.3, 7, 0, 'x'], [[0.35, 'must be a multiple of 0.1']]],
  [
    { minLength: 2, maxLength: 3 },
    ['ab', '😀😀😀', 1],
    [
      ['😀', 'must have at least 2 characters'],
      ['abcd', 'must have at most 3 characters'],
    ],
  ],
  [{ pattern: '^a+$' }, ['aa', 1], [['b', 'must match ^a+$']]],
  [{ format: 'date' }, ['2026-02-28', 1], [['2026-02-30', 'must be text of the format date']]],
  [{ format: 'uuid' }, ['123e4567-e89b-12d3-a456-426614174000'], [['x', 'must be text of the format uuid']]],
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
      [[1, 2], '[1]: must not be there'],
      [[], 'must have at least 1 item'],
    ],
  ],
  [{ maxItems: 1 }, [[1], 'x'], [[[1, 2], 'must have at most 1 item']]],
  [
    { uniqueItems: true },
    [[1, '1', [1], { a: 1 }]],
    [
      [
        [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
        '[1]: must not be there twice',
      ],
    ],
  ],
  [{ contains: { type: 'number' } }, [['x', 1]], [[['x'], 'must contain at least 1 of what "contains" says']]],
  [
    { contains: { type: 'number' }, minContains: 0, maxContains: 1 },
    [['x'], [1]],
    [[[1, 2], 'must contain from 0 to 1 of what "contains" says']],
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
      [Object.create({ a: 1 }), 'a: is missing'],
    ],
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
  [{ propertyNames: { maxLength: 2 } }, [{ ab: 1 }], [[{ abc: 1 }, 'abc: has a name that must have at most 2 characters']]],
  [
    { minProperties: 1, maxProperties: 1 },
    [{ a: 1 }],
    [
      [{}, 'must have at least 1 member'],
      [{ a: 1, b: 2 }, 'must have at most 1 member'],
    ],
  ],
  [{ dependentRequired: { a: ['b'] } }, [{}, { a: 1, b: 2 }], [[{ a: 1 }, 'b: is missing, and "a" needs it']]],
  [{ dependentSchemas: { a: { required: ['b'] } } }, [{}, { a: 1, b: 2 }], [[{ a: 1 }, 'b: is missing']]],
  [{ allOf: [{ type: 'number' }, { minimum: 1 }] }, [1], [[0, 'must be at least 1']]],
  [
    { anyOf: [{ type: 'number' }, NAMED] },
    [1, { name: 'a' }],
    [
      ['x', 'fits none of 2 alternatives: must be a number; must be a dictionary'],
      [{}, 'fits none of 2 alternatives: must be a number; name is missing'],
    ],
  ],
  [{ oneOf: [{ type: 'number' }, { minimum: 5 }] }, [1, 'x'], [[7, 'must fit one of 2 alternatives alone, and fits 2']]],
  [{ not: { type: 'string' } }, [1], [['x', 'must not be like this']]],
  [
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    { if: { type: 'string' }, then: { minLength: 1 }, else: { minimum: 1 } },
    ['a', 1],
    [
      ['', 'must have at least 1 character'],
      [0, 'must be at least 1'],
    ],
  ],
  [
    { $ref: '#/$defs/a~1b', $defs: { 'a/b': { type: 'string' } }, minLength: 1 },
    ['x'],
    [
      [1, 'must be a string'],
      ['', 'must have at least 1 character'],
    ],
  ],
  [TREE, [{ below: [{ below: [] }] }], [[{ below: [{ above: 1 }] }, 'below[0].above: must not be there']]],
  [{ $schema: 'https://json-schema.org/draft/2020-12/schema', $id: 'x', title: 't', default: 1, examples: [1] }, ['x'], []],
]

describe('AUTHZ-08 what JSON Schema lets pass, and what it says of the rest', () => {
  for (const [schema, right, wrong] of ROWS) {
    test(JSON.stringify(schema), () => {
      const { check, issues } = compileSchema(schema, ['s'])
      assert.deepEqual(issues, [])
      for (const value of right) assert.equal(check(value), undefined, String(value))
      for (const [value, text] of wrong) assert.equal(check(value), text)
    })
  }
})

const REFUSED: readonly (readonly [schema: unknown, place: string, words: RegExp])[] = [
  ['x', 's', /must be a JSON Schema/],
  [null, 's', /must be a JSON Schema/],
  [{ typ: 'string' }, 's.typ', /no keyword of JSON Schema.*did you mean "type"\?/],
  [{ type: 'text' }, 's.type', /one of "string", "number"/],
  [{ type: [] }, 's.type', /or a list of them/],
  [{ items: { type: 'array', items: [true] } }, 's.items.items', /write prefixItems/],
  [{ properties: { a: { minimum: '1' } } }, 's.properties.a.minimum', /must be a number/],
  [{ minLength: -1 }, 's.minLength', /whole number from 0 on/],
  [{ multipleOf: 0 }, 's.multipleOf', /greater than 0/],
  [{ pattern: '(' }, 's.pattern', /no regular expression/],
  [{ patternProperties: { '(': true } }, 's.patternProperties', /no regular expression/],
  [{ format: 'phone' }, 's.format', /is not checked here; known are date-time/],
  [{ required: 'a' }, 's.required', /list of names/],
  [{ enum: 'a' }, 's.enum', /list of values/],
  [{ anyOf: [] }, 's.anyOf', /at least one schema/],
  [{ properties: [] }, 's.properties', /object of schemas/],
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  [{ then: true }, 's.then', /needs if/],
  [{ minContains: 1 }, 's.minContains', /needs contains/],
  [{ unevaluatedProperties: false }, 's.unevaluatedProperties', /not supported; write additionalProperties/],
  [{ definitions: {} }, 's.definitions', /older drafts; write \$defs/],
  [{ $ref: 'other.json' }, 's.$ref', /place in the same schema/],
  [{ $ref: '#/$defs/none' }, 's.$ref', /does not have/],
  [{ $schema: 'http://json-schema.org/draft-07/schema#' }, 's.$schema', /2020-12/],
  [{ uniqueItems: 1 }, 's.uniqueItems', /true or false/],
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
  assert.match(endless.check(1) ?? '', /nested deeper than 200 times/)
  const { check } = compileSchema(TREE, ['s'])
  let value: object = {}
  for (let depth = 0; depth < 1000; depth++) value = { below: [value] }
  assert.match(check(value) ?? '', /nested deeper than 200 times/)
  assert.equal(check({ below: [{}] }), undefined, 'the next value begins anew')
  let list: unknown[] = []
  for (let depth = 0; depth < 100_000; depth++) list = [list]
  assert.equal(compileSchema({ enum: [1] }, ['s']).check(list), 'it cannot be checked: it is nested too deeply')
})
