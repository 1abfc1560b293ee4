// Where things are, and our router as a process of its own.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { generate } from 'selfsigned'
import { OUR_AUTH } from './logins.ts'

export const ROOT = join(import.meta.dirname, '../../../..')

/** What is installed and built for the interop run stays here. */
export const CACHE = join(ROOT, 'node_modules/.cache/crosspoint-interop')

/** A router that runs, ours or a foreign one. */
export interface RunningRouter {
  readonly websocket: number
  readonly rawsocket: number
  /** Both, over TLS; only of our router. */
  readonly secure?: number
  /** Of the WebSocket URL, such as "/ws". */
  readonly path: string
  /** Resolves with a sentence when it did not end as it should. */
  stop(): Promise<string | undefined>
}

/** Starts `crosspoint start` on a free port; resolves when it is ready. */
export async function startOurRouter(): Promise<RunningRouter> {
  const home = mkdtempSync(join(tmpdir(), 'crosspoint-interop-'))
  const config = join(home, 'crosspoint.json')
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }])
  writeFileSync(join(home, 'key.pem'), key, { mode: 0o600 })
  writeFileSync(join(home, 'cert.pem'), cert)
  writeFileSync(config, JSON.stringify(ourConfiguration()), { mode: 0o600 })
  const child = launch([process.execPath, join(ROOT, 'packages/crosspoint/bin/crosspoint.js'), 'start', '--config', config])
  child.on('exit', () => rmSync(home, { recursive: true }))
  for await (const line of createInterface({ input: child.stdout! })) {
    const [port, secure] = ['ws', 'wss'].map((scheme) => Number(new RegExp(`\\b${scheme}://127\\.0\\.0\\.1:(\\d+)`).exec(line)?.[1]))
    if (port! > 0 && secure! > 0) return { websocket: port!, rawsocket: port!, secure: secure!, path: '/ws', stop: () => stop(child) }
  }
  throw new Error('Cannot run the interop tests: the router ended before it was ready')
}

function ourConfiguration(): object {
  const endpoint = { type: 'tcp', interface: '127.0.0.1', port: 0 }
  const transport = {
    type: 'universal',
    endpoint,
    websocket: { ws: { type: 'websocket', auth: OUR_AUTH } },
    rawsocket: { auth: OUR_AUTH },
  }
  return {
    version: 2,
    workers: [
      {
        type: 'router',
        // Many logins fail on purpose, all from one address.
        limits: { loginFailuresPerAddressMax: 0, loginFailuresPerPrincipalMax: 0 },
        realms: [{ name: 'realm1' }],
        transports: [transport, { ...transport, endpoint: { ...endpoint, tls: { key: 'key.pem', certificate: 'cert.pem' } } }],
      },
    ],
  }
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
