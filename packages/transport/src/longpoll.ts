// HTTP long-poll: WAMP for clients that have nothing but HTTP requests (TRN-30 … TRN-40).
//
//   POST <base>/open             {"protocols": ["wamp.2.json", …]} ─► {"protocol": …, "transport": ID}
//   POST <base>/ID/receive       held open until a message is there ─► 200 with it; 204 when none came in time
//   POST <base>/ID/send          one message, or a batch ─► 204 when the session has it
//   POST <base>/ID/close         ─► 204

import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Serializer, Transport } from '@crosspoint/protocol'
import { peerOf } from './addresses.ts'
import { clientCertificateOf } from './channel-binding.ts'
import type { Flusher } from './flusher.ts'
import { type Body, Reply, readBody } from './longpoll-reply.ts'
import { type LongPollHost, LongPollTransport } from './longpoll-transport.ts'
import type { ConnectionInfo, TransportLimits, UpgradeRequest } from './options.ts'
import { isAllowedOrigin } from './origin.ts'
import type { Strangers } from './strangers.ts'
import { type Subprotocol, subprotocolsOf } from './subprotocols.ts'

const ID_BYTES = 18 // 144 bits, as 24 letters: not to be guessed, nor found by trying (TRN-40)
const NO_BODY_BYTES_MAX = 1024 // `receive` and `close` have no body; a few bytes are read and ignored
const PREFLIGHT_MAX_AGE_SECONDS = '600'
const OPERATIONS = ['receive', 'send', 'close']

export interface LongPollOptions {
  readonly serializers: readonly Serializer[]
  /** Origins that browsers may use it from, as for WebSocket. */
  readonly allowedOrigins: readonly string[]
  readonly limits: TransportLimits
  /** The status that answers `send` and `close`. */
  readonly doneStatus: 202 | 204
  readonly flusher: Flusher
  /** Who waits for WELCOME. */
  readonly strangers: Strangers
  readonly onUpgrade: ((request: UpgradeRequest) => readonly string[]) | undefined
  readonly onTransport: (transport: Transport, serializer: Serializer, info: ConnectionInfo) => void
  readonly onNotice: (notice: string) => void
}

export class LongPoll {
  readonly #options: LongPollOptions
  readonly #subprotocols: ReadonlyMap<string, Subprotocol>
  readonly #transports = new Map<string, LongPollTransport>()
  #lingerMs: number
  #onEmpty: (() => void) | undefined

  constructor(options: LongPollOptions) {
    this.#options = options
    this.#lingerMs = options.limits.longPollIdleTimeoutMs
    this.#subprotocols = subprotocolsOf(options.serializers)
  }

  get size(): number {
    return this.#transports.size
  }

  /** All transports that are open. */
  get transports(): Iterable<LongPollTransport> {
    return this.#transports.values()
  }

  /**
   * Takes no new transports and ends those without a session. Resolves when all are gone: the owner closes the others, and
   * what was said last can then be received for `lingerMs`.
   */
  close(lingerMs: number): Promise<void> {
    this.#lingerMs = lingerMs
    return new Promise((resolve) => {
      this.#onEmpty = resolve
      for (const transport of [...this.#transports.values()]) {
        if (transport.isEstablished) transport.hurry(lingerMs)
        else transport.expire('the listener was closed')
      }
      if (this.#transports.size === 0) resolve()
    })
  }

  /** Answers a request below the path `base`; `operation` is what follows it, such as "open", without query. */
  handle(request: IncomingMessage, response: ServerResponse, base: string, operation: string): void {
    const reply = new Reply(response)
    response.setHeader('Cache-Control', 'no-store')
    response.setHeader('X-Content-Type-Options', 'nosniff')
    response.setHeader('Vary', 'Origin')
    const { origin } = request.headers
    if (!isAllowedOrigin(origin, this.#options.allowedOrigins)) {
      request.resume()
      this.#options.onNotice(`${peerOf(request.socket)}: origin ${origin} is not allowed (allowedOrigins)`)
      return reply.fail(403, 'This origin is not allowed.')
    }
    if (origin !== undefined) {
      response.setHeader('Access-Control-Allow-Origin', origin)
      response.setHeader('Access-Control-Allow-Credentials', 'true')
    }
    if (request.method === 'OPTIONS') {
      request.resume()
      response.setHeader('Access-Control-Allow-Methods', 'POST')
      response.setHeader('Access-Control-Allow-Headers', 'Content-Type')
      response.setHeader('Access-Control-Max-Age', PREFLIGHT_MAX_AGE_SECONDS)
      return reply.end(204)
    }
    const [first = '', second, ...more] = operation.split('/')
    if (first === 'open' && second === undefined) return this.#ifPost(request, reply, () => this.#open(request, reply, base))
    const isOperation = second !== undefined && more.length === 0 && OPERATIONS.includes(second)
    const transport = isOperation ? this.#transports.get(first) : undefined
    if (transport !== undefined) return this.#ifPost(request, reply, () => this.#operate(request, reply, transport, second!))
    request.resume()
    if (isOperation) reply.fail(404, `There is no transport ${JSON.stringify(first)} any more; POST ${base}/open opens one`)
    else
      reply.fail(
        404,
        `There is no ${JSON.stringify(operation)} here; POST ${base}/open, or ${base}/TRANSPORT/ with ${OPERATIONS.join(', ')}`,
      )
  }

  #ifPost(request: IncomingMessage, reply: Reply, go: () => void): void {
    if (request.method === 'POST') return go()
    request.resume()
    reply.fail(405, `${request.method} is not allowed here; use POST`, { Allow: 'POST, OPTIONS' })
  }

  #operate(request: IncomingMessage, reply: Reply, transport: LongPollTransport, operation: string): void {
    if (operation === 'receive') {
      return readBody(request, NO_BODY_BYTES_MAX, (body) => {
        if (this.#isWhole(body, NO_BODY_BYTES_MAX, reply)) transport.receive(reply)
      })
    }
    const isClose = operation === 'close'
    const job = transport.begin(reply, isClose)
    if (job === undefined) {
      request.resume()
      return
    }
    const bytesMax = isClose ? NO_BODY_BYTES_MAX : transport.bodyBytesMax
    readBody(request, bytesMax, (body) => {
      if (this.#isWhole(body, bytesMax, reply)) transport.finish(job, body)
      else transport.drop(job)
    })
  }

  /** Whether there is a body; if not the request is answered. */
  #isWhole(body: Body, bytesMax: number, reply: Reply): body is Buffer {
    if (body === 'too_long') {
      reply.fail(413, `The body is longer than ${bytesMax} bytes, which is the limit here`)
    }
    return typeof body !== 'string'
  }

  #open(request: IncomingMessage, reply: Reply, base: string): void {
    const { limits } = this.#options
    const bytesMax = Math.min(limits.strangerFrameBytesMax, limits.frameBytesMax)
    const deadline = setTimeout(() => {
      reply.fail(408, `The offer did not arrive within ${limits.handshakeTimeoutMs} ms (handshakeTimeoutMs)`)
    }, limits.handshakeTimeoutMs)
    readBody(request, bytesMax, (body) => {
      clearTimeout(deadline)
      if (!this.#isWhole(body, bytesMax, reply)) return
      if (this.#onEmpty !== undefined) return reply.fail(503, 'This router is shutting down; try again later')
      if (this.#transports.size >= limits.longPollTransportsMax) {
        this.#options.onNotice(`${peerOf(request.socket)}: ${this.#transports.size} transports are open (longPollTransportsMax)`)
        return reply.fail(503, 'Too many transports are open; try again later', { 'Retry-After': '5' })
      }
      const agreed = this.#agreeOn(body)
      if (typeof agreed === 'string') return reply.fail(400, agreed)
      if (!this.#options.strangers.enter(request.socket.remoteAddress))
        return reply.fail(503, 'Too many transports of this address are shaking hands; try again later', { 'Retry-After': '5' })
      this.#begin(request, reply, agreed, base)
    })
  }

  #begin(request: IncomingMessage, reply: Reply, agreed: Subprotocol, base: string): void {
    const { socket, headers } = request
    const id = randomBytes(ID_BYTES).toString('base64url')
    const transport = new LongPollTransport(agreed, this.#host(id, socket))
    this.#transports.set(id, transport)
    const isSecure = 'encrypted' in socket
    const setCookies = this.#options.onUpgrade?.({ headers, path: base, isSecure }) ?? []
    const info: ConnectionInfo = {
      type: 'longpoll',
      peer: peerOf(socket),
      isSecure,
      path: base,
      headers,
      setCookies,
      channelId: () => undefined, // each request may have a connection of its own
      certificate: clientCertificateOf(socket),
    }
    this.#options.onTransport(transport, agreed.serializer, info)
    reply.tell(200, { protocol: agreed.name, transport: id }, setCookies.length === 0 ? {} : { 'Set-Cookie': setCookies })
  }

  #host(id: string, socket: Socket): LongPollHost {
    const peer = peerOf(socket)
    const address = socket.remoteAddress
    let isStranger = true
    const known = (): void => {
      if (isStranger) this.#options.strangers.leave(address)
      isStranger = false
    }
    const { flusher, limits, doneStatus, onNotice } = this.#options
    return {
      flusher,
      limits,
      doneStatus,
      lingerMs: this.#lingerMs,
      onNotice: (notice) => onNotice(`${peer}: ${notice}`),
      onEstablished: known,
      onGone: () => {
        known()
        this.#transports.delete(id)
        if (this.#transports.size === 0) this.#onEmpty?.()
      },
    }
  }

  /** The first of the client's subprotocols that is known, or what is wrong with the body (TRN-31). */
  #agreeOn(body: Buffer): Subprotocol | string {
    const right = `send {"protocols": [...]} with one or more of ${[...this.#subprotocols.keys()].join(', ')}`
    let value: unknown
    try {
      value = JSON.parse(body.toString())
    } catch {
      return `The body is not JSON; ${right}`
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return `The body is no JSON object; ${right}`
    const { protocols } = value as { protocols?: unknown }
    if (!Array.isArray(protocols)) return `"protocols" is no list; ${right}`
    const name = protocols.find((one) => typeof one === 'string' && this.#subprotocols.has(one))
    return name === undefined ? `None of the protocols offered is spoken here; ${right}` : this.#subprotocols.get(name)!
  }
}
