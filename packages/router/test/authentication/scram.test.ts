import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChannelBinding, Dict } from '@crosspoint/protocol'
import {
  answerScram,
  drawScramNonce,
  isScramVerifier,
  makeScramCredentials,
  readScramChallenge,
  SCRAM_COST,
  type ScramAnswer,
  type ScramChannel,
  type ScramCost,
  type ScramCredentials,
  type ScramKeys,
  type ScramTask,
  scramClientKeys,
  scramCredentialsDict,
  scramKeys,
  scramSaltedPassword,
} from '@crosspoint/protocol/internal'
import { type Link, type LoginPrincipal, type PrincipalSource, scram, staticPrincipals } from '../../src/index.ts'
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
  welcomeOf,
  whoOf,
} from './support.ts'

const METHOD = 'wamp-scram'
const CHEAP: ScramCost = { kdf: 'pbkdf2', iterations: 4096, memory: null }
const made = (password: string, cost = CHEAP): Promise<ScramCredentials | undefined> =>
  answerOf((done) => makeScramCredentials(crypto, password, cost, done))
const PENCIL: LoginPrincipal = { ...scramCredentialsDict((await made('pencil'))!), role: 'user' }

const worldOf = (source: PrincipalSource): LoginWorld =>
  new LoginWorld({ authenticators: [scram(crypto, source, { mockSecret: MOCK_SECRET })] })
const world = (principals: { readonly [authid: string]: LoginPrincipal } = { joe: PENCIL }): LoginWorld =>
  worldOf(staticPrincipals(principals))

const DATA: { readonly [type in ChannelBinding]?: Uint8Array } = {
  'tls-unique': crypto.randomBytes(12),
  'tls-server-end-point': crypto.randomBytes(32),
}
const SECURE: Partial<Link> = { channelId: (type) => DATA[type] }

interface Scene {
  readonly client: TestClient
  readonly extra: Dict
  readonly answer: ScramAnswer
}

/** HELLO, CHALLENGE, and what the client would answer. */
async function meet(
  w: LoginWorld,
  { authid = 'joe', password = 'pencil', type }: { authid?: string; password?: string; type?: ScramChannel['type'] } = {},
): Promise<Scene> {
  const clientNonce = drawScramNonce(crypto)
  const client = w.hello({ authmethods: [METHOD], authid, authextra: { nonce: clientNonce, channel_binding: type ?? null } }, SECURE)
  const extra = challengeOf(client, METHOD)
  const task = readScramChallenge(extra, clientNonce) as ScramTask
  assert.ok(!('fault' in task), JSON.stringify(task))
  const keys = await answerOf<ScramKeys | undefined>((done) => scramClientKeys(crypto, password, task, done))
  const channel = type === undefined ? undefined : { type, data: DATA[type]! }
  return { client, extra, answer: answerScram(crypto, { authid, clientNonce, channel }, keys!, task) }
}

test('AUTH-35 AUTH-36 AUTH-37 AUTH-38 AUTH-39 AUTH-40 client and router prove themselves to each other', async () => {
  const w = world({ joe: { ...PENCIL, extra: { team: 'red' } } })
  const { client, extra, answer } = await meet(w)
  const { nonce, salt, ...cost } = extra
  assert.deepEqual([typeof nonce, salt, cost], ['string', PENCIL['salt'], CHEAP])
  client.send(AUTHENTICATE, answer.signature, answer.extra)
  const welcome = welcomeOf(client)
  assert.deepEqual(whoOf(welcome), { realm: 'realm1', authid: 'joe', authrole: 'user', authmethod: METHOD, authprovider: 'static' })
  const { verifier, ...rest } = welcome['authextra'] as Dict
  assert.deepEqual(rest, { team: 'red' })
  assert.doesNotMatch(verifier as string, /^v=/)
  assert.ok(isScramVerifier(crypto, answer.expected, { verifier }), 'the verifier is the router’s, of this exchange')
})

const VECTORS: readonly {
  id: string
  stored: ScramCost & { salt: string }
  salted: () => Promise<Uint8Array>
  proof: string
  verifier: string
}[] = [
  {
    id: 'AUTH-51',
    stored: { ...CHEAP, salt: 'W22ZaJ0SNY7soEsUEjb6gQ==' },
    salted: () =>
      answerOf((done) =>
        scramSaltedPassword(crypto, 'pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), CHEAP, 'query', (key) => done(key!)),
      ),
    proof: 'Rf2QqO2Br6q4ACNfzGdEztwbuVqftqnkFnuBpBnm2Nk=',
    verifier: 'kTgOL4qXJeuUo2Ht0ucp65vhZxoKy5H67ddP2vRHI3A=',
  },
  {
    id: 'AUTH-52',
    stored: { kdf: 'argon2id13', iterations: 32, memory: 512, salt: 'MTIzNDU2Nzg5MGFiY2RlZg==' },
    salted: async () => Buffer.from('ee4a8acf9d5958354fb79a95ae20692d05e42591ba49fae85eb6700e8b0ed293', 'hex'),
    proof: 'oxn1pyJXjQk1GaxA130Fg1LJS1x4hwM6X2cEBWCvjck=',
    verifier: '63807iSFVsZF77yT4cwJLDQ2zJC/yzTcErO1ryopQ1Y=',
  },
]
for (const { id, stored, salted, proof, verifier } of VECTORS) {
  test(`${id} the vector, as an exchange`, async () => {
    const door = { ...crypto, randomBytes: () => Buffer.from('SBmkFIh7sSo=', 'base64') }
    const { storedKey, serverKey } = scramKeys(crypto, await salted())
    const user: LoginPrincipal = { ...scramCredentialsDict({ ...stored, storedKey, serverKey }) }
    const w = new LoginWorld({ authenticators: [scram(door, staticPrincipals({ user }), { mockSecret: MOCK_SECRET })] })
    const client = w.hello({ authmethods: [METHOD], authid: 'user', authextra: { nonce: 'egVDf3DMJh0=' } })
    const nonce = 'egVDf3DMJh0=SBmkFIh7sSo='
    assert.deepEqual(challengeOf(client, METHOD), { nonce, ...stored })
    client.send(AUTHENTICATE, proof, { nonce, channel_binding: null, cbind_data: null })
    assert.deepEqual(welcomeOf(client)['authextra'], { verifier })
  })
}

test('AUTH-41 Argon2id credentials log in, too', async () => {
  const cost: ScramCost = { kdf: 'argon2id13', iterations: 4, memory: 4096 }
  const w = world({ joe: scramCredentialsDict((await made('pencil', cost))!) })
  const { client, extra, answer } = await meet(w)
  assert.deepEqual({ kdf: extra['kdf'], iterations: extra['iterations'], memory: extra['memory'] }, cost)
  client.send(AUTHENTICATE, answer.signature, answer.extra)
  assert.equal(welcomeOf(client)['authid'], 'joe')
})

test('AUTH-42 the authid is looked up as SASLprep prepares it, and proved as it was sent', async () => {
  const w = world({ IX: PENCIL })
  const { client, answer } = await meet(w, { authid: 'I\u00adX' })
  client.send(AUTHENTICATE, answer.signature, answer.extra)
  assert.equal(welcomeOf(client)['authid'], 'IX')
  abortOf(w.hello({ authmethods: [METHOD], authid: 'a\u0007', authextra: { nonce: 'abc' } }), FAILED)
})

test('AUTH-35 a HELLO without authid or with a nonce that cannot be used is refused', () => {
  const w = world()
  for (const details of [
    { authextra: { nonce: 'abc' } },
    { authid: 'joe' },
    ...['', 'a,b', 7, null, 'x'.repeat(257)].map((nonce) => ({ authid: 'joe', authextra: { nonce } })),
  ]) {
    abortOf(w.hello({ authmethods: [METHOD], ...details }), FAILED)
  }
})

test('AUTH-44 a proof of another password, nonce or exchange is denied, with the error of RFC 5802', async () => {
  const w = world()
  const message = 'The credentials are not right'
  const deny = ({ client }: Scene, signature: string, extra: Dict, error: string): void => {
    client.send(AUTHENTICATE, signature, extra)
    assert.deepEqual(abortOf(client, DENIED), { message, scram: error })
  }
  const wrong = await meet(w, { password: 'pencils' })
  deny(wrong, wrong.answer.signature, wrong.answer.extra, 'invalid-proof')
  const [one, other] = [await meet(w), await meet(w)]
  deny(one, other.answer.signature, other.answer.extra, 'other-error')
  deny(other, one.answer.signature, other.answer.extra, 'invalid-proof')
  const malformed = await meet(w)
  deny(malformed, 'no Base64', malformed.answer.extra, 'invalid-encoding')
  const bound = await meet(w)
  deny(bound, bound.answer.signature, { ...bound.answer.extra, channel_binding: 'tls-unique' }, 'channel-bindings-dont-match')
})

test('AUTH-43 the nonce of the challenge is the client’s followed by a new one', async () => {
  const w = world()
  const details = { authmethods: [METHOD], authid: 'joe', authextra: { nonce: 'abc=' } }
  const [one, other] = [w.hello(details), w.hello(details)].map((client) => challengeOf(client, METHOD)['nonce'] as string)
  assert.match(one!, /^abc=.{24}$/)
  assert.notEqual(one, other)
})

test('AUTH-44 a proof is bound to the channel of the connection', async () => {
  for (const type of ['tls-unique', 'tls-server-end-point'] as const) {
    const w = world()
    const { client, answer } = await meet(w, { type })
    client.send(AUTHENTICATE, answer.signature, answer.extra)
    assert.equal(welcomeOf(client)['authid'], 'joe')
    const between = await meet(w, { type })
    const cbind_data = Buffer.from(crypto.randomBytes(DATA[type]!.length)).toString('base64')
    between.client.send(AUTHENTICATE, between.answer.signature, { ...between.answer.extra, cbind_data })
    assert.equal(abortOf(between.client, DENIED)['scram'], 'channel-bindings-dont-match')
  }
})

test('AUTH-45 a binding that is unknown, or that the connection does not have, is refused at HELLO', () => {
  const w = world()
  const ask = (channel_binding: unknown, link = {}): TestClient =>
    w.hello({ authmethods: [METHOD], authid: 'joe', authextra: { nonce: 'abc', channel_binding } }, link)
  abortOf(ask('tls-exporter', SECURE), FAILED)
  abortOf(ask(7, SECURE), FAILED)
  assert.equal(abortOf(ask('tls-unique'), FAILED)['scram'], 'unsupported-channel-binding-type')
})

test('AUTH-46 an unknown user is challenged like a known one, with a salt that is always the same, and told the same', async () => {
  const w = world()
  const [nobody, joe] = [await meet(w, { authid: 'nobody' }), await meet(w, { password: 'wrong' })]
  const shape = ({ nonce, salt, ...cost }: Dict): unknown => [(nonce as string).length, (salt as string).length, cost]
  assert.deepEqual(shape(nobody.extra), shape(joe.extra))
  assert.equal((await meet(w, { authid: 'no\u00adbody' })).extra['salt'], nobody.extra['salt'])
  assert.notEqual((await meet(w, { authid: 'somebody' })).extra['salt'], nobody.extra['salt'])
  const told = [nobody, joe].map(({ client, answer }) => {
    client.send(AUTHENTICATE, answer.signature, answer.extra)
    return abortOf(client, DENIED)
  })
  assert.deepEqual(told[0], told[1])
  assert.deepEqual(
    w.refused.map(({ cause }) => cause),
    ['no principal "nobody"', 'wrong proof of "joe" (invalid-proof)'],
  )
})

test('AUTH-46 without an example an unknown user costs what new ones do', () => {
  const client = world({}).hello({ authmethods: [METHOD], authid: 'nobody', authextra: { nonce: 'abc' } })
  const { kdf, iterations, memory } = challengeOf(client, METHOD)
  assert.deepEqual({ kdf, iterations, memory }, SCRAM_COST)
})

test('AUTH-48 credentials that cannot be used, and lookups that fail, are failures that tell nothing', () => {
  const changes: LoginPrincipal[] = [
    { kdf: 'argon2id-13' },
    { iterations: 1 },
    { salt: 'no' },
    { 'stored-key': 'ab' },
    { 'server-key': 7 },
    { role: '' },
  ]
  const hello = { authmethods: [METHOD], authid: 'joe', authextra: { nonce: 'abc' } }
  for (const change of changes) {
    const w = world({ joe: { ...PENCIL, ...change } })
    assert.deepEqual(abortOf(w.hello(hello), FAILED), { message: 'The login could not be checked; try again later' })
    assert.match(w.refused[0]!.cause, /^scram of "joe": /)
  }
  const broken = worldOf({ provider: 'sql', find: (_query, done) => done({ failure: 'the table is gone' }) })
  abortOf(broken.hello(hello), FAILED)
  assert.equal(broken.refused[0]!.cause, 'the table is gone')
})
