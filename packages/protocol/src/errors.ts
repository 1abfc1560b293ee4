// The error classes. Which one tells who is at fault: the peer (ProtocolViolation), the caller of our API (UsageError),
// or the application at the other end (ApplicationError, a WAMP ERROR that became an exception).

import type { Dict } from './messages.ts'
import type { Uri } from './uri.ts'

/**
 * Codes of `UsageError`, and what each means. Every error that this package throws at its caller has one of these;
 * docs/reference/errors.md is checked against the table.
 */
export const ERROR_CODES = {
  ERR_INVALID_ARGUMENT: 'An argument or option has a wrong type or value',
  ERR_UNSERIALIZABLE: 'A value has no form in the serializer in use',
  ERR_PAYLOAD_TOO_LARGE: 'A message is larger than the peer accepts',
  ERR_NOT_CONNECTED: 'There is no session, and none is to be waited for',
  ERR_CONNECTION_LOST: 'The session ended before the answer came',
  ERR_CONNECT_FAILED: 'The transport could not be opened',
  ERR_REFUSED: 'The router refused the session (ABORT)',
  ERR_CLOSED: 'The client, component or session was closed on purpose',
  ERR_TIMEOUT: 'A time limit passed',
  ERR_CONFIG: 'A configuration has a mistake',
  ERR_LISTEN: 'A listener could not be opened',
  ERR_COMPONENT: 'A component could not be loaded or failed at load',
} as const
export type ErrorCode = keyof typeof ERROR_CODES

/** The caller of our API is at fault, or what they asked for cannot be had now. `code` is one of `ERROR_CODES`. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options as ErrorOptions)
    this.code = code
  }
}
interface ErrorOptions {
  cause?: unknown
}

/**
 * The peer broke the protocol; the session ends with ABORT and this message (PRV-01). `isTransportFault` marks the few
 * faults that end the transport alone, without ABORT (PRV-31).
 */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation'
  readonly isTransportFault: boolean
  constructor(message: string, isTransportFault = false) {
    super(message)
    this.isTransportFault = isTransportFault
  }
}

/**
 * A WAMP ERROR as an exception, in both directions: `await call(...)` rejects with one, and a procedure that throws one
 * answers with its URI and payload.
 */
export class ApplicationError extends Error {
  override readonly name = 'ApplicationError'
  /** The error URI, for example `com.example.error.no_such_user`. */
  readonly error: Uri
  readonly args: readonly unknown[]
  readonly kwargs: Dict
  constructor(error: Uri, args: readonly unknown[] = [], kwargs: Dict = {}, options?: { cause?: unknown }) {
    super(typeof args[0] === 'string' ? `${error}: ${args[0]}` : error, options as ErrorOptions)
    this.error = error
    this.args = args
    this.kwargs = kwargs
  }
}
