// Logins by JSON Web Token: which tokens are accepted, who they say it is, and what everybody else is told.

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { Client, jwt as jwtMethod, ticket as ticketMethod } from '@crosspoint/client'
import { Router, staticPrincipals, ticket } from '@crosspoint/router'
import { SeededRandom, VirtualClock } from '@crosspoint/testing'
import { exportSPKI, importJWK, UnsecuredJWT } from 'jose'
import { jwt } from '../../src/authentication/jwt.ts'
import type { JwtOptions } from '../../src/authentication/jwt-options.ts'
import { nodeCrypto } from '../../src/crypto.ts'
import { AUDIENCE, NOW, type Outcome, type Signer, signer, TokenWorld, token } from '../support/tokens.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const SECRET = 'a secret of at least 32 bytes, as it must be; this one has more than sixty-four'
const ed = await signer('EdDSA')
const rsa = await signer('RS256')
const hmac: Signer = { alg: 'HS256', privateKey: new TextEncoder().encode(SECRET), publicJwk: {} }

const withKey = (...signers: readonly Signer[]): JwtOptions => ({ audience: AUDIENCE, keys: signers.map(({ publicJwk }) => publicJwk) })

/** A refusal that tells the peer nothing, and the operator why, without the token. */
function assertDenied(outcome: Outcome, cause: RegExp, sent: string): void {
  assert.equal(outcome.reason, 'wamp.error.authentication_denied')
  assert.deepEqual(outcome.details, { message: 'The credentials are not right' })
  assert.match(outcome.cause!, cause)
  for (const part of sent.split('.'))
    assert.ok(part.length < 12 || !outcome.cause!.includes(part), `the cause shows the token: ${outcome.cause}`)
}

async function assertRefused(options: JwtOptions, sent: string, cause: RegExp): Promise<void> {
  assertDenied(await new TokenWorld(options).login(sent), cause, sent)
}

for (const alg of ['EdDSA', 'Ed25519', 'ES256', 'ES384', 'ES512', 'RS256', 'PS256', 'PS512']) {
  test(`AUTH-05 a token signed with ${alg} logs in`, async () => {
    const one = await signer(alg)
    const { type, details, challenge } = await new TokenWorld(withKey(one)).login(await token(one))
    assert.equal(type, 'welcome')
    assert.deepEqual(challenge, { authmethod: 'jwt', extra: {} })
    const { authid, authrole, authmethod, authprovider, authextra } = details
    assert.deepEqual(
      { authid, authrole, authmethod, authprovider },
      { authid: 'joe', authrole: 'user', authmethod: 'jwt', authprovider: 'jwt' },
    )
    assert.equal(authextra, undefined)
  })
}

test('a token signed with a secret logs in, and so does one with the secret of before', async () => {
  const old: Signer = { ...hmac, privateKey: new TextEncoder().encode(`${SECRET} before`) }
  const world = new TokenWorld({ audience: AUDIENCE, secret: [SECRET, `${SECRET} before`] })
  assert.equal((await world.login(await token(hmac))).type, 'welcome')
  assert.equal((await world.login(await token(old))).type, 'welcome')
  const other = await token({ ...hmac, privateKey: new TextEncoder().encode(`${SECRET} of somebody else`) })
  assertDenied(await world.login(other), /signature verification failed/, other)
  const longer = { ...hmac, alg: 'HS512' }
  assertDenied(await world.login(await token(longer)), /algorithm "HS512" is not among HS256/, 'x')
  const allowed = new TokenWorld({ audience: AUDIENCE, secret: SECRET, algorithms: ['HS256', 'HS512'] })
  assert.equal((await allowed.login(await token(longer))).type, 'welcome')
})

test('keys are given as JWK with and without kid, as PEM and beside a secret', async () => {
  const named = await signer('ES256', 'first')
  const pem = await exportSPKI((await importJWK(rsa.publicJwk, 'RS256')) as never)
  const world = new TokenWorld({ audience: AUDIENCE, keys: [named.publicJwk, ed.publicJwk, pem], secret: SECRET })
  for (const one of [named, ed, rsa, hmac]) assert.equal((await world.login(await token(one))).type, 'welcome', one.alg)
  // A key that has no name in the configuration may have one in tokens.
  assert.equal((await world.login(await token(rsa, {}, { kid: 'some name' }))).type, 'welcome')
  const other = await token(named, {}, { kid: 'second' })
  assertDenied(await world.login(other), /there is no key "second" for ES256/, other)
})

test('a token that names no key is tried with each one that fits', async () => {
  const second = await signer('EdDSA')
  const third = await signer('EdDSA')
  const world = new TokenWorld(withKey(ed, second))
  assert.equal((await world.login(await token(second))).type, 'welcome')
  const unknown = await token(third)
  assertDenied(await world.login(unknown), /signature verification failed/, unknown)
})

test('a token that was changed anywhere is denied', async () => {
  const world = new TokenWorld(withKey(ed))
  const good = await token(ed)
  const [header, payload, signature] = good.split('.') as [string, string, string]
  const asAdmin = Buffer.from(JSON.stringify({ ...JSON.parse(`${Buffer.from(payload, 'base64url')}`), role: 'admin' })).toString(
    'base64url',
  )
  const flipped = `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`
  for (const sent of [`${header}.${asAdmin}.${signature}`, `${header}.${payload}.${flipped}`, `${header}.${payload}.`]) {
    assertDenied(await world.login(sent), /jwt: /, sent)
  }
  assert.equal((await world.login(good)).type, 'welcome')
})

test('what is no token is denied', async () => {
  const world = new TokenWorld(withKey(ed))
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = part({ alg: 'EdDSA' })
  const texts = [
    '',
    '.',
    '..',
    'x',
    'ä.ö.ü',
    `${head}.x.y`,
    `${head}.${part([])}.`,
    `${head}.${part(null)}.AA`,
    `${part(null)}.${head}.AA`,
    `${head}.${head}.AA.AA.AA`,
  ]
  texts.push(`${part({ alg: ['EdDSA'] })}.${part({})}.AA`, `${part({ alg: 'toString' })}.${part({})}.AA`)
  for (const sent of texts) {
    // Each by itself, so that none waits for failures of before.
    const outcome = await new TokenWorld(withKey(ed)).login(sent)
    assert.equal(outcome.reason, 'wamp.error.authentication_denied', sent)
  }
  const long = `${await token(ed)}${'A'.repeat(16_384)}`
  assertDenied(await world.login(long), /more than 16384 characters/, long)
})

test('one token has one text: neither whitespace nor another Base64url of the same bytes logs in', async () => {
  const good = await token(ed)
  assert.equal((await new TokenWorld(withKey(ed)).login(good)).type, 'welcome')
  const [header, payload, signature] = good.split('.') as [string, string, string]
  // 64 bytes are 86 characters, of whose last one four bits mean nothing.
  const sameBytes = signature.slice(0, -1) + String.fromCharCode(signature.charCodeAt(signature.length - 1) + 1)
  assert.deepEqual(Buffer.from(sameBytes, 'base64url'), Buffer.from(signature, 'base64url'))
  const others = [
    ` ${good}`,
    `${good}\n`,
    `${good}\r\n`,
    `\ufeff${good}`,
    `${good}==`,
    `${header}.${payload}.${sameBytes}`,
    `${header}.${payload}.${signature.slice(0, 10)}\n${signature.slice(10)}`,
    `${header}\t.${payload}.${signature}`,
    `${header}.${payload}=.${signature}`,
  ]
  // Each by itself, so that none waits for failures of before.
  for (const sent of others) await assertRefused(withKey(ed), sent, /this is no token: it must be three parts in Base64url/)
})

test('AUTH-06 algorithm confusion: none, and the public key as a secret', async () => {
  const none = new UnsecuredJWT({ sub: 'joe', role: 'user', aud: AUDIENCE, exp: NOW + 60 }).encode()
  await assertRefused(withKey(rsa), none, /algorithm "none" is not among/)
  const pem = await exportSPKI((await importJWK(rsa.publicJwk, 'RS256')) as never)
  for (const secret of [pem, pem.trim(), JSON.stringify(rsa.publicJwk)]) {
    const input = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.${(await token(rsa)).split('.')[1]}`
    const forged = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
    await assertRefused({ audience: AUDIENCE, keys: [pem] }, forged, /algorithm "HS256" is not among/)
    // Also where HS256 is in use with another secret.
    await assertRefused({ audience: AUDIENCE, keys: [pem], secret: SECRET }, forged, /signature verification failed/)
  }
})

test('an algorithm that is not among those of the configuration is denied', async () => {
  const options = { ...withKey(rsa), algorithms: ['PS256'] }
  await assertRefused(options, await token(rsa), /algorithm "RS256" is not among PS256/)
})

test('critical header parameters that nobody knows are denied', async () => {
  const sent = await token(ed)
  const [, payload] = sent.split('.')
  const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', crit: ['http://example.com/x'], 'http://example.com/x': true })).toString(
    'base64url',
  )
  const input = `${header}.${payload}`
  const signature = Buffer.from(await crypto.subtle.sign('Ed25519', ed.privateKey as CryptoKey, Buffer.from(input))).toString('base64url')
  await assertRefused(withKey(ed), `${input}.${signature}`, /http:\/\/example\.com\/x/)
})

test('audience and issuer must be right', async () => {
  const options: JwtOptions = { ...withKey(ed), audience: [AUDIENCE, 'other'], issuer: ['https://a.example', 'https://b.example'] }
  const world = new TokenWorld(options)
  assert.equal((await world.login(await token(ed, { iss: 'https://b.example' }))).type, 'welcome')
  assert.equal((await world.login(await token(ed, { iss: 'https://a.example', aud: ['x', 'other'] }))).type, 'welcome')
  await assertRefused(options, await token(ed, { iss: 'https://a.example/' }), /issuer "https:\/\/a\.example\/" is not/)
  await assertRefused(options, await token(ed), /issuer "" is not/)
  await assertRefused(options, await token(ed, { iss: 'https://a.example', aud: 'com.example' }), /unexpected "aud" claim value/)
  await assertRefused(options, await token(ed, { iss: 'https://a.example', aud: undefined }), /missing required "aud" claim/)
})

test('times: exp is required, nbf and iat hold, and clocks may differ by the tolerance only', async () => {
  const allows = async (claims: object, options: Partial<JwtOptions> = {}) => {
    const { type, reason } = await new TokenWorld({ ...withKey(ed), ...options }).login(await token(ed, claims))
    if (type === 'abort') assert.equal(reason, 'wamp.error.authentication_denied')
    return type === 'welcome'
  }
  assert.equal(await allows({ exp: undefined }), false)
  assert.equal(await allows({ exp: `${NOW + 60}` }), false)
  assert.equal(await allows({ exp: NOW - 29 }), true, 'expired within the tolerance')
  assert.equal(await allows({ exp: NOW - 30 }), false)
  assert.equal(await allows({ exp: NOW - 29 }, { clockToleranceSeconds: 0 }), false)
  assert.equal(await allows({ nbf: NOW + 30 }), true)
  assert.equal(await allows({ nbf: NOW + 31 }), false)
  assert.equal(await allows({ iat: NOW + 30 }), true)
  assert.equal(await allows({ iat: NOW + 31 }), false)
  assert.equal(await allows({ iat: 'now' }), false)
  assert.equal(await allows({ iat: undefined }), true)
  assert.equal(await allows({ iat: NOW - 630 }, { maxAgeSeconds: 600 }), true)
  assert.equal(await allows({ iat: NOW - 631 }, { maxAgeSeconds: 600 }), false)
  assert.equal(await allows({ iat: undefined }, { maxAgeSeconds: 600 }), false)
})

test('a session ends with its token, and lasts longer only where that is wanted', async () => {
  const brief = await token(ed, { exp: NOW + 60 })
  const world = new TokenWorld(withKey(ed))
  const ends = await world.login(brief)
  world.clock.advance(89_999)
  assert.equal(ends.goodbye(), undefined)
  world.clock.advance(1)
  assert.equal(ends.goodbye(), 'crosspoint.close.login_expired')
  const other = new TokenWorld({ ...withKey(ed), endsSession: false })
  const lasts = await other.login(brief)
  other.clock.advance(86_400_000)
  assert.equal(lasts.goodbye(), undefined)
})

test('AUTH-07 a token that has expired is no guess: nobody has to wait for it', async () => {
  const world = new TokenWorld(withKey(ed))
  const expired = await token(ed, { exp: NOW - 3600 })
  const elsewhere = await token(ed, { aud: 'com.example.other' })
  // After a tenth of loginFailuresPerPrincipalMax a guess would wait for a clock that stands still.
  for (let count = 0; count < 10; count++) {
    assertDenied(await world.login(expired, { authid: 'joe' }), /"exp" claim timestamp check failed/, expired)
    assertDenied(await world.login(elsewhere, { authid: 'joe' }), /unexpected "aud" claim value/, elsewhere)
  }
  assert.equal((await world.login(await token(ed), { authid: 'joe' })).type, 'welcome')
})

test('roles: a claim, a path, a mapping in the order of the configuration, a default', async () => {
  const roleOf = async (claims: object, options: Partial<JwtOptions>) => {
    const sent = await token(ed, { role: undefined, ...claims })
    const outcome = await new TokenWorld({ ...withKey(ed), ...options }).login(sent)
    if (outcome.type === 'welcome') return outcome.details['authrole']
    assertDenied(outcome, /the token of "joe" has as /, sent)
    return undefined
  }
  const deep = { realm_access: { roles: ['offline', 'app-user', 'app-admin'] } }
  const path = { claims: { role: 'realm_access.roles' } }
  assert.equal(await roleOf({ role: ['only'] }, {}), 'only')
  assert.equal(await roleOf({ role: ['one', 'two'] }, {}), undefined)
  assert.equal(await roleOf({ role: ['one', 'two'] }, { defaultRole: 'guest' }), undefined, 'two roles are no absent role')
  assert.equal(await roleOf({}, {}), undefined)
  assert.equal(await roleOf({ role: 7 }, {}), undefined)
  assert.equal(await roleOf({ role: '' }, {}), undefined)
  assert.equal(await roleOf({}, { defaultRole: 'guest' }), 'guest')
  assert.equal(await roleOf(deep, { ...path, roles: { 'app-admin': 'admin', 'app-user': 'user' } }), 'admin')
  assert.equal(await roleOf(deep, { ...path, roles: { 'app-user': 'user', 'app-admin': 'admin' } }), 'user')
  assert.equal(await roleOf(deep, { ...path, roles: { 'app-boss': 'boss' } }), undefined)
  assert.equal(await roleOf(deep, { ...path, roles: { 'app-boss': 'boss' }, defaultRole: 'guest' }), 'guest')
  assert.equal(await roleOf({ role: 'toString' }, { roles: { user: 'user' } }), undefined)
  assert.equal(await roleOf({ 'https://x.example/role': 'user' }, { claims: { role: 'https://x.example/role' } }), 'user')
  assert.equal(await roleOf({ clients: { 'my.app': 'user' } }, { claims: { role: ['clients', 'my.app'] } }), 'user')
  assert.equal(await roleOf({ clients: 'x' }, { claims: { role: 'clients.length' } }), undefined)
  assert.equal(await roleOf({ clients: {} }, { claims: { role: 'clients.constructor.name' } }), undefined)
})

test('the authid is a claim that must be there, and one that HELLO names must be the same', async () => {
  const options = { ...withKey(ed), claims: { authid: 'email' } }
  const sent = await token(ed, { email: 'joe@example.com' })
  const world = new TokenWorld(options)
  assert.equal((await world.login(sent)).details['authid'], 'joe@example.com')
  assert.equal((await world.login(sent, { authid: 'joe@example.com' })).type, 'welcome')
  assertDenied(await world.login(sent, { authid: 'joe' }), /authid is "joe", and the token is of "joe@example\.com"/, sent)
  for (const email of [undefined, '', 7, ['joe']])
    await assertRefused(options, await token(ed, { email }), /claim "email" must be a string/)
})

test('realms: the one that the client asks for, or those of a claim', async () => {
  const plain = new TokenWorld(withKey(ed))
  assert.equal((await plain.login(await token(ed), { realm: 'realm2' })).details['realm'], 'realm2')
  assert.equal((await plain.login(await token(ed), { realm: null })).reason, 'wamp.error.authentication_failed')
  const world = new TokenWorld({ ...withKey(ed), claims: { realm: 'realms' } })
  const one = await token(ed, { realms: 'realm2' })
  const two = await token(ed, { realms: ['realm1', 'realm2'] })
  assert.equal((await world.login(one, { realm: null })).details['realm'], 'realm2')
  assert.equal((await world.login(one, { realm: 'realm2' })).type, 'welcome')
  assertDenied(await world.login(one, { realm: 'realm1' }), /is for the realms "realm2", not for "realm1"/, one)
  assert.equal((await world.login(two, { realm: 'realm1' })).details['realm'], 'realm1')
  assertDenied(await world.login(two, { realm: null }), /is for the realms "realm1, realm2", not for null/, two)
  const none = await token(ed)
  assertDenied(await world.login(none, { realm: 'realm1' }), /is for the realms ""/, none)
})

test('AUTH-03 a client that can only send tickets is asked for a ticket', async () => {
  const world = new TokenWorld(withKey(ed), { aliases: ['ticket'] })
  const sent = await token(ed)
  const asTicket = await world.login(sent, { authid: 'joe', authmethods: ['wampcra', 'ticket', 'jwt'] })
  assert.deepEqual(asTicket.challenge, { authmethod: 'ticket', extra: {} })
  assert.equal(asTicket.details['authmethod'], 'ticket')
  assert.equal((await world.login(sent, { authmethods: ['jwt', 'ticket'] })).details['authmethod'], 'jwt')
  assertDenied(await world.login(sent, { authid: 'jane', authmethods: ['ticket'] }), /authid is "jane"/, sent)
  const without = await new TokenWorld(withKey(ed)).login(sent, { authid: 'joe', authmethods: ['ticket'] })
  assert.equal(without.reason, 'wamp.error.no_matching_auth_method')
})

test('our client logs in with a token, beside a real ticket method', async (t) => {
  const router = new Router({ clock: new VirtualClock(), random: new SeededRandom(1), realms: [{ name: 'realm1' }] })
  const tickets = ticket(nodeCrypto, staticPrincipals({ jane: { ticket: 'the ticket of jane', role: 'staff' } }))
  const authenticators = [jwt(withKey(ed), { now: () => NOW * 1000 }), tickets]
  const clients = [
    new Client({
      peer: () => router.attachLocal({ login: { authenticators } }),
      realm: 'realm1',
      logger: silent,
      auth: [jwtMethod({ token: () => token(ed) })],
    }),
    new Client({
      peer: () => router.attachLocal({ login: { authenticators } }),
      realm: 'realm1',
      logger: silent,
      auth: [ticketMethod({ authid: 'jane', ticket: 'the ticket of jane' })],
    }),
  ]
  t.after(() => Promise.all(clients.map((client) => client.stop())))
  await Promise.all(clients.map((client) => client.start()))
  assert.deepEqual(
    clients.map(({ session }) => [session!.authid, session!.authrole, session!.authmethod]),
    [
      ['joe', 'user', 'jwt'],
      ['jane', 'staff', 'ticket'],
    ],
  )
})
