import type { Logger } from '../src/log.ts'

/** A logger that keeps its lines: "warn text". */
export function recorder(): Logger & { readonly lines: string[] } {
  const lines: string[] = []
  const at =
    (level: string) =>
    (text: string, ...details: unknown[]): void =>
      void lines.push([level, text, ...details].join(' '))
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
