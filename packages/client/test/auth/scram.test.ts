import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { test } from 'node:test'
import { makeScramCredentials, type ScramCost, type ScramCredentials, scramCredentialsDict } from '@crosspoint/protocol/internal'
import { scram as scramOfRouter, staticPrincipals } from '@crosspoint/router'
import { nodeCrypto } from '../../../node/src/crypto.ts'
import { anonymous, cryptosign, type Dict, type ScramOptions, scram, UsageError } from '../../src/index.ts'
import { rejection } from '../support/fake-router.ts'
import { CANNOT, LoginBench, until } from '../support/logins.ts'
import { RealWorld } from '../support/real-router.ts'

const SALT = 'W22ZaJ0SNY7soEsUEjb6gQ=='
const PBKDF2 = { salt: SALT, kdf: 'pbkdf2', iterations: 4096, memory: null }

const hmac = (key: Uint8Array, text: string) => createHmac('sha256', key).update(text).digest()

/** What the specification says of the exchange, computed by hand: the proof, and the router's own. */
function expected(password: string, nonce: string, clientNonce: string, { salt = SALT, cbind = 'biws', name = 'peter' } = {}) {
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), 4096, 32, 'sha256')
  const clientKey = hmac(salted, 'Client Key')
  const message = `n=${name},r=${clientNonce},r=${nonce},s=${salt},i=4096,c=${cbind},r=${nonce}`
  const veil = hmac(createHash('sha256').update(clientKey).digest(), message)
  const proof = Buffer.from(clientKey.map((byte, i) => byte ^ veil[i]!)).toString('base64')
  return { proof, verifier: hmac(hmac(salted, 'Server Key'), message).toString('base64') }
}

async function offered(more: Partial<ScramOptions> = {}) {
  const login = new LoginBench([scram({ authid: 'peter', password: 'pencil', ...more })])
  const { authmethods, authid, authextra } = await login.hello()
  return { login, authmethods, authid, clientNonce: (authextra as Dict)['nonce'] as string, authextra: authextra as Dict }
}

test('AUTH-35 HELLO has the method, the authid and a nonce of 16 octets, new each time', async () => {
  const one = await offered()
  assert.deepEqual([one.authmethods, one.authid, one.authextra['channel_binding']], [['wamp-scram'], 'peter', null])
  assert.equal(Buffer.from(one.clientNonce, 'base64').length, 16)
  assert.notEqual((await offered()).clientNonce, one.clientNonce)
})

test('AUTH-36 AUTH-37 AUTH-39 AUTH-40 the proof, and what goes with it', async () => {
  const { login, clientNonce } = await offered()
  const nonce = `${clientNonce}SBmkFIh7sSo=`
  const { signature, extra } = await login.challenge('wamp-scram', { ...PBKDF2, nonce })
  const { proof, verifier } = expected('pencil', nonce, clientNonce)
  assert.equal(signature, proof)
  assert.deepEqual(extra, { nonce, channel_binding: null, cbind_data: null })
  login.welcome({ authmethod: 'wamp-scram', authextra: { verifier } })
  assert.equal(await login.ended(), 'joined')
})

for (const form of [(v: string) => ({ verifier: `v=${v}` }), (v: string) => ({ scram_server_signature: v, more: 1 })]) {
  test(`AUTH-38 a router that proves itself as ${JSON.stringify(form('…'))} is believed`, async () => {
    const { login, clientNonce } = await offered()
    await login.challenge('wamp-scram', { ...PBKDF2, nonce: `${clientNonce}x` })
    login.welcome({ authextra: form(expected('pencil', `${clientNonce}x`, clientNonce).verifier) })
    assert.equal(await login.ended(), 'joined')
  })
}

const UNPROVEN: readonly (readonly [string, (right: string, wrong: string) => Dict])[] = [
  ['no authextra', () => ({})],
  ['an authextra of another type', () => ({ authextra: 'text' })],
  ['no verifier', () => ({ authextra: {} })],
  ['the verifier of another password', (_right, wrong) => ({ authextra: { verifier: wrong } })],
  ['a verifier with something behind it', (right) => ({ authextra: { verifier: `${right}=` } })],
  ['another method than was answered', () => ({ authmethod: 'anonymous' })],
]
for (const [name, details] of UNPROVEN) {
  test(`AUTH-38 AUTH-43 WELCOME with ${name} ends the session`, async () => {
    const login = new LoginBench([scram({ authid: 'peter', password: 'pencil' }), anonymous()])
    const clientNonce = ((await login.hello())['authextra'] as Dict)['nonce'] as string
    const nonce = `${clientNonce}x`
    await login.challenge('wamp-scram', { ...PBKDF2, nonce })
    const [right, wrong] = ['pencil', 'pen'].map((password) => expected(password, nonce, clientNonce).verifier)
    login.welcome({ authmethod: 'wamp-scram', ...details(right!, wrong!) })
    const abort = await login.aborted()
    assert.equal(abort.reason, CANNOT)
    assert.match(abort.message, /did not prove that it knows the keys of this user/)
    assert.equal((await login.failure()).code, 'ERR_REFUSED')
  })
}

test('AUTH-43 WELCOME without a challenge proves nothing', async () => {
  const { login } = await offered()
  login.welcome({ authmethod: 'wamp-scram', authextra: { verifier: '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=' } })
  assert.match((await login.aborted()).message, /did not prove/)
})

test('AUTH-42 authid and password are prepared with SASLprep', async () => {
  const { login, clientNonce } = await offered({ authid: 'p\u00ade=t,er', password: 'pen\u00adcil\u2168' })
  const nonce = `${clientNonce}x`
  const { signature } = await login.challenge('wamp-scram', { ...PBKDF2, nonce })
  assert.equal(signature, expected('pencilIX', nonce, clientNonce, { name: 'pe=3Dt=2Cer' }).proof)
})

test('AUTH-42 what SASLprep prohibits is refused when made, and is retried when a function gives it', async () => {
  for (const options of [{ password: 'a\u0007' }, { authid: '\u0627a' }]) {
    assert.throws(() => scram({ authid: 'peter', password: 'pencil', ...options }), UsageError)
  }
  const { login, clientNonce } = await offered({ password: () => 'secret\u0007' })
  assert.equal(
    (await login.refused('wamp-scram', { ...PBKDF2, nonce: `${clientNonce}x` })).message,
    'wamp-scram: this client cannot answer now',
  )
  const why = await login.retried()
  assert.match(why, /The password is not to be had/)
  assert.doesNotMatch(why, /secret/)
})

const REFUSED: readonly (readonly [string, string, (own: string) => Dict, RegExp])[] = [
  ['AUTH-43', 'a nonce that does not begin with ours', () => ({ nonce: 'other' }), /Extra\.nonce must be/],
  ['AUTH-43', 'our nonce alone', (own) => ({ nonce: own }), /Extra\.nonce must be/],
  ['AUTH-43', 'few iterations', () => ({ iterations: 4095 }), /Extra\.iterations must be/],
  ['AUTH-43', 'endless iterations', () => ({ iterations: 1e10 }), /Extra\.iterations must be/],
  ['AUTH-43', 'Argon2id with little memory', () => ({ kdf: 'argon2id13', iterations: 1, memory: 64 }), /Extra\.memory must be/],
  ['AUTH-43', 'Argon2id with all memory', () => ({ kdf: 'argon2id13', iterations: 1, memory: 1e9 }), /Extra\.memory must be/],
  ['AUTH-43', 'Argon2id in one quick pass', () => ({ kdf: 'argon2id13', iterations: 1, memory: 1024 }), /Extra\.iterations times memory/],
  ['AUTH-53', 'the name that Crossbar.io has for its own derivation', () => ({ kdf: 'argon2id-13' }), /Extra\.kdf must be/],
  ['AUTH-48', 'a salt that is not canonical Base64', () => ({ salt: `${SALT} ` }), /Extra\.salt must be/],
]
for (const [id, name, extra, message] of REFUSED) {
  test(`${id} ${name}: no proof is sent`, async () => {
    let asked = 0
    const { login, clientNonce } = await offered({
      password: () => {
        asked++
        return 'pencil'
      },
    })
    const abort = await login.refused('wamp-scram', { ...PBKDF2, nonce: `${clientNonce}x`, ...extra(clientNonce) })
    assert.equal(abort.reason, CANNOT)
    assert.match(abort.message, message)
    assert.equal(asked, 0)
    assert.equal((await login.failure()).code, 'ERR_REFUSED')
  })
}

test('AUTH-37 AUTH-40 a bound login carries the data of this channel', async () => {
  const data = Uint8Array.from([1, 2, 255])
  const login = new LoginBench([scram({ authid: 'peter', password: 'pencil', channelBinding: 'tls-unique' })], {}, (type) =>
    type === 'tls-unique' ? data : undefined,
  )
  const { nonce: clientNonce, channel_binding } = (await login.hello())['authextra'] as Dict
  assert.equal(channel_binding, 'tls-unique')
  const nonce = `${clientNonce}x`
  const { signature, extra } = await login.challenge('wamp-scram', { ...PBKDF2, nonce })
  const cbind = Buffer.concat([Buffer.from('p=tls-unique,,'), data]).toString('base64')
  assert.equal(signature, expected('pencil', nonce, clientNonce as string, { cbind }).proof)
  assert.deepEqual(extra, { nonce, channel_binding: 'tls-unique', cbind_data: 'AQL/' })
})

test('AUTH-46 a connection that has no such channel is not used, and the client stops', async () => {
  const login = new LoginBench([scram({ authid: 'peter', password: 'pencil', channelBinding: 'tls-unique' })])
  const failure = await login.failure()
  assert.equal(failure.code, 'ERR_INVALID_ARGUMENT')
  assert.match(failure.message, /This connection has no "tls-unique", to which scram is to bind/)
  assert.deepEqual(login.bench.link.received, [])
})

test('AUTH-45 a channel binding that SCRAM does not have is refused when made', () => {
  const make = () => scram({ authid: 'peter', password: 'pencil', channelBinding: 'tls-exporter' as 'tls-unique' })
  assert.throws(make, (error) => error instanceof UsageError && /no channel binding "tls-exporter"/.test(error.message))
})

test('scram and cryptosign stand beside each other', async () => {
  const login = new LoginBench([scram({ authid: 'peter', password: 'pencil' }), cryptosign({ privateKey: '01'.repeat(32) })])
  assert.deepEqual(Object.keys((await login.hello())['authextra'] as Dict).sort(), ['channel_binding', 'nonce', 'pubkey'])
})

// Below, against the real router, over a MemoryTransport.

const credentials = async (password: string, cost: ScramCost) =>
  scramCredentialsDict((await new Promise<ScramCredentials | undefined>((done) => makeScramCredentials(nodeCrypto, password, cost, done)))!)

async function world(cost: ScramCost, names = ['peter']): Promise<RealWorld> {
  const real = new RealWorld()
  const stored = await credentials('pencil', cost)
  const source = staticPrincipals(Object.fromEntries(names.map((name) => [name, { ...stored, role: 'user', extra: { team: 'blue' } }])))
  real.login = { authenticators: [scramOfRouter(nodeCrypto, source, { mockSecret: new Uint8Array(32) })] }
  return real
}

const COSTS: readonly ScramCost[] = [
  { kdf: 'pbkdf2', iterations: 4096, memory: null },
  { kdf: 'argon2id13', iterations: 2, memory: 8192 },
]
for (const cost of COSTS) {
  test(`AUTH-38 AUTH-41 AUTH-44 the real router and the client prove themselves to each other with ${cost.kdf}`, async () => {
    const real = await world(cost)
    const { authid, authmethod, authextra } = (await real.join({ auth: [scram({ authid: 'peter', password: 'pencil' })] })).session!
    assert.deepEqual([authid, authmethod, authextra!['team']], ['peter', 'wamp-scram', 'blue'])
  })
}

test('AUTH-06 AUTH-46 the real router refuses a wrong password and an unknown name alike, and the client stops', async () => {
  const real = await world(COSTS[0]!)
  for (const [authid, password] of [
    ['peter', 'pen'],
    ['nobody', 'pencil'],
  ] as const) {
    const error = await rejection(real.join({ auth: [scram({ authid, password })] }))
    assert.equal(error.code, 'ERR_REFUSED')
    assert.match(error.message, /wamp\.error\.authentication_denied/)
  }
})

test('AUTH-45 bound to the channel that both ends see, and to no other', async () => {
  const real = await world(COSTS[0]!)
  const join = () => real.join({ auth: [scram({ authid: 'peter', password: 'pencil', channelBinding: 'tls-server-end-point' })] })
  real.link = { channelId: (type) => (type === 'tls-server-end-point' ? new Uint8Array(32).fill(9) : undefined) }
  assert.equal((await join()).session!.authid, 'peter')
  let ends = 0
  real.link = { channelId: () => new Uint8Array(32).fill(ends++) } // somebody in between: each end has its own
  assert.match((await rejection(join())).message, /wamp\.error\.authentication_denied/)
})

test('the keys are kept: a session that comes back derives nothing, though the password is asked for', async () => {
  const { login, clientNonce } = await offered({ password: async () => 'pencil' })
  const derived = countDerivations()
  try {
    let own = clientNonce
    for (let i = 0; i < 3; i++) {
      const nonce = `${own}${i}`
      const { signature } = await login.challenge('wamp-scram', { ...PBKDF2, nonce })
      const { proof, verifier } = expected('pencil', nonce, own)
      assert.equal(signature, proof)
      login.welcome({ authextra: { verifier } })
      await until(() => login.bench.client.session !== undefined, 'a session')
      login.bench.link.drop()
      await login.retried()
      own = ((await login.hello())['authextra'] as Dict)['nonce'] as string
    }
    assert.equal(derived.count, 1)
    const other = Buffer.from('another salt').toString('base64')
    const { signature } = await login.challenge('wamp-scram', { ...PBKDF2, salt: other, nonce: `${own}x` })
    assert.equal(signature, expected('pencil', `${own}x`, own, { salt: other }).proof)
    assert.equal(derived.count, 2)
  } finally {
    derived.restore()
  }
})

test('another password is not answered with the keys of the one before', async () => {
  const passwords = ['pen', 'pencil']
  const { login, clientNonce } = await offered({ password: () => passwords.shift()! })
  await login.challenge('wamp-scram', { ...PBKDF2, nonce: `${clientNonce}x` })
  login.bench.link.drop()
  await login.retried()
  const own = ((await login.hello())['authextra'] as Dict)['nonce'] as string
  const { signature } = await login.challenge('wamp-scram', { ...PBKDF2, nonce: `${own}x` })
  assert.equal(signature, expected('pencil', `${own}x`, own).proof)
})

/** Counts the derivations by Web Cryptography. */
function countDerivations(): { count: number; restore(): void } {
  const { subtle } = globalThis.crypto
  const derive = subtle.deriveBits
  const counter = {
    count: 0,
    restore: () => {
      subtle.deriveBits = derive
    },
  }
  subtle.deriveBits = (...parameters) => {
    counter.count++
    return derive.apply(subtle, parameters)
  }
  return counter
}
