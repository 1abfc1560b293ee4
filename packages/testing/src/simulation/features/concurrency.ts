// `concurrency` of registrations (RPC-127): a callee takes so many invocations at once; when no callee has a place, calls wait,
// and are served in their order as soon as one has.

import type { Feature } from '../feature.ts'
import type { Model } from '../model/model.ts'
import type { ModelCall, ModelCallee, ModelRegistration } from '../model/state.ts'
import type { Turn } from '../model/turn.ts'
import { end, failed, runTimer } from './call-ends.ts'
import { invokeOne, isInvoked } from './invoke.ts'
import { byPolicy } from './policies.ts'

export function hasPlace({ concurrency, running }: ModelCallee): boolean {
  return concurrency === 0 || running < concurrency
}

/** No callee has a place: the call waits, unless too many do or it is one that cannot. */
export function wait(model: Model, turn: Turn, call: ModelCall): void {
  const { caller, callId, options } = call
  const registration = call.registration!
  if (registration.queue.length >= model.limits.callsQueuedMax || options['progress'] === true) {
    return failed(turn, caller, callId, ['crosspoint.error.too_many_calls'])
  }
  caller.calls.set(callId, call)
  registration.queue.push(call)
  runTimer(model, turn, call, undefined)
}

/**
 * Places may have become free in this turn, or callees have come, or the last have gone: whoever waits is served in order. Which of
 * several registrations, and of several free callees, is first, is open.
 */
function serveQueues(model: Model, turn: Turn): void {
  for (;;) {
    const ready = [...turn.freed].filter(canServe)
    if (ready.length === 0) return turn.freed.clear()
    const isNext = ({ callees, queue }: ModelRegistration) =>
      callees.some((callee) => hasPlace(callee) && isInvoked(turn, queue[0]!, callee))
    const registration = ready.find(isNext) ?? ready[0]!
    serveFirst(model, turn, registration, byPolicy(registration, registration.callees.filter(hasPlace)))
  }
}

function canServe({ callees, queue }: ModelRegistration): boolean {
  return queue.length > 0 && (callees.length === 0 || callees.some(hasPlace))
}

function serveFirst(model: Model, turn: Turn, { queue }: ModelRegistration, candidates: readonly ModelCallee[]): void {
  const call = queue.shift()!
  if (candidates.length > 0 && invokeOne(model, turn, call, candidates) !== undefined) return
  end(model, turn, call)
  if (candidates.length === 0) failed(turn, call.caller, call.callId, ['wamp.error.canceled'], { isFree: true })
}

export const concurrency: Feature = {
  name: 'concurrency',
  operations: [],
  ended: serveQueues,
  // Who has left calls nobody any more: its calls do not take the places that its leaving makes free.
  left: (model, turn, session) => {
    for (const call of [...session.calls.values()]) {
      if (call.registration?.queue.includes(call) === true) end(model, turn, call)
    }
  },
}
