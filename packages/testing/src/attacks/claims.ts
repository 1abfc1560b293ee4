// Saying to be somebody: what a client can write into HELLO and AUTHENTICATE, and what comes of it in WELCOME.

import type { Dict } from '@crosspoint/protocol'
import { signWampcra, utf8Encode } from '@crosspoint/protocol/internal'
import { type PrincipalSource, staticPrincipals, ticket } from '@crosspoint/router'
import { JOE as ANSWERS } from '../hostile/login-answers.ts'
import { TestCrypto } from '../test-crypto.ts'
import { type Attack, group, must, mustEqual } from './attack.ts'
import { DENIED, everyMethodOf, PEOPLE, pubkeyOf, refusedWith, SEED_OF_EVE, Stage, type Visitor } from './stage.ts'

const tools = new TestCrypto(3)
const FAILED = 'wamp.error.authentication_failed'
const VIOLATION = 'wamp.error.protocol_violation'
const JOE = { authmethods: ['ticket'], authid: 'joe' }

/** Everything that a client could hope to be believed. */
const CLAIMS: Dict = {
  authrole: 'admin',
  authprovider: 'dynamic',
  authmethod: 'cryptosign',
  session: 1,
  realm: 'realm2',
  transport: { auth: { authid: 'amy', authrole: 'admin' }, peer_cert: { sha256: 'aa'.repeat(32) }, cookie: 'x' },
  authextra: {
    authrole: 'admin',
    verifier: 'x',
    extra: { admin: true },
    ['__proto__']: { authrole: 'admin' },
    constructor: { prototype: { authrole: 'admin' } },
  },
  ['__proto__']: { authrole: 'admin' },
}

/** Who the visitor is, by WELCOME. */
function whoIs(visitor: Visitor): Dict {
  const [type, , details] = visitor.only()
  must(type === 2, `WELCOME was to come, not ${String(type)}`)
  const { authid, authrole, authmethod, authprovider, realm, authextra } = details as Dict
  return { authid, authrole, authmethod, authprovider, realm, authextra }
}

const resumable = [{ name: 'realm1', resume: {} }, { name: 'realm2' }] as const

/** A session that can be resumed: its id and token. */
function resumableSession(stage: Stage): { readonly visitor: Visitor; readonly session: number; readonly token: string } {
  const { visitor } = stage.challenged({ ...JOE, resumable: true })
  const [type, session, details] = visitor.ask(5, 'joe-ticket', {})
  must(type === 2, 'joe was to get in')
  return { visitor, session: session as number, token: (details as Dict)['resume_token'] as string }
}

/** Logins by every method, whose principal is `nonsense`; how many were refused. */
function answerNonsense(nonsense: unknown, isLate: boolean): number {
  const find: PrincipalSource['find'] = (_query, done) =>
    isLate ? void stage.clock.setTimer(1, () => done(nonsense as undefined)) : done(nonsense as undefined)
  const stage = new Stage({ authenticators: (own) => everyMethodOf(own, () => ({ provider: 'dynamic', find })) })
  const bystander = stage.hello({ authmethods: ['anonymous'] })
  must(bystander.only()[0] === 2, 'a guest was to get in')
  let count = 0
  for (const { answer, hello } of ANSWERS) {
    const visitor = stage.hello(hello)
    stage.clock.advance(1)
    const [first] = visitor.inbox
    if (first?.[0] === 4) {
      visitor.take()
      visitor.say(5, ...(answer(first[2] as Dict) ?? ['', {}]))
      stage.clock.advance(1)
    }
    const [type, , reason] = visitor.only()
    must(type === 3 && (reason === DENIED || reason === FAILED), `the login was to be refused, not ${JSON.stringify([type, reason])}`)
    count++
  }
  must(bystander.ask(48, 1, {}, 'wamp.session.count')[0] === 50, 'the guest was to be answered')
  return count
}

export const claims: readonly Attack[] = [
  ...group('Claims: HELLO', [
    {
      name: 'role, provider, realm and extra in HELLO and AUTHENTICATE',
      tried: 'a right ticket, with every member of WELCOME written into HELLO.Details, authextra and AUTHENTICATE.Extra',
      defence: 'WELCOME is made of the principal alone',
      run() {
        const stage = new Stage()
        const { visitor } = stage.challenged({ ...CLAIMS, ...JOE })
        visitor.say(5, 'joe-ticket', { ...CLAIMS })
        mustEqual(
          whoIs(visitor),
          { authid: 'joe', authrole: 'user', authmethod: 'ticket', authprovider: 'static', realm: 'realm1' },
          'WELCOME',
        )
        must(({} as Dict)['authrole'] === undefined, 'no prototype was to be changed')
        return 'WELCOME as without them'
      },
    },
    {
      name: 'a name for an anonymous session',
      tried: 'HELLO with `anonymous` and the authid of somebody else',
      defence: 'anonymous sessions have a random authid',
      run() {
        const stage = new Stage()
        const who = whoIs(stage.hello({ ...CLAIMS, authmethods: ['anonymous'], authid: 'joe' }))
        must(who['authid'] !== 'joe' && who['authrole'] === 'guest', `it was not to be ${JSON.stringify(who)}`)
        return 'another authid, the role of anonymous sessions'
      },
    },
    {
      name: 'a certificate in HELLO',
      tried: 'HELLO.Details.transport with the certificate of somebody (AUTH-10)',
      defence: 'what is known of a connection comes from the transport',
      run() {
        const stage = new Stage()
        return refusedWith(stage.hello({ ...CLAIMS, authmethods: ['tls'] }), 'wamp.error.no_matching_auth_method')
      },
    },
    {
      name: 'names that objects have',
      tried: 'the authids `__proto__`, `constructor`, `toString` and `hasOwnProperty`, with every method',
      defence: 'principals are looked up in maps',
      run() {
        const stage = new Stage()
        for (const authid of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
          for (const guess of ['', 'undefined', 'function', '[object Object]']) {
            refusedWith(stage.challenged({ ...JOE, authid }).visitor.say(5, guess, {}), DENIED)
          }
          const { visitor, extra } = stage.challenged({ authmethods: ['wampcra'], authid })
          refusedWith(visitor.say(5, signWampcra(tools, utf8Encode('undefined'), extra['challenge'] as string), {}), DENIED)
          const key = { pubkey: pubkeyOf(SEED_OF_EVE) }
          const other = stage.challenged({ authmethods: ['cryptosign'], authid, authextra: key })
          refusedWith(other.visitor.say(5, '00'.repeat(64) + String(other.extra['challenge']), {}), DENIED)
        }
        return `ABORT \`${DENIED}\``
      },
    },
    {
      name: 'an empty ticket',
      tried: 'no ticket at all, for principals with a ticket, without any credentials, and with an empty one in the store',
      defence: 'an empty credential lets nobody in',
      run() {
        const people = { ...PEOPLE.ticket, bare: { role: 'user' }, empty: { ticket: '', role: 'user' } }
        const stage = new Stage({ authenticators: ({ crypto }) => [ticket(crypto, staticPrincipals(people))] })
        refusedWith(stage.challenged(JOE).visitor.say(5, '', {}), DENIED)
        refusedWith(stage.challenged({ ...JOE, authid: 'bare' }).visitor.say(5, '', {}), 'wamp.error.authentication_failed')
        return refusedWith(stage.challenged({ ...JOE, authid: 'empty' }).visitor.say(5, '', {}), 'wamp.error.authentication_failed')
      },
    },
  ]),
  ...group('Claims: the exchange', [
    {
      name: 'AUTHENTICATE twice',
      tried: 'a wrong ticket and the right one behind it, while the first is looked up',
      defence: 'one answer to one challenge; a second one ends the session, and a decision that comes later changes nothing',
      run() {
        const decisions: (() => void)[] = []
        const late: PrincipalSource = {
          provider: 'dynamic',
          find: (_query, done) => void decisions.push(() => done({ ticket: 'joe-ticket', role: 'user' })),
        }
        const stage = new Stage({ authenticators: ({ crypto }) => [ticket(crypto, late)] })
        const { visitor } = stage.challenged(JOE)
        const what = refusedWith(visitor.say(5, 'a guess', {}).say(5, 'joe-ticket', {}), VIOLATION)
        const right = stage.challenged(JOE).visitor
        refusedWith(right.say(5, 'joe-ticket', {}).say(5, 'joe-ticket', {}), VIOLATION)
        for (const decide of decisions) decide()
        must(stage.router.sessionCount === 0 && stage.router.peerCount === 0, 'nobody was to be let in')
        return what
      },
    },
    {
      name: 'a source of principals that answers nonsense',
      tried: 'null, numbers, texts, lists, and principals without credentials, at once and later, to every method; and one that throws',
      defence: 'what is no principal is a failure, whenever it comes, and ends its own login only',
      run() {
        let refusals = 0
        for (const nonsense of [null, 0, 7, '', 'joe', true, false, [], ['joe'], {}, { authid: 7 }, { role: [] }]) {
          for (const isLate of [false, true]) refusals += answerNonsense(nonsense, isLate)
        }
        return `${refusals} logins refused with \`wamp.error.authentication_failed\` or \`_denied\``
      },
    },
    {
      name: 'messages before WELCOME',
      tried:
        'CALL, REGISTER, PUBLISH, SUBSCRIBE, GOODBYE, WELCOME and CHALLENGE between CHALLENGE and AUTHENTICATE, and while it is looked up',
      defence: 'each is a violation and ends the connection',
      run() {
        const hanging: PrincipalSource = { provider: 'dynamic', find: () => {} }
        const stage = new Stage({ authenticators: ({ crypto }) => [ticket(crypto, hanging)] })
        const messages = [
          [48, 1, {}, 'wamp.session.count'],
          [64, 1, {}, 'com.taken'],
          [16, 1, {}, 'com.told'],
          [32, 1, {}, 'com.heard'],
          [2, 1, { roles: {} }],
          [4, 'ticket', {}],
        ]
        for (const message of messages) {
          refusedWith(stage.challenged(JOE).visitor.say(...message), VIOLATION)
          refusedWith(
            stage
              .challenged(JOE)
              .visitor.say(5, 'joe-ticket', {})
              .say(...message),
            VIOLATION,
          )
        }
        const { broker, dealer } = stage.router.realm('realm1')!
        must(broker.size + dealer.size === 0, 'nothing was to be done')
        return `ABORT \`${VIOLATION}\`, and nothing was done`
      },
    },
    {
      name: 'another method than was asked for',
      tried: 'the answer of one method to the challenge of another; a ticket, where a signature is asked for',
      defence: 'a challenge is answered to the method that made it',
      run() {
        const stage = new Stage()
        return refusedWith(stage.challenged({ authmethods: ['wampcra', 'ticket'], authid: 'joe' }).visitor.say(5, 'joe-ticket', {}), DENIED)
      },
    },
    {
      name: 'a cheaper method after a wrong answer',
      tried: 'HELLO with `ticket` and `anonymous`; a wrong ticket',
      defence: 'a wrong answer ends the login; the next method is tried only when one cannot be used',
      run() {
        const stage = new Stage()
        return refusedWith(stage.challenged({ authmethods: ['ticket', 'anonymous'], authid: 'joe' }).visitor.say(5, 'a guess', {}), DENIED)
      },
    },
  ]),
  ...group('Claims: other realms and sessions', [
    {
      name: 'a login of one realm in another',
      tried: 'a principal of realm1, with its own ticket, asks for realm2; then for one that does not exist',
      defence: 'the realm of a principal is where it goes, whatever it asks for',
      run() {
        const people = { joe: { ...PEOPLE.ticket['joe'], realm: 'realm1' } }
        const stage = new Stage({ authenticators: ({ crypto }) => [ticket(crypto, staticPrincipals(people))] })
        const { visitor } = stage.challenged(JOE, {}, 'realm2')
        const who = whoIs(visitor.say(5, 'joe-ticket', {}))
        must(who['realm'] === 'realm1', `it was not to be in ${String(who['realm'])}`)
        must(stage.router.realm('realm2')!.sessions.size === 0, 'realm2 was to stay empty')
        refusedWith(stage.hello(JOE, {}, 'realm3'), 'wamp.error.no_such_realm')
        return 'WELCOME to realm1, as without asking'
      },
    },
    {
      name: 'a signature for another realm',
      tried: 'the challenge of a login to realm1 is signed, and the signature used in a login to realm2',
      defence: 'a signature is good for one challenge',
      run() {
        const stage = new Stage()
        const first = stage.challenged({ authmethods: ['wampcra'], authid: 'joe' })
        const signature = signWampcra(tools, utf8Encode('joe-secret'), first.extra['challenge'] as string)
        const second = stage.challenged({ authmethods: ['wampcra'], authid: 'joe' }, {}, 'realm2')
        return refusedWith(second.visitor.say(5, signature, {}), DENIED)
      },
    },
    {
      name: 'a session of somebody else, resumed',
      tried: 'its id with no token, a wrong one, the token of another session, one that was used; by a stranger and by another user',
      defence: 'who resumes shows the token of that session, which is new each time',
      run() {
        const stage = new Stage({ realms: resumable })
        const [own, other] = [resumableSession(stage), resumableSession(stage)]
        own.visitor.cut()
        const attempt = (token: unknown) =>
          stage.hello({ resume_session: own.session, ...(token !== undefined && { resume_token: token }) })
        refusedWith(attempt(undefined), VIOLATION)
        for (const token of ['', 'x', own.token.slice(1), `${own.token} `, other.token])
          refusedWith(attempt(token), 'wamp.error.no_such_session')
        const back = attempt(own.token)
        must(back.only()[1] === own.session, 'joe was to get his session back')
        back.say(48, 1, {}, 'wamp.session.count') // joe has the new token
        back.cut()
        return refusedWith(attempt(own.token), 'wamp.error.no_such_session')
      },
    },
    {
      name: 'the login of a resumed session',
      tried: 'HELLO that resumes, and asks for another authid, role and realm as well',
      defence: 'a resumed session stays whose it was',
      run() {
        const stage = new Stage({ realms: resumable })
        const own = resumableSession(stage)
        own.visitor.cut()
        const back = stage.hello({ ...CLAIMS, authid: 'amy', resume_session: own.session, resume_token: own.token }, {}, 'realm2')
        const who = whoIs(back)
        mustEqual([who['authid'], who['authrole'], who['realm']], ['joe', 'user', 'realm1'], 'the session')
        return 'WELCOME as joe, in realm1'
      },
    },
    {
      name: 'a login that is not over, resumed',
      tried: 'a session id out of a WAMP-CRA challenge, with tokens that were seen before',
      defence: 'a session that has not joined has no token',
      run() {
        const stage = new Stage({ realms: resumable })
        const known = resumableSession(stage)
        const { extra } = stage.challenged({ authmethods: ['wampcra'], authid: 'joe', resumable: true })
        const { session } = JSON.parse(extra['challenge'] as string) as { readonly session: number }
        for (const token of ['', known.token]) {
          refusedWith(stage.hello({ resume_session: session, resume_token: token }), 'wamp.error.no_such_session')
        }
        return 'ABORT `wamp.error.no_such_session`'
      },
    },
  ]),
]
