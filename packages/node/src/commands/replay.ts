// `crosspoint replay`: what a changed configuration would decide about recorded requests.

import { readFileSync } from 'node:fs'
import { UsageError } from '@crosspoint/protocol'
import { explainer } from '../authorization/offline.ts'
import { type Replayed, type ReplayReport, readRecord, replay as replayLines } from '../authorization/replay.ts'
import { loadConfig } from '../config/load.ts'
import { realmOf } from './explain.ts'
import type { Environment } from './running-node.ts'

export interface ReplayOptions {
  readonly config: string
  readonly realm?: string | undefined
  readonly json: boolean
}

const REPLAY_STATUS = { same: 0, changed: 3 } as const

/**
 * Decides recorded requests anew.
 *
 * @param file what `crosspoint record` printed
 * @param write takes what is printed. Default: stdout
 * @returns the exit status: 0 when nothing that was recorded is decided otherwise, 3 when something is
 * @throws UsageError ERR_CONFIG, or ERR_INVALID_ARGUMENT for a record that cannot be read
 * @example
 * await replay('record.jsonl', { config: 'new.yaml', json: false }, process.env)
 */
export async function replay(
  file: string,
  options: ReplayOptions,
  environment: Environment,
  write: (text: string) => void = (text) => process.stdout.write(text),
): Promise<number> {
  const lines = readRecord(read(file), file)
  const config = await loadConfig(options.config, environment)
  const report = replayLines(lines, explainer(realmOf(config, options.realm)))
  write(options.json ? jsonOf(report) : textOf(report, config.source))
  return report.refused.length + report.allowed.length === 0 ? REPLAY_STATUS.same : REPLAY_STATUS.changed
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError('ERR_INVALID_ARGUMENT', `Cannot read the record ${file}: ${(error as Error).message}`, { cause: error })
  }
}

/** One line for each request whose decision changes or is not known. */
function jsonOf({ refused, allowed, asked }: ReplayReport): string {
  return [...refused, ...allowed, ...asked]
    .map(({ recorded, explanation: { authorizer, decision, reason, rule } }) =>
      JSON.stringify({ ...recorded, now: decision, reason, rule, authorizer }),
    )
    .map((line) => `${line}\n`)
    .join('')
}

function textOf({ refused, allowed, asked, same }: ReplayReport, source: string): string {
  const lines: string[] = []
  const group = (title: string, found: readonly Replayed[]) => {
    if (found.length === 0) return
    lines.push(`${title} (${countText(found)}):`)
    const width = String(found[0]!.recorded.count).length
    for (const { recorded, explanation } of found) {
      const { action, authrole, count, match, uri } = recorded
      lines.push(`  ${String(count).padStart(width)}  ${authrole}  ${action} ${match === 'exact' ? '' : `${match} `}"${uri}"`)
      const where = explanation.authorizer ?? explanation.rule?.source
      lines.push(`  ${' '.repeat(width)}  ${explanation.reason}${where ? ` (${where})` : ''}`)
    }
  }
  group(`${source} would refuse what was allowed`, refused)
  group(`${source} would allow what was refused`, allowed)
  group('authorizers decide, and only they know', asked)
  lines.push(`decided as before: ${countText(same)}`)
  return `${lines.join('\n')}\n`
}

function countText(found: readonly Replayed[]): string {
  const requests = found.reduce((sum, { recorded }) => sum + recorded.count, 0)
  return `${found.length} ${found.length === 1 ? 'kind' : 'kinds'}, ${requests} ${requests === 1 ? 'request' : 'requests'}`
}
