// Questions at a terminal: what is typed or pasted, in any cut.

import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { HiddenInput, type HiddenStream } from '../src/commands/hidden-input.ts'

/** A terminal that has what the user sees, and whether the keys are echoed. */
function terminal() {
  let isRaw = false
  let seen = ''
  const keys = new PassThrough()
  const stdin = Object.assign(keys, { isTTY: true, setRawMode: (raw: boolean) => void (isRaw = raw) }) as unknown as HiddenStream
  const input = new HiddenInput(stdin, (text) => {
    if (text !== '\n') assert.equal(isRaw, true, 'nothing is echoed any more when the question stands there')
    seen += text
  })
  return { input, keys, seen: () => seen, isRaw: () => isRaw }
}

for (const [what, chunks] of [
  ['pasted at once', ['one\rtwo\r']],
  ['pasted with newlines', ['one\ntwo\n']],
  ['pasted with both', ['one\r\ntwo\r\n']],
  ['cut within a line end', ['one\r', '\ntwo\r', '\n']],
  ['cut within a line', ['one\rt', 'w', 'o\r']],
  ['typed and corrected', [...'onf\u007fe\r', ...'\btwoo\b\r']],
] as const) {
  test(`two lines ${what} answer two questions`, async () => {
    const { input, keys, seen, isRaw } = terminal()
    const answers = (async () => [await input.ask('Password: '), await input.ask('Again: ')])()
    for (const chunk of chunks) keys.write(chunk)
    assert.deepEqual(await answers, ['one', 'two'])
    assert.equal(seen(), 'Password: \nAgain: \n')
    assert.equal(isRaw(), false)
    assert.equal(keys.isPaused(), true, 'the process can end')
  })
}

test('an empty line is an answer', async () => {
  const { input, keys } = terminal()
  keys.write('\r\rx\r')
  assert.deepEqual([await input.ask('?'), await input.ask('?'), await input.ask('?')], ['', '', 'x'])
})

test('Ctrl-C and Ctrl-D end it, and forget what came with them', async () => {
  for (const key of ['\u0003', '\u0004']) {
    const { input, keys, isRaw } = terminal()
    keys.write(`one\r${key}rest\r`)
    assert.equal(await input.ask('?'), 'one')
    await assert.rejects(input.ask('?'), /No password was given/)
    assert.equal(isRaw(), false)
    keys.write('fresh\r')
    assert.equal(await input.ask('?'), 'fresh')
  }
})

test('without a terminal it says what to do', async () => {
  const input = new HiddenInput(Object.assign(new PassThrough(), { isTTY: false }) as unknown as HiddenStream, () => {})
  await assert.rejects(input.ask('?'), { code: 'ERR_INVALID_ARGUMENT', message: /there is no terminal; pipe it in and give --stdin/ })
})
