// The keywords of JSON Schema that hold schemas: for the members of a value, and for the value itself.

import type { Check, Keyword, KeywordCompiler, Wrong } from './json-schema.ts'
import { isNames, memberAt, missingOf } from './json-schema-assertions.ts'
import { isObject } from './json-values.ts'

type Dictionary = { readonly [key: string]: unknown }

const below = (at: string, wrong: Wrong): Wrong => ({ at: at + wrong.at, must: wrong.must })

/** Schemas in a list: `allOf: […]`. */
function listOf({ value, compile, refuse }: Keyword, name: string): Check[] | undefined {
  if (Array.isArray(value) && value.length > 0) return value.map((schema, index) => compile(schema, [name, index]))
  return refuse('must be a list of at least one schema')
}

/** Schemas by name: `properties: {…}`. */
function byName({ value, compile, refuse }: Keyword, name: string): [string, Check][] | undefined {
  if (isObject(value)) return Object.entries(value).map(([key, schema]) => [key, compile(schema, [name, key])])
  return refuse('must be an object of schemas')
}

function items({ value: given, schema, compile, refuse }: Keyword): Check | undefined {
  if (Array.isArray(given)) return refuse('with a list is the form of older drafts; write prefixItems')
  const first = Array.isArray(schema['prefixItems']) ? schema['prefixItems'].length : 0
  const check = compile(given, ['items'])
  return (value) => {
    if (!Array.isArray(value)) return undefined
    for (let index = first; index < value.length; index++) {
      const wrong = check(value[index])
      if (wrong !== undefined) return below(`[${index}]`, wrong)
    }
    return undefined
  }
}

function prefixItems(keyword: Keyword): Check | undefined {
  const checks = listOf(keyword, 'prefixItems')
  return (
    checks &&
    ((value) => {
      if (!Array.isArray(value)) return undefined
      for (let index = 0; index < checks.length && index < value.length; index++) {
        const wrong = checks[index]!(value[index])
        if (wrong !== undefined) return below(`[${index}]`, wrong)
      }
      return undefined
    })
  )
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0

function contains({ value: given, schema, compile }: Keyword): Check {
  const { minContains, maxContains } = schema
  const least = isCount(minContains) ? minContains : 1
  const most = isCount(maxContains) ? maxContains : Number.POSITIVE_INFINITY
  const check = compile(given, ['contains'])
  const fault = {
    at: '',
    must: `must contain ${most === Number.POSITIVE_INFINITY ? `at least ${least}` : `from ${least} to ${most}`} of what "contains" says`,
  }
  return (value) => {
    if (!Array.isArray(value)) return undefined
    let count = 0
    for (const item of value) if (check(item) === undefined) count++
    return count < least || count > most ? fault : undefined
  }
}

/** Beside `contains`, which reads it. */
const countOfContains: KeywordCompiler = ({ value, schema, refuse }) => {
  if (!isCount(value)) return refuse('must be a whole number from 0 on')
  return schema['contains'] === undefined ? refuse('needs contains beside it') : undefined
}

function properties(keyword: Keyword): Check | undefined {
  const checks = byName(keyword, 'properties')
  return (
    checks &&
    ((value) => {
      if (!isObject(value)) return undefined
      for (const [name, check] of checks) {
        const wrong = Object.hasOwn(value, name) ? check(value[name]) : undefined
        if (wrong !== undefined) return below(memberAt(name), wrong)
      }
      return undefined
    })
  )
}

/** The regular expressions of `patternProperties`; those that are none are left out, and refused by it. */
function expressionsOf(patterns: unknown): RegExp[] {
  return isObject(patterns) ? Object.keys(patterns).flatMap((text) => expressionOf(text) ?? []) : []
}

function expressionOf(text: string): RegExp | undefined {
  try {
    return new RegExp(text, 'u')
  } catch {
    return undefined
  }
}

function patternProperties(keyword: Keyword): Check | undefined {
  const checks = byName(keyword, 'patternProperties')
  if (checks === undefined) return undefined
  const wrong = checks.find(([text]) => expressionOf(text) === undefined)
  if (wrong !== undefined) return keyword.refuse(`has a name that is no regular expression: ${wrong[0]}`)
  const patterns = checks.map(([text, check]) => ({ expression: expressionOf(text)!, check }))
  return eachMember((name, member) => {
    for (const { expression, check } of patterns) {
      const fault = expression.test(name) ? check(member) : undefined
      if (fault !== undefined) return fault
    }
    return undefined
  })
}

function additionalProperties({ value: given, schema, compile }: Keyword): Check {
  const named = new Set(isObject(schema['properties']) ? Object.keys(schema['properties']) : [])
  const patterns = expressionsOf(schema['patternProperties'])
  const check = compile(given, ['additionalProperties'])
  return eachMember((name, member) => {
    if (named.has(name) || patterns.some((pattern) => pattern.test(name))) return undefined
    return check(member)
  })
}

function eachMember(look: (name: string, member: unknown) => Wrong | undefined): Check {
  return (value) => {
    if (!isObject(value)) return undefined
    for (const name of Object.keys(value)) {
      const wrong = look(name, value[name])
      if (wrong !== undefined) return below(memberAt(name), wrong)
    }
    return undefined
  }
}

function propertyNames({ value: given, compile }: Keyword): Check {
  const check = compile(given, ['propertyNames'])
  return eachMember((name) => {
    const wrong = check(name)
    return wrong && { at: '', must: `has a name that ${wrong.must}` }
  })
}

function dependentRequired({ value: given, refuse }: Keyword): Check | undefined {
  if (!isObject(given) || !Object.values(given).every(isNames)) return refuse('must be an object of lists of names')
  const needs = Object.entries(given as { readonly [name: string]: readonly string[] })
  return (value) => {
    if (!isObject(value)) return undefined
    for (const [name, names] of needs) {
      const missing = Object.hasOwn(value, name) ? missingOf(value, names) : undefined
      if (missing !== undefined) return { at: memberAt(missing), must: `is missing, and "${name}" needs it` }
    }
    return undefined
  }
}

function dependentSchemas(keyword: Keyword): Check | undefined {
  const checks = byName(keyword, 'dependentSchemas')
  return checks && ((value) => (isObject(value) ? firstOf(checks, value) : undefined))
}

function firstOf(checks: readonly [string, Check][], value: Dictionary): Wrong | undefined {
  for (const [name, check] of checks) {
    const wrong = Object.hasOwn(value, name) ? check(value) : undefined
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function allOf(keyword: Keyword): Check | undefined {
  const checks = listOf(keyword, 'allOf')
  return (
    checks &&
    ((value) => {
      for (const check of checks) {
        const wrong = check(value)
        if (wrong !== undefined) return wrong
      }
      return undefined
    })
  )
}

function anyOf(keyword: Keyword): Check | undefined {
  const checks = listOf(keyword, 'anyOf')
  return checks && ((value) => (checks.some((check) => check(value) === undefined) ? undefined : noneOf(checks, value)))
}

function oneOf(keyword: Keyword): Check | undefined {
  const checks = listOf(keyword, 'oneOf')
  return (
    checks &&
    ((value) => {
      const count = checks.filter((check) => check(value) === undefined).length
      if (count === 0) return noneOf(checks, value)
      return count === 1 ? undefined : { at: '', must: `must fit one of ${checks.length} alternatives alone, and fits ${count}` }
    })
  )
}

const ALTERNATIVES_SHOWN = 4

function noneOf(checks: readonly Check[], value: unknown): Wrong {
  const reasons = checks.slice(0, ALTERNATIVES_SHOWN).map((check) => {
    const { at, must } = check(value)!
    return at === '' ? must : `${at.replace(/^\./, '')} ${must}`
  })
  return { at: '', must: `fits none of ${checks.length} alternatives: ${reasons.join('; ')}${checks.length > reasons.length ? '; …' : ''}` }
}

function not({ value: given, compile }: Keyword): Check {
  const check = compile(given, ['not'])
  return (value) => (check(value) === undefined ? { at: '', must: 'must not be like this' } : undefined)
}

function condition({ value: given, schema, compile }: Keyword): Check {
  const check = compile(given, ['if'])
  const isSo = schema['then'] === undefined ? undefined : compile(schema['then'], ['then'])
  const isElse = schema['else'] === undefined ? undefined : compile(schema['else'], ['else'])
  return (value) => (check(value) === undefined ? isSo?.(value) : isElse?.(value))
}

/** Beside `if`, which compiles it. */
const branch: KeywordCompiler = ({ schema, refuse }) => (schema['if'] === undefined ? refuse('needs if beside it') : undefined)

function reference({ value, refuse, resolve }: Keyword): Check | undefined {
  if (typeof value !== 'string' || !(value === '#' || value.startsWith('#/'))) {
    return refuse('must be a place in the same schema, such as "#/$defs/name"; others are not read')
  }
  return resolve(value) ?? refuse('names a place that this schema does not have')
}

export const APPLICATORS: { readonly [keyword: string]: KeywordCompiler } = {
  $ref: reference,
  items,
  prefixItems,
  contains,
  minContains: countOfContains,
  maxContains: countOfContains,
  properties,
  patternProperties,
  additionalProperties,
  propertyNames,
  dependentRequired,
  dependentSchemas,
  allOf,
  anyOf,
  oneOf,
  not,
  if: condition,
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: branch,
  else: branch,
}
