// Each house rule fires on a small tree that breaks it and is silent on one that does not: a check that cannot fail proves nothing.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { declaredSiblings, importCycles, importDirection } from '../../../tools/tidy/imports.ts'
import { FILE_LINES_MAX, FUNCTION_LINES_MAX, fileLength, functionLength, functionsOf } from '../../../tools/tidy/lengths.ts'
import { mask } from '../../../tools/tidy/mask.ts'
import { purity } from '../../../tools/tidy/purity.ts'
import { REQUIREMENTS, requirementIds } from '../../../tools/tidy/requirement-ids.ts'
import { type Rule, readTree } from '../../../tools/tidy/tree.ts'
import { limitedTests, machinePaths, printing, unfinished } from '../../../tools/tidy/words.ts'

type Tree = { readonly [path: string]: string }

/** Writes the tree, reads it as tidy does, and gives what the rule says as `path:line message`. */
function findingsOf(rule: Rule, tree: Tree): string[] {
  const root = mkdtempSync(join(tmpdir(), 'crosspoint-tidy-'))
  try {
    for (const [path, text] of Object.entries(tree)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    return rule(readTree(root)).map(({ path, line, message }) => `${path}:${line} ${message}`)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** The rule finds exactly these, each given by its beginning. */
function assertFindings(rule: Rule, tree: Tree, beginnings: readonly string[]): void {
  const found = findingsOf(rule, tree)
  assert.equal(found.length, beginnings.length, `${found.length} findings, ${beginnings.length} wanted:\n${found.join('\n')}`)
  for (const [index, beginning] of beginnings.entries())
    assert.ok(found[index]!.startsWith(beginning), `"${found[index]}" begins with "${beginning}"`)
}

const word = (...parts: string[]): string => parts.join('') // so that this file does not break the rules it tests

test('mask blanks comments and literals and keeps offsets, code in templates, and divisions', () => {
  const cases = [
    ["a('b') // c\nd", "a(' ')     \nd"],
    ['a /* b\nc */ d', 'a     \n     d'],
    ['`x${a + `y`}z`', '` ${a + ` `} `'],
    ['`x${{ a: 1 }}z`', '` ${{ a: 1 }} `'],
    ['x = /[/\'"]/g.test(y)', 'x = /     /g.test(y)'],
    ["x = a / b / c + '/'", "x = a / b / c + ' '"],
    ["'a\\'b' + c", "'    ' + c"],
    ['return /}/.exec(a)', 'return / /.exec(a)'],
  ] as const
  for (const [text, masked] of cases) assert.equal(mask(text), masked)
})

test('import direction: only the arrows of the table, in type imports too', () => {
  const tree = {
    'packages/protocol/src/a.ts': "import { Router } from '@crosspoint/router'\n",
    'packages/router/src/a.ts':
      "import type { Listener } from '@crosspoint/transport'\nexport { b } from '@crosspoint/protocol/internal'\n",
    'packages/client/src/a.ts': "const t = await import('@crosspoint/transport')\nimport {\n  b,\n} from 'ws'\n",
    'packages/client/src/node.ts': "import { connect } from '@crosspoint/transport'\n",
    'packages/client/src/node/unix.ts': "import { connect } from '@crosspoint/transport'\n",
    'packages/node/src/a.ts': "import '../../router/src/a.ts'\nimport z from 'zod'\nimport { x } from '@crosspoint/testing'\n",
    'packages/crosspoint/src/a.ts': "export * from '@crosspoint/protocol'\n// import '@crosspoint/router'\n",
    'packages/node/test/a.test.ts': "import { x } from '@crosspoint/testing'\n",
    'packages/other/src/a.ts': "import './b.ts'\n",
  }
  assertFindings(importDirection, tree, [
    'packages/client/src/a.ts:2 Cannot import "ws"',
    'packages/client/src/a.ts:1 Cannot import "@crosspoint/transport": client may import protocol',
    'packages/crosspoint/src/a.ts:1 Cannot import "@crosspoint/protocol"',
    'packages/node/src/a.ts:3 Cannot import "@crosspoint/testing"',
    'packages/node/src/a.ts:1 Cannot import "../../router/src/a.ts"',
    'packages/other/src/a.ts:1 Cannot place package "other"',
    'packages/protocol/src/a.ts:1 Cannot import "@crosspoint/router": protocol may import no other package',
    'packages/router/src/a.ts:1 Cannot import "@crosspoint/transport": router may import protocol',
  ])
})

test('declared siblings: what is imported is declared, and what is declared is imported', () => {
  const tree = {
    'packages/router/package.json': '{ "dependencies": { "ws": "8.23.0" } }',
    'packages/router/src/a.ts': "import { b } from '@crosspoint/protocol'\n",
    'packages/router/test/a.test.ts': "import { b } from '@crosspoint/testing'\n",
    'packages/node/package.json': '{ "dependencies": { "@crosspoint/client": "0.1.0" } }',
    'packages/node/src/a.ts': '',
  }
  assertFindings(declaredSiblings, tree, [
    'packages/node/package.json:1 "client" is in dependencies and never imported',
    'packages/router/package.json:1 "protocol" is imported and not in dependencies',
  ])
})

test('import cycles: a ring of value imports is found, a ring that types close is none', () => {
  const ring = {
    'packages/node/src/a.ts': "import { b } from './sub/b.ts'\n",
    'packages/node/src/sub/b.ts': "import { c } from '../c.ts'\n",
    'packages/node/src/c.ts': "\nimport { a } from './a.ts'\n",
  }
  assertFindings(importCycles, ring, ['packages/node/src/c.ts:2 Import cycle: a.ts → b.ts → c.ts → a.ts'])
  assertFindings(importCycles, { ...ring, 'packages/node/src/c.ts': "import type { A } from './a.ts'\n" }, [])
  // The types are stripped from such an import, and the import stays.
  assert.equal(findingsOf(importCycles, { ...ring, 'packages/node/src/c.ts': "import { type A } from './a.ts'\n" }).length, 1)
})

test('purity: no I/O, time, chance or waiting in the core, but through its doors', () => {
  const impure = "import { readFileSync } from 'node:fs'\nsetTimeout(() => {}, Date.now() + Math.random())\nconst at = new Date()\n"
  const tree = {
    'packages/router/src/a.ts': `${impure}await x\nconst e = new Date(clock.now()) // setTimeout\n`,
    'packages/client/src/a.ts': 'export const b = async () => await c\nperformance.now()\n',
    'packages/client/src/node/a.ts': impure,
    'packages/client/src/node.ts': impure,
    'packages/protocol/src/system.ts': impure,
    'packages/protocol/src/bytes.ts': impure,
    'packages/node/src/a.ts': impure,
  }
  assertFindings(purity, tree, [
    'packages/client/src/a.ts:2 Cannot use "performance.now"',
    'packages/router/src/a.ts:1 Cannot import "node:fs"',
    'packages/router/src/a.ts:2 Cannot use "setTimeout"',
    'packages/router/src/a.ts:2 Cannot use "Date.now"',
    'packages/router/src/a.ts:2 Cannot use "Math.random"',
    'packages/router/src/a.ts:3 Cannot use "new Date()"',
    'packages/router/src/a.ts:4 Cannot use "await"',
  ])
})

test('file length', () => {
  const lines = (count: number): string => 'a()\n'.repeat(count)
  const tree = { 'tools/long.ts': lines(FILE_LINES_MAX + 1), 'tools/fits.ts': lines(FILE_LINES_MAX), 'long.md': lines(FILE_LINES_MAX + 1) }
  assertFindings(fileLength, tree, [`tools/long.ts:${FILE_LINES_MAX + 1} The file has`])
})

test('function length: functions, methods and callbacks, but no blocks, objects, classes or suites', () => {
  const body = 'a()\n'.repeat(FUNCTION_LINES_MAX)
  const broken = [
    [`export async function one(a: number): Promise<{ b: string }> {\n${body}}`, 'one'],
    [`class A {\n  private two(a = ')'): void {\n${body}  }\n}`, 'two'],
    [`const three = (a: string): a is 'x' => {\n${body}}`, 'three'],
    [`const four = async a => {\n${body}}`, 'four'],
    [`test('five {', () => {\n${body}})`, 'test'],
  ] as const
  for (const [text, name] of broken)
    assertFindings(functionLength, { 'tools/a.ts': `\n${text}\n` }, [`tools/a.ts:${text.startsWith('class') ? 3 : 2} "${name}" has`])

  const allowed = [
    `if (a) {\n${body}} else {\n${body}}`,
    `const object = {\n${'a: 1,\n'.repeat(FUNCTION_LINES_MAX)}}`,
    `class A extends B {\n${'a = 1\n'.repeat(FUNCTION_LINES_MAX)}}`,
    `function f(a: string): B {\n  a()\n}\n\nclass C implements D {\n${'a = 1\n'.repeat(FUNCTION_LINES_MAX)}}`,
    `describe('suite', () => {\n${body}})`,
    `switch (a) {\ncase (b): try {\n${body}} finally {}\n}`,
    `function fits() {\n${'a()\n'.repeat(FUNCTION_LINES_MAX - 2)}}`,
  ]
  for (const text of allowed) assertFindings(functionLength, { 'tools/a.ts': `${text}\n` }, [])
  const [fits] = functionsOf({ path: 'a.ts', text: '', code: 'function fits() {\n\n}\n' })
  assert.deepEqual(fits, { name: 'fits', line: 1, lines: 3 })
})

test('unfinished work, limited tests, printing and machine paths', () => {
  assertFindings(unfinished, { 'docs/a.md': `\n${word('TO', 'DO')}: later\n`, 'tools/a.ts': '// todos' }, ['docs/a.md:2'])
  const limited = `test${word('.on', 'ly')}('a', () => {})\ntest('b', { ${word('sk', 'ip: true')} }, () => {})\n// .${word('on', 'ly')}(\n`
  assertFindings(limitedTests, { 'packages/node/test/a.test.ts': limited, 'tools/a.ts': limited }, [
    'packages/node/test/a.test.ts:1',
    'packages/node/test/a.test.ts:2',
  ])
  const print = "console.log('x')\n"
  assertFindings(
    printing,
    { 'packages/router/src/a.ts': print, 'packages/crosspoint/src/a.ts': print, 'packages/node/src/commands/a.ts': print },
    ['packages/router/src/a.ts:1 "console.log"'],
  )
  const path = word('/ho', 'me/joe/x')
  assertFindings(machinePaths, { '.ci/run': `cd ${path}\n`, 'docs/a.md': `see ~${path}, https://a.example${path} and src${path}\n` }, [
    '.ci/run:1',
  ])
  assertFindings(machinePaths, { 'package-lock.json': `{\n"a": { ${word('"resolved"', ': "https://')}r.example/a.tgz" } }` }, [
    'package-lock.json:2',
  ])
})

test('requirement ids: an id that does not exist is found, a word of the same form is not', () => {
  const list = '[{ "id": "PUB-36", "section": "5.4", "level": "M" }]'
  const tree = {
    [REQUIREMENTS]: list,
    'packages/router/src/a.ts': `// PUB-36, UTF-8\n// ${word('PUB', '-99')}\n`,
    'packages/router/test/a.test.ts': `test('PUB-36 said so', () => {})\ntest('${word('PBU', '-36')} said so', () => {})\n`,
  }
  assertFindings(requirementIds, tree, [
    'packages/router/src/a.ts:2 There is no requirement PUB',
    'packages/router/test/a.test.ts:2 There is no requirement PBU',
  ])
  assertFindings(requirementIds, {}, [`${REQUIREMENTS}:1 The list of requirement ids is missing`])
})
