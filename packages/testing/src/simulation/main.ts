// `npm run sim [-- OPTIONS]`: runs worlds drawn from seeds and reports what the checkers find. docs/simulation.md tells more.
// Exit status 1 when there is a finding, and with --defects when one is not found; 2 when the options are wrong.

import { parseArgs } from 'node:util'
import { findPlanted, plantedDefects } from './planted.ts'
import { runSeed } from './run.ts'

const PROGRESS_MS = 2000
const DEFECT_SEEDS_MAX = 500

const USAGE = `npm run sim -- [OPTIONS]: runs worlds drawn from seeds and reports what the checkers find

  --seed N              replays one seed, and prints its trace hash
  --seeds A..B          runs the seeds from A to B
  --count N --from S    runs N seeds from S on; default: 200 from 1
  --events N            events per seed, at least; default: 2000
  --keep-going          goes on after a finding
  --defects             plants each of the known defects in a copy of the sources and says which seed finds it
  --help                prints this

Exit status: 0 without a finding, 1 with one (with --defects: when a defect is not found), 2 when the options are wrong.
docs/simulation.md tells more.`

const options = readOptions()

if (options.help) console.log(USAGE)
else process.exitCode = options.defects ? await runDefects() : await runSeeds()

/** Runs the seeds that were asked for; the exit status. */
async function runSeeds(): Promise<number> {
  const [from, to] = range()
  const events = wholeNumber('--events', options.events)
  let eventsDone = 0
  let findings = 0
  let seedsDone = 0
  let shownAt = performance.now()
  for (let seed = from; seed <= to; seed++) {
    const outcome = await runSeed(seed, events)
    seedsDone++
    eventsDone += outcome.events
    if (outcome.finding !== undefined) {
      findings++
      for (const line of outcome.last) console.log(line)
      console.log(`seed ${seed}, event ${outcome.events}: ${outcome.finding}`)
      console.log(`replay with: npm run sim -- --seed ${seed} --events ${events}\n`)
      if (!options['keep-going']) break
    } else if (options.seed !== undefined) console.log(`seed ${seed}: trace hash ${outcome.hash.toString(16)}`)
    if (performance.now() - shownAt < PROGRESS_MS) continue
    shownAt = performance.now()
    console.log(`… ${seedsDone} of ${to - from + 1} seeds, ${eventsDone} events, ${findings} findings`)
  }
  console.log(`${findings === 0 ? 'PASSED' : 'FAILED'}: ${seedsDone} seeds, ${eventsDone} events, ${findings} findings`)
  return findings === 0 ? 0 : 1
}

/** Says of each planted defect which seed finds it; the exit status. */
async function runDefects(): Promise<number> {
  let found = 0
  const names = plantedDefects()
  for (const name of names) {
    const { finding, seed, title } = await findPlanted(name, DEFECT_SEEDS_MAX)
    if (seed !== undefined) found++
    console.log(`${name}: ${title}`)
    console.log(seed === undefined ? `  NOT FOUND by ${DEFECT_SEEDS_MAX} seeds` : `  found by seed ${seed}: ${finding}`)
  }
  console.log(`${found === names.length ? 'PASSED' : 'FAILED'}: ${names.length} planted defects, ${found} found`)
  return found === names.length ? 0 : 1
}

function range(): [number, number] {
  if (options.seed !== undefined) return [wholeNumber('--seed', options.seed), wholeNumber('--seed', options.seed)]
  if (options.seeds !== undefined) {
    const [first = '', last = ''] = options.seeds.split('..')
    return [wholeNumber('--seeds', first), wholeNumber('--seeds', last)]
  }
  const first = wholeNumber('--from', options.from)
  return [first, first + wholeNumber('--count', options.count) - 1]
}

function wholeNumber(name: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  return refuse(`${name} must be a whole number (for --seeds two of them, as in 1..200), not "${text}"`)
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string' },
        seeds: { type: 'string' },
        count: { type: 'string', default: '200' },
        from: { type: 'string', default: '1' },
        events: { type: 'string', default: '2000' },
        'keep-going': { type: 'boolean', default: false },
        defects: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    return values
  } catch (error) {
    const [text = ''] = (error as Error).message.split(/\.? (?=To specify)|\n/)
    return refuse(`${text}; the options are --seed, --seeds, --count, --from, --events, --keep-going, --defects and --help`)
  }
}

/** The options are wrong: says how, and what would have been right. */
function refuse(text: string): never {
  console.error(`Cannot simulate: ${text}`)
  process.exit(2)
}
