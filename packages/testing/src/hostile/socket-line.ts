// Lines over real connections, and sessions on them, for well-behaved and other clients.

import { connect, type Socket } from 'node:net'
import { jsonSerializer, MessageType, type Serializer } from '@crosspoint/protocol'
import { BatchReader, batchedSubprotocol, joinBatch } from '@crosspoint/protocol/internal'
import { OPCODE, RawSocketClient, WebSocketClient } from '../raw-clients.ts'
import { ALL_ROLES, decodeList, encodeList, type Line } from './good-talk.ts'
import { LONGPOLL_KINDS, type LongPollKind, LongPollLine } from './longpoll-line.ts'

/** A connection of its own: plain WebSocket, RawSocket, and WebSocket with batches. */
export type SocketKind = 'websocket' | 'rawsocket' | 'batched'
export type Kind = SocketKind | LongPollKind
export const KINDS = ['websocket', 'rawsocket'] as const
export const SOCKET_KINDS: readonly SocketKind[] = [...KINDS, 'batched']
export const ALL_KINDS: readonly Kind[] = [...SOCKET_KINDS, ...LONGPOLL_KINDS]

/** Whether a serializer has batches: nobody has defined them for FlatBuffers. */
export function isSpoken(kind: Kind, serializer: Serializer): boolean {
  return !kind.endsWith('batched') || batchedSubprotocol(serializer) !== undefined
}

export interface PeerLine extends Line {
  readonly kind: Kind
  /** The connection, or the long-poll transport, is gone. */
  readonly isClosed: boolean
  /** Sends one message of the transport as it is: where `send` makes a batch, this may be anything. */
  sendBody(body: Uint8Array): void
  /** Asks for a sign of life; `onPong` is called when it comes. */
  ping(): void
  onPong: () => void
}

export interface SocketLine extends PeerLine {
  readonly kind: SocketKind
  readonly socket: Socket
  /** Sends bytes as they are, with no framing. */
  sendBytes(bytes: Uint8Array): void
}

/** Connects by any way; HELLO is not sent. */
export function openPeerLine(port: number, kind: Kind, serializer: Serializer = jsonSerializer): Promise<PeerLine> {
  return kind === 'longpoll' || kind === 'longpoll-batched' ? LongPollLine.open(port, kind, serializer) : openLine(port, kind, serializer)
}

/** Connects and shakes hands; HELLO is not sent. A RawSocket accepts messages of up to 2^(9 + exponent) bytes. */
export async function openLine(
  port: number,
  kind: SocketKind,
  serializer: Serializer = jsonSerializer,
  exponent = 15,
): Promise<SocketLine> {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  if (kind === 'rawsocket') {
    const client = await RawSocketClient.open(socket, serializer.rawSocketId, exponent)
    const line = new RawLine(serializer, socket, client)
    client.onMessage = (bytes) => line.onFrame(bytes)
    client.onPong = () => line.onPong()
    client.onClose = () => line.closed()
    return line
  }
  const isBatched = kind === 'batched'
  const protocol = isBatched ? batchedSubprotocol(serializer)! : serializer.subprotocol
  const client = await WebSocketClient.open(socket, { protocols: [protocol] })
  const line = isBatched ? new BatchedLine(serializer, socket, client) : new WebLine(serializer, socket, client)
  client.onMessage = (bytes) => line.receive(bytes)
  client.onPong = () => line.onPong()
  client.onClose = () => line.closed()
  return line
}

abstract class BaseLine<Client extends { send(type: number, payload: Uint8Array | string): void }> implements SocketLine {
  abstract readonly kind: SocketKind
  protected abstract readonly messageType: number
  protected abstract readonly pingType: number
  readonly serializer: Serializer
  readonly socket: Socket
  readonly client: Client
  onFrame: (frame: Uint8Array) => void = () => {}
  onClose: (reason: string) => void = () => {}
  onPong: () => void = () => {}
  isClosed = false

  constructor(serializer: Serializer, socket: Socket, client: Client) {
    this.serializer = serializer
    this.socket = socket
    this.client = client
  }
  send(frame: Uint8Array): void {
    this.sendBody(frame)
  }
  sendBody(body: Uint8Array): void {
    this.client.send(this.messageType, body)
  }
  sendBytes(bytes: Uint8Array): void {
    this.socket.write(bytes)
  }
  ping(): void {
    this.client.send(this.pingType, Buffer.from('?'))
  }
  close(): void {
    this.socket.destroy()
  }
  closed(): void {
    this.isClosed = true
    this.onClose('the socket was closed')
  }
}

class RawLine extends BaseLine<RawSocketClient> {
  readonly kind = 'rawsocket'
  protected readonly messageType = 0
  protected readonly pingType = 1
}

class WebLine extends BaseLine<WebSocketClient> {
  readonly kind: SocketKind = 'websocket'
  protected get messageType(): number {
    return this.serializer.isBinary ? OPCODE.binary : OPCODE.text
  }
  protected readonly pingType = OPCODE.ping

  receive(body: Uint8Array): void {
    this.onFrame(body)
  }
}

class BatchedLine extends WebLine {
  override readonly kind = 'batched'
  readonly #batches = new BatchReader(this.serializer.isBinary, (bytes, start, end) => this.onFrame(bytes.subarray(start, end)))

  override receive(body: Uint8Array): void {
    this.#batches.read(body, 0, body.length)
  }
  override send(frame: Uint8Array): void {
    this.sendBody(joinBatch([frame], this.serializer.isBinary))
  }
}

/** A session as lists of JSON. */
export class ListSession<Connection extends PeerLine = SocketLine> {
  readonly line: Connection
  onMessage: (message: unknown[]) => void = () => {}

  constructor(line: Connection) {
    this.line = line
    line.onFrame = (frame) => this.onMessage(decodeList(line.serializer, frame))
  }

  /** Connects, says HELLO and waits for WELCOME. */
  static async open(port: number, kind: SocketKind, serializer?: Serializer): Promise<ListSession> {
    return ListSession.on(await openLine(port, kind, serializer))
  }

  /** Says HELLO on a line and waits for WELCOME. */
  static async on<Connection extends PeerLine>(line: Connection): Promise<ListSession<Connection>> {
    const session = new ListSession(line)
    await session.ask([MessageType.HELLO, 'realm1', { roles: ALL_ROLES }])
    return session
  }

  send(list: readonly unknown[]): void {
    this.line.send(encodeList(this.line.serializer, list))
  }

  /** Sends, and resolves with the next message; for sessions to which nothing else is sent meanwhile. */
  ask(list: readonly unknown[]): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      const { onMessage } = this
      const { onClose } = this.line
      const restore = (): void => {
        this.onMessage = onMessage
        this.line.onClose = onClose
      }
      this.onMessage = (message) => {
        restore()
        resolve(message)
      }
      this.line.onClose = (reason) => {
        restore()
        reject(new Error(`No answer to ${JSON.stringify(list).slice(0, 100)}: ${reason}`))
      }
      this.send(list)
    })
  }

  close(): void {
    this.line.close()
  }
}
