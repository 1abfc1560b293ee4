// Files fit a sitting, functions a screen.

import { type Finding, lineAt, type Rule, type SourceFile } from './tree.ts'

export const FILE_LINES_MAX = 600
export const FUNCTION_LINES_MAX = 70

/** Functions that may be longer, `path name`, each with the reason. */
const LONGER: ReadonlyMap<string, string> = new Map()

/** A function body and the name it was given, or the word its line begins with. */
interface FunctionBody {
  readonly name: string
  readonly line: number
  readonly lines: number
}

export const fileLength: Rule = (files) =>
  files.flatMap((file) => {
    const lines = file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0)
    if (file.code === '' || lines <= FILE_LINES_MAX) return []
    return [{ path: file.path, line: lines, message: `The file has ${lines} lines; split it at ${FILE_LINES_MAX}` }]
  })

export const functionLength: Rule = (files) => {
  const findings: Finding[] = []
  for (const file of files) {
    for (const { name, line, lines } of functionsOf(file)) {
      if (lines <= FUNCTION_LINES_MAX || LONGER.has(`${file.path} ${name}`)) continue
      findings.push({ path: file.path, line, message: `"${name}" has ${lines} lines; a function fits a screen (${FUNCTION_LINES_MAX})` })
    }
  }
  return findings
}

/** Every function body of a file, found by its braces. A suite's callback only lists tests and does not count as one. */
export function functionsOf(file: SourceFile): FunctionBody[] {
  const { code } = file
  const found: FunctionBody[] = []
  const open: { readonly at: number; readonly head: number | undefined }[] = []
  for (let at = 0; at < code.length; at++) {
    if (code[at] === '{') open.push({ at, head: functionHead(code, at) })
    else if (code[at] === '}') {
      const body = open.pop()
      if (body?.head === undefined) continue
      const name = nameAt(code, body.head)
      const line = lineAt(code, body.head)
      if (name !== 'describe' && name !== 'suite') found.push({ name, line, lines: lineAt(code, at) - line + 1 })
    }
  }
  return found
}

const BLOCK_WORDS = /^(?:if|for|while|switch|catch|with|await)$/

/** If the brace at `brace` opens a function body: where the head begins (its parameters, at least). */
function functionHead(code: string, brace: number): number | undefined {
  let at = skipSpaceBack(code, brace - 1)
  if (code.startsWith('=>', at - 1)) {
    at = skipSpaceBack(code, at - 2)
    return code[at] === ')' ? matchBack(code, at) : (typeBack(code, at) ?? at)
  }
  const close = code[at] === ')' ? at : typeBack(code, at)
  if (close === undefined) return undefined
  const paren = matchBack(code, close)
  const word = /([\w$]+)\s*$/.exec(code.slice(Math.max(0, paren - 60), paren))?.[1] ?? ''
  return BLOCK_WORDS.test(word) ? undefined : paren
}

/** If a return type ends at `end`, as in `(a): Type {`: where the parenthesis before its colon stands. */
function typeBack(code: string, end: number): number | undefined {
  let at = end
  while (at >= 0 && end - at < 400) {
    const char = code[at]!
    if (char === '}' && /^\s*\n/.test(code.slice(at + 1, end + 1))) return undefined // that ends a statement before, not a type
    if (char === '}' || char === ']' || char === ')') at = matchBack(code, at) - 1
    else if (/[\w\s.|&?'"<>,$]/.test(char)) at--
    else break
  }
  if (code[at] !== ':' || /^\s*(?:(?:try|do|else)\b|$)/.test(code.slice(at + 1, end + 1))) return undefined
  const close = skipSpaceBack(code, at - 1)
  return code[close] === ')' ? close : undefined
}

function skipSpaceBack(code: string, from: number): number {
  let at = from
  while (at >= 0 && /\s/.test(code[at]!)) at--
  return at
}

/** The bracket that the one at `from` closes. */
function matchBack(code: string, from: number): number {
  let depth = 0
  for (let at = from; at >= 0; at--) {
    const char = code[at]!
    if (char === ')' || char === ']' || char === '}') depth++
    else if (char === '(' || char === '[' || char === '{') {
      depth--
      if (depth === 0) return at
    }
  }
  return 0
}

const MODIFIERS = /^(?:export|default|async|function|const|let|static|override|private|protected|public|readonly|get|set|return|await)$/

/** The first word on the line of `offset` that is not a modifier: the function's name, or what it is handed to. */
function nameAt(code: string, offset: number): string {
  const start = code.lastIndexOf('\n', offset) + 1
  const words = code.slice(start, code.indexOf('\n', offset) < 0 ? code.length : code.indexOf('\n', offset)).match(/[\w$#]+/g) ?? []
  return words.find((word) => !MODIFIERS.test(word)) ?? 'function'
}
