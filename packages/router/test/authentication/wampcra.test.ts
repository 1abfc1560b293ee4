import assert from 'node:assert/strict'
import { pbkdf2Sync } from 'node:crypto'
import { test } from 'node:test'
import type { Dict } from '@crosspoint/protocol'
import {
  type Crypto,
  makeWampcraCredentials,
  mockBytes,
  readWampcraChallenge,
  signWampcra,
  toHex,
  utf8Encode,
  WAMPCRA_ITERATIONS,
  type WampcraCredentials,
  type WampcraTask,
  wampcraKey,
} from '@crosspoint/protocol/internal'
import { VirtualClock } from '@crosspoint/testing'
import { type LoginPrincipal, type PrincipalSource, staticPrincipals, wampcra } from '../../src/index.ts'
import type { TestClient } from '../support.ts'
import {
  AUTHENTICATE,
  abortOf,
  answerOf,
  challengeOf,
  crypto,
  DENIED,
  FAILED,
  LoginWorld,
  MOCK_SECRET,
  only,
  welcomeOf,
  whoOf,
} from './support.ts'

const SALTED = { secret: '64xfzBvZhGDT7PB0bQwDeI8/WR1M9x6Cw5dt0yP9koc=', salt: 'salt123', iterations: 1000, keylen: 32 } // AUTH-29

function world(source: PrincipalSource | { readonly [authid: string]: LoginPrincipal }, door: Crypto = crypto): LoginWorld {
  const principals =
    typeof source['find'] === 'function' ? (source as PrincipalSource) : staticPrincipals(source as { [authid: string]: LoginPrincipal })
  return new LoginWorld({ authenticators: [wampcra(door, principals, { mockSecret: MOCK_SECRET, clock: new VirtualClock() })] })
}
const offer = (w: LoginWorld, authid: string): TestClient => w.hello({ authmethods: ['wampcra'], authid })
const sign = (secret: string, extra: Dict): string => signWampcra(crypto, utf8Encode(secret), extra['challenge'] as string)

test('AUTH-20 HELLO without an authid is refused before any challenge', () => {
  const w = world({ joe: { secret: 's3cret' } })
  abortOf(w.hello({ authmethods: ['wampcra'] }), FAILED)
  abortOf(offer(w, ''), FAILED)
})

test('AUTH-21 the challenge has the seven members, with the session id that WELCOME carries', () => {
  const w = world({ joe: { secret: 's3cret', role: 'user' } })
  const client = offer(w, 'joe')
  const extra = challengeOf(client, 'wampcra')
  const { nonce, session, timestamp, ...rest } = JSON.parse(extra['challenge'] as string)
  assert.deepEqual(rest, { authid: 'joe', authrole: 'user', authmethod: 'wampcra', authprovider: 'static' })
  assert.equal(Buffer.from(nonce, 'base64').length, 24)
  assert.equal(timestamp, '2023-11-14T22:13:20.000Z', 'the router’s time, in UTC')
  client.send(AUTHENTICATE, sign('s3cret', extra), {})
  const welcome = welcomeOf(client)
  assert.equal(welcome['session'], session)
  assert.deepEqual(whoOf(welcome), { realm: 'realm1', authid: 'joe', authrole: 'user', authmethod: 'wampcra', authprovider: 'static' })
})

test('AUTH-22 a signature with another key, over another text, or malformed is denied', () => {
  const w = world({ joe: { secret: 's3cret' } })
  const wrong: ((extra: Dict) => string)[] = [
    (extra) => sign('S3cret', extra),
    (extra) => sign('s3cret', { challenge: `${extra['challenge']} ` }),
    (extra) => sign('s3cret', extra).slice(0, -1),
    (extra) => `${sign('s3cret', extra)}\n`,
    () => '',
    () => 'x'.repeat(100_000),
  ]
  for (const make of wrong) {
    const client = offer(w, 'joe')
    client.send(AUTHENTICATE, make(challengeOf(client, 'wampcra')), {})
    assert.deepEqual(abortOf(client, DENIED), { message: 'The credentials are not right' })
    assert.equal(w.refused.at(-1)!.cause, 'wrong signature of "joe"')
  }
})

test('AUTH-23 AUTH-24 AUTH-29 a salted principal is sent its salting, and signs with the derived key', async () => {
  const w = world({ peter: { ...SALTED, role: 'user' } })
  const client = offer(w, 'peter')
  const extra = challengeOf(client, 'wampcra')
  const { challenge: _text, ...salting } = extra
  assert.deepEqual(salting, { salt: 'salt123', iterations: 1000, keylen: 32 })
  const task = readWampcraChallenge(extra) as WampcraTask
  const key = await answerOf<Uint8Array | undefined>((done) => wampcraKey(crypto, 'secret1', task.salting, done))
  client.send(AUTHENTICATE, signWampcra(crypto, key!, task.challenge), {})
  assert.equal(welcomeOf(client)['authid'], 'peter')
})

test('AUTH-25 a salt alone stands for 1000 iterations and 32 bytes', () => {
  const w = world({ peter: { secret: SALTED.secret, salt: 'salt123' } })
  const { salt, iterations, keylen } = challengeOf(offer(w, 'peter'), 'wampcra')
  assert.deepEqual({ salt, iterations, keylen }, { salt: 'salt123', iterations: 1000, keylen: 32 })
})

test('AUTH-24 credentials that `makeWampcraCredentials` makes log in', async () => {
  const credentials = await answerOf<WampcraCredentials | undefined>((done) => makeWampcraCredentials(crypto, 'grün', 1000, done))
  const client = offer(world({ joe: { ...credentials! } }), 'joe')
  const task = readWampcraChallenge(challengeOf(client, 'wampcra')) as WampcraTask
  const key = await answerOf<Uint8Array | undefined>((done) => wampcraKey(crypto, 'grün', task.salting, done))
  client.send(AUTHENTICATE, signWampcra(crypto, key!, task.challenge), {})
  assert.equal(welcomeOf(client)['authid'], 'joe')
})

test('a salted principal with the password in place of the key logs in, too, as newer Crossbar.io has them', () => {
  let derived = 0
  const pbkdf2Sha256: Crypto['pbkdf2Sha256'] = (password, salt, iterations, length, done) => {
    derived++
    done(pbkdf2Sync(password, salt, iterations, length, 'sha256'))
  }
  const w = world({ peter: { ...SALTED, secret: 'secret1' } }, { ...crypto, pbkdf2Sha256 })
  for (const [authid, secret, isRight] of [
    ['peter', SALTED.secret, true],
    ['peter', 'secret1', false],
    ['nobody', SALTED.secret, false],
  ] as const) {
    const before = derived
    const client = offer(w, authid)
    client.send(AUTHENTICATE, sign(secret, challengeOf(client, 'wampcra')), {})
    if (isRight) welcomeOf(client)
    else abortOf(client, DENIED)
    assert.equal(derived - before, 1, 'the same work for those who do not exist')
  }
})

test('AUTH-26 every challenge is new, and a signature serves once and for its own only', () => {
  const w = world({ joe: { secret: 's3cret' } })
  const [one, other] = [offer(w, 'joe'), offer(w, 'joe')]
  const [first, second] = [challengeOf(one, 'wampcra'), challengeOf(other, 'wampcra')]
  assert.notEqual(first['challenge'], second['challenge'])
  one.send(AUTHENTICATE, sign('s3cret', first), {})
  welcomeOf(one)
  other.send(AUTHENTICATE, sign('s3cret', first), {})
  abortOf(other, DENIED)
  one.send(AUTHENTICATE, sign('s3cret', first), {})
  abortOf(one, 'wamp.error.protocol_violation')
})

test('AUTH-26 an unknown authid is challenged like a known one, with a salt that is always the same, and denied', () => {
  for (const example of [
    { secret: 's3cret', role: 'user' },
    { ...SALTED, iterations: 5000, role: 'user' },
  ]) {
    const w = world({ joe: example })
    const shape = (extra: Dict) => {
      const { challenge, salt, ...rest } = extra
      const { authid: _authid, nonce: _nonce, session: _session, ...said } = JSON.parse(challenge as string)
      return { ...rest, salt: typeof salt, said }
    }
    const nobody = offer(w, 'nobody')
    const extra = challengeOf(nobody, 'wampcra')
    assert.deepEqual(shape(extra), shape(challengeOf(offer(w, 'joe'), 'wampcra')))
    assert.equal(JSON.parse(extra['challenge'] as string).authid, 'nobody')
    assert.equal(challengeOf(offer(w, 'nobody'), 'wampcra')['salt'], extra['salt'])
    if (extra['salt'] !== undefined) assert.notEqual(challengeOf(offer(w, 'somebody'), 'wampcra')['salt'], extra['salt'])
    nobody.send(AUTHENTICATE, sign('s3cret', extra), {})
    assert.deepEqual(abortOf(nobody, DENIED), { message: 'The credentials are not right' }, 'as for a wrong signature')
    assert.equal(w.refused.at(-1)!.cause, 'no principal "nobody"')
  }
})

test('AUTH-26 not even the key that stands for an unknown authid lets it in', () => {
  const client = offer(world({ joe: { secret: 's3cret' } }), 'nobody')
  const extra = challengeOf(client, 'wampcra')
  client.send(AUTHENTICATE, sign(toHex(mockBytes(crypto, MOCK_SECRET, 'wampcra key', 'nobody')), extra), {})
  abortOf(client, DENIED)
})

test('AUTH-26 without an example an unknown authid looks like a principal whose credentials were made here', () => {
  const extra = challengeOf(offer(world(staticPrincipals({}, 'sql')), 'nobody'), 'wampcra')
  assert.deepEqual([extra['iterations'], extra['keylen'], (extra['salt'] as string).length], [WAMPCRA_ITERATIONS, 32, 24])
  assert.equal(JSON.parse(extra['challenge'] as string).authprovider, 'sql')
})

test('AUTH-28 the challenge is all that a third party needs to sign', () => {
  const client = offer(world({ joe: { secret: 's3cret' } }), 'joe')
  const { challenge } = challengeOf(client, 'wampcra')
  const elsewhere = (text: string): string => signWampcra(crypto, utf8Encode('s3cret'), text)
  client.send(AUTHENTICATE, elsewhere(challenge as string), { any: 'extra' })
  assert.equal(welcomeOf(client)['authid'], 'joe')
})

test('AUTH-20 the principal is looked up at HELLO, once, and its answer may come later', () => {
  const asked: unknown[] = []
  let answer: (principal: LoginPrincipal | undefined) => void = () => {}
  const source: PrincipalSource = {
    provider: 'dynamic',
    find({ authmethod, authid, request }, done) {
      asked.push([authmethod, authid, request.realm])
      answer = done
    },
  }
  const client = offer(world(source), 'joe')
  assert.deepEqual(client.take(), [])
  answer({ secret: 's3cret', role: 'user', realm: 'realm2', authid: 'joseph', extra: { a: 1 } })
  const extra = challengeOf(client, 'wampcra')
  assert.equal(JSON.parse(extra['challenge'] as string).authid, 'joseph')
  client.send(AUTHENTICATE, sign('s3cret', extra), {})
  const welcome = welcomeOf(client)
  const who = { realm: 'realm2', authid: 'joseph', authrole: 'user', authmethod: 'wampcra', authprovider: 'dynamic' }
  assert.deepEqual([whoOf(welcome), welcome['authextra']], [who, { a: 1 }])
  assert.deepEqual(asked, [['wampcra', 'joe', 'realm1']])
})

test('AUTH-06 a lookup that fails, and credentials that cannot be used, are failures that tell nothing', () => {
  const principals: [principal: LoginPrincipal, cause: RegExp][] = [
    [{}, /secret of the principal must be a string/],
    [{ secret: '' }, /secret of the principal must be a string/],
    [{ secret: 7 }, /secret of the principal must be a string/],
    [{ secret: 'hidden', salt: '' }, /salt must be a string of 1/],
    [{ secret: 'hidden', salt: 'salt', iterations: 0 }, /iterations must be a whole number/],
    [{ secret: 'hidden', role: 7 as never }, /role of the principal/],
  ]
  for (const [principal, cause] of principals) {
    const w = world({ joe: principal })
    assert.deepEqual(abortOf(offer(w, 'joe'), FAILED), { message: 'The login could not be checked; try again later' })
    assert.match(w.refused[0]!.cause, cause)
    assert.doesNotMatch(w.refused[0]!.cause, /hidden/)
  }
  const broken = world({ provider: 'sql', find: (_query, done) => done({ failure: 'the table is gone' }) })
  assert.deepEqual(only(offer(broken, 'joe')).slice(2), [FAILED])
  assert.equal(broken.refused[0]!.cause, 'the table is gone')
})
