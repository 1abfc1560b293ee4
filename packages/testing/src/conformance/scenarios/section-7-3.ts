// Section 7.3 of the requirements: the registration meta API.

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

const PROC = 'com.example.procedure'
const SHARED = { invoke: 'roundrobin' }
const call = (who: string, id: number, procedure: string, ...payload: unknown[]) => send(who, 48, id, {}, procedure, ...payload)
const result = (who: string, id: number, ...values: unknown[]) => expect(who, 50, id, any, values)
const refused = (who: string, id: number, uri: string) => expect(who, 8, 48, id, any, uri)
/** Registers; the id is kept under the session's name and the request's number: "a1". */
const registered = (who: string, id = 1, options: object = {}, procedure = PROC) => [
  send(who, 64, id, options, procedure),
  expect(who, 65, id, bind(`${who}${id}`)),
]
const unregistered = (who: string, id: number, registration: string) => [send(who, 66, id, ref(registration)), expect(who, 67, id)]
/** A session w that receives the meta event `name`, or all of registrations. */
const watching = (name?: string): Step[] => [
  ...join('w'),
  send('w', 32, 1, name === undefined ? { match: 'prefix' } : {}, `wamp.registration.${name ?? ''}`),
  expect('w', 33, 1, any),
]
const told = (...args: unknown[]) => expect('w', 36, any, any, any, args)
const toldOf = (name: string, ...args: unknown[]) => expect('w', 36, any, any, containing({ topic: `wamp.registration.${name}` }), args)
const text = where('a string', (value) => typeof value === 'string')
const two = where('a list of two different ids', (value) => Array.isArray(value) && value.length === 2 && new Set(value).size === 2)

const events: readonly Scenario[] = [
  scenario('META-30', 'on_create tells the session and the registration: id, created, uri, match, invoke', [
    watching('on_create'),
    join('a'),
    registered('a'),
    told(ref('a'), { id: ref('a1'), created: text, uri: PROC, match: 'exact', invoke: 'single' }),
    silence('w'),
  ]),
  scenario('META-30', 'on_create tells match and invoke as registered', [
    watching('on_create'),
    join('a'),
    registered('a', 1, { match: 'prefix', invoke: 'roundrobin' }),
    told(any, containing({ match: 'prefix', invoke: 'roundrobin' })),
    registered('a', 2, { match: 'wildcard', invoke: 'last' }, 'com..procedure'),
    told(any, containing({ match: 'wildcard', invoke: 'last' })),
  ]),
  scenario('META-31', 'on_register tells session and registration', [
    watching('on_register'),
    join('a'),
    registered('a'),
    told(ref('a'), ref('a1')),
    silence('w'),
  ]),
  scenario('META-31', 'on_unregister tells session and registration', [
    watching('on_unregister'),
    join('a'),
    registered('a'),
    silence('w'),
    unregistered('a', 2, 'a1'),
    told(ref('a'), ref('a1')),
    silence('w'),
  ]),
  scenario('META-33', 'on_delete tells the last session and the registration', [
    watching('on_delete'),
    join('a'),
    join('b'),
    registered('a', 1, SHARED),
    registered('b', 1, SHARED),
    unregistered('a', 2, 'a1'),
    silence('w'),
    unregistered('b', 2, 'a1'),
    told(ref('b'), ref('a1')),
    silence('w'),
  ]),
]

const queries: readonly Scenario[] = [
  scenario('META-34', 'list lists registrations by match policy', [
    join('a'),
    registered('a', 1, {}),
    registered('a', 2, { match: 'prefix' }),
    registered('a', 3, { match: 'wildcard' }, 'com..procedure'),
    call('a', 4, 'wamp.registration.list'),
    result('a', 4, { exact: [ref('a1')], prefix: [ref('a2')], wildcard: [ref('a3')] }),
  ]),
  scenario('META-34', 'list lists all registrations of all sessions, and none that is gone', [
    join('a'),
    join('b'),
    registered('a', 1),
    registered('b', 1, {}, 'com.example.other'),
    call('a', 2, 'wamp.registration.list'),
    result('a', 2, containing({ exact: two })),
    unregistered('a', 3, 'a1'),
    call('a', 4, 'wamp.registration.list'),
    result('a', 4, containing({ exact: [ref('b1')] })),
  ]),
  scenario('META-35', 'lookup finds the registration of a URI and a match policy, exact by default', [
    join('a'),
    join('b'),
    registered('a', 1, { match: 'prefix' }),
    registered('a', 2, { match: 'wildcard' }),
    registered('a', 3, {}),
    call('b', 1, 'wamp.registration.lookup', [PROC]),
    result('b', 1, ref('a3')),
    call('b', 2, 'wamp.registration.lookup', [PROC, {}]),
    result('b', 2, ref('a3')),
    call('b', 3, 'wamp.registration.lookup', [PROC, { match: 'exact' }]),
    result('b', 3, ref('a3')),
    call('b', 4, 'wamp.registration.lookup', [PROC, { match: 'prefix' }]),
    result('b', 4, ref('a1')),
    call('b', 5, 'wamp.registration.lookup', [PROC, { match: 'wildcard' }]),
    result('b', 5, ref('a2')),
  ]),
  scenario('META-36', 'match finds the registration that a CALL would use: exact before prefix, the longest prefix, then wildcard', [
    join('a'),
    join('b'),
    registered('a', 1, { match: 'wildcard' }, 'com..procedure'),
    call('b', 1, 'wamp.registration.match', [PROC]),
    result('b', 1, ref('a1')),
    registered('a', 2, { match: 'prefix' }, 'com.'),
    call('b', 2, 'wamp.registration.match', [PROC]),
    result('b', 2, ref('a2')),
    registered('a', 3, { match: 'prefix' }, 'com.example.'),
    call('b', 3, 'wamp.registration.match', [PROC]),
    result('b', 3, ref('a3')),
    registered('a', 4, {}),
    call('b', 4, 'wamp.registration.match', [PROC]),
    result('b', 4, ref('a4')),
  ]),
  scenario('META-37', 'get tells about a registration what on_create told', [
    join('a'),
    join('b'),
    registered('a', 1, { match: 'wildcard', invoke: 'first' }, 'com..procedure'),
    call('b', 1, 'wamp.registration.get', [ref('a1')]),
    result('b', 1, { id: ref('a1'), created: text, uri: 'com..procedure', match: 'wildcard', invoke: 'first' }),
  ]),
  scenario('META-37', 'get tells match exact and invoke single when nothing else was asked for', [
    join('a'),
    registered('a'),
    call('a', 2, 'wamp.registration.get', [ref('a1')]),
    result('a', 2, containing({ match: 'exact', invoke: 'single' })),
  ]),
  scenario('META-38', 'list_callees lists the sessions that registered', [
    join('a'),
    join('b'),
    registered('a', 1, SHARED),
    call('a', 2, 'wamp.registration.list_callees', [ref('a1')]),
    result('a', 2, [ref('a')]),
    registered('b', 1, SHARED),
    call('a', 3, 'wamp.registration.list_callees', [ref('a1')]),
    result('a', 3, two),
    unregistered('a', 4, 'a1'),
    call('a', 5, 'wamp.registration.list_callees', [ref('a1')]),
    result('a', 5, [ref('b')]),
  ]),
  scenario('META-39', 'count_callees counts the sessions that registered', [
    join('a'),
    join('b'),
    registered('a', 1, SHARED),
    call('a', 2, 'wamp.registration.count_callees', [ref('a1')]),
    result('a', 2, 1),
    registered('b', 1, SHARED),
    call('a', 3, 'wamp.registration.count_callees', [ref('a1')]),
    result('a', 3, 2),
    unregistered('a', 4, 'a1'),
    call('a', 5, 'wamp.registration.count_callees', [ref('a1')]),
    result('a', 5, 1),
  ]),
  ...[
    ['META-37', 'get'],
    ['META-38', 'list_callees'],
    ['META-39', 'count_callees'],
  ].flatMap(([id, name]) => [
    scenario(id!, `${name} of a registration that never was`, [
      join('a'),
      call('a', 1, `wamp.registration.${name}`, [4711]),
      refused('a', 1, 'wamp.error.no_such_registration'),
    ]),
    scenario(id!, `${name} of a registration that is no more`, [
      join('a'),
      registered('a'),
      unregistered('a', 2, 'a1'),
      call('a', 3, `wamp.registration.${name}`, [ref('a1')]),
      refused('a', 3, 'wamp.error.no_such_registration'),
    ]),
  ]),
]

/** Two callees a and b of one registration, and w, who watches what happens then. */
const sharedByTwo = [join('a'), join('b'), registered('a', 1, SHARED), registered('b', 1, SHARED), watching()].flat()
const alone = [join('a'), registered('a'), watching()].flat()
const allGone = [toldOf('on_unregister', ref('a'), ref('a1')), toldOf('on_delete', ref('a'), ref('a1')), silence('w')]

const order: readonly Scenario[] = [
  scenario('META-40', 'the first callee: on_create, then on_register', [
    watching(),
    join('a'),
    registered('a'),
    toldOf('on_create', ref('a'), any),
    toldOf('on_register', ref('a'), ref('a1')),
    silence('w'),
  ]),
  scenario('META-40', 'a further callee: only on_register', [
    join('a'),
    registered('a', 1, SHARED),
    watching(),
    join('b'),
    registered('b', 1, SHARED),
    toldOf('on_register', ref('b'), ref('a1')),
    silence('w'),
  ]),
  scenario('META-40', 'a callee of several unregisters: only on_unregister', [
    sharedByTwo,
    unregistered('a', 2, 'a1'),
    toldOf('on_unregister', ref('a'), ref('a1')),
    silence('w'),
  ]),
  scenario('META-40', 'the last callee unregisters: on_unregister, then on_delete', [alone, unregistered('a', 2, 'a1'), allGone]),
  scenario('META-40', 'the last callee says GOODBYE: on_unregister, then on_delete', [
    alone,
    send('a', 6, {}, 'wamp.close.close_realm'),
    allGone,
  ]),
  scenario('META-40', 'the last callee is lost: on_unregister, then on_delete', [alone, drop('a'), allGone]),
  scenario('META-40', 'the last callee is removed: on_unregister, then on_delete', [
    alone,
    join('b'),
    call('b', 1, 'wamp.registration.remove_callee', [ref('a1'), ref('a')]),
    allGone,
  ]),
  scenario('META-40', 'a callee of several is lost: only on_unregister', [
    sharedByTwo,
    drop('b'),
    toldOf('on_unregister', ref('b'), ref('a1')),
    silence('w'),
  ]),
]

const nothingFound: readonly Scenario[] = [
  scenario('META-41', 'list has all three keys when there is nothing', [
    join('a'),
    call('a', 1, 'wamp.registration.list'),
    result('a', 1, { exact: [], prefix: [], wildcard: [] }),
  ]),
  scenario('META-41', 'lookup is null when there is no such registration', [
    join('a'),
    call('a', 1, 'wamp.registration.lookup', [PROC]),
    result('a', 1, null),
  ]),
  scenario('META-41', 'lookup is null when there is one with another match policy only', [
    join('a'),
    registered('a', 1, { match: 'prefix' }),
    call('a', 2, 'wamp.registration.lookup', [PROC]),
    result('a', 2, null),
  ]),
  scenario('META-41', 'match is null when a CALL would find nothing', [
    join('a'),
    registered('a', 1),
    call('a', 2, 'wamp.registration.match', ['com.example.procedure.other']),
    result('a', 2, null),
  ]),
]

const remove = (id: number, args: readonly unknown[], kwargs: object = {}) => call('w', id, 'wamp.registration.remove_callee', args, kwargs)
/** A callee a, and w, who may remove it. */
const removable = [join('a'), registered('a'), join('w')].flat(2)
const plain = { ...ALL_ROLES, callee: {} }

const removal: readonly Scenario[] = [
  scenario('META-42', 'remove_callee revokes the registration: UNREGISTERED with request 0 to the callee, no result', [
    removable,
    remove(1, [ref('a1'), ref('a')]),
    expect('w', 50, 1, any),
    expect('a', 67, 0, containing({ registration: ref('a1') })),
    silence('a'),
  ]),
  scenario('META-42', 'the reason, positional, reaches the callee', [
    removable,
    remove(1, [ref('a1'), ref('a'), 'com.example.enough']),
    expect('a', 67, 0, { registration: ref('a1'), reason: 'com.example.enough' }),
  ]),
  scenario('META-42', 'the reason, by name, reaches the callee', [
    removable,
    remove(1, [ref('a1'), ref('a')], { reason: 'com.example.enough' }),
    expect('a', 67, 0, { registration: ref('a1'), reason: 'com.example.enough' }),
  ]),
  scenario('META-42', 'a callee without registration_revocation hears nothing', [
    join('a', plain),
    registered('a'),
    join('w'),
    remove(1, [ref('a1'), ref('a')]),
    expect('w', 50, 1, any),
    silence('a'),
  ]),
  scenario('META-42', 'what was removed is not called any more, the other callee is', [
    join('a'),
    join('b'),
    registered('a', 1, SHARED),
    registered('b', 1, SHARED),
    join('w'),
    remove(1, [ref('a1'), ref('a')]),
    expect('w', 50, 1, any),
    expect('a', 67, 0, any),
    call('w', 2, PROC),
    expect('b', 68, 1, ref('a1'), any),
    call('w', 3, PROC),
    expect('b', 68, 2, ref('a1'), any),
    silence('a'),
  ]),
  scenario('META-42', 'remove_callee of a registration that does not exist', [
    join('a'),
    join('w'),
    remove(1, [4711, ref('a')]),
    refused('w', 1, 'wamp.error.no_such_registration'),
  ]),
  scenario('META-42', 'remove_callee of a session that does not exist', [
    removable,
    remove(1, [ref('a1'), 4711]),
    refused('w', 1, 'wamp.error.no_such_session'),
    silence('a'),
  ]),
  scenario(
    'META-42',
    'who may not call remove_callee gets not_authorized',
    [removable, remove(1, [ref('a1'), ref('a')]), refused('w', 1, 'wamp.error.not_authorized'), silence('a')],
    {
      realm: {
        authorizer: {
          authorize: ({ action, uri }, decide) =>
            decide(action === 'call' && uri === 'wamp.registration.remove_callee' ? 'denied' : 'allowed'),
        },
      },
    },
  ),
]

export const scenarios: readonly Scenario[] = [...events, ...queries, ...order, ...nothingFound, ...removal]
