// A record of decisions, to try changed permissions on: which roles asked for what, how often, and what the answer was. Equal
// requests are one entry with a count, so a record of days stays small; it is sampled and bounded.

import type { Clock, MatchPolicy, Uri } from '@crosspoint/protocol'
import type { Action } from './authorizer.ts'

export interface RecordedDecision {
  readonly authrole: string
  readonly action: Action
  readonly uri: Uri
  readonly match: MatchPolicy
  readonly decision: 'allowed' | 'denied' | 'failed'
  /** How often it was recorded. */
  count: number
  /** The first and the last time, in milliseconds since 1970-01-01 UTC. */
  readonly firstAtMs: number
  lastAtMs: number
}

export interface RecordOptions {
  /** One of so many decisions is recorded. */
  readonly sampleEvery: number
  /** Different requests at most; those of one more are counted as missed. */
  readonly entriesMax: number
}

export const RECORD_DEFAULTS: RecordOptions = Object.freeze({ sampleEvery: 1, entriesMax: 10_000 })

export class DecisionRecord {
  readonly options: RecordOptions
  readonly sinceMs: number
  /** Decisions that would have been recorded, but for `entriesMax`. */
  missed = 0
  readonly #clock: Clock
  readonly #entries = new Map<string, RecordedDecision>()
  #until = 1

  constructor(clock: Clock, options: RecordOptions) {
    this.options = options
    this.sinceMs = clock.now()
    this.#clock = clock
  }

  note(authrole: string, action: Action, uri: Uri, match: MatchPolicy, decision: RecordedDecision['decision']): void {
    if (--this.#until > 0) return
    this.#until = this.options.sampleEvery
    const key = `${decision} ${action} ${match} ${uri} ${authrole}` // neither of the others has a space
    const entry = this.#entries.get(key)
    const now = this.#clock.now()
    if (entry !== undefined) {
      entry.count++
      entry.lastAtMs = now
    } else if (this.#entries.size < this.options.entriesMax) {
      this.#entries.set(key, { authrole, action, uri, match, decision, count: 1, firstAtMs: now, lastAtMs: now })
    } else this.missed++
  }

  get size(): number {
    return this.#entries.size
  }

  /** Some of the entries, in the order in which they were first seen. */
  entries(from: number, limit: number): RecordedDecision[] {
    return [...this.#entries.values()].slice(from, from + limit)
  }
}
