// How calls end from the router's side, for all features that end some, and what must end them in time.

import { type Dict, MessageType, type Uri } from '@crosspoint/protocol'
import type { Model } from '../model/model.ts'
import { hasFeature, isSameDict, type ModelCall, type ModelCallee, type ModelSession } from '../model/state.ts'
import { type ExpectOptions, isErrorFor, type MessageOf, type Turn } from '../model/turn.ts'

export const NO_DETAILS: Dict = {}

/**
 * Forgets a call at both sides; whatever the callee still says is stale. The place that it had goes to who waits when everything
 * else that comes of the input is done.
 */
export function end(model: Model, turn: Turn, call: ModelCall): void {
  const { callee, group, place, registration } = call
  const isPart = group !== undefined && group.head !== call
  call.isOver = true
  if (!isPart) call.caller.calls.delete(call.callId)
  callee?.invocations.delete(call.invocationId)
  model.cancel(call.deadline)
  const at = registration?.queue.indexOf(call) ?? -1
  if (at >= 0) registration!.queue.splice(at, 1)
  group?.open.delete(call)
  if (place !== undefined) releasePlace(turn, call)
}

export function releasePlace(turn: Turn, call: ModelCall): void {
  const { place } = call
  if (place === undefined) return
  call.place = undefined
  place.running--
  turn.freed.add(place.registration)
}

/** Ends a call and, if it is one part of a call at all callees, all of that: the callees that have not answered are told. */
export function endWhole(model: Model, turn: Turn, call: ModelCall): ModelCall {
  end(model, turn, call)
  const { group } = call
  if (group === undefined) return call
  endParts(model, turn, group.open)
  end(model, turn, group.head)
  return group.head
}

/** The callees that run a part are told, unless `isTold` is false. */
export function endParts(model: Model, turn: Turn, parts: Iterable<ModelCall>, isTold = true, except?: ModelSession): void {
  for (const part of [...parts]) {
    end(model, turn, part)
    if (isTold && part.callee !== except) interrupted(turn, part, 'killnowait')
  }
}

export function failed(turn: Turn, caller: ModelSession, callId: number, uris: readonly Uri[], options: ExpectOptions<8> = {}): void {
  const check = (error: MessageOf<8>) => isErrorFor(error, MessageType.CALL, callId, uris)
  turn.expect(caller, MessageType.ERROR, `ERROR ${uris.join(' or ')} for CALL ${callId}`, check, options)
}

/** INTERRUPT, to a callee that can take it (RPC-65, RPC-69), after the INVOCATION (ORD-11). */
export function interrupted(turn: Turn, call: ModelCall, mode: string, options: ExpectOptions<69> = {}): void {
  const { callee, invocationId } = call
  if (callee === undefined || !hasFeature(callee, 'callee.call_canceling')) return
  turn.expect(
    callee,
    MessageType.INTERRUPT,
    `INTERRUPT ${invocationId} ${mode}`,
    (interrupt) => interrupt.requestId === invocationId && isSameDict(interrupt.options, { mode }),
    options,
  )
}

/** Ends a call with an error of the router's own; the callee need not go on. */
export function endWith(model: Model, turn: Turn, call: ModelCall, error: Uri, isFree = false): void {
  const { callId, caller, group } = call
  end(model, turn, call)
  failed(turn, caller, callId, [error], { isFree })
  interrupted(turn, call, 'killnowait', { isFree })
  if (group !== undefined) endParts(model, turn, group.open)
}

export function timeoutOf(options: Dict): number {
  return (options['timeout'] ?? 0) as number
}

/** From the CALL (RPC-88), and anew with each answer (RPC-87), to the end by timeout (RPC-83). */
export function startTimer(model: Model, turn: Turn, call: ModelCall, ms: number): void {
  model.cancel(call.deadline)
  const what = `the timeout of CALL ${call.callId} of session ${call.caller.id}`
  call.deadline = model.plan(turn, ms, what, (later) => endWith(model, later, call, 'wamp.error.timeout'))
}

/** The time of a call runs here unless its callee has been told of it (RPC-84). */
export function runTimer(model: Model, turn: Turn, call: ModelCall, callee: ModelCallee | undefined): void {
  const timeoutMs = timeoutOf(call.options)
  const isPart = call.group !== undefined && call.group.head !== call
  if (timeoutMs === 0 || isPart) return
  if (callee?.forwardsTimeout) {
    model.cancel(call.deadline)
    call.deadline = undefined
  } else if (call.deadline === undefined) startTimer(model, turn, call, Math.max(0, call.acceptedAt + timeoutMs - turn.now))
}
