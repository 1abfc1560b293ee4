// Every limit of the router: name with unit, default, and what happens when it is reached. Limits of sockets are the
// transport's (packages/transport/src/options.ts).

export interface RouterLimits {
  /** From attach to WELCOME, in milliseconds. Then the session is refused with ABORT and its transport closed. */
  readonly handshakeTimeoutMs: number
  /** From HELLO to WELCOME where sessions log in, in milliseconds. Then ABORT `wamp.error.authentication_failed` (AUTH-07). */
  readonly loginTimeoutMs: number
  /** Logins under way at one time. One more is refused with ABORT `crosspoint.error.too_many_logins`. */
  readonly loginsAtOnceMax: number
  /**
   * Failed logins from one address (an IPv4 address, or 64 bits of an IPv6 one) within `loginFailuresForgetMs`. From a tenth on
   * attempts wait, up to 4 s; then ABORT `crosspoint.error.too_many_logins`. 0 turns it off, for nodes behind a proxy.
   */
  readonly loginFailuresPerAddressMax: number
  /** The same of one principal, wherever it comes from; where it has logged in before, the attempts from there alone. */
  readonly loginFailuresPerPrincipalMax: number
  /** In which time the maximum of failed logins is forgotten, at a steady pace, in milliseconds. */
  readonly loginFailuresForgetMs: number
  /** How long a peer may take to answer a GOODBYE, in milliseconds. Then its transport is closed. */
  readonly goodbyeTimeoutMs: number
  /** Calls in flight per calling session. One more is answered with ERROR `crosspoint.error.too_many_calls`. */
  readonly callsInFlightMax: number
  /** Subscriptions per session. One more is answered with ERROR `crosspoint.error.too_many_subscriptions`. */
  readonly subscriptionsMax: number
  /** Registrations per session. One more is answered with ERROR `crosspoint.error.too_many_registrations`. */
  readonly registrationsMax: number
  /** Longest URI in UTF-16 units. A longer one is answered as invalid (`wamp.error.invalid_uri`). */
  readonly uriLengthMax: number
  /** Calls that wait at one registration for a place under `concurrency`. One more is answered with `crosspoint.error.too_many_calls`. */
  readonly callsQueuedMax: number
  /** Messages of one session that wait for a decision of the authorizer; then its transport is not read until there is one. */
  readonly heldMessagesMax: number
  /** Decisions of authorizers that a realm keeps because they were made to last. One more and all are forgotten and made anew. */
  readonly decisionsMax: number
  /** Bytes that may wait for the receiver of a stream of progressive messages; then its sender is not read until they have left. */
  readonly streamBufferedBytesMax: number
  /** How long a stream may stand still because its receiver does not read, in milliseconds. Then the call ends. */
  readonly streamStallMs: number
  /** Testaments per session and scope. One more is answered with ERROR `crosspoint.error.too_many_testaments`. */
  readonly testamentsMax: number
  /** Topics of a realm with retained events. An event of one more is not retained. */
  readonly retainedTopicsMax: number
  /** Bytes of payload of all retained events of a realm. An event that would exceed them is not retained. */
  readonly retainedBytesMax: number
  /** Events in one answer of history. The caller asks again for more. */
  readonly historyEventsMax: number
  /** Bytes of payload in one answer of history. The caller asks again for more. */
  readonly historyBytesMax: number
  /** Descriptions of procedures, topics and errors in a realm. One more is answered with `crosspoint.error.too_many_definitions`. */
  readonly definitionsMax: number
}

export const DEFAULT_LIMITS: RouterLimits = Object.freeze({
  handshakeTimeoutMs: 10_000,
  loginTimeoutMs: 9_000,
  loginsAtOnceMax: 10_000,
  loginFailuresPerAddressMax: 200,
  loginFailuresPerPrincipalMax: 50,
  loginFailuresForgetMs: 600_000,
  goodbyeTimeoutMs: 5_000,
  callsInFlightMax: 65_536,
  subscriptionsMax: 100_000,
  registrationsMax: 100_000,
  uriLengthMax: 1_024,
  callsQueuedMax: 1_000,
  heldMessagesMax: 100,
  decisionsMax: 100_000,
  streamBufferedBytesMax: 1_048_576,
  streamStallMs: 30_000,
  testamentsMax: 100,
  retainedTopicsMax: 100_000,
  retainedBytesMax: 268_435_456,
  historyEventsMax: 1_000,
  historyBytesMax: 4_194_304,
  definitionsMax: 10_000,
})

/** Our own error URIs, for limits that WAMP has no URI for. */
export const LimitUri = {
  tooManyCalls: 'crosspoint.error.too_many_calls',
  tooManySubscriptions: 'crosspoint.error.too_many_subscriptions',
  tooManyRegistrations: 'crosspoint.error.too_many_registrations',
  tooManyTestaments: 'crosspoint.error.too_many_testaments',
  tooManyDefinitions: 'crosspoint.error.too_many_definitions',
  notStored: 'crosspoint.error.not_stored',
  tooManyLogins: 'crosspoint.error.too_many_logins',
} as const
