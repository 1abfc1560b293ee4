// docs/guides/permissions.md says that its configuration is run: here it is, with what the page says of it.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { Client } from '@crosspoint/client/node'
import type { ApplicationError } from '@crosspoint/protocol'
import { explain } from '../../src/commands/explain.ts'
import { record } from '../../src/commands/record.ts'
import { replay } from '../../src/commands/replay.ts'
import { recorder } from '../recorder.ts'
import { openNode, refusal } from './support.ts'

const GUIDE = readFileSync(new URL('../../../../docs/guides/permissions.md', import.meta.url), 'utf8')

/** The file of that name on the page. */
function fileOf(name: string): string {
  const match = new RegExp(`\`${name}\`\\n\\n\`\`\`\\w+\\n(.*?)\`\`\``, 's').exec(GUIDE)
  assert.ok(match, `the guide shows ${name}`)
  return match[1]!
}

/** What the page shows as output, beginning with these words. */
function outputOf(beginning: string): string {
  const output = [...GUIDE.matchAll(/```text\n(.*?)```/gs)].map(([, text]) => text!).find((text) => text.startsWith(beginning))
  assert.ok(output !== undefined, `the guide shows ${beginning} …`)
  return output
}

test('the configuration of the guide does what the guide says', async (context) => {
  const files = { 'node.yaml': fileOf('node.yaml').replace('${PORT:-8080}', '${PORT:-0}'), 'authorize.js': fileOf('authorize.js') }
  const { port, root } = await openNode(context, files, 'node.yaml')
  const connect = async (path: string) => {
    const client = new Client({ url: `ws://127.0.0.1:${port}/${path}`, realm: 'shop', logger: recorder() })
    context.after(() => client.stop())
    await client.start()
    return client
  }
  const operator = { url: `ws://127.0.0.1:${port}/operator`, realm: 'shop', start: false, stop: false }
  await record(
    { ...operator, start: true },
    {},
    () => {},
    () => {},
  )
  const [customer, staff, backend] = [await connect('ws'), await connect('staff'), await connect('backend')]
  await backend.registerInvocation('shop.order', ({ details }) => (details as { caller_authrole?: string }).caller_authrole)

  for (const _ of [1, 2, 3]) assert.equal(await customer.call('shop.order', 'tea', { name: 'Ada' }), 'customer')
  await assert.rejects(customer.call('shop.order', 'tea', { name: 7 }), ({ error, message }: ApplicationError) => {
    assert.equal(
      `${error}: ${message}`.includes(outputOf('wamp.error.invalid_argument').trim().split(': ').slice(1).join(': ')),
      true,
      message,
    )
    return true
  })
  const own = `shop.customer.${customer.session!.authid}.news`
  assert.equal(await refusal(customer.subscribe(own, () => {})), 'it was allowed')
  assert.equal(await refusal(customer.subscribe('shop.customer.joe.news', () => {})), 'wamp.error.not_authorized')
  assert.equal(await refusal(staff.subscribe('org.news', () => {})), 'wamp.error.authorization_failed')
  await backend.register('shop.authorize', (_session: unknown, uri: string) => ({ allow: uri === 'org.news', cache: true }))
  assert.equal(await refusal(staff.subscribe('org.news', () => {})), 'it was allowed')

  const file = join(root, 'node.yaml')
  let text = ''
  const write = (more: string) => {
    text += more
  }
  assert.equal(await explain('register', 'shop.order', { config: file, role: 'customer', match: 'exact', json: false }, {}, write), 3)
  const shown = (path: string) => (relative(process.cwd(), path).startsWith('..') ? path : relative(process.cwd(), path))
  assert.equal(text.replaceAll(shown(file), 'node.yaml'), outputOf('denied: '))

  text = ''
  await record(operator, {}, write, () => {})
  const lines = text.split('\n').filter((line) => /"customer"/.test(line) && !/\.joe\.|failed/.test(line))
  writeFileSync(join(root, 'record.jsonl'), `${lines.join('\n')}\n`)
  const next = join(root, 'new.yaml')
  const changed = files['node.yaml'].replace(/(uri: shop\.order\n\s+allow: )\{ call: true \}/, '$1{}')
  assert.notEqual(changed, files['node.yaml'])
  writeFileSync(next, changed)
  text = ''
  assert.equal(await replay(join(root, 'record.jsonl'), { config: next, json: false }, {}, write), 3)
  assert.match(text, /would refuse what was allowed \(1 kind, \d requests\):\n {2}\d {2}customer {2}call "shop\.order"\n/)
})
