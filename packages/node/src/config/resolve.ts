// From a checked configuration to what the node uses.

import { hostname } from 'node:os'
import { dirname, resolve } from 'node:path'
import { DEFAULT_LIMITS as DEFAULT_ROUTER_LIMITS, streamsOf } from '@crosspoint/router'
import { DEFAULT_LIMITS, type Endpoint, type TransportLimits } from '@crosspoint/transport'
import { authServices } from './check-auth.ts'
import { type ConfigPath, pathText } from './issue.ts'
import { resolveAuth } from './resolve-auth.ts'
import { type ConfigFile, resolveRoles } from './resolve-roles.ts'
import { type ResolvedListener, type ResolvedLogin, type ResolvedNode, type ResolvedRealm, SERIALIZER_NAMES } from './resolved.ts'
import type { EndpointConfig, LongpollOptionsConfig, NodeConfig, RealmConfig, WebsocketOptionsConfig } from './schema.ts'
import { readTls, type TlsFiles, tlsFilesOf } from './tls-files.ts'
import { routerOf, type TransportView, viewTransports } from './view.ts'

const FRAME_BYTES_MOST = 16_777_216 // what RawSocket can announce

const ALL_INTERFACES = '0.0.0.0' // Crossbar's default

/** Options that change nothing here, and the value with which nobody would notice. */
const WITHOUT_EFFECT: { readonly [option in keyof WebsocketOptionsConfig]?: unknown } = {
  auto_ping_size: undefined,
  close_handshake_timeout: undefined,
  max_frame_size: 0,
  auto_fragment_size: 0,
  fail_by_drop: false,
  echo_close_codereason: false,
  enable_webstatus: false,
  enable_hybi10: false,
  tcp_nodelay: true,
  show_server_version: false,
  compression: undefined,
}

/** Fills in defaults, makes paths absolute, reads TLS files. `file` is the absolute path of the configuration, `source` its name for logs. */
export function resolveConfig(config: NodeConfig, file: string, source: string): ResolvedNode {
  const worker = routerOf(config)
  const views = viewTransports(worker, ['workers', 0])
  return deepFreeze({
    source,
    stateFolder: resolve(dirname(file), STATE_FOLDER),
    id: config.controller?.id ?? hostname(),
    audit: config.audit && { maxBytes: AUDIT_BYTES, keep: AUDIT_FILES, ...config.audit, path: resolve(dirname(file), config.audit.path) },
    realms: worker.realms.map((realm, index) => resolveRealm(realm, ['workers', 0, 'realms', index], { file, source })),
    routerLimits: { ...DEFAULT_ROUTER_LIMITS, ...worker.limits },
    listeners: views.map((view) => resolveListener(view, file)),
    components: (worker.components ?? []).map((component) => ({
      module: resolve(dirname(file), component.module),
      name: component.module,
      realm: component.realm,
      authrole: component.role ?? 'anonymous',
      extra: component.extra,
    })),
    warnings: views.flatMap((view) => warningsOf(view, source)),
  })
}

/** The same of long-poll. */
const WITHOUT_EFFECT_ON_POLLING: { readonly [option in keyof LongpollOptionsConfig]?: unknown } = {
  queue_limit_messages: undefined,
}

const AUDIT_BYTES = 10_485_760
const AUDIT_FILES = 5
const HISTORY_LIMIT = 100 // events, Crossbar's default
/** Beside the configuration. */
const STATE_FOLDER = '.crosspoint'
const STORE_FILE = `${STATE_FOLDER}/events.sqlite`

function resolveRealm(realm: RealmConfig, path: ConfigPath, config: ConfigFile): ResolvedRealm {
  const { name, options = {}, resume, store, topics, procedures, trustlevels } = realm
  const { authorizers, roles } = resolveRoles(realm, path, config)
  return {
    authorizers,
    options: {
      name,
      uriRule: options.uri_check ?? 'loose',
      requestIds: options.requestIds ?? 'strict',
      allowDisclose: options.allowDisclose ?? true,
      allowRetain: options.allowRetain ?? true,
      roles,
      topics,
      procedures,
      trustlevels,
      resume,
    },
    streams: streamsOf(
      (store?.['event-history'] ?? []).map(({ limit, ...history }) => ({
        ...history,
        eventsMax: limit ?? store?.limit ?? HISTORY_LIMIT,
      })),
    ),
    storeFile: store?.type === 'sqlite' ? resolve(dirname(config.file), store.path ?? STORE_FILE) : undefined,
  }
}

function resolveListener(view: TransportView, file: string): ResolvedListener {
  const websocket = view.websockets[0]?.config
  const options = websocket?.options ?? {}
  const rawsocket = view.rawsocket?.config
  return {
    name: view.config.id ?? pathText(view.path),
    endpoint: resolveEndpoint(view.config.endpoint, file),
    serializers: [...new Set(websocket?.serializers ?? rawsocket?.serializers ?? SERIALIZER_NAMES)],
    websocketPaths: view.websockets.map((service) => service.httpPath),
    longPollPaths: view.longpolls.map((service) => service.httpPath),
    hasRawSocket: view.rawsocket !== undefined,
    logins: resolveLogins(view, file),
    rawSocketLogin: resolveAuth(rawsocket?.auth, undefined, file),
    tlsFiles: tlsFilesAt(view.config.endpoint, file),
    allowedHosts: view.config.allowedHosts ?? ['*'],
    allowedOrigins: allowedOrigins(options),
    assumesJson: options.require_websocket_subprotocol === false,
    statics: view.statics.map((service) => ({ httpPath: service.httpPath, directory: resolve(dirname(file), service.directory) })),
    limits: resolveLimits(view, options),
  }
}

/** By HTTP path. The paths of a transport of type websocket have one configuration, and so one login. */
function resolveLogins({ websockets, longpolls }: TransportView, file: string): ResolvedListener['logins'] {
  const known = new Map<unknown, ResolvedLogin | undefined>()
  const logins: { [httpPath: string]: ResolvedLogin } = {}
  for (const { config, httpPath } of [...websockets, ...longpolls]) {
    const login = known.has(config) ? known.get(config) : resolveAuth(config.auth, config.cookie, file)
    known.set(config, login)
    if (login !== undefined) logins[httpPath] = login
  }
  return logins
}

/** A page without an origin passes a list only where that is asked for: any site can make one with a sandboxed frame. */
function allowedOrigins(options: WebsocketOptionsConfig): readonly string[] {
  const origins = options.allowed_origins ?? ['*']
  return options.allow_null_origin === true ? [...origins, 'null'] : origins
}

function resolveLimits(view: TransportView, options: WebsocketOptionsConfig): TransportLimits {
  const size = options.max_message_size ?? view.rawsocket?.config.options?.max_message_size
  const limits: { -readonly [name in keyof TransportLimits]: number } = { ...DEFAULT_LIMITS }
  if (size !== undefined) limits.frameBytesMax = size === 0 ? FRAME_BYTES_MOST : Math.max(size, 512)
  if (options.auto_ping_interval !== undefined) limits.pingIntervalMs = options.auto_ping_interval
  if (options.auto_ping_timeout) limits.pingTimeoutMs = options.auto_ping_timeout
  if (options.open_handshake_timeout) limits.handshakeTimeoutMs = options.open_handshake_timeout
  const polling: LongpollOptionsConfig = view.longpolls[0]?.config.options ?? {}
  if (polling.request_timeout) limits.longPollTimeoutMs = polling.request_timeout * 1000
  if (polling.session_timeout) limits.longPollIdleTimeoutMs = polling.session_timeout * 1000
  if (polling.queue_limit_bytes !== undefined) limits.longPollQueueBytesMax = polling.queue_limit_bytes
  Object.assign(limits, view.config.limits)
  limits.strangerFrameBytesMax = Math.min(limits.strangerFrameBytesMax, limits.frameBytesMax)
  return limits
}

function resolveEndpoint(endpoint: EndpointConfig, file: string): Endpoint {
  if (endpoint.type === 'unix') return { path: resolve(dirname(file), endpoint.path), backlog: endpoint.backlog }
  const tls = endpoint.tls && readTls(tlsFilesOf(endpoint.tls, file))
  return { host: endpoint.interface ?? ALL_INTERFACES, port: endpoint.port, backlog: endpoint.backlog, tls }
}

function tlsFilesAt(endpoint: EndpointConfig, file: string): TlsFiles | undefined {
  return endpoint.type === 'tcp' && endpoint.tls !== undefined ? tlsFilesOf(endpoint.tls, file) : undefined
}

function warningsOf(view: TransportView, source: string): string[] {
  // The paths of a transport agree about their options (check.ts), so the first speaks for all.
  const options = [effectless(view.websockets[0], WITHOUT_EFFECT, source), effectless(view.longpolls[0], WITHOUT_EFFECT_ON_POLLING, source)]
  return [...options.flat(), ...openBeside(view, source)]
}

/** Who lets sessions log in at one path may have forgotten another one of the same port. */
function openBeside(view: TransportView, source: string): string[] {
  const services = authServices(view)
  const closed = services.find(({ auth }) => auth !== undefined && auth.anonymous === undefined)
  if (closed === undefined) return []
  return services
    .filter(({ auth }) => auth === undefined)
    .map(
      ({ path }) =>
        `${source}: ${pathText(path)} lets in everybody as anonymous, and ${pathText(closed.path)} wants a login; give it auth, too`,
    )
}

interface WithOptions {
  readonly path: ConfigPath
  readonly config: { readonly options?: { readonly [option: string]: unknown } | undefined }
}

/** One warning for all options of a service that change nothing. */
function effectless(service: WithOptions | undefined, quiet: { readonly [option: string]: unknown }, source: string): string[] {
  const options = service?.config.options
  if (service === undefined || options === undefined) return []
  const names = Object.keys(quiet).filter((name) => options[name] !== undefined && options[name] !== quiet[name])
  return names.length === 0 ? [] : [`${source}: ${pathText([...service.path, 'options'])}: without effect here: ${names.join(', ')}`]
}

function deepFreeze<Value>(value: Value): Value {
  // What has bytes, such as a key, cannot be frozen.
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value
  Object.freeze(value)
  for (const item of Object.values(value)) deepFreeze(item)
  return value
}
