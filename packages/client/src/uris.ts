// The predefined URIs that this package uses, one by one: the tables of the protocol package would be in every bundle
// whole. The types hold them to those tables.

import type { CloseUri, ErrorUri } from '@crosspoint/protocol'

export const AUTHENTICATION_DENIED: typeof ErrorUri.authenticationDenied = 'wamp.error.authentication_denied'
export const AUTHENTICATION_FAILED: typeof ErrorUri.authenticationFailed = 'wamp.error.authentication_failed'
export const CANCELED: typeof ErrorUri.canceled = 'wamp.error.canceled'
export const CANNOT_AUTHENTICATE: typeof ErrorUri.cannotAuthenticate = 'wamp.error.cannot_authenticate'
export const INVALID_ARGUMENT: typeof ErrorUri.invalidArgument = 'wamp.error.invalid_argument'
export const NO_MATCHING_AUTH_METHOD: typeof ErrorUri.noMatchingAuthMethod = 'wamp.error.no_matching_auth_method'
export const NO_SUCH_REALM: typeof ErrorUri.noSuchRealm = 'wamp.error.no_such_realm'
export const NO_SUCH_REGISTRATION: typeof ErrorUri.noSuchRegistration = 'wamp.error.no_such_registration'
export const NOT_AUTHORIZED: typeof ErrorUri.notAuthorized = 'wamp.error.not_authorized'
export const PAYLOAD_SIZE_EXCEEDED: typeof ErrorUri.payloadSizeExceeded = 'wamp.error.payload_size_exceeded'
export const PROTOCOL_VIOLATION: typeof ErrorUri.protocolViolation = 'wamp.error.protocol_violation'
export const RUNTIME_ERROR: typeof ErrorUri.runtimeError = 'wamp.error.runtime_error'
export const TIMEOUT: typeof ErrorUri.timeout = 'wamp.error.timeout'

/** The feature of calls and invocations that come in chunks. */
export const UPLOADS = 'progressive_call_invocations'

export const CLOSE_REALM: typeof CloseUri.closeRealm = 'wamp.close.close_realm'
export const GOODBYE_AND_OUT: typeof CloseUri.goodbyeAndOut = 'wamp.close.goodbye_and_out'
export const CLOSE_NORMAL: typeof CloseUri.normal = 'wamp.close.normal'
