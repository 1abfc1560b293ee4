// The refusals of logins (AUTH-06): the peer learns the kind, the operator the cause.

import { ErrorUri } from '@crosspoint/protocol'
import type { Step } from './authenticator.ts'
import type { LookupFailure } from './principals.ts'

/** Wrong credentials, or nobody of that name: the peer cannot tell which. */
export function denied(cause: string): Step {
  const message = 'The credentials are not right'
  return { type: 'refuse', refusal: { reason: ErrorUri.authenticationDenied, message, cause, isGuess: true } }
}

/** What came is not what the method needs. `message` says what, since it tells nothing about accounts. */
export function malformed(message: string): Step {
  return { type: 'refuse', refusal: { reason: ErrorUri.authenticationFailed, message, cause: message, isGuess: false } }
}

/** The check could not be made. */
export function failed(cause: string): Step {
  const message = 'The login could not be checked; try again later'
  return { type: 'refuse', refusal: { reason: ErrorUri.authenticationFailed, message, cause, isGuess: false } }
}

/** The principal could not be looked up, or its source refuses by itself. */
export function lookupFailed({ failure, reason, message }: LookupFailure): Step {
  if (reason === undefined) return failed(failure)
  const text = message ?? 'The login is refused'
  return { type: 'refuse', refusal: { reason, message: text, cause: failure, isGuess: true } }
}
