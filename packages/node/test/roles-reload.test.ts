// Roles and permissions that are read again while the node runs, as SIGHUP asks for.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Client } from '@crosspoint/client/node'
import type { ApplicationError } from '@crosspoint/protocol'
import { loadConfig } from '../src/config/load.ts'
import { Node } from '../src/node.ts'
import { folder } from './folder.ts'
import { recorder } from './recorder.ts'

type Allow = { readonly [action: string]: boolean }

function config(allow: Allow, more: object = {}, realms: readonly object[] = []): object {
  return {
    version: 2,
    audit: { path: 'audit.jsonl' },
    workers: [
      {
        type: 'router',
        realms: [{ name: 'realm1', roles: [{ name: 'anonymous', permissions: [{ uri: 'com.*', allow }], ...more }] }, ...realms],
        transports: [{ type: 'web', endpoint: { type: 'tcp', port: 0, interface: '127.0.0.1' }, paths: { ws: { type: 'websocket' } } }],
      },
    ],
  }
}

const ALL: Allow = { call: true, register: true, publish: true, subscribe: true }

/** A node from a module, a client in it, and what writes and reads the module again. */
async function open(
  context: TestContext,
): Promise<{ root: string; client: Client; log: ReturnType<typeof recorder>; change: (to: object) => Promise<void> }> {
  const text = (value: object) => `export default ${JSON.stringify(value)}`
  const root = folder(context, { 'crosspoint.config.js': text(config(ALL)), 'package.json': '{"type":"module"}' })
  const file = join(root, 'crosspoint.config.js')
  const log = recorder()
  const node = new Node(await loadConfig(file, {}), log)
  context.after(() => node.stop())
  await node.start()
  const client = new Client({ url: `ws://127.0.0.1:${node.listeners[0]!.port}/ws` })
  context.after(() => client.stop())
  await client.start()
  const change = async (to: object) => {
    writeFileSync(file, text(to))
    node.changeRoles((await loadConfig(file, {})).realms)
  }
  return { root, client, log, change }
}

const refusal = (doing: Promise<unknown>): Promise<string> =>
  doing.then(
    () => 'done',
    (error: ApplicationError) => error.error,
  )

test('what is no longer allowed is refused from then on, and the audit log says that permissions have changed', async (context) => {
  const { root, client, log, change } = await open(context)
  await client.register('com.add', (a: number, b: number) => a + b)
  assert.equal(await client.call('com.add', 1, 2), 3)
  await change(config({ ...ALL, call: false }))
  assert.equal(await refusal(client.call('com.add', 1, 2)), 'wamp.error.not_authorized')
  await change(config(ALL))
  assert.equal(await client.call('com.add', 1, 2), 3, 'the registration was allowed all the time, so it stayed')
  assert.equal(log.lines.filter((line) => /roles and permissions of realm1 were read again/.test(line)).length, 2)
  await assertEventually(() => (readFileSync(join(root, 'audit.jsonl'), 'utf8').match(/"event":"permissions"/g) ?? []).length === 2)
})

test('what needs a restart is said, and the rest is done', async (context) => {
  const { client, log, change } = await open(context)
  await change(config({ ...ALL, subscribe: false }, {}, [{ name: 'realm2' }]))
  assert.equal(await refusal(client.subscribe('com.t', () => {})), 'wamp.error.not_authorized')
  assert.ok(
    log.lines.some((line) => /the realm realm2 is new in the configuration, which needs a restart/.test(line)),
    `${log.lines}`,
  )
  await change(config(ALL, { authorizer: 'com.authorize' }))
  assert.equal(await refusal(client.subscribe('com.t', () => {})), 'wamp.error.not_authorized')
  assert.ok(log.lines.some((line) => /the permissions of realm1 stay as they were: the authorizers of realm1 are others/.test(line)))
})

/** The audit log is written soon, not at once. */
async function assertEventually(isSo: () => boolean): Promise<void> {
  const until = performance.now() + 10_000
  while (!isSo()) {
    assert.ok(performance.now() < until, 'it did not become so within 10 s')
    await new Promise((resolve) => setImmediate(resolve))
  }
}
