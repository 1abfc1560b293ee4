// Shows whether the load generator holds the routers back: the same load from one generator and then from two, and how much of
// a core each side used. A generator that waits (well below 100 %) for a router that does not (about 100 %) is not the bottleneck.

import { number, runLoad, type Settings, target } from './measure.ts'
import { formatNumber, formatShare, median } from './report.ts'
import { type Router, startRouter, type TransportName } from './routers.ts'

interface Load {
  readonly name: string
  readonly transport: TransportName
  readonly field: string
  /** The options of each of so many generators. */
  options(generators: number): string
}

/** What one router did under one load from so many generators. */
export interface LoadCheck {
  readonly load: string
  readonly router: string
  readonly generators: number
  /** Of all generators together, per second. */
  readonly rate: number
  /** Of the busiest of them, and of the router: shares of one core. */
  readonly generatorCpu: number
  readonly routerCpu: number
}

const LOADS: readonly Load[] = (['ws', 'raw'] as const).flatMap((transport): Load[] => [
  { name: `calls over ${transport}`, transport, field: 'ops_per_s', options: (generators) => `-m rpc -c ${4 / generators} -e 1 -w 32` },
  {
    name: `events over ${transport}`,
    transport,
    field: 'events_per_s',
    options: (generators) => `-m pubsub -c ${2 / generators} -e 10 -w 32`,
  },
])

/** Runs every load against each router, with one and with two generators in turn, so many rounds; values are medians. */
export async function checkLoad(
  program: string,
  routers: readonly Router[],
  rounds: number,
  settings: Settings,
  say: (line: string) => void,
): Promise<LoadCheck[]> {
  const checks: LoadCheck[] = []
  for (const load of LOADS) {
    for (const router of routers) {
      if (!router.transports.includes(load.transport)) continue
      const runs: LoadCheck[] = []
      for (let round = 0; round < rounds; round++) {
        // Either goes first in turn.
        for (const generators of round % 2 === 0 ? [1, 2] : [2, 1]) {
          say(`round ${round + 1} of ${rounds}: ${load.name}, ${router.name}, ${generators} generator${generators === 1 ? '' : 's'}`)
          runs.push(await runGenerators(program, load, router, generators, settings))
        }
      }
      for (const generators of [1, 2]) {
        const same = runs.filter((run) => run.generators === generators)
        const middle = (pick: (run: LoadCheck) => number): number => median(same.map(pick))
        const shares = { generatorCpu: middle((run) => run.generatorCpu), routerCpu: middle((run) => run.routerCpu) }
        checks.push({ load: load.name, router: router.name, generators, rate: middle((run) => run.rate), ...shares })
      }
    }
  }
  return checks
}

async function runGenerators(program: string, load: Load, router: Router, generators: number, settings: Settings): Promise<LoadCheck> {
  const running = await startRouter(router, load.transport)
  try {
    const names = Array.from({ length: generators }, (_, index) => `${index}`)
    const options = [...load.options(generators).split(' '), ...target(load.transport, running), '-d', `${settings.seconds}`]
    // Each has URIs of its own, so that two make the same load as one and not each other's.
    const lines = await Promise.all(names.map((name) => runLoad(program, [...options, '-i', name], settings.seconds)))
    return {
      load: load.name,
      router: router.name,
      generators,
      rate: lines.reduce((sum, line) => sum + number(line, load.field), 0),
      generatorCpu: Math.max(...lines.map((line) => number(line, 'cpu'))),
      routerCpu: median(lines.map((line) => number(line, 'watched_cpu'))),
    }
  } finally {
    await running.stop()
  }
}

/** One line for each load and router. */
export function formatLoadChecks(checks: readonly LoadCheck[]): string {
  const lines = checks
    .filter((check) => check.generators === 1)
    .map((one) => {
      const two = checks.find((check) => check.generators === 2 && check.load === one.load && check.router === one.router)!
      const side = (check: LoadCheck): string =>
        `${formatNumber(check.rate)}/s (generator ${formatShare(check.generatorCpu)}, router ${formatShare(check.routerCpu)})`
      return `${one.load}, ${one.router}: one generator ${side(one)}; two ${side(two)}; ${(two.rate / one.rate).toFixed(2)} times the rate`
    })
  return `${lines.join('\n')}\n`
}
