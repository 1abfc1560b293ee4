// Sections 6.6, 6.7 and 6.9 of the requirements: call canceling, call timeout, caller identification.

import {
  ALL_ROLES,
  advance,
  any,
  bind,
  containing,
  expect,
  join,
  ref,
  type Scenario,
  scenario,
  send,
  silence,
  violation,
  where,
} from '../scenario.ts'

const PROC = 'com.example.procedure'
const registered = (who: string, options: object = {}) => [send(who, 64, 1, options, PROC), expect(who, 65, 1, any)]
const called = (options: object = {}) => [send('b', 48, 1, options, PROC), expect('a', 68, bind('invocation'), any, any)]
/** A callee a that can cancel, a caller b, a call in flight. */
const inFlight = [join('a'), join('b'), registered('a'), called()].flat()
/** The same with a callee that announced nothing. */
const plainInFlight = [join('a', { callee: {} }), join('b'), registered('a'), called()].flat()
const lacks = (...keys: string[]) =>
  where(`a dictionary without ${keys.join(', ')}`, (value) => keys.every((key) => !Object.hasOwn(value as object, key)))
const without = (feature: string) => {
  const features = { ...ALL_ROLES.callee.features } as { [name: string]: boolean }
  delete features[feature]
  return { ...ALL_ROLES, callee: { features } }
}
const cancel = (options: object = {}) => send('b', 49, 1, options)
const answer = (...payload: unknown[]) => send('a', 70, ref('invocation'), {}, ...payload)
const canceled = expect('b', 8, 48, 1, any, 'wamp.error.canceled', any)
const timedOut = expect('b', 8, 48, 1, any, 'wamp.error.timeout', any)

const canceling: readonly Scenario[] = [
  scenario('RPC-65', 'INTERRUPT names the invocation and the mode, kill or killnowait, never skip', [
    inFlight,
    cancel({ mode: 'kill' }),
    expect('a', 69, ref('invocation'), { mode: 'kill' }),
  ]),
  scenario('RPC-66', 'skip: the caller gets canceled at once, the callee hears nothing, its answer is discarded', [
    inFlight,
    cancel({ mode: 'skip' }),
    canceled,
    silence('a'),
    answer(['late']),
    silence('b'),
  ]),
  scenario('RPC-67', 'kill: the caller waits for what the callee says last', [
    inFlight,
    cancel({ mode: 'kill' }),
    silence('b'),
    send('a', 8, 68, ref('invocation'), {}, 'wamp.error.canceled'),
    expect('b', 8, 48, 1, any, 'wamp.error.canceled'),
    silence('b'),
  ]),
  scenario('RPC-68', 'killnowait: the caller gets canceled at once, the callee INTERRUPT, its answer is discarded', [
    inFlight,
    cancel({ mode: 'killnowait' }),
    canceled,
    expect('a', 69, ref('invocation'), { mode: 'killnowait' }),
    answer(['late']),
    silence('b'),
  ]),
  ...['skip', 'kill', 'killnowait'].map((mode) =>
    scenario('RPC-69', `a callee without call_canceling: ${mode} acts as skip`, [
      plainInFlight,
      cancel({ mode }),
      canceled,
      silence('a'),
      answer(['late']),
      silence('b'),
    ]),
  ),
  scenario('RPC-70', 'without a mode CANCEL acts as killnowait', [
    inFlight,
    cancel(),
    canceled,
    expect('a', 69, any, { mode: 'killnowait' }),
  ]),
  scenario('RPC-70', 'an unknown mode is a violation', [join('a'), send('a', 49, 1, { mode: 'gently' }), violation('a', 'mode')], {
    ways: ['memory', 'sockets'],
  }),
  scenario('RPC-72', 'CANCEL for an unknown, finished or foreign call is ignored', [
    inFlight,
    send('b', 49, 99, { mode: 'kill' }),
    send('a', 49, 1, { mode: 'kill' }),
    silence('a', 'b'),
    answer(['done']),
    expect('b', 50, 1, any, ['done']),
    cancel({ mode: 'kill' }),
    silence('a', 'b'),
  ]),
  scenario('RPC-72', 'a second CANCEL for the same call is ignored', [
    inFlight,
    cancel({ mode: 'kill' }),
    expect('a', 69, any, any),
    cancel({ mode: 'skip' }),
    silence('a', 'b'),
    send('a', 8, 68, ref('invocation'), {}, 'com.example.stopped'),
    expect('b', 8, 48, 1, any, any),
  ]),
  scenario('RPC-73', 'when RESULT was first, the caller gets it and no ERROR', [
    inFlight,
    answer(['done']),
    cancel({ mode: 'killnowait' }),
    expect('b', 50, 1, any, ['done']),
    silence('a', 'b'),
  ]),
  scenario('RPC-74', 'kill crossing a YIELD: the caller gets the RESULT', [
    inFlight,
    cancel({ mode: 'kill' }),
    answer(['crossed']),
    expect('b', 50, 1, any, ['crossed']),
    silence('b'),
  ]),
  scenario('RPC-75', 'kill: the ERROR of the callee is forwarded as it is, and progress before it too', [
    join('a'),
    join('b'),
    registered('a'),
    called({ receive_progress: true }),
    cancel({ mode: 'kill' }),
    expect('a', 69, any, any),
    send('a', 70, ref('invocation'), { progress: true }, [1]),
    expect('b', 50, 1, any, [1]),
    send('a', 8, 68, ref('invocation'), {}, 'com.example.stopped', ['half way']),
    expect('b', 8, 48, 1, any, 'com.example.stopped', ['half way']),
  ]),
  scenario('RPC-77', 'the answer of a callee to killnowait is harmless, an error too', [
    inFlight,
    cancel({ mode: 'killnowait' }),
    canceled,
    expect('a', 69, any, any),
    send('a', 8, 68, ref('invocation'), {}, 'wamp.error.canceled'),
    silence('a', 'b'),
  ]),
  scenario('RPC-80', 'skip is answered although the callee never answers', [plainInFlight, cancel({ mode: 'skip' }), canceled]),
]

const timeout: readonly Scenario[] = [
  scenario('RPC-82', 'timeout is in milliseconds', [
    join('a'),
    join('b'),
    registered('a'),
    called({ timeout: 1000 }),
    advance(999),
    silence('b'),
    advance(1),
    timedOut,
  ]),
  scenario('RPC-82', 'timeout 0 means none', [
    join('a'),
    join('b'),
    registered('a'),
    called({ timeout: 0 }),
    advance(10 ** 9),
    silence('a', 'b'),
  ]),
  scenario('RPC-83', 'on expiry the caller gets timeout, a callee that can cancel INTERRUPT killnowait', [
    join('a'),
    join('b'),
    registered('a'),
    called({ timeout: 50 }),
    advance(50),
    timedOut,
    expect('a', 69, ref('invocation'), { mode: 'killnowait' }),
    answer(['late']),
    silence('b'),
  ]),
  scenario('RPC-83', 'a callee that cannot cancel hears nothing of it', [
    join('a', { callee: {} }),
    join('b'),
    registered('a'),
    called({ timeout: 50 }),
    advance(50),
    timedOut,
    silence('a'),
  ]),
  scenario('RPC-84', 'with forward_timeout and the feature the callee gets the value and the dealer runs no timer', [
    join('a'),
    join('b'),
    registered('a', { forward_timeout: true }),
    send('b', 48, 1, { timeout: 50 }, PROC),
    expect('a', 68, any, any, containing({ timeout: 50 })),
    advance(10_000),
    silence('b'),
  ]),
  scenario('RPC-84', 'without forward_timeout the value is not forwarded', [
    join('a'),
    join('b'),
    registered('a'),
    send('b', 48, 1, { timeout: 50 }, PROC),
    expect('a', 68, any, any, lacks('timeout')),
  ]),
  scenario('RPC-84', 'without the feature forward_timeout counts for nothing', [
    join('a', without('call_timeout')),
    join('b'),
    registered('a', { forward_timeout: true }),
    send('b', 48, 1, { timeout: 50 }, PROC),
    expect('a', 68, any, any, lacks('timeout')),
  ]),
  scenario('RPC-85', 'a timeout that the callee reports reaches the caller', [
    join('a'),
    join('b'),
    registered('a'),
    called(),
    send('a', 8, 68, ref('invocation'), {}, 'wamp.error.timeout'),
    expect('b', 8, 48, 1, any, 'wamp.error.timeout'),
  ]),
  scenario('RPC-87', 'each progressive result starts the time anew', [
    join('a'),
    join('b'),
    registered('a'),
    called({ timeout: 100, receive_progress: true }),
    advance(80),
    send('a', 70, ref('invocation'), { progress: true }, [1]),
    expect('b', 50, 1, any, [1]),
    advance(80),
    silence('b'),
    advance(20),
    timedOut,
  ]),
  scenario('RPC-88', 'the timer stops with the final answer, and with a cancel', [
    join('a'),
    join('b'),
    registered('a'),
    called({ timeout: 50 }),
    answer(['done']),
    expect('b', 50, 1, any, ['done']),
    send('b', 48, 2, { timeout: 50 }, PROC),
    expect('a', 68, any, any, any),
    send('b', 49, 2, { mode: 'skip' }),
    expect('b', 8, 48, 2, any, any, any),
    advance(1000),
    silence('a', 'b'),
  ]),
  scenario('RPC-90', 'YIELD and expiry: the first wins, the other is discarded', [
    join('a'),
    join('b'),
    registered('a'),
    called({ timeout: 50 }),
    advance(49),
    answer(['just in time']),
    advance(1),
    expect('b', 50, 1, any, ['just in time']),
    silence('b'),
  ]),
]

const identification: readonly Scenario[] = [
  scenario('RPC-105', 'disclose_me tells the callee the session of the caller', [
    join('a'),
    join('b'),
    registered('a'),
    send('b', 48, 1, { disclose_me: true }, PROC),
    expect('a', 68, any, any, containing({ caller: ref('b') })),
  ]),
  scenario('RPC-106', 'disclose_caller of the registration tells it on every call', [
    join('a'),
    join('b'),
    registered('a', { disclose_caller: true }),
    send('b', 48, 1, {}, PROC),
    expect('a', 68, any, any, containing({ caller: ref('b') })),
  ]),
  scenario(
    'RPC-107',
    'where disclosure is not allowed the call is refused and not routed',
    [
      join('a'),
      join('b'),
      registered('a'),
      send('b', 48, 1, { disclose_me: true }, PROC),
      expect('b', 8, 48, 1, {}, 'wamp.error.option_disallowed.disclose_me', any),
      silence('a'),
    ],
    { realm: { allowDisclose: false } },
  ),
  scenario(
    'RPC-107',
    'and so is a registration with disclose_caller',
    [
      join('a'),
      send('a', 64, 1, { disclose_caller: true }, PROC),
      expect('a', 8, 64, 1, {}, 'wamp.error.option_disallowed.disclose_me', any),
    ],
    { realm: { allowDisclose: false } },
  ),
  scenario('RPC-108', 'without disclosure none of the keys is there', [
    join('a'),
    join('b'),
    registered('a'),
    send('b', 48, 1, {}, PROC),
    expect('a', 68, any, any, lacks('caller', 'caller_authid', 'caller_authrole')),
  ]),
  scenario('RPC-108', 'with disclose_me they go only to callees that announced the feature', [
    join('a', without('caller_identification')),
    join('b'),
    registered('a'),
    send('b', 48, 1, { disclose_me: true }, PROC),
    expect('a', 68, any, any, lacks('caller', 'caller_authid', 'caller_authrole')),
  ]),
]

export const scenarios: readonly Scenario[] = [...canceling, ...timeout, ...identification]
