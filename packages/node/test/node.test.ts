import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { createConnection, createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { LongPollClient } from '@crosspoint/testing'
import { readyLine } from '../src/addresses.ts'
import { loadConfig } from '../src/config/load.ts'
import { Node } from '../src/node.ts'
import { folder } from './folder.ts'
import { recorder } from './recorder.ts'

const EVERYTHING = { call: true, register: true, publish: true, subscribe: true }

/** A configuration like that of a small forum: page, WebSocket, two components, RawSocket on a second transport. */
const FORUM = {
  version: 2,
  controller: { id: 'forum' },
  workers: [
    {
      type: 'router',
      realms: [{ name: 'forum', roles: [{ name: 'anonymous', permissions: [{ uri: '', match: 'prefix', allow: EVERYTHING }] }] }],
      transports: [
        {
          type: 'web',
          endpoint: { type: 'tcp', port: '${PORT:-0}', interface: '127.0.0.1' },
          paths: { '/': { type: 'static', directory: './web' }, ws: { type: 'websocket', options: { allowed_origins: ['*'] } } },
        },
        { type: 'rawsocket', endpoint: { type: 'unix', path: 'node.sock' }, serializers: ['json'] },
      ],
      components: [
        { type: 'module', module: './components/add.ts', realm: 'forum', extra: { plus: 100 } },
        { type: 'module', module: './components/user.js', realm: 'forum' },
      ],
    },
  ],
}
const ADD = `import type { App } from 'a module that is never loaded'
export default function add(app: App, extra: { plus: number }): void {
  app.register('com.example.add', (a: number, b: number) => a + b + extra.plus)
  app.onStop(() => globalThis.order?.push('add stops'))
}`
const USER = `export default async (app) => {
  app.onStart(async () => globalThis.order?.push(await app.call('com.example.add', 1, 2)))
  app.onStop(() => globalThis.whenUserStops?.())
}`
const FILES = {
  'crosspoint.config.json': FORUM,
  'web/index.html': 'hello',
  'components/add.ts': ADD,
  'components/user.js': USER,
  'package.json': '{"type":"module"}',
}

interface Shared {
  order?: unknown[] | undefined
  whenUserStops?: (() => void) | undefined
}
const shared = globalThis as Shared

async function start(context: TestContext, files: { [name: string]: string | object } = FILES, environment = {}) {
  const root = folder(context, files)
  const log = recorder()
  const node = new Node(await loadConfig(join(root, 'crosspoint.config.json'), environment), log)
  context.after(() => node.stop())
  await node.start()
  return { node, log, root, port: node.listeners[0]?.port ?? 0 }
}

/** A session by hand: opens a WebSocket, says HELLO, and collects what comes. */
async function join_(port: number, realm: string): Promise<{ socket: WebSocket; next: () => Promise<unknown[]>; closed: Promise<void> }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ['wamp.2.json'])
  const arrived: unknown[][] = []
  let wake = (): void => {}
  socket.onmessage = (event) => {
    arrived.push(JSON.parse(String(event.data)))
    wake()
  }
  const closed = new Promise<void>((resolve) => (socket.onclose = () => resolve()))
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = reject
  })
  const next = async (): Promise<unknown[]> => {
    while (arrived.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    return arrived.shift()!
  }
  socket.send(JSON.stringify([1, realm, { roles: { caller: {} } }]))
  assert.equal((await next())[0], 2)
  return { socket, next, closed }
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

test('a node like the forum: page, WebSocket, RawSocket and components', async (context) => {
  shared.order = []
  const { node, log, port, root } = await start(context)
  // The second component called the first while both were starting, so they start in their order.
  assert.deepEqual(shared.order, [103])
  const { socket, next } = await join_(port, 'forum')
  socket.send(JSON.stringify([48, 1, {}, 'com.example.add', [20, 3]]))
  assert.deepEqual(await next(), [50, 1, {}, [123]])
  socket.close()
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'hello')
  assert.equal((await fetch(`http://127.0.0.1:${port}/nothing`)).status, 404)
  assert.equal((await fetch(`http://127.0.0.1:${port}/ws`)).status, 426)
  // RawSocket on both: the same port, and a Unix socket. 0x7F, lengths up to 2^24, JSON.
  for (const target of [{ host: '127.0.0.1', port }, { path: join(root, 'node.sock') }]) {
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const raw = createConnection(target as { path: string }, () => raw.write(Buffer.from([0x7f, 0xf1, 0, 0])))
      raw.once('data', (bytes: Buffer) => {
        raw.destroy()
        resolve(bytes)
      })
      raw.on('error', reject)
    })
    assert.deepEqual([answer[0], answer[1]! & 15], [0x7f, 1])
  }
  const addresses = `http://127.0.0.1:${port} ws://127.0.0.1:${port}/ws rs://127.0.0.1:${port} unix:${join(root, 'node.sock')}`
  assert.equal(readyLine('0.1.0', node.listeners, ['forum']), `crosspoint 0.1.0 ready: ${addresses} realm forum`)
  await node.stop()
  assert.deepEqual(
    log.lines.filter((line) => /^(warn|error)/.test(line)),
    [],
  )
})

test('a node stops in its order: listeners, GOODBYE, components, ports', async (context) => {
  const order: unknown[] = []
  shared.order = order
  const { node, log, port } = await start(context)
  order.length = 0
  const { socket, next, closed } = await join_(port, 'forum')
  let refused: Promise<boolean> | undefined
  shared.whenUserStops = () => {
    order.push('user stops')
    refused = connects(port).then((isOpen) => !isOpen)
  }
  const goodbye = next().then((message) => {
    order.push(`goodbye ${String(message[2])}`)
    socket.send(JSON.stringify([6, {}, 'wamp.close.goodbye_and_out']))
  })
  await node.stop()
  await Promise.all([goodbye, closed])
  // Components stop in the reverse of their order of start.
  assert.deepEqual(order, ['goodbye wamp.close.system_shutdown', 'user stops', 'add stops'])
  assert.equal(await refused, true)
  assert.equal(await connects(port), false)
  assert.deepEqual(
    log.lines.filter((line) => /^(warn|error)/.test(line)),
    [],
  )
  shared.whenUserStops = undefined
  await node.stop() // a second call waits for the first
})

test('TRN-30 TRN-40 a session over long-poll hears GOODBYE and answers it while the node stops', async (context) => {
  const config = structuredClone(FORUM)
  const paths = config.workers[0]!.transports[0]!.paths as { [key: string]: object }
  paths.lp = { type: 'longpoll', options: { session_timeout: 5 } }
  const { node, log, port } = await start(context, { ...FILES, 'crosspoint.config.json': config })
  const client = await LongPollClient.open(port, ['soap', 'wamp.2.json'])
  const arrived: unknown[][] = []
  const welcomed = new Promise<void>((resolve) => {
    client.onBody = (bytes) => {
      const message = JSON.parse(bytes.toString()) as unknown[]
      arrived.push(message)
      if (message[0] === 2) resolve()
      if (message[0] === 6) void client.send('[6,{},"wamp.close.goodbye_and_out"]')
    }
  })
  const gone = new Promise<void>((resolve) => (client.onClose = resolve))
  client.poll()
  await client.send(JSON.stringify([1, 'forum', { roles: { caller: {} } }]))
  await welcomed
  await node.stop()
  await gone
  assert.deepEqual(
    arrived.map((message) => [message[0], message[0] === 6 ? message[2] : undefined]),
    [
      [2, undefined],
      [6, 'wamp.close.system_shutdown'],
    ],
  )
  assert.equal(await connects(port), false)
  assert.deepEqual(
    log.lines.filter((line) => /^(warn|error)/.test(line)),
    [],
  )
})

test('a peer that does not answer GOODBYE is cut', async (context) => {
  const config = structuredClone(FORUM) as { workers: { limits?: object }[] }
  config.workers[0]!.limits = { goodbyeTimeoutMs: 400 } // longer than a component waits before it tries to come back
  const { node, port, log } = await start(context, { ...FILES, 'crosspoint.config.json': config })
  const { closed } = await join_(port, 'forum')
  await node.stop()
  await closed
  assert.deepEqual(
    log.lines.filter((line) => /^(warn|error)/.test(line)),
    [],
  )
})

const FAILURES: readonly (readonly [name: string, text: string, message: RegExp])[] = [
  [
    'throws in its function',
    'export default (app) => {\n  const a = undefined\n  a.b()\n}',
    /^Cannot load the component \.\/components\/add\.ts: TypeError: Cannot read properties of undefined \(reading 'b'\) \(.*components\/add\.ts:3:5\)$/,
  ],
  ['rejects', 'export default async () => {\n  throw new RangeError("no luck\\nat all")\n}', /: RangeError: no luck \(.*add\.ts:2:9\)$/],
  ['throws while it is imported', 'throw new Error("early")', /: Error: early \(.*add\.ts:1:7\)$/],
  ['throws text', 'export default () => { throw "text" }', /: it threw text$/],
  ['has no default export', 'export const a = 1', /: it has no default export; write export default \(app\) => \{ … \}$/],
  ['exports an object', 'export default {}', /: its default export is an object; write/],
  ['is no JavaScript', 'export default (', /: SyntaxError: /],
  ['registers what cannot be', 'export default (app) => app.register("a..b", () => 1)', /add\.ts: .*a\.\.b/],
  [
    'fails in its start hook',
    'export default (app) => app.onStart(() => { throw new Error("late") })',
    /: Error: late \(.*add\.ts:1:\d+\)$/,
  ],
]
for (const [name, text, message] of FAILURES) {
  test(`a component that ${name} ends the start, and nothing listens`, async (context) => {
    const probe = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => probe.once('listening', resolve))
    const { port } = probe.address() as AddressInfo
    await new Promise((resolve) => probe.close(resolve))
    const files = { ...FILES, 'components/add.ts': text }
    await assert.rejects(start(context, files, { PORT: String(port) }), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_COMPONENT')
      assert.match(error.message, message)
      assert.ok(!error.message.includes('\n'), 'one line')
      return true
    })
    assert.equal(await connects(port), false)
  })
}

test('a port in use is named, and what was started before is stopped', async (context) => {
  const stops: string[] = []
  shared.whenUserStops = () => stops.push('user stops')
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  context.after(() => taken.close())
  const { port } = taken.address() as AddressInfo
  await assert.rejects(start(context, FILES, { PORT: String(port) }), {
    code: 'ERR_LISTEN',
    message: new RegExp(`^Cannot listen on 127\\.0\\.0\\.1:${port}: `),
  })
  assert.deepEqual(stops, ['user stops'])
  shared.whenUserStops = undefined
})

test('a folder that is not there for a Unix socket is named', async (context) => {
  const config = structuredClone(FORUM)
  config.workers[0]!.transports[1]!.endpoint.path = 'no/such/folder/node.sock'
  await assert.rejects(start(context, { ...FILES, 'crosspoint.config.json': config }), {
    code: 'ERR_LISTEN',
    message: /no\/such\/folder\/node\.sock/,
  })
})

test('warnings of the configuration are logged at start', async (context) => {
  const config = structuredClone(FORUM)
  config.workers[0]!.transports[0]!.paths!.ws.options = { allowed_origins: ['*'], auto_ping_size: 4 } as never
  const { log } = await start(context, { ...FILES, 'crosspoint.config.json': config })
  assert.ok(log.lines.some((line) => /^warn .*paths\.ws\.options: without effect here: auto_ping_size$/.test(line)))
})
