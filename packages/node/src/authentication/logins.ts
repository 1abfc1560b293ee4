// From `auth` of a configuration to the router's authenticators.

import { ApplicationError, type Clock, ErrorUri, type Random, type SessionId, type Uri } from '@crosspoint/protocol'
import type { RouterCrypto } from '@crosspoint/protocol/internal'
import {
  type Authenticator,
  anonymous,
  cryptosign,
  isLookupFailure,
  type LoginOptions,
  type LoginPrincipal,
  type PrincipalSource,
  type Router,
  type SecondStep,
  scram,
  staticPrincipals,
  ticket,
  tls,
  totpSecondStep,
  wampcra,
} from '@crosspoint/router'
import type { ResolvedCookie, ResolvedListener, ResolvedLogin, ResolvedMethod, ResolvedSource } from '../config/resolved.ts'
import type { Logger } from '../log.ts'
import { anonymousOf } from './anonymous-principals.ts'
import type { CookieStore } from './cookie-store.ts'
import { dynamicPrincipals, LocalSessions } from './dynamic-principals.ts'
import { functionPrincipals } from './function-principals.ts'
import { ListenerLogins, type OpenLogin } from './listener-logins.ts'
import { routerSecret } from './router-secret.ts'
import { AUTHENTICATOR_ROLE, KILL } from './service-role.ts'

const KILL_TIMEOUT_MS = 5_000

export interface LoginServices {
  readonly crypto: RouterCrypto
  readonly clock: Clock
  readonly random: Random
  /** For procedures that know principals. */
  readonly router: Router
  readonly log: Logger
  /** Where the node keeps its secret. Undefined when nothing is kept, and then no method may need it. */
  readonly stateFolder: string | undefined
}

/** All logins of a node: what they have open, and what they share. */
export class Logins {
  readonly #services: LoginServices
  readonly #sessions: LocalSessions
  readonly #secondStep: SecondStep
  readonly #opened: ListenerLogins[] = []
  readonly #known = new Map<ResolvedLogin, Promise<LoginOptions>>()
  readonly #stores = new Map<ResolvedCookie, Promise<CookieStore>>()
  /** Of sessions that a cookie may stand for. */
  readonly #realms = new Map<SessionId, Uri>()
  readonly #toClose: { close(): Promise<void> }[] = []
  #mockSecret: Uint8Array | undefined

  constructor(services: LoginServices) {
    this.#services = services
    this.#sessions = new LocalSessions(services.router, services.log)
    // One for all, so that a code that was used at one transport is used up at the others.
    this.#secondStep = totpSecondStep(services.crypto, services.clock)
  }

  /**
   * Opens what the logins of a listener need: files, tables, modules.
   *
   * @throws UsageError ERR_CONFIG when something cannot be used
   * @example
   * const opened = await logins.open(config)
   * createListener({ onTransport: (transport, serializer, info) => router.attach(transport, serializer, opened.attachInfo(info, serializer)) })
   */
  async open({ logins, rawSocketLogin }: Pick<ResolvedListener, 'logins' | 'rawSocketLogin'>): Promise<ListenerLogins> {
    const byPath = new Map<string, OpenLogin>()
    for (const [path, login] of Object.entries(logins)) byPath.set(path, await this.#openAt(path, login))
    const rawSocket = rawSocketLogin && { options: await this.#shared(rawSocketLogin), cookies: undefined }
    const opened = new ListenerLogins(byPath, rawSocket)
    this.#opened.push(opened)
    return opened
  }

  /** A session has ended, for whatever reason. */
  ended(session: SessionId, reason: string): void {
    this.#realms.delete(session)
    for (const each of this.#opened) each.ended(session, reason)
  }

  /** Closes files and tables and ends the sessions to procedures; logins under way fail. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#sessions.close(), ...this.#toClose.map((each) => each.close())])
  }

  async #openAt(path: string, login: ResolvedLogin): Promise<OpenLogin> {
    const options = await this.#shared(login)
    if (login.cookie === undefined) return { options, cookies: undefined }
    const { CookieLogins } = await import('./cookie-authenticator.ts')
    const { router, log } = this.#services
    const hasRole = (realm: Uri, role: string) => router.realm(realm)?.hasRole(role) === true
    const cookies = new CookieLogins({
      store: await this.#store(login.cookie),
      path,
      cookie: login.cookie.options,
      hasRole,
      endSessions: (sessions, reason) => this.#endSessions(sessions, reason),
      log,
    })
    const onAccepted: LoginOptions['onAccepted'] = (request, identity) => {
      // One without its role is refused next, and no end is told of it.
      if (hasRole(identity.realm, identity.authrole)) this.#realms.set(request.session, identity.realm)
      cookies.accepted(request, identity)
    }
    return { options: { ...options, authenticators: [cookies.authenticator, ...options.authenticators], onAccepted }, cookies }
  }

  /** Paths of a transport of type websocket have one store. */
  #store(cookie: ResolvedCookie): Promise<CookieStore> {
    const known = this.#stores.get(cookie)
    if (known !== undefined) return known
    const opened = this.#openStore(cookie)
    this.#stores.set(cookie, opened)
    return opened
  }

  async #openStore({ storeUrl }: ResolvedCookie): Promise<CookieStore> {
    const { memoryCookieStore, sqlCookieStore } = await import('./cookie-store.ts')
    if (storeUrl === undefined) return memoryCookieStore()
    const store = closedLast(await sqlCookieStore(storeUrl, { log: this.#services.log }))
    this.#toClose.push(store)
    return store
  }

  #endSessions(sessions: readonly SessionId[], reason: string): void {
    for (const session of sessions) {
      const realm = this.#realms.get(session)
      if (realm === undefined) continue
      const ended = this.#sessions.call(realm, AUTHENTICATOR_ROLE, KILL, { args: [session], kwargs: { reason }, timeout: KILL_TIMEOUT_MS })
      ended.catch((error: unknown) => {
        const isGone = error instanceof ApplicationError && error.error === ErrorUri.noSuchSession
        if (!isGone) this.#services.log.warn(`session ${session} could not be ended after its logout:`, error)
      })
    }
  }

  /** The authenticators of a login, which its paths share. */
  #shared(login: ResolvedLogin): Promise<LoginOptions> {
    const known = this.#known.get(login)
    if (known !== undefined) return known
    const opened = this.#openMethods(login)
    this.#known.set(login, opened)
    return opened
  }

  async #openMethods({ methods }: ResolvedLogin): Promise<LoginOptions> {
    const authenticators: Authenticator[] = []
    const hasTickets = methods.some(({ method }) => method === 'ticket')
    for (const method of methods) authenticators.push(await this.#authenticator(method, hasTickets))
    return { authenticators, secondStep: this.#secondStep }
  }

  async #authenticator(config: ResolvedMethod, hasTickets: boolean): Promise<Authenticator> {
    const { crypto, clock, random, log } = this.#services
    if (config.method === 'jwt') {
      const { jwt } = await import('./jwt.ts')
      return jwt(config.options, { aliases: hasTickets ? [] : ['ticket'], warn: (text) => log.warn(text) })
    }
    if (config.source === undefined) return anonymous({ random, ...config })
    const source = withDefaultRole(await this.#source(config), config.defaultRole)
    switch (config.method) {
      case 'anonymous':
        return anonymousOf(source, random)
      case 'ticket':
        return ticket(crypto, source)
      case 'wampcra':
        return wampcra(crypto, source, { mockSecret: this.#secret(), clock })
      case 'scram':
        return scram(crypto, source, { mockSecret: this.#secret() })
      case 'tls':
        return tls(source)
      case 'cryptosign': {
        const { routerKey, channelBinding, tlsUnique } = config
        return cryptosign(crypto, source, { routerKey, channelBinding, tlsUnique })
      }
    }
  }

  async #source({ method, source }: ResolvedMethod & { readonly source: ResolvedSource }): Promise<PrincipalSource> {
    const { crypto, log } = this.#services
    switch (source.type) {
      case 'static':
        return staticPrincipals(source.principals)
      case 'function':
        return functionPrincipals(crypto, source)
      case 'dynamic':
        return dynamicPrincipals(crypto, this.#sessions, source)
      case 'file':
      case 'sql': {
        if (method === 'anonymous') throw new Error(`anonymous has no principals in ${source.type}`) // which the schema does not take
        // Loaded only where they are used.
        const { filePrincipals } = await import('./file-principals.ts')
        const { sqlPrincipals } = await import('./sql-principals.ts')
        const opened =
          source.type === 'file'
            ? await filePrincipals(source.path, { method, log })
            : await sqlPrincipals(source.url, { method, table: source.table, query: source.query, log })
        this.#toClose.push(opened)
        return opened
      }
    }
  }

  #secret(): Uint8Array {
    const { stateFolder, crypto } = this.#services
    this.#mockSecret ??= stateFolder === undefined ? crypto.randomBytes(32) : routerSecret(stateFolder)
    return this.#mockSecret
  }
}

/** The same store, which is closed when what was put there has been written: who logs in as the node stops comes back to the next. */
function closedLast(store: CookieStore): CookieStore {
  const writes = new Set<Promise<void>>()
  const noted = (write: Promise<void>) => {
    writes.add(write)
    const forget = () => void writes.delete(write)
    write.then(forget, forget)
    return write
  }
  return {
    find: (key) => store.find(key),
    put: (key, login) => noted(store.put(key, login)),
    delete: (key) => noted(store.delete(key)),
    close: async () => {
      await Promise.allSettled(writes)
      await store.close()
    },
  }
}

/** The same source, whose principals have this role when they have none. */
function withDefaultRole(source: PrincipalSource, role: string | undefined): PrincipalSource {
  if (role === undefined) return source
  const complete = (principal: LoginPrincipal): LoginPrincipal => (principal.role === undefined ? { ...principal, role } : principal)
  return {
    provider: source.provider,
    checksTickets: source.checksTickets,
    checksCertificates: source.checksCertificates,
    get example() {
      return source.example && complete(source.example)
    },
    find: (query, done) => source.find(query, (found) => done(found === undefined || isLookupFailure(found) ? found : complete(found))),
  }
}
