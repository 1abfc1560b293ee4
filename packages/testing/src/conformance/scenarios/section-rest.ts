// Requirements that need somebody who decides: authorization of registrations and calls, and order while a decision is late.

import type { AuthorizationRequest, Authorizer, Decision } from '@crosspoint/router'
import { any, expect, join, ref, type Scenario, type Step, scenario, send, silence } from '../scenario.ts'

const TOPIC = 'com.example.topic'
const SLOW = 'com.example.slow'
const PROC = 'com.example.procedure'
/** Decides at once. */
const deciding = (decide: (request: AuthorizationRequest) => Decision): Authorizer => ({
  authorize: (request, done) => done(decide(request)),
})
const denying = (action: string, decision: Decision = 'denied') => ({
  authorizer: deciding((request) => (request.action === action ? decision : 'allowed')),
})

/**
 * Decides about "com.example.slow…" when somebody asks about a URI that ends with "go", about everything else at once. What
 * waits is kept by realm run: a scenario begins with nothing waiting, since the one before has released all.
 */
function late(decision: Decision = 'allowed'): { authorizer: Authorizer } {
  const waiting: (() => void)[] = []
  return {
    authorizer: {
      authorize({ uri }, decide) {
        if (uri.startsWith(SLOW)) {
          waiting.push(() => decide(decision))
          return
        }
        decide('allowed')
        if (uri.endsWith('.go')) for (const release of waiting.splice(0)) release()
      },
    },
  }
}
const go = send('helper', 48, 1, {}, 'com.example.go')
const gone = expect('helper', 8, 48, 1, any, 'wamp.error.no_such_procedure', any)
const released: Step[] = [go, gone]

const registered = (who: string, procedure = PROC, id = 1): Step[] => [send(who, 64, id, {}, procedure), expect(who, 65, id, any)]
const refused = (who: string, type: number, id: number, error: string) => expect(who, 8, type, id, any, error, any)

const decisions: readonly Scenario[] = [
  scenario(
    'RPC-06',
    'a REGISTER that is denied: not_authorized',
    [join('a'), send('a', 64, 1, {}, PROC), refused('a', 64, 1, 'wamp.error.not_authorized')],
    {
      realm: denying('register'),
    },
  ),
  scenario(
    'RPC-06',
    'an authorizer that breaks: authorization_failed',
    [join('a'), send('a', 64, 1, {}, PROC), refused('a', 64, 1, 'wamp.error.authorization_failed')],
    {
      realm: denying('register', 'failed'),
    },
  ),
  scenario(
    'RPC-06',
    'it is asked before anybody looks whether the procedure is there',
    [
      join('a'),
      registered('a', 'com.example.taken'),
      join('b'),
      send('b', 64, 1, {}, 'com.example.taken'),
      refused('b', 64, 1, 'wamp.error.not_authorized'),
    ],
    { realm: { authorizer: onlyTheFirst('com.example.taken') } },
  ),
  scenario(
    'RPC-06',
    'a callee that left while the decision was awaited leaves no registration',
    [
      join('a'),
      send('a', 64, 1, {}, SLOW),
      send('a', 6, {}, 'wamp.close.close_realm'),
      expect('a', 6, any, any),
      join('helper'),
      released,
      join('b'),
      send('b', 48, 1, {}, 'wamp.registration.list'),
      expect('b', 50, 1, any, [{ exact: [], prefix: [], wildcard: [] }]),
    ],
    { realm: late() },
  ),
  scenario(
    'RPC-14',
    'a CALL that is denied reaches nobody',
    [join('a'), registered('a'), join('b'), send('b', 48, 1, {}, PROC), refused('b', 48, 1, 'wamp.error.not_authorized'), silence('a')],
    { realm: denying('call') },
  ),
  scenario(
    'RPC-14',
    'nor does one whose authorizer breaks',
    [
      join('a'),
      registered('a'),
      join('b'),
      send('b', 48, 1, {}, PROC),
      refused('b', 48, 1, 'wamp.error.authorization_failed'),
      silence('a'),
    ],
    { realm: denying('call', 'failed') },
  ),
  scenario(
    'PUB-07',
    'a PUBLISH that is denied is answered only when that was asked for',
    [
      join('a'),
      send('a', 16, 1, {}, TOPIC),
      silence('a'),
      send('a', 16, 2, { acknowledge: true }, TOPIC),
      refused('a', 16, 2, 'wamp.error.not_authorized'),
    ],
    { realm: denying('publish') },
  ),
]

/** Allows the first session that registers a URI, and nobody after it; forgets when it has refused. */
function onlyTheFirst(uri: string): Authorizer {
  let owner: number | undefined
  return deciding((request) => {
    if (request.action !== 'register' || request.uri !== uri) return 'allowed'
    if (owner === undefined || owner === request.principal.session) {
      owner = request.principal.session
      return 'allowed'
    }
    owner = undefined
    return 'denied'
  })
}

const own: readonly Scenario[] = [
  scenario('RPC-109', "the router's own procedures know the caller, undisclosed as it is: a session cannot kill itself", [
    join('a'),
    send('a', 48, 1, {}, 'wamp.session.kill', [ref('a')]),
    refused('a', 48, 1, 'wamp.error.no_such_session'),
  ]),
]

const order: readonly Scenario[] = [
  scenario(
    'ORD-04',
    'a slow decision about one event holds back the next of the same publisher, also on another topic',
    [
      join('a'),
      send('a', 32, 1, { match: 'prefix' }, 'com.example.'),
      expect('a', 33, 1, any),
      join('p'),
      join('helper'),
      send('p', 16, 1, {}, SLOW, ['first']),
      send('p', 16, 2, {}, TOPIC, ['second']),
      silence('a'),
      released,
      expect('a', 36, any, any, any, ['first']),
      expect('a', 36, any, any, any, ['second']),
    ],
    { realm: late() },
  ),
  scenario(
    'ORD-04',
    'when the slow one is denied, the next one goes',
    [
      join('a'),
      send('a', 32, 1, { match: 'prefix' }, 'com.example.'),
      expect('a', 33, 1, any),
      join('p'),
      join('helper'),
      send('p', 16, 1, { acknowledge: true }, SLOW, ['first']),
      send('p', 16, 2, {}, TOPIC, ['second']),
      silence('a', 'p'),
      released,
      refused('p', 16, 1, 'wamp.error.not_authorized'),
      expect('a', 36, any, any, any, ['second']),
    ],
    { realm: late('denied') },
  ),
  scenario(
    'ORD-04',
    'a slow decision about one call holds back the next of the same caller, not those of others',
    [
      join('a'),
      registered('a', SLOW.replace('slow', 'quick')),
      join('p'),
      join('helper'),
      send('p', 48, 1, {}, SLOW, ['first']),
      send('p', 48, 2, {}, 'com.example.quick', ['second']),
      silence('a'),
      send('helper', 48, 1, {}, 'com.example.quick', ['of another']),
      expect('a', 68, any, any, any, ['of another']),
      send('helper', 48, 2, {}, 'com.example.go'),
      refused('helper', 48, 2, 'wamp.error.no_such_procedure'),
      refused('p', 48, 1, 'wamp.error.no_such_procedure'),
      expect('a', 68, any, any, any, ['second']),
    ],
    { realm: late() },
  ),
  scenario(
    'RPC-79',
    'CANCEL of a call whose decision is awaited: canceled, and it is never sent',
    [
      join('a'),
      registered('a', 'com.example.quick'),
      join('p'),
      join('helper'),
      send('p', 48, 1, {}, SLOW),
      send('p', 48, 2, {}, 'com.example.quick'),
      send('p', 49, 2, { mode: 'kill' }),
      refused('p', 48, 2, 'wamp.error.canceled'),
      send('p', 49, 1, {}),
      refused('p', 48, 1, 'wamp.error.canceled'),
      released,
      silence('a', 'p'),
    ],
    { realm: late() },
  ),
  scenario(
    'RPC-79',
    'GOODBYE does not wait for a decision',
    [
      join('p'),
      send('p', 48, 1, {}, SLOW),
      send('p', 6, {}, 'wamp.close.close_realm'),
      expect('p', 6, any, 'wamp.close.goodbye_and_out'),
      join('helper'),
      released,
    ],
    { realm: late() },
  ),
]

export const scenarios: readonly Scenario[] = [...decisions, ...own, ...order]
