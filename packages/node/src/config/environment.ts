// `${NAME}` and `${NAME:-default}` in the text values of a configuration.

import type { ConfigPath, Issue } from './issue.ts'

export interface Substituted {
  /** A copy with every reference replaced. */
  readonly value: unknown
  /** Where text came from the environment, by `pathKey`; there a text may stand for a number or a truth value. */
  readonly places: ReadonlySet<string>
  readonly issues: readonly Issue[]
}

export type Environment = { readonly [name: string]: string | undefined }

const REFERENCE = /\$\{([^}]*)\}/g
const NAME_AND_DEFAULT = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s

export function pathKey(path: ConfigPath): string {
  return JSON.stringify(path)
}

/**
 * Replaces references in every text value, keys excepted. `${NAME}` without a default must be set; `${NAME:-default}` takes
 * the default when NAME is unset or empty, as a shell does.
 */
export function substitute(value: unknown, environment: Environment): Substituted {
  const places = new Set<string>()
  const issues: Issue[] = []

  function walk(current: unknown, path: ConfigPath): unknown {
    if (typeof current === 'string') return current.includes('${') ? fill(current, path) : current
    if (Array.isArray(current)) return current.map((item, index) => walk(item, [...path, index]))
    if (!isPlainObject(current)) return current
    // Object.fromEntries defines own properties, so a key "__proto__" stays a key and is refused later by name.
    return Object.fromEntries(Object.entries(current).map(([key, item]) => [key, walk(item, [...path, key])]))
  }

  function fill(text: string, path: ConfigPath): string {
    places.add(pathKey(path))
    return text.replace(REFERENCE, (reference, inner: string) => {
      const match = NAME_AND_DEFAULT.exec(inner)
      if (match === null) {
        issues.push({ path, value: text, message: `${reference} must be \${NAME} or \${NAME:-default}, NAME of letters, digits and "_"` })
        return ''
      }
      const [, name, fallback] = match as unknown as [string, string, string | undefined]
      const found = environment[name]
      if (fallback !== undefined) return found === undefined || found === '' ? fallback : found
      if (found !== undefined) return found
      issues.push({ path, value: text, message: `the environment has no ${name}; set it, or give a default: \${${name}:-default}` })
      return ''
    })
  }

  return { value: walk(value, []), places, issues }
}

/** Whether it is all members, and no more. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
