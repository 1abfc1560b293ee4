// INVOCATION.Details and RESULT.Details: what a callee and a caller are told beyond the payload.

import { type Call, type Dict, EMPTY_DICT } from '@crosspoint/protocol'
import { copyPassthru, hasPassthru, isDisclosed, isPassthru } from './details.ts'
import type { RealmRules } from './realm-rules.ts'
import type { Callee, Registration } from './registration.ts'
import type { Session } from './session.ts'

const PROGRESS: Dict = Object.freeze({ progress: true })
const RECEIVE_PROGRESS: Dict = Object.freeze({ receive_progress: true })

/** The Details of an invocation, without `progress` of a single chunk. */
export function invocationDetails(
  rules: RealmRules,
  caller: Session,
  message: Call,
  registration: Registration,
  callee: Callee,
  wantsProgress: boolean,
): Dict {
  const { options, procedure } = message
  const rule = registration.match === 'exact' ? registration.rule : rules.procedureRule(procedure)
  const isAsked = isDisclosed(options) || rule?.disclose === true
  const discloses = (isAsked && callee.session.takesCallerIdentification) || callee.disclosesCaller // RPC-106, RPC-108
  const timeoutMs = callee.forwardsTimeout ? ((options['timeout'] ?? 0) as number) : 0
  const trustlevel = callee.session.takesCallTrustlevels ? (rule?.trustlevel ?? rules.trustlevelOf(caller.authrole)) : undefined
  const isPattern = registration.match !== 'exact'
  if (!discloses && timeoutMs === 0 && !isPattern && trustlevel === undefined && !hasPassthru(options)) {
    return wantsProgress ? RECEIVE_PROGRESS : EMPTY_DICT
  }
  const details: Record<string, unknown> = {}
  if (isPattern) details['procedure'] = procedure // RPC-113
  if (wantsProgress) details['receive_progress'] = true
  if (timeoutMs > 0) details['timeout'] = timeoutMs // RPC-84
  if (discloses) {
    details['caller'] = caller.id
    details['caller_authid'] = caller.authid
    details['caller_authrole'] = caller.authrole
  }
  if (trustlevel !== undefined) details['trustlevel'] = trustlevel // RPC-111
  copyPassthru(options, details)
  return details
}

/** The Details of a RESULT, or of an ERROR, from the callee's options. */
export function resultDetails(options: Dict, isProgress: boolean): Dict {
  if (!hasPassthru(options)) return isProgress ? PROGRESS : EMPTY_DICT
  const details: Record<string, unknown> = {}
  if (isProgress) details['progress'] = true
  copyPassthru(options, details)
  return details
}

/** The feature that an invocation with these options needs and the callee did not announce. */
export function lacksFeature(callee: Session, options: Dict): string | undefined {
  if (options['progress'] === true && !callee.takesUploads) return 'progressive_call_invocations'
  if (isPassthru(options) && !callee.takesPassthruAsCallee) return 'payload_passthru_mode'
  return undefined
}

/** The options of a call whose parts are not to send progress of their own. */
export function withoutProgress(options: Dict): Dict {
  const { receive_progress: _, ...rest } = options
  return rest
}
