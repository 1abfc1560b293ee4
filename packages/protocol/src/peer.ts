// The other end of a session, as messages: RemotePeer is a transport and a serializer, LocalPeer is the same without bytes.

import { type ErrorCode, ProtocolViolation, UsageError } from './errors.ts'
import type { Message } from './messages.ts'
import type { Payload, PayloadBytes } from './payload.ts'
import { ByteSink, encodeMessage, type Serializer } from './serializer.ts'
import type { ChannelBinding, Transport } from './transport.ts'

/** Why a message could not go to a peer: it is longer than the peer accepts, or a value has no form in its serializer. */
export type Undelivered = 'too_large' | 'unserializable'

export interface Peer {
  /** Sends a message; after `close` it does nothing. What it returns, if anything, is why nothing was sent. */
  send(message: Message): Undelivered | undefined
  /** Closes the transport after what was sent before has left. */
  close(reason?: string): void
  /** The session is established: limits and deadlines for strangers no longer apply. */
  establish(): void
  pause(): void
  resume(): void
  /** Bytes sent that the other side has not taken yet. */
  readonly bufferedBytes: number
  /**
   * Calls `call` once, later, when all that waits has been taken; it is forgotten when the peer closes. False when this
   * peer cannot tell, and then `call` is never called.
   */
  whenDrained(call: () => void): boolean
  /** See `Transport.channelId`. */
  channelId?(type: ChannelBinding): Uint8Array | undefined
  onMessage: (message: Message) => void
  /** Called, instead of `onMessage`, for a frame that is not a message. */
  onViolation: (violation: ProtocolViolation) => void
  onClose: (reason: string) => void
}

const head = new ByteSink(4096) // used within one call of `send`, never across

export class RemotePeer implements Peer {
  readonly transport: Transport
  readonly serializer: Serializer
  onMessage: (message: Message) => void = () => {}
  onViolation: (violation: ProtocolViolation) => void = () => {}
  onClose: (reason: string) => void = () => {}

  constructor(transport: Transport, serializer: Serializer) {
    this.transport = transport
    this.serializer = serializer
    transport.onFrame = (bytes, start = 0, end = bytes.length) => this.#receive(bytes, start, end)
    transport.onClose = (reason) => this.onClose(reason)
    transport.onFault = (violation) => this.onViolation(violation)
  }

  #receive(bytes: Uint8Array, start: number, end: number): void {
    let message: Message
    try {
      message = this.serializer.decode(bytes, start, end)
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error
      this.onViolation(error)
      return
    }
    this.onMessage(message)
  }

  send(message: Message): Undelivered | undefined {
    const queue = this.transport.queue
    if (queue === undefined) return this.#sendAlone(message)
    let payload: PayloadBytes
    try {
      encodePayloadFirst(message, this.serializer)
      head.length = 0
      payload = this.serializer.encodeHead(message, head)
    } catch (error) {
      return undeliveredFor(error)
    }
    return queue.append(head, payload, this.serializer.tail) ? undefined : 'too_large'
  }

  #sendAlone(message: Message): Undelivered | undefined {
    try {
      const frame = encodeMessage(this.serializer, message)
      if (frame.length > (this.transport.frameBytesMax ?? Number.POSITIVE_INFINITY)) return 'too_large'
      this.transport.send(frame)
      return undefined
    } catch (error) {
      return undeliveredFor(error)
    }
  }

  close(reason?: string): void {
    this.transport.close(reason)
  }
  establish(): void {
    this.transport.establish?.()
  }
  pause(): void {
    this.transport.pause()
  }
  resume(): void {
    this.transport.resume()
  }
  get bufferedBytes(): number {
    return this.transport.bufferedBytes
  }
  whenDrained(call: () => void): boolean {
    if (this.transport.whenDrained === undefined) return false
    this.transport.whenDrained(call)
    return true
  }
  channelId(type: ChannelBinding): Uint8Array | undefined {
    return this.transport.channelId?.(type)
  }
}

/** The same message, out of reach of whoever made it and without hold on a network buffer. */
export function isolated(message: Message): Message {
  const payload = (message as { payload?: Payload }).payload
  return payload === undefined ? message : ({ ...message, payload: payload.isolated().copy() } as Message)
}

/** Values may run code of their own while they are encoded (`toJSON`), which may send: so before `head` is in use. */
export function encodePayloadFirst(message: Message, serializer: Serializer): void {
  const payload = (message as { payload?: Payload }).payload
  if (payload !== undefined && payload.serializer === undefined) payload.bytesIn(serializer)
}

export function undeliveredFor(error: unknown): Undelivered {
  const code: ErrorCode | undefined = error instanceof UsageError ? error.code : undefined
  if (code !== 'ERR_UNSERIALIZABLE') throw error
  return 'unserializable'
}

/**
 * One of two linked ends in one process. Messages go over as they are, at once; payload values are cloned on the way, so
 * neither side can change what the other holds (TRN-48).
 */
export class LocalPeer implements Peer {
  onMessage: (message: Message) => void = () => {}
  onViolation: (violation: ProtocolViolation) => void = () => {}
  onClose: (reason: string) => void = () => {}
  #other: LocalPeer | undefined
  #isClosed = false
  #isPaused = false
  #waiting: Message[] = []
  #onDrained: (() => void)[] = []

  /** Two ends; what one sends the other receives. */
  static pair(): [LocalPeer, LocalPeer] {
    const one = new LocalPeer()
    const other = new LocalPeer()
    one.#other = other
    other.#other = one
    return [one, other]
  }

  send(message: Message): Undelivered | undefined {
    const other = this.#other!
    if (this.#isClosed || other.#isClosed) return undefined
    let sent = message
    const payload = (message as { payload?: Payload }).payload
    if (payload !== undefined && payload.serializer === undefined) {
      try {
        sent = { ...message, payload: payload.isolated() } as Message
      } catch (error) {
        return undeliveredFor(error)
      }
    }
    if (other.#isPaused || other.#waiting.length > 0)
      other.#waiting.push(sent) // nothing overtakes what waits
    else other.onMessage(sent)
    return undefined
  }

  close(reason = 'closed'): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#other!.#closedByOther(reason)
    this.onClose(reason)
  }
  #closedByOther(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.onClose(reason)
  }
  establish(): void {}
  pause(): void {
    this.#isPaused = true
  }
  resume(): void {
    this.#isPaused = false
    while (!this.#isPaused && this.#waiting.length > 0) this.onMessage(this.#waiting.shift()!)
    if (this.#waiting.length > 0) return
    const calls = this.#other!.#onDrained.splice(0)
    for (const call of calls) call()
  }
  /** Of payloads whose size is known; each message counts a little more. */
  get bufferedBytes(): number {
    let bytes = 0
    for (const message of this.#other!.#waiting) {
      const payload = (message as { payload?: Payload }).payload
      bytes += MESSAGE_BYTES + (payload === undefined ? 0 : payload.end - payload.start)
    }
    return bytes
  }
  whenDrained(call: () => void): boolean {
    this.#onDrained.push(call)
    return true
  }
}

const MESSAGE_BYTES = 256 // what a waiting message takes beside its payload, roughly
