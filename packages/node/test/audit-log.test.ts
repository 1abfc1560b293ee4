// The audit log: what is in it, who can read it, how it is bounded, and what a full disk does.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Client, ticket } from '@crosspoint/client/node'
import { AuditLog, type AuditSink } from '../src/audit-log.ts'
import { loadConfig } from '../src/config/load.ts'
import { RotatingFile } from '../src/rotating-file.ts'
import { configOf, EVERYTHING, openNode } from './authorization/support.ts'
import { folder } from './folder.ts'
import { recorder } from './recorder.ts'

type Entry = { readonly [member: string]: unknown }

function entriesOf(file: string): Entry[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  assert.equal(lines.pop(), '', 'the last line is whole')
  return lines.map((line) => JSON.parse(line) as Entry)
}

test('logins, refusals with their cause, who killed whom, ends: one line each, for the owner alone, without secrets', async (context) => {
  const user = { name: 'user', permissions: [{ uri: '*', allow: EVERYTHING }] }
  const config = configOf([user], {}, { audit: { path: 'audit.jsonl' } }) as {
    workers: [{ transports: [{ paths: Record<string, object> }] }]
  }
  const principals = { joe: { ticket: 'joes-ticket', role: 'user' }, ann: { ticket: 'anns-ticket', role: 'user' } }
  config.workers[0].transports[0].paths['user'] = { type: 'websocket', auth: { ticket: { type: 'static', principals } } }
  const { log, port, root, stop } = await openNode(context, { 'crosspoint.config.json': config })
  const options = { url: `ws://127.0.0.1:${port}/user`, realm: 'realm1', logger: recorder(), onError: () => {} }
  const clientOf = (authid: string, secret: string) => new Client({ ...options, auth: [ticket({ authid, ticket: secret })], retriesMax: 0 })
  const joe = clientOf('joe', 'joes-ticket')
  const ann = clientOf('ann', 'anns-ticket')
  await joe.start()
  await ann.start()
  await assert.rejects(clientOf('joe', 'wrong-ticket').start())
  const [joeId, annId] = [joe.session!.id, ann.session!.id]
  await ann.stop()
  const again = clientOf('ann', 'anns-ticket')
  await again.start()
  const lastId = again.session!.id
  await joe.call('wamp.session.kill', lastId)
  await again.stop()
  await joe.stop()
  await stop()

  // The ordinary log has the essentials.
  assert.match(log.lines.join('\n'), /info a login of "joe" to realm "realm1" from 127\.0\.0\.1:\d+ by ticket was refused/)
  assert.match(
    log.lines.join('\n'),
    /info session \d+ \("ann"\) of \S+ was sent away from realm1 by session \d+ \("joe"\): wamp\.close\.killed/,
  )

  const file = join(root, 'audit.jsonl')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const text = readFileSync(file, 'utf8')
  for (const secret of ['joes-ticket', 'anns-ticket', 'wrong-ticket']) assert.ok(!text.includes(secret))
  const entries = entriesOf(file)
  for (const { time } of entries) assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  const who = { realm: 'realm1', authrole: 'user', authmethod: 'ticket', authprovider: 'static' }
  const told = entries.map(({ time: _, peer, ...entry }) => {
    assert.match(String(peer), /^127\.0\.0\.1:\d+$/)
    return entry
  })
  const expected = [
    { event: 'login', session: joeId, authid: 'joe', ...who },
    { event: 'login', session: annId, authid: 'ann', ...who },
    { event: 'refused', realm: 'realm1', authid: 'joe', authmethod: 'ticket', reason: 'wamp.error.authentication_denied' },
    { event: 'left', session: annId, authid: 'ann', ...who, reason: 'wamp.close.close_realm', message: '' },
    { event: 'login', session: lastId, authid: 'ann', ...who },
    { event: 'killed', session: lastId, authid: 'ann', ...who, reason: 'wamp.close.killed' },
    { event: 'left', session: lastId, authid: 'ann', ...who },
    { event: 'left', session: joeId, authid: 'joe', ...who, reason: 'wamp.close.close_realm', message: '' },
  ]
  assert.equal(told.length, expected.length, text)
  for (const [index, entry] of expected.entries()) {
    for (const [member, value] of Object.entries(entry)) {
      assert.deepEqual((told[index] as Entry)[member], value, `${index} ${member}: ${JSON.stringify(told[index])}`)
    }
  }
  assert.match(String((told[2] as Entry)['cause']), /./)
  assert.equal(((told[5] as Entry)['by'] as Entry)['authid'], 'joe')
})

test('it is off unless it is configured, and its file must be one that can be written', async (context) => {
  const { root, stop } = await openNode(context, { 'crosspoint.config.json': configOf([{ name: 'user' }]) })
  await stop()
  assert.ok(!existsSync(join(root, 'audit.jsonl')))
  const config = configOf([{ name: 'user' }], {}, { audit: { path: 'no-folder/audit.jsonl' } })
  await assert.rejects(openNode(context, { 'crosspoint.config.json': config }), {
    code: 'ERR_CONFIG',
    message: /Cannot write the audit log .*no-folder\/audit\.jsonl: ENOENT/,
  })
})

test('its defaults', async (context) => {
  const root = folder(context, { 'a.json': configOf([{ name: 'user' }], {}, { audit: { path: './log/a', keep: 0 } }) })
  const { audit } = await loadConfig(join(root, 'a.json'), {})
  assert.deepEqual({ ...audit }, { path: join(root, 'log/a'), maxBytes: 10_485_760, keep: 0 })
})

test('a full file is renamed, the oldest goes, and no line is torn', async (context) => {
  const path = join(folder(context), 'a.jsonl')
  const file = new RotatingFile({ path, maxBytes: 25, keep: 2 })
  for (let number = 0; number < 9; number++) await file.append(`${JSON.stringify({ number })}\n`) // 13 bytes each
  await file.close()
  const numbers = (name: string) => entriesOf(name).map(({ number }) => number)
  assert.deepEqual([path, `${path}.1`, `${path}.2`].map(numbers), [[8], [7], [6]])
  assert.ok(!existsSync(`${path}.3`))
  const single = new RotatingFile({ path, maxBytes: 25, keep: 0 })
  await single.append('{"number":9}\n')
  await single.close()
  assert.deepEqual(numbers(path), [9])
})

test('a file that is there is appended to, and closed to others', async (context) => {
  const path = join(folder(context), 'a.jsonl')
  writeFileSync(path, '{"number":1}\n', { mode: 0o644 })
  const audit = await AuditLog.open({ path, maxBytes: 1000, keep: 1 }, recorder())
  audit.write({ event: 'login', authid: 'x'.repeat(1000), text: 'a\nb' })
  await audit.close()
  audit.write({ event: 'login' })
  assert.equal(statSync(path).mode & 0o777, 0o640)
  const [first, second, ...others] = entriesOf(path)
  assert.deepEqual(first, { number: 1 })
  assert.equal(String(second!['authid']).length, 300)
  assert.deepEqual(others, [])
})

/** A sink that fails as long as it is told to. */
function fragile(): AuditSink & { isFull: boolean; text: string; calls: number; onCall: () => void } {
  return {
    isFull: false,
    text: '',
    calls: 0,
    onCall: () => {},
    async append(lines) {
      this.calls++
      this.onCall()
      await Promise.resolve()
      if (this.isFull) throw new Error('ENOSPC: no space left on device')
      this.text += lines
    },
    async close() {},
  }
}

test('what a full disk does not take waits, up to a bound, then is counted; the log tells when that begins and ends', async () => {
  const sink = fragile()
  const log = recorder()
  const audit = new AuditLog(sink, 'audit.jsonl', log, () => 0, 1)
  sink.isFull = true
  const entry = { event: 'login', authid: 'x'.repeat(250) } as const
  const size = JSON.stringify({ time: '1970-01-01T00:00:00.000Z', ...entry }).length + 1
  const room = Math.floor(1_048_576 / size)
  for (let index = 0; index < room + 7; index++) audit.write(entry)
  const taken = Promise.withResolvers<void>()
  sink.onCall = () => {
    if (sink.calls < 3) return
    sink.isFull = false
    taken.resolve()
  }
  await taken.promise
  await audit.close()
  const lines = sink.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Entry)
  assert.equal(lines.filter(({ event }) => event === 'login').length, room)
  assert.deepEqual(lines.at(-1), { time: '1970-01-01T00:00:00.000Z', event: 'lost', count: 7 })
  assert.deepEqual(log.lines, [
    'error the audit log audit.jsonl cannot be written: ENOSPC: no space left on device; entries wait, and then are only counted',
    'info the audit log audit.jsonl can be written again; entries that are lost: 7',
  ])
})

test('stopping does not wait for a disk that stays full', async () => {
  const sink = fragile()
  const log = recorder()
  const audit = new AuditLog(sink, 'audit.jsonl', log)
  sink.isFull = true
  audit.write({ event: 'login' })
  audit.write({ event: 'left' })
  await audit.close()
  assert.match(log.lines.at(-1)!, /^error the audit log audit\.jsonl ends without its last entries: 2$/)
})
