// What the transport tests share: a listener on a free port, clients whose sockets never outlive the test, and inboxes that
// wait for what arrives.

import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { type Clock, cborSerializer, jsonSerializer, msgpackSerializer, type Serializer, type Transport } from '@crosspoint/protocol'
import { ByteSink } from '@crosspoint/protocol/internal'
import { Router } from '@crosspoint/router'
import { RawSocketClient, SeededRandom, WebSocketClient, type WebSocketRequest } from '@crosspoint/testing'
import { type ConnectionInfo, createListener, type Listener, type ListenerOptions } from '../src/index.ts'

const SERIALIZERS: readonly Serializer[] = [jsonSerializer, msgpackSerializer, cborSerializer]

const PATIENCE_MS = 10_000

/** Things that arrive, and those who wait for them. */
export class Inbox<T> {
  readonly items: T[] = []
  readonly #what: string
  #waiting: ((item: T) => void)[] = []

  /** `what` is named when it does not come. */
  constructor(what: string) {
    this.#what = what
  }

  readonly put = (item: T): void => {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) this.items.push(item)
    else waiting(item)
  }

  /** The next one; rejects when none comes. */
  take(): Promise<T> {
    if (this.items.length > 0) return Promise.resolve(this.items.shift()!)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`Waited ${PATIENCE_MS} ms for ${this.#what}`)), PATIENCE_MS)
      this.#waiting.push((item) => {
        clearTimeout(timer)
        resolve(item)
      })
    })
  }
}

/** One end of a connection, recorded. */
export class Recorder {
  readonly transport: Transport
  /** Copies of the frames, since the bytes are the transport's. */
  readonly frames = new Inbox<Buffer>('a frame')
  readonly closes = new Inbox<string>('the end of a transport')
  readonly faults = new Inbox<string>('a fault')

  constructor(transport: Transport) {
    this.transport = transport
    transport.onFrame = (bytes, start = 0, end = bytes.length) => this.frames.put(Buffer.from(bytes.subarray(start, end)))
    transport.onClose = this.closes.put
    transport.onFault = (violation) => this.faults.put(violation.message)
  }

  /** Sends through the queue, as a peer does; false when the other side accepts no frame of that length. */
  queue(frame: Uint8Array | string): boolean {
    const bytes = typeof frame === 'string' ? Buffer.from(frame) : frame
    return this.transport.queue!.append(new ByteSink(1), { bytes, start: 0, end: bytes.length }, NO_BYTES)
  }
}
const NO_BYTES = new Uint8Array(0)

/** The router's end of a connection, and what the listener says of it. */
export interface Arrival extends Recorder {
  readonly serializer: Serializer
  readonly info: ConnectionInfo
}

export class Server {
  readonly listener: Listener
  readonly arrivals = new Inbox<Arrival>('a transport')
  readonly notices = new Inbox<string>('a notice')
  readonly #sockets = new Set<Socket>()

  constructor(options: Partial<ListenerOptions>) {
    this.listener = createListener({
      endpoint: { port: 0 },
      serializers: SERIALIZERS,
      onTransport: (transport, serializer, info) => this.arrivals.put(Object.assign(new Recorder(transport), { serializer, info })),
      onNotice: this.notices.put,
      ...options,
    })
  }

  get port(): number {
    return this.listener.port!
  }
  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws`
  }

  /** A TCP connection to the listener. */
  dial(): Socket {
    return this.track(connect({ host: '127.0.0.1', port: this.port, noDelay: true }))
  }

  /** The socket is destroyed when the test ends. */
  track<S extends Socket>(socket: S): S {
    socket.on('error', () => {})
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    return socket
  }

  /** A RawSocket client, and the router's end. */
  async rawSocket(serializerId = 1, exponent = 15): Promise<[RawSocketClient, Arrival]> {
    const client = await RawSocketClient.open(this.dial(), serializerId, exponent)
    return [client, await this.arrivals.take()]
  }

  /** A WebSocket client, and the router's end. */
  async webSocket(request?: WebSocketRequest): Promise<[WebSocketClient, Arrival]> {
    const client = await WebSocketClient.open(this.dial(), request)
    return [client, await this.arrivals.take()]
  }

  async end(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await this.listener.close()
  }
}

/** A listener that records its transports; it ends with the test. */
export async function serve(t: TestContext, options: Partial<ListenerOptions> = {}): Promise<Server> {
  const server = new Server(options)
  await server.listener.listen()
  t.after(() => server.end())
  return server
}

const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(delayMs, fire) {
    const timer = setTimeout(fire, delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
}

/** A listener with a router that has the realm "realm1". */
export function serveRouter(t: TestContext, options: Partial<ListenerOptions> = {}): Promise<Server> {
  const router = new Router({ clock: systemClock, random: new SeededRandom(1), realms: [{ name: 'realm1' }] })
  return serve(t, {
    onTransport: (transport, serializer, info) => router.attach(transport, serializer, { peer: info.peer }),
    ...options,
  })
}

export const HELLO = JSON.stringify([1, 'realm1', { roles: { caller: {}, callee: {}, publisher: {}, subscriber: {} } }])

/** The bytes that come until the other side closes. */
export async function untilEnd(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = []
  socket.on('data', (bytes: Buffer) => parts.push(bytes))
  await ended(socket)
  return Buffer.concat(parts)
}

/** Resolves when the socket is over, by an end or an error. */
export function ended(socket: Socket): Promise<void> {
  socket.resume()
  socket.once('end', () => socket.end())
  if (socket.destroyed) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`Waited ${PATIENCE_MS} ms for the end of a socket`)), PATIENCE_MS)
    socket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** The answer to a plain HTTP request: status and body. */
export async function get(server: Server, path: string): Promise<{ status: number; body: string; headers: Headers }> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { headers: { connection: 'close' } })
  return { status: response.status, body: await response.text(), headers: response.headers }
}
