// The keywords of JSON Schema that look at one value: its type, the number, the text, the number of members.

import { z } from 'zod'
import type { Check, Keyword, KeywordCompiler } from './json-schema.ts'
import { canonical, hasType, isNumber, isObject, TYPE_WORDS, TYPES, type TypeName } from './json-values.ts'

/** The formats that are checked; zod knows what they are like. */
const FORMATS: { readonly [format: string]: z.ZodType } = {
  'date-time': z.iso.datetime({ offset: true }),
  date: z.iso.date(),
  duration: z.iso.duration(),
  email: z.email(),
  hostname: z.hostname(),
  ipv4: z.ipv4(),
  ipv6: z.ipv6(),
  uri: z.url(),
  uuid: z.guid(), // any version, as RFC 9562 writes them
}

const wrong = (must: string) => ({ at: '', must })

/** A keyword whose value is a number that something of the value is compared with. */
function bound<Value>(
  is: (value: unknown) => value is Value,
  fits: (value: Value, limit: number) => boolean,
  words: (limit: number) => string,
  isCount = false,
): KeywordCompiler {
  return ({ value: limit, refuse }) => {
    if (typeof limit !== 'number' || (isCount && (!Number.isInteger(limit) || limit < 0))) {
      return refuse(`must be ${isCount ? 'a whole number from 0 on' : 'a number'}`)
    }
    const fault = wrong(words(limit))
    return (value) => (is(value) && !fits(value, limit) ? fault : undefined)
  }
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)

/** Characters, not their halves. Short texts need no counting. */
function isLonger(text: string, length: number): boolean {
  if (text.length <= length) return false
  if (text.length > 2 * length) return true
  return [...text].length > length
}

const plural = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`
const sizeOf = (value: object) => Object.keys(value).length

function typeCheck({ value: given, refuse }: Keyword): Check | undefined {
  const types = (Array.isArray(given) ? given : [given]) as TypeName[]
  if (types.length === 0 || !types.every((type) => TYPES.includes(type))) {
    return refuse(`must be one of ${TYPES.map((type) => `"${type}"`).join(', ')}, or a list of them`)
  }
  const fault = wrong(`must be ${types.map((type) => TYPE_WORDS[type]).join(' or ')}`)
  const [only] = types
  if (types.length === 1) return (value) => (hasType(value, only!) ? undefined : fault)
  return (value) => (types.some((type) => hasType(value, type)) ? undefined : fault)
}

function oneOfValues(values: readonly unknown[]): Check {
  const known = new Set(values.map(canonical))
  const shown = values.slice(0, 8).map((value) => JSON.stringify(value))
  if (values.length > shown.length) shown.push('…')
  const fault = wrong(`must be ${shown.length === 1 ? '' : 'one of '}${shown.join(', ')}`)
  return (value) => (known.has(canonical(value)) ? undefined : fault)
}

function multipleOf({ value: given, refuse }: Keyword): Check | undefined {
  if (typeof given !== 'number' || !(given > 0)) return refuse('must be a number greater than 0')
  const fault = wrong(`must be a multiple of ${given}`)
  return (value) => {
    if (!isNumber(value)) return undefined
    const times = Number(value) / given
    // 0.3 is a multiple of 0.1, although not in binary.
    return Math.abs(times - Math.round(times)) <= Math.abs(times) * 4 * Number.EPSILON ? undefined : fault
  }
}

function pattern({ value: given, refuse }: Keyword): Check | undefined {
  if (typeof given !== 'string') return refuse('must be a regular expression, as text')
  let expression: RegExp
  try {
    expression = new RegExp(given, 'u')
  } catch (error) {
    return refuse(`is no regular expression (${(error as Error).message})`)
  }
  const fault = wrong(`must match ${given}`)
  return (value) => (isText(value) && !expression.test(value) ? fault : undefined)
}

function format({ value: given, refuse }: Keyword): Check | undefined {
  const schema = typeof given === 'string' && Object.hasOwn(FORMATS, given) ? FORMATS[given] : undefined
  if (schema === undefined) return refuse(`is not checked here; known are ${Object.keys(FORMATS).join(', ')}; for others write pattern`)
  const fault = wrong(`must be text of the format ${given as string}`)
  return (value) => (isText(value) && !schema.safeParse(value).success ? fault : undefined)
}

function uniqueItems({ value: given, refuse }: Keyword): Check | undefined {
  if (typeof given !== 'boolean') return refuse('must be true or false')
  if (!given) return undefined
  return (value) => {
    if (!isList(value)) return undefined
    const seen = new Set<string>()
    for (const [index, item] of value.entries()) {
      const text = canonical(item)
      if (seen.has(text)) return { at: `[${index}]`, must: 'must not be there twice' }
      seen.add(text)
    }
    return undefined
  }
}

/** The members that `required` and `dependentRequired` name. */
export function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText)
}

export function missingOf(value: { readonly [key: string]: unknown }, names: readonly string[]): string | undefined {
  return names.find((name) => !Object.hasOwn(value, name))
}

function required({ value: names, refuse }: Keyword): Check | undefined {
  if (!isNames(names)) return refuse('must be a list of names')
  return (value) => {
    const name = isObject(value) ? missingOf(value, names) : undefined
    return name === undefined ? undefined : { at: memberAt(name), must: 'is missing' }
  }
}

/** ".name", or '["a name"]'. */
export function memberAt(name: string): string {
  return /^[A-Za-z_$][\w$-]{0,60}$/.test(name) ? `.${name}` : `[${JSON.stringify(name.length > 60 ? `${name.slice(0, 59)}…` : name)}]`
}

export const ASSERTIONS: { readonly [keyword: string]: KeywordCompiler } = {
  type: typeCheck,
  enum: ({ value, refuse }) => (Array.isArray(value) ? oneOfValues(value) : refuse('must be a list of values')),
  const: ({ value }) => oneOfValues([value]),
  minimum: bound(
    isNumber,
    (value, limit) => value >= limit,
    (limit) => `must be at least ${limit}`,
  ),
  maximum: bound(
    isNumber,
    (value, limit) => value <= limit,
    (limit) => `must be at most ${limit}`,
  ),
  exclusiveMinimum: bound(
    isNumber,
    (value, limit) => value > limit,
    (limit) => `must be greater than ${limit}`,
  ),
  exclusiveMaximum: bound(
    isNumber,
    (value, limit) => value < limit,
    (limit) => `must be less than ${limit}`,
  ),
  multipleOf,
  minLength: bound(
    isText,
    (text, least) => least === 0 || isLonger(text, least - 1),
    (least) => `must have at least ${plural(least, 'character', 'characters')}`,
    true,
  ),
  maxLength: bound(
    isText,
    (text, most) => !isLonger(text, most),
    (most) => `must have at most ${plural(most, 'character', 'characters')}`,
    true,
  ),
  pattern,
  format,
  minItems: bound(
    isList,
    (list, least) => list.length >= least,
    (least) => `must have at least ${plural(least, 'item', 'items')}`,
    true,
  ),
  maxItems: bound(
    isList,
    (list, most) => list.length <= most,
    (most) => `must have at most ${plural(most, 'item', 'items')}`,
    true,
  ),
  uniqueItems,
  minProperties: bound(
    isObject,
    (value, least) => sizeOf(value) >= least,
    (least) => `must have at least ${plural(least, 'member', 'members')}`,
    true,
  ),
  maxProperties: bound(
    isObject,
    (value, most) => sizeOf(value) <= most,
    (most) => `must have at most ${plural(most, 'member', 'members')}`,
    true,
  ),
  required,
}
