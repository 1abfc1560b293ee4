// Which routers are compared, and how each is made ready, started and stopped. Every start is a new process on a free port.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'

export type TransportName = 'ws' | 'raw'

/** A router that can be started. */
export interface Router {
  readonly name: string
  readonly version: string
  /** `floor`: the bare router that the others are divided by; `own`: ours as well; `peer`: somebody else's, whose failures are only noted. */
  readonly kind: 'own' | 'floor' | 'peer'
  readonly transports: readonly TransportName[]
  /** Outstanding requests per client above which it refuses some; without it any number. */
  readonly windowMax?: number
  /** The program and its arguments for one listener. */
  command(transport: TransportName, port: number): readonly string[]
}

/** A router that was asked for and cannot be had here. */
export interface Skipped {
  readonly name: string
  readonly reason: string
}

/** A started router, ready for clients. */
export interface RunningRouter {
  readonly port: number
  readonly pid: number
  /** What it wrote to stderr, for when it fails. */
  errorOutput(): string
  /** Ends it with SIGTERM, after five seconds with SIGKILL. */
  stop(): Promise<void>
}

export const ROOT = join(import.meta.dirname, '..')
/** What the bench builds and installs lives here; deleting it is safe. */
export const CACHE = join(ROOT, 'node_modules', '.cache', 'crosspoint-bench')

const READY_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 5_000
const INSTALL_TIMEOUT_MS = 300_000
const FOX_WAMP_VERSION = '0.7.28'
/** Both refuse calls when the callee's outgoing queue is full; with four in flight per caller it never is. */
const GO_WINDOW_MAX = 4

const execute = promisify(execFile)
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** What this project has itself: Crosspoint and the floors. */
export async function ownRouters(): Promise<Router[]> {
  return [crosspoint(await commit()), ...floors()]
}

/** Other people's routers as far as they can be had: fox-wamp, and the Go routers if they are asked for. */
export async function findPeers(isWithGo: boolean, say: (line: string) => void): Promise<{ peers: Router[]; skipped: Skipped[] }> {
  const peers: Router[] = []
  const skipped: Skipped[] = []
  for (const source of isWithGo ? [foxWamp, nexus, xconn] : [foxWamp]) {
    say(`making ${source.title} ready`)
    try {
      peers.push(await source.prepare())
    } catch (error) {
      const reason = lastLine(error)
      say(`leaving out ${source.title}: ${reason}`)
      skipped.push({ name: source.title, reason })
    }
  }
  return { peers, skipped }
}

/**
 * Starts a router and waits until it takes connections.
 * @throws Error when it ends instead or is not ready after 20 s; the message holds what it wrote to stderr last.
 */
export async function startRouter(router: Router, transport: TransportName): Promise<RunningRouter> {
  const port = await freePort()
  const [program, ...args] = withManyFiles(router.command(transport, port))
  const child = spawn(program!, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] })
  running.add(child)
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000)
  })
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve())
    child.once('exit', () => resolve())
  }).then(() => running.delete(child))
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await ended
    clearTimeout(timer)
  }

  const deadline = performance.now() + READY_TIMEOUT_MS
  while (!(await takesConnections(port))) {
    if (running.has(child) && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      continue
    }
    const what = running.has(child) ? `is not ready after ${READY_TIMEOUT_MS / 1000} s` : 'ended before it was ready'
    await stop()
    throw new Error(`Cannot measure ${router.name}: it ${what}: ${errors.trim().split('\n').at(-1) || 'it wrote nothing to stderr'}`)
  }
  return { port, pid: child.pid!, errorOutput: () => errors.trim(), stop }
}

/** The same command with as many open files as the system allows; ten thousand sessions need more than the usual limit. */
export function withManyFiles(command: readonly string[]): string[] {
  return ['sh', '-c', 'ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -H -n)"; exec "$@"', 'sh', ...command]
}

function crosspoint(revision: string): Router {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'packages/crosspoint/package.json'), 'utf8')) as { version: string }
  return {
    name: 'crosspoint',
    version: revision === '' ? version : `${version} (${revision})`,
    kind: 'own',
    transports: ['ws', 'raw'],
    command: (_, port) => [process.execPath, 'packages/crosspoint/bin/crosspoint.js', 'router', '--port', `${port}`, '--realm', 'realm1'],
  }
}

/** The commit that is measured, with a plus sign if files were changed since; empty outside a git checkout. */
async function commit(): Promise<string> {
  try {
    const { stdout: head } = await execute('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT })
    const { stdout: changes } = await execute('git', ['status', '--porcelain', '--untracked-files=no'], { cwd: ROOT })
    return head.trim() + (changes === '' ? '' : '+')
  } catch {
    return ''
  }
}

function floors(): Router[] {
  const version = `Node ${process.versions.node}`
  const floor = (name: string, kind: Router['kind'], transport: TransportName, file: string, ...mode: string[]): Router => ({
    name,
    version,
    kind,
    transports: [transport],
    command: (_, port) => [process.execPath, `bench/floor/${file}`, `${port}`, ...mode],
  })
  return [
    floor('floor', 'floor', 'ws', 'websocket.mjs'),
    floor('floor', 'floor', 'raw', 'rawsocket.mjs'),
    floor('floor, lazy payloads', 'own', 'raw', 'rawsocket.mjs', 'lazy'),
  ]
}

interface Source {
  readonly title: string
  prepare(): Promise<Router>
}

const foxWamp: Source = {
  title: `fox-wamp ${FOX_WAMP_VERSION}`,
  async prepare() {
    const folder = cacheFolder('fox-wamp')
    const manifest = join(folder, 'node_modules', 'fox-wamp', 'package.json')
    if (!existsSync(manifest) || JSON.parse(readFileSync(manifest, 'utf8')).version !== FOX_WAMP_VERSION) {
      writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
      const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder]
      await execute('npm', [...args, `fox-wamp@${FOX_WAMP_VERSION}`], { cwd: folder, timeout: INSTALL_TIMEOUT_MS })
    }
    return {
      name: 'fox-wamp',
      version: FOX_WAMP_VERSION,
      kind: 'peer',
      transports: ['ws'],
      command: (_, port) => [process.execPath, 'bench/peers/fox-wamp.mjs', `${port}`, folder],
    }
  },
}

const nexus: Source = {
  title: 'nexus 3.3.0',
  async prepare() {
    const program = await buildGo('nexusd', 'github.com/gammazero/nexus/v3', 'v3.3.0', 'nexusd')
    return {
      name: 'nexus',
      version: '3.3.0',
      kind: 'peer',
      transports: ['ws', 'raw'],
      windowMax: GO_WINDOW_MAX,
      command: (transport, port) => [program, '-realm', 'realm1', transport === 'ws' ? '-ws' : '-tcp', `127.0.0.1:${port}`],
    }
  },
}

const xconn: Source = {
  title: 'xconn-go 0.1.0',
  async prepare() {
    const program = await buildGo('nxt', 'github.com/xconnio/xconn-go', 'v0.1.0', 'cmd/nxt')
    return {
      name: 'xconn-go',
      version: '0.1.0',
      kind: 'peer',
      transports: ['ws', 'raw'],
      windowMax: GO_WINDOW_MAX,
      command: (transport, port) => [program, 'start', '-c', xconnConfig(transport, port)],
    }
  },
}

/** Writes what xconn-go reads at its start, `.nxt/config.yaml` in a folder; returns the folder. */
function xconnConfig(transport: TransportName, port: number): string {
  const folder = cacheFolder('nxt')
  mkdirSync(join(folder, '.nxt'), { recursive: true })
  const allowed = ['call', 'register', 'publish', 'subscribe'].map((action) => `allow_${action}: true`).join(', ')
  const config = `version: '1'
config: { loglevel: error, management: false }
realms: [{ name: realm1, roles: [{ name: anonymous, permissions: [{ uri: '', match: prefix, ${allowed} }] }] }]
transports: [{ type: ${transport === 'ws' ? 'websocket' : 'rawsocket'}, listener: tcp, address: '127.0.0.1:${port}', serializers: [json] }]
authenticators: { anonymous: [{ authid: anyone, realm: realm1, role: anonymous }] }
`
  writeFileSync(join(folder, '.nxt', 'config.yaml'), config)
  return folder
}

/** Builds one program of a Go module, once; returns its path. */
async function buildGo(name: string, module: string, version: string, folderInModule: string): Promise<string> {
  const folder = cacheFolder(name)
  const program = join(folder, `${name}-${version}`)
  if (existsSync(program)) return program
  writeFileSync(join(folder, 'go.mod'), `module bench\n\ngo 1.22\n\nrequire ${module} ${version}\n`)
  const args = ['build', '-mod=mod', '-o', program, `${module}/${folderInModule}`]
  await execute('go', args, { cwd: folder, timeout: INSTALL_TIMEOUT_MS })
  return program
}

function cacheFolder(name: string): string {
  const folder = join(CACHE, name)
  mkdirSync(folder, { recursive: true })
  return folder
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Why a program could not be run, in one line. */
function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string }
  return (stderr?.trim() || message).split('\n').at(-1)!
}
