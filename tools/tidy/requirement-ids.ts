// Requirement ids in code and tests are ids that exist: a wrong one would look like proof.

import { type Finding, findAll, type Rule } from './tree.ts'

export const REQUIREMENTS = 'packages/testing/src/conformance/requirements.json'

const ID = /\b([A-Z][A-Z0-9]{1,4})-\d{1,3}\b/g
const TITLE = /\b(?:test|it)\s*\(\s*(['"`])([A-Z][A-Z0-9]{1,4}-\d{1,3})\b/g

export const requirementIds: Rule = (files) => {
  const list = files.find((file) => file.path === REQUIREMENTS)
  if (list === undefined) return [{ path: REQUIREMENTS, line: 1, message: 'The list of requirement ids is missing' }]
  const known = new Set((JSON.parse(list.text) as { readonly id: string }[]).map((requirement) => requirement.id))
  // UTF-8 and SHA-256 have the same form; an unknown group of letters counts only where a title begins with it.
  const groups = new Set([...known].map((id) => id.slice(0, id.indexOf('-'))))

  const findings: Finding[] = []
  for (const file of files) {
    if (!/^(?:packages|examples|tools|bench)\/.*\.ts$/.test(file.path)) continue
    findings.push(
      ...findAll(file, file.text, ID, ([id, group]) =>
        groups.has(group!) && !known.has(id) ? `There is no requirement ${id}` : undefined,
      ),
    )
    if (!file.path.endsWith('.test.ts')) continue
    findings.push(
      ...findAll(file, file.text, TITLE, (match) =>
        groups.has(match[2]!.slice(0, match[2]!.indexOf('-'))) ? undefined : `There is no requirement ${match[2]}`,
      ),
    )
  }
  return findings
}
