// A progressive result and a progressive call of a gigabyte, with a reader slower than the writer: no party may need more
// memory for it than for a short one.

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { atMost, type Check, exactly, type Finding, until } from './check.ts'
import { MEGABYTE, type RouterProcess, withRouter } from './router-process.ts'

const PEER = join(import.meta.dirname, 'stream-peer.ts')
const CHUNK_BYTES = 65_536
const CHUNKS = 16_384
const GROWTH_MB_MAX = 96
const TIMEOUT_MS = 120_000

/** Highest resident memory of a process while it is watched, in bytes. */
class MemoryWatch {
  highest = 0
  readonly #pid: number
  readonly #timer: NodeJS.Timeout

  constructor(pid: number) {
    this.#pid = pid
    this.#timer = setInterval(() => this.#look(), 20)
    this.#look()
  }
  #look(): void {
    try {
      const status = readFileSync(`/proc/${this.#pid}/status`, 'utf8')
      this.highest = Math.max(this.highest, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024)
    } catch {
      // it has ended
    }
  }
  stop(): number {
    clearInterval(this.#timer)
    return this.highest
  }
}

function peer(
  role: string,
  port: number,
  direction: string,
  chunks: number,
): { child: ChildProcess; out: () => string; ended: Promise<unknown> } {
  const args = ['--conditions=@crosspoint/source', PEER, role, `rs://127.0.0.1:${port}`, direction, String(chunks), String(CHUNK_BYTES)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  return { child, out: () => out, ended: new Promise((resolve) => child.once('exit', resolve)) }
}

interface Run {
  readonly seen: number
  readonly ms: number
  readonly bytes: { readonly caller: number; readonly callee: number; readonly router: number }
}

async function stream(router: RouterProcess, direction: string, chunks: number): Promise<Run> {
  const callee = peer('callee', router.port, direction, chunks)
  await until('the callee', () => callee.out().includes('ready'), TIMEOUT_MS)
  const began = performance.now()
  const caller = peer('caller', router.port, direction, chunks)
  const watches = [caller.child.pid!, callee.child.pid!, router.pid].map((pid) => new MemoryWatch(pid))
  await Promise.race([caller.ended, new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS).unref())])
  const ms = performance.now() - began
  const [ofCaller, ofCallee, ofRouter] = watches.map((watch) => watch.stop()) as [number, number, number]
  callee.child.kill('SIGTERM')
  caller.child.kill('SIGTERM')
  await callee.ended
  const seen = Number(/seen (\d+) of/.exec(caller.out())?.[1] ?? -1)
  return { seen, ms, bytes: { caller: ofCaller, callee: ofCallee, router: ofRouter } }
}

async function attack(direction: string, name: string): Promise<Finding[]> {
  return withRouter(async (router) => {
    const short = await stream(router, direction, CHUNKS / 64)
    const long = await stream(router, direction, CHUNKS)
    const megabytesPerSecond = (CHUNKS * CHUNK_BYTES) / MEGABYTE / (long.ms / 1000)
    const growth = (['caller', 'callee', 'router'] as const).map((party) =>
      atMost(
        `${name}: memory of the ${party} for 1 GB beyond that for 16 MB (${Math.round(megabytesPerSecond)} MB/s)`,
        Math.max(0, long.bytes[party] - short.bytes[party]) / MEGABYTE,
        GROWTH_MB_MAX,
        'MB',
        1,
      ),
    )
    return [exactly(`${name}: chunks that arrived`, long.seen, CHUNKS, 'chunks'), ...growth]
  })
}

export const longStreams: Check = {
  name: 'long-streams',
  async run() {
    return [...(await attack('down', 'progressive result')), ...(await attack('up', 'progressive call'))]
  },
}
