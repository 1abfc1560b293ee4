// WebSocket and RawSocket clients on nothing but a socket, and a long-poll client on HTTP requests, so that a test can send
// what no library would, and see every byte that comes back. They do what RFC 6455 and the specification's chapters on
// RawSocket and long-poll ask of a client and no more.

import { randomBytes } from 'node:crypto'
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'

/** What came back to an upgrade request that was refused. */
export class UpgradeRefused extends Error {
  readonly status: number
  readonly body: string
  constructor(status: number, body: string) {
    super(`The upgrade was refused with ${status}: ${body}`)
    this.status = status
    this.body = body
  }
}

export interface WebSocketRequest {
  readonly protocols?: readonly string[]
  /** Default: "/ws". */
  readonly path?: string
  /** More header lines, such as an origin. */
  readonly headers?: { readonly [name: string]: string }
  /** Bytes sent in the same write as the request, before it is answered. */
  readonly early?: Uint8Array
}

/** What a frame from a test client can have that no library's would. */
export interface FrameShape {
  /** The last fragment of its message. Default: true. */
  readonly isFinal?: boolean
  /** Default: true, as clients must. */
  readonly isMasked?: boolean
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** A WebSocket frame as a client sends it. */
export function webSocketFrame(opcode: number, payload: Uint8Array, shape: FrameShape = {}): Buffer {
  const { isFinal = true, isMasked = true } = shape
  const length = payload.length
  const extended = length < 126 ? Buffer.alloc(0) : length < 65536 ? Buffer.alloc(2) : Buffer.alloc(8)
  if (extended.length === 2) extended.writeUInt16BE(length)
  else if (extended.length === 8) extended.writeBigUInt64BE(BigInt(length))
  const short = extended.length === 0 ? length : extended.length === 2 ? 126 : 127
  const head = Buffer.from([(isFinal ? 0x80 : 0) | opcode, (isMasked ? 0x80 : 0) | short])
  if (!isMasked) return Buffer.concat([head, extended, payload])
  const mask = randomBytes(4)
  const masked = Buffer.from(payload)
  for (let at = 0; at < masked.length; at++) masked[at] = masked[at]! ^ mask[at & 3]!
  return Buffer.concat([head, extended, mask, masked])
}

export class WebSocketClient {
  readonly socket: Socket
  /** The subprotocol that the server chose, and the other headers of its answer in lower case. */
  protocol = ''
  headers: Record<string, string> = {}
  /** The code of the close frame that arrived; 0 while there is none. */
  closeCode = 0
  onMessage: (bytes: Buffer, isBinary: boolean) => void = () => {}
  onPing: (payload: Buffer) => void = () => {}
  onPong: (payload: Buffer) => void = () => {}
  /** The connection is over. */
  onClose: () => void = () => {}
  /** Whether a PING of the server is answered. */
  answersPings = true
  #bytes = Buffer.alloc(0)
  #hasUpgraded = false

  /** Upgrades `socket`, which may still be connecting. Rejects with `UpgradeRefused`, or when the connection ends. */
  static open(socket: Socket, request: WebSocketRequest = {}): Promise<WebSocketClient> {
    return new Promise((resolve, reject) => {
      const client = new WebSocketClient(socket)
      socket.once('error', reject)
      socket.once('close', () => reject(new Error('The connection was closed before the upgrade was answered')))
      socket.on('data', (bytes: Buffer) => client.#receive(bytes, resolve, reject))
      socket.on('close', () => client.onClose())
      const { protocols = ['wamp.2.json'], path = '/ws', headers = {}, early } = request
      const lines = [
        `GET ${path} HTTP/1.1`,
        'Host: localhost',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
        ...(protocols.length > 0 ? [`Sec-WebSocket-Protocol: ${protocols.join(', ')}`] : []),
        ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ]
      const text = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
      socket.write(early === undefined ? text : Buffer.concat([text, early]))
    })
  }

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
  }

  #receive(bytes: Buffer, resolve: (client: WebSocketClient) => void, reject: (error: Error) => void): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    if (!this.#hasUpgraded) {
      const end = this.#bytes.indexOf('\r\n\r\n')
      if (end < 0) return
      const [first = '', ...lines] = this.#bytes.toString('latin1', 0, end).split('\r\n')
      this.#bytes = this.#bytes.subarray(end + 4)
      const status = Number(first.split(' ')[1])
      this.headers = Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
      )
      if (status !== 101) {
        reject(new UpgradeRefused(status, this.#bytes.toString()))
        this.socket.destroy()
        return
      }
      this.protocol = this.headers['sec-websocket-protocol'] ?? ''
      this.#hasUpgraded = true
      resolve(this)
      // What came with the answer is read when the caller has set its handlers.
      setImmediate(() => this.#readFrames())
      return
    }
    this.#readFrames()
  }

  #readFrames(): void {
    for (;;) {
      const b = this.#bytes
      if (b.length < 2) return
      let length = b[1]! & 127
      let start = 2
      if (length === 126) {
        if (b.length < 4) return
        length = b.readUInt16BE(2)
        start = 4
      } else if (length === 127) {
        if (b.length < 10) return
        length = Number(b.readBigUInt64BE(2))
        start = 10
      }
      if (b.length < start + length) return
      const payload = b.subarray(start, start + length)
      this.#bytes = b.subarray(start + length)
      this.#frame(b[0]! & 15, payload)
    }
  }

  #frame(opcode: number, payload: Buffer): void {
    if (opcode === OPCODE.text || opcode === OPCODE.binary) this.onMessage(payload, opcode === OPCODE.binary)
    else if (opcode === OPCODE.pong) this.onPong(payload)
    else if (opcode === OPCODE.ping) {
      this.onPing(payload)
      if (this.answersPings) this.send(OPCODE.pong, payload)
    } else if (opcode === OPCODE.close) {
      this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005
      if (!this.socket.writable) return
      this.send(OPCODE.close, payload.subarray(0, 2))
      this.socket.end()
    }
  }

  send(opcode: number, payload: Uint8Array | string, shape: FrameShape = {}): void {
    this.socket.write(webSocketFrame(opcode, typeof payload === 'string' ? Buffer.from(payload) : payload, shape))
  }
}

/** A RawSocket frame with its prefix; `type` 0 is a message, 1 PING, 2 PONG. */
export function rawSocketFrame(type: number, payload: Uint8Array): Buffer {
  const prefix = Buffer.alloc(4)
  if (payload.length === 2 ** 24) prefix[0] = 8 | type
  else prefix.writeUInt32BE(type * 2 ** 24 + payload.length)
  return Buffer.concat([prefix, payload])
}

export class RawSocketClient {
  readonly socket: Socket
  onMessage: (bytes: Buffer) => void = () => {}
  onPing: (payload: Buffer) => void = () => {}
  onPong: (payload: Buffer) => void = () => {}
  onClose: () => void = () => {}
  /** The four octets that answered the handshake. */
  reply = Buffer.alloc(0)
  #bytes = Buffer.alloc(0)

  /**
   * Shakes hands on `socket`, which may still be connecting. `exponent` is L of the handshake: messages of up to 2^(9+L) octets
   * are accepted. Rejects when the connection ends without an answer.
   */
  static open(socket: Socket, serializerId: number, exponent = 15): Promise<RawSocketClient> {
    return new Promise((resolve, reject) => {
      const client = new RawSocketClient(socket)
      socket.once('error', reject)
      socket.once('close', () => reject(new Error('The connection was closed before the handshake was answered')))
      socket.on('data', (bytes: Buffer) => client.#receive(bytes, resolve))
      socket.on('close', () => client.onClose())
      socket.write(Buffer.from([0x7f, (exponent << 4) | serializerId, 0, 0]))
    })
  }

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
  }

  #receive(bytes: Buffer, resolve: (client: RawSocketClient) => void): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    if (this.reply.length === 0) {
      if (this.#bytes.length < 4) return
      this.reply = this.#bytes.subarray(0, 4)
      this.#bytes = this.#bytes.subarray(4)
      resolve(this)
      setImmediate(() => this.#readFrames())
      return
    }
    this.#readFrames()
  }

  #readFrames(): void {
    for (;;) {
      const b = this.#bytes
      if (b.length < 4) return
      const length = (b[0]! & 8) !== 0 ? 2 ** 24 : b.readUInt32BE(0) & 0xffffff
      if (b.length < 4 + length) return
      const payload = b.subarray(4, 4 + length)
      this.#bytes = b.subarray(4 + length)
      const type = b[0]! & 7
      if (type === 0) this.onMessage(payload)
      else if (type === 1) this.onPing(payload)
      else this.onPong(payload)
    }
  }

  /** Sends a frame; `type` 0 is a message, 1 PING, 2 PONG. */
  send(type: number, payload: Uint8Array | string): void {
    this.socket.write(rawSocketFrame(type, typeof payload === 'string' ? Buffer.from(payload) : payload))
  }
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface HttpQuestion {
  readonly port: number
  readonly path: string
  /** Default: "POST". */
  readonly method?: string
  readonly body?: Uint8Array | string
  readonly headers?: { readonly [name: string]: string }
  /** Default: one of its own, for this request alone. */
  readonly agent?: Agent
  /** Cuts the connection. */
  readonly signal?: AbortSignal
  /** Called when the network has taken the whole request. */
  readonly onWritten?: () => void
}

/** One HTTP request to this machine. Rejects when the connection ends before the whole answer. */
export function ask(question: HttpQuestion): Promise<HttpAnswer & { readonly localAddress: string }> {
  const { body = '', method = 'POST', agent = new Agent(), onWritten = () => {}, ...rest } = question
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', method, agent, ...rest }, (response) => {
      const parts: Buffer[] = []
      const { localAddress, localPort } = response.socket // the agent takes the socket back at the end
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 0, headers } = response
        resolve({ status: statusCode, headers, body: Buffer.concat(parts), localAddress: `${localAddress}:${localPort}` })
      })
    })
    sent.on('error', reject)
    sent.on('finish', onWritten)
    sent.end(body)
  })
}

export class LongPollClient {
  /** The subprotocol that the server chose. */
  readonly protocol: string
  readonly transport: string
  /** The address from which the transport was opened. */
  readonly localAddress: string
  /** The body of an answer to `receive`: a message, or a batch. */
  onBody: (bytes: Buffer) => void = () => {}
  /** The server knows the transport no more, or does not answer. */
  onClose: () => void = () => {}
  isClosed = false
  readonly #port: number
  readonly #base: string
  readonly #agent: Agent
  /** The status of the youngest `receive`, once all before it have been heard too. */
  #polled: Promise<number> = Promise.resolve(204)
  #polls = 0
  #written: Promise<unknown> = Promise.resolve()
  #fenced: Promise<void> = Promise.resolve()
  #sent: Promise<number> = Promise.resolve(204)

  /** Opens a transport; rejects when it is refused. Nothing is received before `poll` is called. */
  static async open(port: number, protocols: readonly string[], base = '/lp'): Promise<LongPollClient> {
    const agent = new Agent({ keepAlive: true })
    const answer = await ask({ port, path: `${base}/open`, body: JSON.stringify({ protocols }), agent })
    if (answer.status !== 200) throw new UpgradeRefused(answer.status, answer.body.toString())
    const { protocol, transport } = JSON.parse(answer.body.toString()) as { protocol: string; transport: string }
    return new LongPollClient(port, base, agent, { protocol, transport, localAddress: answer.localAddress })
  }

  private constructor(port: number, base: string, agent: Agent, opened: Pick<LongPollClient, 'protocol' | 'transport' | 'localAddress'>) {
    this.#port = port
    this.#base = base
    this.#agent = agent
    this.protocol = opened.protocol
    this.transport = opened.transport
    this.localAddress = opened.localAddress
  }

  /** One request of this transport: "receive", "send" or "close". */
  ask(operation: string, body: Uint8Array | string = ''): Promise<HttpAnswer> {
    return this.#ask(operation, body, () => {})
  }
  #ask(operation: string, body: Uint8Array | string, onWritten: () => void): Promise<HttpAnswer> {
    return ask({ port: this.#port, path: `${this.#base}/${this.transport}/${operation}`, body, agent: this.#agent, onWritten })
  }

  /** Receives from now on: as soon as one answer is there the next request goes out. */
  poll(): void {
    const before = this.#polled
    const { promise: written, resolve: onWritten } = Promise.withResolvers<void>()
    const answer = this.#ask('receive', '', onWritten)
    this.#written = Promise.race([written, answer.catch(() => {})])
    answer.catch(() => {}) // it is looked at below, when those before have been heard
    this.#polls++
    this.#polled = before.then(async () => {
      const { status, body } = await answer.catch(() => ({ status: 0, body: Buffer.alloc(0) }))
      this.#polls--
      if (this.isClosed) return status
      if (status === 200) this.onBody(body)
      else if (status !== 204) this.#end()
      if (this.#polls === 0 && !this.isClosed) this.poll()
      return status
    })
  }

  /** Sends a message or a batch, after what was sent before has been answered. Resolves to the status, 0 for no answer. */
  send(body: Uint8Array | string): Promise<number> {
    this.#sent = this.#sent.then(async () => {
      const { status } = await this.ask('send', body).catch(() => ({ status: 0 }))
      return status
    })
    return this.#sent
  }

  /** Resolves when all that was sent has been handed on, and all that waited then has been heard. */
  fence(): Promise<void> {
    this.#fenced = this.#fenced.then(() => this.#fence())
    return this.#fenced
  }

  async #fence(): Promise<void> {
    await this.#sent
    let status = 200
    while (status === 200 && !this.isClosed) {
      let older = this.#polled
      do {
        // The older `receive` must have arrived before a younger one goes out, on another connection: a round trip tells.
        older = this.#polled
        await this.#written
        await this.ask('fence').catch(() => {})
      } while (older !== this.#polled)
      if (this.isClosed) return
      this.poll() // finishes the older one: with what waits, else with 204
      status = await older
    }
  }

  /** Asks for the end, after what was sent before has been answered. */
  async close(): Promise<void> {
    await this.#sent
    await this.ask('close').catch(() => {})
    this.#end()
  }

  #end(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#agent.destroy()
    this.onClose()
  }
}
