import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApplicationError, type Invocation, type Registration, Result } from '../src/index.ts'
import { type Bench, joined, rejection } from './support/fake-router.ts'
import { settle } from './support/virtual-clock.ts'

/** A client with one registered procedure; its registration has the id 100. */
async function registered(run: (invocation: Invocation) => unknown, options = {}): Promise<Bench> {
  const made = await joined()
  const registering = made.client.registerInvocation('com.example.work', run, options)
  made.link.take(64)
  made.link.say(65, 1, 100)
  await registering
  return made
}

test('RPC-11 a procedure gets its arguments and may return a value, a promise, nothing or a Result', async () => {
  const { client, link } = await joined()
  const procedures: ((...args: number[]) => unknown)[] = [
    (a, b) => a! + b!,
    async (a, b) => a! * b!,
    () => undefined,
    (a, b) => new Result([a, b], { swapped: false }),
    () => null,
  ]
  const registering = procedures.map((run, index) => client.register(`com.example.p${index}`, run))
  procedures.forEach((_, index) => {
    link.say(65, index + 1, 100 + index)
  })
  await Promise.all(registering)
  link.takeAll()
  procedures.forEach((_, index) => {
    link.say(68, index + 1, 100 + index, {}, [2, 3])
  })
  await settle()
  const answers = link.takeAll().sort((a, b) => Number(a[1]) - Number(b[1]))
  assert.deepEqual(answers, [
    [70, 1, {}, [5]],
    [70, 2, {}, [6]],
    [70, 3, {}],
    [70, 4, {}, [2, 3], { swapped: false }],
    [70, 5, {}, [null]],
  ])
})

test('the whole invocation: args, kwargs, details, procedure, caller', async () => {
  let seen: Invocation | undefined
  const { link } = await registered((invocation) => {
    seen = invocation
  })
  link.say(68, 1, 100, { procedure: 'com.example.work.now', caller: 9, caller_authid: 'ann', caller_authrole: 'staff' }, [1], { k: 2 })
  assert.ok(seen)
  assert.deepEqual([seen.args, seen.kwargs, seen.procedure], [[1], { k: 2 }, 'com.example.work.now'])
  assert.deepEqual([seen.caller, seen.caller_authid, seen.caller_authrole, seen.isProgressWanted], [9, 'ann', 'staff', false])
})

test('REGISTER carries the options; no option, none on the wire', async () => {
  const { client, link } = await joined()
  const options = { match: 'prefix', invoke: 'roundrobin', disclose_caller: true, forward_timeout: true } as const
  void client.register('com.example.', () => 1, options).catch(() => {})
  void client.register('com.example.plain', () => 1).catch(() => {})
  assert.deepEqual(link.takeAll(), [
    [64, 1, options, 'com.example.'],
    [64, 2, {}, 'com.example.plain'],
  ])
})

test('RPC-16 what a procedure throws goes to the caller; what is no ApplicationError also to onError', async () => {
  const thrown: unknown[] = [
    new ApplicationError('com.example.error.odd', ['odd', 3], { limit: 2 }),
    new TypeError('x is not a function'),
    'just text',
    new ApplicationError('not a uri', ['x']),
  ]
  const { link, errors } = await registered(({ args }) => {
    throw thrown[args[0] as number]
  })
  thrown.forEach((_, index) => {
    link.say(68, index + 1, 100, {}, [index])
  })
  assert.deepEqual(link.takeAll(), [
    [8, 68, 1, {}, 'com.example.error.odd', ['odd', 3], { limit: 2 }],
    [8, 68, 2, {}, 'wamp.error.runtime_error', ['x is not a function']],
    [8, 68, 3, {}, 'wamp.error.runtime_error', ['just text']],
    [8, 68, 4, {}, 'wamp.error.runtime_error', ['not a uri: x']],
  ])
  assert.deepEqual(
    errors.map(({ source, error, uri }) => [source, error, uri]),
    thrown.slice(1).map((error) => ['invocation', error, 'com.example.work']),
  )
})

test('an answer that cannot be sent becomes an ERROR, so that the caller is not left waiting', async () => {
  const { link, errors } = await registered(async () => () => 1)
  link.say(68, 1, 100, {})
  await settle()
  const [, , requestId, , error] = link.take(8)
  assert.deepEqual([requestId, error], [1, 'wamp.error.runtime_error'])
  assert.equal(errors.length, 1)
})

test('progress is sent when it is wanted, in order, before the result', async () => {
  const run = async (invocation: Invocation) => {
    invocation.progress([1])
    await settle()
    invocation.progress([2], { of: 2 })
    return 'done'
  }
  const { link } = await registered(run)
  link.say(68, 1, 100, { receive_progress: true })
  link.say(68, 2, 100, {})
  await settle()
  await settle()
  assert.deepEqual(
    link.takeAll().filter((message) => message[1] === 1),
    [
      [70, 1, { progress: true }, [1]],
      [70, 1, { progress: true }, [2], { of: 2 }],
      [70, 1, {}, ['done']],
    ],
  )
})

/** Stops, like code that heeds a signal, by throwing its reason. */
function untilAborted({ signal }: Invocation): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error)
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })
}

test('RPC-75 RPC-77 INTERRUPT kill fires the signal, and a procedure that stops answers wamp.error.canceled', async () => {
  const { link, errors } = await registered(untilAborted)
  link.say(68, 1, 100, {})
  link.say(69, 1, { mode: 'kill' })
  await settle()
  assert.deepEqual(
    link.takeAll().map((message) => message.slice(0, 5)),
    [[8, 68, 1, {}, 'wamp.error.canceled']],
  )
  assert.deepEqual(errors, [])
})

test('RPC-75 a procedure that stops by AbortError answers canceled; one that finishes all the same answers its result', async () => {
  const { link } = await registered(async (invocation) => {
    await untilAborted(invocation).catch(() => {})
    if (invocation.args[0] === 'finish') return 'finished'
    throw new DOMException('stopped', 'AbortError')
  })
  link.say(68, 1, 100, {}, ['stop'])
  link.say(68, 2, 100, {}, ['finish'])
  link.say(69, 1, { mode: 'kill' })
  link.say(69, 2, { mode: 'kill' })
  await settle()
  assert.deepEqual(link.takeAll(), [
    [8, 68, 1, {}, 'wamp.error.canceled'],
    [70, 2, {}, ['finished']],
  ])
})

test('RPC-77 INTERRUPT killnowait needs no answer, and progress stops', async () => {
  let invocation: Invocation | undefined
  const { link } = await registered((given) => {
    invocation = given
    return untilAborted(given)
  })
  link.say(68, 1, 100, { receive_progress: true })
  link.say(69, 1, { mode: 'killnowait' })
  invocation!.progress([1])
  await settle()
  assert.equal(invocation!.signal.aborted, true)
  assert.deepEqual(link.takeAll(), [])
})

test('RPC-78 PRV-30 INTERRUPT for an unknown or finished invocation is ignored', async () => {
  const { client, link } = await registered(() => 1)
  link.say(69, 55, { mode: 'kill' })
  link.say(68, 1, 100, {})
  link.say(69, 1, {})
  assert.deepEqual(link.takeAll(), [[70, 1, {}, [1]]])
  assert.notEqual(client.session, undefined)
})

test('the signal fires when the session is lost, and nothing is sent on the next one', async () => {
  let signal: AbortSignal | undefined
  let finish: (value: number) => void = () => {}
  const { link, router, clock } = await registered((invocation) => {
    signal = invocation.signal
    return new Promise<number>((resolve) => {
      finish = resolve
    })
  })
  link.say(68, 1, 100, {})
  link.drop()
  assert.equal(signal!.aborted, true)
  assert.equal((signal!.reason as { code: string }).code, 'ERR_CONNECTION_LOST')
  await clock.advance(250)
  router.link.welcome()
  router.link.takeAll()
  finish(1)
  await settle()
  assert.deepEqual(router.link.takeAll(), [])
})

test('RPC-84 RPC-85 a forwarded timeout ends the invocation here', async () => {
  let signal: AbortSignal | undefined
  const { link, clock } = await registered(
    (invocation) => {
      signal = invocation.signal
      return untilAborted(invocation)
    },
    { forward_timeout: true },
  )
  link.say(68, 1, 100, { timeout: 500 })
  await clock.advance(499)
  assert.deepEqual(link.takeAll(), [])
  await clock.advance(1)
  assert.deepEqual(
    link.takeAll().map((message) => message.slice(0, 5)),
    [[8, 68, 1, {}, 'wamp.error.timeout']],
  )
  assert.equal(signal!.aborted, true)
  assert.equal(clock.timerCount, 0)
})

test('ID-10 gaps in invocation ids are accepted; RPC-54 an id not above the last is dropped', async () => {
  const { link } = await registered(() => 1)
  link.say(68, 5, 100, {})
  link.say(68, 9, 100, {})
  link.say(68, 5, 100, {})
  assert.deepEqual(
    link.takeAll().map((message) => message[1]),
    [5, 9],
  )
})

test('PRV-22 an INVOCATION for a registration just unregistered is answered with no_such_registration', async () => {
  const { client, link } = await joined()
  const registering = client.register('com.example.work', () => 1)
  link.say(65, 1, 100)
  const registration = await registering
  const unregistering = registration.unregister()
  assert.deepEqual(link.take(66), [66, 2, 100])
  link.say(68, 1, 100, {})
  assert.deepEqual(link.take(8), [8, 68, 1, {}, 'wamp.error.no_such_registration'])
  link.say(67, 2)
  await unregistering
  await registration.unregister() // once more does nothing
  assert.equal(link.received.filter((message) => message[0] === 66).length, 0)
})

test('a refused registration rejects and is not made again', async () => {
  const { client, link, router, clock } = await joined()
  const registering = rejection(client.register('com.example.work', () => 1))
  link.say(8, 64, 1, {}, 'wamp.error.procedure_already_exists')
  assert.equal((await registering).error, 'wamp.error.procedure_already_exists')
  link.drop()
  await clock.advance(250)
  router.link.welcome()
  assert.deepEqual(router.link.takeAll(), [])
})

test('a reconnect registers and subscribes again, in the first order and with the same options', async () => {
  const { client, link, router, clock, errors } = await joined()
  const made = [
    client.register('com.example.a', () => 'a', { invoke: 'random' }),
    client.subscribe('com.example.', () => 1, { match: 'prefix' }),
    client.register('com.example.b', () => 'b', { match: 'wildcard' }),
    client.register('com.example.c', () => 'c'),
  ]
  const first = link.takeAll()
  link.say(65, 1, 101)
  link.say(33, 2, 102)
  link.say(65, 3, 103)
  link.say(65, 4, 104)
  const c = (await Promise.all(made))[3] as Registration
  link.drop()
  await c.unregister() // without a session: at once
  await clock.advance(250)
  router.link.welcome()
  assert.deepEqual(router.link.takeAll(), first.slice(0, 3))
  router.link.say(65, 1, 201)
  router.link.say(33, 2, 202)
  router.link.say(8, 64, 3, {}, 'wamp.error.procedure_already_exists')
  assert.deepEqual(
    errors.map(({ source, uri }) => [source, uri]),
    [['registration', 'com.example.b']],
  )
  router.link.say(68, 1, 201, {})
  assert.deepEqual(router.link.takeAll(), [[70, 1, {}, ['a']]])
  // What was refused is tried again on the next session.
  router.link.drop()
  await clock.advance(500)
  router.link.welcome()
  assert.deepEqual(
    router.link.takeAll().map((message) => message[3]),
    ['com.example.a', 'com.example.', 'com.example.b'],
  )
})

test('stop unregisters, lets invocations finish, then leaves', async () => {
  let finish: (value: string) => void = () => {}
  const { client, link } = await registered(
    () =>
      new Promise<string>((resolve) => {
        finish = resolve
      }),
  )
  link.say(68, 1, 100, {})
  const stopped = client.stop()
  await settle()
  assert.deepEqual(link.takeAll(), [[66, 2, 100]])
  link.say(67, 2)
  await settle()
  assert.deepEqual(link.takeAll(), [], 'the invocation is still running')
  finish('done')
  await settle()
  assert.deepEqual(link.takeAll(), [
    [70, 1, {}, ['done']],
    [6, {}, 'wamp.close.close_realm'],
  ])
  link.say(6, {}, 'wamp.close.goodbye_and_out')
  await stopped
})

test('stop waits for invocations no longer than stopTimeoutMs; then their signals fire', async () => {
  let signal: AbortSignal | undefined
  const { client, link, clock } = await registered((invocation) => {
    signal = invocation.signal
    return new Promise(() => {})
  })
  link.say(68, 1, 100, {})
  const stopped = client.stop()
  await settle()
  link.take(66)
  link.say(67, 2)
  await clock.advance(59_999)
  assert.equal(signal!.aborted, false)
  await clock.advance(1)
  assert.equal(signal!.aborted, true)
  assert.deepEqual(link.takeAll(), [[6, {}, 'wamp.close.close_realm']])
  await clock.advance(5000)
  await stopped
  assert.equal(clock.timerCount, 0)
})

test('RPC-45 input gives the chunks of a progressive call in order, the first one too, and ends after the last', async () => {
  const { link } = await registered(async ({ input, args }) => {
    const seen: unknown[] = []
    for await (const chunk of input) seen.push(chunk.args[0] ?? chunk.kwargs)
    return [args[0], ...seen]
  })
  link.say(68, 1, 100, { progress: true }, [1])
  link.say(68, 1, 100, { progress: true }, [2])
  await settle()
  link.say(68, 1, 100, {}, [], { last: true })
  await settle()
  assert.deepEqual(link.take(70), [70, 1, {}, [[1, 1, 2, { last: true }]]])
})

test('input of a call that is not progressive is its one chunk', async () => {
  const { link } = await registered(async ({ input }) => {
    let count = 0
    for await (const _ of input) count++
    return count
  })
  link.say(68, 1, 100, {}, ['only'])
  await settle()
  assert.deepEqual(link.take(70), [70, 1, {}, [1]])
})

test('input ends when the call is canceled', async () => {
  let isOver = false
  const { link } = await registered(async ({ input, signal }) => {
    for await (const _ of input);
    isOver = signal.aborted
  })
  link.say(68, 1, 100, { progress: true }, [1])
  link.say(69, 1, { mode: 'killnowait' })
  await settle()
  assert.ok(isOver)
})

test('input: while nobody reads, the session reads no more from the router; nothing is lost', async () => {
  let go: () => void = () => {}
  const { link } = await registered(async ({ input }) => {
    await new Promise<void>((resolve) => (go = resolve))
    let count = 0
    for await (const _ of input) count++
    return count
  })
  for (let i = 0; i < 100; i++) link.say(68, 1, 100, { progress: true }, [i])
  link.say(68, 1, 100, {})
  assert.ok(link.bufferedBytes > 1_000)
  go()
  await settle()
  assert.equal(link.bufferedBytes, 0)
  assert.deepEqual(link.take(70), [70, 1, {}, [100]]) // the last one was empty
})

test('RPC-54 a chunk for an invocation that has been answered is discarded', async () => {
  const { link } = await registered(() => 'early')
  link.say(68, 1, 100, { progress: true })
  assert.deepEqual(link.take(70), [70, 1, {}, ['early']])
  link.say(68, 1, 100, {})
  await settle()
  assert.deepEqual(link.takeAll(), [])
})

test('RPC-131 RPC-132 a revoked registration is reported, and not made again on the next session; an unknown id is ignored', async () => {
  const { link, errors, router, clock } = await registered(() => 1)
  link.say(67, 0, { registration: 4711 })
  link.say(67, 0, { registration: 100, reason: 'com.example.error.moved' })
  assert.deepEqual(
    errors.map(({ source, uri, error }) => [source, uri, (error as ApplicationError).error]),
    [['registration', 'com.example.work', 'com.example.error.moved']],
  )
  link.drop()
  await clock.advance(250)
  router.link.welcome()
  assert.deepEqual(router.link.takeAll(), [])
})
