// From a value of unknown shape to a NodeConfig, or to the list of everything that is wrong with it.

import type { z } from 'zod'
import { isPlainObject, pathKey, type Substituted } from './environment.ts'
import { type ConfigPath, type Issue, valueAt } from './issue.ts'
import { type NodeConfig, nodeSchema } from './schema.ts'
import { chooseText, unknownKeyText } from './schema-parts.ts'
import { findUnsupported } from './unsupported.ts'

export type Validated =
  | { readonly config: NodeConfig; readonly issues: readonly [] }
  | { readonly config: undefined; readonly issues: readonly Issue[] }

/** Checks the shape: first what Crossbar has and we have not, by name, then everything against the schema. */
export function validate(substituted: Substituted): Validated {
  const unsupported = findUnsupported(substituted.value)
  let parsed = nodeSchema.safeParse(substituted.value)
  if (!parsed.success) {
    const converted = convertTexts(substituted.value, parsed.error.issues, substituted.places)
    if (converted !== undefined) parsed = nodeSchema.safeParse(converted)
  }
  if (parsed.success && unsupported.length === 0) return { config: parsed.data, issues: [] }
  const shape = parsed.success ? [] : parsed.error.issues.flatMap((issue) => toIssues(issue, substituted.value))
  // What is refused by name is not refused a second time for its shape; a refused type stands for its whole object.
  const refused = unsupported.map(({ path }) => (path.at(-1) === 'type' ? path.slice(0, -1) : path))
  const issues = [...unsupported, ...shape.filter((issue) => !refused.some((path) => isWithin(issue.path, path)))]
  // In another version's shape nothing else has a meaning.
  const version = issues.find((issue) => issue.path[0] === 'version')
  return { config: undefined, issues: version === undefined ? issues : [version] }
}

/**
 * Text from the environment where a number or truth value belongs becomes one: `port: "${PORT:-8080}"`. Only there; a "8080"
 * written in the file stays a mistake. `undefined` when there is nothing to convert.
 */
function convertTexts(value: unknown, issues: readonly z.core.$ZodIssue[], places: ReadonlySet<string>): unknown {
  const targets = new Map<string, unknown>()
  for (const issue of issues.flatMap((issue) => flatten(issue))) {
    const path = issue.path as (string | number)[]
    if (!places.has(pathKey(path))) continue
    const text = valueAt(value, path)
    if (typeof text !== 'string') continue
    if (/^-?\d+$/.test(text) && Number.isSafeInteger(Number(text))) targets.set(pathKey(path), Number(text))
    else if (text === 'true' || text === 'false') targets.set(pathKey(path), text === 'true')
  }
  return targets.size === 0 ? undefined : replaced(value, [], targets)
}

function replaced(value: unknown, path: ConfigPath, targets: ReadonlyMap<string, unknown>): unknown {
  const key = pathKey(path)
  if (targets.has(key)) return targets.get(key)
  if (Array.isArray(value)) return value.map((item, index) => replaced(item, [...path, index], targets))
  if (!isPlainObject(value)) return value // a schema of a library is more than its members
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, replaced(item, [...path, name], targets)]))
}

/** The issues inside a union too, with their whole paths. */
function flatten(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const inner = issue.errors.flat().flatMap((one) => flatten({ ...one, path: [...issue.path, ...one.path] }))
  return [issue, ...inner]
}

/** The mistakes that a schema found, in words; also for files of principals. */
export function toIssues(issue: z.core.$ZodIssue, root: unknown): Issue[] {
  const path = issue.path as (string | number)[]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => at(root, [...path, key], unknownKeyText(key, issue.message)))
  }
  if (issue.code === 'invalid_union') {
    const options = (issue as { options?: readonly unknown[] }).options
    const given = valueAt(root, path)
    // No branch of the union has this discriminator; of a union without one, the branch of the same kind speaks.
    if (options !== undefined) return [at(root, path, chooseText(options.map(String), given))]
    const isObject = typeof given === 'object' && given !== null
    const branch = isObject
      ? issue.errors.find((errors) => errors.some((one) => one.path.length > 0 || one.code === 'unrecognized_keys'))
      : undefined
    if (branch !== undefined) return branch.flatMap((one) => toIssues({ ...one, path: [...path, ...one.path] }, root))
  }
  return [at(root, path, issue.message)]
}

function at(root: unknown, path: ConfigPath, message: string): Issue {
  return { path, value: valueAt(root, path), message }
}

function isWithin(path: ConfigPath, outer: ConfigPath): boolean {
  return outer.length <= path.length && outer.every((part, index) => part === path[index])
}
