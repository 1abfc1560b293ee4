// One attached peer. Every message enters at `receive`: whether it is legal now (state, role, request id) is decided before
// anything is changed; what is legal goes to the realm. The states and their transitions are protocol/session-states.ts.

import {
  CloseUri,
  type Dict,
  EMPTY_DICT,
  ErrorUri,
  ID_MAX,
  isValidUri,
  type Message,
  MessageType,
  Payload,
  ProtocolViolation,
  type RequestId,
  type SessionId,
  type SessionState,
  type Timer,
  type Uri,
} from '@crosspoint/protocol'
import { type Announcement, CLIENT_ROLES, EMPTY_PAYLOAD, layoutOf, nextRequestId, type Peer } from '@crosspoint/protocol/internal'
import type { PendingCall } from './pending-calls.ts'
import type { Permissions } from './permissions.ts'
import type { Realm } from './realm.ts'
import type { Registration } from './registration.ts'
import { RequestTable } from './request-table.ts'
import type { Resumption } from './resumption.ts'
import type { Subscription } from './subscription.ts'

/** What a session needs of the router that it attached to. */
export interface SessionHost {
  /** A HELLO arrived: join a realm, or refuse. */
  hello(session: Session, message: Extract<Message, { type: 1 }>): void
  /** The session has ended, or was refused before it began. */
  ended(session: Session, reason: Uri, message: string): void
}

/** Which role a client must have announced for each message it sends, as a bit of `Session.#roleBits`, and by name. */
const ROLE_BIT = { publisher: 1, subscriber: 2, caller: 4, callee: 8 } as const
const ROLE_OF: readonly (keyof typeof ROLE_BIT | undefined)[] = (() => {
  const roles: (keyof typeof ROLE_BIT | undefined)[] = new Array(256).fill(undefined)
  roles[MessageType.PUBLISH] = 'publisher'
  roles[MessageType.SUBSCRIBE] = 'subscriber'
  roles[MessageType.UNSUBSCRIBE] = 'subscriber'
  roles[MessageType.CALL] = 'caller'
  roles[MessageType.CANCEL] = 'caller'
  roles[MessageType.REGISTER] = 'callee'
  roles[MessageType.UNREGISTER] = 'callee'
  roles[MessageType.YIELD] = 'callee'
  roles[MessageType.ERROR] = 'callee'
  return roles
})()
const BIT_OF: readonly number[] = ROLE_OF.map((role) => (role === undefined ? 0 : ROLE_BIT[role]))

export class Session {
  peer: Peer
  /** Where the peer is, for logs. */
  address: string
  readonly #host: SessionHost
  state: SessionState = 'closed'
  id = 0 as SessionId
  realm: Realm | undefined = undefined
  authid = ''
  authrole = 'anonymous'
  authmethod = 'anonymous'
  authprovider = 'static'
  /** WELCOME.Details.authextra, which dynamic authorizers are told, too. */
  authextra: Dict | undefined = undefined
  /** What dynamic authorizers are told of its connection. */
  transport: Dict = EMPTY_DICT
  /** Takes the answer to the challenge that was sent. */
  onAuthenticate: ((signature: string, extra: Dict) => void) | undefined = undefined
  // Features in the form that the hot path asks for.
  takesProgress = false
  takesCancel = false
  takesTimeout = false
  takesCallerIdentification = false
  takesPublisherIdentification = false
  takesPublicationTrustlevels = false
  takesCallTrustlevels = false
  takesReroute = false
  takesUploads = false
  takesPassthruAsCaller = false
  takesPassthruAsCallee = false
  takesRegistrationRevocation = false
  takesSubscriptionRevocation = false
  sendsUploads = false
  sendsPassthruAsPublisher = false
  /** Those of its role, where nobody else is asked; the realm keeps this in step with the role. */
  permissions: Permissions | undefined = undefined
  /** What outlives the transport, for a session that may be resumed. */
  resumption: Resumption | undefined = undefined
  readonly subscriptions = new Map<number, Subscription>()
  readonly registrations = new Map<number, Registration>()
  /** Calls of this session in flight, by CALL request id. */
  readonly calls = new RequestTable<PendingCall>()
  /** Invocations sent to this session and not yet answered, by INVOCATION request id. */
  readonly invocations = new RequestTable<PendingCall>()
  #roleBits = 0
  #lastRequestId = 0
  #lastInvocationId = 0
  /** The end of its login, where it has one. */
  expiry: Timer | undefined = undefined
  /** The deadline of the opening handshake, then of the answer to a GOODBYE. */
  timer: Timer | undefined = undefined

  constructor(peer: Peer, address: string, host: SessionHost) {
    this.peer = peer
    this.address = address
    this.#host = host
    this.#listenTo(peer)
  }

  #listenTo(peer: Peer): void {
    peer.onMessage = (message) => this.receive(message)
    peer.onViolation = (violation) => this.violate(violation)
    peer.onClose = (reason) => this.#lost(reason)
  }

  /** From now on the session can lose its transport and go on with another (RES-01). */
  makeResumable(resumption: Resumption): void {
    this.resumption = resumption
    this.peer = resumption
    this.#listenTo(resumption)
  }

  /** Another transport takes the place of the lost one, or of one that is still there. */
  resumed(): void {
    this.#stopTimer()
    this.resumption?.giveUp()
  }

  hasSurrendered = false
  /** Gives its peer away: this was only the HELLO of a session that goes on. */
  surrender(): Peer {
    this.state = 'failed'
    this.hasSurrendered = true
    this.#stopTimer()
    this.#host.ended(this, '', '')
    return this.peer
  }

  /** Keeps what HELLO announced. */
  announce(roles: Announcement): void {
    for (const role of CLIENT_ROLES) if (roles[role] !== undefined) this.#roleBits |= ROLE_BIT[role]
    this.takesCancel = has(roles, 'callee', 'call_canceling')
    this.takesProgress = has(roles, 'callee', 'progressive_call_results')
    this.takesTimeout = has(roles, 'callee', 'call_timeout')
    this.takesCallerIdentification = has(roles, 'callee', 'caller_identification')
    this.takesPublisherIdentification = has(roles, 'subscriber', 'publisher_identification')
    this.takesPublicationTrustlevels = has(roles, 'subscriber', 'publication_trustlevels')
    this.takesCallTrustlevels = has(roles, 'callee', 'call_trustlevels')
    this.takesReroute = has(roles, 'callee', 'call_reroute')
    this.takesUploads = has(roles, 'callee', 'progressive_call_invocations')
    this.takesPassthruAsCaller = has(roles, 'caller', 'payload_passthru_mode')
    this.takesPassthruAsCallee = has(roles, 'callee', 'payload_passthru_mode')
    this.takesRegistrationRevocation = has(roles, 'callee', 'registration_revocation')
    this.takesSubscriptionRevocation = has(roles, 'subscriber', 'subscription_revocation')
    this.sendsUploads = has(roles, 'caller', 'progressive_call_invocations')
    this.sendsPassthruAsPublisher = has(roles, 'publisher', 'payload_passthru_mode')
  }

  receive(message: Message): void {
    const realm = this.realm
    if (this.state !== 'established' || realm === undefined) {
      this.#receiveOutside(message)
      return
    }
    const type = message.type
    const bit = BIT_OF[type]!
    if ((bit & this.#roleBits) === 0) {
      if (bit === 0) this.#receiveRare(message, realm)
      else this.violate(new ProtocolViolation(`${nameOf(type)} needs the role ${ROLE_OF[type]}, which HELLO did not announce`))
      return
    }
    // New request ids count 1, 2, 3 … over all kinds of requests (ID-05, ID-07, ID-08).
    if (type !== MessageType.YIELD && type !== MessageType.CANCEL && type !== MessageType.ERROR) {
      const id = (message as { requestId: RequestId }).requestId
      if (id !== this.#lastRequestId + 1 && !this.#acceptsOutOfOrder(id)) {
        if (type === MessageType.CALL && id <= this.#lastRequestId) return realm.receiveContinuation(this, message) // RPC-60
        const expected = nextRequestId(this.#lastRequestId)
        this.violate(new ProtocolViolation(`${nameOf(type)}.Request must be ${expected}, the id after the last one, not ${id}`))
        return
      }
      this.#lastRequestId = id
    }
    realm.receive(this, message)
  }

  #acceptsOutOfOrder(id: number): boolean {
    return !this.realm!.rules.isStrict || (this.#lastRequestId === ID_MAX && id === 1)
  }

  /** Messages without a role in an established session: closing, or a violation. */
  #receiveRare(message: Message, realm: Realm): void {
    if (message.type === MessageType.GOODBYE) {
      if (!isValidUri(message.reason)) this.violate(new ProtocolViolation(`GOODBYE.Reason must be a URI, not "${message.reason}"`))
      else realm.goodbye(this, message.reason)
    } else if (message.type === MessageType.ABORT) {
      realm.end(this, message.reason, textOf(message.details['message']))
    } else if (message.type === MessageType.HELLO) {
      this.violate(new ProtocolViolation('HELLO must not be sent in an established session')) // PRV-02
    } else if (message.type === MessageType.AUTHENTICATE) {
      this.violate(new ProtocolViolation('AUTHENTICATE must answer a CHALLENGE, and none is pending')) // PRV-19
    } else {
      this.violate(new ProtocolViolation(`${nameOf(message.type)} is sent by routers, not to them`)) // MSG-16
    }
  }

  /** Before WELCOME, and after the end has begun. */
  #receiveOutside(message: Message): void {
    if (this.state === 'closed') {
      if (message.type === MessageType.HELLO) {
        this.state = 'establishing'
        this.#host.hello(this, message)
      } else if (message.type === MessageType.ABORT) {
        this.finish(message.reason, textOf(message.details['message']))
      } else {
        this.violate(new ProtocolViolation(`The first message must be HELLO, not ${nameOf(message.type)}`)) // SES-01
      }
    } else if (this.state === 'shutting_down') {
      // Everything but the answer is ignored (SES-21); a crossing GOODBYE is the answer (SES-22).
      if (message.type === MessageType.GOODBYE || message.type === MessageType.ABORT) this.finish(this.dismissal ?? message.reason, '')
    } else if (this.state === 'establishing' || this.state === 'challenging') {
      if (message.type === MessageType.ABORT)
        this.finish(message.reason, textOf(message.details['message'])) // transitions 7 and 11
      else if (message.type === MessageType.AUTHENTICATE && this.state === 'challenging') {
        this.state = 'establishing' // the answer is being checked; a second one is not awaited (AUTH-07)
        this.onAuthenticate?.(message.signature, message.extra)
      } else this.violate(new ProtocolViolation(`${nameOf(message.type)} must wait for WELCOME`)) // transitions 9 and 13
    }
  }

  /** Ends the session with ABORT because the peer broke the protocol (PRV-01); nothing of it is processed any more. */
  violate(violation: ProtocolViolation): void {
    if (this.state === 'failed' || this.state === 'closing') return
    const realm = this.realm
    if (violation.isTransportFault) {
      // The transport ends alone (PRV-31); the session learns of it as of any loss.
      this.peer.close(ErrorUri.protocolViolation)
      return
    }
    if (this.state === 'shutting_down') return
    if (realm !== undefined) realm.abort(this, ErrorUri.protocolViolation, violation.message)
    else this.abort(ErrorUri.protocolViolation, violation.message)
  }

  /**
   * Sends ABORT and closes; for a session that is in no realm.
   * @param cause for the log, where the peer is not told all
   */
  abort(reason: Uri, message: string, cause = message, details: Dict = EMPTY_DICT): void {
    this.state = 'failed' // before `send`: a peer in this process may answer inside it
    this.#stopTimer()
    this.peer.send({ type: MessageType.ABORT, details: { ...details, message }, reason, payload: EMPTY_PAYLOAD })
    this.peer.close(reason)
    this.#host.ended(this, reason, cause)
  }

  /** Asks for a proof (AUTH-01). */
  challenge(authmethod: string, extra: Dict): void {
    this.state = 'challenging' // before `send`: a peer in this process may answer inside it
    this.peer.send({ type: MessageType.CHALLENGE, authmethod, extra })
  }

  /** Stops reading from the peer until every `hold` has had its `release`. */
  hold(): void {
    if (this.#holds++ === 0) this.peer.pause()
  }
  release(): void {
    if (--this.#holds === 0) this.peer.resume()
  }
  #holds = 0

  /** Answers a request with ERROR. */
  fail(requestType: number, requestId: RequestId, error: Uri, text: string): void {
    this.realm!.outbox.deliver(
      { type: MessageType.ERROR, requestType, requestId, details: EMPTY_DICT, error, payload: Payload.of([text]) },
      this,
    )
  }

  /** The id of the next INVOCATION to this session (ID-10). */
  nextInvocationId(): RequestId {
    this.#lastInvocationId = nextRequestId(this.#lastInvocationId)
    return this.#lastInvocationId as RequestId
  }

  /** An INVOCATION could not be sent: its id goes to the next one, if there was none since, so that the callee sees no gap (ID-10). */
  returnInvocationId(id: number): void {
    if (id === this.#lastInvocationId) this.#lastInvocationId--
  }

  /** Whether an INVOCATION with this id was ever sent here (PRV-07). */
  wasInvoked(id: number): boolean {
    return id <= this.#lastInvocationId
  }

  /** Why it was sent away, which its answer does not change. */
  dismissal: Uri | undefined = undefined

  closePeer(): void {
    this.peer.close(this.closeReason)
  }
  /** What the transport is told when it is closed. */
  closeReason: Uri = CloseUri.goodbyeAndOut

  /** The end of a session that has left its realm already: the transport goes. */
  finish(reason: Uri, message: string): void {
    if (this.state === 'failed') return
    this.state = 'failed'
    this.#stopTimer()
    this.peer.close(reason)
    this.#host.ended(this, reason, message)
  }

  #lost(reason: string): void {
    this.#stopTimer()
    const realm = this.realm
    if (realm !== undefined && this.resumption !== undefined && this.state === 'established') return realm.pause(this, reason)
    if (realm !== undefined) {
      realm.lost(this, reason)
      return
    }
    if (this.state === 'failed') return
    this.state = 'failed'
    this.#host.ended(this, this.dismissal ?? 'wamp.close.transport_lost', reason)
  }

  /** The deadline no longer matters. */
  #stopTimer(): void {
    this.timer?.cancel()
    this.timer = undefined
  }
  /** WELCOME went out: the deadline of the handshake is over. */
  established(): void {
    this.state = 'established'
    this.#stopTimer()
    this.peer.establish()
  }
}

function has(roles: Announcement, role: string, feature: string): boolean {
  return roles[role]?.has(feature) ?? false
}

function nameOf(type: number): string {
  return layoutOf(type)?.name ?? `message ${type}`
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
