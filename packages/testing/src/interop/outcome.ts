// What a run has found, and whether it is what is recorded.

import type { Check } from './combination.ts'
import { type Fault, faultOf } from './faults.ts'

/** Features tried in one combination of transport and serializer, or with one pair. */
export interface Column {
  readonly name: string
  readonly checks: readonly Check[]
}

/** One client, router, or pair of clients. */
export interface Section {
  readonly name: string
  readonly remarks: readonly string[]
  readonly columns: readonly Column[]
}

/** Sections of one kind, below one heading with an overview of them. */
export interface Chapter {
  readonly heading: string
  readonly says: string
  readonly sections: readonly Section[]
}

/** What nobody expected: failures without a recorded fault, and recorded faults that did not show. One line each. */
export function surprises(section: Section, faults: readonly Fault[]): readonly string[] {
  const lines: string[] = []
  for (const { name, checks } of section.columns) {
    for (const { feature, state, detail } of checks) {
      const fault = faultOf(faults, section.name, feature, name)
      if (state === 'fails' && fault === undefined) lines.push(`${section.name}, ${name}, ${feature}: ${detail}`)
      if (state !== 'fails' && fault !== undefined && fault.sometimes === undefined)
        lines.push(`${section.name}, ${name}, ${feature}: recorded as a fault, but ${state === 'ok' ? 'it passes' : `lacking: ${detail}`}`)
    }
  }
  return lines
}

/** Faults of sections that were run, with features that were not tried there: their names are mistyped. */
export function strayFaults(sections: readonly Section[], faults: readonly Fault[]): readonly string[] {
  const lines: string[] = []
  for (const fault of faults) {
    const section = sections.find(({ name }) => name === fault.of)
    if (section === undefined) continue
    const tried = (feature: string) =>
      section.columns.some(
        ({ name, checks }) =>
          faultOf([fault], section.name, feature, name) !== undefined && checks.some((check) => check.feature === feature),
      )
    for (const feature of fault.features) if (!tried(feature)) lines.push(`${fault.of}, ${feature}: recorded as a fault, but not tried`)
  }
  return lines
}
