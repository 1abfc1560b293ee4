// How a client logs in: the door to its methods, and what holds them together for one session. A method is made once, by
// `ticket()`, `cryptosign()` and the others, and begins anew for each session, so that a secret can be fetched each time.

import { type ChannelBinding, type Dict, type Uri, UsageError } from '@crosspoint/protocol'

/** A value, or how to get it; asked for each session that needs it. */
export type Secret<Value> = Value | (() => Value | Promise<Value>)

/**
 * One way to log in. What `begin`, `answer` and `verify` throw ends the attempt to join. A `UsageError` is final: nothing that
 * waiting could change, so the client stops. After anything else it tries again later, with its backoff.
 */
export interface AuthMethod {
  /** As in HELLO.Details.authmethods. */
  readonly method: string
  /** For HELLO.Details. All methods of a client that have one must have the same. Default: the router finds out. */
  readonly authid?: string | undefined
  /** Whether it answers a second challenge only (AUTH-08): then it is not offered in HELLO. */
  readonly isSecondStep?: boolean | undefined
  /** Begins for one session. */
  begin(context: AuthContext): AuthAttempt | Promise<AuthAttempt>
}

export interface AuthContext {
  readonly realm: Uri
  /** The data that a login can be bound to; undefined where the transport has none of that type, as in browsers. */
  channelId(type: ChannelBinding): Uint8Array | undefined
}

/** One method at work for one session. */
export interface AuthAttempt {
  /** For HELLO.Details, put together with those of the other methods. */
  readonly authextra?: Dict | undefined
  /** Answers CHALLENGE. What it throws is sent as ABORT `wamp.error.cannot_authenticate` (AUTH-09), its text only if a `UsageError`. */
  answer?(extra: Dict): AuthAnswer | Promise<AuthAnswer>
  /** Looks at WELCOME.Details, when this method answered, or let in without a challenge. What it throws ends the session (AUTH-43). */
  verify?(details: Dict): void
}

/** AUTHENTICATE. */
export interface AuthAnswer {
  readonly signature: string
  readonly extra?: Dict | undefined
}

/** The login of one session. */
export class ClientLogin {
  /** What HELLO says of it. */
  readonly details: Dict
  readonly #attempts: ReadonlyMap<string, AuthAttempt>
  readonly #offered: readonly string[]
  readonly #answered = new Set<string>()

  constructor(details: Dict, offered: readonly string[], attempts: ReadonlyMap<string, AuthAttempt>) {
    this.details = { ...details, authmethods: offered }
    this.#offered = offered
    this.#attempts = attempts
  }

  async answer(method: string, extra: Dict): Promise<AuthAnswer> {
    const attempt = this.#attempts.get(method)
    if (attempt?.answer === undefined) {
      throw new UsageError('ERR_REFUSED', `It was asked for, and is none of ${[...this.#attempts.keys()].join(', ')} that can answer`)
    }
    this.#answered.add(method)
    const answer = await attempt.answer(extra)
    if (typeof answer?.signature !== 'string') throw invalid('The answer to CHALLENGE must have a signature, a string')
    return answer
  }

  verify(details: Dict): void {
    const methods = [...this.#answered]
    // Who is let in without a challenge, or as something that was not offered, must still be proven to if a proof is wanted.
    if (!methods.some((method) => this.#offered.includes(method))) {
      const named = this.#offered.filter((method) => method === details['authmethod'])
      methods.push(...(named.length > 0 ? named : this.#offered))
    }
    for (const method of methods) this.#attempts.get(method)!.verify?.(details)
  }
}

/**
 * Checks the list where the mistake can still be blamed on a line of the program.
 * @throws UsageError `ERR_INVALID_ARGUMENT` when nothing is offered, something twice, or as two different authids
 */
export function checkMethods(methods: readonly AuthMethod[]): readonly AuthMethod[] {
  const names = new Set<string>()
  let authid: string | undefined
  let isOffered = false
  for (const one of methods) {
    if (typeof one?.begin !== 'function') throw invalid('Each element of "auth" must be what a method returns, such as anonymous()')
    if (names.has(one.method)) throw invalid(`"auth" has the method ${one.method} twice; a router asks by name`)
    if (authid !== undefined && (one.authid ?? authid) !== authid) throw conflict(`the authids "${authid}" and "${one.authid}"`)
    names.add(one.method)
    authid ??= one.authid
    isOffered ||= one.isSecondStep !== true
  }
  if (!isOffered) throw invalid('"auth" must have a method for the first step, such as anonymous(); leave it out for no login')
  return [...methods]
}

/**
 * Begins every method.
 * @throws UsageError `ERR_INVALID_ARGUMENT` when two methods want the same key of authextra
 */
export async function beginLogin(methods: readonly AuthMethod[], context: AuthContext): Promise<ClientLogin> {
  const attempts = new Map<string, AuthAttempt>()
  const authextra: Record<string, unknown> = {}
  const details: Record<string, unknown> = {}
  const offered: string[] = []
  for (const one of methods) {
    const attempt = await one.begin(context)
    attempts.set(one.method, attempt)
    if (one.authid !== undefined) details['authid'] = one.authid
    if (one.isSecondStep !== true) offered.push(one.method)
    for (const [key, value] of Object.entries(attempt.authextra ?? {})) {
      if (key in authextra && authextra[key] !== value) throw conflict(`different values of authextra.${key}`)
      authextra[key] = value
      details['authextra'] = authextra
    }
  }
  return new ClientLogin(details, offered, attempts)
}

function invalid(message: string): UsageError {
  return new UsageError('ERR_INVALID_ARGUMENT', message)
}

function conflict(what: string): UsageError {
  return invalid(`The methods in "auth" want ${what}; HELLO has room for one`)
}

/** What was thrown, which can be anything, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
