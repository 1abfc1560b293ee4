// The methods that sign nothing, each alone, and logins as a whole against the real router.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readTotpSecret, totpCode, totpStepAt } from '@crosspoint/protocol/internal'
import {
  type Authenticator,
  anonymous as anonymousOfRouter,
  staticPrincipals,
  ticket as ticketOfRouter,
  tls as tlsOfRouter,
  totpSecondStep,
} from '@crosspoint/router'
import { nodeCrypto } from '../../../node/src/crypto.ts'
import { App, anonymous, cookie, jwt, scram, ticket, tls, totp, UsageError } from '../../src/index.ts'
import { resumable } from '../../src/resume.ts'
import { rejection, SILENT } from '../support/fake-router.ts'
import { LoginBench, until } from '../support/logins.ts'
import { RealWorld } from '../support/real-router.ts'
import { SeededRandom } from '../support/virtual-clock.ts'

describe('jwt', () => {
  test('a token goes as it is, without an authid, a fresh one for each session', async () => {
    let made = 0
    const login = new LoginBench([jwt({ token: async () => `token.${++made}` })])
    for (const n of [1, 2]) {
      const details = await login.hello()
      assert.deepEqual(details['authmethods'], ['jwt'])
      assert.equal('authid' in details, false)
      assert.deepEqual(await login.challenge('jwt', {}), { signature: `token.${n}`, extra: {} })
      login.welcome({ authid: 'joe', authmethod: 'jwt' })
      await until(() => login.bench.client.session?.authid === 'joe', 'a session')
      login.bench.link.drop()
      await login.retried()
    }
  })

  test('an empty token is refused when made', () => {
    for (const token of ['', undefined, 7]) assert.throws(() => jwt({ token: token as string }), UsageError)
  })
})

describe('cookie and tls', () => {
  for (const method of [cookie(), tls()]) {
    test(`AUTH-10 ${method.method} is offered and answers nothing`, async () => {
      const login = new LoginBench([method, anonymous()])
      const { authmethods, authid, authextra } = await login.hello()
      assert.deepEqual([authmethods, authid, authextra], [[method.method, 'anonymous'], undefined, undefined])
      login.welcome({ authid: 'joe', authmethod: method.method, authprovider: method.method })
      assert.equal(await login.ended(), 'joined')
      assert.equal(login.bench.client.session!.authmethod, method.method)
    })
  }

  test('AUTH-10 the real router knows a certificate', async () => {
    const real = new RealWorld()
    const sha256 = 'ab'.repeat(32)
    real.login = { authenticators: [tlsOfRouter(staticPrincipals({ device7: { 'certificate-sha256': sha256, role: 'device' } }))] }
    real.link = { certificate: { sha1: 'cd'.repeat(20), sha256, commonName: undefined } }
    assert.equal((await real.join({ auth: [tls()] })).session!.authid, 'device7')
  })
})

const PRINCIPALS = staticPrincipals({ joe: { ticket: 's3cret', role: 'user', extra: { team: 'blue' } } })
const joe = () => ticket({ authid: 'joe', ticket: 's3cret' })

describe('ticket and anonymous', () => {
  function world(...more: Authenticator[]): RealWorld {
    const real = new RealWorld({ resume: { waitMs: 60_000 } })
    real.login = { authenticators: [ticketOfRouter(nodeCrypto, PRINCIPALS), ...more] }
    return real
  }

  test('AUTH-15 AUTH-16 the right ticket is let in, and the session says as whom', async () => {
    const { authid, authrole, authmethod, authprovider, authextra } = (await world().join({ auth: [joe()] })).session!
    assert.deepEqual([authid, authrole, authmethod, authprovider], ['joe', 'user', 'ticket', 'static'])
    assert.deepEqual(authextra, { team: 'blue' })
  })

  test('AUTH-03 the order of the client decides', async () => {
    const real = world(anonymousOfRouter({ random: new SeededRandom(4), role: 'guest' }))
    assert.equal((await real.join({ auth: [anonymous(), joe()] })).session!.authmethod, 'anonymous')
    assert.equal((await real.join({ auth: [joe(), anonymous()] })).session!.authmethod, 'ticket')
  })

  test('AUTH-04 AUTH-06 nothing that fits, no login, and a wrong ticket are final', async () => {
    const real = world()
    for (const [auth, reason] of [
      [[jwt({ token: 't' })], /no_matching_auth_method/],
      [undefined, /authentication_required/],
      [[ticket({ authid: 'joe', ticket: 'wrong' })], /authentication_denied/],
    ] as const) {
      const error = await rejection(real.join({ auth }))
      assert.equal(error.code, 'ERR_REFUSED')
      assert.match(error.message, reason)
    }
  })

  test('an App logs in, and says why it cannot', async () => {
    const real = world()
    const make = (secret: string) => {
      const peer = () => real.router.attachLocal({ login: real.login })
      const auth = [ticket({ authid: 'joe', ticket: async () => secret })]
      return new App({ peer, auth, logger: SILENT, clock: real.clock, random: new SeededRandom(3) })
    }
    const app = make('s3cret')
    app.register('com.example.who', () => app.client.session!.authid)
    await app.start()
    assert.equal(await (await real.join({ auth: [joe()] })).call('com.example.who'), 'joe')
    await app.stop()
    const other = make('wrong')
    assert.match((await rejection(other.run())).message, /authentication_denied/)
  })

  test('AUTH-01 RES-07 a session that logged in is resumed without another login; nothing is lost or comes twice', async () => {
    const real = world()
    let asked = 0
    const secret = () => {
      asked++
      return 's3cret'
    }
    const pauses: (string | undefined)[] = []
    const resume = resumable({ onPause: (reason) => pauses.push(reason) })
    const client = await real.join({ auth: [ticket({ authid: 'joe', ticket: secret })], resume })
    const other = await real.join({ auth: [joe()] })
    const id = client.session!.id
    const heard: number[] = []
    const echoed: number[] = []
    await client.subscribe('com.example.tick', (n: number) => heard.push(n))
    await other.subscribe('com.example.tock', (n: number) => echoed.push(n))
    for (let round = 0; round < 3; round++) {
      real.cut(round === 0 ? 1 : 0) // the link of `client`; the others came before it
      other.publish('com.example.tick', round)
      client.publish('com.example.tock', round)
      real.mend()
      await real.advance(5_000)
    }
    assert.deepEqual(heard, [0, 1, 2])
    assert.deepEqual(echoed, [0, 1, 2])
    assert.equal(client.session!.id, id)
    assert.equal(client.session!.authid, 'joe')
    assert.equal(asked, 1)
    assert.equal(pauses.length, 6)
  })

  test('RES-07 a login that is cut short is not resumed, but begun anew', async () => {
    const real = world()
    const door = Promise.withResolvers<string>()
    let asked = 0
    const secret = () => (++asked === 1 ? door.promise : 's3cret')
    const joining = real.join({ auth: [ticket({ authid: 'joe', ticket: secret })], resume: resumable() })
    await until(() => asked === 1, 'the question for the ticket')
    real.cut()
    real.mend()
    await real.advance(1_000)
    door.resolve('s3cret')
    assert.equal((await joining).session!.authid, 'joe')
    assert.equal(asked, 2)
  })
})

describe('totp', () => {
  const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  function world(): { real: RealWorld; code: () => string } {
    const real = new RealWorld()
    const source = staticPrincipals({ joe: { ticket: 's3cret', role: 'user', totp: SECRET } })
    real.login = { authenticators: [ticketOfRouter(nodeCrypto, source)], secondStep: totpSecondStep(nodeCrypto, real.clock) }
    const secret = readTotpSecret(SECRET) as { readonly bytes: Uint8Array }
    return { real, code: () => totpCode(nodeCrypto, secret.bytes, totpStepAt(real.clock.now())) }
  }

  test('AUTH-08 the code is asked for after the ticket', async () => {
    const { real, code } = world()
    const asked: string[] = []
    const secret = (name: string, value: () => string) => () => {
      asked.push(name)
      return value()
    }
    const first = ticket({ authid: 'joe', ticket: secret('ticket', () => 's3cret') })
    const client = await real.join({ auth: [first, totp(secret('code', code))] })
    assert.equal(client.session!.authmethod, 'ticket')
    assert.deepEqual(asked, ['ticket', 'code'])
  })

  test('AUTH-08 a wrong code is refused', async () => {
    const { real, code } = world()
    const wrong = totp(() => (code() === '000000' ? '000001' : '000000'))
    assert.match((await rejection(real.join({ auth: [joe(), wrong] }))).message, /authentication_denied/)
  })

  test('AUTH-08 AUTH-09 a client without a code says that it cannot', async () => {
    const { real } = world()
    const error = await rejection(real.join({ auth: [joe()] }))
    assert.equal(error.code, 'ERR_REFUSED')
    assert.match(error.message, /cannot_authenticate: totp: It was asked for, and is none of ticket/)
  })

  test('AUTH-08 AUTH-43 a second step after SCRAM does not make up for a router that proves nothing', async () => {
    const login = new LoginBench([scram({ authid: 'joe', password: 'pencil' }), totp('123456')])
    await login.hello()
    await login.challenge('totp', {})
    login.welcome({ authmethod: 'wamp-scram' })
    assert.match((await login.aborted()).message, /did not prove/)
  })
})
