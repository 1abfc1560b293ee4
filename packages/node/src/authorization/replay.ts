// Recorded requests, decided anew by another configuration: what would change for whom.

import { MATCH_POLICIES, type MatchPolicy, type Uri, UsageError } from '@crosspoint/protocol'
import { ACTIONS, type Action } from '@crosspoint/router'
import { isObject } from './json-values.ts'
import type { explainer, OfflineExplanation } from './offline.ts'
import { RESERVED_ROLES } from './service-role.ts'

/** One kind of request, as a record has it. */
export interface RecordedLine {
  readonly authrole: string
  readonly action: Action
  readonly uri: Uri
  readonly match: MatchPolicy
  readonly decision: 'allowed' | 'denied' | 'failed'
  readonly count: number
}

/** A recorded request, and what is decided about it now. */
export interface Replayed {
  readonly recorded: RecordedLine
  readonly explanation: OfflineExplanation
}

/** Each most frequent first. */
export interface ReplayReport {
  readonly refused: readonly Replayed[]
  readonly allowed: readonly Replayed[]
  /** Those that an authorizer decides: what it answers is not known. */
  readonly asked: readonly Replayed[]
  readonly same: readonly Replayed[]
}

/**
 * Reads lines of a record, as `crosspoint record` prints them.
 *
 * @throws UsageError ERR_INVALID_ARGUMENT naming the first line that is none
 * @example
 * readRecord('{"authrole":"user","action":"call","uri":"com.a","match":"exact","decision":"allowed","count":3}\n', 'record.jsonl')
 */
export function readRecord(text: string, name: string): RecordedLine[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    const entry = parsed(line)
    const fault = faultOf(entry)
    if (fault === undefined) return [entry as RecordedLine]
    throw new UsageError(
      'ERR_INVALID_ARGUMENT',
      `Cannot read the record ${name}: line ${index + 1} ${fault}; crosspoint record prints lines that can be read`,
    )
  })
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function faultOf(entry: unknown): string | undefined {
  if (!isObject(entry)) return 'is no JSON object'
  const { authrole, action, uri, match, decision, count } = entry
  if (typeof authrole !== 'string') return 'has no authrole'
  if (!ACTIONS.some((each) => each === action)) return `must have one of ${ACTIONS.join(', ')} as action`
  if (typeof uri !== 'string') return 'has no uri'
  if (!MATCH_POLICIES.some((each) => each === match)) return `must have one of ${MATCH_POLICIES.join(', ')} as match`
  if (decision !== 'allowed' && decision !== 'denied' && decision !== 'failed') return 'must have allowed, denied or failed as decision'
  return Number.isSafeInteger(count) && (count as number) > 0 ? undefined : 'has no count'
}

/** Decides every recorded request anew. Those of one kind are counted together, whatever became of them each time. */
export function replay(lines: readonly RecordedLine[], explain: ReturnType<typeof explainer>): ReplayReport {
  const report = { refused: [] as Replayed[], allowed: [] as Replayed[], asked: [] as Replayed[], same: [] as Replayed[] }
  for (const recorded of lines) {
    const { authrole, action, uri, match, decision } = recorded
    if (authrole.startsWith(RESERVED_ROLES)) continue // no configuration says what these may do
    const replayed = { recorded, explanation: explain({ authrole, action, uri, match }) }
    const now = replayed.explanation.decision
    if (now === 'asked') report.asked.push(replayed)
    else if ((now === 'allowed') === (decision === 'allowed')) report.same.push(replayed)
    else report[now === 'allowed' ? 'allowed' : 'refused'].push(replayed)
  }
  for (const group of Object.values(report)) group.sort((one, other) => other.recorded.count - one.recorded.count)
  return report
}
