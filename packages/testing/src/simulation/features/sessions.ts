// Sessions come and go: HELLO in all its forms, GOODBYE, ABORT, cuts (sections 4.1 and 4.2 of the requirements). What the
// router must make of them is in model/model.ts, since every feature needs it.

import { type Dict, EMPTY_DICT, MessageType, Payload } from '@crosspoint/protocol'
import { CLIENT_ROLES } from '@crosspoint/protocol/internal'
import type { Chance } from '../chance.ts'
import type { Feature, Operation, Reaction } from '../feature.ts'
import type { MessageOf } from '../model/turn.ts'
import type { RawClient } from '../raw-client.ts'
import { drawLogin } from './logins.ts'

const FEATURES = {
  publisher: ['subscriber_blackwhite_listing', 'publisher_exclusion', 'publisher_identification', 'payload_passthru_mode'],
  subscriber: ['publisher_identification', 'pattern_based_subscription', 'publication_trustlevels', 'payload_passthru_mode'],
  caller: [
    'progressive_call_results',
    'progressive_call_invocations',
    'call_canceling',
    'call_timeout',
    'caller_identification',
    'payload_passthru_mode',
  ],
  callee: [
    'progressive_call_results',
    'progressive_call_invocations',
    'call_canceling',
    'call_timeout',
    'caller_identification',
    'shared_registration',
    'registration_revocation',
    'call_reroute',
    'call_trustlevels',
    'payload_passthru_mode',
  ],
} as const

/** All roles mostly, each feature mostly, so that what lacks is the exception. */
function drawRoles(chance: Chance): { readonly [role: string]: readonly string[] } {
  const roles = chance.is(80) ? CLIENT_ROLES : CLIENT_ROLES.filter((role) => role === 'caller' || chance.is(60))
  return Object.fromEntries(roles.map((role) => [role, FEATURES[role].filter(() => chance.is(80))]))
}

/** Announces features with true, and some of those that it lacks with false. */
function announce(chance: Chance, roles: { readonly [role: string]: readonly string[] }): Dict {
  const described = Object.entries(roles).map(([role, features]) => {
    const lacking = FEATURES[role as keyof typeof FEATURES].filter((name) => !features.includes(name) && chance.is(50))
    const flags = [...features.map((name) => [name, true]), ...lacking.map((name) => [name, false]), ['x_unknown', true]]
    return [role, flags.length === 1 && chance.is(50) ? {} : { features: Object.fromEntries(flags) }]
  })
  return Object.fromEntries([...described, ...(chance.is(10) ? [['x_role', {}]] : [])])
}

export function hello(client: RawClient): void {
  const { chance, host } = client
  if (client.state === 'paused') client.forgetSession()
  const { name, isStrict, hasShards, mayResume } = host.drawRealm()
  const isResumable = mayResume && !client.isMisbehaving && client.link === undefined && chance.is(60)
  if (client.link === undefined) client.connect(isResumable ? 'wide' : undefined)
  const roles = drawRoles(chance)
  const more = chance.pick<Dict>([EMPTY_DICT, { agent: 'simulated', x_unknown: [1, {}] }, { authmethods: ['ticket', 'anonymous'] }])
  const login = client.link?.hasLogin === true && chance.is(70) ? drawLogin(chance) : EMPTY_DICT
  const details: Dict = { roles: announce(chance, roles), ...more, ...login }
  client.roles = new Set(Object.entries(roles).flatMap(([role, features]) => [role, ...features.map((name) => `${role}.${name}`)]))
  client.realm = name
  client.isStrictRealm = isStrict
  // What the router chooses among several, one of whom is away, would be known too late to the model.
  client.usesShards = hasShards && !isResumable
  client.isResumable = isResumable
  client.state = 'joining'
  client.send({ type: MessageType.HELLO, realm: name, details: isResumable ? { ...details, resumable: true } : details })
}

/** HELLO that is refused. */
function wrongHello(client: RawClient): void {
  const { chance } = client
  if (client.state === 'paused') client.forgetSession()
  if (client.link === undefined) client.connect()
  client.state = 'joining'
  const roles = { caller: {} }
  const isRealm = chance.is(40)
  const realm = isRealm ? chance.pick([null, 'no.such.realm', 'not a uri', 'com..x']) : chance.pick(['realm1', 'realm2'])
  const details = isRealm
    ? { roles }
    : chance.pick<Dict>([
        EMPTY_DICT,
        { roles: {} },
        { roles: { caller: { features: { call_canceling: 'yes' } } } },
        { roles: 'caller' },
        { roles: { nobody: {} } },
        { roles, authmethods: 'anonymous' },
        { roles, authmethods: [1] },
        { roles, authmethods: ['ticket'] },
      ])
  client.send({ type: MessageType.HELLO, realm, details })
}

function goodbye(client: RawClient): void {
  client.state = 'left'
  client.send({ type: MessageType.GOODBYE, details: EMPTY_DICT, reason: 'wamp.close.close_realm' })
}

function abort(client: RawClient): void {
  client.state = 'left'
  client.send({ type: MessageType.ABORT, details: { message: 'enough' }, reason: 'wamp.error.canceled', payload: Payload.of() })
}

/** Closes the link: politely, with a cut, in the middle of a frame, or by being gone. */
function close(client: RawClient): void {
  const { chance, link } = client
  if (link === undefined) return
  const how = chance.below(client.host.isCalm ? 3 : 4)
  if (how === 0) link.endUp()
  else if (how === 1) link.cut()
  else if (how === 2) link.halfClose()
  else link.vanish()
  if (how !== 2) client.forget(link)
}

/** Leaves, one way or the other; the end of every run. */
export function leave(client: RawClient): void {
  if (client.state === 'joined') client.chance.pick([goodbye, goodbye, abort, close])(client)
  else if (client.link !== undefined && client.state !== 'left') close(client)
}

const operations: readonly Operation[] = [
  { name: 'HELLO', weight: 100, isEssential: true, isOutside: true, run: hello },
  { name: 'wrong HELLO', weight: 5, isOutside: true, run: wrongHello },
  { name: 'silence', weight: 1, isOutside: true, run: (client) => void (client.state === 'away' && client.connect()) },
  { name: 'GOODBYE', weight: 1, run: goodbye },
  { name: 'ABORT', weight: 1, run: abort },
  { name: 'close', weight: 1, run: close },
]

export const sessions: Feature = {
  name: 'sessions',
  operations,
  reactions: new Map<number, Reaction>([
    [
      MessageType.WELCOME,
      (client: RawClient, { details, sessionId }: MessageOf<2>) => {
        client.state = 'joined'
        if (details['resumed'] === true) return
        client.sessionId = sessionId
        client.authid = details['authid'] as string
      },
    ],
    [
      MessageType.GOODBYE,
      (client: RawClient) => {
        // A crossing GOODBYE is the answer (SES-22). Some go on for a while, some never answer, and are closed (SES-21).
        const { chance, host, link, state } = client
        if (state === 'left') return
        if (chance.is(60)) goodbye(client)
        else if (chance.is(50)) client.state = 'left'
        else host.scheduler.after(chance.below(200), () => client.link === link && goodbye(client))
      },
    ],
    [
      MessageType.ABORT,
      (client: RawClient) => {
        client.state = 'left'
      },
    ],
  ]),
}
