// The Node entry with real sockets and real processes.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { systemClock, systemRandom } from '@crosspoint/protocol/system'
import { Router } from '@crosspoint/router'
import { createListener, type Endpoint, type Listener } from '@crosspoint/transport'
import { Client, cborSerializer, jsonSerializer, msgpackSerializer } from '../src/node.ts'
import { rawSocketTarget } from '../src/raw-socket-url.ts'
import { rejection, SILENT } from './support/fake-router.ts'

const router = new Router({ clock: systemClock, random: systemRandom, realms: [{ name: 'realm1' }] })
const serializers = [jsonSerializer, msgpackSerializer, cborSerializer]
let folder: string
let tcp: Listener
let unix: Listener

async function listen(endpoint: Endpoint): Promise<Listener> {
  const onTransport = (...[transport, serializer]: Parameters<Parameters<typeof createListener>[0]['onTransport']>) =>
    router.attach(transport, serializer)
  const listener = createListener({ endpoint, serializers, onTransport })
  await listener.listen()
  return listener
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crosspoint-client-'))
  tcp = await listen({ host: '127.0.0.1', port: 0 })
  unix = await listen({ path: join(folder, 'router.sock') })
})
after(async () => {
  await new Promise<void>((resolve) => router.close(resolve))
  await Promise.all([tcp.close(), unix.close()])
  await rm(folder, { recursive: true })
})

describe('connections', () => {
  const urls: { readonly [scheme: string]: () => string } = {
    ws: () => `ws://127.0.0.1:${tcp.port}/ws`,
    rs: () => `rs://127.0.0.1:${tcp.port}`,
    unix: () => `unix:${join(folder, 'router.sock')}`,
  }
  for (const [scheme, url] of Object.entries(urls)) {
    for (const serializer of [undefined, ...serializers]) {
      test(`${scheme} with ${serializer?.name ?? 'the default serializer'}`, async () => {
        const client = new Client({ url: url(), serializers: serializer && [serializer], logger: SILENT })
        await client.start()
        await client.register(`com.example.echo`, (value: unknown) => value)
        const value = ['ä✓😀', 2 ** 40, null, { a: [1.5, true] }, new Uint8Array([0, 255])]
        assert.deepEqual(await client.call('com.example.echo', value), value)
        assert.deepEqual(await client.call('com.example.echo', 'x'.repeat(100_000)), 'x'.repeat(100_000))
        await client.stop()
      })
    }
  }

  test('what cannot be reached is named', async () => {
    for (const url of ['ws://127.0.0.1:1/ws', 'rs://127.0.0.1:1', `unix:${folder}/none.sock`]) {
      const error = await rejection(new Client({ url, retriesMax: 0, logger: SILENT }).start())
      assert.equal(error.code, 'ERR_CONNECT_FAILED')
      assert.ok(error.message.includes(url), error.message)
    }
  })
})

test('RawSocket URLs', () => {
  assert.deepEqual(rawSocketTarget('rs://localhost:9000'), { host: 'localhost', port: 9000 })
  assert.deepEqual(rawSocketTarget('rss://example.com/'), { host: 'example.com', port: 8080, tls: true })
  assert.deepEqual(rawSocketTarget('rs://[::1]:9000'), { host: '::1', port: 9000 })
  assert.deepEqual(rawSocketTarget('unix:/run/a.sock'), { path: '/run/a.sock' })
  assert.deepEqual(rawSocketTarget('unix:///run/a.sock'), { path: '/run/a.sock' })
  for (const url of ['rs://', 'rs://a:b', 'rs://a/path', 'unix:']) {
    assert.throws(() => rawSocketTarget(url), { code: 'ERR_INVALID_ARGUMENT' }, url)
  }
})

describe('App and signals', { skip: process.platform === 'win32' }, () => {
  interface Running {
    readonly child: ChildProcess
    readonly ended: Promise<[number | null]>
    line(text: string): Promise<void>
  }
  const children: ChildProcess[] = []
  after(() => {
    for (const child of children) child.kill('SIGKILL') // does nothing to those that have ended
  })
  async function start(): Promise<Running> {
    const program = join(import.meta.dirname, 'support', 'app-process.ts')
    const env = { ...process.env, CROSSPOINT_URL: `ws://127.0.0.1:${tcp.port}/ws` }
    const child = spawn(process.execPath, ['--conditions=@crosspoint/source', program], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    const ended = once(child, 'close') as Promise<[number | null]>
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
    const line = async (text: string) => {
      for (;;) {
        const { value, done } = await lines.next()
        assert.ok(!done, `the process ended before it said "${text}"`)
        if (value === text) return
      }
    }
    await line('ready')
    return { child, ended, line }
  }

  test('SIGTERM: the call in flight is answered, GOODBYE, status 0', async () => {
    const client = new Client({ url: `ws://127.0.0.1:${tcp.port}/ws`, logger: SILENT })
    await client.start()
    let open: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    await client.register('com.example.gate', () => gate)
    const { child, ended, line } = await start()
    const started = new Promise<void>((resolve) => void client.subscribe('com.example.started', () => resolve()))
    const call = client.call('com.example.slow')
    await started
    child.kill('SIGTERM')
    // It has unregistered, so that another may take over, while the call is still running.
    while ((await rejection(client.callResult('com.example.slow', { timeout: 1 }))).error !== 'wamp.error.no_such_procedure') {}
    open()
    assert.equal(await call, 'finished')
    await line('stopping')
    await line('stopped')
    assert.equal((await ended)[0], 0)
    await client.stop()
  })

  test('a second signal ends it at once with status 130 or 143', async () => {
    // Its own handler never ends, so its stop waits for nothing.
    const client = new Client({ url: `ws://127.0.0.1:${tcp.port}/ws`, logger: SILENT, stopTimeoutMs: 0 })
    await client.start()
    await client.register('com.example.gate', () => new Promise(() => {}))
    for (const [signal, status] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const { child, ended } = await start()
      const started = new Promise<void>((resolve) => void client.subscribe('com.example.started', () => resolve()))
      const call = rejection(client.call('com.example.slow'))
      await started
      child.kill(signal)
      while ((await rejection(client.callResult('com.example.slow', { timeout: 1 }))).error !== 'wamp.error.no_such_procedure') {}
      child.kill(signal)
      assert.equal((await ended)[0], status)
      assert.equal((await call).error, 'wamp.error.canceled')
    }
    await client.stop()
  })
})
