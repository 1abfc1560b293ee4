// Section 9 of the requirements: what a role may do. The sessions of scenarios have the role "anonymous".

import type { Permission } from '@crosspoint/router'
import {
  ALL_ROLES,
  any,
  attach,
  bind,
  closed,
  containing,
  expect,
  join,
  ref,
  type Scenario,
  type Step,
  scenario,
  send,
  silence,
} from '../scenario.ts'

const NOT_AUTHORIZED = 'wamp.error.not_authorized'
const OPEN = 'com.open.topic'
const PROCEDURE = 'com.open.procedure'
const CLOSED = 'com.closed.topic'
/** A realm in which anonymous sessions have these permissions. */
const permitted = (...anonymous: Permission[]) => ({ realm: { roles: { anonymous: { permissions: anonymous } } } })
const everything = { uri: 'com.open.', match: 'prefix', allow: ['call', 'register', 'publish', 'subscribe'] } as const
const open = permitted(everything)
const denied = (who: string, type: number, id: number) => expect(who, 8, type, id, any, NOT_AUTHORIZED, any)

const actions: readonly Scenario[] = [
  scenario(
    'AUTHZ-01',
    'what the role may do is done',
    [
      join('a'),
      join('b'),
      send('a', 64, 1, {}, OPEN),
      expect('a', 65, 1, any),
      send('a', 32, 2, {}, OPEN),
      expect('a', 33, 2, any),
      send('b', 16, 1, { acknowledge: true }, OPEN, ['x']),
      expect('b', 17, 1, any),
      expect('a', 36, any, any, any, ['x']),
      send('b', 48, 2, {}, OPEN, ['y']),
      expect('a', 68, bind('invocation'), any, any, ['y']),
      send('a', 70, ref('invocation'), {}, ['z']),
      expect('b', 50, 2, any, ['z']),
    ].flat(),
    open,
  ),
  scenario(
    'AUTHZ-02',
    'everything else is not_authorized, changes nothing, and the session stays',
    [
      join('a'),
      join('b'),
      send('a', 64, 1, {}, CLOSED),
      denied('a', 64, 1),
      send('a', 32, 2, {}, CLOSED),
      denied('a', 32, 2),
      send('b', 48, 1, {}, CLOSED),
      denied('b', 48, 1),
      send('b', 16, 2, { acknowledge: true }, CLOSED),
      denied('b', 16, 2),
      send('b', 32, 3, {}, OPEN),
      expect('b', 33, 3, any),
      silence('a', 'b'),
    ].flat(),
    open,
  ),
  scenario(
    'AUTHZ-02',
    'a publication that is not acknowledged is denied in silence',
    [join('a'), send('a', 16, 1, {}, CLOSED), silence('a'), send('a', 32, 2, {}, OPEN), expect('a', 33, 2, any)].flat(),
    open,
  ),
  ...(['call', 'register', 'publish', 'subscribe'] as const).map((action) =>
    scenario(
      'AUTHZ-01',
      `allowed to ${action} is not allowed the other three`,
      [join('a'), ...attempts(action)].flat(),
      permitted({ uri: OPEN, allow: [action] }),
    ),
  ),
  scenario(
    'AUTHZ-02',
    'an invalid URI is answered as such, whoever may',
    [join('a'), send('a', 48, 1, {}, 'com..x'), expect('a', 8, 48, 1, any, 'wamp.error.invalid_uri', any)].flat(),
    open,
  ),
  scenario(
    'AUTHZ-02',
    'a realm without the role refuses to join',
    [attach('a'), send('a', 1, 'realm1', { roles: ALL_ROLES }), expect('a', 3, any, 'wamp.error.no_such_role'), closed('a')],
    { realm: { roles: { user: { permissions: [everything] } } } },
  ),
  scenario(
    'AUTHZ-04',
    'the answer is wamp.error.not_authorized, with a text for people',
    [
      join('a'),
      send('a', 48, 1, {}, CLOSED),
      expect('a', 8, 48, 1, {}, NOT_AUTHORIZED, [`Cannot call "${CLOSED}": this session may not`]),
    ].flat(),
    open,
  ),
  scenario('ERR-11', 'not_authorized: action denied', [join('a'), send('a', 64, 1, {}, CLOSED), denied('a', 64, 1)].flat(), open),
]

/** Each action on the open URI; only `allowed` works. */
function attempts(allowed: string): Step[] {
  const steps: Step[] = []
  let id = 0
  for (const [action, type, answer] of [
    ['register', 64, 65],
    ['subscribe', 32, 33],
    ['publish', 16, 17],
    ['call', 48, 8],
  ] as const) {
    id++
    steps.push(send('a', type, id, type === 16 ? { acknowledge: true } : {}, OPEN))
    if (action !== allowed) steps.push(denied('a', type, id))
    else if (action === 'call') steps.push(expect('a', answer, 48, id, any, 'wamp.error.no_such_procedure', any))
    else steps.push(expect('a', answer, id, any))
  }
  return steps
}

const rules: readonly Scenario[] = [
  scenario(
    'AUTHZ-07',
    'the exact rule decides before the longest prefix, that before a shorter one, and prefixes before wildcards',
    [
      join('a'),
      send('a', 32, 1, {}, 'com.open.a'),
      expect('a', 33, 1, any),
      send('a', 32, 2, {}, 'com.open.secret'),
      denied('a', 32, 2),
      send('a', 32, 3, {}, 'com.other'),
      denied('a', 32, 3),
      send('a', 32, 4, {}, 'org.x.news'),
      expect('a', 33, 4, any),
    ].flat(),
    permitted(
      { uri: 'com.', match: 'prefix', allow: [] },
      { uri: 'com.open.', match: 'prefix', allow: ['subscribe'] },
      { uri: 'com.open.secret', allow: [] },
      { uri: 'com..a', match: 'wildcard', allow: [] },
      { uri: 'org..news', match: 'wildcard', allow: ['subscribe'] },
    ),
  ),
  scenario(
    'AUTHZ-07',
    'a pattern is allowed only when every URI in it is',
    [
      join('a'),
      send('a', 32, 1, { match: 'prefix' }, 'com.open.'),
      denied('a', 32, 1),
      send('a', 32, 2, { match: 'prefix' }, 'com.open.a.'),
      expect('a', 33, 2, any),
      send('a', 32, 3, { match: 'prefix' }, 'com.'),
      denied('a', 32, 3),
      send('a', 32, 4, { match: 'wildcard' }, 'com..a'),
      denied('a', 32, 4),
      send('a', 64, 5, { match: 'prefix' }, 'com.open.b.'),
      expect('a', 65, 5, any),
      send('a', 64, 6, { match: 'prefix' }, ''),
      denied('a', 64, 6),
    ].flat(),
    permitted(everything, { uri: 'com.open.secret', allow: [] }),
  ),
  scenario(
    'AUTHZ-07',
    'UNSUBSCRIBE, UNREGISTER, CANCEL, YIELD and ERROR are not asked about',
    [
      join('a'),
      join('b'),
      send('a', 32, 1, {}, OPEN),
      expect('a', 33, 1, bind('subscription')),
      send('a', 64, 2, {}, PROCEDURE),
      expect('a', 65, 2, bind('registration')),
      send('b', 48, 1, {}, PROCEDURE),
      expect('a', 68, bind('first'), any, any),
      send('a', 70, ref('first'), {}),
      expect('b', 50, 1, any),
      send('b', 48, 2, {}, PROCEDURE),
      expect('a', 68, bind('second'), any, any),
      send('a', 8, 68, ref('second'), {}, 'com.failed'),
      expect('b', 8, 48, 2, any, 'com.failed'),
      send('b', 48, 3, {}, PROCEDURE),
      expect('a', 68, bind('third'), any, any),
      send('b', 49, 3, {}),
      expect('b', 8, 48, 3, any, 'wamp.error.canceled', any),
      expect('a', 69, ref('third'), any),
      send('a', 34, 3, ref('subscription')),
      expect('a', 35, 3),
      send('a', 66, 4, ref('registration')),
      expect('a', 67, 4),
    ].flat(),
    open,
  ),
  scenario(
    'AUTHZ-01',
    'the meta API is asked for like any procedure',
    [
      join('a'),
      send('a', 48, 1, {}, 'wamp.session.count'),
      expect('a', 50, 1, any, [1]),
      send('a', 48, 2, {}, 'wamp.session.kill_all'),
      denied('a', 48, 2),
    ].flat(),
    permitted({ uri: 'wamp.session.count', allow: ['call'] }),
  ),
  scenario(
    'AUTHZ-01',
    'a testament needs the permission to publish',
    [
      join('a'),
      send('a', 48, 1, {}, 'wamp.session.add_testament', [CLOSED, [], {}]),
      denied('a', 48, 1),
      send('a', 48, 2, {}, 'wamp.session.add_testament', [OPEN, [], {}]),
      expect('a', 50, 2, any),
    ].flat(),
    permitted(everything, { uri: 'wamp.', match: 'prefix', allow: ['call'] }),
  ),
  scenario(
    'ERR-15',
    'no_such_role: the role is not on the realm',
    [attach('a'), send('a', 1, 'realm1', { roles: ALL_ROLES }), expect('a', 3, containing({}), 'wamp.error.no_such_role'), closed('a')],
    { realm: { roles: {} } },
  ),
]

export const scenarios: readonly Scenario[] = [...actions, ...rules]
