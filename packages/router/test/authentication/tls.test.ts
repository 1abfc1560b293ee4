import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from '@crosspoint/testing'
import { anonymous, type Link, type LoginPrincipal, type PrincipalSource, staticPrincipals, tls } from '../../src/index.ts'
import type { TestClient } from '../support.ts'
import { abortOf, certificate, DENIED, FAILED, LoginWorld, welcomeOf, whoOf } from './support.ts'

const SHA1 = 'AB:'.repeat(20).slice(0, -1)
const SHA256 = 'ab'.repeat(32)
const ABAB = { sha1: 'ab'.repeat(20), sha256: SHA256, commonName: 'sensor.example.com' }

function worldOf(source: PrincipalSource): LoginWorld {
  return new LoginWorld({ authenticators: [tls(source), anonymous({ random: new SeededRandom(2) })] })
}
const world = (principals: { readonly [authid: string]: LoginPrincipal }): LoginWorld => worldOf(staticPrincipals(principals))
const offer = (w: LoginWorld, link: Partial<Link>, authid?: string): TestClient =>
  w.hello({ authmethods: ['tls', 'anonymous'], authid: authid ?? null }, link)

test('AUTH-02 AUTH-05 a certificate says who it is, by SHA-256 or SHA-1, with colons or without, in any case', () => {
  const forms: LoginPrincipal[] = [
    { 'certificate-sha1': SHA1 },
    { 'certificate-sha1': SHA1.toLowerCase().replaceAll(':', '') },
    { 'certificate-sha256': SHA256 },
    { 'certificate-sha256': SHA256.toUpperCase().replace(/..(?=.)/g, '$&:') },
    { 'certificate-sha256': SHA256, 'certificate-sha1': SHA1 },
  ]
  for (const form of forms) {
    const w = world({ other: { 'certificate-sha256': 'cd'.repeat(32) }, sensor7: { ...form, role: 'sensor' } })
    const who = { realm: 'realm1', authid: 'sensor7', authrole: 'sensor', authmethod: 'tls', authprovider: 'static' }
    assert.deepEqual(whoOf(welcomeOf(offer(w, { certificate: ABAB }))), who)
    assert.deepEqual(whoOf(welcomeOf(offer(w, { certificate: ABAB }, 'sensor7'))), who)
    abortOf(offer(w, { certificate: ABAB }, 'other'), DENIED)
  }
})

test('AUTH-03 a connection without a certificate goes on with the next method', () => {
  const w = world({ sensor7: { 'certificate-sha1': SHA1 } })
  assert.equal(welcomeOf(offer(w, {}))['authmethod'], 'anonymous')
  abortOf(w.hello({ authmethods: ['tls'] }), 'wamp.error.no_matching_auth_method')
  assert.match(w.refused[0]!.cause, /skipped: tls \(the connection has no client certificate\)/)
})

test('AUTH-06 an unknown certificate is denied, also where another method would let in', () => {
  const w = world({ sensor7: { 'certificate-sha1': SHA1 }, bare: {} })
  abortOf(offer(w, { certificate: certificate('c') }), DENIED)
  abortOf(offer(w, { certificate: certificate('c') }, 'sensor7'), DENIED)
  abortOf(offer(w, { certificate: ABAB }, 'bare'), DENIED)
  assert.match(w.refused[0]!.cause, /^the certificate with SHA-256 c{64} is not that of exactly one principal$/)
})

test('AUTH-06 a certificate that several principals have needs an authid, and all fingerprints must be right', () => {
  const shared = world({ one: { 'certificate-sha1': SHA1 }, two: { 'certificate-sha1': SHA1 } })
  abortOf(offer(shared, { certificate: ABAB }), DENIED)
  assert.equal(welcomeOf(offer(shared, { certificate: ABAB }, 'two'))['authid'], 'two')
  const half = world({ one: { 'certificate-sha1': SHA1, 'certificate-sha256': 'cd'.repeat(32) } })
  abortOf(offer(half, { certificate: ABAB }), DENIED)
})

test('AUTH-12 a source may look at certificates itself; the common name is then the authid, unless it says another', () => {
  const source = (principal: LoginPrincipal | { failure: string }, checksCertificates: boolean): PrincipalSource => ({
    provider: 'dynamic',
    checksCertificates,
    find: ({ authmethod, certificate: shown }, done) => done(authmethod === 'tls' && shown === ABAB ? principal : undefined),
  })
  const ask = (principal: LoginPrincipal | { failure: string }, checks = true): [LoginWorld, TestClient] => {
    const w = worldOf(source(principal, checks))
    return [w, offer(w, { certificate: ABAB })]
  }
  const who = { realm: 'realm1', authrole: 'user', authmethod: 'tls', authprovider: 'dynamic' }
  assert.deepEqual(whoOf(welcomeOf(ask({ role: 'user' })[1])), { ...who, authid: 'sensor.example.com' })
  assert.deepEqual(whoOf(welcomeOf(ask({ role: 'user', authid: 'seven' })[1])), { ...who, authid: 'seven' })
  abortOf(ask({ role: 'user' }, false)[1], DENIED)
  const [broken, client] = ask({ failure: 'no callee' })
  abortOf(client, FAILED)
  assert.equal(broken.refused[0]!.cause, 'no callee')
  abortOf(ask({ role: '' })[1], FAILED)
})
