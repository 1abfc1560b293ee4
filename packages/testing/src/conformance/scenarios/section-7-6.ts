// Section 7.6 of the requirements: event history.

import {
  advance,
  any,
  attach,
  ALL_ROLES,
  bind,
  containing,
  expect,
  join,
  type RealmSettings,
  ref,
  type Scenario,
  type Step,
  scenario,
  send,
  where,
} from '../scenario.ts'

const TOPIC = 'com.example.topic'
const GET = 'wamp.subscription.get_events'
const history = (uri: string, match: 'exact' | 'prefix' | 'wildcard' = 'exact', eventsMax = 100) => ({ uri, match, eventsMax })
const keeping: { readonly realm: RealmSettings } = { realm: { history: [history(TOPIC)] } }
const keepingPrefix: { readonly realm: RealmSettings } = { realm: { history: [history('com.example.', 'prefix')] } }
const call = (who: string, id: number, procedure: string, ...payload: unknown[]) => send(who, 48, id, {}, procedure, ...payload)
const get = (id: number, kwargs: object = {}, subscription = 'a1') => call('a', id, GET, [ref(subscription)], kwargs)
const refused = (who: string, id: number, uri: string, type = 48) => expect(who, 8, type, id, any, uri)
const subscribed = (who: string, id = 1, topic = TOPIC, options: object = {}) => [
  send(who, 32, id, options, topic),
  expect(who, 33, id, bind(`${who}${id}`)),
]
/** Publishes acknowledged; the id of the publication is kept as "p" and the request's number: "p1". */
const published = (who: string, id: number, payload: readonly unknown[] = [[id]], options: object = {}, topic = TOPIC) => [
  send(who, 16, id, { ...options, acknowledge: true }, topic, ...payload),
  expect(who, 17, id, bind(`p${id}`)),
]
const withArgs = (...numbers: number[]) => numbers.map((number) => containing({ args: [number] }))
/** The answer to question `id`: the events with these single arguments, in this order. */
const found = (id: number, ...numbers: number[]) => expect('a', 50, id, any, withArgs(...numbers), any)
/** A session a that asks, subscribed without the feature to receive anything else meanwhile, and b, who publishes 1 … `count`. */
const asking = (count: number, topic = TOPIC, options: object = {}): Step[] => [
  ...join('a'),
  ...subscribed('a', 1, topic, options).flat(),
  ...join('b'),
  ...Array.from({ length: count }, (_, index) => [...published('b', index + 1), expect('a', 36, any, any, any, [index + 1])]).flat(),
]
/** The same, one event per second, the first at 22:13:20. */
const bySecond = (count: number): Step[] => [
  ...asking(0),
  ...Array.from({ length: count }, (_, index) => [
    ...published('b', index + 1),
    expect('a', 36, any, any, any, [index + 1]),
    advance(1000),
  ]).flat(),
]
const second = (seconds: number) => `2023-11-14T22:13:${20 + seconds}.000Z`
const lacks = (...keys: string[]) =>
  where(`a dictionary without ${keys.join(', ')}`, (value) => keys.every((key) => !Object.hasOwn(value as object, key)))

const asked: readonly Scenario[] = [
  scenario('HIS-01', 'get_events gives the events of a subscription', [asking(2), get(2), found(2, 1, 2)], keeping),
  scenario(
    'HIS-01',
    'the router answers get_events itself, also to who is not subscribed',
    [asking(1), call('b', 2, GET, [ref('a1')]), expect('b', 50, 2, any, withArgs(1), any)],
    keeping,
  ),
  scenario('HIS-02', 'events come in the order of occurrence', [asking(3), get(2, { reverse: false }), found(2, 1, 2, 3)], keeping),
  scenario('HIS-02', 'reverse turns the order round', [asking(3), get(2, { reverse: true }), found(2, 3, 2, 1)], keeping),
  scenario('HIS-02', 'limit is the most events to get', [asking(3), get(2, { limit: 5 }), found(2, 1, 2, 3), get(3, { limit: 2 }), found(3, 1, 2)], keeping),
  ...[0, -1, 1.5, '1'].map((limit) =>
    scenario(
      'HIS-02',
      `the limit ${JSON.stringify(limit)} is answered with invalid_argument`,
      [asking(1), get(2, { limit }), refused('a', 2, 'wamp.error.invalid_argument')],
      keeping,
    ),
  ),
  scenario(
    'HIS-02',
    'reverse that is no bool is answered with invalid_argument',
    [asking(1), get(2, { reverse: 'yes' }), refused('a', 2, 'wamp.error.invalid_argument')],
    keeping,
  ),
  scenario('HIS-03', 'from_time: at that time or later', [bySecond(3), get(2, { from_time: second(1) }), found(2, 2, 3)], keeping),
  scenario('HIS-03', 'after_time: later than that', [bySecond(3), get(2, { after_time: second(1) }), found(2, 3)], keeping),
  scenario('HIS-03', 'before_time: earlier than that', [bySecond(3), get(2, { before_time: second(1) }), found(2, 1)], keeping),
  scenario('HIS-03', 'until_time: at that time or earlier', [bySecond(3), get(2, { until_time: second(1) }), found(2, 1, 2)], keeping),
  scenario(
    'HIS-03',
    'times may be written in any way of RFC 3339: with an offset, without or with more fractions of a second',
    [
      bySecond(3),
      get(2, { from_time: '2023-11-14T23:13:21+01:00' }),
      found(2, 2, 3),
      get(3, { until_time: '2023-11-14T22:13:21.000000Z' }),
      found(3, 1, 2),
    ],
    keeping,
  ),
  ...['yesterday', '', 1_700_000_000_000].map((time) =>
    scenario(
      'HIS-03',
      `the time ${JSON.stringify(time)} is answered with invalid_argument`,
      [asking(1), get(2, { from_time: time }), refused('a', 2, 'wamp.error.invalid_argument')],
      keeping,
    ),
  ),
  scenario('HIS-04', 'from_publication: that event and later', [asking(3), get(2, { from_publication: ref('p2') }), found(2, 2, 3)], keeping),
  scenario('HIS-04', 'after_publication: later than that event', [asking(3), get(2, { after_publication: ref('p2') }), found(2, 3)], keeping),
  scenario('HIS-04', 'before_publication: earlier than that event', [asking(3), get(2, { before_publication: ref('p2') }), found(2, 1)], keeping),
  scenario('HIS-04', 'until_publication: that event and earlier', [asking(3), get(2, { until_publication: ref('p2') }), found(2, 1, 2)], keeping),
  scenario(
    'HIS-04',
    'earlier and later are by arrival at the broker, not by the ids, which are random',
    [
      asking(8),
      ...[2, 3, 4, 5, 6, 7].flatMap((at) => [
        get(at, { from_publication: ref(`p${at}`), until_publication: ref(`p${at + 1}`) }),
        found(at, at, at + 1),
      ]),
    ],
    keeping,
  ),
  scenario(
    'HIS-04',
    'a publication that is no id is answered with invalid_argument',
    [asking(1), get(2, { from_publication: 'p1' }), refused('a', 2, 'wamp.error.invalid_argument')],
    keeping,
  ),
  scenario(
    'HIS-05',
    'topic: only events published to that topic',
    [
      join('a'),
      subscribed('a', 1, 'com.example.', { match: 'prefix' }),
      join('b'),
      published('b', 1),
      expect('a', 36, any, any, any, any),
      published('b', 2, [[2]], {}, 'com.example.other'),
      expect('a', 36, any, any, any, any),
      published('b', 3),
      expect('a', 36, any, any, any, any),
      get(2, { topic: TOPIC }),
      found(2, 1, 3),
      get(3, { topic: 'com.example.nothing' }),
      found(3),
    ],
    keepingPrefix,
  ),
  scenario(
    'HIS-05',
    'topic on an exact subscription: all of it or nothing',
    [asking(1), get(2, { topic: TOPIC }), found(2, 1), get(3, { topic: 'com.example.other' }), found(3)],
    keeping,
  ),
  scenario(
    'HIS-05',
    'all conditions must hold',
    [
      bySecond(5),
      get(2, { from_time: second(1), before_time: second(4), after_publication: ref('p2'), topic: TOPIC }),
      found(2, 3, 4),
      get(3, { from_time: second(3), until_publication: ref('p2') }),
      found(3),
    ],
    keeping,
  ),
]

const answered: readonly Scenario[] = [
  scenario(
    'HIS-07',
    'an event tells timestamp, subscription, publication, details, args and kwargs',
    [
      join('a'),
      subscribed('a'),
      join('b'),
      published('b', 1, [['a', 1], { key: true }]),
      expect('a', 36, any, any, any, any, any),
      get(2),
      expect(
        'a',
        50,
        2,
        any,
        [{ timestamp: any, subscription: ref('a1'), publication: ref('p1'), details: any, args: ['a', 1], kwargs: { key: true } }],
        any,
      ),
    ],
    keeping,
  ),
  scenario(
    'HIS-07',
    'an event without payload has neither args nor kwargs',
    [
      join('a'),
      subscribed('a'),
      join('b'),
      published('b', 1, []),
      expect('a', 36, any, any, any),
      get(2),
      expect('a', 50, 2, any, [lacks('args', 'kwargs')], any),
    ],
    keeping,
  ),
  scenario(
    'HIS-07',
    'timestamps are in UTC with milliseconds',
    [
      asking(0),
      advance(61_007),
      published('b', 1),
      expect('a', 36, any, any, any, any),
      get(2),
      expect('a', 50, 2, any, [containing({ timestamp: '2023-11-14T22:14:21.007Z' })], any),
    ],
    keeping,
  ),
  scenario('HIS-07', 'the list may be empty', [asking(0), get(2), expect('a', 50, 2, any, [], any)], keeping),
  scenario(
    'HIS-08',
    'the events are the arguments themselves, not a list in them',
    [asking(2), get(2), expect('a', 50, 2, any, [containing({ publication: ref('p1') }), containing({ publication: ref('p2') })], any)],
    keeping,
  ),
  scenario(
    'HIS-09',
    'after_publication with limit pages forward',
    [
      asking(5),
      get(2, { limit: 2 }),
      found(2, 1, 2),
      get(3, { limit: 2, after_publication: ref('p2') }),
      found(3, 3, 4),
      get(4, { limit: 2, after_publication: ref('p4') }),
      found(4, 5),
    ],
    keeping,
  ),
  scenario(
    'HIS-09',
    'before_publication with reverse and limit pages backward',
    [
      asking(5),
      get(2, { limit: 2, reverse: true }),
      found(2, 5, 4),
      get(3, { limit: 2, reverse: true, before_publication: ref('p4') }),
      found(3, 3, 2),
      get(4, { limit: 2, reverse: true, before_publication: ref('p2') }),
      found(4, 1),
    ],
    keeping,
  ),
  scenario(
    'HIS-09',
    'the limit counts what the conditions let through',
    [asking(5), get(2, { limit: 1, after_publication: ref('p2'), topic: TOPIC }), found(2, 3)],
    keeping,
  ),
  scenario(
    'HIS-07',
    'the keyword arguments tell whether the limit left events out',
    [
      asking(3),
      get(2, { limit: 2 }),
      expect('a', 50, 2, any, any, containing({ is_limit_reached: true })),
      get(3, { limit: 3 }),
      expect('a', 50, 3, any, any, containing({ is_limit_reached: false })),
      get(4),
      expect('a', 50, 4, any, any, containing({ is_limit_reached: false })),
    ],
    keeping,
  ),
]

const LOG = 'com.mycompany.log'
const logs: RealmSettings = { history: [history(`${LOG}.auth`), history(`${LOG}.basket`), history(LOG, 'prefix')] }
/** The example of the specification: three subscriptions, five publications. */
const log: Step[] = [
  ...join('a'),
  ...subscribed('a', 1, `${LOG}.auth`),
  ...subscribed('a', 2, `${LOG}.basket`),
  ...subscribed('a', 3, LOG, { match: 'prefix' }),
  ...join('b'),
  ...['auth', 'basket', 'basket', 'basket', 'checkout'].flatMap((name, at) => published('b', at + 1, [[at + 1]], {}, `${LOG}.${name}`)),
  // Nine events, in no order that matters here: four go to two subscriptions, one to one.
  ...Array.from({ length: 9 }, () => expect('a', 36, any, any, any, any)),
]

const stored: readonly Scenario[] = [
  scenario('HIS-10', 'the history of the first exact subscription has its one event', [log, get(4, {}, 'a1'), found(4, 1)], { realm: logs }),
  scenario('HIS-10', 'the history of the second exact subscription has its three', [log, get(4, {}, 'a2'), found(4, 2, 3, 4)], {
    realm: logs,
  }),
  scenario('HIS-10', 'the history of the prefix subscription has all five', [log, get(4, {}, 'a3'), found(4, 1, 2, 3, 4, 5)], {
    realm: logs,
  }),
  ...['exclude', 'eligible'].map((list) =>
    scenario(
      'HIS-11',
      `an event published with ${list} is not stored`,
      [
        asking(0),
        published('b', 1, [[1]], { [list]: list === 'exclude' ? [4711] : [ref('a')] }),
        expect('a', 36, any, any, any, [1]),
        published('b', 2),
        expect('a', 36, any, any, any, [2]),
        get(2),
        found(2, 2),
      ],
      keeping,
    ),
  ),
  ...['authid', 'authrole'].flatMap((by) => [
    scenario(
      'HIS-11',
      `an event published with exclude_${by} is not told to whom it leaves out, and to others it is`,
      [twoWho(by), published('b', 1, [[1]], { [`exclude_${by}`]: [ref(`a.${by}`)] }), published('b', 2), seenBy(by, 'exclude')],
      keeping,
    ),
    scenario(
      'HIS-11',
      `an event published with eligible_${by} is told to whom it is for, and to others it is not`,
      [twoWho(by), published('b', 1, [[1]], { [`eligible_${by}`]: [ref(`a.${by}`)] }), published('b', 2), seenBy(by, 'eligible')],
      keeping,
    ),
  ]),
  scenario(
    'HIS-11',
    'the limit counts only the events that the asking session may have',
    [
      twoWho('authid'),
      published('b', 1, [[1]], { exclude_authid: [ref('a.authid')] }),
      published('b', 2),
      get(2, { limit: 1 }),
      found(2, 2),
    ],
    keeping,
  ),
]

/** Session a, which has a subscription with history, c, which has none, and b, who publishes; what WELCOME says of a is kept. */
function twoWho(by: string): Step[] {
  return [
    attach('a'),
    send('a', 1, 'realm1', { roles: ALL_ROLES }),
    expect('a', 2, bind('a'), containing({ [by]: bind(`a.${by}`) })),
    ...join('c'),
    ...subscribed('c', 1),
    ...join('b'),
    bindAs('a1'),
  ]
}
