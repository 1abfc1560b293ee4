// Call rerouting (section 6.10 of the requirements): a callee that says `wamp.error.unavailable` passes the call on, and the
// caller notices nothing.

import type { Model } from '../model/model.ts'
import type { ModelCall, ModelCallee } from '../model/state.ts'
import type { Turn } from '../model/turn.ts'
import { end, endWhole, failed, releasePlace } from './call-ends.ts'
import { hasPlace } from './concurrency.ts'
import { invokeOne, lacksFeature } from './invoke.ts'
import { byPolicy } from './policies.ts'

export const UNAVAILABLE = 'wamp.error.unavailable'

/** The callee of a call is unavailable, as it says: the next one gets it, each once (RPC-92, RPC-93, RPC-99). */
export function reroute(model: Model, turn: Turn, call: ModelCall): void {
  const candidates = candidatesFor(call)
  if (candidates.length === 0) {
    const whole = endWhole(model, turn, call)
    return failed(turn, whole.caller, whole.callId, ['wamp.error.no_available_callee']) // RPC-98
  }
  call.callee!.invocations.delete(call.invocationId)
  call.callee = undefined
  releasePlace(turn, call)
  if (invokeOne(model, turn, call, candidates) === undefined) end(model, turn, call)
}

function candidatesFor(call: ModelCall): readonly ModelCallee[] {
  const { callee, group, hasProgressed, tried, upload } = call
  const registration = call.registration!
  if (group !== undefined || hasProgressed || (upload?.chunks ?? 1) > 1) return [] // RPC-101
  const { callees } = registration
  const untried = callees.filter((each) => !tried.has(each.session) && hasPlace(each) && !lacksFeature(call, each))
  const isOpen = call.options['runon'] !== undefined || call.options['runmode'] !== undefined
  if (isOpen) return untried // it was not the policy that chose the first
  const lastIndex = callees.findIndex((each) => each.session === callee)
  return byPolicy({ ...registration, lastIndex }, untried)
}
