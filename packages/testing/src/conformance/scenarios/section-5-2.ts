// Sections 5.2 to 5.5 of the requirements: patterns, black- and whitelisting, publisher exclusion, publisher identification.

import {
  ALL_ROLES,
  any,
  bind,
  containing,
  expect,
  expectAll,
  join,
  ref,
  type Scenario,
  scenario,
  send,
  silence,
  where,
} from '../scenario.ts'

const TOPIC = 'com.example.topic'
const subscribed = (who: string, id = 1, topic = TOPIC, options: object = {}) => [
  send(who, 32, id, options, topic),
  expect(who, 33, id, bind(`${who}${id}`)),
]
const event = (who: string, subscription: string) => expect(who, 36, ref(subscription), any, any, any)
const lacks = (...keys: string[]) =>
  where(`Details without ${keys.join(', ')}`, (value) => keys.every((key) => !Object.hasOwn(value as object, key)))
/** Two subscribers, a and b, and a publisher c. */
const three = [join('a'), join('b'), join('c'), subscribed('a'), subscribed('b')].flat()

export const scenarios: readonly Scenario[] = [
  scenario('PUB-17', 'match is exact by default, prefix or wildcard when asked for', [
    join('a'),
    join('b'),
    subscribed('a', 1, 'com.example'),
    subscribed('a', 2, 'com.example', { match: 'exact' }),
    subscribed('a', 3, 'com.example', { match: 'prefix' }),
    subscribed('a', 4, 'com..topic', { match: 'wildcard' }),
    send('b', 16, 1, {}, TOPIC, [1]),
    expectAll('a', [36, ref('a3'), any, any, [1]], [36, ref('a4'), any, any, [1]]),
    silence('a'),
    send('b', 16, 2, {}, 'com.example', [2]),
    expectAll('a', [36, ref('a1'), any, any, [2]], [36, ref('a3'), any, any, [2]]),
    silence('a'),
  ]),
  scenario('PUB-18', 'an event of a pattern subscription names its topic, one of an exact subscription does not', [
    join('a'),
    join('b'),
    subscribed('a', 1),
    subscribed('a', 2, 'com.example', { match: 'prefix' }),
    subscribed('a', 3, 'com..topic', { match: 'wildcard' }),
    send('b', 16, 1, {}, TOPIC),
    expectAll(
      'a',
      [36, ref('a1'), any, lacks('topic')],
      [36, ref('a2'), any, containing({ topic: TOPIC })],
      [36, ref('a3'), any, containing({ topic: TOPIC })],
    ),
  ]),
  scenario('PUB-20', 'unsubscribing from a narrower pattern takes nothing from a broader one', [
    join('a'),
    join('b'),
    subscribed('a', 1, 'com.', { match: 'prefix' }),
    subscribed('a', 2, 'com.example.', { match: 'prefix' }),
    send('a', 34, 3, ref('a2')),
    expect('a', 35, 3),
    send('b', 16, 1, {}, TOPIC, [1]),
    event('a', 'a1'),
    silence('a'),
  ]),
  scenario('PUB-21', 'match works for a client that did not announce the feature', [
    join('a', { subscriber: {} }),
    join('b'),
    subscribed('a', 1, 'com.', { match: 'prefix' }),
    send('b', 16, 1, {}, TOPIC, [1]),
    event('a', 'a1'),
  ]),
  scenario('PUB-24', 'details made for one subscription or receiver do not show up at another', [
    join('a'),
    join('b', { ...ALL_ROLES, subscriber: {} }),
    join('c'),
    subscribed('a', 1, 'com.', { match: 'prefix' }),
    subscribed('b', 1),
    send('c', 16, 1, { disclose_me: true }, TOPIC, [1]),
    expect('a', 36, ref('a1'), any, any, [1]),
    expect('b', 36, ref('b1'), any, {}, [1]),
  ]),
  ...lists(),
  scenario('PUB-28', 'lists never add receivers: who is not subscribed gets nothing, and the publisher stays excluded', [
    join('a'),
    join('b'),
    subscribed('a'),
    send('a', 16, 2, { eligible: [ref('a'), ref('b')] }, TOPIC),
    silence('a', 'b'),
  ]),
  scenario('PUB-29', 'an empty eligible list lets nobody in, an empty exclude list keeps nobody out', [
    three,
    send('c', 16, 1, { eligible: [] }, TOPIC, [1]),
    send('c', 16, 2, { eligible_authid: [] }, TOPIC, [1]),
    send('c', 16, 3, { eligible_authrole: [] }, TOPIC, [1]),
    silence('a', 'b'),
    send('c', 16, 4, { exclude: [], exclude_authid: [], exclude_authrole: [] }, TOPIC, [2]),
    event('a', 'a1'),
    event('b', 'b1'),
  ]),
  scenario('PUB-31', 'unknown ids and names in the lists are ignored', [
    three,
    send('c', 16, 1, { exclude: [4711], exclude_authid: ['nobody'], exclude_authrole: ['none'] }, TOPIC, [1]),
    event('a', 'a1'),
    event('b', 'b1'),
  ]),
  scenario('PUB-36', 'exclude_me false gives the publisher its event, once per subscription', [
    join('a'),
    subscribed('a'),
    send('a', 16, 2, { exclude_me: false }, TOPIC, ['own']),
    expect('a', 36, ref('a1'), any, any, ['own']),
    silence('a'),
  ]),
  scenario('PUB-36', 'exclude_me true, like nothing, keeps it away', [
    join('a'),
    subscribed('a'),
    send('a', 16, 2, { exclude_me: true }, TOPIC, ['own']),
    silence('a'),
  ]),
  scenario('PUB-40', 'disclose_me tells subscribers the session of the publisher', [
    join('a'),
    join('b'),
    subscribed('a'),
    send('b', 16, 1, { disclose_me: true }, TOPIC),
    expect('a', 36, ref('a1'), any, containing({ publisher: ref('b') })),
  ]),
  scenario(
    'PUB-41',
    'where disclosure is not allowed the event is not published, and ERROR says so only when acknowledged',
    [
      join('a'),
      join('b'),
      subscribed('a'),
      send('b', 16, 1, { disclose_me: true, acknowledge: true }, TOPIC),
      expect('b', 8, 16, 1, any, 'wamp.error.option_disallowed.disclose_me', any),
      send('b', 16, 2, { disclose_me: true }, TOPIC),
      silence('a', 'b'),
    ],
    { realm: { allowDisclose: false } },
  ),
  scenario('PUB-43', 'without disclosure none of the three keys is there', [
    join('a'),
    join('b'),
    subscribed('a'),
    send('b', 16, 1, { disclose_me: false }, TOPIC),
    expect('a', 36, ref('a1'), any, lacks('publisher', 'publisher_authid', 'publisher_authrole')),
  ]),
  scenario('PUB-43', 'the keys go only to subscribers that announced the feature', [
    join('a', { ...ALL_ROLES, subscriber: {} }),
    join('b'),
    subscribed('a'),
    send('b', 16, 1, { disclose_me: true }, TOPIC),
    expect('a', 36, ref('a1'), any, lacks('publisher', 'publisher_authid', 'publisher_authrole')),
  ]),
]

/** PUB-25 and PUB-26, list by list; what a list holds is the id or role of one of two subscribers. */
function lists(): Scenario[] {
  return [
    scenario('PUB-25', 'exclude and eligible take session ids', [
      three,
      send('c', 16, 1, { exclude: [ref('a')] }, TOPIC, [1]),
      event('b', 'b1'),
      send('c', 16, 2, { eligible: [ref('a')] }, TOPIC, [2]),
      event('a', 'a1'),
      silence('a', 'b'),
    ]),
    scenario('PUB-25', 'the authrole lists take roles', [
      three,
      send('c', 16, 1, { exclude_authrole: ['anonymous'] }, TOPIC, [1]),
      silence('a', 'b'),
      send('c', 16, 2, { eligible_authrole: ['anonymous'] }, TOPIC, [2]),
      event('a', 'a1'),
      event('b', 'b1'),
    ]),
    scenario('PUB-25', 'the authid lists take authids', [
      join('a'),
      join('c'),
      subscribed('a'),
      send('c', 16, 1, { eligible_authid: ['somebody else'] }, TOPIC, [1]),
      silence('a'),
      send('c', 16, 2, { exclude_authid: ['somebody else'] }, TOPIC, [2]),
      event('a', 'a1'),
    ]),
    scenario('PUB-26', 'all lists must let a subscriber in, and exclude wins', [
      three,
      send('c', 16, 1, { eligible: [ref('a'), ref('b')], exclude: [ref('a')] }, TOPIC, [1]),
      event('b', 'b1'),
      send('c', 16, 2, { eligible: [ref('a')], eligible_authrole: ['other'] }, TOPIC, [2]),
      silence('a', 'b'),
    ]),
  ]
}
