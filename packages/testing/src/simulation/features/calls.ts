// CALL, CANCEL, YIELD, ERROR (sections 6.2 to 6.9 of the requirements): each call ends exactly once, with what its callee
// said, or with the reason why nobody will say anything.

import { type Dict, MessageType, type Uri } from '@crosspoint/protocol'
import type { Feature, Handler } from '../feature.ts'
import type { Model } from '../model/model.ts'
import { hasFeature, isSameDict, type ModelCall, type ModelSession } from '../model/state.ts'
import { isErrorFor, type MessageOf, type Turn } from '../model/turn.ts'
import { bestOf, isReserved, isValid } from '../model/uris.ts'
import { isTooLong, payloadKey } from '../payload-key.ts'
import { answeredPart, callAll } from './call-all.ts'
import { end, endParts, endWhole, failed, interrupted, NO_DETAILS, startTimer, timeoutOf } from './call-ends.ts'
import { answerAll, callOperations, callReactions } from './call-operations.ts'
import { hasPlace, wait } from './concurrency.ts'
import { invokeOne, newCall } from './invoke.ts'
import { isPassthru, passthruDetails } from './passthru.ts'
import { byKey, byPolicy, isPartitioned } from './policies.ts'
import { reroute, UNAVAILABLE } from './reroute.ts'
import { streamSent } from './streams.ts'

const DISALLOWED = 'wamp.error.option_disallowed.disclose_me'
const CANCELED = 'wamp.error.canceled'
const NOT_SUPPORTED = 'wamp.error.feature_not_supported'
const PROGRESS: Dict = { progress: true }
const TOO_LONG: readonly Uri[] = ['wamp.error.payload_size_exceeded']

function called(model: Model, turn: Turn, session: ModelSession, message: MessageOf<48>): void {
  const { options, procedure, requestId } = message
  const { realm } = session
  const registration = isReserved(procedure) ? undefined : bestOf(realm.registrations.values(), procedure) // RPC-114, URI-11
  const refusals: Uri[] = []
  if (!isValid(procedure, 'exact', realm.hasStrictUris) || procedure.length > model.limits.uriLengthMax) {
    refusals.push('wamp.error.invalid_uri')
  }
  const own = model.procedures.get(procedure)
  if (registration === undefined && own === undefined) refusals.push('wamp.error.no_such_procedure') // RPC-13
  if (options['disclose_me'] === true && !realm.allowsDisclose) refusals.push(DISALLOWED) // RPC-107
  if (session.calls.size >= model.limits.callsInFlightMax) refusals.push('crosspoint.error.too_many_calls')
  if (isPartitioned(options) && options['rkey'] === undefined) refusals.push('wamp.error.invalid_argument') // RPC-128
  if (own !== undefined && (options['progress'] === true || isPassthru(options))) refusals.push(NOT_SUPPORTED)
  if (refusals.length > 0) return failed(turn, session, requestId, refusals)
  if (own !== undefined) return own(model, turn, session, message)
  const call = newCall(turn, session, message, registration)
  if (options['runon'] === 'all') callAll(model, turn, call)
  else route(model, turn, call)
}

/** To one callee, or into the queue. */
function route(model: Model, turn: Turn, call: ModelCall): void {
  const { caller, options } = call
  const registration = call.registration!
  const { callees, shards } = registration
  const rkey = isPartitioned(options) ? (options['rkey'] as string) : undefined
  const free = callees.filter(hasPlace)
  const isAny = options['runon'] === 'any' && callees.length > 1
  const candidates = rkey !== undefined ? byKey(registration, rkey) : isAny ? free : byPolicy(registration, free)
  if (candidates.length === 0) return wait(model, turn, call)
  const lastIndex = registration.lastIndex
  const callee = invokeOne(model, turn, call, candidates)
  if (rkey !== undefined || isAny) registration.lastIndex = lastIndex // it was nobody's turn
  if (rkey !== undefined && callee !== undefined) shards.set(rkey, { callee, among: [...callees] })
  if (callee !== undefined) caller.calls.set(call.callId, call)
}

function yielded(model: Model, turn: Turn, session: ModelSession, message: MessageOf<70>): void {
  const call = session.invocations.get(message.requestId)
  if (call === undefined) return stale(model, turn, session, message.requestId)
  const { caller, callId } = call
  const { options } = message
  const isProgress = options['progress'] === true
  if (isPassthru(options) && !hasFeature(caller, 'caller.payload_passthru_mode')) {
    endWhole(model, turn, call)
    if (isProgress) interrupted(turn, call, 'killnowait')
    return failed(turn, caller, callId, [NOT_SUPPORTED]) // PPT-06
  }
  if (isProgress) {
    if (call.deadline !== undefined) startTimer(model, turn, call, timeoutOf(call.options))
    if (!call.wantsProgress) return // RPC-37
    call.hasProgressed = true
  } else if (call.group !== undefined) return answeredPart(model, turn, call, options, message.payload)
  else end(model, turn, call)
  const payload = payloadKey(message.payload)
  if (isProgress) streamSent(model, turn, session, caller)
  if (isTooLong(payload, caller)) {
    // The caller cannot get it: the call ends here, and a callee that would go on is told (RPC-18).
    if (isProgress) end(model, turn, call)
    if (isProgress) interrupted(turn, call, 'killnowait', { isFree: true })
    return failed(turn, caller, callId, TOO_LONG, { isFree: true })
  }
  const details: Dict = { ...(isProgress ? PROGRESS : NO_DETAILS), ...passthruDetails(options) }
  turn.expect(
    caller,
    MessageType.RESULT,
    `RESULT ${callId} with ${JSON.stringify(details)}`,
    (result) => result.requestId === callId && isSameDict(result.details, details) && payloadKey(result.payload) === payload,
    { payload, requestId: callId, isProgress },
  ) // RPC-11, RPC-32
}

function erred(model: Model, turn: Turn, session: ModelSession, message: MessageOf<8>): void {
  if (message.requestType !== MessageType.INVOCATION) return model.violated(turn, session.peer) // PRV-06
  if (!isValid(message.error, 'exact', false)) return model.violated(turn, session.peer)
  const call = session.invocations.get(message.requestId)
  if (call === undefined) return stale(model, turn, session, message.requestId)
  const canReroute = hasFeature(session, 'callee.call_reroute') && !call.isKilled // RPC-75, RPC-100
  if (message.error === UNAVAILABLE && canReroute) return reroute(model, turn, call)
  const { caller, callId } = endWhole(model, turn, call)
  const key = payloadKey(message.payload)
  const payload = isTooLong(key, caller) ? '' : key // the URI matters more than the rest
  const details = passthruDetails(message.details)
  turn.expect(
    caller,
    MessageType.ERROR,
    `ERROR ${message.error} for CALL ${callId}, as the callee said it`,
    (error) =>
      isErrorFor(error, MessageType.CALL, callId, [message.error]) &&
      isSameDict(error.details, details) &&
      payloadKey(error.payload) === payload,
    { isFree: payload !== key, payload, requestId: callId, onlyUri: message.error },
  ) // RPC-12
}

/** PRV-07: an invocation that is over is no matter; one that never was is a violation. */
function stale(model: Model, turn: Turn, session: ModelSession, invocationId: number): void {
  if (invocationId > session.lastInvocationId) model.violated(turn, session.peer)
}

function canceled(model: Model, turn: Turn, session: ModelSession, message: MessageOf<49>): void {
  const call = session.calls.get(message.requestId)
  if (call === undefined || call.isKilled) return // RPC-72
  const { callee, group } = call
  const asked = (message.options['mode'] ?? 'killnowait') as string // RPC-70
  const isTaken = group !== undefined || (callee !== undefined && hasFeature(callee, 'callee.call_canceling'))
  const mode = isTaken ? asked : 'skip' // RPC-69, RPC-79
  if (mode === 'kill' && callee !== undefined) {
    call.isKilled = true // RPC-67
    return interrupted(turn, call, mode)
  }
  end(model, turn, call)
  failed(turn, session, call.callId, [CANCELED])
  if (mode !== 'skip') interrupted(turn, call, 'killnowait')
  if (group !== undefined) endParts(model, turn, group.open, mode !== 'skip')
}

function left(model: Model, turn: Turn, session: ModelSession): void {
  for (const call of [...session.calls.values()]) {
    end(model, turn, call)
    if (call.callee !== session) interrupted(turn, call, 'killnowait') // RPC-24, RPC-27
    if (call.group !== undefined) endParts(model, turn, call.group.open, true, session)
  }
  for (const call of [...session.invocations.values()]) {
    if (call.isOver) continue
    const { caller, callId } = endWhole(model, turn, call)
    failed(turn, caller, callId, [CANCELED]) // RPC-26
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
