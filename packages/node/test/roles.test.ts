// Roles from the configuration to the answer: who comes which way, and may do what.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Client } from '@crosspoint/client/node'
import type { ApplicationError } from '@crosspoint/protocol'
import { loadConfig } from '../src/config/load.ts'
import { Node } from '../src/node.ts'
import { folder } from './folder.ts'
import { recorder } from './recorder.ts'

const CONFIG = {
  version: 2,
  workers: [
    {
      type: 'router',
      realms: [
        {
          name: 'shop',
          roles: [
            { name: 'anonymous', permissions: [{ uri: 'shop.public.*', allow: { call: true, subscribe: true } }] },
            { name: 'staff', permissions: [{ uri: 'shop.*', allow: { call: true, publish: true } }] },
            { name: 'backend', permissions: [{ uri: '*', allow: { register: true } }] },
          ],
        },
      ],
      transports: [
        {
          type: 'web',
          endpoint: { type: 'tcp', port: 0, interface: '127.0.0.1' },
          paths: {
            ws: { type: 'websocket' },
            staff: { type: 'websocket', auth: { anonymous: { type: 'static', role: 'staff' } } },
            lost: { type: 'websocket' },
          },
        },
        {
          type: 'rawsocket',
          endpoint: { type: 'tcp', port: 0, interface: '127.0.0.1' },
          auth: { anonymous: { type: 'static', role: 'staff' } },
        },
      ],
      components: [{ type: 'module', module: './stock.js', realm: 'shop', role: 'backend' }],
    },
  ],
}
const STOCK = `export default (app) => {
  app.register('shop.public.list', () => ['bread'])
  app.register('shop.orders.count', () => 3)
}`

async function open(context: TestContext) {
  const root = folder(context, { 'crosspoint.config.json': CONFIG, 'stock.js': STOCK, 'package.json': '{"type":"module"}' })
  const node = new Node(await loadConfig(join(root, 'crosspoint.config.json'), {}), recorder())
  context.after(() => node.stop())
  await node.start()
  const [web, raw] = node.listeners
  return async (place: string): Promise<Client> => {
    const client = new Client({
      url: place === 'rs' ? `rs://127.0.0.1:${raw!.port}` : `ws://127.0.0.1:${web!.port}/${place}`,
      realm: 'shop',
    })
    context.after(() => client.stop())
    await client.start()
    return client
  }
}

const refusal = (doing: Promise<unknown>): Promise<string> =>
  doing.then(
    () => 'it was allowed',
    (error: ApplicationError) => error.error,
  )

test('AUTHZ-01 what each way in may do', async (context) => {
  const connect = await open(context)
  const visitor = await connect('ws')
  assert.equal(visitor.session!.authrole, 'anonymous')
  assert.deepEqual(await visitor.call('shop.public.list'), ['bread'])
  assert.equal(await refusal(visitor.call('shop.orders.count')), 'wamp.error.not_authorized')
  assert.equal(await refusal(visitor.register('shop.public.list2', () => 0)), 'wamp.error.not_authorized')
  await visitor.subscribe('shop.public.news', () => {})
  assert.equal(await refusal(visitor.subscribe('shop', () => {}, { match: 'prefix' })), 'wamp.error.not_authorized')
  for (const place of ['staff', 'rs']) {
    const member = await connect(place)
    assert.equal(member.session!.authrole, 'staff', place)
    assert.equal(await member.call('shop.orders.count'), 3)
    await member.publishEvent('shop.public.news', { args: ['open'], acknowledge: true })
    assert.equal(await refusal(member.subscribe('shop.public.news', () => {})), 'wamp.error.not_authorized')
  }
})
