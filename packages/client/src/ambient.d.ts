// The few universals of browsers and Node that this package uses; everything else of either is a compile error here.
// Programs that use the package see their own, complete declarations of the same names.

interface AbortSignal {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}
interface AbortController {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}
declare const AbortController: new () => AbortController

declare const console: {
  debug(...texts: unknown[]): void
  info(...texts: unknown[]): void
  warn(...texts: unknown[]): void
  error(...texts: unknown[]): void
}
