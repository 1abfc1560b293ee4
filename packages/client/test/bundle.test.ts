// The browser bundle: small, and free of Node.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

// The foundation had 15 000. Progressive input, flow control, revocation and the doors for encryption and resumption took 1 100 more, the frame of
// logins 600; what only some pages need (encryption, resumption, recovery) is apart and not in here.
const GZIPPED_BYTES_MAX = 17_000

async function bundle(source: string): Promise<{ text: string; inputs: string[] }> {
  const result = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['chrome138', 'firefox140', 'safari18.4'],
    conditions: ['@crosspoint/source'],
    write: false,
    metafile: true,
  })
  const [output] = Object.values(result.metafile.outputs)
  const inputs = Object.entries(output!.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  return { text: result.outputFiles[0]!.text, inputs: inputs.map(([path]) => path) }
}

test('the browser bundle of App and Client with JSON is at most 17 kB gzipped and imports nothing of Node', async (t) => {
  const { text, inputs } = await bundle(`
    import { App, Client, Result, ApplicationError, UsageError } from '../src/index.ts'
    Object.assign(globalThis, { App, Client, Result, ApplicationError, UsageError })
  `)
  const bytes = gzipSync(text, { level: 9 }).length
  t.diagnostic(`browser bundle: ${text.length} bytes minified, ${bytes} bytes gzipped of ${GZIPPED_BYTES_MAX}`)
  assert.ok(bytes <= GZIPPED_BYTES_MAX, `the bundle has ${bytes} bytes gzipped; at most ${GZIPPED_BYTES_MAX} are allowed`)
  assert.doesNotMatch(text, /["']node:/)
  assert.deepEqual(
    inputs.filter((path) => /packages\/transport|src\/node\.ts/.test(path)),
    [],
  )
  assert.deepEqual(
    inputs.filter((path) => /msgpack|cbor/.test(path)),
    [],
    'a serializer that nobody asked for is in the bundle',
  )
})
