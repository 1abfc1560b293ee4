// Section 11 of the requirements: payload passthru mode, as far as the router has a part in it. What clients do with such
// payloads is tested in packages/encryption.

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

const TOPIC = 'com.example.topic'
const PROC = 'com.example.procedure'
const PLAIN = { caller: {}, callee: {}, publisher: {}, subscriber: {} }
const PPT = { ppt_scheme: 'x_custom', ppt_serializer: 'cbor', ppt_cipher: 'x_cipher', ppt_keyid: 'x_key' }
const ENC = { enc_algo: 'cryptobox', enc_serializer: 'json' }
const BOX = new Uint8Array([1, 2, 254, 255])
const isBox = where('the same bytes', (value) => value instanceof Uint8Array && value.join() === BOX.join())
const lacks = (...keys: string[]) =>
  where(`a dictionary without ${keys.join(', ')}`, (value) => keys.every((key) => !Object.hasOwn(value as object, key)))
const subscribed = (who: string, roles: object = ALL_ROLES): Step[] => [
  ...join(who, roles),
  send(who, 32, 1, {}, TOPIC),
  expect(who, 33, 1, any),
]
const registered = (who: string, roles: object = ALL_ROLES): Step[] => [
  ...join(who, roles),
  send(who, 64, 1, {}, PROC),
  expect(who, 65, 1, any),
]
const refused = (id = 1) => expect('z', 8, 48, id, any, 'wamp.error.feature_not_supported', any)

const keys: readonly Scenario[] = [
  scenario('PPT-01', 'PUBLISH to EVENT: the four keys, unchanged', [
    subscribed('a'),
    join('p'),
    send('p', 16, 1, PPT, TOPIC, [BOX]),
    expect('a', 36, any, any, PPT, [isBox]),
  ]),
  scenario('PPT-01', 'CALL to INVOCATION and YIELD to RESULT: the four keys, unchanged', [
    registered('a'),
    join('z'),
    send('z', 48, 1, PPT, PROC, [BOX]),
    expect('a', 68, bind('invocation'), any, PPT, [isBox]),
    send('a', 70, ref('invocation'), { ...PPT, ppt_keyid: 'other' }, [BOX]),
    expect('z', 50, 1, { ...PPT, ppt_keyid: 'other' }, [isBox]),
  ]),
  scenario('PPT-01', 'ERROR carries its own in Details', [
    registered('a'),
    join('z'),
    send('z', 48, 1, {}, PROC),
    expect('a', 68, bind('invocation'), any, any),
    send('a', 8, 68, ref('invocation'), PPT, 'com.example.error', [BOX]),
    expect('z', 8, 48, 1, PPT, 'com.example.error', [isBox]),
  ]),
  scenario('PPT-01', 'an empty scheme is none', [
    subscribed('a'),
    join('p', PLAIN),
    send('p', 16, 1, { ppt_scheme: '' }, TOPIC, ['plain']),
    expect('a', 36, any, any, lacks('ppt_scheme'), ['plain']),
  ]),
  scenario('PPT-02', 'all three peers announced it: it is used', [
    registered('a'),
    join('z'),
    send('z', 48, 1, PPT, PROC, [BOX]),
    expect('a', 68, any, any, containing({ ppt_scheme: 'x_custom' }), any),
  ]),
  scenario('PPT-03', 'a caller that did not announce it is aborted', [
    join('z', PLAIN),
    send('z', 48, 1, PPT, PROC, [BOX]),
    violation('z', 'ppt_scheme'),
  ]),
  scenario('PPT-03', 'a publisher that did not announce it is aborted', [
    join('p', PLAIN),
    send('p', 16, 1, PPT, TOPIC, [BOX]),
    violation('p', 'ppt_scheme'),
  ]),
  scenario('PPT-03', 'a callee that did not announce it is aborted', [
    registered('a', PLAIN),
    join('z'),
    send('z', 48, 1, {}, PROC),
    expect('a', 68, bind('invocation'), any, any),
    send('a', 70, ref('invocation'), PPT, [BOX]),
    violation('a', 'ppt_scheme'),
  ]),
  scenario('PPT-04', 'a callee lacks it: feature_not_supported, no INVOCATION', [
    registered('a', PLAIN),
    join('z'),
    send('z', 48, 1, PPT, PROC, [BOX]),
    refused(),
    silence('a'),
  ]),
  scenario('PPT-05', 'a subscriber lacks it: it gets the event all the same', [
    subscribed('a', PLAIN),
    join('p'),
    send('p', 16, 1, PPT, TOPIC, [BOX]),
    expect('a', 36, any, any, PPT, [isBox]),
  ]),
  scenario('PPT-06', 'a caller lacks it: the YIELD is dropped, the call ends with feature_not_supported', [
    registered('a'),
    join('z', PLAIN),
    send('z', 48, 1, {}, PROC),
    expect('a', 68, bind('invocation'), any, any),
    send('a', 70, ref('invocation'), PPT, [BOX]),
    refused(),
    silence('a', 'z'),
  ]),
  scenario('PPT-09', 'the router does not look into the values', [
    subscribed('a'),
    join('p'),
    send('p', 16, 1, { ppt_scheme: 'no such scheme', ppt_serializer: '', ppt_cipher: '?', ppt_keyid: '' }, TOPIC, ['not even bytes', 1]),
    expect('a', 36, any, any, { ppt_scheme: 'no such scheme', ppt_serializer: '', ppt_cipher: '?', ppt_keyid: '' }, ['not even bytes', 1]),
  ]),
  scenario('PPT-13', 'progressive results carry them', [
    registered('a'),
    join('z'),
    send('z', 48, 1, { receive_progress: true }, PROC),
    expect('a', 68, bind('invocation'), any, any),
    send('a', 70, ref('invocation'), { ...PPT, progress: true }, [BOX]),
    expect('z', 50, 1, { ...PPT, progress: true }, [isBox]),
  ]),
  scenario('PPT-13', 'on progressive calls the first chunk freezes them', [
    registered('a'),
    join('z'),
    send('z', 48, 1, { ...PPT, progress: true }, PROC, [BOX]),
    expect('a', 68, bind('invocation'), any, containing(PPT), [isBox]),
    send('z', 48, 1, {}, PROC, [BOX]),
    expect('a', 68, ref('invocation'), any, PPT, [isBox]),
  ]),
  scenario('PPT-14', 'without ppt_scheme the other keys are ignored', [
    subscribed('a'),
    join('p', PLAIN),
    send('p', 16, 1, { ppt_serializer: 'cbor', ppt_keyid: 'x' }, TOPIC, ['plain']),
    expect('a', 36, any, any, lacks('ppt_serializer', 'ppt_keyid'), ['plain']),
  ]),
  scenario('PPT-14', 'retained events keep the keys', [
    join('p'),
    send('p', 16, 1, { ...PPT, retain: true }, TOPIC, [BOX]),
    join('a'),
    send('a', 32, 1, { get_retained: true }, TOPIC),
    expect('a', 33, 1, any),
    expect('a', 36, any, any, containing(PPT), [isBox]),
  ]),
  scenario(
    'PPT-14',
    'event history keeps the keys',
    [
      subscribed('a'),
      join('p'),
      send('p', 16, 1, PPT, TOPIC, [BOX]),
      expect('a', 36, any, any, containing(PPT), any),
      send('a', 48, 2, {}, 'wamp.subscription.get_events', [1]),
      expect('a', 50, 2, any, [containing({ details: containing(PPT) })], any),
    ],
    { realm: { history: [{ uri: TOPIC }] } },
  ),
  scenario('PPT-14', 'testaments keep the keys', [
    subscribed('a'),
    join('p'),
    send('p', 48, 1, {}, 'wamp.session.add_testament', [TOPIC, [BOX], {}], { publish_options: PPT }),
    expect('p', 50, 1, any),
    send('p', 6, {}, 'wamp.close.close_realm'),
    expect('p', 6, any, any),
    expect('a', 36, any, any, PPT, [isBox]),
  ]),
]

const older: readonly Scenario[] = [
  scenario(
    'PPT-16',
    'PUBLISH to EVENT: bytes in place of the arguments, and the keys',
    [subscribed('a'), join('p'), send('p', 16, 1, ENC, TOPIC, BOX), expect('a', 36, any, any, ENC, isBox)],
    {
      ways: ['memory', 'sockets'],
    },
  ),
  scenario(
    'PPT-16',
    'CALL to INVOCATION and YIELD to RESULT',
    [
      registered('a'),
      join('z'),
      send('z', 48, 1, ENC, PROC, BOX),
      expect('a', 68, bind('invocation'), any, ENC, isBox),
      send('a', 70, ref('invocation'), ENC, BOX),
      expect('z', 50, 1, ENC, isBox),
    ],
    { ways: ['memory', 'sockets'] },
  ),
  scenario(
    'PPT-16',
    'bytes in place of the arguments without enc_algo are a violation',
    [join('p'), send('p', 16, 1, {}, TOPIC, BOX), violation('p', 'Arguments')],
    {
      ways: ['memory', 'sockets'],
    },
  ),
]

export const scenarios: readonly Scenario[] = [...keys, ...older]
