import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readTotpSecret, totpCode, totpStepAt } from '@crosspoint/protocol/internal'
import { SeededRandom, VirtualClock } from '@crosspoint/testing'
import {
  type Authenticator,
  anonymous,
  type LoginOptions,
  type LoginPrincipal,
  type LoginRequest,
  type SecondStep,
  type Step,
  staticPrincipals,
  ticket,
  totpSecondStep,
} from '../../src/index.ts'
import type { TestClient } from '../support.ts'
import { AUTHENTICATE, abortOf, CHALLENGE, challengeOf, crypto, DENIED, FAILED, LoginWorld, only, welcomeOf, whoOf } from './support.ts'

const TOTP = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const OTHER = 'MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U'

const PRINCIPALS: { readonly [authid: string]: LoginPrincipal } = {
  joe: { ticket: 's3cret', role: 'user', totp: TOTP, extra: { a: 1 } },
  eve: { ticket: 's3cret', totp: OTHER },
  plain: { ticket: 's3cret' },
  broken: { ticket: 's3cret', totp: 'hidden1' },
}

interface Scene {
  readonly w: LoginWorld
  readonly clock: VirtualClock
  /** HELLO and the ticket. */
  first(authid: string, sent?: string): TestClient
  /** All of it, with this code. */
  all(authid: string, code: string): TestClient
  /** The code that the device shows, so many steps from now. */
  code(secret: string, by?: number): string
}

function scene(limits: ConstructorParameters<typeof LoginWorld>[1] = {}): Scene {
  const clock = new VirtualClock()
  const authenticators: Authenticator[] = [ticket(crypto, staticPrincipals(PRINCIPALS)), anonymous({ random: new SeededRandom(2) })]
  const w = new LoginWorld({ authenticators, secondStep: totpSecondStep(crypto, clock) }, limits)
  const first = (authid: string, sent = 's3cret'): TestClient => {
    const client = w.hello({ authmethods: ['ticket'], authid })
    challengeOf(client, 'ticket')
    client.send(AUTHENTICATE, sent, {})
    return client
  }
  const all = (authid: string, code: string): TestClient => {
    const client = first(authid)
    assert.deepEqual(challengeOf(client, 'totp'), {})
    client.send(AUTHENTICATE, code, {})
    return client
  }
  const code = (secret: string, by = 0): string =>
    totpCode(crypto, (readTotpSecret(secret) as { bytes: Uint8Array }).bytes, totpStepAt(clock.now()) + by)
  return { w, clock, first, all, code }
}

describe('codes of a device', () => {
  test('AUTH-08 a second challenge asks for the code, and WELCOME is that of the first method', () => {
    const { all, code } = scene()
    const welcome = welcomeOf(all('joe', code(TOTP)))
    assert.deepEqual(whoOf(welcome), { realm: 'realm1', authid: 'joe', authrole: 'user', authmethod: 'ticket', authprovider: 'static' })
    assert.deepEqual(welcome['authextra'], { a: 1 })
  })

  test('AUTH-08 principals without a secret are asked for none, and anonymous sessions neither', () => {
    const { w, first } = scene()
    assert.equal(welcomeOf(first('plain'))['authid'], 'plain')
    assert.equal(welcomeOf(w.hello({}))['authmethod'], 'anonymous')
  })

  test('AUTH-08 a wrong ticket is denied before the second step', () => {
    abortOf(scene().first('joe', 'wrong'), DENIED)
  })

  test('AUTH-08 a wrong code is denied, as is one of another principal, or of another time', () => {
    const { w, all, code } = scene()
    for (const wrong of [code(OTHER), code(TOTP, -2), code(TOTP, 2), '', 's3cret', `${code(TOTP)} `]) {
      assert.deepEqual(abortOf(all('joe', wrong), DENIED), { message: 'The credentials are not right' })
      assert.equal(w.refused.at(-1)!.cause, 'wrong totp code of "joe"')
    }
  })

  test('AUTH-08 the code of the step before or after is right', () => {
    for (const by of [-1, 0, 1]) {
      const { all, code } = scene()
      welcomeOf(all('joe', code(TOTP, by)))
    }
  })

  test('AUTH-08 each code lets in once, none after a later one, and each principal has its own', () => {
    const { w, clock, all, code } = scene()
    const now = code(TOTP)
    welcomeOf(all('joe', now))
    abortOf(all('joe', now), DENIED)
    assert.equal(w.refused[0]!.cause, 'used totp code of "joe"')
    abortOf(all('joe', code(TOTP, -1)), DENIED)
    welcomeOf(all('eve', code(OTHER)))
    welcomeOf(all('joe', code(TOTP, 1)))
    clock.advance(30_000)
    abortOf(all('joe', code(TOTP)), DENIED)
    welcomeOf(all('joe', code(TOTP, 1)))
  })

  test('AUTH-08 what was used is remembered as long as it could be used again', () => {
    const { clock, all, code } = scene()
    const [ahead, later] = [code(TOTP, 1), code(TOTP, 2)]
    welcomeOf(all('joe', ahead))
    for (let step = 0; step < 2; step++) {
      clock.advance(30_000)
      welcomeOf(all('eve', code(OTHER))) // which has old entries forgotten
      abortOf(all('joe', ahead), DENIED)
    }
    welcomeOf(all('joe', later))
    clock.advance(30_000)
    abortOf(all('joe', ahead), DENIED)
  })

  test('AUTH-08 there is an end to what is remembered: then nobody is let in for a moment, rather than twice', () => {
    const clock = new VirtualClock()
    const second = totpSecondStep({ ...crypto, hmacSha1: () => new Uint8Array(20) }, clock) // the code is 000000, always
    const tryWith = (n: number): Step['type'] => {
      const letters = [...n.toString(32).padStart(16, '0')].map((digit) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(digit, 32)])
      const identity = { realm: 'realm1', authid: `user${n}`, authrole: 'user', authmethod: 'ticket', authprovider: 'static' }
      const step = second.begin({} as LoginRequest, identity, { totp: letters.join('') })
      const steps: Step[] = []
      if (step?.type === 'challenge') step.answered('000000', {}, (next) => void steps.push(next))
      return steps[0]!.type
    }
    for (let n = 0; n < 100_000; n++) assert.equal(tryWith(n), 'accept')
    assert.deepEqual([tryWith(100_000), tryWith(0)], ['refuse', 'refuse'])
    clock.advance(90_000)
    assert.deepEqual([tryWith(100_000), tryWith(0)], ['accept', 'accept'])
  })

  test('AUTH-07 wrong codes count as failed logins, though the ticket was right', () => {
    const { all, first } = scene({ loginFailuresPerPrincipalMax: 1 })
    abortOf(all('joe', '000000'), DENIED)
    abortOf(first('joe'), 'crosspoint.error.too_many_logins')
  })

  test('AUTH-06 a secret that cannot be read lets nobody in, and is not shown', () => {
    const { w, first } = scene()
    abortOf(first('broken'), FAILED)
    assert.equal(w.refused[0]!.cause, 'totp of "broken": totp must be Base32 of 10 to 128 bytes')
  })
})

describe('any second step', () => {
  const worldOf = (secondStep: SecondStep, more: Partial<LoginOptions> = {}): LoginWorld =>
    new LoginWorld({ authenticators: [anonymous({ random: new SeededRandom(2) })], secondStep, ...more })

  test('AUTH-08 it may refuse at once, and let somebody else in', () => {
    const refusal = { reason: 'com.example.no', message: 'No', cause: 'because', isGuess: false }
    abortOf(worldOf({ begin: () => ({ type: 'refuse', refusal }) }).hello({}), 'com.example.no')
    const w = worldOf({ begin: (_request, identity) => ({ type: 'accept', identity: { ...identity, authid: 'other' } }) })
    assert.equal(welcomeOf(w.hello({}))['authid'], 'other')
  })

  test('AUTH-06 one that throws lets nobody in', () => {
    const begin = (): never => {
      throw new Error('out of order')
    }
    const w = worldOf({ begin })
    abortOf(w.hello({}), FAILED)
    assert.equal(w.refused[0]!.cause, 'the second step failed: out of order')
  })

  test('AUTH-08 it cannot be left out by another method', () => {
    const second: SecondStep = {
      begin: () => ({ type: 'challenge', extra: {}, answered: (_code, _extra, next) => next({ type: 'skip', cause: 'none' }) }),
    }
    const authenticators = [ticket(crypto, staticPrincipals(PRINCIPALS)), anonymous({ random: new SeededRandom(2) })]
    const w = worldOf(second, { authenticators })
    const client = w.hello({ authmethods: ['ticket', 'anonymous'], authid: 'plain' })
    only(client)
    client.send(AUTHENTICATE, 's3cret', {})
    assert.equal(only(client)[0], CHALLENGE)
    client.send(AUTHENTICATE, '', {})
    abortOf(client, FAILED)
    assert.equal(w.refused[0]!.cause, 'the second step answered with "skip"')
  })

  test('AUTH-08 it may ask twice, but not without end', () => {
    const ask: ReturnType<SecondStep['begin']> = {
      type: 'challenge',
      authmethod: 'again',
      extra: {},
      answered: (_code, _extra, next) => next(ask!),
    }
    const w = worldOf({ begin: () => ask })
    const client = w.hello({})
    for (let round = 0; round < 3; round++) {
      challengeOf(client, 'again')
      client.send(AUTHENTICATE, '', {})
    }
    abortOf(client, FAILED)
    assert.equal(w.refused[0]!.cause, 'the authenticators ask for too many steps')
  })
})
