// One RawSocket connection after its handshake, on the router's side or the client's.

import type { Socket } from 'node:net'
import { type ChannelBinding, ProtocolViolation, type Transport } from '@crosspoint/protocol'
import { encodeControlFrame, FRAME_PING, FRAME_PONG, RawSocketReader } from '@crosspoint/protocol/internal'
import { channelIdOf } from './channel-binding.ts'
import { MessageMeter, type Watched } from './liveness.ts'
import { SocketWriter } from './socket-writer.ts'
import type { TransportHost } from './websocket-transport.ts'

const CLOSE_TIMEOUT_MS = 2_000

export class RawSocketTransport implements Transport, Watched {
  onFrame: (bytes: Uint8Array, start?: number, end?: number) => void = () => {}
  onClose: (reason: string) => void = () => {}
  onFault: ((violation: ProtocolViolation) => void) | undefined = undefined
  receivedAt = performance.now()
  messageAt = this.receivedAt
  pingedAt = 0
  readonly frameBytesMax: number
  readonly #socket: Socket
  readonly #host: TransportHost
  readonly #writer: SocketWriter
  readonly #reader: RawSocketReader
  readonly #meter: MessageMeter | undefined
  #isClosing = false
  #reason = ''

  /** `frameBytesMax` is what the other side accepts, `acceptedBytesMax` what this side accepts at first. */
  constructor(socket: Socket, frameBytesMax: number, acceptedBytesMax: number, host: TransportHost) {
    const { limits } = host
    this.#socket = socket
    this.#host = host
    this.frameBytesMax = frameBytesMax
    this.#writer = new SocketWriter(socket, 'rawsocket', frameBytesMax, host.flusher, limits.bufferedBytesMax, (bytes) =>
      this.expire(`${bytes} bytes wait for a reader that does not read (bufferedBytesMax ${limits.bufferedBytesMax})`),
    )
    this.#meter = limits.messagesPerSecondMax > 0 ? new MessageMeter(limits.messagesPerSecondMax, this.receivedAt) : undefined
    this.#reader = new RawSocketReader(acceptedBytesMax, {
      onMessage: (bytes, start, end) => this.#message(bytes, start, end),
      onPing: (bytes, start, end) => this.#control(FRAME_PONG, bytes.subarray(start, end)), // TRN-19
      onPong: () => {},
    })
    socket.on('data', this.#onData)
    socket.on('error', (error) => {
      this.#reason ||= error.message
    })
    socket.on('close', () => {
      this.#writer.queue.close()
      this.onClose(this.#reason || 'RawSocket closed')
    })
  }

  readonly #onData = (bytes: Uint8Array): void => this.receive(bytes, 0)

  /** Takes bytes of the stream; also those that came with the handshake. */
  receive(bytes: Uint8Array, at: number): void {
    if (this.#isClosing) return
    this.receivedAt = performance.now()
    this.#guard(() => this.#reader.push(bytes, at))
  }

  /** A fault in the framing ends the connection without ABORT (PRV-31). */
  #guard(read: () => void): void {
    try {
      read()
    } catch (error) {
      if (!(error instanceof ProtocolViolation) || !error.isTransportFault) throw error
      this.expire(error.message)
    }
  }

  #message(bytes: Uint8Array, start: number, end: number): void {
    if (this.#isClosing) return
    this.messageAt = this.receivedAt
    if (this.#meter !== undefined && !this.#meter.take(this.receivedAt)) {
      const limit = this.#host.limits.messagesPerSecondMax
      this.#host.onNotice(`more than ${limit} messages within a second (messagesPerSecondMax)`)
      this.onFault?.(new ProtocolViolation(`More than ${limit} messages arrived within a second, which is the limit here`))
      return
    }
    this.onFrame(bytes, start, end)
  }

  #control(type: number, payload: Uint8Array): void {
    if (this.#isClosing) return
    this.#writer.flush()
    this.#socket.write(encodeControlFrame(type, payload))
    // A peer that pings and never reads is a slow reader like any other.
    const waiting = this.#writer.bufferedBytes
    if (waiting > this.#host.limits.bufferedBytesMax)
      this.expire(`${waiting} bytes wait for a reader that does not read (bufferedBytesMax)`)
  }

  get queue() {
    return this.#writer.queue
  }
  get bufferedBytes(): number {
    return this.#writer.bufferedBytes
  }
  whenDrained(call: () => void): void {
    this.#writer.whenDrained(call)
  }
  channelId(type: ChannelBinding): Uint8Array | undefined {
    return channelIdOf(this.#socket, this.#host.side, type)
  }
  get pingIntervalMs(): number {
    return this.#host.limits.rawSocketPingIntervalMs
  }

  send(frame: Uint8Array): void {
    if (this.#isClosing) return
    this.#writer.flush()
    this.#socket.write(encodeControlFrame(0, frame))
  }

  close(): void {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#writer.flushAll()
    this.#socket.end()
    this.#socket.resume() // whatever still comes is read and dropped, so that the end is seen
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS)
    this.#socket.once('close', () => clearTimeout(timer))
  }

  establish(): void {
    this.#reader.frameBytesMax = this.#host.limits.frameBytesMax
    this.#host.onEstablished()
  }

  pause(): void {
    this.#reader.pause()
    this.#socket.pause()
  }
  resume(): void {
    this.#socket.resume()
    this.#guard(() => this.#reader.resume()) // last: a reader that is full again pauses both
  }

  ping(): void {
    this.#control(FRAME_PING, new Uint8Array(0))
  }

  expire(notice: string): void {
    if (this.#socket.destroyed) return
    this.#reason = notice
    this.#host.onNotice(notice)
    this.#isClosing = true
    this.#socket.destroy()
  }
}
