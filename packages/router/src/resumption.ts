// What lets a session outlive its transport (section 4.6 of the requirements): a peer that keeps what it sends. While there
// is no transport, messages wait; with the next one they follow its WELCOME, in order.
//
// A transport that dies may take messages with it that were handed to the network and never arrived. A client that tells
// how many messages of the session it has received (`_received` in its resuming HELLO) gets those again; WELCOME tells it
// the same number of the router's, so that it can do likewise. For other clients what was on its way is lost.

import { CloseUri, type Message, type Payload, type ProtocolViolation, type Random } from '@crosspoint/protocol'
import { isolated, type Peer, type Undelivered } from '@crosspoint/protocol/internal'

export class Resumption implements Peer {
  onMessage: (message: Message) => void = () => {}
  onViolation: (violation: ProtocolViolation) => void = () => {}
  onClose: (reason: string) => void = () => {}
  /** What the client must show to resume; a new one every time (RES-02, RES-03). */
  #token = ''
  /** The one before, while the client may not have received the new one: its WELCOME may be lost on the way. */
  #formerToken: string | undefined = undefined
  readonly #messagesMax: number
  readonly #bytesMax: number
  readonly #onOverflow: () => void
  #peer: Peer | undefined = undefined
  #isPaused = false
  /** The newest messages sent, and the number of the first of them. */
  #log: Message[] = []
  #first = 1
  /** How many messages had been sent when the transport was lost. */
  #sentBeforeLoss = 0
  /** Bytes of payload in the log, and those of what waits for a transport. */
  #bytes = 0
  #waitingBytes = 0
  #received = 0

  /** `onOverflow` is called when more than `messagesMax` messages or `bytesMax` bytes of payload wait. */
  constructor(messagesMax: number, bytesMax: number, onOverflow: () => void) {
    this.#messagesMax = messagesMax
    this.#bytesMax = bytesMax
    this.#onOverflow = onOverflow
  }

  /** Takes a new token, and gives it back. */
  renewToken(token: string): string {
    this.#formerToken = this.#token === '' ? undefined : this.#token
    this.#token = token
    return token
  }
  /** Whether the client may resume with this token. */
  accepts(token: string): boolean {
    const isFormer = this.#formerToken !== undefined && isSameToken(token, this.#formerToken)
    return isSameToken(token, this.#token) || isFormer
  }

  /** Whether there is no transport. */
  get isDetached(): boolean {
    return this.#peer === undefined
  }
  /** Messages received from the client in this session, HELLO not counted. */
  get received(): number {
    return this.#received
  }
  get #sent(): number {
    return this.#first + this.#log.length - 1
  }

  /** Goes on over `peer`, after `detach` if there was one before. Nothing is sent yet. */
  attach(peer: Peer): void {
    this.#peer = peer
    peer.onMessage = (message) => {
      this.#received++
      this.#formerToken = undefined
      this.onMessage(message)
    }
    peer.onViolation = (violation) => this.onViolation(violation)
    peer.onClose = (reason) => {
      if (this.#peer !== peer) return // an older transport
      this.detach()
      this.onClose(reason)
    }
    if (this.#isPaused) peer.pause()
  }

  /** The transport is lost, or given up for another. */
  detach(): void {
    if (this.#peer === undefined) return
    this.#peer = undefined
    this.#sentBeforeLoss = this.#sent
    this.#waitingBytes = 0
  }

  /** Closes a transport that is still there: the client has come with another. */
  giveUp(): void {
    const peer = this.#peer
    this.detach()
    peer?.close(CloseUri.normal)
  }

  /** Whether everything that the client has not received can be sent again. `received` is what it says, if it does. */
  canReplay(received: number | undefined): boolean {
    if (received === undefined) return this.#sentBeforeLoss + 1 >= this.#first
    return received <= this.#sent && received + 1 >= this.#first
  }

  /**
   * Sends what the client has not received; the WELCOME has gone before. What the new transport cannot take, shorter frames
   * or another serializer, is not one of the session's messages any more, and `onUndelivered` is told.
   */
  replay(received: number | undefined, onUndelivered: (message: Message, why: Undelivered) => void): void {
    const from = (received ?? this.#sentBeforeLoss) + 1 - this.#first
    for (const message of this.#log.slice(from)) {
      const why = this.#peer?.send(message)
      if (why === undefined) continue
      this.#log.splice(this.#log.indexOf(message), 1)
      this.#bytes -= bytesOf(message)
      onUndelivered(message, why)
    }
  }

  /** Sends a message that is not one of the session's: a WELCOME. */
  sendUncounted(message: Message): Undelivered | undefined {
    return this.#peer?.send(message)
  }

  send(message: Message): Undelivered | undefined {
    const why = this.#peer?.send(message)
    if (why !== undefined) return why
    const kept = isolated(message)
    this.#log.push(kept)
    this.#bytes += bytesOf(kept)
    if (this.isDetached) {
      this.#waitingBytes += bytesOf(kept)
      if (this.#sent - this.#sentBeforeLoss > this.#messagesMax || this.#waitingBytes > this.#bytesMax) this.#onOverflow()
    } else if (this.#log.length > 2 * this.#messagesMax || this.#bytes > 2 * this.#bytesMax) this.#trim()
    return undefined
  }

  /** Forgets the older half, so that it costs next to nothing for each message. */
  #trim(): void {
    const gone = this.#log.splice(0, Math.ceil(this.#log.length / 2))
    this.#first += gone.length
    for (const message of gone) this.#bytes -= bytesOf(message)
  }

  close(reason?: string): void {
    this.#peer?.close(reason)
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
    return this.#peer?.whenDrained(call) ?? false
  }
}

function bytesOf(message: Message): number {
  const payload = (message as { payload?: Payload }).payload
  return payload === undefined ? 0 : payload.end - payload.start
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Base64 of 16 random octets (RES-02). */
export function drawToken(random: Random): string {
  let text = ''
  for (let i = 0; i < 21; i++) text += BASE64[random.below(64)]
  return `${text}${BASE64[random.below(4) * 16]}==` // 128 bits end within the 22nd character
}

/** The keys of a resuming HELLO, in any spelling (RES-05). */
export function readResumption(details: {
  readonly [key: string]: unknown
}): { readonly session: unknown; readonly token: unknown; readonly received: unknown } | undefined {
  const session = details['resume_session'] ?? details['resume-session']
  const token = details['resume_token'] ?? details['resume-token'] ?? details['resume_ticket'] ?? details['resume-ticket']
  if (session === undefined && token === undefined) return undefined
  return { session, token, received: details['_received'] }
}

/** Compares without telling by the time it takes how much was right. */
export function isSameToken(one: string, other: string): boolean {
  let difference = one.length ^ other.length
  for (let i = 0; i < one.length; i++) difference |= one.charCodeAt(i) ^ other.charCodeAt(i % Math.max(1, other.length))
  return difference === 0
}
