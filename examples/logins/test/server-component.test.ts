// docs/guides/logins/server-component.md, done as it says.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Project, portOf } from './support.ts'

async function startNode(context: TestContext) {
  const project = new Project(context, 'server-component')
  const keygen = async (name: string) => {
    const printed = await project.done(['keygen', '--out', `${name}.key`])
    return /^public key: ([0-9a-f]{64})$/m.exec(printed)?.[1] ?? assert.fail(printed)
  }
  const [router, orders, shop] = await Promise.all([keygen('router'), keygen('orders'), keygen('shop'), project.certificate()])
  const { node, urls } = await project.start({ ORDERS_PUBLIC_KEY: orders, SHOP_PUBLIC_KEY: shop })
  const environment = {
    CROSSPOINT_URL: `rss://localhost:${portOf(urls, 'rss')}`,
    NODE_EXTRA_CA_CERTS: 'tls.pem',
    ROUTER_PUBLIC_KEY: router,
  }
  return { project, node, environment, orders }
}

test('a service and its caller log in by key over TLS, and the router proves itself', async (context) => {
  const { project, node, environment } = await startNode(context)
  const orders = project.run(['orders.ts'], environment)
  await orders.prints(/^taking orders as orders$/m)
  const shop = project.run(['shop.ts'], environment)
  await shop.prints(/^order 1 of shop: a teapot$/m)
  assert.equal(await shop.exited, 0)
  await Promise.all([orders.stop(), node.stop()])
})

test('a service that meets another router ends, and a key without a principal is refused', async (context) => {
  const { project, node, environment, orders } = await startNode(context)
  const elsewhere = project.run(['shop.ts'], { ...environment, ROUTER_PUBLIC_KEY: orders })
  assert.equal(await elsewhere.exited, 1)
  assert.match(elsewhere.stderr, /The router did not prove itself: its key is none of "routerKeys"/)
  project.write('shop.key', '00'.repeat(32))
  const unknown = project.run(['shop.ts'], environment)
  assert.equal(await unknown.exited, 1)
  assert.match(unknown.stderr, /refused the session: wamp\.error\.authentication_denied: The credentials are not right/)
  await node.prints(/by cryptosign was refused: wamp\.error\.authentication_denied/)
})

test('a role registers and calls only what it may', async (context) => {
  const { project, environment } = await startNode(context)
  project.write(
    'wrong.ts',
    `import { Client } from 'crosspoint'
     import { login } from './login.ts'
     const client = new Client({ auth: [login('shop.key')] })
     await client.start()
     await client.register('com.example.orders.place', () => 'mine').catch(({ error }) => console.log('register:', error))
     await client.call('com.example.orders.list').catch(({ error }) => console.log('call:', error))
     await client.stop()`,
  )
  const wrong = project.run(['wrong.ts'], environment)
  assert.equal(await wrong.exited, 0, wrong.stderr)
  assert.match(wrong.stdout, /^register: wamp\.error\.not_authorized$/m)
  assert.match(wrong.stdout, /^call: wamp\.error\.not_authorized$/m)
})
