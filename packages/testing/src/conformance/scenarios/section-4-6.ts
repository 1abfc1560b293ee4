// Section 4.6 of the requirements: pause and resume. Session a is the one that pauses; b is there all the time.

import {
  ALL_ROLES,
  advance,
  any,
  attach,
  bind,
  closed,
  containing,
  drop,
  expect,
  expectAll,
  join,
  ref,
  type Scenario,
  type Step,
  scenario,
  send,
  silence,
  violation,
  where,
} from '../scenario.ts'

const TOPIC = 'com.example.topic'
const PROC = 'com.example.procedure'
const WAIT_MS = 10_000
const MESSAGES_MAX = 3
const resuming = { realm: { resume: { waitMs: WAIT_MS, messagesMax: MESSAGES_MAX } } }
const call = (who: string, id: number, procedure: string, ...payload: unknown[]) => send(who, 48, id, {}, procedure, ...payload)
const lacks = (...keys: string[]) =>
  where(`a dictionary without ${keys.join(', ')}`, (value) => keys.every((key) => !Object.hasOwn(value as object, key)))
/** HELLO that offers resumption, and WELCOME that agrees; keeps the session id under `who` and the token as "who.token". */
const resumable = (who: string): Step[] => [
  attach(who),
  send(who, 1, 'realm1', { roles: ALL_ROLES, resumable: true }),
  expect(who, 2, bind(who), containing({ resumable: true, resume_token: bind(`${who}.token`) })),
]
/** A new transport `who` with a HELLO that resumes session a. */
const hello = (who = 'a', details: object = { resume_session: ref('a'), resume_token: ref('a.token') }): Step[] => [
  attach(who),
  send(who, 1, null, details),
]
/** The session is resumed, and its new token kept. */
const welcome = (who = 'a') => expect(who, 2, ref('a'), containing({ resumed: true, resume_token: bind('a.token') }))
const resumed: Step[] = [...hello(), welcome()]
const refused = (who = 'a'): Step[] => [expect(who, 3, any, 'wamp.error.no_such_session'), closed(who)]
const subscribed = (who: string, id: number, topic: string) => [send(who, 32, id, {}, topic), expect(who, 33, id, bind(`${who}${id}`))]
const registered = [send('a', 64, 1, {}, PROC), expect('a', 65, 1, bind('registration'))]
const published = (id: number, ...payload: unknown[]) => [
  send('b', 16, id, { acknowledge: true }, TOPIC, ...payload),
  expect('b', 17, id, any),
]
const both = [resumable('a'), join('b')].flat()
/** Session a subscribed to the topic and lost its transport. */
const pausedSubscriber = [both, subscribed('a', 1, TOPIC), drop('a')].flat()
/** Session a registered the procedure and lost its transport. */
const pausedCallee = [both, registered, drop('a')].flat()
const event = (...args: unknown[]) => expect('a', 36, ref('a1'), any, any, args)

const offers: readonly Scenario[] = [
  scenario(
    'RES-01',
    'the client offers, the router agrees and gives a token',
    [
      attach('a'),
      send('a', 1, 'realm1', { roles: ALL_ROLES, resumable: true }),
      expect('a', 2, any, containing({ resumable: true, resume_token: where('a string', (value) => typeof value === 'string') })),
    ],
    resuming,
  ),
  ...[{}, { resumable: false }, { resumable: null }].map((offer) =>
    scenario(
      'RES-01',
      `a client with ${JSON.stringify(offer)} in HELLO does not offer, and gets no token`,
      [
        attach('a'),
        send('a', 1, 'realm1', { roles: ALL_ROLES, ...offer }),
        expect(
          'a',
          2,
          any,
          where('nothing about resumption', (value) => lacksResumption(value as { [key: string]: unknown })),
        ),
      ],
      resuming,
    ),
  ),
  scenario(
    'RES-01',
    'a session that did not offer ends with its transport',
    [join('a'), join('b'), subscribed('b', 1, 'wamp.session.on_leave'), drop('a'), expect('b', 36, any, any, any, any)],
    resuming,
  ),
  scenario(
    'RES-02',
    'the token is the Base64 text of 16 octets',
    [
      attach('a'),
      send('a', 1, 'realm1', { roles: ALL_ROLES, resumable: true }),
      expect('a', 2, bind('a'), containing({ resume_token: where('Base64 of 16 octets', isToken) })),
    ],
    resuming,
  ),
  scenario(
    'RES-02',
    'the token of a resumed session is the Base64 text of 16 octets',
    [resumable('a'), drop('a'), hello(), expect('a', 2, any, containing({ resume_token: where('Base64 of 16 octets', isToken) }))],
    resuming,
  ),
  scenario(
    'RES-02',
    'every session has a token of its own',
    [both, resumable('c'), drop('a'), drop('c'), hello('d', { resume_session: ref('a'), resume_token: ref('c.token') }), refused('d')],
    resuming,
  ),
]

function isToken(value: unknown): boolean {
  return typeof value === 'string' && /^[A-Za-z0-9+/]{22}==$/.test(value) && Buffer.from(value, 'base64').length === 16
}

function lacksResumption(details: { readonly [key: string]: unknown }): boolean {
  return details['resumable'] !== true && !Object.keys(details).some((key) => /^resume[_-](token|ticket)$/.test(key))
}

const SESSION_KEYS = ['resume_session', 'resume-session']
const TOKEN_KEYS = ['resume_token', 'resume-token', 'resume_ticket', 'resume-ticket']

const resumptions: readonly Scenario[] = [
  scenario(
    'RES-03',
    'HELLO with session and token alone resumes the session: the same id, resumed, resumable again',
    [resumable('a'), drop('a'), hello(), expect('a', 2, ref('a'), containing({ resumed: true, resumable: true })), silence('a')],
    resuming,
  ),
  scenario(
    'RES-03',
    'the new token resumes the session next time',
    [resumable('a'), drop('a'), resumed, drop('a'), resumed, drop('a'), resumed],
    resuming,
  ),
  scenario(
    'RES-03',
    'the token that was used does not resume the session again, once the client has shown that it has the new one',
    [
      resumable('a'),
      drop('a'),
      hello(),
      expect('a', 2, ref('a'), containing({ resumed: true, resume_token: bind('new') })),
      subscribed('a', 1, TOPIC),
      drop('a'),
      hello('c'),
      refused('c'),
    ],
    resuming,
  ),
  scenario(
    'RES-03',
    'WELCOME of a session that is not resumed does not say so',
    [
      attach('a'),
      send('a', 1, 'realm1', { roles: ALL_ROLES, resumable: true }),
      expect(
        'a',
        2,
        any,
        where('not resumed', (value) => (value as { resumed?: unknown }).resumed !== true),
      ),
    ],
    resuming,
  ),
  scenario(
    'RES-05',
    'WELCOME gives the token as resume_token and under no other name',
    [
      attach('a'),
      send('a', 1, 'realm1', { roles: ALL_ROLES, resumable: true }),
      expect('a', 2, any, lacks('resume-token', 'resume-ticket', 'resume_ticket')),
    ],
    resuming,
  ),
  ...SESSION_KEYS.flatMap((session) =>
    TOKEN_KEYS.map((token) =>
      scenario(
        'RES-05',
        `HELLO may say ${session} and ${token}`,
        [resumable('a'), drop('a'), hello('a', { [session]: ref('a'), [token]: ref('a.token') }), welcome()],
        resuming,
      ),
    ),
  ),
  scenario(
    'RES-05',
    'the roles and features of the first HELLO are remembered',
    [
      resumable('a'),
      join('b'),
      send('a', 32, 1, {}, TOPIC),
      expect('a', 33, 1, any),
      drop('a'),
      resumed,
      send('b', 16, 1, { disclose_me: true }, TOPIC),
      expect('a', 36, any, any, containing({ publisher: ref('b') })),
      send('a', 16, 2, { acknowledge: true }, TOPIC),
      expect('a', 17, 2, any),
    ],
    resuming,
  ),
  ...SESSION_KEYS.map((session) =>
    scenario(
      'RES-06',
      `${session} without a token is a violation`,
      [resumable('a'), drop('a'), hello('a', { [session]: ref('a') }), violation('a')],
      resuming,
    ),
  ),
  scenario(
    'RES-06',
    'a wrong token is refused, and the session can still be resumed',
    [resumable('a'), drop('a'), hello('c', { resume_session: ref('a'), resume_token: 'AAAAAAAAAAAAAAAAAAAAAA==' }), refused('c'), resumed],
    resuming,
  ),
  scenario(
    'RES-06',
    'a session that never was is refused',
    [resumable('a'), drop('a'), hello('c', { resume_session: 4711, resume_token: ref('a.token') }), refused('c')],
    resuming,
  ),
  scenario(
    'RES-06',
    'a session that did not offer resumption is refused',
    [both, hello('c', { resume_session: ref('b'), resume_token: ref('a.token') }), refused('c'), silence('b')],
    resuming,
  ),
  scenario('RES-06', 'an expired session is refused', [resumable('a'), drop('a'), advance(WAIT_MS), hello(), refused()], resuming),
  scenario(
    'RES-06',
    'a session that ended with GOODBYE is refused',
    [resumable('a'), send('a', 6, {}, 'wamp.close.close_realm'), expect('a', 6, any, any), closed('a'), hello('c'), refused('c')],
    resuming,
  ),
  scenario('RES-06', 'where nothing is resumable the session is refused', [
    join('a'),
    drop('a'),
    hello('c', { resume_session: ref('a'), resume_token: 'AAAAAAAAAAAAAAAAAAAAAA==' }),
    refused('c'),
  ]),
]

const testament = (id: number, scope: string) => [
  call('a', id, 'wamp.session.add_testament', [TOPIC, [scope], {}], { scope }),
  expect('a', 50, id, any),
]
/** Session b watches the topic, session a has a testament of the scope. */
const testator = (scope: string): Step[] => [both, subscribed('b', 1, TOPIC), testament(1, scope)].flat()
const told = (scope: string) => expect('b', 36, ref('b1'), any, any, [scope])
const watchingLeave = subscribed('b', 1, 'wamp.session.on_leave')
const left = expect('b', 36, ref('b1'), any, any, any)

const waiting: readonly Scenario[] = [
  scenario(
    'RES-07',
    'subscriptions stay',
    [pausedSubscriber, resumed, published(1, [1]), event(1), send('a', 34, 2, ref('a1')), expect('a', 35, 2)],
    resuming,
  ),
  scenario(
    'RES-07',
    'registrations stay',
    [pausedCallee, resumed, call('b', 1, PROC, [1]), expect('a', 68, any, ref('registration'), any, [1])],
    resuming,
  ),
  scenario(
    'RES-07',
    'events wait and come after WELCOME, in order',
    [
      pausedSubscriber,
      published(1, [1]),
      published(2, [2]),
      published(3, [3]),
      resumed,
      event(1),
      event(2),
      event(3),
      published(4, [4]),
      event(4),
    ],
    resuming,
  ),
  scenario(
    'RES-07',
    'one event more than may wait ends the session',
    [
      both,
      watchingLeave,
      subscribed('a', 1, TOPIC),
      drop('a'),
      [2, 3, 4].flatMap((id) => published(id)),
      silence('b'),
      send('b', 16, 5, {}, TOPIC),
      left,
      hello(),
      refused(),
    ],
    resuming,
  ),
  scenario(
    'RES-07',
    'a call waits, its invocation comes after WELCOME, and the answer goes to the caller',
    [
      pausedCallee,
      call('b', 1, PROC, ['question']),
      silence('b'),
      resumed,
      expect('a', 68, bind('invocation'), ref('registration'), any, ['question']),
      send('a', 70, ref('invocation'), {}, ['answer']),
      expect('b', 50, 1, any, ['answer']),
    ],
    resuming,
  ),
  scenario(
    'RES-07',
    'an invocation from before the pause is answered after it',
    [
      both,
      registered,
      call('b', 1, PROC),
      expect('a', 68, bind('invocation'), any, any),
      drop('a'),
      silence('b'),
      resumed,
      send('a', 70, ref('invocation'), {}, ['answer']),
      expect('b', 50, 1, any, ['answer']),
    ],
    resuming,
  ),
  scenario(
    'RES-07',
    'the answer to a call of the paused session waits for it',
    [
      both,
      send('b', 64, 1, {}, PROC),
      expect('b', 65, 1, any),
      call('a', 1, PROC),
      expect('b', 68, bind('invocation'), any, any),
      drop('a'),
      send('b', 70, ref('invocation'), {}, ['answer']),
      silence('b'),
      resumed,
      expect('a', 50, 1, any, ['answer']),
    ],
    resuming,
  ),
  scenario(
    'RES-07',
    'calls that waited for a session that expires are canceled',
    [pausedCallee, call('b', 1, PROC), silence('b'), advance(WAIT_MS), expect('b', 8, 48, 1, any, 'wamp.error.canceled')],
    resuming,
  ),
  scenario(
    'RES-07',
    'the session ends when nobody has resumed it in time, not before',
    [both, watchingLeave, drop('a'), advance(WAIT_MS - 1), silence('b'), advance(1), left],
    resuming,
  ),
  scenario(
    'RES-07',
    'a session resumed in time does not end when that time has passed',
    [both, watchingLeave, drop('a'), advance(WAIT_MS - 1), resumed, advance(WAIT_MS), silence('a', 'b')],
    resuming,
  ),
  scenario('RES-07', 'detached testaments are published at the pause', [testator('detached'), drop('a'), told('detached')], resuming),
  scenario(
    'RES-07',
    'detached testaments are not published again when the session expires',
    [testator('detached'), drop('a'), told('detached'), advance(WAIT_MS), silence('b')],
    resuming,
  ),
  scenario(
    'RES-07',
    'destroyed testaments are published when the session expires, not at the pause',
    [testator('destroyed'), drop('a'), silence('b'), advance(WAIT_MS - 1), silence('b'), advance(1), told('destroyed')],
    resuming,
  ),
  scenario(
    'RES-07',
    'destroyed testaments of a session that was resumed are not published',
    [testator('destroyed'), drop('a'), resumed, advance(WAIT_MS), silence('b')],
    resuming,
  ),
  scenario(
    'RES-07',
    "the client's request ids continue after the pause",
    [pausedSubscriber, resumed, send('a', 32, 2, {}, 'com.example.other'), expect('a', 33, 2, any)],
    resuming,
  ),
  scenario(
    'RES-07',
    "the client's request ids do not begin again",
    [pausedSubscriber, resumed, send('a', 32, 1, {}, TOPIC), violation('a')],
    resuming,
  ),
  scenario(
    'RES-07',
    "the router's request ids continue after the pause",
    [
      both,
      registered,
      call('b', 1, PROC),
      expect('a', 68, 1, any, any),
      drop('a'),
      call('b', 2, PROC),
      resumed,
      expect('a', 68, 2, any, any),
      call('b', 3, PROC),
      expect('a', 68, 3, any, any),
    ],
    resuming,
  ),
  scenario(
    'RES-07',
    'kill ends a paused session at once',
    [both, watchingLeave, drop('a'), call('b', 2, 'wamp.session.kill', [ref('a')]), killed(), hello(), refused()],
    resuming,
  ),
]

/** The killer's RESULT and the news that a has left, in any order. */
function killed(): Step {
  return expectAll('b', [50, 2, any], [36, ref('b1'), any, any, any])
}

const transports: readonly Scenario[] = [
  scenario('RES-08', 'resumption is off by default: the offer is ignored', [
    attach('a'),
    send('a', 1, 'realm1', { roles: ALL_ROLES, resumable: true }),
    expect(
      'a',
      2,
      any,
      where('nothing about resumption', (value) => lacksResumption(value as { [key: string]: unknown })),
    ),
  ]),
  scenario('RES-08', 'where resumption is off a lost transport ends the session', [
    attach('a'),
    send('a', 1, 'realm1', { roles: ALL_ROLES, resumable: true }),
    expect('a', 2, bind('a'), any),
    join('b'),
    watchingLeave,
    drop('a'),
    left,
  ]),
  scenario(
    'RES-08',
    'a lost transport detaches the session, and does not end it',
    [both, watchingLeave, drop('a'), silence('b')],
    resuming,
  ),
  scenario(
    'RES-08',
    'a transport with a session cannot resume another one',
    [both, drop('a'), send('b', 1, null, { resume_session: ref('a'), resume_token: ref('a.token') }), violation('b'), resumed],
    resuming,
  ),
  scenario(
    'RES-08',
    'a session resumed while its transport lives moves to the new one, and the old one is closed',
    [both, subscribed('a', 1, TOPIC), hello('c'), welcome('c'), closed('a'), published(1, [1]), expect('c', 36, ref('a1'), any, any, [1])],
    resuming,
  ),
]

export const scenarios: readonly Scenario[] = [...offers, ...resumptions, ...waiting, ...transports]
