// Reads an options interface and the frozen defaults beside it from their source, for the tables in docs/reference.

import { lineAt, type SourceFile } from '../tidy/tree.ts'

export interface Property {
  readonly name: string
  readonly type: string
  /** The doc comment as one line; empty if there is none. */
  readonly meaning: string
  readonly line: number
}

/** The properties of `interface name`, in the order of the source. Throws if the file has no such interface. */
export function propertiesOf(file: SourceFile, name: string): Property[] {
  const head = new RegExp(`\\binterface ${name}\\b[^{]*\\{`).exec(file.code)
  if (head === null) throw new Error(`Cannot read interface ${name}: ${file.path} has none`)
  const start = head.index + head[0].length
  const end = closing(file.code, start)
  const properties: Property[] = []
  for (let at = start; at < end; ) {
    // A property's type may hold braces and line breaks; the property ends with the line on which all of them are closed.
    const match = /^[ \t]*(?:readonly )?([\w$]+)\??(?=[:(])/m.exec(file.code.slice(at, end))
    if (match === null) break
    const begin = at + match.index
    const stop = propertyEnd(file.code, begin, end)
    const declaration = file.text.slice(begin, stop).trim()
    properties.push({
      name: match[1]!,
      type: declaration
        .replace(/^(?:readonly )?[\w$]+\??:?\s*/, '')
        .replace(/\s*\|\s*undefined$/, '')
        .replace(/\s+/g, ' '),
      meaning: commentBefore(file.text.slice(at, begin)),
      line: lineAt(file.text, begin),
    })
    at = stop
  }
  return properties
}

/** The values of `const name = Object.freeze({ … })`, as written. */
export function defaultsOf(file: SourceFile, name: string): Map<string, string> {
  const head = new RegExp(`\\bconst ${name}\\b[^=]*=\\s*Object\\.freeze\\(\\{`).exec(file.code)
  if (head === null) throw new Error(`Cannot read defaults ${name}: ${file.path} has no frozen object of that name`)
  const start = head.index + head[0].length
  const body = file.code.slice(start, closing(file.code, start))
  const values = new Map<string, string>()
  for (const match of body.matchAll(/^[ \t]*([\w$]+):\s*(.+?),?[ \t]*$/dgm)) {
    const [from, to] = match.indices![2]!
    values.set(match[1]!, file.text.slice(start + from, start + to))
  }
  return values
}

function commentBefore(text: string): string {
  const comment = /\/\*\*((?:(?!\/\*\*)[\s\S])*)\*\/\s*$/.exec(text)?.[1] ?? ''
  return comment
    .replace(/^[ \t]*\*[ \t]?/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
}

/** The offset of the brace that closes what is open at `start`. */
function closing(code: string, start: number): number {
  let depth = 1
  for (let at = start; at < code.length; at++) {
    if (code[at] === '{') depth++
    else if (code[at] === '}' && --depth === 0) return at
  }
  return code.length
}

function propertyEnd(code: string, begin: number, end: number): number {
  let depth = 0
  for (let at = begin; at < end; at++) {
    const char = code[at]!
    if ('([{'.includes(char)) depth++
    else if (')]}'.includes(char)) depth--
    // A union may go on in the next line.
    else if (char === '\n' && depth === 0 && !/^\s*\|/.test(code.slice(at, end))) return at
  }
  return end
}
