// The door for Node: everything of the browser's, with RawSocket over TCP, TLS and Unix sockets, signals, and the
// environment's CROSSPOINT_URL.

import { type Peer, RemotePeer } from '@crosspoint/protocol/internal'
import { connectRawSocket } from '@crosspoint/transport'
import { type AppOptions, App as WebApp } from './app.ts'
import { Client as WebClient } from './client.ts'
import type { ClientOptions } from './options.ts'
import { type ConnectOptions, connectByWebSocket, type Platform, type StopSignal } from './platform.ts'
import { rawSocketTarget } from './raw-socket-url.ts'

export * from './index.ts'

declare const process: {
  readonly env: { readonly [name: string]: string | undefined }
  on(signal: StopSignal, handler: (signal: StopSignal) => void): void
  off(signal: StopSignal, handler: (signal: StopSignal) => void): void
  exit(code?: number): void
}
declare function setTimeout(fire: () => void, delayMs: number): { unref(): void }

const EXIT_GRACE_MS = 1000

async function connect(url: string, options: ConnectOptions): Promise<Peer> {
  if (url.startsWith('ws')) return connectByWebSocket(url, options)
  const serializer = options.serializers[0]! // RawSocket asks for one
  const { timeoutMs, signal } = options
  return new RemotePeer(await connectRawSocket(rawSocketTarget(url), { serializer, timeoutMs, signal }), serializer)
}

export const nodePlatform: Platform = {
  schemes: ['ws:', 'wss:', 'rs:', 'rss:', 'unix:'],
  connect,
  defaultUrl: () => process.env['CROSSPOINT_URL'],
  catchSignals: (onSignal) => {
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
    return () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    }
  },
  exit: (code) => process.exit(code),
  exitSoon: () => setTimeout(() => process.exit(), EXIT_GRACE_MS).unref(),
}

// The one place where we inherit from more than Error: the same classes with another default.

/** `Client` with Node's connections. */
export class Client extends WebClient {
  constructor(options: ClientOptions = {}, platform: Platform = nodePlatform) {
    super(options, platform)
  }
}

/** `App` with Node's connections and signals. */
export class App extends WebApp {
  constructor(options: AppOptions = {}, platform: Platform = nodePlatform) {
    super(options, platform)
  }
}
