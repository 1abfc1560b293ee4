import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { mockBytes } from '../../src/auth/mock.ts'
import {
  isWampcraSignature,
  makeWampcraCredentials,
  mockWampcraSalting,
  readWampcraChallenge,
  readWampcraSalting,
  signWampcra,
  WAMPCRA_LIMITS,
  type WampcraCredentials,
  type WampcraSalting,
  wampcraChallenge,
  wampcraKey,
} from '../../src/auth/wampcra.ts'
import { UsageError } from '../../src/index.ts'
import { answerOf, crypto, NO_TEXTS, overloaded } from './support.ts'

const PARTS = { authid: 'peter', authrole: 'user', authprovider: 'userdb', session: 3251278072152162, nowMs: 1403454985448 }
const SPEC_CHALLENGE =
  '{"nonce": "LHRTC9zeOIrt_9U3", "authprovider": "userdb", "authid": "peter", "timestamp": "2014-06-22T16:36:25.448Z", ' +
  '"authrole": "user", "authmethod": "wampcra", "session": 3251278072152162}'

const keyOf = (secret: string, salting?: WampcraSalting): Promise<Uint8Array | undefined> =>
  answerOf((done) => wampcraKey(crypto, secret, salting, done))
const textOf = (key: Uint8Array | undefined): string => Buffer.from(key!).toString()

test('AUTH-29 the specification’s challenge signed with the salted and with the plain secret', async () => {
  const key = await keyOf('secret1', { salt: 'salt123', iterations: 1000, keylen: 32 })
  assert.equal(textOf(key), '64xfzBvZhGDT7PB0bQwDeI8/WR1M9x6Cw5dt0yP9koc=')
  assert.equal(signWampcra(crypto, key!, SPEC_CHALLENGE), 'gir1mSx+deCDUV7wRM5SGIn/+R/ClqLZuH4m7FJeBVI=')
  const plain = await keyOf('secret1')
  assert.equal(signWampcra(crypto, plain!, SPEC_CHALLENGE), 'vb/MUq65p6Xs4P09HfsDI4VmI8HWO3whf0vNe4IdogQ=')
})

test('AUTH-30 the vectors of Autobahn|Python', async () => {
  const key = await keyOf('L3L1YUE8Txlw', { salt: 'salt123', iterations: 1000, keylen: 32 })
  assert.equal(textOf(key), 'qzcdsr9uu/L5hnss3kjNTRe490ETgA70ZBaB5rvnJ5Y=')
  const plain = await keyOf('L3L1YUE8Txlw')
  assert.equal(signWampcra(crypto, plain!, '[1, 2, 3]'), '1njQtmmeYO41N5EWEzD2kAjjEKRZ5kPZt/TzpYXOzR0=')
})

test('a challenge is JSON with seven members, and the id that WELCOME will carry', () => {
  const { nonce, ...rest } = JSON.parse(wampcraChallenge(crypto, PARTS)) as { nonce: string }
  assert.deepEqual(rest, {
    authid: 'peter',
    authrole: 'user',
    authmethod: 'wampcra',
    authprovider: 'userdb',
    timestamp: '2014-06-22T16:36:25.448Z',
    session: 3251278072152162,
  })
  assert.equal(Buffer.from(nonce, 'base64').length, 24)
})

test('two challenges for the same user and time differ, so that no signature serves twice', () => {
  const [one, other] = [wampcraChallenge(crypto, PARTS), wampcraChallenge(crypto, PARTS)]
  const key = Buffer.from('secret')
  assert.notEqual(one, other)
  assert.ok(isWampcraSignature(crypto, key, one, signWampcra(crypto, key, one)))
  assert.equal(isWampcraSignature(crypto, key, other, signWampcra(crypto, key, one)), false)
})

test('an unknown user has a stable salt, which depends on the name and on the router’s secret', () => {
  const secret = crypto.randomBytes(32)
  const salting = mockWampcraSalting(crypto, secret, 'nobody', 1000)
  assert.deepEqual(mockWampcraSalting(crypto, secret, 'nobody', 1000), salting)
  assert.notEqual(mockWampcraSalting(crypto, secret, 'nobody else', 1000).salt, salting.salt)
  assert.notEqual(mockWampcraSalting(crypto, crypto.randomBytes(32), 'nobody', 1000).salt, salting.salt)
  assert.equal(salting.salt.length, 24, 'as long as a real one')
  assert.notDeepEqual(mockBytes(crypto, secret, 'a', 'b'), mockBytes(crypto, secret, 'b', 'a'))
})

test('a signature fits its key and its challenge alone (property)', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 80 }),
      fc.string({ unit: 'binary' }),
      fc.nat(43),
      fc.nat(254),
      (key, text, at, by) => {
        const signature = signWampcra(crypto, key, text)
        assert.ok(isWampcraSignature(crypto, key, text, signature))
        assert.equal(isWampcraSignature(crypto, key, `${text}x`, signature), false)
        const otherKey = key.slice()
        otherKey[at % key.length]! ^= by + 1
        assert.equal(isWampcraSignature(crypto, otherKey, text, signature), false)
        const changed = signature.slice(0, at) + String.fromCharCode(signature.charCodeAt(at) ^ (by + 1)) + signature.slice(at + 1)
        assert.equal(isWampcraSignature(crypto, key, text, changed), false)
      },
    ),
    { numRuns: 200 },
  )
})

test('a signature that is none, or another text of the same bytes, is wrong', () => {
  const key = Buffer.from('secret1')
  const right = signWampcra(crypto, key, SPEC_CHALLENGE) // ends with "Q=", of which the last two bits pad
  for (const wrong of [
    ...NO_TEXTS,
    '',
    right.slice(0, -1),
    `${right}=`,
    ` ${right}`,
    right.replace('Q=', 'R='),
    right.replaceAll('/', '_'),
  ]) {
    assert.equal(isWampcraSignature(crypto, key, SPEC_CHALLENGE, wrong), false, String(wrong))
  }
})

test('the client reads salt, iterations and keylen, the latter two with defaults', () => {
  const salting = { salt: 'salt123', iterations: 5000, keylen: 16 }
  assert.deepEqual(readWampcraChallenge({ challenge: 'c', ...salting, more: 1 }), { challenge: 'c', salting })
  assert.deepEqual(readWampcraChallenge({ challenge: 'c', salt: 's' }), {
    challenge: 'c',
    salting: { salt: 's', iterations: 1000, keylen: 32 },
  })
  const without = [{}, { salt: '' }, { salt: null, iterations: 1000, keylen: 32 }]
  for (const extra of without) assert.deepEqual(readWampcraChallenge({ challenge: 'c', ...extra }), { challenge: 'c', salting: undefined })
})

test('a CHALLENGE that is malformed or asks for too much is a fault that names the field', () => {
  const faultIn = (extra: { [key: string]: unknown }): string => {
    const task = readWampcraChallenge(extra)
    assert.ok('fault' in task, Object.values(extra).map(String).join())
    return task.fault
  }
  for (const challenge of [...NO_TEXTS, '', 'x'.repeat(WAMPCRA_LIMITS.challengeChars + 1)])
    assert.match(faultIn({ challenge }), /challenge must be/)
  for (const salt of [0, false, {}, [], 'x'.repeat(1025)]) assert.match(faultIn({ challenge: 'c', salt }), /salt must be/)
  const numbers = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1000', 10n, {}, true]
  for (const iterations of [...numbers, WAMPCRA_LIMITS.iterations + 1]) {
    assert.match(faultIn({ challenge: 'c', salt: 's', iterations }), /iterations must be a whole number from 1 to 5000000/)
  }
  for (const keylen of [...numbers, 65])
    assert.match(faultIn({ challenge: 'c', salt: 's', keylen }), /keylen must be a whole number from 1 to 64/)
})

test('credentials made of a secret let exactly this secret in, and have a salt of their own', async () => {
  const make = (secret: string): Promise<WampcraCredentials | undefined> =>
    answerOf((done) => makeWampcraCredentials(crypto, secret, 1000, done))
  const stored = (await make('päss word'))!
  assert.deepEqual(Object.keys(stored).sort(), ['iterations', 'keylen', 'salt', 'secret'])
  assert.notEqual((await make('päss word'))!.salt, stored.salt)
  const challenge = wampcraChallenge(crypto, PARTS)
  const { secret, ...extra } = stored
  const task = readWampcraChallenge({ challenge, ...extra })
  assert.ok(!('fault' in task))
  for (const [guess, isRight] of [
    ['päss word', true],
    ['päss  word', false],
    ['pass word', false],
  ] as const) {
    const signature = signWampcra(crypto, (await keyOf(guess, task.salting))!, task.challenge)
    assert.equal(isWampcraSignature(crypto, Buffer.from(secret), challenge, signature), isRight, guess)
  }
})

test('an empty secret and iterations out of range are refused, and too much work waiting is said', async () => {
  const refused = (act: () => void, text: RegExp): void =>
    assert.throws(act, (error) => error instanceof UsageError && error.code === 'ERR_INVALID_ARGUMENT' && text.test(error.message))
  refused(() => wampcraKey(crypto, '', undefined, () => {}), /empty secret/)
  refused(() => makeWampcraCredentials(crypto, 'x', 0, () => {}), /iterations must be a whole number from 1 to 5000000, not 0/)
  assert.equal(await answerOf((done) => makeWampcraCredentials(overloaded(crypto), 'x', 1000, done)), undefined)
  const salting = readWampcraSalting({ salt: 's' }) as WampcraSalting
  assert.equal(await answerOf((done) => wampcraKey(overloaded(crypto), 'x', salting, done)), undefined)
})
