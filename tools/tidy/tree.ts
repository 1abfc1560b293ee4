// The repository's files as the rules see them.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { mask } from './mask.ts'

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string
  readonly text: string
  /** The text without comments and literals (mask.ts); empty for files that are not TypeScript or JavaScript. */
  readonly code: string
}

/** A rule broken at a place. */
export interface Finding {
  readonly path: string
  readonly line: number
  readonly message: string
}

export type Rule = (files: readonly SourceFile[]) => Finding[]

const IGNORED_FOLDERS = new Set(['node_modules', 'dist', '.git', '.cache', '.venv', 'coverage'])
const CODE = /\.(?:ts|mjs|js)$/
const TEXT = /\.(?:ts|mjs|js|json|md|html|css|sh|ya?ml|py|go|c|toml)$|(?:^|\/)(?:run|\.npmrc|\.gitignore|LICENSE)$/

/** Reads all text files below `root`, in the order of their paths. */
export function readTree(root: string): SourceFile[] {
  const paths: string[] = []
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) {
        if (!IGNORED_FOLDERS.has(entry.name)) walk(path)
      } else if (entry.isFile() && TEXT.test(path)) paths.push(path)
    }
  }
  walk('')
  return paths.sort().map((path) => {
    const text = readFileSync(join(root, path), 'utf8')
    return { path, text, code: CODE.test(path) ? mask(text) : '' }
  })
}

/** The line number, from 1, of an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++
  return line
}

/** The package whose `src` holds the file, as its folder's name, or undefined. */
export function packageOfSource(path: string): string | undefined {
  return /^packages\/([^/]+)\/src\//.exec(path)?.[1]
}

/** One finding for every match of `pattern` (with the flag g) in `text`, which is the file's text or code. */
export function findAll(
  file: SourceFile,
  text: string,
  pattern: RegExp,
  message: (match: RegExpExecArray) => string | undefined,
): Finding[] {
  const findings: Finding[] = []
  for (const match of text.matchAll(pattern)) {
    const said = message(match)
    if (said !== undefined) findings.push({ path: file.path, line: lineAt(text, match.index), message: said })
  }
  return findings
}
