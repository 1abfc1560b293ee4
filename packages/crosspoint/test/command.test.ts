import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Client } from '@crosspoint/client/node'
import { cborSerializer, jsonSerializer, msgpackSerializer } from '@crosspoint/protocol'
import { folder, run } from './run.ts'

const READY = /^crosspoint \d+\.\d+\.\d+ ready: (ws:\/\/127\.0\.0\.1:(\d+)\/ws) (rs:\/\/127\.0\.0\.1:\2) realm realm1$/
const silent = { debug() {}, info() {}, warn() {}, error() {} }

const CONFIG = `export default {
  version: 2,
  workers: [
    {
      type: 'router',
      realms: [{ name: 'realm1' }],
      transports: [
        {
          type: 'web',
          endpoint: { type: 'tcp', port: 0, interface: '127.0.0.1' },
          paths: { '/': { type: 'static', directory: 'web' }, ws: { type: 'websocket' } },
        },
      ],
      components: [{ type: 'module', module: './greet.ts', realm: 'realm1', extra: { word: 'Hello' } }],
    },
  ],
}`
const GREET = `export default (app: any, extra: { word: string }) => {
  app.register('com.example.greet', (name: string) => \`\${extra.word}, \${name}\`)
}`
const NODE = { 'crosspoint.config.ts': CONFIG, 'greet.ts': GREET, 'web/index.html': 'the page', 'package.json': '{"type":"module"}' }

test('router: one ready line, WebSocket and RawSocket with every serializer, 0 on SIGTERM', async (context) => {
  const { child, out, ready, exited } = run(context, ['router', '--port', '0'])
  const [, websocket, , rawsocket] = READY.exec(await ready) ?? assert.fail(out.stdout)
  for (const url of [websocket, rawsocket]) {
    for (const serializer of [jsonSerializer, msgpackSerializer, cborSerializer]) {
      const client = new Client({ url, serializers: [serializer], logger: silent })
      await client.start()
      await client.register('com.example.add', (a: number, b: number) => a + b)
      assert.equal(await client.call('com.example.add', 2, 3), 5, `${url} ${serializer.name}`)
      await client.stop()
    }
  }
  child.kill('SIGTERM')
  assert.deepEqual(await exited, { status: 0, signal: null })
  assert.equal(out.stdout.split('\n').length, 2, 'the ready line and nothing else')
})

test('router: realms, path, Unix socket, and request ids that do not count', async (context) => {
  const socket = join(folder(context, {}), 'router.sock')
  const args = ['router', '--port', '0', '--realm', 'a', '-r', 'b', '--path', '/wamp', '--unix', socket, '--lenient', '--log-level', 'none']
  const { child, ready, exited, out } = run(context, args)
  assert.match(await ready, new RegExp(`ready: ws://127\\.0\\.0\\.1:(\\d+)/wamp rs://127\\.0\\.0\\.1:\\1 unix:${socket} realms a, b$`))
  const client = new Client({ url: `unix:${socket}`, realm: 'b', logger: silent })
  await client.start()
  await client.stop()
  const port = /:(\d+)\/wamp/.exec(out.stdout)![1]
  const byHand = new WebSocket(`ws://127.0.0.1:${port}/wamp`, ['wamp.2.json'])
  const answers: unknown[][] = []
  await new Promise<void>((resolve, reject) => {
    byHand.onopen = () => byHand.send('[1,"a",{"roles":{"caller":{}}}]')
    byHand.onerror = reject
    byHand.onmessage = (event) => {
      if (answers.push(JSON.parse(String(event.data))) === 1) byHand.send('[48,4711,{},"com.example.nothing"]')
      else resolve()
    }
  })
  assert.deepEqual(answers[1]!.slice(0, 3), [8, 48, 4711])
  byHand.close()
  child.kill('SIGINT')
  assert.deepEqual([await exited, out.stderr], [{ status: 0, signal: null }, ''])
})

test('a second signal ends at once, though a peer does not answer GOODBYE', async (context) => {
  for (const [signal, status] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    const { child, ready, exited } = run(context, ['router', '--port', '0'])
    const socket = new WebSocket(READY.exec(await ready)![1]!, ['wamp.2.json'])
    const goodbye = new Promise<void>((resolve) => {
      socket.onopen = () => socket.send('[1,"realm1",{"roles":{"caller":{}}}]')
      socket.onmessage = (event) => {
        const [type] = JSON.parse(String(event.data))
        if (type === 2) child.kill(signal)
        if (type === 6) resolve()
      }
    })
    await goodbye
    // Signals within a moment are one; keep pressing until it is another.
    const pressing = setInterval(() => child.kill(signal), 30)
    const end = await exited
    clearInterval(pressing)
    assert.deepEqual(end, { status, signal: null })
  }
})

test('start: a configuration with a page and a component', async (context) => {
  const { child, ready, exited, out } = run(context, ['start'], { cwd: folder(context, NODE) })
  const line = /^crosspoint \S+ ready: (http:\S+) (ws:\S+) rs:\S+ realm realm1$/.exec(await ready) ?? assert.fail(out.stdout)
  assert.equal(await (await fetch(line[1]!)).text(), 'the page')
  const client = new Client({ url: line[2], logger: silent })
  await client.start()
  assert.equal(await client.call('com.example.greet', 'you'), 'Hello, you')
  await client.stop()
  child.kill('SIGTERM')
  assert.deepEqual(await exited, { status: 0, signal: null })
  assert.match(out.stderr, /info {2}component \.\/greet\.ts runs in realm1/)
})

test('start without a configuration is a development node, and says so', async (context) => {
  const { child, out, ready, exited } = run(context, ['start'], { cwd: folder(context, {}) })
  const line = await ready.catch(() => undefined)
  assert.match(out.stderr, /no configuration here: a development node, for this machine only, realm1 open to anonymous sessions/)
  if (line === undefined) {
    // Something else on this machine has the default port; then that is what is said.
    assert.match(out.stderr, /crosspoint: Cannot listen on 127\.0\.0\.1:8080: /)
    assert.equal((await exited).status, 1)
    return
  }
  assert.match(line, /ready: ws:\/\/127\.0\.0\.1:8080\/ws rs:\/\/127\.0\.0\.1:8080 realm realm1$/)
  child.kill('SIGTERM')
  assert.equal((await exited).status, 0)
})

test('failures: one clear line, no stack, nothing on stdout, a status', async (context) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  context.after(() => taken.close())
  const port = String((taken.address() as AddressInfo).port)
  const broken = folder(context, { ...NODE, 'greet.ts': 'export default () => {\n  throw new TypeError("broken")\n}' })
  const wrong = folder(context, {
    'crosspoint.config.yaml': 'version: 2\nworkers: [{ type: router, realms: [{ name: realm1 }], transport: [] }]\n',
  })
  const failures: [args: string[], status: number, message: RegExp, cwd?: string][] = [
    [['router', '--port', port], 1, /^crosspoint: Cannot listen on 127\.0\.0\.1:\d+: .*\n$/],
    [['router', '--port', '0', '--unix', '/no/such/folder/x.sock'], 1, /^crosspoint: Cannot listen on \/no\/such\/folder\/x\.sock: .*\n$/],
    [['router', '--port', '70000'], 2, /^crosspoint: option '-p, --port <number>' argument '70000' is invalid\. .*0 to 65535\.\n$/],
    [['router', '--realm', 'a b'], 2, /^crosspoint: Cannot open the realm "a b": .*\n$/],
    [['router', '--path', 'ws'], 2, /^crosspoint: Cannot listen on the path "ws": it must begin with "\/".*\n$/],
    [['router', 'more'], 2, /^crosspoint: too many arguments .*\n$/],
    [['routr'], 2, /^crosspoint: unknown command 'routr' \(Did you mean router\?\)\n$/],
    [['start', '--confg', 'x'], 2, /^crosspoint: unknown option '--confg' \(Did you mean --config\?\)\n$/],
    [['start', '--log-level', 'loud'], 2, /^crosspoint: .*'loud' is invalid\. Allowed choices are debug, info, warn, error, none\.\n$/],
    [['start', '--config', 'none.json'], 1, /^crosspoint: Cannot read the configuration .*none\.json: there is no such file; .*\n$/],
    [
      ['start', '--log-level', 'error'],
      1,
      /^crosspoint: crosspoint\.config\.yaml: workers\[0\]\.transport is \[\]: .*did you mean "transports"\?.*\n$/,
      wrong,
    ],
    [
      ['start', '--log-level', 'error'],
      1,
      /^crosspoint: Cannot load the component \.\/greet\.ts: TypeError: broken \(.*greet\.ts:2:9\)\n$/,
      broken,
    ],
  ]
  for (const [args, status, message, cwd = tmpdir()] of failures) {
    const { exited, out } = run(context, args, { cwd })
    assert.deepEqual([args, await exited], [args, { status, signal: null }])
    assert.match(out.stderr, message)
    assert.equal(out.stdout, '')
  }
  const debugging = run(context, ['start', '--log-level', 'debug'], { cwd: broken })
  await debugging.exited
  assert.match(debugging.out.stderr, /\n {4}at .*greet\.ts:2:9/)
})

test('a signal is heard while a component loads', async (context) => {
  const greet =
    'export default async () => {\n  process.stdout.write("loading\\n")\n  await new Promise((resolve) => setTimeout(resolve, 3_600_000))\n}'
  const { child, ready, exited, out } = run(context, ['start'], { cwd: folder(context, { ...NODE, 'greet.ts': greet }) })
  assert.equal(await ready, 'loading')
  child.kill('SIGTERM')
  assert.deepEqual([await exited, out.stdout], [{ status: 0, signal: null }, 'loading\n'])
})

test('a rejection of a component that nobody looks at is logged; an exception that nobody catches ends the node', async (context) => {
  const greet = `export default (app: any) => {
  app.register('com.example.reject', () => void Promise.reject(new Error('unseen')))
  app.register('com.example.throw', () => void setTimeout(() => { throw new Error('uncaught') }, 0))
}`
  const { ready, exited, out } = run(context, ['start'], { cwd: folder(context, { ...NODE, 'greet.ts': greet }) })
  const client = new Client({ url: / (ws:\S+) /.exec(await ready)![1], logger: silent })
  await client.start()
  await client.call('com.example.reject')
  await client.call('com.example.throw').catch(() => {}) // the answer may be on its way when the node ends
  assert.deepEqual(await exited, { status: 1, signal: null })
  await client.stop()
  assert.match(
    out.stderr,
    /error a promise was rejected and nobody looked: Error: unseen.*\n.*error an exception was not caught; the node ends: Error: uncaught.*\n$/,
  )
})

test('version and help', async (context) => {
  const version = run(context, ['version'])
  assert.equal((await version.exited).status, 0)
  assert.match(
    version.out.stdout,
    new RegExp(`^crosspoint \\d+\\.\\d+\\.\\d+\nnode ${process.versions.node}\nplatform ${process.platform} ${process.arch}\n$`),
  )
  const short = run(context, ['--version'])
  assert.equal((await short.exited).status, 0)
  assert.match(short.out.stdout, /^crosspoint \d+\.\d+\.\d+\n$/)
  for (const args of [['--help'], ['help', 'router'], ['start', '--help']]) {
    const help = run(context, args)
    assert.equal((await help.exited).status, 0)
    assert.match(help.out.stdout, /^Usage: crosspoint [\s\S]*Examples:\n {2}crosspoint /)
  }
})

/** Makes Node believe to be an older one, until the command has started itself again without this argument. */
const AS_NODE_20 = [
  '--import',
  `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.9.0'}})`,
]

test('on a Node that is too old the command starts itself on the packaged one, passing signals and status on', async (context) => {
  const version = run(context, ['version'], { nodeArgs: AS_NODE_20 })
  assert.equal((await version.exited).status, 0)
  assert.doesNotMatch(version.out.stdout, /node 20\.9\.0/)
  const wrong = run(context, ['routr'], { nodeArgs: AS_NODE_20 })
  assert.equal((await wrong.exited).status, 2)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const { child, ready, exited } = run(context, ['router', '--port', '0'], { nodeArgs: AS_NODE_20 })
    assert.match(await ready, READY)
    child.kill(signal)
    assert.deepEqual(await exited, { status: 0, signal: null })
  }
})
