// The checkers' core: peers, sessions and deadlines, and the way of every input to the feature that it concerns. After every
// turn `Turn.end` compares what had to come out with what did.

import { type Dict, isId, type Message, MessageType, type ProtocolViolation, type Uri } from '@crosspoint/protocol'
import { CLIENT_ROLES, isDict } from '@crosspoint/protocol/internal'
import type { Feature, Handler, OwnProcedure } from '../feature.ts'
import { refusesPassthru } from '../features/passthru.ts'
import { continued, refusesProgress } from '../features/uploads.ts'
import { Finding } from '../finding.ts'
import type { Link } from '../link.ts'
import type { RouterTimer } from '../scheduler.ts'
import { type Ask, ModelGuard } from './guard.ts'
import { ANONYMOUS, type Identified, type Joining, ModelLogins } from './logins.ts'
import { tellJoined, tellLeft } from './meta-events.ts'
import { detached, endOverflowing, keepToken, newResumption, offersResumption, resumed } from './resuming.ts'
import { type Deadline, isSameDict, type ModelLimits, type ModelPeer, type ModelRealm, type ModelSession } from './state.ts'
import { type MessageOf, RANK, type Turn } from './turn.ts'
import { isValid } from './uris.ts'

const PROTOCOL_VIOLATION = 'wamp.error.protocol_violation'

/** Which role a client must have announced for each message that it sends in a session. */
const ROLE_OF: ReadonlyMap<number, string> = new Map<number, string>([
  [MessageType.PUBLISH, 'publisher'],
  [MessageType.SUBSCRIBE, 'subscriber'],
  [MessageType.UNSUBSCRIBE, 'subscriber'],
  [MessageType.CALL, 'caller'],
  [MessageType.CANCEL, 'caller'],
  [MessageType.REGISTER, 'callee'],
  [MessageType.UNREGISTER, 'callee'],
  [MessageType.YIELD, 'callee'],
  [MessageType.ERROR, 'callee'],
])
/** Messages with a request id that must be the next one (ID-05, ID-08). */
const NUMBERED: ReadonlySet<number> = new Set<number>([
  MessageType.PUBLISH,
  MessageType.SUBSCRIBE,
  MessageType.UNSUBSCRIBE,
  MessageType.CALL,
  MessageType.REGISTER,
  MessageType.UNREGISTER,
])

export class Model {
  readonly limits: ModelLimits
  readonly realms: ReadonlyMap<Uri, ModelRealm>
  readonly peers = new Map<Link, ModelPeer>()
  readonly deadlines = new Set<Deadline>()
  /** Ids of sessions that live, in all realms (ID-14). */
  readonly sessionIds = new Set<number>()
  readonly guard: ModelGuard
  readonly logins = new ModelLogins(this)
  isShuttingDown = false
  readonly #features: readonly Feature[]
  readonly #handlers = new Map<number, Handler>()
  /** The router's own procedures that the model knows, by URI. The workload calls no others. */
  readonly procedures: ReadonlyMap<Uri, OwnProcedure>

  constructor(limits: ModelLimits, realms: readonly ModelRealm[], features: readonly Feature[]) {
    this.limits = limits
    this.realms = new Map(realms.map((realm) => [realm.name, realm]))
    this.#features = features
    this.guard = new ModelGuard(
      limits,
      (...message) => this.#act(...message),
      (turn) => this.endInput(turn),
    )
    this.procedures = new Map(features.flatMap((feature) => [...(feature.procedures ?? [])]))
    for (const feature of features) for (const [type, handler] of feature.handlers ?? []) this.#handlers.set(type, handler)
  }

  /** Plans what must happen in `delayMs` milliseconds unless it is cancelled. */
  plan(turn: Turn, delayMs: number, what: string, expire: (turn: Turn) => void, isEvident: () => boolean = () => true): Deadline {
    const deadline: Deadline = { dueAt: turn.now + delayMs, what, expire, isEvident, timer: undefined }
    this.deadlines.add(deadline)
    turn.newDeadlines.push(deadline)
    return deadline
  }
  cancel(deadline: Deadline | undefined): void {
    if (deadline !== undefined) this.deadlines.delete(deadline)
  }

  /** A client connected. */
  attached(turn: Turn, link: Link): void {
    const peer: ModelPeer = { link, phase: 'fresh', session: undefined, login: undefined, deadline: undefined }
    this.peers.set(link, peer)
    const { handshakeTimeoutMs } = this.limits
    peer.deadline = this.plan(turn, handshakeTimeoutMs, 'the handshake', (later) => this.abort(later, peer, ['wamp.error.timeout'])) // SES-14
  }

  /** A frame arrived. */
  received(turn: Turn, link: Link, decoded: Message | ProtocolViolation): void {
    const peer = this.peers.get(link)
    if (peer === undefined || peer.phase === 'over') return
    if (decoded instanceof Error) {
      if (peer.phase !== 'dismissed') this.violated(turn, peer)
      return
    }
    if (peer.phase === 'dismissed') {
      const isAnswer = decoded.type === MessageType.GOODBYE || decoded.type === MessageType.ABORT
      if (isAnswer) this.#finish(turn, peer) // SES-21, SES-22
      return
    }
    if (peer.phase === 'login') this.logins.received(turn, peer, decoded)
    else if (peer.phase === 'fresh') this.#receivedFresh(turn, peer, decoded)
    else this.#receivedOpen(turn, peer.session!, decoded)
  }

  #receivedFresh(turn: Turn, peer: ModelPeer, message: Message): void {
    if (message.type === MessageType.HELLO) this.#hello(turn, peer, message)
    else if (message.type === MessageType.ABORT) this.#finish(turn, peer)
    else this.violated(turn, peer) // SES-01
  }

  #receivedOpen(turn: Turn, session: ModelSession, message: Message): void {
    const { peer } = session
    if (session.resume !== undefined) {
      session.resume.received++
      session.resume.formerToken = undefined
    }
    if (message.type === MessageType.GOODBYE) {
      if (!isValid(message.reason, 'exact', false)) return this.violated(turn, peer)
      this.leave(turn, session)
      turn.expect(peer.link, MessageType.GOODBYE, 'GOODBYE in answer', ({ reason }) => reason === 'wamp.close.goodbye_and_out', {
        rank: RANK.last,
      }) // SES-18
      this.#finish(turn, peer)
      return
    }
    if (message.type === MessageType.ABORT) {
      this.leave(turn, session)
      return this.#finish(turn, peer) // SES-27
    }
    const role = ROLE_OF.get(message.type)
    if (role === undefined || !session.roles.has(role)) return this.violated(turn, peer) // PRV-02, PRV-18, PRV-19
    const { isStrict } = session.realm
    const { requestId } = message as MessageOf<48>
    const isUsed = requestId <= session.lastRequestId
    const isContinuation = message.type === MessageType.CALL && isStrict && isUsed
    if (NUMBERED.has(message.type) && !isContinuation) {
      if (isStrict && requestId !== session.lastRequestId + 1) return this.violated(turn, peer) // ID-08, PRV-13
      session.lastRequestId = requestId
    }
    this.guard.pass(turn, session, message, isContinuation)
  }

  /** A message that may pass, and whose turn it is. */
  #act(turn: Turn, session: ModelSession, message: Message, isContinuation: boolean): void {
    if (refusesPassthru(this, turn, session, message)) return
    if (message.type === MessageType.CALL) {
      if (refusesProgress(this, turn, session, message)) return
      const inFlight = session.calls.get(message.requestId)
      if (inFlight !== undefined) return continued(this, turn, session, inFlight, message)
      if (isContinuation) return // of a call that is over: discarded (RPC-54, RPC-62)
    }
    this.#handlers.get(message.type)!(this, turn, session, message as never)
  }

  #hello(turn: Turn, peer: ModelPeer, hello: MessageOf<1>): void {
    const { realm: name, details } = hello
    if (this.isShuttingDown) return this.abort(turn, peer, ['wamp.close.system_shutdown']) // SES-29
    if (details['resume_session'] !== undefined || details['resume_token'] !== undefined) return resumed(this, turn, peer, hello)
    const refusals: Uri[] = []
    const realm = name === null ? undefined : this.realms.get(name)
    const { hasLogin } = peer.link
    if (name !== null && !isValid(name, 'exact', false))
      refusals.push('wamp.error.invalid_uri') // URI-14
    else if (realm === undefined && !(name === null && hasLogin)) refusals.push('wamp.error.no_such_realm') // SES-08, SES-09
    const announced = readRoles(details['roles'])
    if (announced === undefined) refusals.push(PROTOCOL_VIOLATION) // SES-03
    const methods = details['authmethods'] ?? []
    const isList = Array.isArray(methods) && methods.every((method) => typeof method === 'string')
    if (!isList) refusals.push(PROTOCOL_VIOLATION)
    else if (!hasLogin && methods.length > 0 && !methods.includes('anonymous')) refusals.push('wamp.error.no_matching_auth_method')
    if (refusals.length > 0) return this.abort(turn, peer, refusals)
    const joining: Joining = { realm, details, roles: announced!.roles, features: announced!.features }
    if (hasLogin) this.logins.begin(turn, peer, joining)
    else this.join(turn, peer, joining, ANONYMOUS)
  }

  /** It is known who it is, and the session begins. */
  join(turn: Turn, peer: ModelPeer, { realm, details, roles, features }: Joining, identified: Identified): void {
    const session: ModelSession = {
      peer,
      link: peer.link,
      realm: realm!,
      id: 0,
      authid: '',
      roles,
      features,
      lastRequestId: 0,
      lastInvocationId: 0,
      subscriptions: new Set(),
      registrations: new Set(),
      calls: new Map(),
      invocations: new Map(),
      resume: realm!.resume !== undefined && details['resumable'] === true ? newResumption() : undefined,
      holds: 0,
    }
    peer.phase = 'open'
    peer.session = session
    this.cancel(peer.deadline)
    realm!.sessions.add(session)
    const check = (welcome: MessageOf<2>) =>
      isWelcome(welcome, realm!, identified) && !this.sessionIds.has(welcome.sessionId) && offersResumption(session.resume, welcome.details)
    turn.expect(session, MessageType.WELCOME, `WELCOME to ${realm!.name} with a fresh session id`, check, {
      rank: RANK.first,
      learn: (welcome) => {
        session.id = welcome.sessionId
        session.authid = welcome.details['authid'] as string
        keepToken(session.resume, welcome.details)
        this.sessionIds.add(session.id)
      },
    }) // SES-06, SES-13, ORD-10
    tellJoined(turn, session)
  }

  /** The peer broke the protocol: ABORT is the last that it gets (PRV-01). */
  violated(turn: Turn, peer: ModelPeer): void {
    if (peer.session !== undefined) this.leave(turn, peer.session)
    this.abort(turn, peer, [PROTOCOL_VIOLATION])
  }

  /** ABORT with one of these reasons, and the link is closed. */
  abort(turn: Turn, peer: ModelPeer, reasons: readonly Uri[]): void {
    turn.expect(peer.link, MessageType.ABORT, `ABORT ${reasons.join(' or ')}`, ({ reason }) => reasons.includes(reason), {
      rank: RANK.last,
    })
    this.#finish(turn, peer)
  }

  #finish(turn: Turn, peer: ModelPeer): void {
    turn.expectClose(peer.link)
    this.#over(peer)
  }

  /** Nothing more comes to the peer, and its link is closed. */
  finishPeer(turn: Turn, peer: ModelPeer): void {
    this.#finish(turn, peer)
  }

  #over(peer: ModelPeer): void {
    this.logins.gone(peer)
    peer.phase = 'over'
    peer.session = undefined
    this.cancel(peer.deadline)
    this.peers.delete(peer.link)
  }

  /** The transport is gone (SES-24). */
  lost(turn: Turn, link: Link): void {
    const peer = this.peers.get(link)
    if (peer === undefined) return
    const { session } = peer
    if (session?.resume !== undefined && peer.phase === 'open') return detached(this, turn, session)
    if (session !== undefined) this.leave(turn, session)
    this.#over(peer)
  }

  /** A session has lost its link, and will not be resumed. */
  expired(turn: Turn, session: ModelSession): void {
    const { peer } = session
    this.leave(turn, session)
    this.#over(peer)
  }

  /** Nothing waits for the link of a session any more: it has none. */
  drainAll(turn: Turn, session: ModelSession): void {
    const watching = this.#watching.get(session) ?? []
    this.#watching.delete(session)
    for (const feature of watching) feature.drained?.(this, turn, session)
  }
  tellDetached(turn: Turn, session: ModelSession): void {
    for (const feature of this.#features) feature.detached?.(this, turn, session)
  }

  /** All that waited for a link has left. */
  drained(turn: Turn, link: Link): void {
    const session = this.peers.get(link)?.session
    if (session === undefined) return
    const feature = this.#watching.get(session)?.shift()
    feature?.drained?.(this, turn, session)
  }
  /** The router will learn when all that waits for a session has left, for the sake of `feature`; each is told in its turn. */
  watch(session: ModelSession, feature: Feature): void {
    const watching = this.#watching.get(session) ?? []
    if (!watching.includes(feature)) watching.push(feature)
    this.#watching.set(session, watching)
  }
  readonly #watching = new Map<ModelSession, Feature[]>()

  /** A late decision of the authorizer has come. */
  decided(turn: Turn, ask: Ask): void {
    this.guard.decided(turn, ask)
  }

  /** What comes of a turn as a whole. */
  finish(turn: Turn): void {
    this.endInput(turn)
    endOverflowing(this, turn)
  }

  /** One input is dealt with; a turn may have several. */
  endInput(turn: Turn): void {
    for (const feature of this.#features) feature.ended?.(this, turn)
  }

  /** What must hold after every turn, whatever it was. */
  check(turn: Turn): void {
    this.guard.endTurn(turn)
    const idle = this.logins.endTurn(turn)
    if (idle !== undefined) throw new Finding(idle)
    for (const feature of this.#features) feature.check?.(this)
  }

  /** What ends with a session (SES-26). */
  leave(turn: Turn, session: ModelSession, isSilent = false): void {
    session.peer.session = undefined
    session.realm.sessions.delete(session)
    this.sessionIds.delete(session.id)
    this.guard.leave(session)
    this.#watching.delete(session)
    const leaving = {}
    for (const feature of this.#features) feature.left?.(this, turn, session, leaving, isSilent)
    if (!isSilent) tellLeft(turn, session, leaving)
  }

  /** Every session of a realm is sent away (SES-29). */
  closeRealm(turn: Turn, realm: ModelRealm): void {
    this.dismissAll(turn, [...realm.sessions], { reason: 'wamp.close.system_shutdown', details: {}, isSilent: false })
  }

  /** Sessions are sent away: GOODBYE, then an answer or a timeout (SES-22). `isSilent`: nobody is told that they left (META-22). */
  dismissAll(turn: Turn, sessions: readonly ModelSession[], how: { reason: Uri; details: Dict; isSilent: boolean }): void {
    turn.leaving = new Set([...(turn.leaving ?? []), ...sessions])
    for (const session of sessions) {
      const { link, peer } = session
      this.leave(turn, session, how.isSilent)
      if (session.resume?.isDetached) {
        this.#over(peer) // nobody is there to be told
        continue
      }
      peer.phase = 'dismissed'
      const check = ({ details, reason }: MessageOf<6>) => reason === how.reason && isSameDict(details, how.details)
      turn.expect(link, MessageType.GOODBYE, `GOODBYE ${how.reason}`, check, { rank: RANK.last })
      const expire = (later: Turn) => this.#finish(later, peer)
      const what = `the answer of link ${link.index} to GOODBYE`
      peer.deadline = this.plan(turn, this.limits.goodbyeTimeoutMs, what, expire, () => link.isClosedByRouter)
    }
  }

  /** The router is closed: all sessions are sent away, all others refused. */
  closeRouter(turn: Turn): void {
    this.isShuttingDown = true
    const fresh = [...this.peers.values()].filter((peer) => peer.phase === 'fresh' || peer.phase === 'login')
    for (const realm of this.realms.values()) this.closeRealm(turn, realm)
    for (const peer of fresh) this.abort(turn, peer, ['wamp.close.system_shutdown'])
  }

  /** A timer of the router fired: what it was for is now due. */
  fired(turn: Turn, timer: RouterTimer): void {
    const due = [...this.deadlines].filter((deadline) => deadline.dueAt === turn.now)
    const own = due.find((deadline) => deadline.timer === timer && deadline.isEvident()) ?? due.find((deadline) => deadline.isEvident())
    if (own === undefined) throw new Finding(`A timer of the router fired that is for nothing, at ${turn.now}`)
    this.deadlines.delete(own)
    // Those that were set in one turn for the same time may have been taken for one another.
    const other = due.find((deadline) => deadline.timer === timer)
    if (other !== undefined && other !== own) other.timer = own.timer
    own.expire(turn)
  }

  /** The timers that the router set in this turn, and has not cancelled, must be those that it needs, and none other may live. */
  checkTimers(turn: Turn, created: readonly RouterTimer[], live: ReadonlySet<RouterTimer>): void {
    const timers = created.filter((timer) => live.has(timer))
    for (const deadline of turn.newDeadlines) {
      if (!this.deadlines.has(deadline)) continue
      const at = timers.findIndex((timer) => timer.dueAt === deadline.dueAt)
      if (at < 0) throw new Finding(`After ${turn.describeInput()}, the router has no timer for ${deadline.what}, due at ${deadline.dueAt}`)
      deadline.timer = timers[at]
      timers.splice(at, 1)
    }
    if (live.size === this.deadlines.size) return
    const needed = new Set([...this.deadlines].map((deadline) => deadline.timer))
    const idle = [...live].filter((timer) => !needed.has(timer)).map((timer) => timer.dueAt - turn.now)
    const whats = [...this.deadlines].filter((deadline) => !live.has(deadline.timer!)).map((deadline) => deadline.what)
    throw new Finding(
      `After ${turn.describeInput()}, the router has ${live.size} timers for ${this.deadlines.size} deadlines; ` +
        `idle: ${idle.map((ms) => `due in ${ms} ms`).join(', ') || 'none'}; without a timer: ${whats.join(', ') || 'none'}`,
    )
  }
}

function isWelcome({ sessionId, details }: MessageOf<2>, realm: ModelRealm, identified: Identified): boolean {
  const { authid, authmethod, authprovider, authrole, roles } = details
  const isIdentified = typeof authid === 'string' && authid === (identified.authid ?? authid) && authid !== '' && authrole === 'anonymous'
  const hasRoles = isDict(roles) && isDict(roles['broker']) && isDict(roles['dealer']) // SES-04
  const isBy = authmethod === identified.authmethod
  return isId(sessionId) && details['realm'] === realm.name && isIdentified && isBy && typeof authprovider === 'string' && hasRoles
}

/** What HELLO announced; `undefined` when it is malformed (SES-02, SES-03, SES-05). */
function readRoles(given: unknown): { roles: Set<string>; features: Set<string> } | undefined {
  if (!isDict(given)) return undefined
  const roles = new Set<string>()
  const features = new Set<string>()
  for (const role of CLIENT_ROLES) {
    const details = given[role]
    if (details === undefined) continue
    const flags = isDict(details) ? (details['features'] ?? {}) : undefined
    if (!isDict(flags) || Object.values(flags).some((flag) => typeof flag !== 'boolean')) return undefined
    roles.add(role)
    for (const [name, flag] of Object.entries(flags)) if (flag === true) features.add(`${role}.${name}`)
  }
  // FEA-04
  if (!features.has('callee.call_canceling')) {
    features.delete('callee.progressive_call_results')
    features.delete('callee.progressive_call_invocations')
  }
  return roles.size === 0 ? undefined : { roles, features }
}
