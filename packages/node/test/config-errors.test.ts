// Every mistake is told with file, path inside, value, and what would have been right.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { UsageError } from '@crosspoint/protocol'
import { loadConfig } from '../src/config/load.ts'
import { folder } from './folder.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A configuration with one worker, whose keys may be replaced. */
function node(worker: { [key: string]: Json } = {}, top: { [key: string]: Json } = {}): Json {
  return { version: 2, workers: [{ type: 'router', realms: [{ name: 'realm1' }], transports: [], ...worker }], ...top }
}
function transport(keys: { [key: string]: Json } = {}): { [key: string]: Json } {
  return { type: 'web', endpoint: { type: 'tcp', port: 8080 }, paths: { ws: { type: 'websocket' } }, ...keys }
}
const withTransport = (keys: { [key: string]: Json }) => node({ transports: [transport(keys)] })
const withPath = (service: Json) => withTransport({ paths: { x: service } })
const withOptions = (options: Json) => withPath({ type: 'websocket', options })
const withRealm = (keys: { [key: string]: Json }) => node({ realms: [{ name: 'realm1', ...keys }] })
const everything = { call: true, register: true, publish: true, subscribe: true }
const withPermission = (permission: Json) => withRealm({ roles: [{ name: 'anonymous', permissions: [permission] }] })
const withComponent = (component: Json) => node({ components: [component] })

const T = 'workers[0].transports[0]'
const OPTIONS = `${T}.paths.x.options`

/** What is wrong · the configuration · where · what is there ("missing" for nothing) · words of the remedy. */
const MISTAKES: readonly (readonly [name: string, config: Json, path: string, found: string, remedy: RegExp])[] = [
  // Shape
  ['a list', [], 'the configuration', 'is []', /must be an object: \{ version: 2/],
  ['no workers', { version: 2 }, 'workers', 'is missing', /must be a list/],
  ['empty workers', { version: 2, workers: [] }, 'workers', 'is []', /must hold a worker: \[\{ type: "router"/],
  ['version 3', { version: 3, workers: [] }, 'version', 'is 3', /must be 2/],
  ['version 1', { version: 1, workers: [] }, 'version', 'is 1', /version 1 files are not supported by this version.*write version: 2/],
  ['no version', { workers: [] }, 'version', 'is missing', /without a version is read as version 1.*write version: 2/],
  ['a key misspelt', node({}, { wokers: 1 }), 'wokers', 'is 1', /no such key here; did you mean "workers"\? known are \$schema, version/],
  [
    'a key deep down',
    withTransport({ endpoint: { type: 'tcp', port: 1, prot: 2 } }),
    `${T}.endpoint.prot`,
    'is 2',
    /did you mean "port"\?/,
  ],
  ['a worker type misspelt', node({ type: 'rooter' }), 'workers[0].type', 'is "rooter"', /must be "router"; did you mean "router"\?/],
  ['no realms', node({ realms: [] }), 'workers[0].realms', 'is []', /at least one realm: \[\{ name: "realm1" \}\]/],
  [
    'port as text',
    withTransport({ endpoint: { type: 'tcp', port: '8080' } }),
    `${T}.endpoint.port`,
    'is "8080"',
    /whole number from 0 to 65535/,
  ],
  [
    'port too high',
    withTransport({ endpoint: { type: 'tcp', port: 80800 } }),
    `${T}.endpoint.port`,
    'is 80800',
    /whole number from 0 to 65535/,
  ],
  ['no port', withTransport({ endpoint: { type: 'tcp' } }), `${T}.endpoint.port`, 'is missing', /whole number from 0 to 65535/],
  ['no endpoint', withTransport({ endpoint: null }), `${T}.endpoint`, 'is null', /\{ type: "tcp", port \} or \{ type: "unix", path \}/],
  ['an unknown transport', withTransport({ type: 'wbe' }), `${T}.type`, 'is "wbe"', /one of "web", "universal".*did you mean "web"\?/],
  ['an unknown service', withPath({ type: 'statik' }), `${T}.paths.x.type`, 'is "statik"', /did you mean "static"\?/],
  [
    'an unknown serializer',
    withPath({ type: 'websocket', serializers: ['json', 'yaml'] }),
    `${T}.paths.x.serializers[1]`,
    'is "yaml"',
    /one of "json", "msgpack", "cbor"/,
  ],
  [
    'two dialects of one name',
    withPath({ type: 'websocket', serializers: ['ubjson', 'ubjson-plain'] }),
    `${T}.paths.x.serializers`,
    'is ["ubjson","ubjson-plain"]',
    /one name on the wire/,
  ],
  ['no serializer at all', withPath({ type: 'websocket', serializers: [] }), `${T}.paths.x.serializers`, 'is []', /at least one of "json"/],
  ['RawSocket as text', withTransport({ rawsocket: 'no' }), `${T}.rawsocket`, 'is "no"', /true, false or \{ serializers/],
  [
    'a key within rawsocket',
    withTransport({ rawsocket: { serialisers: [] } }),
    `${T}.rawsocket.serialisers`,
    'is []',
    /did you mean "serializers"\?/,
  ],
  [
    'an option written beside options',
    withPath({ type: 'websocket', allowed_origins: ['*'] }),
    `${T}.paths.x.allowed_origins`,
    'is ["*"]',
    /there is no such key here; it belongs into options: \{ allowed_origins: … \}$/m,
  ],
  [
    'an option of long-poll written beside options',
    withPath({ type: 'longpoll', options: {}, session_timeout: 5 }),
    `${T}.paths.x.session_timeout`,
    'is 5',
    /belongs into options: \{ session_timeout: … \}$/m,
  ],
  [
    'what is no option there',
    withPath({ type: 'longpoll', allowed_origins: [] }),
    `${T}.paths.x.allowed_origins`,
    'is []',
    /known are type, /,
  ],
  [
    'a limit of the wrong kind',
    withTransport({ limits: { frameBytesMax: 1.5 } }),
    `${T}.limits.frameBytesMax`,
    'is 1.5',
    /bytes from 512 to 16777216/,
  ],
  [
    'a limit misspelt',
    withTransport({ limits: { frameByteMax: 1 } }),
    `${T}.limits.frameByteMax`,
    'is 1',
    /did you mean "frameBytesMax"\?/,
  ],
  [
    'pings of half a second',
    withOptions({ auto_ping_interval: 500 }),
    `${OPTIONS}.auto_ping_interval`,
    'is 500',
    /milliseconds: 0, or a whole number from 1000/,
  ],
  [
    'listings of directories',
    withPath({ type: 'static', directory: '.', options: { enable_directory_listing: true } }),
    `${OPTIONS}.enable_directory_listing`,
    'is true',
    /must be false/,
  ],
  [
    'an unknown URI rule',
    withRealm({ options: { uri_check: 'lose' } }),
    'workers[0].realms[0].options.uri_check',
    'is "lose"',
    /"strict", "loose"; did you mean "loose"\?/,
  ],
  [
    'a truth value as text',
    withRealm({ options: { allowDisclose: 'no' } }),
    'workers[0].realms[0].options.allowDisclose',
    'is "no"',
    /true or false/,
  ],
  [
    '__proto__',
    JSON.parse('{"version":2,"workers":[{"type":"router","realms":[{"name":"r","__proto__":{"roles":[]}}]}]}'),
    'workers[0].realms[0].__proto__',
    'is {"roles":[]}',
    /no such key here/,
  ],

  // What Crossbar has and this version has not
  [
    'a container',
    { version: 2, workers: [{ type: 'container' }, { type: 'router', realms: [{ name: 'r' }] }] },
    'workers[0].type',
    'is "container"',
    /not supported by this version of Crosspoint; run its components/,
  ],
  [
    'a guest',
    { version: 2, workers: [{ type: 'guest', executable: 'x' }] },
    'workers[0].type',
    'is "guest"',
    /not supported by this version.*beside the node/,
  ],
  ['a proxy', { version: 2, workers: [{ type: 'proxy' }] }, 'workers[0].type', 'is "proxy"', /not supported by this version/],
  [
    'an XBR market maker',
    { version: 2, workers: [{ type: 'xbrmm' }] },
    'workers[0].type',
    'is "xbrmm"',
    /deliberately not taken over from Crossbar \(XBR\)/,
  ],
  [
    'two routers',
    {
      version: 2,
      workers: [
        { type: 'router', realms: [{ name: 'a' }] },
        { type: 'router', realms: [{ name: 'b' }] },
      ],
    },
    'workers[1].type',
    'is "router"',
    /more than one router worker is not supported.*into the first/,
  ],
  [
    'worker options',
    node({ options: { pythonpath: ['..'] } }),
    'workers[0].options',
    'is {"pythonpath":[".."]}',
    /not supported by this version.*remove it/,
  ],
  ['controller options', node({}, { controller: { options: {} } }), 'controller.options', 'is {}', /not supported by this version/],
  ['an uplink', node({}, { controller: { fabric: null } }), 'controller.fabric', 'is null', /gone from Crossbar too/],
  ['a blockchain', node({}, { controller: { blockchain: {} } }), 'controller.blockchain', 'is {}', /deliberately not taken over.*XBR/],
  [
    'a store of Crossbar that is not here',
    withRealm({ store: { type: 'cfxdb', path: '.db' } }),
    'workers[0].realms[0].store.type',
    'is "cfxdb"',
    /"memory", "sqlite"/,
  ],
  [
    'a store in memory with a file',
    withRealm({ store: { type: 'memory', path: 'events.sqlite' } }),
    'workers[0].realms[0].store.path',
    'is "events.sqlite"',
    /write type: "sqlite"/,
  ],
  [
    'history of what is no pattern',
    withRealm({ store: { type: 'memory', 'event-history': [{ uri: 'a..b' }] } }),
    'workers[0].realms[0].store.event-history[0].uri',
    'is "a..b"',
    /match policy exact needs every component non-empty/,
  ],
  [
    'two rules for one topic',
    withRealm({
      topics: [
        { uri: 'a.b', slow: 'drop' },
        { uri: 'a.b', match: 'prefix' },
        { uri: 'a.b', match: 'exact' },
      ],
    }),
    'workers[0].realms[0].topics[2]',
    'is "a.b"',
    /the same as workers\[0\]\.realms\[0\]\.topics\[0\]/,
  ],
  [
    'a trust level that is none',
    withRealm({ trustlevels: { anonymous: -1 } }),
    'workers[0].realms[0].trustlevels.anonymous',
    'is -1',
    /a whole number/,
  ],
  ['router links', withRealm({ rlinks: [] }), 'workers[0].realms[0].rlinks', 'is []', /links between routers/],
  [
    'MQTT',
    node({ transports: [{ type: 'mqtt', endpoint: { type: 'tcp', port: 1883 } }] }),
    `${T}.type`,
    'is "mqtt"',
    /not supported by this version of Crosspoint \(MQTT\)/,
  ],
  ['Flash policy', node({ transports: [{ type: 'flashpolicy' }] }), `${T}.type`, 'is "flashpolicy"', /deliberately not taken over.*Flash/],
  [
    'Flash in an option',
    withOptions({ enable_flash_policy: false }),
    `${OPTIONS}.enable_flash_policy`,
    'is false',
    /deliberately not taken over/,
  ],
  [
    'long-poll as a transport',
    node({ transports: [{ type: 'longpoll' }] }),
    `${T}.type`,
    'is "longpoll"',
    /a transport of type "web" a path with \{ type: "longpoll" \}/,
  ],
  [
    'long-poll options',
    withPath({ type: 'longpoll', options: { request_timeout: 10_000 } }),
    `${T}.paths.x.options.request_timeout`,
    'is 10000',
    /whole number of seconds from 0 to 3600/,
  ],
  [
    'the HTTP bridge',
    withPath({ type: 'publisher', realm: 'r', role: 'x' }),
    `${T}.paths.x.type`,
    'is "publisher"',
    /not supported by this version.*HTTP bridge/,
  ],
  ['WSGI', withPath({ type: 'wsgi', module: 'x', object: 'app' }), `${T}.paths.x.type`, 'is "wsgi"', /not supported by this version/],
  ['nodeinfo', withPath({ type: 'nodeinfo' }), `${T}.paths.x.type`, 'is "nodeinfo"', /not supported by this version/],
  [
    'an access log',
    withTransport({ options: { access_log: true } }),
    `${T}.options.access_log`,
    'is true',
    /not supported by this version/,
  ],
  [
    'a Python class',
    withComponent({ type: 'class', classname: 'app.App', realm: 'realm1' }),
    'workers[0].components[0].type',
    'is "class"',
    /Python classes.*program of its own/,
  ],
  ['a wamplet', withComponent({ type: 'wamplet' }), 'workers[0].components[0].type', 'is "wamplet"', /gone from Crossbar too/],
  ['$PORT', withTransport({ endpoint: { type: 'tcp', port: '$PORT' } }), `${T}.endpoint.port`, 'is "$PORT"', /write "\$\{PORT\}"/],
  [
    'a port range',
    withTransport({ endpoint: { type: 'tcp', port: 1, portrange: [1, 2] } }),
    `${T}.endpoint.portrange`,
    'is [1,2]',
    /write port/,
  ],
  [
    'an onion',
    withTransport({ endpoint: { type: 'onion', port: 1 } }),
    `${T}.endpoint.type`,
    'is "onion"',
    /not supported by this version/,
  ],
  [
    'a role of a component that its realm does not have',
    node({
      realms: [{ name: 'realm1', roles: [{ name: 'anonymous' }] }],
      components: [{ type: 'module', module: 'a.ts', realm: 'realm1', role: 'x' }],
    }),
    'workers[0].components[0].role',
    'is "x"',
    /the realm "realm1" has no such role; it has anonymous/,
  ],

  // Meaning
  [
    'a realm twice',
    node({ realms: [{ name: 'a' }, { name: 'a' }] }),
    'workers[0].realms[1].name',
    'is "a"',
    /taken by workers\[0\]\.realms\[0\]\.name/,
  ],
  [
    'a realm of the protocol',
    node({ realms: [{ name: 'wamp.x' }] }),
    'workers[0].realms[0].name',
    'is "wamp.x"',
    /belong to the protocol; take another, such as "realm1"/,
  ],
  ['a realm with a space', node({ realms: [{ name: 'my realm' }] }), 'workers[0].realms[0].name', 'is "my realm"', /must be a URI: /],
  [
    'a permission twice, with stars and without',
    withRealm({
      roles: [
        {
          name: 'anonymous',
          permissions: [
            { uri: 'com.a.*', allow: everything },
            { uri: 'com.a.', match: 'prefix' },
          ],
        },
      ],
    }),
    'workers[0].realms[0].roles[0].permissions[1].uri',
    'is "com.a."',
    /the same as workers\[0\]\.realms\[0\]\.roles\[0\]\.permissions\[0\]; only one can decide/,
  ],
  [
    'a permission for no URI',
    withPermission({ uri: 'com.a*b', allow: everything }),
    'workers[0].realms[0].roles[0].permissions[0].uri',
    'is "com.a*b"',
    /cannot match: .*a star stands for a whole component/,
  ],
  [
    'a role twice',
    withRealm({ roles: [{ name: 'anonymous' }, { name: 'anonymous' }] }),
    'workers[0].realms[0].roles[1].name',
    'is "anonymous"',
    /taken by workers\[0\]\.realms\[0\]\.roles\[0\]\.name/,
  ],
  [
    'no anonymous role',
    node({ realms: [{ name: 'realm1', roles: [{ name: 'user' }] }], transports: [transport()] }),
    'workers[0].realms',
    'is ["user"]',
    /the role "anonymous", which no realm has/,
  ],
  [
    'a role of a transport that no realm has',
    node({
      realms: [{ name: 'realm1', roles: [{ name: 'anonymous' }] }],
      transports: [transport({ paths: { x: { type: 'websocket', auth: { anonymous: { type: 'static', role: 'guest' } } } } })],
    }),
    `${T}.paths.x.auth.anonymous.role`,
    'is "guest"',
    /no realm has this role; there is anonymous/,
  ],
  [
    'permissions of version 1',
    withPermission({ uri: '*', call: true }),
    'workers[0].realms[0].roles[0].permissions[0].call',
    'is true',
    /form of version 1 files.*write allow/,
  ],
  [
    'a component in no realm',
    withComponent({ type: 'module', module: 'a.ts', realm: 'realm2' }),
    'workers[0].components[0].realm',
    'is "realm2"',
    /no such realm; this worker has "realm1"/,
  ],
  [
    'a component that is not there',
    withComponent({ type: 'module', module: 'none.ts', realm: 'realm1' }),
    'workers[0].components[0].module',
    'is "none.ts"',
    /there is no file .*none\.ts; paths are relative to the configuration file/,
  ],
  [
    'a component in Python',
    withComponent({ type: 'module', module: 'a.py', realm: 'realm1' }),
    'workers[0].components[0].module',
    'is "a.py"',
    /ends with one of \.ts/,
  ],
  [
    'a directory that is not there',
    withPath({ type: 'static', directory: 'nowhere' }),
    `${T}.paths.x.directory`,
    'is "nowhere"',
    /there is no directory .*nowhere/,
  ],
  [
    'a directory that is a file',
    withPath({ type: 'static', directory: 'a.ts' }),
    `${T}.paths.x.directory`,
    'is "a.ts"',
    /is a file; give the directory/,
  ],
  [
    'the folder of the configuration',
    withPath({ type: 'static', directory: '.' }),
    `${T}.paths.x.directory`,
    'is "."',
    /holds the configuration file itself/,
  ],
  [
    'a folder above',
    withPath({ type: 'static', directory: '/' }),
    `${T}.paths.x.directory`,
    'is "/"',
    /holds the configuration file itself/,
  ],
  [
    'a path with a slash',
    withTransport({ paths: { '/ws': { type: 'websocket' } } }),
    `${T}.paths["/ws"]`,
    'is "/ws"',
    /"\/" or one component; write "ws"/,
  ],
  [
    'a path of two parts',
    withTransport({ paths: { 'a/b': { type: 'websocket' } } }),
    `${T}.paths["a/b"]`,
    'is "a/b"',
    /without slashes and dots/,
  ],
  [
    'one port twice',
    node({ transports: [transport(), transport()] }),
    'workers[0].transports[1].endpoint.port',
    'is 8080',
    /taken by workers\[0\]\.transports\[0\]\.endpoint/,
  ],
  [
    'two paths that disagree',
    withTransport({ paths: { ws: { type: 'websocket' }, x: { type: 'websocket', serializers: ['cbor'] } } }),
    `${T}.paths.x.serializers`,
    'is ["cbor"]',
    /must be the same as workers\[0\]\.transports\[0\]\.paths\.ws\.serializers/,
  ],
  [
    'RawSocket that disagrees',
    withTransport({ rawsocket: { serializers: ['cbor'] } }),
    `${T}.rawsocket.serializers`,
    'is ["cbor"]',
    /must be the same as .*use a second transport/,
  ],
  ['a transport that is silent', withTransport({ paths: {}, rawsocket: false }), T, 'is {"type":"web"}', /nothing is spoken here/],
  [
    'TLS without its files',
    withTransport({ endpoint: { type: 'tcp', port: 1, tls: { key: 'no.pem', certificate: 'b.pem' } } }),
    `${T}.endpoint.tls.key`,
    'is "no.pem"',
    /cannot be read \(ENOENT\); it must be a PEM file/,
  ],
  [
    'a TLS key that is none',
    withTransport({ endpoint: { type: 'tcp', port: 1, tls: { key: 'a.ts', certificate: 'b.pem' } } }),
    `${T}.endpoint.tls.key`,
    'is "a.ts"',
    /is no PEM file; it must hold a line that begins with -----BEGIN/,
  ],
  [
    'TLS files that do not fit',
    withTransport({ endpoint: { type: 'tcp', port: 1, tls: { key: 'key.pem', certificate: 'b.pem' } } }),
    `${T}.endpoint.tls`,
    'is {"key":"key.pem","certificate":"b.pem"}',
    /PEM files that belong together/,
  ],
]

const PEM = '-----BEGIN NOTHING-----\n'

async function errorOf(file: string, environment = {}): Promise<UsageError> {
  try {
    await loadConfig(file, environment)
  } catch (error) {
    assert.ok(error instanceof UsageError, `not a UsageError: ${String(error)}`)
    assert.equal(error.code, 'ERR_CONFIG')
    return error
  }
  throw new assert.AssertionError({ message: 'the configuration was accepted' })
}

for (const [name, config, path, found, remedy] of MISTAKES) {
  test(`a mistake: ${name}`, async (context) => {
    const file = join(
      folder(context, { 'crosspoint.config.json': config as object, 'a.ts': '', 'a.py': '', 'b.pem': PEM, 'key.pem': PEM }),
      'crosspoint.config.json',
    )
    const lines = (await errorOf(file)).message.split('\n')
    const line = lines.find((text) => text.startsWith(`${file}: ${path} ${found}`))
    assert.ok(line, `no line begins with "${path} ${found}" in:\n${lines.join('\n')}`)
    assert.match(line, remedy)
    // One mistake is one line: what is refused by name is not refused again for its shape.
    assert.equal(lines.length, 1, lines.join('\n'))
  })
}

test('all mistakes of a file are told at once', async (context) => {
  const config = {
    version: 2,
    controller: { options: {} },
    workers: [
      { type: 'container' },
      { type: 'router', realms: [{ nmae: 'x' }], transports: [transport({ endpoint: { type: 'tcp', port: -1 } }), { type: 'mqtt' }] },
    ],
  }
  const file = join(folder(context, { 'c.json': config }), 'c.json')
  const lines = (await errorOf(file)).message.split('\n').map((line) => line.slice(file.length + 2))
  const places = lines.map((line) => line.split(/ is /)[0])
  assert.deepEqual(places.sort(), [
    'controller.options',
    'workers[0].type',
    'workers[1].realms[0].name',
    'workers[1].realms[0].nmae',
    'workers[1].transports[0].endpoint.port',
    'workers[1].transports[1].type',
  ])
})

async function messageOf(context: TestContext, name: string, text: string): Promise<string> {
  return (await errorOf(join(folder(context, { [name]: text }), name))).message
}

test('a file that is not there, and one that cannot be read', async (context) => {
  assert.match(
    (await errorOf(join(folder(context), 'none.json'))).message,
    /^Cannot read the configuration .*none\.json: there is no such file; give another with --config FILE$/,
  )
  assert.match((await errorOf(folder(context))).message, /it is no file/)
  assert.match(await messageOf(context, 'c.toml', ''), /it must end with \.ts, \.js, \.mjs, \.json, \.yaml or \.yml$/)
  assert.match(await messageOf(context, 'c.json', '{"version": 2,'), /^Cannot read the configuration .*c\.json: SyntaxError: .*JSON/)
  assert.match(
    await messageOf(context, 'c.yaml', 'version: 2\nworkers: [\n'),
    /^Cannot read the configuration .*c\.yaml: SyntaxError: it is no YAML: .* at line 3/,
  )
  assert.match(await messageOf(context, 'c.yaml', ''), /the configuration is null: must be an object/)
  assert.match(await messageOf(context, 'c.ts', 'export const node = {}'), /it has no default export; write export default defineNode/)
  assert.match(await messageOf(context, 'c.ts', 'throw new RangeError("no luck")'), /c\.ts: RangeError: no luck$/)
  assert.match(await messageOf(context, 'c.mjs', 'export default () => 1'), /the configuration is a function: must be an object/)
})
