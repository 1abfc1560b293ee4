// How calls end from the router's side, for all features that end some.

import { type Dict, MessageType, type Uri } from '@crosspoint/protocol'
import type { Model } from '../model/model.ts'
import { hasFeature, isSameDict, type ModelCall, type ModelSession } from '../model/state.ts'
import { type ExpectOptions, isErrorFor, type MessageOf, type Turn } from '../model/turn.ts'

export const NO_DETAILS: Dict = {}

/** Forgets a call at both sides; whatever the callee still says is stale. */
export function end(model: Model, call: ModelCall): void {
  call.caller.calls.delete(call.callId)
  call.callee.invocations.delete(call.invocationId)
  model.cancel(call.deadline)
}

export function failed(turn: Turn, caller: ModelSession, callId: number, uris: readonly Uri[], options: ExpectOptions<8> = {}): void {
  const check = (error: MessageOf<8>) => isErrorFor(error, MessageType.CALL, callId, uris)
  turn.expect(caller, MessageType.ERROR, `ERROR ${uris.join(' or ')} for CALL ${callId}`, check, options)
}

/** INTERRUPT, to a callee that can take it (RPC-65, RPC-69). */
export function interrupted(turn: Turn, call: ModelCall, mode: string, options: ExpectOptions<69> = {}): void {
  if (!hasFeature(call.callee, 'callee.call_canceling')) return
  turn.expect(
    call.callee,
    MessageType.INTERRUPT,
    `INTERRUPT ${call.invocationId} ${mode}`,
    (interrupt) => interrupt.requestId === call.invocationId && isSameDict(interrupt.options, { mode }),
    options,
  )
}

/** Ends a call with an error of the router's own; the callee need not go on. */
export function endWith(model: Model, turn: Turn, call: ModelCall, error: Uri, isFree = false): void {
  end(model, call)
  failed(turn, call.caller, call.callId, [error], { isFree })
  interrupted(turn, call, 'killnowait', { isFree })
}
