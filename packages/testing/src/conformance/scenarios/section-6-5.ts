// Section 6.5 of the requirements: progressive call invocations, with every race.

import type { Authorizer } from '@crosspoint/router'
import {
  ALL_ROLES,
  any,
  bind,
  containing,
  expect,
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

const PROC = 'com.example.upload'
const lacks = (...keys: string[]) =>
  where(`a dictionary without ${keys.join(', ')}`, (value) => keys.every((key) => !Object.hasOwn(value as object, key)))
const registered = (who: string, options: object = {}): Step[] => [send(who, 64, 1, options, PROC), expect(who, 65, 1, any)]
const chunk = (id: number, payload: unknown, options: object = {}) => send('b', 48, id, { progress: true, ...options }, PROC, [payload])
const last = (id: number, payload: unknown, options: object = {}) => send('b', 48, id, options, PROC, [payload])
const invoked = (payload: unknown, details: unknown = any, who = 'a') => expect(who, 68, ref('invocation'), any, details, [payload])
const first = (payload: unknown, details: unknown = any, who = 'a') => expect(who, 68, bind('invocation'), any, details, [payload])
/** A callee a, a caller b. */
const pair: Step[] = [join('a'), registered('a'), join('b')].flat()
const canceled = expect('b', 8, 48, 1, any, 'wamp.error.canceled', any)
const answer = (who = 'a', ...payload: unknown[]) => send(who, 70, ref('invocation'), {}, ...payload)
const without = (...features: string[]) => {
  const kept = Object.fromEntries(Object.keys(ALL_ROLES.callee.features).map((name) => [name, !features.includes(name)]))
  return { ...ALL_ROLES, callee: { features: kept } }
}

const chunks: readonly Scenario[] = [
  scenario('RPC-45', 'several CALLs with one id are INVOCATIONs with one id, progress on all but the last', [
    pair,
    chunk(1, 'one'),
    first('one', containing({ progress: true })),
    chunk(1, 'two'),
    invoked('two', containing({ progress: true })),
    last(1, 'three'),
    invoked('three', lacks('progress')),
    answer('a', ['done']),
    expect('b', 50, 1, any, ['done']),
  ]),
  scenario('RPC-45', 'progress: false ends it like no progress at all', [
    pair,
    chunk(1, 'one'),
    first('one'),
    last(1, 'two', { progress: false }),
    invoked('two', lacks('progress')),
  ]),
  ...['progressive_call_invocations', 'call_canceling'].map((feature) =>
    scenario('RPC-47', `a callee without ${feature}: feature_not_supported, no INVOCATION`, [
      join('a', without(feature)),
      registered('a'),
      join('b'),
      chunk(1, 'one'),
      expect('b', 8, 48, 1, any, 'wamp.error.feature_not_supported', any),
      silence('a'),
    ]),
  ),
  scenario('RPC-49', 'shared registration: later chunks go to the callee of the first, and the policy chooses for the next call', [
    join('a'),
    registered('a', { invoke: 'roundrobin' }),
    join('c'),
    registered('c', { invoke: 'roundrobin' }),
    join('b'),
    chunk(1, 'one'),
    first('one'),
    chunk(1, 'two'),
    invoked('two'),
    last(1, 'three'),
    invoked('three'),
    silence('c'),
  ]),
  scenario('RPC-49', 'also when that callee has unregistered and another has joined', [
    join('a'),
    send('a', 64, 1, { invoke: 'first' }, PROC),
    expect('a', 65, 1, bind('registration')),
    join('b'),
    chunk(1, 'one'),
    first('one'),
    send('a', 66, 2, ref('registration')),
    expect('a', 67, 2),
    join('c'),
    registered('c', { invoke: 'first' }),
    last(1, 'two'),
    invoked('two'),
    silence('c'),
  ]),
  scenario('RPC-50', 'Details of every chunk are those of the first CALL', [
    pair,
    chunk(1, 'one', { disclose_me: true, receive_progress: true }),
    first('one', containing({ caller: ref('b'), receive_progress: true })),
    last(1, 'two'),
    invoked('two', containing({ caller: ref('b'), receive_progress: true })),
  ]),
  scenario('RPC-50', 'options of a continuation but progress are not read', [
    pair,
    chunk(1, 'one'),
    first('one', lacks('caller')),
    chunk(1, 'two', { disclose_me: true, timeout: 1, ppt_scheme: 'x_custom' }),
    invoked('two', lacks('caller', 'timeout', 'ppt_scheme')),
  ]),
  scenario('RPC-52', 'progressive results and chunks run freely, with the same ids', [
    pair,
    chunk(1, 'one', { receive_progress: true }),
    first('one'),
    send('a', 70, ref('invocation'), { progress: true }, ['half']),
    expect('b', 50, 1, containing({ progress: true }), ['half']),
    send('a', 70, ref('invocation'), { progress: true }, ['more']),
    expect('b', 50, 1, containing({ progress: true }), ['more']),
    chunk(1, 'two'),
    invoked('two'),
    last(1, 'three'),
    invoked('three'),
    answer('a', ['done']),
    expect('b', 50, 1, lacks('progress'), ['done']),
  ]),
  ...(
    [
      ['a final YIELD', [answer('a', ['early']), expect('b', 50, 1, any, ['early'])]],
      ['an ERROR', [send('a', 8, 68, ref('invocation'), {}, 'com.example.full'), expect('b', 8, 48, 1, any, 'com.example.full')]],
    ] as const
  ).map(([title, end]) =>
    scenario('RPC-54', `after ${title} continuations are discarded in silence`, [
      pair,
      chunk(1, 'one'),
      first('one'),
      ...end,
      chunk(1, 'two'),
      last(1, 'three'),
      silence('a', 'b'),
    ]),
  ),
  scenario('RPC-54', 'after the callee has left continuations are discarded in silence', [
    pair,
    chunk(1, 'one'),
    first('one'),
    send('a', 6, {}, 'wamp.close.close_realm'),
    expect('a', 6, any, any),
    canceled,
    chunk(1, 'two'),
    silence('b'),
  ]),
  scenario('RPC-56', 'CANCEL kill in the middle: INTERRUPT, then the callee ends it', [
    pair,
    chunk(1, 'one'),
    first('one'),
    send('b', 49, 1, { mode: 'kill' }),
    expect('a', 69, ref('invocation'), { mode: 'kill' }),
    send('a', 8, 68, ref('invocation'), {}, 'wamp.error.canceled'),
    expect('b', 8, 48, 1, any, 'wamp.error.canceled'),
  ]),
  ...['skip', 'killnowait'].map((mode) =>
    scenario('RPC-56', `after CANCEL ${mode} further chunks are discarded`, [
      pair,
      chunk(1, 'one'),
      first('one'),
      send('b', 49, 1, { mode }),
      canceled,
      ...(mode === 'skip' ? [] : [expect('a', 69, any, any)]),
      chunk(1, 'two'),
      silence('a', 'b'),
    ]),
  ),
  scenario(
    'RPC-57',
    'the authorizer is asked for the first CALL only',
    [pair, chunk(1, 'one'), first('one'), last(1, 'two'), invoked('two')],
    {
      realm: { authorizer: onlyOneCall() },
    },
  ),
  scenario('RPC-57', 'a continuation for another procedure is discarded', [
    pair,
    chunk(1, 'one'),
    first('one'),
    send('b', 48, 1, { progress: true }, 'com.example.other', ['two']),
    silence('a', 'b'),
    last(1, 'three'),
    invoked('three'),
  ]),
]

/** Allows the first CALL after a REGISTER, and no other. */
function onlyOneCall(): Authorizer {
  let calls = 0
  return {
    authorize({ action }, decide) {
      calls = action === 'call' ? calls + 1 : 0
      decide(calls <= 1 ? 'allowed' : 'denied')
    },
  }
}

const watermark: readonly Scenario[] = [
  scenario('RPC-58', 'the next id begins a new call while a progressive one goes on', [
    pair,
    chunk(1, 'one'),
    first('one'),
    send('b', 48, 2, {}, PROC, ['other']),
    expect('a', 68, any, any, lacks('progress'), ['other']),
    last(1, 'two'),
    invoked('two'),
  ]),
  scenario('RPC-58', 'ids of other requests count as well', [
    pair,
    chunk(1, 'one'),
    first('one'),
    send('b', 32, 2, {}, 'com.example.topic'),
    expect('b', 33, 2, any),
    last(1, 'two'),
    invoked('two'),
    send('b', 48, 3, {}, PROC, ['new']),
    expect('a', 68, any, any, any, ['new']),
  ]),
  scenario('RPC-59', 'an id that skips one is a violation: 1, 2, then 4', [
    pair,
    chunk(1, 'one'),
    first('one'),
    send('b', 48, 2, {}, PROC, ['two']),
    send('b', 48, 4, {}, PROC, ['four']),
    violation('b', '4'),
  ]),
  scenario('RPC-60', 'an id at or below the watermark continues the call with that id: 1, 2, then 1', [
    pair,
    chunk(1, 'one'),
    first('one'),
    send('b', 48, 2, {}, PROC, ['two']),
    expect('a', 68, any, any, any, ['two']),
    chunk(1, 'three'),
    invoked('three'),
  ]),
  scenario('RPC-61', 'the id of an active call that is not progressive is a violation', [
    pair,
    send('b', 48, 1, {}, PROC, ['one']),
    expect('a', 68, any, any, any, any),
    send('b', 48, 1, {}, PROC, ['again']),
    violation('b', '1'),
  ]),
  scenario('RPC-61', 'so is a chunk after the last one', [
    pair,
    chunk(1, 'one'),
    first('one'),
    last(1, 'two'),
    invoked('two'),
    chunk(1, 'three'),
    violation('b', '1'),
  ]),
  scenario('RPC-62', 'the id of a call that is over is discarded in silence', [
    pair,
    chunk(1, 'one'),
    first('one'),
    answer(),
    expect('b', 50, 1, any),
    chunk(1, 'two'),
    send('b', 48, 2, {}, PROC, ['new']),
    expect('a', 68, any, any, any, ['new']),
  ]),
  scenario(
    'RPC-62',
    'lenient realms: the id of an active progressive call continues it, any other begins a new one',
    [
      pair,
      chunk(77, 'one'),
      first('one'),
      send('b', 48, 5, {}, PROC, ['other']),
      expect('a', 68, any, any, lacks('progress'), ['other']),
      last(77, 'two'),
      invoked('two'),
    ],
    { realm: { requestIds: 'lenient' } },
  ),
]

export const scenarios: readonly Scenario[] = [...chunks, ...watermark]
