// Which callees a call may go to by the policy of the registration (RPC-123, RPC-128 … RPC-130).

import type { Dict } from '@crosspoint/protocol'
import type { ModelCallee, ModelRegistration } from '../model/state.ts'

/** Those of `callees`, in order of registration, that the next call may go to: any of them where chance decides. */
export function byPolicy({ callees: all, invoke, lastIndex }: ModelRegistration, callees: readonly ModelCallee[]): readonly ModelCallee[] {
  if (callees.length === 0 || invoke === 'random') return callees
  if (invoke === 'last') return [callees[callees.length - 1]!]
  if (invoke !== 'roundrobin') return [callees[0]!]
  return [callees.find((callee) => all.indexOf(callee) > lastIndex) ?? callees[0]!]
}

export function isPartitioned(options: Dict): boolean {
  return options['runmode'] === 'partition' || options['runon'] === 'partition'
}

/** The callee that a key belongs to, as far as it is known: its last one, or those who have come since (RPC-130). */
export function byKey({ callees, shards }: ModelRegistration, rkey: string): readonly ModelCallee[] {
  const last = shards.get(rkey)
  if (last === undefined || !callees.includes(last.callee)) return callees
  return callees.filter((callee) => callee === last.callee || !last.among.includes(callee))
}
