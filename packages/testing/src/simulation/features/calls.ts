// CALL, CANCEL, YIELD, ERROR (sections 6.2 to 6.9 of the requirements): each call ends exactly once, with what its callee
// said, or with the reason why nobody will say anything.

import { type Dict, MessageType, type Uri } from '@crosspoint/protocol'
import type { Feature, Handler } from '../feature.ts'
import type { Model } from '../model/model.ts'
import { hasFeature, isSameDict, type ModelCall, type ModelCallee, type ModelRegistration, type ModelSession } from '../model/state.ts'
import { isErrorFor, type MessageOf, type Turn } from '../model/turn.ts'
import { bestOf, isReserved, isValid } from '../model/uris.ts'
import { isTooLong, payloadKey } from '../payload-key.ts'
import { end, endWith, failed, interrupted, NO_DETAILS } from './call-ends.ts'
import { answerAll, callOperations, callReactions } from './call-operations.ts'
import { OWN_PROCEDURES } from './kills.ts'
import { streamSent } from './streams.ts'

const DISALLOWED = 'wamp.error.option_disallowed.disclose_me'
const CANCELED = 'wamp.error.canceled'
const PROGRESS: Dict = { progress: true }
const NOT_SUPPORTED: readonly Uri[] = ['wamp.error.feature_not_supported']
const TOO_LONG: readonly Uri[] = ['wamp.error.payload_size_exceeded']

function called(model: Model, turn: Turn, session: ModelSession, message: MessageOf<48>): void {
  const { options, procedure, requestId } = message
  const { realm } = session
  const registration = isReserved(procedure) ? undefined : bestOf(realm.registrations.values(), procedure) // RPC-114, URI-11
  const refusals: Uri[] = []
  if (!isValid(procedure, 'exact', realm.hasStrictUris) || procedure.length > model.limits.uriLengthMax) {
    refusals.push('wamp.error.invalid_uri')
  }
  const own = OWN_PROCEDURES.get(procedure)
  if (registration === undefined && own === undefined) refusals.push('wamp.error.no_such_procedure') // RPC-13
  if (options['disclose_me'] === true && !realm.allowsDisclose) refusals.push(DISALLOWED) // RPC-107
  if (session.calls.size >= model.limits.callsInFlightMax) refusals.push('crosspoint.error.too_many_calls')
  if (refusals.length > 0) return failed(turn, session, requestId, refusals)
  if (own !== undefined) own(model, turn, session, message)
  else expectInvocation(model, turn, session, message, registration!)
}

/** INVOCATION comes to the callee that the policy says; to any of them when it says chance (RPC-123). */
function expectInvocation(model: Model, turn: Turn, caller: ModelSession, message: MessageOf<48>, registration: ModelRegistration): void {
  const { options, requestId } = message
  const { callees } = registration
  const all = candidatesOf(registration)
  const payload = payloadKey(message.payload)
  const isUpload = options['progress'] === true
  const takesUploads = (callee: ModelCallee) => !isUpload || hasFeature(callee.session, 'callee.progressive_call_invocations')
  const able = all.filter(takesUploads)
  const candidates = able.filter((callee) => !isTooLong(payload, callee.session))
  const oneOf = {}
  if (candidates.length < all.length) {
    // Chosen, and it cannot get the invocation: the call ends, and the next one goes on from here (RPC-18, RPC-47).
    const uris = [...(able.length < all.length ? NOT_SUPPORTED : []), ...(candidates.length < able.length ? TOO_LONG : [])]
    if (all.length === 1) registration.lastIndex = callees.indexOf(all[0]!)
    failed(turn, caller, requestId, uris, { oneOf, isFree: true })
    if (candidates.length === 0) return
  }
  const calleeAt = (link: unknown): ModelCallee => candidates.find((callee) => callee.session.link === link)!
  const who = candidates.map((callee) => `session ${callee.session.id}`).join(' or ')
  turn.expect(
    candidates.map((callee) => callee.session),
    MessageType.INVOCATION,
    `INVOCATION of registration ${registration.id} for CALL ${requestId} of session ${caller.id}, to ${who}`,
    (invocation, link) => {
      const callee = calleeAt(link)
      return (
        invocation.registrationId === registration.id &&
        isNextId(callee.session, invocation.requestId) &&
        isSameDict(invocation.details, {
          ...invocationDetails(caller, message, registration, callee),
          ...(isUpload ? PROGRESS : NO_DETAILS),
        }) &&
        payloadKey(invocation.payload) === payload
      )
    },
    {
      oneOf,
      isFree: candidates.length < all.length, // its alternative comes when the turn is over
      learn: (invocation, link) => {
        const callee = calleeAt(link)
        callee.session.lastInvocationId = invocation.requestId
        registration.lastIndex = callees.indexOf(callee)
        const call = openCall(message, registration, caller, callee, invocation)
        startTimer(model, turn, call)
        if (isUpload) streamSent(model, turn, caller, callee.session)
      },
    },
  )
}

/** The call as it is from its INVOCATION on, known at both sides. */
function openCall(
  { options, procedure, requestId }: MessageOf<48>,
  registration: ModelRegistration,
  caller: ModelSession,
  callee: ModelCallee,
  invocation: MessageOf<68>,
): ModelCall {
  const { progress, ...details } = invocation.details
  const call: ModelCall = {
    caller,
    callId: requestId,
    procedure,
    callee: callee.session,
    invocationId: invocation.requestId,
    wantsProgress: details['receive_progress'] === true,
    timeoutMs: callee.forwardsTimeout ? 0 : ((options['timeout'] ?? 0) as number),
    deadline: undefined,
    isKilled: false,
    upload: progress === true ? { registrationId: registration.id, details, isOpen: true } : undefined,
  }
  caller.calls.set(requestId, call)
  callee.session.invocations.set(call.invocationId, call)
  return call
}

/** ID-10; one that was too long to be sent took none. */
function isNextId({ lastInvocationId }: ModelSession, id: number): boolean {
  return id === lastInvocationId + 1
}

function candidatesOf({ callees, invoke, lastIndex }: ModelRegistration): readonly ModelCallee[] {
  if (invoke === 'random') return callees
  if (invoke === 'last') return [callees[callees.length - 1]!]
  return [callees[invoke === 'roundrobin' ? (lastIndex + 1) % callees.length : 0]!]
}

/** RPC-31, RPC-84, RPC-105, RPC-106, RPC-108, RPC-113. */
function invocationDetails(caller: ModelSession, message: MessageOf<48>, registration: ModelRegistration, callee: ModelCallee): Dict {
  const { options, procedure } = message
  const details: Record<string, unknown> = {}
  if (registration.match !== 'exact') details['procedure'] = procedure
  const takesProgress = hasFeature(callee.session, 'callee.progressive_call_results')
  if (options['receive_progress'] === true && takesProgress && hasFeature(caller, 'caller.progressive_call_results')) {
    details['receive_progress'] = true
  }
  if (callee.forwardsTimeout && ((options['timeout'] ?? 0) as number) > 0) details['timeout'] = options['timeout']
  const isAsked = options['disclose_me'] === true && hasFeature(callee.session, 'callee.caller_identification')
  if (isAsked || callee.disclosesCaller) {
    Object.assign(details, { caller: caller.id, caller_authid: caller.authid, caller_authrole: 'anonymous' })
  }
  return details
}

/** From the CALL, and anew with each answer, to the end by timeout (RPC-83, RPC-87). */
function startTimer(model: Model, turn: Turn, call: ModelCall): void {
  model.cancel(call.deadline)
  if (call.timeoutMs === 0) return
  const what = `the timeout of CALL ${call.callId} of session ${call.caller.id}`
  call.deadline = model.plan(turn, call.timeoutMs, what, (later) => endWith(model, later, call, 'wamp.error.timeout'))
}

function yielded(model: Model, turn: Turn, session: ModelSession, message: MessageOf<70>): void {
  const call = session.invocations.get(message.requestId)
  if (call === undefined) return stale(model, turn, session, message.requestId)
  const isProgress = message.options['progress'] === true
  if (isProgress) {
    if (call.deadline !== undefined) startTimer(model, turn, call)
    if (!call.wantsProgress) return // RPC-37
  } else end(model, call)
  const payload = payloadKey(message.payload)
  if (isProgress) streamSent(model, turn, session, call.caller)
  if (isTooLong(payload, call.caller)) {
    // The caller cannot get it: the call ends here, and a callee that would go on is told (RPC-18).
    if (isProgress) end(model, call)
    if (isProgress) interrupted(turn, call, 'killnowait', { isFree: true })
    return failed(turn, call.caller, call.callId, TOO_LONG, { isFree: true })
  }
  const details = isProgress ? PROGRESS : NO_DETAILS
  turn.expect(
    call.caller,
    MessageType.RESULT,
    `RESULT ${call.callId}${isProgress ? ' with progress' : ''}`,
    (result) => result.requestId === call.callId && isSameDict(result.details, details) && payloadKey(result.payload) === payload,
  ) // RPC-11, RPC-32
}

function erred(model: Model, turn: Turn, session: ModelSession, message: MessageOf<8>): void {
  if (message.requestType !== MessageType.INVOCATION) return model.violated(turn, session.peer) // PRV-06
  if (!isValid(message.error, 'exact', false)) return model.violated(turn, session.peer)
  const call = session.invocations.get(message.requestId)
  if (call === undefined) return stale(model, turn, session, message.requestId)
  end(model, call)
  const key = payloadKey(message.payload)
  const payload = isTooLong(key, call.caller) ? '' : key // the URI matters more than the rest
  turn.expect(
    call.caller,
    MessageType.ERROR,
    `ERROR ${message.error} for CALL ${call.callId}, as the callee said it`,
    (error) => isErrorFor(error, MessageType.CALL, call.callId, [message.error]) && payloadKey(error.payload) === payload,
    { isFree: payload !== key },
  ) // RPC-12
}

/** PRV-07: an invocation that is over is no matter; one that never was is a violation. */
function stale(model: Model, turn: Turn, session: ModelSession, invocationId: number): void {
  if (invocationId > session.lastInvocationId) model.violated(turn, session.peer)
}

function canceled(model: Model, turn: Turn, session: ModelSession, message: MessageOf<49>): void {
  const call = session.calls.get(message.requestId)
  if (call === undefined || call.isKilled) return // RPC-72
  const asked = (message.options['mode'] ?? 'killnowait') as string // RPC-70
  const mode = hasFeature(call.callee, 'callee.call_canceling') ? asked : 'skip' // RPC-69
  if (mode === 'kill') {
    call.isKilled = true // RPC-67
  } else {
    end(model, call)
    failed(turn, session, call.callId, [CANCELED])
  }
  if (mode !== 'skip') interrupted(turn, call, mode)
}

function left(model: Model, turn: Turn, session: ModelSession): void {
  for (const call of [...session.calls.values()]) {
    end(model, call)
    if (call.callee !== session) interrupted(turn, call, 'killnowait') // RPC-24
  }
  for (const call of [...session.invocations.values()]) {
    end(model, call)
    failed(turn, call.caller, call.callId, [CANCELED]) // RPC-26
  }
}

export const calls: Feature = {
  name: 'calls',
  operations: callOperations,
  reactions: callReactions,
  handlers: new Map<number, Handler>([
    [MessageType.CALL, called],
    [MessageType.CANCEL, canceled],
    [MessageType.YIELD, yielded],
    [MessageType.ERROR, erred],
  ]),
  left,
  calm: answerAll,
}
