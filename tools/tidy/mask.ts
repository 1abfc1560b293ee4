// Blanks out what is not code, so that a few regular expressions can then read the rest without a parser. TypeScript 7 has no
// compiler API to ask. How it works: one walk over the text; comments and the insides of strings, templates and regular expressions
// become spaces, line breaks and the quotes stay, so every offset and line number is the original's.

const REGEX_MAY_FOLLOW = /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|do|else|void|throw|new|delete|yield|await))$/

/** `text` with comments and literal contents turned to spaces. Example: `mask("a('b') // c")` is `"a(' ')     "`. */
export function mask(text: string): string {
  const out: string[] = []
  const templateDepths: number[] = [] // for every open `${`, how many braces are open inside it
  let at = 0

  const blankTo = (end: number): void => {
    out.push(text.slice(at, end).replace(/[^\n]/g, ' '))
    at = end
  }
  const keep = (count: number): void => {
    out.push(text.slice(at, at + count))
    at += count
  }
  /** In the text of a template: up to the closing backtick, or to the next `${`. */
  const template = (): void => {
    let end = at
    while (end < text.length && text[end] !== '`' && !text.startsWith('${', end)) end += text[end] === '\\' ? 2 : 1
    blankTo(Math.min(end, text.length))
    if (text[at] === '`') keep(1)
    else if (at < text.length) {
      keep(2)
      templateDepths.push(0)
    }
  }

  while (at < text.length) {
    const char = text[at]!
    if (text.startsWith('//', at)) blankTo(lineEnd(text, at))
    else if (text.startsWith('/*', at)) blankTo(after(text, '*/', at + 2))
    else if (char === "'" || char === '"') {
      keep(1)
      blankTo(stringEnd(text, at, char))
      keep(1)
    } else if (char === '`') {
      keep(1)
      template()
    } else if (char === '/') {
      const end = regexEnd(text, at, out)
      keep(1)
      if (end > at) {
        blankTo(end)
        keep(1)
      }
    } else if (char === '}' && templateDepths.at(-1) === 0) {
      templateDepths.pop()
      keep(1)
      template()
    } else {
      if (templateDepths.length > 0 && char === '{') templateDepths[templateDepths.length - 1]!++
      if (templateDepths.length > 0 && char === '}') templateDepths[templateDepths.length - 1]!--
      keep(1)
    }
  }
  return out.join('')
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}

function after(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from)
  return found < 0 ? text.length : found + mark.length
}

function stringEnd(text: string, from: number, quote: string): number {
  let end = from
  while (end < text.length && text[end] !== quote && text[end] !== '\n') end += text[end] === '\\' ? 2 : 1
  return Math.min(end, text.length)
}

/** Where the closing slash of a regular expression that opens at `from` stands; `from` itself if the slash divides. */
function regexEnd(text: string, from: number, before: readonly string[]): number {
  const preceding = before.slice(-200).join('').trimEnd().slice(-12)
  if (preceding !== '' && !REGEX_MAY_FOLLOW.test(preceding)) return from
  let isInClass = false
  for (let end = from + 1; end < text.length && text[end] !== '\n'; end++) {
    const char = text[end]
    if (char === '\\') end++
    else if (char === '[') isInClass = true
    else if (char === ']') isInClass = false
    else if (char === '/' && !isInClass) return end
  }
  return from
}
