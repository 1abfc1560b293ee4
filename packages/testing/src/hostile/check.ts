// What a check of `npm run hostile` is, and what it prints: one line per thing that was measured.

export interface HostileOptions {
  /** The seed of all chance in the run; the same seed makes the same frames. */
  readonly seed: number
  /** Mutated frames through decoder and router in memory. */
  readonly frames: number
  /** Mutated frames at a live listener. */
  readonly liveFrames: number
}

/** One thing that was looked at: what, how it turned out, what would have been right. */
export interface Finding {
  readonly what: string
  readonly figure: string
  readonly limit: string
  readonly isOk: boolean
  /** What a failure needs to be understood; printed below the line. */
  readonly details?: readonly string[] | undefined
}

export interface Check {
  /** For `--only`. */
  readonly name: string
  run(options: HostileOptions): Promise<readonly Finding[]>
}

/** A finding whose figure must not be above `limit`. */
export function atMost(what: string, figure: number, limit: number, unit: string, digits = 0): Finding {
  return { what, figure: `${figure.toFixed(digits)} ${unit}`, limit: `at most ${limit} ${unit}`, isOk: figure <= limit }
}

/** A finding that must be exactly `wanted`. */
export function exactly(what: string, figure: number, wanted: number, unit: string): Finding {
  return { what, figure: `${figure} ${unit}`, limit: `exactly ${wanted} ${unit}`, isOk: figure === wanted }
}

/** A finding that must be free of faults; the first few are printed. */
export function faultless(what: string, figure: string, faults: readonly string[]): Finding {
  const details = faults.length === 0 ? undefined : [`${faults.length} faults, the first of them:`, ...faults.slice(0, 5)]
  return { what, figure, limit: 'no faults', isOk: faults.length === 0, details }
}

export function describe(name: string, finding: Finding): string {
  const line = `${finding.isOk ? 'ok    ' : 'FAILED'} ${name}: ${finding.what}: ${finding.figure} (${finding.limit})`
  return [line, ...(finding.details ?? []).map((detail) => `         ${detail}`)].join('\n')
}

/** Waits, looking every few milliseconds, until `holds`; rejects, naming `what`, after `timeoutMs`. */
export async function until(what: string, holds: () => boolean, timeoutMs = 10_000): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!holds()) {
    if (performance.now() > end) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}`)
    await pause(5)
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
