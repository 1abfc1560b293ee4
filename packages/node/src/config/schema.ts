// The shape of a node's configuration: Crossbar's node configuration version 2 where Crossbar has a word for the thing, our
// additions in camel case. What Crossbar has and this version has not is named in unsupported.ts.

import { DEFAULT_LIMITS, type RouterLimits } from '@crosspoint/router'
import { z } from 'zod'
import { choice, list, object, text, truth, whole } from './schema-parts.ts'
import { transportSchema } from './schema-transports.ts'

const allow = object(
  {
    call: truth('May call.').optional(),
    register: truth('May register.').optional(),
    publish: truth('May publish.').optional(),
    subscribe: truth('May subscribe.').optional(),
  },
  'What is allowed. This version enforces no permissions, so all four must be true.',
)

const permission = object(
  {
    uri: z
      .string({ error: 'must be a URI, as text' })
      .meta({ description: 'URI or pattern: "" with match prefix, or "*", stands for every URI.' }),
    match: choice(['exact', 'prefix', 'wildcard'], 'How `uri` matches. Default: exact; "*" is a prefix.').optional(),
    allow: allow.optional(),
    disclose: object(
      { caller: truth('Always disclose callers.').optional(), publisher: truth('Always disclose publishers.').optional() },
      'Identities disclosed by the router itself; false is all that this version has.',
    ).optional(),
    cache: truth('Cache the decision of an authorizer; without effect, since there is none yet.').optional(),
  },
  'A permission.',
)

const realm = object(
  {
    name: text('the name of a realm, a URI', 'Name of the realm, a URI.'),
    roles: list(
      object(
        { name: text('the name of a role', 'Name of the role.'), permissions: list(permission, 'Permissions of the role.').optional() },
        'A role. This version enforces no permissions: a role must be granted everything.',
      ),
      'Roles. Without them the realm is open to anonymous sessions, which may do everything.',
    ).optional(),
    options: object(
      {
        uri_check: choice(['strict', 'loose'], 'Which rule URIs must follow. Default: loose.').optional(),
        requestIds: choice(
          ['strict', 'lenient'],
          'Whether request ids must count 1, 2, 3 …, as WAMP asks; lenient takes any from clients that count otherwise. Default: strict.',
        ).optional(),
        allowDisclose: truth('Whether callers and publishers may disclose themselves (disclose_me). Default: true.').optional(),
      },
      'Options of the realm.',
    ).optional(),
  },
  'A realm: routing between its sessions and nobody else.',
)

const component = object(
  {
    type: z.literal('module', { error: 'must be "module"' }).meta({ description: 'A module of ours: TypeScript or JavaScript.' }),
    module: text(
      'the path of a .ts or .js file',
      'Path of a .ts, .mts, .js or .mjs file, relative to the configuration file. Its default export is called with an App and `extra`.',
    ),
    realm: text('the name of a realm', 'Realm that the component joins.'),
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
    goodbyeTimeoutMs: limit(
      'goodbyeTimeoutMs',
      1,
      3_600_000,
      'milliseconds',
      'How long a peer may take to answer a GOODBYE, in milliseconds. Then its transport is closed.',
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
          realms: list(realm, 'Realms of this router.').min(1, { error: 'must hold at least one realm: [{ name: "realm1" }]' }),
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
export type TransportConfig = NonNullable<RouterConfig['transports']>[number]
export type WebConfig = Extract<TransportConfig, { type: 'web' }>
export type PathConfig = WebConfig['paths'][string]
export type WebsocketPathConfig = Extract<PathConfig, { type: 'websocket' }>
export type WebsocketOptionsConfig = NonNullable<WebsocketPathConfig['options']>
export type RawsocketConfig = Exclude<NonNullable<WebConfig['rawsocket']>, boolean>
export type EndpointConfig = TransportConfig['endpoint']
