import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChannelBinding, Dict } from '@crosspoint/protocol'
import {
  type CryptosignTask,
  type CryptosignVerdict,
  checkRouterProof,
  cryptosignMessage,
  readCryptosignChallenge,
  readHex,
  signCryptosign,
  toHex,
} from '@crosspoint/protocol/internal'
import { SIGNATURE_VECTORS } from '../../../protocol/test/auth/cryptosign-vectors.ts'
import {
  type CryptosignOptions,
  cryptosign,
  type Link,
  type LoginPrincipal,
  type PrincipalSource,
  staticPrincipals,
} from '../../src/index.ts'
import type { TestClient } from '../support.ts'
import { AUTHENTICATE, abortOf, challengeOf, crypto, DENIED, FAILED, LoginWorld, welcomeOf, whoOf } from './support.ts'

interface Key {
  readonly seed: Uint8Array
  readonly pubkey: string
}
function keyOf(seed: Uint8Array): Key {
  let pubkey = ''
  crypto.ed25519PublicKey(seed, (publicKey) => {
    pubkey = toHex(publicKey)
  })
  return { seed, pubkey }
}
const [JOE, JOES_OTHER, EVE, ROUTER] = [
  keyOf(crypto.randomBytes(32)),
  keyOf(crypto.randomBytes(32)),
  keyOf(crypto.randomBytes(32)),
  keyOf(crypto.randomBytes(32)),
]
const PRINCIPALS = { joe: { authorized_keys: [JOE.pubkey.toUpperCase(), JOES_OTHER.pubkey], role: 'user' } }

type Principals = { readonly [authid: string]: LoginPrincipal }
const worldOf = (source: PrincipalSource, options?: CryptosignOptions): LoginWorld =>
  new LoginWorld({ authenticators: [cryptosign(crypto, source, options)] })
const world = (principals: Principals = PRINCIPALS, options?: CryptosignOptions): LoginWorld =>
  worldOf(staticPrincipals(principals), options)

function sign({ seed }: Key, challenge: Uint8Array, channelId?: Uint8Array): string {
  let text = ''
  signCryptosign(crypto, seed, challenge, channelId, (signature) => {
    text = signature
  })
  return text
}
const challengeBytes = (extra: Dict): Uint8Array => readHex(extra['challenge'], 32)!
const offer = (w: LoginWorld, key: Key, more: Dict = {}, link: Partial<Link> = {}): TestClient =>
  w.hello({ authmethods: ['cryptosign'], authextra: { pubkey: key.pubkey }, ...more }, link)

/** HELLO, CHALLENGE, AUTHENTICATE as it should be. */
function logIn(w: LoginWorld, key: Key, more: Dict = {}): TestClient {
  const client = offer(w, key, more)
  client.send(AUTHENTICATE, sign(key, challengeBytes(challengeOf(client, 'cryptosign'))), {})
  return client
}

const DATA: { readonly [type in ChannelBinding]?: Uint8Array } = {
  'tls-unique': crypto.randomBytes(12),
  'tls-unique-router': crypto.randomBytes(12),
  'tls-exporter': crypto.randomBytes(32),
}
const SECURE: Partial<Link> = { channelId: (type) => DATA[type] }
const boundHello = (key: Key, channel_binding: unknown): Dict => ({ authextra: { pubkey: key.pubkey, channel_binding } })

test('AUTH-60 AUTH-61 AUTH-62 each key of a principal logs in, with the authid that HELLO names', () => {
  const w = world()
  for (const key of [JOE, JOES_OTHER]) {
    const client = offer(w, key, { authid: 'joe' })
    const extra = challengeOf(client, 'cryptosign')
    assert.deepEqual([Object.keys(extra), extra['channel_binding']], [['challenge', 'channel_binding'], null])
    const signature = sign(key, challengeBytes(extra))
    assert.equal(signature.length, 192)
    client.send(AUTHENTICATE, signature, {})
    assert.deepEqual(whoOf(welcomeOf(client)), {
      realm: 'realm1',
      authid: 'joe',
      authrole: 'user',
      authmethod: 'cryptosign',
      authprovider: 'static',
    })
  }
})

for (const { id, publicKey, challenge, channelId, signature } of SIGNATURE_VECTORS) {
  test(`${id} the specification’s vector, as an exchange`, () => {
    const door = { ...crypto, randomBytes: () => Buffer.from(challenge, 'hex') }
    const source = staticPrincipals({ joe: { authorized_keys: [publicKey] } })
    const w = new LoginWorld({ authenticators: [cryptosign(door, source)] })
    const channel_binding = channelId === undefined ? null : 'tls-exporter'
    const data = channelId === undefined ? undefined : readHex(channelId, 32)!
    const client = w.hello({ authmethods: ['cryptosign'], authextra: { pubkey: publicKey, channel_binding } }, { channelId: () => data })
    assert.deepEqual(challengeOf(client, 'cryptosign'), { challenge, channel_binding })
    const message = cryptosignMessage(readHex(challenge, 32)!, data)
    client.send(AUTHENTICATE, signature + toHex(message), {})
    assert.equal(welcomeOf(client)['authid'], 'joe')
  })
}

test('AUTH-60 AUTH-68 a HELLO without a key, or with what is none, is refused before any challenge', () => {
  const w = world()
  const { pubkey } = JOE
  const wrong = [
    {},
    { pubkey: '' },
    { pubkey: pubkey.slice(2) },
    { pubkey: `0x${pubkey.slice(2)}` },
    { pubkey: 7 },
    { pubkey, challenge: 'ab' },
    { pubkey, channel_binding: 7 },
  ]
  for (const authextra of wrong) abortOf(w.hello({ authmethods: ['cryptosign'], authid: 'joe', authextra }), FAILED)
})

test('AUTH-63 a signature of another challenge, also a right one of before, is denied', () => {
  const w = world()
  const [one, other] = [offer(w, JOE), offer(w, JOE)]
  const first = sign(JOE, challengeBytes(challengeOf(one, 'cryptosign')))
  const second = challengeOf(other, 'cryptosign')
  other.send(AUTHENTICATE, first, {})
  abortOf(other, DENIED)
  assert.equal(w.refused[0]!.cause, 'wrong answer of "joe" (other_challenge)')
  const third = offer(w, JOE)
  const mixed = first.slice(0, 128) + (challengeOf(third, 'cryptosign')['challenge'] as string)
  third.send(AUTHENTICATE, mixed, {})
  abortOf(third, DENIED)
  assert.equal(w.refused[1]!.cause, 'wrong answer of "joe" (wrong_signature)')
  assert.notEqual(toHex(challengeBytes(second)), first.slice(128))
  one.send(AUTHENTICATE, first, {})
  welcomeOf(one)
})

test('AUTH-68 an answer that is not 192 hexadecimal digits is a failure, for known and unknown keys', () => {
  const w = world()
  for (const key of [JOE, EVE]) {
    for (const make of [
      () => '',
      (right: string) => right.slice(2),
      (right: string) => `${right}00`,
      (right: string) => `g${right.slice(1)}`,
    ]) {
      const client = offer(w, key)
      client.send(AUTHENTICATE, make(sign(key, challengeBytes(challengeOf(client, 'cryptosign')))), {})
      abortOf(client, FAILED)
    }
  }
})

test('AUTH-64 a key that is not known, or is not that of the authid, is challenged and then denied alike', () => {
  const w = world({ ...PRINCIPALS, eve: { authorized_keys: [EVE.pubkey] }, keyless: {} })
  const stranger = keyOf(crypto.randomBytes(32))
  const told = [
    logIn(w, stranger),
    logIn(w, stranger, { authid: 'joe' }),
    logIn(w, EVE, { authid: 'joe' }),
    logIn(w, EVE, { authid: 'nobody' }),
    logIn(w, EVE, { authid: 'keyless' }),
  ]
  for (const client of told) assert.deepEqual(abortOf(client, DENIED), { message: 'The credentials are not right' })
  assert.deepEqual(
    w.refused.map(({ cause }) => cause),
    [
      `the key ${stranger.pubkey} is not that of exactly one principal`,
      `the key ${stranger.pubkey} is none of "joe"`,
      `the key ${EVE.pubkey} is none of "joe"`,
      'no principal "nobody"',
      `the key ${EVE.pubkey} is none of "keyless"`,
    ],
  )
})

test('AUTH-64 without an authid the key says who it is, if it is the key of one principal', () => {
  const w = world({ ...PRINCIPALS, one: { authorized_keys: [EVE.pubkey] }, two: { authorized_keys: [EVE.pubkey], role: 'user' } })
  assert.equal(welcomeOf(logIn(w, JOE))['authid'], 'joe')
  abortOf(logIn(w, EVE), DENIED)
  assert.equal(welcomeOf(logIn(w, EVE, { authid: 'two' }))['authid'], 'two')
  const twice = world({ eve: { authorized_keys: [EVE.pubkey, EVE.pubkey.toUpperCase()] } })
  assert.equal(welcomeOf(logIn(twice, EVE))['authid'], 'eve', 'twice the same principal is one')
})

test('AUTH-60 a source that knows the key and gives no authid makes the key the authid', () => {
  const asked: unknown[] = []
  const w = worldOf({
    provider: 'dynamic',
    find({ authmethod, authid, pubkey }, done) {
      asked.push([authmethod, authid, pubkey])
      done({ pubkey: EVE.pubkey, role: 'user' })
    },
  })
  const welcome = welcomeOf(logIn(w, EVE))
  assert.deepEqual([welcome['authid'], welcome['authprovider']], [EVE.pubkey, 'dynamic'])
  assert.deepEqual(asked, [['cryptosign', undefined, EVE.pubkey]])
})

test('AUTH-65 AUTH-66 a login is bound to the channel: tls-exporter as it is, tls-unique by its SHA-256', () => {
  const cases: [type: string, options: CryptosignOptions, channelId: Uint8Array][] = [
    ['tls-exporter', {}, DATA['tls-exporter']!],
    ['tls-unique', {}, crypto.sha256(DATA['tls-unique']!)],
    ['tls-unique', { tlsUnique: 'rfc' }, crypto.sha256(DATA['tls-unique']!)],
    ['tls-unique', { tlsUnique: 'router' }, crypto.sha256(DATA['tls-unique-router']!)],
  ]
  for (const [type, options, channelId] of cases) {
    const w = world(PRINCIPALS, options)
    const meet = (): [TestClient, Dict] => {
      const client = offer(w, JOE, boundHello(JOE, type), SECURE)
      return [client, challengeOf(client, 'cryptosign')]
    }
    const [client, extra] = meet()
    assert.equal(extra['channel_binding'], type)
    client.send(AUTHENTICATE, sign(JOE, challengeBytes(extra), channelId), {})
    assert.equal(welcomeOf(client)['authid'], 'joe')
    for (const other of [undefined, crypto.randomBytes(32)]) {
      const [between, its] = meet()
      between.send(AUTHENTICATE, sign(JOE, challengeBytes(its), other), {})
      abortOf(between, DENIED)
    }
  }
})

test('AUTH-65 a connection without the binding goes on without it; a type that is none is refused', () => {
  const w = world()
  for (const type of ['tls-exporter', 'tls-unique']) {
    const client = offer(w, JOE, boundHello(JOE, type))
    const extra = challengeOf(client, 'cryptosign')
    assert.equal(extra['channel_binding'], null)
    client.send(AUTHENTICATE, sign(JOE, challengeBytes(extra)), {})
    welcomeOf(client)
  }
  for (const type of ['tls-server-end-point', 'tls-unique-router', '']) abortOf(offer(w, JOE, boundHello(JOE, type), SECURE), FAILED)
})

test('AUTH-66 a channel id of another length is a failure, not a weaker binding', () => {
  const w = world()
  abortOf(offer(w, JOE, boundHello(JOE, 'tls-exporter'), { channelId: () => new Uint8Array(31) }), FAILED)
  assert.match(w.refused[0]!.cause, /tls-exporter has not 32 bytes/)
})

test('AUTH-65 a router that requires binding refuses logins without it at HELLO', () => {
  const w = world(PRINCIPALS, { channelBinding: 'required' })
  assert.match(abortOf(offer(w, JOE, {}, SECURE), FAILED)['message'] as string, /requires one/)
  assert.match(abortOf(offer(w, JOE, boundHello(JOE, 'tls-exporter')), FAILED)['message'] as string, /has no "tls-exporter"/)
  assert.equal(challengeOf(offer(w, JOE, boundHello(JOE, 'tls-exporter'), SECURE), 'cryptosign')['channel_binding'], 'tls-exporter')
})

test('AUTH-65 a principal that requires binding is denied without it, and nobody can tell from the challenge', () => {
  const w = world({ joe: { ...PRINCIPALS.joe, 'channel-binding': 'required' } })
  const client = logIn(w, JOE)
  assert.deepEqual(abortOf(client, DENIED), { message: 'The credentials are not right' })
  assert.equal(w.refused[0]!.cause, '"joe" requires channel binding, and there is none')
  const bound = offer(w, JOE, boundHello(JOE, 'tls-exporter'), SECURE)
  bound.send(AUTHENTICATE, sign(JOE, challengeBytes(challengeOf(bound, 'cryptosign')), DATA['tls-exporter']), {})
  welcomeOf(bound)
})

test('AUTH-67 a router with a key proves itself to clients that ask for it, over the bound channel', () => {
  const w = world(PRINCIPALS, { routerKey: ROUTER.seed })
  const routerKeys = [readHex(ROUTER.pubkey, 32)!]
  for (const type of [undefined, 'tls-exporter'] as const) {
    const challenge = crypto.randomBytes(32)
    const authextra = { pubkey: JOE.pubkey, challenge: toHex(challenge), channel_binding: type ?? null }
    const extra = challengeOf(w.hello({ authmethods: ['cryptosign'], authextra }, SECURE), 'cryptosign')
    assert.equal(extra['pubkey'], ROUTER.pubkey)
    const task = readCryptosignChallenge(extra, type && { type, isRequired: true }) as CryptosignTask
    const verdicts: CryptosignVerdict[] = []
    checkRouterProof(crypto, task.proof, routerKeys, challenge, type && DATA[type], (verdict) => void verdicts.push(verdict))
    checkRouterProof(crypto, task.proof, routerKeys, crypto.randomBytes(32), type && DATA[type], (verdict) => void verdicts.push(verdict))
    assert.deepEqual(verdicts, ['valid', 'other_challenge'])
  }
  const unasked = challengeOf(offer(w, JOE), 'cryptosign')
  assert.deepEqual([unasked['pubkey'], unasked['signature']], [undefined, undefined])
})

test('AUTH-67 a router without a key does not prove itself, and its own key logs nobody in', () => {
  const authextra = { pubkey: JOE.pubkey, challenge: '00'.repeat(32) }
  assert.equal(challengeOf(world().hello({ authmethods: ['cryptosign'], authextra }), 'cryptosign')['signature'], undefined)
  const w = world({ node: { authorized_keys: [ROUTER.pubkey] } }, { routerKey: ROUTER.seed })
  abortOf(logIn(w, ROUTER), DENIED)
  assert.equal(w.refused[0]!.cause, 'the key is the router’s own')
})

test('AUTH-67 a key that is computed elsewhere may come later', () => {
  let publicKeyAsked = 0
  const waiting: (() => void)[] = []
  const slow = {
    ...crypto,
    ed25519PublicKey: (seed: Uint8Array, done: (key: Uint8Array) => void) => {
      publicKeyAsked++
      waiting.push(() => crypto.ed25519PublicKey(seed, done))
    },
    ed25519Sign: (seed: Uint8Array, message: Uint8Array, done: (signature: Uint8Array) => void) =>
      void waiting.push(() => crypto.ed25519Sign(seed, message, done)),
  }
  const w = new LoginWorld({ authenticators: [cryptosign(slow, staticPrincipals(PRINCIPALS), { routerKey: ROUTER.seed })] })
  const authextra = { pubkey: JOE.pubkey, challenge: '00'.repeat(32) }
  for (let round = 0; round < 2; round++) {
    const client = w.hello({ authmethods: ['cryptosign'], authextra })
    assert.deepEqual(client.take(), [])
    while (waiting.length > 0) waiting.shift()!()
    assert.equal(challengeOf(client, 'cryptosign')['pubkey'], ROUTER.pubkey)
  }
  assert.equal(publicKeyAsked, 1)
})

test('AUTH-06 a lookup that fails, and a principal that is nobody, are failures', () => {
  const broken = worldOf({ provider: 'sql', find: (_query, done) => done({ failure: 'the table is gone' }) })
  abortOf(offer(broken, JOE), FAILED)
  assert.equal(broken.refused[0]!.cause, 'the table is gone')
  const nameless = world({ joe: { ...PRINCIPALS.joe, role: '' } })
  abortOf(logIn(nameless, JOE), FAILED)
  assert.match(nameless.refused[0]!.cause, /^cryptosign of "joe": the role of the principal/)
})

test('AUTH-06 a principal whose authid is no name is a failure, also when it comes late', () => {
  const late: (() => void)[] = []
  for (const principal of [
    { authid: Object.create(null), authorized_keys: [EVE.pubkey] },
    { authid: { name: 'joe' }, authorized_keys: [JOE.pubkey] },
  ]) {
    const source = {
      provider: 'mine',
      find: (_: unknown, done: (found: LoginPrincipal) => void) => void late.push(() => done(principal as never)),
    }
    const w = worldOf(source)
    const client = offer(w, JOE)
    late.pop()!()
    abortOf(client, FAILED)
    assert.match(w.refused.at(-1)!.cause, /no principal/)
  }
})
