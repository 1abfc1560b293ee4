// `npm run interop [-- --write]`: foreign clients against our router, feature by feature, with a client of ours on the other
// side. Prints a line per combination; `--write` records the matrix in docs/interop.md. Exit status 1 when a check fails that
// is not recorded as the peer's own fault (features.ts).

import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { pythonWithAutobahn, ROOT, startRouter } from './environment.ts'
import { type Check, FEATURES, PEER_FAULTS } from './features.ts'
import { matrixPage } from './matrix.ts'
import { startOurs } from './ours.ts'

const COMBINATION_MS = 40_000
const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } })

export interface Combination {
  readonly peer: string
  readonly transport: 'websocket' | 'rawsocket'
  readonly serializer: 'json' | 'msgpack' | 'cbor'
  readonly checks: readonly Check[]
}

const python = await pythonWithAutobahn()
const AUTOBAHN_JS = 'autobahn-js 26.3.1'
const AUTOBAHN_PYTHON = 'autobahn 26.10.2 (Python)'
const js = join(import.meta.dirname, 'autobahn-js-peer.cjs')
const py = join(import.meta.dirname, 'autobahn_peer.py')
const plan: readonly [string, readonly string[], Combination['transport'], readonly Combination['serializer'][]][] = [
  [AUTOBAHN_JS, [process.execPath, js], 'websocket', ['json', 'msgpack', 'cbor']],
  [AUTOBAHN_JS, [process.execPath, js], 'rawsocket', ['json']],
  [AUTOBAHN_PYTHON, [python, py], 'websocket', ['json', 'msgpack', 'cbor']],
  [AUTOBAHN_PYTHON, [python, py], 'rawsocket', ['json', 'msgpack', 'cbor']],
]

const combinations: Combination[] = []
let failures = 0
for (const [peer, command, transport, serializers] of plan) {
  for (const serializer of serializers) {
    const router = await startRouter()
    const ours = await startOurs(`ws://127.0.0.1:${router.port}/ws`)
    const checks = await checksOf([...command, String(router.port), transport, serializer])
    await ours.stop()
    const status = await router.stop()
    if (status !== 0) failures += report(`the router ended with status ${status}`)
    const bad = checks.filter((check) => !check.ok && PEER_FAULTS[peer]?.[check.feature] === undefined)
    console.log(`${peer}, ${transport}, ${serializer}: ${checks.filter((check) => check.ok).length} of ${checks.length} features`)
    for (const { feature, detail } of bad) failures += report(`${feature}: ${detail}`)
    combinations.push({ peer, transport, serializer, checks })
  }
}

const page = matrixPage(combinations)
const file = join(ROOT, 'docs/interop.md')
if (values.write) writeFileSync(file, page)
else if (readFileSync(file, 'utf8') !== page)
  failures += report('docs/interop.md says something else; run npm run interop -- --write and look at what changed')
console.log(failures === 0 ? `PASSED: ${combinations.length} combinations of ${FEATURES.length} features` : `FAILED: ${failures}`)
process.exitCode = failures === 0 ? 0 : 1

function report(line: string): number {
  console.error(`  FAILED ${line}`)
  return 1
}

/** Runs a peer's script; every feature gets a check, also those that it did not come to. */
function checksOf([program, ...args]: readonly string[]): Promise<readonly Check[]> {
  return new Promise((resolve) => {
    const said = new Map<string, Check>()
    let errors = ''
    const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const guard = setTimeout(() => child.kill('SIGKILL'), COMBINATION_MS)
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{')) return
      const check = JSON.parse(line) as Check
      said.set(check.feature, check)
    })
    child.stderr.on('data', (chunk) => (errors += chunk))
    child.on('close', () => {
      clearTimeout(guard)
      resolve(
        FEATURES.map(
          (feature) => said.get(feature) ?? { feature, ok: false, detail: `no word from the peer's script ${errors.slice(-300)}` },
        ),
      )
    })
  })
}
