// From a checked configuration to what the node uses.

import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, resolve } from 'node:path'
import { DEFAULT_LIMITS as DEFAULT_ROUTER_LIMITS, type Permission, streamsOf } from '@crosspoint/router'
import { DEFAULT_LIMITS, type Endpoint, type TransportLimits } from '@crosspoint/transport'
import { type ConfigPath, pathText } from './issue.ts'
import { placeOf } from './permission-places.ts'
import { type ResolvedListener, type ResolvedNode, type ResolvedRealm, SERIALIZER_NAMES } from './resolved.ts'
import type { EndpointConfig, LongpollOptionsConfig, NodeConfig, PermissionConfig, RealmConfig, WebsocketOptionsConfig } from './schema.ts'
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
    id: config.controller?.id ?? hostname(),
    realms: worker.realms.map((realm) => resolveRealm(realm, file)),
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

const HISTORY_LIMIT = 100 // events, Crossbar's default
const STORE_FILE = '.crosspoint/events.sqlite'

function resolveRealm(realm: RealmConfig, file: string): ResolvedRealm {
  const { name, options = {}, resume, store, ...rules } = realm
  const { roles, topics, procedures, trustlevels } = rules
  return {
    options: {
      name,
      uriRule: options.uri_check ?? 'loose',
      requestIds: options.requestIds ?? 'strict',
      allowDisclose: options.allowDisclose ?? true,
      allowRetain: options.allowRetain ?? true,
      roles: roles && Object.fromEntries(roles.map(({ name: role, permissions = [] }) => [role, { permissions: permissions.map(resolvePermission) }])),
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
    storeFile: store?.type === 'sqlite' ? resolve(dirname(file), store.path ?? STORE_FILE) : undefined,
  }
}

function resolvePermission(permission: PermissionConfig): Permission {
  const actions = ['call', 'register', 'publish', 'subscribe'] as const
  return { ...placeOf(permission), allow: actions.filter((action) => permission.allow?.[action] === true) }
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
    authroles: Object.fromEntries(view.websockets.map(({ config, httpPath }) => [httpPath, config.auth?.anonymous?.role ?? 'anonymous'])),
    rawSocketAuthrole: rawsocket?.auth?.anonymous?.role ?? 'anonymous',
    allowedOrigins: allowedOrigins(options),
    assumesJson: options.require_websocket_subprotocol === false,
    statics: view.statics.map((service) => ({ httpPath: service.httpPath, directory: resolve(dirname(file), service.directory) })),
    limits: resolveLimits(view, options),
  }
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
  const read = (name: string) => readFileSync(resolve(dirname(file), name), 'utf8')
  const tls = endpoint.tls
  const secrets = tls && {
    key: read(tls.key),
    cert: [tls.certificate, ...(tls.chain_certificates ?? [])].map(read).join('\n'),
    ca: tls.ca_certificates?.map(read).join('\n'),
  }
  return { host: endpoint.interface ?? ALL_INTERFACES, port: endpoint.port, backlog: endpoint.backlog, tls: secrets }
}

function warningsOf(view: TransportView, source: string): string[] {
  // The paths of a transport agree about their options (check.ts), so the first speaks for all.
  return [...effectless(view.websockets[0], WITHOUT_EFFECT, source), ...effectless(view.longpolls[0], WITHOUT_EFFECT_ON_POLLING, source)]
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
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const item of Object.values(value)) deepFreeze(item)
  return value
}
