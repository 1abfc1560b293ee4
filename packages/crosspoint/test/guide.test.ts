// docs/guides/node.md says that its programs are run: here they are.

import assert from 'node:assert/strict'
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Client } from '@crosspoint/client/node'
import { folder, run } from './run.ts'

const ROOT = new URL('../../../', import.meta.url)

/** The files that the guide shows: a line with a name in backquotes, then a block. */
function shownFiles(): { [path: string]: string } {
  const text = readFileSync(new URL('docs/guides/node.md', ROOT), 'utf8')
  return Object.fromEntries([...text.matchAll(/^`([\w./]+)`\n\n```\w+\n(.*?)^```$/gms)].map((match) => [match[1]!, match[2]!]))
}

/** Some of them in a folder where `crosspoint` is installed. */
function project(context: TestContext, isWanted: (path: string) => boolean): string {
  const files = Object.entries(shownFiles()).filter(([path]) => isWanted(path))
  const root = folder(context, { 'package.json': '{"type":"module"}', ...Object.fromEntries(files) })
  symlinkSync(fileURLToPath(new URL('node_modules', ROOT)), join(root, 'node_modules'))
  return root
}

test('the first node of the guide serves its page, answers and ticks', async (context) => {
  assert.deepEqual(Object.keys(shownFiles()), ['crosspoint.config.ts', 'components/time.ts', 'web/index.html', 'crosspoint.config.yaml'])
  const cwd = project(context, (path) => !path.endsWith('.yaml'))
  const { child, ready, exited } = run(context, ['start'], { cwd, env: { PORT: '0' } })
  const [, page, url] = /ready: (http:\S+) (ws:\S+) rs:\S+ realm realm1$/.exec(await ready) ?? assert.fail()
  assert.match(await (await fetch(page!)).text(), /It serves this page/)
  const client = new Client({ url, logger: { debug() {}, info() {}, warn() {}, error() {} } })
  await client.start()
  assert.match(await client.call<string>('com.example.now'), /^\d{4}-/)
  await new Promise<void>((resolve) => void client.subscribe('com.example.tick', () => resolve()))
  await client.stop()
  child.kill('SIGTERM')
  assert.deepEqual(await exited, { status: 0, signal: null })
})

test('the node in YAML starts', async (context) => {
  const { child, ready, exited } = run(context, ['start'], { cwd: project(context, (path) => path.endsWith('.yaml')), env: { PORT: '0' } })
  assert.match(await ready, /ready: ws:\S+\/ws rs:\S+ realm realm1$/)
  child.kill('SIGTERM')
  assert.equal((await exited).status, 0)
})
