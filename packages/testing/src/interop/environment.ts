// Where things are, and our router as a process of its own.

import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export const ROOT = join(import.meta.dirname, '../../../..')

/** What is installed and built for the interop run stays here. */
export const CACHE = join(ROOT, 'node_modules/.cache/crosspoint-interop')

/** A router that runs, ours or a foreign one. */
export interface RunningRouter {
  readonly websocket: number
  readonly rawsocket: number
  /** Of the WebSocket URL, such as "/ws". */
  readonly path: string
  /** Resolves with a sentence when it did not end as it should. */
  stop(): Promise<string | undefined>
}

/** Starts `crosspoint router` on a free port; resolves when it is ready. */
export async function startOurRouter(): Promise<RunningRouter> {
  const bin = join(ROOT, 'packages/crosspoint/bin/crosspoint.js')
  const child = launch([process.execPath, bin, 'router', '--port', '0', '--realm', 'realm1'])
  for await (const line of createInterface({ input: child.stdout! })) {
    const port = Number(/ws:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1])
    if (port > 0) return { websocket: port, rawsocket: port, path: '/ws', stop: () => stop(child) }
  }
  throw new Error('Cannot run the interop tests: the router ended before it was ready')
}

/** Starts a router as a process that does not outlive this one. */
export function launch([program, ...args]: readonly string[]): ChildProcess {
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  child.on('error', () => {}) // whoever waits for it sees that it has ended
  const end = () => child.kill()
  process.on('exit', end)
  child.on('exit', () => process.off('exit', end))
  return child
}

async function stop(child: ChildProcess): Promise<string | undefined> {
  if (child.exitCode !== null) return `our router ended by itself, with status ${child.exitCode}`
  const status = await new Promise((resolve) => {
    child.on('exit', resolve)
    child.kill('SIGTERM')
  })
  return status === 0 ? undefined : `our router ended with status ${status}`
}
