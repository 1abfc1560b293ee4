// One measurement: one load on one freshly started router.

import { execFile, spawn } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CACHE, ROOT, type Router, type RunningRouter, startRouter, type TransportName, withManyFiles } from './routers.ts'

export const GROUPS = ['calls', 'events', 'sessions', 'memory', 'latency'] as const
export type Group = (typeof GROUPS)[number]

/** A load and what is read off it. */
export interface Case {
  readonly name: string
  readonly group: Group
  readonly transport: TransportName
  /** The options of the load generator, without address, time and window. */
  readonly load: readonly string[]
  /** Requests outstanding per client; with an open loop only the most that may be. */
  readonly window: number
  readonly metrics: readonly Metric[]
}

export interface Metric {
  readonly name: string
  readonly unit: string
  readonly isLowerBetter: boolean
  /** The field of the generator's line; memory comes from the router's process instead. */
  readonly field: string
}

export interface Settings {
  readonly seconds: number
  /** How many sessions are opened to see how fast, and how many to see what they take. */
  readonly openedSessions: number
  readonly idleSessions: number
}

/** The values by the metric's name, and the shares of one core that both sides used. */
export interface Measurement {
  readonly values: Readonly<Record<string, number>>
  readonly generatorCpu: number
  readonly routerCpu: number
}

const TRANSPORT_TITLES = { ws: 'WebSocket', raw: 'RawSocket' } as const
const SETTLE_MS = 1000
const GRACE_SECONDS = 90 // beyond the measured time: connecting, warming up, ten thousand sessions on a busy machine
/** A load that the slowest router carries with ease, so that queues do not drown what the router itself adds. */
const MODERATE_CALLS_PER_SECOND = 10_000

/** Every case, in the order in which it is measured. */
export function allCases(settings: Settings): Case[] {
  const cases: Case[] = []
  const add = (group: Group, transport: TransportName, title: string, load: string, window: number, metrics: readonly Metric[]): void => {
    cases.push({ name: `${group} over ${TRANSPORT_TITLES[transport]}, ${title}`, group, transport, load: load.split(' '), window, metrics })
  }
  const rate = (unit: string, field: string): Metric[] => [{ name: unit, unit, isLowerBetter: false, field }]
  const percentile = (name: string): Metric => ({ name, unit: 'ms', isLowerBetter: true, field: `${name.replace('.', '')}_ms` })

  for (const bytes of [32, 2000]) {
    for (const transport of ['ws', 'raw'] as const) {
      add('calls', transport, `${bytes} bytes`, `-m rpc -c 4 -e 1 -b ${bytes}`, 32, rate('calls/s', 'ops_per_s'))
    }
  }
  for (const transport of ['ws', 'raw'] as const) {
    add('events', transport, '10 subscribers', '-m pubsub -c 2 -e 10', 32, rate('events/s', 'events_per_s'))
  }
  for (const transport of ['ws', 'raw'] as const) {
    // Eight publications on their way are eight thousand events: enough to keep every router busy.
    add('events', transport, '1000 subscribers', '-m pubsub -c 2 -e 1000', 4, rate('events/s', 'events_per_s'))
  }
  for (const transport of ['ws', 'raw'] as const) {
    const { openedSessions } = settings
    add('sessions', transport, `${openedSessions} opened`, `-m connect -n ${openedSessions}`, 1, rate('sessions/s', 'per_s'))
  }
  const memory = { name: 'kB/session', unit: 'kB/session', isLowerBetter: true, field: '' }
  add('memory', 'ws', `${settings.idleSessions} idle sessions`, `-m connect -n ${settings.idleSessions}`, 1, [memory])
  for (const transport of ['ws', 'raw'] as const) {
    const load = `-m rpc -c 4 -e 1 -a ${MODERATE_CALLS_PER_SECOND}`
    add('latency', transport, `${MODERATE_CALLS_PER_SECOND} calls/s`, load, 65536, ['p50', 'p99', 'p99.9'].map(percentile))
  }
  return cases
}

/**
 * Compiles the load generator into the cache folder.
 * @returns the path of the program.
 * @throws Error when there is no C compiler, or when it refuses the source.
 */
export async function buildLoad(): Promise<string> {
  const program = join(CACHE, 'wampload')
  mkdirSync(CACHE, { recursive: true })
  try {
    await promisify(execFile)('cc', ['-O2', '-o', program, join(ROOT, 'bench/load/wampload.c')])
  } catch (error) {
    const { code, stderr } = error as { code?: string | number; stderr?: string }
    if (code !== 'ENOENT') throw new Error(`Cannot compile bench/load/wampload.c: ${stderr?.trim()}`)
    throw new Error('Cannot compile the load generator: there is no C compiler named cc; install one (Debian: apt install gcc libc6-dev)')
  }
  return program
}

/**
 * Starts the router, runs the case against it and stops it.
 * @throws Error when the router or the generator fails; the message is the failing program's last line.
 */
export async function measure(program: string, router: Router, what: Case, settings: Settings): Promise<Measurement> {
  const running = await startRouter(router, what.transport)
  try {
    return what.group === 'memory'
      ? await measureMemory(program, running, what, settings)
      : await measureLoad(program, running, router, what, settings)
  } catch (error) {
    const said = running.errorOutput().split('\n').at(-1)
    throw new Error(`${(error as Error).message}${said ? ` (the router's last words: ${said})` : ''}`)
  } finally {
    await running.stop()
  }
}

async function measureLoad(program: string, running: RunningRouter, router: Router, what: Case, settings: Settings): Promise<Measurement> {
  const seconds = what.group === 'sessions' ? 0 : settings.seconds
  // An open loop needs room for all that is outstanding, not a depth.
  const window = what.group === 'latency' ? what.window : Math.min(what.window, router.windowMax ?? what.window)
  const args = [...what.load, ...target(what.transport, running), '-w', `${window}`, '-d', `${seconds}`]
  const fields = await runLoad(program, args, seconds)
  return {
    values: Object.fromEntries(what.metrics.map((metric) => [metric.name, number(fields, metric.field)])),
    generatorCpu: number(fields, 'cpu'),
    routerCpu: number(fields, 'watched_cpu'),
  }
}

/** What the router's process grew by when it took in so many sessions that then do nothing. */
async function measureMemory(program: string, running: RunningRouter, what: Case, settings: Settings): Promise<Measurement> {
  await settle()
  const before = residentBytes(running.pid)
  let after = 0
  const args = [...what.load, ...target(what.transport, running), '-d', '600']
  const fields = await runLoad(program, args, 0, async () => {
    await settle()
    after = residentBytes(running.pid)
  })
  return {
    values: { [what.metrics[0]!.name]: (after - before) / settings.idleSessions / 1000 },
    generatorCpu: number(fields, 'cpu'),
    routerCpu: number(fields, 'watched_cpu'),
  }
}

/** Where the load goes, and whose time is measured beside the generator's own. */
export function target(transport: TransportName, running: RunningRouter): string[] {
  return ['-t', transport, '-p', `${running.port}`, '-k', `${running.pid}`]
}

export type LoadFields = ReadonlyMap<string, string>

/**
 * Runs the load generator.
 * @param seconds how long it measures; it may take 90 s more for all the rest.
 * @param whileHolding called once its line is there, for a load that then holds its sessions; afterwards the generator is ended.
 * @returns the fields of the line that it prints.
 */
export async function runLoad(
  program: string,
  args: readonly string[],
  seconds: number,
  whileHolding?: () => Promise<void>,
): Promise<LoadFields> {
  const [shell, ...rest] = withManyFiles([program, ...args])
  const child = spawn(shell!, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
  const end = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', end)
  const timer = setTimeout(end, (seconds + GRACE_SECONDS) * 1000)
  let output = ''
  let errors = ''
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const hasLine = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (output.includes('\n')) resolve()
    })
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  if (whileHolding !== undefined) {
    await Promise.race([hasLine, ended])
    if (output.includes('\n')) await whileHolding()
    end()
  }
  await ended
  clearTimeout(timer)
  process.removeListener('exit', end)
  if (!output.includes('\n')) throw new Error(errors.trim().split('\n')[0] || `wampload printed nothing in ${seconds + GRACE_SECONDS} s`)
  return new Map([...output.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!]))
}

export function number(fields: LoadFields, name: string): number {
  const value = Number(fields.get(name))
  if (Number.isNaN(value)) throw new Error(`Cannot read the field "${name}" of the load generator's line: ${[...fields].join(' ')}`)
  return value
}

/** What the kernel does after the last byte, and what the router puts off, is done in a second. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
}

function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  if (match === null) throw new Error(`Cannot read the resident memory of process ${pid}: it has ended`)
  return Number(match[1]) * 1024
}
