// The house rules as a program: prints every breach as `path:line: [rule] what is wrong` and fails if there is one.

import { join } from 'node:path'
import { declaredSiblings, importCycles, importDirection } from './tidy/imports.ts'
import { fileLength, functionLength } from './tidy/lengths.ts'
import { purity } from './tidy/purity.ts'
import { requirementIds } from './tidy/requirement-ids.ts'
import { type Rule, readTree } from './tidy/tree.ts'
import { limitedTests, machinePaths, printing, unfinished } from './tidy/words.ts'

const RULES: { readonly [name: string]: Rule } = {
  'import direction': importDirection,
  'import cycles': importCycles,
  'declared siblings': declaredSiblings,
  purity,
  'file length': fileLength,
  'function length': functionLength,
  unfinished,
  'limited tests': limitedTests,
  printing,
  'machine paths': machinePaths,
  'requirement ids': requirementIds,
}

const files = readTree(join(import.meta.dirname, '..'))
let count = 0
for (const [name, rule] of Object.entries(RULES)) {
  for (const { path, line, message } of rule(files)) {
    console.log(`${path}:${line}: [${name}] ${message}`)
    count++
  }
}
console.log(`${files.length} files, ${Object.keys(RULES).length} rules, ${count} findings`)
process.exitCode = count === 0 ? 0 : 1
