// Relative links in Markdown files lead to files that are there, and to headings that are there.

import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { type Finding, lineAt, type SourceFile } from '../tidy/tree.ts'

const LINK = /!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g
const ELSEWHERE = /^[a-z][a-z0-9+.-]*:|^\/\//i

export function checkLinks(root: string, files: readonly SourceFile[]): Finding[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const findings: Finding[] = []
  for (const file of files) {
    if (!file.path.endsWith('.md')) continue
    const prose = withoutCode(file.text)
    for (const match of prose.matchAll(LINK)) {
      const link = match[1]!
      if (ELSEWHERE.test(link)) continue
      const [target, heading] = link.split('#', 2) as [string, string | undefined]
      const path = target === '' ? file.path : posix.join(posix.dirname(file.path), decodeURI(target))
      const page = byPath.get(path)
      let message: string | undefined
      if (path.startsWith('../') || !existsSync(join(root, path))) message = `"${link}" leads nowhere: there is no ${path}`
      else if (heading && page?.path.endsWith('.md') && !headingsOf(page.text).has(heading))
        message = `"${link}" leads nowhere: ${path} has no such heading`
      if (message !== undefined) findings.push({ path: file.path, line: lineAt(file.text, match.index), message })
    }
  }
  return findings
}

/** The text with code turned to spaces: what looks like a link there is none. */
function withoutCode(text: string): string {
  return text.replace(/^[ \t]*(```+|~~~+)[\s\S]*?^[ \t]*\1[ \t]*$|`[^`\n]*`/gm, (code) => code.replace(/[^\n]/g, ' '))
}

/** Anchors of the headings, as the usual renderers make them: small letters, words joined by hyphens, numbered when repeated. */
function headingsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, title] of text.replace(/^[ \t]*(```+|~~~+)[\s\S]*?^[ \t]*\1[ \t]*$/gm, '').matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm)) {
    const plain = title!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-')
    let unique = anchor
    for (let repeated = 1; anchors.has(unique); repeated++) unique = `${anchor}-${repeated}`
    anchors.add(unique)
  }
  return anchors
}
