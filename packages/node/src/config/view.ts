// The four kinds of transport seen as one: which WebSocket and long-poll paths, whether RawSocket, which static directories.

import type { ConfigPath } from './issue.ts'
import type {
  LongpollPathConfig,
  NodeConfig,
  PathConfig,
  RawsocketConfig,
  RouterConfig,
  TransportConfig,
  WebsocketPathConfig,
} from './schema.ts'

export interface WebsocketView {
  readonly path: ConfigPath
  /** What clients ask for: "/ws". */
  readonly httpPath: string
  readonly config: Omit<WebsocketPathConfig, 'type'>
}

export interface LongpollView {
  readonly path: ConfigPath
  /** What clients ask for "/open" below: "/lp". */
  readonly httpPath: string
  readonly config: LongpollPathConfig
}

export interface StaticView {
  readonly path: ConfigPath
  /** "/" or "/assets". */
  readonly httpPath: string
  readonly directory: string
}

export interface TransportView {
  readonly path: ConfigPath
  readonly config: TransportConfig
  readonly websockets: readonly WebsocketView[]
  readonly longpolls: readonly LongpollView[]
  /** `undefined` when RawSocket is off. */
  readonly rawsocket: { readonly path: ConfigPath; readonly config: RawsocketConfig } | undefined
  readonly statics: readonly StaticView[]
  /** Keys of path tables as written, for the check of their form. */
  readonly pathKeys: readonly ConfigPath[]
}

/** The router worker; `check` has seen to it that there is exactly one. */
export function routerOf(config: NodeConfig): RouterConfig {
  return config.workers[0]!
}

export function viewTransports(worker: RouterConfig, workerPath: ConfigPath): TransportView[] {
  return (worker.transports ?? []).map((transport, index) => viewTransport(transport, [...workerPath, 'transports', index]))
}

function viewTransport(transport: TransportConfig, path: ConfigPath): TransportView {
  const none = { path, config: transport, websockets: [], longpolls: [], rawsocket: undefined, statics: [], pathKeys: [] }
  switch (transport.type) {
    case 'web': {
      const web = viewPaths(transport.paths, [...path, 'paths'])
      return { ...none, ...web, rawsocket: viewRawsocket(transport.rawsocket, path, [...web.websockets, ...web.longpolls]) }
    }
    case 'universal': {
      const web = viewPaths(transport.web?.paths ?? {}, [...path, 'web', 'paths'])
      const sockets = viewPaths(transport.websocket ?? {}, [...path, 'websocket'])
      return {
        ...none,
        websockets: [...sockets.websockets, ...web.websockets],
        longpolls: web.longpolls,
        statics: web.statics,
        pathKeys: [...sockets.pathKeys, ...web.pathKeys],
        rawsocket: viewRawsocket(transport.rawsocket, path, [...sockets.websockets, ...web.websockets, ...web.longpolls]),
      }
    }
    case 'websocket':
      // Crossbar takes any path here; clients write "/", "/ws", or the path of `url`.
      return {
        ...none,
        websockets: [...new Set(['/', '/ws', urlPath(transport.url)])].map((httpPath) => ({ path, httpPath, config: transport })),
      }
    case 'rawsocket':
      return { ...none, rawsocket: { path, config: transport } }
  }
}

function viewPaths(
  paths: { [key: string]: PathConfig },
  path: ConfigPath,
): Pick<TransportView, 'websockets' | 'longpolls' | 'statics' | 'pathKeys'> {
  const websockets: WebsocketView[] = []
  const longpolls: LongpollView[] = []
  const statics: StaticView[] = []
  for (const [key, service] of Object.entries(paths)) {
    const httpPath = key === '/' ? '/' : `/${key}`
    if (service.type === 'websocket') websockets.push({ path: [...path, key], httpPath, config: service })
    else if (service.type === 'longpoll') longpolls.push({ path: [...path, key], httpPath, config: service })
    else statics.push({ path: [...path, key], httpPath, directory: service.directory })
  }
  return { websockets, longpolls, statics, pathKeys: Object.keys(paths).map((key) => [...path, key]) }
}

/** @param others what else is spoken at the port: where sessions log in there, RawSocket must not let them in without being told to */
function viewRawsocket(
  given: boolean | RawsocketConfig | undefined,
  path: ConfigPath,
  others: readonly { readonly config: { readonly auth?: unknown } }[],
): TransportView['rawsocket'] {
  const isOn = given ?? others.every(({ config }) => config.auth === undefined)
  if (isOn === false) return undefined
  return { path: [...path, 'rawsocket'], config: typeof given === 'object' ? given : {} }
}

/** The path of a WebSocket URL; "/" when there is none. */
function urlPath(url: string | undefined): string {
  return url === undefined || !URL.canParse(url) ? '/' : new URL(url).pathname
}
