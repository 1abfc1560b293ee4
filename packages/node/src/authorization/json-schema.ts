// JSON Schema, draft 2020-12, for payloads (AUTHZ-08): a schema becomes a function once, at the start. What a schema says and this
// does not know is refused by name, so that nobody relies on a check that is not made. Not made of zod's `fromJSONSchema`, which
// lets pass in silence what it has no form for: constraints without `type`, `required` without `properties`, lists in `enum`.

import type { ValueCheck } from '@crosspoint/router'
import type { ConfigPath, Issue } from '../config/issue.ts'
import { nearest } from '../config/issue.ts'
import { APPLICATORS } from './json-schema-applicators.ts'
import { ASSERTIONS } from './json-schema-assertions.ts'
import { isObject } from './json-values.ts'

/** What is wrong, and where below the value that was given: "[1].name". */
export interface Wrong {
  readonly at: string
  readonly must: string
}
export type Check = (value: unknown) => Wrong | undefined

/** One keyword, and what it may need to become a check. */
export interface Keyword {
  /** The value of the keyword. */
  readonly value: unknown
  /** The schema that it stands in. */
  readonly schema: { readonly [keyword: string]: unknown }
  /** The check of a schema below: `['items']`, `['properties', 'name']`. */
  compile(schema: unknown, below: readonly (string | number)[]): Check
  /** Says that the keyword's value makes no sense. */
  refuse(message: string): undefined
  /** The check that `$ref` names; undefined when there is none. */
  resolve(reference: string): Check | undefined
}

export type KeywordCompiler = (keyword: Keyword) => Check | undefined

const KEYWORDS: { readonly [keyword: string]: KeywordCompiler } = { ...ASSERTIONS, ...APPLICATORS }

/** What says something to people and programs, not about values. */
const ANNOTATIONS: ReadonlySet<string> = new Set([
  ...['$comment', '$defs', 'title', 'description', 'default', 'deprecated', 'examples', 'readOnly', 'writeOnly'],
  ...['contentEncoding', 'contentMediaType', 'contentSchema'],
])
const ROOT_ANNOTATIONS: ReadonlySet<string> = new Set(['$schema', '$id'])
const DRAFT = 'https://json-schema.org/draft/2020-12/schema'

const OTHERS: { readonly [keyword: string]: string } = {
  unevaluatedItems: 'is not supported; write items: false beside prefixItems',
  unevaluatedProperties: 'is not supported; write additionalProperties: false beside all properties',
  definitions: 'is the form of older drafts; write $defs',
  additionalItems: 'is the form of older drafts; write items beside prefixItems',
  dependencies: 'is the form of older drafts; write dependentRequired or dependentSchemas',
  $anchor: 'is not supported; write $ref: "#/$defs/name"',
  $dynamicAnchor: 'is not supported; write $ref: "#/$defs/name"',
  $dynamicRef: 'is not supported; write $ref: "#/$defs/name"',
  $recursiveRef: 'is the form of an older draft; write $ref: "#"',
  $id: 'is supported in the outermost schema only; remove it',
  $schema: 'is supported in the outermost schema only; remove it',
  $vocabulary: 'is not supported; remove it',
}

/** References that lead to references, and values within values, go no deeper. */
const DEPTH_MAX = 200

const PASS: Check = () => undefined

/**
 * Makes a check of a schema.
 *
 * @param path where the schema stands in the configuration
 * @returns the check, and what is wrong with the schema; then the check is of no use
 * @example
 * const { check } = compileSchema({ type: 'array', prefixItems: [{ type: 'string' }], minItems: 1 }, [])
 * check([7]) // '[0]: must be a string'
 */
export function compileSchema(schema: unknown, path: ConfigPath): { readonly check: ValueCheck; readonly issues: readonly Issue[] } {
  const compiler = new Compiler(schema, path)
  const check = compiler.compile(schema, path)
  return { check: (value) => safely(check, value), issues: compiler.issues }
}

/** What is nested deeper than the stack is no fault of the router's. */
function safely(check: Check, value: unknown): string | undefined {
  try {
    return textOf(check(value))
  } catch {
    return 'it cannot be checked: it is nested too deeply'
  }
}

function textOf(wrong: Wrong | undefined): string | undefined {
  if (wrong === undefined) return undefined
  const at = wrong.at.replace(/^\./, '')
  return at === '' ? wrong.must : `${at}: ${wrong.must}`
}

class Compiler {
  readonly issues: Issue[] = []
  readonly #root: unknown
  readonly #rootPath: ConfigPath
  readonly #references = new Map<string, { check: Check }>()

  constructor(root: unknown, path: ConfigPath) {
    this.#root = root
    this.#rootPath = path
  }

  compile(schema: unknown, path: ConfigPath): Check {
    if (schema === true) return PASS
    if (schema === false) return () => ({ at: '', must: 'must not be there' })
    if (!isObject(schema)) {
      this.issues.push({ path, value: schema, message: 'must be a JSON Schema: an object, true or false' })
      return PASS
    }
    if (path === this.#rootPath && schema['$schema'] !== undefined && schema['$schema'] !== DRAFT) {
      this.issues.push({ path: [...path, '$schema'], value: schema['$schema'], message: `must be "${DRAFT}", or not there` })
    }
    const checks = Object.keys(schema).flatMap((name) => this.#keyword(name, schema, path) ?? [])
    if (checks.length <= 1) return checks[0] ?? PASS
    return (value) => {
      for (const check of checks) {
        const wrong = check(value)
        if (wrong !== undefined) return wrong
      }
      return undefined
    }
  }

  #keyword(name: string, schema: { readonly [keyword: string]: unknown }, path: ConfigPath): Check | undefined {
    const at = [...path, name]
    const value = schema[name]
    if (ANNOTATIONS.has(name) || (path === this.#rootPath && ROOT_ANNOTATIONS.has(name))) return undefined
    const refuse = (message: string) => void this.issues.push({ path: at, value, message })
    const compiler = Object.hasOwn(KEYWORDS, name) ? KEYWORDS[name] : undefined
    if (compiler === undefined) {
      const guess = nearest(name, [...Object.keys(KEYWORDS), ...ANNOTATIONS])
      const other = Object.hasOwn(OTHERS, name) ? OTHERS[name] : undefined
      refuse(other ?? `is no keyword of JSON Schema that is checked here;${guess ? ` did you mean "${guess}"?` : ''} remove it`)
      return undefined
    }
    return compiler({
      value,
      schema,
      refuse: (message) => refuse(message) as undefined,
      compile: (inner, below) => this.compile(inner, [...path, ...below]),
      resolve: (reference) => this.#resolve(reference),
    })
  }

  /** Each reference once; one that leads to itself is known before it is done. */
  #resolve(reference: string): Check | undefined {
    const known = this.#references.get(reference)
    if (known !== undefined) return (value) => known.check(value)
    const parts = reference === '#' ? [] : reference.slice(2).split('/').map(unescaped)
    let schema = this.#root
    for (const part of parts) {
      const isThere = typeof schema === 'object' && schema !== null && Object.hasOwn(schema, part)
      if (!isThere) return undefined
      schema = (schema as { readonly [part: string]: unknown })[part]
    }
    const entry = { check: PASS }
    this.#references.set(reference, entry)
    entry.check = bounded(this.compile(schema, parts.length === 0 ? this.#rootPath : [...this.#rootPath, ...parts]))
    return (value) => entry.check(value)
  }
}

/** A part of a JSON Pointer in a fragment. */
function unescaped(part: string): string {
  let text = part
  try {
    text = decodeURIComponent(part)
  } catch {
    // not percent-encoded
  }
  return text.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** A schema that refers to itself follows the value as deep as that goes. */
function bounded(check: Check): Check {
  let depth = 0
  return (value) => {
    if (depth >= DEPTH_MAX) return { at: '', must: `is nested deeper than ${DEPTH_MAX} times` }
    depth++
    try {
      return check(value)
    } finally {
      depth--
    }
  }
}
