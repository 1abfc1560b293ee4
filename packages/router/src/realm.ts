// One realm: its sessions and its turns. A message, a timer, a lost transport: each is one input, each input is one turn:
// check, decide, change state, queue deliveries; then deliver. An input that arrives during a turn (an in-process component
// that answers inside `send`) waits for the next, so there are no locks and the ordering guarantees fall out (section 12).

import {
  type Clock,
  CloseUri,
  EMPTY_DICT,
  ErrorUri,
  isValidUri,
  type MatchPolicy,
  type Message,
  MessageType,
  ProtocolViolation,
  type Random,
  type Uri,
  type UriRule,
} from '@crosspoint/protocol'
import { EMPTY_PAYLOAD, shown, type Undelivered, uriRuleText } from '@crosspoint/protocol/internal'
import { Broker } from './broker.ts'
import { Dealer } from './dealer.ts'
import type { RouterLimits } from './limits.ts'
import { Outbox } from './outbox.ts'
import type { RealmOptions } from './realm-options.ts'
import type { Session } from './session.ts'

/** Options of a realm, as resolved, with the checks that follow from them. */
export class RealmRules {
  readonly limits: RouterLimits
  readonly isStrict: boolean
  readonly allowsDisclose: boolean
  readonly #uriRule: UriRule

  constructor(options: RealmOptions, limits: RouterLimits) {
    this.limits = limits
    this.isStrict = (options.requestIds ?? 'strict') === 'strict'
    this.allowsDisclose = options.allowDisclose ?? true
    this.#uriRule = options.uriRule ?? 'loose'
  }

  /** Why `uri` cannot be used under `match`, `undefined` when it can. */
  refuseUri(what: string, uri: Uri, match: MatchPolicy): string | undefined {
    if (uri.length > this.limits.uriLengthMax) {
      return `Cannot ${what} ${shown(uri)}: a URI has at most ${this.limits.uriLengthMax} characters, this one ${uri.length}`
    }
    if (isValidUri(uri, match, this.#uriRule)) return undefined
    return `Cannot ${what} ${shown(uri)}: ${uriRuleText(match, this.#uriRule)}`
  }
}

/** Told about what ends sessions and what could not be delivered; for logs and counters. */
export interface RealmObserver {
  ended(session: Session, reason: Uri, message: string): void
  /** An event was dropped for one subscriber (PUB-15, SER-24). */
  eventDropped(session: Session, why: Undelivered): void
}

export class Realm {
  readonly name: Uri
  readonly rules: RealmRules
  readonly outbox: Outbox
  readonly broker: Broker
  readonly dealer: Dealer
  readonly sessions = new Map<number, Session>()
  readonly #clock: Clock
  readonly #observer: RealmObserver
  #isInTurn = false
  #inputs: (() => void)[] = []
  /** What to do about messages of this turn that could not be delivered. */
  #losses: (() => void)[] = []

  constructor(options: RealmOptions, limits: RouterLimits, clock: Clock, random: Random, observer: RealmObserver) {
    this.name = options.name
    this.rules = new RealmRules(options, limits)
    this.#clock = clock
    this.#observer = observer
    this.outbox = new Outbox((message, session, why) => this.#undelivered(message, session, why))
    this.broker = new Broker(this.rules, this.outbox, random)
    this.dealer = new Dealer(this.rules, this.outbox, clock, random, (input) => this.turn(input))
  }

  /** Takes a message that the session found legal. */
  receive(session: Session, message: Message): void {
    if (this.#isInTurn) {
      this.#inputs.push(() => this.#handle(session, message))
      return
    }
    this.#isInTurn = true
    this.#handle(session, message)
    this.#flush()
    if (this.#inputs.length > 0) this.#drain()
    this.#isInTurn = false
  }

  /** Takes any other input: a timer, a late decision, a closed transport. */
  turn(input: () => void): void {
    this.#inputs.push(input)
    if (this.#isInTurn) return
    this.#isInTurn = true
    this.#drain()
    this.#isInTurn = false
  }

  #drain(): void {
    for (let i = 0; i < this.#inputs.length; i++) {
      this.#inputs[i]!()
      this.#flush()
    }
    this.#inputs = []
  }

  /**
   * Ends a turn. What could not be delivered comes before the inputs that wait: a call that ends by it must not get the
   * answer that its callee gave meanwhile.
   */
  #flush(): void {
    this.outbox.flush()
    while (this.#losses.length > 0) {
      const losses = this.#losses
      this.#losses = []
      for (const loss of losses) {
        loss()
        this.outbox.flush()
      }
    }
  }

  #handle(session: Session, message: Message): void {
    if (session.realm !== this || session.state !== 'established') return // it ended while the message waited
    switch (message.type) {
      case MessageType.CALL:
        if (message.options !== EMPTY_DICT && this.#refusesOptions(session, message.options, 'CALL')) return
        return this.dealer.call(session, message)
      case MessageType.YIELD:
        if (message.options !== EMPTY_DICT && this.#refusesOptions(session, message.options, 'YIELD')) return
        return this.dealer.yield(session, message)
      case MessageType.PUBLISH:
        if (message.options !== EMPTY_DICT && this.#refusesOptions(session, message.options, 'PUBLISH')) return
        return this.broker.publish(session, message)
      case MessageType.ERROR:
        return this.dealer.error(session, message)
      case MessageType.CANCEL:
        return this.dealer.cancel(session, message)
      case MessageType.SUBSCRIBE:
        return this.broker.subscribe(session, message)
      case MessageType.UNSUBSCRIBE:
        return this.broker.unsubscribe(session, message)
      case MessageType.REGISTER:
        return this.dealer.register(session, message)
      case MessageType.UNREGISTER:
        return this.dealer.unregister(session, message)
      default:
        throw new Error(`Session ${session.id} let message type ${message.type} through to the realm`)
    }
  }

  /** Options whose use is a violation as long as the router does not announce their feature (PRV-12, PRV-16). */
  #refusesOptions(session: Session, options: { readonly [key: string]: unknown }, name: string): boolean {
    if (name === 'CALL' && options['progress'] === true) {
      session.violate(new ProtocolViolation('CALL.Options.progress needs the feature progressive_call_invocations, which is not announced')) // PRV-11, PRV-12
      return true
    }
    if (typeof options['ppt_scheme'] === 'string' && options['ppt_scheme'] !== '') {
      session.violate(new ProtocolViolation(`${name}.Options.ppt_scheme needs the feature payload_passthru_mode, which is not announced`)) // PRV-16
      return true
    }
    return false
  }

  /** Takes in a session whose HELLO was accepted; `welcome` is its first message (ORD-10). */
  join(session: Session, welcome: Message): void {
    this.turn(() => {
      if (session.state !== 'establishing') return // it ended while this waited
      session.realm = this
      this.sessions.set(session.id, session)
      session.established()
      this.outbox.deliver(welcome, session)
    })
  }

  /** The peer said GOODBYE: it is answered, and the session is over (SES-18). */
  goodbye(session: Session, reason: Uri): void {
    this.turn(() => {
      if (session.realm !== this) return
      this.#leave(session)
      session.state = 'closing'
      this.outbox.deliver({ type: MessageType.GOODBYE, details: {}, reason: CloseUri.goodbyeAndOut }, session)
      this.outbox.close(session)
      this.#observer.ended(session, reason, '')
    })
  }

  /** The session broke a rule: ABORT is its last message (PRV-01). */
  abort(session: Session, reason: Uri, message: string): void {
    session.state = 'failed' // at once: what is queued behind the violation is not processed
    this.turn(() => {
      if (session.realm !== this) return
      this.#leave(session)
      session.closeReason = reason
      this.outbox.deliver({ type: MessageType.ABORT, details: { message }, reason, payload: EMPTY_PAYLOAD }, session)
      this.outbox.close(session)
      this.#observer.ended(session, reason, message)
    })
  }

  /** The peer sent ABORT: it is not answered (SES-27). */
  end(session: Session, reason: Uri, message: string): void {
    this.turn(() => {
      if (session.realm !== this) return
      this.#leave(session)
      session.finish(reason, message)
    })
  }

  /** The transport is gone (SES-24). */
  lost(session: Session, reason: string): void {
    this.turn(() => {
      if (session.realm !== this) return
      this.#leave(session)
      session.state = 'failed'
      this.#observer.ended(session, 'wamp.close.transport_lost', reason)
    })
  }

  /**
   * Sends GOODBYE to every session. Each has left the realm when this returns: no more messages of it are routed. Its
   * transport is closed when it answers, or after `goodbyeTimeoutMs`.
   */
  close(reason: Uri): void {
    this.turn(() => {
      for (const session of [...this.sessions.values()]) {
        this.#leave(session)
        session.state = 'shutting_down'
        this.outbox.deliver({ type: MessageType.GOODBYE, details: {}, reason }, session)
        session.timer = this.#clock.setTimer(this.rules.limits.goodbyeTimeoutMs, () => session.finish(reason, 'no answer to GOODBYE'))
      }
    })
  }

  #leave(session: Session): void {
    this.sessions.delete(session.id)
    session.realm = undefined
    this.dealer.leave(session)
    this.broker.leave(session)
  }

  #undelivered(message: Message, session: Session, why: Undelivered): void {
    const error = why === 'too_large' ? ErrorUri.payloadSizeExceeded : ErrorUri.invalidArgument
    const text =
      why === 'too_large'
        ? 'The message is longer than the receiver accepts'
        : 'The payload holds a value that has no form in the serializer of the receiver'
    this.#losses.push(() => {
      switch (message.type) {
        case MessageType.EVENT:
          return this.#observer.eventDropped(session, why)
        case MessageType.INVOCATION:
          return this.dealer.invocationUndelivered(session, message.requestId, error, text)
        case MessageType.RESULT:
          if (session.realm === this) this.dealer.resultUndelivered(session, message.requestId, error, text)
          return
        case MessageType.ERROR:
          if (session.realm === this) this.dealer.errorUndelivered(session, message, error)
          return
        case MessageType.WELCOME:
          return this.abort(session, error, text) // it would wait forever
        default:
          return
      }
    })
  }
}
