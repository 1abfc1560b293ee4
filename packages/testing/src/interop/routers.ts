// The foreign routers: what they need, how they start, and over what our client meets them.

import type { ChildProcess } from 'node:child_process'
import { on } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Need } from './clients.ts'
import { CACHE, launch, type RunningRouter } from './environment.ts'
import type { SerializerName, TransportName } from './line-protocol.ts'
import { AUTH, CROSSBAR_AUTH, ROLE } from './logins.ts'
import type { Lacking } from './our-login.ts'

const START_MS = 30_000

export interface ForeignRouter {
  /** The router and its version, as its program must tell it. */
  readonly name: string
  readonly needs: Need
  start(folder: string): Promise<RunningRouter>
  readonly speaks: readonly (readonly [TransportName, SerializerName])[]
  readonly remarks?: readonly string[]
  readonly lacks: Lacking
}

const COMMON: ForeignRouter['speaks'] = [
  ['websocket', 'json'],
  ['websocket', 'msgpack'],
  ['websocket', 'cbor'],
  ['rawsocket', 'json'],
  ['rawsocket', 'msgpack'],
  ['rawsocket', 'cbor'],
]

const NO_SCRAM = 'it has no SCRAM'
const NO_BINDING = 'it has no channel binding'

export const ROUTERS: readonly ForeignRouter[] = [
  {
    name: 'Crossbar.io 26.10.1',
    needs: 'crossbar',
    start: startCrossbar,
    speaks: [...COMMON, ['websocket', 'ubjson'], ['rawsocket', 'ubjson']],
    remarks: ['Its configuration does not take FlatBuffers as a serializer.'],
    lacks: {
      'wamp-scram': 'its SCRAM is that of an old draft, with other names, other hashes and another proof',
      binding: 'it speaks TLS 1.3 only, and has tls-unique only, which TLS 1.3 does not',
    },
  },
  {
    name: 'nexus 3.3.0 (router)',
    needs: 'go',
    start: (folder) => startProgram([join(folder, 'nexus-router'), JSON.stringify(AUTH)], 'nexus 3.3.0'),
    speaks: COMMON,
    lacks: { 'wamp-scram': NO_SCRAM, binding: NO_BINDING },
  },
  {
    name: 'xconn-go 0.1.0 (router)',
    needs: 'go',
    start: (folder) => startProgram([join(folder, 'xconn-router'), JSON.stringify(AUTH)], 'xconn-go 0.1.0'),
    speaks: COMMON,
    lacks: { 'wamp-scram': NO_SCRAM, binding: NO_BINDING },
  },
]

/** A program that says itself on which ports it listens (README.md). */
async function startProgram(command: readonly string[], name: string): Promise<RunningRouter> {
  const child = launch(command)
  const said = await firstLine(child, name, (line) => line.startsWith('{'))
  const { ready, websocket, rawsocket, path = '/ws' } = JSON.parse(said) as Omit<RunningRouter, 'stop'> & { readonly ready: string }
  if (!name.includes(ready)) throw new Error(`"${name}" expected; the program says that it is version ${ready}`)
  return { websocket, rawsocket, path, stop: () => stop(child, name) }
}

/** Crossbar.io wants its configuration in a folder, and ports that somebody else has found free. */
async function startCrossbar(folder: string): Promise<RunningRouter> {
  const home = join(CACHE, 'crossbar-node')
  for (let attempt = 1; ; attempt++) {
    const [websocket, rawsocket] = [await freePort(), await freePort()]
    rmSync(home, { recursive: true, force: true })
    mkdirSync(home, { recursive: true })
    writeFileSync(join(home, 'config.json'), JSON.stringify(crossbarConfiguration(websocket, rawsocket)))
    const child = launch([join(folder, 'bin/crossbar'), 'start', '--cbdir', home, '--color', 'false', '--loglevel', 'info'])
    try {
      await firstLine(child, 'Crossbar.io', (line) => line.includes('NODE_BOOT_COMPLETE'))
      child.stdout!.resume() // nobody reads on
      return { websocket, rawsocket, path: '/ws', stop: () => stop(child, 'Crossbar.io') }
    } catch (error) {
      // Somebody may have taken a port in the meantime.
      if (attempt === 3) throw error
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

function crossbarConfiguration(websocket: number, rawsocket: number): object {
  const allow = { call: true, register: true, publish: true, subscribe: true }
  const everything = { uri: '', match: 'prefix', allow, disclose: { caller: true, publisher: true } }
  const endpoint = (port: number) => ({ type: 'tcp', interface: '127.0.0.1', port })
  const roles = ['anonymous', ROLE].map((name) => ({ name, permissions: [everything] }))
  const serializers = ['json', 'msgpack', 'cbor', 'ubjson']
  return {
    version: 2,
    workers: [
      {
        type: 'router',
        realms: [{ name: 'realm1', roles }],
        transports: [
          { type: 'websocket', endpoint: endpoint(websocket), serializers, auth: CROSSBAR_AUTH },
          { type: 'rawsocket', endpoint: endpoint(rawsocket), serializers, auth: CROSSBAR_AUTH },
        ],
      },
    ],
  }
}

async function firstLine(child: ChildProcess, name: string, isIt: (line: string) => boolean): Promise<string> {
  const guard = setTimeout(() => child.kill('SIGKILL'), START_MS)
  let last = 'nothing'
  try {
    for await (const [line] of on(createInterface({ input: child.stdout! }), 'line', { close: ['close'] })) {
      if (isIt(line)) return line
      last = line
    }
  } finally {
    clearTimeout(guard)
  }
  throw new Error(`Cannot start ${name}: it ended before it was ready, or took more than ${START_MS} ms; it said last: ${last}`)
}

async function stop(child: ChildProcess, name: string): Promise<string | undefined> {
  if (child.exitCode !== null || child.signalCode !== null) return `${name} ended by itself, with status ${child.exitCode}`
  const ended = new Promise((resolve) => child.on('exit', resolve))
  child.kill('SIGTERM')
  const guard = setTimeout(() => child.kill('SIGKILL'), 5000)
  await ended
  clearTimeout(guard)
  return undefined
}
