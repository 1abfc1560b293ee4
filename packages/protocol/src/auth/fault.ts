// What a check of the peer's words answers when they cannot be used.

/**
 * Why what the peer sent is not usable, for the operator's log or the client's error. The other side is not told
 * (AUTH-06): it sees only the URI of the ABORT.
 *
 * @example
 * const task = readWampcraChallenge(challenge.extra)
 * if ('fault' in task) return abort(task.fault)
 */
export interface AuthFault {
  readonly fault: string
}
