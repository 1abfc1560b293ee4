// The deterministic core does no I/O and knows no time and no chance of its own; they come in as Clock and Random.

import { importsOf } from './imports.ts'
import { type Finding, findAll, packageOfSource, type Rule } from './tree.ts'

const PURE = new Set(['protocol', 'router', 'client'])
/** The router decides in turns, so nothing in it waits; the client has promises at its edge. */
const WITHOUT_WAITING = new Set(['protocol', 'router'])
/** The doors to the outside. */
const EXEMPT = /^packages\/(?:protocol\/src\/(?:system|bytes)\.ts$|client\/src\/node(?:\.ts$|\/))/

const IMPURE =
  /\b(?:(?:setTimeout|setInterval|setImmediate|queueMicrotask|requestAnimationFrame)\b|Date\s*\.\s*now\b|new\s+Date\s*(?:\(\s*\)|(?!\s*\())|performance\s*\.\s*now\b|Math\s*\.\s*random\b|crypto\s*\.\s*(?:getRandomValues|randomUUID)\b|process\s*\.\s*(?:nextTick|hrtime)\b)/g
const WAITING = /\b(?:await|async)\b/g

export const purity: Rule = (files) => {
  const findings: Finding[] = []
  for (const file of files) {
    const name = packageOfSource(file.path)
    if (name === undefined || !PURE.has(name) || file.code === '' || EXEMPT.test(file.path)) continue
    for (const { specifier, line } of importsOf(file)) {
      if (!specifier.startsWith('node:')) continue
      findings.push({ path: file.path, line, message: `Cannot import "${specifier}": ${name} does no I/O and runs in browsers` })
    }
    findings.push(
      ...findAll(file, file.code, IMPURE, (match) => `Cannot use "${match[0]}": in ${name} time and chance come in as Clock and Random`),
    )
    if (WITHOUT_WAITING.has(name)) {
      findings.push(
        ...findAll(
          file,
          file.code,
          WAITING,
          (match) => `Cannot use "${match[0]}": ${name} never waits; what takes time returns as an input`,
        ),
      )
    }
  }
  return findings
}
