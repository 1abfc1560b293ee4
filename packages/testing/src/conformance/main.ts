// `npm run conformance`: the table of requirement ids, each passing, failing or not built. USAGE says what can be chosen.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readOptions, refuseArguments } from '../command-line.ts'
import { conformancePage } from './page.ts'
import { loadScenarios } from './registry.ts'
import { gather, printTable, REQUIREMENTS } from './report.ts'
import { type Result, runScenario, runsOn } from './runner.ts'
import type { Scenario } from './scenario.ts'
import { runUnitTests } from './unit-results.ts'
import { allWays, type ClientWay } from './ways.ts'

const WAYS = ['core', 'memory', 'sockets']
const USAGE = `npm run conformance [-- OPTIONS]: the table of requirement ids, each passing, failing or not built.

  --scenarios-only  leave out the unit tests
  --way NAME        run the scenarios only on this way: ${WAYS.join(', ')}; may be given more than once. What cannot run on
                    the core (frames that are no messages, limits of frames) runs in memory then
  --id ID           only the scenarios of this id
  --write           write docs/conformance.md; without it a whole run fails when that page is out of date
  --json            print one JSON object: { results: [{ id, title, way, ok, error? }], summary }

Status: 0 when all that ran passes, 1 when something failed, 2 for wrong arguments.`
const values = readOptions(USAGE, {
  'scenarios-only': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  way: { type: 'string', multiple: true, default: WAYS },
  id: { type: 'string' },
})
const wrong = values.way.find((way) => !WAYS.includes(way))
if (wrong !== undefined) refuseArguments(`the way "${wrong}" is none of ${WAYS.join(', ')}`)

const scenarios = (await loadScenarios()).filter((scenario) => values.id === undefined || scenario.id === values.id)
const ways = allWays()
const results: Result[] = []
for (const [index, scenario] of scenarios.entries()) {
  for (const way of waysOf(scenario)) {
    const result = await runScenario(scenario, way, index)
    if (result.leftOut === undefined) results.push(result)
  }
}
await Promise.all(ways.map((way) => way.close()))
const root = join(import.meta.dirname, '../../../..')
const known = new Set(REQUIREMENTS.map((requirement) => requirement.id))
const units = values['scenarios-only'] ? [] : await runUnitTests(root, known)
const report = gather(results, units)
if (values.json) console.log(JSON.stringify({ results, units, summary: report.summary }))
else printTable(report, results, units)
process.exitCode = report.hasFailed ? 1 : 0
const isWhole = !values['scenarios-only'] && values.id === undefined && values.way.length === WAYS.length
if (isWhole && !values.json) checkPage()

/** Writes the page, or says that it is not what this run found. */
function checkPage(): void {
  const file = join(root, 'docs/conformance.md')
  const page = conformancePage(report)
  if (values.write) return writeFileSync(file, page)
  if (existsSync(file) && readFileSync(file, 'utf8') === page) return
  console.log('docs/conformance.md is out of date: run npm run conformance -- --write')
  process.exitCode = 1
}

function waysOf(scenario: Scenario): ClientWay[] {
  const chosen = ways.filter((way) => values.way.includes(way.way) && runsOn(scenario, way))
  if (chosen.length > 0 || !values.way.includes('core')) return chosen
  return ways.filter((way) => way.way !== 'core' && runsOn(scenario, way)).slice(0, 1)
}
