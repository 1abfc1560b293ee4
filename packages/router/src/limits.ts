// Every limit of the router: name with unit, default, and what happens when it is reached. Limits of sockets are the
// transport's (packages/transport/src/options.ts).

export interface RouterLimits {
  /** From attach to WELCOME, in milliseconds. Then the session is refused with ABORT and its transport closed. */
  readonly handshakeTimeoutMs: number
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
}

export const DEFAULT_LIMITS: RouterLimits = Object.freeze({
  handshakeTimeoutMs: 10_000,
  goodbyeTimeoutMs: 5_000,
  callsInFlightMax: 65_536,
  subscriptionsMax: 100_000,
  registrationsMax: 100_000,
  uriLengthMax: 1_024,
})

/** Our own error URIs, for limits that WAMP has no URI for. */
export const LimitUri = {
  tooManyCalls: 'crosspoint.error.too_many_calls',
  tooManySubscriptions: 'crosspoint.error.too_many_subscriptions',
  tooManyRegistrations: 'crosspoint.error.too_many_registrations',
} as const
