// Section 4.3 of the requirements: protocol violations, each with what PRV-32 asks for: exactly one ABORT with the reason, then
// the end of the transport; nothing queued behind it has an effect; others see that the session is gone.

import {
  ALL_ROLES,
  any,
  attach,
  bind,
  expect,
  join,
  raw,
  ref,
  type Scenario,
  type Step,
  scenario,
  send,
  silence,
  violation,
} from '../scenario.ts'

const TOPIC = 'com.example.topic'
const PROCEDURE = 'com.example.procedure'
const PLAIN_ROLES = { caller: {}, callee: {}, publisher: {}, subscriber: {} }
const FRAMES = { ways: ['memory', 'sockets'] } as const

/** The witness hears of the topic; the violator has a procedure. */
const prepared: readonly Step[] = [
  ...join('witness'),
  ...join('violator'),
  send('witness', 32, 1, {}, TOPIC),
  expect('witness', 33, 1, any),
  send('violator', 64, 1, {}, PROCEDURE),
  expect('violator', 65, 1, any),
]

/** The same with a violator that announced no features. */
const preparedPlain: readonly Step[] = prepared.map((step) =>
  step.kind === 'send' && step.who === 'violator' && step.message[0] === 1 ? send('violator', 1, 'realm1', { roles: PLAIN_ROLES }) : step,
)

/** The violator's next new request has the id 2 in `offence`, and the one queued behind it has `nextId`. */
function row(
  id: string,
  title: string,
  offence: readonly Step[],
  text = '',
  nextId = 2,
  options: Parameters<typeof scenario>[3] = {},
  before: readonly Step[] = prepared,
): Scenario {
  const steps = [
    ...before,
    ...offence,
    send('violator', 16, nextId, {}, TOPIC, ['behind the violation']),
    violation('violator', text),
    silence('witness'),
    send('witness', 48, 2, {}, PROCEDURE),
    expect('witness', 8, 48, 2, any, 'wamp.error.no_such_procedure'),
  ]
  return scenario(id, title, steps, options)
}

/** The offence of a violator that announced no features. */
function plain(id: string, title: string, text: string, offence: readonly Step[]): Scenario {
  return row(id, title, offence, text, 3, {}, preparedPlain)
}

/** Messages before a session, then a HELLO that comes too late. */
function before(id: string, title: string, message: readonly unknown[]): Scenario {
  return scenario(id, title, [attach('a'), send('a', ...message), send('a', 1, 'realm1', { roles: ALL_ROLES }), violation('a')])
}

const hello = send('violator', 1, 'realm1', { roles: ALL_ROLES })
const ppt = { ppt_scheme: 'x_custom', ppt_serializer: 'cbor' }

const rows: readonly Scenario[] = [
  row('PRV-02', 'HELLO in an established session', [hello], 'HELLO'),
  row('PRV-02', 'HELLO for another realm', [send('violator', 1, 'realm2', { roles: ALL_ROLES })], 'HELLO'),
  before('PRV-04', 'GOODBYE before HELLO', [6, {}, 'wamp.close.close_realm']),
  before('PRV-04', 'ERROR before HELLO', [8, 68, 1, {}, 'com.example.error']),
  ...[16, 48, 49, 70].map((type) =>
    row('PRV-06', `ERROR for type ${type}`, [send('violator', 8, type, 1, {}, 'com.example.error')], `${type}`),
  ),
  row('PRV-07', 'YIELD for an invocation that never was', [send('violator', 70, 1, {})], 'YIELD'),
  row('PRV-07', 'ERROR for an invocation that never was', [send('violator', 8, 68, 1, {}, 'com.example.error')], 'ERROR'),
  scenario('PRV-07', 'YIELD and ERROR for an invocation that was are dropped', [
    ...prepared,
    send('witness', 48, 2, {}, PROCEDURE),
    expect('violator', 68, 1, any, any),
    send('violator', 70, 1, {}),
    expect('witness', 50, 2, any),
    send('violator', 70, 1, {}),
    send('violator', 8, 68, 1, {}, 'com.example.error'),
    silence('witness', 'violator'),
  ]),
  row('PRV-08', 'a request id that is not the next one', [send('violator', 32, 5, {}, 'com.example.other')], '5', 6),
  row('PRV-08', 'also of a PUBLISH that nobody answers', [send('violator', 16, 5, {}, 'com.example.other')], '5', 6),
  row('PRV-09', 'a message that is no list', [raw('violator', '{"type":16}')], '', 2, FRAMES),
  row('PRV-09', 'an empty list', [raw('violator', '[]')], '', 2, FRAMES),
  row('PRV-09', 'an unknown type code', [send('violator', 200, 2, {})], '200', 2, FRAMES),
  row('PRV-09', 'a wrong length', [send('violator', 34, 2)], 'UNSUBSCRIBE', 2, FRAMES),
  row('PRV-09', 'a wrong type of an element', [send('violator', 34, 2, 'x')], 'UNSUBSCRIBE', 2, FRAMES),
  row('PRV-10', 'what is no JSON', [raw('violator', '[16,2,{},"com.example.topic"')], '', 2, FRAMES),
  row(
    'PRV-10',
    'invalid UTF-8',
    [raw('violator', new Uint8Array([0x5b, 0x31, 0x36, 0x2c, 0x32, 0x2c, 0x7b, 0x7d, 0x2c, 0x22, 0xff, 0x22, 0x5d]))],
    '',
    2,
    FRAMES,
  ),
  plain('PRV-11', 'progress: true of a caller that did not announce it', 'progress', [
    send('violator', 48, 2, { progress: true }, 'com.example.other'),
  ]),
  row('PRV-13', 'a CALL id beyond the next', [send('violator', 48, 4, {}, 'com.example.other')], '4', 5),
  row(
    'PRV-13',
    'the id of a call in flight',
    [send('violator', 48, 2, {}, PROCEDURE), expect('violator', 68, 1, any, any), send('violator', 48, 2, {}, PROCEDURE)],
    '2',
    3,
  ),
  row(
    'PRV-13',
    'the id of a call in flight, in a lenient realm',
    [send('violator', 48, 2, {}, PROCEDURE), expect('violator', 68, 1, any, any), send('violator', 48, 2, {}, PROCEDURE)],
    '2',
    3,
    { realm: { requestIds: 'lenient' } },
  ),
  plain('PRV-16', 'CALL with ppt_scheme of a caller that did not announce it', 'ppt_scheme', [
    send('violator', 48, 2, ppt, 'com.example.other'),
  ]),
  plain('PRV-16', 'PUBLISH with ppt_scheme of a publisher that did not announce it', 'ppt_scheme', [send('violator', 16, 2, ppt, TOPIC)]),
  plain('PRV-16', 'YIELD with ppt_scheme of a callee that did not announce it', 'ppt_scheme', [
    send('violator', 48, 2, {}, PROCEDURE),
    expect('violator', 68, 1, any, any),
    send('violator', 70, 1, ppt),
  ]),
  row('PRV-17', 'a known option of a wrong type', [send('violator', 16, 2, { exclude_me: 0 }, TOPIC)], 'exclude_me', 3, FRAMES),
  row('PRV-17', 'a known option of a wrong value', [send('violator', 64, 2, { invoke: 'all' }, 'com.example.other')], 'invoke', 3, FRAMES),
  row('PRV-18', 'a message that only routers send', [send('violator', 36, 1, 1, {})], 'EVENT'),
  row('PRV-19', 'AUTHENTICATE when no CHALLENGE is pending', [send('violator', 5, 'signature', {})], 'AUTHENTICATE'),
  before('PRV-19', 'AUTHENTICATE before HELLO', [5, 'signature', {}]),
  row(
    'PRV-32',
    'a violation: one ABORT, the end, no effect behind it, nothing left of the session',
    [send('violator', 32, 9, {}, TOPIC)],
    '',
    10,
  ),
]

const never: readonly Scenario[] = [
  scenario('PRV-30', 'CANCEL for an unknown and for a finished call', [
    ...prepared,
    send('witness', 49, 99, {}),
    send('witness', 48, 2, {}, PROCEDURE),
    expect('violator', 68, 1, any, any),
    send('violator', 70, 1, {}),
    expect('witness', 50, 2, any),
    send('witness', 49, 2, { mode: 'kill' }),
    silence('witness', 'violator'),
  ]),
  scenario('PRV-30', 'a late YIELD and a late ERROR after a cancel', [
    ...prepared,
    send('witness', 48, 2, {}, PROCEDURE),
    expect('violator', 68, 1, any, any),
    send('witness', 49, 2, { mode: 'skip' }),
    expect('witness', 8, 48, 2, any, any),
    send('violator', 70, 1, {}),
    send('violator', 8, 68, 1, {}, 'com.example.error'),
    silence('witness', 'violator'),
  ]),
  scenario('PRV-30', 'a second UNSUBSCRIBE and UNREGISTER are errors, no violations', [
    join('a'),
    send('a', 32, 1, {}, TOPIC),
    expect('a', 33, 1, bind('subscription')),
    send('a', 64, 2, {}, PROCEDURE),
    expect('a', 65, 2, bind('registration')),
    send('a', 34, 3, ref('subscription')),
    expect('a', 35, 3),
    send('a', 34, 4, ref('subscription')),
    expect('a', 8, 34, 4, any, any),
    send('a', 66, 5, ref('registration')),
    expect('a', 67, 5),
    send('a', 66, 6, ref('registration')),
    expect('a', 8, 66, 6, any, any),
  ]),
  scenario('PRV-30', 'empty Arguments', [join('a'), send('a', 16, 1, { acknowledge: true }, TOPIC, [], {}), expect('a', 17, 1, any)]),
]

const action: readonly Scenario[] = [
  row('PRV-01', 'ABORT, no further message is processed, registrations are gone', [send('violator', 17, 1, 1)]),
  scenario('PRV-01', 'a violation before the session begins', [attach('a'), send('a', 48, 1, {}, PROCEDURE), violation('a')]),
]

export const scenarios: readonly Scenario[] = [...action, ...rows, ...never]
