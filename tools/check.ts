// `npm run check`: everything that can be said about the sources without running them. Every check runs, also after one failed;
// what a failing check printed is shown below its line, and the summary comes last. Nothing here needs the network.

import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const bin = (name: string): string => join(root, 'node_modules', '.bin', name)
const tool = (name: string, ...args: string[]): string[] => [process.execPath, join(root, 'tools', name), ...args]
const packages = readdirSync(join(root, 'packages'))
  .map((name) => join('packages', name))
  .filter((folder) => existsSync(join(root, folder, 'tsconfig.json')))

/** Each check by the name it is reported under, and its command line. */
const CHECKS: { readonly [name: string]: readonly string[] } = {
  'types of the packages': [bin('tsc'), '-b', ...packages],
  'types of tests, tools and examples': [bin('tsc'), '-p', 'tsconfig.tests.json', '--noEmit'],
  'format and lint (biome)': [
    bin('biome'),
    'ci',
    '--colors=off',
    '--diagnostic-level=warn',
    '--error-on-warnings',
    '--max-diagnostics=40',
    '.',
  ],
  'promises (oxlint, type-aware)': [bin('oxlint'), '--type-aware', '.'],
  'unused code and dependencies (knip)': [bin('knip'), '--no-progress', '--no-config-hints'],
  'house rules and requirement ids (tidy)': tool('tidy.ts'),
  'drawing of the session states': tool('draw-states.ts', '--check'),
  'docs: examples, links, tables': tool('check-docs.ts'),
}

interface Outcome {
  readonly status: number
  readonly output: string
}

function run([program, ...args]: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(program!, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.on('error', (error) => resolve({ status: 127, output: `Cannot start ${program}: ${error.message}` }))
    child.on('close', (status) => resolve({ status: status ?? 1, output }))
  })
}

const started = performance.now()
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`
const failed: string[] = []
for (const [name, command] of Object.entries(CHECKS)) {
  const began = performance.now()
  const { status, output } = await run(command)
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}, ${seconds(began)}`)
  if (status === 0) continue
  failed.push(name)
  console.log(output.trimEnd().replace(/^/gm, '       '))
}

const count = Object.keys(CHECKS).length
if (failed.length === 0) console.log(`\nPASSED: ${count} checks, ${seconds(started)}`)
else console.log(`\nFAILED: ${failed.length} of ${count} checks, ${seconds(started)}: ${failed.join('; ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
