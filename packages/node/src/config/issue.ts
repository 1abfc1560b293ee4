// A mistake in a configuration, and how it is told: file, path inside the file, value, and what would have been right.

import { UsageError } from '@crosspoint/protocol'
import { HIDDEN, showable } from './secrets.ts'

/** Where in the configuration: `['workers', 0, 'transports', 1, 'endpoint', 'port']`. */
export type ConfigPath = readonly (string | number)[]

export interface Issue {
  readonly path: ConfigPath
  /** What is there; `undefined` when the key is missing. */
  readonly value: unknown
  /** What is wrong and what would have been right: "must be a whole number from 1 to 65535". */
  readonly message: string
}

/** A path as people write it: `workers[0].transports[1].endpoint.port`; a key that is no plain word is quoted. */
export function pathText(path: ConfigPath): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else if (!/^[A-Za-z_$][\w$-]*$/.test(part)) text += `[${JSON.stringify(part)}]`
    else text += text === '' ? part : `.${part}`
  }
  return text === '' ? 'the configuration' : text
}

/** A value short enough for one line of an error. */
function valueText(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (value === HIDDEN) return HIDDEN
  let text: string
  try {
    text = JSON.stringify(value) ?? String(value)
  } catch {
    text = String(value) // circular, or a bigint: only a .ts or .js file can hold one
  }
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

/** The value at a path, or `undefined`. */
export function valueAt(root: unknown, path: ConfigPath): unknown {
  let value = root
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Object.hasOwn(value, part) ? (value as Record<string | number, unknown>)[part] : undefined
  }
  return value
}

function issueText(file: string, issue: Issue): string {
  const found = issue.value === undefined ? 'is missing' : `is ${valueText(showable(issue.value, issue.path))}`
  return `${file}: ${pathText(issue.path)} ${found}: ${issue.message}`
}

/** One error for all mistakes of a file, one line each. */
export function configError(file: string, issues: readonly Issue[]): UsageError {
  return new UsageError('ERR_CONFIG', issues.map((issue) => issueText(file, issue)).join('\n'))
}

/** The word of `known` that `word` was probably meant to be: at most a third of its letters differ. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Insertions, deletions, replacements and swaps of neighbours between two words. */
function editDistance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)]
  for (let row = 1; row <= from.length; row++) {
    const line = [row]
    for (let column = 1; column <= to.length; column++) {
      const cost = from[row - 1] === to[column - 1] ? 0 : 1
      let least = Math.min(rows[row - 1]![column]! + 1, line[column - 1]! + 1, rows[row - 1]![column - 1]! + cost)
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (isSwap) least = Math.min(least, rows[row - 2]![column - 2]! + 1)
      line.push(least)
    }
    rows.push(line)
  }
  return rows[from.length]![to.length]!
}
