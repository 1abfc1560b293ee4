// Sections 6.1 to 6.4 of the requirements: registering, calling, peers leaving, progressive results.

import {
  ALL_ROLES,
  any,
  bind,
  check,
  containing,
  drop,
  expect,
  join,
  ref,
  type Scenario,
  scenario,
  send,
  silence,
  where,
} from '../scenario.ts'

const PROC = 'com.example.procedure'
const registered = (who: string, id = 1, procedure = PROC, options: object = {}) => [
  send(who, 64, id, options, procedure),
  expect(who, 65, id, bind(`${who}${id}`)),
]
/** b calls (request id) and a gets the invocation, bound under `name`. */
const called = (name = 'invocation', id = 1, options: object = {}) => [
  send('b', 48, id, options, PROC),
  expect('a', 68, bind(name), any, any),
]
const two = [join('a'), join('b')].flat()
const lacks = (...keys: string[]) =>
  where(`a dictionary without ${keys.join(', ')}`, (value) => keys.every((key) => !Object.hasOwn(value as object, key)))
const without = (role: 'caller' | 'callee', feature: string) => {
  const features = { ...ALL_ROLES[role].features } as { [name: string]: boolean }
  delete features[feature]
  return { ...ALL_ROLES, [role]: { features } }
}

const registering: readonly Scenario[] = [
  scenario('RPC-01', 'REGISTER is answered by REGISTERED, or by ERROR', [
    join('a'),
    send('a', 64, 1, {}, PROC),
    expect(
      'a',
      65,
      1,
      where('an id', (value) => Number.isInteger(value) && (value as number) > 0),
    ),
    send('a', 64, 2, {}, 'com..procedure'),
    expect('a', 8, 64, 2, any, any, any),
    silence('a'),
  ]),
  scenario('RPC-02', 'a procedure that is registered already cannot be registered, by another session or the same', [
    two,
    registered('a'),
    send('b', 64, 1, {}, PROC),
    expect('b', 8, 64, 1, any, 'wamp.error.procedure_already_exists', any),
    send('a', 64, 2, {}, PROC),
    expect('a', 8, 64, 2, any, 'wamp.error.procedure_already_exists', any),
  ]),
  scenario('RPC-03', 'UNREGISTER of an own registration is answered by UNREGISTERED', [
    join('a'),
    registered('a'),
    send('a', 66, 2, ref('a1')),
    expect('a', 67, 2),
    silence('a'),
  ]),
  scenario('RPC-03', 'UNREGISTER of an unknown or foreign registration fails, and takes nothing from its owner', [
    two,
    registered('a'),
    send('b', 66, 1, 4711),
    expect('b', 8, 66, 1, any, 'wamp.error.no_such_registration', any),
    send('b', 66, 2, ref('a1')),
    expect('b', 8, 66, 2, any, 'wamp.error.no_such_registration', any),
    send('b', 48, 3, {}, PROC),
    expect('a', 68, any, ref('a1'), any),
  ]),
  scenario('RPC-04', 'after UNREGISTER the URI is free, and running invocations go on', [
    two,
    registered('a'),
    called(),
    send('a', 66, 2, ref('a1')),
    expect('a', 67, 2),
    send('b', 64, 2, {}, PROC),
    expect('b', 65, 2, any),
    send('a', 70, ref('invocation'), {}, ['late']),
    expect('b', 50, 1, any, ['late']),
  ]),
]

const calling: readonly Scenario[] = [
  scenario('RPC-10', 'a call reaches the callee and ends with exactly one RESULT', [
    two,
    registered('a'),
    called(),
    send('a', 70, ref('invocation'), {}),
    expect('b', 50, 1, any),
    send('a', 70, ref('invocation'), {}),
    silence('a', 'b'),
  ]),
  scenario('RPC-10', 'a call that ended with ERROR does not end a second time', [
    two,
    registered('a'),
    called(),
    send('a', 8, 68, ref('invocation'), {}, 'com.example.error'),
    expect('b', 8, 48, 1, any, any),
    send('a', 70, ref('invocation'), {}),
    silence('a', 'b'),
  ]),
  scenario('RPC-11', 'the payload of the call reaches the callee, that of the yield the caller', [
    two,
    registered('a'),
    send('b', 48, 1, {}, PROC, [1, 'zwei'], { three: [3] }),
    expect('a', 68, bind('invocation'), ref('a1'), {}, [1, 'zwei'], { three: [3] }),
    send('a', 70, ref('invocation'), {}, [[]], { x: null }),
    expect('b', 50, 1, {}, [[]], { x: null }),
  ]),
  scenario('RPC-12', 'ERROR of the callee reaches the caller with URI and payload', [
    two,
    registered('a'),
    called(),
    send('a', 8, 68, ref('invocation'), { anything: 1 }, 'com.example.error', ['no'], { code: 7 }),
    expect('b', 8, 48, 1, {}, 'com.example.error', ['no'], { code: 7 }),
    silence('b'),
  ]),
  scenario('RPC-13', 'a call without a matching registration fails with no_such_procedure', [
    join('a'),
    send('a', 48, 1, {}, PROC),
    expect('a', 8, 48, 1, any, 'wamp.error.no_such_procedure', any),
  ]),
  scenario('RPC-14', 'a refused call gets ERROR, and no callee an invocation', [
    two,
    registered('a', 1, 'com.', { match: 'prefix' }),
    send('b', 48, 1, {}, 'com..procedure'),
    expect('b', 8, 48, 1, any, 'wamp.error.invalid_uri', any),
    silence('a'),
  ]),
  scenario('RPC-15', 'many calls are in flight at once, and a callee may call itself', [
    join('a'),
    registered('a'),
    send('a', 48, 2, {}, PROC, ['x']),
    send('a', 48, 3, {}, PROC, ['y']),
    expect('a', 68, bind('x'), any, any, ['x']),
    expect('a', 68, bind('y'), any, any, ['y']),
    send('a', 70, ref('y'), {}, ['y']),
    expect('a', 50, 3, any, ['y']),
    send('a', 70, ref('x'), {}, ['x']),
    expect('a', 50, 2, any, ['x']),
  ]),
  scenario(
    'RPC-18',
    'an invocation longer than the callee accepts, and a result longer than the caller accepts, fail with payload_size_exceeded',
    [
      { kind: 'attach', who: 'a', frameBytesMax: 1024 },
      send('a', 1, 'realm1', { roles: ALL_ROLES }),
      expect('a', 2, any, any),
      join('b'),
      registered('a'),
      send('b', 48, 1, {}, PROC, ['x'.repeat(2000)]),
      expect('b', 8, 48, 1, any, 'wamp.error.payload_size_exceeded', any),
      send('b', 64, 2, {}, 'com.example.large'),
      expect('b', 65, 2, any),
      send('a', 48, 2, {}, 'com.example.large'),
      expect('b', 68, bind('invocation'), any, any),
      send('b', 70, ref('invocation'), {}, ['x'.repeat(2000)]),
      expect('a', 8, 48, 2, any, 'wamp.error.payload_size_exceeded', any),
      silence('a', 'b'),
    ],
    { ways: ['memory'] },
  ),
]

const leaving: readonly Scenario[] = [
  scenario('RPC-24', 'when the caller leaves, a callee that can cancel is interrupted with killnowait; its answer is discarded', [
    two,
    registered('a'),
    called(),
    drop('b'),
    expect('a', 69, ref('invocation'), { mode: 'killnowait' }),
    send('a', 70, ref('invocation'), {}, ['late']),
    silence('a'),
  ]),
  scenario('RPC-24', 'a callee that cannot cancel hears nothing', [
    join('a', { callee: {} }),
    join('b'),
    registered('a'),
    called(),
    drop('b'),
    send('a', 70, ref('invocation'), {}, ['late']),
    silence('a'),
  ]),
  scenario('RPC-26', 'when the callee leaves, each caller gets canceled', [
    two,
    join('c'),
    registered('a'),
    called('first', 1),
    send('c', 48, 1, {}, PROC),
    expect('a', 68, any, any, any),
    drop('a'),
    expect('b', 8, 48, 1, any, 'wamp.error.canceled', any),
    expect('c', 8, 48, 1, any, 'wamp.error.canceled', any),
    silence('b', 'c'),
  ]),
  scenario('RPC-26', 'also when a kill was pending', [
    two,
    registered('a'),
    called(),
    send('b', 49, 1, { mode: 'kill' }),
    expect('a', 69, any, any),
    drop('a'),
    expect('b', 8, 48, 1, any, 'wamp.error.canceled', any),
    silence('b'),
  ]),
  scenario('RPC-27', 'leaving in the middle of progressive results: by GOODBYE as by loss', [
    two,
    registered('a'),
    called('invocation', 1, { receive_progress: true }),
    send('a', 70, ref('invocation'), { progress: true }, [1]),
    expect('b', 50, 1, any, [1]),
    send('a', 6, {}, 'wamp.close.close_realm'),
    expect('a', 6, any, any),
    expect('b', 8, 48, 1, any, 'wamp.error.canceled', any),
    silence('b'),
  ]),
  scenario('RPC-27', 'a session that is caller and callee leaves without a trace', [
    two,
    registered('a'),
    send('a', 48, 2, {}, PROC),
    expect('a', 68, any, any, any),
    drop('a'),
    silence('b'),
    check('no registration is left', (router) => router.realm('realm1')!.dealer.size === 0),
  ]),
]

const progress: readonly Scenario[] = [
  scenario('RPC-30', 'a callee that announces progress without canceling is not told that progress is wanted', [
    join('a', { callee: { features: { progressive_call_results: true } } }),
    join('b'),
    registered('a'),
    send('b', 48, 1, { receive_progress: true }, PROC),
    expect('a', 68, any, any, lacks('receive_progress')),
  ]),
  scenario('RPC-30', 'a caller that asks for progress gets it, announced or not', [
    join('a'),
    join('b', without('caller', 'progressive_call_results')),
    registered('a'),
    send('b', 48, 1, { receive_progress: true }, PROC),
    expect('a', 68, bind('invocation'), any, containing({ receive_progress: true })),
    send('a', 70, ref('invocation'), { progress: true }, ['so far']),
    expect('b', 50, 1, { progress: true }, ['so far']),
  ]),
  scenario('RPC-31', 'receive_progress is told to a callee that supports it', [
    two,
    registered('a'),
    send('b', 48, 1, { receive_progress: true }, PROC),
    expect('a', 68, any, any, containing({ receive_progress: true })),
  ]),
  scenario('RPC-31', 'without support the key is absent and the call goes on as any', [
    join('a', without('callee', 'progressive_call_results')),
    join('b'),
    registered('a'),
    send('b', 48, 1, { receive_progress: true }, PROC),
    expect('a', 68, bind('invocation'), any, lacks('receive_progress')),
    send('a', 70, ref('invocation'), {}, ['once']),
    expect('b', 50, 1, any, ['once']),
  ]),
  scenario('RPC-32', 'a progressive YIELD becomes a progressive RESULT at once', [
    two,
    registered('a'),
    called('invocation', 1, { receive_progress: true }),
    send('a', 70, ref('invocation'), { progress: true }, [1]),
    expect('b', 50, 1, containing({ progress: true }), [1]),
  ]),
  scenario('RPC-33', 'a YIELD without progress ends the call; nothing progressive comes after', [
    two,
    registered('a'),
    called('invocation', 1, { receive_progress: true }),
    send('a', 70, ref('invocation'), { progress: false }, ['last']),
    expect('b', 50, 1, lacks('progress'), ['last']),
    send('a', 70, ref('invocation'), { progress: true }, ['after']),
    silence('b'),
  ]),
  scenario('RPC-33', 'an ERROR ends it too', [
    two,
    registered('a'),
    called('invocation', 1, { receive_progress: true }),
    send('a', 8, 68, ref('invocation'), {}, 'com.example.error'),
    expect('b', 8, 48, 1, any, 'com.example.error'),
    send('a', 70, ref('invocation'), { progress: true }, ['after']),
    silence('b'),
  ]),
  scenario('RPC-34', 'progressive and final results may be empty and differ; a callee may answer just once', [
    two,
    registered('a'),
    called('invocation', 1, { receive_progress: true }),
    send('a', 70, ref('invocation'), { progress: true }),
    expect('b', 50, 1, any),
    send('a', 70, ref('invocation'), { progress: true }, [1], { k: 'v' }),
    expect('b', 50, 1, any, [1], { k: 'v' }),
    send('a', 70, ref('invocation'), {}),
    expect('b', 50, 1, any),
  ]),
  scenario('RPC-37', 'progress that nobody asked for is not forwarded, and the call stays open', [
    two,
    registered('a'),
    called(),
    send('a', 70, ref('invocation'), { progress: true }, ['unasked']),
    silence('b'),
    send('a', 70, ref('invocation'), {}, ['final']),
    expect('b', 50, 1, any, ['final']),
  ]),
  scenario('RPC-39', 'no progressive result is dropped or reordered, however many there are', [
    two,
    registered('a'),
    called('invocation', 1, { receive_progress: true }),
    ...Array.from({ length: 300 }, (_, n) => send('a', 70, ref('invocation'), { progress: true }, [n])),
    ...Array.from({ length: 300 }, (_, n) => expect('b', 50, 1, any, [n])),
    silence('b'),
  ]),
]

export const scenarios: readonly Scenario[] = [...registering, ...calling, ...leaving, ...progress]
