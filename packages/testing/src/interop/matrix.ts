// docs/interop.md: what was tried with whom, and what came of it.

import type { Check } from './combination.ts'
import { type Fault, faultOf } from './faults.ts'
import type { Chapter, Section } from './outcome.ts'

export function matrixPage(chapters: readonly Chapter[], faults: readonly Fault[]): string {
  return `# Interop

Written by \`npm run interop -- --write\`; \`npm run interop\` fails when it no longer holds. Each feature is tried by what it does, both ways
where it has two. In the tables *ok* is what the specification asks for, *lacks* what the library does not have, *fails* what it has and
does wrong, *sometimes* that it does so now and then, *partly* that it depends on transport and serializer; the numbers are those of the
notes below a table.

${chapters.map((chapter) => chapterText(chapter, faults)).join('\n')}`
}

function chapterText({ heading, says, sections }: Chapter, faults: readonly Fault[]): string {
  return `## ${heading}

${says}

${sections.length === 1 ? '' : `${overview(sections, faults)}\n\n`}${sections.map((section) => sectionText(section, faults)).join('\n')}`
}

/** A row per feature, a column per section. */
function overview(sections: readonly Section[], faults: readonly Fault[]): string {
  const features = [...new Set(sections.flatMap(featuresOf))]
  const rows = features.map((feature) => `| ${feature} | ${sections.map((section) => stateIn(section, feature, faults)).join(' | ')} |`)
  return table(
    sections.map(({ name }) => name),
    rows,
  )
}

function stateIn(section: Section, feature: string, faults: readonly Fault[]): string {
  const states = new Set(
    section.columns.flatMap(({ name, checks }) =>
      checks
        .filter((check) => check.feature === feature)
        .map(({ state }) => (faultOf(faults, section.name, feature, name)?.sometimes ? 'sometimes' : state)),
    ),
  )
  return states.size > 1 ? 'partly' : ([...states][0] ?? '')
}

/** A section by itself, so that a run of some of them can be compared with the page. */
export function sectionText(section: Section, faults: readonly Fault[]): string {
  const notes: string[] = []
  const cellOf = (feature: string, column: string, check: Check | undefined): string => {
    if (check === undefined) return ''
    const fault = faultOf(faults, section.name, feature, column)
    if (check.state === 'ok' && fault?.sometimes === undefined) return 'ok'
    const says = check.state === 'lacks' ? lacking(check, section) : (fault?.says ?? 'not explained')
    if (!notes.includes(says)) notes.push(says)
    return `${fault?.sometimes ? 'sometimes' : check.state} [${notes.indexOf(says) + 1}]`
  }
  const features = featuresOf(section)
  const rows = features.flatMap((feature) => {
    const cells = section.columns.map(({ name, checks }) =>
      cellOf(
        feature,
        name,
        checks.find((check) => check.feature === feature),
      ),
    )
    return cells.every((cell) => cell === 'ok') ? [] : [`| ${feature} | ${cells.join(' | ')} |`]
  })
  const columns = section.columns.map(({ name }) => name)
  const good = features.length - rows.length
  const list = notes.map((note, index) => `${index + 1}. ${sentence(note)}`)
  const remarks = section.remarks.map((remark) => `- ${remark}`)
  return [
    `### ${section.name}`,
    `${good} of ${features.length} features are ok in all ${columns.length}${rows.length === 0 ? `: ${columns.join(', ')}.` : '. The others:'}`,
    ...(rows.length === 0 ? [] : [table(columns, rows), list.join('\n')]),
    ...(remarks.length === 0 ? [] : [remarks.join('\n')]),
  ]
    .join('\n\n')
    .concat('\n')
}

/** What a library lacks, with its name where the section has several. */
function lacking({ detail, by }: Check, section: Section): string {
  return by === undefined || by === section.name ? detail : `with ${by}: ${detail}`
}

function featuresOf({ columns }: Section): string[] {
  return [...new Set(columns.flatMap(({ checks }) => checks.map(({ feature }) => feature)))]
}

function table(columns: readonly string[], rows: readonly string[]): string {
  const head = columns.map((name) => name.replaceAll('|', '\\|')) // there is a bar in the name of a library
  return [`| | ${head.join(' | ')} |`, `| --- |${' --- |'.repeat(columns.length)}`, ...rows].join('\n')
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`
}
