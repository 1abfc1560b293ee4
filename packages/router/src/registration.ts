// The router's record for a procedure or pattern, and who offers it.

import type { InvocationPolicy, MatchPolicy, Random, RegistrationId, Uri } from '@crosspoint/protocol'
import { chooseCallee } from './invocation-policy.ts'
import type { PendingCall } from './pending-calls.ts'
import type { ProcedureOptions } from './realm-options.ts'
import type { Session } from './session.ts'

/** A callee of a registration, with what it asked for. */
export interface Callee {
  readonly session: Session
  readonly registration: Registration
  readonly disclosesCaller: boolean
  readonly forwardsTimeout: boolean
  /** How many invocations it takes at once; 0 for any number (RPC-127). */
  readonly concurrency: number
  /** How many it has, counted only under a limit. */
  running: number
}

export class Registration {
  readonly id: RegistrationId
  readonly uri: Uri
  readonly match: MatchPolicy
  readonly invoke: InvocationPolicy
  /** Milliseconds since 1970-01-01 UTC. */
  readonly created: number
  /** What the realm says about this procedure; for a pattern it depends on the URI that is called. */
  readonly rule: ProcedureOptions | undefined
  readonly #needsDetails: boolean
  /** In registration order (RPC-123). */
  readonly callees: Callee[] = []
  /** The index after the callee that got the last call, for round robin. */
  turn = 0
  /** Whether a call without options needs nothing but a callee: no details, no places to count, no second attempt. */
  isPlain = false
  /** Calls that wait for a place (RPC-127), oldest first. */
  readonly queue: PendingCall[] = []

  /** `needsDetails`: every invocation has some, whatever the call asks for. */
  constructor(
    id: RegistrationId,
    uri: Uri,
    match: MatchPolicy,
    invoke: InvocationPolicy,
    created: number,
    rule: ProcedureOptions | undefined,
    needsDetails: boolean,
  ) {
    this.id = id
    this.uri = uri
    this.match = match
    this.invoke = invoke
    this.created = created
    this.rule = rule
    this.#needsDetails = needsDetails || rule !== undefined || match !== 'exact'
  }

  add(callee: Callee): void {
    this.callees.push(callee)
    this.#judge()
  }

  remove(session: Session): void {
    const at = this.callees.findIndex((callee) => callee.session === session)
    if (at < 0) return
    this.callees.splice(at, 1)
    if (at < this.turn) this.turn-- // the turn of those that stay is kept (RPC-123)
    this.#judge()
  }

  #judge(): void {
    const canReroute = this.invoke !== 'single' // another callee may come before this one says that it is unavailable
    this.isPlain =
      !this.#needsDetails &&
      this.callees.every((callee) => !callee.disclosesCaller && callee.concurrency === 0 && !(canReroute && callee.session.takesReroute))
  }

  /** The callee of the next call, by the policy. */
  next(random: Random): Callee {
    const { callees } = this
    let at = 0
    if (callees.length > 1) at = chooseCallee(this.invoke, callees.length, this.turn, random)
    this.turn = at + 1 // also of an only callee: one that joins then is next
    return callees[at]!
  }

  /** The callee of the next call among those that `accepts` says yes to, by the policy; `undefined` when there is none. */
  nextOf(accepts: (callee: Callee) => boolean, random: Random): Callee | undefined {
    const { callees } = this
    const eligible = callees.filter(accepts)
    if (eligible.length === 0) return undefined
    let callee: Callee
    if (this.invoke === 'random') callee = eligible[random.below(eligible.length)]!
    else if (this.invoke === 'last') callee = eligible[eligible.length - 1]!
    else if (this.invoke !== 'roundrobin') callee = eligible[0]!
    else callee = eligible.find((each) => callees.indexOf(each) >= this.turn) ?? eligible[0]!
    this.turn = callees.indexOf(callee) + 1
    return callee
  }

  /** The callee that comes after `last` by the policy, among those that `accepts` says yes to (RPC-93); `undefined` when there is none. */
  nextAfter(last: Session, accepts: (callee: Callee) => boolean, random: Random): Callee | undefined {
    const { callees, invoke } = this
    const candidates = callees.filter(accepts)
    if (candidates.length === 0) return undefined
    if (invoke === 'random') return candidates[random.below(candidates.length)]
    if (invoke === 'last') return candidates[candidates.length - 1]
    if (invoke === 'first') return candidates[0]
    const at = callees.findIndex((callee) => callee.session === last)
    const next = candidates.find((callee) => callees.indexOf(callee) > at) ?? candidates[0]!
    this.turn = callees.indexOf(next) + 1
    return next
  }
}

/** Whether a callee has a place for one more invocation (RPC-127). */
export function hasPlace(callee: Callee): boolean {
  return callee.concurrency === 0 || callee.running < callee.concurrency
}
