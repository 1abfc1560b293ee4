// The keys of an issuer: fetched, kept, rotated, and what happens when they cannot be had.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { JwtOptions } from '../../src/authentication/jwt-options.ts'
import { AUDIENCE, IssuerServer, type Outcome, type Signer, signer, TokenWorld, token } from '../support/tokens.ts'

const first = await signer('ES256', 'first')
const second = await signer('ES256', 'second')
const setOf = (...signers: readonly Signer[]) => ({ keys: signers.map(({ publicJwk }) => publicJwk) })

interface Scene {
  readonly issuer: IssuerServer
  readonly world: TokenWorld
}

async function scene(t: TestContext, options: Partial<JwtOptions> = {}): Promise<Scene> {
  const issuer = await IssuerServer.start(t)
  const world = new TokenWorld({ issuer: 'joe-issuer', audience: AUDIENCE, jwksUri: `${issuer.url}/keys`, ...options })
  return { issuer, world }
}

const ours = { iss: 'joe-issuer' }

/** A login whose token is not known to be wrong: it could not be checked. */
function assertUnchecked(outcome: Outcome, cause: RegExp): void {
  assert.equal(outcome.reason, 'wamp.error.authentication_failed')
  assert.deepEqual(outcome.details, { message: 'The login could not be checked; try again later' })
  assert.match(outcome.cause!, cause)
}

test('keys are fetched once, for all the logins that wait for them', async (t) => {
  const { issuer, world } = await scene(t)
  issuer.answerJson(setOf(first, second))
  const logins = [first, second, first].map(async (one) => world.login(await token(one, ours)))
  assert.deepEqual(
    (await Promise.all(logins)).map(({ type }) => type),
    ['welcome', 'welcome', 'welcome'],
  )
  assert.deepEqual(issuer.requests, ['/keys'])
})

test('rotation: an unknown key is fetched, but not all the time', async (t) => {
  const { issuer, world } = await scene(t)
  issuer.answerJson(setOf(first))
  assert.equal((await world.login(await token(first, ours))).type, 'welcome')
  issuer.answerJson(setOf(first, second))
  const rotated = await token(second, ours)
  const early = await world.login(rotated)
  assert.equal(early.reason, 'wamp.error.authentication_denied')
  assert.match(early.cause!, /there is no key "second" for ES256/)
  assert.equal(issuer.requests.length, 1)
  world.clock.advance(30_000)
  assert.equal((await world.login(rotated)).type, 'welcome')
  assert.equal(issuer.requests.length, 2)
  const third = await token(await signer('ES256', 'third'), ours)
  for (let count = 0; count < 5; count++) assert.equal((await world.login(third)).type, 'abort')
  assert.equal(issuer.requests.length, 2)
})

test('a key that was withdrawn works for ten minutes at most', async (t) => {
  const { issuer, world } = await scene(t)
  issuer.answerJson(setOf(first, second))
  const sent = await token(first, ours)
  assert.equal((await world.login(sent)).type, 'welcome')
  issuer.answerJson(setOf(second))
  world.clock.advance(600_000)
  assert.equal((await world.login(sent)).type, 'welcome')
  world.clock.advance(1)
  assert.equal((await world.login(sent)).reason, 'wamp.error.authentication_denied')
})

test('an issuer that cannot be reached: its logins fail, and work again when it is back', async (t) => {
  const { issuer, world } = await scene(t)
  issuer.answer = (_request, response) => response.destroy()
  const sent = await token(first, ours)
  assertUnchecked(await world.login(sent), /jwt: Cannot read http:\/\/127\.0\.0\.1:\d+\/keys: /)
  issuer.answerJson(setOf(first))
  world.clock.advance(4_999)
  assertUnchecked(await world.login(sent), /Cannot read/)
  assert.equal(issuer.requests.length, 1, 'it is asked again after five seconds only')
  world.clock.advance(1)
  assert.equal((await world.login(sent)).type, 'welcome')
})

test('keys that are there go on working for a day when the issuer is away', async (t) => {
  const { issuer, world } = await scene(t)
  issuer.answerJson(setOf(first))
  const sent = await token(first, { ...ours, exp: 2_000_000_000 })
  assert.equal((await world.login(sent)).type, 'welcome')
  await issuer.stop()
  world.clock.advance(600_001)
  assert.equal((await world.login(sent)).type, 'welcome')
  assert.equal((await world.login(sent)).type, 'welcome')
  assert.equal(world.warnings.length, 1)
  assert.match(world.warnings[0]!, /Cannot read http:.*; the keys of before go on working/)
  world.clock.advance(86_400_000)
  assertUnchecked(await world.login(sent), /the keys are older than a day, and Cannot read/)
})

test('a slow issuer costs the configured time, whether it is silent or drips', async (t) => {
  const { issuer, world } = await scene(t, { timeoutMs: 50 })
  const sent = await token(first, ours)
  issuer.answer = () => {}
  assertUnchecked(await world.login(sent), /it took too long \(timeoutMs\)/)
  world.clock.advance(5_000)
  issuer.answer = (_request, response) => void response.writeHead(200).write('{"keys":[')
  assertUnchecked(await world.login(sent), /it took too long \(timeoutMs\)/)
})

test('what is no key set is refused: huge, broken, another status, a redirect', async (t) => {
  const { issuer, world } = await scene(t)
  const other = await IssuerServer.start(t)
  other.answerJson(setOf(first))
  const sent = await token(first, ours)
  const cases: [RegExp, IssuerServer['answer']][] = [
    [/it is longer than 262144 bytes/, (_request, response) => response.end(JSON.stringify({ keys: [], x: 'x'.repeat(300_000) }))],
    [/it is not JSON/, (_request, response) => response.end('<html>')],
    [/not valid for encoding utf-8/, (_request, response) => response.end(Buffer.from('{"keys":[],"x":"\xff"}', 'latin1'))],
    [/is no JSON Web Key Set/, (_request, response) => response.end('{"keys":{}}')],
    [/is no JSON Web Key Set/, (_request, response) => response.end('null')],
    [/is no JSON Web Key Set/, (_request, response) => response.end('{"keys":[null]}')],
    [/it answered 500/, (_request, response) => response.writeHead(500).end(JSON.stringify(setOf(first)))],
    [/it answered 302.*redirects are not followed/, (_request, response) => response.writeHead(302, { location: other.url }).end()],
  ]
  for (const [cause, answer] of cases) {
    issuer.answer = answer
    assertUnchecked(await world.login(sent), cause)
    world.clock.advance(5_000)
  }
  assert.equal(other.requests.length, 0)
  issuer.answerJson(setOf(first))
  assert.equal((await world.login(sent)).type, 'welcome')
})

test('keys of a set that are no good do not hinder those that are', async (t) => {
  const { issuer, world } = await scene(t)
  const odd = [{ kty: 'oct', k: 'c2VjcmV0', kid: 'secret', alg: 'HS256' }, { kty: 'EC', kid: 'empty' }, { kty: 'strange' }, {}]
  issuer.answerJson({ keys: [...odd, ...setOf(first).keys] })
  assert.equal((await world.login(await token(first, ours))).type, 'welcome')
  const asSecret = { alg: 'HS256', privateKey: new TextEncoder().encode('secret'), publicJwk: { kty: 'oct', kid: 'secret' } }
  assert.match((await world.login(await token(asSecret, ours))).cause!, /algorithm "HS256" is not among/)
})

/** An issuer that tells where its keys are. */
function answerDiscovery(issuer: IssuerServer, path: string, document: object, keys: object): void {
  issuer.answer = (request, response) => {
    const isDocument = request.url === `${path}/.well-known/openid-configuration`
    response.end(JSON.stringify(isDocument ? document : request.url === '/keys' ? keys : {}))
  }
}

test('discovery: the issuer says where its keys are', async (t) => {
  const issuer = await IssuerServer.start(t)
  const iss = `${issuer.url}/tenant/`
  answerDiscovery(issuer, '/tenant', { issuer: iss, jwks_uri: `${issuer.url}/keys` }, setOf(first))
  const world = new TokenWorld({ issuer: iss, audience: AUDIENCE, discovery: true })
  assert.equal((await world.login(await token(first, { iss }))).type, 'welcome')
  assert.deepEqual(issuer.requests, ['/tenant/.well-known/openid-configuration', '/keys'])
})

test('discovery: a document of another issuer brings no keys, and neither does an unsafe address', async (t) => {
  const issuer = await IssuerServer.start(t)
  const iss = issuer.url
  const keys = `${issuer.url}/keys`
  const world = new TokenWorld({ issuer: iss, audience: AUDIENCE, discovery: true })
  const sent = await token(first, { iss })
  const cases: [RegExp, object][] = [
    [/is about the issuer "https:\/\/evil\.example", not/, { issuer: 'https://evil.example', jwks_uri: keys }],
    [/is about the issuer nothing, not/, { jwks_uri: keys }],
    [
      /has as jwks_uri "http:\/\/evil\.example\/keys", which must be an https: address/,
      { issuer: iss, jwks_uri: 'http://evil.example/keys' },
    ],
    [/has as jwks_uri "file:/, { issuer: iss, jwks_uri: 'file:///etc/passwd' }],
    [/has as jwks_uri nothing/, { issuer: iss }],
  ]
  for (const [cause, document] of cases) {
    answerDiscovery(issuer, '', document, setOf(first))
    assertUnchecked(await world.login(sent), cause)
    world.clock.advance(5_000)
  }
  assert.ok(!issuer.requests.includes('/keys'))
})

test('discovery: the keys of one issuer are no good for tokens of another', async (t) => {
  const [one, two] = [await IssuerServer.start(t), await IssuerServer.start(t)]
  answerDiscovery(one, '', { issuer: one.url, jwks_uri: `${one.url}/keys` }, setOf(first))
  answerDiscovery(two, '', { issuer: two.url, jwks_uri: `${two.url}/keys` }, setOf(second))
  const world = new TokenWorld({ issuer: [one.url, two.url], audience: AUDIENCE, discovery: true })
  assert.equal((await world.login(await token(first, { iss: one.url }))).type, 'welcome')
  assert.equal((await world.login(await token(second, { iss: two.url }))).type, 'welcome')
  const crossed = await world.login(await token(first, { iss: two.url }))
  assert.equal(crossed.reason, 'wamp.error.authentication_denied')
  const named = await world.login(await token({ ...first, publicJwk: { ...first.publicJwk, kid: 'second' } }, { iss: two.url }))
  assert.match(named.cause!, /signature verification failed/)
  const stranger = await world.login(await token(first, { iss: 'https://evil.example' }))
  assert.match(stranger.cause!, /issuer "https:\/\/evil\.example" is not/)
})
