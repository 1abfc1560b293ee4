// What the interop run needs beside the repository: a router as a process of its own, and Python with Autobahn.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export const ROOT = join(import.meta.dirname, '../../../..')
const VENV = join(ROOT, 'node_modules/.cache/crosspoint-interop/venv')
const REQUIREMENT = 'autobahn==26.10.2' // it brings msgpack and cbor2 with it

export interface RunningRouter {
  readonly port: number
  stop(): Promise<number | null>
}

/** Starts `crosspoint router` on a free port; resolves when it is ready. */
export async function startRouter(): Promise<RunningRouter> {
  const bin = join(ROOT, 'packages/crosspoint/bin/crosspoint.js')
  const child = spawn(process.execPath, [bin, 'router', '--port', '0', '--realm', 'realm1'], { stdio: ['ignore', 'pipe', 'ignore'] })
  for await (const line of createInterface({ input: child.stdout! })) {
    const port = /ws:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1]
    if (port !== undefined) return { port: Number(port), stop: () => stop(child) }
  }
  throw new Error('Cannot run the interop tests: the router ended before it was ready')
}

function stop(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.on('exit', (status) => resolve(status))
    child.kill('SIGTERM')
  })
}

/** The Python of a virtual environment with Autobahn in it, made when it is not there. */
export async function pythonWithAutobahn(): Promise<string> {
  const python = join(VENV, 'bin/python')
  if (existsSync(python) && (await run(python, ['-c', 'import autobahn, msgpack, cbor2'])) === 0) return python
  console.log(`Making a virtual environment with ${REQUIREMENT} …`)
  await must('python3', ['-m', 'venv', VENV])
  await must(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', REQUIREMENT])
  return python
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const status = await run(program, args)
  if (status !== 0)
    throw new Error(`Cannot prepare Python: ${program} ${args.join(' ')} ended with status ${status}; it needs python3 with venv and PyPI`)
}

function run(program: string, args: readonly string[]): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    child.on('error', () => resolve(127))
    child.on('exit', resolve)
  })
}
