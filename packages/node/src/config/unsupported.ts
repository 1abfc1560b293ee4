// What Crossbar's configurations hold and this version of Crosspoint has not: refused by name, with what to do instead, so
// that nothing is ignored in silence. What Crosspoint will never have is said to be left out on purpose.

import type { ConfigPath, Issue } from './issue.ts'

const NOT_YET = 'not supported by this version of Crosspoint'
const NEVER = 'deliberately not taken over from Crossbar'

/** A word, and the sentence about it. */
type Words = { readonly [word: string]: string }

const xbr = `${NEVER} (XBR); remove it`
const flash = `${NEVER} (Flash policy; browsers have no Flash); remove it`
const remove = `${NOT_YET}; remove it`
const gone = 'gone from Crossbar too; remove it'

const CONTROLLER_KEYS: Words = {
  options: remove,
  manhole: remove,
  keyring: remove,
  connections: remove,
  fabric: gone,
  enable_docker: gone,
  blockchain: xbr,
}

const WORKER_TYPES: Words = {
  container: `${NOT_YET}; run its components as programs of their own, or as components of type "module" in the router worker`,
  guest: `${NOT_YET}; start the program by itself, beside the node`,
  proxy: `${NOT_YET}; let clients connect to the router worker`,
  hostmonitor: gone,
  'websocket-testee': gone,
  'wamp.eth': xbr,
  ethereum: xbr,
  user: xbr,
  xbrmm: xbr,
  marketmaker: xbr,
}

const WORKER_KEYS: Words = { options: remove, manhole: remove, connections: remove, makers: xbr, markets: xbr }

const REALM_KEYS: Words = {
  id: remove,
  stats: `${NOT_YET} (session statistics); remove it`,
  inventory: `${NOT_YET} (catalogs of types); remove it, and write JSON Schema in validate of permissions`,
  rlinks: `${NOT_YET} (links between routers); remove it`,
}

const REALM_OPTIONS: Words = {
  event_dispatching_chunk_size: `${NOT_YET}; remove it: big publications are sent in slices by themselves`,
  bridge_meta_api: `${NOT_YET} (the meta API); remove it`,
}

const flat =
  'the form of version 1 files, which is not supported by this version of Crosspoint; write allow: { call, register, publish, subscribe }'
const PERMISSION_KEYS: Words = {
  call: flat,
  register: flat,
  publish: flat,
  subscribe: flat,
}
const types = (where: string) => `${NOT_YET} (names of types); write a JSON Schema of the payload: ${where}`
const VALIDATE_KEYS: Words = {
  call: types('validate: { args, kwargs }'),
  call_progress: types('validate: { args, kwargs }, which holds for every chunk'),
  call_result: types('validate: { result: { args, kwargs } }'),
  call_result_progress: types('validate: { progress: { args, kwargs } }'),
  call_error: types('validate: { error: { args, kwargs } }'),
  event: types('validate: { args, kwargs }'),
  event_result: types('validate: { args, kwargs }'),
  event_confirmation: types('validate: { args, kwargs }'),
  extra: remove,
}

const TRANSPORT_TYPES: Words = {
  mqtt: `${NOT_YET} (MQTT); remove this transport`,
  flashpolicy: flash,
  longpoll: 'no transport of its own; give a transport of type "web" a path with { type: "longpoll" }',
  'websocket.testee': gone,
  'stream.testee': gone,
}

const TRANSPORT_KEYS: Words = {
  mqtt: `${NOT_YET} (MQTT); remove it`,
  debug: remove,
  flash_policy: flash,
  enable_flash_policy: flash,
  serializer: `${gone}; write serializers: ["json"]`,
  max_message_size: 'gone from Crossbar too; write limits: { frameBytesMax }',
}

const WEB_OPTIONS: Words = {
  access_log: remove,
  display_tracebacks: remove,
  hsts: remove,
  hsts_max_age: remove,
  client_timeout: remove,
  show_server_version: remove,
}

const WEBSOCKET_OPTIONS: Words = {
  external_port: remove,
  flash_policy: flash,
  enable_flash_policy: flash,
  debug: remove,
  auto_ping_restart_on_any_traffic: remove,
}

const proxy = `${NEVER} (it takes over whom a proxy names, without a proof); remove it`
const AUTH_METHODS: Words = { 'anonymous-proxy': proxy, 'cryptosign-proxy': proxy, mozilla_persona: gone }
const python = `${NOT_YET} (Python functions); write module: the path of a .ts or .js file whose default export is the function`
const METHOD_KEYS: Words = {
  trustroots: `${NOT_YET} (certificate chains of trust roots); write principals with authorized_keys`,
  create: python,
  config: `${NOT_YET}; remove it: the module can read what it needs by itself`,
  expose_controller: `${NEVER}; remove it: the module can do what any program does`,
}
const stores = `${NOT_YET}; write { type: "memory" } or { type: "sql", url: "sqlite:.crosspoint/cookies.sqlite" }`
const COOKIE_STORE_TYPES: Words = { file: stores, database: stores }

const ENDPOINT_TYPES: Words = {
  twisted: `${NOT_YET}; use type "tcp" or "unix"`,
  onion: `${NOT_YET}; use type "tcp" and let a Tor daemon forward to it`,
}
const ENDPOINT_KEYS: Words = {
  portrange: `${NOT_YET}; write port`,
  version: `${NOT_YET}; write interface: "0.0.0.0" for IPv4 alone`,
  shared: remove,
  user_timeout: `${NOT_YET}; see limits.pingTimeoutMs`,
}

const HTTP_BRIDGE = `${NOT_YET} (the HTTP bridge); remove this path`
const PATH_TYPES: Words = {
  path: `${NOT_YET} (nested paths); give each path its own component`,
  redirect: `${NOT_YET}; remove this path`,
  reverseproxy: `${NOT_YET}; put a web server before the node`,
  'websocket-reverseproxy': `${NOT_YET}; put a web server before the node`,
  nodeinfo: `${NOT_YET}; remove this path`,
  json: `${NOT_YET}; put the value into a file and serve it with type "static"`,
  cgi: `${NOT_YET}; remove this path`,
  wsgi: `${NOT_YET}; run the WSGI application by itself`,
  resource: `${NOT_YET} (a class of Twisted Web); remove this path`,
  caller: HTTP_BRIDGE,
  publisher: HTTP_BRIDGE,
  webhook: HTTP_BRIDGE,
  pusher: gone,
  archive: `${NOT_YET}; unpack the archive and serve it with type "static"`,
  wap: `${NOT_YET}; remove this path`,
  catalog: xbr,
  upload: gone,
  pairme: gone,
  registerme: gone,
  none: remove,
}
const STATIC_KEYS: Words = { package: `${NOT_YET} (Python packages); write directory`, resource: `${NOT_YET}; write directory` }
const STATIC_OPTIONS: Words = { mime_types: remove, cache_timeout: remove, default_file: remove, allow_cross_origin: remove }

const COMPONENT_TYPES: Words = {
  class: `${NOT_YET} (Python classes); run the component as a program of its own that connects to the router`,
  function: `${NOT_YET} (Python functions); run the component as a program of its own that connects to the router`,
  wamplet: gone,
}
const COMPONENT_KEYS: Words = { id: remove, references: remove, classname: `${NOT_YET} (Python classes); write module` }

const DOLLAR = /^\$([A-Za-z_][A-Za-z0-9_]*)$/

/** Everything in a configuration that this version refuses by name. Values of unexpected shape are left to the schema. */
export function findUnsupported(config: unknown): Issue[] {
  const issues: Issue[] = []
  if (!isObject(config)) return issues
  if (!isModernVersion(config.version)) return [versionIssue(config)]
  lookAtKeys(issues, config.controller, ['controller'], CONTROLLER_KEYS)
  each(config.workers, ['workers'], (worker, path) => lookAtWorker(issues, worker, path))
  return issues
}

function lookAtKeys(issues: Issue[], value: unknown, path: ConfigPath, words: Words): void {
  if (!isObject(value)) return
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(words, key)) issues.push({ path: [...path, key], value: value[key], message: words[key]! })
  }
}

/** Whether the type at this place is refused; then the rest of the object is not looked at. */
function isTypeRefused(issues: Issue[], value: unknown, path: ConfigPath, words: Words): boolean {
  if (!isObject(value)) return true
  const type = value.type
  if (typeof type !== 'string' || !Object.hasOwn(words, type)) return false
  issues.push({ path: [...path, 'type'], value: type, message: words[type]! })
  return true
}

function lookAtWorker(issues: Issue[], worker: unknown, path: ConfigPath): void {
  if (isTypeRefused(issues, worker, path, WORKER_TYPES)) return
  lookAtKeys(issues, worker, path, WORKER_KEYS)
  each(member(worker, 'realms'), [...path, 'realms'], (realm, at) => lookAtRealm(issues, realm, at))
  each(member(worker, 'transports'), [...path, 'transports'], (transport, at) => lookAtTransport(issues, transport, at))
  each(member(worker, 'components'), [...path, 'components'], (component, at) => {
    if (!isTypeRefused(issues, component, at, COMPONENT_TYPES)) lookAtKeys(issues, component, at, COMPONENT_KEYS)
  })
}

function lookAtRealm(issues: Issue[], realm: unknown, path: ConfigPath): void {
  lookAtKeys(issues, realm, path, REALM_KEYS)
  lookAtKeys(issues, member(realm, 'options'), [...path, 'options'], REALM_OPTIONS)
  each(member(realm, 'roles'), [...path, 'roles'], (role, at) => {
    each(member(role, 'permissions'), [...at, 'permissions'], (permission, where) => {
      lookAtKeys(issues, permission, where, PERMISSION_KEYS)
      lookAtKeys(issues, member(permission, 'validate'), [...where, 'validate'], VALIDATE_KEYS)
    })
  })
}

function lookAtTransport(issues: Issue[], transport: unknown, path: ConfigPath): void {
  if (isTypeRefused(issues, transport, path, TRANSPORT_TYPES)) return
  lookAtKeys(issues, transport, path, TRANSPORT_KEYS)
  lookAtEndpoint(issues, member(transport, 'endpoint'), [...path, 'endpoint'])
  if (member(transport, 'type') === 'web') lookAtKeys(issues, member(transport, 'options'), [...path, 'options'], WEB_OPTIONS)
  else lookAtWebsocket(issues, transport, path)
  lookAtRawsocket(issues, member(transport, 'rawsocket'), [...path, 'rawsocket'])
  lookAtPaths(issues, member(transport, 'paths'), [...path, 'paths'])
  lookAtPaths(issues, member(transport, 'websocket'), [...path, 'websocket'])
  const web = member(transport, 'web')
  lookAtKeys(issues, member(web, 'options'), [...path, 'web', 'options'], WEB_OPTIONS)
  lookAtPaths(issues, member(web, 'paths'), [...path, 'web', 'paths'])
}

function lookAtEndpoint(issues: Issue[], endpoint: unknown, path: ConfigPath): void {
  if (isTypeRefused(issues, endpoint, path, ENDPOINT_TYPES)) return
  lookAtKeys(issues, endpoint, path, ENDPOINT_KEYS)
  for (const key of ['port', 'path']) {
    const value = member(endpoint, key)
    const match = typeof value === 'string' ? DOLLAR.exec(value) : null
    if (match !== null) issues.push({ path: [...path, key], value, message: `the form $NAME is ${NOT_YET}; write "\${${match[1]}}"` })
  }
}

function lookAtWebsocket(issues: Issue[], service: unknown, path: ConfigPath): void {
  isTypeRefused(issues, member(member(service, 'cookie'), 'store'), [...path, 'cookie', 'store'], COOKIE_STORE_TYPES)
  lookAtAuth(issues, member(service, 'auth'), [...path, 'auth'])
  lookAtKeys(issues, member(service, 'options'), [...path, 'options'], WEBSOCKET_OPTIONS)
}

function lookAtRawsocket(issues: Issue[], service: unknown, path: ConfigPath): void {
  lookAtKeys(issues, service, path, TRANSPORT_KEYS)
  lookAtAuth(issues, member(service, 'auth'), [...path, 'auth'])
}

function lookAtPaths(issues: Issue[], paths: unknown, path: ConfigPath): void {
  if (!isObject(paths)) return
  for (const [key, service] of Object.entries(paths)) {
    const at = [...path, key]
    if (isTypeRefused(issues, service, at, PATH_TYPES)) continue
    if (member(service, 'type') === 'static') {
      lookAtKeys(issues, service, at, STATIC_KEYS)
      lookAtKeys(issues, member(service, 'options'), [...at, 'options'], STATIC_OPTIONS)
    } else {
      lookAtKeys(issues, service, at, TRANSPORT_KEYS)
      lookAtWebsocket(issues, service, at)
    }
  }
}

function lookAtAuth(issues: Issue[], methods: unknown, path: ConfigPath): void {
  lookAtKeys(issues, methods, path, AUTH_METHODS)
  if (!isObject(methods)) return
  for (const [method, config] of Object.entries(methods)) lookAtKeys(issues, config, [...path, method], METHOD_KEYS)
}

/** Anything but "absent" and 1 is left to the schema. */
function isModernVersion(version: unknown): boolean {
  return version !== undefined && version !== 1
}

function versionIssue(config: Record<string, unknown>): Issue {
  const found = config.version
  const meaning = found === undefined ? 'a file without a version is read as version 1, which is' : 'version 1 files are'
  return { path: ['version'], value: found, message: `${meaning} ${NOT_YET}; bring the file to version 2 and write version: 2` }
}

function each(value: unknown, path: ConfigPath, look: (item: unknown, path: ConfigPath) => void): void {
  if (!Array.isArray(value)) return
  for (const [index, item] of value.entries()) look(item, [...path, index])
}

function member(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
