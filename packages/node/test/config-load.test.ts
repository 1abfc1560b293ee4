import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { DEFAULT_LIMITS as DEFAULT_ROUTER_LIMITS } from '@crosspoint/router'
import { DEFAULT_LIMITS } from '@crosspoint/transport'
import { generate } from 'selfsigned'
import { jsonSchema, REFERENCE_FILE, referenceText, SCHEMA_FILE, schemaText } from '../src/config/json-schema.ts'
import { CONFIG_FILES, findConfig, loadConfig } from '../src/config/load.ts'
import { folder } from './folder.ts'

const PLAIN = {
  version: 2,
  workers: [
    {
      type: 'router',
      realms: [{ name: 'realm1' }],
      transports: [{ type: 'web', endpoint: { type: 'tcp', port: 8081 }, paths: { ws: { type: 'websocket' } } }],
    },
  ],
}

function load(context: TestContext, config: object, environment: { [name: string]: string } = {}, files: { [name: string]: string } = {}) {
  return loadConfig(join(folder(context, { 'crosspoint.config.json': config, ...files }), 'crosspoint.config.json'), environment)
}
const web = (transport: object) => ({
  ...PLAIN,
  workers: [{ ...PLAIN.workers[0], transports: [{ ...PLAIN.workers[0]!.transports[0], ...transport }] }],
})

test('every default is filled in, and nothing can be changed', async (context) => {
  const node = await load(context, PLAIN)
  const options = { name: 'realm1', uriRule: 'loose', requestIds: 'strict', allowDisclose: true, allowRetain: true }
  const none = { roles: undefined, topics: undefined, procedures: undefined, trustlevels: undefined, resume: undefined }
  assert.deepEqual(node.realms, [{ options: { ...options, ...none }, authorizers: {}, streams: [], storeFile: undefined }])
  assert.deepEqual(node.routerLimits, DEFAULT_ROUTER_LIMITS)
  const listener = node.listeners[0]!
  assert.deepEqual(
    { ...listener, endpoint: { ...listener.endpoint } },
    {
      name: 'workers[0].transports[0]',
      endpoint: { host: '0.0.0.0', port: 8081, backlog: undefined, tls: undefined },
      serializers: ['json', 'msgpack', 'cbor', 'ubjson', 'flatbuffers'],
      websocketPaths: ['/ws'],
      longPollPaths: [],
      hasRawSocket: true,
      logins: {},
      rawSocketLogin: undefined,
      tlsFiles: undefined,
      allowedHosts: ['*'],
      allowedOrigins: ['*'],
      assumesJson: false,
      statics: [],
      limits: DEFAULT_LIMITS,
    },
  )
  assert.deepEqual([node.components, node.warnings], [[], []])
  assert.ok(Object.isFrozen(node) && Object.isFrozen(listener.limits) && Object.isFrozen(node.realms[0]))
})

test('.json, .yaml, .ts and .mjs give the same', async (context) => {
  const yaml = `version: 2
workers:
  - type: router
    realms: [{ name: realm1 }]
    transports:
      - type: web
        endpoint: { type: tcp, port: 8081 } # a comment
        paths: { ws: { type: websocket } }
`
  const module = `export default ${JSON.stringify(PLAIN)}`
  const root = folder(context, {
    'a.json': PLAIN,
    'a.yaml': yaml,
    'a.yml': yaml,
    'a.ts': `${module} satisfies object`,
    'a.mjs': module,
    'a.js': module,
    'package.json': '{"type":"module"}',
  })
  const [first, ...others] = await Promise.all(
    ['json', 'yaml', 'yml', 'ts', 'mjs', 'js'].map((ending) => loadConfig(join(root, `a.${ending}`), {})),
  )
  for (const other of others) assert.deepEqual({ ...other, source: '' }, { ...first, source: '' })
})

test('a .ts configuration may use defineNode', async (context) => {
  const door = new URL('../src/index.ts', import.meta.url).href
  const root = folder(context, {
    'a.ts': `import { defineNode } from ${JSON.stringify(door)}\nexport default defineNode(${JSON.stringify(PLAIN)})`,
  })
  assert.equal((await loadConfig(join(root, 'a.ts'), {})).realms[0]!.options.name, 'realm1')
})

test("a realm's store: Crossbar's event-history, with its limits and a file beside the configuration", async (context) => {
  const store = {
    type: 'sqlite',
    limit: 50,
    'event-history': [
      { uri: 'com.example.', match: 'prefix', limit: 7 },
      { uri: 'com.example.log', ageMsMax: 60_000 },
    ],
  }
  const config = { version: 2, workers: [{ type: 'router', realms: [{ name: 'realm1', store }] }] }
  const root = folder(context, { 'a.json': config })
  const { realms } = await loadConfig(join(root, 'a.json'), {})
  assert.equal(realms[0]!.storeFile, join(root, '.crosspoint/events.sqlite'))
  assert.deepEqual(
    realms[0]!.streams.map(({ uri, match, eventsMax, ageMsMax }) => [uri, match, eventsMax, ageMsMax]),
    [
      ['com.example.', 'prefix', 7, 0],
      ['com.example.log', 'exact', 50, 60_000],
    ],
  )
})

test('the configuration is found in a fixed order', (context) => {
  for (const [index, name] of CONFIG_FILES.entries()) {
    const root = folder(context, Object.fromEntries(CONFIG_FILES.slice(index).map((other) => [other, ''])))
    assert.equal(findConfig(root), join(root, name))
  }
  assert.equal(findConfig(folder(context)), undefined)
})

test('${NAME} and ${NAME:-default} in any text', async (context) => {
  const config = {
    version: 2,
    workers: [
      {
        type: 'router',
        realms: [{ name: '${REALM}', options: { allowDisclose: '${DISCLOSE:-false}' } }],
        transports: [
          {
            type: 'web',
            endpoint: { type: 'tcp', port: '${PORT:-8080}', interface: '${A}.0.0.${B:-1}' },
            paths: { ws: { type: 'websocket' } },
          },
        ],
        components: [
          {
            type: 'module',
            module: './a.ts',
            realm: '${REALM}',
            extra: { list: ['<${EMPTY}>', '<${EMPTY:-full}>', '${NONE:-}', '${PORT:-8080}'], n: 1 },
          },
        ],
      },
    ],
  }
  const node = await load(context, config, { REALM: 'r1', A: '127', EMPTY: '', PORT: '9000' }, { 'a.ts': '' })
  assert.equal(node.realms[0]!.options.name, 'r1')
  assert.equal(node.realms[0]!.options.allowDisclose, false)
  assert.deepEqual({ ...node.listeners[0]!.endpoint }, { host: '127.0.0.1', port: 9000, backlog: undefined, tls: undefined })
  // Where anything goes, a text stays a text.
  assert.deepEqual(node.components[0]!.extra, { list: ['<>', '<full>', '', '9000'], n: 1 })
})

test('a name that is not set, or is no name, is a mistake that names it', async (context) => {
  const port = (value: string) => web({ endpoint: { type: 'tcp', port: value } })
  await assert.rejects(
    load(context, port('${PORT}')),
    /endpoint\.port is "\$\{PORT\}": the environment has no PORT; set it, or give a default: \$\{PORT:-default\}$/,
  )
  await assert.rejects(load(context, port('${1}')), /\$\{1\} must be \$\{NAME\} or \$\{NAME:-default\}/)
  await assert.rejects(
    load(context, port('${PORT}'), { PORT: 'high' }),
    /endpoint\.port is "high": must be a whole number from 0 to 65535$/,
  )
  await assert.rejects(
    load(context, port('${PORT}'), { PORT: '70000' }),
    /endpoint\.port is .*70000.*: must be a whole number from 0 to 65535$/,
  )
})

test("Crossbar's WebSocket options become limits", async (context) => {
  const options = {
    allowed_origins: ['https://*.example.com'],
    max_message_size: 1048576,
    auto_ping_interval: 10000,
    auto_ping_timeout: 5000,
    open_handshake_timeout: 2500,
    require_websocket_subprotocol: false,
  }
  const listener = (await load(context, web({ paths: { ws: { type: 'websocket', serializers: ['cbor', 'json'], options } } })))
    .listeners[0]!
  assert.deepEqual(listener.limits, {
    ...DEFAULT_LIMITS,
    frameBytesMax: 1048576,
    pingIntervalMs: 10000,
    pingTimeoutMs: 5000,
    handshakeTimeoutMs: 2500,
  })
  assert.deepEqual(
    [listener.allowedOrigins, listener.assumesJson, listener.serializers],
    [['https://*.example.com'], true, ['cbor', 'json']],
  )
})

test('limits go before options; a stranger may send no more than a member', async (context) => {
  const paths = {
    ws: {
      type: 'websocket',
      options: { max_message_size: 0, auto_ping_interval: 0, auto_ping_timeout: 0, allow_null_origin: true, allowed_origins: ['http://a'] },
    },
  }
  const listener = (await load(context, web({ paths, limits: { frameBytesMax: 1000, idleTimeoutMs: 5 } }))).listeners[0]!
  assert.deepEqual(listener.limits, {
    ...DEFAULT_LIMITS,
    frameBytesMax: 1000,
    strangerFrameBytesMax: 1000,
    idleTimeoutMs: 5,
    pingIntervalMs: 0,
  })
  assert.deepEqual(listener.allowedOrigins, ['http://a', 'null'])
  const unlimited = (await load(context, web({ paths }))).listeners[0]!
  assert.equal(unlimited.limits.frameBytesMax, 16_777_216)
})

test('TRN-33 TRN-39 the options of long-poll become limits, and limits go before them', async (context) => {
  const options = { request_timeout: 3, session_timeout: 4, queue_limit_bytes: 2048, queue_limit_messages: 7 }
  const paths = { ws: { type: 'websocket' }, lp: { type: 'longpoll', options } }
  const node = await load(context, web({ paths }))
  assert.deepEqual([node.listeners[0]!.websocketPaths, node.listeners[0]!.longPollPaths], [['/ws'], ['/lp']])
  assert.deepEqual(node.listeners[0]!.limits, {
    ...DEFAULT_LIMITS,
    longPollTimeoutMs: 3000,
    longPollIdleTimeoutMs: 4000,
    longPollQueueBytesMax: 2048,
  })
  assert.match(node.warnings[0]!, /paths\.lp\.options: without effect here: queue_limit_messages$/)
  const limited = await load(context, web({ paths, limits: { longPollIdleTimeoutMs: 5 } }))
  assert.equal(limited.listeners[0]!.limits.longPollIdleTimeoutMs, 5)
})

test('long-poll paths of one port agree, and none is the root', async (context) => {
  const lp = { type: 'longpoll', options: { request_timeout: 3 } }
  await assert.rejects(
    load(context, web({ paths: { a: lp, b: { type: 'longpoll' } } })),
    /paths\.b\.options.*must be the same as .*paths\.a\.options/,
  )
  await assert.rejects(load(context, web({ paths: { '/': lp } })), /long-poll takes everything below its path.*such as "lp"/)
  assert.deepEqual((await load(context, web({ paths: { a: lp, b: lp } }))).listeners[0]!.longPollPaths, ['/a', '/b'])
})

test('options without effect are named once', async (context) => {
  const options = { auto_ping_size: 4, fail_by_drop: true, tcp_nodelay: true, enable_webstatus: false, compression: { deflate: {} } }
  const { warnings } = await load(context, web({ paths: { ws: { type: 'websocket', options } } }))
  assert.equal(warnings.length, 1)
  assert.match(
    warnings[0]!,
    /config\.json: workers\[0\]\.transports\[0\]\.paths\.ws\.options: without effect here: auto_ping_size, fail_by_drop, compression$/,
  )
})

test('all four kinds of transport', async (context) => {
  const tcp = (port: number) => ({ type: 'tcp', port })
  const transports = [
    {
      type: 'web',
      id: 'site',
      endpoint: tcp(1),
      paths: { '/': { type: 'static', directory: 'web' }, ws: { type: 'websocket' } },
      rawsocket: false,
    },
    {
      type: 'universal',
      endpoint: tcp(2),
      websocket: { ws: { type: 'websocket' } },
      web: { paths: { files: { type: 'static', directory: 'web' } } },
      rawsocket: {},
    },
    { type: 'websocket', endpoint: tcp(3), url: 'ws://localhost:3/wamp', serializers: ['msgpack'] },
    { type: 'rawsocket', endpoint: { type: 'unix', path: 'node.sock' }, serializers: ['cbor'], options: { max_message_size: 65536 } },
  ]
  const file = folder(context, { 'c.json': { ...PLAIN, workers: [{ ...PLAIN.workers[0], transports }] }, 'web/index.html': '' })
  const listeners = (await loadConfig(join(file, 'c.json'), {})).listeners
  const shown = listeners.map((one) => [
    one.name,
    one.websocketPaths,
    one.hasRawSocket,
    one.serializers.join(),
    one.statics.map((mount) => mount.httpPath),
  ])
  assert.deepEqual(shown, [
    ['site', ['/ws'], false, 'json,msgpack,cbor,ubjson,flatbuffers', ['/']],
    ['workers[0].transports[1]', ['/ws'], true, 'json,msgpack,cbor,ubjson,flatbuffers', ['/files']],
    ['workers[0].transports[2]', ['/', '/ws', '/wamp'], false, 'msgpack', []],
    ['workers[0].transports[3]', [], true, 'cbor', []],
  ])
  assert.equal(listeners[0]!.statics[0]!.directory, join(file, 'web'))
  assert.deepEqual({ ...listeners[3]!.endpoint }, { path: join(file, 'node.sock'), backlog: undefined })
  assert.equal(listeners[3]!.limits.frameBytesMax, 65536)
})

test('roles and their permissions, as Crossbar writes them', async (context) => {
  const allow = { call: true, register: false, subscribe: true }
  const permissions = [
    { uri: '', match: 'prefix', allow, disclose: { caller: false, publisher: false }, cache: true },
    { uri: 'com.app.*', allow: { publish: true } },
    { uri: 'com.*.read', allow },
    { uri: 'com.app', match: 'exact' },
    { uri: 'com.app.x', allow: {} },
  ]
  const roles = [{ name: 'guest', permissions }, { name: 'nobody' }]
  const paths = { ws: { type: 'websocket', auth: { anonymous: { type: 'static', role: 'guest' } } } }
  const transports = [{ type: 'web', endpoint: { type: 'tcp', port: 1 }, paths, rawsocket: false }]
  const components = [{ type: 'module', module: 'a.ts', realm: 'realm1', role: 'nobody' }]
  const config = { ...PLAIN, workers: [{ type: 'router', realms: [{ name: 'realm1', roles }], transports, components }] }
  const node = await load(context, config, {}, { 'a.ts': '' })
  const both = ['call', 'subscribe']
  const placesOf = (role: string) =>
    node.realms[0]!.options.roles![role]!.permissions!.map(({ uri, match, allow: allowed }) => ({ uri, match, allow: allowed }))
  assert.deepEqual(placesOf('guest'), [
    { uri: '', match: 'prefix', allow: both },
    { uri: 'com.app.', match: 'prefix', allow: ['publish'] },
    { uri: 'com..read', match: 'wildcard', allow: both },
    { uri: 'com.app', match: 'exact', allow: [] },
    { uri: 'com.app.x', match: 'exact', allow: [] },
  ])
  assert.deepEqual(placesOf('nobody'), [])
  const guest = { method: 'anonymous', role: 'guest', realm: undefined, authid: undefined }
  assert.deepEqual({ ...node.listeners[0]!.logins }, { '/ws': { methods: [guest], cookie: undefined } })
  assert.equal(node.components[0]!.authrole, 'nobody')
})

test('TLS files are read, the chain after the certificate', async (context) => {
  const pem = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 })
  const tls = { key: 'key.pem', certificate: 'cert.pem', chain_certificates: ['cert.pem'], ca_certificates: ['cert.pem'] }
  const node = await load(context, web({ endpoint: { type: 'tcp', port: 1, tls } }), {}, { 'key.pem': pem.private, 'cert.pem': pem.cert })
  const endpoint = node.listeners[0]!.endpoint as { tls?: object }
  const unsaid = { certificates: [], ciphers: undefined, clientCertificates: undefined, dhparam: undefined }
  assert.deepEqual({ ...endpoint.tls }, { key: pem.private, cert: `${pem.cert}\n${pem.cert}`, ca: pem.cert, ...unsaid })
})

test('the published JSON Schema and the reference are current', () => {
  assert.equal(readFileSync(SCHEMA_FILE, 'utf8'), schemaText(), 'run packages/node/src/config/json-schema.ts')
  const reference = readFileSync(REFERENCE_FILE, 'utf8')
  assert.equal(reference, referenceText(reference), 'run packages/node/src/config/json-schema.ts')
})

test('every key of the schema is described', () => {
  const bare: string[] = []
  const walk = (schema: ReturnType<typeof jsonSchema>, path: string): void => {
    for (const [key, value] of Object.entries(schema.properties ?? {})) {
      if (value.description === undefined && value.const === undefined) bare.push(`${path}.${key}`)
      walk(value, `${path}.${key}`)
    }
    const inner = [...(schema.oneOf ?? []), ...(schema.anyOf ?? []), schema.items, schema.additionalProperties]
    for (const one of inner) if (typeof one === 'object') walk(one, path)
  }
  walk(jsonSchema('inline'), '')
  assert.deepEqual(bare, [])
})
