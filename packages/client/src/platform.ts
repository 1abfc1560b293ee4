// What differs between the browser and Node: how a URL becomes a peer, where the default URL comes from, and signals.

import { type Clock, type Serializer, UsageError } from '@crosspoint/protocol'
import { type Peer, RemotePeer } from '@crosspoint/protocol/internal'
import { connectWebSocket } from './websocket.ts'

export interface ConnectOptions {
  /** In order of preference. */
  readonly serializers: readonly Serializer[]
  readonly timeoutMs: number
  readonly clock: Clock
  /** Ends the attempt; what was opened is closed. */
  readonly signal: AbortSignal
}

export type StopSignal = 'SIGINT' | 'SIGTERM'

export interface Platform {
  /** For errors: the URL schemes that `connect` knows. */
  readonly schemes: readonly string[]
  connect(url: string, options: ConnectOptions): Promise<Peer>
  /** The URL to use when none was given. */
  defaultUrl(): string | undefined
  /** Calls `onSignal` for every signal that asks the process to stop; the returned function undoes it. */
  catchSignals(onSignal: (signal: StopSignal) => void): () => void
  /** Ends the process at once. */
  exit(code: number): void
  /** Ends the process soon, even when something still holds it. */
  exitSoon(): void
}

/** Connects to `ws://` and `wss://` URLs. */
export async function connectByWebSocket(url: string, options: ConnectOptions): Promise<Peer> {
  const { transport, serializer } = await connectWebSocket(url, options)
  return new RemotePeer(transport, serializer)
}

declare const location: { readonly protocol: string; readonly host: string } | undefined

/** Browsers, and everything else that has a WebSocket global. */
export const webPlatform: Platform = {
  schemes: ['ws:', 'wss:'],
  connect: connectByWebSocket,
  defaultUrl: () => {
    if (typeof location === 'undefined' || !location.protocol.startsWith('http')) return undefined
    return `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/ws`
  },
  catchSignals: () => () => {},
  exit: () => {},
  exitSoon: () => {},
}

/** Checks a URL where a mistake in it can still be blamed on a line of the program. */
export function checkUrl(url: string, platform: Platform): string {
  const scheme = /^[a-z]+:/.exec(url)?.[0] ?? ''
  if (!platform.schemes.includes(scheme)) {
    throw new UsageError('ERR_INVALID_ARGUMENT', `Cannot connect to "${url}": a URL begins with ${platform.schemes.join(' or ')}`)
  }
  return url
}
