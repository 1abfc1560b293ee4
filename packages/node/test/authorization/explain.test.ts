// `crosspoint explain`, `record` and `replay`: by a configuration alone, and with a node that runs.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { UsageError } from '@crosspoint/protocol'
import type { Action } from '@crosspoint/router'
import { type ExplainOptions, explain } from '../../src/commands/explain.ts'
import { record } from '../../src/commands/record.ts'
import { replay } from '../../src/commands/replay.ts'
import type { Environment } from '../../src/commands/running-node.ts'
import { folder } from '../folder.ts'
import { ALL, configOf, openNode } from './support.ts'

const ROLES = [
  {
    name: 'user',
    permissions: [
      { uri: 'com.*', allow: { call: true } },
      { uri: 'com.secret', allow: {} },
    ],
  },
  { name: 'asking', authorizer: 'com.example.authorize' },
  ALL,
]
const OPTIONS: ExplainOptions = { match: 'exact', json: false }

/** What a command prints, and its status. */
async function printed(run: (write: (text: string) => void) => Promise<number>): Promise<{ status: number; text: string }> {
  let text = ''
  const status = await run((more) => {
    text += more
  })
  return { status, text }
}

function fileOf(context: TestContext, config: object): string {
  return join(folder(context, { 'node.json': config }), 'node.json')
}

const ask = (action: Action, uri: string, options: Partial<ExplainOptions>) =>
  printed((write) => explain(action, uri, { ...OPTIONS, ...options }, {}, write))

test('the decision, the rule, its place and what would change it, from the configuration alone', async (context) => {
  const config = fileOf(context, configOf(ROLES))
  assert.deepEqual(await ask('call', 'com.secret', { config, role: 'user' }), {
    status: 3,
    text: `denied: role "user" in realm1: call "com.secret"
why: The rule exact "com.secret" of the role "user" does not allow call
where: ${config}: workers[0].realms[0].roles[0].permissions[1]
to change it: Write allow: { call: true } there, or add a more specific rule that allows it
`,
  })
  const allowed = await ask('call', 'com.a', { config, role: 'user', json: true })
  assert.equal(allowed.status, 0)
  const { reason, change, ...rest } = JSON.parse(allowed.text) as Record<string, unknown>
  assert.ok(reason && change)
  assert.deepEqual(rest, {
    realm: 'realm1',
    authrole: 'user',
    action: 'call',
    uri: 'com.a',
    match: 'exact',
    decision: 'allowed',
    rule: { uri: 'com.', match: 'prefix', allow: ['call'], source: `${config}: workers[0].realms[0].roles[0].permissions[0]` },
    authorizer: null,
  })
})

test('an authorizer is named, and not asked', async (context) => {
  const config = fileOf(context, configOf(ROLES))
  const { status, text } = await ask('subscribe', 'com.', { config, role: 'asking', match: 'prefix' })
  assert.equal(status, 4)
  assert.match(text, /^asked: role "asking" in realm1: subscribe prefix "com\."\n/)
  assert.match(text, /\nauthorizer: com\.example\.authorize\n/)
})

test('a principal of the configuration is found by its authid', async (context) => {
  const roles = [{ name: 'user', permissions: [] }, ALL]
  const config = configOf(roles) as { workers: [{ transports: [{ paths: Record<string, object> }] }] }
  const principals = {
    joe: { ticket: 'joes-ticket', role: 'user' },
    ann: { ticket: 'anns-ticket', role: 'user' },
    key: { ticket: 'x7', authid: 'joe' },
  }
  config.workers[0].transports[0].paths['t'] = {
    type: 'websocket',
    auth: { ticket: { type: 'static', principals, 'default-role': 'all' } },
  }
  const file = fileOf(context, config)
  assert.equal((await ask('call', 'com.a', { config: file, authid: 'ann' })).status, 3)
  await assert.rejects(
    ask('call', 'com.a', { config: file, authid: 'joe' }),
    /"joe" has several roles.*"user" \(ticket\), "all" \(ticket\); choose with --role/,
  )
  await assert.rejects(ask('call', 'com.a', { config: file, authid: 'eve' }), /has no principal "eve" in realm realm1; those of files/)
})

test('questions that make no sense are told', async (context) => {
  const config = fileOf(context, configOf(ROLES))
  for (const [action, uri, options, words] of [
    ['call', 'com.a', {}, /either --role NAME or --authid NAME/],
    ['call', 'com.a', { role: 'a', authid: 'b' }, /either --role NAME or --authid NAME/],
    ['call', 'com.a', { role: 'user', match: 'prefix' }, /only register and subscribe have patterns/],
    ['call', 'com..a', { role: 'user' }, /Cannot explain "com\.\.a"/],
    ['call', 'com.a', { role: 'user', realm: 'other' }, /has no realm "other"; it has realm1/],
    ['call', 'com.a', { role: 'user', url: 'ws://127.0.0.1:1/ws' }, /either --config FILE or --url URL/],
  ] as const) {
    await assert.rejects(ask(action, uri, { config, ...options }), (error: UsageError) => {
      assert.equal(error.code, 'ERR_INVALID_ARGUMENT')
      assert.match(error.message, words)
      return true
    })
  }
})

const OPERATOR = {
  name: 'operator',
  permissions: [{ uri: 'crosspoint.authorization.', match: 'prefix', allow: { call: true } }],
}

test('a node that runs is asked; who may not ask is told what to do', async (context) => {
  const { port } = await openNode(context, { 'crosspoint.config.json': configOf([...ROLES, OPERATOR]) })
  const url = `ws://127.0.0.1:${port}/operator`
  const { status, text } = await ask('call', 'com.secret', { url, role: 'user' })
  assert.equal(status, 3)
  assert.match(text, /^denied: role "user" in realm1: call "com\.secret"\nwhy: .*\nwhere: .*permissions\[1\]\n/)
  await assert.rejects(
    ask('call', 'com.secret', { url: `ws://127.0.0.1:${port}/user`, role: 'user' }),
    /refused to answer crosspoint\.authorization\.explain: wamp\.error\.not_authorized.*give the role "user" leave to call it/,
  )
  await assert.rejects(ask('call', 'com.a', { url: 'ws://127.0.0.1:1/ws', role: 'user' }), { code: 'ERR_CONNECT_FAILED' })
})

test('it logs in by ticket where the environment says so, and says how when the node wants a login', async (context) => {
  const config = configOf([OPERATOR]) as { workers: [{ transports: [{ paths: Record<string, object> }] }] }
  const principals = { op: { ticket: 'the-ticket', role: 'operator' } }
  config.workers[0].transports[0].paths['operator'] = { type: 'websocket', auth: { ticket: { type: 'static', principals } } }
  const { port } = await openNode(context, { 'crosspoint.config.json': config })
  const url = `ws://127.0.0.1:${port}/operator`
  const options = { ...OPTIONS, url, role: 'operator' }
  const environment = { CROSSPOINT_AUTHID: 'op', CROSSPOINT_TICKET: 'the-ticket' }
  assert.equal((await printed((write) => explain('call', 'com.a', options, environment, write))).status, 3)

  const quiet = () => {}
  const recorded = (environment: Environment) => record({ url, realm: 'realm1', start: true, stop: false }, environment, quiet, quiet)
  for (const run of [(environment: Environment) => explain('call', 'com.a', options, environment, quiet), recorded]) {
    const how = /authentication_required.*; set CROSSPOINT_AUTHID and CROSSPOINT_TICKET in the environment, both/
    await assert.rejects(run({}), { code: 'ERR_REFUSED', message: how })
    await assert.rejects(run({ CROSSPOINT_AUTHID: 'op' }), { code: 'ERR_REFUSED', message: how })
    const which = /authentication_denied.*; the login was by ticket, as CROSSPOINT_AUTHID \("op"\) with CROSSPOINT_TICKET: look at both/
    await assert.rejects(run({ ...environment, CROSSPOINT_TICKET: 'wrong-secret' }), ({ code, message }: UsageError) => {
      assert.equal(code, 'ERR_REFUSED')
      assert.match(message, which)
      assert.ok(!message.includes('wrong-secret'), 'no secret in an error')
      return true
    })
  }
  const elsewhere = explain('call', 'com.a', { ...options, realm: 'realm2' }, environment, quiet)
  await assert.rejects(elsewhere, ({ message }: UsageError) => !message.includes('CROSSPOINT_'))
})

test('what a node recorded is tried on a changed configuration', async (context) => {
  const before = [{ name: 'user', permissions: [{ uri: 'com.*', allow: { publish: true, subscribe: true } }] }, OPERATOR]
  const { port, connect, root } = await openNode(context, { 'crosspoint.config.json': configOf(before) })
  const url = `ws://127.0.0.1:${port}/operator`
  const told: string[] = []
  const recording = async (options: { start?: boolean; stop?: boolean }) => {
    let text = ''
    const write = (more: string) => {
      text += more
    }
    await record({ url, realm: 'realm1', start: false, stop: false, ...options }, {}, write, (line) => told.push(line))
    return text
  }
  await recording({ start: true })
  const user = await connect('user')
  for (const _ of [1, 2, 3]) await user.publishEvent('com.news', { acknowledge: true })
  await user.subscribe('com.news', () => {})
  await assert.rejects(user.register('com.add', () => 0))
  await assert.rejects(user.call('com.asked'))
  const file = join(root, 'record.jsonl')
  writeFileSync(file, await recording({}))
  await recording({ stop: true })
  assert.match(told.join('\n'), /^recording in realm1\n\d+ kinds of requests since .*\nthe record of realm1 is ended and forgotten$/)

  const after = [{ name: 'user', permissions: [{ uri: 'com.*', allow: { subscribe: true, register: true } }] }, OPERATOR]
  writeFileSync(join(root, 'new.json'), JSON.stringify(configOf(after)))
  const { status, text } = await printed((write) => replay(file, { config: join(root, 'new.json'), json: false }, {}, write))
  assert.equal(status, 3)
  const place = `${join(root, 'new.json')}: workers[0].realms[0].roles[0].permissions[0]`
  const rule = 'The rule prefix "com." of the role "user"'
  assert.match(text, /decided as before: \d+ kinds, \d+ requests\n$/)
  assert.equal(
    text.slice(0, text.indexOf('decided as before')),
    `${join(root, 'new.json')} would refuse what was allowed (1 kind, 3 requests):
  3  user  publish "com.news"
     ${rule} does not allow publish (${place})
${join(root, 'new.json')} would allow what was refused (1 kind, 1 request):
  1  user  register "com.add"
     ${rule} allows register (${place})
`,
  )
  const unchanged = await printed((write) => replay(file, { config: join(root, 'crosspoint.config.json'), json: false }, {}, write))
  assert.equal(unchanged.status, 0)
  const json = await printed((write) => replay(file, { config: join(root, 'new.json'), json: true }, {}, write))
  const lines = json.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual(
    lines.map((line) => [line['uri'], line['decision'], line['now'], line['count']]),
    [
      ['com.news', 'allowed', 'denied', 3],
      ['com.add', 'denied', 'allowed', 1],
    ],
  )
})

test('requests that an authorizer would decide are told by themselves', async (context) => {
  const root = folder(context, {
    'new.json': configOf([{ name: 'user', authorizer: { type: 'function', module: './ask.js' } }]),
    'ask.js': '',
    'record.jsonl': '{"authrole":"user","action":"call","uri":"com.a","match":"exact","decision":"allowed","count":7}\n',
  })
  const run = (write: (text: string) => void) =>
    replay(join(root, 'record.jsonl'), { config: join(root, 'new.json'), json: false }, {}, write)
  const { status, text } = await printed(run)
  assert.equal(status, 0)
  assert.match(text, /^authorizers decide, and only they know \(1 kind, 7 requests\):\n {2}7 {2}user {2}call "com\.a"\n.*\(\.\/ask\.js\)\n/)
})

test('a record that cannot be read is told with its line', async (context) => {
  const good = '{"authrole":"user","action":"call","uri":"com.a","match":"exact","decision":"allowed","count":7}\n'
  const root = folder(context, { 'new.json': configOf(ROLES) })
  const file = join(root, 'record.jsonl')
  const options = { config: join(root, 'new.json'), json: false }
  await assert.rejects(replay(file, options, {}), { code: 'ERR_INVALID_ARGUMENT', message: /Cannot read the record .*ENOENT/ })
  for (const [line, words] of [
    ['no json', /line 2 is no JSON object/],
    [good.replace('call', 'cal'), /line 2 must have one of call, register/],
    [good.replace('exact', 'exat'), /line 2 must have one of exact/],
    [good.replace('"count":7', '"count":0'), /line 2 has no count/],
    [good.replace('"allowed"', '"maybe"'), /line 2 must have allowed, denied or failed/],
  ] as const) {
    writeFileSync(file, good + line)
    await assert.rejects(replay(file, options, {}), { code: 'ERR_INVALID_ARGUMENT', message: words })
  }
})

test('the command line: statuses and help', (context) => {
  const config = fileOf(context, configOf(ROLES))
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
  const program = `import(${JSON.stringify(main)}).then(async ({ main }) => { process.exitCode = await main(process.argv.slice(1)) })`
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['--conditions=@crosspoint/source', '--input-type=module', '-e', program, '--', ...args], {
      encoding: 'utf8',
    })
  for (const [args, status, out, err] of [
    [['explain', 'call', 'com.a', '--role', 'user', '-c', config], 0, /^allowed: /, /^$/],
    [['explain', 'call', 'org.a', '--role', 'user', '-c', config], 3, /^denied: /, /^$/],
    [['explain', 'call', 'org.a', '--role', 'asking', '-c', config], 4, /^asked: /, /^$/],
    [['explain', 'see', 'org.a', '--role', 'asking', '-c', config], 2, /^$/, /call, register, publish, subscribe/],
    [['explain', 'call', 'org.a', '-c', config], 2, /^$/, /Say who it is about/],
    [['explain', '--help'], 0, /Exit status: 0 allowed, 3 denied, 4 when an authorizer decides/, /^$/],
  ] as const) {
    const { status: found, stdout, stderr } = run(...args)
    assert.match(stdout, out)
    assert.match(stderr, err)
    assert.equal(found, status, args.join(' '))
  }
})
