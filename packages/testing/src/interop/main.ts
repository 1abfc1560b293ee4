// `npm run interop`: foreign clients against our router, our client against foreign routers, and foreign clients with each other. USAGE
// says what can be chosen.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readOptions, refuseArguments } from '../command-line.ts'
import { ROOT } from './environment.ts'
import { FAULTS, UNCAUGHT } from './faults.ts'
import { matrixPage, sectionText } from './matrix.ts'
import { strayFaults, surprises } from './outcome.ts'
import { type Job, jobsOf } from './plan.ts'
import { runJobs } from './run.ts'

/** Of the surprises of one client or router; when it does not start at all there are hundreds. */
const LINES_MAX = 30

const USAGE = `npm run interop [-- OPTIONS]: every feature with foreign clients and routers, by transport and serializer.

  --only TEXT  only the clients and routers whose names contain TEXT; "pairs" for the clients with each other
  --require    fail when something cannot be installed or built here; without it a line says so
  --write      write docs/interop.md; without it the run fails when that page says something else

Status: 0 when everything is as recorded (packages/testing/src/interop/faults.ts), 1 when not, 2 for wrong arguments.`
const values = readOptions(USAGE, {
  only: { type: 'string', default: '' },
  require: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
})

const started = performance.now()
let failures = 0
// Our client runs in this process: what it lets escape must not end the other checks.
process.on('uncaughtException', (error) => {
  if (!UNCAUGHT.some((known) => error.message.includes(known))) failures += report(`uncaught: ${error.stack}`)
})
const { jobs, skipped } = await jobsOf(values.only)
if (jobs.length + skipped.length === 0) refuseArguments(`--only ${values.only}: nothing is called so`)
for (const { name, reason } of skipped) {
  console.log(`not run: ${name}: ${reason.replace(/\s+/g, ' ').slice(0, 300)}`)
  if (values.require) failures += report('nothing may be left out with --require')
}
const { chapters, faults } = await runJobs(jobs, (job: Job, summary: string) => console.log(`${job.section}, ${job.column}: ${summary}`))
for (const line of faults) failures += report(line)
const sections = chapters.flatMap((chapter) => chapter.sections)
const wholeSections = sections.filter(({ name }) => !skipped.some(({ section }) => section === name))
for (const section of sections) {
  const lines = surprises(section, FAULTS)
  for (const line of lines.slice(0, LINES_MAX)) failures += report(line)
  if (lines.length > LINES_MAX) failures += report(`${section.name}: ${lines.length - LINES_MAX} more`)
}
for (const line of strayFaults(wholeSections, FAULTS)) failures += report(line)
failures += checkPage()

const seconds = Math.round((performance.now() - started) / 1000)
const all = `${jobs.length} combinations of ${sections.length} clients, routers and pairs in ${seconds} s`
console.log(failures === 0 ? `PASSED: ${all}` : `FAILED: ${failures}, in ${all}`)
process.exit(failures === 0 ? 0 : 1)

/** Writes the page, or says that it is not what this run found. */
function checkPage(): number {
  const file = join(ROOT, 'docs/interop.md')
  const isWhole = values.only === '' && skipped.length === 0
  if (values.write && !isWhole) return report('docs/interop.md cannot be written by a run of some clients and routers')
  const page = matrixPage(chapters, FAULTS)
  if (values.write) writeFileSync(file, page)
  const recorded = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const isSame = isWhole ? recorded === page : wholeSections.every((section) => recorded.includes(sectionText(section, FAULTS)))
  return isSame ? 0 : report('docs/interop.md says something else; run npm run interop -- --write and look at what changed')
}

function report(line: string): number {
  console.error(`  FAILED ${line}`)
  return 1
}
