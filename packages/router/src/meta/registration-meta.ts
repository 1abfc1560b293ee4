// The registration meta API (section 7.3 of the requirements): what is registered, and by whom.

import { ErrorUri, type Uri } from '@crosspoint/protocol'
import { CallFailure, type OwnCall, type OwnProcedure } from '../own-procedures.ts'
import type { Registration } from '../registration.ts'
import { describeRegistration, type Registrations } from '../registrations.ts'
import type { Session } from '../session.ts'
import { isDict, isId, isText, matchOf, optional, reasonOf } from './checks.ts'

export function registrationMeta(registrations: Registrations, sessions: ReadonlyMap<number, Session>): Record<Uri, OwnProcedure> {
  const find = (call: OwnCall, argumentsMax = 1): Registration => {
    call.atMost(argumentsMax)
    const id = call.argument(0, 'registration', isId, 'a registration id')
    const registration = registrations.byId.get(id)
    if (registration === undefined) throw new CallFailure(ErrorUri.noSuchRegistration, `There is no registration ${id} in this realm`)
    return registration
  }
  return {
    'wamp.registration.list': (call) => {
      call.atMost(0)
      const ids: Record<string, number[]> = { exact: [], prefix: [], wildcard: [] } // META-41
      for (const registration of registrations.byId.values()) ids[registration.match]!.push(registration.id)
      call.answer([ids])
    },
    'wamp.registration.lookup': (call) => {
      call.atMost(2)
      const uri = call.argument(0, 'procedure', isText, 'a URI')
      const match = matchOf(call, call.argument(1, 'options', optional(isDict), 'a dictionary') ?? {})
      call.answer([registrations.get(uri, match)?.id ?? null])
    },
    'wamp.registration.match': (call) => {
      call.atMost(1)
      const uri = call.argument(0, 'procedure', isText, 'a URI')
      call.answer([(registrations.getExact(uri) ?? registrations.matchBest(uri))?.id ?? null])
    },
    'wamp.registration.get': (call) => call.answer([describeRegistration(find(call))]),
    'wamp.registration.list_callees': (call) => call.answer([find(call).callees.map(({ session }) => session.id)]),
    'wamp.registration.count_callees': (call) => call.answer([find(call).callees.length]),
    'wamp.registration.remove_callee': (call) => {
      const registration = find(call, 3)
      const id = call.argument(1, 'callee', isId, 'a session id')
      const reason = reasonOf(call, 'wamp.error.unregistered', call.args[2] ?? call.kwargs['reason'])
      const session = sessions.get(id)
      if (session === undefined || !session.registrations.has(registration.id)) {
        throw new CallFailure(ErrorUri.noSuchSession, `Session ${id} is no callee of registration ${registration.id}`)
      }
      registrations.revoke(registration, session, reason) // META-42
      call.answer()
    },
  }
}
