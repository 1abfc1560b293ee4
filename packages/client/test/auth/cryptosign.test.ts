import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { cryptosignMessage, cryptosignText, toHex } from '@crosspoint/protocol/internal'
import { cryptosign as cryptosignOfRouter, staticPrincipals } from '@crosspoint/router'
import { nodeCrypto } from '../../../node/src/crypto.ts'
import { EXCHANGE_VECTORS, SIGNATURE_VECTORS } from '../../../protocol/test/auth/cryptosign-vectors.ts'
import { anonymous, type CryptosignOptions, cryptosign, type Dict, scram, ticket, UsageError } from '../../src/index.ts'
import { rejection } from '../support/fake-router.ts'
import { CANNOT, LoginBench } from '../support/logins.ts'
import { RealWorld } from '../support/real-router.ts'

const [ONE, TWO] = SIGNATURE_VECTORS as [(typeof SIGNATURE_VECTORS)[0], (typeof SIGNATURE_VECTORS)[0]]
const CHALLENGE = { challenge: ONE.challenge, channel_binding: null }
const CHANNEL = '62e935ae755f3d48f80d4d59f6121358c435722a67e859cc0caa8b539027f2ff' // AUTH-83
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const sign = (seed: string, message: Uint8Array): Uint8Array => {
  let signature = new Uint8Array()
  nodeCrypto.ed25519Sign(bytes(seed), message, (made) => (signature = Uint8Array.from(made)))
  return signature
}

async function offered(options: CryptosignOptions, channelId?: (type: string) => Uint8Array | undefined) {
  const login = new LoginBench([cryptosign(options)], {}, channelId)
  const hello = await login.hello()
  return { login, hello, authextra: hello['authextra'] as { readonly [key: string]: string } }
}

const OPENSSH_KEY = // made for this test, of the seed 00 01 … 1f
  (() => {
    const seed = Buffer.from(Array.from({ length: 32 }, (_, i) => i))
    let publicKey = Buffer.alloc(0)
    nodeCrypto.ed25519PublicKey(seed, (key) => (publicKey = Buffer.from(key)))
    const field = (data: Buffer | string) => {
      const body = Buffer.from(data as string)
      const length = Buffer.alloc(4)
      length.writeUInt32BE(body.length)
      return Buffer.concat([length, body])
    }
    const own = Buffer.concat([field('ssh-ed25519'), field(publicKey)])
    const check = Buffer.from('0102030401020304', 'hex')
    const inner = Buffer.concat([check, own, field(Buffer.concat([seed, publicKey])), field('a comment')])
    const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (inner.length % 8)) % 8))
    const one = Buffer.from('00000001', 'hex')
    const parts = [Buffer.from('openssh-key-v1\0'), field('none'), field('none'), field(''), one, field(own)]
    const body = Buffer.concat([...parts, field(Buffer.concat([inner, padding]))]).toString('base64')
    return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.replaceAll(/.{70}/g, '$&\n')}\n-----END OPENSSH PRIVATE KEY-----\n`
  })()
const OPENSSH_PUBLIC = '03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8'

const KEYS: readonly [string, CryptosignOptions['privateKey'], string][] = [
  ['64 hexadecimal digits', ONE.seed, ONE.publicKey],
  ['32 bytes', bytes(ONE.seed), ONE.publicKey],
  ['an OpenSSH key', OPENSSH_KEY, OPENSSH_PUBLIC],
  ['a function', async () => `${ONE.seed}\n`, ONE.publicKey],
]
for (const [name, privateKey, publicKey] of KEYS) {
  test(`AUTH-60 AUTH-68 HELLO has the public key of ${name}, and no authid unless given`, async () => {
    const { hello, authextra } = await offered({ privateKey })
    assert.deepEqual(hello['authmethods'], ['cryptosign'])
    assert.equal('authid' in hello, false)
    assert.deepEqual(authextra, { pubkey: publicKey })
  })
}

test('AUTH-60 an authid may be given', async () => {
  assert.equal((await offered({ privateKey: ONE.seed, authid: 'joe' })).hello['authid'], 'joe')
})

for (const { id, seed, challenge, channelId, signature } of SIGNATURE_VECTORS) {
  test(`${id} AUTH-62 a challenge is answered with signature and message`, async () => {
    const binding = channelId === undefined ? {} : { channelBinding: 'tls-exporter' as const }
    const { login } = await offered({ privateKey: seed, ...binding }, () => (channelId === undefined ? undefined : bytes(channelId)))
    const channel_binding = channelId === undefined ? null : 'tls-exporter'
    const message = toHex(cryptosignMessage(bytes(challenge), channelId === undefined ? undefined : bytes(channelId)))
    const answer = await login.challenge('cryptosign', { challenge, channel_binding })
    assert.deepEqual(answer, { signature: signature + message, extra: {} })
  })
}

test('AUTH-61 channel_binding may be left out of CHALLENGE', async () => {
  const { login } = await offered({ privateKey: ONE.seed })
  assert.equal((await login.challenge('cryptosign', { challenge: ONE.challenge })).signature, ONE.signature + ONE.challenge)
})

test('AUTH-68 an external signer signs the 32 bytes, and the key never comes here', async () => {
  const seen: string[] = []
  const signer = async (message: Uint8Array) => {
    seen.push(toHex(message))
    return sign(ONE.seed, message)
  }
  for (const publicKey of [ONE.publicKey, ONE.publicKey.toUpperCase(), bytes(ONE.publicKey)]) {
    const { login, authextra } = await offered({ sign: signer, publicKey })
    assert.equal(authextra['pubkey'], ONE.publicKey)
    assert.equal((await login.challenge('cryptosign', CHALLENGE)).signature, ONE.signature + ONE.challenge)
  }
  assert.deepEqual(new Set(seen), new Set([ONE.challenge]))
})

test('AUTH-68 an external signer that fails, or gives no signature, is asked again by the next attempt', async () => {
  const answers: (() => unknown)[] = [() => Promise.reject(new Error('unplugged')), () => new Uint8Array(63), () => 'text']
  const { login } = await offered({ publicKey: ONE.publicKey, sign: () => answers.shift()!() as Uint8Array })
  for (const why of [/The signature is not to be had: unplugged/, /"sign" must give 64 bytes/, /"sign" must give 64 bytes/]) {
    assert.equal((await login.refused('cryptosign', CHALLENGE)).message, 'cryptosign: this client cannot answer now')
    assert.match(await login.retried(), why)
    await login.hello()
  }
})

const WRONG: readonly [string, unknown, RegExp][] = [
  ['no key', {}, /either "privateKey" or both "sign" and "publicKey"/],
  ['a key of 31 bytes', { privateKey: new Uint8Array(31) }, /Cannot read the private key/],
  ['a key that is no hexadecimal text', { privateKey: 'x'.repeat(64) }, /Cannot read the private key/],
  ['a signer without its public key', { sign: () => new Uint8Array(64) }, /either "privateKey" or both/],
  ['a public key without a signer', { publicKey: ONE.publicKey }, /either "privateKey" or both/],
  ['both', { privateKey: ONE.seed, sign: () => new Uint8Array(64), publicKey: ONE.publicKey }, /either "privateKey" or both/],
  ['a public key that is none', { sign: () => new Uint8Array(64), publicKey: 'abc' }, /Cannot read "publicKey"/],
  ['a public key of 31 bytes', { sign: () => new Uint8Array(64), publicKey: new Uint8Array(31) }, /Cannot read "publicKey"/],
  ['no router key', { privateKey: ONE.seed, routerKeys: [] }, /at least one key in "routerKeys"/],
  ['a router key that is none', { privateKey: ONE.seed, routerKeys: [TWO.publicKey, 'abc'] }, /Cannot read "routerKeys\[1\]"/],
  [
    'another channel binding',
    { privateKey: ONE.seed, channelBinding: 'tls-server-end-point' },
    /no channel binding "tls-server-end-point"/,
  ],
  [
    'a binding required and not named',
    { privateKey: ONE.seed, requireChannelBinding: true },
    /"requireChannelBinding" needs "channelBinding"/,
  ],
  ['tlsUnique without it', { privateKey: ONE.seed, channelBinding: 'tls-exporter', tlsUnique: 'router' }, /"tlsUnique" is for/],
]
for (const [name, options, message] of WRONG) {
  test(`AUTH-68 ${name} is refused when made, and the key is not shown`, () => {
    assert.throws(
      () => cryptosign(options as CryptosignOptions),
      (error) =>
        error instanceof UsageError &&
        error.code === 'ERR_INVALID_ARGUMENT' &&
        message.test(error.message) &&
        !/4d57d97a|xxxx/.test(error.message),
    )
  })
}

for (const extra of [{}, { challenge: 'ff' }, { challenge: 7 }, { challenge: 'zz'.repeat(32) }] as Dict[]) {
  test(`AUTH-61 AUTH-68 CHALLENGE with ${JSON.stringify(extra)} is refused`, async () => {
    const { login } = await offered({ privateKey: ONE.seed })
    assert.match((await login.refused('cryptosign', extra)).message, /Extra\.challenge must be 64 hexadecimal digits/)
    assert.equal((await login.failure()).code, 'ERR_REFUSED')
  })
}

// Channel binding.

const finished = Buffer.from('twelve bytes') // as long as a Finished message of TLS 1.2
const channels = (type: string) =>
  ({ 'tls-exporter': bytes(CHANNEL), 'tls-unique': finished, 'tls-unique-router': Buffer.from('other twelve') })[type]

const BINDINGS: readonly [string, Partial<CryptosignOptions>, Uint8Array, string][] = [
  ['tls-exporter as it is', { channelBinding: 'tls-exporter' }, bytes(CHANNEL), 'tls-exporter'],
  ['the hash of the client’s Finished', { channelBinding: 'tls-unique' }, hash(finished), 'tls-unique'],
  ['the same by name', { channelBinding: 'tls-unique', tlsUnique: 'rfc' }, hash(finished), 'tls-unique'],
  ['the router’s Finished', { channelBinding: 'tls-unique', tlsUnique: 'router' }, hash(Buffer.from('other twelve')), 'tls-unique'],
]
function hash(data: Uint8Array): Uint8Array {
  return createHash('sha256').update(data).digest()
}
for (const [name, options, channelId, type] of BINDINGS) {
  test(`AUTH-62 AUTH-65 AUTH-66 what is signed is bound to ${name}`, async () => {
    const { login, authextra } = await offered({ privateKey: ONE.seed, ...options }, channels)
    assert.equal(authextra['channel_binding'], type)
    const { signature } = await login.challenge('cryptosign', { challenge: ONE.challenge, channel_binding: type })
    const message = cryptosignMessage(bytes(ONE.challenge), channelId)
    assert.equal(signature, cryptosignText(sign(ONE.seed, message), message))
  })
}

test('AUTH-65 a router that goes on without binding is answered without, unless it is required', async () => {
  const free = await offered({ privateKey: ONE.seed, channelBinding: 'tls-exporter' }, channels)
  assert.equal((await free.login.challenge('cryptosign', CHALLENGE)).signature, ONE.signature + ONE.challenge)
  const strict = await offered({ privateKey: ONE.seed, channelBinding: 'tls-exporter', requireChannelBinding: true }, channels)
  const { reason, message } = await strict.login.refused('cryptosign', CHALLENGE)
  assert.equal(reason, CANNOT)
  assert.match(message, /"tls-exporter" is required/)
  assert.equal((await strict.login.failure()).code, 'ERR_REFUSED')
})

test('AUTH-65 a router that binds to another type than was asked for is refused', async () => {
  for (const [options, message] of [
    [{ channelBinding: 'tls-exporter' }, /channel_binding must be "tls-exporter" as in HELLO/],
    [{}, /channel_binding must be null as in HELLO/],
  ] as const) {
    const { login } = await offered({ privateKey: ONE.seed, ...options }, channels)
    assert.match((await login.refused('cryptosign', { ...CHALLENGE, channel_binding: 'tls-unique' })).message, message)
  }
})

test('AUTH-65 a connection without such a channel is used unbound, unless binding is required', async () => {
  for (const channelId of [undefined, () => undefined]) {
    const { authextra } = await offered({ privateKey: ONE.seed, channelBinding: 'tls-unique' }, channelId)
    assert.equal('channel_binding' in authextra, false)
    const auth = [cryptosign({ privateKey: ONE.seed, channelBinding: 'tls-unique', requireChannelBinding: true })]
    const login = new LoginBench(auth, {}, channelId)
    const failure = await login.failure()
    assert.equal(failure.code, 'ERR_REFUSED')
    assert.match(failure.message, /This connection has no "tls-unique", which is required/)
    assert.deepEqual(login.bench.link.received, [])
  }
})

test('two methods that want different bindings end the start', async () => {
  const auth = [cryptosign({ privateKey: ONE.seed, channelBinding: 'tls-exporter' }), scram({ authid: 'joe', password: 'pencil' })]
  assert.match((await new LoginBench(auth, {}, channels).failure()).message, /different values of authextra\.channel_binding/)
})

// The router proves itself.

const proofOf = (seed: string, challenge: string, channelId?: Uint8Array) => {
  const message = cryptosignMessage(bytes(challenge), channelId)
  return cryptosignText(sign(seed, message), message)
}
const ROUTER = { privateKey: ONE.seed, routerKeys: [bytes('00'.repeat(32)), TWO.publicKey] }

test('AUTH-67 HELLO has a challenge for the router, new each time; with its answer the login goes on', async () => {
  const { login, authextra } = await offered(ROUTER)
  const own = authextra['challenge']!
  assert.match(own, /^[0-9a-f]{64}$/)
  const proof = { pubkey: TWO.publicKey, signature: proofOf(TWO.seed, own) }
  const { signature } = await login.challenge('cryptosign', { ...CHALLENGE, ...proof })
  assert.equal(signature, ONE.signature + ONE.challenge)
  login.welcome({ authmethod: 'cryptosign' })
  assert.equal(await login.ended(), 'joined')
  assert.notEqual((await offered(ROUTER)).authextra['challenge'], own)
})

test('AUTH-67 the proof is bound to the channel when the login is', async () => {
  const options = { ...ROUTER, channelBinding: 'tls-exporter' as const }
  const say = async (channelId: Uint8Array | undefined) => {
    const { login, authextra } = await offered(options, channels)
    const proof = { pubkey: TWO.publicKey, signature: proofOf(TWO.seed, authextra['challenge']!, channelId) }
    return { login, extra: { challenge: ONE.challenge, channel_binding: 'tls-exporter', ...proof } }
  }
  const right = await say(bytes(CHANNEL))
  await right.login.challenge('cryptosign', right.extra)
  const wrong = await say(undefined)
  assert.match((await wrong.login.refused('cryptosign', wrong.extra)).message, /its signature is over another challenge/)
})

const LIES: readonly [string, (own: string) => Dict, RegExp][] = [
  ['nothing', () => ({}), /it sent no signature/],
  ['its key alone', () => ({ pubkey: TWO.publicKey }), /it sent no signature/],
  ['a signature without a key', (own) => ({ signature: proofOf(TWO.seed, own) }), /pubkey must be 64 hexadecimal digits/],
  ['a key that is not trusted', (own) => ({ pubkey: ONE.publicKey, signature: proofOf(ONE.seed, own) }), /its key is none of "routerKeys"/],
  ['the signature of another key', (own) => ({ pubkey: TWO.publicKey, signature: proofOf(ONE.seed, own) }), /its signature is wrong/],
  ['an old signature', () => ({ pubkey: TWO.publicKey, signature: proofOf(TWO.seed, '07'.repeat(32)) }), /over another challenge/],
  ['a signature that is none', () => ({ pubkey: TWO.publicKey, signature: 'abc' }), /its signature is malformed/],
]
for (const [name, lie, message] of LIES) {
  test(`AUTH-67 a router that shows ${name} gets no signature of ours, and the client stops`, async () => {
    const { login, authextra } = await offered(ROUTER)
    const abort = await login.refused('cryptosign', { ...CHALLENGE, ...lie(authextra['challenge']!) })
    assert.equal(abort.reason, CANNOT)
    assert.match(abort.message, message)
    assert.equal((await login.failure()).code, 'ERR_REFUSED')
  })
}

for (const details of [{ authmethod: 'cryptosign' }, { authmethod: 'trust_me' }, {}] as Dict[]) {
  test(`AUTH-67 WELCOME ${JSON.stringify(details)} without a challenge is refused: the router has not proved itself`, async () => {
    const login = new LoginBench([cryptosign(ROUTER), ticket({ authid: 'joe', ticket: 's3cret' })])
    await login.hello()
    login.welcome(details)
    assert.match((await login.aborted()).message, /without proving itself/)
    assert.equal((await login.failure()).code, 'ERR_REFUSED')
  })
}

test('AUTH-60 without routerKeys WELCOME may come at once, and no challenge is sent', async () => {
  const { login, authextra } = await offered({ privateKey: ONE.seed })
  assert.equal('challenge' in authextra, false)
  login.welcome({ authmethod: 'cryptosign' })
  assert.equal(await login.ended(), 'joined')
})

for (const { name, clientKey, routerKey, channelId, challenge, answer, routerChallenge, routerAnswer } of EXCHANGE_VECTORS) {
  test(`AUTH-86 ${name}: our signer is asked for the message of the printed answer`, async () => {
    let asked = ''
    const printed = async (message: Uint8Array) => {
      asked = toHex(message)
      return bytes(answer.slice(0, 128))
    }
    const binding = channelId === undefined ? {} : { channelBinding: 'tls-exporter' as const }
    const { login } = await offered({ publicKey: clientKey, sign: printed, ...binding }, () =>
      channelId === undefined ? undefined : bytes(channelId),
    )
    const proof = routerAnswer === undefined ? {} : { pubkey: routerKey, signature: routerAnswer }
    const extra = { challenge, channel_binding: channelId === undefined ? null : 'tls-exporter', ...proof }
    assert.equal((await login.challenge('cryptosign', extra)).signature, answer)
    assert.equal(asked, answer.slice(128))
    assert.notEqual(routerChallenge, asked)
  })
}

// Below, against the real router.

function world(options: Parameters<typeof cryptosignOfRouter>[2] = {}): RealWorld {
  const real = new RealWorld()
  const source = staticPrincipals({ joe: { authorized_keys: [ONE.publicKey], role: 'user' } })
  real.login = { authenticators: [cryptosignOfRouter(nodeCrypto, source, options)] }
  return real
}

test('AUTH-62 AUTH-64 the real router lets the key in, the authid inferred', async () => {
  const { authid, authrole, authmethod } = (await world().join({ auth: [cryptosign({ privateKey: ONE.seed })] })).session!
  assert.deepEqual([authid, authrole, authmethod], ['joe', 'user', 'cryptosign'])
})

test('AUTH-64 the real router refuses a key that is not of the authid, or unknown, and the client stops', async () => {
  for (const options of [{ privateKey: TWO.seed, authid: 'joe' }, { privateKey: TWO.seed }, { privateKey: ONE.seed, authid: 'jim' }]) {
    const error = await rejection(world().join({ auth: [cryptosign(options)] }))
    assert.equal(error.code, 'ERR_REFUSED')
    assert.match(error.message, /wamp\.error\.authentication_denied/)
  }
})

for (const tlsUnique of ['rfc', 'router'] as const) {
  test(`AUTH-65 AUTH-66 AUTH-67 bound to tls-unique (${tlsUnique}), each side proves itself to the other`, async () => {
    const real = world({ routerKey: bytes(TWO.seed), tlsUnique, channelBinding: 'required' })
    real.link = { channelId: channels }
    const options = { ...ROUTER, channelBinding: 'tls-unique' as const, requireChannelBinding: true, tlsUnique }
    assert.equal((await real.join({ auth: [cryptosign(options)] })).session!.authid, 'joe')
    const other = { ...options, tlsUnique: tlsUnique === 'rfc' ? ('router' as const) : ('rfc' as const) }
    assert.match((await rejection(real.join({ auth: [cryptosign(other)] }))).message, /over another challenge/)
  })
}

test('AUTH-65 somebody in between has another channel at each end, and gets no session', async () => {
  const real = world()
  let ends = 0
  real.link = { channelId: () => new Uint8Array(32).fill(ends++) }
  const auth = [cryptosign({ privateKey: ONE.seed, channelBinding: 'tls-exporter' }), anonymous()]
  assert.match((await rejection(real.join({ auth }))).message, /wamp\.error\.authentication_denied/)
})

test('AUTH-67 a router without a key of its own does not do where one is wanted', async () => {
  const error = await rejection(world().join({ auth: [cryptosign(ROUTER)] }))
  assert.equal(error.code, 'ERR_REFUSED')
  assert.match(error.message, /it sent no signature/)
})
