// What the router's tests share: a router with virtual time and seeded chance, and clients that write and see messages as
// the lists that they are on the wire. A client is in-process, or behind a memory transport, or behind a frame queue like
// the one of a socket. All of them are synchronous: when `send` returns, the router has done everything.

import {
  cborSerializer,
  MemoryTransport,
  type Message,
  Payload,
  type ProtocolViolation,
  type Serializer,
  type SessionId,
  type Transport,
} from '@crosspoint/protocol'
import { FrameQueue, LocalPeer, layoutOf, type Peer, RemotePeer } from '@crosspoint/protocol/internal'
import { SeededRandom, VirtualClock } from '@crosspoint/testing'
import { type AttachInfo, Router, type RouterOptions } from '../src/index.ts'
import { Session } from '../src/session.ts'

/** All client roles and features that matter to the router. */
export const ALL_ROLES = {
  caller: { features: { progressive_call_results: true } },
  callee: { features: { progressive_call_results: true, call_canceling: true, call_timeout: true, caller_identification: true } },
  publisher: {},
  subscriber: { features: { publisher_identification: true } },
}

/** A message as the list that it is on the wire. */
function listOf(message: Message): unknown[] {
  const values = message as unknown as { readonly [name: string]: unknown }
  const list: unknown[] = [message.type]
  for (const field of layoutOf(message.type)!.fields) if (values[field.name] !== undefined) list.push(values[field.name])
  const payload = values['payload'] as Payload | undefined
  if (payload === undefined || payload.count === 0) return list
  const { args, kwargs } = payload.read()
  return payload.count === 1 ? [...list, args] : [...list, args, kwargs]
}

/** The message that a list stands for, its payload made of values. */
function messageOf(list: readonly unknown[]): Message {
  const message = cborSerializer.decode(cborSerializer.encodePayload([list]).slice())
  const payload = (message as { payload?: Payload }).payload
  if (payload === undefined) return message
  const { args, kwargs } = payload.read()
  return { ...message, payload: Payload.of(args, kwargs) } as Message
}

export interface LinkOptions {
  /** Without one the client is in-process. */
  readonly serializer?: Serializer
  /** The longest frame that the client accepts. */
  readonly frameBytesMax?: number
  /** The client's transport batches frames in a queue, like that of a socket. */
  readonly isQueued?: boolean
  /** How its sessions log in, and what is known of the connection. */
  readonly info?: AttachInfo
}

export class TestClient {
  #inbox: unknown[][] = []
  isClosed = false
  sessionId = 0
  /** Called when a message arrives, so that a test can answer at once. */
  onList: (list: unknown[]) => void = () => {}
  readonly #sendMessage: (message: Message) => void
  readonly #sendList: (list: readonly unknown[]) => void
  readonly #close: () => void
  readonly #collect: () => void
  #lastRequestId = 0

  constructor(router: Router, options: LinkOptions) {
    const { serializer, frameBytesMax } = options
    if (serializer === undefined) {
      const peer = router.attachLocal(options.info)
      this.#receiveFrom(peer)
      this.#sendMessage = (message) => void peer.send(message)
      this.#sendList = (list) => void peer.send(messageOf(list))
      this.#close = () => peer.close()
      this.#collect = () => {}
      return
    }
    const [ours, theirs] = MemoryTransport.pair(frameBytesMax)
    const transport = options.isQueued ? new QueuedTransport(theirs, frameBytesMax) : theirs
    this.#receiveFrom(new RemotePeer(ours, serializer))
    this.#sendMessage = () => {
      throw new Error('Only an in-process client can send a message as it is')
    }
    this.#sendList = (list) => ours.send(serializer.encodePayload([list]).slice()) // the router may keep views of it
    this.#close = () => ours.close()
    this.#collect = () => (transport as Partial<QueuedTransport>).deliver?.()
    router.attach(transport, serializer, { peer: 'test', ...options.info })
  }

  #receiveFrom(peer: Peer): void {
    peer.onMessage = (message) => {
      const list = listOf(message)
      this.#inbox.push(list)
      this.onList(list)
    }
    peer.onViolation = (violation: ProtocolViolation) => {
      throw violation
    }
    peer.onClose = () => {
      this.isClosed = true
    }
  }

  /** Sends any message. */
  send(...list: readonly unknown[]): void {
    this.#sendList(list)
  }
  /** Sends a message as it is; for in-process clients. */
  sendMessage(message: Message): void {
    this.#sendMessage(message)
  }
  /** Sends a request: `type`, the next request id, `rest`. Returns the id. */
  request(type: number, ...rest: readonly unknown[]): number {
    const id = ++this.#lastRequestId
    this.#sendList([type, id, ...rest])
    return id
  }
  /** Sends a request and returns what came back, which is only its answer when nothing else was on its way. */
  ask(type: number, ...rest: readonly unknown[]): unknown[] {
    this.take()
    this.request(type, ...rest)
    const answer = this.take()
    if (answer.length !== 1) throw new Error(`Expected one answer to ${JSON.stringify([type, ...rest])}, not ${JSON.stringify(answer)}`)
    return answer[0]!
  }
  /** What has arrived since the last time. */
  take(): unknown[][] {
    this.#collect()
    const taken = this.#inbox
    this.#inbox = []
    return taken
  }
  /** Cuts the transport without a word. */
  cut(): void {
    this.#close()
  }
  hello(realm: string | null = 'realm1', details: object = { roles: ALL_ROLES }): void {
    this.send(1, realm, details)
  }
  /** HELLO and WELCOME. */
  join(realm = 'realm1', roles: object = ALL_ROLES): this {
    this.hello(realm, { roles })
    const received = this.take()
    if (received.length !== 1 || received[0]![0] !== 2) throw new Error(`Expected WELCOME, not ${JSON.stringify(received)}`)
    this.sessionId = received[0]![1] as number
    return this
  }
}

/** A transport with a frame queue; what is queued goes over when the test says so. */
class QueuedTransport implements Transport {
  onFrame: Transport['onFrame'] = () => {}
  onClose: (reason: string) => void = () => {}
  readonly queue: FrameQueue
  readonly #link: MemoryTransport

  constructor(link: MemoryTransport, frameBytesMax = 2 ** 24) {
    this.#link = link
    this.queue = new FrameQueue('rawsocket', frameBytesMax, () => {})
    link.onFrame = (bytes, start, end) => this.onFrame(bytes, start, end)
    link.onClose = (reason) => this.onClose(reason)
  }
  get bufferedBytes(): number {
    return this.queue.bytes
  }
  deliver(): void {
    for (const chunk of this.queue.take()) {
      for (let at = 0; at < chunk.end; ) {
        const length = (chunk.bytes[at + 1]! << 16) | (chunk.bytes[at + 2]! << 8) | chunk.bytes[at + 3]!
        this.#link.send(chunk.bytes.slice(at + 4, at + 4 + length))
        at += 4 + length
      }
      chunk.release(false)
    }
  }
  send(frame: Uint8Array): void {
    this.#link.send(frame)
  }
  close(reason?: string): void {
    this.deliver()
    this.queue.close()
    this.#link.close(reason)
  }
  pause(): void {}
  resume(): void {}
}

export class World {
  readonly clock = new VirtualClock()
  readonly router: Router

  constructor(options: Partial<RouterOptions> = {}) {
    this.router = new Router({ clock: this.clock, random: new SeededRandom(1), realms: [{ name: 'realm1' }], ...options })
  }
  connect(options: LinkOptions = {}): TestClient {
    return new TestClient(this.router, options)
  }
  join(options: LinkOptions & { readonly realm?: string; readonly roles?: object } = {}): TestClient {
    return this.connect(options).join(options.realm, options.roles)
  }
}

/** A session outside any realm, for tests of what only looks at sessions. `sent` collects what it is sent. */
export function bareSession(id: number, authid = `user${id}`, authrole = 'anonymous'): { session: Session; sent: unknown[][] } {
  const [ours, theirs] = LocalPeer.pair()
  const sent: unknown[][] = []
  theirs.onMessage = (message) => void sent.push(listOf(message))
  const session = new Session(ours, 'test', { hello: () => {}, ended: () => {} })
  session.authrole = authrole
  session.id = id as SessionId
  session.authid = authid
  return { session, sent }
}
