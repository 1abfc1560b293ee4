// One session with a router, as a synchronous state machine over a Peer: opening and closing, requests in flight, and
// the way of every message to its role. The states are those of protocol/session-states.ts.
//
//   HELLO ──► establishing ──WELCOME──► established ──GOODBYE──► shutting_down ──GOODBYE──► closed
//                  ├── CHALLENGE ──► challenging ──WELCOME──► established, or another CHALLENGE
//                  └── ABORT, anything else ──► closed                  (ABORT, violation or a lost transport: closed)

import {
  ApplicationError,
  type Challenge,
  type Dict,
  EMPTY_DICT,
  type ErrorMessage,
  type Event,
  type Interrupt,
  type Invocation,
  type Message,
  MessageType,
  ProtocolViolation,
  type RequestId,
  type Result as ResultMessage,
  type SessionId,
  type SessionState,
  type Unregistered,
  type Unsubscribed,
  type Uri,
  UsageError,
  type Welcome,
} from '@crosspoint/protocol'
import {
  announceRoles,
  EMPTY_PAYLOAD,
  isDict,
  layoutOf,
  nextRequestId,
  type Peer,
  ROUTER_ROLES,
  readRoles,
  shown,
  type Undelivered,
} from '@crosspoint/protocol/internal'

import { asError, type ClientLogin } from './authentication.ts'
import { wrongOption } from './compact-json.ts'
import type { PayloadCodec } from './payload-codec.ts'
import { CANNOT_AUTHENTICATE, CLOSE_REALM, GOODBYE_AND_OUT, INVALID_ARGUMENT, PROTOCOL_VIOLATION, UPLOADS } from './uris.ts'

/** What this client announces (FEA-11, FEA-12, FEA-14). */
const CALLS = ['progressive_call_results', UPLOADS, 'call_canceling', 'call_timeout', 'caller_identification', 'sharded_registration']
const CLIENT_FEATURES = Object.freeze({
  caller: CALLS,
  callee: [...CALLS, 'call_reroute', 'call_trustlevels', 'pattern_based_registration', 'registration_revocation', 'shared_registration'],
  publisher: ['subscriber_blackwhite_listing', 'publisher_exclusion', 'publisher_identification', 'sharded_subscription'],
  subscriber: [
    'publisher_identification',
    'publication_trustlevels',
    'pattern_based_subscription',
    'sharded_subscription',
    'subscription_revocation',
  ],
})

/** Bytes that may wait for the network before those who send much are asked to wait. */
const BUFFERED_BYTES_MAX = 1_048_576

/** Who we are to the router, as WELCOME said. */
export interface SessionInfo {
  readonly id: SessionId
  readonly realm: Uri
  readonly authid: string | undefined
  readonly authrole: string | undefined
  readonly authmethod: string | undefined
  readonly authprovider: string | undefined
  /** What else the router says of whom we are, such as the `extra` of a principal. */
  readonly authextra: Dict | undefined
  /** The router's features by role: `features.dealer?.has('call_canceling')`. */
  readonly features: { readonly [role: string]: ReadonlySet<string> | undefined }
  /** `WELCOME.Details` as they came. */
  readonly details: Dict
}

/** How a session ended. */
export interface SessionEnd {
  /**
   * `aborted`: the router sent ABORT. `goodbye`: the router sent GOODBYE. `left`: our own GOODBYE was answered. `lost`: the
   * transport closed. `violation`: the router broke the protocol, or its login is not one that we do. `unready`: we could not
   * answer its CHALLENGE this time, for example because a secret could not be fetched.
   */
  readonly how: 'aborted' | 'goodbye' | 'left' | 'lost' | 'violation' | 'unready'
  /** A URI, or the text of a transport. */
  readonly reason: string
  /** `Details.message`. */
  readonly message: string
  readonly args: readonly unknown[]
  readonly kwargs: Dict
}

/** A request that awaits its answer. Exactly one of its methods is called last. */
export interface PendingRequest {
  /** The code of the message sent. */
  readonly type: number
  /** What it is about, for errors. */
  readonly uri: Uri
  /** The answer came; true when more will follow (progress). */
  replied(reply: Message): boolean
  refused(error: ApplicationError): void
  lost(error: UsageError): void
}

export interface SessionListener {
  joined(session: Session): void
  ended(session: Session, end: SessionEnd): void
  event(session: Session, message: Event): void
  invocation(session: Session, message: Invocation): void
  interrupt(message: Interrupt): void
  /** The router took a subscription or registration away (PUB-66, RPC-131). */
  revoked(message: Unsubscribed | Unregistered): void
}

type RequestMessage = Extract<Message, { readonly requestId: RequestId; readonly options?: Dict }>
type WithoutId<M> = M extends { readonly requestId: RequestId } ? Omit<M, 'requestId'> : never

const REQUEST_OF_REPLY: ReadonlyMap<number, number> = new Map<number, number>([
  [MessageType.PUBLISHED, MessageType.PUBLISH],
  [MessageType.SUBSCRIBED, MessageType.SUBSCRIBE],
  [MessageType.UNSUBSCRIBED, MessageType.UNSUBSCRIBE],
  [MessageType.RESULT, MessageType.CALL],
  [MessageType.REGISTERED, MessageType.REGISTER],
  [MessageType.UNREGISTERED, MessageType.UNREGISTER],
])
const REQUEST_TYPES: ReadonlySet<number> = new Set(REQUEST_OF_REPLY.values())

export class Session {
  state: SessionState = 'closed'
  info: SessionInfo | undefined = undefined
  /** Whether it has ended; before HELLO its state is `closed`, too. */
  #isOver = false
  readonly #peer: Peer
  readonly #listener: SessionListener
  readonly #pending = new Map<number, PendingRequest>()
  readonly #codec: PayloadCodec | undefined
  #login: ClientLogin | undefined
  #lastRequestId = 0
  /** Streams whose reader is behind, and how many of them are calls of ours. */
  readonly #holders = new Map<object, boolean>()
  #isHeld = false

  constructor(peer: Peer, listener: SessionListener, codec?: PayloadCodec) {
    this.#peer = peer
    this.#listener = listener
    this.#codec = codec
    peer.onMessage = (message) => this.#receive(message)
    peer.onViolation = (violation) => this.#violated(violation)
    peer.onClose = (reason) => this.#end('lost', reason)
  }

  get isJoined(): boolean {
    return this.state === 'established'
  }

  /** Sends HELLO. */
  open(realm: Uri, login?: ClientLogin): void {
    if (this.#isOver) return // while the login was being prepared
    this.#login = login
    this.state = 'establishing'
    const features = Object.entries(CLIENT_FEATURES).map(([role, names]) => [
      role,
      this.#codec ? [...names, ...this.#codec.features] : names,
    ])
    const roles = announceRoles(Object.fromEntries(features))
    this.#peer.send({ type: MessageType.HELLO, realm, details: { agent: 'Crosspoint', roles, ...login?.details } })
  }

  /** Sends GOODBYE; the session ends when the router answers it (SES-18). */
  leave(reason: Uri = CLOSE_REALM): void {
    if (this.state !== 'established') return
    this.state = 'shutting_down'
    // First the requests: in one process the router's answer comes back within `send`, and would fail them as lost.
    this.#failPending('The client was stopped', 'ERR_CLOSED')
    this.#peer.send({ type: MessageType.GOODBYE, details: EMPTY_DICT, reason })
  }

  /** Ends the session without a word. */
  drop(reason: string): void {
    this.#end('lost', reason)
  }

  /** Sends a message that awaits no answer. `uri` is what its payload is about. Returns why it could not be sent. */
  send(message: Message, uri: Uri = ''): Undelivered | undefined {
    return this.state === 'established' ? this.#peer.send(this.#sealed(message, uri)) : undefined
  }

  /** The payload in the form that the codec gives it. */
  #sealed<Sent extends Message>(message: Sent, uri: Uri): Sent {
    return this.#codec === undefined || !('payload' in message) ? message : (this.#codec.seal(message as never, uri) as never)
  }

  /** A message with its payload readable; `undefined` when it cannot be read here (PPT-14). */
  reveal<Received extends Event | Invocation | ResultMessage | ErrorMessage>(message: Received, uri: Uri): Received | undefined {
    const { ppt_scheme, enc_algo } = message.details
    if (!ppt_scheme && !enc_algo) return message
    return this.#codec?.open(message as never, uri) as Received | undefined
  }

  /** Resolves when the network takes more; at once when it does. */
  async writable(): Promise<void> {
    const peer = this.#peer
    if (this.state !== 'established' || peer.bufferedBytes <= BUFFERED_BYTES_MAX) return
    await new Promise<void>((resolve) => {
      this.#onEnd.add(resolve)
      const done = () => {
        this.#onEnd.delete(resolve)
        resolve()
      }
      if (!peer.whenDrained(done)) done()
    })
  }
  readonly #onEnd = new Set<() => void>()

  /**
   * Reads no more from the router because the reader of a stream is behind; `isCall` when the stream is of a request of ours.
   * While other requests await their answers it is read all the same: the reader may be waiting for one of them.
   */
  hold(holder: object, isCall: boolean): void {
    this.#holders.set(holder, isCall)
    this.#judgeHold()
  }
  release(holder: object): void {
    if (this.#holders.delete(holder)) this.#judgeHold()
  }
  #judgeHold(): void {
    const calls = [...this.#holders.values()].filter(Boolean).length
    const isHeld = this.#holders.size > 0 && this.#pending.size <= calls
    if (isHeld === this.#isHeld) return
    this.#isHeld = isHeld
    if (isHeld) this.#peer.pause()
    else this.#peer.resume()
  }

  /**
   * Sends a request with the next id. Throws `UsageError` when it cannot be sent; then the id is not used up, since ids
   * must follow each other without a gap (ID-08).
   */
  request(build: (requestId: RequestId) => RequestMessage, pending: PendingRequest | undefined): void {
    const before = this.#lastRequestId
    const requestId = nextRequestId(before)
    const message = build(requestId)
    checkRequest(message)
    // Set before sending: an in-process router answers within `send`.
    this.#lastRequestId = requestId
    if (pending !== undefined) this.#pending.set(requestId, pending)
    this.#judgeHold()
    let isSent = false
    try {
      const undelivered = this.#peer.send(this.#sealed(message, uriOf(message)))
      isSent = undelivered === undefined
      if (undelivered !== undefined) throw undeliveredError(undelivered, `${nameOf(message)} of "${uriOf(message)}"`)
    } finally {
      if (!isSent) {
        this.#lastRequestId = before
        this.#pending.delete(requestId)
      }
    }
  }

  /** Sends a request that has one answer. Throws like `request`. */
  ask(
    message: WithoutId<RequestMessage>,
    uri: Uri,
    answered: (reply: Message) => void,
    refused: (error: ApplicationError) => void,
    lost: (error: UsageError) => void,
  ): void {
    const replied = (reply: Message) => {
      answered(reply)
      return false
    }
    this.request((requestId) => ({ ...message, requestId }) as RequestMessage, { type: message.type, uri, replied, refused, lost })
  }

  /** The router broke the protocol: ABORT, and nothing more of this session (PRV-01). */
  violate(message: string): void {
    this.#abort(PROTOCOL_VIOLATION, message)
  }

  /** `told`: what the router is told, when that is less. */
  #abort(reason: Uri, message: string, how: SessionEnd['how'] = 'violation', told = message): void {
    if (this.state === 'closed') return
    this.#peer.onClose = () => {} // this end is ours: in one process the router closes within `send`
    this.#peer.send({ type: MessageType.ABORT, details: { message: told }, reason, payload: EMPTY_PAYLOAD })
    this.#end(how, reason, message)
  }

  #violated(violation: ProtocolViolation): void {
    if (this.state === 'shutting_down') return // STA-03 (14)
    if (violation.isTransportFault) this.drop(violation.message)
    else this.violate(violation.message)
  }

  #receive(message: Message): void {
    switch (this.state) {
      case 'established':
        return this.#receiveEstablished(message)
      case 'establishing':
      case 'challenging':
        return this.#receiveEstablishing(message)
      case 'shutting_down':
        // Crossing GOODBYEs answer each other (SES-22); everything else is ignored (SES-21).
        if (message.type === MessageType.GOODBYE) this.#finish('left', message.reason, message.details)
        else if (message.type === MessageType.ABORT) this.#finish('left', message.reason, message.details)
        return
    }
  }

  #receiveEstablishing(message: Message): void {
    if (message.type === MessageType.WELCOME) return this.#welcome(message)
    if (message.type === MessageType.ABORT) return this.#aborted(message)
    if (message.type !== MessageType.CHALLENGE) return this.violate(`${nameOf(message)} before WELCOME`) // PRV-04, PRV-05
    // One at a time: the router has our answer before it asks for more (AUTH-08).
    if (this.#isAnswering) return this.violate('CHALLENGE before the answer to the one before')
    this.#challenged(message)
  }

  #isAnswering = false
  #challenged({ authmethod, extra }: Challenge): void {
    // No login was offered, so whatever is asked for cannot be answered (SES-27, PRV-20).
    if (this.#login === undefined) return this.#abort(CANNOT_AUTHENTICATE, `No login was offered, "${authmethod}" was asked for`)
    this.state = 'challenging'
    this.#isAnswering = true
    this.#login.answer(authmethod, extra).then(
      ({ signature, extra: more = EMPTY_DICT }) => {
        this.#isAnswering = false
        if (this.state !== 'challenging') return
        const undelivered = this.#peer.send({ type: MessageType.AUTHENTICATE, signature, extra: more })
        if (undelivered !== undefined) this.#unable(authmethod, undeliveredError(undelivered, 'AUTHENTICATE'))
      },
      (error: unknown) => this.#unable(authmethod, asError(error)),
    )
  }

  /** AUTH-09. What a program's own function threw is not the router's business: it may tell of secrets. */
  #unable(what: string, error: Error): void {
    if (this.state !== 'challenging') return
    const message = `${what}: ${error.message}`
    if (error instanceof UsageError) this.#abort(CANNOT_AUTHENTICATE, message)
    else this.#abort(CANNOT_AUTHENTICATE, message, 'unready', `${what}: this client cannot answer now`)
  }

  #welcome(message: Welcome): void {
    if (this.#isAnswering) return this.violate('WELCOME before the answer to CHALLENGE')
    try {
      this.#login?.verify(message.details)
    } catch (error) {
      return this.#abort(CANNOT_AUTHENTICATE, asError(error).message) // AUTH-43
    }
    let features: SessionInfo['features']
    try {
      features = readRoles(message.details, ROUTER_ROLES) // SES-04
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error
      return this.violate(`WELCOME: ${error.message}`)
    }
    const text = (name: string) => (typeof message.details[name] === 'string' ? message.details[name] : undefined)
    this.info = {
      id: message.sessionId,
      realm: text('realm') ?? '',
      authid: text('authid'),
      authrole: text('authrole'),
      authmethod: text('authmethod'),
      authprovider: text('authprovider'),
      authextra: isDict(message.details['authextra']) ? message.details['authextra'] : undefined,
      features,
      details: message.details,
    }
    this.state = 'established'
    this.#peer.establish()
    this.#listener.joined(this)
  }

  #receiveEstablished(message: Message): void {
    switch (message.type) {
      case MessageType.EVENT:
        return this.#listener.event(this, message)
      case MessageType.INVOCATION:
        return this.#listener.invocation(this, message)
      case MessageType.INTERRUPT:
        return this.#listener.interrupt(message)
      case MessageType.ERROR:
        return this.#refused(message)
      case MessageType.GOODBYE:
        this.#peer.send({ type: MessageType.GOODBYE, details: EMPTY_DICT, reason: GOODBYE_AND_OUT })
        return this.#finish('goodbye', message.reason, message.details)
      case MessageType.ABORT:
        return this.#aborted(message)
      default:
        return this.#replied(message)
    }
  }

  #replied(message: Message): void {
    const type = REQUEST_OF_REPLY.get(message.type)
    if (type === undefined) return this.violate(`${nameOf(message)} from a router after WELCOME`) // PRV-03, PRV-18
    const requestId = (message as { readonly requestId: number }).requestId
    if (requestId === 0) return this.#listener.revoked(message as Unsubscribed)
    const pending = this.#find(type, requestId, nameOf(message))
    if (pending === undefined) return
    let isOpen = false
    try {
      const opened = message.type === MessageType.RESULT ? this.reveal(message, pending.uri) : message
      if (opened === undefined) pending.refused(unreadable())
      else isOpen = pending.replied(opened)
    } catch (error) {
      pending.refused(unreadable(error))
    }
    if (!isOpen) this.#pending.delete(requestId)
    this.#judgeHold()
  }

  #refused(message: ErrorMessage): void {
    const { requestType, requestId } = message
    if (!REQUEST_TYPES.has(requestType)) return this.violate(`ERROR for the request type ${requestType}`) // PRV-06
    const pending = this.#find(requestType, requestId, 'ERROR')
    if (pending === undefined) return
    this.#pending.delete(requestId)
    const { args, kwargs } = readable(() => this.reveal(message, pending.uri)?.payload.read())
    pending.refused(new ApplicationError(message.error, args, kwargs))
    this.#judgeHold()
  }

  /** The request that a reply answers. A reply to one never sent is a violation (PRV-21); a second reply is dropped. */
  #find(type: number, requestId: number, name: string): PendingRequest | undefined {
    const pending = this.#pending.get(requestId)
    if (pending?.type === type) return pending
    if (pending !== undefined || requestId > this.#lastRequestId || requestId === 0) {
      this.violate(`${name} for the request ${requestId}, which was never sent as ${layoutOf(type)!.name}`)
    }
    return undefined
  }

  #aborted(message: Extract<Message, { type: typeof MessageType.ABORT }>): void {
    const { args, kwargs } = readable(() => message.payload.read())
    this.#finish('aborted', message.reason, message.details, args, kwargs)
  }

  #finish(how: SessionEnd['how'], reason: Uri, details: Dict, args?: readonly unknown[], kwargs?: Dict): void {
    this.#end(how, reason, typeof details['message'] === 'string' ? details['message'] : '', args, kwargs)
  }

  #end(how: SessionEnd['how'], reason: string, message = '', args: readonly unknown[] = [], kwargs: Dict = EMPTY_DICT): void {
    if (this.#isOver) return
    this.#isOver = true
    this.state = 'closed' // before closing: a peer may tell of its close at once
    this.#peer.close(reason)
    for (const resolve of this.#onEnd) resolve()
    const end = { how, reason, message, args, kwargs }
    this.#failPending(`The session ended: ${describeEnd(end)}`, 'ERR_CONNECTION_LOST')
    this.#listener.ended(this, end)
  }

  #failPending(why: string, code: 'ERR_CLOSED' | 'ERR_CONNECTION_LOST'): void {
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    for (const request of pending) {
      request.lost(new UsageError(code, `${layoutOf(request.type)!.name} of "${request.uri}" has no answer. ${why}`))
    }
  }
}

/** Why a result cannot be given: nobody here opens it, or it holds a value that has no form in JavaScript. */
function unreadable(error?: unknown): ApplicationError {
  const why = (error as Error | undefined)?.message ?? 'The payload is for the far end only, and this client has no key or codec for it'
  return new ApplicationError(INVALID_ARGUMENT, [why])
}

interface Answer {
  readonly args?: readonly unknown[]
  readonly kwargs?: Dict
}

/** What `read` gives, or why it gives nothing: an error and the end of a session are told even when their arguments cannot be read. */
function readable(read: () => Answer | undefined): Answer {
  try {
    return read() ?? {}
  } catch (error) {
    return { args: [(error as Error).message] }
  }
}

/** One line about the end of a session. */
export function describeEnd(end: SessionEnd): string {
  const details = end.args.length > 0 ? ` ${shown(end.args)}` : ''
  return `${end.reason}${end.message ? `: ${end.message}` : ''}${details}`
}

function nameOf(message: Message): string {
  return layoutOf(message.type)!.name
}

function uriOf(message: RequestMessage): Uri {
  return 'topic' in message ? message.topic : 'procedure' in message ? message.procedure : ''
}

/** What a router would answer with ABORT is refused here, where the mistake is (MSG-11). */
function checkRequest(message: RequestMessage): void {
  const layout = layoutOf(message.type)!
  const uri: unknown = uriOf(message)
  if (typeof uri !== 'string') throw new UsageError('ERR_INVALID_ARGUMENT', `${layout.name} needs a URI, not ${shown(uri)}`)
  const wrong = wrongOption(layout, message)
  if (wrong !== undefined) throw new UsageError('ERR_INVALID_ARGUMENT', wrong)
}

/** Why `what` was not sent, as an error. */
export function undeliveredError(why: Undelivered, what: string): UsageError {
  return why === 'too_large'
    ? new UsageError('ERR_PAYLOAD_TOO_LARGE', `Cannot send ${what}: it is longer than the router accepts`)
    : new UsageError('ERR_UNSERIALIZABLE', `Cannot send ${what}: a value in it has no form in the serializer`)
}
