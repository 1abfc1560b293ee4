// The door to authorization: the router asks, an authorizer decides, now or later. A session's next messages wait for a late
// decision, so what one session sends stays in order (ORD-04).

import type { Dict, Uri } from '@crosspoint/protocol'
import type { Principal } from './event-store.ts'
import type { Validation } from './validation.ts'

export type Action = 'call' | 'register' | 'publish' | 'subscribe'
export const ACTIONS: readonly Action[] = Object.freeze(['call', 'register', 'publish', 'subscribe'] as const)

/** Who asks, with all that authentication found out; the members beyond `Principal` are there while the session is. */
export interface Asker extends Principal {
  readonly authmethod?: string | undefined
  readonly authprovider?: string | undefined
  readonly authextra?: Dict | undefined
  /** What is known of its connection, see `Link.transport`. */
  readonly transport?: Dict | undefined
}

export interface AuthorizationRequest {
  readonly realm: Uri
  readonly principal: Asker
  readonly action: Action
  readonly uri: Uri
  /** CALL.Options, REGISTER.Options, PUBLISH.Options or SUBSCRIBE.Options. */
  readonly options: Dict
}

/** Leave for what was asked, with what holds for it. */
export interface Grant {
  /** Whether a callee or subscribers are told who calls or publishes, asked or not. Default: only if asked. */
  readonly isDisclosed?: boolean | undefined
  /** What the payload must be like. Default: anything. */
  readonly validation?: Validation | undefined
  /** Whether the same decision holds for the same session, action, URI and match policy from now on. Default: false. */
  readonly isLasting?: boolean | undefined
}

/** `failed` when there is no decision: the authorizer could not be asked, or broke. */
export type Decision = 'allowed' | 'denied' | 'failed' | Grant | Denial

/** No, with whether that is to be remembered. */
export interface Denial {
  readonly isDenied: true
  readonly isLasting?: boolean | undefined
}

export interface Authorizer {
  /** Calls `decide` once, now or later. One that never decides holds up only the session that asked. */
  authorize(request: AuthorizationRequest, decide: (decision: Decision) => void): void
}

/** Whether a decision gives no leave. */
export function isRefused(decision: Decision): decision is 'denied' | 'failed' | Denial {
  return decision === 'denied' || decision === 'failed' || (typeof decision === 'object' && 'isDenied' in decision)
}
