// What runner and programs say to each other: see README.md.

import type { Dict } from '@crosspoint/client/node'

export type TransportName = 'websocket' | 'rawsocket'
export type SerializerName = 'json' | 'msgpack' | 'cbor' | 'ubjson' | 'flatbuffers'

/** What a procedure of a program does. */
export type Behaviour = 'echo' | 'fail' | 'answer' | 'count' | 'caller' | 'procedure' | 'sum' | 'slow'

/** A command without its id. */
export interface Command extends Dict {
  readonly do: 'keyring' | 'join' | 'leave' | 'subscribe' | 'unsubscribe' | 'publish' | 'register' | 'unregister' | 'call' | 'cancel'
  readonly session: string
}

/** What `join` logs in with; without it a session is anonymous. */
export interface LoginWith extends Dict {
  /** `anonymous` is offered after a method that no router has. */
  readonly method: 'ticket' | 'wampcra' | 'cryptosign' | 'wamp-scram' | 'anonymous'
  readonly authid: string
  /** The ticket, secret or password; with cryptosign the private key, 64 hexadecimal digits. */
  readonly secret: string
  /** With cryptosign, for libraries that do not compute it: 64 hexadecimal digits. */
  readonly public_key?: string
  /** With cryptosign: over TLS, to the router's other port, and bound to that connection. */
  readonly channel_binding?: 'tls-unique'
}

/** Keys of `keyring` for the URIs that begin with `prefix`; each 32 bytes in Base64. */
export interface RingKey extends Dict {
  readonly prefix: string
  /** Of whoever calls and publishes. */
  readonly originator_private?: string
  readonly originator_public?: string
  /** Of whoever is called and subscribes. */
  readonly responder_private?: string
  readonly responder_public?: string
}

/** What a program says unasked. */
export interface Notice {
  /** The topic as it was subscribed to. */
  readonly event?: string
  readonly session?: string
  readonly args?: readonly unknown[]
  readonly kwargs?: Dict
  readonly details?: Dict
  /** A `slow` procedure that has been invoked, or interrupted. */
  readonly invoked?: string
  readonly interrupted?: string
}

/** A program at the end of the line, or our client in this process. */
export interface Peer {
  /** The library's name and version. */
  readonly name: string
  /** Sends a command; rejects with `PeerError` or `Unsupported`, or with an `Error` when no answer comes. */
  ask(command: Command): Asked
  /** Told about everything unasked. */
  onNotice: (notice: Notice) => void
  /** Whether a text went as it is, either way, over a connection of a session with a `keyring`. Only our own client can tell. */
  readonly crossed?: (text: string) => boolean
  stop(): Promise<void>
}

export interface Asked {
  /** By which `cancel` names it. */
  readonly id: number
  readonly answer: Promise<Dict>
}

/** The error that a request of the program ended with. */
export class PeerError extends Error {
  readonly uri: string
  readonly args: readonly unknown[]
  readonly kwargs: Dict
  constructor(uri: string, args: readonly unknown[] = [], kwargs: Dict = {}) {
    super(`${uri} ${JSON.stringify(toLine(args))}`)
    this.uri = uri
    this.args = args
    this.kwargs = kwargs
  }
}

/** The library cannot do it. */
export class Unsupported extends Error {
  /** The name of the program that says so; none when it is the router that lacks it. */
  readonly by: string | undefined
  constructor(message: string, by?: string) {
    super(message)
    this.by = by
  }
}

/** A command that nothing came of in time. */
export class NoAnswer extends Error {}

/** A value as it stands in a line. */
export function toLine(value: unknown): unknown {
  if (typeof value === 'bigint') return isSafe(value) ? Number(value) : { $int: String(value) }
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') }
  if (Array.isArray(value)) return value.map(toLine)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toLine(item)]))
}

/** The value that stands in a line. */
export function fromLine(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromLine)
  if (typeof value !== 'object' || value === null) return value
  const { $int, $bytes } = value as { readonly $int?: string; readonly $bytes?: string }
  if ($int !== undefined) return BigInt($int)
  if ($bytes !== undefined) return new Uint8Array(Buffer.from($bytes, 'base64'))
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fromLine(item)]))
}

function isSafe(value: bigint): boolean {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
}
