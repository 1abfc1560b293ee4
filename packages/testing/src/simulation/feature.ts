// A feature of WAMP as the simulator knows it, one file each in features/: what clients do with it (operations, reactions) and
// what the router must make of that (handlers). To add a feature, write such a file and name it in features/all.ts.

import type { Uri } from '@crosspoint/protocol'
import type { Model } from './model/model.ts'
import type { ModelSession } from './model/state.ts'
import type { MessageOf, Turn } from './model/turn.ts'
import type { RawClient } from './raw-client.ts'

/** Says what must come out of the router after a message of one type came in. The message is as it was decoded. */
export type Handler = (model: Model, turn: Turn, session: ModelSession, message: never) => void

/** Says what must come of a call of a procedure of the router. */
export type OwnProcedure = (model: Model, turn: Turn, caller: ModelSession, message: MessageOf<48>) => void

/** What a client does about a message that it got. */
export type Reaction = (client: RawClient, message: never) => void

/** Something that a client does of its own accord. */
export interface Operation {
  readonly name: string
  /** How often, compared with the others; each seed multiplies it by a draw of its own, which may be 0. */
  readonly weight: number
  /** No seed switches it off: without it nothing would happen. */
  readonly isEssential?: boolean
  /** Whether it is done in a session, or between sessions. Default: in a session. */
  readonly isOutside?: boolean
  /** Only clients that break the rules do it, and only while the turbulence lasts. */
  readonly isMisbehaviour?: boolean
  /** Does it; a client that is in no position to does nothing. */
  readonly run: (client: RawClient) => void
}

export interface Feature {
  readonly name: string
  readonly operations: readonly Operation[]
  /** By the type code of messages that clients send within a session. */
  readonly handlers?: ReadonlyMap<number, Handler>
  /** By the type code of messages that clients get. */
  readonly reactions?: ReadonlyMap<number, Reaction>
  /** A session has left, for whatever reason: says what must come of that. Its meta events are about `leaving`; `isSilent`: it was killed with all others (META-22). */
  readonly left?: (model: Model, turn: Turn, session: ModelSession, leaving: object, isSilent: boolean) => void
  /** A session has lost its link, and may come back with another: says what must come of that. */
  readonly detached?: (model: Model, turn: Turn, session: ModelSession) => void
  /** The procedures of the router that belong to it, by URI. */
  readonly procedures?: ReadonlyMap<Uri, OwnProcedure>
  /** What comes of an input is said, but for what has to wait for all the rest: says that. */
  readonly ended?: (model: Model, turn: Turn) => void
  /** All that waited for a session's link has left, and the feature wanted to know (`Model.watch`): says what must come of that. */
  readonly drained?: (model: Model, turn: Turn, session: ModelSession) => void
  /** Throws a Finding unless what must always hold does. */
  readonly check?: (model: Model) => void
  /** The turbulence is over: the client does what it still owes. */
  readonly calm?: (client: RawClient) => void
}
