import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { staticPrincipals, wampcra as wampcraOfRouter } from '@crosspoint/router'
import { nodeCrypto } from '../../../node/src/crypto.ts'
import { type AuthMethod, UsageError, wampcra } from '../../src/index.ts'
import { rejection } from '../support/fake-router.ts'
import { CANNOT, LoginBench } from '../support/logins.ts'
import { RealWorld } from '../support/real-router.ts'

// What the specification prints, and the signatures that AUTH-29 has for it.
const SPEC_CHALLENGE =
  '{"nonce": "LHRTC9zeOIrt_9U3", "authprovider": "userdb", "authid": "peter", "timestamp": "2014-06-22T16:36:25.448Z", ' +
  '"authrole": "user", "authmethod": "wampcra", "session": 3251278072152162}'
const SALTED = { challenge: SPEC_CHALLENGE, salt: 'salt123', keylen: 32, iterations: 1000 }
const SALTED_SIGNATURE = 'gir1mSx+deCDUV7wRM5SGIn/+R/ClqLZuH4m7FJeBVI='
const PLAIN_SIGNATURE = 'vb/MUq65p6Xs4P09HfsDI4VmI8HWO3whf0vNe4IdogQ='
const DERIVED = '64xfzBvZhGDT7PB0bQwDeI8/WR1M9x6Cw5dt0yP9koc='

async function offered(method: AuthMethod): Promise<LoginBench> {
  const login = new LoginBench([method])
  await login.hello()
  return login
}
const signatureOf = async (method: AuthMethod, extra: object) =>
  (await (await offered(method)).challenge('wampcra', extra as { [key: string]: unknown })).signature

test('AUTH-20 HELLO has the method and the authid', async () => {
  const login = new LoginBench([wampcra({ authid: 'peter', secret: 'secret1' })])
  const { authmethods, authid } = await login.hello()
  assert.deepEqual([authmethods, authid], [['wampcra'], 'peter'])
})

test('AUTH-22 AUTH-29 the plain secret signs the challenge exactly as received', async () => {
  const method = () => wampcra({ authid: 'peter', secret: 'secret1' })
  assert.equal(await signatureOf(method(), { challenge: SPEC_CHALLENGE }), PLAIN_SIGNATURE)
  for (const challenge of ['{ "no" : "order" }\n', 'no JSON at all', '{"text":"\\u00e4 ä 🗝"}']) {
    const expected = createHmac('sha256', 'secret1').update(challenge).digest('base64')
    assert.equal(await signatureOf(method(), { challenge }), expected)
  }
})

test('AUTH-23 AUTH-24 AUTH-29 a salted challenge is signed with the Base64 text of the derived key', async () => {
  assert.equal(await signatureOf(wampcra({ authid: 'peter', secret: async () => 'secret1' }), SALTED), SALTED_SIGNATURE)
})

test('AUTH-25 iterations and keylen have defaults', async () => {
  const { challenge, salt } = SALTED
  assert.equal(await signatureOf(wampcra({ authid: 'peter', secret: 'secret1' }), { challenge, salt }), SALTED_SIGNATURE)
})

test('AUTH-24 the derived key itself does in place of the secret', async () => {
  assert.equal(await signatureOf(wampcra({ authid: 'peter', key: DERIVED }), SALTED), SALTED_SIGNATURE)
  assert.equal(await signatureOf(wampcra({ authid: 'peter', key: async () => DERIVED }), SALTED), SALTED_SIGNATURE)
})

test('AUTH-28 a third party signs: it gets the challenge as received and the whole Extra', async () => {
  const seen: unknown[] = []
  const sign = async (...parameters: unknown[]) => {
    seen.push(...parameters)
    return 'signed elsewhere'
  }
  assert.equal(await signatureOf(wampcra({ authid: 'peter', sign }), { ...SALTED, hint: 7 }), 'signed elsewhere')
  assert.deepEqual(seen, [SPEC_CHALLENGE, { ...SALTED, hint: 7 }])
})

test('AUTH-28 a third party that fails, or signs nothing, is asked again by the next attempt', async () => {
  const answers = [() => Promise.reject(new Error('not today')), () => '']
  const login = await offered(wampcra({ authid: 'peter', sign: () => answers.shift()!() }))
  for (const why of [/The signature is not to be had: not today/, /The signature must be a string that is not empty/]) {
    assert.equal((await login.refused('wampcra', SALTED)).message, 'wampcra: this client cannot answer now')
    assert.match(await login.retried(), why)
    await login.hello()
  }
})

test('exactly one of secret, key and sign', () => {
  const sign = () => ''
  for (const ways of [{}, { secret: 's', key: 'k' }, { secret: 's', sign }, { key: 'k', sign }]) {
    assert.throws(
      () => wampcra({ authid: 'peter', ...ways }),
      (error) => error instanceof UsageError && error.code === 'ERR_INVALID_ARGUMENT' && /exactly one of/.test(error.message),
    )
  }
})

test('AUTH-21 AUTH-23 a malformed challenge, or one that asks for endless work, is refused with ABORT', async () => {
  const wrong: readonly [object, RegExp][] = [
    [{}, /Extra\.challenge must be/],
    [{ challenge: 7 }, /Extra\.challenge must be/],
    [{ challenge: 'c', salt: 7 }, /salt must be/],
    [{ challenge: 'c', salt: 's', iterations: 1e9 }, /iterations must be/],
    [{ challenge: 'c', salt: 's', keylen: 1e9 }, /keylen must be/],
  ]
  for (const [extra, message] of wrong) {
    const login = await offered(wampcra({ authid: 'peter', secret: 'secret1' }))
    const abort = await login.refused('wampcra', extra as { [key: string]: unknown })
    assert.equal(abort.reason, CANNOT)
    assert.match(abort.message, message)
    assert.equal((await login.failure()).code, 'ERR_REFUSED')
  }
})

function world(): RealWorld {
  const made = new RealWorld()
  const source = staticPrincipals({
    peter: { secret: DERIVED, salt: 'salt123', iterations: 1000, keylen: 32, role: 'user', extra: { team: 'blue' } },
    paul: { secret: 'plain', role: 'user' },
  })
  const authenticator = wampcraOfRouter(nodeCrypto, source, { mockSecret: new Uint8Array(32), clock: made.clock })
  made.login = { authenticators: [authenticator] }
  return made
}

test('AUTH-21 AUTH-26 the real router lets the right ones in, salted and plain', async () => {
  const real = world()
  const peter = (await real.join({ auth: [wampcra({ authid: 'peter', secret: 'secret1' })] })).session!
  assert.deepEqual([peter.authid, peter.authrole, peter.authmethod, peter.authextra], ['peter', 'user', 'wampcra', { team: 'blue' }])
  const { authid } = (await real.join({ auth: [wampcra({ authid: 'paul', secret: 'plain' })] })).session!
  assert.equal(authid, 'paul')
})

test('AUTH-06 AUTH-26 the real router refuses a wrong secret and an unknown name alike, and the client stops', async () => {
  const real = world()
  const denial = async (authid: string, secret: string) => {
    const error = await rejection(real.join({ auth: [wampcra({ authid, secret })] }))
    assert.equal(error.code, 'ERR_REFUSED')
    return error.message
  }
  const wrong = await denial('peter', 'secret2')
  assert.match(wrong, /wamp\.error\.authentication_denied/)
  assert.equal(await denial('nobody', 'secret1'), wrong)
})
