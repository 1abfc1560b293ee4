// A feature of WAMP as the simulator knows it, one file each in features/: what clients do with it (operations, reactions) and
// what the router must make of that (handlers). To add a feature, write such a file and name it in features/all.ts.

import type { Model } from './model/model.ts'
import type { ModelSession } from './model/state.ts'
import type { Turn } from './model/turn.ts'
import type { RawClient } from './raw-client.ts'

/** Says what must come out of the router after a message of one type came in. The message is as it was decoded. */
export type Handler = (model: Model, turn: Turn, session: ModelSession, message: never) => void

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
  /** A session has left, for whatever reason: says what must come of that. Its meta events are about `leaving`. */
  readonly left?: (model: Model, turn: Turn, session: ModelSession, leaving: object) => void
  /** All that waited for a session's link has left: says what must come of that. */
  readonly drained?: (model: Model, turn: Turn, session: ModelSession) => void
  /** Throws a Finding unless what must always hold does. */
  readonly check?: (model: Model) => void
  /** The turbulence is over: the client does what it still owes. */
  readonly calm?: (client: RawClient) => void
}
