import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger, namedLogger } from '../src/log.ts'

function written(isTTY: boolean): { write(text: string): void; isTTY: boolean; text: string } {
  return {
    isTTY,
    text: '',
    write(text) {
      this.text += text
    },
  }
}

test('one line per event, from the level up', () => {
  const stream = written(false)
  const log = createLogger('info', stream, () => 0)
  log.debug('not this')
  log.info('a thing', { n: 1 }, 'and', 2n)
  namedLogger(log, 'part').warn('two\nlines\u001b[31m')
  assert.equal(
    stream.text,
    '1970-01-01T00:00:00.000Z info  a thing {"n":1} and 2\n1970-01-01T00:00:00.000Z warn  part: two\\nlines\\x1b[31m\n',
  )
})

test('an error is written with its stack, in one line', () => {
  const stream = written(false)
  createLogger('error', stream, () => 0).error('failed:', new RangeError('far'))
  assert.match(stream.text, /^\S+ error failed: RangeError: far\\n {4}at .*\n$/)
  assert.equal(stream.text.split('\n').length, 2)
})

test('colours for terminals only, and nothing at none', () => {
  const terminal = written(true)
  createLogger('warn', terminal, () => 0).warn('hot')
  assert.ok(terminal.text.includes('\u001b[33mwarn \u001b[39m hot'))
  const silent = written(false)
  createLogger('none', silent).error('hot')
  assert.equal(silent.text, '')
})
