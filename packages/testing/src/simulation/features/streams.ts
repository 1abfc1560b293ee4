// Streams of progressive messages to somebody who does not keep up (RPC-39): the router reads no more from the sender until
// what waits has left, and ends the stream when that takes too long.

import type { Feature } from '../feature.ts'
import { Finding } from '../finding.ts'
import type { Model } from '../model/model.ts'
import type { Deadline, ModelSession } from '../model/state.ts'
import type { Turn } from '../model/turn.ts'
import { endWith } from './call-ends.ts'

/** By receiver: whom it holds up, with the time that ends it. */
const held = new WeakMap<Model, Map<ModelSession, Map<ModelSession, Deadline>>>()

function heldIn(model: Model): Map<ModelSession, Map<ModelSession, Deadline>> {
  let all = held.get(model)
  if (all === undefined) held.set(model, (all = new Map()))
  return all
}

/** One more message of a stream went from `from` to `to`. */
export function streamSent(model: Model, turn: Turn, from: ModelSession, to: ModelSession): void {
  if (from === to || to.resume?.isDetached || to.link.bufferedBefore <= model.limits.streamBufferedBytesMax) return
  const all = heldIn(model)
  const senders = all.get(to) ?? new Map<ModelSession, Deadline>()
  if (!all.has(to)) model.watch(to, streams)
  all.set(to, senders)
  if (senders.has(from)) return
  from.holds++
  const what = `the end of the streams from session ${from.id} to session ${to.id}, which does not read`
  const expire = (later: Turn): void => {
    senders.delete(from)
    from.holds--
    for (const call of [...from.invocations.values(), ...from.calls.values()]) {
      const isResult = call.callee === from && call.caller === to && call.wantsProgress
      const isUpload = call.caller === from && call.callee === to && call.upload !== undefined
      if (!call.isOver && (isResult || isUpload)) endWith(model, later, call, 'wamp.error.canceled')
    }
  }
  senders.set(from, model.plan(turn, model.limits.streamStallMs, what, expire))
}

/** What waited for `to` has left, or nobody waits for it any more. */
function release(model: Model, to: ModelSession): void {
  const all = heldIn(model)
  for (const [from, deadline] of all.get(to) ?? []) {
    model.cancel(deadline)
    from.holds--
  }
  all.delete(to)
}

export const streams: Feature = {
  name: 'streams',
  operations: [],
  drained: (model, _turn, session) => release(model, session),
  left: (model, _turn, session) => {
    release(model, session)
    for (const senders of heldIn(model).values()) {
      model.cancel(senders.get(session))
      senders.delete(session)
    }
  },
  check: (model) => {
    for (const realm of model.realms.values()) {
      for (const { holds, id, link } of realm.sessions) {
        if (link.isOver || link.isPaused === holds > 0) continue
        throw new Finding(`The router ${link.isPaused ? 'reads nothing' : 'reads'} from session ${id}, which ${holds} streams hold up`)
      }
    }
  },
}
