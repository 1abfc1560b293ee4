// `crosspoint record`: has a node that runs note what is asked of it and what it decides, and prints that, for `crosspoint replay`.

import type { RecordedLine } from '../authorization/replay.ts'
import { usage } from './explain.ts'
import { type Environment, withNode } from './running-node.ts'

export interface RecordOptions {
  readonly url: string
  readonly realm: string
  readonly start: boolean
  readonly stop: boolean
  /** One of so many requests is recorded. */
  readonly sample?: number | undefined
}

/** One answer of the node: some of the entries. */
interface RecordedPage {
  readonly entries: readonly RecordedLine[]
  readonly total: number
  readonly missed: number
  readonly since: string
}

/**
 * Begins or ends a record, or prints what was recorded: one line of JSON for each kind of request.
 *
 * @param write takes what is printed
 * @param warn takes what is said beside it
 * @example
 * await record({ url: 'ws://127.0.0.1:8080/ws', realm: 'realm1', start: true, stop: false }, process.env, write, warn)
 */
export async function record(
  { url, realm, sample, start, stop }: RecordOptions,
  environment: Environment,
  write: (text: string) => void,
  warn: (text: string) => void,
): Promise<void> {
  if (start && stop) throw usage('Give either --start or --stop')
  if (sample !== undefined && !start) throw usage('--sample goes with --start')
  await withNode(url, realm, environment, async (ask) => {
    if (start || stop) {
      await ask('crosspoint.authorization.record', [start], start ? { sample_every: sample ?? 1 } : {})
      warn(start ? `recording in ${realm}` : `the record of ${realm} is ended and forgotten`)
      return
    }
    let from = 0
    for (;;) {
      const page = (await ask('crosspoint.authorization.recorded', [], { from })) as RecordedPage
      for (const entry of page.entries) write(`${JSON.stringify(entry)}\n`)
      from += page.entries.length
      if (page.entries.length > 0 && from < page.total) continue
      const missed = page.missed === 0 ? '' : `; ${page.missed} requests of other kinds had no room`
      warn(`${from} kinds of requests since ${page.since}${missed}`)
      return
    }
  })
}
