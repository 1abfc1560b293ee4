// Logins by cookie: a browser that has logged in by another method comes back with its cookie (AUTH-02, AUTH-10).
//
// A cookie is set by the answer to the upgrade, before anybody knows who comes, and cannot be changed afterwards. So a login is bound
// only to a value that this node gave out for this very connection: a value that the browser brought may be one that an attacker
// planted there, to be logged in with it later (session fixation). A brought value can do one thing: bring back the login that it has.
// One that turns out to have none, because it expired, was logged out or was made up, is replaced at the next upgrade.

import type { SessionId } from '@crosspoint/protocol'
import type { Authenticator, Identity, LoginRequest, Next } from '@crosspoint/router'
import type { Logger } from '../log.ts'
import { type CookieLogin, type CookieStore, cookieKey } from './cookie-store.ts'
import { COOKIE_DEFAULTS, type CookieOptions, isCookieValue, newCookieValue, readCookie, setCookie } from './cookies.ts'

/** Why a session ends that was logged out, and the others with its cookie. */
const LOGOUT = 'wamp.close.logout'

/** How long a value that was given out waits for a login; the router's time limits are shorter. */
const FRESH_MS = 600_000
/** How many of them are remembered, and how many brought values that have no login; beyond it the oldest is forgotten. */
const REMEMBERED_MAX = 100_000

const NO_LOGIN = 'the cookie has no login, or none any more'

/** Methods whose logins are not kept: the first shows nothing, the others show it each time anyway. */
const NOT_KEPT: ReadonlySet<string> = new Set(['anonymous', 'cookie', 'tls'])

export interface CookieLoginsOptions {
  readonly store: CookieStore
  /** The HTTP path that the cookie belongs to; shown at another one it is worth nothing. */
  readonly path: string
  readonly cookie?: CookieOptions | undefined
  /** Whether the realm is there and has the role, still (AUTH-06). */
  readonly hasRole: (realm: string, authrole: string) => boolean
  /** Ends sessions, because one that had the same cookie was logged out. */
  readonly endSessions: (sessions: readonly SessionId[], reason: string) => void
  readonly log: Logger
  /** Milliseconds since 1970. Default: the system's clock. */
  readonly now?: (() => number) | undefined
}

/** An HTTP request that opens a transport, as the listener's `onUpgrade` has it. */
export interface CookieRequest {
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined }
  readonly isSecure: boolean
}

/**
 * The cookies of one path.
 *
 * @example
 * const cookies = new CookieLogins({ store: memoryCookieStore(), path: '/ws', hasRole, endSessions, log })
 * createListener({ onUpgrade: (request) => cookies.upgrade(request), onTransport: (transport, serializer, info) =>
 *   router.attach(transport, serializer, {
 *     link: { ...link, cookie: cookies.cookieOf(info.headers) },
 *     login: { authenticators: [cookies.authenticator, ticket(nodeCrypto, source)], onAccepted: cookies.accepted },
 *   }) })
 */
export class CookieLogins {
  readonly authenticator: Authenticator
  readonly #options: CookieLoginsOptions
  readonly #store: CookieStore
  readonly #name: string
  readonly #length: number
  readonly #now: () => number
  /** The cookie of a request, by its headers. */
  readonly #ofRequest = new WeakMap<object, string>()
  /** Values that were given out, and when: only these take a login. */
  readonly #fresh = new Map<string, number>()
  /** Brought values that have no login, by key. */
  readonly #empty = new Set<string>()
  /** Logins on their way into the store, by key. */
  readonly #writes = new Map<string, Promise<void>>()
  /** Sessions that a cookie stands for, by key, and the other way round. */
  readonly #sessions = new Map<string, Set<SessionId>>()
  readonly #keys = new Map<SessionId, string>()

  constructor(options: CookieLoginsOptions) {
    const { name = COOKIE_DEFAULTS.name, length = COOKIE_DEFAULTS.length } = options.cookie ?? {}
    this.#options = options
    this.#store = options.store
    this.#name = name
    this.#length = length
    this.#now = options.now ?? Date.now
    this.authenticator = { method: 'cookie', begin: (request, next) => this.#begin(request, next) }
  }

  /** The values of Set-Cookie headers for the answer to this request: one, when the browser has no cookie that can have a login. */
  upgrade({ headers, isSecure }: CookieRequest): readonly string[] {
    const brought = readCookie(headers['cookie'], this.#name)
    // One that was given to another connection, which has not logged in yet, is no more trusted than one that was made up.
    if (brought !== undefined && isCookieValue(brought, this.#length) && !this.#fresh.has(brought) && !this.#isEmpty(brought)) {
      this.#ofRequest.set(headers, brought)
      return []
    }
    const value = newCookieValue(this.#length)
    this.#ofRequest.set(headers, value)
    this.#noteFresh(value)
    return [setCookie(value, this.#options.cookie ?? {}, this.#options.path, isSecure)]
  }

  /** The cookie of the connection that this request opened, for `Link.cookie`. */
  cookieOf(headers: CookieRequest['headers']): string | undefined {
    return this.#ofRequest.get(headers)
  }

  /** To be told of each login (`LoginOptions.onAccepted`): keeps it by the cookie. */
  readonly accepted = (request: LoginRequest, identity: Identity): void => {
    const { cookie } = request.link
    if (cookie === undefined || !this.#options.hasRole(identity.realm, identity.authrole)) return
    const key = this.#keyOf(cookie)
    if (identity.authmethod === 'cookie') return this.#noteSession(key, request.session)
    if (NOT_KEPT.has(identity.authmethod)) return
    if (this.#fresh.delete(cookie)) {
      this.#noteSession(key, request.session)
      this.#keep(key, identity)
    } else void this.#checkBrought(key) // so that the next upgrade gives a new one, if it has no login
  }

  /** To be told when a session ends (`RouterObserver.onSessionEnd`): a logout takes the login from its cookie, for all who have it. */
  ended(session: SessionId, reason: string): void {
    const key = this.#keys.get(session)
    if (key === undefined) return
    this.#forgetSession(key, session)
    if (reason === LOGOUT) void this.#logoutKey(key)
  }

  /**
   * Takes the login from a cookie, and ends the sessions of this node that it stands for. Resolves when the store has forgotten it;
   * when it cannot, that is logged, and only this node knows that the cookie counts no more.
   */
  logout(cookie: string): Promise<void> {
    return this.#logoutKey(this.#keyOf(cookie))
  }

  async #logoutKey(key: string): Promise<void> {
    this.#noteEmpty(key)
    const sessions = [...(this.#sessions.get(key) ?? [])]
    for (const session of sessions) this.#forgetSession(key, session)
    if (sessions.length > 0) this.#options.endSessions(sessions, LOGOUT)
    try {
      await this.#writes.get(key) // or the login would come back
      await this.#store.delete(key)
    } catch (error) {
      this.#options.log.error(
        `a cookie was logged out, but its login could not be deleted, and works again after a restart: ${(error as Error).message}`,
      )
    }
  }

  #begin({ link, realm, authid }: LoginRequest, next: Next): void {
    const { cookie } = link
    const skip = (cause: string) => next({ type: 'skip', cause })
    if (cookie === undefined) return skip('no cookie')
    if (this.#fresh.has(cookie)) return skip('the cookie is new')
    if (this.#isEmpty(cookie)) return skip(NO_LOGIN)
    const key = this.#keyOf(cookie)
    this.#find(key).then(
      (login) => {
        if (login === undefined) {
          this.#noteEmpty(key)
          return skip(NO_LOGIN)
        }
        if (realm !== null && realm !== login.realm) return skip(`the cookie's login is for realm "${login.realm}"`)
        if (authid !== undefined && authid !== login.authid) return skip(`the cookie's login is that of "${login.authid}"`)
        if (!this.#options.hasRole(login.realm, login.authrole)) {
          return skip(`the role "${login.authrole}" of the cookie's login is no more in realm "${login.realm}"`)
        }
        next({ type: 'accept', identity: identityOf(login) })
      },
      (error: Error) => {
        this.#options.log.error(`a cookie could not be looked up: ${error.message}`)
        skip('its store failed') // another method may do
      },
    )
  }

  /** What a cookie is bound to; a page that is loaded again at once comes back before its login is kept. */
  async #find(key: string): Promise<CookieLogin | undefined> {
    await this.#writes.get(key)
    return this.#store.find(key)
  }

  #keep(key: string, { realm, authid, authrole, authextra, expiresAtMs: endsAtMs = Number.POSITIVE_INFINITY }: Identity): void {
    const { max_age = COOKIE_DEFAULTS.max_age } = this.#options.cookie ?? {}
    const expiresAtMs = Math.min(this.#now() + max_age * 1000, endsAtMs) // a token that ends sooner is not made to last longer
    const written = this.#store
      .put(key, { realm, authid, authrole, authextra, expiresAtMs })
      .catch((error: Error) => {
        this.#noteEmpty(key)
        this.#options.log.error(`the login of "${authid}" could not be kept by its cookie: ${error.message}`)
      })
      .finally(() => this.#writes.delete(key))
    this.#writes.set(key, written)
  }

  async #checkBrought(key: string): Promise<void> {
    try {
      if ((await this.#store.find(key)) === undefined) this.#noteEmpty(key)
    } catch {
      // Then nothing is known of it, as before.
    }
  }

  #keyOf(cookie: string): string {
    return cookieKey(this.#options.path, cookie)
  }

  #isEmpty(cookie: string): boolean {
    const key = this.#keyOf(cookie)
    return this.#empty.has(key) || this.#store.knows?.(key) === false
  }

  #noteEmpty(key: string): void {
    this.#empty.add(key)
    if (this.#empty.size > REMEMBERED_MAX) this.#empty.delete(this.#empty.values().next().value!)
  }

  #noteFresh(value: string): void {
    const now = this.#now()
    this.#fresh.set(value, now)
    for (const [old, at] of this.#fresh) {
      if (this.#fresh.size <= REMEMBERED_MAX && now - at < FRESH_MS) break
      this.#fresh.delete(old)
    }
  }

  #noteSession(key: string, session: SessionId): void {
    this.#keys.set(session, key)
    const own = this.#sessions.get(key) ?? new Set()
    this.#sessions.set(key, own.add(session))
  }

  #forgetSession(key: string, session: SessionId): void {
    this.#keys.delete(session)
    const own = this.#sessions.get(key)
    own?.delete(session)
    if (own?.size === 0) this.#sessions.delete(key)
  }
}

function identityOf({ realm, authid, authrole, authextra, expiresAtMs }: CookieLogin): Identity {
  return { realm, authid, authrole, authmethod: 'cookie', authprovider: 'cookie', authextra, expiresAtMs }
}
