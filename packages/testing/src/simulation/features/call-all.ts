// Calls that run at all callees of a registration (RPC-129): one RESULT with the list of all results, or each as a progressive
// RESULT and then an empty one; the first error ends it all.

import { type Dict, MessageType, type Payload } from '@crosspoint/protocol'
import type { Model } from '../model/model.ts'
import { hasFeature, isSameDict, type ModelCall, type ModelGroup } from '../model/state.ts'
import type { MessageOf, Turn } from '../model/turn.ts'
import { isTooLong, payloadKey } from '../payload-key.ts'
import { end, endParts, failed, runTimer } from './call-ends.ts'
import { invoke, lacksFeature } from './invoke.ts'
import { passthruDetails } from './passthru.ts'

export function callAll(model: Model, turn: Turn, call: ModelCall): void {
  const { caller, callId, options } = call
  const { callees } = call.registration!
  const isProgressive = options['runmode'] === 'progressive'
  if (options['progress'] === true || callees.some((callee) => lacksFeature(call, callee))) {
    return failed(turn, caller, callId, ['wamp.error.feature_not_supported'])
  }
  if (callees.some(({ session }) => isTooLong(call.payload, session))) return callTooLong(model, turn, call)
  const group: ModelGroup = { head: call, isProgressive, parts: [], open: new Set(), answers: new Map() }
  call.group = group
  caller.calls.set(callId, call)
  runTimer(model, turn, call, undefined)
  for (const callee of [...callees]) {
    const part: ModelCall = { ...call, tried: new Set(), deadline: undefined }
    group.parts.push(part)
    group.open.add(part)
    invoke(model, turn, part, callee)
  }
}

/** One of them cannot get it: an error, which ends the call of all others (RPC-18). */
function callTooLong(_model: Model, turn: Turn, call: ModelCall): void {
  const registration = call.registration!
  for (const { session } of registration.callees) {
    if (isTooLong(call.payload, session)) continue
    const invocationId = ++session.lastInvocationId
    const what = `INVOCATION ${invocationId} of registration ${registration.id}, which another callee cannot get`
    const token = {}
    const isIt = (message: MessageOf<68>) => message.requestId === invocationId && payloadKey(message.payload) === call.payload
    turn.expect(session, MessageType.INVOCATION, what, isIt, { about: [token] })
    if (!hasFeature(session, 'callee.call_canceling')) continue
    const check = ({ options, requestId }: MessageOf<69>) => requestId === invocationId && isSameDict(options, { mode: 'killnowait' })
    turn.expect(session, MessageType.INTERRUPT, `INTERRUPT ${invocationId}`, check, { after: token })
  }
  failed(turn, call.caller, call.callId, ['wamp.error.payload_size_exceeded'], { isFree: true })
}

/** A callee has answered its part. */
export function answeredPart(model: Model, turn: Turn, part: ModelCall, options: Dict, payload: Payload): void {
  const group = part.group!
  const { head, answers } = group
  answers.set(part, singleValue(payload))
  const isLast = group.open.size === 1 && group.open.has(part)
  if (isLast) end(model, turn, head)
  end(model, turn, part)
  const key = payloadKey(payload)
  const list = JSON.stringify([[group.parts.map((each) => answers.get(each))], {}], bigintAsText)
  const isLost = group.isProgressive ? isTooLong(key, head.caller) : isLast && isTooLong(list, head.caller)
  if (isLost) {
    // What cannot be told ends it (RPC-18).
    end(model, turn, head)
    endParts(model, turn, group.open)
    return failed(turn, head.caller, head.callId, ['wamp.error.payload_size_exceeded'], { isFree: true })
  }
  if (group.isProgressive) result(turn, group, { progress: true, ...passthruDetails(options) }, key)
  if (isLast) result(turn, group, {}, group.isProgressive ? '' : list)
}

function result(turn: Turn, { head }: ModelGroup, details: Dict, payload: string): void {
  const check = (given: MessageOf<50>) =>
    given.requestId === head.callId && isSameDict(given.details, details) && payloadKey(given.payload) === payload
  turn.expect(head.caller, MessageType.RESULT, `RESULT ${head.callId} with ${JSON.stringify(details)} ${payload.slice(0, 200)}`, check, {
    payload,
    requestId: head.callId,
    isProgress: details['progress'] === true,
  })
}

/** A result as one value: its only argument, null when there is none, both kinds of arguments when it is not that simple. */
function singleValue(payload: Payload): unknown {
  const { args, kwargs } = payload.read()
  if (Object.keys(kwargs).length > 0 || args.length > 1) return { args, kwargs }
  return args.length === 0 ? null : args[0]
}

function bigintAsText(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}
