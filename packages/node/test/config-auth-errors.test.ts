// Mistakes in `auth`: each is told with file, path inside, value, and what would have been right; secrets are never shown.

import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { UsageError } from '@crosspoint/protocol'
import { loadConfig } from '../src/config/load.ts'
import { folder } from './folder.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** The password of every principal here, which no error may show. */
const SECRET = 'xyzzy-never-shown'
const HASH = '$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
/** RFC 8032, test 1: seed and public key. */
const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'
const KEY = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'
const ROLES = ['user', 'anonymous', 'trusted'].map((name) => ({ name }))
const ENDPOINT = { type: 'tcp', port: 8080 }

function node(auth: Json, more: { [key: string]: Json } = {}, realms: Json = [{ name: 'realm1', roles: ROLES }]): Json {
  const paths = { x: { type: 'websocket', auth, ...more } }
  return { version: 2, workers: [{ type: 'router', realms, transports: [{ type: 'web', endpoint: ENDPOINT, paths, rawsocket: false }] }] }
}
const ticketOf = (joe: Json, more: { [key: string]: Json } = {}) => node({ ticket: { type: 'static', principals: { joe }, ...more } })
const wampcraOf = (joe: Json) => node({ wampcra: { type: 'static', users: { joe } } })
const scramOf = (joe: Json, authid = 'joe') => node({ scram: { type: 'static', principals: { [authid]: joe } } })
const keysOf = (principals: Json, more: { [key: string]: Json } = {}) => node({ cryptosign: { type: 'static', principals, ...more } })
const SALTED = {
  kdf: 'pbkdf2',
  iterations: 4096,
  salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
  'stored-key': 'a'.repeat(64),
  'server-key': 'b'.repeat(64),
  role: 'user',
}
const TICKET = { ticket: SECRET, role: 'user' }
const CRYPTOSIGN = { cryptosign: { type: 'static', principals: { joe: { authorized_keys: [KEY], role: 'user' } } } }

const X = 'workers[0].transports[0].paths.x'
const A = `${X}.auth`
const T = `${A}.ticket.principals.joe`

/** What is wrong · the configuration · where · what is there · words of the remedy. */
const MISTAKES: readonly (readonly [name: string, config: Json, path: string, found: string, remedy: RegExp])[] = [
  ['no method', node({}), A, 'is {}', /must name a method/],
  ['an unknown method', node({ tiket: {} }), `${A}.tiket`, 'is {}', /did you mean "ticket"\?/],
  ['a ticket without principals', node({ ticket: { type: 'static' } }), `${A}.ticket.principals`, 'is missing', /must be an object/],
  ['nobody', node({ ticket: { type: 'static', principals: {} } }), `${A}.ticket.principals`, 'is {}', /at least one principal/],
  ['no type', node({ wampcra: {} }), `${A}.wampcra.type`, 'is missing', /one of "static", "file", "sql", "function", "dynamic"/],
  ['a type misspelt', node({ scram: { type: 'dynamc' } }), `${A}.scram.type`, 'is "dynamc"', /did you mean "dynamic"\?/],
  ['tls in a file', node({ tls: { type: 'file', path: 'a' } }), `${A}.tls.type`, 'is "file"', /one of "static", "function", "dynamic"/],
  ['the proxy of an anonymous', node({ 'anonymous-proxy': {} }), `${A}.anonymous-proxy`, 'is {}', /deliberately not taken over/],
  ['the proxy of a key', node({ 'cryptosign-proxy': {} }), `${A}.cryptosign-proxy`, 'is {}', /deliberately not taken over/],
  [
    'trust roots',
    keysOf(CRYPTOSIGN.cryptosign.principals, { trustroots: {} }),
    `${A}.cryptosign.trustroots`,
    'is {}',
    /certificate chains/,
  ],
  [
    'a Python function',
    node({ ticket: { type: 'function', create: 'a.b', module: './a.ts' } }),
    `${A}.ticket.create`,
    'is "a.b"',
    /Python functions\); write module/,
  ],
  ['the ticket in place of the method', node({ ticket: SECRET }), `${A}.ticket`, 'is (not shown)', /must be \{ type: "static"/],
  // Roles and realms
  ['no role', ticketOf({ ticket: SECRET }), `${T}.role`, 'is missing', /name of a role, or give default-role/],
  [
    'an unknown role',
    ticketOf({ ticket: SECRET, role: 'usr' }),
    `${T}.role`,
    'is "usr"',
    /no realm has this role; there is user, anonymous/,
  ],
  ['an unknown default role', ticketOf(TICKET, { 'default-role': 'usr' }), `${A}.ticket.default-role`, 'is "usr"', /no realm has/],
  ['an unknown realm', ticketOf({ ...TICKET, realm: 'realm2' }), `${T}.realm`, 'is "realm2"', /no such realm; this worker has "realm1"/],
  [
    'a role of another realm',
    node({ ticket: { type: 'static', principals: { joe: { ...TICKET, realm: 'b' } } } }, {}, [
      { name: 'a', roles: ROLES },
      { name: 'b', roles: [{ name: 'anonymous' }] },
    ]),
    `${T}.role`,
    'is "user"',
    /the realm "b" has no such role; there is anonymous/,
  ],
  ['an unknown anonymous role', node({ anonymous: { role: 'guest' } }), `${A}.anonymous.role`, 'is "guest"', /no realm has this role/],
  ['an unknown anonymous realm', node({ anonymous: { realm: 'x' } }), `${A}.anonymous.realm`, 'is "x"', /no such realm/],
  [
    'a role that tokens give',
    node({ jwt: { audience: 'a', secret: `${SECRET}${SECRET}${SECRET}`, roles: { boss: 'admin' } } }),
    `${A}.jwt.roles.boss`,
    'is "admin"',
    /no realm has this role/,
  ],
  // Credentials
  ['no ticket', ticketOf({ role: 'user' }), T, 'is {"role":"user"}', /has no ticket; give ticket-hash/],
  ['an empty ticket', ticketOf({ ticket: '', role: 'user' }), `${T}.ticket`, 'is (not shown)', /must be a ticket, as text/],
  ['a ticket that is a number', ticketOf({ ticket: 4711, role: 'user' }), `${T}.ticket`, 'is (not shown)', /must be a ticket, as text/],
  [
    'a ticket misspelt',
    ticketOf({ tikcet: SECRET, ticket: SECRET, role: 'user' }),
    `${T}.tikcet`,
    'is (not shown)',
    /did you mean "ticket"/,
  ],
  ['ticket and hash', ticketOf({ ...TICKET, 'ticket-hash': HASH }), `${T}.ticket`, 'is (not shown)', /beside ticket-hash/],
  ['a broken hash', ticketOf({ 'ticket-hash': SECRET, role: 'user' }), `${T}.ticket-hash`, 'is (not shown)', /\$argon2id\$v=19/],
  ['a short totp', ticketOf({ ...TICKET, totp: 'ABC' }), `${T}.totp`, 'is (not shown)', /Base32 of 10 to 128 bytes/],
  ['an empty authid', node({ ticket: { type: 'static', principals: { '': TICKET } } }), `${A}.ticket.principals[""]`, 'is {', /not empty/],
  ['no secret', wampcraOf({ role: 'user' }), `${A}.wampcra.users.joe.secret`, 'is missing', /must be a secret/],
  ['an empty secret', wampcraOf({ secret: '', role: 'user' }), `${A}.wampcra.users.joe.secret`, 'is (not shown)', /must be a secret/],
  [
    'iterations without a salt',
    wampcraOf({ secret: SECRET, iterations: 1000, role: 'user' }),
    `${A}.wampcra.users.joe.iterations`,
    'is 1000',
    /no meaning without salt/,
  ],
  [
    'too many iterations',
    wampcraOf({ secret: SECRET, salt: 'x', iterations: 1e9, role: 'user' }),
    `${A}.wampcra.users.joe`,
    'is {"secret":"(not shown)","salt":"x"',
    /iterations must be a whole number from 1 to 5000000/,
  ],
  [
    'a weak scram',
    scramOf({ ...SALTED, iterations: 1 }),
    `${A}.scram.principals.joe`,
    'is {"kdf":"pbkdf2"',
    /iterations must be .* from 4096/,
  ],
  [
    'AUTH-53 the older draft',
    scramOf({ ...SALTED, kdf: 'argon2id-13', memory: 512 }),
    `${A}.scram.principals.joe.kdf`,
    'is "argon2id-13"',
    /older draft of SCRAM that Crossbar has, and not compatible/,
  ],
  ['a name that SASLprep changes', scramOf(SALTED, 'jo\u00ade'), `${A}.scram.principals["jo\u00ade"]`, 'is {', /SASLprep.*write "joe"/],
  [
    'no keys',
    keysOf({ joe: { authorized_keys: [], role: 'user' } }),
    `${A}.cryptosign.principals.joe.authorized_keys`,
    'is []',
    /at least one public key/,
  ],
  [
    'a broken key',
    keysOf({ joe: { authorized_keys: ['0xab'], role: 'user' } }),
    `${A}.cryptosign.principals.joe.authorized_keys`,
    'is ["0xab"]',
    /64 hexadecimal digits/,
  ],
  [
    'a key of two',
    keysOf({ joe: { authorized_keys: [KEY], role: 'user' }, amy: { authorized_keys: [KEY.toUpperCase()], role: 'user' } }),
    `${A}.cryptosign.principals.amy.authorized_keys`,
    `is "${KEY}"`,
    /is at .*joe\.authorized_keys, too/,
  ],
  [
    'no client certificates',
    node({ tls: { type: 'static', principals: { joe: { 'certificate-sha256': 'ab:'.repeat(31).concat('ab'), role: 'user' } } } }),
    `${A}.tls`,
    'is {"type":"static"}',
    /ca_certificates/,
  ],
  // Files, modules, databases, procedures
  ['no file', node({ ticket: { type: 'file', path: 'gone.yaml' } }), `${A}.ticket.path`, 'is "gone.yaml"', /there is no file .*gone\.yaml/],
  [
    'a file for all',
    node({ ticket: { type: 'file', path: 'public.yaml' } }),
    `${A}.ticket.path`,
    'is "public.yaml"',
    /mode 644.*chmod 600/,
  ],
  ['no module', node({ ticket: { type: 'function', module: 'gone.ts' } }), `${A}.ticket.module`, 'is "gone.ts"', /there is no file/],
  ['a Python module', node({ ticket: { type: 'function', module: 'a.py' } }), `${A}.ticket.module`, 'is "a.py"', /ends with one of \.ts/],
  [
    'a foreign database',
    node({ ticket: { type: 'sql', url: 'mysql://x' } }),
    `${A}.ticket.url`,
    'is "mysql://x"',
    /sqlite:PATH or postgres/,
  ],
  [
    'a password in a URL',
    node({ ticket: { type: 'sql', url: `mysql://joe:${SECRET}@db` } }),
    `${A}.ticket.url`,
    'is "mysql://joe:(not shown)@db"',
    /sqlite:PATH/,
  ],
  [
    'the name of a table',
    node({ ticket: { type: 'sql', url: 'sqlite:a', table: 'a; drop' } }),
    `${A}.ticket.table`,
    'is "a; drop"',
    /a … z, 0 … 9/,
  ],
  [
    'a query that finds everybody',
    node({ ticket: { type: 'sql', url: 'sqlite:a', query: 'SELECT role FROM users' } }),
    `${A}.ticket.query`,
    'is "SELECT role FROM users"',
    /must compare something with :authid/,
  ],
  [
    'a query beside a table',
    node({ ticket: { type: 'sql', url: 'sqlite:a', table: 'a', query: 'SELECT role FROM users WHERE name = :authid' } }),
    `${A}.ticket.table`,
    'is "a"',
    /no meaning beside query/,
  ],
  [
    'no URI of a procedure',
    node({ ticket: { type: 'dynamic', authenticator: 'a..b' } }),
    `${A}.ticket.authenticator`,
    'is "a..b"',
    /URI of a procedure/,
  ],
  ['no procedure', node({ anonymous: { type: 'dynamic' } }), `${A}.anonymous.authenticator`, 'is missing', /URI of a procedure/],
  [
    'an unknown realm of a procedure',
    node({ ticket: { type: 'dynamic', authenticator: 'a.b', 'authenticator-realm': 'x' } }),
    `${A}.ticket.authenticator-realm`,
    'is "x"',
    /no such realm/,
  ],
  [
    'an unknown role of a procedure',
    node({ ticket: { type: 'dynamic', authenticator: 'a.b', 'authenticator-role': 'x' } }),
    `${A}.ticket.authenticator-role`,
    'is "x"',
    /no realm has this role/,
  ],
  [
    'no time at all',
    node({ ticket: { type: 'function', module: 'a.ts', timeoutMs: 0 } }),
    `${A}.ticket.timeoutMs`,
    'is 0',
    /milliseconds from 1 to 60000/,
  ],
  // The router's key
  ['no router key', keysOf(CRYPTOSIGN.cryptosign.principals, { routerKey: 'gone' }), `${A}.cryptosign.routerKey`, 'is "gone"', /no file/],
  [
    'a router key for all',
    keysOf(CRYPTOSIGN.cryptosign.principals, { routerKey: 'public.yaml' }),
    `${A}.cryptosign.routerKey`,
    'is "public.yaml"',
    /every user of this machine can read it/,
  ],
  [
    'a router key that is none',
    keysOf(CRYPTOSIGN.cryptosign.principals, { routerKey: 'private.yaml' }),
    `${A}.cryptosign.routerKey`,
    'is "private.yaml"',
    /64 hexadecimal digits.*crosspoint keygen/,
  ],
  [
    "a router key that is a client's",
    keysOf(CRYPTOSIGN.cryptosign.principals, { routerKey: 'seed' }),
    `${A}.cryptosign.routerKey`,
    'is "seed"',
    /is the key of "joe", too/,
  ],
  // Cookies and tokens
  ['a cookie alone', node({ cookie: {} }, { cookie: {} }), `${A}.cookie`, 'is {}', /needs another method/],
  ['a cookie that is not described', node({ ...CRYPTOSIGN, cookie: {} }), `${X}.cookie`, 'is missing', /cookie: \{\}/],
  ['a cookie without use', node(CRYPTOSIGN, { cookie: {} }), `${X}.cookie`, 'is {}', /no effect without auth/],
  ['a name of a cookie', node({ ...CRYPTOSIGN, cookie: {} }, { cookie: { name: 'Cb' } }), `${X}.cookie.name`, 'is "Cb"', /a … z/],
  ['a short cookie', node({ ...CRYPTOSIGN, cookie: {} }, { cookie: { length: 6 } }), `${X}.cookie.length`, 'is 6', /from 24 to 64/],
  [
    'a cookie for other sites without TLS',
    node({ ...CRYPTOSIGN, cookie: {} }, { cookie: { same_site: 'None' } }),
    `${X}.cookie.same_site`,
    'is "None"',
    /secure: true/,
  ],
  [
    "Crossbar's store of cookies",
    node({ ...CRYPTOSIGN, cookie: {} }, { cookie: { store: { type: 'file', filename: 'x' } } }),
    `${X}.cookie.store.type`,
    'is "file"',
    /not supported.*sqlite:/,
  ],
  ['a token without audience', node({ jwt: { discovery: true, issuer: 'https://x' } }), `${A}.jwt.audience`, 'is missing', /an audience/],
  ['a token without keys', node({ jwt: { audience: 'a', issuer: 'https://x' } }), `${A}.jwt`, 'is {', /one of `keys`/],
  ['a weak secret of tokens', node({ jwt: { audience: 'a', secret: SECRET } }), `${A}.jwt.secret`, 'is (not shown)', /at least 32 bytes/],
]

async function errorOf(file: string): Promise<UsageError> {
  try {
    await loadConfig(file, {})
  } catch (error) {
    assert.ok(error instanceof UsageError, `not a UsageError: ${String(error)}`)
    assert.equal(error.code, 'ERR_CONFIG')
    return error
  }
  throw new assert.AssertionError({ message: 'the configuration was accepted' })
}

for (const [name, config, path, found, remedy] of MISTAKES) {
  test(`a mistake in auth: ${name}`, async (context) => {
    const files = { 'c.json': config as object, 'a.ts': '', 'a.py': '', 'public.yaml': 'joe: {}', 'private.yaml': 'joe: {}', seed: SEED }
    const root = folder(context, files)
    for (const file of ['private.yaml', 'seed']) chmodSync(join(root, file), 0o600)
    chmodSync(join(root, 'public.yaml'), 0o644)
    const file = join(root, 'c.json')
    const { message } = await errorOf(file)
    const lines = message.split('\n')
    const line = lines.find((text) => text.startsWith(`${file}: ${path} ${found}`))
    assert.ok(line, `no line begins with "${path} ${found}" in:\n${lines.join('\n')}`)
    assert.match(line, remedy)
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.ok(!message.includes(SECRET), message)
  })
}

test('a role that is missing is told once for a transport of type websocket, whose paths are several', async (context) => {
  const transport = { type: 'websocket', endpoint: ENDPOINT, url: 'ws://x/chat', auth: { anonymous: { role: 'guest' } } }
  const config = { version: 2, workers: [{ type: 'router', realms: [{ name: 'realm1', roles: ROLES }], transports: [transport] }] }
  const { message } = await errorOf(join(folder(context, { 'c.json': config }), 'c.json'))
  assert.equal(message.split('\n').length, 1)
})

test('a realm without roles takes any, and what the environment gives is hidden like what is written', async (context) => {
  const open = node({ ticket: { type: 'static', principals: { joe: { ticket: '${TICKET}', role: 'whoever' } } } }, {}, [{ name: 'realm1' }])
  const file = join(folder(context, { 'c.json': open as object }), 'c.json')
  const loaded = await loadConfig(file, { TICKET: SECRET })
  const login = loaded.listeners[0]!.logins['/x']!
  assert.deepEqual(login.methods[0]!.source, { type: 'static', principals: { joe: { ticket: SECRET, role: 'whoever' } } })
  await assert.rejects(loadConfig(file, { TICKET: '' }), ({ message }: Error) =>
    /joe\.ticket is \(not shown\): must be a ticket/.test(message),
  )
})

test('what cannot be read is told by its place, and not shown', async (context) => {
  const files = {
    'a.json': `{ "version": 2,\n  "ticket": ${SECRET}" }`,
    'b.json': `{ "ticket": "${SECRET}" "role": 1 }`,
    'c.yaml': `version: 2\nticket: "${SECRET}\nrole: 1`,
    'd.yaml': `version: 2\nticket: ${SECRET}: x: y`,
  }
  const root = folder(context, files)
  const texts = []
  for (const name of Object.keys(files)) {
    const { message } = await errorOf(join(root, name))
    assert.ok(!message.includes(SECRET.slice(0, 5)), message)
    texts.push(message.slice(message.indexOf(name) + name.length))
  }
  assert.match(texts[0]!, /^: SyntaxError: Unexpected token 'x' in line 2$/)
  assert.match(texts[1]!, /position 31|line 1/)
  assert.match(texts[2]!, /it is no YAML: .* at line \d, column \d+$/)
  assert.match(texts[3]!, /it is no YAML: .* at line 2, column \d+$/)
})
