// Section 12 of the requirements: ordering guarantees.

import {
  any,
  bind,
  closed,
  containing,
  expect,
  expectAll,
  join,
  ref,
  type Scenario,
  type Step,
  scenario,
  send,
  shutdown,
  silence,
} from '../scenario.ts'

const A = 'com.example.a'
const B = 'com.example.b'
const PROCEDURE = 'com.example.procedure'

function subscribed(who: string, id: number, topic: string, options: object = {}): Step[] {
  return [send(who, 32, id, options, topic), expect(who, 33, id, any)]
}
function registered(who: string, id: number, procedure: string): Step[] {
  return [send(who, 64, id, {}, procedure), expect(who, 65, id, bind(procedure))]
}
const event = (...args: readonly unknown[]): readonly unknown[] => [36, any, any, any, args]

const events: readonly Scenario[] = [
  scenario('ORD-01', 'two events of one publisher, on two topics', [
    join('s'),
    join('p'),
    subscribed('s', 1, B),
    subscribed('s', 2, A),
    send('p', 16, 1, {}, A, [1]),
    send('p', 16, 2, {}, B, [2]),
    send('p', 16, 3, {}, A, [3]),
    expect('s', ...event(1)),
    expect('s', ...event(2)),
    expect('s', ...event(3)),
  ]),
  scenario('ORD-01', 'across exact, prefix and wildcard subscriptions', [
    join('s'),
    join('p'),
    subscribed('s', 1, A),
    subscribed('s', 2, 'com.ex', { match: 'prefix' }),
    subscribed('s', 3, 'com..b', { match: 'wildcard' }),
    send('p', 16, 1, {}, A, [1]),
    send('p', 16, 2, {}, B, [2]),
    expectAll('s', event(1), event(1)),
    expectAll('s', event(2), event(2)),
  ]),
  scenario('ORD-02', 'SUBSCRIBED comes before the first EVENT', [
    join('s'),
    send('s', 32, 1, {}, A),
    send('s', 16, 2, { exclude_me: false }, A, [1]),
    expect('s', 33, 1, bind('subscription')),
    expect('s', 36, ref('subscription'), any, any, [1]),
  ]),
  scenario('ORD-02', 'REGISTERED comes before the first INVOCATION', [
    join('c'),
    send('c', 64, 1, {}, PROCEDURE),
    send('c', 48, 2, {}, PROCEDURE),
    expect('c', 65, 1, bind('registration')),
    expect('c', 68, 1, ref('registration'), any),
  ]),
  scenario('ORD-04', 'what takes long to convert holds back what follows it', [
    join('s'),
    join('other'),
    join('p'),
    subscribed('s', 1, A),
    subscribed('s', 2, B),
    subscribed('other', 1, A),
    send('p', 16, 1, {}, A, [1, 'x'.repeat(50_000)]),
    send('p', 16, 2, {}, B, [2]),
    expect('s', 36, any, any, any, [1, 'x'.repeat(50_000)]),
    expect('s', ...event(2)),
  ]),
  scenario('ORD-07', 'PUBLISHED comes before the own EVENT', [
    join('p'),
    subscribed('p', 1, A),
    send('p', 16, 2, { acknowledge: true, exclude_me: false }, A, [1]),
    expect('p', 17, 2, any),
    expect('p', ...event(1)),
  ]),
  scenario('ORD-08', 'no EVENT after UNSUBSCRIBED', [
    join('s'),
    join('p'),
    send('s', 32, 1, {}, A),
    expect('s', 33, 1, bind('subscription')),
    send('s', 34, 2, ref('subscription')),
    expect('s', 35, 2),
    send('p', 16, 1, {}, A, [1]),
    silence('s'),
  ]),
  scenario('ORD-08', 'no INVOCATION after UNREGISTERED', [
    join('callee'),
    join('caller'),
    registered('callee', 1, PROCEDURE),
    send('callee', 66, 2, ref(PROCEDURE)),
    expect('callee', 67, 2),
    send('caller', 48, 1, {}, PROCEDURE),
    silence('callee'),
  ]),
  scenario('ORD-12', 'all subscribers of a publisher see one order', [
    join('x'),
    join('y'),
    join('p'),
    subscribed('x', 1, A),
    subscribed('x', 2, B),
    subscribed('y', 1, B),
    subscribed('y', 2, A),
    ...[1, 2, 3, 4, 5, 6].map((n) => send('p', 16, n, {}, n % 2 === 0 ? A : B, [n])),
    ...[1, 2, 3, 4, 5, 6].flatMap((n) => [expect('x', ...event(n)), expect('y', ...event(n))]),
  ]),
]

const calls: readonly Scenario[] = [
  scenario('ORD-03', 'two calls of one caller to one callee', [
    join('callee'),
    join('caller'),
    registered('callee', 1, A),
    registered('callee', 2, B),
    send('caller', 48, 1, {}, B, ['first']),
    send('caller', 48, 2, {}, A, ['second']),
    send('caller', 48, 3, {}, B, ['third']),
    expect('callee', 68, any, any, any, ['first']),
    expect('callee', 68, any, any, any, ['second']),
    expect('callee', 68, any, any, any, ['third']),
  ]),
  scenario('ORD-05', 'a fast call overtakes a slow one', [
    join('callee'),
    join('caller'),
    registered('callee', 1, PROCEDURE),
    send('caller', 48, 1, {}, PROCEDURE, ['slow']),
    send('caller', 48, 2, {}, PROCEDURE, ['fast']),
    expect('callee', 68, bind('slow'), any, any, ['slow']),
    expect('callee', 68, bind('fast'), any, any, ['fast']),
    send('callee', 70, ref('fast'), {}, ['fast']),
    expect('caller', 50, 2, any, ['fast']),
    send('callee', 70, ref('slow'), {}, ['slow']),
    expect('caller', 50, 1, any, ['slow']),
  ]),
  scenario('ORD-06', 'progress keeps the order of YIELD, the final answer is last, nothing follows it', [
    join('callee'),
    join('caller'),
    registered('callee', 1, PROCEDURE),
    send('caller', 48, 1, { receive_progress: true }, PROCEDURE),
    expect('callee', 68, 1, any, any),
    send('callee', 70, 1, { progress: true }, [1]),
    send('callee', 70, 1, { progress: true }, [2]),
    send('callee', 70, 1, {}, ['final']),
    send('callee', 70, 1, { progress: true }, [3]),
    expect('caller', 50, 1, containing({ progress: true }), [1]),
    expect('caller', 50, 1, containing({ progress: true }), [2]),
    expect('caller', 50, 1, any, ['final']),
    silence('caller'),
  ]),
  scenario('ORD-09', 'PUBLISH then CALL, and CALL then PUBLISH, of one session to one peer', [
    join('x'),
    join('y'),
    registered('x', 1, PROCEDURE),
    subscribed('x', 2, A),
    send('y', 16, 1, {}, A, [1]),
    send('y', 48, 2, {}, PROCEDURE, [2]),
    send('y', 16, 3, {}, A, [3]),
    expect('x', ...event(1)),
    expect('x', 68, any, any, any, [2]),
    expect('x', ...event(3)),
  ]),
  scenario('ORD-11', 'INTERRUPT follows its INVOCATION', [
    join('callee'),
    join('caller'),
    registered('callee', 1, PROCEDURE),
    send('caller', 48, 1, {}, PROCEDURE),
    send('caller', 49, 1, { mode: 'kill' }),
    expect('callee', 68, bind('invocation'), any, any),
    expect('callee', 69, ref('invocation'), any),
  ]),
]

const ends: readonly Scenario[] = [
  scenario('ORD-10', 'WELCOME is the first message', [join('a')]),
  scenario('ORD-10', 'nothing follows the GOODBYE of the router', [
    join('a'),
    join('b'),
    subscribed('a', 1, A),
    shutdown,
    expect('a', 6, any, any),
    send('b', 16, 1, {}, A),
    silence('a'),
  ]),
  scenario('ORD-10', 'nothing follows the answer to a GOODBYE', [
    join('a'),
    join('b'),
    subscribed('a', 1, A),
    send('a', 6, {}, 'wamp.close.close_realm'),
    send('b', 16, 1, {}, A),
    expect('a', 6, any, any),
    closed('a'),
  ]),
  scenario('ORD-10', 'nothing follows ABORT', [
    join('a'),
    join('b'),
    subscribed('a', 1, A),
    send('a', 17, 1, 1),
    send('b', 16, 1, {}, A),
    expect('a', 3, any, any),
    closed('a'),
  ]),
]

export const scenarios: readonly Scenario[] = [...events, ...calls, ...ends]
