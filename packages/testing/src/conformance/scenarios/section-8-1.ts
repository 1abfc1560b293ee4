// Section 8.1 and 8.2 of the requirements: the exchange of every login, and tickets.

import { anonymous, cryptosign, staticPrincipals, ticket, tls, totpSecondStep } from '@crosspoint/router'
import {
  DENIED,
  denied,
  FAILED,
  hello,
  methods,
  REQUIRED,
  refused,
  source,
  ticketHello,
  tickets,
  ticketsAndAnonymous,
  welcome,
} from '../login-steps.ts'
import { advance, any, attach, check, closed, expect, type Scenario, scenario, send, silence, violation, where } from '../scenario.ts'

const login = tickets
const JOE = { authid: 'joe', authrole: 'user', authmethod: 'ticket', authprovider: 'static' }

const exchange: readonly Scenario[] = [
  scenario(
    'AUTH-01',
    'HELLO, CHALLENGE, AUTHENTICATE, WELCOME; and nothing more',
    [...ticketHello('a', 'joe'), send('a', 5, 'joe-secret', {}), welcome('a', JOE), silence('a')],
    { login },
  ),
  scenario('AUTH-01', 'WELCOME directly after HELLO', [attach('a'), hello('a', {}), welcome('a', { authmethod: 'anonymous' })], {
    login: ticketsAndAnonymous,
  }),
  scenario(
    'AUTH-01',
    'a message between CHALLENGE and AUTHENTICATE is a violation',
    [...ticketHello('a', 'joe'), send('a', 32, 1, {}, 'com.topic'), ...violation('a')],
    { login },
  ),
  scenario('AUTH-01', 'AUTHENTICATE before HELLO is a violation', [attach('a'), send('a', 5, 'x', {}), ...violation('a')], { login }),
  scenario(
    'AUTH-01',
    'a second HELLO in a login is a violation',
    [...ticketHello('a', 'joe'), hello('a', { authmethods: ['ticket'], authid: 'joe' }), ...violation('a')],
    { login },
  ),
  scenario(
    'AUTH-01',
    'AUTHENTICATE after WELCOME is a violation',
    [...ticketHello('a', 'joe'), send('a', 5, 'joe-secret', {}), welcome('a'), send('a', 5, 'joe-secret', {}), ...violation('a')],
    { login },
  ),
  scenario(
    'AUTH-01',
    'a client may leave in the middle with ABORT',
    [
      ...ticketHello('a', 'joe'),
      send('a', 3, {}, 'wamp.close.normal'),
      closed('a'),
      check('no session is left', (router) => router.peerCount === 0),
    ],
    { login },
  ),
  scenario(
    'AUTH-02',
    'authmethods must be a list of strings',
    [attach('a'), hello('a', { authmethods: 'ticket' }), ...violation('a', 'authmethods'), attach('b')].concat([
      hello('b', { authmethods: [7] }),
      ...violation('b', 'authmethods'),
    ]),
    { login },
  ),
  scenario(
    'AUTH-03',
    'without authmethods, and with an empty list, the client means anonymous',
    [
      attach('a'),
      hello('a', {}),
      welcome('a', { authmethod: 'anonymous', authrole: 'guest' }),
      attach('b'),
      hello('b', { authmethods: [], authid: 'joe' }),
      welcome('b', { authmethod: 'anonymous', authrole: 'guest' }),
    ],
    { login: ticketsAndAnonymous },
  ),
  scenario(
    'AUTH-03',
    'the order of the client decides, not that of the router; unknown methods are skipped',
    [
      attach('a'),
      hello('a', { authmethods: ['telepathy', 'anonymous', 'ticket'], authid: 'joe' }),
      welcome('a', { authmethod: 'anonymous' }),
      attach('b'),
      hello('b', { authmethods: ['telepathy', 'ticket', 'anonymous'], authid: 'joe' }),
      expect('b', 4, 'ticket', {}),
    ],
    { login: ticketsAndAnonymous },
  ),
  scenario(
    'AUTH-03',
    'a method that is configured and cannot be used here is skipped',
    [attach('a'), hello('a', { authmethods: ['tls', 'ticket'], authid: 'joe' }), expect('a', 4, 'ticket', {})],
    { login: methods(({ crypto }) => [tls(staticPrincipals({})), ticket(crypto, staticPrincipals({}))]) },
  ),
  scenario(
    'AUTH-03',
    'a wrong proof ends the login: the next method is not tried',
    [
      attach('a'),
      hello('a', { authmethods: ['ticket', 'anonymous'], authid: 'joe' }),
      expect('a', 4, 'ticket', {}),
      send('a', 5, 'wrong', {}),
      ...denied('a'),
    ],
    { login: ticketsAndAnonymous },
  ),
  scenario(
    'AUTH-04',
    'no method that is usable here',
    [attach('a'), hello('a', { authmethods: ['wampcra', 'tls'], authid: 'joe' }), ...refused('a', 'wamp.error.no_matching_auth_method')],
    { login },
  ),
  scenario(
    'ERR-18',
    'no_matching_auth_method: no offered method accepted',
    [attach('a'), hello('a', { authmethods: ['cookie'] }), ...refused('a', 'wamp.error.no_matching_auth_method')],
    { login },
  ),
  scenario(
    'AUTH-05',
    'WELCOME says who the session is: authid, role and extra of the principal, not what was asked for',
    [
      attach('a'),
      hello('a', { authmethods: ['ticket'], authid: 'amy', authrole: 'owner', authprovider: 'mine', authextra: { team: 1 } }),
      expect('a', 4, 'ticket', {}),
      send('a', 5, 'amy-secret', { authrole: 'owner' }),
      welcome('a', { authid: 'amy@example.org', authrole: 'admin', authmethod: 'ticket', authprovider: 'static', authextra: { team: 7 } }),
    ],
    { login },
  ),
]

const ends: readonly Scenario[] = [
  scenario('AUTH-06', 'wrong credentials', [...ticketHello('a', 'joe'), send('a', 5, 'wrong', {}), ...denied('a')], { login }),
  scenario(
    'AUTH-06',
    'an unknown principal is challenged like a known one, and told the same',
    [...ticketHello('a', 'nobody'), send('a', 5, 'wrong', {}), ...denied('a')],
    { login },
  ),
  scenario('AUTH-06', 'anonymous is not allowed', [attach('a'), hello('a', {}), ...refused('a', REQUIRED)], { login }),
  scenario(
    'AUTH-06',
    'a source that fails',
    [...ticketHello('a', 'joe'), send('a', 5, 'joe-secret', {}), ...refused('a', FAILED, where('words without the cause', isSilent))],
    {
      login: methods(({ crypto }) => [
        ticket(
          crypto,
          source((_query, done) => done({ failure: 'the disk of db7 is full' })),
        ),
      ]),
    },
  ),
  scenario(
    'AUTH-06',
    'a role that the realm has not',
    [...ticketHello('a', 'joe'), send('a', 5, 'joe-secret', {}), ...refused('a', 'wamp.error.no_such_role')],
    { login, realm: { roles: { admin: {} } } },
  ),
  scenario(
    'AUTH-06',
    'a realm that is not there, once the principal is known to be in it',
    [...ticketHello('a', 'joe'), send('a', 5, 'joe-secret', {}), ...refused('a', 'wamp.error.no_such_realm')],
    { login: methods(({ crypto }) => [ticket(crypto, staticPrincipals({ joe: { ticket: 'joe-secret', realm: 'realm9' } }))]) },
  ),
  scenario(
    'ERR-19',
    'authentication_denied, authentication_failed and authentication_required',
    [
      ...ticketHello('a', 'joe'),
      send('a', 5, 'wrong', {}),
      ...refused('a', DENIED),
      attach('b'),
      hello('b', { authmethods: ['ticket'] }),
      ...refused('b', FAILED),
      attach('c'),
      hello('c', { authmethods: ['anonymous'] }),
      ...refused('c', REQUIRED),
    ],
    { login },
  ),
  scenario(
    'AUTH-07',
    'AUTHENTICATE that does not come in time',
    [...ticketHello('a', 'joe'), advance(1_999), silence('a'), advance(2), ...refused('a', FAILED)],
    { login, limits: { loginTimeoutMs: 2_000 } },
  ),
  scenario(
    'AUTH-07',
    'a source that never answers',
    [...ticketHello('a', 'joe'), send('a', 5, 'joe-secret', {}), silence('a'), advance(2_001), ...refused('a', FAILED)],
    {
      login: methods(({ crypto }) => [
        ticket(
          crypto,
          source(() => {}),
        ),
      ]),
      limits: { loginTimeoutMs: 2_000 },
    },
  ),
  scenario(
    'AUTH-07',
    'one attempt: a second AUTHENTICATE while the first is checked is a violation, whose answer counts no more',
    [
      ...ticketHello('a', 'joe'),
      send('a', 5, 'wrong', {}),
      send('a', 5, 'joe-secret', {}),
      ...violation('a'),
      advance(1_000),
      check('nobody joined', (router) => router.sessionCount === 0),
    ],
    {
      login: methods(({ crypto, clock }) => [
        ticket(
          crypto,
          source((_query, done) => void clock.setTimer(500, () => done({ ticket: 'joe-secret', role: 'user' }))),
        ),
      ]),
    },
  ),
  scenario(
    'AUTH-07',
    'a decision that comes later: others talk meanwhile, and then it is there',
    [
      ...ticketHello('a', 'joe'),
      send('a', 5, 'joe-secret', {}),
      ...ticketHello('b', 'joe'),
      silence('a', 'b'),
      advance(500),
      welcome('a', { authid: 'joe', authprovider: 'dynamic' }),
      silence('b'),
    ],
    {
      login: methods(({ crypto, clock }) => [
        ticket(
          crypto,
          source((_query, done) => void clock.setTimer(500, () => done({ ticket: 'joe-secret', role: 'user' }))),
        ),
      ]),
    },
  ),
]

// The secret and two codes of RFC 6238, appendix B: SHA-1, the last six of its eight digits.
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const AT_1111111109 = { code: '081804', ms: 1_111_111_109_000 }
const STRICT_START_MS = 1_700_000_000_000 // the virtual clock's; codes of the past are wrong there

const twoSteps: readonly Scenario[] = [
  scenario(
    'AUTH-08',
    'the second step comes before WELCOME, and only for principals that have one',
    [
      ...ticketHello('a', 'joe'),
      send('a', 5, 'joe-secret', {}),
      expect('a', 4, 'totp', {}),
      send('a', 5, AT_1111111109.code, {}),
      welcome('a', { authid: 'joe', authmethod: 'ticket' }),
      ...ticketHello('b', 'amy'),
      send('b', 5, 'amy-secret', {}),
      welcome('b', { authid: 'amy' }),
    ],
    { login: secondStep(AT_1111111109.ms) },
  ),
  scenario(
    'AUTH-08',
    'a code is good for one login',
    [
      ...ticketHello('a', 'joe'),
      send('a', 5, 'joe-secret', {}),
      expect('a', 4, 'totp', {}),
      send('a', 5, AT_1111111109.code, {}),
      welcome('a'),
      ...ticketHello('b', 'joe'),
      send('b', 5, 'joe-secret', {}),
      expect('b', 4, 'totp', {}),
      send('b', 5, AT_1111111109.code, {}),
      ...denied('b'),
    ],
    { login: secondStep(AT_1111111109.ms) },
  ),
  scenario(
    'AUTH-08',
    'a wrong code, and a wrong first step: no second is asked for',
    [
      ...ticketHello('a', 'joe'),
      send('a', 5, 'joe-secret', {}),
      expect('a', 4, 'totp', {}),
      send('a', 5, AT_1111111109.code, {}),
      ...denied('a'),
      ...ticketHello('b', 'joe'),
      send('b', 5, 'wrong', {}),
      ...denied('b'),
    ],
    { login: secondStep(STRICT_START_MS) },
  ),
]

/** Tickets, and a device for joe; its clock stands at `nowMs`. */
function secondStep(nowMs: number): NonNullable<Scenario['login']> {
  return ({ crypto, clock }) => ({
    authenticators: [
      ticket(
        crypto,
        staticPrincipals({ joe: { ticket: 'joe-secret', role: 'user', totp: SECRET }, amy: { ticket: 'amy-secret', role: 'user' } }),
      ),
    ],
    secondStep: totpSecondStep(crypto, { now: () => nowMs, setTimer: (delayMs, fire) => clock.setTimer(delayMs, fire) }),
  })
}

const CERTIFICATE = { sha1: 'a'.repeat(40), sha256: 'b'.repeat(64), commonName: 'sensor7' }
const certificates = methods(({ random }) => [
  tls(staticPrincipals({ sensor7: { 'certificate-sha256': CERTIFICATE.sha256, role: 'sensor' } })),
  anonymous({ random }),
])

const links: readonly Scenario[] = [
  scenario(
    'AUTH-10',
    'what the connection shows is believed: a client certificate',
    [
      attach('a', undefined, { certificate: CERTIFICATE }),
      hello('a', { authmethods: ['tls'] }),
      welcome('a', { authid: 'sensor7', authrole: 'sensor', authmethod: 'tls' }),
    ],
    { login: certificates },
  ),
  scenario(
    'AUTH-10',
    'what HELLO says of its own connection is not',
    [
      attach('a'),
      hello('a', { authmethods: ['tls', 'anonymous'], transport: { auth: { certificate: CERTIFICATE }, peer_cert: CERTIFICATE } }),
      welcome('a', { authmethod: 'anonymous', authrole: 'anonymous' }),
      attach('b'),
      hello('b', { authmethods: ['tls'], authid: 'sensor7', transport: { auth: CERTIFICATE } }),
      ...refused('b', 'wamp.error.no_matching_auth_method'),
    ],
    { login: certificates },
  ),
  scenario(
    'AUTH-10',
    'a certificate of nobody, and of somebody else than the authid says',
    [
      attach('a', undefined, { certificate: { ...CERTIFICATE, sha256: 'c'.repeat(64) } }),
      hello('a', { authmethods: ['tls'] }),
      ...denied('a'),
      attach('b', undefined, { certificate: CERTIFICATE }),
      hello('b', { authmethods: ['tls'], authid: 'sensor8' }),
      ...denied('b'),
    ],
    { login: certificates },
  ),
]

const ticketsAlone: readonly Scenario[] = [
  scenario('AUTH-15', 'without authid', [attach('a'), hello('a', { authmethods: ['ticket'] }), ...refused('a', FAILED)], { login }),
  scenario(
    'AUTH-16',
    'CHALLENGE has an empty Extra, the ticket is opaque, WELCOME says ticket',
    [
      attach('a'),
      hello('a', { authmethods: ['ticket'], authid: 'joe' }),
      expect('a', 4, 'ticket', {}),
      send('a', 5, ' §\u0000 {"a": 1} =', {}),
      welcome('a', { authmethod: 'ticket', authid: 'joe' }),
    ],
    { login: methods(({ crypto }) => [ticket(crypto, staticPrincipals({ joe: { ticket: ' §\u0000 {"a": 1} =', role: 'user' } }))]) },
  ),
  scenario(
    'SES-09',
    'the realm of the principal, when the client leaves the choice to the router',
    [
      attach('a'),
      hello('a', { authmethods: ['ticket'], authid: 'homeless' }, null),
      expect('a', 4, 'ticket', {}),
      send('a', 5, 'homeless-secret', {}),
      welcome('a', { realm: 'realm2' }),
      attach('b'),
      hello('b', { authmethods: ['ticket'], authid: 'joe' }, null),
      expect('b', 4, 'ticket', {}),
      send('b', 5, 'joe-secret', {}),
      ...refused('b', FAILED),
    ],
    // The other serializers have null, FlatBuffers a string that is not there.
    { login },
  ),
  scenario(
    'AUTH-64',
    'cryptosign and ticket of one name are two credentials: the key does not open with a ticket',
    [
      attach('a'),
      hello('a', { authmethods: ['cryptosign', 'ticket'], authid: 'joe', authextra: { pubkey: 'ab'.repeat(32) } }),
      expect('a', 4, 'cryptosign', any),
      send('a', 5, 'joe-secret', {}),
      ...refused('a', FAILED),
    ],
    { login: methods(({ crypto }) => [cryptosign(crypto, staticPrincipals({})), ticket(crypto, staticPrincipals({}))]) },
  ),
]

function isSilent(details: unknown): boolean {
  return !JSON.stringify(details).includes('db7')
}

export const scenarios: readonly Scenario[] = [...exchange, ...ends, ...twoSteps, ...links, ...ticketsAlone]
