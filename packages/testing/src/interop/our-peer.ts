// Our client at the end of the same protocol, in this process.

import {
  ApplicationError,
  type CallOptions,
  Client,
  cborSerializer,
  type Dict,
  flatbuffersSerializer,
  type Invocation,
  jsonSerializer,
  msgpackSerializer,
  type Registration,
  Result,
  type Subscription,
  ubjsonSerializer,
} from '@crosspoint/client/node'
import { cryptobox, KeyRing } from '@crosspoint/encryption'
import type { Asked, Behaviour, Command, LoginWith, Notice, Peer, RingKey, SerializerName, TransportName } from './line-protocol.ts'
import { NoAnswer, PeerError, Unsupported } from './line-protocol.ts'
import { type Lacking, methodsOf } from './our-login.ts'
import { Wiretap } from './wiretap.ts'

const SERIALIZERS = {
  json: jsonSerializer,
  msgpack: msgpackSerializer,
  cbor: cborSerializer,
  ubjson: ubjsonSerializer,
  flatbuffers: flatbuffersSerializer,
}
const ANSWER_MS = 5_000
const silent = { debug() {}, info() {}, warn() {}, error() {} }

interface Entry {
  readonly client: Client
  readonly subscriptions: Map<string, Subscription>
  readonly registrations: Map<string, Registration>
}

export class OurPeer implements Peer {
  readonly name: string
  onNotice: (notice: Notice) => void = () => {}
  readonly #url: string
  readonly #serializer: SerializerName
  readonly #lacks: Lacking
  readonly #entries = new Map<string, Entry>()
  readonly #calls = new Map<number, AbortController>()
  /** By the names of their sessions. */
  readonly #keys = new Map<string, readonly RingKey[]>()
  readonly #wiretap = new Wiretap()
  #lastId = 0

  constructor(name: string, url: string, serializer: SerializerName, lacks: Lacking = {}) {
    this.name = name
    this.#url = url
    this.#serializer = serializer
    this.#lacks = lacks
  }

  ask(command: Command): Asked {
    const id = ++this.#lastId
    const late = new Promise<never>((_resolve, reject) => {
      setTimeout(() => reject(new NoAnswer(`no answer to ${command.do} within ${ANSWER_MS} ms`)), ANSWER_MS).unref()
    })
    const answer = Promise.race([this.#run(id, command), late]).catch((error) => {
      throw error instanceof ApplicationError ? new PeerError(error.error, error.args, error.kwargs) : error
    })
    answer.catch(() => {}) // whoever asked awaits it later
    return { id, answer }
  }

  crossed(text: string): boolean {
    return this.#wiretap.has(text)
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#entries.keys()].map((session) => this.#leave(session)))
  }

  async #run(id: number, command: Command): Promise<Dict> {
    const { session } = command
    if (command.do === 'keyring') {
      this.#keys.set(session, command['keys'] as readonly RingKey[])
      return {}
    }
    if (command.do === 'join') return this.#join(session, command['realm'] as string, command['login'] as LoginWith | undefined)
    if (command.do === 'leave') return this.#leave(session)
    const entry = this.#entries.get(session)!
    const options = command['options'] as Dict
    const uri = (command['topic'] ?? command['procedure']) as string
    switch (command.do) {
      case 'subscribe': {
        const heard = ({
          args,
          kwargs,
          details,
          topic,
          publication,
        }: {
          args: readonly unknown[]
          kwargs: Dict
          details: Dict
          topic: string
          publication: number
        }) => this.onNotice({ event: uri, session, args, kwargs, details: { ...details, topic, publication } })
        entry.subscriptions.set(uri, await entry.client.subscribeEvent(uri, heard, options))
        return {}
      }
      case 'unsubscribe':
        await entry.subscriptions.get(uri)!.unsubscribe()
        return {}
      case 'publish':
        return { publication: await entry.client.publishEvent(uri, { ...payload(command), ...options }) }
      case 'register': {
        const run = (invocation: Invocation) => this.#behave(command['run'] as Behaviour, command['answer'], uri, invocation)
        entry.registrations.set(uri, await entry.client.registerInvocation(uri, run, options))
        return {}
      }
      case 'unregister':
        await entry.registrations.get(uri)!.unregister()
        return {}
      case 'call':
        return this.#call(id, entry.client, uri, command)
      case 'cancel':
        this.#calls.get(command['call'] as number)!.abort(new ApplicationError('wamp.error.canceled'))
        return {}
    }
  }

  async #join(session: string, realm: string, login: LoginWith | undefined): Promise<Dict> {
    const keys = this.#keys.get(session)
    const serializer = SERIALIZERS[this.#serializer]
    const client = new Client({
      url: this.#url,
      realm,
      serializers: [keys === undefined ? serializer : this.#wiretap.on(serializer)],
      auth: login && methodsOf(login, this.#lacks),
      payloadCodec: keys === undefined || keys.length === 0 ? undefined : cryptobox(ringOf(keys)),
      logger: silent,
      retriesMax: 0,
      stopTimeoutMs: 0,
      goodbyeTimeoutMs: 2000,
    })
    await client.start().catch((error: Error) => {
      throw new PeerError(/wamp\.[a-z_.]+/.exec(error.message)?.[0] ?? 'peer.error', [error.message])
    })
    if (keys !== undefined && !client.session!.features['broker']?.has('payload_transparency')) {
      await client.stop()
      throw new Unsupported('it does not announce payload_transparency, so it is not sent encrypted payloads')
    }
    this.#entries.set(session, { client, subscriptions: new Map(), registrations: new Map() })
    return { id: client.session!.id }
  }

  async #leave(session: string): Promise<Dict> {
    const entry = this.#entries.get(session)
    this.#entries.delete(session)
    await entry?.client.stop()
    return { reason: 'wamp.close.goodbye_and_out' }
  }

  async #call(id: number, client: Client, procedure: string, command: Command): Promise<Dict> {
    const controller = new AbortController()
    this.#calls.set(id, controller)
    const progress: (readonly unknown[])[] = []
    const chunks = command['chunks'] as readonly (readonly unknown[])[] | undefined
    const options: CallOptions = {
      ...payload(command),
      ...(command['options'] as Dict),
      signal: controller.signal,
      cancel_mode: command['cancel_mode'] as CallOptions['cancel_mode'],
      ...(command['progress'] === true && { onProgress: ({ args }) => progress.push(args) }),
      ...(chunks !== undefined && { args: chunks[0], input: inChunks(chunks.slice(1)) }),
    }
    const { args, kwargs } = await client.callResult(procedure, options).finally(() => this.#calls.delete(id))
    return { args, kwargs, progress }
  }

  #behave(run: Behaviour, answer: unknown, uri: string, invocation: Invocation): unknown {
    const { args, kwargs, details, progress, signal } = invocation
    switch (run) {
      case 'echo':
        return new Result(args, kwargs)
      case 'fail':
        throw new ApplicationError('com.example.failed', ['no', 7], { code: 3 })
      case 'answer':
        return answer
      case 'count':
        for (let n = 1; n <= Number(args[0]); n++) progress([n])
        return 'done'
      case 'caller':
      case 'procedure':
        return details[run] ?? null
      case 'sum':
        return total(invocation)
      case 'slow':
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            this.onNotice({ interrupted: uri })
            resolve('stopped')
          })
          this.onNotice({ invoked: uri })
        })
    }
  }
}

function ringOf(keys: readonly RingKey[]): KeyRing {
  return new KeyRing(
    Object.fromEntries(
      keys.map((key) => [
        key.prefix,
        {
          originatorPrivate: key.originator_private,
          originatorPublic: key.originator_public,
          responderPrivate: key.responder_private,
          responderPublic: key.responder_public,
        },
      ]),
    ),
  )
}

function payload(command: Command): { args: readonly unknown[]; kwargs: Dict } {
  return { args: (command['args'] as readonly unknown[] | undefined) ?? [], kwargs: (command['kwargs'] as Dict | undefined) ?? {} }
}

/** All but the first chunk; what a generator returns is the final one. */
async function* inChunks(
  chunks: readonly (readonly unknown[])[],
): AsyncGenerator<{ args: readonly unknown[] }, { args: readonly unknown[] }> {
  for (const args of chunks.slice(0, -1)) yield { args }
  return { args: chunks.at(-1)! }
}

async function total({ input }: Invocation): Promise<number> {
  let sum = 0
  for await (const { args } of input) sum += Number(args[0])
  return sum
}

/** The URL of a router's port. */
export function urlOf(transport: TransportName, port: number, path = '/ws'): string {
  return transport === 'websocket' ? `ws://127.0.0.1:${port}${path}` : `rs://127.0.0.1:${port}`
}
