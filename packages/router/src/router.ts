// The router: realms by name, and the door through which peers come in. It does no I/O and has no clock or chance of its
// own: given the same inputs in the same order it does the same.

import {
  type Clock,
  CloseUri,
  type Dict,
  EMPTY_DICT,
  ErrorUri,
  type Hello,
  isId,
  MessageType,
  ProtocolViolation,
  type Random,
  type Serializer,
  type SessionId,
  type Transport,
  type Uri,
  UsageError,
} from '@crosspoint/protocol'
import { LocalPeer, type Peer, RemotePeer, shown } from '@crosspoint/protocol/internal'
import { randomAuthid } from './authentication/anonymous.ts'
import { BARE_LINK, type Identity, type Link, type LoginOptions, type LoginRequest } from './authentication/authenticator.ts'
import { Login } from './authentication/login.ts'
import { LoginThrottle } from './authentication/login-throttle.ts'
import { checkRealm, isRefusal, type ReadHello, readHello, refuseMethods, welcomeDetails } from './handshake.ts'
import { DEFAULT_LIMITS, LimitUri, type RouterLimits } from './limits.ts'
import { Realm } from './realm.ts'
import type { RealmOptions, ResumeOptions } from './realm-options.ts'
import { drawToken, Resumption, readResumption } from './resumption.ts'
import { Session } from './session.ts'

/** Told about ends, refusals and losses; for logs and counters. All members are optional. */
export interface RouterObserver {
  /** A session joined a realm. */
  onSessionStart?(session: SessionSummary): void
  /** A session that had joined ended; `reason` is a URI, `message` is for people. */
  onSessionEnd?(session: SessionSummary, reason: Uri, message: string): void
  /** The roles of a realm have changed while it runs. */
  onRolesChange?(realm: Uri): void
  /** A session has had decisions of authorizers forgotten that were made to last, so many. */
  onDecisionsForgotten?(by: SessionSummary, count: number): void
  /** A session is sent away by another one, `by`. */
  onKill?(session: SessionSummary, reason: Uri, by: SessionSummary): void
  /** A peer was refused, or went, before it joined. `message` is the whole cause, of which the peer was told a part. */
  onRefused?(peer: string, reason: Uri, message: string, login: LoginSummary | undefined): void
  /** An event was dropped for one subscriber: longer than it accepts, without a form in its serializer, or because it is slow. */
  onEventDropped?(session: SessionSummary, why: 'too_large' | 'unserializable' | 'slow'): void
  /** The store of a realm's events begins to fail, with why, or works again (`undefined`). Routing goes on. */
  onStoreFailing?(realm: Uri, failure: string | undefined): void
}

export interface SessionSummary {
  readonly id: SessionId
  readonly realm: Uri
  readonly authid: string
  readonly authrole: string
  readonly authmethod: string
  readonly authprovider: string
  readonly peer: string
}

/** A login that failed: who it claimed to be, where that is known. */
export interface LoginSummary {
  readonly realm: Uri | null
  readonly authid: string | undefined
  readonly authmethod: string | undefined
}

export interface RouterOptions {
  readonly clock: Clock
  readonly random: Random
  readonly realms: readonly RealmOptions[]
  readonly limits?: Partial<RouterLimits> | undefined
  /** What WELCOME calls this software. Default: "Crosspoint". */
  readonly agent?: string | undefined
  readonly observer?: RouterObserver | undefined
}

/** What the router is told of a link. */
export interface AttachInfo {
  /** Where the peer is, for logs. Default: "unknown". */
  readonly peer?: string | undefined
  /** How its sessions log in. Default: not at all, they are anonymous. */
  readonly login?: LoginOptions | undefined
  /** What is known of the connection, for logins. */
  readonly link?: Link | undefined
  /** The role of sessions that do not log in. Default: "anonymous". */
  readonly authrole?: string | undefined
}

export class Router {
  readonly #clock: Clock
  readonly #random: Random
  readonly #limits: RouterLimits
  readonly #agent: string
  readonly #observer: RouterObserver
  readonly #realms = new Map<Uri, Realm>()
  /** Sessions from attach to the end of their transport. */
  readonly #sessions = new Set<Session>()
  /** Their ids, from HELLO on: also of those that have not joined yet because a turn goes on. */
  readonly #ids = new Set<SessionId>()
  readonly #realmNames = new WeakMap<Session, Uri>()
  /** By realm, where sessions may be resumed; and those sessions. */
  readonly #resumeOptions = new Map<Uri, ResumeOptions>()
  readonly #resumable = new Map<number, Session>()
  /** Those that are finding out who they are. */
  readonly #logins = new Map<Session, Login>()
  readonly #throttle: LoginThrottle
  #isClosing = false
  #onClosed: (() => void) | undefined

  /**
   * @example
   * const router = new Router({ clock: systemClock, random: systemRandom, realms: [{ name: 'realm1' }] })
   * router.attach(transport, jsonSerializer)
   */
  constructor(options: RouterOptions) {
    this.#clock = options.clock
    this.#random = options.random
    this.#limits = Object.freeze({ ...DEFAULT_LIMITS, ...options.limits })
    this.#agent = options.agent ?? 'Crosspoint'
    this.#observer = options.observer ?? {}
    this.#throttle = new LoginThrottle(this.#clock, this.#limits)
    for (const realm of options.realms) this.#addRealm(realm)
  }

  #addRealm(options: RealmOptions): void {
    if (this.#realms.has(options.name)) throw new UsageError('ERR_INVALID_ARGUMENT', `The realm "${options.name}" is given twice`)
    const observer = {
      ended: (session: Session, reason: Uri, message: string) => this.#ended(session, reason, message),
      eventDropped: (session: Session, why: 'too_large' | 'unserializable' | 'slow') =>
        this.#observer.onEventDropped?.(this.#summary(session), why),
      rolesChanged: () => this.#observer.onRolesChange?.(options.name),
      decisionsForgotten: (by: Session, count: number) => this.#observer.onDecisionsForgotten?.(this.#summary(by), count),
      killed: (by: Session, session: Session, reason: Uri) => this.#observer.onKill?.(this.#summary(session), reason, this.#summary(by)),
      storeFailing: (failure: string | undefined) => this.#observer.onStoreFailing?.(options.name, failure),
    }
    this.#realms.set(options.name, new Realm(options, this.#limits, this.#clock, this.#random, observer))
    if (options.resume !== undefined) this.#resumeOptions.set(options.name, options.resume)
  }

  /** The realm of that name, for counts in tests and management. */
  realm(name: Uri): Realm | undefined {
    return this.#realms.get(name)
  }

  /** Sessions in all realms. */
  get sessionCount(): number {
    let count = 0
    for (const realm of this.#realms.values()) count += realm.sessions.size
    return count
  }

  /** Peers attached, joined or not. */
  get peerCount(): number {
    return this.#sessions.size
  }

  /** Takes over a transport whose serializer is agreed on; the peer's first message must be HELLO. */
  attach(transport: Transport, serializer: Serializer, info: AttachInfo = {}): void {
    this.#attachPeer(new RemotePeer(transport, serializer), info.peer ?? info.link?.peer ?? 'unknown', info)
  }

  /** Opens an in-process link and returns the client's end; it must send HELLO like any other. */
  attachLocal(info: AttachInfo = {}): Peer {
    const [ours, theirs] = LocalPeer.pair()
    this.#attachPeer(ours, 'in-process', info)
    return theirs
  }

  #attachPeer(peer: Peer, address: string, info: AttachInfo): void {
    const session = new Session(peer, address, {
      hello: (_session, message) => this.#hello(session, message, info),
      ended: (_session, reason, message) => this.#ended(session, reason, message),
    })
    session.transport = info.link?.transport ?? EMPTY_DICT
    this.#sessions.add(session)
    session.timer = this.#clock.setTimer(this.#limits.handshakeTimeoutMs, () => {
      session.abort(ErrorUri.timeout, `HELLO must arrive within ${this.#limits.handshakeTimeoutMs} ms`) // SES-14
    })
  }

  #hello(session: Session, hello: Hello, info: AttachInfo): void {
    if (this.#isClosing) return session.abort(CloseUri.systemShutdown, 'The router is shutting down') // SES-29
    const resumption = readResumption(hello.details)
    if (resumption !== undefined) return this.#resume(session, resumption)
    const { login, authrole = 'anonymous' } = info
    const realm = checkRealm(hello, (name) => this.#realms.has(name), login !== undefined)
    if (isRefusal(realm)) return session.abort(realm.reason, realm.message)
    let read: ReadHello
    try {
      read = readHello(hello)
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error
      return session.violate(error)
    }
    session.id = this.#newSessionId()
    session.announce(read.roles)
    if (login !== undefined) return this.#login(session, hello, realm, read, info)
    const refusal = refuseMethods(read.authmethods)
    if (refusal !== undefined) return session.abort(refusal.reason, refusal.message)
    const authid = randomAuthid(this.#random)
    this.#admit(session, hello, { realm: realm!, authid, authrole, authmethod: 'anonymous', authprovider: 'static' })
  }

  /** Finds out who it is. The session has left its first state, so only one of these is ever under way for it. */
  #login(session: Session, hello: Hello, realm: Uri | null, { authmethods, authid, authextra }: ReadHello, info: AttachInfo): void {
    const { loginTimeoutMs, loginsAtOnceMax } = this.#limits
    if (this.#logins.size >= loginsAtOnceMax) {
      return session.abort(LimitUri.tooManyLogins, 'Too many logins are under way; try again later', 'loginsAtOnceMax is reached')
    }
    const link = info.link ?? { ...BARE_LINK, peer: session.address }
    const request: LoginRequest = { session: session.id, realm, authid, authextra, details: hello.details, link }
    const login: Login = new Login(info.login!, request, authmethods, this.#clock, this.#throttle, {
      challenge: (method, extra) => session.challenge(method, extra),
      accept: (identity) => {
        this.#admit(session, hello, identity)
        this.#logins.delete(session) // after it: a refusal still tells who it was
      },
      refuse: ({ reason, message, cause, details }) => session.abort(reason, message, cause, details),
    })
    this.#logins.set(session, login)
    session.onAuthenticate = (signature, extra) => login.authenticate(signature, extra)
    session.timer?.cancel()
    session.timer = this.#clock.setTimer(loginTimeoutMs, () => {
      const message = `The login must be complete within ${loginTimeoutMs} ms`
      session.abort(ErrorUri.authenticationFailed, message, `${message} (loginTimeoutMs)`) // AUTH-07
    })
    login.start()
  }

  /** Lets a session into its realm, if both the realm and the role are there. */
  #admit(session: Session, hello: Hello, identity: Identity): void {
    const { realm: name, authrole } = identity
    const realm = this.#realms.get(name)
    if (this.#isClosing) return session.abort(CloseUri.systemShutdown, 'The router is shutting down') // SES-29
    if (realm === undefined) return session.abort(ErrorUri.noSuchRealm, `There is no realm ${shown(name)} here`) // ERR-15
    if (!realm.hasRole(authrole)) {
      return session.abort(ErrorUri.noSuchRole, `The realm "${name}" has no role "${authrole}", which this session would have`) // AUTH-06
    }
    session.authid = identity.authid
    session.authrole = authrole
    session.authmethod = identity.authmethod
    session.authprovider = identity.authprovider
    session.authextra = identity.authextra
    this.#realmNames.set(session, name)
    const more = this.#offerResumption(session, name, hello)
    const details = welcomeDetails(name, session, this.#agent, more)
    realm.join(session, { type: MessageType.WELCOME, sessionId: session.id, details }, identity.expiresAtMs)
    this.#observer.onSessionStart?.(this.#summary(session))
  }

  /** What WELCOME says of resumption: nothing, unless the client and the realm want it (RES-01). */
  #offerResumption(session: Session, name: Uri, hello: Hello): Dict {
    const options = this.#resumeOptions.get(name)
    if (options === undefined || hello.details['resumable'] !== true) return EMPTY_DICT
    const { messagesMax = 1_000, bytesMax = 4_194_304 } = options
    const realm = this.#realms.get(name)!
    const overflow = () => realm.lost(session, `more messages wait for the client than it may leave waiting (messagesMax ${messagesMax})`)
    const resumption = new Resumption(messagesMax, bytesMax, overflow)
    const { peer } = session
    session.makeResumable(resumption)
    resumption.attach(peer)
    this.#resumable.set(session.id, session)
    return { resumable: true, resume_token: resumption.renewToken(drawToken(this.#random)) }
  }

  /** A HELLO that wants to go on with a session (RES-03, RES-06). */
  #resume(visitor: Session, asked: NonNullable<ReturnType<typeof readResumption>>): void {
    const { session: id, token } = asked
    if (!isId(id) || typeof token !== 'string') {
      return visitor.violate(new ProtocolViolation('A HELLO that resumes must have resume_session, an id, and resume_token, a string'))
    }
    const received = typeof asked.received === 'number' && Number.isInteger(asked.received) ? asked.received : undefined
    const session = this.#resumable.get(id)
    const resumption = session?.resumption
    if (session?.realm === undefined || resumption === undefined || !resumption.accepts(token) || !resumption.canReplay(received)) {
      return visitor.abort(ErrorUri.noSuchSession, `There is no session ${id} that this token resumes`)
    }
    const { realm } = session
    session.address = visitor.address
    const more = { resumed: true, resumable: true, resume_token: resumption.renewToken(drawToken(this.#random)) }
    realm.resume(session, visitor.surrender(), received, (count) => {
      const details = welcomeDetails(realm.name, session, this.#agent, { ...more, _received: count })
      return { type: MessageType.WELCOME, sessionId: session.id, details }
    })
  }

  /** An id that no live session of any realm has (ID-14). */
  #newSessionId(): SessionId {
    for (;;) {
      const id = this.#random.id() as SessionId
      if (this.#ids.has(id)) continue
      this.#ids.add(id)
      return id
    }
  }

  #ended(session: Session, reason: Uri, message: string): void {
    if (!this.#sessions.delete(session)) return
    const login = this.#logins.get(session)
    if (login !== undefined) {
      this.#logins.delete(session)
      login.abandon()
    }
    this.#ids.delete(session.id)
    this.#resumable.delete(session.id)
    if (session.hasSurrendered) return this.#checkClosed()
    if (this.#realmNames.has(session)) this.#observer.onSessionEnd?.(this.#summary(session), reason, message)
    else this.#observer.onRefused?.(session.address, reason, message, login && summaryOf(login))
    this.#checkClosed()
  }

  #summary(session: Session): SessionSummary {
    const { id, authid, authrole, authmethod, authprovider, address } = session
    return { id, realm: this.#realmNames.get(session) ?? '', authid, authrole, authmethod, authprovider, peer: address }
  }

  /**
   * Shuts down in this order: 1. no HELLO is accepted any more (SES-29); 2. every session gets GOODBYE
   * `wamp.close.system_shutdown` and has left its realm, so nothing is routed any more; 3. each transport closes when its
   * peer answers, or after `goodbyeTimeoutMs`; 4. peers that never joined are refused; 5. `onClosed` is called once.
   */
  close(onClosed: () => void): void {
    if (this.#isClosing) throw new UsageError('ERR_CLOSED', 'The router is closing already')
    this.#isClosing = true
    this.#onClosed = onClosed
    for (const realm of this.#realms.values()) realm.close(CloseUri.systemShutdown)
    for (const session of [...this.#sessions]) {
      if (!this.#realmNames.has(session)) session.abort(CloseUri.systemShutdown, 'The router is shutting down')
    }
    this.#checkClosed()
  }

  #checkClosed(): void {
    if (!this.#isClosing || this.#sessions.size > 0) return
    const onClosed = this.#onClosed
    this.#onClosed = undefined
    onClosed?.()
  }
}

function summaryOf({ method, request }: Login): LoginSummary {
  return { realm: request.realm, authid: request.authid, authmethod: method }
}
