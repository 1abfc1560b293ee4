// How a client logs in: the door to its methods, and what holds them together for one session. A method is made once, by
// `ticket()`, `cryptosign()` and the others, and begins anew for each session, so that a secret can be fetched each time.

import { type ChannelBinding, type Dict, type Uri, UsageError } from '@crosspoint/protocol'

/** A value, or how to get it; asked for each session that needs it. */
export type Secret<Value> = Value | (() => Value | Promise<Value>)

/** One way to log in. */
export interface AuthMethod {
  /** As in HELLO.Details.authmethods. */
  readonly method: string
  /** Whether it answers a second challenge only (AUTH-08): then it is not offered in HELLO. */
  readonly isSecondStep?: boolean | undefined
  /** Begins for one session. What it throws ends the attempt to connect, and the next one begins anew. */
  begin(context: AuthContext): AuthAttempt | Promise<AuthAttempt>
}

export interface AuthContext {
  readonly realm: Uri
  /** The data that a login can be bound to; undefined where the transport has none of that type, as in browsers. */
  channelId(type: ChannelBinding): Uint8Array | undefined
}

/** One method at work for one session. */
export interface AuthAttempt {
  /** For HELLO.Details. All methods of a client that name an authid must name the same. */
  readonly authid?: string | undefined
  /** For HELLO.Details, put together with those of the other methods. */
  readonly authextra?: Dict | undefined
  /** Answers CHALLENGE. What it throws is sent as ABORT `wamp.error.cannot_authenticate` (AUTH-09). */
  answer?(extra: Dict): AuthAnswer | Promise<AuthAnswer>
  /** Looks at WELCOME.Details, when this method was the last that was asked. What it throws ends the session (AUTH-43). */
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
  #last: AuthAttempt | undefined

  constructor(details: Dict, attempts: ReadonlyMap<string, AuthAttempt>) {
    this.details = details
    this.#attempts = attempts
  }

  async answer(method: string, extra: Dict): Promise<AuthAnswer> {
    this.#last = this.#attempts.get(method)
    if (this.#last?.answer === undefined) throw new Error(`"${method}" was asked for; ${[...this.#attempts.keys()].join(', ')} can answer`)
    return this.#last.answer(extra)
  }

  verify(details: Dict): void {
    // Who is let in without a challenge, or as something that was not offered, must still be proven to if a proof is wanted.
    const method = details['authmethod']
    const attempt = this.#last ?? (typeof method === 'string' ? this.#attempts.get(method) : undefined) ?? [...this.#attempts.values()][0]
    attempt?.verify?.(details)
  }
}

/**
 * Begins every method.
 * @throws UsageError `ERR_INVALID_ARGUMENT` when two methods want different authids, or the same key of authextra
 */
export async function beginLogin(methods: readonly AuthMethod[], context: AuthContext): Promise<ClientLogin> {
  const attempts = new Map<string, AuthAttempt>()
  const authextra: Record<string, unknown> = {}
  let authid: string | undefined
  for (const { method, begin } of methods) {
    const attempt = await begin(context)
    attempts.set(method, attempt)
    if (attempt.authid !== undefined && authid !== undefined && attempt.authid !== authid) {
      throw conflict(`the authid "${authid}" and "${attempt.authid}"`)
    }
    authid ??= attempt.authid
    for (const [key, value] of Object.entries(attempt.authextra ?? {})) {
      if (key in authextra && authextra[key] !== value) throw conflict(`different values of authextra.${key}`)
      authextra[key] = value
    }
  }
  const authmethods = methods.filter(({ isSecondStep }) => isSecondStep !== true).map(({ method }) => method)
  const details: Record<string, unknown> = { authmethods }
  if (authid !== undefined) details['authid'] = authid
  if (Object.keys(authextra).length > 0) details['authextra'] = authextra
  return new ClientLogin(details, attempts)
}

function conflict(what: string): UsageError {
  return new UsageError('ERR_INVALID_ARGUMENT', `Cannot log in: the methods in "auth" want ${what}; HELLO has room for one`)
}

/** The value of a secret, fetched if need be. */
export async function reveal<Value>(secret: Secret<Value>): Promise<Value> {
  return typeof secret === 'function' ? (secret as () => Value | Promise<Value>)() : secret
}
