// Why a call is refused before it reaches a callee.

import { type Call, ErrorUri, type Uri } from '@crosspoint/protocol'
import { isPassthru } from './details.ts'
import { LimitUri } from './limits.ts'
import type { OwnProcedure } from './own-procedures.ts'
import type { RealmRules } from './realm-rules.ts'
import type { Registration } from './registration.ts'
import type { Session } from './session.ts'

export interface CallRefusal {
  readonly error: Uri
  /** For people. */
  readonly text: string
}

/** What speaks against a call of `own`, or at `registration`, when there is either. */
export function refuseCall(
  rules: RealmRules,
  session: Session,
  message: Call,
  own: OwnProcedure | undefined,
  registration: Registration | undefined,
): CallRefusal | undefined {
  const { options, procedure } = message
  if (registration === undefined || registration.match !== 'exact') {
    const invalid = rules.refuseUri('call', procedure, 'exact')
    if (invalid !== undefined) return { error: ErrorUri.invalidUri, text: invalid }
  }
  if (registration === undefined && own === undefined) {
    return { error: ErrorUri.noSuchProcedure, text: `No procedure is registered for "${procedure}"` }
  }
  if (options['disclose_me'] === true && !rules.allowsDisclose) {
    return { error: ErrorUri.discloseMeDisallowed, text: 'The realm does not allow disclose_me; call without it' } // RPC-107
  }
  if (session.calls.size >= rules.limits.callsInFlightMax) {
    const text = `Cannot call "${procedure}": the session has ${session.calls.size} calls in flight, which is the limit`
    return { error: LimitUri.tooManyCalls, text }
  }
  const isSharded = options['runmode'] === 'partition' || options['runon'] === 'partition'
  if (isSharded && typeof options['rkey'] !== 'string') {
    return { error: ErrorUri.invalidArgument, text: `Cannot call "${procedure}": partition needs the option rkey` } // RPC-128
  }
  if (own !== undefined && (options['progress'] === true || isPassthru(options))) {
    const text = `"${procedure}" is a procedure of the router, which takes neither progressive calls nor passed-through payloads`
    return { error: ErrorUri.featureNotSupported, text }
  }
  return undefined
}
