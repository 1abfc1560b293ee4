// `validate` of a permission, and of an authorizer's answer (AUTHZ-08): JSON Schema or Standard Schema for each part of a payload,
// made into the checks that the router asks.

import type { PayloadCheck, Validation, ValueCheck } from '@crosspoint/router'
import type { ConfigPath, Issue } from '../config/issue.ts'
import { compileSchema, partText } from './json-schema.ts'
import { isObject } from './json-values.ts'

/** JSON Schema, draft 2020-12, or anything that is a Standard Schema. */
export type PayloadSchema = unknown

export interface PayloadSchemas {
  /** Of the list of positional arguments. Default: anything. */
  readonly args?: PayloadSchema
  /** Of the dictionary of keyword arguments. Default: anything. */
  readonly kwargs?: PayloadSchema
}

/** What calls and events must be like, and what callers get. */
export interface ValidateConfig extends PayloadSchemas {
  readonly result?: PayloadSchemas | undefined
  readonly progress?: PayloadSchemas | undefined
  readonly error?: PayloadSchemas | undefined
}

export const ANSWERS = ['result', 'progress', 'error'] as const
export const PARTS = ['args', 'kwargs'] as const

/** The part of the interface of Standard Schema that is used. */
interface StandardSchema {
  readonly '~standard': { readonly validate: (value: unknown) => unknown }
}
interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/**
 * Makes the checks of `validate`.
 *
 * @param path where it stands in the configuration
 * @returns the checks, and what is wrong with the schemas; then the checks are of no use
 * @example
 * compileValidation({ args: { type: 'array', items: { type: 'number' } } }, ['validate']).validation.args?.(['x']) // '[0]: must be a number'
 */
export function compileValidation(config: ValidateConfig, path: ConfigPath): { validation: Validation; issues: readonly Issue[] } {
  const issues: Issue[] = []
  const checksOf = (schemas: PayloadSchemas, at: ConfigPath): PayloadCheck => {
    const checks: { args?: ValueCheck; kwargs?: ValueCheck } = {}
    for (const part of PARTS) {
      const schema = schemas[part]
      if (schema === undefined) continue
      const made = compileOne(schema, [...at, part])
      checks[part] = made.check
      issues.push(...made.issues)
    }
    return checks
  }
  const answers: { [answer in (typeof ANSWERS)[number]]?: PayloadCheck } = {}
  for (const answer of ANSWERS) {
    const schemas = config[answer]
    if (schemas !== undefined) answers[answer] = checksOf(schemas, [...path, answer])
  }
  return { validation: { ...checksOf(config, path), ...answers }, issues }
}

function compileOne(schema: unknown, path: ConfigPath): { check: ValueCheck; issues: readonly Issue[] } {
  if (!isStandard(schema)) return compileSchema(schema, path)
  const issues: Issue[] = []
  if (isAsynchronous(schema)) {
    issues.push({
      path,
      value: 'a Standard Schema',
      message: 'validates asynchronously, and the router does not wait; give one that answers at once',
    })
  }
  return { check: (value) => standardFault(schema, value), issues }
}

/** Schemas of some libraries are functions. */
function isStandard(schema: unknown): schema is StandardSchema {
  if ((typeof schema !== 'object' && typeof schema !== 'function') || schema === null) return false
  const standard = (schema as Partial<StandardSchema>)['~standard']
  return typeof standard === 'object' && standard !== null && typeof standard.validate === 'function'
}

function isAsynchronous(schema: StandardSchema): boolean {
  try {
    return isPromise(schema['~standard'].validate(undefined))
  } catch {
    return false // it may not like undefined; what it does with real values is seen then
  }
}

/** One that is not awaited must not end the process by failing. */
function isPromise(value: unknown): boolean {
  if (typeof (value as { then?: unknown } | null | undefined)?.then !== 'function') return false
  Promise.resolve(value).catch(() => {})
  return true
}

function standardFault(schema: StandardSchema, value: unknown): string | undefined {
  let result: unknown
  try {
    result = schema['~standard'].validate(value)
  } catch {
    return 'the check of it failed' // how is not for the sender
  }
  if (isPromise(result)) return 'the check of it failed'
  const issue = (result as { readonly issues?: readonly StandardIssue[] } | undefined)?.issues?.[0]
  if (issue === undefined) return undefined
  const at = (issue.path ?? []).map(placeText).join('').replace(/^\./, '')
  return at === '' ? issue.message : `${at}: ${issue.message}`
}

function placeText(segment: PropertyKey | { readonly key: PropertyKey }): string {
  const key = isObject(segment) ? (segment as { readonly key: PropertyKey }).key : segment
  return partText(typeof key === 'number' ? key : String(key))
}
