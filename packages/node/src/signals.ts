// Signals that ask a process to stop: the first begins an orderly stop, a second ends the process at once. And the one that asks it to
// read its certificates again.

export type StopSignal = 'SIGINT' | 'SIGTERM'

/** What a shell reports for a process that a signal ended: 128 and the signal's number. */
const STATUS: { readonly [signal in StopSignal]: number } = { SIGINT: 130, SIGTERM: 143 }

// Ctrl-C reaches the whole process group, and runners such as npm pass on what they got themselves, so one press may arrive
// twice within a moment. A second press of a person, or a second kill of a script, is later than this.
const SAME_MS = 100

// npm and npx put a shell between themselves and the program. A signal to npm reaches the shell, which ends without passing it
// on, and the program would stay behind, holding its port. So under npm the end of the parent is a signal to stop.
const PARENT_CHECK_MS = 200

/** Part of `process` that is used here, so that tests need no process. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown
  exit(status: number): void
  readonly ppid: number
  readonly env: { readonly [name: string]: string | undefined }
}

/**
 * Calls `stop` at the first SIGINT or SIGTERM; exits with status 0 when it is done, 1 when it fails. A second signal, more
 * than 100 ms later, exits at once with 130 (SIGINT) or 143 (SIGTERM). Started by npm or npx, the end of the parent process
 * counts as a first signal.
 * @param stop the orderly stop.
 * @param onFailure told why `stop` failed.
 */
export function stopOnSignals(
  stop: () => Promise<void>,
  onFailure: (error: unknown) => void,
  source: SignalSource = process,
  now: () => number = () => performance.now(),
): void {
  let firstAt: number | undefined
  const begin = (): void => {
    firstAt = now()
    stop().then(
      () => source.exit(0),
      (error) => {
        onFailure(error)
        source.exit(1)
      },
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    source.on(signal, () => {
      if (firstAt === undefined) begin()
      else if (now() - firstAt > SAME_MS) source.exit(STATUS[signal])
    })
  }
  if (source.env['npm_command'] === undefined) return
  const parent = source.ppid
  const watch = setInterval(() => {
    if (source.ppid === parent) return
    clearInterval(watch)
    if (firstAt === undefined) begin()
  }, PARENT_CHECK_MS)
  watch.unref()
}

/** Part of `process` that is used here, so that tests need no process. */
export interface HangupSource {
  on(signal: 'SIGHUP', listener: () => void): unknown
  readonly stdout: { readonly isTTY?: boolean | undefined }
}

/**
 * Calls `reload` at every SIGHUP, as services are told to look at their files again. Not with a terminal: there the signal says that
 * the terminal was closed, and ends the process as it always did.
 */
export function reloadOnHangup(reload: () => void, source: HangupSource = process): void {
  if (source.stdout.isTTY !== true) source.on('SIGHUP', reload)
}
