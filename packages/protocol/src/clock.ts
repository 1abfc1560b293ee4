// Time as the router and the client see it: a door, so that tests and simulation hold the other side.

export interface Timer {
  /** Stops the timer; harmless when it has fired. */
  cancel(): void
}

export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number
  /** Calls `fire` once after `delayMs` milliseconds. */
  setTimer(delayMs: number, fire: () => void): Timer
}
