// Section 7.6 of the requirements: event history. In all of it s subscribes and nothing more, a asks and b publishes.

import {
  ALL_ROLES,
  advance,
  any,
  attach,
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
const OTHER = 'com.example.other'
const GET = 'wamp.subscription.get_events'
const history = (uri: string, match: 'exact' | 'prefix' | 'wildcard' = 'exact', eventsMax = 100) => ({ uri, match, eventsMax })
const keeping: { readonly realm: RealmSettings } = { realm: { history: [history(TOPIC)] } }
const keepingPrefix: { readonly realm: RealmSettings } = { realm: { history: [history('com.example.', 'prefix')] } }
const call = (who: string, id: number, procedure: string, ...payload: unknown[]) => send(who, 48, id, {}, procedure, ...payload)
const get = (id: number, kwargs: object = {}, subscription = 's1', who = 'a') => call(who, id, GET, [ref(subscription)], kwargs)
const refused = (who: string, id: number, uri: string, type = 48) => expect(who, 8, type, id, any, uri)
const subscribed = (who: string, id = 1, topic = TOPIC, options: object = {}) => [
  send(who, 32, id, options, topic),
  expect(who, 33, id, bind(`${who}${id}`)),
]
/** Publishes acknowledged; the id of the publication is kept as "p" and the request's number: "p1". */
const published = (id: number, options: object = {}, topic = TOPIC, payload: readonly unknown[] = [[id]]) => [
  send('b', 16, id, { ...options, acknowledge: true }, topic, ...payload),
  expect('b', 17, id, bind(`p${id}`)),
]
const answer = (id: number, events: readonly unknown[], who = 'a') => expect(who, 50, id, any, events, any)
/** The answer: the events with these single arguments, in this order. */
const found = (id: number, ...numbers: number[]) =>
  answer(
    id,
    numbers.map((number) => containing({ args: [number] })),
  )
const foundBy = (who: string, ...numbers: number[]) =>
  answer(
    1,
    numbers.map((number) => containing({ args: [number] })),
    who,
  )
/** Session a, with what WELCOME says about its authid. */
const asker: Step[] = [
  attach('a'),
  send('a', 1, 'realm1', { roles: ALL_ROLES }),
  expect('a', 2, bind('a'), containing({ authid: bind('a.authid') })),
]
const present = [join('s'), subscribed('s'), asker, join('b')].flat()
const presentPrefix = [join('s'), subscribed('s', 1, 'com.example.', { match: 'prefix' }), asker, join('b')].flat()
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
/** All are there, and the events 1 … `count` are published. */
const asking = (count: number): Step[] => [...present, ...upTo(count).flatMap((id) => published(id))]
/** The same with one event per second, the first at 22:13:20. */
const bySecond = (count: number): Step[] => [...present, ...upTo(count).flatMap((id) => [...published(id), advance(1000)])]
const second = (seconds: number) => `2023-11-14T22:13:${20 + seconds}.000Z`
const lacks = (...keys: string[]) =>
  where(`a dictionary without ${keys.join(', ')}`, (value) => keys.every((key) => !Object.hasOwn(value as object, key)))

const asked: readonly Scenario[] = [
  scenario('HIS-01', 'get_events gives the events of a subscription', [asking(2), get(1), found(1, 1, 2)], keeping),
  scenario(
    'HIS-01',
    'get_events gives them also to a subscriber',
    [asking(1), expect('s', 36, any, any, any, any), get(2, {}, 's1', 's'), answer(2, [containing({ args: [1] })], 's')],
    keeping,
  ),
  scenario('HIS-02', 'events come in the order of occurrence', [asking(3), get(1), found(1, 1, 2, 3)], keeping),
  scenario('HIS-02', 'reverse false is the order of occurrence', [asking(3), get(1, { reverse: false }), found(1, 1, 2, 3)], keeping),
  scenario('HIS-02', 'reverse true turns the order round', [asking(3), get(1, { reverse: true }), found(1, 3, 2, 1)], keeping),
  scenario(
    'HIS-02',
    'limit is the most events to get',
    [asking(3), get(1, { limit: 5 }), found(1, 1, 2, 3), get(2, { limit: 2 }), found(2, 1, 2)],
    keeping,
  ),
  ...[0, -1, 1.5, '1'].map((limit) =>
    scenario(
      'HIS-02',
      `the limit ${JSON.stringify(limit)} is answered with invalid_argument`,
      [asking(1), get(1, { limit }), refused('a', 1, 'wamp.error.invalid_argument')],
      keeping,
    ),
  ),
  scenario(
    'HIS-02',
    'reverse that is no bool is answered with invalid_argument',
    [asking(1), get(1, { reverse: 'yes' }), refused('a', 1, 'wamp.error.invalid_argument')],
    keeping,
  ),
  scenario('HIS-03', 'from_time: at that time or later', [bySecond(3), get(1, { from_time: second(1) }), found(1, 2, 3)], keeping),
  scenario('HIS-03', 'after_time: later than that', [bySecond(3), get(1, { after_time: second(1) }), found(1, 3)], keeping),
  scenario('HIS-03', 'before_time: earlier than that', [bySecond(3), get(1, { before_time: second(1) }), found(1, 1)], keeping),
  scenario('HIS-03', 'until_time: at that time or earlier', [bySecond(3), get(1, { until_time: second(1) }), found(1, 1, 2)], keeping),
  scenario(
    'HIS-03',
    'times may be written with an offset, and with any number of digits after the second',
    [
      bySecond(3),
      get(1, { from_time: '2023-11-14T23:13:21+01:00' }),
      found(1, 2, 3),
      get(2, { until_time: '2023-11-14T22:13:21.000000Z' }),
      found(2, 1, 2),
    ],
    keeping,
  ),
  ...['yesterday', '', '2023-11-14', 1_700_000_000_000].map((time) =>
    scenario(
      'HIS-03',
      `the time ${JSON.stringify(time)} is answered with invalid_argument`,
      [asking(1), get(1, { from_time: time }), refused('a', 1, 'wamp.error.invalid_argument')],
      keeping,
    ),
  ),
  ...(
    [
      ['from_publication', 'that event and later', [2, 3]],
      ['after_publication', 'strictly later', [3]],
      ['before_publication', 'strictly earlier', [1]],
      ['until_publication', 'that event and earlier', [1, 2]],
    ] as const
  ).map(([name, which, numbers]) =>
    scenario('HIS-04', `${name}: ${which}`, [asking(3), get(1, { [name]: ref('p2') }), found(1, ...numbers)], keeping),
  ),
  scenario(
    'HIS-04',
    'earlier and later are by arrival at the broker, not by the ids, which are random',
    [
      asking(8),
      ...upTo(7).flatMap((at) => [
        get(at, { from_publication: ref(`p${at}`), until_publication: ref(`p${at + 1}`) }),
        found(at, at, at + 1),
      ]),
    ],
    keeping,
  ),
  scenario(
    'HIS-04',
    'a publication that is no id is answered with invalid_argument',
    [asking(1), get(1, { from_publication: 'p1' }), refused('a', 1, 'wamp.error.invalid_argument')],
    keeping,
  ),
  scenario(
    'HIS-05',
    'topic: only events published to that topic',
    [
      presentPrefix,
      published(1),
      published(2, {}, OTHER),
      published(3),
      get(1, { topic: TOPIC }),
      found(1, 1, 3),
      get(2, { topic: 'com.example.nothing' }),
      found(2),
    ],
    keepingPrefix,
  ),
  scenario(
    'HIS-05',
    'topic on an exact subscription: all of it or nothing',
    [asking(1), get(1, { topic: TOPIC }), found(1, 1), get(2, { topic: OTHER }), found(2)],
    keeping,
  ),
  scenario(
    'HIS-05',
    'all conditions must hold',
    [
      presentPrefix,
      [1, 2, 3, 4, 5].flatMap((id) => [...published(id, {}, id % 2 === 1 ? TOPIC : OTHER), advance(1000)]),
      // The bounds are events of the other topic, so that it does not matter whether they belong to the range.
      get(1, { from_publication: ref('p2'), until_publication: ref('p4'), topic: TOPIC }),
      found(1, 3),
      get(2, { from_publication: ref('p2'), from_time: '2023-11-14T22:13:22.500Z', topic: TOPIC }),
      found(2, 5),
      get(3, { until_publication: ref('p2'), from_time: '2023-11-14T22:13:22.500Z' }),
      found(3),
    ],
    keepingPrefix,
  ),
]

const payload = [['a', 1], { key: true }]
const answered: readonly Scenario[] = [
  scenario(
    'HIS-07',
    'an event tells timestamp, subscription, publication, details, args and kwargs',
    [
      present,
      published(1, {}, TOPIC, payload),
      get(1),
      answer(1, [{ timestamp: any, subscription: ref('s1'), publication: ref('p1'), details: any, args: ['a', 1], kwargs: { key: true } }]),
    ],
    keeping,
  ),
  scenario(
    'HIS-07',
    'an event without payload has neither args nor kwargs',
    [present, published(1, {}, TOPIC, []), get(1), answer(1, [lacks('args', 'kwargs')])],
    keeping,
  ),
  scenario(
    'HIS-07',
    'timestamps are in UTC with milliseconds',
    [present, advance(61_007), published(1), get(1), answer(1, [containing({ timestamp: '2023-11-14T22:14:21.007Z' })])],
    keeping,
  ),
  scenario('HIS-07', 'the list may be empty', [present, get(1), answer(1, [])], keeping),
  scenario(
    'HIS-07',
    'is_limit_reached tells whether the limit left events out',
    [
      asking(3),
      get(1, { limit: 2 }),
      expect('a', 50, 1, any, any, containing({ is_limit_reached: true })),
      get(2, { limit: 3 }),
      expect('a', 50, 2, any, any, containing({ is_limit_reached: false })),
      get(3),
      expect('a', 50, 3, any, any, containing({ is_limit_reached: false })),
    ],
    keeping,
  ),
  scenario(
    'HIS-08',
    'the events are the arguments themselves, not a list in them',
    [asking(2), get(1), answer(1, [containing({ publication: ref('p1') }), containing({ publication: ref('p2') })])],
    keeping,
  ),
  scenario(
    'HIS-09',
    'after_publication with limit pages forward',
    [
      asking(5),
      get(1, { limit: 2 }),
      found(1, 1, 2),
      get(2, { limit: 2, after_publication: ref('p2') }),
      found(2, 3, 4),
      get(3, { limit: 2, after_publication: ref('p4') }),
      found(3, 5),
    ],
    keeping,
  ),
  scenario(
    'HIS-09',
    'before_publication with reverse and limit pages backward',
    [
      asking(5),
      get(1, { limit: 2, reverse: true }),
      found(1, 5, 4),
      get(2, { limit: 2, reverse: true, before_publication: ref('p4') }),
      found(2, 3, 2),
      get(3, { limit: 2, reverse: true, before_publication: ref('p2') }),
      found(3, 1),
    ],
    keeping,
  ),
  scenario(
    'HIS-09',
    'the limit counts what the conditions let through',
    [bySecond(3), get(1, { limit: 1, from_time: '2023-11-14T22:13:20.500Z' }), found(1, 2)],
    keeping,
  ),
]

const LOG = 'com.mycompany.log'
const logging = { realm: { history: [history(`${LOG}.auth`), history(`${LOG}.basket`), history(LOG, 'prefix')] } }
/** The example of the specification: three subscriptions, five publications. */
const log: Step[] = [
  join('s'),
  subscribed('s', 1, `${LOG}.auth`),
  subscribed('s', 2, `${LOG}.basket`),
  subscribed('s', 3, LOG, { match: 'prefix' }),
  asker,
  join('b'),
  ['auth', 'basket', 'basket', 'basket', 'checkout'].flatMap((name, at) => published(at + 1, {}, `${LOG}.${name}`)),
].flat()
const threeAsk = [join('c'), get(1), get(1, {}, 's1', 'c')].flat()

const stored: readonly Scenario[] = [
  scenario('HIS-10', 'the exact subscription to auth has the one event', [log, get(1, {}, 's1'), found(1, 1)], logging),
  scenario('HIS-10', 'the exact subscription to basket has the three events', [log, get(1, {}, 's2'), found(1, 2, 3, 4)], logging),
  scenario('HIS-10', 'the prefix subscription has all five events', [log, get(1, {}, 's3'), found(1, 1, 2, 3, 4, 5)], logging),
  scenario(
    'HIS-11',
    'an event published with exclude is not stored at all',
    [present, published(1, { exclude: [4711] }), published(2), get(1), found(1, 2)],
    keeping,
  ),
  scenario(
    'HIS-11',
    'an event published with eligible is not stored at all, not even for who was eligible',
    [present, published(1, { eligible: [ref('a'), ref('s')] }), published(2), get(1), found(1, 2)],
    keeping,
  ),
  scenario(
    'HIS-11',
    'exclude_authid holds for who asks',
    [present, published(1, { exclude_authid: [ref('a.authid')] }), published(2), threeAsk, found(1, 2), foundBy('c', 1, 2)],
    keeping,
  ),
  scenario(
    'HIS-11',
    'eligible_authid holds for who asks',
    [present, published(1, { eligible_authid: [ref('a.authid')] }), published(2), threeAsk, found(1, 1, 2), foundBy('c', 2)],
    keeping,
  ),
  scenario(
    'HIS-11',
    'exclude_authrole holds for who asks',
    [present, published(1, { exclude_authrole: ['anonymous'] }), published(2, { exclude_authrole: ['other'] }), get(1), found(1, 2)],
    keeping,
  ),
  scenario(
    'HIS-11',
    'eligible_authrole holds for who asks',
    [present, published(1, { eligible_authrole: ['other'] }), published(2, { eligible_authrole: ['anonymous'] }), get(1), found(1, 2)],
    keeping,
  ),
  scenario(
    'HIS-11',
    'the limit counts only events that the asker may have',
    [present, published(1, { exclude_authid: [ref('a.authid')] }), published(2), get(1, { limit: 1 }), found(1, 2)],
    keeping,
  ),
]

type Authorize = NonNullable<RealmSettings['authorizer']>['authorize']
/** Only the first session that subscribes to the topic may. */
function firstSubscriberOnly(): Authorize {
  let first: unknown
  return ({ action, uri, principal }, decide) => {
    if (action !== 'subscribe' || uri !== TOPIC) return decide('allowed')
    first ??= principal.session
    decide(first === principal.session ? 'allowed' : 'denied')
  }
}
const noCall: Authorize = ({ action, uri }, decide) => decide(action === 'call' && uri === GET ? 'denied' : 'allowed')

const allowed: readonly Scenario[] = [
  scenario('HIS-12', 'who may not subscribe may not read', [asking(1), get(1), refused('a', 1, 'wamp.error.not_authorized')], {
    // Every run begins with an authorizer that has not seen anybody.
    realm: {
      history: [history(TOPIC)],
      get authorizer() {
        return { authorize: firstSubscriberOnly() }
      },
    },
  }),
  scenario('HIS-12', 'who may not call get_events gets not_authorized', [asking(1), get(1), refused('a', 1, 'wamp.error.not_authorized')], {
    realm: { history: [history(TOPIC)], authorizer: { authorize: noCall } },
  }),
]

const lookup = (uri: string, match: string) => [
  call('a', 1, 'wamp.subscription.lookup', [uri, { match }]),
  expect('a', 50, 1, any, [bind('found')]),
]
const configured: readonly Scenario[] = [
  scenario('HIS-13', 'only the newest events are kept, as many as configured', [asking(5), get(1), found(1, 4, 5)], {
    realm: { history: [history(TOPIC, 'exact', 2)] },
  }),
  scenario(
    'HIS-13',
    'events are kept only as long as configured',
    [bySecond(3), get(1), found(1, 2, 3)], // it is 22:13:23 when a asks
    { realm: { history: [{ ...history(TOPIC), ageMsMax: 2500 }] } },
  ),
  ...(
    [
      [TOPIC, 'exact'],
      ['com.example.', 'prefix'],
      ['com..topic', 'wildcard'],
    ] as const
  ).map(([uri, match]) =>
    scenario(
      'HIS-13',
      `${match}: events are kept before anybody has subscribed`,
      [asker, join('b'), published(1), published(2), lookup(uri, match), get(2, {}, 'found'), found(2, 1, 2)],
      { realm: { history: [history(uri, match)] } },
    ),
  ),
  scenario(
    'HIS-13',
    'events are kept on after the last subscriber has left',
    [
      present,
      published(1),
      send('s', 34, 2, ref('s1')),
      expect('s', 36, any, any, any, any),
      expect('s', 35, 2),
      published(2),
      get(1),
      found(1, 1, 2),
    ],
    keeping,
  ),
]

const missing: readonly Scenario[] = [
  scenario(
    'HIS-15',
    'a subscription that does not exist',
    [present, call('a', 1, GET, [4711]), refused('a', 1, 'wamp.error.no_such_subscription')],
    keeping,
  ),
  scenario(
    'HIS-15',
    'a subscription without history',
    [join('s'), subscribed('s', 1, OTHER), asker, get(1), refused('a', 1, 'wamp.error.history_unavailable')],
    keeping,
  ),
  ...['from', 'after', 'before', 'until'].map((name) =>
    scenario(
      'HIS-15',
      `${name}_publication with a publication that is not there finds nothing`,
      [asking(2), get(1, { [`${name}_publication`]: 4711 }), found(1)],
      keeping,
    ),
  ),
  scenario(
    'HIS-15',
    'details tell the publisher that disclosed itself',
    [present, published(1, { disclose_me: true }), get(1), answer(1, [containing({ details: containing({ publisher: ref('b') }) })])],
    keeping,
  ),
  scenario(
    'HIS-15',
    'details do not tell the publisher that did not disclose itself',
    [present, published(1), get(1), answer(1, [containing({ details: lacks('publisher', 'publisher_authid', 'publisher_authrole') })])],
    keeping,
  ),
  scenario(
    'HIS-15',
    'details tell the topic of an event of a pattern subscription',
    [presentPrefix, published(1), get(1), answer(1, [containing({ details: containing({ topic: TOPIC }) })])],
    keepingPrefix,
  ),
  scenario(
    'HIS-15',
    'details do not tell the topic of an event of an exact subscription',
    [present, published(1), get(1), answer(1, [containing({ details: lacks('topic') })])],
    keeping,
  ),
]

export const scenarios: readonly Scenario[] = [...asked, ...answered, ...stored, ...allowed, ...configured, ...missing]
