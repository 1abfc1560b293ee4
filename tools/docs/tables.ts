// The generated pages of docs/reference: what the sources say about error codes, limits and options, as tables.

import { ERROR_CODES } from '../../packages/protocol/src/errors.ts'
import type { Finding, SourceFile } from '../tidy/tree.ts'
import { defaultsOf, propertiesOf } from './interface-table.ts'

/** A page: its path and its whole text. */
interface Page {
  readonly path: string
  readonly text: string
}

interface Source {
  readonly title: string
  readonly path: string
  readonly interface: string
  readonly defaults?: string
}

const LIMITS: readonly Source[] = [
  { title: 'Connections', path: 'packages/transport/src/options.ts', interface: 'TransportLimits', defaults: 'DEFAULT_LIMITS' },
  { title: 'Router', path: 'packages/router/src/limits.ts', interface: 'RouterLimits', defaults: 'DEFAULT_LIMITS' },
]
const OPTIONS: readonly Source[] = [
  { title: 'Listener', path: 'packages/transport/src/options.ts', interface: 'ListenerOptions' },
  { title: 'Client', path: 'packages/client/src/options.ts', interface: 'ClientOptions' },
  { title: 'Client in Node', path: 'packages/client/src/node.ts', interface: 'NodeOptions' },
]

const NOTICE = 'Made from the sources by `tools/check-docs.ts --write`; do not edit.'

/** The pages as they should be; an option without a doc comment or without its default is added to `findings`. */
export function pages(files: readonly SourceFile[], findings: Finding[]): Page[] {
  const page = (title: string, purpose: string, sources: readonly Source[]): string =>
    `# ${title}\n\n${NOTICE}\n\n${purpose}\n${sources.map((source) => `\n${table(source, files, findings)}`).join('')}`
  const limits = page('Limits', 'What can grow has a limit, and something visible happens when it is reached.', LIMITS)
  const options = page('Options', 'Options given in code; the configuration file has words of its own for some of them.', OPTIONS)
  return [
    { path: 'docs/reference/errors.md', text: errorsPage() },
    { path: 'docs/reference/limits.md', text: limits },
    { path: 'docs/reference/options.md', text: options },
  ]
}

function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, meaning]) => `| \`${code}\` | ${cell(meaning)} |`)
  return `# Error codes

${NOTICE}

Errors of our own making are \`UsageError\`s and have one of these as \`code\`. An error that the other side of a call answers with is an
\`ApplicationError\` with a URI as \`error\` instead.

| \`code\` | meaning |
| --- | --- |
${rows.join('\n')}
`
}

function table(source: Source, files: readonly SourceFile[], findings: Finding[]): string {
  const file = files.find(({ path }) => path === source.path)
  if (file === undefined) throw new Error(`Cannot make the table "${source.title}": there is no ${source.path}`)
  const defaults = source.defaults === undefined ? undefined : defaultsOf(file, source.defaults)
  const rows = propertiesOf(file, source.interface).map(({ name, type, meaning, line }) => {
    const fault = (message: string): void =>
      void findings.push({ path: source.path, line, message: `${source.interface}.${name} ${message}` })
    if (meaning === '') fault('has no doc comment; say what it means, with its unit')
    if (defaults === undefined) return `| \`${name}\` | \`${cell(type)}\` | ${cell(meaning)} |`
    const value = defaults.get(name)
    if (value === undefined) fault(`has no default in ${source.defaults}`)
    return `| \`${name}\` | ${readable(value ?? '?')} | ${cell(meaning)} |`
  })
  const columns = defaults === undefined ? ['option', 'type', 'meaning'] : ['limit', 'default', 'meaning']
  const head = `| ${columns.join(' | ')} |\n| --- | --- | --- |`
  return `## ${source.title}\n\n\`${source.interface}\` in [${source.path}](../../${source.path}).\n\n${head}\n${rows.join('\n')}\n`
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

/** A default as a reader wants it: `4 * 1024 * 1024` is 4194304. */
function readable(expression: string): string {
  const factors = expression.split('*').map((factor) => Number(factor.replaceAll('_', '').trim()))
  return factors.some(Number.isNaN) ? `\`${cell(expression)}\`` : String(factors.reduce((product, factor) => product * factor, 1))
}
