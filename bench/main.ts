// `npm run bench`: Crosspoint, the bare routers and other people's under the same loads, in alternating rounds, as ratios.
// Progress goes to stderr, the table (or with --json one object) to stdout. docs/benchmarks.md tells how to read it.

import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { checkLoad, formatLoadChecks } from './check-load.ts'
import { formatMatching, measureMatching } from './matching.ts'
import { allCases, buildLoad, type Case, GROUPS, type Group, measure, type Settings } from './measure.ts'
import { formatTable, type Sample, summarise } from './report.ts'
import { findPeers, ownRouters, type Router } from './routers.ts'
import { formatSecurity, measureSecurity } from './security.ts'

const HELP = `usage: npm run bench -- [options]

  --rounds N       how often everything is measured, default 3
  --seconds S      how long each load is measured, after one second of warming up, default 3
  --quick          two rounds of one second with fewer sessions: a look, not a result
  --only LIST      of ${GROUPS.join(',')}: only these
  --peers          the Go routers nexus and xconn-go too, built in node_modules/.cache
  --check-load     shows that the load generator is not the bottleneck, and measures nothing else
  --matching       what a publication costs among a million subscriptions, beside retained events and history; nothing else
  --security       what permissions take of the calls, logins per second, and calls while logins hash; nothing else
  --json           print one JSON object instead of the table
`

interface Options {
  readonly rounds: number
  readonly settings: Settings
  readonly groups: ReadonlySet<string>
  readonly isWithPeers: boolean
  readonly isLoadCheck: boolean
  readonly isMatching: boolean
  readonly isSecurity: boolean
  readonly isJson: boolean
}

interface Failure {
  readonly round: number
  readonly case: string
  readonly router: string
  readonly reason: string
}

const say = (line: string): void => {
  process.stderr.write(`bench: ${line}\n`)
}

process.on('SIGINT', () => process.exit(130)) // what was started is ended on the way out
process.on('SIGTERM', () => process.exit(143))
try {
  const options = readOptions()
  process.exitCode = options === undefined ? 0 : await run(options)
} catch (error) {
  say((error as Error).message)
  process.exitCode = 1
}

/** The command line as options; undefined after --help. */
function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: GROUPS.join(',') },
      peers: { type: 'boolean', default: false },
      'check-load': { type: 'boolean', default: false },
      matching: { type: 'boolean', default: false },
      security: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return undefined
  }
  const groups = values.only.split(',')
  const unknown = groups.find((group) => !GROUPS.includes(group as Group))
  if (unknown !== undefined) throw new Error(`Cannot measure only "${unknown}": give some of ${GROUPS.join(',')}`)
  return {
    rounds: wholeNumber('--rounds', values.rounds, values.quick ? 2 : 3),
    settings: {
      seconds: wholeNumber('--seconds', values.seconds, values.quick ? 1 : 3),
      openedSessions: values.quick ? 1000 : 5000,
      idleSessions: values.quick ? 2000 : 10_000,
    },
    groups: new Set(groups),
    isWithPeers: values.peers,
    isLoadCheck: values['check-load'],
    isMatching: values.matching,
    isSecurity: values.security,
    isJson: values.json,
  }
}

function wholeNumber(option: string, text: string | undefined, usual: number): number {
  if (text === undefined) return usual
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error(`Cannot take ${option} ${text}: give a whole number from 1 to 9999, such as ${usual}`)
  return Number(text)
}

async function run(options: Options): Promise<number> {
  if (process.platform !== 'linux')
    throw new Error(`Cannot measure on ${process.platform}: the load generator needs Linux (epoll and /proc)`)
  if (options.isMatching) {
    const matching = await measureMatching(options.rounds, say)
    print(options, describe(options, []), matching, formatMatching(matching))
    return 0
  }
  say('compiling the load generator')
  const program = await buildLoad()
  if (options.isSecurity) {
    const security = await measureSecurity(program, options.rounds, options.settings.seconds, say)
    print(options, describe(options, []), security, formatSecurity(security))
    return 0
  }
  const own = await ownRouters()
  if (options.isLoadCheck) {
    const checks = await checkLoad(program, own, options.rounds, options.settings, say)
    print(options, describe(options, own), { checks }, formatLoadChecks(checks))
    return 0
  }
  const { peers, skipped } = await findPeers(options.isWithPeers, say)
  const routers = [...own, ...peers]
  const about = describe(options, routers)
  const cases = allCases(options.settings).filter((what) => options.groups.has(what.group))
  const { samples, failures } = await measureAll(program, routers, cases, options)
  const rows = summarise(samples)
  const notes = [
    ...skipped.map(({ name, reason }) => `left out: ${name}: ${reason}`),
    ...failures.map((failure) => `failed in round ${failure.round}: ${failure.router}, ${failure.case}: ${failure.reason}`),
  ]
  print(options, about, { rows, skipped, failures }, [formatTable(rows), ...notes.map((note) => `${note}\n`)].join('\n'))
  return failures.some((failure) => own.some((router) => router.name === failure.router)) ? 1 : 0
}

/** Every round measures every case on every router, beginning with another router each time: A B C, B C A, … */
async function measureAll(
  program: string,
  routers: readonly Router[],
  cases: readonly Case[],
  { rounds, settings }: Options,
): Promise<{ samples: Sample[]; failures: Failure[] }> {
  const samples: Sample[] = []
  const failures: Failure[] = []
  for (let round = 1; round <= rounds; round++) {
    for (const [index, what] of cases.entries()) {
      const able = routers.filter((router) => router.transports.includes(what.transport))
      const first = (round - 1) % able.length
      for (const router of [...able.slice(first), ...able.slice(0, first)]) {
        const step = `round ${round} of ${rounds}, ${index + 1} of ${cases.length}: ${what.name}, ${router.name}`
        try {
          const { values, generatorCpu, routerCpu } = await measure(program, router, what, settings)
          say(`${step}: ${what.metrics.map((metric) => `${Number(values[metric.name]!.toPrecision(4))} ${metric.unit}`).join(', ')}`)
          for (const { name, unit, isLowerBetter } of what.metrics) {
            const isFloor = router.kind === 'floor'
            samples.push({
              round,
              case: what.name,
              metric: name,
              unit,
              isLowerBetter,
              router: router.name,
              isFloor,
              value: values[name]!,
              generatorCpu,
              routerCpu,
            })
          }
        } catch (error) {
          const reason = (error as Error).message
          say(`${step}: ${reason}`)
          failures.push({ round, case: what.name, router: router.name, reason })
        }
      }
    }
  }
  return { samples, failures }
}

/** What every result has to name to be of use later. */
function describe({ rounds, settings }: Options, routers: readonly Router[]) {
  return {
    date: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      loadBefore: loadavg()[0]!, // above about 0.3 somebody else is at work, and the figures are worth less
      system: `${process.platform} ${release()} ${process.arch}`,
    },
    node: process.versions.node,
    routers: Object.fromEntries(routers.map((router) => [router.name, router.version])),
    rounds,
    ...settings,
  }
}

function print(options: Options, about: ReturnType<typeof describe>, results: object, text: string): void {
  if (options.isJson) {
    process.stdout.write(`${JSON.stringify({ ...about, ...results }, null, 2)}\n`)
    return
  }
  const { machine, date, node, routers, rounds, seconds } = about
  const versions = Object.entries(routers).map(([name, version]) => `${name}: ${version}`)
  process.stdout.write(
    [
      '',
      `${date}, ${machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / 1e9)} GB, ${machine.system}, Node ${node}, load average before: ${machine.loadBefore.toFixed(2)}`,
      ...(versions.length > 0 ? [`${versions.join('; ')}; ${rounds} alternating rounds of ${seconds} s`] : [`${rounds} rounds`]),
      '',
      text,
    ].join('\n'),
  )
}
