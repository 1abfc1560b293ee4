// The table: what scenarios and unit tests together say about every requirement id.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { IDS_NOT_BUILT, SECTIONS_NOT_BUILT } from './not-built.ts'
import type { Result } from './runner.ts'
import type { UnitResult } from './unit-results.ts'

export interface Requirement {
  readonly id: string
  readonly section: string
  /** "M", "S", "P", "O", "D", or several of them with "/" between. */
  readonly level: string
}

// Section 14 holds readings of contradictions, no requirements of its own.
export const REQUIREMENTS: readonly Requirement[] = (
  JSON.parse(readFileSync(join(import.meta.dirname, 'requirements.json'), 'utf8')) as Requirement[]
).filter((requirement) => requirement.section !== '14')

export interface Line extends Requirement {
  readonly status: 'passing' | 'failing' | 'not built'
  /** By what it is proven, or why it is not built. */
  readonly note: string
  /** Neither tested nor deliberately left out, although it has to be there. */
  readonly isMissing: boolean
}

export interface Report {
  readonly lines: readonly Line[]
  readonly summary: { readonly passing: number; readonly failing: number; readonly notBuilt: number }
  readonly hasFailed: boolean
}

export function gather(results: readonly Result[], units: readonly UnitResult[]): Report {
  const lines = REQUIREMENTS.map((requirement): Line => {
    const { id, section, level } = requirement
    const scenarios = results.filter((result) => result.id === id)
    const tests = units.filter((unit) => unit.ids.includes(id))
    if (scenarios.length + tests.length > 0) {
      const isFailing = scenarios.some((result) => !result.ok) || tests.some((test) => !test.ok)
      const count = new Set(scenarios.map((result) => result.title)).size
      const parts = [counted(count, 'scenario'), counted(tests.length, 'test')].filter((part) => part !== '')
      return { ...requirement, status: isFailing ? 'failing' : 'passing', note: parts.join(', '), isMissing: false }
    }
    const reason = IDS_NOT_BUILT[id] ?? SECTIONS_NOT_BUILT[section]
    const isMissing = reason === undefined && /[MSP]/.test(level)
    return { ...requirement, status: 'not built', note: reason ?? 'no test', isMissing }
  })
  const count = (status: Line['status']) => lines.filter((line) => line.status === status).length
  const summary = { passing: count('passing'), failing: count('failing'), notBuilt: count('not built') }
  // A file that could not run at all has no ids; it fails the whole.
  const isPartial = units.length === 0 // then ids without a test may have one
  const hasFailed =
    results.some((result) => !result.ok) || units.some((unit) => !unit.ok) || (!isPartial && lines.some((line) => line.isMissing))
  return { lines, summary, hasFailed }
}

function counted(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${what}${count === 1 ? '' : 's'}`
}

export function printTable(report: Report, results: readonly Result[], units: readonly UnitResult[]): void {
  for (const line of report.lines) {
    console.log(`${line.id.padEnd(9)} ${line.section.padEnd(5)} ${line.level.padEnd(6)} ${line.status.padEnd(10)} ${line.note}`)
  }
  for (const { id, title, way, ok, error } of results) if (!ok) console.log(`\nFAILED ${id} ${title} (${way})\n  ${error}`)
  for (const { title, file, ok, error } of units) if (!ok) console.log(`\nFAILED ${title} (${file})\n  ${error}`)
  const missing = report.lines.filter((line) => line.isMissing)
  if (missing.length > 0) {
    console.log(`\nNO TEST, and no reason in not-built.ts, for ${missing.length} ids of level M, S or P:`)
    console.log(`  ${missing.map((line) => line.id).join(' ')}`)
  }
  const stale = report.lines.filter((line) => line.status !== 'not built' && IDS_NOT_BUILT[line.id] !== undefined)
  if (stale.length > 0) console.log(`\nTested, yet listed in not-built.ts: ${stale.map((line) => line.id).join(' ')}`)
  const { passing, failing, notBuilt } = report.summary
  console.log(`\n${passing} passing, ${failing} failing, ${notBuilt} not built`)
}
