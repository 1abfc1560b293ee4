// `npm run mutants [-- OPTIONS]`: proves that the scenarios can fail. Each patch in patches/ breaks the rule of the id in its
// name, in a copy of the sources; then exactly the scenarios of that id must be red. Ids drawn by a seed must have a patch.
//
//   --id ID       only the patch of this id; may be given more than once
//   --candidates  write candidates.json, the ids to draw from, anew: those with a scenario that passes on the bare core
//
// Exit status 1 unless every mutant is killed exactly.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Outcome, SourceCopy } from './copy.ts'
import { DRAWN_COUNT, draw } from './draw.ts'
import { UNDRAWABLE } from './undrawable.ts'

const PATCHES = join(import.meta.dirname, 'patches')
const CANDIDATES = join(import.meta.dirname, 'candidates.json')
const AT_A_TIME = 2

type Verdict = 'killed exactly' | 'survived' | 'broke more' | 'not run'

const { values: options } = parseArgs({
  options: { id: { type: 'string', multiple: true }, candidates: { type: 'boolean', default: false } },
})

const untouched = await outcomesOf(undefined)
const red = redIds(untouched)
if (red.length > 0) fail(`Without a patch these ids are red, so nothing can be said of mutants: ${red.join(' ')}`)
if (options.candidates) {
  const ids = new Set(untouched.filter((outcome) => outcome.way === 'core').map((outcome) => outcome.id))
  writeFileSync(CANDIDATES, `${JSON.stringify([...ids].sort(), undefined, 2)}\n`)
  console.log(`${ids.size} candidates written`)
  process.exit()
}
const all = patchedIds()
checkDraw(all, new Set(untouched.map((outcome) => outcome.id)))
const chosen = options.id ?? all
const unknown = chosen.find((id) => !all.includes(id))
if (unknown !== undefined) fail(`Cannot run the mutant of ${unknown}: there is no patches/${unknown}.patch`)

const titles = new Map(chosen.map((id) => [id, titleOf(id)]))
const waiting = [...chosen]
const verdicts: Verdict[] = []
await Promise.all(Array.from({ length: AT_A_TIME }, work))
const count = (verdict: Verdict) => verdicts.filter((one) => one === verdict).length
const exact = count('killed exactly')
const notRun = count('not run') > 0 ? `, ${count('not run')} not run` : ''
console.log(
  `\n${verdicts.length} mutants, ${exact} killed exactly, ${count('survived')} survived, ${count('broke more')} broke more${notRun}`,
)
process.exitCode = exact === verdicts.length ? 0 : 1

async function work(): Promise<void> {
  for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
    const { verdict, note } = await judge(id, join(PATCHES, `${id}.patch`))
    verdicts.push(verdict)
    console.log(`${id.padEnd(8)} ${verdict.padEnd(14)} ${titles.get(id)}${note}`)
  }
}

async function judge(id: string, path: string): Promise<{ verdict: Verdict; note: string }> {
  let outcomes: Outcome[]
  try {
    outcomes = await outcomesOf(path)
  } catch (error) {
    return { verdict: 'not run', note: `\n  ${(error as Error).message}` }
  }
  const ids = redIds(outcomes)
  if (!ids.includes(id)) return { verdict: 'survived', note: ids.length > 0 ? `\n  red instead: ${ids.join(' ')}` : '' }
  const others = outcomes.filter((outcome) => !outcome.ok && outcome.id !== id)
  if (others.length === 0) return { verdict: 'killed exactly', note: '' }
  return { verdict: 'broke more', note: others.map((other) => `\n  also red: ${other.id} ${other.title}: ${other.error}`).join('') }
}

/** The outcomes of all scenarios on the sources with the patch at `path`. */
async function outcomesOf(path: string | undefined): Promise<Outcome[]> {
  const copy = new SourceCopy()
  try {
    if (path !== undefined) await copy.apply(path)
    return await copy.run()
  } finally {
    copy.remove()
  }
}

function redIds(outcomes: readonly Outcome[]): string[] {
  return [...new Set(outcomes.filter((outcome) => !outcome.ok).map((outcome) => outcome.id))]
}

function patchedIds(): string[] {
  const files = readdirSync(PATCHES).filter((name) => name.endsWith('.patch'))
  return files.map((name) => name.slice(0, -'.patch'.length)).sort()
}

/** The sentence that a patch begins with, which `patch` passes over. */
function titleOf(id: string): string {
  const [title = ''] = readFileSync(join(PATCHES, `${id}.patch`), 'utf8').split('\n', 1)
  if (/^(--- |$)/.test(title)) fail(`patches/${id}.patch must begin with a sentence that says what it breaks`)
  return title
}

/** Ends the program unless every drawn id has a patch, and what stands beside the draw is still true. */
function checkDraw(patched: readonly string[], ids: ReadonlySet<string>): void {
  const candidates = JSON.parse(readFileSync(CANDIDATES, 'utf8')) as string[]
  const gone = candidates.filter((id) => !ids.has(id))
  if (gone.length > 0) fail(`Candidates without a scenario: ${gone.join(' ')}; run with --candidates, which may change the draw`)
  const { drawn, passedOver } = draw(candidates, UNDRAWABLE)
  if (drawn.length < DRAWN_COUNT) fail(`Cannot draw ${DRAWN_COUNT} ids: candidates.json has only ${candidates.length}`)
  const idle = Object.keys(UNDRAWABLE).filter((id) => !passedOver.includes(id))
  if (idle.length > 0) fail(`The draw does not come to ${idle.join(' ')}; take it out of undrawable.ts`)
  const missing = drawn.filter((id) => !patched.includes(id))
  if (missing.length > 0) fail(`Drawn, but without a patch: ${missing.join(' ')}; write patches/ID.patch`)
  console.log(`drawn from ${candidates.length} ids: ${drawn.join(' ')}`)
  for (const id of passedOver) console.log(`passed over: ${id}, ${UNDRAWABLE[id]}`)
  console.log('')
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
