// `npm run hostile`: everything a peer can do wrong, against the router, with figures. USAGE says what can be chosen.

import { readOptions, refuseArguments } from '../command-line.ts'
import { announced } from './announced.ts'
import { type Check, describe } from './check.ts'
import { churn } from './churn.ts'
import { clientLoginFuzz } from './client-login-fuzz.ts'
import { commandMistakes } from './command-mistakes.ts'
import { fanOut } from './fan-out.ts'
import { halfOpen } from './half-open.ts'
import { knownKillers } from './known-killers.ts'
import { liveFuzz } from './live-fuzz.ts'
import { loginFuzz } from './login-fuzz.ts'
import { longStreams } from './long-streams.ts'
import { longpollFuzz } from './longpoll-fuzz.ts'
import { memoryFuzz } from './memory-fuzz.ts'
import { silentCallee } from './silent-callee.ts'
import { slowReader } from './slow-reader.ts'
import { websocketSuite } from './websocket-suite.ts'

const CHECKS: readonly Check[] = [
  memoryFuzz,
  loginFuzz,
  clientLoginFuzz,
  liveFuzz,
  longpollFuzz,
  halfOpen,
  announced,
  slowReader,
  longStreams,
  silentCallee,
  churn,
  fanOut,
  commandMistakes,
  knownKillers,
  websocketSuite,
]

const names = CHECKS.map((check) => check.name)
const USAGE = `npm run hostile [-- OPTIONS]: everything a peer can do wrong, against the router, with figures (docs/hostile.md).

  --only NAME       only this check; may be given more than once: ${names.join(', ')}
  --seed N          the seed of all chance; the same seed makes the same frames. Default: by the time of day, printed first
  --frames N        mutated frames in memory; default 800000
  --live-frames N   mutated frames at a live listener, and half as many requests of long-poll; default 20000

One line per thing that was looked at: what, figure, limit. Status: 0 when all are within their limits, 1 when one is not,
2 for wrong arguments.`

const values = readOptions(USAGE, {
  only: { type: 'string', multiple: true },
  seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
  frames: { type: 'string', default: '800000' },
  'live-frames': { type: 'string', default: '20000' },
})
const unknown = values.only?.find((name) => !names.includes(name))
if (unknown !== undefined) refuseArguments(`the check "${unknown}" is none of ${names.join(', ')}`)
const options = {
  seed: whole('seed', values.seed),
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
  return refuseArguments(`--${name} must be a whole number of 0 or more, not "${text}"`)
}
