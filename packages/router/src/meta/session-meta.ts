// The session meta API (section 7.2 of the requirements): who is here, and sending somebody away.

import { CloseUri, ErrorUri, type Uri } from '@crosspoint/protocol'
import { CallFailure, type OwnCall, type OwnProcedure } from '../own-procedures.ts'
import type { Session } from '../session.ts'
import { isId, isText, isTexts, optional, reasonOf } from './checks.ts'

/** What these procedures need of the realm. */
export interface SessionMetaHost {
  readonly sessions: ReadonlyMap<number, Session>
  /** Ends a session with GOODBYE at once (META-24). `isSilent`: without session meta events and testaments (META-22). */
  kill(by: Session, session: Session, reason: Uri, message: string | undefined, isSilent: boolean): void
}

export function sessionMeta(host: SessionMetaHost): Record<Uri, OwnProcedure> {
  const filtered = (call: OwnCall): Session[] => {
    call.atMost(1)
    const roles = call.argument(0, 'filter_authroles', optional(isTexts), 'a list of authroles') ?? []
    const sessions = [...host.sessions.values()]
    return roles.length === 0 ? sessions : sessions.filter((session) => roles.includes(session.authrole)) // META-23
  }
  const find = (call: OwnCall): Session => {
    call.atMost(1)
    const id = call.argument(0, 'session', isId, 'a session id')
    const session = host.sessions.get(id)
    if (session === undefined) throw new CallFailure(ErrorUri.noSuchSession, `There is no session ${id} in this realm`)
    return session
  }
  /** Sends away all of `targets` but the caller itself (META-19). */
  const kill = (call: OwnCall, targets: readonly Session[], isSilent = false): number[] => {
    const reason = reasonOf(call, CloseUri.killed) // META-20, META-21
    const message = call.keyword('message', isText, 'a string')
    const killed = targets.filter((session) => session !== call.caller)
    for (const session of killed) host.kill(call.caller, session, reason, message, isSilent)
    return killed.map((session) => session.id)
  }
  const all = () => [...host.sessions.values()]
  return {
    'wamp.session.count': (call) => call.answer([filtered(call).length]),
    'wamp.session.list': (call) => call.answer([filtered(call).map((session) => session.id)]),
    'wamp.session.get': (call) => call.answer([describeSession(find(call))]),
    'wamp.session.kill': (call) => {
      const session = find(call)
      if (session === call.caller) throw new CallFailure(ErrorUri.noSuchSession, 'A session cannot kill itself') // META-19
      kill(call, [session])
      call.answer()
    },
    'wamp.session.kill_by_authid': (call) => {
      call.atMost(1)
      const authid = call.argument(0, 'authid', isText, 'a string')
      call.answer([
        kill(
          call,
          all().filter((session) => session.authid === authid),
        ),
      ])
    },
    'wamp.session.kill_by_authrole': (call) => {
      call.atMost(1)
      const authrole = call.argument(0, 'authrole', isText, 'a string')
      call.answer([
        kill(
          call,
          all().filter((session) => session.authrole === authrole),
        ).length,
      ])
    },
    'wamp.session.kill_all': (call) => {
      call.atMost(0)
      call.answer([kill(call, all(), true).length])
    },
  }
}

/** A session as the meta API tells it (META-10, META-14). */
export function describeSession(session: Session): Record<string, unknown> {
  const { id, authid, authrole, authmethod, authprovider } = session
  return { session: id, authid, authrole, authmethod, authprovider }
}
