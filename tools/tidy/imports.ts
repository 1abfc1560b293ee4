// Who imports whom: the direction between packages, and no cycles inside one.

import { posix } from 'node:path'
import { type Finding, lineAt, packageOfSource, type Rule, type SourceFile } from './tree.ts'

export interface Import {
  readonly specifier: string
  readonly line: number
  /** Gone when the types are stripped, so it cannot make a cycle at run time. */
  readonly isTypeOnly: boolean
}

/** Each package and the packages that its `src` may import. A package without a row here is a finding. */
const MAY_IMPORT: { readonly [name: string]: readonly string[] } = {
  protocol: [],
  router: ['protocol'],
  transport: ['protocol'],
  client: ['protocol'],
  encryption: ['client', 'protocol'],
  node: ['router', 'transport', 'client', 'protocol'],
  crosspoint: ['node', 'client'],
  testing: ['protocol', 'router', 'transport', 'client', 'encryption', 'node', 'crosspoint'],
}
/** Parts of a package that may import more than the rest of it. */
const MAY_ALSO_IMPORT = [{ path: /^packages\/client\/src\/node(?:\.ts$|\/)/, names: ['transport'] }]
/** These run in browsers and under simulation: no packages but our own, unless a row says why. */
const WITHOUT_DEPENDENCIES = new Set(['protocol', 'router', 'client'])
/** Cryptography is not for us to write, and browsers have only a part of what logins need. Who uses no such login gets none of it. */
const MAY_DEPEND = [{ path: /^packages\/client\/src\/auth\//, packages: /^(?:@noble\/(?:curves|hashes)\/.+|hash-wasm)$/ }]

const STATIC =
  /\b(?:import|export)(\s+type)?\s*(?:\*(?:\s*as\s+[\w$]+)?|[\w$]+(?:\s*,\s*(?:\{[^}]*\}|\*\s*as\s+[\w$]+))?|\{[^}]*\})\s*from\s*(['"])/g
const BARE = /\bimport\s*(['"])/g
const DYNAMIC = /(\bawait\s*\(?\s*)?\bimport\s*\(\s*(['"])/g

/** Every import and re-export of a file that names its module in a literal. */
export function importsOf(file: SourceFile): Import[] {
  const { code, text } = file
  const found: Import[] = []
  const add = (index: number, quoteAt: number, isTypeOnly: boolean): void => {
    const specifier = text.slice(quoteAt + 1, code.indexOf(code[quoteAt]!, quoteAt + 1))
    found.push({ specifier, line: lineAt(text, index), isTypeOnly })
  }
  for (const match of code.matchAll(STATIC)) add(match.index, match.index + match[0].length - 1, match[1] !== undefined)
  for (const match of code.matchAll(BARE)) add(match.index, match.index + match[0].length - 1, false)
  for (const match of code.matchAll(DYNAMIC)) {
    const quoteAt = match.index + match[0].length - 1
    const rest = code.slice(code.indexOf(code[quoteAt]!, quoteAt + 1) + 1)
    // `import('node:http').Server` in the place of a type.
    add(match.index, quoteAt, match[1] === undefined && /^\s*\)\s*\.\s*[A-Z]/.test(rest))
  }
  return found
}

/** Arrows between packages go as the table says, and only through a package's entries. */
export const importDirection: Rule = (files) => {
  const findings: Finding[] = []
  for (const file of files) {
    const from = packageOfSource(file.path)
    if (from === undefined || file.code === '') continue
    for (const { specifier, line } of importsOf(file)) {
      const message = directionFault(file.path, from, specifier)
      if (message !== undefined) findings.push({ path: file.path, line, message })
    }
  }
  return findings
}

function directionFault(path: string, from: string, specifier: string): string | undefined {
  const allowed = MAY_IMPORT[from]
  if (allowed === undefined) return `Cannot place package "${from}": give it a row in tools/tidy/imports.ts`
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier)
    if (target.startsWith(`packages/${from}/src/`)) return undefined
    return `Cannot import "${specifier}": a source file imports relatively only inside packages/${from}/src, other packages by name`
  }
  if (specifier.startsWith('node:')) return undefined // purity.ts knows where these may be
  const target = siblingOf(specifier)
  if (target === undefined) {
    if (MAY_DEPEND.some((part) => part.path.test(path) && part.packages.test(specifier))) return undefined
    return WITHOUT_DEPENDENCIES.has(from) ? `Cannot import "${specifier}": ${from} has no dependencies outside this repository` : undefined
  }
  const also = MAY_ALSO_IMPORT.find((part) => part.path.test(path))?.names ?? []
  if (allowed.includes(target) || also.includes(target)) return undefined
  return `Cannot import "${specifier}": ${from} may import ${[...allowed, ...also].join(', ') || 'no other package'}`
}

/** The folder of the package of ours that a specifier or a dependency names, or undefined. */
function siblingOf(specifier: string): string | undefined {
  return /^@crosspoint\/([^/]+)/.exec(specifier)?.[1] ?? (/^crosspoint(?:\/|$)/.test(specifier) ? 'crosspoint' : undefined)
}

/** A package declares the siblings that its sources import, and no others. (Dependencies from elsewhere are knip's to check.) */
export const declaredSiblings: Rule = (files) => {
  const findings: Finding[] = []
  for (const file of files) {
    const folder = /^packages\/([^/]+)\/package\.json$/.exec(file.path)?.[1]
    if (folder === undefined) continue
    const { dependencies = {} } = JSON.parse(file.text) as { readonly dependencies?: { readonly [name: string]: string } }
    const declared = new Set(Object.keys(dependencies).flatMap((name) => siblingOf(name) ?? []))
    // The private package's tests are what it is for; elsewhere tests may use what the published package does not have.
    const isUser = (path: string): boolean =>
      packageOfSource(path) === folder || (folder === 'testing' && path.startsWith('packages/testing/test/'))
    const imported = new Set(
      files.filter(({ path }) => isUser(path)).flatMap((user) => importsOf(user).flatMap(({ specifier }) => siblingOf(specifier) ?? [])),
    )
    imported.delete(folder)
    for (const name of imported)
      if (!declared.has(name)) findings.push({ path: file.path, line: 1, message: `"${name}" is imported and not in dependencies` })
    for (const name of declared)
      if (!imported.has(name)) findings.push({ path: file.path, line: 1, message: `"${name}" is in dependencies and never imported` })
  }
  return findings
}

/** No ring of value imports among the files of one package. */
export const importCycles: Rule = (files) => {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const findings: Finding[] = []
  const done = new Set<string>()
  const trail: string[] = []

  const visit = (file: SourceFile): void => {
    trail.push(file.path)
    for (const { specifier, line, isTypeOnly } of importsOf(file)) {
      if (isTypeOnly || !specifier.startsWith('.')) continue
      const target = byPath.get(posix.join(posix.dirname(file.path), specifier))
      if (target === undefined || done.has(target.path)) continue
      const start = trail.indexOf(target.path)
      if (start < 0) visit(target)
      else
        findings.push({
          path: file.path,
          line,
          message: `Import cycle: ${[...trail.slice(start), target.path].map((path) => posix.basename(path)).join(' → ')}`,
        })
    }
    trail.pop()
    done.add(file.path)
  }
  for (const file of files) if (packageOfSource(file.path) !== undefined && file.code !== '' && !done.has(file.path)) visit(file)
  return findings
}
