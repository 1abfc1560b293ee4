// Runs bin/crosspoint.js as people do: as a process of its own.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../bin/crosspoint.js', import.meta.url))

export interface Run {
  readonly child: ChildProcess
  readonly out: { stdout: string; stderr: string }
  /** The first line on stdout; rejects when the process ends without one. */
  readonly ready: Promise<string>
  readonly exited: Promise<{ status: number | null; signal: NodeJS.Signals | null }>
}

/** Starts the command; it is killed at the end of the test if it still runs. */
export function run(
  context: TestContext,
  args: readonly string[],
  options: { cwd?: string; nodeArgs?: readonly string[]; env?: { [name: string]: string } } = {},
): Run {
  // Without --conditions on purpose: the command finds the sources by itself.
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), BIN, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: { ...process.env, NODE_OPTIONS: '', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const out = { stdout: '', stderr: '' }
  const exited = new Promise<{ status: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (status, signal) => resolve({ status, signal }))
  })
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out.stdout += text
      if (out.stdout.includes('\n')) resolve(out.stdout.split('\n', 1)[0]!)
    })
    child.stderr.setEncoding('utf8').on('data', (text) => (out.stderr += text))
    void exited.then(({ status }) => reject(new Error(`ended with ${status} before it was ready:\n${out.stderr}`)))
  })
  ready.catch(() => {}) // looked at only by tests that wait for it
  context.after(() => child.kill('SIGKILL'))
  return { child, out, ready, exited }
}

/** A folder with these files, gone when the test is over. */
export function folder(context: TestContext, files: { readonly [path: string]: string }): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'crosspoint-')))
  context.after(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  return root
}
