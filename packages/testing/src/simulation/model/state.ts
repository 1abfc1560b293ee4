// What the checkers know of the world: who is there, who listens to what, which calls are open. It is kept from the messages
// that arrived at the router and from the requirements alone; the router is never asked.

import type { Dict, InvocationPolicy, MatchPolicy, Uri } from '@crosspoint/protocol'
import type { Link } from '../link.ts'
import type { RouterTimer } from '../scheduler.ts'
import type { Turn } from './turn.ts'

/** Something that happens at a certain time unless it is cancelled; the router must have one timer for each. */
export interface Deadline {
  readonly dueAt: number
  readonly what: string
  /** Says what must happen now. */
  readonly expire: (turn: Turn) => void
  /** For deadlines that no time tells apart: whether what the router did is about this one. */
  readonly isEvident: () => boolean
  timer: RouterTimer | undefined
}

/**
 * `fresh`: no HELLO yet. `open`: in a session. `dismissed`: the router said GOODBYE and awaits the answer. `over`: nothing
 * that arrives counts any more.
 */
export type Phase = 'fresh' | 'open' | 'dismissed' | 'over'

export interface ModelPeer {
  readonly link: Link
  phase: Phase
  session: ModelSession | undefined
  /** Of the handshake, then of the answer to GOODBYE. */
  deadline: Deadline | undefined
}

export interface ModelSession {
  readonly peer: ModelPeer
  readonly link: Link
  readonly realm: ModelRealm
  id: number
  authid: string
  readonly roles: ReadonlySet<string>
  /** As "callee.call_canceling". */
  readonly features: ReadonlySet<string>
  /** The last request id of the client. */
  lastRequestId: number
  /** The last invocation id of the router. */
  lastInvocationId: number
  readonly subscriptions: Set<ModelSubscription>
  readonly registrations: Set<ModelRegistration>
  /** By CALL request id. */
  readonly calls: Map<number, ModelCall>
  /** By INVOCATION request id. */
  readonly invocations: Map<number, ModelCall>
  /** How many streams hold it up, so that the router does not read from it. */
  holds: number
}

export interface ModelSubscription {
  /** 0 until the first SUBSCRIBED told it. */
  id: number
  readonly uri: Uri
  readonly match: MatchPolicy
  readonly subscribers: Set<ModelSession>
}

export interface ModelCallee {
  readonly session: ModelSession
  readonly disclosesCaller: boolean
  readonly forwardsTimeout: boolean
}

export interface ModelRegistration {
  id: number
  readonly uri: Uri
  readonly match: MatchPolicy
  readonly invoke: InvocationPolicy
  /** In the order of registration. */
  readonly callees: ModelCallee[]
  /** Where the callee of the last call stands; -1 before the first. */
  lastIndex: number
}

export interface ModelCall {
  readonly caller: ModelSession
  readonly callId: number
  readonly procedure: Uri
  callee: ModelSession
  invocationId: number
  readonly wantsProgress: boolean
  readonly timeoutMs: number
  deadline: Deadline | undefined
  isKilled: boolean
  /** For a progressive call invocation: what its later chunks need. */
  readonly upload: { readonly registrationId: number; readonly details: Dict; isOpen: boolean } | undefined
}

export interface ModelRealm {
  readonly name: Uri
  readonly isStrict: boolean
  readonly hasStrictUris: boolean
  readonly allowsDisclose: boolean
  readonly allowsRetain: boolean
  readonly hasAuthorizer: boolean
  /** In the order of joining. */
  readonly sessions: Set<ModelSession>
  /** By match and URI. */
  readonly subscriptions: Map<string, ModelSubscription>
  readonly registrations: Map<string, ModelRegistration>
  /** Ids that were given to a subscription or registration; none is given again (ID-14). */
  readonly usedSubscriptionIds: Set<number>
  readonly usedRegistrationIds: Set<number>
}

/** The limits that the model checks. */
export interface ModelLimits {
  readonly handshakeTimeoutMs: number
  readonly goodbyeTimeoutMs: number
  readonly callsInFlightMax: number
  readonly subscriptionsMax: number
  readonly registrationsMax: number
  readonly uriLengthMax: number
  readonly heldMessagesMax: number
  readonly streamBufferedBytesMax: number
  readonly streamStallMs: number
  readonly retainedTopicsMax: number
}

export function hasFeature(session: ModelSession, feature: string): boolean {
  return session.features.has(feature)
}

/** Whether two dictionaries of plain values are the same. */
export function isSameDict(one: Dict, other: Dict): boolean {
  const names = Object.keys(one)
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name])
}
