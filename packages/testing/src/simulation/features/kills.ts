// Procedures of the router itself that change who is there (section 7.2 of the requirements): sessions that kill others, and
// the count of those who are left.

import { type Dict, isId, type Uri } from '@crosspoint/protocol'
import type { Feature, OwnProcedure } from '../feature.ts'
import type { Model } from '../model/model.ts'
import type { ModelSession } from '../model/state.ts'
import type { Turn } from '../model/turn.ts'
import { isValid } from '../model/uris.ts'
import type { RawClient } from '../raw-client.ts'
import { failed } from './call-ends.ts'
import { answered, callOwn } from './own-calls.ts'

const procedures: ReadonlyMap<Uri, OwnProcedure> = new Map<Uri, OwnProcedure>([
  [
    'wamp.session.count',
    (_model, turn, caller, { requestId }) => answered(turn, caller, requestId, () => [caller.realm.sessions.size]), // META-12
  ],
  [
    'wamp.session.kill',
    (model, turn, caller, message) => {
      const { args, kwargs } = message.payload.read()
      const target = [...caller.realm.sessions].find((session) => session.id === args[0] && session !== caller)
      const refusals: Uri[] = []
      if (!isId(args[0]))
        refusals.push('wamp.error.invalid_argument') // META-04
      else if (target === undefined) refusals.push('wamp.error.no_such_session') // META-15, META-19
      if (!isReason(kwargs['reason'])) refusals.push('wamp.error.invalid_uri') // META-21
      if (refusals.length > 0) return failed(turn, caller, message.requestId, refusals)
      kill(model, turn, [target!], kwargs, false)
      answered(turn, caller, message.requestId, () => [])
    },
  ],
  [
    'wamp.session.kill_by_authid',
    (model, turn, caller, message) => {
      const { args, kwargs } = message.payload.read()
      if (!isReason(kwargs['reason'])) return failed(turn, caller, message.requestId, ['wamp.error.invalid_uri'])
      const targets = [...caller.realm.sessions].filter((session) => session.authid === args[0] && session !== caller)
      kill(model, turn, targets, kwargs, false)
      answered(turn, caller, message.requestId, () => [targets.map((session) => session.id)]) // META-16
    },
  ],
  [
    'wamp.session.kill_all',
    (model, turn, caller, message) => {
      const { kwargs } = message.payload.read()
      if (!isReason(kwargs['reason'])) return failed(turn, caller, message.requestId, ['wamp.error.invalid_uri'])
      const targets = [...caller.realm.sessions].filter((session) => session !== caller)
      kill(model, turn, targets, kwargs, true) // META-22
      answered(turn, caller, message.requestId, () => [targets.length]) // META-18
    },
  ],
])

function isReason(reason: unknown): boolean {
  return reason === undefined || (typeof reason === 'string' && isValid(reason, 'exact', false))
}

/** META-20, META-24. */
function kill(model: Model, turn: Turn, targets: readonly ModelSession[], kwargs: Dict, isSilent: boolean): void {
  const { reason = 'wamp.close.killed', message } = kwargs
  model.dismissAll(turn, targets, { reason: reason as Uri, details: message === undefined ? {} : { message }, isSilent })
}

function drawWords({ chance }: RawClient): Dict {
  const words: Record<string, unknown> = {}
  if (chance.is(30)) words['reason'] = chance.pick(['com.hot.reason', 'not a uri', ''])
  if (chance.is(30)) words['message'] = 'go'
  return words
}

export const kills: Feature = {
  name: 'kills',
  procedures,
  operations: [
    { name: 'session.count', weight: 3, run: (client) => callOwn(client, 'wamp.session.count', []) },
    {
      name: 'session.kill',
      weight: 2,
      run: (client) => {
        const id = client.chance.pick([client.chance.pick([0, ...client.host.sessionIds.slice(-6)]), client.sessionId])
        callOwn(client, 'wamp.session.kill', [id], drawWords(client))
      },
    },
    {
      name: 'session.kill_by_authid',
      weight: 1,
      run: (client) => callOwn(client, 'wamp.session.kill_by_authid', [client.chance.pick(['nobody', client.authid])], drawWords(client)),
    },
    {
      name: 'session.kill_all',
      weight: 1,
      run: (client) => {
        if (client.chance.is(20)) callOwn(client, 'wamp.session.kill_all', [], drawWords(client))
      },
    },
  ],
}
