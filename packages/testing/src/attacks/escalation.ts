// Getting at what is not one's own: through the URIs of the router, patterns that reach them, and what others left behind.

import type { Dict } from '@crosspoint/protocol'
import type { Permission, RealmOptions } from '@crosspoint/router'
import { type Attack, group, must, mustEqual } from './attack.ts'
import { Stage, type Visitor } from './stage.ts'

const ALL = ['call', 'register', 'publish', 'subscribe'] as const
/** The most that a configuration can allow. */
const EVERYTHING: Permission = { uri: '', match: 'prefix', allow: ALL }
const SECRET = 'com.secret.topic'
const OPEN: Permission = { uri: 'com.open.', match: 'prefix', allow: ALL }
const NOT_AUTHORIZED = 'wamp.error.not_authorized'
const INVALID = 'wamp.error.invalid_uri'

/** What is the router's own, and not to be had without leave. */
const OWN_PROCEDURES = [
  ...['count', 'list', 'get', 'kill', 'kill_by_authid', 'kill_by_authrole', 'kill_all', 'add_testament', 'flush_testaments'].map(
    (name) => `wamp.session.${name}`,
  ),
  ...['list', 'lookup', 'match', 'get', 'list_callees', 'count_callees', 'remove_callee'].map((name) => `wamp.registration.${name}`),
  ...['list', 'lookup', 'match', 'get', 'list_subscribers', 'count_subscribers', 'remove_subscriber', 'get_events'].map(
    (name) => `wamp.subscription.${name}`,
  ),
  ...['define', 'describe'].map((name) => `wamp.reflect.${name}`),
  ...['explain', 'forget', 'record', 'recorded'].map((name) => `crosspoint.authorization.${name}`),
  'crosspoint.history.status',
  'crosspoint.subscription.recover',
] as const

/** A realm where users have these permissions, and guests none. */
function realm(user: readonly Permission[], more: Partial<RealmOptions> = {}): { readonly realms: readonly RealmOptions[] } {
  return { realms: [{ name: 'realm1', roles: { user: { permissions: user }, guest: { permissions: [OPEN] } }, ...more }] }
}

const guestOf = (stage: Stage): Visitor => {
  const guest = stage.hello({ authmethods: ['anonymous'] })
  must(guest.only()[0] === 2, 'a guest was to get in')
  return guest
}

/** Sends a request that must be answered with one of these errors. */
function refused(visitor: Visitor, errors: readonly string[], type: number, id: number, ...rest: readonly unknown[]): void {
  const [kind, , , , error] = visitor.ask(type, id, ...rest)
  must(
    kind === 8 && errors.includes(error as string),
    `${JSON.stringify([type, ...rest])} was answered with ${JSON.stringify([kind, error])}`,
  )
}

const RESERVED = [
  'wamp.session.count',
  'wamp.session.new',
  'wamp.x',
  'crosspoint.authorization.explain',
  'crosspoint.x',
  'wamp',
  'crosspoint',
]

export const escalation: readonly Attack[] = [
  ...group('Escalation: the URIs of the router', [
    {
      name: 'registering a procedure of the router',
      tried: `REGISTER of ${RESERVED.length} URIs below \`wamp.\` and \`crosspoint.\`, by a role that may do everything`,
      defence: 'nobody registers there, whatever the role may',
      run() {
        const joe = new Stage(realm([EVERYTHING])).joined('joe')
        for (const [at, uri] of RESERVED.entries()) refused(joe, [INVALID, NOT_AUTHORIZED], 64, at + 1, {}, uri)
        return 'ERROR for each'
      },
    },
    {
      name: 'patterns that reach them',
      tried: 'registrations with prefixes and wildcards that match such URIs; then another session calls them',
      defence: 'no pattern takes calls of the router’s own URIs: the router answers them, or nobody',
      run() {
        const stage = new Stage(realm([EVERYTHING]))
        const [joe, amy] = [stage.joined('joe'), stage.joined('amy')]
        const patterns = [
          ['prefix', ''],
          ['prefix', 'w'],
          ['prefix', 'wamp.'],
          ['prefix', 'cross'],
          ['prefix', 'crosspoint.'],
          ['wildcard', '.session.count'],
          ['wildcard', '..count'],
          ['wildcard', 'wamp..count'],
          ['wildcard', '..'],
          ['wildcard', 'crosspoint..'],
        ] as const
        for (const [at, [match, uri]] of patterns.entries()) void joe.ask(64, at + 1, { match }, uri)
        mustEqual(amy.ask(48, 1, {}, 'wamp.session.count'), [50, 1, {}, [2]], 'the router’s own answer')
        for (const [at, uri] of ['wamp.session.new', 'wamp.error.count', 'crosspoint.x', 'crosspoint.history.x'].entries()) {
          refused(amy, ['wamp.error.no_such_procedure'], 48, at + 2, {}, uri)
        }
        must(
          joe.take().every(([type]) => type !== 68),
          'no call was to reach the pattern',
        )
        return 'the router answers; the patterns hear nothing'
      },
    },
    {
      name: 'publishing in the name of the router',
      tried: 'PUBLISH to `wamp.session.on_join` and other URIs of the router, acknowledged and not, and as a testament',
      defence: 'nobody publishes there, whatever the role may',
      run() {
        const stage = new Stage(realm([EVERYTHING]))
        const [joe, amy] = [stage.joined('joe'), stage.joined('amy')]
        amy.ask(32, 1, { match: 'prefix' }, 'wamp.')
        amy.ask(32, 2, { match: 'prefix' }, 'crosspoint.')
        const topics = ['wamp.session.on_join', 'wamp.session.on_leave', 'wamp.registration.on_create', 'wamp.x', 'crosspoint.x']
        for (const [at, uri] of topics.entries())
          refused(joe, [INVALID, NOT_AUTHORIZED], 16, at + 1, { acknowledge: true }, uri, [{ session: 1 }])
        for (const [at, uri] of topics.entries()) void joe.say(16, topics.length + at + 1, {}, uri, [{ session: 1 }])
        let request = topics.length * 2
        for (const uri of topics) joe.say(48, ++request, {}, 'wamp.session.add_testament', [uri, ['forged'], {}])
        must(amy.take().length === 0, 'amy was to hear nothing')
        joe.cut()
        const heard = JSON.stringify(amy.take())
        must(!heard.includes('forged'), `amy heard ${heard}`)
        return 'ERROR for each, and no event, from testaments neither'
      },
    },
    {
      name: 'procedures of the router without leave',
      tried: `CALL of each of the ${OWN_PROCEDURES.length} procedures of the router, by a role that may do everything below \`com.open.\``,
      defence: 'they are asked for like any other; a role that names nothing may nothing',
      run() {
        const stage = new Stage(realm([OPEN], { history: [{ uri: SECRET }] }))
        const joe = stage.joined('joe')
        for (const [at, uri] of OWN_PROCEDURES.entries()) refused(joe, [NOT_AUTHORIZED], 48, at + 1, {}, uri)
        must(stage.joined('amy').isClosed === false && !joe.isClosed, 'nobody was to be killed')
        return `ERROR \`${NOT_AUTHORIZED}\` for each`
      },
    },
    {
      name: 'listening to the router without leave',
      tried: 'SUBSCRIBE to meta events, exactly, by prefix and by wildcard',
      defence: 'a pattern is allowed only when every URI in it is',
      run() {
        const stage = new Stage(realm([OPEN]))
        const joe = stage.joined('joe')
        const patterns = [
          ['exact', 'wamp.session.on_join'],
          ['prefix', 'wamp.'],
          ['prefix', ''],
          ['prefix', 'com.ope'],
          ['wildcard', '..on_join'],
          ['wildcard', 'com..topic'],
        ] as const
        for (const [at, [match, uri]] of patterns.entries()) refused(joe, [NOT_AUTHORIZED], 32, at + 1, { match }, uri)
        stage.joined('amy')
        must(joe.take().length === 0, 'joe was to hear nothing')
        return `ERROR \`${NOT_AUTHORIZED}\` for each`
      },
    },
  ]),
  ...group('Escalation: what is somebody else’s', [
    {
      name: 'a testament where one may not publish',
      tried: '`wamp.session.add_testament` for a topic that only others may publish to; then the session goes',
      defence: 'a testament needs the permission to publish, when it is made and when it is published',
      run() {
        const callOnly: Permission = { uri: 'wamp.session.add_testament', allow: ['call'] }
        const stage = new Stage(realm([OPEN, callOnly, { uri: SECRET, allow: ['subscribe'] }]))
        const [joe, amy] = [stage.joined('joe'), stage.joined('amy')]
        amy.ask(32, 1, {}, SECRET)
        refused(joe, [NOT_AUTHORIZED], 48, 1, {}, 'wamp.session.add_testament', [SECRET, ['forged'], {}])
        joe.cut()
        must(amy.take().length === 0, 'amy was to hear nothing')
        return `ERROR \`${NOT_AUTHORIZED}\`, and no event`
      },
    },
    {
      name: 'history of a topic that one may not hear',
      tried: '`wamp.subscription.get_events` with the subscription of somebody else, and `crosspoint.subscription.recover`',
      defence: 'history is for those who may subscribe to the topic now',
      run() {
        const reads = [
          'wamp.subscription.get_events',
          'crosspoint.subscription.recover',
          'wamp.subscription.lookup',
          'crosspoint.history.status',
        ]
        const calls = reads.map((uri): Permission => ({ uri, allow: ['call'] }))
        const roles = { user: { permissions: [EVERYTHING] }, guest: { permissions: [OPEN, ...calls] } }
        const stage = new Stage({ realms: [{ name: 'realm1', roles, history: [{ uri: SECRET }] }] })
        const joe = stage.joined('joe')
        const [, , subscription] = joe.ask(32, 1, {}, SECRET)
        joe.say(16, 2, { exclude_me: false }, SECRET, ['the secret'])
        const guest = guestOf(stage)
        const answers = [
          guest.ask(48, 1, {}, 'wamp.subscription.get_events', [subscription]),
          guest.ask(48, 2, {}, 'crosspoint.subscription.recover', [subscription, 0]),
          guest.ask(48, 3, {}, 'wamp.subscription.get_events', [subscription], { limit: 10 }),
        ]
        must(!JSON.stringify(answers).includes('the secret'), `the guest got ${JSON.stringify(answers)}`)
        must(JSON.stringify(joe.ask(48, 3, {}, 'wamp.subscription.get_events', [subscription])).includes('the secret'), 'joe was to get it')
        return 'ERROR, without the event'
      },
    },
    {
      name: 'retained events of a topic that one may not hear',
      tried: 'SUBSCRIBE with `get_retained` to the topic, and to patterns around it',
      defence: 'what may not be subscribed to is not replayed either',
      run() {
        const roles = { user: { permissions: [EVERYTHING] }, guest: { permissions: [OPEN] } }
        const stage = new Stage({ realms: [{ name: 'realm1', roles }] })
        const joe = stage.joined('joe')
        joe.ask(16, 1, { retain: true, acknowledge: true }, SECRET, ['the secret'])
        const guest = guestOf(stage)
        const options = { get_retained: true }
        refused(guest, [NOT_AUTHORIZED], 32, 1, options, SECRET)
        refused(guest, [NOT_AUTHORIZED], 32, 2, { ...options, match: 'prefix' }, 'com.')
        refused(guest, [NOT_AUTHORIZED], 32, 3, { ...options, match: 'wildcard' }, 'com..topic')
        return `ERROR \`${NOT_AUTHORIZED}\`, and no event`
      },
    },
    {
      name: 'the name of another publisher or caller',
      tried:
        'PUBLISH and CALL with `publisher`, `publisher_authid`, `caller`, `caller_authrole`, `trustlevel`, `forward_for`, with and without `disclose_me`',
      defence: 'EVENT and INVOCATION are made by the router; of the options it takes what it knows',
      run() {
        const stage = new Stage(realm([EVERYTHING]))
        const [joe, amy] = [stage.joined('joe'), stage.joined('amy')]
        amy.ask(32, 1, {}, 'com.topic')
        amy.ask(64, 2, {}, 'com.procedure')
        const forged: Dict = {
          publisher: 1,
          publisher_authid: 'root',
          publisher_authrole: 'admin',
          caller: 1,
          caller_authid: 'root',
          caller_authrole: 'admin',
          trustlevel: 9,
          forward_for: [{ session: 1, authid: 'root', authrole: 'admin' }],
          procedure: 'com.other',
          topic: 'com.other',
        }
        let request = 0
        for (const disclose of [undefined, false, true]) {
          const options = { ...forged, ...(disclose !== undefined && { disclose_me: disclose }) }
          joe.say(16, ++request, options, 'com.topic').say(48, ++request, options, 'com.procedure')
        }
        const seen = JSON.stringify(amy.take())
        for (const word of ['root', 'admin', 'com.other', 'trustlevel']) must(!seen.includes(word), `amy saw ${word} in ${seen}`)
        return 'nothing of it arrives'
      },
    },
    {
      name: 'registrations and subscriptions of others',
      tried: 'UNREGISTER, UNSUBSCRIBE, YIELD, ERROR and CANCEL with ids of somebody else',
      defence: 'ids are looked up within the session',
      run() {
        const stage = new Stage(realm([EVERYTHING]))
        const [joe, amy, caller] = [stage.joined('joe'), stage.joined('amy'), stage.joined('amy')]
        const [, , registration] = amy.ask(64, 1, {}, 'com.procedure')
        const [, , subscription] = amy.ask(32, 2, {}, 'com.topic')
        refused(joe, ['wamp.error.no_such_registration'], 66, 1, registration)
        refused(joe, ['wamp.error.no_such_subscription'], 34, 2, subscription)
        caller.say(48, 1, {}, 'com.procedure')
        const [, invocation] = amy.only()
        joe.say(70, invocation, {}, ['forged']).say(8, 68, invocation, {}, 'com.forged')
        const thief = stage.joined('joe')
        thief.say(49, 1, { mode: 'kill' })
        must(caller.take().length === 0, 'the caller was to hear nothing of the forger')
        amy.say(70, invocation, {}, ['right'])
        mustEqual(caller.only(), [50, 1, {}, ['right']], 'the result')
        return 'ERROR or nothing; the caller gets the right result'
      },
    },
  ]),
]
