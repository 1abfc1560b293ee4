// docs/guides/streams-and-history.md says that its programs are run: here they are, against the node that it shows.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { folder, run } from './run.ts'

const ROOT = new URL('../../../', import.meta.url)
/** What each program prints, in the order of the page. */
const PRINTED = ['so far 1\nso far 3\nso far 6\nsum 6\n', 'the light is on\ntrue\n', '', '', '42\n']

test('the programs of the guide print what it says', async (context) => {
  const text = readFileSync(new URL('docs/guides/streams-and-history.md', ROOT), 'utf8')
  const [config, ...programs] = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1]!)
  assert.equal(programs.length, PRINTED.length)
  const cwd = folder(context, { 'package.json': '{"type":"module"}', 'crosspoint.config.ts': config!.replace('8080', '0') })
  symlinkSync(fileURLToPath(new URL('node_modules', ROOT)), join(cwd, 'node_modules'))
  const { child, ready, exited } = run(context, ['start'], { cwd })
  const [, url] = /ready: (ws:\S+)/.exec(await ready) ?? assert.fail()
  for (const [index, program] of programs.entries()) {
    const path = join(cwd, `program${index}.ts`)
    writeFileSync(path, program.replace('ws://localhost:8080/ws', url!))
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@crosspoint/source', path], { cwd, timeout: 20_000 })
    assert.equal(stdout.replaceAll(/^\S* ?(INFO|info).*\n/gm, ''), PRINTED[index], `program ${index + 1}`)
  }
  child.kill('SIGTERM')
  assert.deepEqual(await exited, { status: 0, signal: null })
})
