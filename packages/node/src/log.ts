// The node's log: one line per event with time, level and text, on stderr. What a command has to say as its result (the ready
// line, a version) goes to stdout and not through here.

import { styleText } from 'node:util'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'none'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface Logger {
  debug(text: string, ...details: unknown[]): void
  info(text: string, ...details: unknown[]): void
  warn(text: string, ...details: unknown[]): void
  error(text: string, ...details: unknown[]): void
}

/** What a log is written to; `process.stderr` is one. */
export interface LogStream {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
}

type Colour = Parameters<typeof styleText>[0]
const COLOURS: { readonly [level in Exclude<LogLevel, 'none'>]: Colour } = { debug: 'gray', info: 'green', warn: 'yellow', error: 'red' }

/**
 * A logger that writes `2026-01-31T12:00:00.000Z info text` lines.
 * @param level the least level that is written; `none` writes nothing.
 * @param stream where to; colours are used when it is a terminal. Default: stderr.
 * @param now milliseconds since 1970. Default: the system's clock.
 */
export function createLogger(level: LogLevel, stream: LogStream = process.stderr, now: () => number = Date.now): Logger {
  const least = LOG_LEVELS.indexOf(level)
  const writer =
    (at: Exclude<LogLevel, 'none'>) =>
    (text: string, ...details: unknown[]): void => {
      if (LOG_LEVELS.indexOf(at) < least) return
      const word = at.padEnd(5)
      const shown = stream.isTTY ? styleText(COLOURS[at], word, { validateStream: false }) : word
      stream.write(`${new Date(now()).toISOString()} ${shown} ${oneLine([text, ...details.map(detailText)].join(' '))}\n`)
    }
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') }
}

/** The same log with every line beginning with a name, for a component. */
export function namedLogger(log: Logger, name: string): Logger {
  const named =
    (level: keyof Logger) =>
    (text: string, ...details: unknown[]): void =>
      log[level](`${name}: ${text}`, ...details)
  return { debug: named('debug'), info: named('info'), warn: named('warn'), error: named('error') }
}

function detailText(detail: unknown): string {
  if (typeof detail === 'string') return detail
  if (detail instanceof Error) return detail.stack ?? `${detail.name}: ${detail.message}`
  try {
    return JSON.stringify(detail) ?? String(detail)
  } catch {
    return String(detail)
  }
}

/** One line per event, whatever a peer put into its text: line ends and other control characters are written as escapes. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be found
  return text.replace(/[\u0000-\u001f\u007f]/g, (character) => {
    if (character === '\n') return '\\n'
    return character === '\t' ? ' ' : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
