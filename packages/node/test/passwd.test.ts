// The commands that make credentials: what they print can be pasted into a configuration, and logs in.

import assert from 'node:assert/strict'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { type AuthMethod, cryptosign, scram, ticket, wampcra } from '@crosspoint/client'
import { Client } from '@crosspoint/client/node'
import { parse } from 'yaml'
import { keygen } from '../src/commands/keygen.ts'
import { type PasswdOptions, passwd } from '../src/commands/passwd.ts'
import { main } from '../src/main.ts'
import { folder } from './folder.ts'
import { startNode } from './support/logins.ts'

/** What the command prints when the terminal gives these answers. */
async function printed(options: Omit<PasswdOptions, 'stdin'>, ...answers: readonly string[]): Promise<string> {
  let text = ''
  const left = [...answers]
  const give = async () => left.shift() ?? ''
  const terminal = { readAll: give, ask: give, write: (line: string) => void (text += line) }
  await passwd({ ...options, stdin: answers.length === 1 }, terminal)
  return text
}

async function joins(context: TestContext, port: number, method: AuthMethod): Promise<string> {
  const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const client = new Client({ url: `ws://127.0.0.1:${port}/ws`, realm: 'realm1', auth: [method], logger })
  context.after(() => client.stop())
  await client.start()
  return `${client.session!.authid} ${client.session!.authmethod}`
}

test('what passwd prints logs in, from the configuration and from a file', async (context) => {
  const users = {
    ticket: await printed({ method: 'ticket', authid: 'joe', role: 'user' }, 'pä ss'),
    wampcra: await printed({ method: 'wampcra', authid: 'joe', role: 'user' }, 'pä ss\n'),
    scram: await printed({ method: 'scram', kdf: 'pbkdf2', authid: 'joe', role: 'user' }, 'pä ss', 'pä ss'),
  }
  assert.ok(!JSON.stringify(users).includes('pä ss'))
  const root = folder(context)
  const auth: Record<string, object> = { ticket: { type: 'static', principals: parse(users.ticket) as object } }
  for (const method of ['wampcra', 'scram'] as const) {
    writeFileSync(join(root, `${method}.yaml`), users[method], { mode: 0o600 })
    auth[method] = { type: 'file', path: `${method}.yaml` }
  }
  const { port } = await startNode(context, { auth }, root)
  assert.equal(await joins(context, port, ticket({ authid: 'joe', ticket: 'pä ss' })), 'joe ticket')
  assert.equal(await joins(context, port, wampcra({ authid: 'joe', secret: 'pä ss' })), 'joe wampcra')
  assert.equal(await joins(context, port, scram({ authid: 'joe', password: 'pä ss' })), 'joe wamp-scram')
})

test('scram with Argon2id, and the name as SASLprep prepares it', async () => {
  const principals = parse(await printed({ method: 'scram', authid: 'jo\u00ade' }, 'pencil')) as {
    [authid: string]: { [key: string]: unknown }
  }
  const { kdf, memory, iterations, role } = principals['joe']!
  assert.deepEqual([kdf, memory, iterations, role], ['argon2id13', 65_536, 3, undefined])
})

test('without a role none is printed, and the principal has the default', async (context) => {
  const text = await printed({ method: 'scram', kdf: 'pbkdf2', authid: 'joe' }, 'pencil')
  assert.deepEqual(Object.keys((parse(text) as { joe: object }).joe), ['kdf', 'iterations', 'salt', 'stored-key', 'server-key'])
  const auth = { scram: { type: 'static', principals: parse(text) as object, 'default-role': 'user' } }
  const { port } = await startNode(context, { auth })
  assert.equal(await joins(context, port, scram({ authid: 'joe', password: 'pencil' })), 'joe wamp-scram')
})

test('with --json it is one line for the column `credentials` of a table', async (context) => {
  const root = folder(context)
  const auth: Record<string, object> = {}
  for (const method of ['ticket', 'wampcra', 'scram'] as const) auth[method] = { type: 'sql', url: 'sqlite:people.sqlite' }
  const { port } = await startNode(context, { auth }, root)
  const database = new DatabaseSync(join(root, 'people.sqlite'))
  context.after(() => database.close())
  const insert = database.prepare('INSERT INTO crosspoint_principals (authmethod, authid, role, credentials) VALUES (?, ?, ?, ?)')
  for (const method of ['ticket', 'wampcra', 'scram'] as const) {
    const kdf = method === 'scram' ? ('pbkdf2' as const) : undefined
    const line = await printed({ method, kdf, json: true }, 'pencil')
    assert.match(line, /^\{.*\}\n$/)
    insert.run(method, 'joe', 'user', line)
  }
  assert.equal(await joins(context, port, ticket({ authid: 'joe', ticket: 'pencil' })), 'joe ticket')
  assert.equal(await joins(context, port, wampcra({ authid: 'joe', secret: 'pencil' })), 'joe wampcra')
  assert.equal(await joins(context, port, scram({ authid: 'joe', password: 'pencil' })), 'joe wamp-scram')
})

test('passwords that are refused', async () => {
  await assert.rejects(printed({ method: 'ticket' }, ''), /Cannot use an empty one: a password is one line of 1 to 1024 characters/)
  await assert.rejects(printed({ method: 'ticket' }, 'a\nb'), /one of 3 characters: a password is one line/)
  await assert.rejects(printed({ method: 'ticket' }, 'x'.repeat(1025)), /one of 1025 characters/)
  await assert.rejects(printed({ method: 'ticket' }, 'one', 'other'), /the second one is different/)
  await assert.rejects(printed({ method: 'ticket', kdf: 'pbkdf2' }, 'x'), /Cannot use --kdf pbkdf2 for ticket: only scram has a choice/)
  await assert.rejects(printed({ method: 'ticket', authid: '' }, 'x'), /empty --authid/)
  await assert.rejects(printed({ method: 'ticket', role: '' }, 'x'), /empty --role: a role has a name; leave it out for none/)
  await assert.rejects(printed({ method: 'ticket', json: true, role: 'user' }, 'x'), /Cannot use --role with --json, .* a column for it/)
  await assert.rejects(printed({ method: 'ticket', json: true, authid: 'joe' }, 'x'), /Cannot use --authid with --json/)
})

test('what keygen writes logs in, and is not overwritten', async (context) => {
  const root = folder(context)
  const out = join(root, 'joe.key')
  let text = ''
  keygen({ out }, (line) => void (text += line))
  const publicKey = /^public key: ([0-9a-f]{64})\n$/.exec(text)![1]!
  assert.equal(statSync(out).mode & 0o777, 0o600)
  const seed = readFileSync(out, 'utf8')
  assert.match(seed, /^[0-9a-f]{64}\n$/)
  assert.throws(() => keygen({ out }, () => {}), /it is there already, and a key that is in use would be lost/)
  assert.equal(readFileSync(out, 'utf8'), seed)

  let both = ''
  keygen({}, (line) => void (both += line))
  assert.match(both, /^private key: [0-9a-f]{64}\npublic key: [0-9a-f]{64}\n$/)

  const router = join(root, 'router.key')
  let routerText = ''
  keygen({ out: router }, (line) => void (routerText += line))
  chmodSync(router, 0o600)
  const principals = { joe: { authorized_keys: [publicKey], role: 'user' } }
  const { port } = await startNode(context, { auth: { cryptosign: { type: 'static', principals, routerKey: 'router.key' } } }, root)
  const routerKeys = [routerText.slice('public key: '.length).trim()]
  assert.equal(await joins(context, port, cryptosign({ privateKey: seed, routerKeys })), 'joe cryptosign')
})

test('exit statuses: 0 for a key, 1 for one that is there, 2 for options that make no sense', async (context) => {
  const errors: string[] = []
  context.mock.method(process.stderr, 'write', (text: string) => errors.push(text) > 0)
  const lines: string[] = []
  context.mock.method(process.stdout, 'write', (text: string) => lines.push(text) > 0)
  const out = join(folder(context), 'a.key')
  const statuses = [
    await main(['keygen', '--out', out]),
    await main(['keygen', '--out', out]),
    await main(['keygen', '--ot', out]),
    await main(['passwd']),
    await main(['passwd', '--method', 'tiket']),
    await main(['passwd', '--method', 'ticket', '--kdf', 'pbkdf2', '--stdin']),
  ]
  context.mock.restoreAll()
  assert.deepEqual(statuses, [0, 1, 2, 2, 2, 2])
  // The runner of tests writes there, too.
  assert.equal(lines.filter((line) => String(line).startsWith('public key: ')).length, 1)
  assert.match(
    errors.join(''),
    /already[\s\S]*Did you mean --out\?[\s\S]*'-m, --method <method>' not specified[\s\S]*ticket, wampcra, scram[\s\S]*only scram has/,
  )
})
