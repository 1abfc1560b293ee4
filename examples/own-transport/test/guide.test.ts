import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

test('the guide shows the program as it is', () => {
  const read = (path: string) => readFileSync(join(import.meta.dirname, '..', path), 'utf8')
  const guide = read('../../docs/guides/your-own-transport.md')
  const program = read('port-transport.ts')
  assert.ok(guide.includes(program.slice(program.indexOf('import'))))
  const suite = read('test/port-transport.test.ts')
  assert.ok(guide.includes(suite))
})
