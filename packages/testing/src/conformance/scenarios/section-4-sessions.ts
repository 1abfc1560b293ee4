// Sections 4.1 and 4.2 of the requirements: how sessions open and close.

import {
  ALL_ROLES,
  advance,
  any,
  attach,
  bind,
  check,
  closed,
  containing,
  drop,
  expect,
  join,
  ref,
  type Scenario,
  type Step,
  scenario,
  send,
  shutdown,
  silence,
  violation,
  where,
} from '../scenario.ts'

const TOPIC = 'com.example.topic'
const PROCEDURE = 'com.example.procedure'
const hello = (who: string, details: unknown, realm: string | null = 'realm1'): Step => send(who, 1, realm, details)
const malformedHello = (id: string, title: string, details: unknown): Scenario =>
  scenario(id, title, [attach('a'), hello('a', details), violation('a')])
const accepted = (id: string, title: string, details: unknown): Scenario =>
  scenario(id, title, [attach('a'), hello('a', details), expect('a', 2, any, any), silence('a')])
const text = where('a string that is not empty', (value) => typeof value === 'string' && value !== '')

const opening: readonly Scenario[] = [
  scenario('SES-01', 'the first message must be HELLO', [attach('a'), send('a', 32, 1, {}, TOPIC), violation('a')]),
  ...['publisher', 'subscriber', 'caller', 'callee'].map((role) => accepted('SES-02', `the role ${role} alone`, { roles: { [role]: {} } })),
  accepted('SES-02', 'roles with features', { roles: { caller: { features: { call_timeout: true } }, callee: { features: {} } } }),
  malformedHello('SES-03', 'no roles', {}),
  malformedHello('SES-03', 'roles are empty', { roles: {} }),
  malformedHello('SES-03', 'roles are a list', { roles: ['caller'] }),
  malformedHello('SES-03', 'a role is no dictionary', { roles: { caller: true } }),
  malformedHello('SES-03', 'only unknown roles', { roles: { gardener: {} } }),
  accepted('SES-03', 'an unknown role beside a known one', { roles: { gardener: {}, caller: {} } }),
  accepted('SES-05', 'an unknown feature is ignored', { roles: { caller: { features: { time_travel: true } } } }),
  malformedHello('SES-05', 'a feature that is no bool', { roles: { caller: { features: { call_timeout: 1 } } } }),
  scenario('SES-05', 'a feature counts only when it is true', [
    join('callee', { callee: { features: { call_canceling: false } } }),
    join('caller'),
    send('callee', 64, 1, {}, PROCEDURE),
    expect('callee', 65, 1, any),
    send('caller', 48, 1, {}, PROCEDURE),
    expect('callee', 68, 1, any, any),
    send('caller', 49, 1, { mode: 'killnowait' }),
    silence('callee'),
  ]),
  scenario('SES-06', 'HELLO is answered with one WELCOME and nothing else', [
    attach('a'),
    silence('a'),
    hello('a', { roles: ALL_ROLES }),
    expect('a', 2, bind('first'), any),
    silence('a'),
    attach('b'),
    hello('b', { roles: ALL_ROLES }),
    expect('b', 2, any, any),
    silence('a', 'b'),
  ]),
  scenario('SES-06', 'a refused HELLO is answered with one ABORT and nothing else', [
    attach('a'),
    hello('a', { roles: ALL_ROLES, authmethods: ['nothing-known'] }),
    expect('a', 3, any, any),
    closed('a'),
  ]),
  scenario('SES-08', 'a realm that does not exist', [
    attach('a'),
    hello('a', { roles: ALL_ROLES }, 'com.example.nowhere'),
    expect('a', 3, any, 'wamp.error.no_such_realm'),
    closed('a'),
  ]),
  scenario('SES-09', 'a realm that the router shall choose, which this one does not', [
    attach('a'),
    hello('a', { roles: ALL_ROLES }, null),
    expect('a', 3, any, 'wamp.error.no_such_realm'),
    closed('a'),
  ]),
  scenario('SES-11', 'events do not cross realms', [
    join('a'),
    join('b', ALL_ROLES, 'realm2'),
    send('a', 32, 1, {}, TOPIC),
    expect('a', 33, 1, any),
    send('b', 16, 1, { acknowledge: true }, TOPIC),
    expect('b', 17, 1, any),
    silence('a'),
  ]),
  scenario('SES-11', 'calls do not cross realms', [
    join('a'),
    join('b', ALL_ROLES, 'realm2'),
    send('a', 64, 1, {}, PROCEDURE),
    expect('a', 65, 1, any),
    send('b', 48, 1, {}, PROCEDURE),
    expect('b', 8, 48, 1, any, 'wamp.error.no_such_procedure'),
    silence('a'),
  ]),
  scenario('SES-13', 'WELCOME says who and where the client is', [
    attach('a'),
    hello('a', { roles: ALL_ROLES, agent: 'scenario' }),
    expect(
      'a',
      2,
      any,
      containing({ realm: 'realm1', authid: text, authrole: 'anonymous', authmethod: 'anonymous', authprovider: text, agent: text }),
    ),
  ]),
  scenario(
    'SES-14',
    'HELLO must come in time',
    [attach('a'), advance(999), silence('a'), advance(1), expect('a', 3, any, 'wamp.error.timeout'), closed('a')],
    { limits: { handshakeTimeoutMs: 1_000 } },
  ),
  scenario('SES-14', 'the deadline is over with WELCOME', [join('a'), advance(1_000_000), silence('a')], {
    limits: { handshakeTimeoutMs: 1_000 },
  }),
  scenario('SES-17', 'options of features that the router does not have are ignored', [
    join('a'),
    send('a', 32, 1, { get_retained: true, nkey: 'node' }, TOPIC),
    expect('a', 33, 1, any),
    send('a', 16, 2, { acknowledge: true, retain: true, rkey: 'resource' }, TOPIC),
    expect('a', 17, 2, any),
    send('a', 48, 3, { rkey: 'resource', runmode: 'partition' }, PROCEDURE),
    expect('a', 8, 48, 3, any, 'wamp.error.no_such_procedure'),
  ]),
]

const REPLY = 'wamp.close.goodbye_and_out'
const SHUTDOWN = 'wamp.close.system_shutdown'

/** `a` has a registration, a subscription, a call in flight at `b` and an invocation that `b` waits for. */
const busy: readonly (Step | Step[])[] = [
  join('a'),
  join('b'),
  send('a', 64, 1, {}, 'com.example.of_a'),
  expect('a', 65, 1, any),
  send('a', 32, 2, {}, TOPIC),
  expect('a', 33, 2, any),
  send('b', 64, 1, {}, 'com.example.of_b'),
  expect('b', 65, 1, any),
  send('a', 48, 3, {}, 'com.example.of_b'),
  expect('b', 68, 1, any, any),
  send('b', 48, 2, {}, 'com.example.of_a'),
  expect('a', 68, 1, any, any),
]
/** Nothing of `a` is left: `b` is told what became of its call, and finds no registration any more. */
const released: readonly Step[] = [
  expect('b', 69, 1, any),
  expect('b', 8, 48, 2, any, 'wamp.error.canceled'),
  send('b', 48, 3, {}, 'com.example.of_a'),
  expect('b', 8, 48, 3, any, 'wamp.error.no_such_procedure'),
  check('only b is left in the realm, with one registration and no subscription', (router) => {
    const realm = router.realm('realm1')!
    return realm.sessions.size === 1 && realm.broker.size === 0 && realm.dealer.size === 1
  }),
]

const closing: readonly Scenario[] = [
  scenario('SES-18', 'GOODBYE is answered with GOODBYE goodbye_and_out, then the transport closes', [
    join('a'),
    send('a', 6, {}, 'wamp.close.close_realm'),
    expect('a', 6, {}, REPLY),
    closed('a'),
  ]),
  scenario('SES-19', 'the reason of a router that shuts down', [join('a'), shutdown, expect('a', 6, any, SHUTDOWN)]),
  ...['wamp.close.normal', 'wamp.error.close_realm', 'wamp.close.logout', 'com.example.tired'].map((reason) =>
    scenario('SES-20', `GOODBYE with reason ${reason}`, [
      join('a'),
      send('a', 6, { message: 'so long' }, reason),
      expect('a', 6, any, any),
      closed('a'),
    ]),
  ),
  scenario('SES-21', 'after its GOODBYE the router ignores all but GOODBYE, and sends nothing', [
    join('a'),
    shutdown,
    expect('a', 6, any, any),
    send('a', 32, 1, {}, TOPIC),
    send('a', 48, 2, {}, PROCEDURE),
    silence('a'),
    send('a', 6, {}, REPLY),
    closed('a'),
  ]),
  scenario('SES-22', 'a crossing GOODBYE is taken as the reply', [
    join('a'),
    shutdown,
    expect('a', 6, any, any),
    send('a', 6, {}, 'wamp.close.close_realm'),
    closed('a'),
  ]),
  scenario(
    'SES-22',
    'a reply that does not come is waited for a bounded time',
    [join('a'), shutdown, expect('a', 6, any, any), advance(1_999), silence('a'), advance(1), closed('a')],
    { limits: { goodbyeTimeoutMs: 2_000 } },
  ),
  scenario('SES-24', 'a lost transport ends the session', [
    join('a'),
    join('b'),
    send('a', 64, 1, {}, PROCEDURE),
    expect('a', 65, 1, any),
    drop('a'),
    send('b', 48, 1, {}, PROCEDURE),
    expect('b', 8, 48, 1, any, 'wamp.error.no_such_procedure'),
  ]),
  scenario('SES-26', 'GOODBYE releases everything', [
    ...busy,
    send('a', 6, {}, 'wamp.close.close_realm'),
    expect('a', 6, any, any),
    closed('a'),
    ...released,
  ]),
  scenario('SES-26', 'ABORT releases everything', [...busy, send('a', 3, {}, 'com.example.enough'), closed('a'), ...released]),
  scenario('SES-26', 'a violation releases everything', [...busy, hello('a', { roles: ALL_ROLES }), violation('a'), ...released]),
  scenario('SES-26', 'transport loss releases everything', [...busy, drop('a'), ...released]),
  scenario('SES-27', 'ABORT of the client is not answered', [join('a'), send('a', 3, {}, 'com.example.enough'), closed('a')]),
  scenario('SES-27', 'ABORT before HELLO is not answered', [attach('a'), send('a', 3, {}, 'com.example.enough'), closed('a')]),
  scenario('SES-27', 'after ABORT of the client nothing is processed', [
    join('a'),
    join('b'),
    send('b', 32, 1, {}, TOPIC),
    expect('b', 33, 1, any),
    send('a', 3, {}, 'com.example.enough'),
    send('a', 16, 1, {}, TOPIC),
    closed('a'),
    silence('b'),
  ]),
  scenario('SES-29', 'a router that shuts down says GOODBYE to all', [
    join('a'),
    join('b', ALL_ROLES, 'realm2'),
    shutdown,
    expect('a', 6, any, SHUTDOWN),
    expect('b', 6, any, SHUTDOWN),
  ]),
  scenario('SES-29', 'HELLO to a router that shuts down', [
    join('a'),
    shutdown,
    attach('b'),
    hello('b', { roles: ALL_ROLES }),
    expect('b', 3, any, SHUTDOWN),
    closed('b'),
  ]),
]

const states: readonly Scenario[] = [
  scenario('STA-01', '1, 2: HELLO and WELCOME lead to ESTABLISHED', [join('a'), send('a', 32, 1, {}, TOPIC), expect('a', 33, 1, any)]),
  scenario('STA-01', '3, 4: GOODBYE of the router, then of the client', [
    join('a'),
    shutdown,
    expect('a', 6, any, any),
    send('a', 6, {}, REPLY),
    closed('a'),
  ]),
  scenario('STA-01', '5, 6: GOODBYE of the client, then of the router', [
    join('a'),
    send('a', 6, {}, 'wamp.close.close_realm'),
    expect('a', 6, any, any),
    closed('a'),
  ]),
  scenario('STA-02', '7: an invalid HELLO leads to ABORT and CLOSED', [
    attach('a'),
    hello('a', { roles: {} }),
    expect('a', 3, any, any),
    closed('a'),
  ]),
  scenario('STA-02', '7: a HELLO whose wish for authentication is no list', [
    attach('a'),
    hello('a', { roles: ALL_ROLES, authmethods: 'anonymous' }),
    violation('a', 'authmethods'),
  ]),
  scenario('STA-03', '8: HELLO in ESTABLISHED', [join('a'), hello('a', { roles: ALL_ROLES }), violation('a')]),
  scenario('STA-03', '8: AUTHENTICATE in ESTABLISHED', [join('a'), send('a', 5, 'signature', {}), violation('a')]),
  scenario('STA-03', '14: anything else in SHUTTING DOWN is ignored', [
    join('a'),
    shutdown,
    expect('a', 6, any, any),
    hello('a', { roles: ALL_ROLES }),
    send('a', 5, 'signature', {}),
    send('a', 70, 99, {}),
    silence('a'),
    send('a', 6, {}, REPLY),
    closed('a'),
  ]),
]

const DEALER =
  'progressive_call_results progressive_call_invocations call_canceling call_timeout call_reroute caller_identification call_trustlevels pattern_based_registration shared_registration sharded_registration registration_revocation registration_meta_api session_meta_api testament_meta_api payload_passthru_mode'
const BROKER =
  'subscriber_blackwhite_listing publisher_exclusion publisher_identification publication_trustlevels subscription_meta_api session_meta_api pattern_based_subscription sharded_subscription shareded_subscriptions event_history event_retention subscription_revocation payload_passthru_mode'

/** WELCOME announces every feature of `known` under `role`, and beside them only what FEA-02 and FEA-03 name. */
function announces(id: string, role: string, known: string): Scenario {
  const names = known.split(' ')
  const allowed = new Set([...names, 'shareded_subscriptions', 'payload_transparency'])
  const features = where(`all features of the ${role}`, (value) => {
    const announced = value as Record<string, unknown>
    return (
      Object.entries(announced).every(([name, flag]) => allowed.has(name) && flag === true) &&
      names.every((name) => announced[name] === true)
    )
  })
  return scenario(id, `features of the ${role}`, [
    attach('a'),
    hello('a', { roles: ALL_ROLES }),
    expect('a', 2, any, containing({ roles: containing({ [role]: containing({ features }) }) })),
  ])
}

/** A call with `receive_progress` to a callee of these features: does the callee hear of the wish? */
function progressWish(id: string, title: string, features: object, details: unknown): Scenario {
  return scenario(id, title, [
    join('callee', { callee: { features } }),
    join('caller'),
    send('callee', 64, 1, {}, PROCEDURE),
    expect('callee', 65, 1, any),
    send('caller', 48, 1, { receive_progress: true }, PROCEDURE),
    expect('callee', 68, 1, any, details),
  ])
}

const features: readonly Scenario[] = [
  announces('FEA-10', 'dealer', DEALER),
  announces('FEA-13', 'broker', BROKER),
  scenario('FEA-15', 'reflection stands in the roles themselves', [
    attach('a'),
    hello('a', { roles: ALL_ROLES }),
    expect('a', 2, any, containing({ roles: { broker: containing({ reflection: true }), dealer: containing({ reflection: true }) } })),
  ]),
  scenario('FEA-02', 'call_cancelling counts as call_canceling', [
    join('callee', { callee: { features: { call_cancelling: true } } }),
    join('caller'),
    send('callee', 64, 1, {}, PROCEDURE),
    expect('callee', 65, 1, any),
    send('caller', 48, 1, {}, PROCEDURE),
    expect('callee', 68, bind('invocation'), any, any),
    send('caller', 49, 1, { mode: 'killnowait' }),
    expect('callee', 69, ref('invocation'), any),
  ]),
  accepted('FEA-03', 'features that other software announces are ignored', {
    roles: {
      publisher: { features: { payload_transparency: true, payload_encryption_cryptobox: true, x_acknowledged_event_delivery: true } },
      subscriber: { features: { event_history: true, payload_transparency: true } },
    },
  }),
  progressWish('FEA-04', 'progress without call_canceling counts as no progress', { progressive_call_results: true }, {}),
  progressWish(
    'FEA-04',
    'progress with call_canceling',
    { progressive_call_results: true, call_canceling: true },
    containing({ receive_progress: true }),
  ),
]

export const scenarios: readonly Scenario[] = [...opening, ...closing, ...states, ...features]
