// The processes of the browser test: the node with the forum, and the Python component.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..', '..', '..')
const READY = /crosspoint \S+ ready: http:\/\/127\.0\.0\.1:(\d+)/
const READY_TIMEOUT_MS = 20_000

/** A process whose output is kept, to be shown when the test fails. */
export class Program {
  readonly #child: ChildProcess
  /** Resolves with the exit status; `null` when a signal ended it. */
  readonly ended: Promise<number | null>
  output = ''
  #wake: (() => void) | undefined

  constructor(args: readonly string[], environment: { readonly [name: string]: string }) {
    this.#child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
        this.#wake?.()
      })
    }
    this.ended = once(this.#child, 'exit').then(([status]) => status as number | null)
    void this.ended.then(() => this.#wake?.())
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Waits for a line of the output. Rejects when the process ends before, or does not print it in time. */
  async line(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    const deadline = setTimeout(() => this.#wake?.(), timeoutMs)
    const startedAt = performance.now()
    try {
      for (;;) {
        const match = pattern.exec(this.output)
        if (match !== null) return match
        const why = !this.isRunning ? 'ended' : performance.now() - startedAt >= timeoutMs ? `did not print it within ${timeoutMs} ms` : ''
        if (why !== '') throw new Error(`A program was to print ${pattern}, and ${why}. It printed:\n${this.output}`)
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    } finally {
      clearTimeout(deadline)
    }
  }

  /** Sends a signal and waits for the end. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (this.isRunning) this.#child.kill(signal)
    return this.ended
  }
}

export interface ForumNode {
  readonly program: Program
  readonly port: number
}

/** Starts the forum as `npm start` does; `port` 0 takes a free one. */
export async function startNode(port: number): Promise<ForumNode> {
  const args = ['packages/crosspoint/bin/crosspoint.js', 'start', '--config', 'examples/forum/crosspoint.config.ts']
  const program = new Program(args, { CROSSPOINT_PORT: String(port), CROSSPOINT_HOST: '127.0.0.1' })
  const [, found] = await program.line(READY, READY_TIMEOUT_MS)
  return { program, port: Number(found) }
}

export function startPython(port: number): Program {
  return new Program(['examples/forum/python/start.mjs'], { CROSSPOINT_URL: `ws://127.0.0.1:${port}/ws` })
}
