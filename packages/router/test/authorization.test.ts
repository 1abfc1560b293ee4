// What leave brings with it: disclosure, checks of payloads, decisions that last; and how permissions and authorizers go together.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cborSerializer } from '@crosspoint/protocol'
import type { AuthorizationRequest, Decision, Permission, RealmOptions, RoleOptions, SessionSummary, ValueCheck } from '../src/index.ts'
import { type TestClient, World } from './support.ts'

const ALL = ['call', 'register', 'publish', 'subscribe'] as const
const EVERYTHING: Permission = { uri: '', match: 'prefix', allow: ALL }
const ROLES = {
  caller: { features: { progressive_call_results: true, progressive_call_invocations: true, payload_passthru_mode: true } },
  callee: {
    features: {
      progressive_call_results: true,
      progressive_call_invocations: true,
      call_canceling: true,
      caller_identification: true,
      payload_passthru_mode: true,
    },
  },
  publisher: {},
  subscriber: { features: { publisher_identification: true } },
}

function worldOf(anonymous: RoleOptions, realm: Partial<RealmOptions> = {}): { world: World; join: (authrole?: string) => TestClient } {
  const roles = { anonymous, all: { permissions: [EVERYTHING] } }
  const world = new World({ realms: [{ name: 'realm1', roles, ...realm }] })
  return { world, join: (authrole = 'anonymous') => world.join({ roles: ROLES, info: { authrole } }) }
}

const denied = (type: number, requestId: number) => [8, type, requestId, {}, 'wamp.error.not_authorized']
const head = (list: unknown[] | undefined) => list?.slice(0, 5)

describe('disclosure by role', () => {
  test('RPC-108 a callee is told of the caller whose permission discloses it, asked or not, and of others not', () => {
    const { join } = worldOf({ permissions: [{ ...EVERYTHING, disclose: { caller: true } }] })
    const callee = join('all')
    callee.ask(64, {}, 'com.a')
    const caller = join()
    for (const [from, details] of [
      [caller, { caller: caller.sessionId, caller_authrole: 'anonymous' }],
      [join('all'), {}],
    ] as const) {
      from.request(48, {}, 'com.a')
      const [invocation] = callee.take()
      const { caller_authid: _, ...told } = invocation![3] as { caller_authid?: string }
      assert.deepEqual(told, details)
    }
  })

  test('PUB-42 so are subscribers of the publisher; a realm that forbids disclose_me forbids the wish, not the rule', () => {
    const { join } = worldOf({ permissions: [{ ...EVERYTHING, disclose: { publisher: true } }] }, { allowDisclose: false })
    const subscriber = join('all')
    subscriber.ask(32, {}, 'com.t')
    const publisher = join()
    publisher.request(16, {}, 'com.t')
    assert.equal((subscriber.take()[0]![3] as { publisher: number }).publisher, publisher.sessionId)
    publisher.request(16, { disclose_me: true, acknowledge: true }, 'com.t')
    assert.equal(publisher.take()[0]![4], 'wamp.error.option_disallowed.disclose_me')
  })

  test('a client cannot claim the leave of its role', () => {
    const { world } = worldOf({ permissions: [EVERYTHING] })
    const client = world.join({ roles: ROLES, serializer: cborSerializer })
    client.request(48, { disclose_me: 'by_role' }, 'com.a')
    assert.equal(client.take()[0]![2], 'wamp.error.protocol_violation')
  })
})

describe('AUTHZ-08 checks of payloads', () => {
  const oneNumber: ValueCheck = (value) =>
    Array.isArray(value) && value.length === 1 && typeof value[0] === 'number' ? undefined : 'must be one number'
  const check = { args: oneNumber }
  const permission: Permission = { ...EVERYTHING, validate: { ...check, result: check, progress: check, error: check } }

  function called(): { caller: TestClient; callee: TestClient } {
    const { join } = worldOf({ permissions: [permission] })
    const callee = join('all')
    callee.ask(64, {}, 'com.a')
    return { caller: join(), callee }
  }

  test('a call with wrong arguments does not reach the callee, and the caller is told what is wrong', () => {
    const { caller, callee } = called()
    const answer = caller.ask(48, {}, 'com.a', ['x'])
    assert.deepEqual(answer, [8, 48, 1, {}, 'wamp.error.invalid_argument', ['Cannot call "com.a": args: must be one number']])
    assert.deepEqual(callee.take(), [])
    caller.request(48, {}, 'com.a', [1])
    assert.equal(callee.take().length, 1)
  })

  test('a result that is wrong becomes an error; a right one passes', () => {
    const { caller, callee } = called()
    for (const [args, expected] of [
      [['x'], 8],
      [[1], 50],
    ] as const) {
      caller.request(48, {}, 'com.a', [1])
      callee.send(70, callee.take()[0]![1], {}, args)
      const [answer] = caller.take()
      assert.equal(answer![0], expected)
      if (expected === 8) {
        assert.deepEqual(answer!.slice(3), [
          {},
          'wamp.error.invalid_argument',
          ['The result of "com.a" is not what it must be: args: must be one number'],
        ])
      }
    }
  })

  test('wrong progress ends the call at both ends', () => {
    const { caller, callee } = called()
    caller.request(48, { receive_progress: true }, 'com.a', [1])
    const id = callee.take()[0]![1]
    callee.send(70, id, { progress: true }, [1])
    assert.equal(caller.take()[0]![0], 50)
    callee.send(70, id, { progress: true }, ['x'])
    assert.equal(caller.take()[0]![4], 'wamp.error.invalid_argument')
    assert.deepEqual(callee.take(), [[69, id, { mode: 'killnowait' }]])
    callee.send(70, id, {}, [1])
    assert.deepEqual(caller.take(), [], 'what comes after the end is dropped')
  })

  test('a wrong chunk of a progressive call ends it at both ends', () => {
    const { caller, callee } = called()
    caller.send(48, 1, { progress: true }, 'com.a', [1])
    const id = callee.take()[0]![1]
    caller.send(48, 1, { progress: true }, 'com.a', ['x'])
    assert.equal(caller.take()[0]![4], 'wamp.error.invalid_argument')
    assert.deepEqual(callee.take(), [[69, id, { mode: 'killnowait' }]])
  })

  test('the payload of an error is looked at, too', () => {
    const { caller, callee } = called()
    for (const [args, uri] of [
      [[1], 'com.error'],
      [['x'], 'wamp.error.invalid_argument'],
    ] as const) {
      caller.request(48, {}, 'com.a', [1])
      callee.send(8, 68, callee.take()[0]![1], {}, 'com.error', args)
      assert.equal(caller.take()[0]![4], uri)
    }
  })

  test('an event with a wrong payload reaches nobody; its publisher is told if it wants to know', () => {
    const { join } = worldOf({ permissions: [permission] })
    const subscriber = join('all')
    subscriber.ask(32, {}, 'com.t')
    const publisher = join()
    publisher.request(16, {}, 'com.t', ['x'])
    assert.deepEqual(publisher.take(), [])
    publisher.request(16, { acknowledge: true }, 'com.t', ['x'])
    assert.deepEqual(publisher.take(), [
      [8, 16, 2, {}, 'wamp.error.invalid_argument', ['Cannot publish "com.t": args: must be one number']],
    ])
    assert.deepEqual(subscriber.take(), [])
    publisher.request(16, {}, 'com.t', [1])
    assert.equal(subscriber.take().length, 1)
  })

  test('payloads for the far end only are not looked into', () => {
    const { caller, callee } = called()
    caller.request(48, { ppt_scheme: 'x_own' }, 'com.a', ['opaque'])
    assert.equal(callee.take().length, 1)
  })
})

describe('permissions and authorizers together', () => {
  /** An authorizer that answers from a table, and what it was asked. */
  function asked(answers: { readonly [uri: string]: Decision }): { requests: AuthorizationRequest[]; role: RoleOptions['authorizer'] } {
    const requests: AuthorizationRequest[] = []
    const authorize = (request: AuthorizationRequest, decide: (decision: Decision) => void) => {
      requests.push(request)
      decide(answers[request.uri] ?? 'denied')
    }
    return { requests, role: { authorize } }
  }

  test('AUTHZ-06 the authorizer of a role is asked where no permission says anything', () => {
    const { requests, role } = asked({ 'com.asked': 'allowed' })
    const permissions: Permission[] = [
      { uri: 'com.open', allow: ALL },
      { uri: 'com.shut', allow: [] },
    ]
    const { join } = worldOf({ permissions, authorizer: role })
    const client = join()
    assert.equal(client.ask(32, {}, 'com.open')[0], 33)
    assert.deepEqual(head(client.ask(32, {}, 'com.shut')), denied(32, 2))
    assert.equal(client.ask(32, {}, 'com.asked')[0], 33)
    assert.deepEqual(head(client.ask(32, {}, 'com.other')), denied(32, 4))
    assert.deepEqual(
      requests.map(({ uri }) => uri),
      ['com.asked', 'com.other'],
    )
    const { authid, authmethod, authrole } = requests[0]!.principal
    assert.deepEqual([typeof authid, authmethod, authrole, requests[0]!.action], ['string', 'anonymous', 'anonymous', 'subscribe'])
  })

  test('a pattern with something denied within is denied without asking', () => {
    const { requests, role } = asked({ 'com.': 'allowed', 'com.a': 'allowed' })
    const { join } = worldOf({ permissions: [{ uri: 'com.a.secret', allow: [] }], authorizer: role })
    const client = join()
    assert.deepEqual(head(client.ask(32, { match: 'prefix' }, 'com.')), denied(32, 1))
    assert.equal(requests.length, 0)
    assert.equal(client.ask(32, { match: 'prefix' }, 'com.b')[0], 8)
    assert.equal(requests.length, 1)
  })

  test("the realm's authorizer is asked beside, for what would be allowed; both must agree", () => {
    const own = asked({ 'com.both': 'allowed', 'com.own': 'allowed' })
    const all = asked({ 'com.both': 'allowed', 'com.open': 'allowed' })
    const { join } = worldOf({ permissions: [{ uri: 'com.open', allow: ALL }], authorizer: own.role }, { authorizer: all.role! })
    const client = join()
    assert.equal(client.ask(32, {}, 'com.open')[0], 33)
    assert.equal(client.ask(32, {}, 'com.both')[0], 33)
    assert.equal(client.ask(32, {}, 'com.own')[0], 8)
    assert.deepEqual(
      own.requests.map(({ uri }) => uri),
      ['com.both', 'com.own'],
    )
  })

  test('a grant may disclose and check, like a permission', () => {
    const wrong: ValueCheck = () => 'wrong in any case'
    const { role } = asked({ 'com.a': { isDisclosed: true }, 'com.b': { validation: { args: wrong } } })
    const { join } = worldOf({ authorizer: role })
    const callee = join('all')
    callee.ask(64, {}, 'com.a')
    const caller = join()
    caller.request(48, {}, 'com.a')
    assert.equal((callee.take()[0]![3] as { caller: number }).caller, caller.sessionId)
    assert.match(String((caller.ask(48, {}, 'com.b')[5] as string[])[0]), /args: wrong in any case/)
  })

  test('AUTHZ-08 what a permission and an authorizer want of a payload must both be so', () => {
    const even: ValueCheck = (value) => ((value as number[])[0]! % 2 === 0 ? undefined : 'must be even')
    const small: ValueCheck = (value) => ((value as number[])[0]! < 10 ? undefined : 'must be small')
    const all = { authorize: (_: unknown, decide: (decision: Decision) => void) => decide({ validation: { args: small } }) }
    const { join } = worldOf({ permissions: [{ ...EVERYTHING, validate: { args: even, result: { args: even } } }] }, { authorizer: all })
    const callee = join()
    callee.ask(64, {}, 'com.a')
    const caller = join()
    for (const [value, wrong] of [
      [3, 'must be even'],
      [12, 'must be small'],
    ] as const) {
      assert.match((caller.ask(48, {}, 'com.a', [value])[5] as string[])[0]!, new RegExp(wrong))
    }
    caller.request(48, {}, 'com.a', [4])
    callee.send(70, callee.take()[0]![1], {}, [3])
    assert.match((caller.take()[0]![5] as string[])[0]!, /The result of "com\.a" is not what it must be: args: must be even/)
  })

  test('ERR-13 an authorizer that throws has failed', () => {
    const authorizer = {
      authorize: () => {
        throw new Error('broken')
      },
    }
    const client = worldOf({ authorizer }).join()
    assert.equal(client.ask(32, {}, 'com.a')[4], 'wamp.error.authorization_failed')
  })

  test('a lasting decision holds for its session, action, URI and match policy, until it is forgotten', () => {
    const { requests, role } = asked({ 'com.a': { isLasting: true }, 'com.no': { isDenied: true, isLasting: true } })
    const forgotten: unknown[] = []
    const roles = { anonymous: { authorizer: role }, all: { permissions: [EVERYTHING] } }
    const observer = { onDecisionsForgotten: (by: SessionSummary, count: number) => void forgotten.push([by.authrole, count]) }
    const world = new World({ realms: [{ name: 'realm1', roles }], observer })
    const join = (authrole = 'anonymous') => world.join({ roles: ROLES, info: { authrole } })
    const client = join()
    for (const _ of [1, 2, 3]) {
      assert.equal(client.ask(32, {}, 'com.a')[0], 33)
      assert.equal(client.ask(32, {}, 'com.no')[0], 8)
    }
    assert.equal(requests.length, 2)
    client.ask(64, {}, 'com.a')
    client.ask(32, { match: 'prefix' }, 'com.a')
    assert.equal(requests.length, 4)
    join().ask(32, {}, 'com.a')
    assert.equal(requests.length, 5)

    const operator = join('all')
    assert.deepEqual(operator.ask(48, {}, 'crosspoint.authorization.forget', [], { session: client.sessionId }).slice(2), [{}, [4]])
    client.ask(32, {}, 'com.a')
    assert.equal(requests.length, 6)
    assert.deepEqual(operator.ask(48, {}, 'crosspoint.authorization.forget', [], { authrole: 'nobody' }).slice(2), [{}, [0]])
    assert.deepEqual(operator.ask(48, {}, 'crosspoint.authorization.forget').slice(2), [{}, [2]])
    assert.deepEqual(forgotten, [
      ['all', 4],
      ['all', 0],
      ['all', 2],
    ])
  })

  test('what two authorizers decide lasts only when both say so', () => {
    for (const [own, all, asks] of [
      [{ isLasting: true }, 'allowed', 2],
      ['allowed', { isLasting: true }, 2],
      [{ isLasting: true }, { isLasting: true }, 1],
    ] as const) {
      const [first, second] = [asked({ 'com.a': own }), asked({ 'com.a': all })]
      const client = worldOf({ authorizer: first.role }, { authorizer: second.role! }).join()
      for (const _ of [1, 2]) assert.equal(client.ask(32, {}, 'com.a')[0], 33)
      assert.deepEqual([first.requests.length, second.requests.length], [asks, asks])
    }
  })

  test('a decision that comes after the roles have changed does not last', () => {
    const waiting: ((decision: Decision) => void)[] = []
    const authorizer = { authorize: (_: unknown, decide: (decision: Decision) => void) => void waiting.push(decide) }
    const { join, world } = worldOf({ authorizer })
    const client = join()
    client.request(32, {}, 'com.a')
    world.router.realm('realm1')!.changeRoles({ anonymous: { authorizer } })
    waiting.pop()!({ isLasting: true })
    client.request(32, {}, 'com.a')
    assert.equal(waiting.length, 1, 'it is asked again')
  })

  test('a decision about the testament of a session that has left is not kept', () => {
    const { role } = asked({ 'com.t': { isLasting: true }, 'wamp.session.add_testament': 'allowed' })
    const { join } = worldOf({ authorizer: role })
    const client = join()
    assert.equal(client.ask(48, {}, 'wamp.session.add_testament', ['com.t', [], {}])[0], 50)
    client.cut()
    assert.deepEqual(join('all').ask(48, {}, 'crosspoint.authorization.forget').slice(2), [{}, [0]])
  })

  test('decisions that last are bounded in number', () => {
    let count = 0
    const authorizer = {
      authorize: (_: AuthorizationRequest, decide: (decision: Decision) => void) => {
        count++
        decide({ isLasting: true })
      },
    }
    const world = new World({ limits: { decisionsMax: 2 }, realms: [{ name: 'realm1', roles: { anonymous: { authorizer } } }] })
    const client = world.join()
    for (const uri of ['a', 'b', 'a', 'c', 'a']) client.ask(32, {}, uri)
    assert.equal(count, 4, 'the third decision makes the first two be forgotten')
  })
})

describe('explain', () => {
  const permissions: Permission[] = [
    { uri: 'com.', match: 'prefix', allow: ['call'], source: 'node.yaml: roles[0].permissions[0]' },
    { uri: 'com.secret', allow: [] },
    { uri: 'crosspoint.authorization.explain', allow: ['call'] },
  ]

  function explain(args: unknown[], kwargs: object = {}): { [key: string]: unknown } {
    const answer = worldOf({ permissions }).join().ask(48, {}, 'crosspoint.authorization.explain', args, kwargs)
    assert.equal(answer[0], 50, JSON.stringify(answer))
    return (answer[3] as [{ [key: string]: unknown }])[0]
  }

  test('names the rule that decided, its place, and what would change it', () => {
    assert.deepEqual(explain(['call', 'com.add']), {
      authrole: 'anonymous',
      action: 'call',
      uri: 'com.add',
      match: 'exact',
      decision: 'allowed',
      rule: { uri: 'com.', match: 'prefix', allow: ['call'], source: 'node.yaml: roles[0].permissions[0]' },
      reason: 'The rule prefix "com." of the role "anonymous" allows call',
      change: 'Write allow: { call: false } there, or add a more specific rule that does not allow it',
    })
  })

  for (const [question, kwargs, decision, reason] of [
    [['register', 'com.add'], {}, 'denied', 'The rule prefix "com." of the role "anonymous" does not allow register'],
    [['call', 'com.secret'], {}, 'denied', 'The rule exact "com.secret" of the role "anonymous" does not allow call'],
    [['call', 'org.x'], {}, 'denied', 'No rule of the role "anonymous" says anything about "org.x": what is not allowed is denied'],
    [
      ['call', 'com.s'],
      { match: 'prefix' },
      'denied',
      'The rule exact "com.secret" of the role "anonymous" does not allow call, which the pattern reaches',
    ],
    [['call', 'com.x'], { authrole: 'nobody' }, 'denied', 'The realm has no role "nobody", so nobody with it joins'],
    [
      ['register', 'wamp.mine'],
      { authrole: 'all' },
      'denied',
      '"wamp.mine" belongs to the router: nobody can register below "wamp." and "crosspoint."',
    ],
    [['publish', 'org.x'], { authrole: 'all' }, 'allowed', 'The rule prefix "" of the role "all" allows publish'],
  ] as const) {
    test(`${question.join(' ')} ${JSON.stringify(kwargs)}: ${decision}`, () => {
      const answer = explain([...question], kwargs)
      assert.equal(answer['decision'], decision)
      assert.equal(answer['reason'], reason)
    })
  }

  test('says when an authorizer is asked, and when everything is open', () => {
    const asking = worldOf({ authorizer: { authorize: (_, decide) => decide('allowed') } }).join()
    const [told] = asking.ask(48, {}, 'crosspoint.authorization.explain', ['call', 'com.a'])[3] as [{ decision: string; reason: string }]
    assert.equal(told.decision, 'asked')
    assert.match(told.reason, /its authorizer decides/)
    const open = new World().join()
    const [free] = open.ask(48, {}, 'crosspoint.authorization.explain', ['call', 'com.a'])[3] as [{ decision: string; reason: string }]
    assert.equal(free.decision, 'allowed')
    assert.match(free.reason, /no roles/)
  })

  test('wrong arguments are named', () => {
    const client = new World().join()
    for (const args of [[], ['cal', 'com.a'], ['call', 7]]) {
      assert.equal(client.ask(48, {}, 'crosspoint.authorization.explain', args)[4], 'wamp.error.invalid_argument')
    }
    const unknown = client.ask(48, {}, 'crosspoint.authorization.explain', ['call', 'com.a'], { authid: 'nobody' })
    assert.equal(unknown[4], 'wamp.error.no_such_session')
  })
})

describe('a record of decisions', () => {
  const open = { permissions: [EVERYTHING] }

  test('equal requests are one entry; it is bounded and says what it missed', () => {
    const { join, world } = worldOf({ permissions: [{ uri: 'com.', match: 'prefix', allow: ['call'] }] })
    const operator = join('all')
    assert.equal(operator.ask(48, {}, 'crosspoint.authorization.recorded')[4], 'wamp.error.unavailable')
    operator.ask(48, {}, 'crosspoint.authorization.record', [true], { entries_max: 3 })
    const client = join()
    const since = world.clock.now()
    for (const uri of ['com.a', 'com.a', 'org.b', 'com.c', 'com.d']) client.ask(48, {}, uri)
    const [told] = operator.ask(48, {}, 'crosspoint.authorization.recorded')[3] as [{ [key: string]: unknown }]
    const at = new Date(since).toISOString()
    const common = { action: 'call', match: 'exact', authrole: 'anonymous', first_at: at, last_at: at }
    assert.deepEqual(told, {
      entries: [
        { ...common, uri: 'com.a', decision: 'allowed', count: 2 },
        { ...common, uri: 'org.b', decision: 'denied', count: 1 },
        { ...common, uri: 'com.c', decision: 'allowed', count: 1 },
      ],
      total: 3,
      missed: 2, // com.d, and the question for the record
      sample_every: 1,
      since: at,
    })
    const [second] = operator.ask(48, {}, 'crosspoint.authorization.recorded', [], { from: 2 })[3] as [{ entries: unknown[] }]
    assert.equal(second.entries.length, 1)
    operator.ask(48, {}, 'crosspoint.authorization.record', [false])
    assert.equal(operator.ask(48, {}, 'crosspoint.authorization.recorded')[4], 'wamp.error.unavailable')
  })

  test('it takes one of so many, and what authorizers decide as well', () => {
    const { join } = worldOf({ authorizer: { authorize: ({ uri }, decide) => decide(uri === 'com.no' ? 'denied' : 'allowed') } })
    const client = join()
    client.ask(48, {}, 'crosspoint.authorization.record', [true], { sample_every: 3 })
    for (const uri of ['com.1', 'com.2', 'com.no', 'com.4', 'com.5']) client.ask(48, {}, uri)
    const [told] = client.ask(48, {}, 'crosspoint.authorization.recorded')[3] as [{ entries: { uri: string; decision: string }[] }]
    assert.deepEqual(
      told.entries.map(({ uri, decision }) => [uri, decision]),
      [
        ['com.1', 'allowed'],
        ['com.4', 'allowed'],
      ],
    )
  })

  test('wrong arguments are named, and a realm that decides nothing records nothing', () => {
    const { join } = worldOf(open)
    const client = join()
    for (const [args, kwargs] of [
      [[], {}],
      [['yes'], {}],
      [[true], { sample_every: 0 }],
      [[true], { entries_max: 1.5 }],
    ] as const) {
      assert.equal(client.ask(48, {}, 'crosspoint.authorization.record', args, kwargs)[4], 'wamp.error.invalid_argument')
    }
    assert.equal(new World().join().ask(48, {}, 'crosspoint.authorization.record', [true])[4], 'wamp.error.feature_not_supported')
  })
})

describe('roles that change while the realm runs', () => {
  const realm = (world: World) => world.router.realm('realm1')!

  test('what is no longer allowed is revoked, who has no role any more is sent away, and the rest goes on', () => {
    const { join, world } = worldOf({ permissions: [EVERYTHING] })
    const [client, other] = [join(), join('all')]
    const subscription = client.ask(32, {}, 'com.t')[2]
    client.ask(32, {}, 'com.kept')
    client.ask(64, { match: 'prefix' }, 'com.p')
    realm(world).changeRoles({ anonymous: { permissions: [{ uri: 'com.kept', allow: ALL }] } })
    const taken = client.take()
    assert.equal(taken.length, 0, 'the client did not announce the features of revocation')
    assert.equal(other.take()[0]![2], 'wamp.error.no_such_role')
    assert.deepEqual(head(client.ask(16, { acknowledge: true }, 'com.t')), denied(16, 4))
    assert.equal(client.ask(34, subscription)[4], 'wamp.error.no_such_subscription')
    assert.equal(client.ask(16, { acknowledge: true, exclude_me: true }, 'com.kept')[0], 17)
    const late = world.connect({ info: { authrole: 'all' } })
    late.hello()
    assert.equal(late.take()[0]![2], 'wamp.error.no_such_role')
  })

  test('a realm without roles gets some, and loses them again; the observer is told', () => {
    const changed: string[] = []
    const world = new World({ observer: { onRolesChange: (name) => void changed.push(name) } })
    const client = world.join()
    realm(world).changeRoles({ anonymous: {} })
    assert.deepEqual(head(client.ask(32, {}, 'com.t')), denied(32, 1))
    realm(world).changeRoles(undefined)
    assert.equal(client.ask(32, {}, 'com.t')[0], 33)
    assert.deepEqual(changed, ['realm1', 'realm1'])
  })

  test('a message that waits for a decision is not overtaken by one that the new permissions allow at once', () => {
    const waiting: ((decision: Decision) => void)[] = []
    const authorizer = { authorize: (_: unknown, decide: (decision: Decision) => void) => void waiting.push(decide) }
    const { join, world } = worldOf({ authorizer })
    const client = join()
    client.request(32, {}, 'com.late')
    realm(world).changeRoles({ anonymous: { permissions: [EVERYTHING] } })
    client.request(32, {}, 'com.now')
    assert.deepEqual(client.take(), [])
    waiting[0]!('allowed')
    assert.deepEqual(
      client.take().map((message) => message.slice(0, 2)),
      [
        [33, 1],
        [33, 2],
      ],
    )
  })

  test('wrong permissions change nothing', () => {
    const { join, world } = worldOf({ permissions: [EVERYTHING] })
    const twice: Permission = { uri: 'com.a', allow: [] }
    assert.throws(() => realm(world).changeRoles({ anonymous: { permissions: [twice, twice] } }), { code: 'ERR_INVALID_ARGUMENT' })
    assert.equal(join().ask(32, {}, 'com.t')[0], 33)
  })
})

describe('management URIs are reserved', () => {
  test('nobody registers or publishes below "crosspoint.", and no pattern takes calls there', () => {
    const { join } = worldOf({ permissions: [EVERYTHING] })
    const client = join()
    assert.equal(client.ask(64, {}, 'crosspoint.mine')[4], 'wamp.error.invalid_uri')
    assert.equal(client.ask(16, { acknowledge: true }, 'crosspoint.mine')[4], 'wamp.error.invalid_uri')
    assert.equal(client.ask(64, { match: 'prefix' }, 'c')[0], 65)
    assert.equal(client.ask(48, {}, 'crosspoint.nothing')[4], 'wamp.error.no_such_procedure')
    assert.equal(client.ask(64, {}, 'crosspointed.mine')[0], 65)
  })
})
