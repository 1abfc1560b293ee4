import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { VirtualClock } from '@crosspoint/testing'
import { LoginThrottle } from '../../src/authentication/login-throttle.ts'
import { DEFAULT_LIMITS, type RouterLimits, staticPrincipals, ticket } from '../../src/index.ts'
import type { TestClient } from '../support.ts'
import { AUTHENTICATE, abortOf, challengeOf, crypto, DENIED, LoginWorld, welcomeOf } from './support.ts'

const TOO_MANY = 'crosspoint.error.too_many_logins'
const [HERE, THERE] = ['192.0.2.1', '198.51.100.7']

interface Scene {
  readonly throttle: LoginThrottle
  readonly clock: VirtualClock
  /** Fails that many times; how long each had to wait, undefined where it was refused. */
  fail(times: number, address?: string, authid?: string): (number | undefined)[]
  /** How long the next one would have to wait. */
  wait(address?: string, authid?: string): number | undefined
}

function scene(limits: Partial<RouterLimits> = {}): Scene {
  const clock = new VirtualClock()
  const small = { loginFailuresPerAddressMax: 20, loginFailuresPerPrincipalMax: 10, loginFailuresForgetMs: 100_000 }
  const throttle = new LoginThrottle(clock, { ...DEFAULT_LIMITS, ...small, ...limits })
  return {
    throttle,
    clock,
    fail: (times, address, authid) =>
      Array.from({ length: times }, () => {
        const attempt = throttle.attempt(address, 'realm1', authid)
        attempt.failed()
        return attempt.delayMs
      }),
    wait(address, authid) {
      const attempt = throttle.attempt(address, 'realm1', authid)
      attempt.abandoned()
      return attempt.delayMs
    },
  }
}

describe('counting', () => {
  test('AUTH-07 who fails is slowed ever more, and then refused', () => {
    const { fail, wait } = scene()
    const delays = fail(10, undefined, 'joe') as number[]
    assert.deepEqual(delays, [0, 400, 800, 1200, 1600, 2000, 2400, 2800, 3200, 3600])
    assert.equal(wait(undefined, 'joe'), undefined)
    assert.equal(wait(undefined, 'eve'), 0, 'others are not')
  })

  test('AUTH-07 the defaults let some typing errors pass, and wait at most four seconds', () => {
    const { loginFailuresPerAddressMax, loginFailuresPerPrincipalMax, loginFailuresForgetMs } = DEFAULT_LIMITS
    const { fail } = scene({ loginFailuresPerAddressMax, loginFailuresPerPrincipalMax, loginFailuresForgetMs })
    const delays = fail(loginFailuresPerPrincipalMax + 1, undefined, 'joe')
    assert.deepEqual(delays.slice(0, 5), [0, 0, 0, 0, 0])
    assert.ok(delays[5]! > 0)
    assert.ok(delays.slice(0, -1).every((delay) => delay! < 4_000))
    assert.equal(delays.at(-1), undefined)
  })

  test('AUTH-07 an address is counted over all principals, and a principal over all addresses', () => {
    const { fail, wait } = scene()
    for (let n = 0; n < 20; n++) fail(1, HERE, `user${n}`)
    assert.equal(wait(HERE, 'new'), undefined)
    assert.equal(wait(HERE), undefined, 'also without an authid')
    assert.equal(wait(THERE, 'new'), 0)
    for (let n = 0; n < 10; n++) fail(1, `203.0.113.${n}`, 'joe')
    assert.equal(wait(THERE, 'joe'), undefined)
  })

  test('AUTH-07 a principal is counted in each realm for itself', () => {
    const { throttle, fail } = scene()
    fail(10, undefined, 'joe')
    assert.equal(throttle.attempt(undefined, 'realm2', 'joe').delayMs, 0)
  })

  test('AUTH-07 what has neither address nor authid is not counted', () => {
    const { fail, wait } = scene()
    assert.ok(fail(100).every((delay) => delay === 0))
    assert.equal(wait(), 0)
  })

  test('AUTH-07 a maximum of 0 counts nothing', () => {
    const { fail } = scene({ loginFailuresPerAddressMax: 0, loginFailuresPerPrincipalMax: 0 })
    assert.ok(fail(1000, HERE, 'joe').every((delay) => delay === 0))
  })

  test('AUTH-07 failures are forgotten at a steady pace', () => {
    const { clock, fail, wait } = scene()
    fail(10, undefined, 'joe')
    clock.advance(9_999)
    assert.equal(wait(undefined, 'joe'), 3_601, 'a tenth less in a tenth of the time: just below the maximum')
    clock.advance(40_001)
    assert.equal(wait(undefined, 'joe'), 2_000)
    clock.advance(50_000)
    assert.deepEqual(fail(2, undefined, 'joe'), [0, 400])
  })

  test('AUTH-07 who is refused is not refused for longer because of trying on', () => {
    const { clock, fail, wait } = scene()
    fail(1_000, undefined, 'joe')
    clock.advance(20_000)
    assert.equal(wait(undefined, 'joe'), 3_200)
  })

  test('AUTH-07 attempts under way count as failed until they end: many at once do not slip through', () => {
    const { throttle, wait } = scene()
    const attempts = Array.from({ length: 11 }, () => throttle.attempt(undefined, 'realm1', 'joe'))
    assert.deepEqual(attempts.map(({ delayMs }) => delayMs).slice(-2), [3600, undefined])
    for (const attempt of attempts) {
      attempt.succeeded()
      attempt.failed()
      attempt.abandoned()
    }
    assert.equal(wait(undefined, 'joe'), 0, 'and an attempt ends once')
  })

  test('AUTH-07 what ends without a result is not counted', () => {
    const { throttle, fail, wait } = scene()
    fail(3, HERE, 'joe')
    const before = wait(HERE, 'joe')
    for (let n = 0; n < 100; n++) throttle.attempt(HERE, 'realm1', 'joe').abandoned()
    assert.equal(wait(HERE, 'joe'), before)
  })
})

describe('places', () => {
  test('AUTH-07 a principal that is attacked from elsewhere logs in where it has logged in before', () => {
    const { throttle, fail, wait } = scene()
    throttle.attempt(HERE, 'realm1', 'joe').succeeded()
    fail(10, THERE, 'joe')
    assert.deepEqual([wait(THERE, 'joe'), wait(HERE, 'joe'), wait('203.0.113.1', 'joe')], [undefined, 0, undefined])
    assert.deepEqual(fail(11, HERE, 'joe').at(-1), undefined, 'but guesses from there are counted, too')
    assert.equal(wait(HERE, 'eve'), 1_895, 'by the address')
  })

  test('AUTH-07 an address of one principal is not that of another', () => {
    const { throttle, fail, wait } = scene()
    throttle.attempt(HERE, 'realm1', 'eve').succeeded()
    fail(10, THERE, 'joe')
    assert.equal(wait(HERE, 'joe'), undefined)
  })

  test('AUTH-07 IPv6 addresses count by their first 64 bits, IPv4 ones one by one, however they are written', () => {
    const same: [one: string, other: string, isSame: boolean][] = [
      ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', true],
      ['2001:db8::1', '2001:db8:0:0:1:2:3:4', true],
      ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
      ['::1', '::2', true],
      ['fe80::1%eth0', 'fe80::2%eth0', true],
      ['1::', '1:0:0:0:5::', true],
      ['1::', '1:0:0:1::', false],
      ['::ffff:192.0.2.1', '192.0.2.1', true],
      ['::ffff:192.0.2.1', '::ffff:192.0.2.2', false],
      ['192.0.2.1', '192.0.2.2', false],
    ]
    for (const [one, other, isSame] of same) {
      const { fail, wait } = scene()
      fail(20, one)
      assert.equal(wait(other), isSame ? undefined : 0, `${one} and ${other}`)
    }
  })
})

describe('bounds', () => {
  const ENTRIES = 50_000

  test('AUTH-07 so many addresses and principals are counted; those that were counted last stay', () => {
    const { throttle, fail, wait } = scene()
    fail(9, undefined, 'old')
    fail(9, undefined, 'busy')
    for (let n = 0; n < ENTRIES - 2; n++) throttle.attempt(undefined, 'realm1', `user${n}`).failed()
    fail(1, undefined, 'busy')
    assert.deepEqual([wait(undefined, 'old'), wait(undefined, 'busy')], [3_600, undefined])
    fail(2, undefined, 'busy')
    for (let n = 0; n < 10; n++) throttle.attempt(undefined, 'realm1', `more${n}`).failed()
    assert.equal(wait(undefined, 'busy'), undefined)
    for (let n = 0; n < ENTRIES; n++) throttle.attempt(undefined, 'realm1', `many${n}`).failed()
    assert.equal(wait(undefined, 'busy'), 0)
  })

  test('AUTH-07 logins that succeed push out no count', () => {
    const { throttle, fail, wait } = scene()
    fail(10, undefined, 'joe')
    for (let n = 0; n < ENTRIES + 10; n++) throttle.attempt(undefined, 'realm1', `user${n}`).succeeded()
    assert.equal(wait(undefined, 'joe'), undefined)
  })

  test('AUTH-07 so many places of principals are known; the one that was used last stays', () => {
    const { throttle, fail, wait } = scene()
    throttle.attempt(HERE, 'realm1', 'joe').succeeded()
    throttle.attempt(THERE, 'realm1', 'joe').succeeded()
    for (let n = 0; n < ENTRIES - 2; n++) throttle.attempt(HERE, 'realm1', `user${n}`).succeeded()
    throttle.attempt(HERE, 'realm1', 'joe').succeeded()
    throttle.attempt(HERE, 'realm1', 'one more').succeeded()
    fail(10, '203.0.113.1', 'joe')
    assert.deepEqual([wait(HERE, 'joe'), wait(THERE, 'joe')], [0, undefined])
  })
})

describe('at the router', () => {
  const principals = { joe: { ticket: 's3cret' }, eve: { ticket: 's3cret' } }
  const world = (limits: Partial<RouterLimits>): LoginWorld =>
    new LoginWorld({ authenticators: [ticket(crypto, staticPrincipals(principals))] }, { loginFailuresForgetMs: 100_000, ...limits })
  function logIn(w: LoginWorld, authid: string, sent: string, address?: string): TestClient {
    const client = w.hello({ authmethods: ['ticket'], authid }, { address })
    challengeOf(client, 'ticket')
    client.send(AUTHENTICATE, sent, {})
    return client
  }

  test('AUTH-07 a wrong ticket makes the next answer wait, right or wrong', () => {
    const w = world({ loginFailuresPerPrincipalMax: 10 })
    abortOf(logIn(w, 'joe', 'wrong'), DENIED)
    const [right, wrong] = [logIn(w, 'joe', 's3cret'), logIn(w, 'joe', 'wrong')]
    w.clock.advance(399)
    assert.deepEqual(right.take(), [])
    w.clock.advance(1)
    welcomeOf(right)
    assert.deepEqual(wrong.take(), [])
    w.clock.advance(400)
    abortOf(wrong, DENIED)
  })

  test('AUTH-07 too many wrong tickets are refused unseen, and the right one, too, until they are forgotten', () => {
    const w = world({ loginFailuresPerPrincipalMax: 1 })
    abortOf(logIn(w, 'joe', 'wrong'), DENIED)
    for (const sent of ['wrong', 's3cret']) {
      assert.deepEqual(abortOf(logIn(w, 'joe', sent), TOO_MANY), { message: 'Too many failed logins; try again later' })
    }
    assert.match(w.refused.at(-1)!.cause, /loginFailures…Max/)
    welcomeOf(logIn(w, 'eve', 's3cret'))
    w.clock.advance(100_000)
    welcomeOf(logIn(w, 'joe', 's3cret'))
  })

  test('AUTH-07 unknown principals are counted like known ones, and texts that SASLprep makes equal as one', () => {
    const w = world({ loginFailuresPerPrincipalMax: 1 })
    abortOf(logIn(w, 'nobody', 'x'), DENIED)
    abortOf(logIn(w, 'no\u00adbody', 'x'), TOO_MANY)
    abortOf(logIn(w, 'a\u0007', 'x'), DENIED)
    abortOf(logIn(w, 'a\u0007', 'x'), TOO_MANY)
  })

  test('AUTH-07 an address that guesses is refused for every principal, and others are not', () => {
    const w = world({ loginFailuresPerAddressMax: 1 })
    abortOf(logIn(w, 'joe', 'wrong', HERE), DENIED)
    abortOf(logIn(w, 'eve', 's3cret', HERE), TOO_MANY)
    welcomeOf(logIn(w, 'eve', 's3cret', THERE))
  })

  test('AUTH-07 a client that leaves while it waits is not checked any more, and leaves nothing', () => {
    const w = world({ loginFailuresPerPrincipalMax: 10 })
    abortOf(logIn(w, 'joe', 'wrong'), DENIED)
    const client = logIn(w, 'joe', 's3cret')
    client.cut()
    assert.equal(w.clock.timerCount, 0)
    w.clock.advance(10_000)
    assert.deepEqual([w.router.sessionCount, w.router.peerCount], [0, 0])
  })

  test('AUTH-06 what fails for reasons of the router is not counted', () => {
    const authenticators = [ticket(crypto, { provider: 'sql', find: (_query, done) => done({ failure: 'the table is gone' }) })]
    const w = new LoginWorld({ authenticators }, { loginFailuresPerPrincipalMax: 1, loginFailuresPerAddressMax: 1 })
    for (let n = 0; n < 3; n++) abortOf(logIn(w, 'joe', 'x', HERE), 'wamp.error.authentication_failed')
  })

  test('AUTH-07 what is refused at HELLO counts, too', () => {
    const refusal = { reason: DENIED, message: 'No', cause: 'because', isGuess: true }
    const authenticators = [
      ticket(crypto, staticPrincipals(principals)),
      {
        method: 'first',
        begin: (_request: unknown, next: (step: { type: 'refuse'; refusal: typeof refusal }) => void) => next({ type: 'refuse', refusal }),
      },
    ]
    const w = new LoginWorld({ authenticators }, { loginFailuresPerPrincipalMax: 1 })
    abortOf(w.hello({ authmethods: ['first'], authid: 'joe' }), DENIED)
    abortOf(logIn(w, 'joe', 's3cret'), TOO_MANY)
  })
})
