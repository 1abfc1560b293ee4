// The checks of the docs fire: examples that do not compile, links that lead nowhere, options that are not explained.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { blocksOf, checkBlocks } from '../../../tools/docs/blocks.ts'
import { defaultsOf, propertiesOf } from '../../../tools/docs/interface-table.ts'
import { checkLinks } from '../../../tools/docs/links.ts'
import { mask } from '../../../tools/tidy/mask.ts'
import { readTree, type SourceFile } from '../../../tools/tidy/tree.ts'

const repository = join(import.meta.dirname, '../../..')
const source = (text: string, path = 'a.ts'): SourceFile => ({ path, text, code: mask(text) })

test('runnable blocks are found in Markdown and in doc comments, with their lines', () => {
  const markdown = source('# A\n```ts runnable\nconst a = 1\n```\n```ts\nsketch(\n```\n', 'a.md')
  assert.deepEqual(blocksOf(markdown), [{ path: 'a.md', line: 2, text: 'const a = 1\n' }])
  const comment = source('/**\n * Adds.\n * ```ts runnable\n * const a = {\n *   b: 1,\n * }\n * ```\n */\n')
  assert.deepEqual(blocksOf(comment), [{ path: 'a.ts', line: 3, text: 'const a = {\n  b: 1,\n}\n' }])
})

test('runnable blocks are type-checked against the sources of the packages, and faults placed in the page', () => {
  const good = {
    path: 'good.md',
    line: 10,
    text: "import { ERROR_CODES } from '@crosspoint/protocol'\nconst meaning: string = ERROR_CODES.ERR_TIMEOUT\n",
  }
  const bad = {
    path: 'bad.md',
    line: 20,
    text: "import { ERROR_CODES } from '@crosspoint/protocol'\nconst meaning: number = ERROR_CODES.ERR_TIMEOUT\n",
  }
  const findings = checkBlocks(repository, [good, bad])
  assert.equal(findings.length, 1)
  assert.deepEqual([findings[0]!.path, findings[0]!.line], ['bad.md', 22])
  assert.match(findings[0]!.message, /^Example does not compile: error TS2322/)
})

test('links lead to files and headings that are there', () => {
  const root = mkdtempSync(join(tmpdir(), 'crosspoint-docs-'))
  const tree = {
    'README.md':
      '[a](docs/a.md) [b](docs/b.md)\n[c](docs/a.md#what-it-is-1) [d](docs/a.md#nothing) [e](#top)\n`[f](none.md)` [g](https://example.com/x) ![h](pic.png)\n# Top\n',
    'docs/a.md': '# What it *is*\n## What it `is`\n[up](../README.md) [out](../../x.md)\n```md\n[i](none.md)\n```\n',
  }
  try {
    for (const [path, text] of Object.entries(tree)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    const found = checkLinks(root, readTree(root)).map(({ path, line, message }) => `${path}:${line} ${/"(.*?)"/.exec(message)![1]}`)
    assert.deepEqual(found, ['README.md:1 docs/b.md', 'README.md:2 docs/a.md#nothing', 'README.md:3 pic.png', 'docs/a.md:3 ../../x.md'])
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})

test('options are read from an interface and its defaults', () => {
  const file = source(`
export interface Limits {
  /** Longest thing, in bytes. */
  readonly bytesMax: number
  readonly bare?: { a: 1 } | undefined
  /**
   * Called
   * back.
   */
  onEnd?(reason: string): void
}
export const LIMITS: Limits = Object.freeze({
  bytesMax: 4 * 1024, // four
})
`)
  assert.deepEqual(
    propertiesOf(file, 'Limits').map(({ name, type, meaning, line }) => [name, type, meaning, line]),
    [
      ['bytesMax', 'number', 'Longest thing, in bytes.', 4],
      ['bare', '{ a: 1 }', '', 5],
      ['onEnd', '(reason: string): void', 'Called back.', 10],
    ],
  )
  assert.deepEqual([...defaultsOf(file, 'LIMITS')], [['bytesMax', '4 * 1024']])
  assert.throws(() => propertiesOf(file, 'Other'), /Cannot read interface Other: a\.ts has none/)
})
