// Section 7.2 of the requirements: the session meta API.

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
  where,
} from '../scenario.ts'

const TOPIC = 'com.example.topic'
const PROC = 'com.example.procedure'
const call = (who: string, id: number, procedure: string, ...payload: unknown[]) => send(who, 48, id, {}, procedure, ...payload)
const result = (who: string, id: number, ...values: unknown[]) => expect(who, 50, id, any, values)
/** RESULT without anything. */
const done = (who: string, id: number) => expect(who, 50, id, any)
const refused = (who: string, id: number, uri: string) => expect(who, 8, 48, id, any, uri)
const subscribed = (who: string, id: number, topic: string, options: object = {}) => [
  send(who, 32, id, options, topic),
  expect(who, 33, id, bind(`${who}${id}`)),
]
const event = (who: string, subscription: string, ...args: unknown[]) => expect(who, 36, ref(subscription), any, any, args)
/** Joins and keeps what WELCOME says about the session: "a.authid" and so on. */
const known = (who: string): Step[] => {
  const names = ['authid', 'authrole', 'authmethod', 'authprovider']
  const details = Object.fromEntries(names.map((name) => [name, bind(`${who}.${name}`)]))
  return [attach(who), send(who, 1, 'realm1', { roles: ALL_ROLES }), expect(who, 2, bind(who), containing(details))]
}
/** What the session API tells about a session that joined with `known`. */
const description = (who: string) =>
  containing({
    session: ref(who),
    authid: ref(`${who}.authid`),
    authrole: ref(`${who}.authrole`),
    authmethod: ref(`${who}.authmethod`),
    authprovider: ref(`${who}.authprovider`),
  })
const two = where('a list of two different ids', (value) => Array.isArray(value) && value.length === 2 && new Set(value).size === 2)
/** Two sessions that may be killed, b and c, and a, who kills. */
const three = [join('a'), known('b'), known('c')].flat()
const goodbye = (who: string) => expect(who, 6, any, any)
const answerGoodbye = (who: string): Step => send(who, 6, {}, 'wamp.close.goodbye_and_out')
const leave = (who: string) => [send(who, 6, {}, 'wamp.close.close_realm'), goodbye(who)]
const ANONYMOUS = 'anonymous'

const events: readonly Scenario[] = [
  scenario('META-10', 'on_join tells who joined: session, authid, authrole, authmethod, authprovider', [
    join('w'),
    subscribed('w', 1, 'wamp.session.on_join'),
    known('b'),
    event('w', 'w1', description('b')),
  ]),
  scenario('META-10', 'on_join comes once per session', [
    join('w'),
    subscribed('w', 1, 'wamp.session.on_join'),
    join('b'),
    event('w', 'w1', containing({ session: ref('b') })),
    join('c'),
    event('w', 'w1', containing({ session: ref('c') })),
    silence('w'),
  ]),
  scenario('META-10', 'on_join does not come for a session that was refused', [
    join('w'),
    subscribed('w', 1, 'wamp.session.on_join'),
    attach('b'),
    send('b', 1, 'realm1', { roles: ALL_ROLES, authmethods: ['nothing-known'] }),
    expect('b', 3, any, any),
    silence('w'),
  ]),
  scenario('META-11', 'on_leave tells session, authid and authrole of who left', [
    join('w'),
    subscribed('w', 1, 'wamp.session.on_leave'),
    known('b'),
    leave('b'),
    event('w', 'w1', ref('b'), ref('b.authid'), ref('b.authrole')),
    silence('w'),
  ]),
  scenario('META-11', 'on_leave tells of who was disconnected', [
    join('w'),
    subscribed('w', 1, 'wamp.session.on_leave'),
    known('b'),
    drop('b'),
    event('w', 'w1', ref('b'), ref('b.authid'), ref('b.authrole')),
    silence('w'),
  ]),
  scenario('META-11', 'on_leave tells of who broke the protocol', [
    join('w'),
    subscribed('w', 1, 'wamp.session.on_leave'),
    join('b'),
    send('b', 32, 99, {}, TOPIC),
    event('w', 'w1', ref('b'), any, any),
  ]),
]

const queries: readonly Scenario[] = [
  scenario('META-12', 'count counts the sessions', [
    join('a'),
    join('b'),
    join('c'),
    call('a', 1, 'wamp.session.count'),
    result('a', 1, 3),
    drop('c'),
    call('a', 2, 'wamp.session.count'),
    result('a', 2, 2),
  ]),
  scenario('META-12', 'count with a filter counts the sessions with these roles', [
    join('a'),
    join('b'),
    call('a', 1, 'wamp.session.count', [['other', ANONYMOUS]]),
    result('a', 1, 2),
    call('a', 2, 'wamp.session.count', [['other']]),
    result('a', 2, 0),
  ]),
  scenario('META-13', 'list lists the sessions', [
    join('a'),
    call('a', 1, 'wamp.session.list'),
    result('a', 1, [ref('a')]),
    join('b'),
    call('a', 2, 'wamp.session.list'),
    result('a', 2, two),
    drop('a'),
    call('b', 1, 'wamp.session.list'),
    result('b', 1, [ref('b')]),
  ]),
  scenario('META-13', 'list with a filter lists the sessions with these roles', [
    join('a'),
    call('a', 1, 'wamp.session.list', [['other', ANONYMOUS]]),
    result('a', 1, [ref('a')]),
    call('a', 2, 'wamp.session.list', [['other']]),
    result('a', 2, []),
  ]),
  scenario('META-14', 'get tells about a session what on_join told', [
    join('a'),
    known('b'),
    call('a', 1, 'wamp.session.get', [ref('b')]),
    result('a', 1, description('b')),
  ]),
  scenario('META-14', 'get of a session that never was, or is no more', [
    join('a'),
    join('b'),
    call('a', 1, 'wamp.session.get', [4711]),
    refused('a', 1, 'wamp.error.no_such_session'),
    drop('b'),
    call('a', 2, 'wamp.session.get', [ref('b')]),
    refused('a', 2, 'wamp.error.no_such_session'),
  ]),
  scenario('META-14', 'get of a session in another realm', [
    join('a'),
    join('b', ALL_ROLES, 'realm2'),
    call('a', 1, 'wamp.session.get', [ref('b')]),
    refused('a', 1, 'wamp.error.no_such_session'),
  ]),
]

const kills: readonly Scenario[] = [
  scenario('META-15', 'kill ends one session and has no result', [
    three,
    call('a', 1, 'wamp.session.kill', [ref('b')]),
    done('a', 1),
    goodbye('b'),
    silence('a', 'c'),
  ]),
  scenario('META-15', 'kill of a session that does not exist', [
    join('a'),
    call('a', 1, 'wamp.session.kill', [4711]),
    refused('a', 1, 'wamp.error.no_such_session'),
  ]),
  scenario('META-15', 'kill of a session in another realm', [
    join('a'),
    join('b', ALL_ROLES, 'realm2'),
    call('a', 1, 'wamp.session.kill', [ref('b')]),
    refused('a', 1, 'wamp.error.no_such_session'),
    silence('b'),
  ]),
  scenario('META-16', 'kill_by_authid ends the sessions of that authid and lists them', [
    three,
    call('a', 1, 'wamp.session.kill_by_authid', [ref('b.authid')]),
    result('a', 1, [ref('b')]),
    goodbye('b'),
    silence('a', 'c'),
  ]),
  scenario('META-17', 'kill_by_authrole ends the sessions of that role and counts them', [
    three,
    call('a', 1, 'wamp.session.kill_by_authrole', [ANONYMOUS]),
    result('a', 1, 2),
    goodbye('b'),
    goodbye('c'),
  ]),
  scenario('META-18', 'kill_all ends all sessions of the realm and counts them', [
    three,
    join('d', ALL_ROLES, 'realm2'),
    call('a', 1, 'wamp.session.kill_all'),
    result('a', 1, 2),
    goodbye('b'),
    goodbye('c'),
    silence('d'),
  ]),
  scenario('META-19', 'kill with the own id', [
    join('a'),
    call('a', 1, 'wamp.session.kill', [ref('a')]),
    refused('a', 1, 'wamp.error.no_such_session'),
    silence('a'),
  ]),
  scenario('META-19', 'kill_by_authid skips the caller', [
    known('a'),
    call('a', 1, 'wamp.session.kill_by_authid', [ref('a.authid')]),
    result('a', 1, []),
    silence('a'),
  ]),
  scenario('META-19', 'kill_by_authrole skips the caller and does not count it', [
    join('a'),
    join('b'),
    call('a', 1, 'wamp.session.kill_by_authrole', [ANONYMOUS]),
    result('a', 1, 1),
    silence('a'),
  ]),
  scenario('META-19', 'kill_all skips the caller and does not count it', [
    join('a'),
    call('a', 1, 'wamp.session.kill_all'),
    result('a', 1, 0),
    silence('a'),
  ]),
]

/** The four ways to kill session b, joined with `known`, each with its arguments. */
const WAYS_TO_KILL: readonly (readonly [procedure: string, args: readonly unknown[]])[] = [
  ['wamp.session.kill', [ref('b')]],
  ['wamp.session.kill_by_authid', [ref('b.authid')]],
  ['wamp.session.kill_by_authrole', [ANONYMOUS]],
  ['wamp.session.kill_all', []],
]

const farewells: readonly Scenario[] = WAYS_TO_KILL.flatMap(([procedure, args]) => [
  scenario('META-20', `${procedure} without reason and message: GOODBYE with wamp.close.killed and empty details`, [
    join('a'),
    known('b'),
    call('a', 1, procedure, args),
    expect('b', 6, {}, 'wamp.close.killed'),
  ]),
  scenario('META-20', `${procedure} passes reason and message on`, [
    join('a'),
    known('b'),
    call('a', 1, procedure, args, { reason: 'com.example.enough', message: 'Enough is enough.' }),
    expect('b', 6, { message: 'Enough is enough.' }, 'com.example.enough'),
  ]),
  ...['', 'no good', 'com..example', 'com.example.'].map((reason) =>
    scenario('META-21', `${procedure} with the reason "${reason}" is refused, and nobody is killed`, [
      join('a'),
      known('b'),
      call('a', 1, procedure, args, { reason }),
      refused('a', 1, 'wamp.error.invalid_uri'),
      silence('b'),
    ]),
  ),
])

const consequences: readonly Scenario[] = [
  scenario('META-22', 'kill_all publishes no session meta events', [
    join('a'),
    subscribed('a', 1, 'wamp.session.', { match: 'prefix' }),
    join('b'),
    event('a', 'a1', any),
    call('a', 2, 'wamp.session.kill_all'),
    result('a', 2, any),
    silence('a'),
    goodbye('b'),
    answerGoodbye('b'),
    closed('b'),
    silence('a'),
  ]),
  ...['destroyed', 'detached'].map((scope) =>
    scenario('META-22', `kill_all publishes no testaments, ${scope}`, [
      join('a'),
      subscribed('a', 1, TOPIC),
      join('b'),
      call('b', 1, 'wamp.session.add_testament', [TOPIC, [1], {}], { scope }),
      done('b', 1),
      call('a', 2, 'wamp.session.kill_all'),
      result('a', 2, any),
      goodbye('b'),
      answerGoodbye('b'),
      closed('b'),
      silence('a'),
    ]),
  ),
  scenario('META-23', 'an empty filter is no filter', [
    join('a'),
    join('b'),
    call('a', 1, 'wamp.session.count', [[]]),
    result('a', 1, 2),
    call('a', 2, 'wamp.session.list', [[]]),
    result('a', 2, two),
  ]),
  scenario('META-23', 'kill_by_authid of an authid that nobody has kills nobody and is no error', [
    join('a'),
    join('b'),
    call('a', 1, 'wamp.session.kill_by_authid', ['nobody']),
    result('a', 1, []),
    silence('b'),
  ]),
  scenario('META-23', 'kill_by_authrole of a role that nobody has kills nobody and is no error', [
    join('a'),
    join('b'),
    call('a', 1, 'wamp.session.kill_by_authrole', ['nobody']),
    result('a', 1, 0),
    silence('b'),
  ]),
  scenario('META-24', "when the killer has its RESULT the target's registrations are gone", [
    join('a'),
    join('b'),
    send('b', 64, 1, {}, PROC),
    expect('b', 65, 1, any),
    call('a', 1, 'wamp.session.kill', [ref('b')]),
    done('a', 1),
    call('a', 2, PROC),
    refused('a', 2, 'wamp.error.no_such_procedure'),
    goodbye('b'),
    silence('b'),
  ]),
  scenario('META-24', "when the killer has its RESULT the target's subscriptions are gone", [
    join('a'),
    join('b'),
    subscribed('b', 1, TOPIC),
    call('a', 1, 'wamp.session.kill', [ref('b')]),
    done('a', 1),
    send('a', 16, 2, { acknowledge: true }, TOPIC),
    expect('a', 17, 2, any),
    goodbye('b'),
    silence('b'),
  ]),
  scenario('META-24', 'calls that the target was to answer end before the RESULT', [
    join('a'),
    join('b'),
    send('b', 64, 1, {}, PROC),
    expect('b', 65, 1, any),
    call('a', 1, PROC),
    expect('b', 68, any, any, any),
    call('a', 2, 'wamp.session.kill', [ref('b')]),
    expect('a', 8, 48, 1, any, 'wamp.error.canceled'),
    done('a', 2),
  ]),
  scenario('META-24', 'the target that answers GOODBYE has its transport closed', [
    join('a'),
    join('b'),
    call('a', 1, 'wamp.session.kill', [ref('b')]),
    goodbye('b'),
    answerGoodbye('b'),
    closed('b'),
  ]),
  scenario(
    'META-24',
    'the target that does not answer GOODBYE has its transport closed after a while',
    [
      join('a'),
      join('b'),
      call('a', 1, 'wamp.session.kill', [ref('b')]),
      goodbye('b'),
      advance(999),
      silence('b'),
      advance(1),
      closed('b'),
    ],
    { limits: { goodbyeTimeoutMs: 1000 } },
  ),
  scenario('META-25', 'on_leave comes after all other consequences of leaving', [
    join('w'),
    join('b'),
    subscribed('b', 1, TOPIC),
    send('b', 64, 2, {}, PROC),
    expect('b', 65, 2, any),
    call('b', 3, 'wamp.session.add_testament', ['com.example.testament', [1], {}]),
    done('b', 3),
    subscribed('w', 1, 'com.example.testament'),
    subscribed('w', 2, 'wamp.', { match: 'prefix' }),
    drop('b'),
    expectAll(
      'w',
      [36, ref('w1'), any, any, any],
      [36, ref('w2'), any, containing({ topic: 'wamp.subscription.on_unsubscribe' }), any],
      [36, ref('w2'), any, containing({ topic: 'wamp.subscription.on_delete' }), any],
      [36, ref('w2'), any, containing({ topic: 'wamp.registration.on_unregister' }), any],
      [36, ref('w2'), any, containing({ topic: 'wamp.registration.on_delete' }), any],
    ),
    expect('w', 36, ref('w2'), any, containing({ topic: 'wamp.session.on_leave' }), any),
    silence('w'),
  ]),
  scenario('META-25', 'when on_join comes the session is there', [
    join('w'),
    subscribed('w', 1, 'wamp.session.on_join'),
    join('b'),
    expect('w', 36, ref('w1'), any, any, any),
    call('w', 2, 'wamp.session.get', [ref('b')]),
    result('w', 2, any),
  ]),
  scenario('META-25', 'when on_leave comes the session is gone', [
    join('w'),
    join('b'),
    subscribed('w', 1, 'wamp.session.on_leave'),
    drop('b'),
    expect('w', 36, ref('w1'), any, any, any),
    call('w', 2, 'wamp.session.get', [ref('b')]),
    refused('w', 2, 'wamp.error.no_such_session'),
  ]),
  scenario('META-25', 'what on_join tells about the transport leaves out how the client proved who it is', [
    join('w'),
    subscribed('w', 1, 'wamp.session.on_join'),
    join('b'),
    event(
      'w',
      'w1',
      where('details without transport.auth', (value) => {
        const { transport } = value as { transport?: object }
        return transport === undefined || !Object.hasOwn(transport, 'auth')
      }),
    ),
  ]),
]

export const scenarios: readonly Scenario[] = [...events, ...queries, ...kills, ...farewells, ...consequences]
