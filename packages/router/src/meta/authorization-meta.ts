// Procedures about authorization, ours: why something is allowed or not, and forgetting the decisions of authorizers that were made
// to last; and a record of decisions. Whoever may call them learns what roles may do, so a realm with roles gives leave for them to those who run it.

import { ErrorUri, MATCH_POLICIES, type MatchPolicy, type Uri } from '@crosspoint/protocol'
import { ACTIONS, type Action } from '../authorizer.ts'
import { type DecisionRecord, RECORD_DEFAULTS, type RecordOptions } from '../decision-record.ts'
import { explainDecision } from '../explain.ts'
import { CallFailure, type OwnCall, type OwnProcedure } from '../own-procedures.ts'
import type { Policies } from '../policies.ts'
import type { Session } from '../session.ts'
import { isId, isText } from './checks.ts'

/** What these procedures need of the realm. */
export interface AuthorizationMetaHost {
  readonly sessions: ReadonlyMap<number, Session>
  policies(): Policies
  /** Forgets lasting decisions; how many there were. */
  forget(by: Session, isConcerned: (session: number) => boolean): number
  /** The record that is being made, if any. */
  record(): DecisionRecord | undefined
  /** Begins a record, or ends it; false when the realm decides nothing. */
  startRecord(options: RecordOptions | undefined): boolean
}

/** Entries in one answer. */
const ENTRIES_PER_ANSWER_MAX = 1_000

export function authorizationMeta(host: AuthorizationMetaHost): Record<Uri, OwnProcedure> {
  return {
    'crosspoint.authorization.explain': (call) => {
      call.atMost(2)
      const action = call.argument(0, 'action', isAction, `one of ${ACTIONS.join(', ')}`)
      const uri = call.argument(1, 'uri', isText, 'a string')
      const match = call.keyword('match', isMatch, `one of ${MATCH_POLICIES.join(', ')}`) ?? 'exact'
      call.answer([{ ...explainDecision(host.policies(), { authrole: roleOf(host, call), action, uri, match }) }])
    },
    'crosspoint.authorization.forget': (call) => {
      call.atMost(0)
      const authid = call.keyword('authid', isText, 'a string')
      const authrole = call.keyword('authrole', isText, 'a string')
      const session = call.keyword('session', isId, 'a session id')
      const count = host.forget(call.caller, (id) => {
        const found = host.sessions.get(id)
        return (
          (session === undefined || id === session) &&
          (authid === undefined || found?.authid === authid) &&
          (authrole === undefined || found?.authrole === authrole)
        )
      })
      call.answer([count])
    },
    'crosspoint.authorization.record': (call) => {
      call.atMost(1)
      const isOn = call.argument(0, 'on', isTruth, 'true or false')
      const sampleEvery = call.keyword('sample_every', isCount, 'a whole number from 1 on') ?? RECORD_DEFAULTS.sampleEvery
      const entriesMax = call.keyword('entries_max', isCount, 'a whole number from 1 on') ?? RECORD_DEFAULTS.entriesMax
      if (!host.startRecord(isOn ? { sampleEvery, entriesMax: Math.min(entriesMax, ENTRIES_MAX) } : undefined)) {
        throw new CallFailure(ErrorUri.featureNotSupported, 'The realm has no roles and no authorizer, so there is nothing to record')
      }
      call.answer()
    },
    'crosspoint.authorization.recorded': (call) => {
      call.atMost(0)
      const from = call.keyword('from', isIndex, 'a whole number from 0 on') ?? 0
      const record = host.record()
      if (record === undefined)
        throw new CallFailure(ErrorUri.unavailable, 'No record is being made; call crosspoint.authorization.record first')
      const { missed, options, sinceMs, size } = record
      const entries = record.entries(from, ENTRIES_PER_ANSWER_MAX).map(({ firstAtMs, lastAtMs, ...entry }) => ({
        ...entry,
        first_at: new Date(firstAtMs).toISOString(),
        last_at: new Date(lastAtMs).toISOString(),
      }))
      call.answer([{ entries, total: size, missed, sample_every: options.sampleEvery, since: new Date(sinceMs).toISOString() }])
    },
  }
}

const ENTRIES_MAX = 100_000
const isTruth = (value: unknown): value is boolean => typeof value === 'boolean'
const isIndex = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
const isCount = (value: unknown): value is number => isIndex(value) && value > 0

/** The role that is asked about: by its name, or that of a session or of somebody who is here. Default: the caller's. */
function roleOf({ sessions }: AuthorizationMetaHost, call: OwnCall): string {
  const authrole = call.keyword('authrole', isText, 'a string')
  if (authrole !== undefined) return authrole
  const authid = call.keyword('authid', isText, 'a string')
  const id = call.keyword('session', isId, 'a session id')
  if (authid === undefined && id === undefined) return call.caller.authrole
  const found = id === undefined ? [...sessions.values()].find((session) => session.authid === authid) : sessions.get(id)
  if (found !== undefined) return found.authrole
  const who = id === undefined ? `the authid "${authid}"` : `the id ${id}`
  throw new CallFailure(ErrorUri.noSuchSession, `No session with ${who} is in this realm; ask with authrole`)
}

function isAction(value: unknown): value is Action {
  return ACTIONS.some((action) => action === value)
}

function isMatch(value: unknown): value is MatchPolicy {
  return MATCH_POLICIES.some((match) => match === value)
}
