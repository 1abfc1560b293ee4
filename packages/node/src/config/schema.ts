// The shape of a node's configuration: Crossbar's node configuration version 2 where Crossbar has a word for the thing, our
// additions in camel case. What Crossbar has and this version has not is named in unsupported.ts.

import { DEFAULT_LIMITS, type RouterLimits } from '@crosspoint/router'
import { z } from 'zod'
import { list, object, text, whole } from './schema-parts.ts'
import { realmSchema } from './schema-realms.ts'
import { transportSchema } from './schema-transports.ts'

const component = object(
  {
    type: z.literal('module', { error: 'must be "module"' }).meta({ description: 'A module of ours: TypeScript or JavaScript.' }),
    module: text(
      'the path of a .ts or .js file',
      'Path of a .ts, .mts, .js or .mjs file, relative to the configuration file. Its default export is called with an App and `extra`.',
    ),
    realm: text('the name of a realm', 'Realm that the component joins.'),
    role: text('the name of a role', 'Role of the component in its realm. Default: anonymous.').optional(),
    extra: z.unknown().meta({ description: 'Anything; handed to the component as it is.' }).optional(),
  },
  'A component that runs inside the node, on an in-process session.',
)

function limit(name: keyof RouterLimits, least: number, most: number, unit: string, description: string) {
  return whole(least, most, unit, `${description} Default: ${DEFAULT_LIMITS[name]}.`).optional()
}

const routerLimits = object(
  {
    callsInFlightMax: limit(
      'callsInFlightMax',
      1,
      10_000_000,
      'calls',
      'Calls in flight per session. One more: ERROR crosspoint.error.too_many_calls.',
    ),
    subscriptionsMax: limit(
      'subscriptionsMax',
      1,
      100_000_000,
      'subscriptions',
      'Subscriptions per session. One more: ERROR crosspoint.error.too_many_subscriptions.',
    ),
    registrationsMax: limit(
      'registrationsMax',
      1,
      100_000_000,
      'registrations',
      'Registrations per session. One more: ERROR crosspoint.error.too_many_registrations.',
    ),
    uriLengthMax: limit('uriLengthMax', 16, 1_000_000, 'characters', 'Longest URI, in characters. A longer one is answered as invalid.'),
    handshakeTimeoutMs: limit(
      'handshakeTimeoutMs',
      1,
      3_600_000,
      'milliseconds',
      'From attach to WELCOME, in milliseconds. Then the session is refused.',
    ),
    loginTimeoutMs: limit(
      'loginTimeoutMs',
      1,
      3_600_000,
      'milliseconds',
      'From HELLO to the end of the login, in milliseconds. Then ABORT wamp.error.authentication_failed.',
    ),
    loginsAtOnceMax: limit(
      'loginsAtOnceMax',
      1,
      10_000_000,
      'logins',
      'Logins under way at one time. One more: ABORT crosspoint.error.too_many_logins.',
    ),
    loginFailuresPerAddressMax: limit(
      'loginFailuresPerAddressMax',
      0,
      1_000_000_000,
      'logins',
      'Failed logins from one address within loginFailuresForgetMs. From a tenth on attempts wait; then ABORT crosspoint.error.too_many_logins. 0 turns it off, for nodes behind a proxy.',
    ),
    loginFailuresPerPrincipalMax: limit(
      'loginFailuresPerPrincipalMax',
      0,
      1_000_000_000,
      'logins',
      'The same for one principal; addresses where it has logged in before count for themselves.',
    ),
    loginFailuresForgetMs: limit(
      'loginFailuresForgetMs',
      1,
      86_400_000,
      'milliseconds',
      'In which time the maximum of failed logins is forgotten, at a steady pace, in milliseconds.',
    ),
    goodbyeTimeoutMs: limit(
      'goodbyeTimeoutMs',
      1,
      3_600_000,
      'milliseconds',
      'How long a peer may take to answer a GOODBYE, in milliseconds. Then its transport is closed.',
    ),
    callsQueuedMax: limit(
      'callsQueuedMax',
      0,
      10_000_000,
      'calls',
      'Calls that wait at one registration for a callee under its concurrency. One more: ERROR crosspoint.error.too_many_calls.',
    ),
    heldMessagesMax: limit(
      'heldMessagesMax',
      1,
      1_000_000,
      'messages',
      'Messages of one session that wait for a decision of the authorizer; then its transport is not read.',
    ),
    streamBufferedBytesMax: limit(
      'streamBufferedBytesMax',
      1_024,
      1_073_741_824,
      'bytes',
      'Bytes that may wait for the receiver of a stream of progressive messages; then its sender is not read until they have left.',
    ),
    streamStallMs: limit(
      'streamStallMs',
      1,
      3_600_000,
      'milliseconds',
      'How long a stream may stand still because its receiver does not read. Then the call ends.',
    ),
    testamentsMax: limit(
      'testamentsMax',
      0,
      1_000_000,
      'testaments',
      'Testaments per session and scope. One more: ERROR crosspoint.error.too_many_testaments.',
    ),
    retainedTopicsMax: limit(
      'retainedTopicsMax',
      0,
      100_000_000,
      'topics',
      'Topics of a realm with retained events. An event of one more is not retained.',
    ),
    retainedBytesMax: limit(
      'retainedBytesMax',
      0,
      1_099_511_627_776,
      'bytes',
      'Bytes of all retained events of a realm. An event that would exceed them is not retained.',
    ),
    historyEventsMax: limit('historyEventsMax', 1, 1_000_000, 'events', 'Events in one answer of history; the caller asks again for more.'),
    historyBytesMax: limit(
      'historyBytesMax',
      1_024,
      16_777_216,
      'bytes',
      'Bytes of payload in one answer of history; the caller asks again for more.',
    ),
    definitionsMax: limit(
      'definitionsMax',
      0,
      10_000_000,
      'descriptions',
      'Descriptions of procedures, topics and errors in a realm. One more: ERROR crosspoint.error.too_many_definitions.',
    ),
  },
  'Limits of every session of this router.',
)

const worker = z
  .discriminatedUnion(
    'type',
    [
      object(
        {
          type: z.literal('router'),
          id: text('a name', 'Name of the worker, for logs.').optional(),
          realms: list(realmSchema, 'Realms of this router.').min(1, { error: 'must hold at least one realm: [{ name: "realm1" }]' }),
          transports: list(transportSchema, 'Transports of this router.').optional(),
          components: list(component, 'Components that run inside the node.').optional(),
          limits: routerLimits.optional(),
        },
        'A router: realms, and the transports by which clients reach them.',
      ),
    ],
    { error: 'must have type: "router"' },
  )
  .meta({ description: 'A worker.' })

const audit = object(
  {
    path: text(
      'the path of a file',
      'The file, relative to the configuration file. Lines are appended; it is made for its owner alone, its folder must be there.',
    ),
    maxBytes: whole(
      4_096,
      1_099_511_627_776,
      'bytes',
      'When the file would become longer it is renamed to FILE.1, FILE.1 to FILE.2, and so on. Default: 10485760.',
    ).optional(),
    keep: whole(0, 1_000, 'files', 'How many renamed files are kept; the oldest is removed. Default: 5.').optional(),
  },
  'A file that tells, one line of JSON each, who logged in and how, who was refused and why, who was sent away by whom, who left. It holds no secrets. Default: none.',
)

export const nodeSchema = object(
  {
    $schema: z.string().meta({ description: 'For editors: where this schema is.' }).optional(),
    version: z
      .literal(2, {
        error:
          'must be 2: this is the shape of node configurations version 2, and version 1 is not supported by this version of Crosspoint',
      })
      .meta({ description: 'Version of the shape, always 2.' }),
    controller: object({ id: text('a name', 'Name of the node, for logs.').optional() }, 'The node itself.').optional(),
    audit: audit.optional(),
    workers: list(worker, 'Workers of the node. This version runs one router.').min(1, {
      error: 'must hold a worker: [{ type: "router", realms: […] }]',
    }),
  },
  'Configuration of a Crosspoint node.',
)

/** A configuration as people write it; `NodeConfig` of the public door. */
export type NodeConfig = z.input<typeof nodeSchema>
export type RouterConfig = NodeConfig['workers'][number]
export type RealmConfig = RouterConfig['realms'][number]
export type RoleConfig = NonNullable<RealmConfig['roles']>[number]
export type PermissionConfig = NonNullable<RoleConfig['permissions']>[number]
export type TransportConfig = NonNullable<RouterConfig['transports']>[number]
export type WebConfig = Extract<TransportConfig, { type: 'web' }>
export type PathConfig = WebConfig['paths'][string]
export type LongpollPathConfig = Extract<PathConfig, { type: 'longpoll' }>
export type LongpollOptionsConfig = NonNullable<LongpollPathConfig['options']>
export type WebsocketPathConfig = Extract<PathConfig, { type: 'websocket' }>
export type WebsocketOptionsConfig = NonNullable<WebsocketPathConfig['options']>
export type RawsocketConfig = Exclude<NonNullable<WebConfig['rawsocket']>, boolean>
export type EndpointConfig = TransportConfig['endpoint']
export type TlsConfig = NonNullable<Extract<EndpointConfig, { type: 'tcp' }>['tls']>
