import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApplicationError, type CallResult, type Chunk } from '../src/index.ts'
import { bench, joined, ROUTER_ROLES, rejection } from './support/fake-router.ts'
import { settle } from './support/virtual-clock.ts'

test('RPC-11 call gives the first positional result, callResult the whole answer', async () => {
  const { client, link } = await joined()
  const value = client.call<number>('com.example.add', 2, 3)
  const whole = client.callResult('com.example.find', { args: [1], kwargs: { name: 'Ada' }, disclose_me: true })
  assert.deepEqual(link.takeAll(), [
    [48, 1, {}, 'com.example.add', [2, 3]],
    [48, 2, { disclose_me: true }, 'com.example.find', [1], { name: 'Ada' }],
  ])
  link.say(50, 2, { x: 1 }, [1, 2], { more: true })
  link.say(50, 1, {}, [5])
  assert.equal(await value, 5)
  const { args, kwargs, details } = await whole
  assert.deepEqual([args, kwargs, details], [[1, 2], { more: true }, { x: 1 }])
})

test('RPC-68 RPC-70 an AbortSignal sends CANCEL with killnowait and rejects with its reason; RPC-73 a late RESULT is tolerated', async () => {
  const { client, link } = await joined()
  const controller = new AbortController()
  const call = rejection(client.callResult('com.example.long', { signal: controller.signal }))
  const reason = new Error('the user left')
  controller.abort(reason)
  controller.abort(new Error('again'))
  assert.equal(await call, reason)
  link.take(48)
  assert.deepEqual(link.takeAll(), [[49, 1, { mode: 'killnowait' }]])
  link.say(50, 1, {}, [1])
  link.say(8, 48, 1, {}, 'wamp.error.canceled')
  assert.notEqual(client.session, undefined)
})

test('RPC-66 cancel_mode skip rejects at once', async () => {
  const { client, link } = await joined()
  const controller = new AbortController()
  const call = rejection(client.callResult('com.example.long', { signal: controller.signal, cancel_mode: 'skip' }))
  controller.abort()
  assert.equal((await call).name, 'AbortError')
  assert.deepEqual(link.take(49), [49, 1, { mode: 'skip' }])
})

test('RPC-67 RPC-75 cancel_mode kill waits for the last word of the callee', async () => {
  const { client, link } = await joined()
  const controllers = [0, 1, 2].map(() => new AbortController())
  const calls = controllers.map(({ signal }) => client.callResult('com.example.long', { signal, cancel_mode: 'kill' }))
  const reason = new Error('enough')
  for (const controller of controllers) controller.abort(reason)
  link.say(50, 1, {}, ['done before'])
  link.say(8, 48, 2, {}, 'wamp.error.canceled')
  link.say(8, 48, 3, {}, 'com.example.error.half_done')
  assert.equal((await calls[0]!).value, 'done before')
  assert.equal(await rejection(calls[1]!), reason)
  assert.equal((await rejection(calls[2]!)).error, 'com.example.error.half_done')
})

test('RPC-69 a dealer without call_canceling gets no CANCEL, and the call ends all the same', async () => {
  const { client, router } = bench()
  const started = client.start()
  await settle()
  router.link.welcome(7, { broker: {}, dealer: {} })
  await started
  const controller = new AbortController()
  const call = rejection(client.callResult('com.example.long', { signal: controller.signal, cancel_mode: 'kill' }))
  controller.abort()
  assert.equal((await call).name, 'AbortError')
  assert.equal(router.link.received.length, 1)
})

test('a signal that fired before, or while the call waits for a session, sends nothing', async () => {
  const { client, router, clock } = bench()
  const controller = new AbortController()
  const waiting = rejection(client.callResult('com.example.long', { signal: controller.signal }))
  controller.abort()
  assert.equal((await waiting).name, 'AbortError')
  assert.equal((await rejection(client.callResult('com.example.long', { signal: controller.signal }))).name, 'AbortError')
  assert.equal(clock.timerCount, 0)
  void client.start()
  await settle()
  router.link.welcome()
  assert.deepEqual(router.link.takeAll(), [])
})

test('RPC-82 timeout goes to the router, and the client ends the call one second later when nothing comes', async () => {
  const { client, link, clock } = await joined()
  const call = rejection(client.callResult('com.example.long', { timeout: 5000 }))
  assert.deepEqual(link.take(48), [48, 1, { timeout: 5000 }, 'com.example.long'])
  await clock.advance(5999)
  assert.deepEqual(link.takeAll(), [])
  await clock.advance(1)
  const error = await call
  assert.ok(error instanceof ApplicationError)
  assert.equal(error.error, 'wamp.error.timeout')
  assert.deepEqual(link.takeAll(), [[49, 1, { mode: 'killnowait' }]])
  link.say(50, 1, {}, ['late'])
  assert.notEqual(client.session, undefined)
})

test('RPC-87 progress restarts the timeout', async () => {
  const { client, link, clock } = await joined()
  const seen: unknown[] = []
  const call = client.callResult('com.example.long', { timeout: 1000, onProgress: (progress) => seen.push(progress.value) })
  assert.deepEqual(link.take(48)[2], { timeout: 1000, receive_progress: true })
  for (let i = 0; i < 5; i++) {
    await clock.advance(1500)
    link.say(50, 1, { progress: true }, [i])
  }
  link.say(50, 1, {}, ['done'])
  assert.equal((await call).value, 'done')
  assert.deepEqual(seen, [0, 1, 2, 3, 4])
  assert.equal(clock.timerCount, 0)
})

test('an onProgress that throws breaks nothing', async () => {
  const { client, link, errors } = await joined()
  const call = client.callResult('com.example.long', {
    onProgress: () => {
      throw new Error('broken')
    },
  })
  link.say(50, 1, { progress: true }, [1])
  link.say(50, 1, {}, ['done'])
  assert.equal((await call).value, 'done')
  assert.deepEqual(
    errors.map(({ source, uri }) => [source, uri]),
    [['progress', 'com.example.long']],
  )
})

test('callProgress gives progress by for await and the final result', async () => {
  const { client, link } = await joined()
  const call = client.callProgress<number>('com.example.long', { args: [3] })
  assert.deepEqual(link.take(48), [48, 1, { receive_progress: true }, 'com.example.long', [3]])
  link.say(50, 1, { progress: true }, [1])
  link.say(50, 1, { progress: true }, [2])
  const seen: CallResult<number>[] = []
  const reading = (async () => {
    for await (const progress of call) seen.push(progress)
  })()
  await settle()
  link.say(50, 1, { progress: true }, [3])
  link.say(50, 1, {}, [99])
  await reading
  assert.deepEqual(
    seen.map((progress) => progress.value),
    [1, 2, 3],
  )
  assert.equal((await call.result).value, 99)
})

test('callProgress: an error ends the loop after what came before, and result rejects', async () => {
  const { client, link } = await joined()
  const call = client.callProgress('com.example.long')
  link.say(50, 1, { progress: true }, [1])
  link.say(8, 48, 1, {}, 'com.example.error.broken')
  const seen: unknown[] = []
  const error = await rejection(
    (async () => {
      for await (const progress of call) seen.push(progress.value)
    })(),
  )
  assert.deepEqual(seen, [1])
  assert.equal(error.error, 'com.example.error.broken')
  assert.equal(await rejection(call.result), error)
})

test('callProgress: leaving the loop cancels the call', async () => {
  const { client, link } = await joined()
  const call = client.callProgress('com.example.long')
  link.say(50, 1, { progress: true }, [1])
  for await (const progress of call) {
    assert.equal(progress.value, 1)
    break
  }
  assert.deepEqual(link.take(49), [49, 1, { mode: 'killnowait' }])
  assert.equal((await rejection(call.result)).code, 'ERR_CLOSED')
})

test('callProgress: while nobody reads, the session reads no more; nothing is lost', async () => {
  const { client, link } = await joined()
  const call = client.callProgress<number>('com.example.long')
  for (let i = 0; i < 100; i++) link.say(50, 1, { progress: true }, [i])
  link.say(50, 1, {}, ['done'])
  assert.ok(link.bufferedBytes > 1_000, 'the rest waits in the network')
  const seen: number[] = []
  for await (const { value } of call) seen.push(value)
  assert.deepEqual(
    seen,
    Array.from({ length: 100 }, (_, i) => i),
  )
  assert.equal((await call.result).value, 'done')
})

test('callProgress: while another request awaits its answer, it is read all the same, and a limit cancels the call', async () => {
  const { client, link } = await joined()
  const call = client.callProgress('com.example.long')
  for (let i = 0; i < 20; i++) link.say(50, 1, { progress: true }, [i])
  const other = client.call('com.example.other')
  link.say(50, 2, {}, ['other'])
  assert.equal(await other, 'other')
  void client.call('com.example.never').catch(() => {})
  for (let i = 0; i <= 10_000; i++) link.say(50, 1, { progress: true }, [i])
  assert.equal((await rejection(call.result)).code, 'ERR_PAYLOAD_TOO_LARGE')
  assert.equal(link.take(49)[0], 49)
})

async function* chunks(values: unknown[], last?: unknown): AsyncGenerator<Chunk, Chunk | undefined> {
  for (const value of values) yield { args: [value] }
  return last === undefined ? undefined : { args: [last] }
}
const UPLOAD_ROLES = {
  ...ROUTER_ROLES,
  dealer: { features: { ...ROUTER_ROLES.dealer.features, progressive_call_invocations: true } },
}
async function joinedForUploads() {
  const made = bench()
  const started = made.client.start()
  await settle()
  made.link.welcome(7, UPLOAD_ROLES)
  await started
  return made
}

test('RPC-45 input: the chunks of a progressive call go out under one request id, the last without progress', async () => {
  const { client, link } = await joinedForUploads()
  const result = client.callResult('com.example.upload', { args: ['first'], timeout: 5, input: chunks([1, 2], 'last') })
  await settle()
  const proc = 'com.example.upload'
  assert.deepEqual(link.takeAll(), [
    [48, 1, { timeout: 5, progress: true }, proc, ['first']],
    [48, 1, { progress: true }, proc, [1]],
    [48, 1, { progress: true }, proc, [2]],
    [48, 1, {}, proc, ['last']],
  ])
  link.say(50, 1, {}, ['done'])
  assert.equal((await result).value, 'done')
})

test('RPC-54 input: when the answer comes first, the iterator is read no further and is told so', async () => {
  const { client, link } = await joinedForUploads()
  let isReturned = false
  let give: (result: IteratorResult<Chunk, undefined>) => void = () => {}
  const input = {
    next: () => new Promise<IteratorResult<Chunk, undefined>>((resolve) => (give = resolve)),
    return: async () => {
      isReturned = true
      return { value: undefined, done: true as const }
    },
  }
  const result = client.callResult('com.example.upload', { input })
  link.take(48)
  link.say(50, 1, {}, ['enough'])
  assert.equal((await result).value, 'enough')
  give({ value: { args: [1] }, done: false })
  await settle()
  assert.deepEqual([isReturned, link.takeAll()], [true, []])
})

test('input: an iterator that throws cancels the call, which rejects with what was thrown', async () => {
  const { client, link } = await joinedForUploads()
  const broken = new Error('the disk is gone')
  const input = {
    next: () => Promise.reject(broken),
  }
  const result = client.callResult('com.example.upload', { input })
  assert.equal(await rejection(result), broken)
  assert.deepEqual(link.take(49), [49, 1, { mode: 'killnowait' }])
})

test('PRV-12 input: a router that did not announce progressive_call_invocations gets no progressive call', async () => {
  const { client, link } = await joined()
  const error = await rejection(client.callResult('com.example.upload', { input: chunks([1]) }))
  assert.equal(error.code, 'ERR_REFUSED')
  assert.match(error.message, /progressive_call_invocations/)
  assert.deepEqual(link.takeAll(), [])
})
