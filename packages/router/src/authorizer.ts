// The door to authorization: the router asks, an authorizer decides, now or later. A session's next messages wait for a late
// decision, so what one session sends stays in order (ORD-04).

import type { Dict, Uri } from '@crosspoint/protocol'
import type { Principal } from './event-store.ts'

export type Action = 'call' | 'register' | 'publish' | 'subscribe'

export interface AuthorizationRequest {
  readonly realm: Uri
  readonly principal: Principal
  readonly action: Action
  readonly uri: Uri
  /** CALL.Options, REGISTER.Options, PUBLISH.Options or SUBSCRIBE.Options. */
  readonly options: Dict
}

/** `failed` when there is no decision: the authorizer could not be asked, or broke. */
export type Decision = 'allowed' | 'denied' | 'failed'

export interface Authorizer {
  /** Calls `decide` once, now or later. One that never decides holds up only the session that asked. */
  authorize(request: AuthorizationRequest, decide: (decision: Decision) => void): void
}
