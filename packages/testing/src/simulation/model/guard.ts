// Authorization as the checkers see it (RPC-06, RPC-79, ORD-04): the router must ask for exactly what needs asking, and what a
// session sends behind an open question waits its turn.

import { type Dict, type MatchPolicy, type Message, MessageType, type Uri } from '@crosspoint/protocol'
import { Finding } from '../finding.ts'
import type { ModelLimits, ModelSession } from './state.ts'
import { isErrorFor, type MessageOf, type Turn } from './turn.ts'
import { isValid } from './uris.ts'

/** One question of the router, and what the simulated authorizer says to it. */
export interface Ask {
  readonly sessionId: number
  readonly action: string
  readonly uri: Uri
  readonly decision: 'allowed' | 'denied' | 'failed'
  readonly isNow: boolean
}

interface Held {
  readonly message: Message
  readonly isContinuation: boolean
  /** The question that is open, for the first of them. */
  readonly ask: Ask | undefined
  isCanceled: boolean
}

export type Act = (turn: Turn, session: ModelSession, message: Message, isContinuation: boolean) => void

const ACTIONS: ReadonlyMap<number, string> = new Map<number, string>([
  [MessageType.CALL, 'call'],
  [MessageType.REGISTER, 'register'],
  [MessageType.PUBLISH, 'publish'],
  [MessageType.SUBSCRIBE, 'subscribe'],
])

export class ModelGuard {
  readonly #limits: ModelLimits
  readonly #act: Act
  readonly #endInput: (turn: Turn) => void
  readonly #held = new Map<ModelSession, Held[]>()
  readonly #full = new Set<ModelSession>()
  /** What the router asked in this turn and no message explains yet. */
  #asks: Ask[] = []

  /** `endInput` is called before the next message of several has its turn. */
  constructor(limits: ModelLimits, act: Act, endInput: (turn: Turn) => void) {
    this.#endInput = endInput
    this.#limits = limits
    this.#act = act
  }

  /** The router asked. */
  asked(ask: Ask): void {
    this.#asks.push(ask)
  }

  /** The router must ask for what is no message: a testament, a reader of history. `then` says what must come of the decision. */
  ask(turn: Turn, session: ModelSession, action: string, uri: Uri, then: (later: Turn, decision: Ask['decision']) => void): void {
    if (!session.realm.hasAuthorizer) return then(turn, 'allowed')
    const ask = this.#take(turn, session, action, uri)
    if (ask.isNow) then(turn, ask.decision)
    else this.#late.set(ask, then)
  }
  readonly #late = new Map<Ask, (later: Turn, decision: Ask['decision']) => void>()

  #take(turn: Turn, session: ModelSession, action: string, uri: Uri): Ask {
    const at = this.#asks.findIndex((ask) => ask.sessionId === session.id && ask.action === action && ask.uri === uri)
    if (at >= 0) return this.#asks.splice(at, 1)[0]!
    throw new Finding(`After ${turn.describeInput()}, the router did not ask whether session ${session.id} may ${action} ${uri}`)
  }

  /** A message of a session, for which role and request id are right. */
  pass(turn: Turn, session: ModelSession, message: Message, isContinuation: boolean): void {
    if (!session.realm.hasAuthorizer) return this.#act(turn, session, message, isContinuation)
    const held = this.#held.get(session)
    if (held === undefined) return this.#check(turn, session, message, isContinuation)
    if (message.type === MessageType.CANCEL) {
      if (!this.#cancel(turn, session, held, message.requestId)) this.#act(turn, session, message, false)
      return
    }
    held.push({ message, isContinuation, ask: undefined, isCanceled: false })
    if (held.length < this.#limits.heldMessagesMax || this.#full.has(session)) return
    this.#full.add(session)
    session.holds++
  }

  /** CANCEL of a call that waits here: it never reaches anybody (RPC-79). A chunk that waits is no call, its call is elsewhere. */
  #cancel(turn: Turn, session: ModelSession, held: readonly Held[], callId: number): boolean {
    const calls = held.filter(
      ({ isCanceled, isContinuation, message }) =>
        !isCanceled && !isContinuation && message.type === MessageType.CALL && message.requestId === callId,
    )
    for (const call of calls) call.isCanceled = true
    if (calls.length === 0) return false
    turn.expect(session, MessageType.ERROR, `ERROR wamp.error.canceled for CALL ${callId}, which waits`, (error) =>
      isErrorFor(error, MessageType.CALL, callId, ['wamp.error.canceled']),
    )
    return true
  }

  #check(turn: Turn, session: ModelSession, message: Message, isContinuation: boolean): void {
    const action = ACTIONS.get(message.type)
    if (action === undefined || isContinuation) return this.#act(turn, session, message, isContinuation)
    const { options, topic, procedure } = message as unknown as { readonly options: Dict; readonly topic?: Uri; readonly procedure: Uri }
    const uri = topic ?? procedure
    const isPattern = action === 'register' || action === 'subscribe'
    const match = isPattern ? ((options['match'] ?? 'exact') as MatchPolicy) : 'exact'
    const isLegal = isValid(uri, match, session.realm.hasStrictUris) && uri.length <= this.#limits.uriLengthMax
    if (!isLegal) return this.#act(turn, session, message, false)
    const ask = this.#take(turn, session, action, uri)
    if (ask.isNow) this.#decide(turn, session, message, ask)
    else this.#held.set(session, [{ message, isContinuation, ask, isCanceled: false }])
  }

  /** A late decision has come. */
  decided(turn: Turn, ask: Ask): void {
    const then = this.#late.get(ask)
    this.#late.delete(ask)
    if (then !== undefined) return then(turn, ask.decision)
    for (const [session, held] of this.#held) {
      const first = held[0]!
      if (first.ask !== ask) continue
      if (!first.isCanceled) this.#decide(turn, session, first.message, ask)
      return this.#goOn(turn, session)
    }
  }

  #goOn(turn: Turn, session: ModelSession): void {
    const rest = this.#held.get(session)?.slice(1) ?? []
    this.#held.delete(session)
    while (rest.length > 0 && session.peer.session === session && !this.#held.has(session)) {
      const { isCanceled, isContinuation, message } = rest.shift()!
      this.#endInput(turn)
      turn.nextStage()
      if (!isCanceled) this.#check(turn, session, message, isContinuation)
    }
    if (session.peer.session !== session) return
    this.#held.get(session)?.push(...rest)
    if ((this.#held.get(session)?.length ?? 0) < this.#limits.heldMessagesMax && this.#full.delete(session)) session.holds--
  }

  #decide(turn: Turn, session: ModelSession, message: Message, { action, decision, uri }: Ask): void {
    if (decision === 'allowed') return this.#act(turn, session, message, false)
    const { options, requestId, type } = message as MessageOf<16>
    if (type === MessageType.PUBLISH && options['acknowledge'] !== true) return // PUB-07
    const error = decision === 'denied' ? 'wamp.error.not_authorized' : 'wamp.error.authorization_failed'
    turn.expect(session, MessageType.ERROR, `ERROR ${error}: session ${session.id} may not ${action} ${uri}`, (answer) =>
      isErrorFor(answer, type, requestId, [error]),
    )
  }

  leave(session: ModelSession): void {
    this.#held.delete(session)
    this.#full.delete(session)
  }

  /** Nothing may have been asked that no message needed. */
  endTurn(turn: Turn): void {
    const idle = this.#asks[0]
    this.#asks = []
    if (idle === undefined) return
    throw new Finding(
      `After ${turn.describeInput()}, the router asked without need whether session ${idle.sessionId} may ${idle.action} ${idle.uri}`,
    )
  }
}
