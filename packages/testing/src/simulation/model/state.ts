// What the checkers know of the world: who is there, who listens to what, which calls are open. It is kept from the messages
// that arrived at the router and from the requirements alone; the router is never asked.

import type { Dict, InvocationPolicy, MatchPolicy, Message, Uri } from '@crosspoint/protocol'
import type { ModelStream } from '../features/history.ts'
import type { Link } from '../link.ts'
import type { RouterTimer } from '../scheduler.ts'
import type { ModelLogin } from './logins.ts'
import type { Expectation, Turn } from './turn.ts'

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
 * `fresh`: no HELLO yet. `login`: challenged. `open`: in a session. `dismissed`: the router said GOODBYE and awaits the answer. `over`: nothing
 * that arrives counts any more.
 */
export type Phase = 'fresh' | 'login' | 'open' | 'dismissed' | 'over'

export interface ModelPeer {
  link: Link
  phase: Phase
  session: ModelSession | undefined
  /** In phase `login`. */
  login: ModelLogin | undefined
  /** Of the handshake or the login, then of the answer to GOODBYE. */
  deadline: Deadline | undefined
}

export interface ModelSession {
  readonly peer: ModelPeer
  /** Where its messages go; one that may be resumed can come to another. */
  link: Link
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
  /** For a session that may outlive its link. */
  readonly resume: ModelResumption | undefined
  /** How many streams hold it up, so that the router does not read from it. */
  holds: number
}

/** What lets a session outlive its link (section 4.6 of the requirements). */
export interface ModelResumption {
  token: string
  /** The one before, which holds until the client has sent something. */
  formerToken: string | undefined
  /** Messages that the client sent in the session and that arrived. */
  received: number
  /** What it was sent, on whatever link. */
  readonly sent: Message[]
  /** There is no link; what is expected meanwhile comes with the next. */
  isDetached: boolean
  backlog: Expectation[]
}

export interface ModelSubscription {
  /** 0 until the first SUBSCRIBED told it. */
  id: number
  readonly uri: Uri
  readonly match: MatchPolicy
  readonly subscribers: Set<ModelSession>
  /** The node keys of those subscribers that have one. */
  readonly nodeKeys: Map<ModelSession, string>
  /** By resource key: the node key that it belonged to last, and the others that there were then. */
  readonly shards: Map<string, { readonly nodeKey: string; readonly among: readonly string[] }>
}

export interface ModelCallee {
  readonly session: ModelSession
  readonly registration: ModelRegistration
  readonly disclosesCaller: boolean
  readonly forwardsTimeout: boolean
  /** How many invocations it takes at once; 0 for any number. */
  readonly concurrency: number
  /** How many it has, where that is limited. */
  running: number
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
  /** Calls that wait for a place, oldest first. */
  readonly queue: ModelCall[]
  /** By resource key: who had its last call, and who else was there then. */
  readonly shards: Map<string, { readonly callee: ModelCallee; readonly among: readonly ModelCallee[] }>
}

export interface ModelCall {
  readonly caller: ModelSession
  readonly callId: number
  readonly procedure: Uri
  readonly options: Dict
  readonly payload: string
  readonly acceptedAt: number
  /** `undefined` for a procedure of the router. */
  readonly registration: ModelRegistration | undefined
  /** `undefined` while it waits, and for a call that runs at all callees. */
  callee: ModelSession | undefined
  invocationId: number
  /** The callee that it takes a place of. */
  place: ModelCallee | undefined
  /** Who has had it. */
  readonly tried: Set<ModelSession>
  wantsProgress: boolean
  /** Whether a progressive result was sent on. */
  hasProgressed: boolean
  deadline: Deadline | undefined
  isKilled: boolean
  isOver: boolean
  /** For a progressive call invocation: what its later chunks need. */
  upload: { readonly registrationId: number; readonly details: Dict; isOpen: boolean; chunks: number } | undefined
  /** The call at all callees that it is, or that it is one part of. */
  group: ModelGroup | undefined
}

/** A call that runs at all callees of a registration (RPC-129). */
export interface ModelGroup {
  readonly head: ModelCall
  readonly isProgressive: boolean
  /** Of every callee that was called, in order. */
  readonly parts: ModelCall[]
  /** Those who have not answered. */
  readonly open: Set<ModelCall>
  readonly answers: Map<ModelCall, unknown>
}

export interface ModelRealm {
  readonly name: Uri
  readonly isStrict: boolean
  readonly hasStrictUris: boolean
  readonly allowsDisclose: boolean
  readonly allowsRetain: boolean
  readonly hasAuthorizer: boolean
  readonly topics: readonly ModelTopicRule[]
  readonly procedures: readonly ModelRule[]
  /** Of publishers and callers, all of whom have the same role. */
  readonly trustlevel: number | undefined
  readonly history: readonly ModelStream[]
  /** Of sessions that outlive their links; `undefined` where none may. */
  readonly resume: { readonly waitMs: number; readonly messagesMax: number } | undefined
  /** In the order of joining. */
  readonly sessions: Set<ModelSession>
  /** By match and URI. */
  readonly subscriptions: Map<string, ModelSubscription>
  readonly registrations: Map<string, ModelRegistration>
  /** Ids that were given to a subscription or registration; none is given again (ID-14). */
  readonly usedSubscriptionIds: Set<number>
  readonly usedRegistrationIds: Set<number>
}

/** What a realm says of the URIs that match. */
export interface ModelRule {
  readonly uri: Uri
  readonly match: MatchPolicy
  readonly trustlevel: number | undefined
  readonly disclose: boolean
}
export interface ModelTopicRule extends ModelRule {
  readonly slow: 'close' | 'drop' | 'newest'
  readonly slowBytesMax: number
}

/** The limits that the model checks. */
export interface ModelLimits {
  readonly handshakeTimeoutMs: number
  readonly goodbyeTimeoutMs: number
  readonly loginTimeoutMs: number
  readonly loginsAtOnceMax: number
  readonly callsInFlightMax: number
  readonly subscriptionsMax: number
  readonly registrationsMax: number
  readonly uriLengthMax: number
  readonly heldMessagesMax: number
  readonly streamBufferedBytesMax: number
  readonly streamStallMs: number
  readonly retainedTopicsMax: number
  readonly callsQueuedMax: number
  readonly testamentsMax: number
  readonly historyEventsMax: number
}

export function hasFeature(session: ModelSession, feature: string): boolean {
  return session.features.has(feature)
}

/** Whether two dictionaries of plain values are the same. */
export function isSameDict(one: Dict, other: Dict): boolean {
  const names = Object.keys(one)
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name])
}
