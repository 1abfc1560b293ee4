// The door for Node: everything of the browser's, with RawSocket over TCP, TLS and Unix sockets, signals, and the
// environment's CROSSPOINT_URL.

import { type Peer, RemotePeer } from '@crosspoint/protocol/internal'
import { type ClientTls, connectRawSocket, TlsWebSocket } from '@crosspoint/transport'
import { type AppOptions, App as WebApp } from './app.ts'
import { Client as WebClient } from './client.ts'
import type { ClientOptions } from './options.ts'
import { type ConnectOptions, connectByWebSocket, type Platform, type StopSignal } from './platform.ts'
import { rawSocketTarget } from './raw-socket-url.ts'
import { connectWebSocket, type PlatformWebSocket } from './websocket.ts'

export type { ClientTls } from '@crosspoint/transport'
export * from './index.ts'

declare const process: {
  readonly env: { readonly [name: string]: string | undefined }
  on(signal: StopSignal, handler: (signal: StopSignal) => void): void
  off(signal: StopSignal, handler: (signal: StopSignal) => void): void
  exit(code?: number): void
}
declare function setTimeout(fire: () => void, delayMs: number): { unref(): void }

const EXIT_GRACE_MS = 1000

/** For `wss://` and `rss://`; all PEM text. */
export interface NodeOptions {
  /**
   * `ca`: certificate authorities to trust, in place of Node's; `key` and `cert`: this client's, for `tls()`; `servername`: the
   * name that the router's certificate must have, in place of the host; `maxVersion`. Default: what Node trusts, and no certificate.
   */
  readonly tls?: ClientTls | undefined
}

async function connect(url: string, options: ConnectOptions, tls: ClientTls | undefined): Promise<Peer> {
  if (url.startsWith('wss:')) return connectByTls(url, options, tls)
  if (url.startsWith('ws:')) return connectByWebSocket(url, options)
  const serializer = options.serializers[0]! // RawSocket asks for one
  const { timeoutMs, signal } = options
  const target = rawSocketTarget(url)
  const address = 'path' in target || !target.tls ? target : { ...target, tls: tls ?? true }
  return new RemotePeer(await connectRawSocket(address, { serializer, timeoutMs, signal }), serializer)
}

async function connectByTls(url: string, options: ConnectOptions, tls: ClientTls | undefined): Promise<Peer> {
  const create = (subprotocols: string[]) => new TlsWebSocket(url, subprotocols, tls) as unknown as PlatformWebSocket
  const { transport, serializer } = await connectWebSocket(url, options, create)
  return new RemotePeer(transport, serializer)
}

/** Node's connections, with certificates of a client's own. */
const nodePlatform = (tls?: ClientTls): Platform => ({
  schemes: ['ws:', 'wss:', 'rs:', 'rss:', 'unix:'],
  connect: (url, options) => connect(url, options, tls),
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
})

// The one place where we inherit from more than Error: the same classes with another default.

/** `Client` with Node's connections. */
export class Client extends WebClient {
  constructor(options: ClientOptions & NodeOptions = {}, platform: Platform = nodePlatform(options.tls)) {
    super(options, platform)
  }
}

/** `App` with Node's connections and signals. */
export class App extends WebApp {
  constructor(options: AppOptions & NodeOptions = {}, platform: Platform = nodePlatform(options.tls)) {
    super(options, platform)
  }
}
