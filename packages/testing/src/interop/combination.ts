// One combination: features, with two programs at one router.

import { FEATURES } from './features/all.ts'
import { type Peer, Unsupported } from './line-protocol.ts'
import { Stage } from './stage.ts'

/** What came of a feature: a library lacks it, or has it and it goes wrong. */
export interface Check {
  readonly feature: string
  readonly state: 'ok' | 'lacks' | 'fails'
  /** What went wrong, or what the library lacks, as the program says it; empty when it is ok. */
  readonly detail: string
  /** The program that lacks it. */
  readonly by?: string
}

let stages = 0

/** Tries the named features one after the other. */
export async function tryFeatures(subject: Peer, other: Peer, names: readonly string[]): Promise<readonly Check[]> {
  const stage = new Stage(`com.example.stage${++stages}`, subject, other)
  try {
    await Promise.all([stage.subject(), stage.other()])
  } catch (error) {
    // Each feature would wait for a session in vain.
    return names.map((feature) => ({ feature, state: 'fails', detail: `no session: ${textOf(error)}` }))
  }
  const checks: Check[] = []
  for (const feature of names) {
    try {
      await FEATURES[feature]!(stage)
      checks.push({ feature, state: 'ok', detail: '' })
    } catch (error) {
      const lacks = error instanceof Unsupported
      checks.push({ feature, state: lacks ? 'lacks' : 'fails', detail: textOf(error), ...(lacks && { by: error.by }) })
      if (!lacks) await stage.renew()
    }
  }
  return checks
}

/** One line; what node:assert tells takes many. */
function textOf(error: unknown): string {
  return (error as Error).message.replace(/\s+/g, ' ').slice(0, 400)
}
