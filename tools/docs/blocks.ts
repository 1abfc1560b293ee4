// TypeScript examples in Markdown files and doc comments. A block whose fence says ```ts runnable is a whole program and is
// type-checked; any other block is a sketch for the reader.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Finding, SourceFile } from '../tidy/tree.ts'

interface Block {
  readonly path: string
  /** The line of the fence. */
  readonly line: number
  readonly text: string
}

const FENCE = /^([ \t]*(?:\*[ \t]?)?)```ts runnable[ \t]*\n([\s\S]*?)^[ \t]*(?:\*[ \t]?)?```[ \t]*$/gm

/** The runnable blocks of a file; in a doc comment the leading asterisks are taken off. */
export function blocksOf(file: SourceFile): Block[] {
  return [...file.text.matchAll(FENCE)].map((match) => {
    const isComment = match[1]!.includes('*')
    const lines = match[2]!.split('\n').map((line) => (isComment ? line.replace(/^[ \t]*\*[ \t]?/, '') : line))
    return { path: file.path, line: file.text.slice(0, match.index).split('\n').length, text: lines.join('\n') }
  })
}

/** Type-checks the blocks together, each as a module of its own, and places the compiler's findings where the text stands. */
export function checkBlocks(root: string, blocks: readonly Block[]): Finding[] {
  if (blocks.length === 0) return []
  mkdirSync(join(root, '.cache'), { recursive: true })
  const folder = mkdtempSync(join(root, '.cache', 'docs-')) // inside the repository, so that its packages resolve
  try {
    blocks.forEach((block, index) => {
      writeFileSync(join(folder, `block-${index}.ts`), `${block.text}\nexport {}\n`)
    })
    // A reader's program may leave a value unused.
    const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, noEmit: true, rootDir: '../..' }
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.tests.json', compilerOptions, include: ['*.ts'], exclude: [] }),
    )
    const compiler = join(root, 'node_modules', '.bin', 'tsc')
    const { stdout, stderr, status, error } = spawnSync(compiler, ['-p', folder, '--pretty', 'false'], { cwd: folder, encoding: 'utf8' })
    if (error) throw error
    return status === 0 ? [] : placed(`${stdout}${stderr}`, blocks)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function placed(output: string, blocks: readonly Block[]): Finding[] {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const match = /^block-(\d+)\.ts\((\d+),\d+\): (.*)$/.exec(line)
      if (match === null) return { path: 'docs', line: 1, message: line }
      const block = blocks[Number(match[1])]!
      return { path: block.path, line: block.line + Number(match[2]), message: `Example does not compile: ${match[3]}` }
    })
}
