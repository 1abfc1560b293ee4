import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildOnce, runTool, ToolError } from '../src/interop/build-tools.ts'

const NODE = process.execPath

/** Sources with one file in them, and a target; both are removed after the test. */
function folders(context: { after(hook: () => void): void }): { readonly sources: string; readonly target: string } {
  const folder = mkdtempSync(join(tmpdir(), 'crosspoint-build-tools-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const sources = mkdtempSync(join(folder, 'sources-'))
  writeFileSync(join(sources, 'main.txt'), 'one')
  return { sources, target: join(folder, 'target') }
}

test('a build runs again when a source, its name or the key has changed, and only then', async (context) => {
  const { sources, target } = folders(context)
  let builds = 0
  const build = async (key: string) => {
    const made = await buildOnce(sources, target, key, async () => {
      builds++
      assert.equal(existsSync(join(target, 'program')), false, 'the target holds what an earlier build made')
      writeFileSync(join(target, 'program'), readFileSync(join(sources, 'main.txt')))
    })
    assert.deepEqual(made, { folder: target })
    return builds
  }
  assert.equal(await build('1'), 1)
  assert.equal(await build('1'), 1)
  assert.equal(await build('2'), 2)
  writeFileSync(join(sources, 'main.txt'), 'two')
  assert.equal(await build('2'), 3)
  assert.equal(readFileSync(join(target, 'program'), 'utf8'), 'two')
  writeFileSync(join(sources, 'more.txt'), '')
  assert.equal(await build('2'), 4)
  assert.equal(await build('2'), 4)
})

test('a build whose tool fails gives the reason, and is tried again', async (context) => {
  const { sources, target } = folders(context)
  const fails = () => runTool(NODE, ['--eval', 'console.error("no compiler here"); process.exit(3)']).then(() => {})
  const failed = await buildOnce(sources, target, '', fails)
  assert.match('reason' in failed ? failed.reason : '', /ended with status 3: no compiler here$/)
  assert.deepEqual(await buildOnce(sources, target, '', async () => {}), { folder: target })
})

test('a fault of the build itself is not taken for a missing tool', async (context) => {
  const { sources, target } = folders(context)
  const broken = buildOnce(sources, target, '', () => Promise.reject(new TypeError('a bug')))
  await assert.rejects(broken, TypeError)
})

test('a tool gives what it prints, runs in its folder and environment, and says so when it is not there', async (context) => {
  const { sources } = folders(context)
  const script = 'process.stdout.write(process.env.COLOUR + require("node:fs").readdirSync("."))'
  assert.equal(await runTool(NODE, ['--eval', script], { folder: sources, environment: { COLOUR: 'red ' } }), 'red main.txt')
  await assert.rejects(runTool(join(sources, 'no-such-tool'), []), (error: Error) => {
    return error instanceof ToolError && error.message.includes('no-such-tool does not start')
  })
})
