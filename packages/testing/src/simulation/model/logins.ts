// What the router must make of logins (section 8.1 and 8.2 of the requirements): who is challenged, who is let in, who is refused,
// and when it is too late.

import { type Dict, type Message, MessageType, type Uri } from '@crosspoint/protocol'
import type { Model } from './model.ts'
import type { ModelPeer, ModelRealm } from './state.ts'
import { RANK, type Turn } from './turn.ts'

/** The one principal there is, and its ticket. */
export const JOE = 'joe'
export const RIGHT_TICKET = 'the right one'

const DENIED = 'wamp.error.authentication_denied'
const FAILED = 'wamp.error.authentication_failed'

/** One lookup of a principal. */
export interface Lookup {
  readonly result: 'joe' | 'nobody' | 'failed'
  /** Whether the result came at once. */
  readonly isNow: boolean
}

/** Who a session will be. */
export interface Identified {
  readonly authmethod: 'anonymous' | 'ticket'
  /** Undefined: a random one. */
  readonly authid: string | undefined
}
export const ANONYMOUS: Identified = { authmethod: 'anonymous', authid: undefined }

/** A HELLO that is in order. */
export interface Joining {
  /** Undefined when the client leaves it to the router, which has no other idea. */
  readonly realm: ModelRealm | undefined
  readonly details: Dict
  readonly roles: ReadonlySet<string>
  readonly features: ReadonlySet<string>
}

/** A login that was challenged. */
export interface ModelLogin {
  readonly joining: Joining
  /** What AUTHENTICATE brought, and the lookup that goes on because of it. */
  isRight: boolean
  lookup: Lookup | undefined
}

export class ModelLogins {
  readonly #model: Model
  /** Lookups that the router began in this turn. */
  #begun: Lookup[] = []
  /** Peers that log in. */
  readonly #peers = new Set<ModelPeer>()

  constructor(model: Model) {
    this.#model = model
  }

  lookedUp(lookup: Lookup): void {
    this.#begun.push(lookup)
  }

  /** HELLO on a link with a login. */
  begin(turn: Turn, peer: ModelPeer, joining: Joining): void {
    const model = this.#model
    const { authid, authmethods } = joining.details
    if (this.#peers.size >= model.limits.loginsAtOnceMax) return model.abort(turn, peer, ['crosspoint.error.too_many_logins'])
    const offered = (authmethods ?? []) as readonly string[]
    const method = (offered.length === 0 ? ['anonymous'] : offered).find((name) => name === 'ticket' || name === 'anonymous') // AUTH-03
    if (method === undefined) return model.abort(turn, peer, ['wamp.error.no_matching_auth_method']) // AUTH-04
    if (method === 'anonymous') {
      if (joining.realm === undefined) return model.abort(turn, peer, [FAILED])
      return model.join(turn, peer, joining, ANONYMOUS)
    }
    if (authid === undefined) return model.abort(turn, peer, [FAILED]) // AUTH-16
    turn.expect(peer.link, MessageType.CHALLENGE, 'CHALLENGE ticket', isChallenge, { rank: RANK.first })
    peer.phase = 'login'
    peer.login = { joining, isRight: false, lookup: undefined }
    this.#peers.add(peer)
    model.cancel(peer.deadline)
    const expire = (later: Turn) => this.#refuse(later, peer, FAILED)
    const what = `the login of link ${peer.link.index}`
    peer.deadline = model.plan(turn, model.limits.loginTimeoutMs, what, expire, () => peer.link.isClosedByRouter) // AUTH-07
  }

  /** A message of a peer that logs in. */
  received(turn: Turn, peer: ModelPeer, message: Message): void {
    const login = peer.login!
    if (message.type === MessageType.ABORT) return this.#model.finishPeer(turn, peer)
    if (message.type !== MessageType.AUTHENTICATE || login.lookup !== undefined) return this.#model.violated(turn, peer)
    login.isRight = message.signature === RIGHT_TICKET
    login.lookup = this.#begun.shift()
    if (login.lookup === undefined) return turn.expect(peer.link, MessageType.ABORT, 'a lookup, which was not made', () => false)
    if (login.lookup.isNow) this.#decide(turn, peer)
  }

  /** A late lookup has a result. */
  found(turn: Turn, lookup: Lookup): void {
    const peer = [...this.#peers].find(({ login }) => login?.lookup === lookup)
    if (peer !== undefined) this.#decide(turn, peer)
  }

  #decide(turn: Turn, peer: ModelPeer): void {
    const { isRight, joining, lookup } = peer.login!
    if (lookup!.result === 'failed') return this.#refuse(turn, peer, FAILED)
    if (lookup!.result === 'nobody' || !isRight) return this.#refuse(turn, peer, DENIED)
    if (joining.realm === undefined) return this.#refuse(turn, peer, FAILED)
    this.gone(peer)
    this.#model.join(turn, peer, joining, { authmethod: 'ticket', authid: JOE })
  }

  #refuse(turn: Turn, peer: ModelPeer, reason: Uri): void {
    this.#model.abort(turn, peer, [reason])
  }

  /** The peer logs in no more, for whatever reason. */
  gone(peer: ModelPeer): void {
    this.#peers.delete(peer)
    peer.login = undefined
  }

  /** What the router looked up must have been for somebody. */
  endTurn(turn: Turn): string | undefined {
    const [lookup] = this.#begun.splice(0)
    return lookup === undefined ? undefined : `After ${turn.describeInput()}, the router looked up a principal that nobody asked for`
  }
}

function isChallenge({ authmethod, extra }: { readonly authmethod: string; readonly extra: Dict }): boolean {
  return authmethod === 'ticket' && Object.keys(extra).length === 0
}
