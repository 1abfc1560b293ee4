// Calls of the router's own procedures, for all features that have some.

import { type Dict, MessageType, Payload, type Uri } from '@crosspoint/protocol'
import type { Ask } from '../model/guard.ts'
import type { Model } from '../model/model.ts'
import type { ModelCall, ModelSession } from '../model/state.ts'
import type { MessageOf, Turn } from '../model/turn.ts'
import type { RawClient } from '../raw-client.ts'
import { end, failed, runTimer } from './call-ends.ts'
import { newCall } from './invoke.ts'

/** Calls one; `options` are those of CALL. The id of the call; 0 when the client cannot call. */
export function callOwn(client: RawClient, procedure: Uri, args: readonly unknown[], kwargs: Dict = {}, options: Dict = {}): number {
  if (!client.roles.has('caller')) return 0
  const requestId = client.nextId(MessageType.CALL)
  client.send({ type: MessageType.CALL, requestId, options, procedure, payload: Payload.of(args, kwargs) })
  return requestId
}

/** Of calls that may wait for an authorizer. */
export function drawTimeout({ chance }: RawClient): Dict {
  return chance.is(15) ? { timeout: chance.pick([1, 50, 2000]) } : {}
}

/** RESULT, with these arguments when it comes. */
export function answered(turn: Turn, caller: ModelSession, callId: number, args: () => readonly unknown[]): void {
  const check = ({ details, payload, requestId }: MessageOf<50>) =>
    requestId === callId && Object.keys(details).length === 0 && JSON.stringify(payload.read().args) === JSON.stringify(args())
  turn.expect(caller, MessageType.RESULT, `RESULT ${callId} with ${JSON.stringify(args())}`, check)
}

/**
 * The router must ask whether the caller may do that. When it may, `then` says what comes of the call; while it is not decided
 * the call is open, and may be cancelled or end in time like any other.
 */
export function permitted(
  model: Model,
  turn: Turn,
  caller: ModelSession,
  message: MessageOf<48>,
  action: string,
  uri: Uri,
  then: (later: Turn) => void,
): void {
  let call: ModelCall | undefined
  let isDecided = false
  model.guard.ask(turn, caller, action, uri, (later: Turn, decision: Ask['decision']) => {
    isDecided = true
    if (call?.isOver) return
    if (call !== undefined) end(model, later, call)
    if (decision === 'allowed') return then(later)
    const error = decision === 'denied' ? 'wamp.error.not_authorized' : 'wamp.error.authorization_failed'
    failed(later, caller, message.requestId, [error])
  })
  if (isDecided) return
  call = newCall(turn, caller, message, undefined)
  caller.calls.set(call.callId, call)
  runTimer(model, turn, call, undefined)
}
