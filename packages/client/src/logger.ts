// A tiny logger: one line per message with time, level and text. Give your own in `logger` to write elsewhere.

import type { Clock } from '@crosspoint/protocol'

export interface Logger {
  debug(text: string, ...details: unknown[]): void
  info(text: string, ...details: unknown[]): void
  warn(text: string, ...details: unknown[]): void
  error(text: string, ...details: unknown[]): void
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LEVELS)[number]

declare const process: unknown

/**
 * A logger that prints `2026-01-31T12:00:00.000Z INFO text` to the console; in Node to stderr, since stdout is for what a program gives.
 * @param clock where the time comes from.
 * @param level the least level that is printed. Default: `info`.
 */
export function consoleLogger(clock: Clock, level: LogLevel = 'info'): Logger {
  const print =
    (at: LogLevel) =>
    (text: string, ...details: unknown[]): void => {
      if (LEVELS.indexOf(at) >= LEVELS.indexOf(level)) {
        console[typeof process === 'undefined' ? at : 'error'](
          `${new Date(clock.now()).toISOString()} ${at.toUpperCase()} ${text}`,
          ...details,
        )
      }
    }
  return { debug: print('debug'), info: print('info'), warn: print('warn'), error: print('error') }
}
