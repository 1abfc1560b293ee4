import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { drawScramNonce, SCRAM_COST_PBKDF2, type ScramChannel, type ScramCost, type ScramKeys } from '../../src/auth/scram.ts'
import { answerScram, isScramVerifier, readScramChallenge, scramClientKeys, scramHelloExtra } from '../../src/auth/scram-client.ts'
import {
  checkScramProof,
  makeScramCredentials,
  mockScramCredentials,
  readScramCredentials,
  readScramHello,
  type ScramChallenge,
  type ScramCredentials,
  scramChallenge,
  scramCredentialsDict,
} from '../../src/auth/scram-server.ts'
import type { Crypto } from '../../src/crypto.ts'
import { UsageError } from '../../src/index.ts'
import { answerOf, crypto, NO_TEXTS, overloaded } from './support.ts'

const CHEAP: ScramCost = { kdf: 'pbkdf2', iterations: 4096, memory: null }
const ARGON2: ScramCost = { kdf: 'argon2id13', iterations: 4, memory: 4096 }
const CHANNEL: ScramChannel = { type: 'tls-server-end-point', data: crypto.randomBytes(32) }
const make = (password: string, cost = CHEAP, door: Crypto = crypto): Promise<ScramCredentials | undefined> =>
  answerOf((done) => makeScramCredentials(door, password, cost, done))
const credentials = (await make('pencil'))!

/** What the client holds after CHALLENGE, and what the server does. */
interface Meeting {
  readonly clientNonce: string
  readonly challenge: ScramChallenge
}
function meet(stored = credentials): Meeting {
  const clientNonce = drawScramNonce(crypto)
  return { clientNonce, challenge: scramChallenge(crypto, stored, clientNonce) }
}

async function keysFor(password: string, { clientNonce, challenge }: Meeting): Promise<ScramKeys> {
  const task = readScramChallenge({ ...challenge }, clientNonce)
  assert.ok(!('fault' in task))
  return (await answerOf<ScramKeys | undefined>((done) => scramClientKeys(crypto, password, task, done)))!
}

function answer({ clientNonce, challenge }: Meeting, keys: ScramKeys, channel?: ScramChannel): ReturnType<typeof answerScram> {
  const task = readScramChallenge({ ...challenge }, clientNonce)
  assert.ok(!('fault' in task))
  return answerScram(crypto, { authid: 'peter', clientNonce, channel }, keys, task)
}

function check(
  { clientNonce, challenge }: Meeting,
  { signature, extra }: { readonly signature: unknown; readonly extra: { readonly [key: string]: unknown } },
  { stored = credentials, channel, authid = 'peter' }: { stored?: ScramCredentials; channel?: ScramChannel; authid?: string } = {},
): ReturnType<typeof checkScramProof> {
  return checkScramProof(crypto, stored, { authid, clientNonce, ...challenge, channel }, signature, extra)
}

for (const cost of [CHEAP, ARGON2]) {
  test(`${cost.kdf}: the right password proves itself and the server proves itself, a wrong one does not`, async () => {
    const stored = (await make('pencil', cost))!
    const meeting = meet(stored)
    const right = answer(meeting, await keysFor('pencil', meeting), CHANNEL)
    const result = check(meeting, right, { stored, channel: CHANNEL })
    assert.ok('verifier' in result)
    assert.ok(isScramVerifier(crypto, right.expected, result))
    const wrong = answer(meeting, await keysFor('pencils', meeting), CHANNEL)
    assert.deepEqual(check(meeting, wrong, { stored, channel: CHANNEL }), { error: 'invalid-proof' })
    assert.equal(isScramVerifier(crypto, wrong.expected, result), false)
  })
}

test('a proof of another exchange, user or server is refused', async () => {
  const [meeting, other] = [meet(), meet()]
  const right = answer(meeting, await keysFor('pencil', meeting))
  assert.ok('verifier' in check(meeting, right))
  assert.deepEqual(check(other, right), { error: 'other-error' }, 'its nonce is another')
  assert.deepEqual(check(other, { ...right, extra: { ...right.extra, nonce: other.challenge.nonce } }), { error: 'invalid-proof' })
  assert.deepEqual(check(meeting, right, { authid: 'petra' }), { error: 'invalid-proof' })
  assert.deepEqual(check(meeting, right, { stored: (await make('pencil'))! }), { error: 'invalid-proof' }, 'its salt is another')
})

test('the channel must be the server’s own, of the type that HELLO asked for', async () => {
  const meeting = meet()
  const keys = await keysFor('pencil', meeting)
  const [bound, unbound] = [answer(meeting, keys, CHANNEL), answer(meeting, keys)]
  const dont = { error: 'channel-bindings-dont-match' }
  assert.ok('verifier' in check(meeting, bound, { channel: CHANNEL }))
  assert.deepEqual(check(meeting, bound), dont)
  assert.deepEqual(check(meeting, unbound, { channel: CHANNEL }), dont)
  assert.deepEqual(check(meeting, bound, { channel: { ...CHANNEL, type: 'tls-unique' } }), dont)
  const otherData = { ...CHANNEL, data: crypto.randomBytes(32) }
  assert.deepEqual(check(meeting, bound, { channel: otherData }), dont, 'somebody in between has another')
  const lying = { ...bound, extra: { ...bound.extra, cbind_data: Buffer.from(otherData.data).toString('base64') } }
  assert.deepEqual(check(meeting, lying, { channel: otherData }), { error: 'invalid-proof' })
  const silent = { signature: unbound.signature, extra: { nonce: meeting.challenge.nonce } }
  assert.ok('verifier' in check(meeting, silent), 'absent is null')
})

test('a proof of which one byte is changed is invalid (property)', async () => {
  const meeting = meet()
  const { signature, extra } = answer(meeting, await keysFor('pencil', meeting))
  fc.assert(
    fc.property(fc.nat(31), fc.nat(254), (at, by) => {
      const proof = Buffer.from(signature, 'base64')
      proof[at]! ^= by + 1
      assert.deepEqual(check(meeting, { signature: proof.toString('base64'), extra }), { error: 'invalid-proof' })
    }),
  )
})

test('a malformed AUTHENTICATE is refused, whatever is in it', async () => {
  const meeting = meet()
  const { signature, extra } = answer(meeting, await keysFor('pencil', meeting))
  for (const wrong of [...NO_TEXTS, '', signature.slice(1), `${signature} `, signature.slice(0, 40), signature.repeat(2)]) {
    assert.deepEqual(check(meeting, { signature: wrong, extra }), { error: 'invalid-encoding' }, String(wrong))
  }
  for (const nonce of [...NO_TEXTS, '', meeting.clientNonce])
    assert.deepEqual(check(meeting, { signature, extra: { nonce } }), { error: 'other-error' })
  for (const wrong of [0, '', false, {}, 'n', 'tls-unique']) {
    const error = { error: 'channel-bindings-dont-match' }
    assert.deepEqual(check(meeting, { signature, extra: { ...extra, channel_binding: wrong } }), error)
    assert.deepEqual(check(meeting, { signature, extra: { ...extra, cbind_data: wrong } }), error)
  }
})

test('the client aborts unless the nonce goes on from its own, and the salt is Base64 of at least 8 bytes', () => {
  const { clientNonce, challenge } = meet()
  const faults = (extra: { readonly [key: string]: unknown }, text: RegExp): void => {
    const task = readScramChallenge(extra, clientNonce)
    assert.ok('fault' in task)
    assert.match(task.fault, text)
  }
  assert.ok(!('fault' in readScramChallenge({ ...challenge }, clientNonce)))
  const nonces = [
    ...NO_TEXTS,
    '',
    clientNonce,
    clientNonce.slice(1),
    drawScramNonce(crypto).repeat(2),
    `${clientNonce},r=x`,
    `${clientNonce}\n`,
  ]
  for (const nonce of [...nonces, clientNonce + 'x'.repeat(512)])
    faults({ ...challenge, nonce }, /nonce of HELLO followed by one of the router/)
  for (const salt of [...NO_TEXTS, '', 'c2FsdA==', 'W22ZaJ0SNY7soEsUEjb6gR==', 'x'.repeat(400)])
    faults({ ...challenge, salt }, /salt must be Base64 of 8 to 256 bytes/)
  faults({ ...challenge, kdf: 'scrypt' }, /CHALLENGE.Extra.kdf must be/)
  faults({ ...challenge, iterations: 1 }, /CHALLENGE.Extra.iterations must be/)
})

test('the server reads HELLO; a malformed one is a fault that names the field', () => {
  const authextra = scramHelloExtra('egVDf3DMJh0=', 'tls-unique')
  assert.deepEqual(readScramHello({ authid: 'peter', authextra }), {
    authid: 'peter',
    clientNonce: 'egVDf3DMJh0=',
    channelBinding: 'tls-unique',
  })
  for (const extra of [scramHelloExtra('abc', undefined), { nonce: 'abc' }]) {
    assert.deepEqual(readScramHello({ authid: 'peter', authextra: extra }), {
      authid: 'peter',
      clientNonce: 'abc',
      channelBinding: undefined,
    })
  }
  assert.ok(!('fault' in readScramHello({ authid: 'a\u0378b', authextra })), 'unassigned: it is only looked up')
  const faults = (details: { readonly [key: string]: unknown }, text: RegExp): void => {
    const hello = readScramHello(details)
    assert.ok('fault' in hello)
    assert.match(hello.fault, text)
  }
  for (const authid of NO_TEXTS) faults({ authid, authextra }, /authid must be a string/)
  for (const authid of ['', 'a\u0007', '\u0627a', 'x'.repeat(1025)]) faults({ authid, authextra }, /Cannot use the HELLO.Details.authid/)
  for (const wrong of [...NO_TEXTS, 'nonce', { nonce: '' }, { nonce: 'a,b' }, { nonce: 'x'.repeat(257) }]) {
    faults({ authid: 'peter', authextra: wrong }, /authextra.nonce must be 1 to 256/)
  }
  for (const wrong of [0, '', true, {}, 'tls-exporter']) {
    faults(
      { authid: 'peter', authextra: { nonce: 'abc', channel_binding: wrong } },
      /must be null or one of tls-unique, tls-server-end-point/,
    )
  }
})

test('credentials are kept and read again, with a salt of their own and nothing of the password', async () => {
  const dict = scramCredentialsDict(credentials)
  assert.deepEqual(Object.keys(dict), ['kdf', 'iterations', 'memory', 'salt', 'stored-key', 'server-key'])
  assert.deepEqual(readScramCredentials(JSON.parse(JSON.stringify(dict))), {
    ...credentials,
    storedKey: Uint8Array.from(credentials.storedKey),
    serverKey: Uint8Array.from(credentials.serverKey),
  })
  const base64 = Buffer.from(credentials.storedKey).toString('base64')
  assert.ok(!('fault' in readScramCredentials({ ...dict, 'stored-key': base64 })))
  const again = (await make('pencil'))!
  assert.notEqual(again.salt, credentials.salt)
  assert.notDeepEqual(again.storedKey, credentials.storedKey)
  const faults = (change: { readonly [key: string]: unknown }, text: RegExp): void => {
    const read = readScramCredentials({ ...dict, ...change })
    assert.ok('fault' in read)
    assert.match(read.fault, text)
  }
  faults({ kdf: 'argon2id-13' }, /kdf must be/)
  for (const wrong of [...NO_TEXTS, '', 'salt']) faults({ salt: wrong }, /salt must be Base64/)
  for (const wrong of [...NO_TEXTS, '', 'ff', base64.slice(1)]) {
    faults({ 'stored-key': wrong }, /stored-key and server-key must be 32 bytes/)
    faults({ 'server-key': wrong }, /stored-key and server-key must be 32 bytes/)
  }
})

test('a user that does not exist has stable credentials of the usual form, which nobody can prove', async () => {
  const secret = crypto.randomBytes(32)
  const mock = mockScramCredentials(crypto, secret, 'nobody', CHEAP)
  assert.deepEqual(mockScramCredentials(crypto, secret, 'nobody', CHEAP), mock)
  assert.equal(mock.salt.length, credentials.salt.length)
  const others = [
    mockScramCredentials(crypto, secret, 'no one', CHEAP),
    mockScramCredentials(crypto, crypto.randomBytes(32), 'nobody', CHEAP),
  ]
  for (const other of others) assert.notEqual(other.salt, mock.salt)
  const meeting = meet(mock)
  const keys = await keysFor('pencil', meeting)
  assert.deepEqual(check(meeting, answer(meeting, keys), { stored: mock }), { error: 'invalid-proof' })
})

test('costs beyond the limits are not stored, and a platform that cannot derive now says so', async () => {
  for (const cost of [
    { ...CHEAP, iterations: 1000 },
    { ...SCRAM_COST_PBKDF2, iterations: 2 ** 31 },
    { ...ARGON2, memory: null },
  ]) {
    const refused = (error: unknown): boolean => error instanceof UsageError && /Cannot make SCRAM credentials: /.test(error.message)
    assert.throws(() => makeScramCredentials(crypto, 'pencil', cost, () => {}), refused)
  }
  for (const cost of [CHEAP, ARGON2]) assert.equal(await make('pencil', cost, overloaded(crypto)), undefined)
  const meeting = meet()
  const task = readScramChallenge({ ...meeting.challenge }, meeting.clientNonce)
  assert.ok(!('fault' in task))
  assert.equal(await answerOf((done) => scramClientKeys(overloaded(crypto), 'pencil', task, done)), undefined)
})
