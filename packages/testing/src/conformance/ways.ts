// The ways that a scenario runs: on the bare core, over memory transports with each serializer, over real sockets.

import { connect } from 'node:net'
import {
  cborSerializer,
  jsonSerializer,
  MemoryTransport,
  msgpackSerializer,
  plainUbjsonSerializer,
  type Serializer,
  type Transport,
  ubjsonSerializer,
} from '@crosspoint/protocol'
import { BatchReader, joinBatch, type Peer } from '@crosspoint/protocol/internal'
import type { AttachInfo, Router } from '@crosspoint/router'
import { createListener, type Listener } from '@crosspoint/transport'
import { LongPollClient, OPCODE, RawSocketClient, WebSocketClient } from '../raw-clients.ts'
import { FlatBuffersLink } from './flatbuffers-link.ts'
import type { Link } from './link.ts'
import { decodeList, encodeList, listOf, messageOf } from './lists.ts'
import { LongPollLink } from './longpoll-link.ts'
import type { Way } from './scenario.ts'

/** What a connection of a scenario needs. */
export interface LinkRequest {
  readonly router: Router
  /** How its session logs in, and what the router is told of the connection. */
  readonly info: AttachInfo
  /** Counts connections: ways with several kinds of clients take the next kind. */
  readonly index: number
  /** The scenario sends frames of its own, so the client must speak JSON. */
  readonly isJson: boolean
  /** The longest frame the client accepts. */
  readonly frameBytesMax: number | undefined
  /** Called with the client's address when the router has learned that its connection is gone. */
  readonly onGone: (address: string) => void
}

export interface ClientWay {
  readonly way: Way
  /** For titles: "memory, msgpack". */
  readonly label: string
  /** Whether this variant can speak JSON; a variant that cannot leaves out scenarios with frames of their own. */
  readonly hasJson: boolean
  open(request: LinkRequest): Promise<Link>
  /** Ends what the way holds open. */
  close(): Promise<void>
}

/** Messages go as they are, with payloads made of values: what a component in the router's process does. */
class CoreLink implements Link {
  readonly inbox: unknown[][] = []
  readonly address = undefined
  isClosed = false
  onChange: () => void = () => {}
  readonly #peer: Peer

  constructor(router: Router, info: AttachInfo) {
    this.#peer = router.attachLocal(info)
    this.#peer.onMessage = (message) => {
      this.inbox.push(listOf(message))
      this.onChange()
    }
    this.#peer.onClose = () => {
      this.isClosed = true
      this.onChange()
    }
  }

  send(list: readonly unknown[]): void {
    this.#peer.send(messageOf(list))
  }
  sendRaw(): void {
    throw new Error('The core has messages, not frames: this scenario must leave out the way "core"')
  }
  cut(): void {
    this.#peer.close()
  }
}

class MemoryLink implements Link {
  readonly inbox: unknown[][] = []
  readonly address = undefined
  isClosed = false
  onChange: () => void = () => {}
  readonly #transport: Transport
  readonly #serializer: Serializer

  constructor({ router, info, frameBytesMax }: LinkRequest, serializer: Serializer) {
    const [ours, theirs] = MemoryTransport.pair(frameBytesMax)
    this.#transport = ours
    this.#serializer = serializer
    ours.onFrame = (bytes, start = 0, end = bytes.length) => {
      this.inbox.push(decodeList(serializer, bytes.subarray(start, end)))
      this.onChange()
    }
    ours.onClose = () => {
      this.isClosed = true
      this.onChange()
    }
    router.attach(theirs, serializer, { ...info, peer: 'memory' })
  }

  send(message: readonly unknown[]): void {
    // A copy: the router may keep views of what it is given.
    this.#transport.send(encodeList(this.#serializer, message).slice())
  }
  sendRaw(frame: string | Uint8Array): void {
    this.#transport.send(typeof frame === 'string' ? new TextEncoder().encode(frame) : frame.slice())
  }
  cut(): void {
    this.#transport.close()
  }
}

class WebSocketLink implements Link {
  readonly inbox: unknown[][] = []
  readonly address: string
  isClosed = false
  onChange: () => void = () => {}
  readonly #client: WebSocketClient
  readonly #serializer: Serializer
  readonly #isBatched: boolean

  constructor(client: WebSocketClient, serializer: Serializer) {
    this.#client = client
    this.#serializer = serializer
    this.#isBatched = client.protocol.endsWith('.batched')
    this.address = `${client.socket.localAddress}:${client.socket.localPort}`
    const receive = (bytes: Uint8Array): void => {
      this.inbox.push(decodeList(serializer, bytes))
      this.onChange()
    }
    const batches = new BatchReader(serializer.isBinary, (bytes, start, end) => receive(bytes.subarray(start, end)))
    client.onMessage = (bytes) => (this.#isBatched ? batches.read(bytes, 0, bytes.length) : receive(bytes))
    client.onClose = () => {
      this.isClosed = true
      this.onChange()
    }
  }

  send(message: readonly unknown[]): void {
    const { isBinary } = this.#serializer
    const bytes = encodeList(this.#serializer, message)
    this.#client.send(isBinary ? OPCODE.binary : OPCODE.text, this.#isBatched ? joinBatch([bytes], isBinary) : bytes)
  }
  sendRaw(frame: string | Uint8Array): void {
    this.#client.send(typeof frame === 'string' ? OPCODE.text : OPCODE.binary, frame)
  }
  cut(): void {
    this.#client.socket.destroy()
  }
  ping(): Promise<void> {
    return pong(this, this.#client, () => this.#client.send(OPCODE.ping, ''))
  }
}

class RawSocketLink implements Link {
  readonly inbox: unknown[][] = []
  readonly address: string
  isClosed = false
  onChange: () => void = () => {}
  readonly #client: RawSocketClient
  readonly #serializer: Serializer

  constructor(client: RawSocketClient, serializer: Serializer) {
    this.#client = client
    this.#serializer = serializer
    this.address = `${client.socket.localAddress}:${client.socket.localPort}`
    client.onMessage = (bytes) => {
      this.inbox.push(decodeList(serializer, bytes))
      this.onChange()
    }
    client.onClose = () => {
      this.isClosed = true
      this.onChange()
    }
  }

  send(message: readonly unknown[]): void {
    this.#client.send(0, encodeList(this.#serializer, message))
  }
  sendRaw(frame: string | Uint8Array): void {
    this.#client.send(0, frame)
  }
  cut(): void {
    this.#client.socket.destroy()
  }
  ping(): Promise<void> {
    return pong(this, this.#client, () => this.#client.send(1, ''))
  }
}

/** Pings and waits for the answer, or for the end of the connection. */
function pong(link: Link, client: WebSocketClient | RawSocketClient, send: () => void): Promise<void> {
  return new Promise((resolve) => {
    if (link.isClosed || !client.socket.writable) return resolve()
    const done = (): void => {
      client.socket.off('close', done)
      resolve()
    }
    client.onPong = done
    client.socket.on('close', done)
    send()
  })
}

const SERIALIZERS = [jsonSerializer, msgpackSerializer, cborSerializer, ubjsonSerializer] as const

const KINDS = ['websocket', 'rawsocket', 'batched websocket', 'longpoll', 'batched longpoll'] as const
const RAW_KINDS = ['websocket', 'rawsocket'] as const

/** In turn: every pair of serializer and kind of connection. */
function socketKind(request: LinkRequest): { serializer: Serializer; kind: (typeof KINDS)[number] } {
  const { index } = request
  if (request.isJson) return { serializer: jsonSerializer, kind: needsLimit(request) ? 'rawsocket' : RAW_KINDS[index % 2]! }
  return { serializer: SERIALIZERS[index % SERIALIZERS.length]!, kind: needsLimit(request) ? 'rawsocket' : KINDS[index % KINDS.length]! }
}

/** Only RawSocket has a way to say a limit. */
function needsLimit(request: LinkRequest): boolean {
  return request.frameBytesMax !== undefined
}

class SocketsWay implements ClientWay {
  readonly way = 'sockets'
  readonly label = 'sockets'
  readonly hasJson = true
  readonly #listener: Listener
  #router: Router | undefined
  #info: AttachInfo = {}
  #onGone: (address: string) => void = () => {}

  constructor() {
    this.#listener = createListener({
      endpoint: { host: '127.0.0.1', port: 0 },
      serializers: SERIALIZERS,
      longPollPaths: ['/lp'],
      onTransport: (transport, serializer, info) => {
        const onGone = this.#onGone
        this.#router!.attach(transport, serializer, { ...this.#info, peer: info.peer })
        const tellRouter = transport.onClose
        transport.onClose = (reason) => {
          tellRouter(reason)
          onGone(info.peer)
        }
      },
    })
  }

  async open(request: LinkRequest): Promise<Link> {
    if (this.#listener.port === undefined) await this.#listener.listen()
    this.#router = request.router
    this.#info = request.info
    this.#onGone = request.onGone
    const { serializer, kind } = socketKind(request)
    const protocols = [kind.startsWith('batched') ? `${serializer.subprotocol}.batched` : serializer.subprotocol]
    if (kind.endsWith('longpoll')) return new LongPollLink(await LongPollClient.open(this.#listener.port!, protocols), serializer)
    const socket = connect({ host: '127.0.0.1', port: this.#listener.port!, noDelay: true })
    if (kind !== 'rawsocket') return new WebSocketLink(await WebSocketClient.open(socket, { protocols }), serializer)
    const exponent = Math.floor(Math.log2(request.frameBytesMax ?? 2 ** 24)) - 9
    return new RawSocketLink(await RawSocketClient.open(socket, serializer.rawSocketId, exponent), serializer)
  }

  async close(): Promise<void> {
    if (this.#listener.port !== undefined) await this.#listener.close()
  }
}

async function nothing(): Promise<void> {}

const core: ClientWay = {
  way: 'core',
  label: 'core',
  hasJson: false,
  open: async ({ router, info }) => new CoreLink(router, info),
  close: nothing,
}

function memory(label: string, serializers: readonly Serializer[]): ClientWay {
  const choose = (request: LinkRequest) => (request.isJson ? jsonSerializer : serializers[request.index % serializers.length]!)
  return {
    way: 'memory',
    label: `memory, ${label}`,
    hasJson: serializers.includes(jsonSerializer),
    open: async (request) => new MemoryLink(request, choose(request)),
    close: nothing,
  }
}

const flatBuffers: ClientWay = {
  way: 'memory',
  label: 'memory, flatbuffers',
  hasJson: false,
  open: async ({ router, info, frameBytesMax }) => new FlatBuffersLink(router, info, frameBytesMax),
  close: nothing,
}

/** All ways, the fastest first. A scenario runs on every variant of the ways that it names. */
export function allWays(): ClientWay[] {
  return [
    core,
    memory('json', [jsonSerializer]),
    memory('msgpack', [msgpackSerializer]),
    memory('cbor', [cborSerializer]),
    memory('ubjson', [ubjsonSerializer]),
    memory('plain ubjson', [plainUbjsonSerializer]),
    memory('mixed', SERIALIZERS),
    flatBuffers,
    new SocketsWay(),
  ]
}
