import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Dict } from '@crosspoint/protocol'
import { SeededRandom } from '@crosspoint/testing'
import {
  type Authenticator,
  anonymous,
  type Identity,
  type LoginRequest,
  type Next,
  type Step,
  staticPrincipals,
  ticket,
} from '../../src/index.ts'
import { ALL_ROLES, type TestClient } from '../support.ts'
import {
  ABORT,
  AUTHENTICATE,
  abortOf,
  CHALLENGE,
  challengeOf,
  crypto,
  FAILED,
  LoginWorld,
  linkOf,
  only,
  WELCOME,
  welcomeOf,
  whoOf,
} from './support.ts'

const VIOLATION = 'wamp.error.protocol_violation'
const JOE: Identity = { realm: 'realm1', authid: 'joe', authrole: 'user', authmethod: 'first', authprovider: 'static' }

/** An authenticator whose every answer the test gives. */
class Scripted implements Authenticator {
  readonly method: string
  readonly aliases: readonly string[]
  readonly requests: LoginRequest[] = []
  readonly answers: string[] = []
  next: Next = () => {}

  constructor(method = 'first', aliases: readonly string[] = []) {
    this.method = method
    this.aliases = aliases
  }
  begin(request: LoginRequest, next: Next): void {
    this.requests.push(request)
    this.next = next
  }
  /** Challenges; the answer's `next` is then the one to use. */
  challenge(extra: Dict = {}): void {
    this.next({
      type: 'challenge',
      extra,
      answered: (signature, _extra, next) => {
        this.answers.push(signature)
        this.next = next
      },
    })
  }
}

const fixed = (method: string, step: Step): Authenticator => ({ method, begin: (_request, next) => next(step) })
const world = (...authenticators: Authenticator[]): LoginWorld => new LoginWorld({ authenticators })
const guests = (): Authenticator => anonymous({ random: new SeededRandom(2) })
const offer = (w: LoginWorld, ...authmethods: string[]): TestClient => w.hello({ authmethods })

describe('which method', () => {
  test('AUTH-03 the client’s order decides, unknown names are left out, and each is asked once', () => {
    const asked: string[] = []
    const skipping = (method: string, aliases: readonly string[] = []): Authenticator => ({
      method,
      aliases,
      begin: (_request, next) => {
        asked.push(method)
        next({ type: 'skip', cause: 'not now' })
      },
    })
    const w = world(skipping('a'), skipping('b', ['bee']), skipping('c'))
    abortOf(offer(w, 'unknown', 'c', 'bee', 'b', 'c', 'other', 'a'), 'wamp.error.no_matching_auth_method')
    assert.deepEqual(asked, ['c', 'b', 'a'])
    assert.match(w.refused[0]!.cause, /the link has a, b, c; skipped: c \(not now\), b \(not now\), a \(not now\)$/)
  })

  test('AUTH-03 no methods, or an empty list, stand for anonymous', () => {
    const w = world(fixed('first', { type: 'accept', identity: JOE }), guests())
    assert.equal(welcomeOf(w.hello({}))['authmethod'], 'anonymous')
    assert.equal(welcomeOf(offer(w))['authmethod'], 'anonymous')
  })

  test('AUTH-04 no method that fits is refused by name', () => {
    const w = world(fixed('first', { type: 'accept', identity: JOE }))
    const details = abortOf(offer(w, 'wampcra', 'anonymous'), 'wamp.error.no_matching_auth_method')
    assert.deepEqual(details, { message: 'None of the methods offered ("wampcra, anonymous") is accepted here' })
    assert.equal(w.refused[0]!.cause, `${details['message']}; the link has first`)
  })

  test('AUTH-06 who only wants to be anonymous is told that a login is required', () => {
    const w = world(fixed('first', { type: 'accept', identity: JOE }))
    abortOf(offer(w), 'wamp.error.authentication_required')
    abortOf(offer(w, 'anonymous'), 'wamp.error.authentication_required')
    abortOf(offer(world(), 'anonymous'), 'wamp.error.authentication_required')
  })

  test('AUTH-02 a HELLO whose methods are no list of strings is a violation', () => {
    const w = world(guests())
    for (const authmethods of ['anonymous', [7], {}, new Array(33).fill('a')]) abortOf(w.hello({ authmethods }), VIOLATION)
    for (const authid of [7, {}, 'x'.repeat(257)]) abortOf(w.hello({ authid }), VIOLATION)
    for (const authextra of ['text', 7, []]) abortOf(w.hello({ authextra }), VIOLATION)
  })
})

describe('the exchange', () => {
  test('AUTH-01 HELLO, CHALLENGE, AUTHENTICATE, WELCOME', () => {
    const first = new Scripted()
    const w = world(first)
    const client = w.hello({ authmethods: ['first'], authid: 'joe', authextra: { a: 1 } })
    first.challenge({ question: 'who' })
    assert.deepEqual(challengeOf(client, 'first'), { question: 'who' })
    client.send(AUTHENTICATE, 'joe!', {})
    assert.deepEqual([client.take(), first.answers], [[], ['joe!']])
    first.next({ type: 'accept', identity: JOE })
    const welcome = welcomeOf(client)
    const { session, realm, authid, authextra } = first.requests[0]!
    assert.deepEqual([session, realm, authid, authextra], [welcome['session'], 'realm1', 'joe', { a: 1 }])
    assert.equal(w.clock.timerCount, 0, 'no deadline is left')
  })

  test('AUTH-01 the router may accept or refuse directly after HELLO', () => {
    const accepting = world(fixed('first', { type: 'accept', identity: JOE }))
    welcomeOf(offer(accepting, 'first'))
    const refusal = { reason: 'com.example.no', message: 'No', cause: 'because', details: { code: 7 }, isGuess: false }
    const refusing = world(fixed('first', { type: 'refuse', refusal }), guests())
    assert.deepEqual(
      abortOf(offer(refusing, 'first', 'anonymous'), 'com.example.no'),
      { message: 'No', code: 7 },
      'and no other method is tried',
    )
    const login = { realm: 'realm1', authid: undefined, authmethod: 'first' }
    assert.deepEqual(refusing.refused, [{ reason: 'com.example.no', cause: 'because', login }])
  })

  test('AUTH-05 WELCOME says who it is, whatever HELLO asked for', () => {
    const identity = {
      realm: 'realm2',
      authid: 'joseph',
      authrole: 'sensor',
      authmethod: 'other',
      authprovider: 'sql',
      authextra: { a: [1] },
    }
    const w = world(fixed('first', { type: 'accept', identity }))
    const welcome = welcomeOf(w.hello({ authmethods: ['first'], authid: 'joe', authrole: 'admin' }))
    assert.deepEqual({ ...whoOf(welcome), authextra: welcome['authextra'] }, identity)
  })

  test('AUTH-05 a client may leave the realm to the router; without one in the principal either it is a failure', () => {
    const source = staticPrincipals({ joe: { ticket: 'x', realm: 'realm2' }, eve: { ticket: 'x' } })
    const w = world(ticket(crypto, source), guests())
    const logIn = (authid: string): TestClient => {
      const client = w.hello({ authmethods: ['ticket'], authid }, {}, null)
      challengeOf(client, 'ticket')
      client.send(AUTHENTICATE, 'x', {})
      return client
    }
    assert.equal(welcomeOf(logIn('joe'))['realm'], 'realm2')
    abortOf(logIn('eve'), FAILED)
    abortOf(w.hello({}, {}, null), FAILED)
    const placed = world(anonymous({ random: new SeededRandom(2), realm: 'realm2', role: 'user', authid: 'guest' }))
    const who = { realm: 'realm2', authid: 'guest', authrole: 'user', authmethod: 'anonymous', authprovider: 'static' }
    assert.deepEqual(whoOf(welcomeOf(placed.hello({}, {}, null))), who)
  })

  test('AUTH-06 a realm or role that is not there is refused by its name', () => {
    const w = world(fixed('first', { type: 'accept', identity: JOE }))
    abortOf(w.hello({ authmethods: ['first'] }, {}, 'realm3'), 'wamp.error.no_such_realm')
    abortOf(offer(world(fixed('first', { type: 'accept', identity: { ...JOE, realm: 'realm3' } })), 'first'), 'wamp.error.no_such_realm')
    abortOf(offer(world(fixed('first', { type: 'accept', identity: { ...JOE, authrole: 'king' } })), 'first'), 'wamp.error.no_such_role')
  })

  test('AUTH-10 what a client says of its own transport is not what authenticators are told', () => {
    const first = new Scripted()
    world(first).hello({ authmethods: ['first'], transport: { auth: 'me' } }, { transport: { peer: '192.0.2.1' }, cookie: 'abc' })
    const { link } = first.requests[0]!
    assert.deepEqual([link.transport, link.cookie], [{ peer: '192.0.2.1' }, 'abc'])
  })
})

describe('out of turn', () => {
  test('AUTH-01 AUTHENTICATE without a challenge is a violation', () => {
    const first = new Scripted()
    const w = world(first)
    const early = w.connect({ info: { login: w.login } })
    early.send(AUTHENTICATE, 'x', {})
    abortOf(early, VIOLATION)
    const client = offer(w, 'first')
    client.send(AUTHENTICATE, 'x', {})
    abortOf(client, VIOLATION)
    assert.deepEqual(first.answers, [])
  })

  test('AUTH-07 a second AUTHENTICATE while the first is being checked is a violation, and the first comes too late', () => {
    const first = new Scripted()
    const client = offer(world(first), 'first')
    first.challenge()
    challengeOf(client, 'first')
    client.send(AUTHENTICATE, 'one', {})
    client.send(AUTHENTICATE, 'two', {})
    abortOf(client, VIOLATION)
    first.next({ type: 'accept', identity: JOE })
    assert.deepEqual([client.take(), first.answers], [[], ['one']])
  })

  test('AUTH-01 any other message before WELCOME is a violation, in both states', () => {
    for (const isChallenged of [false, true]) {
      for (const list of [
        [1, 'realm1', { roles: ALL_ROLES }],
        [32, 1, {}, 'a.topic'],
        [6, {}, 'wamp.close.normal'],
        [CHALLENGE, 'first', {}],
        [WELCOME, 1, {}],
      ]) {
        const first = new Scripted()
        const client = offer(world(first), 'first')
        if (isChallenged) {
          first.challenge()
          challengeOf(client, 'first')
        }
        client.send(...list)
        abortOf(client, VIOLATION)
        first.next({ type: 'accept', identity: JOE })
        assert.deepEqual(client.take(), [])
      }
    }
  })

  test('AUTH-09 ABORT of the client ends the login, in both states, and is logged as it is', () => {
    for (const isChallenged of [false, true]) {
      const first = new Scripted()
      const w = world(first)
      const client = offer(w, 'first')
      if (isChallenged) first.challenge()
      client.take()
      client.send(ABORT, { message: 'I have no key' }, 'wamp.error.cannot_authenticate')
      assert.ok(client.isClosed)
      first.next({ type: 'accept', identity: JOE })
      assert.deepEqual([client.take(), w.router.sessionCount, w.clock.timerCount], [[], 0, 0])
      const login = { realm: 'realm1', authid: undefined, authmethod: 'first' }
      assert.deepEqual(w.refused, [{ reason: 'wamp.error.cannot_authenticate', cause: 'I have no key', login }])
    }
  })

  test('AUTH-01 answers after the client has gone, and second ones, are ignored', () => {
    const first = new Scripted()
    const accepted: string[] = []
    const w = new LoginWorld({ authenticators: [first], onAccepted: (_request, { authid }) => void accepted.push(authid) })
    const gone = offer(w, 'first')
    gone.cut()
    first.next({ type: 'accept', identity: JOE })
    assert.deepEqual([w.router.sessionCount, accepted], [0, []])
    const client = offer(w, 'first')
    const { next } = first
    first.challenge()
    next({ type: 'accept', identity: JOE })
    challengeOf(client, 'first')
    client.send(AUTHENTICATE, 'x', {})
    next({ type: 'accept', identity: JOE })
    first.next({ type: 'accept', identity: JOE })
    first.next({ type: 'accept', identity: { ...JOE, authid: 'eve' } })
    assert.equal(welcomeOf(client)['authid'], 'joe')
    assert.deepEqual([w.router.sessionCount, accepted], [1, ['joe']])
  })
})

describe('in time', () => {
  test('AUTH-07 a login that is not complete in time is refused: no answer of the client, none of the authenticator', () => {
    for (const state of ['begun', 'challenged', 'answered']) {
      const first = new Scripted()
      const w = new LoginWorld({ authenticators: [first] }, { loginTimeoutMs: 3_000 })
      const client = offer(w, 'first')
      if (state !== 'begun') {
        first.challenge()
        challengeOf(client, 'first')
      }
      w.clock.advance(2_000)
      if (state === 'answered') client.send(AUTHENTICATE, 'x', {})
      w.clock.advance(999)
      assert.deepEqual(client.take(), [])
      w.clock.advance(1)
      assert.deepEqual(abortOf(client, FAILED), { message: 'The login must be complete within 3000 ms' })
      first.next({ type: 'accept', identity: JOE })
      assert.deepEqual([client.take(), w.router.peerCount, w.clock.timerCount], [[], 0, 0])
    }
  })

  test('AUTH-07 only so many logins are under way at one time', () => {
    const first = new Scripted()
    const w = new LoginWorld({ authenticators: [first, guests()] }, { loginsAtOnceMax: 2 })
    const [one] = [offer(w, 'first'), offer(w, 'first')]
    abortOf(offer(w, 'first'), 'crosspoint.error.too_many_logins')
    assert.equal(w.refused[0]!.cause, 'loginsAtOnceMax is reached')
    one!.cut()
    welcomeOf(w.hello({}))
    const third = offer(w, 'first')
    first.next({ type: 'accept', identity: JOE })
    welcomeOf(third)
    assert.deepEqual(offer(w, 'first').take(), [], 'there is room again')
  })

  test('AUTH-01 a router that closes meanwhile ends logins in every state', () => {
    for (const state of ['begun', 'challenged', 'answered']) {
      const first = new Scripted()
      const w = world(first)
      const client = offer(w, 'first')
      if (state !== 'begun') first.challenge()
      client.take()
      if (state === 'answered') client.send(AUTHENTICATE, 'x', {})
      let isClosed = false
      w.router.close(() => {
        isClosed = true
      })
      abortOf(client, 'wamp.close.system_shutdown')
      first.next({ type: 'accept', identity: JOE })
      assert.deepEqual([client.take(), isClosed, w.clock.timerCount], [[], true, 0])
    }
  })
})

describe('authenticators that are wrong', () => {
  const tells = (w: LoginWorld, client: TestClient, cause: string): void => {
    assert.deepEqual(abortOf(client, FAILED), { message: 'The login could not be checked; try again later' })
    assert.equal(w.refused[0]!.cause, cause)
  }

  test('AUTH-06 one that throws fails the login, at HELLO or at the answer', () => {
    for (const thrown of [new Error('out of order'), 'text']) {
      const fail = (): never => {
        throw thrown
      }
      const cause = thrown instanceof Error ? 'first failed: out of order' : 'first failed: it threw what is no error'
      const atHello = world({ method: 'first', begin: fail }, guests())
      tells(atHello, offer(atHello, 'first', 'anonymous'), cause)
      const atAnswer = world(fixed('first', { type: 'challenge', extra: {}, answered: fail }))
      const client = offer(atAnswer, 'first')
      challengeOf(client, 'first')
      client.send(AUTHENTICATE, 'x', {})
      tells(atAnswer, client, cause)
    }
  })

  test('AUTH-06 one that answers and then throws has answered', () => {
    const begin: Authenticator['begin'] = (_request, next) => {
      next({ type: 'accept', identity: JOE })
      throw new Error('after all')
    }
    assert.equal(welcomeOf(offer(world({ method: 'first', begin }), 'first'))['authid'], 'joe')
  })

  test('AUTH-06 an answer that is no step fails the login, at once or later', () => {
    const nonsense: [step: unknown, cause: string][] = [
      [undefined, 'first answered with no step, but nothing'],
      [{}, 'first answered with no step, but nothing'],
      [{ type: 'let me see' }, 'first answered with no step, but "let me see"'],
      ['accept', 'first answered with no step, but nothing'],
    ]
    for (const [step, cause] of nonsense) {
      const atOnce = world(fixed('first', step as Step))
      tells(atOnce, offer(atOnce, 'first'), cause)
      const first = new Scripted()
      const later = world(first)
      const client = offer(later, 'first')
      first.next(step as Step)
      tells(later, client, cause)
    }
  })

  test('AUTH-06 an error of the peer that is told is not taken for one of the authenticator', () => {
    const w = world(fixed('first', { type: 'accept', identity: JOE }))
    const client = w.connect({ info: { login: w.login, link: linkOf({}) } })
    client.onList = () => {
      throw new Error('of the peer')
    }
    assert.throws(() => client.hello('realm1', { roles: ALL_ROLES, authmethods: ['first'] }), /of the peer/)
    assert.equal(only(client)[0], WELCOME)
    assert.deepEqual(w.refused, [])
  })
})

describe('resumption', () => {
  test('AUTH-01 RES-03 a session that logged in is resumed by its token, without logging in again, as who it was', () => {
    const first = new Scripted()
    const w = world(first)
    const client = w.hello({ authmethods: ['first'], resumable: true })
    first.next({ type: 'accept', identity: JOE })
    const { session, resume_token } = welcomeOf(client)
    client.cut()
    const again = w.connect({ info: { login: w.login, link: linkOf({}) } })
    again.send(1, null, { resume_session: session, resume_token })
    const welcome = welcomeOf(again)
    assert.deepEqual(whoOf(welcome), whoOf({ ...JOE }))
    assert.deepEqual([welcome['session'], welcome['resumed'], first.requests.length], [session, true, 1])
  })

  test('RES-06 AUTH-01 a login that is not over cannot be resumed, and a wrong token does not log in', () => {
    const first = new Scripted()
    const w = world(first)
    const client = w.hello({ authmethods: ['first'], resumable: true })
    const { session } = first.requests[0]!
    const resume = (resume_token: string): TestClient => {
      const other = w.connect({ info: { login: w.login, link: linkOf({}) } })
      other.send(1, null, { resume_session: session, resume_token })
      return other
    }
    abortOf(resume('0'.repeat(32)), 'wamp.error.no_such_session')
    first.next({ type: 'accept', identity: JOE })
    welcomeOf(client)
    abortOf(resume('0'.repeat(32)), 'wamp.error.no_such_session')
    assert.equal(client.isClosed, false)
  })
})
