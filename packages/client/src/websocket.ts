// Transport over the platform's own WebSocket. Only the members used are declared, so browsers, Node and test doubles fit.

import { type ChannelBinding, type Clock, ProtocolViolation, type Serializer, type Transport, UsageError } from '@crosspoint/protocol'
import { utf8Encode, utf8Slice } from '@crosspoint/protocol/internal'

interface SocketEvent {
  readonly data?: unknown
  readonly code?: number
  readonly reason?: string
  readonly message?: string
}
/** The part of a WebSocket that is used. */
export interface PlatformWebSocket {
  binaryType: string
  readonly protocol: string
  readonly bufferedAmount: number
  onopen: ((event: SocketEvent) => void) | null
  onmessage: ((event: SocketEvent) => void) | null
  onclose: ((event: SocketEvent) => void) | null
  onerror: ((event: SocketEvent) => void) | null
  send(data: string | Uint8Array): void
  close(code?: number, reason?: string): void
  /** Where the platform shows the connection. */
  channelId?(type: ChannelBinding): Uint8Array | undefined
}
declare const WebSocket: new (url: string, protocols: string[]) => PlatformWebSocket

const DRAIN_LOOK_MS = 10
const REASON_BYTES_MAX = 123 // RFC 6455, 5.5.1

class WebSocketTransport implements Transport {
  onFrame: (bytes: Uint8Array, start?: number, end?: number) => void = () => {}
  onClose: (reason: string) => void = () => {}
  onFault: ((violation: ProtocolViolation) => void) | undefined = undefined
  readonly #socket: PlatformWebSocket
  readonly #isBinary: boolean
  readonly #clock: Clock
  #isClosed = false
  #isPaused = false
  #waiting: Uint8Array[] = []

  /** Takes over an open socket whose messages are all binary or all text. */
  constructor(socket: PlatformWebSocket, isBinary: boolean, clock: Clock) {
    this.#socket = socket
    this.#isBinary = isBinary
    this.#clock = clock
    socket.onmessage = (event) => this.#receive(event.data)
    socket.onerror = null // every error is followed by a close
    socket.onclose = (event) => {
      this.#isClosed = true
      this.onClose(closeText(event))
    }
  }

  #receive(data: unknown): void {
    const isBinary = typeof data !== 'string'
    if (isBinary !== this.#isBinary) {
      const [expected, found] = this.#isBinary ? ['binary', 'text'] : ['text', 'binary']
      this.onFault?.(new ProtocolViolation(`A WebSocket message must be ${expected} here, not ${found}`)) // SER-07
      return
    }
    const frame = isBinary ? new Uint8Array(data as ArrayBuffer) : utf8Encode(data)
    if (this.#isPaused) this.#waiting.push(frame)
    else this.onFrame(frame)
  }

  send(frame: Uint8Array): void {
    if (this.#isClosed) return
    this.#socket.send(this.#isBinary ? frame : utf8Slice(frame, 0, frame.length))
  }

  close(reason = ''): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#socket.close(1000, utf8Encode(reason).length > REASON_BYTES_MAX ? '' : reason)
  }

  pause(): void {
    this.#isPaused = true
  }
  resume(): void {
    this.#isPaused = false
    while (!this.#isPaused && this.#waiting.length > 0) this.onFrame(this.#waiting.shift()!)
  }
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }
  channelId(type: ChannelBinding): Uint8Array | undefined {
    return this.#socket.channelId?.(type)
  }
  /** A WebSocket does not tell when it has sent what waited, so it is looked at now and then. */
  whenDrained(call: () => void): void {
    if (this.#isClosed) return
    this.#clock.setTimer(DRAIN_LOOK_MS, () => (this.#socket.bufferedAmount === 0 ? call() : this.whenDrained(call)))
  }
}

function closeText(event: SocketEvent): string {
  return `WebSocket closed with ${event.code ?? 'no code'}${event.reason ? ` (${event.reason})` : ''}`
}

/**
 * Opens a WebSocket and agrees on a serializer by subprotocol.
 * Rejects with `ERR_CONNECT_FAILED` when it cannot be opened or the server chose none of `serializers`; with the signal's
 * reason when the signal ended it.
 * @param create opens the WebSocket; by default the platform's own
 */
export function connectWebSocket(
  url: string,
  options: { readonly serializers: readonly Serializer[]; readonly signal: AbortSignal; readonly clock: Clock },
  create = (subprotocols: string[]): PlatformWebSocket => new WebSocket(url, subprotocols),
): Promise<{ transport: Transport; serializer: Serializer }> {
  return new Promise((resolve, reject) => {
    const { clock, serializers, signal } = options
    const fail = (why: string) => reject(new UsageError('ERR_CONNECT_FAILED', `Cannot connect to ${url}: ${why}`))
    let socket: PlatformWebSocket
    try {
      socket = create(serializers.map((serializer) => serializer.subprotocol))
    } catch (error) {
      return fail((error as Error).message)
    }
    socket.binaryType = 'arraybuffer'
    const abort = () => {
      reject(signal.reason)
      socket.close()
    }
    signal.addEventListener('abort', abort)
    let why = ''
    socket.onerror = (event) => {
      why = event.message ?? ''
    }
    socket.onclose = (event) => {
      signal.removeEventListener('abort', abort)
      fail(why || closeText(event))
    }
    socket.onopen = () => {
      signal.removeEventListener('abort', abort)
      const serializer = serializers.find((known) => known.subprotocol === socket.protocol)
      if (serializer !== undefined) return resolve({ transport: new WebSocketTransport(socket, serializer.isBinary, clock), serializer })
      fail(`the server chose the subprotocol "${socket.protocol}"`)
      socket.close()
    }
  })
}
