// Sections 6.11 and 6.12 of the requirements: pattern-based and shared registration.

import {
  any,
  bind,
  check,
  containing,
  drop,
  expect,
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
const registered = (who: string, id: number, procedure: string, options: object = {}) => [
  send(who, 64, id, options, procedure),
  expect(who, 65, id, bind(`${who}${id}`)),
]
const prefix = { match: 'prefix' }
const wildcard = { match: 'wildcard' }
/** The caller calls; the registration that was bound as `registration` gets it. */
const goesTo = (id: number, procedure: string, registration: string) => [
  send('caller', 48, id, {}, procedure),
  expect('a', 68, any, ref(registration), any),
]
const base = [join('a'), join('caller')].flat()

/** The seven registrations of the specification's example (RPC-118). */
const table: Step[] = [
  ...registered('a', 1, 'a1.b2.c3.d4.e55'),
  ...registered('a', 2, 'a1.b2.c3', prefix),
  ...registered('a', 3, 'a1.b2.c3.d4', prefix),
  ...registered('a', 4, 'a1.b2..d4.e5', wildcard),
  ...registered('a', 5, 'a1.b2.c33..e5', wildcard),
  ...registered('a', 6, 'a1.b2..d4.e5..g7', wildcard),
  ...registered('a', 7, 'a1.b2..d4..f6.g7', wildcard),
]

const patterns: readonly Scenario[] = [
  scenario('RPC-112', 'one URI under each match policy is three registrations', [
    base,
    registered('a', 1, 'com.example'),
    registered('a', 2, 'com.example', prefix),
    registered('a', 3, 'com.example', wildcard),
    check('three registrations exist', (router) => router.realm('realm1')!.dealer.size === 3),
    goesTo(1, 'com.example', 'a1'),
  ]),
  scenario('RPC-113', 'an invocation through a pattern names the called procedure, one through an exact registration does not', [
    base,
    registered('a', 1, 'com.example', prefix),
    registered('a', 2, 'org..x', wildcard),
    registered('a', 3, 'net.example'),
    send('caller', 48, 1, {}, 'com.example.one'),
    expect('a', 68, any, ref('a1'), containing({ procedure: 'com.example.one' })),
    send('caller', 48, 2, {}, 'org.y.x'),
    expect('a', 68, any, ref('a2'), containing({ procedure: 'org.y.x' })),
    send('caller', 48, 3, {}, 'net.example'),
    expect(
      'a',
      68,
      any,
      ref('a3'),
      where('Details without procedure', (value) => !Object.hasOwn(value as object, 'procedure')),
    ),
  ]),
  scenario('RPC-114', 'exact before prefix before wildcard, and one registration only', [
    base,
    registered('a', 1, 'com..procedure', wildcard),
    goesTo(1, PROC, 'a1'),
    registered('a', 2, 'com.', prefix),
    goesTo(2, PROC, 'a2'),
    registered('a', 3, PROC),
    goesTo(3, PROC, 'a3'),
    silence('a'),
  ]),
  scenario('RPC-115', 'the longest matching prefix wins, whatever the order of registration', [
    base,
    registered('a', 1, 'com.example.', prefix),
    registered('a', 2, 'com.example.deep.', prefix),
    registered('a', 3, 'com.', prefix),
    goesTo(1, 'com.example.deep.x', 'a2'),
    goesTo(2, 'com.example.x', 'a1'),
    goesTo(3, 'com.other', 'a3'),
  ]),
  scenario('RPC-116', 'of two wildcards the one with the literal at the first difference wins', [
    base,
    registered('a', 1, 'com...x.y', wildcard),
    registered('a', 2, 'com.example...y', wildcard),
    registered('a', 3, '.example.one.x.y', wildcard),
    goesTo(1, 'com.example.one.x.y', 'a2'),
    goesTo(2, 'com.other.one.x.y', 'a1'),
    goesTo(3, 'org.example.one.x.y', 'a3'),
  ]),
  scenario('RPC-118', 'the examples of the specification, with string prefixes', [
    base,
    table,
    goesTo(1, 'a1.b2.c3.d4.e55', 'a1'),
    goesTo(2, 'a1.b2.c3.d98.e74', 'a2'),
    goesTo(3, 'a1.b2.c3.d4.e325', 'a3'),
    goesTo(4, 'a1.b2.c55.d4.e5', 'a4'),
    goesTo(5, 'a1.b2.c33.d4.e5', 'a2'),
    goesTo(6, 'a1.b2.c88.d4.e5.f6.g7', 'a6'),
    send('caller', 48, 7, {}, 'a2.b2.c2.d2.e2'),
    expect('caller', 8, 48, 7, any, 'wamp.error.no_such_procedure', any),
  ]),
  scenario('RPC-119', 'there is no fallback to a less specific registration', [
    base,
    registered('a', 1, 'com.', prefix),
    join('b'),
    registered('b', 1, PROC),
    send('caller', 48, 1, {}, PROC),
    expect('b', 68, bind('invocation'), any, any),
    send('b', 8, 68, ref('invocation'), {}, 'com.example.error'),
    expect('caller', 8, 48, 1, any, 'com.example.error'),
    silence('a'),
  ]),
  scenario('RPC-119', 'a pattern cannot be called', [
    base,
    registered('a', 1, 'com..x', wildcard),
    send('caller', 48, 1, {}, 'com..x'),
    expect('caller', 8, 48, 1, any, 'wamp.error.invalid_uri', any),
    silence('a'),
  ]),
]

const callees = ['a', 'b', 'c']
const sharedBy = (invoke: string) => callees.flatMap((who) => registered(who, 1, PROC, { invoke }))
const all = [join('a'), join('b'), join('c'), join('caller')].flat()
const invoked = (id: number, who: string) => [send('caller', 48, id, {}, PROC), expect(who, 68, any, any, any)]

const shared: readonly Scenario[] = [
  scenario('RPC-120', 'the first registrant fixes the policy until the registration is gone', [
    all,
    registered('a', 1, PROC, { invoke: 'first' }),
    registered('b', 1, PROC, { invoke: 'first' }),
    invoked(1, 'a'),
    drop('a'),
    expect('caller', 8, 48, 1, any, any, any),
    drop('b'),
    registered('c', 1, PROC, { invoke: 'last' }),
    invoked(2, 'c'),
  ]),
  scenario('RPC-121', 'with single in force, asked for or not, every further registration fails', [
    all,
    registered('a', 1, PROC, { invoke: 'single' }),
    send('b', 64, 1, { invoke: 'roundrobin' }, PROC),
    expect('b', 8, 64, 1, any, 'wamp.error.procedure_already_exists', any),
    send('c', 64, 1, { invoke: 'single' }, PROC),
    expect('c', 8, 64, 1, any, 'wamp.error.procedure_already_exists', any),
  ]),
  scenario('RPC-121', 'with another policy in force a different one fails', [
    all,
    registered('a', 1, PROC, { invoke: 'roundrobin' }),
    send('b', 64, 1, { invoke: 'random' }, PROC),
    expect('b', 8, 64, 1, any, 'wamp.error.procedure_already_exists', any),
    send('c', 64, 1, {}, PROC),
    expect('c', 8, 64, 1, any, 'wamp.error.procedure_already_exists', any),
  ]),
  scenario('RPC-123', 'roundrobin takes the callees in the order of registration, and begins again', [
    all,
    sharedBy('roundrobin'),
    ...['a', 'b', 'c', 'a', 'b'].map((who, n) => invoked(n + 1, who)),
  ]),
  scenario('RPC-123', 'first takes the first of those that are there', [all, sharedBy('first'), invoked(1, 'a'), invoked(2, 'a')]),
  scenario('RPC-123', 'last takes the last of those that are there', [
    all,
    sharedBy('last'),
    invoked(1, 'c'),
    drop('c'),
    expect('caller', 8, 48, 1, any, any, any),
    invoked(2, 'b'),
  ]),
  scenario('RPC-123', 'random takes one of them, and over many calls every one', [
    all,
    sharedBy('random'),
    ...Array.from({ length: 60 }, (_, n) => send('caller', 48, n + 1, {}, PROC)),
    ...callees.map((who) => expect(who, 68, any, any, any)),
  ]),
  scenario('RPC-125', 'UNREGISTER removes only the callee that asks', [
    all,
    sharedBy('roundrobin'),
    send('b', 66, 2, ref('b1')),
    expect('b', 67, 2),
    ...['a', 'c', 'a'].map((who, n) => invoked(n + 1, who)),
    silence('b'),
  ]),
  scenario('RPC-125', 'a session that registers again gets the same id and no second slot', [
    all,
    registered('a', 1, PROC, { invoke: 'roundrobin' }),
    send('a', 64, 2, { invoke: 'roundrobin' }, PROC),
    expect('a', 65, 2, ref('a1')),
    registered('b', 1, PROC, { invoke: 'roundrobin' }),
    ...['a', 'b', 'a'].map((who, n) => invoked(n + 1, who)),
  ]),
]

export const scenarios: readonly Scenario[] = [...patterns, ...shared]
