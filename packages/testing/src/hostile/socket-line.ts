// Lines over real sockets, and sessions on them, for well-behaved and other clients.

import { connect, type Socket } from 'node:net'
import { jsonSerializer, MessageType, type Serializer } from '@crosspoint/protocol'
import { OPCODE, RawSocketClient, WebSocketClient } from '../raw-clients.ts'
import { ALL_ROLES, decodeList, encodeList, type Line } from './good-talk.ts'

export type Kind = 'websocket' | 'rawsocket'
export const KINDS: readonly Kind[] = ['websocket', 'rawsocket']

export interface SocketLine extends Line {
  readonly kind: Kind
  readonly socket: Socket
  /** The connection is gone. */
  readonly isClosed: boolean
  /** Sends bytes as they are, with no framing. */
  sendBytes(bytes: Uint8Array): void
  /** Asks for a sign of life; `onPong` is called when it comes. */
  ping(): void
  onPong: () => void
}

/** Connects and shakes hands; HELLO is not sent. */
export async function openLine(port: number, kind: Kind, serializer: Serializer = jsonSerializer): Promise<SocketLine> {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  if (kind === 'rawsocket') {
    const client = await RawSocketClient.open(socket, serializer.rawSocketId)
    const line = new RawLine(serializer, socket, client)
    client.onMessage = (bytes) => line.onFrame(bytes)
    client.onPong = () => line.onPong()
    client.onClose = () => line.closed()
    return line
  }
  const client = await WebSocketClient.open(socket, { protocols: [serializer.subprotocol] })
  const line = new WebLine(serializer, socket, client)
  client.onMessage = (bytes) => line.onFrame(bytes)
  client.onPong = () => line.onPong()
  client.onClose = () => line.closed()
  return line
}

abstract class BaseLine<Client extends { send(type: number, payload: Uint8Array | string): void }> implements SocketLine {
  abstract readonly kind: Kind
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
    this.client.send(this.messageType, frame)
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
  readonly kind = 'websocket'
  protected get messageType(): number {
    return this.serializer.isBinary ? OPCODE.binary : OPCODE.text
  }
  protected readonly pingType = OPCODE.ping
}

/** A session as lists of JSON. */
export class ListSession {
  readonly line: SocketLine
  onMessage: (message: unknown[]) => void = () => {}

  constructor(line: SocketLine) {
    this.line = line
    line.onFrame = (frame) => this.onMessage(decodeList(line.serializer, frame))
  }

  /** Connects, says HELLO and waits for WELCOME. */
  static async open(port: number, kind: Kind, serializer?: Serializer): Promise<ListSession> {
    const session = new ListSession(await openLine(port, kind, serializer))
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
