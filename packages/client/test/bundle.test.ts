// The browser bundle: small, and free of Node.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

// The foundation had 15 000. Progressive input, flow control, revocation and the doors for encryption and resumption took 1 100 more, the frame of
// logins 1 000; what only some pages need (encryption, resumption, recovery, the methods of logins) is apart and not in here.
const GZIPPED_BYTES_MAX = 17_300

interface Bundle {
  /** The entry; what it loads on demand is apart. */
  readonly text: string
  readonly gzippedBytes: number
  readonly inputs: readonly string[]
  /** The inputs of each part that is loaded on demand, and its size. */
  readonly later: readonly { readonly inputs: readonly string[]; readonly gzippedBytes: number }[]
}

async function bundle(source: string): Promise<Bundle> {
  const result = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['chrome138', 'firefox140', 'safari18.4'],
    conditions: ['@crosspoint/source'],
    splitting: true,
    outdir: 'out',
    write: false,
    metafile: true,
  })
  const outputs = Object.entries(result.metafile.outputs).map(([path, { inputs, imports, entryPoint }], i) => {
    const kept = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    const { text } = result.outputFiles[i]!
    return { path, text, gzippedBytes: gzipSync(text, { level: 9 }).length, inputs: kept.map(([name]) => name), imports, entryPoint }
  })
  const entry = outputs.find(({ entryPoint }) => entryPoint === '<stdin>')!
  const isOnDemand = ({ kind }: { kind: string }) => kind === 'dynamic-import'
  assert.ok(entry.imports.every(isOnDemand), 'the entry has parts that are loaded at once; count them, too')
  // Parts that nothing asks for any more are written, too.
  return { ...entry, later: outputs.filter(({ path }) => entry.imports.some((one) => one.path === path)) }
}

test('the browser bundle of App and Client with JSON is at most 17.3 kB gzipped and imports nothing of Node', async (t) => {
  const {
    text,
    inputs,
    gzippedBytes: bytes,
    later,
  } = await bundle(`
    import { App, Client, Result, ApplicationError, UsageError } from '../src/index.ts'
    Object.assign(globalThis, { App, Client, Result, ApplicationError, UsageError })
  `)
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
  assert.deepEqual(
    inputs.filter((path) => /protocol\/src\/auth\/|client\/src\/auth\/|node_modules/.test(path)),
    [],
    'a method that nobody asked for is in the bundle',
  )
  assert.deepEqual(later, [])
})

// What a page has that logs in: Client and the method, in gzipped bytes. The limits are a little above what there is.
const METHODS: readonly { readonly use: string; readonly bytesMax: number; readonly later: readonly RegExp[] }[] = [
  { use: `ticket({ authid: 'joe', ticket: 's' })`, bytesMax: 17_300, later: [] },
  { use: `wampcra({ authid: 'joe', secret: 's' })`, bytesMax: 23_300, later: [/ed25519/, /argon2|hash-wasm/] },
  { use: `scram({ authid: 'joe', password: 's' })`, bytesMax: 25_500, later: [/ed25519/, /argon2|hash-wasm/] },
  { use: `cryptosign({ privateKey: 's' })`, bytesMax: 25_000, later: [/ed25519/, /argon2|hash-wasm/] },
]
for (const { use, bytesMax, later: expected } of METHODS) {
  const name = use.slice(0, use.indexOf('('))
  test(`a page with ${name} has what it needs of cryptography, and the rest on demand`, async (t) => {
    const { text, inputs, gzippedBytes, later } = await bundle(`
      import { Client, ${name} } from '../src/index.ts'
      Object.assign(globalThis, { client: new Client({ url: 'ws://localhost/ws', auth: [${use}] }) })
    `)
    const sizes = later.map((part) => part.gzippedBytes).sort((a, b) => a - b)
    t.diagnostic(`Client with ${name}: ${gzippedBytes} bytes gzipped of ${bytesMax}; on demand ${sizes.join(', ') || 'nothing'}`)
    assert.ok(gzippedBytes <= bytesMax, `the bundle has ${gzippedBytes} bytes gzipped; at most ${bytesMax} are allowed`)
    assert.doesNotMatch(text, /(?:from|import)\s*\(?["']node:/)
    assert.deepEqual(
      inputs.filter((path) => /curves|hash-wasm|src\/node\.ts/.test(path)),
      [],
      'what is for old platforms is in the entry',
    )
    for (const part of expected) {
      assert.ok(
        later.some((one) => one.inputs.some((path) => part.test(path))),
        `nothing on demand has ${part}`,
      )
    }
    const sources = later.flatMap((one) => one.inputs)
    assert.equal(sources.length > 0, expected.length > 0)
    assert.ok(
      sizes.every((bytes) => bytes <= 20_000),
      `a part on demand is longer than 20 kB: ${sizes.join(', ')}`,
    )
  })
}
