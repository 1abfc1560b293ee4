// Section 1 of the requirements: messages.

import {
  any,
  bind,
  closed,
  expect,
  join,
  type Placeholder,
  ref,
  type Scenario,
  type Step,
  scenario,
  send,
  silence,
  violation,
  where,
} from '../scenario.ts'

/** What is no message cannot be given to the core, which takes messages. */
const FRAMES = { ways: ['memory', 'sockets'] } as const

const TOPIC = 'com.example.topic'
const PROCEDURE = 'com.example.procedure'
const bytes = new Uint8Array([0, 1, 254, 255])
const args = [1, 'two', null, true, [], { deep: [{ er: -7 }] }, 0.5, 'ünï✓', bytes]
const kwargs = { _any: 'key', x: [1, 2], é: {} }

function subscribed(who: string, ...topics: readonly string[]): Step[] {
  return topics.flatMap((topic, at) => [send(who, 32, at + 1, {}, topic), expect(who, 33, at + 1, bind(`${who}:${topic}`))])
}
function registered(who: string, procedure = PROCEDURE): Step[] {
  return [send(who, 64, 1, {}, procedure), expect(who, 65, 1, bind(`${who}:${procedure}`))]
}

/** `message` ends the session; every other one stays. */
function malformed(id: string, title: string, message: readonly unknown[], text = ''): Scenario {
  return scenario(id, title, [join('a'), send('a', ...message), violation('a', text)], FRAMES)
}

const payloads: readonly Scenario[] = [
  scenario('MSG-12', 'PUBLISH to EVENT: arguments as given', [
    join('a'),
    join('b'),
    subscribed('a', TOPIC),
    send('b', 16, 1, {}, TOPIC, args, kwargs),
    expect('a', 36, ref(`a:${TOPIC}`), any, any, args, kwargs),
    send('b', 16, 2, {}, TOPIC, args),
    expect('a', 36, ref(`a:${TOPIC}`), any, any, args),
    send('b', 16, 3, {}, TOPIC),
    expect('a', 36, ref(`a:${TOPIC}`), any, any),
  ]),
  scenario('MSG-12', 'CALL to INVOCATION and YIELD to RESULT: arguments as given', [
    join('callee'),
    join('caller'),
    registered('callee'),
    send('caller', 48, 1, {}, PROCEDURE, args, kwargs),
    expect('callee', 68, 1, any, any, args, kwargs),
    send('callee', 70, 1, {}, [...args, 'answer'], kwargs),
    expect('caller', 50, 1, any, [...args, 'answer'], kwargs),
  ]),
  scenario('MSG-12', 'ERROR to ERROR: arguments as given', [
    join('callee'),
    join('caller'),
    registered('callee'),
    send('caller', 48, 1, {}, PROCEDURE),
    expect('callee', 68, 1, any, any),
    send('callee', 8, 68, 1, {}, 'com.example.error', args, kwargs),
    expect('caller', 8, 48, 1, any, 'com.example.error', args, kwargs),
  ]),
  scenario('MSG-06', 'empty arguments are accepted like absent ones', [
    join('callee'),
    join('caller'),
    registered('callee'),
    send('caller', 48, 1, {}, PROCEDURE, []),
    expect('callee', 68, 1, any, any),
    send('callee', 70, 1, {}, [], {}),
    expect('caller', 50, 1, any),
  ]),
]

const withoutKey = (key: string): Placeholder => where(`a dictionary without ${key}`, (value) => !Object.hasOwn(value as object, key))

const unknownOptions: readonly Scenario[] = [
  scenario('MSG-04', 'unknown options are ignored in every request', [
    join('a'),
    send('a', 32, 1, { _unknown: [1, 2], unknown: true }, TOPIC),
    expect('a', 33, 1, bind('subscription')),
    send('a', 16, 2, { acknowledge: true, unknown: { x: 1 } }, TOPIC),
    expect('a', 17, 2, any),
    send('a', 64, 3, { unknown: null }, PROCEDURE),
    expect('a', 65, 3, any),
    send('a', 48, 4, { unknown: 'x' }, 'com.example.nobody'),
    expect('a', 8, 48, 4, any, 'wamp.error.no_such_procedure'),
  ]),
  scenario('MSG-04', 'unknown options are not forwarded', [
    join('a'),
    join('b'),
    send('a', 32, 1, {}, TOPIC),
    expect('a', 33, 1, any),
    send('a', 64, 2, {}, PROCEDURE),
    expect('a', 65, 2, any),
    send('b', 16, 1, { _unknown: 1 }, TOPIC),
    expect('a', 36, any, any, withoutKey('_unknown')),
    send('b', 48, 2, { _unknown: 1 }, PROCEDURE),
    expect('a', 68, bind('invocation'), any, withoutKey('_unknown')),
    send('a', 70, ref('invocation'), { _unknown: 1 }),
    expect('b', 50, 2, withoutKey('_unknown')),
  ]),
]

const violations: readonly Scenario[] = [
  malformed('MSG-05', 'a type code that WAMP does not have', [99, 1, {}]),
  malformed('MSG-05', 'a type code of implementations that is not implemented here', [1023, 1]),
  malformed('MSG-18', 'EVENT_RECEIVED is not implemented, hence unknown', [337, 1]),
  malformed('MSG-10', 'an empty list', []),
  malformed('MSG-10', 'a type code that is no integer', ['32', 1, {}, TOPIC]),
  malformed('MSG-10', 'too few elements', [32, 1, {}]),
  malformed('MSG-10', 'too many elements', [32, 1, {}, TOPIC, [], {}]),
  malformed('MSG-10', 'a string where an id belongs', [32, '1', {}, TOPIC]),
  malformed('MSG-10', 'a list where a dictionary belongs', [32, 1, [], TOPIC]),
  malformed('MSG-10', 'a number where a URI belongs', [48, 1, {}, 7]),
  malformed('MSG-08', 'ArgumentsKw must be a dictionary', [16, 1, {}, TOPIC, [], []]),
  malformed('MSG-11', 'PUBLISH acknowledge: 1', [16, 1, { acknowledge: 1 }, TOPIC], 'acknowledge'),
  malformed('MSG-11', 'PUBLISH exclude: "x"', [16, 1, { exclude: 'x' }, TOPIC], 'exclude'),
  malformed('MSG-11', 'PUBLISH exclude: ["x"]', [16, 1, { exclude: ['x'] }, TOPIC], 'exclude'),
  malformed('MSG-11', 'SUBSCRIBE match: "foo"', [32, 1, { match: 'foo' }, TOPIC], 'match'),
  malformed('MSG-11', 'SUBSCRIBE get_retained: "x"', [32, 1, { get_retained: 'x' }, TOPIC], 'get_retained'),
  malformed('MSG-11', 'REGISTER invoke: "foo"', [64, 1, { invoke: 'foo' }, PROCEDURE], 'invoke'),
  malformed('MSG-11', 'CALL timeout: -1', [48, 1, { timeout: -1 }, PROCEDURE], 'timeout'),
  malformed('MSG-11', 'CANCEL mode: "foo"', [49, 1, { mode: 'foo' }], 'mode'),
  malformed('MSG-11', 'YIELD progress: "x"', [70, 1, { progress: 'x' }], 'progress'),
]

/** What routers send, sent to one. */
const WRONG_WAY: readonly (readonly unknown[])[] = [
  [2, 1, {}],
  [4, 'ticket', {}],
  [17, 1, 1],
  [33, 1, 1],
  [35, 1],
  [36, 1, 1, {}],
  [50, 1, {}],
  [65, 1, 1],
  [67, 1],
  [68, 1, 1, {}],
  [69, 1, {}],
]

const wrongWay: readonly Scenario[] = WRONG_WAY.map((message) =>
  scenario('MSG-16', `message ${message[0]} is the router's to send`, [join('a'), send('a', ...message), violation('a')]),
)

const more: readonly Scenario[] = [
  scenario('MSG-09', 'a session of each single role is served in that role', [
    join('publisher', { publisher: {} }),
    join('subscriber', { subscriber: {} }),
    join('callee', { callee: {} }),
    join('caller', { caller: {} }),
    send('subscriber', 32, 1, {}, TOPIC),
    expect('subscriber', 33, 1, bind('subscription')),
    send('publisher', 16, 1, { acknowledge: true }, TOPIC),
    expect('publisher', 17, 1, any),
    expect('subscriber', 36, ref('subscription'), any, any),
    send('callee', 64, 1, {}, PROCEDURE),
    expect('callee', 65, 1, bind('registration')),
    send('caller', 48, 1, {}, PROCEDURE),
    expect('callee', 68, 1, ref('registration'), any),
    send('callee', 70, 1, {}),
    expect('caller', 50, 1, any),
    send('subscriber', 34, 2, ref('subscription')),
    expect('subscriber', 35, 2),
    send('callee', 66, 2, ref('registration')),
    expect('callee', 67, 2),
  ]),
  scenario('MSG-09', 'a message of a role that was not announced', [
    join('a', { subscriber: {} }),
    send('a', 48, 1, {}, PROCEDURE),
    violation('a'),
  ]),
  scenario('MSG-14', 'ABORT with arguments is accepted', [
    join('a'),
    send('a', 3, { message: 'enough' }, 'com.example.reason', ['why'], { x: 1 }),
    closed('a'),
  ]),
  scenario(
    'MSG-15',
    'UNSUBSCRIBE and UNREGISTER may carry Options',
    [
      join('a'),
      send('a', 32, 1, {}, TOPIC),
      expect('a', 33, 1, bind('subscription')),
      send('a', 64, 2, {}, PROCEDURE),
      expect('a', 65, 2, bind('registration')),
      send('a', 34, 3, ref('subscription'), { forward_for: [] }),
      expect('a', 35, 3),
      send('a', 66, 4, ref('registration'), {}),
      expect('a', 67, 4),
    ],
    FRAMES,
  ),
  scenario('MSG-17', 'ERROR carries the type of the request: 16, 32, 34, 48, 64, 66', [
    join('a'),
    send('a', 16, 1, { acknowledge: true }, 'not..valid'),
    expect('a', 8, 16, 1, any, any),
    send('a', 32, 2, {}, 'not..valid'),
    expect('a', 8, 32, 2, any, any),
    send('a', 34, 3, 9_999_999),
    expect('a', 8, 34, 3, any, any),
    send('a', 48, 4, {}, 'not..valid'),
    expect('a', 8, 48, 4, any, any),
    send('a', 64, 5, {}, 'not..valid'),
    expect('a', 8, 64, 5, any, any),
    send('a', 66, 6, 9_999_999),
    expect('a', 8, 66, 6, any, any),
  ]),
  scenario('MSG-17', 'CANCEL and YIELD never get an ERROR of their own', [
    join('callee'),
    join('caller'),
    registered('callee'),
    send('caller', 49, 77, {}),
    silence('caller'),
    send('caller', 48, 1, {}, PROCEDURE),
    expect('callee', 68, 1, any, any),
    send('callee', 70, 1, {}),
    expect('caller', 50, 1, any),
    send('callee', 70, 1, {}),
    send('caller', 49, 1, {}),
    silence('callee', 'caller'),
  ]),
]

export const scenarios: readonly Scenario[] = [...payloads, ...unknownOptions, ...violations, ...wrongWay, ...more]
