// Section 7.5 of the requirements: testaments.

import {
  ALL_ROLES,
  any,
  attach,
  bind,
  closed,
  containing,
  drop,
  expect,
  expectAll,
  join,
  type RealmSettings,
  ref,
  type Scenario,
  type Step,
  scenario,
  send,
  silence,
} from '../scenario.ts'

const TOPIC = 'com.example.topic'
const call = (who: string, id: number, procedure: string, ...payload: unknown[]) => send(who, 48, id, {}, procedure, ...payload)
const refused = (who: string, id: number, uri: string) => expect(who, 8, 48, id, any, uri)
const subscribed = (who: string, id = 1, topic = TOPIC, options: object = {}) => [
  send(who, 32, id, options, topic),
  expect(who, 33, id, bind(`${who}${id}`)),
]
/** Adds a testament whose only argument is `what`; `options` are scope and publish_options. */
const added = (who: string, id: number, what: unknown, options: object = {}): Step[] => [
  call(who, id, 'wamp.session.add_testament', [TOPIC, [what], {}], options),
  expect(who, 50, id, any),
]
const flushed = (who: string, id: number, options: object = {}): Step[] => [
  call(who, id, 'wamp.session.flush_testaments', [], options),
  expect(who, 50, id, any),
]
const told = (what: unknown) => expect('w', 36, any, any, any, [what])
/** A session b that is going to leave, and w, who is told the testaments. */
const two = [join('w'), subscribed('w'), join('b')].flat(2)
const leave = [send('b', 6, {}, 'wamp.close.close_realm'), expect('b', 6, any, any)]

const adding: readonly Scenario[] = [
  scenario('TST-01', 'add_testament has no result, and its event is published when the session ends, once, not before', [
    two,
    call('b', 1, 'wamp.session.add_testament', [TOPIC, [1], {}]),
    expect('b', 50, 1, any),
    silence('w'),
    drop('b'),
    told(1),
    silence('w'),
  ]),
  scenario('TST-01', 'the testament has the arguments and keyword arguments given', [
    two,
    call('b', 1, 'wamp.session.add_testament', [TOPIC, ['a', [1, 2]], { key: { nested: true } }]),
    expect('b', 50, 1, any),
    drop('b'),
    expect('w', 36, ref('w1'), any, any, ['a', [1, 2]], { key: { nested: true } }),
  ]),
  scenario('TST-01', 'a testament may have no arguments', [
    two,
    call('b', 1, 'wamp.session.add_testament', [TOPIC, [], {}]),
    expect('b', 50, 1, any),
    drop('b'),
    expect('w', 36, ref('w1'), any, any),
  ]),
  ...['destroyed', 'detached'].map((scope) =>
    scenario('TST-01', `add_testament takes the scope ${scope} and publish_options`, [
      two,
      added('b', 1, 1, { scope, publish_options: { disclose_me: true } }),
      drop('b'),
      expect('w', 36, any, any, containing({ publisher: ref('b') }), [1]),
    ]),
  ),
  scenario('TST-01', 'the scope is destroyed when none is given', [
    two,
    added('b', 1, 'default'),
    flushed('b', 2, { scope: 'destroyed' }),
    drop('b'),
    silence('w'),
  ]),
  scenario('TST-02', 'flush_testaments removes the testaments of the scope destroyed when none is given, and has no result', [
    two,
    added('b', 1, 'destroyed', { scope: 'destroyed' }),
    added('b', 2, 'detached', { scope: 'detached' }),
    call('b', 3, 'wamp.session.flush_testaments'),
    expect('b', 50, 3, any),
    drop('b'),
    told('detached'),
    silence('w'),
  ]),
  scenario('TST-02', 'flush_testaments removes the testaments of the scope given, all of them', [
    two,
    added('b', 1, 1, { scope: 'detached' }),
    added('b', 2, 2, { scope: 'detached' }),
    flushed('b', 3, { scope: 'detached' }),
    drop('b'),
    silence('w'),
  ]),
  scenario('TST-02', "flush_testaments leaves other sessions' testaments", [
    two,
    join('c'),
    added('b', 1, 1),
    flushed('c', 1),
    drop('b'),
    told(1),
  ]),
  scenario('TST-02', 'what is added after flush_testaments is published', [
    two,
    added('b', 1, 'before'),
    flushed('b', 2),
    added('b', 3, 'after'),
    drop('b'),
    told('after'),
    silence('w'),
  ]),
  ...['destroyed', 'detached'].map((scope) =>
    scenario('TST-03', `several testaments of the scope ${scope} are published in the order in which they were added`, [
      two,
      added('b', 1, 1, { scope }),
      added('b', 2, 2, { scope }),
      added('b', 3, 3, { scope }),
      drop('b'),
      told(1),
      told(2),
      told(3),
      silence('w'),
    ]),
  ),
  scenario('TST-03', 'equal testaments are published as often as they were added', [
    two,
    added('b', 1, 1),
    added('b', 2, 1),
    drop('b'),
    told(1),
    told(1),
    silence('w'),
  ]),
  scenario('TST-04', 'without resumption both scopes are published at the end of the session, all detached before all destroyed', [
    two,
    added('b', 1, 'destroyed 1', { scope: 'destroyed' }),
    added('b', 2, 'detached 1', { scope: 'detached' }),
    added('b', 3, 'destroyed 2', { scope: 'destroyed' }),
    added('b', 4, 'detached 2', { scope: 'detached' }),
    drop('b'),
    expectAll('w', [36, any, any, any, ['detached 1']], [36, any, any, any, ['detached 2']]),
    expectAll('w', [36, any, any, any, ['destroyed 1']], [36, any, any, any, ['destroyed 2']]),
    silence('w'),
  ]),
  scenario('TST-04', 'GOODBYE publishes both scopes', [
    two,
    added('b', 1, 'destroyed', { scope: 'destroyed' }),
    added('b', 2, 'detached', { scope: 'detached' }),
    leave,
    told('detached'),
    told('destroyed'),
  ]),
  scenario('TST-04', 'the scopes are flushed separately', [
    two,
    added('b', 1, 'destroyed', { scope: 'destroyed' }),
    added('b', 2, 'detached', { scope: 'detached' }),
    flushed('b', 3, { scope: 'detached' }),
    drop('b'),
    told('destroyed'),
    silence('w'),
  ]),
]

const publishing: readonly Scenario[] = [
  scenario('TST-05', 'the option acknowledge is ignored', [
    two,
    added('b', 1, 1, { publish_options: { acknowledge: true } }),
    leave,
    closed('b'),
    told(1),
  ]),
  ...[true, false].map((value) =>
    scenario('TST-05', `the option exclude_me, ${value}, is ignored`, [
      two,
      subscribed('b', 1),
      added('b', 2, 1, { publish_options: { exclude_me: value } }),
      leave,
      closed('b'),
      told(1),
    ]),
  ),
  scenario('TST-06', 'GOODBYE publishes the testament', [two, added('b', 1, 1), leave, told(1)]),
  scenario('TST-06', 'ABORT publishes the testament', [two, added('b', 1, 1), send('b', 3, {}, 'wamp.error.canceled'), told(1)]),
  scenario('TST-06', 'a violation publishes the testament', [two, added('b', 1, 1), send('b', 32, 99, {}, TOPIC), told(1)]),
  scenario('TST-06', 'a lost transport publishes the testament', [two, added('b', 1, 1), drop('b'), told(1)]),
  scenario('TST-06', 'kill publishes the testament', [
    two,
    added('b', 1, 1),
    join('k'),
    call('k', 1, 'wamp.session.kill', [ref('b')]),
    told(1),
  ]),
  scenario('TST-06', 'kill_by_authid publishes the testament', [
    join('w'),
    subscribed('w'),
    attach('b'),
    send('b', 1, 'realm1', { roles: ALL_ROLES }),
    expect('b', 2, any, containing({ authid: bind('authid') })),
    added('b', 1, 1),
    join('k'),
    call('k', 1, 'wamp.session.kill_by_authid', [ref('authid')]),
    told(1),
  ]),
  scenario('TST-06', 'the publisher of a testament is the session that left', [
    two,
    added('b', 1, 1, { publish_options: { disclose_me: true } }),
    drop('b'),
    expect('w', 36, any, any, containing({ publisher: ref('b'), publisher_authid: any, publisher_authrole: 'anonymous' }), [1]),
  ]),
  scenario('TST-06', 'a testament without disclose_me does not tell its publisher', [
    two,
    added('b', 1, 1),
    drop('b'),
    expect('w', 36, any, any, {}, [1]),
  ]),
  scenario('TST-06', 'blacklists hold for testaments', [
    two,
    join('x'),
    subscribed('x'),
    added('b', 1, 1, { publish_options: { exclude: [ref('x')] } }),
    drop('b'),
    told(1),
    silence('x'),
  ]),
  scenario('TST-06', 'whitelists hold for testaments', [
    two,
    join('x'),
    subscribed('x'),
    added('b', 1, 1, { publish_options: { eligible: [ref('w')] } }),
    drop('b'),
    told(1),
    silence('x'),
  ]),
  scenario('TST-06', 'a testament is retained when its options say so', [
    two,
    added('b', 1, 1, { publish_options: { retain: true } }),
    drop('b'),
    told(1),
    join('late'),
    subscribed('late', 1, TOPIC, { get_retained: true }),
    expect('late', 36, ref('late1'), any, containing({ retained: true }), [1]),
  ]),
]

/** A realm where publishing to the topic is allowed until somebody calls com.example.shut. */
const closing: RealmSettings = {
  get authorizer() {
    let isShut = false
    return {
      authorize: ({ action, uri }: { action: string; uri: string }, decide: (decision: 'allowed' | 'denied') => void) => {
        if (uri === 'com.example.shut') isShut = true
        decide(isShut && action === 'publish' && uri === TOPIC ? 'denied' : 'allowed')
      },
    }
  },
}
const shut = (who: string, id: number) => [call(who, id, 'com.example.shut'), refused(who, id, 'wamp.error.no_such_procedure')]

const refusing: readonly Scenario[] = [
  ...['', 'DESTROYED', 'forever', 1].map((scope) =>
    scenario('TST-07', `add_testament with the scope ${JSON.stringify(scope)} is answered with invalid_argument`, [
      two,
      call('b', 1, 'wamp.session.add_testament', [TOPIC, [1], {}], { scope }),
      refused('b', 1, 'wamp.error.invalid_argument'),
      drop('b'),
      silence('w'),
    ]),
  ),
  scenario('TST-07', 'flush_testaments with an unknown scope is answered with invalid_argument, and flushes nothing', [
    two,
    added('b', 1, 1),
    call('b', 2, 'wamp.session.flush_testaments', [], { scope: 'forever' }),
    refused('b', 2, 'wamp.error.invalid_argument'),
    drop('b'),
    told(1),
  ]),
  ...['', 'no good', 'com..topic', 'com.example.'].map((topic) =>
    scenario('TST-07', `the topic "${topic}" is answered with invalid_uri`, [
      join('b'),
      call('b', 1, 'wamp.session.add_testament', [topic, [1], {}]),
      refused('b', 1, 'wamp.error.invalid_uri'),
    ]),
  ),
  scenario(
    'TST-07',
    'who may not publish to the topic may not add a testament for it',
    [two, shut('b', 1), call('b', 2, 'wamp.session.add_testament', [TOPIC, [1], {}]), refused('b', 2, 'wamp.error.not_authorized')],
    { realm: closing },
  ),
  scenario(
    'TST-07',
    'a testament for a topic to which its owner may not publish any more is not published',
    [two, added('b', 1, 1), shut('b', 2), drop('b'), silence('w')],
    { realm: closing },
  ),
  scenario(
    'TST-07',
    'one testament more than a session may have is refused, scope by scope, and the others stay',
    [
      two,
      added('b', 1, 1, { scope: 'destroyed' }),
      call('b', 2, 'wamp.session.add_testament', [TOPIC, [2], {}], { scope: 'destroyed' }),
      refused('b', 2, 'crosspoint.error.too_many_testaments'),
      added('b', 3, 3, { scope: 'detached' }),
      drop('b'),
      told(3),
      told(1),
      silence('w'),
    ],
    { limits: { testamentsMax: 1 } },
  ),
  scenario('TST-07', "the session's own subscriptions are gone when its testaments are published", [
    two,
    subscribed('b', 1),
    added('b', 2, 1),
    leave,
    closed('b'),
    told(1),
  ]),
]

export const scenarios: readonly Scenario[] = [...adding, ...publishing, ...refusing]
