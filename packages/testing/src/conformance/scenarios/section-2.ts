// Section 2 of the requirements: ids and URIs.

import {
  ALL_ROLES,
  any,
  attach,
  bind,
  closed,
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
  where,
} from '../scenario.ts'

const TOPIC = 'com.example.topic'
const PROCEDURE = 'com.example.procedure'
const other = (than: () => unknown) => where('another value', (value) => value !== than())

/** Keeps a value for the comparisons that `ref` cannot make. */
function keeper(name: string): { keep: ReturnType<typeof where>; value: () => unknown } {
  let kept: unknown
  const accepts = (value: unknown): boolean => {
    kept = value
    return true
  }
  return { keep: where(name, accepts), value: () => kept }
}

const isGlobal = where(
  'an id drawn from the whole range',
  (value) => Number.isInteger(value) && (value as number) > 2 ** 32 && (value as number) <= 2 ** 53,
)

function ids(): Scenario[] {
  const first = keeper('the first id')
  return [
    scenario('ID-01', 'request id 0', [join('a'), send('a', 32, 0, {}, TOPIC), violation('a')], { ways: ['memory', 'sockets'] }),
    scenario('ID-01', 'request id 2^53', [join('a'), send('a', 32, 2 ** 53, {}, TOPIC), expect('a', 33, 2 ** 53, any)], {
      realm: { requestIds: 'lenient' },
    }),
    scenario('ID-02', 'session ids are random over the whole range', [
      attach('a'),
      send('a', 1, 'realm1', { roles: ALL_ROLES }),
      expect('a', 2, isGlobal, any),
      attach('b'),
      send('b', 1, 'realm1', { roles: ALL_ROLES }),
      expect('b', 2, isGlobal, any),
    ]),
    scenario('ID-02', 'publication ids are random over the whole range', [
      join('a'),
      join('b'),
      send('b', 32, 1, {}, TOPIC),
      expect('b', 33, 1, any),
      send('a', 16, 1, { acknowledge: true }, TOPIC),
      expect('a', 17, 1, isGlobal),
      expect('b', 36, any, isGlobal, any),
      send('a', 16, 2, {}, TOPIC),
      expect('b', 36, any, isGlobal, any),
    ]),
    scenario('ID-03', 'one subscription id per topic and match, shared by all sessions', [
      join('a'),
      join('b'),
      send('a', 32, 1, {}, TOPIC),
      expect('a', 33, 1, first.keep),
      send('b', 32, 1, { match: 'exact' }, TOPIC),
      expect(
        'b',
        33,
        1,
        where('the same id', (value) => value === first.value()),
      ),
      send('b', 32, 2, { match: 'prefix' }, TOPIC),
      expect('b', 33, 2, other(first.value)),
    ]),
    scenario('ID-03', 'one registration id per procedure and match, shared by all callees', [
      join('a'),
      join('b'),
      send('a', 64, 1, { invoke: 'roundrobin' }, PROCEDURE),
      expect('a', 65, 1, bind('registration')),
      send('b', 64, 1, { invoke: 'roundrobin' }, PROCEDURE),
      expect('b', 65, 1, ref('registration')),
    ]),
  ]
}

/** An id that was given back does not stand for what is there now. */
const notUsedAgain: readonly Scenario[] = [
  scenario('ID-14', 'a subscription id is not used again', [
    join('a'),
    send('a', 32, 1, {}, TOPIC),
    expect('a', 33, 1, bind('first')),
    send('a', 34, 2, ref('first')),
    expect('a', 35, 2),
    send('a', 32, 3, {}, TOPIC),
    expect('a', 33, 3, any),
    send('a', 34, 4, ref('first')),
    expect('a', 8, 34, 4, any, any),
  ]),
  scenario('ID-14', 'a registration id is not used again', [
    join('a'),
    send('a', 64, 1, {}, PROCEDURE),
    expect('a', 65, 1, bind('first')),
    send('a', 66, 2, ref('first')),
    expect('a', 67, 2),
    send('a', 64, 3, {}, PROCEDURE),
    expect('a', 65, 3, any),
    send('a', 66, 4, ref('first')),
    expect('a', 8, 66, 4, any, any),
  ]),
]

const counted: readonly Scenario[] = [
  scenario('ID-04', 'ids of a session begin at 1, also in another session', [
    join('a'),
    join('b'),
    send('a', 32, 1, {}, TOPIC),
    expect('a', 33, 1, any),
    send('a', 32, 2, {}, 'com.example.other'),
    expect('a', 33, 2, any),
    send('b', 32, 1, {}, TOPIC),
    expect('b', 33, 1, any),
  ]),
  scenario('ID-05', 'YIELD, ERROR and CANCEL take no new id', [
    join('a'),
    send('a', 64, 1, {}, PROCEDURE),
    expect('a', 65, 1, any),
    send('a', 48, 2, {}, PROCEDURE),
    expect('a', 68, 1, any, any),
    send('a', 70, 1, {}),
    expect('a', 50, 2, any),
    send('a', 48, 3, {}, PROCEDURE),
    expect('a', 68, 2, any, any),
    send('a', 8, 68, 2, {}, 'com.example.error'),
    expect('a', 8, 48, 3, any, any),
    send('a', 49, 3, {}),
    send('a', 32, 4, {}, TOPIC),
    expect('a', 33, 4, any),
  ]),
  scenario('ID-06', 'every answer has the id of its request', [
    join('a'),
    send('a', 32, 1, {}, TOPIC),
    expect('a', 33, 1, bind('subscription')),
    send('a', 16, 2, { acknowledge: true }, TOPIC),
    expect('a', 17, 2, any),
    send('a', 34, 3, ref('subscription')),
    expect('a', 35, 3),
    send('a', 64, 4, {}, PROCEDURE),
    expect('a', 65, 4, bind('registration')),
    send('a', 48, 5, {}, PROCEDURE),
    expect('a', 68, bind('invocation'), any, any),
    send('a', 70, ref('invocation'), {}),
    expect('a', 50, 5, any),
    send('a', 66, 6, ref('registration')),
    expect('a', 67, 6),
    send('a', 48, 7, {}, PROCEDURE),
    expect('a', 8, 48, 7, any, any),
  ]),
  scenario('ID-07', 'one counter for all kinds of requests, also for PUBLISH that nobody answers', [
    join('a'),
    send('a', 16, 1, {}, TOPIC),
    send('a', 32, 2, {}, TOPIC),
    expect('a', 33, 2, any),
    send('a', 64, 3, {}, PROCEDURE),
    expect('a', 65, 3, any),
  ]),
  scenario('ID-07', 'a counter of its own for every kind is refused', [
    join('a'),
    send('a', 32, 1, {}, TOPIC),
    expect('a', 33, 1, any),
    send('a', 64, 1, {}, PROCEDURE),
    violation('a'),
  ]),
  scenario('ID-08', 'the first id must be 1', [join('a'), send('a', 32, 2, {}, TOPIC), violation('a')]),
  scenario('ID-08', 'a gap', [
    join('a'),
    send('a', 32, 1, {}, TOPIC),
    expect('a', 33, 1, any),
    send('a', 32, 3, {}, TOPIC),
    violation('a'),
  ]),
  scenario('ID-08', 'the same id again', [
    join('a'),
    send('a', 32, 1, {}, TOPIC),
    expect('a', 33, 1, any),
    send('a', 32, 1, {}, TOPIC),
    violation('a'),
  ]),
  scenario(
    'ID-09',
    'a lenient realm takes ids as they come',
    [
      join('a'),
      send('a', 32, 4_711, {}, TOPIC),
      expect('a', 33, 4_711, any),
      send('a', 16, 12, { acknowledge: true }, TOPIC),
      expect('a', 17, 12, any),
      send('a', 32, 12, {}, 'com.example.other'),
      expect('a', 33, 12, any),
    ],
    { realm: { requestIds: 'lenient' } },
  ),
  scenario('ID-10', 'INVOCATION ids count from 1 per callee', [
    join('x'),
    join('y'),
    join('caller'),
    send('x', 64, 1, {}, 'com.example.x'),
    expect('x', 65, 1, any),
    send('y', 64, 1, {}, 'com.example.y'),
    expect('y', 65, 1, any),
    send('caller', 48, 1, {}, 'com.example.x'),
    expect('x', 68, 1, any, any),
    send('caller', 48, 2, {}, 'com.example.x'),
    expect('x', 68, 2, any, any),
    send('caller', 48, 3, {}, 'com.example.y'),
    expect('y', 68, 1, any, any),
  ]),
  scenario('ID-12', '1.0 is the integer 1', [join('a'), raw('a', '[32,1.0,{},"com.example.topic"]'), expect('a', 33, 1, any)], {
    ways: ['memory', 'sockets'],
  }),
  ...[`"1"`, 'true', '1.5', '-1', '9007199254740993'].map((written) =>
    scenario('ID-12', `${written} is no id`, [join('a'), raw('a', `[32,${written},{},"com.example.topic"]`), violation('a')], {
      ways: ['memory', 'sockets'],
    }),
  ),
]

const INVALID = 'wamp.error.invalid_uri'

/** Requests of `a`, one after the other, each with whether its URI is accepted. */
function asked(...requests: readonly (readonly [type: number, options: object, uri: string, isAccepted: boolean])[]): Step[] {
  return [
    ...join('a'),
    ...requests.flatMap(([type, options, uri, isAccepted], at) => [
      send('a', type, at + 1, options, uri),
      isAccepted ? expect('a', type + 1, at + 1, any) : expect('a', 8, type, at + 1, any, INVALID),
    ]),
  ]
}

const uris: readonly Scenario[] = [
  scenario('URI-01', 'topics and procedures of the same name stand side by side', [
    join('a'),
    send('a', 32, 1, {}, 'com.example.same'),
    expect('a', 33, 1, bind('subscription')),
    send('a', 64, 2, {}, 'com.example.same'),
    expect('a', 65, 2, bind('registration')),
    send('a', 16, 3, { exclude_me: false }, 'com.example.same'),
    expect('a', 36, ref('subscription'), any, any),
    send('a', 48, 4, {}, 'com.example.same'),
    expect('a', 68, 1, ref('registration'), any),
  ]),
  scenario(
    'URI-02',
    'the loose rule',
    asked([32, {}, 'com.Ünï-✓.x', true], [32, {}, 'com.my app', false], [32, {}, 'com.my#x', false], [64, {}, 'com.a\tb', false]),
  ),
  scenario(
    'URI-03',
    'a strict realm takes only a–z, 0–9 and _',
    asked(
      [32, {}, 'com.my_app.topic1', true],
      [32, {}, 'com.MyApp', false],
      [64, {}, 'com.my-app', false],
      [32, { match: 'wildcard' }, 'com..ünï', false],
    ),
    {
      realm: { uriRule: 'strict' },
    },
  ),
  scenario('URI-04', 'no empty component in what is published to, called, or an error', [
    join('a'),
    send('a', 16, 1, { acknowledge: true }, 'com..topic'),
    expect('a', 8, 16, 1, any, INVALID),
    send('a', 48, 2, {}, 'com.procedure.'),
    expect('a', 8, 48, 2, any, INVALID),
    send('a', 64, 3, {}, PROCEDURE),
    expect('a', 65, 3, any),
    send('a', 48, 4, {}, PROCEDURE),
    expect('a', 68, 1, any, any),
    send('a', 8, 68, 1, {}, 'com..error'),
    violation('a'),
  ]),
  scenario(
    'URI-05',
    'empty components: not in an exact URI, anywhere in a wildcard',
    asked(
      [32, {}, 'com..topic', false],
      [64, {}, '.com', false],
      [32, { match: 'wildcard' }, 'com..topic', true],
      [32, { match: 'wildcard' }, '...', true],
      [64, { match: 'wildcard' }, 'com.all.there', true],
    ),
  ),
  scenario(
    'URI-06',
    'a prefix may end with an empty component, or be empty',
    asked(
      [32, { match: 'prefix' }, 'com.myapp.', true],
      [32, { match: 'prefix' }, 'com..myapp', false],
      [32, { match: 'prefix' }, '', true],
    ),
  ),
  scenario(
    'URI-08',
    'wamp and wamp.* cannot be registered',
    asked(
      [64, {}, 'wamp', false],
      [64, {}, 'wamp.my.procedure', false],
      [64, { match: 'prefix' }, 'wamp.', false],
      [64, {}, 'wampum.procedure', true],
    ),
  ),
  scenario('URI-10', 'publishing to wamp.* is refused', [
    join('a'),
    join('b'),
    send('b', 32, 1, { match: 'prefix' }, 'wamp.my'),
    expect('b', 33, 1, any),
    send('a', 16, 1, { acknowledge: true }, 'wamp.my.topic'),
    expect('a', 8, 16, 1, any, INVALID),
    send('a', 16, 2, {}, 'wamp.my.topic'),
    silence('a', 'b'),
  ]),
  scenario('URI-11', 'subscribing to wamp.* is open; no pattern registration gets calls to it', [
    join('a'),
    join('b'),
    send('a', 32, 1, {}, 'wamp.session.on_join'),
    expect('a', 33, 1, any),
    send('b', 64, 1, { match: 'prefix' }, ''),
    expect('b', 65, 1, any),
    send('a', 48, 2, {}, 'wamp.my.procedure'),
    expect('a', 8, 48, 2, any, 'wamp.error.no_such_procedure'),
    silence('b'),
  ]),
  scenario('URI-13', 'an invalid URI is answered with invalid_uri', asked([32, {}, '', false], [64, {}, '', false])),
  scenario('URI-13', 'an unacknowledged PUBLISH with an invalid topic is dropped', [
    join('a'),
    send('a', 16, 1, {}, 'com..topic'),
    silence('a'),
  ]),
  scenario('URI-14', 'an invalid realm is refused with ABORT invalid_uri', [
    attach('a'),
    send('a', 1, 'no realm', { roles: ALL_ROLES }),
    expect('a', 3, any, INVALID),
    closed('a'),
  ]),
  scenario(
    'URI-17',
    'Unicode white space and a newline at the end',
    asked([32, {}, 'com.a\n', false], [32, {}, 'com.a\u2003b', false], [32, {}, 'com.\u00a0', false]),
  ),
  scenario('URI-19', 'any loose URI can name a realm', [
    attach('a'),
    send('a', 1, 'Ünï.realm-1', { roles: ALL_ROLES }),
    expect('a', 3, any, 'wamp.error.no_such_realm'),
    closed('a'),
  ]),
]

/** Which of `topics` arrive on a subscription. */
function matches(id: string, match: string, pattern: string, topics: readonly (readonly [topic: string, doesMatch: boolean])[]): Scenario {
  return scenario(id, `${match} "${pattern}"`, [
    join('a'),
    join('b'),
    send('a', 32, 1, { match }, pattern),
    expect('a', 33, 1, any),
    ...topics.flatMap(([topic, doesMatch], at) => [
      send('b', 16, at + 1, {}, topic, [topic]),
      doesMatch ? expect('a', 36, any, any, any, [topic]) : silence('a'),
    ]),
  ])
}

const matching: readonly Scenario[] = [
  matches('URI-15', 'prefix', 'com.myapp.topic.emergency', [
    ['com.myapp.topic.emergency', true],
    ['com.myapp.topic.emergency.11', true],
    ['com.myapp.topic.emergency-low', true],
    ['com.myapp.topic.emergency.category.severe', true],
    ['com.myapp.topic.emerge', false],
  ]),
  matches('URI-16', 'wildcard', 'com.myapp..userevent', [
    ['com.myapp.foo.userevent', true],
    ['com.myapp.bar.userevent', true],
    ['com.myapp.foo.userevent.bar', false],
    ['com.myapp.foo.user', false],
    ['com.myapp2.foo.userevent', false],
  ]),
]

export const scenarios: readonly Scenario[] = [...ids(), ...notUsedAgain, ...counted, ...uris, ...matching]
