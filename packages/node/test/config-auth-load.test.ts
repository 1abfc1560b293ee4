// What a configuration with logins is resolved to.

import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { loadConfig } from '../src/config/load.ts'
import { folder } from './folder.ts'

const TICKET = { ticket: { type: 'static', principals: { joe: { ticket: 's3cret', role: 'user' } } } }
const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'

async function load(context: TestContext, transport: object) {
  const root = folder(context, { 'who.ts': '', 'people.yaml': '', 'router.key': SEED })
  for (const name of ['people.yaml', 'router.key']) chmodSync(join(root, name), 0o600)
  const transports = [{ type: 'web', endpoint: { type: 'tcp', port: 1 }, ...transport }]
  const config = { version: 2, workers: [{ type: 'router', realms: [{ name: 'realm1' }], transports }] }
  writeFileSync(join(root, 'c.json'), JSON.stringify(config))
  const node = await loadConfig(join(root, 'c.json'), {})
  return { listener: node.listeners[0]!, warnings: node.warnings.map((line) => line.slice(line.indexOf(': ') + 2)), root, node }
}

test('RawSocket is not open by itself beside paths where sessions log in', async (context) => {
  const paths = { ws: { type: 'websocket', auth: TICKET } }
  assert.equal((await load(context, { paths })).listener.hasRawSocket, false)
  assert.equal((await load(context, { paths: { ws: { type: 'websocket' } } })).listener.hasRawSocket, true)
  assert.equal((await load(context, { paths: { lp: { type: 'longpoll', auth: TICKET } } })).listener.hasRawSocket, false)
  const universal = { type: 'universal', websocket: { ws: { type: 'websocket', auth: TICKET } } }
  assert.equal((await load(context, universal)).listener.hasRawSocket, false)

  const told = await load(context, { paths, rawsocket: { auth: TICKET } })
  assert.equal(told.listener.rawSocketLogin?.methods.length, 1)
  assert.deepEqual(told.warnings, [])
  const open = await load(context, { paths, rawsocket: true })
  assert.deepEqual([open.listener.hasRawSocket, open.listener.rawSocketLogin], [true, undefined])
})

test('what is open beside what wants a login is told at the start', async (context) => {
  const paths = { ws: { type: 'websocket', auth: TICKET }, lp: { type: 'longpoll' } }
  const at = 'workers[0].transports[0]'
  const text = (open: string) => `${at}.${open} lets in everybody as anonymous, and ${at}.paths.ws wants a login; give it auth, too`
  assert.deepEqual((await load(context, { paths })).warnings, [text('paths.lp')])
  assert.deepEqual((await load(context, { paths, rawsocket: true })).warnings, [text('paths.lp'), text('rawsocket')])
  const mixed = { ws: { type: 'websocket', auth: { ...TICKET, anonymous: {} } }, lp: { type: 'longpoll' } }
  assert.deepEqual((await load(context, { paths: mixed })).warnings, [])
})

test('paths are absolute, and every default is filled in', async (context) => {
  const auth = {
    anonymous: { type: 'dynamic', authenticator: 'com.example.who', 'default-role': 'guest' },
    ticket: { type: 'function', module: './who.ts' },
    wampcra: { type: 'sql', url: 'sqlite:users.sqlite', table: 'users' },
    scram: { type: 'file', path: 'people.yaml' },
    cryptosign: { type: 'sql', url: 'postgres://db/users', routerKey: 'router.key', 'channel-binding': 'required' },
    cookie: {},
  }
  const cookie = { max_age: 60, store: { type: 'sql', url: 'sqlite:cookies.sqlite' } }
  const { listener, root, node } = await load(context, { paths: { ws: { type: 'websocket', auth, cookie } } })
  const role = 'crosspoint.authenticator'
  const none = { defaultRole: undefined }
  assert.deepEqual(listener.logins['/ws'], {
    methods: [
      {
        method: 'anonymous',
        source: { type: 'dynamic', authenticator: 'com.example.who', realm: undefined, role, timeoutMs: 5000 },
        defaultRole: 'guest',
      },
      { method: 'ticket', source: { type: 'function', module: join(root, 'who.ts'), name: './who.ts', timeoutMs: 5000 }, ...none },
      {
        method: 'wampcra',
        source: { type: 'sql', url: `sqlite:${join(root, 'users.sqlite')}`, table: 'users', query: undefined },
        ...none,
      },
      { method: 'scram', source: { type: 'file', path: join(root, 'people.yaml') }, ...none },
      {
        method: 'cryptosign',
        source: { type: 'sql', url: 'postgres://db/users', table: undefined, query: undefined },
        ...none,
        routerKey: new Uint8Array(Buffer.from(SEED, 'hex')),
        channelBinding: 'required',
        tlsUnique: 'rfc',
      },
    ],
    cookie: { options: { max_age: 60 }, storeUrl: `sqlite:${join(root, 'cookies.sqlite')}` },
  })
  assert.equal(node.stateFolder, join(root, '.crosspoint'))
})

test('the paths of a transport of type websocket have one login', async (context) => {
  const { listener } = await load(context, { type: 'websocket', auth: TICKET })
  assert.deepEqual(Object.keys(listener.logins), ['/', '/ws'])
  assert.equal(listener.logins['/'], listener.logins['/ws'])
})
