// The router as people run it, `crosspoint start`, in a process of its own whose memory is looked at from outside. One port
// speaks everything: WebSocket below /ws, long-poll below /lp, RawSocket.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './check.ts'

const BIN = join(import.meta.dirname, '../../../crosspoint/bin/crosspoint.js')
const GARBAGE_ROUNDS = 3

// Memory is compared after a collection: what is looked for is what is kept, not what waits to be collected.
const COLLECT = `process.on('SIGUSR2', () => { gc(); setImmediate(() => process.stderr.write('collected\\n')) })`

const CONFIG = {
  version: 2,
  workers: [
    {
      type: 'router',
      realms: [{ name: 'realm1' }],
      transports: [
        {
          type: 'universal',
          endpoint: { type: 'tcp', interface: '127.0.0.1', port: 0 },
          websocket: { ws: { type: 'websocket' } },
          web: { paths: { lp: { type: 'longpoll' } } },
          rawsocket: true,
        },
      ],
    },
  ],
}

export const MEGABYTE = 2 ** 20

export class RouterProcess {
  readonly port: number
  readonly pid: number
  readonly #child: ChildProcess
  readonly #texts: { out: string; error: string }
  readonly #ended: Promise<number | null>

  private constructor(child: ChildProcess, texts: { out: string; error: string }, ended: Promise<number | null>) {
    this.#child = child
    this.#texts = texts
    this.#ended = ended
    this.port = Number(/:(\d+)/.exec(texts.out)![1])
    this.pid = child.pid!
  }

  /** @param config of the node; it must have one endpoint with port 0 */
  static async start(config: object = CONFIG): Promise<RouterProcess> {
    const nodeArgs = ['--expose-gc', '--import', `data:text/javascript,${encodeURIComponent(COLLECT)}`]
    const folder = mkdtempSync(join(tmpdir(), 'crosspoint-hostile-'))
    writeFileSync(join(folder, 'crosspoint.json'), JSON.stringify(config))
    const child = spawn(process.execPath, [...nodeArgs, BIN, 'start', '--config', 'crosspoint.json'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const texts = { out: '', error: '' }
    child.stdout.setEncoding('utf8').on('data', (text) => (texts.out += text))
    child.stderr.setEncoding('utf8').on('data', (text) => (texts.error += text))
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    void ended.then(() => rmSync(folder, { recursive: true, force: true }))
    await until('the router to be ready', () => texts.out.includes('\n') || child.exitCode !== null, 20_000)
    if (child.exitCode !== null) throw new Error(`The router ended with ${child.exitCode} before it was ready: ${texts.error}`)
    return new RouterProcess(child, texts, ended)
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** What it wrote to its log so far. */
  get log(): string {
    return this.#texts.error
  }

  /** Resident memory now, in bytes. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024
  }

  /** Resident memory after garbage was collected, in bytes. */
  async settledBytes(): Promise<number> {
    for (let round = 0; round < GARBAGE_ROUNDS; round++) {
      const before = this.#count('collected')
      this.#child.kill('SIGUSR2')
      await until('a collection', () => this.#count('collected') > before)
    }
    return this.residentBytes
  }

  #count(word: string): number {
    return this.log.split(word).length - 1
  }

  /** Watches resident memory; the result's `stop` gives the highest value seen, in bytes. */
  watchMemory(): { stop(): number } {
    let highest = this.residentBytes
    const look = (): void => void (highest = Math.max(highest, this.residentBytes))
    const timer = setInterval(look, 20)
    return {
      stop: () => {
        clearInterval(timer)
        look()
        return highest
      },
    }
  }

  /** Stops it and gives its exit status. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM')
    const guard = setTimeout(() => this.#child.kill('SIGKILL'), 15_000)
    const status = await this.#ended
    clearTimeout(guard)
    return status
  }
}

/** Starts a router for one check, and sees that it still runs at its end and stops in order. */
export async function withRouter<Result>(use: (router: RouterProcess) => Promise<Result>): Promise<Result> {
  const router = await RouterProcess.start()
  let status: number | null = 0
  try {
    const result = await use(router)
    if (!router.isRunning) throw new Error(`The router has ended meanwhile: ${router.log}`)
    return result
  } finally {
    status = await router.stop()
    if (status !== 0) console.log(`The router stopped with status ${status}: ${router.log}`)
  }
}
