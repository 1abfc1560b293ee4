// `npm run hostile [-- OPTIONS]`: everything a peer can do wrong, against the router, with figures.
//
//   --only NAME       only this check; may be given more than once
//   --seed N          the seed of all chance; default: one by the time of day, printed
//   --frames N        mutated frames in memory; default 1000000
//   --live-frames N   mutated frames at a live listener; default 20000
//
// One line per thing that was looked at: what, figure, limit. Ends with status 1 when one was not met.

import { parseArgs } from 'node:util'
import { announced } from './announced.ts'
import { type Check, describe } from './check.ts'
import { churn } from './churn.ts'
import { commandMistakes } from './command-mistakes.ts'
import { fanOut } from './fan-out.ts'
import { halfOpen } from './half-open.ts'
import { knownKillers } from './known-killers.ts'
import { liveFuzz } from './live-fuzz.ts'
import { longStreams } from './long-streams.ts'
import { memoryFuzz } from './memory-fuzz.ts'
import { silentCallee } from './silent-callee.ts'
import { slowReader } from './slow-reader.ts'

const CHECKS: readonly Check[] = [
  memoryFuzz,
  liveFuzz,
  halfOpen,
  announced,
  slowReader,
  longStreams,
  silentCallee,
  churn,
  fanOut,
  commandMistakes,
  knownKillers,
]

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    seed: { type: 'string' },
    frames: { type: 'string', default: '1000000' },
    'live-frames': { type: 'string', default: '20000' },
  },
})
const names = CHECKS.map((check) => check.name)
const unknown = values.only?.find((name) => !names.includes(name))
if (unknown !== undefined) {
  console.error(`Cannot run the check "${unknown}": choose ${names.join(', ')}`)
  process.exit(2)
}
const options = {
  seed: whole('seed', values.seed ?? `${Date.now() % 1_000_000}`),
  frames: whole('frames', values.frames),
  liveFrames: whole('live-frames', values['live-frames']),
}

console.log(`seed ${options.seed}`)
let failed = 0
let total = 0
for (const check of CHECKS) {
  if (values.only !== undefined && !values.only.includes(check.name)) continue
  for (const finding of await findingsOf(check)) {
    total++
    if (!finding.isOk) failed++
    console.log(describe(check.name, finding))
  }
}
console.log(failed === 0 ? `PASSED: ${total} findings` : `FAILED: ${failed} of ${total} findings; again with --seed ${options.seed}`)
process.exit(failed === 0 ? 0 : 1)

/** A check that cannot be carried out has failed. */
async function findingsOf(check: Check): ReturnType<Check['run']> {
  try {
    return await check.run(options)
  } catch (error) {
    const details = [error instanceof Error ? (error.stack ?? error.message) : String(error)]
    return [{ what: 'the check itself', figure: 'it could not be carried out', limit: 'it can', isOk: false, details }]
  }
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  console.error(`Cannot take --${name} ${text}: give a whole number of 0 or more`)
  return process.exit(2)
}
