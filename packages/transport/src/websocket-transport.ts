// The router's end of one WebSocket. Incoming data frames come through the fast lane, outgoing ones are framed by the queue;
// the library (`ws`) does the handshake, control frames, fragments and the closing handshake.

import type { Socket } from 'node:net'
import { type ChannelBinding, CloseUri, ErrorUri, ProtocolViolation, type Transport } from '@crosspoint/protocol'
import { BatchReader, ByteSink } from '@crosspoint/protocol/internal'
import type { WebSocket } from 'ws'
import { channelIdOf, type Side } from './channel-binding.ts'
import type { Flusher } from './flusher.ts'
import { MessageMeter, type Watched } from './liveness.ts'
import type { TransportLimits } from './options.ts'
import { SocketWriter } from './socket-writer.ts'
import { type LaneSink, WebSocketLane } from './websocket-lane.ts'

/** What a WebSocket close code says about the end of a session (TRN-05). */
function closeCode(reason: string | undefined): number {
  if (reason === CloseUri.systemShutdown) return 1001
  if (reason === ErrorUri.protocolViolation) return 1002
  return 1000
}

export interface TransportHost {
  readonly flusher: Flusher
  readonly limits: TransportLimits
  /** Which end of the connection this is. */
  readonly side: Side
  /** A limit ended the connection; in words for a log. */
  onNotice(notice: string): void
  /** The session is established: the deadline of the handshake is over. */
  onEstablished(): void
}

const NO_HEAD = new ByteSink(0)
const NO_TAIL = new Uint8Array(0)

/** How messages travel under a subprotocol: as binary or text (SER-07), one by one or in batches (SER-18). */
export interface WebSocketForm {
  readonly isBinary: boolean
  readonly isBatched: boolean
}

export class WebSocketTransport implements Transport, Watched {
  onFrame: (bytes: Uint8Array, start?: number, end?: number) => void = () => {}
  onClose: (reason: string) => void = () => {}
  onFault: ((violation: ProtocolViolation) => void) | undefined = undefined
  receivedAt = performance.now()
  messageAt = this.receivedAt
  pingedAt = 0
  readonly #webSocket: WebSocket
  readonly #socket: Socket
  readonly #isBinary: boolean
  readonly #host: TransportHost
  readonly #writer: SocketWriter
  readonly #lane: WebSocketLane
  readonly #meter: MessageMeter | undefined
  /** `undefined` when every WebSocket message is one message. */
  readonly #batches: BatchReader | undefined
  #isClosing = false
  #reason = ''

  /** `webSocket` has just been opened on `socket`. */
  constructor(webSocket: WebSocket, socket: Socket, form: WebSocketForm, host: TransportHost) {
    const { limits } = host
    const { isBinary, isBatched } = form
    this.#webSocket = webSocket
    this.#socket = socket
    this.#isBinary = isBinary
    this.#host = host
    const framing = `${isBatched ? 'batch' : 'websocket'}-${isBinary ? 'binary' : 'text'}` as const
    this.#writer = new SocketWriter(socket, framing, Number.POSITIVE_INFINITY, host.flusher, limits.bufferedBytesMax, (bytes) =>
      this.expire(`${bytes} bytes wait for a reader that does not read (bufferedBytesMax ${limits.bufferedBytesMax})`),
    )
    this.#meter = limits.messagesPerSecondMax > 0 ? new MessageMeter(limits.messagesPerSecondMax, this.receivedAt) : undefined
    const onMessage: LaneSink['onMessage'] = isBatched
      ? (bytes, start, end, isBinary) => this.#batch(bytes, start, end, isBinary)
      : (bytes, start, end, isBinary) => this.#message(bytes, start, end, isBinary)
    this.#batches = isBatched ? new BatchReader(isBinary, (bytes, start, end) => this.#message(bytes, start, end, isBinary)) : undefined
    this.#lane = new WebSocketLane(Math.min(limits.strangerFrameBytesMax, limits.frameBytesMax), {
      onMessage,
      onOther: (bytes) => this.#toLibrary(bytes),
      onTooLarge: (bytes) => this.#tooLarge(bytes),
    })
    this.#listen(onMessage)
  }

  #listen(onMessage: LaneSink['onMessage']): void {
    const socket = this.#socket
    const webSocket = this.#webSocket
    webSocket.on('message', (data, isBinary) => {
      const bytes = data as Buffer
      onMessage(bytes, 0, bytes.length, isBinary)
    })
    webSocket.on('error', (error) => {
      this.#reason ||= error.message
      this.#lane.stop()
    })
    webSocket.on('close', (code, reason) => {
      this.#writer.queue.close()
      this.#lane.stop()
      this.onClose(this.#reason || reason.toString('utf8') || `WebSocket closed with ${code}`)
    })
    // The library has put its own reader on the socket; from here on the lane decides what the library sees.
    this.#libraryData = socket.listeners('data')[0] as ((bytes: Uint8Array) => void) | undefined
    socket.removeAllListeners('data')
    socket.on('data', this.#onData)
  }
  #libraryData: ((bytes: Uint8Array) => void) | undefined = undefined

  readonly #onData = (bytes: Uint8Array): void => {
    this.receivedAt = performance.now()
    this.#lane.push(bytes)
  }

  #toLibrary(bytes: Uint8Array): void {
    this.#libraryData?.call(this.#socket, bytes)
    // A peer that pings and never reads is a slow reader like any other: the library answers each ping on the socket.
    const waiting = this.#socket.writableLength
    const limit = this.#host.limits.bufferedBytesMax
    if (waiting > limit) this.expire(`${waiting} bytes wait for a reader that does not read (bufferedBytesMax ${limit})`)
  }

  /** Bytes that came with the upgrade request. */
  begin(head: Uint8Array): void {
    if (head.length > 0) this.#onData(head)
  }

  #message(bytes: Uint8Array, start: number, end: number, isBinary: boolean): void {
    if (this.#isClosing) return
    this.messageAt = this.receivedAt
    if (isBinary !== this.#isBinary) {
      const [got, wanted] = isBinary ? ['binary', 'text'] : ['text', 'binary']
      this.onFault?.(new ProtocolViolation(`A ${got} WebSocket message arrived; the agreed serializer uses ${wanted} messages`)) // SER-07
      return
    }
    if (this.#meter !== undefined && !this.#meter.take(this.receivedAt)) {
      const limit = this.#host.limits.messagesPerSecondMax
      this.#host.onNotice(`more than ${limit} messages within a second (messagesPerSecondMax)`)
      this.onFault?.(new ProtocolViolation(`More than ${limit} messages arrived within a second, which is the limit here`))
      return
    }
    this.onFrame(bytes, start, end)
  }

  #batch(bytes: Uint8Array, start: number, end: number, isBinary: boolean): void {
    if (this.#isClosing) return
    if (isBinary !== this.#isBinary) return this.#message(bytes, start, end, isBinary)
    const batches = this.#batches!
    this.#guard(() => batches.read(bytes, start, end))
    if (batches.isReady) this.#lane.resume() // a message may have paused and resumed; the lane then waits for the end of the batch
  }

  /** What is no batch is for ABORT, but for the empty one, which fails the transport (SER-20, SER-22). */
  #guard(read: () => void): void {
    try {
      read()
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error
      if (!error.isTransportFault) {
        this.onFault?.(error)
        return
      }
      this.#reason = error.message
      this.#host.onNotice(error.message)
      this.#end(1002, error.message)
    }
  }

  #tooLarge(bytes: number): void {
    if (this.#isClosing) return // the library's timeout ends it
    this.#reason = `a message of ${bytes} bytes was announced; at most ${this.#lane.frameBytesMax} are accepted (frameBytesMax)`
    this.#host.onNotice(this.#reason)
    this.#end(1009, 'message too big')
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
    return this.#host.limits.pingIntervalMs
  }

  send(frame: Uint8Array): void {
    if (this.#isClosing) return
    if (this.#batches !== undefined) {
      this.queue.append(NO_HEAD, { bytes: frame, start: 0, end: frame.length }, NO_TAIL)
      return
    }
    this.#writer.flush()
    this.#webSocket.send(frame, { binary: this.#isBinary })
  }

  close(reason?: string): void {
    if (this.#isClosing) return
    this.#end(closeCode(reason), reason ?? '')
  }

  #end(code: number, text: string): void {
    this.#isClosing = true
    this.#batches?.stop() // what follows in the batch is discarded (SER-22)
    this.#writer.flushAll()
    this.#webSocket.close(code, text.slice(0, 120))
    this.resume() // nothing but the closing handshake is of interest now, and it stands behind what was held back
  }

  establish(): void {
    this.#lane.frameBytesMax = this.#host.limits.frameBytesMax
    this.#host.onEstablished()
  }

  pause(): void {
    this.#batches?.pause()
    this.#lane.pause()
    this.#webSocket.pause() // not the socket itself, which the library would set going again after a long fragment
  }
  resume(): void {
    this.#webSocket.resume()
    if (this.#batches !== undefined) {
      this.#guard(() => this.#batches!.resume())
      if (!this.#batches.isReady) return
    }
    this.#lane.resume() // last: a reader that is full again pauses both
  }

  ping(): void {
    if (!this.#isClosing) this.#webSocket.ping()
  }

  expire(notice: string): void {
    this.#reason = notice
    this.#host.onNotice(notice)
    this.#isClosing = true
    this.#batches?.stop()
    this.#lane.stop()
    this.#webSocket.terminate()
  }
}
