import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { toHex } from '../../src/auth/hex.ts'
import {
  drawScramNonce,
  isScramNonce,
  readScramCost,
  SCRAM_COST,
  SCRAM_COST_PBKDF2,
  SCRAM_LIMITS,
  type ScramChannel,
  type ScramCost,
  type ScramExchange,
  type ScramKeys,
  scramAuthMessage,
  scramKeys,
  scramSaltedPassword,
  scramServerSignature,
} from '../../src/auth/scram.ts'
import { answerScram, isScramVerifier, type ScramTask } from '../../src/auth/scram-client.ts'
import { checkScramProof, type ScramCredentials } from '../../src/auth/scram-server.ts'
import { UsageError } from '../../src/index.ts'
import { answerOf, crypto, NO_TEXTS } from './support.ts'

const saltedPassword = (password: string, salt: string, cost: ScramCost): Promise<Uint8Array | undefined> =>
  answerOf((done) => scramSaltedPassword(crypto, password, Buffer.from(salt, 'base64'), cost, 'query', done))
const pbkdf2 = (iterations: number): ScramCost => ({ kdf: 'pbkdf2', iterations, memory: null })

interface Vector {
  readonly clientNonce: string
  readonly nonce: string
  readonly salt: string
  readonly cost: ScramCost
  readonly proof: string
  readonly verifier: string
}

/** Both sides compute what the vector says, and accept each other. */
function proves(keys: ScramKeys, { clientNonce, nonce, salt, cost, proof, verifier }: Vector): void {
  const task: ScramTask = { nonce, salt, saltBytes: Buffer.from(salt, 'base64'), cost }
  const answer = answerScram(crypto, { authid: 'user', clientNonce, channel: undefined }, keys, task)
  assert.equal(answer.signature, proof)
  assert.deepEqual(answer.extra, { nonce, channel_binding: null, cbind_data: null })
  const credentials: ScramCredentials = { ...cost, salt, storedKey: keys.storedKey, serverKey: keys.serverKey }
  const exchange: ScramExchange = { authid: 'user', clientNonce, nonce, salt, iterations: cost.iterations, channel: undefined }
  assert.deepEqual(checkScramProof(crypto, credentials, exchange, answer.signature, answer.extra), { verifier })
  assert.ok(isScramVerifier(crypto, answer.expected, { verifier }))
}

test('AUTH-50 the vector of RFC 7677', async () => {
  const keys = scramKeys(crypto, (await saltedPassword('pencil', 'W22ZaJ0SNY7soEsUEjb6gQ==', pbkdf2(4096)))!)
  proves(keys, {
    clientNonce: 'rOprNGfwEbeRWgbNEkqO',
    nonce: 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
    salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
    cost: pbkdf2(4096),
    proof: 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    verifier: '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  })
})

test('AUTH-51 the same user with Base64 nonces, put together with "=" in the middle', async () => {
  const keys = scramKeys(crypto, (await saltedPassword('pencil', 'W22ZaJ0SNY7soEsUEjb6gQ==', pbkdf2(4096)))!)
  proves(keys, {
    clientNonce: 'egVDf3DMJh0=',
    nonce: 'egVDf3DMJh0=SBmkFIh7sSo=',
    salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
    cost: pbkdf2(4096),
    proof: 'Rf2QqO2Br6q4ACNfzGdEztwbuVqftqnkFnuBpBnm2Nk=',
    verifier: 'kTgOL4qXJeuUo2Ht0ucp65vhZxoKy5H67ddP2vRHI3A=',
  })
})

test('AUTH-52 Argon2id and PBKDF2 of one password, and the proof with the former', async () => {
  const salt = 'MTIzNDU2Nzg5MGFiY2RlZg=='
  const cost: ScramCost = { kdf: 'argon2id13', iterations: 32, memory: 512 }
  const key = (await saltedPassword('p4ssw0rd', salt, cost))!
  assert.equal(toHex(key), 'ee4a8acf9d5958354fb79a95ae20692d05e42591ba49fae85eb6700e8b0ed293')
  const other = (await saltedPassword('p4ssw0rd', salt, pbkdf2(8)))!
  assert.equal(toHex(other), 'f6991a28c75f43751e0d75499fd7b8649f659118ddc1d61cee5883af547d15f5')
  proves(scramKeys(crypto, key), {
    clientNonce: 'egVDf3DMJh0=',
    nonce: 'egVDf3DMJh0=SBmkFIh7sSo=',
    salt,
    cost,
    proof: 'oxn1pyJXjQk1GaxA130Fg1LJS1x4hwM6X2cEBWCvjck=',
    verifier: '63807iSFVsZF77yT4cwJLDQ2zJC/yzTcErO1ryopQ1Y=',
  })
})

test('the AuthMessage with and without channel binding, the authid escaped and prepared', () => {
  const exchange = { authid: 'us=e,r\u00ad', clientNonce: 'a', nonce: 'ab', salt: 'c2FsdA==', iterations: 4096, channel: undefined }
  assert.equal(scramAuthMessage(exchange), 'n=us=3De=2Cr,r=a,r=ab,s=c2FsdA==,i=4096,c=biws,r=ab')
  const channel: ScramChannel = { type: 'tls-unique', data: Uint8Array.of(1, 2, 255) }
  const bound = Buffer.concat([Buffer.from('p=tls-unique,,'), channel.data]).toString('base64')
  assert.equal(scramAuthMessage({ ...exchange, channel }), `n=us=3De=2Cr,r=a,r=ab,s=c2FsdA==,i=4096,c=${bound},r=ab`)
})

test('two exchanges that differ in anything have different AuthMessages (property)', () => {
  const nonce = fc.stringMatching(/^[\x21-\x2b\x2d-\x7e]{1,12}$/)
  const channel = fc.option(
    fc.record({ type: fc.constantFrom('tls-unique' as const, 'tls-server-end-point' as const), data: fc.uint8Array({ maxLength: 36 }) }),
    { nil: undefined },
  )
  const exchange = fc.record({
    authid: fc.stringMatching(/^[a-c=,]{1,6}$/),
    clientNonce: nonce,
    nonce,
    salt: fc.base64String({ minLength: 4, maxLength: 24 }),
    iterations: fc.integer({ min: 1, max: 99 }),
    channel,
  })
  fc.assert(
    fc.property(
      exchange,
      exchange,
      fc.constantFrom('authid', 'clientNonce', 'nonce', 'salt', 'iterations', 'channel'),
      (one, other, field) => {
        const changed = { ...one, [field]: other[field as keyof typeof other] }
        const isSame = JSON.stringify([one[field as keyof typeof one]]) === JSON.stringify([other[field as keyof typeof other]])
        assert.equal(scramAuthMessage(one) === scramAuthMessage(changed), isSame)
      },
    ),
    { numRuns: 1000 },
  )
})

test('nonces are random Base64 of 16 octets; what may stand as one', () => {
  assert.equal(Buffer.from(drawScramNonce(crypto), 'base64').length, 16)
  assert.notEqual(drawScramNonce(crypto), drawScramNonce(crypto))
  for (const nonce of ['a', 'egVDf3DMJh0=SBmkFIh7sSo=', '%)$!~', 'x'.repeat(256)]) assert.ok(isScramNonce(nonce, 256), nonce)
  for (const wrong of [...NO_TEXTS, '', 'a,b', 'a b', 'a\n', '\n', 'ä', '\0', '\x7f', 'x'.repeat(257)])
    assert.equal(isScramNonce(wrong, 256), false)
})

test('name and password are prepared: what looks alike logs in alike', async () => {
  const [one, other] = await Promise.all(['I\u00adX', '\u2168'].map((each) => saltedPassword(each, 'W22ZaJ0SNY7soEsUEjb6gQ==', pbkdf2(8))))
  assert.deepEqual(one, other)
  const refuses = (act: () => unknown): void => assert.throws(act, (error) => error instanceof UsageError)
  refuses(() => scramSaltedPassword(crypto, 'a\u0007', new Uint8Array(16), pbkdf2(8), 'query', () => {}))
  refuses(() => scramSaltedPassword(crypto, '', new Uint8Array(16), pbkdf2(8), 'query', () => {}))
})

test('costs outside the limits, or of a wrong type, are faults that name the field', () => {
  for (const cost of [SCRAM_COST, SCRAM_COST_PBKDF2, { kdf: 'argon2id13', iterations: 32, memory: 512 }]) {
    assert.deepEqual(readScramCost({ ...cost }), cost)
  }
  assert.deepEqual(readScramCost({ kdf: 'pbkdf2', iterations: 4096, memory: 7 }), pbkdf2(4096))
  const faults = (cost: { readonly [key: string]: unknown }, text: RegExp): void => {
    const read = readScramCost(cost)
    assert.ok('fault' in read, Object.values(cost).map(String).join())
    assert.match(read.fault, text)
  }
  for (const kdf of [...NO_TEXTS, '', 'argon2id-13', 'PBKDF2', 'scrypt']) faults({ kdf, iterations: 4096, memory: 65536 }, /kdf must be/)
  const odd = [undefined, null, 0, -1, 4096.5, Number.NaN, Number.POSITIVE_INFINITY, '4096', true, [4096], 4096n]
  for (const iterations of [...odd, 4095, SCRAM_LIMITS.pbkdf2IterationsMax + 1]) {
    faults({ kdf: 'pbkdf2', iterations }, /iterations must be a whole number from 4096 to 5000000/)
  }
  for (const iterations of [...odd, 65])
    faults({ kdf: 'argon2id13', iterations, memory: 65536 }, /iterations times memory must be from 16384/)
  faults({ kdf: 'argon2id13', iterations: 31, memory: 512 }, /iterations times memory/)
  for (const memory of [...odd.filter((each) => typeof each !== 'number'), 511, 262_145, 600.5]) {
    faults({ kdf: 'argon2id13', iterations: 4, memory }, /memory must be a whole number of KiB from 512 to 262144/)
  }
})

test('the verifier with and without "v=", and under Crossbar.io’s name', () => {
  const expected = scramServerSignature(crypto, crypto.randomBytes(32), 'message')
  const text = Buffer.from(expected).toString('base64')
  for (const extra of [{ verifier: text }, { verifier: `v=${text}` }, { scram_server_signature: text }, { verifier: text, more: 1 }]) {
    assert.ok(isScramVerifier(crypto, expected, extra))
  }
  const other = Buffer.from(crypto.randomBytes(32)).toString('base64')
  const wrong = [
    ...NO_TEXTS,
    '',
    'v=',
    `v=v=${text}`,
    `V=${text}`,
    ` ${text}`,
    text.slice(0, -1),
    other,
    Buffer.from(text).toString('base64'),
  ]
  for (const verifier of wrong) assert.equal(isScramVerifier(crypto, expected, { verifier }), false, String(verifier))
  assert.equal(isScramVerifier(crypto, expected, undefined), false)
  assert.equal(isScramVerifier(crypto, expected, { verifier: other, scram_server_signature: text }), false, 'the first of both counts')
})
