// Section 7.4 of the requirements: the subscription meta API.

import {
  ALL_ROLES,
  any,
  bind,
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

const TOPIC = 'com.example.topic'
const call = (who: string, id: number, procedure: string, ...payload: unknown[]) => send(who, 48, id, {}, procedure, ...payload)
const result = (who: string, id: number, ...values: unknown[]) => expect(who, 50, id, any, values)
const refused = (who: string, id: number, uri: string) => expect(who, 8, 48, id, any, uri)
/** Subscribes; the id is kept under the session's name and the request's number: "a1". */
const subscribed = (who: string, id = 1, options: object = {}, topic = TOPIC) => [
  send(who, 32, id, options, topic),
  expect(who, 33, id, bind(`${who}${id}`)),
]
const unsubscribed = (who: string, id: number, subscription: string) => [send(who, 34, id, ref(subscription)), expect(who, 35, id)]
/** A session w that receives the meta event `name`, or all of subscriptions. */
const watching = (name?: string): Step[] => [
  ...join('w'),
  send('w', 32, 1, name === undefined ? { match: 'prefix' } : {}, `wamp.subscription.${name ?? ''}`),
  expect('w', 33, 1, any),
]
const told = (...args: unknown[]) => expect('w', 36, any, any, any, args)
const toldOf = (name: string, ...args: unknown[]) => expect('w', 36, any, any, containing({ topic: `wamp.subscription.${name}` }), args)
const text = where('a string', (value) => typeof value === 'string')
const different = (count: number) =>
  where(`a list of ${count} different ids`, (value) => Array.isArray(value) && value.length === count && new Set(value).size === count)

const events: readonly Scenario[] = [
  scenario('META-50', 'on_create tells the session and the subscription: id, created, uri, match', [
    watching('on_create'),
    join('a'),
    subscribed('a'),
    told(ref('a'), { id: ref('a1'), created: text, uri: TOPIC, match: 'exact' }),
    silence('w'),
  ]),
  scenario('META-50', 'on_create tells the pattern and its match policy', [
    watching('on_create'),
    join('a'),
    subscribed('a', 1, { match: 'prefix' }, 'com.'),
    told(any, containing({ uri: 'com.', match: 'prefix' })),
    subscribed('a', 2, { match: 'wildcard' }, 'com..topic'),
    told(any, containing({ uri: 'com..topic', match: 'wildcard' })),
  ]),
  scenario('META-51', 'on_subscribe tells session and subscription', [
    watching('on_subscribe'),
    join('a'),
    subscribed('a'),
    told(ref('a'), ref('a1')),
    silence('w'),
  ]),
  scenario('META-51', 'on_unsubscribe tells session and subscription', [
    watching('on_unsubscribe'),
    join('a'),
    subscribed('a'),
    silence('w'),
    unsubscribed('a', 2, 'a1'),
    told(ref('a'), ref('a1')),
    silence('w'),
  ]),
  scenario('META-53', 'on_delete tells the last session and the subscription', [
    watching('on_delete'),
    join('a'),
    join('b'),
    subscribed('a'),
    subscribed('b'),
    unsubscribed('a', 2, 'a1'),
    silence('w'),
    unsubscribed('b', 2, 'a1'),
    told(ref('b'), ref('a1')),
    silence('w'),
  ]),
]

const queries: readonly Scenario[] = [
  scenario('META-54', 'list lists subscriptions by match policy', [
    join('a'),
    subscribed('a', 1, {}),
    subscribed('a', 2, { match: 'prefix' }),
    subscribed('a', 3, { match: 'wildcard' }, 'com..topic'),
    call('a', 4, 'wamp.subscription.list'),
    result('a', 4, { exact: [ref('a1')], prefix: [ref('a2')], wildcard: [ref('a3')] }),
  ]),
  scenario('META-54', 'list lists all subscriptions of all sessions, and none that is gone', [
    join('a'),
    join('b'),
    subscribed('a'),
    subscribed('b', 1, {}, 'com.example.other'),
    call('a', 2, 'wamp.subscription.list'),
    result('a', 2, containing({ exact: different(2) })),
    unsubscribed('a', 3, 'a1'),
    call('a', 4, 'wamp.subscription.list'),
    result('a', 4, containing({ exact: [ref('b1')] })),
  ]),
  scenario('META-55', 'lookup finds the subscription of a URI and a match policy, exact by default', [
    join('a'),
    join('b'),
    subscribed('a', 1, { match: 'prefix' }),
    subscribed('a', 2, { match: 'wildcard' }),
    subscribed('a', 3, {}),
    call('b', 1, 'wamp.subscription.lookup', [TOPIC]),
    result('b', 1, ref('a3')),
    call('b', 2, 'wamp.subscription.lookup', [TOPIC, {}]),
    result('b', 2, ref('a3')),
    call('b', 3, 'wamp.subscription.lookup', [TOPIC, { match: 'exact' }]),
    result('b', 3, ref('a3')),
    call('b', 4, 'wamp.subscription.lookup', [TOPIC, { match: 'prefix' }]),
    result('b', 4, ref('a1')),
    call('b', 5, 'wamp.subscription.lookup', [TOPIC, { match: 'wildcard' }]),
    result('b', 5, ref('a2')),
  ]),
  scenario('META-55', 'lookup is null when there is no such subscription', [
    join('a'),
    subscribed('a', 1, { match: 'prefix' }),
    call('a', 2, 'wamp.subscription.lookup', [TOPIC]),
    result('a', 2, null),
  ]),
  ...[
    ['exact', TOPIC],
    ['prefix', 'com.example'],
    ['wildcard', 'com..topic'],
  ].map(([match, uri]) =>
    scenario('META-56', `match finds ${match} subscriptions`, [
      join('a'),
      subscribed('a', 1, { match }, uri),
      subscribed('a', 2, { match }, 'com.other'),
      call('a', 3, 'wamp.subscription.match', [TOPIC]),
      result('a', 3, [ref('a1')]),
    ]),
  ),
  scenario('META-56', 'match finds all matching subscriptions, whoever subscribed', [
    join('a'),
    join('b'),
    subscribed('a', 1, {}),
    subscribed('a', 2, { match: 'prefix' }, 'com.'),
    subscribed('b', 1, { match: 'prefix' }, 'com.example.'),
    subscribed('b', 2, { match: 'wildcard' }, 'com..topic'),
    subscribed('b', 3, {}, 'com.example.other'),
    call('a', 3, 'wamp.subscription.match', [TOPIC]),
    result('a', 3, different(4)),
  ]),
  scenario('META-57', 'get tells about a subscription what on_create told', [
    join('a'),
    join('b'),
    subscribed('a', 1, { match: 'wildcard' }, 'com..topic'),
    call('b', 1, 'wamp.subscription.get', [ref('a1')]),
    result('b', 1, { id: ref('a1'), created: text, uri: 'com..topic', match: 'wildcard' }),
  ]),
  scenario('META-57', 'get tells match exact when nothing else was asked for', [
    join('a'),
    subscribed('a'),
    call('a', 2, 'wamp.subscription.get', [ref('a1')]),
    result('a', 2, containing({ uri: TOPIC, match: 'exact' })),
  ]),
  scenario('META-58', 'list_subscribers lists the sessions that subscribed', [
    join('a'),
    join('b'),
    subscribed('a'),
    call('a', 2, 'wamp.subscription.list_subscribers', [ref('a1')]),
    result('a', 2, [ref('a')]),
    subscribed('b'),
    call('a', 3, 'wamp.subscription.list_subscribers', [ref('a1')]),
    result('a', 3, different(2)),
    unsubscribed('a', 4, 'a1'),
    call('a', 5, 'wamp.subscription.list_subscribers', [ref('a1')]),
    result('a', 5, [ref('b')]),
  ]),
  scenario('META-59', 'count_subscribers counts the sessions that subscribed', [
    join('a'),
    join('b'),
    subscribed('a'),
    call('a', 2, 'wamp.subscription.count_subscribers', [ref('a1')]),
    result('a', 2, 1),
    subscribed('b'),
    call('a', 3, 'wamp.subscription.count_subscribers', [ref('a1')]),
    result('a', 3, 2),
    unsubscribed('a', 4, 'a1'),
    call('a', 5, 'wamp.subscription.count_subscribers', [ref('a1')]),
    result('a', 5, 1),
  ]),
  ...[
    ['META-57', 'get'],
    ['META-58', 'list_subscribers'],
    ['META-59', 'count_subscribers'],
  ].flatMap(([id, name]) => [
    scenario(id!, `${name} of a subscription that never was`, [
      join('a'),
      call('a', 1, `wamp.subscription.${name}`, [4711]),
      refused('a', 1, 'wamp.error.no_such_subscription'),
    ]),
    scenario(id!, `${name} of a subscription that is no more`, [
      join('a'),
      subscribed('a'),
      unsubscribed('a', 2, 'a1'),
      call('a', 3, `wamp.subscription.${name}`, [ref('a1')]),
      refused('a', 3, 'wamp.error.no_such_subscription'),
    ]),
  ]),
]

/** Two subscribers a and b of one subscription, and w, who watches what happens then. */
const sharedByTwo = [join('a'), join('b'), subscribed('a'), subscribed('b'), watching()].flat()
const alone = [join('a'), subscribed('a'), watching()].flat()
const allGone = [toldOf('on_unsubscribe', ref('a'), ref('a1')), toldOf('on_delete', ref('a'), ref('a1')), silence('w')]

const order: readonly Scenario[] = [
  scenario('META-60', 'the first subscriber: on_create, then on_subscribe', [
    watching(),
    join('a'),
    subscribed('a'),
    toldOf('on_create', ref('a'), any),
    toldOf('on_subscribe', ref('a'), ref('a1')),
    silence('w'),
  ]),
  scenario('META-60', 'a further subscriber: only on_subscribe', [
    join('a'),
    subscribed('a'),
    watching(),
    join('b'),
    subscribed('b'),
    toldOf('on_subscribe', ref('b'), ref('a1')),
    silence('w'),
  ]),
  scenario('META-60', 'a subscriber of several unsubscribes: only on_unsubscribe', [
    sharedByTwo,
    unsubscribed('a', 2, 'a1'),
    toldOf('on_unsubscribe', ref('a'), ref('a1')),
    silence('w'),
  ]),
  scenario('META-60', 'the last subscriber unsubscribes: on_unsubscribe, then on_delete', [alone, unsubscribed('a', 2, 'a1'), allGone]),
  scenario('META-60', 'the last subscriber says GOODBYE: on_unsubscribe, then on_delete', [
    alone,
    send('a', 6, {}, 'wamp.close.close_realm'),
    allGone,
  ]),
  scenario('META-60', 'the last subscriber is lost: on_unsubscribe, then on_delete', [alone, drop('a'), allGone]),
  scenario('META-60', 'a subscriber of several is lost: only on_unsubscribe', [
    sharedByTwo,
    drop('b'),
    toldOf('on_unsubscribe', ref('b'), ref('a1')),
    silence('w'),
  ]),
  scenario('META-61', 'match is null when no subscription matches', [
    join('a'),
    subscribed('a'),
    call('a', 2, 'wamp.subscription.match', ['com.example.topic.other']),
    result('a', 2, null),
  ]),
  scenario('META-61', 'a repeated SUBSCRIBE fires no meta event', [
    alone,
    send('a', 32, 2, {}, TOPIC),
    expect('a', 33, 2, any),
    silence('w'),
  ]),
]

/** A realm that keeps the history of the topic, so that its subscription lives without subscribers. */
const keeping = { realm: { history: [{ uri: TOPIC, match: 'exact', eventsMax: 10 }] } } as const
/** Session b asks for the subscription that a had, alone. */
const abandoned = [join('a'), subscribed('a'), unsubscribed('a', 2, 'a1'), join('b')].flat(2)

const keptAlive: readonly Scenario[] = [
  scenario(
    'META-62',
    'a subscription that only history keeps alive is listed',
    [abandoned, call('b', 1, 'wamp.subscription.list'), result('b', 1, { exact: [ref('a1')], prefix: [], wildcard: [] })],
    keeping,
  ),
  scenario(
    'META-62',
    'a subscription that only history keeps alive counts no subscribers',
    [abandoned, call('b', 1, 'wamp.subscription.count_subscribers', [ref('a1')]), result('b', 1, 0)],
    keeping,
  ),
  scenario(
    'META-62',
    'a subscription that only history keeps alive lists no subscribers',
    [abandoned, call('b', 1, 'wamp.subscription.list_subscribers', [ref('a1')]), result('b', 1, [])],
    keeping,
  ),
  scenario(
    'META-62',
    'on_delete does not fire while history keeps the subscription alive',
    [alone, unsubscribed('a', 2, 'a1'), toldOf('on_unsubscribe', any, any), silence('w')],
    keeping,
  ),
]

const remove = (id: number, args: readonly unknown[], kwargs: object = {}) =>
  call('w', id, 'wamp.subscription.remove_subscriber', args, kwargs)
/** A subscriber a, and w, who may remove it. */
const removable = [join('a'), subscribed('a'), join('w')].flat(2)

const removal: readonly Scenario[] = [
  scenario('META-63', 'remove_subscriber revokes the subscription: UNSUBSCRIBED with request 0 to the subscriber, no result', [
    removable,
    remove(1, [ref('a1'), ref('a')]),
    expect('w', 50, 1, any),
    expect('a', 35, 0, containing({ subscription: ref('a1') })),
    silence('a'),
  ]),
  scenario('META-63', 'the reason, positional, reaches the subscriber', [
    removable,
    remove(1, [ref('a1'), ref('a'), 'com.example.enough']),
    expect('a', 35, 0, { subscription: ref('a1'), reason: 'com.example.enough' }),
  ]),
  scenario('META-63', 'the reason, by name, reaches the subscriber', [
    removable,
    remove(1, [ref('a1'), ref('a')], { reason: 'com.example.enough' }),
    expect('a', 35, 0, { subscription: ref('a1'), reason: 'com.example.enough' }),
  ]),
  scenario('META-63', 'a subscriber without subscription_revocation hears nothing', [
    join('a', { ...ALL_ROLES, subscriber: {} }),
    subscribed('a'),
    join('w'),
    remove(1, [ref('a1'), ref('a')]),
    expect('w', 50, 1, any),
    silence('a'),
  ]),
  scenario('META-63', 'who was removed receives no more events, the others do', [
    join('a'),
    join('b'),
    subscribed('a'),
    subscribed('b'),
    join('w'),
    remove(1, [ref('a1'), ref('a')]),
    expect('w', 50, 1, any),
    expect('a', 35, 0, any),
    send('w', 16, 2, {}, TOPIC, [1]),
    expect('b', 36, ref('b1'), any, any, [1]),
    silence('a'),
  ]),
  scenario('META-63', 'remove_subscriber of a subscription that does not exist', [
    join('a'),
    join('w'),
    remove(1, [4711, ref('a')]),
    refused('w', 1, 'wamp.error.no_such_subscription'),
  ]),
  scenario('META-63', 'remove_subscriber of a session that does not exist', [
    removable,
    remove(1, [ref('a1'), 4711]),
    refused('w', 1, 'wamp.error.no_such_session'),
    silence('a'),
  ]),
  ...['metatopics', 'metaonly'].map((option) =>
    scenario('META-63', `the option ${option} of an obsolete draft is ignored`, [
      join('a'),
      subscribed('a', 1, { [option]: option === 'metaonly' ? true : ['wamp.metatopic.subscriber.add'] }),
      join('b'),
      subscribed('b'),
      silence('a'),
      send('b', 16, 2, {}, TOPIC, [1]),
      expect('a', 36, ref('a1'), any, any, [1]),
    ]),
  ),
]

export const scenarios: readonly Scenario[] = [...events, ...queries, ...order, ...keptAlive, ...removal]
