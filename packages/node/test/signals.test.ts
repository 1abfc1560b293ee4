import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reloadOnHangup, type StopSignal, stopOnSignals } from '../src/signals.ts'

function source() {
  const listeners = new Map<StopSignal, () => void>()
  const exits: number[] = []
  return {
    exits,
    ppid: 17,
    env: {} as { [name: string]: string },
    on: (signal: StopSignal, listener: () => void) => listeners.set(signal, listener),
    exit: (status: number) => void exits.push(status),
    send: (signal: StopSignal) => listeners.get(signal)!(),
  }
}
const unexpected = (error: unknown): void => assert.fail(String(error))
const turns = () => new Promise((resolve) => setImmediate(resolve))

test('a signal stops in order and ends with 0', async () => {
  const process = source()
  let stops = 0
  stopOnSignals(
    async () => void stops++,
    unexpected,
    process,
    () => 0,
  )
  process.send('SIGTERM')
  await turns()
  assert.deepEqual([stops, process.exits], [1, [0]])
})

test('the same press that arrives twice is one; a later one ends at once', async () => {
  const process = source()
  let now = 1000
  stopOnSignals(
    () => new Promise(() => {}),
    unexpected,
    process,
    () => now,
  )
  process.send('SIGINT')
  now += 3
  process.send('SIGINT') // passed on by a runner
  assert.deepEqual(process.exits, [])
  now += 200
  process.send('SIGINT')
  process.send('SIGTERM')
  assert.deepEqual(process.exits, [130, 143])
})

test('a stop that fails is told and ends with 1', async () => {
  const process = source()
  const errors: unknown[] = []
  stopOnSignals(
    () => Promise.reject(new Error('stuck')),
    (error) => errors.push(error),
    process,
    () => 0,
  )
  process.send('SIGINT')
  await turns()
  assert.deepEqual([String(errors), process.exits], ['Error: stuck', [1]])
})

test('started by npm, the end of the parent is a signal', async (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] })
  for (const [env, expected] of [
    [{ npm_command: 'exec' }, [0]],
    [{}, []],
  ] as const) {
    const process = source()
    Object.assign(process.env, env)
    stopOnSignals(
      async () => {},
      unexpected,
      process,
      () => 0,
    )
    context.mock.timers.tick(1000)
    await turns()
    assert.deepEqual(process.exits, [])
    process.ppid = 1
    context.mock.timers.tick(1000)
    await turns()
    assert.deepEqual(process.exits, expected)
  }
})

test('SIGHUP reads certificates again, every time; with a terminal it ends the process as ever', () => {
  for (const [isTTY, expected] of [
    [undefined, 2],
    [false, 2],
    [true, 0],
  ] as const) {
    const listeners: (() => void)[] = []
    let count = 0
    reloadOnHangup(() => void count++, { on: (_, listener) => listeners.push(listener), stdout: { isTTY } })
    for (const listener of listeners) listener()
    for (const listener of listeners) listener()
    assert.equal(count, expected)
  }
})
