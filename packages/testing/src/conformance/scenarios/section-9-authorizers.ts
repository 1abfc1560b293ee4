// Section 9 of the requirements: authorizers that decide later, and payloads that the router looks at.

import type { Authorizer, Decision, RoleOptions, Validation } from '@crosspoint/router'
import {
  advance,
  any,
  bind,
  check,
  containing,
  drop,
  expect,
  join,
  type Parts,
  ref,
  type Scenario,
  type ScenarioOptions,
  scenario,
  send,
  silence,
} from '../scenario.ts'

const TOPIC = 'com.late.topic'
const PROCEDURE = 'com.late.procedure'
const LATE_MS = 500

/** Decides about `com.late.…` after half a second, about everything else at once. */
const late = (decision: Decision): ScenarioOptions => ({
  realm: ({ clock }: Parts) => ({
    authorizer: {
      authorize({ uri }, decide) {
        if (uri.startsWith('com.late.')) clock.setTimer(LATE_MS, () => decide(decision))
        else decide('allowed')
      },
    } satisfies Authorizer,
  }),
})
/** The role of all scenarios. */
const role = (anonymous: RoleOptions): ScenarioOptions => ({ realm: { roles: { anonymous } } })
const decides = (decision: Decision): Authorizer => ({ authorize: (_request, decide) => decide(decision) })

const order: readonly Scenario[] = [
  scenario(
    'AUTHZ-05',
    'what one session sends stays in order, and others go on',
    [
      join('a'),
      join('b'),
      send('b', 32, 1, { match: 'prefix' }, 'com.'),
      expect('b', 33, 1, any),
      send('a', 16, 1, { acknowledge: true }, TOPIC, ['first']),
      send('a', 16, 2, { acknowledge: true }, 'com.prompt.topic', ['second']),
      silence('a', 'b'),
      send('b', 32, 2, {}, 'com.prompt.other'),
      expect('b', 33, 2, any),
      advance(LATE_MS),
      expect('a', 17, 1, any),
      expect('a', 17, 2, any),
      expect('b', 36, any, any, any, ['first']),
      expect('b', 36, any, any, any, ['second']),
    ],
    late('allowed'),
  ),
  scenario(
    'AUTHZ-05',
    'a session that is gone when the decision comes: nothing is done',
    [
      join('a'),
      join('b'),
      send('b', 32, 1, { match: 'prefix' }, 'com.'),
      expect('b', 33, 1, any),
      send('a', 16, 1, {}, TOPIC),
      send('a', 64, 2, {}, PROCEDURE),
      drop('a'),
      advance(LATE_MS * 2),
      silence('b'),
      check('nothing is registered', (router) => router.realm('realm1')!.dealer.size === 0),
    ],
    late('allowed'),
  ),
  scenario(
    'AUTHZ-05',
    'a registration that is gone when the decision comes: the caller is told so',
    [
      join('a'),
      join('b'),
      send('a', 64, 1, {}, PROCEDURE),
      advance(LATE_MS),
      expect('a', 65, 1, bind('registration')),
      send('b', 48, 1, {}, PROCEDURE),
      send('a', 66, 2, ref('registration')),
      expect('a', 67, 2),
      advance(LATE_MS),
      expect('b', 8, 48, 1, any, 'wamp.error.no_such_procedure', any),
      silence('a'),
    ],
    late('allowed'),
  ),
  scenario(
    'AUTHZ-05',
    'a call that is cancelled while it waits is not made',
    [
      join('a'),
      join('b'),
      send('a', 64, 1, {}, PROCEDURE),
      advance(LATE_MS),
      expect('a', 65, 1, any),
      send('b', 48, 1, {}, PROCEDURE),
      send('b', 49, 1, {}),
      expect('b', 8, 48, 1, any, 'wamp.error.canceled', any),
      advance(LATE_MS),
      silence('a', 'b'),
    ],
    late('allowed'),
  ),
]

const dynamic: readonly Scenario[] = [
  scenario(
    'AUTHZ-06',
    'the authorizer of a role is asked where no permission says anything',
    [
      join('a'),
      send('a', 32, 1, {}, 'com.asked'),
      expect('a', 33, 1, any),
      send('a', 32, 2, {}, 'com.closed'),
      expect('a', 8, 32, 2, any, 'wamp.error.not_authorized', any),
    ],
    role({ authorizer: decides('allowed'), permissions: [{ uri: 'com.closed', allow: [] }] }),
  ),
  scenario(
    'AUTHZ-06',
    'a grant may disclose the caller, who did not ask for it',
    [
      join('a'),
      join('b'),
      send('a', 64, 1, {}, PROCEDURE),
      expect('a', 65, 1, any),
      send('b', 48, 1, {}, PROCEDURE),
      expect('a', 68, any, any, containing({ caller: ref('b') })),
    ],
    role({ authorizer: decides({ isDisclosed: true }) }),
  ),
  scenario(
    'AUTHZ-06',
    'an authorizer that denies, and one that has not decided',
    [
      join('a'),
      send('a', 48, 1, {}, PROCEDURE),
      silence('a'),
      advance(LATE_MS),
      expect('a', 8, 48, 1, any, 'wamp.error.not_authorized', any),
    ],
    late('denied'),
  ),
  scenario(
    'ERR-12',
    'wamp.error.not_authorized is what is sent: no synonym of it',
    [join('a'), send('a', 64, 1, {}, PROCEDURE), advance(LATE_MS), expect('a', 8, 64, 1, any, 'wamp.error.not_authorized', any)],
    late('denied'),
  ),
  scenario(
    'ERR-13',
    'authorization_failed: authorization could not be determined',
    [
      join('a'),
      send('a', 48, 1, {}, PROCEDURE),
      advance(LATE_MS),
      expect('a', 8, 48, 1, any, 'wamp.error.authorization_failed', any),
      send('a', 16, 2, {}, TOPIC),
      advance(LATE_MS),
      silence('a'),
      send('a', 16, 3, { acknowledge: true }, TOPIC),
      advance(LATE_MS),
      expect('a', 8, 16, 3, any, 'wamp.error.authorization_failed', any),
    ],
    late('failed'),
  ),
  scenario(
    'ERR-13',
    'an authorizer that throws has failed',
    [join('a'), send('a', 32, 1, {}, TOPIC), expect('a', 8, 32, 1, any, 'wamp.error.authorization_failed', any)],
    role({
      authorizer: {
        authorize: () => {
          throw new Error('broken')
        },
      },
    }),
  ),
]

const oneNumber = (value: unknown) => {
  const isRight = Array.isArray(value) && value.length === 1 && typeof value[0] === 'number'
  return isRight ? undefined : '[0]: must be a number, and alone'
}
const validated = (validate: Validation): ScenarioOptions =>
  role({ permissions: [{ uri: 'com.', match: 'prefix', allow: ['call', 'register', 'publish', 'subscribe'], validate }] })
const INVALID = 'wamp.error.invalid_argument'

const payloads: readonly Scenario[] = [
  scenario(
    'AUTHZ-08',
    'a call with a wrong payload does not reach the callee',
    [
      join('a'),
      join('b'),
      send('a', 64, 1, {}, PROCEDURE),
      expect('a', 65, 1, any),
      send('b', 48, 1, {}, PROCEDURE, ['seven']),
      expect('b', 8, 48, 1, any, INVALID, ['Cannot call "com.late.procedure": args: [0]: must be a number, and alone']),
      silence('a'),
      send('b', 48, 2, {}, PROCEDURE, [7]),
      expect('a', 68, any, any, any, [7]),
    ],
    validated({ args: oneNumber }),
  ),
  scenario(
    'AUTHZ-08',
    'a wrong result becomes an error for the caller',
    [
      join('a'),
      join('b'),
      send('a', 64, 1, {}, PROCEDURE),
      expect('a', 65, 1, any),
      send('b', 48, 1, {}, PROCEDURE),
      expect('a', 68, bind('invocation'), any, any),
      send('a', 70, ref('invocation'), {}, ['seven']),
      expect('b', 8, 48, 1, any, INVALID, any),
    ],
    validated({ result: { args: oneNumber } }),
  ),
  scenario(
    'AUTHZ-08',
    'so does a wrong payload of an error',
    [
      join('a'),
      join('b'),
      send('a', 64, 1, {}, PROCEDURE),
      expect('a', 65, 1, any),
      send('b', 48, 1, {}, PROCEDURE),
      expect('a', 68, bind('invocation'), any, any),
      send('a', 8, 68, ref('invocation'), {}, 'com.failed', ['seven']),
      expect('b', 8, 48, 1, any, INVALID, any),
    ],
    validated({ error: { args: oneNumber } }),
  ),
  scenario(
    'AUTHZ-08',
    'an event with a wrong payload reaches nobody; its publisher is told who asked for it',
    [
      join('a'),
      join('b'),
      send('a', 32, 1, {}, TOPIC),
      expect('a', 33, 1, any),
      send('b', 16, 1, { acknowledge: true }, TOPIC, ['seven']),
      expect('b', 8, 16, 1, any, INVALID, any),
      send('b', 16, 2, {}, TOPIC, ['seven']),
      silence('a', 'b'),
      send('b', 16, 3, { acknowledge: true }, TOPIC, [7]),
      expect('b', 17, 3, any),
      expect('a', 36, any, any, any, [7]),
    ],
    validated({ args: oneNumber }),
  ),
  scenario(
    'AUTHZ-08',
    'payloads for the far end only are not looked into',
    [
      join('a'),
      join('b'),
      send('a', 32, 1, {}, TOPIC),
      expect('a', 33, 1, any),
      send('b', 16, 1, { acknowledge: true, ppt_scheme: 'x_mine' }, TOPIC, ['sealed']),
      expect('b', 17, 1, any),
      expect('a', 36, any, any, containing({ ppt_scheme: 'x_mine' }), ['sealed']),
    ],
    validated({ args: oneNumber }),
  ),
]

/** Leave with a condition is leave, also where a session does not ask by a message of its own. */
const ALLOWED = ['call', 'register', 'publish', 'subscribe'] as const
const others: readonly Scenario[] = [
  scenario(
    'AUTHZ-06',
    'a testament where the permission discloses its publisher',
    [
      join('a'),
      join('b'),
      send('b', 32, 1, {}, TOPIC),
      expect('b', 33, 1, any),
      send('a', 48, 1, {}, 'wamp.session.add_testament', [TOPIC, ['left'], {}]),
      expect('a', 50, 1, any),
      drop('a'),
      expect('b', 36, any, any, containing({ publisher: ref('a') }), ['left']),
    ],
    role({ permissions: [{ uri: '', match: 'prefix', allow: ALLOWED, disclose: { publisher: true } }] }),
  ),
  scenario(
    'AUTHZ-08',
    'a testament with a wrong payload is refused when it is left',
    [
      join('a'),
      send('a', 48, 1, {}, 'wamp.session.add_testament', [TOPIC, ['seven'], {}]),
      expect('a', 8, 48, 1, any, INVALID, any),
      send('a', 48, 2, {}, 'wamp.session.add_testament', [TOPIC, [7], {}]),
      expect('a', 50, 2, any),
    ],
    role({
      permissions: [
        { uri: 'wamp.', match: 'prefix', allow: ['call'] },
        { uri: 'com.', match: 'prefix', allow: ALLOWED, validate: { args: oneNumber } },
      ],
    }),
  ),
  scenario(
    'AUTHZ-06',
    'history after a decision that lasts',
    [
      join('a'),
      send('a', 32, 1, {}, TOPIC),
      expect('a', 33, 1, bind('subscription')),
      ...join('b'),
      send('b', 16, 1, {}, TOPIC, ['kept']),
      expect('a', 36, any, any, any, ['kept']),
      send('a', 48, 2, {}, 'wamp.subscription.get_events', [ref('subscription')]),
      expect('a', 50, 2, any, [containing({ args: ['kept'] })], any),
    ],
    { realm: { authorizer: decides({ isLasting: true }), history: [{ uri: TOPIC }] } },
  ),
]

export const scenarios: readonly Scenario[] = [...order, ...dynamic, ...payloads, ...others]
