// Holds the docs to the sources: runnable examples compile, links lead somewhere, the generated pages are up to date.
// With --write the generated pages are written first.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { blocksOf, checkBlocks } from './docs/blocks.ts'
import { checkLinks } from './docs/links.ts'
import { pages } from './docs/tables.ts'
import { type Finding, readTree, type SourceFile } from './tidy/tree.ts'

const root = join(import.meta.dirname, '..')
let files = readTree(root)

if (process.argv.includes('--write')) {
  for (const { path, text } of pages(files, [])) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  files = readTree(root)
}

const hasExamples = ({ path }: SourceFile): boolean =>
  /^[^/]*\.md$|^docs\/.*\.md$|^packages\/[^/]+\/src\/.*\.ts$|^(?:packages|examples)\/[^/]+\/README\.md$/.test(path)
const blocks = files.filter(hasExamples).flatMap(blocksOf)
const findings = [...checkPages(), ...checkLinks(root, files), ...checkBlocks(root, blocks)]
for (const { path, line, message } of findings) console.log(`${path}:${line}: ${message}`)
console.log(
  `${blocks.length} runnable examples, ${files.filter(({ path }) => path.endsWith('.md')).length} pages, ${findings.length} findings`,
)
process.exitCode = findings.length === 0 ? 0 : 1

/** Options that are not explained, and generated pages that differ from what the sources say, with the first line that does. */
function checkPages(): Finding[] {
  const faults: Finding[] = []
  const outdated = pages(files, faults).flatMap(({ path, text }): Finding[] => {
    const written = files.find((file) => file.path === path)?.text
    if (written === text) return []
    if (written === undefined) return [{ path, line: 1, message: 'The page is missing; run tools/check-docs.ts --write' }]
    const wanted = text.split('\n')
    const at = written.split('\n').findIndex((line, index) => line !== wanted[index])
    const line = at < 0 ? wanted.length : at + 1
    return [{ path, line, message: `The sources say "${wanted[line - 1] ?? ''}" here; run tools/check-docs.ts --write` }]
  })
  return [...faults, ...outdated]
}
