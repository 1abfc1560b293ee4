import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Crypto, makeTicketHash } from '@crosspoint/protocol/internal'
import { type LoginPrincipal, type PrincipalSource, staticPrincipals, ticket } from '../../src/index.ts'
import type { TestClient } from '../support.ts'
import { AUTHENTICATE, abortOf, answerOf, challengeOf, crypto, DENIED, FAILED, LoginWorld, welcomeOf, whoOf } from './support.ts'

/** Argon2id takes its time in another thread; here it answers at once, and counts. */
function quick(): { door: Crypto; hashes: () => number; refuse: () => void } {
  let hashes = 0
  let isFull = false
  const argon2id: Crypto['argon2id'] = (password, salt, { length }, done) => {
    hashes++
    done(isFull ? undefined : crypto.hmacSha256(salt, password).subarray(0, length))
  }
  const refuse = (): void => {
    isFull = true
  }
  return { door: { ...crypto, argon2id }, hashes: () => hashes, refuse }
}

const worldOf = (source: PrincipalSource, door: Crypto = crypto): LoginWorld => new LoginWorld({ authenticators: [ticket(door, source)] })
const world = (principals: { readonly [authid: string]: LoginPrincipal }, door?: Crypto): LoginWorld =>
  worldOf(staticPrincipals(principals), door)

function logIn(w: LoginWorld, authid: string, sent: string): TestClient {
  const client = w.hello({ authmethods: ['ticket'], authid })
  assert.deepEqual(challengeOf(client, 'ticket'), {}, 'AUTH-16 the challenge says nothing')
  client.send(AUTHENTICATE, sent, {})
  return client
}

test('AUTH-15 AUTH-16 the right ticket logs in, and a HELLO without authid does not', () => {
  const w = world({ joe: { ticket: 's3cret ✓', role: 'user' } })
  const who = { realm: 'realm1', authid: 'joe', authrole: 'user', authmethod: 'ticket', authprovider: 'static' }
  assert.deepEqual(whoOf(welcomeOf(logIn(w, 'joe', 's3cret ✓'))), who)
  abortOf(w.hello({ authmethods: ['ticket'] }), FAILED)
})

test('AUTH-16 AUTH-06 a wrong ticket and an unknown principal are denied alike', () => {
  const w = world({ joe: { ticket: 's3cret' }, constructor: { ticket: 'x' } })
  const told = [
    logIn(w, 'joe', 'S3cret'),
    logIn(w, 'joe', ''),
    logIn(w, 'nobody', 's3cret'),
    logIn(w, '__proto__', ''),
    logIn(w, 'toString', ''),
  ]
  for (const client of told) assert.deepEqual(abortOf(client, DENIED), { message: 'The credentials are not right' })
  assert.deepEqual(
    w.refused.slice(0, 3).map(({ cause }) => cause),
    ['wrong ticket of "joe"', 'wrong ticket of "joe"', 'no principal "nobody"'],
  )
})

test('AUTH-16 a ticket of any length up to the limit is compared, a longer one is refused unseen', () => {
  const long = 'x'.repeat(16_384)
  const w = world({ joe: { ticket: long } })
  welcomeOf(logIn(w, 'joe', long))
  abortOf(logIn(w, 'joe', `${long}x`), FAILED)
})

test('AUTH-16 a ticket may be kept as its hash; an unknown principal costs a hash, too', async () => {
  const { door, hashes, refuse } = quick()
  const text = await answerOf<string | undefined>((done) => makeTicketHash(door, 's3cret', done))
  const w = world({ joe: { 'ticket-hash': text, role: 'user' } }, door)
  assert.equal(hashes(), 1)
  welcomeOf(logIn(w, 'joe', 's3cret'))
  abortOf(logIn(w, 'joe', 'wrong'), DENIED)
  abortOf(logIn(w, 'nobody', 's3cret'), DENIED)
  assert.equal(hashes(), 4)
  const empty = world({}, door)
  abortOf(logIn(empty, 'nobody', 's3cret'), DENIED)
  assert.equal(hashes(), 5, 'as new principals cost')
  refuse()
  abortOf(logIn(w, 'joe', 's3cret'), FAILED)
  assert.equal(w.refused.at(-1)!.cause, 'too many hashes are being computed')
})

test('AUTH-16 with the real Argon2id, whose answer comes later', async () => {
  const text = await answerOf<string | undefined>((done) => makeTicketHash(crypto, 's3cret', done))
  const client = logIn(world({ joe: { 'ticket-hash': text } }), 'joe', 's3cret')
  assert.deepEqual(client.take(), [])
  const list = await new Promise<unknown[]>((resolve) => {
    client.onList = resolve
  })
  assert.equal(list[0], 2)
})

test('AUTH-12 AUTH-16 a source may check the ticket itself', () => {
  const w = worldOf({
    provider: 'dynamic',
    checksTickets: true,
    find: ({ ticket: sent }, done) => done(sent === 'right' ? { role: 'user', authid: 'joseph' } : undefined),
  })
  assert.equal(welcomeOf(logIn(w, 'joe', 'right'))['authid'], 'joseph')
  abortOf(logIn(w, 'joe', 'wrong'), DENIED)
})

test('AUTH-06 AUTH-12 a lookup that fails is a failure; one that refuses by itself says how, and counts', () => {
  const broken = worldOf({ provider: 'sql', find: (_query, done) => done({ failure: 'the table is gone' }) })
  assert.deepEqual(abortOf(logIn(broken, 'joe', 'x'), FAILED), { message: 'The login could not be checked; try again later' })
  assert.equal(broken.refused[0]!.cause, 'the table is gone')
  const reason = 'com.example.error.expired'
  const refusing = worldOf({
    provider: 'dynamic',
    find: (_query, done) => done({ failure: 'expired on Monday', reason, message: 'Expired' }),
  })
  assert.deepEqual(abortOf(logIn(refusing, 'joe', 'x'), reason), { message: 'Expired' })
  assert.equal(refusing.refused[0]!.cause, 'expired on Monday')
})

test('AUTH-06 credentials that cannot be used are failures, and are not shown', () => {
  for (const principal of [
    {},
    { ticket: '' },
    { ticket: 7 },
    { 'ticket-hash': 'hidden' },
    { ticket: 'hidden', role: '' },
    { ticket: 'hidden', extra: 'no' as never },
  ]) {
    const w = world({ joe: principal })
    abortOf(logIn(w, 'joe', 'hidden'), FAILED)
    assert.doesNotMatch(w.refused[0]!.cause, /hidden/)
  }
})

test('AUTH-05 AUTH-06 an extra and an authid that some client could not be told are failures, and only the operator learns why', () => {
  const loop: Record<string, unknown> = {}
  loop['loop'] = loop
  const unwritable: readonly (readonly [LoginPrincipal, RegExp])[] = [
    [{ extra: { team: 'red \ud83d' } }, /WELCOME could not tell .* at authextra\.team: a string with half a surrogate pair/],
    [{ extra: { '\udc00': 1 } }, /half a surrogate pair/],
    [{ extra: { since: 2n ** 64n } }, /authextra\.since: the integer 18446744073709551616/],
    [{ extra: { on: () => 'hidden' } }, /function on cannot be sent/],
    [{ extra: { score: Number.NaN } }, /NaN has no form in JSON/],
    [{ extra: { text: '\0AA' } }, /begins with U\+0000/],
    [{ extra: loop }, /deeper than 128 levels/],
    [{ authid: 'joe\ud83d' }, /half a surrogate pair/],
  ]
  for (const [principal, cause] of unwritable) {
    const w = world({ joe: { ticket: 'hidden', role: 'user', ...principal } })
    assert.deepEqual(abortOf(logIn(w, 'joe', 'hidden'), FAILED), { message: 'The login could not be checked; try again later' })
    assert.match(w.refused[0]!.cause, cause)
    assert.ok(w.refused[0]!.cause.length < 400, w.refused[0]!.cause)
  }
  const extra = { team: 'red \u{1f600}', since: 2n ** 63n, key: new Uint8Array([1]), at: new Date(0), nothing: undefined }
  const w = world({ joe: { ticket: 'hidden', role: 'user', extra } })
  const [type, , details] = logIn(w, 'joe', 'hidden').take()[0]!
  assert.deepEqual([type, (details as { readonly authextra: unknown }).authextra], [2, extra])
})
