// Sections 6.8, 6.10, 6.13 and 6.14 of the requirements: rerouting, trust levels, sharded registration, revocation; and
// Crossbar's extensions of REGISTER.

import {
  ALL_ROLES,
  advance,
  any,
  bind,
  containing,
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

const PROC = 'com.example.procedure'
const UNAVAILABLE = 'wamp.error.unavailable'
const PLAIN = { caller: {}, callee: {}, publisher: {}, subscriber: {} }
const lacks = (...keys: string[]) =>
  where(`a dictionary without ${keys.join(', ')}`, (value) => keys.every((key) => !Object.hasOwn(value as object, key)))
const without = (feature: string) => {
  const features = Object.fromEntries(Object.keys(ALL_ROLES.callee.features).map((name) => [name, name !== feature]))
  return { ...ALL_ROLES, callee: { features } }
}
const registered = (who: string, options: object, roles?: object): Step[] => [
  ...join(who, roles),
  send(who, 64, 1, options, PROC),
  expect(who, 65, 1, bind('registration')),
]
const shared = (invoke: string, ...names: string[]): Step[] => names.flatMap((name) => registered(name, { invoke }))
const call = (id = 1, options: object = {}, payload: unknown = ['x']) => send('z', 48, id, options, PROC, payload)
const invoked = (who: string, payload: unknown = any, details: unknown = any) => expect(who, 68, bind(`at ${who}`), any, details, payload)
const refuse = (who: string, error = UNAVAILABLE) => send(who, 8, 68, ref(`at ${who}`), {}, error)
const answer = (who: string, ...payload: unknown[]) => send(who, 70, ref(`at ${who}`), {}, ...payload)
const failed = (error: string, id = 1) => expect('z', 8, 48, id, any, error, any)

/** The caller z, and callees a, b, c with this policy. */
const three = (invoke: string): Step[] => [...shared(invoke, 'a', 'b', 'c'), ...join('z')]

const rerouting: readonly Scenario[] = [
  scenario('RPC-92', 'an unavailable callee: the next one gets the call, the caller notices nothing', [
    three('roundrobin'),
    call(1, {}, ['payload']),
    invoked('a', ['payload']),
    refuse('a'),
    invoked('b', ['payload']),
    silence('z'),
    answer('b', ['done']),
    expect('z', 50, 1, any, ['done']),
  ]),
  scenario('RPC-93', 'roundrobin: the next in the queue, and the turn goes on from there', [
    three('roundrobin'),
    call(1),
    invoked('a'),
    refuse('a'),
    invoked('b'),
    refuse('b'),
    invoked('c'),
    call(2),
    invoked('a'),
  ]),
  scenario('RPC-93', 'first: the one registered right after the tried one', [
    three('first'),
    call(),
    invoked('a'),
    refuse('a'),
    invoked('b'),
    refuse('b'),
    invoked('c'),
  ]),
  scenario('RPC-93', 'last: the one registered right before the tried one', [
    three('last'),
    call(),
    invoked('c'),
    refuse('c'),
    invoked('b'),
    refuse('b'),
    invoked('a'),
  ]),
  scenario('RPC-93', 'single: there is nobody else', [
    registered('a', {}),
    join('z'),
    call(),
    invoked('a'),
    refuse('a'),
    failed('wamp.error.no_available_callee'),
  ]),
  scenario('RPC-98', 'nobody is left: no_available_callee', [
    three('first'),
    call(),
    invoked('a'),
    refuse('a'),
    invoked('b'),
    refuse('b'),
    invoked('c'),
    refuse('c'),
    failed('wamp.error.no_available_callee'),
    silence('a', 'b', 'c'),
  ]),
  scenario('RPC-99', 'CANCEL stops it: an unavailable callee is then answered to nobody', [
    three('first'),
    call(),
    invoked('a'),
    send('z', 49, 1, { mode: 'skip' }),
    failed('wamp.error.canceled'),
    refuse('a'),
    silence('a', 'b', 'c', 'z'),
  ]),
  scenario('RPC-99', 'the timeout goes on over both attempts', [
    three('first'),
    call(1, { timeout: 1000 }),
    invoked('a'),
    advance(600),
    refuse('a'),
    invoked('b'),
    advance(399),
    silence('z'),
    advance(1),
    failed('wamp.error.timeout'),
  ]),
  scenario('RPC-99', 'the caller leaving stops it', [
    three('first'),
    call(),
    invoked('a'),
    send('z', 6, {}, 'wamp.close.close_realm'),
    expect('z', 6, any, any),
    expect('a', 69, any, any),
    refuse('a'),
    silence('b', 'c'),
  ]),
  scenario('RPC-99', 'options and payload are repeated', [
    three('first'),
    call(1, { disclose_me: true }, [{ deep: [1, 2] }]),
    invoked('a'),
    refuse('a'),
    invoked('b', [{ deep: [1, 2] }], containing({ caller: ref('z') })),
  ]),
  scenario('RPC-99', 'no fallback to another registration', [
    registered('a', { invoke: 'first' }),
    join('b'),
    send('b', 64, 1, { match: 'prefix' }, 'com.example'),
    expect('b', 65, 1, any),
    join('z'),
    call(),
    invoked('a'),
    refuse('a'),
    failed('wamp.error.no_available_callee'),
    silence('b'),
  ]),
  scenario('RPC-100', 'from a callee without call_reroute the error is forwarded like any', [
    registered('a', { invoke: 'first' }, without('call_reroute')),
    registered('b', { invoke: 'first' }),
    join('z'),
    call(),
    invoked('a'),
    refuse('a'),
    expect('z', 8, 48, 1, any, UNAVAILABLE),
    silence('b'),
  ]),
  scenario('RPC-101', 'not once a progressive result was forwarded', [
    three('first'),
    call(1, { receive_progress: true }),
    invoked('a'),
    send('a', 70, ref('at a'), { progress: true }, ['half']),
    expect('z', 50, 1, any, ['half']),
    refuse('a'),
    failed('wamp.error.no_available_callee'),
    silence('b'),
  ]),
  scenario('RPC-101', 'not for a progressive invocation with more than one chunk', [
    three('first'),
    call(1, { progress: true }),
    invoked('a'),
    call(1, { progress: true }),
    expect('a', 68, any, any, any, any),
    refuse('a'),
    failed('wamp.error.no_available_callee'),
    silence('b'),
  ]),
]

const trust: readonly Scenario[] = [
  scenario(
    'RPC-111',
    'the role of the caller has a trust level',
    [registered('a', {}), join('z'), call(), invoked('a', any, containing({ trustlevel: 2 }))],
    {
      realm: { trustlevels: { anonymous: 2 } },
    },
  ),
  scenario(
    'RPC-111',
    'the procedure has a trust level, which wins',
    [registered('a', {}), join('z'), call(), invoked('a', any, containing({ trustlevel: 0 }))],
    {
      realm: { trustlevels: { anonymous: 2 }, procedures: [{ uri: PROC, trustlevel: 0 }] },
    },
  ),
  scenario('RPC-111', 'a caller cannot set it', [
    registered('a', {}),
    join('z'),
    call(1, { trustlevel: 9 }),
    invoked('a', any, lacks('trustlevel')),
  ]),
  scenario(
    'RPC-111',
    'it goes only to callees that announced call_trustlevels',
    [registered('a', {}, PLAIN), join('z'), call(), invoked('a', any, lacks('trustlevel'))],
    { realm: { trustlevels: { anonymous: 2 } } },
  ),
  scenario(
    'RPC-108',
    'a procedure may disclose its callers unasked',
    [registered('a', {}), join('z'), call(), invoked('a', any, containing({ caller: ref('z') }))],
    {
      realm: { procedures: [{ uri: 'com.', match: 'prefix', disclose: true }] },
    },
  ),
]

const sharding: readonly Scenario[] = [
  scenario('RPC-128', 'partition without rkey is an invalid argument, and reaches nobody', [
    three('roundrobin'),
    call(1, { runmode: 'partition' }),
    failed('wamp.error.invalid_argument'),
    silence('a', 'b', 'c'),
  ]),
  scenario('RPC-128', 'with rkey it is a call', [
    registered('a', { invoke: 'roundrobin' }),
    join('z'),
    call(1, { runmode: 'partition', rkey: 'k' }),
    invoked('a'),
  ]),
  scenario('RPC-129', 'runon all: one RESULT with the list of all results, after all have answered', [
    three('roundrobin'),
    call(1, { runon: 'all' }),
    invoked('a'),
    invoked('b'),
    invoked('c'),
    answer('b', ['from b']),
    answer('a', ['from a']),
    silence('z'),
    answer('c', ['from c']),
    expect('z', 50, 1, any, [['from a', 'from b', 'from c']]),
  ]),
  scenario('RPC-129', 'runon all, progressive: each result as it comes, then an empty final one', [
    three('roundrobin'),
    call(1, { runon: 'all', runmode: 'progressive', receive_progress: true }),
    invoked('a'),
    invoked('b'),
    invoked('c'),
    answer('b', ['from b']),
    expect('z', 50, 1, containing({ progress: true }), ['from b']),
    answer('a', ['from a']),
    expect('z', 50, 1, containing({ progress: true }), ['from a']),
    answer('c', ['from c']),
    expect('z', 50, 1, containing({ progress: true }), ['from c']),
    expect('z', 50, 1, lacks('progress')),
  ]),
  scenario('RPC-129', 'runon all: the first error ends it at once, the others are interrupted, later answers ignored', [
    three('roundrobin'),
    call(1, { runon: 'all' }),
    invoked('a'),
    invoked('b'),
    invoked('c'),
    answer('a', ['from a']),
    refuse('b', 'com.example.broken'),
    expect('z', 8, 48, 1, any, 'com.example.broken'),
    expect('c', 69, ref('at c'), any),
    answer('c', ['late']),
    silence('z', 'a'),
  ]),
  scenario('RPC-129', 'runon any: one callee', [
    registered('a', { invoke: 'roundrobin' }),
    join('z'),
    call(1, { runon: 'any' }),
    invoked('a'),
    answer('a', ['done']),
    expect('z', 50, 1, any, ['done']),
  ]),
  scenario('RPC-129', 'runon all and CANCEL: canceled, all are interrupted', [
    three('roundrobin'),
    call(1, { runon: 'all' }),
    invoked('a'),
    invoked('b'),
    invoked('c'),
    send('z', 49, 1, { mode: 'killnowait' }),
    failed('wamp.error.canceled'),
    ...['a', 'b', 'c'].map((who) => expect(who, 69, ref(`at ${who}`), any)),
  ]),
  scenario('RPC-130', 'the same key goes to the same callee while membership is stable', [
    registered('a', { invoke: 'roundrobin' }),
    join('z'),
    call(1, { runmode: 'partition', rkey: 'order-7' }),
    invoked('a'),
    answer('a'),
    expect('z', 50, 1, any),
    call(2, { runmode: 'partition', rkey: 'order-7' }),
    invoked('a'),
    answer('a'),
    expect('z', 50, 2, any),
  ]),
]

const revoke = (who: string, ...rest: unknown[]) =>
  send('admin', 48, 1, {}, 'wamp.registration.remove_callee', [ref('registration'), ref(who), ...rest])
const revocation: readonly Scenario[] = [
  scenario('RPC-131', 'a callee that announced it is told, with the reason', [
    registered('a', {}),
    join('admin'),
    revoke('a', 'com.example.closed'),
    expect('admin', 50, 1, any),
    expect('a', 67, 0, { registration: ref('registration'), reason: 'com.example.closed' }),
  ]),
  scenario('RPC-131', 'one that did not is not told', [
    registered('a', {}, PLAIN),
    join('admin'),
    revoke('a'),
    expect('admin', 50, 1, any),
    silence('a'),
  ]),
  scenario('RPC-132', 'after it no call reaches the callee', [
    registered('a', {}, PLAIN),
    join('admin'),
    revoke('a'),
    expect('admin', 50, 1, any),
    join('z'),
    call(),
    failed('wamp.error.no_such_procedure'),
    silence('a'),
  ]),
  scenario('RPC-132', 'running invocations finish', [
    registered('a', {}, PLAIN),
    join('z'),
    call(),
    invoked('a'),
    join('admin'),
    revoke('a'),
    expect('admin', 50, 1, any),
    answer('a', ['done']),
    expect('z', 50, 1, any, ['done']),
  ]),
  scenario('RPC-132', 'meta events as for UNREGISTER', [
    registered('a', {}),
    join('admin'),
    join('watcher'),
    send('watcher', 32, 1, { match: 'prefix' }, 'wamp.registration.'),
    expect('watcher', 33, 1, any),
    revoke('a'),
    expectAll(
      'watcher',
      [36, any, any, containing({ topic: 'wamp.registration.on_unregister' }), [ref('a'), ref('registration')]],
      [36, any, any, containing({ topic: 'wamp.registration.on_delete' }), [ref('a'), ref('registration')]],
    ),
  ]),
]

const limited = (who: string, concurrency = 1): Step[] => registered(who, { invoke: 'roundrobin', concurrency })
const extensions: readonly Scenario[] = [
  scenario('RPC-127', 'concurrency: a call beyond it goes to the next callee with a free place', [
    limited('a'),
    limited('b'),
    join('z'),
    call(1),
    invoked('a'),
    call(2),
    invoked('b'),
    answer('b'),
    expect('z', 50, 2, any),
    call(3),
    invoked('b'),
  ]),
  scenario('RPC-127', 'concurrency: with no free place calls wait, and are served in order', [
    limited('a', 2),
    join('z'),
    call(1),
    invoked('a'),
    call(2),
    expect('a', 68, any, any, any, any),
    call(3, {}, ['three']),
    call(4, {}, ['four']),
    silence('a'),
    answer('a'),
    expect('z', 50, any, any),
    invoked('a', ['three']),
    answer('a'),
    expect('z', 50, 3, any),
    invoked('a', ['four']),
  ]),
  scenario(
    'RPC-127',
    'concurrency: more than callsQueuedMax are refused',
    [limited('a'), join('z'), call(1), invoked('a'), call(2), call(3), failed('crosspoint.error.too_many_calls', 3)],
    { limits: { callsQueuedMax: 1 } },
  ),
  scenario('RPC-127', 'concurrency: a waiting call times out', [
    limited('a'),
    join('z'),
    call(1),
    invoked('a'),
    call(2, { timeout: 100 }),
    advance(100),
    failed('wamp.error.timeout', 2),
    answer('a'),
    expect('z', 50, 1, any),
    silence('a'),
  ]),
  scenario('RPC-127', 'concurrency: the last callee leaving ends what waits', [
    limited('a'),
    join('z'),
    call(1),
    invoked('a'),
    call(2),
    send('a', 6, {}, 'wamp.close.close_realm'),
    expect('a', 6, any, any),
    expectAll('z', [8, 48, 1, any, 'wamp.error.canceled', any], [8, 48, 2, any, 'wamp.error.canceled', any]),
  ]),
  scenario('RPC-127', 'force_reregister takes the procedure away from whoever has it', [
    registered('a', {}),
    join('b'),
    send('b', 64, 1, { force_reregister: true }, PROC),
    expect('b', 65, 1, any),
    expect('a', 67, 0, { registration: ref('registration'), reason: 'wamp.error.unregistered' }),
    join('z'),
    call(),
    invoked('b'),
  ]),
  scenario('RPC-79', 'CANCEL of a call that waits for a callee: canceled, and it is never sent', [
    limited('a'),
    join('z'),
    call(1),
    invoked('a'),
    call(2),
    send('z', 49, 2, { mode: 'kill' }),
    failed('wamp.error.canceled', 2),
    answer('a'),
    expect('z', 50, 1, any),
    silence('a'),
  ]),
]

export const scenarios: readonly Scenario[] = [...rerouting, ...trust, ...sharding, ...revocation, ...extensions]
