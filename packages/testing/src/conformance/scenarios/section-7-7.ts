// Section 7.7 of the requirements: reflection.

import {
  ALL_ROLES,
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
  silence,
  where,
} from '../scenario.ts'

const PROC = 'com.example.procedure'
const TOPIC = 'com.example.topic'
const FAULT = 'com.example.error'
const SCHEMA = { title: 'what it is for', args: ['integer'] }
const call = (who: string, id: number, procedure: string, ...payload: unknown[]) => send(who, 48, id, {}, procedure, ...payload)
const result = (who: string, id: number, value: unknown) => expect(who, 50, id, any, [value])
const KINDS = [
  ['procedure', PROC],
  ['topic', TOPIC],
  ['error', FAULT],
] as const
/** Session a defines, and the answer is not looked at. */
const defined = (id: number, uri: string, kind: string, schema: unknown = SCHEMA): Step[] => [
  call('a', id, 'wamp.reflect.define', [uri, schema], { kind }),
  expect('a', 50, id, any, any),
]
/** Session a also provides what it describes, so that nothing depends on whether that is asked for. */
const provided: Step[] = [
  join('a'),
  send('a', 64, 1, {}, PROC),
  expect('a', 65, 1, any),
  send('a', 32, 2, {}, TOPIC),
  expect('a', 33, 2, any),
].flat()
const listing = (uri: string) => where(`a list with "${uri}"`, (value) => Array.isArray(value) && value.includes(uri))
const notListing = (uri: string) => where(`a list without "${uri}"`, (value) => Array.isArray(value) && !value.includes(uri))
const watching = (topic: string) => [join('w'), send('w', 32, 1, {}, topic), expect('w', 33, 1, bind('w1'))].flat()

const offered: readonly Scenario[] = [
  ...['broker', 'dealer'].map((role) =>
    scenario('REF-01', `the ${role} announces reflection`, [
      attach('a'),
      send('a', 1, 'realm1', { roles: ALL_ROLES }),
      expect('a', 2, any, containing({ roles: containing({ [role]: containing({ reflection: true }) }) })),
    ]),
  ),
  ...KINDS.flatMap(([kind, uri]) => [
    scenario('REF-02', `wamp.reflection.${kind}.list lists what is defined`, [
      provided,
      defined(3, uri, kind),
      join('b'),
      call('b', 1, `wamp.reflection.${kind}.list`),
      result('b', 1, listing(uri)),
    ]),
    scenario('REF-02', `wamp.reflection.${kind}.describe describes what is defined`, [
      provided,
      defined(3, uri, kind),
      join('b'),
      call('b', 1, `wamp.reflection.${kind}.describe`, [uri]),
      result(
        'b',
        1,
        where('a dictionary', (value) => typeof value === 'object' && value !== null),
      ),
    ]),
    scenario('REF-02', `wamp.reflection.${kind}.list does not list what is defined as something else`, [
      join('a'),
      ...KINDS.filter(([other]) => other !== kind).map(([other, otherUri], at) => defined(at + 1, otherUri, other)),
      call('a', 3, `wamp.reflection.${kind}.list`),
      result('a', 3, []),
    ]),
  ]),
  scenario('REF-03', 'wamp.reflect.define defines a procedure when nothing else is said', [
    provided,
    call('a', 3, 'wamp.reflect.define', [PROC, SCHEMA]),
    expect('a', 50, 3, any, any),
    call('a', 4, 'wamp.reflection.procedure.list'),
    result('a', 4, listing(PROC)),
  ]),
  ...KINDS.map(([kind, uri]) =>
    scenario('REF-03', `wamp.reflect.describe describes a ${kind}`, [
      provided,
      defined(3, uri, kind),
      call('a', 4, 'wamp.reflect.describe', [uri]),
      result(
        'a',
        4,
        where('a dictionary', (value) => typeof value === 'object' && value !== null),
      ),
    ]),
  ),
  scenario('REF-03', 'wamp.reflect.on_define comes when something is defined', [
    watching('wamp.reflect.on_define'),
    join('a'),
    defined(1, PROC, 'procedure'),
    expect('w', 36, ref('w1'), any, any, any),
    silence('w'),
  ]),
  scenario('REF-03', 'wamp.reflect.on_undefine comes when it is no more', [
    watching('wamp.reflect.on_undefine'),
    join('a'),
    defined(1, PROC, 'procedure'),
    silence('w'),
    defined(2, PROC, 'procedure', null),
    expect('w', 36, ref('w1'), any, any, any),
    silence('w'),
  ]),
]

/** A realm where session a may do all, and no other session may use the procedure and the topic. */
const private_: RealmSettings = {
  // Every run begins with an authorizer that has not seen anybody.
  get authorizer() {
    let first: unknown
    type Authorize = NonNullable<RealmSettings['authorizer']>['authorize']
    const authorize: Authorize = ({ principal, uri }, decide) => {
      first ??= principal.session
      decide(principal.session === first || (uri !== PROC && uri !== TOPIC) ? 'allowed' : 'denied')
    }
    return { authorize }
  },
}

const payloads: readonly Scenario[] = [
  ...KINDS.flatMap(([kind, uri]) => [
    scenario('REF-04', `describe of a ${kind} gives its declaration`, [
      provided,
      defined(3, uri, kind),
      call('a', 4, `wamp.reflection.${kind}.describe`, [uri]),
      result('a', 4, SCHEMA),
    ]),
    scenario('REF-04', `describe of a ${kind} that is not defined gives null`, [
      join('a'),
      call('a', 1, `wamp.reflection.${kind}.describe`, [uri]),
      result('a', 1, null),
    ]),
    scenario('REF-04', `the list of ${kind}s is empty when nothing is defined`, [
      join('a'),
      call('a', 1, `wamp.reflection.${kind}.list`),
      result('a', 1, []),
    ]),
  ]),
  scenario('REF-04', 'wamp.reflect.describe of what is not defined gives null', [
    join('a'),
    call('a', 1, 'wamp.reflect.describe', [PROC]),
    result('a', 1, null),
  ]),
  scenario('REF-04', 'define answers true when new, null when unchanged, false when changed', [
    join('a'),
    call('a', 1, 'wamp.reflect.define', [PROC, SCHEMA]),
    result('a', 1, true),
    call('a', 2, 'wamp.reflect.define', [PROC, SCHEMA]),
    result('a', 2, null),
    call('a', 3, 'wamp.reflect.define', [PROC, { title: 'something else' }]),
    result('a', 3, false),
    call('a', 4, 'wamp.reflect.describe', [PROC]),
    result('a', 4, { title: 'something else' }),
  ]),
  scenario('REF-04', 'define with null takes the declaration away', [
    join('a'),
    defined(1, PROC, 'procedure'),
    defined(2, PROC, 'procedure', null),
    call('a', 3, 'wamp.reflect.describe', [PROC]),
    result('a', 3, null),
  ]),
  scenario('REF-04', 'define with null for what is not defined changes nothing', [
    join('a'),
    call('a', 1, 'wamp.reflect.define', [PROC, null]),
    result('a', 1, null),
  ]),
  scenario('REF-04', 'on_define carries the URI and the schema', [
    watching('wamp.reflect.on_define'),
    join('a'),
    defined(1, PROC, 'procedure'),
    expect('w', 36, ref('w1'), any, any, [PROC, SCHEMA]),
  ]),
  scenario('REF-04', 'on_undefine carries the URI and the schema', [
    watching('wamp.reflect.on_undefine'),
    join('a'),
    defined(1, PROC, 'procedure'),
    defined(2, PROC, 'procedure', null),
    expect('w', 36, ref('w1'), any, any, [PROC, any]),
  ]),
  ...KINDS.filter(([kind]) => kind !== 'error').map(([kind, uri]) =>
    scenario(
      'REF-04',
      `a ${kind} is listed only to who may use it`,
      [
        provided,
        defined(3, uri, kind),
        call('a', 4, `wamp.reflection.${kind}.list`),
        result('a', 4, listing(uri)),
        join('b'),
        call('b', 1, `wamp.reflection.${kind}.list`),
        result('b', 1, notListing(uri)),
      ],
      { realm: private_ },
    ),
  ),
]

export const scenarios: readonly Scenario[] = [...offered, ...payloads]
