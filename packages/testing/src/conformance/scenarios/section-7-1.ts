// Section 7.1 of the requirements: what holds for the whole meta API.

import {
  ALL_ROLES,
  any,
  attach,
  bind,
  closed,
  containing,
  expect,
  expectAll,
  join,
  type RealmSettings,
  ref,
  type Scenario,
  scenario,
  send,
  silence,
  where,
} from '../scenario.ts'

const TOPIC = 'com.example.topic'
const PROC = 'com.example.procedure'
const call = (who: string, id: number, procedure: string, ...payload: unknown[]) => send(who, 48, id, {}, procedure, ...payload)
const subscribed = (who: string, id: number, topic: string, options: object = {}) => [
  send(who, 32, id, options, topic),
  expect(who, 33, id, bind(`${who}${id}`)),
]
const registered = (who: string, id: number, procedure: string) => [send(who, 64, id, {}, procedure), expect(who, 65, id, any)]
const refused = (who: string, id: number, uri: string, type = 48) => expect(who, 8, type, id, any, uri)
const timestamp = where('an ISO 8601 time in UTC with milliseconds', (value) =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(String(value)),
)

/** What is told when nothing was found; that it is null is another id's business. */
const nothing = where('no id', (value) => value === null || value === 0)
/** A realm where nobody may do `action` with `uri`. */
const forbidding = (action: string, uri: string): RealmSettings => ({
  authorizer: { authorize: (request, decide) => decide(request.action === action && request.uri === uri ? 'denied' : 'allowed') },
})

const announced = (title: string, role: string, ...features: string[]): Scenario =>
  scenario('META-02', title, [
    attach('a'),
    send('a', 1, 'realm1', { roles: ALL_ROLES }),
    expect(
      'a',
      2,
      any,
      containing({
        roles: containing({ [role]: containing({ features: containing(Object.fromEntries(features.map((name) => [name, true]))) }) }),
      }),
    ),
  ])

const general: readonly Scenario[] = [
  scenario('META-01', 'the router itself answers meta procedures: nobody has registered anything', [
    join('a'),
    call('a', 1, 'wamp.session.count'),
    expect('a', 50, 1, any, any),
  ]),
  scenario('META-01', 'meta events of one realm do not reach another', [
    join('w'),
    join('b', ALL_ROLES, 'realm2'),
    subscribed('w', 1, 'wamp.session.on_join'),
    subscribed('w', 2, 'wamp.subscription.on_create'),
    subscribed('w', 3, 'wamp.registration.on_create'),
    join('c', ALL_ROLES, 'realm2'),
    subscribed('b', 1, TOPIC),
    registered('b', 2, PROC),
    silence('w'),
  ]),
  scenario('META-01', 'a meta procedure tells about the realm of its caller', [
    join('a'),
    join('b', ALL_ROLES, 'realm2'),
    registered('a', 1, PROC),
    call('b', 1, 'wamp.registration.list'),
    expect('b', 50, 1, any, [{ exact: [], prefix: [], wildcard: [] }]),
  ]),
  announced('the dealer announces its meta APIs', 'dealer', 'session_meta_api', 'registration_meta_api', 'testament_meta_api'),
  announced('the broker announces its meta APIs', 'broker', 'session_meta_api', 'subscription_meta_api', 'event_history'),
  scenario(
    'META-03',
    'who may not call a meta procedure gets not_authorized',
    [join('a'), call('a', 1, 'wamp.session.list'), refused('a', 1, 'wamp.error.not_authorized')],
    { realm: forbidding('call', 'wamp.session.list') },
  ),
  scenario(
    'META-03',
    'who may not subscribe to a meta topic gets not_authorized',
    [join('a'), send('a', 32, 1, {}, 'wamp.session.on_join'), refused('a', 1, 'wamp.error.not_authorized', 32)],
    { realm: forbidding('subscribe', 'wamp.session.on_join') },
  ),
  scenario('META-03', 'a prefix subscription receives meta events, and Details.topic says which', [
    join('w'),
    subscribed('w', 1, 'wamp.session.', { match: 'prefix' }),
    join('b'),
    expect('w', 36, ref('w1'), any, containing({ topic: 'wamp.session.on_join' }), any),
  ]),
  scenario('META-03', 'a wildcard subscription receives meta events, and Details.topic says which', [
    join('w'),
    subscribed('w', 1, 'wamp..on_join', { match: 'wildcard' }),
    join('b'),
    expect('w', 36, ref('w1'), any, containing({ topic: 'wamp.session.on_join' }), any),
  ]),
  scenario('META-03', 'a meta procedure that does not exist is like any that does not', [
    join('a'),
    call('a', 1, 'wamp.session.no_such_thing'),
    refused('a', 1, 'wamp.error.no_such_procedure'),
  ]),
]

const ID = 4711
/** One call with wrong arguments for each procedure and each way to be wrong. */
const WRONG_ARGUMENTS: readonly (readonly [procedure: string, wrong: string, payload: readonly unknown[]])[] = [
  ['wamp.session.count', 'a filter that is no list', [['anonymous']]],
  ['wamp.session.count', 'a filter with a number', [[['anonymous', 1]]]],
  ['wamp.session.count', 'one argument too many', [[['anonymous'], 1]]],
  ['wamp.session.list', 'a filter that is no list', [[{ anonymous: true }]]],
  ['wamp.session.get', 'no argument', []],
  ['wamp.session.get', 'a string', [['4711']]],
  ['wamp.session.get', 'a number that is no integer', [[1.5]]],
  ['wamp.session.get', 'one argument too many', [[ID, ID]]],
  ['wamp.session.kill', 'no argument', []],
  ['wamp.session.kill', 'a string', [['4711']]],
  ['wamp.session.kill_by_authid', 'no argument', []],
  ['wamp.session.kill_by_authid', 'a number', [[1]]],
  ['wamp.session.kill_by_authrole', 'no argument', []],
  ['wamp.session.kill_by_authrole', 'a list', [[['anonymous']]]],
  ['wamp.session.kill_all', 'an argument', [[ID]]],
  ['wamp.session.kill_all', 'a message that is no string', [[], { message: 1 }]],
  ['wamp.registration.list', 'an argument', [[ID]]],
  ['wamp.registration.lookup', 'no argument', []],
  ['wamp.registration.lookup', 'a number', [[1]]],
  ['wamp.registration.lookup', 'options that are no dictionary', [[PROC, 'exact']]],
  ['wamp.registration.lookup', 'an unknown match policy', [[PROC, { match: 'fuzzy' }]]],
  ['wamp.registration.match', 'no argument', []],
  ['wamp.registration.match', 'a number', [[1]]],
  ['wamp.registration.get', 'no argument', []],
  ['wamp.registration.get', 'a string', [['4711']]],
  ['wamp.registration.list_callees', 'a string', [['4711']]],
  ['wamp.registration.count_callees', 'no argument', []],
  ['wamp.subscription.list', 'an argument', [[ID]]],
  ['wamp.subscription.lookup', 'no argument', []],
  ['wamp.subscription.lookup', 'a number', [[1]]],
  ['wamp.subscription.lookup', 'options that are no dictionary', [[TOPIC, 'exact']]],
  ['wamp.subscription.match', 'no argument', []],
  ['wamp.subscription.match', 'a number', [[1]]],
  ['wamp.subscription.get', 'a string', [['4711']]],
  ['wamp.subscription.list_subscribers', 'no argument', []],
  ['wamp.subscription.count_subscribers', 'a string', [['4711']]],
  ['wamp.session.add_testament', 'a topic alone', [[TOPIC]]],
  ['wamp.session.add_testament', 'args that are no list', [[TOPIC, {}, {}]]],
  ['wamp.session.add_testament', 'kwargs that are no dictionary', [[TOPIC, [], []]]],
  ['wamp.session.add_testament', 'publish_options that are no dictionary', [[TOPIC, [], {}], { publish_options: [] }]],
  ['wamp.session.flush_testaments', 'an argument', [['destroyed']]],
  ['wamp.subscription.get_events', 'no argument', []],
  ['wamp.subscription.get_events', 'a string', [['4711']]],
]

const wrongArguments: readonly Scenario[] = WRONG_ARGUMENTS.map(([procedure, wrong, payload]) =>
  scenario('META-04', `${procedure} with ${wrong} is answered with invalid_argument`, [
    join('a'),
    call('a', 1, procedure, ...payload),
    refused('a', 1, 'wamp.error.invalid_argument'),
  ]),
)

const hidden: readonly Scenario[] = [
  scenario('META-05', 'subscribing to a meta topic fires no meta event', [
    join('w'),
    join('b'),
    subscribed('w', 1, 'wamp.subscription.', { match: 'prefix' }),
    subscribed('b', 1, 'wamp.session.on_join'),
    send('b', 34, 2, ref('b1')),
    expect('b', 35, 2),
    silence('w'),
  ]),
  scenario('META-05', 'a subscription to a meta topic is not listed', [
    join('a'),
    subscribed('a', 1, 'wamp.session.on_join'),
    subscribed('a', 2, 'wamp.session.', { match: 'prefix' }),
    subscribed('a', 3, 'wamp..on_join', { match: 'wildcard' }),
    call('a', 4, 'wamp.subscription.list'),
    expect('a', 50, 4, any, [{ exact: [], prefix: [], wildcard: [] }]),
  ]),
  scenario('META-05', 'a subscription to a meta topic is not found by lookup', [
    join('a'),
    subscribed('a', 1, 'wamp.session.on_join'),
    call('a', 2, 'wamp.subscription.lookup', ['wamp.session.on_join']),
    expect('a', 50, 2, any, [nothing]),
  ]),
  scenario('META-05', 'a subscription to a meta topic is not found by match', [
    join('a'),
    subscribed('a', 1, 'wamp.session.on_join'),
    call('a', 2, 'wamp.subscription.match', ['wamp.session.on_join']),
    expect('a', 50, 2, any, [nothing]),
  ]),
  scenario('META-05', 'a subscription to a meta topic is not told by get', [
    join('a'),
    subscribed('a', 1, 'wamp.session.on_join'),
    call('a', 2, 'wamp.subscription.get', [ref('a1')]),
    expect('a', 8, 48, 2, any, any),
  ]),
  scenario('META-05', 'the meta procedures are not listed', [
    join('a'),
    call('a', 1, 'wamp.registration.list'),
    expect('a', 50, 1, any, [{ exact: [], prefix: [], wildcard: [] }]),
  ]),
  ...['lookup', 'match'].map((name) =>
    scenario('META-05', `a meta procedure is not found by ${name}`, [
      join('a'),
      call('a', 1, `wamp.registration.${name}`, ['wamp.session.count']),
      expect('a', 50, 1, any, [nothing]),
    ]),
  ),
]

const order: readonly Scenario[] = [
  scenario('META-06', 'REGISTERED and UNREGISTERED come before their meta events', [
    join('a'),
    subscribed('a', 1, 'wamp.registration.', { match: 'prefix' }),
    send('a', 64, 2, {}, PROC),
    expect('a', 65, 2, bind('registration')),
    expectAll('a', [36, ref('a1'), any, any, any], [36, ref('a1'), any, any, any]),
    send('a', 66, 3, ref('registration')),
    expect('a', 67, 3),
    expectAll('a', [36, ref('a1'), any, any, any], [36, ref('a1'), any, any, any]),
  ]),
  scenario('META-06', 'SUBSCRIBED and UNSUBSCRIBED come before their meta events', [
    join('a'),
    subscribed('a', 1, 'wamp.subscription.', { match: 'prefix' }),
    subscribed('a', 2, TOPIC),
    expectAll('a', [36, ref('a1'), any, any, any], [36, ref('a1'), any, any, any]),
    send('a', 34, 3, ref('a2')),
    expect('a', 35, 3),
    expectAll('a', [36, ref('a1'), any, any, any], [36, ref('a1'), any, any, any]),
  ]),
  scenario('META-07', 'who causes a registration meta event receives it too', [
    join('a'),
    subscribed('a', 1, 'wamp.registration.on_create'),
    send('a', 64, 2, {}, PROC),
    expectAll('a', [65, 2, any], [36, ref('a1'), any, any, any]),
  ]),
  scenario('META-07', 'who causes a subscription meta event receives it too', [
    join('a'),
    subscribed('a', 1, 'wamp.subscription.on_subscribe'),
    send('a', 32, 2, {}, TOPIC),
    expectAll('a', [33, 2, any], [36, ref('a1'), any, any, any]),
  ]),
  scenario('META-07', 'nobody receives the meta events of its own leaving', [
    join('a'),
    subscribed('a', 1, 'wamp.session.on_leave'),
    send('a', 6, {}, 'wamp.close.close_realm'),
    expect('a', 6, any, any),
    closed('a'),
  ]),
]

const payloads: readonly Scenario[] = [
  scenario('META-08', 'a session meta event has one positional argument on joining, and no keyword arguments', [
    join('w'),
    subscribed('w', 1, 'wamp.session.on_join'),
    join('b'),
    expect('w', 36, any, any, any, [any]),
  ]),
  scenario('META-08', 'a registration meta event has positional arguments only', [
    join('w'),
    join('b'),
    subscribed('w', 1, 'wamp.registration.on_create'),
    registered('b', 1, PROC),
    expect('w', 36, any, any, any, [any, any]),
  ]),
  scenario('META-08', 'a subscription meta event has positional arguments only', [
    join('w'),
    join('b'),
    subscribed('w', 1, 'wamp.subscription.on_create'),
    subscribed('b', 1, TOPIC),
    expect('w', 36, any, any, any, [any, any]),
  ]),
  scenario('META-08', 'a registration tells when it was created, in UTC with milliseconds', [
    join('a'),
    send('a', 64, 1, {}, PROC),
    expect('a', 65, 1, bind('registration')),
    call('a', 2, 'wamp.registration.get', [ref('registration')]),
    expect('a', 50, 2, any, [containing({ created: timestamp })]),
  ]),
  scenario('META-08', 'a subscription tells when it was created, in UTC with milliseconds', [
    join('a'),
    subscribed('a', 1, TOPIC),
    call('a', 2, 'wamp.subscription.get', [ref('a1')]),
    expect('a', 50, 2, any, [containing({ created: timestamp })]),
  ]),
  scenario('META-08', 'no session of the router itself is counted', [
    join('a'),
    call('a', 1, 'wamp.session.count'),
    expect('a', 50, 1, any, [1]),
  ]),
  scenario('META-08', 'no session of the router itself is listed', [
    join('a'),
    call('a', 1, 'wamp.session.list'),
    expect('a', 50, 1, any, [[ref('a')]]),
  ]),
]

export const scenarios: readonly Scenario[] = [...general, ...wrongArguments, ...hidden, ...order, ...payloads]
