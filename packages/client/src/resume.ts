// Sessions that outlive their transport (section 4.6 of the requirements): a link that, when its transport is lost, opens
// another and goes on with the same session. The client above does not notice: its calls stay in flight, its
// registrations and subscriptions stay, and nothing is lost or delivered twice.
//
//   HELLO resumable ──► WELCOME resume_token ──► linked ──transport lost──► opening ──HELLO resume──► WELCOME resumed ──► linked
//                                                                              └── ABORT, or waitMs is over ──► closed
//
// Both sides number the messages of the session and keep the newest. When they meet again each tells the other how many
// it has received (`_received`), and what is missing goes again, in order. With a router that does not tell, what was on its
// way when the transport was lost is not sent again.

import {
  type ChannelBinding,
  type Clock,
  type Dict,
  type Message,
  MessageType,
  type ProtocolViolation,
  type Random,
  type Timer,
} from '@crosspoint/protocol'
import { isolated, type Peer, type Undelivered } from '@crosspoint/protocol/internal'
import { Backoff } from './backoff.ts'
import type { Open } from './options.ts'

export interface ResumableOptions {
  /** How long to try to come back, in milliseconds. Then the session is lost, and the client begins another. Default: 30000. */
  readonly waitMs?: number | undefined
  /** How many messages of ours are kept to be sent again. More while there is no transport, and the session is lost. Default: 1000. */
  readonly messagesMax?: number | undefined
  /** The bound of the first wait before another attempt, in milliseconds; it doubles, up to 5000. Default: 100. */
  readonly retryDelayMs?: number | undefined
  /** Told when the transport is lost, with why, and when the session goes on (`undefined`). */
  readonly onPause?: ((reason: string | undefined) => void) | undefined
}

const RETRY_DELAY_MAX_MS = 5_000

/**
 * For `ClientOptions.resume`: sessions go on after a lost transport, where the router agrees (the realm option `resume`).
 * Where it does not, everything is as without it.
 *
 * @example
 * const client = new Client({ url: 'ws://localhost:8080/ws', resume: resumable({ waitMs: 60_000 }) })
 */
export function resumable(options: ResumableOptions = {}): (open: Open, clock: Clock, random: Random) => Open {
  const { waitMs = 30_000, messagesMax = 1_000, retryDelayMs = 100, onPause = () => {} } = options
  return (open, clock, random) => async (signal) => {
    const backoff = new Backoff(random, retryDelayMs, RETRY_DELAY_MAX_MS)
    return new ResumablePeer(await open(signal), { open, clock, backoff, waitMs, messagesMax, onPause })
  }
}

interface Means {
  readonly open: Open
  readonly clock: Clock
  readonly backoff: Backoff
  readonly waitMs: number
  readonly messagesMax: number
  readonly onPause: (reason: string | undefined) => void
}

/** What the router gave, to come back with. */
interface Ticket {
  readonly session: number
  readonly token: unknown
}

class ResumablePeer implements Peer {
  onMessage: (message: Message) => void = () => {}
  onViolation: (violation: ProtocolViolation) => void = () => {}
  onClose: (reason: string) => void = () => {}
  readonly #means: Means
  #peer: Peer | undefined
  #ticket: Ticket | undefined = undefined
  #isEnding = false
  #isPaused = false
  /** The newest messages sent in the session, HELLO and AUTHENTICATE not counted, and the number of the first of them. */
  #log: Message[] = []
  #first = 1
  #received = 0
  /** Ends the attempts to come back. */
  #deadline: Timer | undefined
  #retry: Timer | undefined
  #attempt: AbortController | undefined
  #reason = ''
  #whenLinked: (() => void)[] = []

  constructor(peer: Peer, means: Means) {
    this.#means = means
    this.#peer = peer
    this.#listenTo(peer)
  }

  #listenTo(peer: Peer): void {
    peer.onMessage = (message) => this.#receive(message)
    peer.onViolation = (violation) => this.onViolation(violation)
    peer.onClose = (reason) => {
      if (this.#peer === peer) this.#lost(reason)
    }
  }

  #receive(message: Message): void {
    if (message.type === MessageType.WELCOME) this.#keepTicket(message.sessionId, message.details)
    else if (message.type === MessageType.GOODBYE || message.type === MessageType.ABORT) this.#isEnding = true
    if (message.type !== MessageType.CHALLENGE) this.#received++ // the session's messages begin with WELCOME
    this.onMessage(message)
  }

  #keepTicket(session: number, details: Dict): void {
    const token = details['resume_token'] ?? details['resume-ticket']
    if (details['resumable'] === true && token !== undefined) this.#ticket = { session, token }
  }

  send(message: Message): Undelivered | undefined {
    if (message.type === MessageType.HELLO) {
      return this.#peer?.send({ ...message, details: { ...message.details, resumable: true } })
    }
    // Of the login, too, and not of the session; WELCOME may come within `send`.
    if (message.type === MessageType.AUTHENTICATE) return this.#peer?.send(message)
    if (message.type === MessageType.GOODBYE || message.type === MessageType.ABORT) this.#isEnding = true
    // While it asks to resume, messages wait: what was lost goes before them.
    const why = this.#isOver ? this.#peer?.send(message) : undefined
    if (why === undefined && this.#ticket !== undefined) this.#keep(isolated(message))
    return why
  }

  #keep(message: Message): void {
    const { messagesMax } = this.#means
    this.#log.push(message)
    if (!this.#isOver && this.#log.length > messagesMax) return this.#giveUp(`More than ${messagesMax} messages wait for a transport`)
    if (this.#log.length <= 2 * messagesMax) return
    // Trimmed by halves, so that it costs next to nothing for each message.
    this.#first += messagesMax
    this.#log.splice(0, messagesMax)
  }

  #lost(reason: string): void {
    this.#peer = undefined
    if (this.#isEnding || this.#ticket === undefined) return this.#end(reason)
    this.#reason = reason
    this.#deadline = this.#means.clock.setTimer(this.#means.waitMs, () => this.#giveUp(reason))
    this.#means.onPause(reason)
    this.#tryAgain()
  }

  #tryAgain(): void {
    if (this.#isOver) return
    this.#retry = this.#means.clock.setTimer(this.#means.backoff.next(), () => {
      const attempt = new AbortController()
      this.#attempt = attempt
      this.#means.open(attempt.signal).then(
        (peer) => (this.#attempt === attempt ? this.#askToResume(peer) : peer.close()),
        () => {
          if (this.#attempt === attempt) this.#tryAgain()
        },
      )
    })
  }

  #askToResume(peer: Peer): void {
    const { session, token } = this.#ticket!
    this.#peer = peer
    peer.onViolation = () => peer.close()
    peer.onClose = () => {
      if (this.#peer !== peer) return
      this.#peer = undefined
      this.#tryAgain()
    }
    peer.onMessage = (message) => {
      if (message.type === MessageType.WELCOME && message.details['resumed'] === true)
        return this.#resumed(peer, message.sessionId, message.details)
      this.#peer = undefined
      peer.close()
      this.#giveUp(message.type === MessageType.ABORT ? `the router did not resume the session: ${message.reason}` : this.#reason)
    }
    const details = { resume_session: session, resume_token: token, _received: this.#received }
    peer.send({ type: MessageType.HELLO, realm: null, details })
  }

  #resumed(peer: Peer, session: number, details: Dict): void {
    this.#keepTicket(session, details)
    this.#stopTrying()
    this.#means.backoff.reset()
    this.#listenTo(peer)
    if (this.#isPaused) peer.pause()
    peer.establish()
    const received = details['_received']
    const from = typeof received === 'number' ? received + 1 - this.#first : this.#log.length
    if (from < 0 || from > this.#log.length) return this.#giveUp('messages that the router did not get are no longer here')
    for (const message of this.#log.slice(from)) peer.send(message)
    this.#means.onPause(undefined)
    for (const call of this.#whenLinked.splice(0)) call()
  }

  get #isOver(): boolean {
    return this.#deadline === undefined
  }

  #stopTrying(): void {
    this.#deadline?.cancel()
    this.#deadline = undefined
    this.#retry?.cancel()
    this.#attempt = undefined
  }

  #giveUp(reason: string): void {
    const attempt = this.#attempt
    this.#stopTrying()
    attempt?.abort(new Error(reason))
    const peer = this.#peer
    this.#peer = undefined
    peer?.close()
    this.#end(reason)
  }

  #end(reason: string): void {
    this.#ticket = undefined
    this.#log = []
    this.onClose(reason)
  }

  close(reason?: string): void {
    this.#isEnding = true
    if (this.#peer !== undefined && this.#isOver) this.#peer.close(reason)
    else this.#giveUp(reason ?? 'closed')
  }
  establish(): void {
    this.#peer?.establish()
  }
  pause(): void {
    this.#isPaused = true
    this.#peer?.pause()
  }
  resume(): void {
    this.#isPaused = false
    this.#peer?.resume()
  }
  get bufferedBytes(): number {
    return this.#peer?.bufferedBytes ?? 0
  }
  whenDrained(call: () => void): boolean {
    if (this.#peer === undefined) this.#whenLinked.push(call)
    return this.#peer?.whenDrained(call) ?? true
  }
  channelId(type: ChannelBinding): Uint8Array | undefined {
    return this.#peer?.channelId?.(type)
  }
}
