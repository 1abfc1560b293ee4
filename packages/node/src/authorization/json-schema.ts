// JSON Schema, draft 2020-12, for payloads (AUTHZ-08): ajv makes a function of a schema once, at the start. Before, a schema of schemas
// finds mistakes with their places; and here are the words for what payloads have wrong, which name members but no values.

import { createRequire } from 'node:module'
import type { ValueCheck } from '@crosspoint/router'
import type { Ajv2020, ErrorObject, Options } from 'ajv/dist/2020.js'
import type { FormatName, FormatsPlugin } from 'ajv-formats'
import { type ConfigPath, type Issue, nearest, valueAt } from '../config/issue.ts'
import { jsonOf } from './json-values.ts'

/** Those of the draft that ajv-formats checks; its others are OpenAPI's, and some of them check nothing. */
const FORMATS = 'date-time date time duration email hostname ipv4 ipv6 uri uri-reference uri-template uuid json-pointer regex'.split(' ')
const DRAFT = 'https://json-schema.org/draft/2020-12/schema'

/** The draft's own schema of schemas, for a whole schema and all inside it, and nothing that the draft does not know. */
const SCHEMA_OF_SCHEMAS = {
  $id: 'crosspoint:schema-of-schemas',
  $dynamicAnchor: 'meta',
  $ref: DRAFT,
  properties: {
    $schema: { const: DRAFT },
    $ref: { pattern: '^#(/|$)' },
    ...{ $anchor: false, $dynamicRef: false, $recursiveRef: false }, // ajv has not all of them
    format: { enum: FORMATS },
    pattern: { format: 'regex' },
    patternProperties: { propertyNames: { format: 'regex' } },
    properties: { propertyNames: { not: { const: '__proto__' } } }, // which ajv passes over
  },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  dependentRequired: { then: ['if'], else: ['if'], minContains: ['contains'], maxContains: ['contains'] }, // or they do nothing
  unevaluatedProperties: false,
}

/**
 * What the three would refuse is valid and often meant: limits without `type`, arguments that may be left out, members that must be
 * there and may be anything. So is a name in `properties` that fits a pattern as well.
 */
const LENIENT: Options = { strictTypes: false, strictTuples: false, strictRequired: false, allowMatchingProperties: true }
const OPTIONS: Options = {
  ...{ strict: true, ...LENIENT, logger: false },
  validateSchema: false, // done before
  ownProperties: true, // `required: [toString]` is not met by what every object has
  multipleOfPrecision: 8, // 0.3 is a multiple of 0.1, although not in binary
}

/** Loaded by the first schema; at once, and not by `import()`, as the answers of authorizers bring schemas too. */
function loadAjv() {
  const require = createRequire(import.meta.url)
  const { Ajv2020: Ajv } = require('ajv/dist/2020') as typeof import('ajv/dist/2020.js')
  const addFormats = require('ajv-formats') as FormatsPlugin
  const newAjv = (options: Options): Ajv2020 => {
    const ajv = new Ajv(options)
    addFormats(ajv, FORMATS as FormatName[])
    ajv.addFormat('regex', isRegularExpression)
    return ajv
  }
  const ajv = newAjv(OPTIONS)
  return { newAjv, isSchema: ajv.compile(SCHEMA_OF_SCHEMAS), keywords: Object.keys(ajv.RULES.keywords) }
}
let loaded: ReturnType<typeof loadAjv> | undefined

/** As `pattern` is compiled; ajv-formats does without the `u`. */
function isRegularExpression(text: string): boolean {
  try {
    return new RegExp(text, 'u') !== undefined
  } catch {
    return false
  }
}

/**
 * Makes a check of a schema.
 *
 * @param path where the schema stands in the configuration
 * @returns the check, and what is wrong with the schema, at most one thing; then the check lets nothing pass
 * @example
 * const { check } = compileSchema({ type: 'array', prefixItems: [{ type: 'string' }], minItems: 1 }, [])
 * check([7]) // '[0]: must be a string'
 */
export function compileSchema(given: unknown, path: ConfigPath): { readonly check: ValueCheck; readonly issues: readonly Issue[] } {
  loaded ??= loadAjv()
  const refused = (issue: Issue) => ({ check: () => CANNOT, issues: [issue] })
  try {
    const schema = jsonOf(given)
    if (!loaded.isSchema(schema)) return refused(issueOf(loaded.isSchema.errors![0]!, schema, path, loaded.keywords))
    // An instance for each: names of schemas (`$id`) do not meet, and all of it goes when the check does.
    const validate = loaded.newAjv({ ...OPTIONS, meta: false }).compile(schema as object | boolean)
    return { check: (value) => faultOf(validate, value), issues: [] }
  } catch (error) {
    return refused({ path, value: given, message: `cannot be checked: ${(error as Error).message}` })
  }
}

const CANNOT = 'it cannot be checked'

/** Too deep for the stack, as with a schema that refers to itself without end; or members such as `valueOf`, which ajv calls. */
function faultOf(validate: ReturnType<Ajv2020['compile']>, value: unknown): string | undefined {
  try {
    const json = jsonOf(value)
    return validate(json) ? undefined : faultText(validate.errors!, json)
  } catch {
    return CANNOT
  }
}

/** The last error is the outermost: of alternatives that failed, those before it say why. `if` says nothing that they do not. */
function faultText(errors: readonly ErrorObject[], value: unknown): string {
  const last = errors.findLastIndex(({ keyword }) => keyword !== 'if')
  const hasReasons = ['anyOf', 'oneOf', 'propertyNames'].includes(errors[last]!.keyword)
  const [text, ...reasons] = [errors[last]!, ...(hasReasons ? errors.slice(0, Math.min(last, 4)) : [])].map((error) => {
    const at = placeOf(error, value).map(partText).join('').replace(/^\./, '')
    return at === '' ? wordsOf(error) : `${at}: ${wordsOf(error)}`
  })
  return reasons.length === 0 ? text! : `${text} (${reasons.join('; ')})`
}

function issueOf(mistake: ErrorObject, schema: unknown, path: ConfigPath, keywords: readonly string[]): Issue {
  const place = placeOf(mistake, schema)
  const name = String(place.at(-1))
  const issue = (message: string): Issue => ({ path: [...path, ...place], value: valueAt(schema, place), message })
  if (mistake.keyword === 'unevaluatedProperties') {
    const guess = nearest(name, keywords)
    return issue(`is no keyword of JSON Schema;${guess && guess !== name ? ` did you mean "${guess}"?` : ''} remove it`)
  }
  if (mistake.keyword === 'false schema' || name === '$ref') return issue('is not supported; refer to "#/$defs/name", in the same schema')
  if (mistake.params['format'] === 'regex') return issue('must be a regular expression, as the flag "u" has it')
  return issue(String(mistake.params['type']) === 'object,boolean' ? 'must be a JSON Schema: an object, true or false' : wordsOf(mistake))
}

/** Where it is wrong; of a member that is missing or too much, where that is. */
function placeOf({ instancePath, params, propertyName }: ErrorObject, root: unknown): ConfigPath {
  const place: (string | number)[] = []
  for (const part of instancePath.split('/').slice(1)) {
    place.push(Array.isArray(valueAt(root, place)) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~'))
  }
  const member = propertyName ?? params['missingProperty'] ?? params['additionalProperty'] ?? params['unevaluatedProperty']
  return member === undefined ? place : [...place, member]
}

/** "[0]", ".name", or '["a name"]'. */
export function partText(part: string | number): string {
  if (typeof part === 'number') return `[${part}]`
  return /^[A-Za-z_$][\w$-]{0,60}$/.test(part) ? `.${part}` : `[${JSON.stringify(part.length > 60 ? `${part.slice(0, 59)}…` : part)}]`
}

const TYPES = {
  string: 'a string',
  number: 'a number',
  integer: 'an integer',
  boolean: 'true or false',
  array: 'a list',
  object: 'a dictionary',
}
const SHOWN_MAX = 20

function wordsOf({ keyword, params, message }: ErrorObject): string {
  if (keyword === 'required') return 'is missing'
  if (['false schema', 'additionalProperties', 'unevaluatedProperties'].includes(keyword)) return 'must not be there'
  if (keyword === 'type')
    return `must be ${[params['type']]
      .flat()
      .map((type: keyof typeof TYPES) => TYPES[type] ?? type)
      .join(' or ')}`
  if (keyword === 'const') return `must be ${JSON.stringify(params['allowedValue'])}`
  if (keyword !== 'enum') return message!
  const values = (params['allowedValues'] as readonly unknown[]).map((value) => JSON.stringify(value))
  return `must be one of ${values.slice(0, SHOWN_MAX).join(', ')}${values.length > SHOWN_MAX ? ', …' : ''}`
}
