// A router that a test writes by hand: it hears what the client sends, as decoded JSON, and says what the test tells it to.

import assert from 'node:assert/strict'
import { jsonSerializer, MemoryTransport } from '@crosspoint/protocol'
import { Client, type ClientOptions, type ErrorReport, type Logger, type Status } from '../../src/index.ts'
import { SeededRandom, settle, VirtualClock } from './virtual-clock.ts'

export const ROUTER_ROLES = {
  broker: { features: { pattern_based_subscription: true } },
  dealer: { features: { call_canceling: true, call_timeout: true, progressive_call_results: true } },
}

type Wire = unknown[]

/** One link to the router: one attempt of the client. */
export class Link {
  readonly received: Wire[] = []
  closeReason: string | undefined
  readonly #transport: MemoryTransport

  constructor(transport: MemoryTransport) {
    this.#transport = transport
    transport.onFrame = (bytes, start = 0, end = bytes.length) => {
      this.received.push(JSON.parse(new TextDecoder().decode(bytes.subarray(start, end))) as Wire)
    }
    transport.onClose = (reason) => {
      this.closeReason = reason
    }
  }

  say(...message: Wire): void {
    this.sayText(JSON.stringify(message))
  }
  sayText(text: string): void {
    this.#transport.send(new TextEncoder().encode(text))
  }
  /** Bytes that the client has not read. */
  get bufferedBytes(): number {
    return this.#transport.bufferedBytes
  }
  drop(reason = 'the cable was cut'): void {
    this.#transport.close(reason)
  }

  /** What was received and not yet taken, of one type. */
  take(type: number): Wire {
    const at = this.received.findIndex((message) => message[0] === type)
    assert.ok(at >= 0, `no message of type ${type} came; there are ${JSON.stringify(this.received)}`)
    return this.received.splice(at, 1)[0]!
  }
  /** Everything received and not yet taken. */
  takeAll(): Wire[] {
    return this.received.splice(0)
  }

  welcome(sessionId = 7, roles: object = ROUTER_ROLES): void {
    this.take(1)
    this.say(2, sessionId, {
      realm: 'realm1',
      authid: 'joe',
      authrole: 'anonymous',
      authmethod: 'anonymous',
      authprovider: 'static',
      roles,
    })
  }
}

export class FakeRouter {
  readonly links: Link[] = []
  /** Set to make attempts fail. */
  refuseWith: Error | undefined
  /** What the links have for logins to bind to, as those over TLS do. */
  channelId: ((type: string) => Uint8Array | undefined) | undefined

  open = async (): Promise<{ transport: MemoryTransport; serializer: typeof jsonSerializer }> => {
    if (this.refuseWith !== undefined) throw this.refuseWith
    const [theirs, ours] = MemoryTransport.pair()
    this.links.push(new Link(ours))
    if (this.channelId !== undefined) Object.assign(theirs, { channelId: this.channelId })
    return { transport: theirs, serializer: jsonSerializer }
  }

  get link(): Link {
    assert.ok(this.links.length > 0, 'the client has not connected')
    return this.links[this.links.length - 1]!
  }
}

export interface Bench {
  readonly router: FakeRouter
  readonly clock: VirtualClock
  readonly client: Client
  readonly errors: ErrorReport[]
  readonly statuses: Status[]
  readonly link: Link
}

export const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} }

/** A client with a scripted router, not started. */
export function bench(options: ClientOptions = {}, seed = 1): Bench {
  const router = new FakeRouter()
  const clock = new VirtualClock()
  const errors: ErrorReport[] = []
  const statuses: Status[] = []
  const client = new Client({
    transport: router.open,
    clock,
    random: new SeededRandom(seed),
    logger: SILENT,
    onError: (report) => errors.push(report),
    onStatus: (status) => statuses.push(status),
    ...options,
  })
  return {
    router,
    clock,
    client,
    errors,
    statuses,
    get link() {
      return router.link
    },
  }
}

/** A client that has joined; what it sent so far is taken. */
export async function joined(options: ClientOptions = {}, seed = 1): Promise<Bench> {
  const made = bench(options, seed)
  const started = made.client.start()
  await settle()
  made.link.welcome()
  await started
  return made
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string; error?: string }> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new assert.AssertionError({ message: 'the promise was fulfilled' })
}
