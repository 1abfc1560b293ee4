// The client with the real router, in one process: as messages (peer) and as JSON frames (MemoryTransport).

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { jsonSerializer, MemoryTransport } from '@crosspoint/protocol'
import { systemClock } from '@crosspoint/protocol/system'
import { Router } from '@crosspoint/router'
import { App, Client, type ClientOptions } from '../src/index.ts'
import { rejection, SILENT } from './support/fake-router.ts'
import { SeededRandom, settle } from './support/virtual-clock.ts'

const newRouter = () => new Router({ clock: systemClock, random: new SeededRandom(1), realms: [{ name: 'realm1' }] })

let router: Router
const clients: Client[] = []

const WAYS: { readonly [way: string]: () => ClientOptions } = {
  peer: () => ({ peer: () => router.attachLocal() }),
  'JSON frames': () => ({
    transport: async () => {
      const [ours, theirs] = MemoryTransport.pair()
      router.attach(theirs, jsonSerializer)
      return { transport: ours, serializer: jsonSerializer }
    },
  }),
}

for (const [way, link] of Object.entries(WAYS)) {
  describe(`over ${way}`, () => {
    const open = async (): Promise<Client> => {
      const client = new Client({ ...link(), logger: SILENT, retryDelayMs: 5 })
      clients.push(client)
      await client.start()
      return client
    }
    beforeEach(() => {
      router = newRouter()
    })
    afterEach(async () => {
      await Promise.all(clients.splice(0).map((client) => client.stop()))
      assert.equal(router.sessionCount, 0)
    })

    test('RPC-10 PUB-12 calls, events, errors and acknowledgement', async () => {
      const [one, two] = [await open(), await open()]
      await one.register('com.example.add', (a: number, b: number) => a + b)
      await one.register('com.example.fail', () => {
        throw new RangeError('too far')
      })
      const heard = new Promise<unknown[]>((resolve) => void one.subscribe('com.example.tick', (...args) => resolve(args)))
      assert.equal(await two.call('com.example.add', 2, 3), 5)
      const error = await rejection(two.call('com.example.fail'))
      assert.deepEqual([error.error, error.message], ['wamp.error.runtime_error', 'wamp.error.runtime_error: too far'])
      assert.equal((await rejection(two.call('com.example.none'))).error, 'wamp.error.no_such_procedure')
      const publication = await two.publishEvent('com.example.tick', { args: [1, 'x'], acknowledge: true })
      assert.equal(typeof publication, 'number')
      assert.deepEqual(await heard, [1, 'x'])
    })

    test('RPC-30 progress, RPC-68 and a cancel that the callee sees', async () => {
      const [one, two] = [await open(), await open()]
      let reason: unknown
      await one.registerInvocation('com.example.long', async (invocation) => {
        const canceled = new Promise<void>((resolve) => invocation.signal.addEventListener('abort', () => resolve()))
        for (let i = 0; i < 3; i++) invocation.progress([i])
        if (invocation.args[0] !== 'wait') return 'done'
        await canceled
        reason = invocation.signal.reason
        throw reason
      })
      const call = two.callProgress('com.example.long')
      const seen: unknown[] = []
      for await (const progress of call) seen.push(progress.value)
      assert.deepEqual([seen, (await call.result).value], [[0, 1, 2], 'done'])
      for await (const progress of two.callProgress('com.example.long', { args: ['wait'] })) {
        assert.equal(progress.value, 0)
        break
      }
      await settle()
      assert.equal((reason as { error: string }).error, 'wamp.error.canceled')
      const controller = new AbortController()
      const killed = rejection(two.callResult('com.example.long', { args: ['wait'], signal: controller.signal, cancel_mode: 'kill' }))
      await settle()
      controller.abort(new Error('enough'))
      assert.equal((await killed).message, 'enough')
    })

    test('a handler may call, register and publish from within', async () => {
      const client = await open()
      await client.register('com.example.inner', () => 7)
      await client.register('com.example.outer', async () => {
        await client.register('com.example.late', () => 'late')
        return (await client.call<number>('com.example.inner')) + 1
      })
      assert.equal(await client.call('com.example.outer'), 8)
      assert.equal(await client.call('com.example.late'), 'late')
    })

    test('1000 calls at once come back each with its own answer', async () => {
      const [one, two] = [await open(), await open()]
      await one.register('com.example.echo', (value: number) => value)
      const answers = await Promise.all(Array.from({ length: 1000 }, (_, i) => two.call('com.example.echo', i)))
      assert.deepEqual(
        answers,
        Array.from({ length: 1000 }, (_, i) => i),
      )
    })

    test('a wrong realm is refused with reason and message', async () => {
      const client = new Client({ ...link(), realm: 'nowhere', logger: SILENT })
      const error = await rejection(client.start())
      assert.equal(error.code, 'ERR_REFUSED')
      assert.match(error.message, /wamp\.error\.no_such_realm/)
    })

    test('after a restart of the router everything is there again', async () => {
      const [one, two] = [await open(), await open()]
      let ticks = 0
      await one.register('com.example.add', (a: number, b: number) => a + b)
      await one.subscribe('com.example.', () => ticks++, { match: 'prefix' })
      const closing = router
      await new Promise<void>((resolve) => {
        router = newRouter()
        closing.close(resolve)
      })
      assert.equal(closing.sessionCount, 0)
      const joinedAgain = (async () => {
        for await (const { status } of one.status()) if (status === 'joined') return
      })()
      await joinedAgain
      assert.equal(await two.call('com.example.add', 2, 3), 5)
      await two.publishEvent('com.example.tick', { acknowledge: true })
      assert.equal(ticks, 1)
    })

    test('stop fails the calls in flight as closed, also where the answer to GOODBYE comes at once', async () => {
      const callee = await open()
      await callee.registerInvocation(
        'com.example.never',
        ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)),
      )
      const client = await open()
      const calling = rejection(client.call('com.example.never'))
      await client.stop()
      assert.equal((await calling).code, 'ERR_CLOSED')
    })

    test('progress and signal may be taken out of the invocation', async () => {
      const callee = await open()
      await callee.registerInvocation('com.example.count', ({ args, signal, progress }) => {
        for (let n = 1; n <= Number(args[0]) && !signal.aborted; n++) progress([n])
        return 'done'
      })
      const steps: unknown[] = []
      const client = await open()
      for await (const step of client.callProgress('com.example.count', { args: [3] })) steps.push(step.value)
      assert.deepEqual(steps, [1, 2, 3])
    })

    test('stop leaves nothing behind in the router', async () => {
      const client = await open()
      await client.register('com.example.add', () => 1)
      await client.subscribe('com.example.tick', () => 1)
      await client.stop()
      assert.equal(router.sessionCount, 0)
    })

    test('App: declared before start, hooks in order, refused registrations reject', async () => {
      const app = new App({ ...link(), logger: SILENT })
      clients.push(app.client)
      const seen: unknown[] = []
      app.register('com.example.add', (a: number, b: number) => a + b)
      app.subscribe('com.example.tick', (n: number) => seen.push(n))
      app.onStart(async () => seen.push(await app.call('com.example.add', 1, 2)))
      app.onStop(() => seen.push('first'))
      app.onStop(() => {
        app.publish('com.example.bye')
        seen.push('second')
      })
      const running = app.run()
      const other = await open()
      while (seen.length === 0) await settle()
      await other.publishEvent('com.example.tick', { args: [5], acknowledge: true })
      const late = new App({ ...link(), logger: SILENT })
      late.register('com.example.add', () => 1)
      assert.equal((await rejection(late.run())).error, 'wamp.error.procedure_already_exists')
      await app.stop()
      await running
      assert.deepEqual(seen, [3, 5, 'second', 'first'])
    })
  })
}
