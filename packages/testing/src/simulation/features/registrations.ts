// REGISTER and UNREGISTER with policies and patterns (sections 6.1, 6.11, 6.12 of the requirements).

import { type InvocationPolicy, isId, type MatchPolicy, MessageType } from '@crosspoint/protocol'
import type { Feature, Handler } from '../feature.ts'
import { tellMembership } from '../model/meta-events.ts'
import type { Model } from '../model/model.ts'
import { hasFeature, isSameDict, type ModelRegistration, type ModelSession } from '../model/state.ts'
import { isErrorFor, type MessageOf, RANK, type Turn } from '../model/turn.ts'
import { isReserved, isValid } from '../model/uris.ts'
import { keyOf } from './keys.ts'
import { registerOperations, registerReactions } from './register-operations.ts'

const DISALLOWED = 'wamp.error.option_disallowed.disclose_me'
const EXISTS = 'wamp.error.procedure_already_exists'

function registered(model: Model, turn: Turn, session: ModelSession, message: MessageOf<64>): void {
  const { options, requestId, procedure } = message
  const { realm } = session
  const match = (options['match'] ?? 'exact') as MatchPolicy
  const invoke = (options['invoke'] ?? 'single') as InvocationPolicy
  const key = keyOf(match, procedure)
  const before = realm.registrations.get(key)
  // All callees lose the registration first (RPC-127).
  const isForced = before !== undefined && options['force_reregister'] === true
  const known = isForced ? undefined : before
  const isConflict = known !== undefined && (known.invoke === 'single' || known.invoke !== invoke)
  const isRepeated = known !== undefined && !isConflict && session.registrations.has(known)
  const refusals: string[] = []
  const isLegal = isValid(procedure, match, realm.hasStrictUris) && procedure.length <= model.limits.uriLengthMax
  if (!isLegal || isReserved(procedure)) refusals.push('wamp.error.invalid_uri') // URI-08
  if (isConflict) refusals.push(EXISTS) // RPC-02, RPC-121
  if (options['disclose_caller'] === true && !realm.allowsDisclose) refusals.push(DISALLOWED) // RPC-107
  const ownLost = isForced && session.registrations.has(before) ? 1 : 0
  const isFull = session.registrations.size - ownLost >= model.limits.registrationsMax
  if (isFull && !isRepeated) refusals.push('crosspoint.error.too_many_registrations')
  if (refusals.length > 0) {
    turn.expect(session, MessageType.ERROR, `ERROR ${refusals.join(' or ')} for REGISTER ${requestId}`, (error) =>
      isErrorFor(error, MessageType.REGISTER, requestId, refusals),
    )
    return
  }
  if (isForced) revoke(turn, before)
  const registration: ModelRegistration = known ?? {
    id: 0,
    uri: procedure,
    match,
    invoke,
    callees: [],
    lastIndex: -1,
    queue: [],
    shards: new Map(),
  }
  if (!isRepeated) {
    realm.registrations.set(key, registration)
    session.registrations.add(registration)
    registration.callees.push({
      session,
      registration,
      concurrency: (options['concurrency'] ?? 0) as number,
      running: 0,
      disclosesCaller: options['disclose_caller'] === true,
      forwardsTimeout: options['forward_timeout'] === true && hasFeature(session, 'callee.call_timeout'),
    })
  }
  const isNew = (id: number) => isId(id) && !realm.usedRegistrationIds.has(id)
  turn.expect(
    session,
    MessageType.REGISTERED,
    `REGISTERED ${requestId} with ${registration.id === 0 ? 'a new id' : `the id ${registration.id}`}`,
    (answer) =>
      answer.requestId === requestId && (registration.id === 0 ? isNew(answer.registrationId) : answer.registrationId === registration.id),
    {
      rank: RANK.answer,
      learn: (answer) => {
        registration.id = answer.registrationId
        realm.usedRegistrationIds.add(registration.id)
      },
    },
  ) // RPC-01, RPC-125
  if (isRepeated) return
  tellMembership(turn, session, 'registration', registration, { isAdded: true, isFirstOrLast: known === undefined })
  turn.freed.add(registration)
}

/** Every callee loses the registration, and those that can take it are told (RPC-131, RPC-132). */
function revoke(turn: Turn, registration: ModelRegistration): void {
  for (const { session } of [...registration.callees]) {
    const isFirstOrLast = remove(turn, session, registration)
    const expected = { registration: registration.id, reason: 'wamp.error.unregistered' }
    const check = ({ details, requestId }: MessageOf<67>) => requestId === 0 && details !== undefined && isSameDict(details, expected)
    const what = `the revocation of registration ${registration.id}`
    if (hasFeature(session, 'callee.registration_revocation')) {
      turn.expect(session, MessageType.UNREGISTERED, what, check, { isFree: true })
    }
    tellMembership(turn, session, 'registration', registration, { isAdded: false, isFirstOrLast, isFree: true })
  }
}

function unregistered(_model: Model, turn: Turn, session: ModelSession, message: MessageOf<66>): void {
  const { requestId, registrationId } = message
  const registration = [...session.registrations].find((each) => each.id === registrationId)
  if (registration === undefined) {
    const uris = ['wamp.error.no_such_registration']
    turn.expect(session, MessageType.ERROR, `ERROR ${uris[0]} for UNREGISTER ${requestId}`, (error) =>
      isErrorFor(error, MessageType.UNREGISTER, requestId, uris),
    )
    return
  }
  const isFirstOrLast = remove(turn, session, registration)
  turn.expect(
    session,
    MessageType.UNREGISTERED,
    `UNREGISTERED ${requestId}`,
    (answer) => answer.requestId === requestId && answer.details === undefined,
    { rank: RANK.answer },
  ) // RPC-03; what runs goes on (RPC-04)
  tellMembership(turn, session, 'registration', registration, { isAdded: false, isFirstOrLast })
}

/** The order of those who stay is kept, and whose turn it is (RPC-123). Returns whether nobody stays. */
function remove(turn: Turn, session: ModelSession, registration: ModelRegistration): boolean {
  session.registrations.delete(registration)
  const at = registration.callees.findIndex((callee) => callee.session === session)
  registration.callees.splice(at, 1)
  if (at <= registration.lastIndex) registration.lastIndex--
  turn.freed.add(registration)
  if (registration.callees.length > 0) return false
  session.realm.registrations.delete(keyOf(registration.match, registration.uri))
  return true
}

export const registrations: Feature = {
  name: 'registrations',
  operations: registerOperations,
  reactions: registerReactions,
  handlers: new Map<number, Handler>([
    [MessageType.REGISTER, registered],
    [MessageType.UNREGISTER, unregistered],
  ]),
  left: (_model, turn, session, leaving) => {
    for (const registration of [...session.registrations]) {
      const isFirstOrLast = remove(turn, session, registration)
      tellMembership(turn, session, 'registration', registration, { isAdded: false, isFirstOrLast }, leaving)
    }
  },
}
