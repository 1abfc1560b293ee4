// Principals in a file: what it must be like, and when it is read again.

import assert from 'node:assert/strict'
import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ticket } from '@crosspoint/router'
import { FILE_BYTES_MAX, filePrincipals } from '../../src/authentication/file-principals.ts'
import type { PrincipalMethod } from '../../src/config/schema-auth.ts'
import { nodeCrypto } from '../../src/crypto.ts'
import { folder } from '../folder.ts'
import { recorder } from '../recorder.ts'
import { find, LoginWorld } from '../support/principals.ts'

const KEY = '545efb0a2192db8d43f118e9bf9aee081466e1ef36c708b96ee6f62dddad9122'

/** A file in a folder of its own, and a clock for those who look at it. */
function place(context: TestContext, name: string, text: string) {
  const file = join(folder(context), name)
  const log = recorder()
  const time = { now: 0 }
  const write = (content: string, mode = 0o640) => {
    // As editors do it: a new file takes the place, so that nobody sees half of it.
    writeFileSync(`${file}.new`, content, { mode })
    chmodSync(`${file}.new`, mode)
    renameSync(`${file}.new`, file)
  }
  write(text)
  const open = (method: PrincipalMethod = 'ticket') => filePrincipals(file, { method, log, now: () => time.now })
  return { file, log, time, write, open }
}

test('YAML and JSON hold what a configuration would', async (context) => {
  const yaml = place(
    context,
    'users.yaml',
    'joe:\n  ticket: s3cret\n  role: user\n  extra: { mail: joe@example.com }\nAmy: { ticket: other }\n',
  )
  const json = place(context, 'users.json', '\uFEFF{"joe": {"ticket": "s3cret", "role": "user"}}')
  const source = await yaml.open()
  assert.equal(source.provider, 'file')
  assert.deepEqual(await find(source, { authid: 'joe' }), {
    authid: 'joe',
    ticket: 's3cret',
    role: 'user',
    extra: { mail: 'joe@example.com' },
  })
  assert.equal(await find(source, { authid: 'amy' }), undefined)
  assert.deepEqual(source.example, { ticket: 's3cret', role: 'user', extra: { mail: 'joe@example.com' } })
  assert.deepEqual(await find(await json.open(), { authid: 'joe' }), { authid: 'joe', ticket: 's3cret', role: 'user' })
})

test('AUTH-60 a key finds its principal', async (context) => {
  const { open } = place(context, 'keys.yml', `sensor7: { authorized_keys: ['${KEY.toUpperCase()}'], role: device }\n`)
  assert.equal(((await find(await open('cryptosign'), { pubkey: KEY })) as { authid: string }).authid, 'sensor7')
})

test('a login with a file, before and after it changed', async (context) => {
  const { log, time, write, open } = place(context, 'users.yaml', 'joe: { ticket: s3cret, role: user }\n')
  const source = await open()
  const world = new LoginWorld()
  const login = async (signature: string) =>
    (await world.login({ authenticators: [ticket(nodeCrypto, source)] }, { authmethods: ['ticket'], authid: 'joe' }, signature)).reason
  assert.equal(await login('s3cret'), undefined)
  write('joe: { ticket: n3w, role: user }\n')
  assert.equal(await login('s3cret'), undefined, 'it is looked at once a second')
  time.now += 1_000
  assert.equal(await login('s3cret'), 'wamp.error.authentication_denied')
  assert.equal(await login('n3w'), undefined)
  assert.equal(log.lines.length, 1)
  assert.match(log.lines[0]!, /^info .*users\.yaml has changed and was read again$/)
})

test('several lookups at once look at the file once, and all see the new version', async (context) => {
  const { log, time, write, open } = place(context, 'users.yaml', 'joe: { ticket: one }\n')
  const source = await open()
  write('joe: { ticket: two }\n')
  time.now += 1_000
  const found = await Promise.all([1, 2, 3].map(() => find(source, { authid: 'joe' })))
  assert.deepEqual(
    found.map((one) => (one as { ticket: string }).ticket),
    ['two', 'two', 'two'],
  )
  assert.equal(log.lines.length, 1)
})

test('a new version with a mistake is logged once, and the old one stays until there is a good one', async (context) => {
  const { file, log, time, write, open } = place(context, 'users.yaml', 'joe: { ticket: s3cret }\n')
  const source = await open()
  const ticketOfJoe = async () => {
    time.now += 1_000
    return ((await find(source, { authid: 'joe' })) as { ticket: string }).ticket
  }
  const broken: [() => void, RegExp][] = [
    [() => write('joe: { ticket: [\n'), /no YAML there/],
    [() => write('joe: { tickets: s3cret }\n'), /joe/],
    [() => write('joe: { ticket: other }\n', 0o644), /everybody may read it/],
    [() => rmSync(file), /no such file/],
  ]
  for (const [breakIt, message] of broken) {
    breakIt()
    log.lines.length = 0
    assert.equal(await ticketOfJoe(), 's3cret')
    assert.equal(await ticketOfJoe(), 's3cret')
    assert.equal(log.lines.length, 1, log.lines.join('\n'))
    assert.match(log.lines[0]!, /^error .*its principals stay as they were$/s)
    assert.match(log.lines[0]!, message)
    assert.doesNotMatch(log.lines[0]!, /s3cret/)
  }
  write('joe: { ticket: n3w }\n')
  assert.equal(await ticketOfJoe(), 'n3w')
})

test('a file that cannot be used is refused at the start, by file, authid and key, without a value', async (context) => {
  const cases: [string, string, RegExp, PrincipalMethod?][] = [
    ['users.yaml', 'joe: { ticket: s3cret, rolle: user }', /users\.yaml: joe\.rolle .*role/],
    ['users.yaml', 'joe: { role: user }', /users\.yaml: joe has no ticket; give ticket-hash/],
    ['users.yaml', "joe: { ticket: '' }", /users\.yaml: joe\.ticket /],
    ['users.yaml', 'joe: { ticket: 5s3cret5, role: [s3cret] }', /users\.yaml: joe\.role /],
    ['users.yaml', 'joe: s3cret', /users\.yaml: joe /],
    ['users.yaml', "joe: { ticket-hash: '$argon2id$s3cret' }", /users\.yaml: joe\.ticket-hash cannot be read/],
    ['users.yaml', 'joe: { secret: s3cret, salt: x, iterations: 0 }', /users\.yaml: joe/, 'wampcra'],
    ['users.yaml', 'joe: { authorized_keys: [s3cret] }', /users\.yaml: joe\.authorized_keys each must be 64 hex/, 'cryptosign'],
    [
      'users.yaml',
      `a: { authorized_keys: ['${KEY}'] }\nb: { authorized_keys: ['${KEY}'] }`,
      /users\.yaml: b\.authorized_keys is at a/,
      'cryptosign',
    ],
    ['users.yaml', '- s3cret', /must hold a dictionary/],
    ['users.yaml', '', /must hold a dictionary/],
    ['users.yaml', 's3cret', /must hold a dictionary/],
    ['users.yaml', 'a: {}\njoe: { ticket: "s3cret }\n', /users\.yaml, line \d+: it is no YAML there/],
    ['users.yaml', 'joe: { ticket: a }\njoe: { ticket: b }\n', /users\.yaml, line 2: it is no YAML there \(DUPLICATE_KEY\)/],
    ['users.yaml', 'joe: *s3cret\n', /users\.yaml: an alias leads nowhere/],
    ['users.json', '{\n"joe": { "ticket": s3cret } }', /users\.json: it is no JSON there/],
    ['users.json', '{\n"joe": {"ticket": "s3cret"', /users\.json, line 2: it is no JSON there/],
    ['users.txt', 'joe: { ticket: s3cret }', /its name must end with \.yaml, \.yml or \.json/],
  ]
  for (const [name, text, message, method] of cases) {
    await assert.rejects(place(context, name, text).open(method), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_CONFIG', text)
      assert.match(error.message, message)
      assert.doesNotMatch(error.message, /s3cret/)
      return true
    })
  }
  const { file, write, open } = place(context, 'users.yaml', 'joe: { ticket: s3cret }')
  write('joe: { ticket: s3cret }', 0o644)
  await assert.rejects(open(), {
    code: 'ERR_CONFIG',
    message: `Cannot use the principals in ${file}: everybody may read it, and it holds credentials; chmod o-r ${file}`,
  })
  rmSync(file)
  await assert.rejects(open(), { code: 'ERR_CONFIG', message: /no such file.*give the path of a \.yaml or \.json file/ })
  await assert.rejects(filePrincipals(folder(context), { method: 'ticket', log: recorder() }), /it is no file/)
})

test('all mistakes are told at once, but not thousands', async (context) => {
  const { open } = place(
    context,
    'users.json',
    JSON.stringify(Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`user${at}`, {}]))),
  )
  await assert.rejects(open(), ({ message }: Error) => {
    assert.equal(message.split('\n').length, 21)
    assert.match(message, /and 30 more mistakes$/)
    return true
  })
})

test('a file that would hold up the node is not read', async (context) => {
  const { open } = place(context, 'users.yaml', `joe: { ticket: ${'x'.repeat(FILE_BYTES_MAX)} }`)
  await assert.rejects(open(), /at most 16777216 are read; keep them in a table \(type: sql\)/)
})

test('names that objects have anyway are no principals', async (context) => {
  const source = await place(context, 'users.json', '{"joe": {"ticket": "s3cret"}}').open()
  for (const authid of ['__proto__', 'constructor', 'toString', '']) assert.equal(await find(source, { authid }), undefined, authid)
})
