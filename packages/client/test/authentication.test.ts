// How a session logs in, whatever the method: what is offered, who may ask for what when, and how it ends.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { systemClock, systemRandom } from '@crosspoint/protocol/system'
import { type Authenticator, Router } from '@crosspoint/router'
import {
  type AuthAnswer,
  type AuthMethod,
  anonymous,
  Client,
  cookie,
  cryptosign,
  type Dict,
  scram,
  ticket,
  totp,
  UsageError,
  wampcra,
} from '../src/index.ts'
import { rejection, SILENT } from './support/fake-router.ts'
import { ABORT, CANNOT, LoginBench, until } from './support/logins.ts'
import { settle } from './support/virtual-clock.ts'

const SEED = '4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510'
const VIOLATION = 'wamp.error.protocol_violation'
const joe = ticket({ authid: 'joe', ticket: 's3cret' })

/** A promise that a test settles. */
function later<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void; reject: (error: unknown) => void } {
  return Promise.withResolvers<Value>()
}

describe('what is given', () => {
  const wrong: readonly [string, unknown, RegExp][] = [
    ['nothing', [], /"auth" must have a method for the first step/],
    ['a second step alone', [totp('123456')], /"auth" must have a method for the first step/],
    ['a method that was not called', [anonymous], /must be what a method returns, such as anonymous\(\)/],
    ['a hole', [joe, undefined], /must be what a method returns/],
    ['the same method twice', [joe, ticket({ authid: 'joe', ticket: 'other' })], /has the method ticket twice/],
    ['two authids', [joe, anonymous(), wampcra({ authid: 'jim', secret: 's' })], /the authids "joe" and "jim"; HELLO has room for one/],
  ]
  for (const [name, auth, message] of wrong) {
    test(`${name} is refused when the client is made`, () => {
      const make = () => new Client({ url: 'ws://localhost/ws', auth: auth as AuthMethod[] })
      assert.throws(make, (error) => error instanceof UsageError && error.code === 'ERR_INVALID_ARGUMENT' && message.test(error.message))
    })
  }

  test('AUTH-02 HELLO offers the methods in their order, the second step not, with one authid', async () => {
    const login = new LoginBench([cookie(), totp('123456'), joe, wampcra({ authid: 'joe', secret: 's' }), anonymous()])
    const { authmethods, authid, authextra } = await login.hello()
    assert.deepEqual(authmethods, ['cookie', 'ticket', 'wampcra', 'anonymous'])
    assert.equal(authid, 'joe')
    assert.equal(authextra, undefined)
  })

  test('without a login HELLO has no word of one', async () => {
    const login = new LoginBench([], { auth: undefined })
    assert.deepEqual(Object.keys(await login.hello()).sort(), ['agent', 'roles'])
  })

  test('the list is taken when the client is made', async () => {
    const auth = [anonymous()]
    const login = new LoginBench(auth)
    auth.push(joe)
    assert.deepEqual((await login.hello())['authmethods'], ['anonymous'])
  })

  test('two methods whose authextra cannot stand in one HELLO end the start, not to be tried again', async () => {
    const method = (name: string, channel_binding: string): AuthMethod => ({
      method: name,
      begin: () => ({ authextra: { channel_binding } }),
    })
    const { failure, bench } = await failedAtOnce([method('one', 'tls-unique'), method('two', 'tls-exporter')])
    assert.equal(failure.code, 'ERR_INVALID_ARGUMENT')
    assert.match(failure.message, /want different values of authextra\.channel_binding; HELLO has room for one/)
    assert.equal(bench.router.links.length, 1)
    assert.deepEqual(bench.link.received, [])
    assert.notEqual(bench.link.closeReason, undefined)
    assert.equal(bench.clock.timerCount, 0)
  })

  test('authextra that two methods have alike stands once', async () => {
    const method = (name: string): AuthMethod => ({ method: name, begin: async () => ({ authextra: { common: 1, [name]: 2 } }) })
    const login = new LoginBench([method('one'), method('two')])
    assert.deepEqual((await login.hello())['authextra'], { common: 1, one: 2, two: 2 })
  })

  test('a method can be an object of a class', async () => {
    class Own implements AuthMethod {
      readonly method = 'own'
      readonly #answer = 'mine'
      begin() {
        return { answer: () => ({ signature: this.#answer }) }
      }
    }
    const login = new LoginBench([new Own()])
    await login.hello()
    assert.equal((await login.challenge('own', {})).signature, 'mine')
  })
})

async function failedAtOnce(auth: readonly AuthMethod[]) {
  const login = new LoginBench(auth)
  return { failure: await login.failure(), bench: login.bench }
}

describe('CHALLENGE', () => {
  test('AUTH-01 AUTHENTICATE answers it, and the session says who we are', async () => {
    const login = new LoginBench([joe])
    await login.hello()
    assert.deepEqual(await login.challenge('ticket', {}), { signature: 's3cret', extra: {} })
    const who = { authid: 'joe', authrole: 'user', authmethod: 'ticket', authprovider: 'static' }
    login.welcome({ ...who, authextra: { team: 'blue' } })
    assert.equal(await login.ended(), 'joined')
    const { authid, authrole, authmethod, authprovider, authextra } = login.bench.client.session!
    assert.deepEqual({ authid, authrole, authmethod, authprovider }, who)
    assert.deepEqual(authextra, { team: 'blue' })
  })

  test('AUTH-05 WELCOME may come without it, with another identity than was asked for', async () => {
    const login = new LoginBench([joe, anonymous()])
    await login.hello()
    login.welcome({ authid: 'guest-7', authrole: 'guest', authmethod: 'anonymous', authextra: 'nonsense' })
    assert.equal(await login.ended(), 'joined')
    assert.equal(login.bench.client.session!.authid, 'guest-7')
    assert.equal(login.bench.client.session!.authextra, undefined)
  })

  const unanswerable: readonly [string, readonly AuthMethod[] | undefined, string, RegExp][] = [
    ['of a method that was not offered', [joe, anonymous()], 'wampcra', /^wampcra: It was asked for, and is none of ticket, anonymous/],
    ['of a method that answers nothing', [joe, anonymous()], 'anonymous', /^anonymous: It was asked for/],
    ['of a method with a name of Object', [joe], 'constructor', /^constructor: It was asked for/],
    ['without a login', undefined, 'ticket', /^No login was offered, "ticket" was asked for/],
  ]
  for (const [name, auth, method, message] of unanswerable) {
    test(`AUTH-09 ${name} is answered with ABORT, for good`, async () => {
      const login = new LoginBench([], { auth })
      await login.hello()
      const abort = await login.refused(method, {})
      assert.equal(abort.reason, CANNOT)
      assert.match(abort.message, message)
      const failure = await login.failure()
      assert.equal(failure.code, 'ERR_REFUSED')
      assert.match(failure.message, /wamp\.error\.cannot_authenticate/)
      assert.equal(login.bench.clock.timerCount, 0)
    })
  }

  test('AUTH-08 a second one is answered after the first, by another method or by the same again', async () => {
    const login = new LoginBench([joe, totp(() => '123456')])
    await login.hello()
    assert.equal((await login.challenge('ticket', {})).signature, 's3cret')
    assert.equal((await login.challenge('totp', {})).signature, '123456')
    assert.equal((await login.challenge('ticket', {})).signature, 's3cret')
    login.welcome({ authmethod: 'ticket' })
    assert.equal(await login.ended(), 'joined')
  })

  test('AUTH-08 whoever answered must be satisfied by WELCOME, not the last one alone', async () => {
    const picky: AuthMethod = { method: 'picky', begin: () => ({ answer: () => ({ signature: '' }), verify: refuseAll }) }
    const login = new LoginBench([picky, totp('123456')])
    await login.hello()
    await login.challenge('picky', {})
    await login.challenge('totp', {})
    login.welcome({ authmethod: 'picky' })
    assert.deepEqual(await login.aborted(), { reason: CANNOT, message: 'not satisfied' })
  })

  test('AUTH-08 a second step alone does not spare the first its proof', async () => {
    const picky: AuthMethod = { method: 'picky', begin: () => ({ verify: refuseAll }) }
    const login = new LoginBench([picky, totp('123456')])
    await login.hello()
    await login.challenge('totp', {})
    login.welcome({ authmethod: 'totp' })
    assert.equal((await login.aborted()).reason, CANNOT)
  })

  for (const details of [{ authmethod: 'picky' }, { authmethod: 'unheard_of' }, { authmethod: 7 }, {}]) {
    test(`AUTH-43 WELCOME without a challenge as ${JSON.stringify(details)} must satisfy what was offered`, async () => {
      const picky: AuthMethod = { method: 'picky', begin: () => ({ verify: refuseAll }) }
      const login = new LoginBench([anonymous(), picky])
      await login.hello()
      login.welcome(details)
      assert.equal((await login.aborted()).reason, CANNOT)
      assert.equal((await login.failure()).code, 'ERR_REFUSED')
      assert.equal(login.bench.client.session, undefined)
    })
  }

  const tooEarly: readonly [string, (login: LoginBench) => void, RegExp][] = [
    ['another CHALLENGE', ({ bench }) => bench.link.say(4, 'slow', {}), /CHALLENGE before the answer to the one before/],
    ['WELCOME', (login) => login.welcome({ authmethod: 'slow' }), /WELCOME before the answer to CHALLENGE/],
    ['EVENT', ({ bench }) => bench.link.say(36, 1, 1, {}), /EVENT before WELCOME/],
  ]
  for (const [name, say, message] of tooEarly) {
    test(`AUTH-08 ${name} while the answer is being made is a violation, and the answer is not sent`, async () => {
      const answer = later<AuthAnswer>()
      const login = new LoginBench([{ method: 'slow', begin: () => ({ answer: () => answer.promise }) }])
      await login.hello()
      login.bench.link.say(4, 'slow', {})
      await settle()
      say(login)
      const abort = await login.aborted()
      assert.equal(abort.reason, VIOLATION)
      assert.match(abort.message, message)
      answer.resolve({ signature: 'too late' })
      await settle()
      assert.deepEqual(login.bench.link.received, [])
    })
  }

  test('an answer that is none, or has no signature, is a mistake of the program', async () => {
    for (const nonsense of [undefined, null, {}, { signature: 7 }, 'text']) {
      const login = new LoginBench([{ method: 'own', begin: () => ({ answer: () => nonsense as unknown as AuthAnswer }) }])
      await login.hello()
      const abort = await login.refused('own', {})
      assert.match(abort.message, /^own: The answer to CHALLENGE must have a signature, a string/)
      assert.equal((await login.failure()).code, 'ERR_REFUSED')
    }
  })

  test('an answer that has no form in the serializer is not waited for', async () => {
    const login = new LoginBench([{ method: 'own', begin: () => ({ answer: () => ({ signature: '', extra: { big: circular() } }) }) }])
    await login.hello()
    assert.match((await login.refused('own', {})).message, /^own: Cannot send AUTHENTICATE/)
  })
})

function refuseAll(): void {
  throw new UsageError('ERR_REFUSED', 'not satisfied')
}

function circular(): Dict {
  const dict: Record<string, unknown> = {}
  dict['self'] = dict
  return dict
}

describe('secrets', () => {
  const empty: readonly [string, () => unknown][] = [
    ['ticket', () => ticket({ authid: 'joe', ticket: '' })],
    ['wampcra', () => wampcra({ authid: 'joe', secret: '' })],
    ['wampcra key', () => wampcra({ authid: 'joe', key: '' })],
    ['scram', () => scram({ authid: 'joe', password: '' })],
    ['cryptosign', () => cryptosign({ privateKey: '' })],
    ['totp', () => totp('')],
    ['ticket of a wrong type', () => ticket({ authid: 'joe', ticket: 7 as unknown as string })],
    ['no ticket at all', () => ticket({ authid: 'joe' } as never)],
    ['authid of ticket', () => ticket({ authid: '', ticket: 's' })],
    ['authid of wampcra', () => wampcra({ secret: 's' } as never)],
    ['authid of scram', () => scram({ authid: 7, password: 's' } as never)],
    ['authid of cryptosign', () => cryptosign({ authid: '', privateKey: SEED })],
  ]
  for (const [name, make] of empty) {
    test(`${name}: an empty or wrong value is refused when made`, () => {
      assert.throws(make, (error) => error instanceof UsageError && error.code === 'ERR_INVALID_ARGUMENT')
    })
  }

  const providers: readonly [string, () => unknown, RegExp][] = [
    [
      'throws',
      () => {
        throw new Error('the vault is sealed')
      },
      /the vault is sealed/,
    ],
    ['rejects', () => Promise.reject(new UsageError('ERR_CONNECTION_LOST', 'no way to the vault')), /no way to the vault/],
    ['rejects with nothing', () => Promise.reject(undefined), /undefined/],
    ['gives an empty text', async () => '', /must be a string that is not empty/],
    ['gives nothing', () => undefined, /must be a string that is not empty/],
  ]
  for (const [name, provide, message] of providers) {
    test(`a function that ${name}: this attempt ends, the router learns nothing of why, and the next one asks again`, async () => {
      const answers = [provide, () => 's3cret']
      const login = new LoginBench([ticket({ authid: 'joe', ticket: () => answers.shift()!() as string })])
      await login.hello()
      assert.deepEqual(await login.refused('ticket', {}), { reason: CANNOT, message: 'ticket: this client cannot answer now' })
      const why = await login.retried()
      assert.match(why, /^wamp\.error\.cannot_authenticate: ticket: The ticket is not to be had: /)
      assert.match(why, message)
      await login.hello()
      assert.equal((await login.challenge('ticket', {})).signature, 's3cret')
      login.welcome()
      assert.equal(await login.ended(), 'joined')
    })
  }

  test('a function that throws before HELLO: nothing is sent, and the next attempt asks again', async () => {
    const answers = [() => Promise.reject(new Error('the agent is locked')), async () => SEED]
    const login = new LoginBench([cryptosign({ privateKey: () => answers.shift()!() })])
    const why = await login.retried()
    assert.match(why, /The private key is not to be had: the agent is locked/)
    assert.deepEqual(login.bench.router.links[0]!.received, [])
    assert.notEqual(login.bench.router.links[0]!.closeReason, undefined)
    await login.hello()
  })

  test('what a method of a program throws is not final either, whatever it is', async () => {
    const thrown: unknown[] = [undefined, null, 'a text', new Error('an error')]
    const begin = () => Promise.reject(thrown.shift())
    const login = new LoginBench([{ method: 'own', begin }])
    for (const text of ['undefined', 'null', 'a text', 'an error']) assert.match(await login.retried(), new RegExp(text))
  })

  test('retriesMax bounds logins that have no secret', async () => {
    const auth = [ticket({ authid: 'joe', ticket: () => Promise.reject(new Error('sealed')) })]
    const login = new LoginBench(auth, { retriesMax: 0 })
    await login.hello()
    await login.refused('ticket', {})
    const failure = await login.failure()
    assert.equal(failure.code, 'ERR_CONNECT_FAILED')
    assert.match(failure.message, /after 1 attempts: .*sealed/)
  })

  test('a function is asked once for each session that needs it, a reconnect included', async () => {
    let asked = 0
    const login = new LoginBench([ticket({ authid: 'joe', ticket: () => `ticket ${++asked}` }), anonymous()])
    for (const n of [1, 2]) {
      await login.hello()
      assert.equal((await login.challenge('ticket', {})).signature, `ticket ${n}`)
      login.welcome()
      await until(() => login.bench.client.session !== undefined, 'a session')
      login.bench.link.drop()
      await login.retried()
    }
    await login.hello()
    login.welcome({ authmethod: 'anonymous' })
    await until(() => login.bench.client.session !== undefined, 'a session')
    assert.equal(asked, 2)
  })
})

describe('while a login is under way', () => {
  const STEPS = ['begin', 'answer'] as const
  /** A client that waits for its program in `step`, and what lets it go on. */
  async function waitingIn(step: (typeof STEPS)[number]) {
    const door = later<AuthAnswer>()
    const begun: AuthMethod = { method: 'slow', begin: () => door.promise.then((answer) => ({ answer: () => answer })) }
    const answering: AuthMethod = { method: 'slow', begin: () => ({ answer: () => door.promise }) }
    const login = new LoginBench([step === 'begin' ? begun : answering], { connectTimeoutMs: 5_000, retryDelayMs: 100 })
    await until(() => login.bench.router.links.length > 0, 'a link')
    if (step === 'answer') {
      await login.hello()
      login.bench.link.say(4, 'slow', {})
    }
    await settle()
    return { login, door, bench: login.bench }
  }

  for (const step of STEPS) {
    test(`AUTH-07 the connect timeout covers ${step}; what comes later is ignored`, async () => {
      const { login, door, bench } = await waitingIn(step)
      const link = bench.link
      await bench.clock.advance(5_000)
      assert.match(await login.retried(), /did not establish a session within 5000 ms/)
      assert.notEqual(link.closeReason, undefined)
      door.resolve({ signature: 'late' })
      await settle()
      assert.deepEqual(link.received, [])
    })

    for (const end of ['resolve', 'reject'] as const) {
      test(`stop() during ${step} ends it at once; the program's ${end} comes to nothing`, async () => {
        const { login, door, bench } = await waitingIn(step)
        await bench.client.stop()
        assert.equal((await login.failure()).code, 'ERR_CLOSED')
        assert.notEqual(bench.link.closeReason, undefined)
        if (end === 'resolve') door.resolve({ signature: 'late' })
        else door.reject(new Error('late'))
        await settle()
        assert.deepEqual(bench.link.received, [])
        assert.equal(bench.clock.timerCount, 0)
        assert.equal(bench.statuses.at(-1)!.status, 'stopped')
      })
    }

    test(`a transport lost during ${step} is noticed at once, and another is opened`, async () => {
      const { login, door, bench } = await waitingIn(step)
      bench.link.drop('the cable was cut')
      assert.match(await login.retried(), /the cable was cut/)
      const old = bench.router.links[0]!
      door.resolve({ signature: 'fine' })
      await login.hello()
      assert.deepEqual(old.received, [])
      assert.equal((await login.challenge('slow', {})).signature, 'fine')
      login.welcome()
      assert.equal(await login.ended(), 'joined')
    })
  }

  test('ABORT while the answer is being made ends the attempt', async () => {
    const { login, door, bench } = await waitingIn('answer')
    bench.link.say(ABORT, { message: 'too slow' }, 'wamp.error.authentication_denied')
    assert.match((await login.failure()).message, /too slow/)
    door.resolve({ signature: 'late' })
    await settle()
    assert.deepEqual(bench.link.received, [])
  })

  test('a start after a stop begins anew', async () => {
    const { login, door, bench } = await waitingIn('answer')
    await bench.client.stop()
    await login.failure()
    door.resolve({ signature: 'old' })
    login.start()
    await until(() => bench.router.links.length === 2, 'another link')
    await login.hello()
    login.welcome()
    assert.equal(await login.ended(), 'joined')
  })
})

describe('refusals', () => {
  test('AUTH-09 our ABORT is the end, though a router in this process closes before it is sent', async () => {
    const router = new Router({ clock: systemClock, random: systemRandom, realms: [{ name: 'realm1' }] })
    const challenge: Authenticator = {
      method: 'ticket',
      begin: (_request, next) => next({ type: 'challenge', authmethod: 'wampcra', extra: {}, answered: () => {} }),
    }
    const peer = () => router.attachLocal({ login: { authenticators: [challenge] } })
    const client = new Client({ peer, auth: [joe], logger: SILENT })
    const failure = await rejection(client.start())
    assert.equal(failure.code, 'ERR_REFUSED')
    assert.match(failure.message, /wampcra: It was asked for/)
  })

  const FINAL = ['authentication_denied', 'no_matching_auth_method', 'authentication_required', 'no_such_role', 'no_such_principal']
  for (const name of FINAL) {
    test(`AUTH-06 ABORT ${name} is final`, async () => {
      const login = new LoginBench([joe])
      await login.hello()
      await login.challenge('ticket', {})
      login.bench.link.say(ABORT, { message: 'no' }, `wamp.error.${name}`)
      const failure = await login.failure()
      assert.equal(failure.code, 'ERR_REFUSED')
      assert.match(failure.message, new RegExp(`wamp\\.error\\.${name}: no$`))
    })
  }

  test('AUTH-06 authentication_failed is final at first, and passes once a login has worked', async () => {
    const login = new LoginBench([joe])
    const fail = async () => {
      await login.hello()
      login.bench.link.say(ABORT, {}, 'wamp.error.authentication_failed')
    }
    await fail()
    assert.equal((await login.failure()).code, 'ERR_REFUSED')

    login.start()
    await until(() => login.bench.router.links.length === 2, 'another link')
    await login.hello()
    login.welcome()
    assert.equal(await login.ended(), 'joined')
    login.bench.link.drop()
    await login.retried()
    for (let i = 0; i < 3; i++) {
      await fail()
      assert.match(await login.retried(), /authentication_failed/)
    }
    await login.hello()
    login.welcome()
    await until(() => login.bench.client.session !== undefined, 'the session')
  })

  test('no secret stands in what the client tells of a refusal', async () => {
    const login = new LoginBench([joe])
    await login.hello()
    await login.challenge('ticket', {})
    login.bench.link.say(ABORT, {}, 'wamp.error.authentication_denied')
    const failure = await login.failure()
    const told = JSON.stringify([failure.message, failure.stack, login.bench.statuses, login.bench.errors.map(String)])
    assert.doesNotMatch(told, /s3cret/)
  })

  test('requests that wait for a session fail with the refusal', async () => {
    const login = new LoginBench([joe])
    const call = rejection(login.bench.client.call('com.example.add'))
    await login.hello()
    login.bench.link.say(ABORT, {}, 'wamp.error.authentication_denied')
    assert.match((await call).message, /authentication_denied/)
  })
})
