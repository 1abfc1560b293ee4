// Sections 5.6 to 5.9 of the requirements: trust levels, sharded subscription, event retention, subscription revocation.

import {
  any,
  bind,
  containing,
  expect,
  expectAll,
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
const lacks = (...keys: string[]) =>
  where(`a dictionary without ${keys.join(', ')}`, (value) => keys.every((key) => !Object.hasOwn(value as object, key)))
const subscribed = (who: string, options: object = {}, topic = TOPIC, id = 1): Step[] => [
  send(who, 32, id, options, topic),
  expect(who, 33, id, bind(`subscription of ${who}`)),
]
/** A publisher p and subscribers. */
const withSubscribers = (...names: string[]): Step[] => [join('p'), ...names.flatMap((name) => [...join(name), ...subscribed(name)])].flat()
const publish = (id: number, options: object = {}, payload: unknown = [id], topic = TOPIC) => send('p', 16, id, options, topic, payload)
const event = (who: string, payload: unknown, details: unknown = any) => expect(who, 36, any, any, details, payload)

const PLAIN = { subscriber: {}, publisher: {}, caller: {}, callee: {} }

const trust: readonly Scenario[] = [
  scenario(
    'PUB-46',
    'the role of the publisher has a trust level',
    [withSubscribers('a'), publish(1), event('a', [1], containing({ trustlevel: 2 }))],
    {
      realm: { trustlevels: { anonymous: 2 } },
    },
  ),
  scenario(
    'PUB-46',
    'the topic has a trust level, which wins over the role',
    [withSubscribers('a'), publish(1), event('a', [1], containing({ trustlevel: 0 }))],
    {
      realm: { trustlevels: { anonymous: 2 }, topics: [{ uri: TOPIC, trustlevel: 0 }] },
    },
  ),
  scenario(
    'PUB-46',
    'a pattern of topics has a trust level',
    [withSubscribers('a'), publish(1), event('a', [1], containing({ trustlevel: 5 }))],
    {
      realm: { topics: [{ uri: 'com.', match: 'prefix', trustlevel: 5 }] },
    },
  ),
  scenario('PUB-46', 'a publisher cannot set it', [
    withSubscribers('a'),
    publish(1, { trustlevel: 9 }),
    event('a', [1], lacks('trustlevel')),
  ]),
  scenario(
    'PUB-46',
    'it goes only to subscribers that announced publication_trustlevels',
    [join('p'), join('a', PLAIN), subscribed('a'), publish(1), event('a', [1], lacks('trustlevel'))],
    { realm: { trustlevels: { anonymous: 2 } } },
  ),
  scenario(
    'PUB-42',
    'a topic may disclose its publishers unasked',
    [withSubscribers('a'), publish(1), event('a', [1], containing({ publisher: ref('p') }))],
    {
      realm: { topics: [{ uri: TOPIC, disclose: true }] },
    },
  ),
]

const sharded: readonly Scenario[] = [
  scenario('PUB-48', 'rkey and nkey are accepted, and subscribers share the subscription', [
    join('p'),
    join('a'),
    join('b'),
    send('a', 32, 1, { nkey: 'one' }, TOPIC),
    expect('a', 33, 1, bind('shared')),
    send('b', 32, 1, { nkey: 'two' }, TOPIC),
    expect('b', 33, 1, ref('shared')),
    publish(1, { rkey: 'key', acknowledge: true }),
    expect('p', 17, 1, any),
  ]),
  scenario('PUB-49', 'without rkey everybody gets it', [
    join('p'),
    join('a'),
    subscribed('a', { nkey: 'one' }),
    join('b'),
    subscribed('b', { nkey: 'two' }),
    publish(1),
    event('a', [1]),
    event('b', [1]),
  ]),
  scenario('PUB-49', 'a subscriber without nkey gets everything', [
    join('p'),
    join('a'),
    subscribed('a'),
    join('b'),
    subscribed('b', { nkey: 'two' }),
    publish(1, { rkey: 'x' }),
    publish(2, { rkey: 'y' }),
    event('a', [1]),
    event('a', [2]),
  ]),
  scenario('PUB-49', 'with rkey exactly one of the node keys gets it, and the same one again', [
    join('p'),
    ...['a', 'b', 'c'].flatMap((name) => [...join(name), ...subscribed(name, { nkey: name })]),
    publish(1, { rkey: 'order-7' }),
    publish(2, { rkey: 'order-7' }),
    ...chosenOnce(['a', 'b', 'c'], 'order-7'),
  ]),
  scenario('PUB-49', 'a node that leaves gives its keys to others', [
    join('p'),
    join('a'),
    subscribed('a', { nkey: 'one' }),
    join('b'),
    subscribed('b', { nkey: 'two' }),
    send('a', 34, 2, ref('subscription of a')),
    expect('a', 35, 2),
    ...['k1', 'k2', 'k3', 'k4'].flatMap((rkey, at) => [publish(at + 1, { rkey }), event('b', [at + 1])]),
    silence('a'),
  ]),
]

/** Of these subscribers exactly one has got the publications 1 and 2, the others nothing: the hash decides which. */
function chosenOnce(names: readonly string[], rkey: string): Step[] {
  const chosen = names[rendezvous(rkey, names)]!
  return [event(chosen, [1]), event(chosen, [2]), silence(...names.filter((name) => name !== chosen))]
}

/** Which candidate a key belongs to: the one with the greatest FNV-1a hash, finished as MurmurHash3 does. Written out anew. */
function rendezvous(key: string, candidates: readonly string[]): number {
  const scores = candidates.map((candidate) => {
    let h = 0x811c9dc5
    for (const character of `${key}\0${candidate}`) h = Math.imul(h ^ character.charCodeAt(0), 0x01000193)
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    return (h ^ (h >>> 16)) >>> 0
  })
  return scores.indexOf(Math.max(...scores))
}

const getRetained = (who: string, topic = TOPIC, match?: string): Step[] =>
  subscribed(who, match === undefined ? { get_retained: true } : { get_retained: true, match }, topic)

const retention: readonly Scenario[] = [
  scenario('PUB-51', 'retain: true keeps the event for later subscribers', [
    join('p'),
    publish(1, { retain: true }),
    join('a'),
    getRetained('a'),
    event('a', [1]),
  ]),
  scenario('PUB-51', 'without retain nothing is kept', [join('p'), publish(1), join('a'), getRetained('a'), silence('a')]),
  scenario(
    'PUB-51',
    'a realm may decline, and the event is published all the same',
    [withSubscribers('b'), publish(1, { retain: true }), event('b', [1]), join('a'), getRetained('a'), silence('a')],
    { realm: { allowRetain: false } },
  ),
  scenario('PUB-52', 'the newest event takes the place of the one before', [
    join('p'),
    publish(1, { retain: true }),
    publish(2, { retain: true }),
    join('a'),
    getRetained('a'),
    event('a', [2]),
    silence('a'),
  ]),
  scenario(
    'PUB-52',
    'an event that may not be published is not kept',
    [join('p'), publish(1, { retain: true, disclose_me: true }), join('a'), getRetained('a'), silence('a')],
    { realm: { allowDisclose: false } },
  ),
  scenario('PUB-53', 'it comes after SUBSCRIBED and says retained', [
    join('p'),
    publish(1, { retain: true }),
    join('a'),
    send('a', 32, 1, { get_retained: true }, TOPIC),
    expect('a', 33, 1, bind('subscription')),
    expect('a', 36, ref('subscription'), any, containing({ retained: true }), [1]),
  ]),
  scenario('PUB-53', 'who does not ask does not get it', [
    join('p'),
    publish(1, { retain: true }),
    join('a'),
    subscribed('a'),
    silence('a'),
  ]),
  scenario('PUB-53', 'a live event does not say retained', [
    withSubscribers('a'),
    publish(1, { retain: true }),
    event('a', [1], lacks('retained')),
  ]),
  ...(
    [
      ['exclude', [ref('a')]],
      ['eligible', [ref('p')]],
      ['exclude_authrole', ['anonymous']],
      ['eligible_authrole', ['admin']],
      ['eligible_authid', ['nobody']],
    ] as const
  ).map(([list, value]) =>
    scenario('PUB-54', `not for whom ${list} leaves out`, [
      join('p'),
      join('a'),
      publish(1, { retain: true, [list]: value }),
      getRetained('a'),
      silence('a'),
    ]),
  ),
  scenario('PUB-54', 'exclude_authid: not for that authid', [
    join('p'),
    join('a'),
    send('a', 48, 1, {}, 'wamp.session.get', [ref('a')]),
    expect('a', 50, 1, any, [{ containing: { authid: bind('authid') } }]),
    publish(1, { retain: true, exclude_authid: [ref('authid')] }),
    send('a', 32, 2, { get_retained: true }, TOPIC),
    expect('a', 33, 2, any),
    silence('a'),
  ]),
  scenario('PUB-54', 'not for the publishing session itself, unless it asked for its own events', [
    join('p'),
    publish(1, { retain: true }),
    publish(2, { retain: true, exclude_me: false }, ['other'], 'com.example.other'),
    send('p', 32, 3, { get_retained: true }, TOPIC),
    expect('p', 33, 3, any),
    silence('p'),
    send('p', 32, 4, { get_retained: true }, 'com.example.other'),
    expect('p', 33, 4, any),
    event('p', ['other']),
  ]),
  scenario('PUB-56', 'an event for some comes beside the one for all; the newest that one may have is given', [
    join('p'),
    join('a'),
    join('b'),
    publish(1, { retain: true }),
    publish(2, { retain: true, eligible: [ref('a')] }),
    getRetained('a'),
    event('a', [2]),
    getRetained('b'),
    event('b', [1]),
  ]),
  scenario('PUB-56', 'an event for all clears those before', [
    join('p'),
    join('a'),
    publish(1, { retain: true, eligible: [ref('a')] }),
    publish(2, { retain: true }),
    getRetained('a'),
    event('a', [2]),
  ]),
  scenario('PUB-57', 'a prefix gets one retained event of each topic, with its topic', [
    join('p'),
    publish(1, { retain: true }, [1], 'com.example.one'),
    publish(2, { retain: true }, [2], 'com.example.two'),
    publish(3, { retain: true }, [3], 'com.other'),
    join('a'),
    getRetained('a', 'com.example.', 'prefix'),
    expectAll(
      'a',
      [36, any, any, containing({ topic: 'com.example.one' }), [1]],
      [36, any, any, containing({ topic: 'com.example.two' }), [2]],
    ),
    silence('a'),
  ]),
  scenario('PUB-57', 'a wildcard gets one retained event of each topic, with its topic', [
    join('p'),
    publish(1, { retain: true }, [1], 'com.one.x'),
    publish(2, { retain: true }, [2], 'com.two.x'),
    publish(3, { retain: true }, [3], 'com.two.y'),
    join('a'),
    getRetained('a', 'com..x', 'wildcard'),
    expectAll('a', [36, any, any, containing({ topic: 'com.one.x' }), [1]], [36, any, any, containing({ topic: 'com.two.x' }), [2]]),
    silence('a'),
  ]),
  scenario('PUB-57', 'it keeps its publication id, and the disclosure of when it was published', [
    join('p'),
    publish(1, { retain: true, acknowledge: true, disclose_me: true }),
    expect('p', 17, 1, bind('publication')),
    join('a'),
    getRetained('a'),
    expect('a', 36, any, ref('publication'), containing({ publisher: ref('p') }), [1]),
  ]),
  scenario('PUB-58', 'it survives its publisher and the last subscriber', [
    withSubscribers('b'),
    publish(1, { retain: true }),
    event('b', [1]),
    send('b', 34, 2, ref('subscription of b')),
    expect('b', 35, 2),
    send('p', 6, {}, 'wamp.close.close_realm'),
    expect('p', 6, any, any),
    join('a'),
    getRetained('a'),
    event('a', [1]),
  ]),
  scenario('PUB-58', 'a repeated SUBSCRIBE gets it again', [
    join('p'),
    publish(1, { retain: true }),
    join('a'),
    getRetained('a'),
    event('a', [1]),
    send('a', 32, 2, { get_retained: true }, TOPIC),
    expect('a', 33, 2, ref('subscription of a')),
    event('a', [1]),
  ]),
  scenario('PUB-58', 'an empty payload does not clear it', [
    join('p'),
    publish(1, { retain: true }),
    send('p', 16, 2, { retain: true }, TOPIC),
    join('a'),
    getRetained('a'),
    expect('a', 36, any, any, containing({ retained: true })),
  ]),
]

const remove = (id: number, subscription: unknown, session: unknown, ...rest: unknown[]): Step[] => [
  send('admin', 48, id, {}, 'wamp.subscription.remove_subscriber', [subscription, session, ...rest]),
  expect('admin', 50, id, any),
]
const revocation: readonly Scenario[] = [
  scenario('PUB-66', 'a subscriber that announced it is told, with the reason', [
    withSubscribers('a'),
    join('admin'),
    remove(1, ref('subscription of a'), ref('a'), 'com.example.closed'),
    expect('a', 35, 0, { subscription: ref('subscription of a'), reason: 'com.example.closed' }),
  ]),
  scenario('PUB-66', 'one that did not is not told', [
    join('p'),
    join('a', PLAIN),
    subscribed('a'),
    join('admin'),
    remove(1, ref('subscription of a'), ref('a')),
    silence('a'),
  ]),
  scenario('PUB-68', 'after it no event comes on that subscription; others keep theirs', [
    withSubscribers('a', 'b'),
    join('admin'),
    remove(1, ref('subscription of a'), ref('a')),
    expect('a', 35, 0, any),
    publish(1),
    event('b', [1]),
    silence('a'),
  ]),
  scenario('PUB-68', 'meta events as for UNSUBSCRIBE', [
    withSubscribers('a'),
    join('admin'),
    send('admin', 32, 1, { match: 'prefix' }, 'wamp.subscription.'),
    expect('admin', 33, 1, any),
    send('admin', 48, 2, {}, 'wamp.subscription.remove_subscriber', [ref('subscription of a'), ref('a')]),
    expectAll(
      'admin',
      [50, 2, any],
      [36, any, any, containing({ topic: 'wamp.subscription.on_unsubscribe' }), [ref('a'), ref('subscription of a')]],
      [36, any, any, containing({ topic: 'wamp.subscription.on_delete' }), [ref('a'), ref('subscription of a')]],
    ),
  ]),
]

export const scenarios: readonly Scenario[] = [...trust, ...sharded, ...retention, ...revocation]
