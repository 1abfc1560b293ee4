// One port for everything: what arrives first tells RawSocket (0x7F, which cannot begin an HTTP request) from HTTP and
// WebSocket. One deadline runs from accept to WELCOME and no arriving byte extends it.
//
//   accept ─► (TLS) ─► first octet ─┬─ 0x7F ─► RawSocket handshake ─► RawSocketTransport ─┐
//                                   └─ HTTP ─► upgrade ─► ws ─► WebSocketTransport ───────┴─► onTransport
//                                         ├──► long-poll ─► LongPollTransport ───────────┘
//                                         └──► onRequest

import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
  validateHeaderValue,
} from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket, Server as TlsServer } from 'node:tls'
import { UsageError } from '@crosspoint/protocol'
import { decodeHandshake, encodeHandshake, encodeHandshakeError, RAWSOCKET_MAGIC } from '@crosspoint/protocol/internal'
import { WebSocketServer } from 'ws'
import { keyOf, peerOf } from './addresses.ts'
import { channelIdOf, clientCertificateOf } from './channel-binding.ts'
import { listenError, removeStaleSocket } from './endpoint.ts'
import { Flusher } from './flusher.ts'
import { endHttp, offeredBy, PLAIN, pathOf } from './http-answers.ts'
import { sweepIntervalMs, type Watched, watch } from './liveness.ts'
import { LongPoll } from './longpoll.ts'
import {
  type ConnectionInfo,
  DEFAULT_LIMITS,
  type HttpHeaders,
  type ListenerOptions,
  type TlsOptions,
  type TransportLimits,
} from './options.ts'
import { isAllowedHost, isAllowedOrigin } from './origin.ts'
import { RareNotices } from './rare-notices.ts'
import { RawSocketTransport } from './rawsocket-transport.ts'
import { Strangers } from './strangers.ts'
import { type Subprotocol, subprotocolsOf } from './subprotocols.ts'
import { connectionBelow, tlsRefusal } from './tls-refusals.ts'
import { createTlsServer } from './tls-server.ts'
import { type TransportHost, WebSocketTransport } from './websocket-transport.ts'

// A few connections beyond the limit are still told why they are refused; the rest are just closed.
const REFUSED_AT_ONCE_MAX = 100
const CLOSE_TIMEOUT_MS = 2_000

export interface Listener {
  /** Opens the endpoint. Rejects with `ERR_LISTEN` when it cannot: port in use, no permission, no such folder. */
  listen(): Promise<void>
  /** Where it listens: "127.0.0.1:8080" or "unix:/run/crosspoint.sock". */
  readonly address: string
  /** The TCP port, once it listens. */
  readonly port: number | undefined
  /**
   * Takes other keys, certificates and rules of TLS for connections that come from now on; those that are there stay as they are.
   * @throws UsageError ERR_INVALID_ARGUMENT when they cannot be used, or the listener is one without TLS; then all stays as it was.
   */
  setTls(options: TlsOptions): void
  /** Accepts nothing more. Established transports are their owner's to close; all others are closed. */
  close(): Promise<void>
}

/** A connection from accept on. */
interface Connection {
  readonly socket: Socket
  readonly address: string | undefined
  /** Runs while the connection is on its way to a session, or to a whole HTTP request. */
  deadline: NodeJS.Timeout | undefined
  isRefused: boolean
  isEstablished: boolean
  /** Whether a long-poll client uses it. */
  isPolling: boolean
}

/**
 * Makes a listener for HTTP, WebSocket and RawSocket on one endpoint.
 *
 * @example
 * const listener = createListener({
 *   endpoint: { port: 8080 },
 *   serializers: [jsonSerializer],
 *   onTransport: (transport, serializer, info) => router.attach(transport, serializer, { peer: info.peer }),
 * })
 * await listener.listen()
 */
export function createListener(options: ListenerOptions): Listener {
  return new PortListener(options)
}

class PortListener implements Listener {
  readonly #options: ListenerOptions
  readonly #limits: TransportLimits
  readonly #paths: ReadonlySet<string>
  readonly #subprotocols: ReadonlyMap<string, Subprotocol>
  readonly #server: Server
  #tls: TlsServer | undefined
  readonly #http: HttpServer
  readonly #webSockets: WebSocketServer
  readonly #longPoll: LongPoll
  readonly #longPollPaths: readonly string[]
  readonly #strangers: Strangers
  readonly #flusher = new Flusher()
  readonly #tlsRefusals = new RareNotices((notice) => this.#notice(notice))
  /** Whose time was up, which was said. */
  readonly #late = new WeakSet<Socket>()
  readonly #connections = new Map<string, Connection>()
  readonly #watched = new Set<Watched>()
  /** What the answers to upgrades set. */
  readonly #cookies = new WeakMap<IncomingMessage, readonly string[]>()
  #sweep: NodeJS.Timeout | undefined
  #connectionCount = 0
  #isClosing = false

  constructor(options: ListenerOptions) {
    this.#options = options
    this.#limits = Object.freeze({ ...DEFAULT_LIMITS, ...options.limits })
    this.#paths = new Set(options.websocketPaths ?? ['/ws'])
    this.#subprotocols = subprotocolsOf(options.serializers)
    this.#strangers = new Strangers(this.#limits.handshakesPerAddressMax, (address) => {
      this.#notice(
        `${address}: ${this.#limits.handshakesPerAddressMax} connections shake hands, no more are let in (handshakesPerAddressMax)`,
      )
    })
    this.#longPoll = this.#createLongPoll()
    // The longest first, so that a path below another one is its own.
    this.#longPollPaths = [...(options.longPollPaths ?? [])].sort((one, other) => other.length - one.length)
    this.#server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 }, (socket) => this.#accept(socket))
    const tls = 'path' in options.endpoint ? undefined : options.endpoint.tls
    if (tls) this.#tls = this.#createTls(tls)
    this.#http = createHttpServer({
      headersTimeout: this.#limits.handshakeTimeoutMs,
      requestTimeout: Math.max(60_000, this.#limits.handshakeTimeoutMs),
      keepAliveTimeout: 5_000,
    })
    this.#http.on('request', (request, response) => this.#request(request, response))
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    this.#http.on('clientError', (_error, socket) => endHttp(socket, 400, 'This is not HTTP, WebSocket or RawSocket.'))
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: this.#limits.frameBytesMax,
      skipUTF8Validation: true, // the serializer checks every byte of a text message
      closeTimeout: CLOSE_TIMEOUT_MS,
      maxPendingAutoPongs: 0, // `bufferedBytesMax` bounds them, and says so
      handleProtocols: (offered) => [...offered].find((name) => this.#subprotocols.has(name)) ?? false,
    } as ConstructorParameters<typeof WebSocketServer>[0])
    const { onUpgrade } = options
    if (onUpgrade) this.#webSockets.on('headers', (headers, request) => this.#setCookies(onUpgrade, headers, request))
  }

  /** `headers` are the lines of the answer to an upgrade, just before it leaves. */
  #setCookies(onUpgrade: NonNullable<ListenerOptions['onUpgrade']>, headers: string[], request: IncomingMessage): void {
    const cookies = onUpgrade({ headers: request.headers, path: pathOf(request), isSecure: 'encrypted' in request.socket })
    this.#cookies.set(request, cookies)
    for (const cookie of cookies) {
      validateHeaderValue('Set-Cookie', cookie) // `ws` writes the line as it is
      headers.push(`Set-Cookie: ${cookie}`)
    }
  }

  #createTls(options: TlsOptions): TlsServer {
    let tls: TlsServer
    try {
      tls = createTlsServer(options, this.#limits.handshakeTimeoutMs)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      const right = 'give keys and certificates as PEM text, each certificate with its own key'
      throw new UsageError('ERR_INVALID_ARGUMENT', `Cannot use the TLS options for ${this.address}: ${why}; ${right}`, { cause: error })
    }
    tls.on('secureConnection', (socket) => this.#sniff(socket, this.#connections.get(keyOf(socket))))
    tls.on('tlsClientError', (error, socket) => this.#refusedByTls(error, socket))
    return tls
  }

  #refusedByTls(error: Error, socket: TLSSocket): void {
    const below = connectionBelow(socket)
    socket.destroy()
    if (this.#isClosing || (below !== undefined && this.#late.has(below))) return
    const notice = tlsRefusal(error, socket)
    if (notice !== undefined) this.#tlsRefusals.add(notice)
  }

  setTls(options: TlsOptions): void {
    if (this.#tls === undefined)
      throw new UsageError('ERR_INVALID_ARGUMENT', `Cannot give TLS to ${this.address}: it listens without; open another listener with it`)
    // Those who are shaking hands keep the one that they began with.
    this.#tls = this.#createTls(options)
  }

  #createLongPoll(): LongPoll {
    const { serializers, allowedOrigins = ['*'], longPollDoneStatus = 204, onUpgrade, onTransport } = this.#options
    return new LongPoll({
      serializers,
      allowedOrigins,
      limits: this.#limits,
      doneStatus: longPollDoneStatus,
      flusher: this.#flusher,
      strangers: this.#strangers,
      onUpgrade,
      onTransport,
      onNotice: (notice) => this.#notice(notice),
    })
  }

  async listen(): Promise<void> {
    const { endpoint } = this.#options
    if ('path' in endpoint) await removeStaleSocket(endpoint.path)
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, this.#options.endpoint)))
      const backlog = endpoint.backlog ?? 511
      if ('path' in endpoint) this.#server.listen({ path: endpoint.path, backlog }, resolve)
      else this.#server.listen({ host: endpoint.host ?? '127.0.0.1', port: endpoint.port, backlog }, resolve)
    })
    this.#server.removeAllListeners('error')
    this.#server.on('error', (error) => this.#notice(`the listener reports: ${error.message}`))
    this.#http.emit('listening') // starts the HTTP server's own watch over slow requests; it never opens a port
    const interval = sweepIntervalMs(this.#limits)
    if (interval > 0) {
      this.#sweep = setInterval(() => {
        const now = performance.now()
        for (const watched of this.#watched) watch(watched, this.#limits, now)
        for (const transport of this.#longPoll.transports) watch(transport, this.#limits, now)
      }, interval)
      this.#sweep.unref()
    }
  }

  get port(): number | undefined {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : undefined
  }

  get address(): string {
    const { endpoint } = this.#options
    if ('path' in endpoint) return `unix:${endpoint.path}`
    const host = endpoint.host ?? '127.0.0.1'
    return `${host.includes(':') ? `[${host}]` : host}:${this.port ?? endpoint.port}`
  }

  async close(): Promise<void> {
    this.#isClosing = true
    clearInterval(this.#sweep)
    this.#tlsRefusals.close()
    const polled = this.#longPoll.close(CLOSE_TIMEOUT_MS)
    if (this.#longPoll.size > 0) {
      // Sessions over long-poll need the port for their last words; all else is refused.
      for (const { socket, isPolling, isEstablished } of this.#connections.values()) if (!isPolling && !isEstablished) socket.destroy()
      await polled
      await new Promise((resolve) => setImmediate(resolve)) // answers leave in the same turn of the loop
    }
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#http.close()
    this.#http.closeAllConnections()
    for (const connection of [...this.#connections.values()]) if (!connection.isEstablished) connection.socket.destroy()
    await closed
  }

  #notice(notice: string): void {
    this.#options.onNotice?.(notice)
  }

  #accept(socket: Socket): void {
    socket.on('error', ignore)
    const key = keyOf(socket)
    const isRefused = this.#isClosing || this.#connectionCount >= this.#limits.connectionsMax
    if (this.#connectionCount >= this.#limits.connectionsMax + REFUSED_AT_ONCE_MAX) {
      socket.destroy()
      return
    }
    const address = socket.remoteAddress
    const connection: Connection = { socket, address, deadline: undefined, isRefused, isEstablished: false, isPolling: false }
    if (!this.#startDeadline(connection)) {
      socket.destroy()
      return
    }
    this.#connectionCount++
    this.#connections.set(key, connection)
    socket.once('close', () => {
      this.#endDeadline(connection)
      this.#connectionCount--
      this.#connections.delete(key)
    })
    if (this.#tls) this.#tls.emit('connection', socket)
    else this.#sniff(socket, connection)
  }

  /** False when too many of its address are on their way already. */
  #startDeadline(connection: Connection): boolean {
    if (!this.#strangers.enter(connection.address)) return false
    connection.deadline = setTimeout(() => {
      this.#notice(`${peerOf(connection.socket)}: no session within ${this.#limits.handshakeTimeoutMs} ms (handshakeTimeoutMs)`)
      this.#late.add(connection.socket)
      connection.socket.destroy()
    }, this.#limits.handshakeTimeoutMs)
    return true
  }

  #endDeadline(connection: Connection): void {
    if (connection.deadline === undefined) return
    clearTimeout(connection.deadline)
    connection.deadline = undefined
    this.#strangers.leave(connection.address)
  }

  /** Waits for the first octet and hands the connection on. */
  #sniff(socket: Socket, connection: Connection | undefined): void {
    if (connection === undefined) {
      socket.destroy()
      return
    }
    socket.on('error', ignore)
    socket.once('data', (bytes: Buffer) => {
      if (bytes[0] === RAWSOCKET_MAGIC && (this.#options.hasRawSocket ?? true)) {
        this.#rawSocket(socket, connection, bytes)
        return
      }
      socket.pause()
      socket.unshift(bytes)
      this.#http.emit('connection', socket)
      process.nextTick(() => socket.resume())
    })
  }

  #rawSocket(socket: Socket, connection: Connection, first: Buffer): void {
    if (first.length < 4) {
      // Rare: four octets in more than one read.
      socket.once('data', (more: Buffer) => this.#rawSocket(socket, connection, Buffer.concat([first, more])))
      return
    }
    const handshake = decodeHandshake(first)
    const serializer =
      typeof handshake === 'number' ? undefined : this.#options.serializers.find((one) => one.rawSocketId === handshake.serializerId)
    let error = typeof handshake === 'number' ? handshake : serializer === undefined ? 1 : 0
    if (connection.isRefused) error = 4
    if (typeof handshake === 'number' || serializer === undefined || error > 0) {
      if (error > 0) socket.write(encodeHandshakeError(error))
      socket.end() // S = 0: no answer at all (TRN-15)
      socket.resume()
      return
    }
    const { strangerFrameBytesMax, frameBytesMax } = this.#limits
    socket.write(encodeHandshake({ frameBytesMax, serializerId: serializer.rawSocketId }))
    const host = this.#host(socket, connection)
    const transport = new RawSocketTransport(socket, handshake.frameBytesMax, Math.min(strangerFrameBytesMax, frameBytesMax), host)
    this.#watch(transport, socket)
    this.#options.onTransport(transport, serializer, this.#info('rawsocket', socket, '', {}, []))
    if (first.length > 4) transport.receive(first, 4)
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(keyOf(request.socket))
    const path = pathOf(request)
    const base = this.#longPollPaths.find((one) => path.startsWith(one === '/' ? one : `${one}/`))
    const isLastWord = this.#isClosing && base !== undefined // it says itself what it still takes
    if (connection?.isRefused && !isLastWord) {
      response.writeHead(503, { connection: 'close', ...PLAIN })
      response.end('Too many connections, or shutting down; try again later.\n')
      return
    }
    // A whole request arrived: from here the HTTP server's own timeouts hold.
    if (connection) this.#endDeadline(connection)
    if (!this.#isHostAllowed(request)) {
      response.writeHead(403, { connection: 'close', ...PLAIN })
      response.end('Nothing is served under this host name.\n')
      return
    }
    if (this.#paths.has(path)) {
      response.writeHead(426, { connection: 'upgrade', upgrade: 'websocket', ...PLAIN })
      response.end('This path speaks WebSocket with a subprotocol such as wamp.2.json; open it with a WAMP client.\n')
      return
    }
    if (base !== undefined) {
      if (connection) connection.isPolling = true
      return this.#longPoll.handle(request, response, base === '/' ? '' : base, path.slice(base === '/' ? 1 : base.length + 1))
    }
    if (this.#options.onRequest) this.#options.onRequest(request, response)
    else {
      response.writeHead(404, PLAIN)
      response.end('Nothing is served here.\n')
    }
  }

  #info(
    type: 'rawsocket' | 'websocket',
    socket: Socket,
    path: string,
    headers: HttpHeaders,
    setCookies: readonly string[],
  ): ConnectionInfo {
    return {
      type,
      peer: peerOf(socket),
      isSecure: 'encrypted' in socket,
      path,
      headers,
      setCookies,
      channelId: (binding) => channelIdOf(socket, 'server', binding),
      certificate: clientCertificateOf(socket),
    }
  }

  /** Against pages that reach us under a name of their own (DNS rebinding). */
  #isHostAllowed({ headers, socket }: IncomingMessage): boolean {
    if (isAllowedHost(headers.host, this.#options.allowedHosts ?? ['*'])) return true
    this.#notice(`${peerOf(socket)}: host ${JSON.stringify(headers.host ?? '')} is not allowed (allowedHosts)`)
    return false
  }

  /** The first of the client's subprotocols that is known (TRN-03). */
  #agreeOn(offered: readonly string[]): Subprotocol | undefined {
    const isAssumed = offered.length === 0 && this.#options.assumesJson === true
    const name = isAssumed ? 'wamp.2.json' : offered.find((one) => this.#subprotocols.has(one))
    return name === undefined ? undefined : this.#subprotocols.get(name)
  }

  #upgrade(request: IncomingMessage, duplex: Duplex, head: Buffer): void {
    const socket = duplex as Socket
    const connection = this.#connections.get(keyOf(socket))
    const path = pathOf(request)
    const offered = offeredBy(request)
    const agreed = this.#agreeOn(offered)
    if (connection === undefined || connection.isRefused || this.#isClosing)
      return endHttp(socket, 503, 'Too many connections, or shutting down.')
    if (!this.#isHostAllowed(request)) return endHttp(socket, 403, 'Nothing is served under this host name.')
    if (!this.#paths.has(path)) return endHttp(socket, 404, `There is no WebSocket at ${path}; try ${[...this.#paths].join(' or ')}.`)
    if (!isAllowedOrigin(request.headers.origin, this.#options.allowedOrigins ?? ['*'])) {
      this.#notice(`${peerOf(socket)}: origin ${request.headers.origin} is not allowed (allowedOrigins)`)
      return endHttp(socket, 403, 'This origin is not allowed.')
    }
    if (agreed === undefined) {
      return endHttp(socket, 400, `Offer one of the WebSocket subprotocols ${[...this.#subprotocols.keys()].join(', ')}.`)
    }
    const { serializer, isBatched } = agreed
    if (offered.length > 0) request.headers['sec-websocket-protocol'] = offered.join(', ') // `ws` reads it, too, and more strictly
    // A plain request on the same connection has ended the first deadline.
    if (connection.deadline === undefined && !this.#startDeadline(connection))
      return endHttp(socket, 503, 'Too many connections of this address are shaking hands; try again later.')
    this.#webSockets.handleUpgrade(request, socket, Buffer.alloc(0), (webSocket) => {
      const transport = new WebSocketTransport(
        webSocket,
        socket,
        { isBinary: serializer.isBinary, isBatched },
        this.#host(socket, connection),
      )
      this.#watch(transport, socket)
      this.#options.onTransport(
        transport,
        serializer,
        this.#info('websocket', socket, path, request.headers, this.#cookies.get(request) ?? []),
      )
      transport.begin(head)
    })
  }

  #watch(transport: Watched, socket: Socket): void {
    this.#watched.add(transport)
    socket.once('close', () => this.#watched.delete(transport))
  }

  #host(socket: Socket, connection: Connection): TransportHost {
    const peer = peerOf(socket)
    return {
      flusher: this.#flusher,
      limits: this.#limits,
      side: 'server',
      onNotice: (notice) => this.#notice(`${peer}: ${notice}`),
      onEstablished: () => {
        connection.isEstablished = true
        this.#endDeadline(connection)
      },
    }
  }
}

function ignore(): void {}
