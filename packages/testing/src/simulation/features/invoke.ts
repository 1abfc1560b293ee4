// How a call gets to a callee (sections 6.2, 6.10 to 6.13 of the requirements): who is chosen, what the INVOCATION says.

import { type Dict, MessageType, type Uri } from '@crosspoint/protocol'
import type { Model } from '../model/model.ts'
import { hasFeature, isSameDict, type ModelCall, type ModelCallee, type ModelRegistration, type ModelSession } from '../model/state.ts'
import type { MessageOf, Turn } from '../model/turn.ts'
import { bestOf } from '../model/uris.ts'
import { isTooLong, payloadKey } from '../payload-key.ts'
import { failed, runTimer, timeoutOf } from './call-ends.ts'
import { isPassthru, passthruDetails } from './passthru.ts'
import { streamSent } from './streams.ts'

const PROGRESS: Dict = { progress: true }
const NOT_SUPPORTED: Uri = 'wamp.error.feature_not_supported'
const TOO_LONG: Uri = 'wamp.error.payload_size_exceeded'

export function newCall(turn: Turn, caller: ModelSession, message: MessageOf<48>, registration: ModelRegistration | undefined): ModelCall {
  const { options, procedure, requestId } = message
  return {
    caller,
    callId: requestId,
    procedure,
    options,
    payload: payloadKey(message.payload),
    acceptedAt: turn.now,
    registration,
    callee: undefined,
    invocationId: 0,
    place: undefined,
    tried: new Set(),
    wantsProgress: false,
    hasProgressed: false,
    deadline: undefined,
    isKilled: false,
    isOver: false,
    upload: undefined,
    group: undefined,
  }
}

/** Why an INVOCATION of this call cannot go to that callee: it needs a feature (RPC-47, PPT-04), or is too long (RPC-18). */
export function lacksFeature({ options }: ModelCall, { session }: ModelCallee): boolean {
  if (options['progress'] === true && !hasFeature(session, 'callee.progressive_call_invocations')) return true
  return isPassthru(options) && !hasFeature(session, 'callee.payload_passthru_mode')
}
function obstacle(call: ModelCall, callee: ModelCallee): Uri | undefined {
  if (lacksFeature(call, callee)) return NOT_SUPPORTED
  return isTooLong(call.payload, callee.session) ? TOO_LONG : undefined
}

/** Whether the next INVOCATION that came to a callee is of this call. */
export function isInvoked(turn: Turn, { payload, registration }: ModelCall, { session }: ModelCallee): boolean {
  return turn.sees(
    session.link,
    MessageType.INVOCATION,
    (message) =>
      message.requestId === session.lastInvocationId + 1 &&
      message.registrationId === registration!.id &&
      payloadKey(message.payload) === payload,
  )
}

/** Gives a call to one of `candidates`; where there are several, the router may choose. The callee, if one gets it. */
export function invokeOne(model: Model, turn: Turn, call: ModelCall, candidates: readonly ModelCallee[]): ModelCallee | undefined {
  const registration = call.registration!
  const one = candidates.length === 1 ? candidates[0] : candidates.find((callee) => isInvoked(turn, call, callee))
  const chosen = one ?? candidates.find((callee) => obstacle(call, callee) === undefined)
  const obstacles = candidates.map((callee) => obstacle(call, callee)).filter((uri) => uri !== undefined)
  const isReached = chosen !== undefined && obstacle(call, chosen) === undefined && (one !== undefined || obstacles.length === 0)
  if (one !== undefined) registration.lastIndex = registration.callees.indexOf(one)
  if (isReached) {
    invoke(model, turn, call, chosen)
    return chosen
  }
  // Chosen, and it cannot get the invocation: the call ends, and the next one goes on from here.
  failed(turn, call.caller, call.callId, obstacles, { isFree: true })
  return undefined
}

/** INVOCATION to a callee, which takes a place there until it is answered. */
export function invoke(model: Model, turn: Turn, call: ModelCall, callee: ModelCallee): void {
  const { caller, options, payload } = call
  const { session } = callee
  const registration = call.registration!
  const isUpload = options['progress'] === true
  call.callee = session
  call.tried.add(session)
  call.invocationId = ++session.lastInvocationId // ID-10
  session.invocations.set(call.invocationId, call)
  if (callee.concurrency > 0) {
    call.place = callee
    callee.running++
  }
  const details = invocationDetails(call, callee)
  call.wantsProgress = details['receive_progress'] === true
  if (isUpload) call.upload = { registrationId: registration.id, details, isOpen: true, chunks: 1 }
  const expected = isUpload ? { ...details, ...PROGRESS } : details
  const { invocationId } = call
  turn.expect(
    session,
    MessageType.INVOCATION,
    `INVOCATION ${invocationId} of registration ${registration.id} for CALL ${call.callId} of session ${caller.id} with ${JSON.stringify(expected)}`,
    (invocation) =>
      invocation.requestId === invocationId &&
      invocation.registrationId === registration.id &&
      isSameDict(invocation.details, expected) &&
      payloadKey(invocation.payload) === payload,
    { ...inTurnOf(turn, session), payload, requestId: invocationId },
  )
  runTimer(model, turn, call, callee)
  if (isUpload) streamSent(model, turn, caller, session)
}

/** What the calls of one turn add to a callee comes in the order of their ids. */
function inTurnOf(turn: Turn, session: ModelSession): { readonly about: readonly object[]; readonly after: object | undefined } {
  const after = turn.lastInvocation.get(session)
  const token = {}
  turn.lastInvocation.set(session, token)
  return { about: [token], after }
}

/** RPC-31, RPC-84, RPC-105, RPC-106, RPC-108, RPC-111, RPC-113, PPT-01. */
function invocationDetails({ caller, options, procedure, group }: ModelCall, callee: ModelCallee): Dict {
  const { registration, session } = callee
  const rule = bestOf(caller.realm.procedures, procedure)
  const details: Record<string, unknown> = passthruDetails(options)
  if (registration.match !== 'exact') details['procedure'] = procedure
  const takesProgress = hasFeature(session, 'callee.progressive_call_results') && group === undefined
  if (options['receive_progress'] === true && takesProgress) {
    details['receive_progress'] = true
  }
  if (callee.forwardsTimeout && timeoutOf(options) > 0) details['timeout'] = options['timeout']
  const isAsked = options['disclose_me'] === true || rule?.disclose === true
  if ((isAsked && hasFeature(session, 'callee.caller_identification')) || callee.disclosesCaller) {
    Object.assign(details, { caller: caller.id, caller_authid: caller.authid, caller_authrole: 'anonymous' })
  }
  const trustlevel = rule?.trustlevel ?? caller.realm.trustlevel
  if (trustlevel !== undefined && hasFeature(session, 'callee.call_trustlevels')) details['trustlevel'] = trustlevel
  return details
}
