// The part of the configuration's shape that is about realms.

import { z } from 'zod'
import { choice, dictionary, list, object, text, truth, whole } from './schema-parts.ts'

const MATCH = ['exact', 'prefix', 'wildcard'] as const
const AUTHORIZER = 'must be the URI of a procedure, { type: "dynamic", procedure } or { type: "function", module }'

const history = object(
  {
    uri: z.string({ error: 'must be a URI or pattern, as text' }).meta({ description: 'URI or pattern of the subscription.' }),
    match: choice(MATCH, 'How `uri` matches. Default: exact.').optional(),
    limit: whole(1, 100_000_000, 'events', 'At most so many events; the oldest go first. Default: the limit of the store.').optional(),
    ageMsMax: whole(0, 3_153_600_000_000, 'milliseconds', 'Older events are gone; 0 for no limit. Default: 0.').optional(),
    bytesMax: whole(
      0,
      1_099_511_627_776,
      'bytes',
      'At most so many bytes of payload; the oldest go first; 0 for no limit. Default: 16777216.',
    ).optional(),
  },
  'A subscription whose events are kept.',
)

const store = object(
  {
    type: choice(['memory', 'sqlite'], 'memory: history and retained events end with the node. sqlite: they outlive it, in a file.'),
    path: text('the path of a file', 'For sqlite: the file, relative to the configuration. Default: .crosspoint/events.sqlite.').optional(),
    limit: whole(
      1,
      100_000_000,
      'events',
      'Events that are kept of each subscription below that has no limit of its own. Default: 100.',
    ).optional(),
    'event-history': list(history, 'The subscriptions whose events are kept.').optional(),
  },
  'Where history and retained events are kept. Without it retained events are kept in memory, and there is no history.',
)

const topic = object(
  {
    uri: z.string({ error: 'must be a URI or pattern, as text' }).meta({ description: 'URI or pattern of topics.' }),
    match: choice(MATCH, 'How `uri` matches. Default: exact.').optional(),
    trustlevel: whole(0, 1_000_000, '', 'The trust level of every event here, in place of that of its publisher.').optional(),
    disclose: truth('Discloses every publisher here, asked or not. Default: false.').optional(),
    slow: choice(
      ['close', 'drop', 'newest'],
      'What happens to a subscriber that does not keep up: close ends its session at the limit of its transport, drop leaves out events, newest keeps the newest one only. What was left out is told with the next event as _dropped. Default: close.',
    ).optional(),
    slowBytesMax: whole(
      1_024,
      1_073_741_824,
      'bytes',
      'Bytes that may wait for one subscriber before `slow` acts. Default: 1048576.',
    ).optional(),
  },
  'What holds for topics.',
)

const procedure = object(
  {
    uri: z.string({ error: 'must be a URI or pattern, as text' }).meta({ description: 'URI or pattern of procedures.' }),
    match: choice(MATCH, 'How `uri` matches. Default: exact.').optional(),
    trustlevel: whole(0, 1_000_000, '', 'The trust level of every invocation here, in place of that of its caller.').optional(),
    disclose: truth('Discloses every caller here, asked or not. Default: false.').optional(),
  },
  'What holds for procedures.',
)

const allow = object(
  {
    call: truth('May call.').optional(),
    register: truth('May register.').optional(),
    publish: truth('May publish.').optional(),
    subscribe: truth('May subscribe.').optional(),
  },
  'What is allowed. What is not named is denied.',
)

const schema = z.unknown().meta({
  description:
    'JSON Schema, draft 2020-12; in a .ts or .js file also any Standard Schema that validates at once. Keywords and formats that would not be checked, and references to other files, are refused at the start.',
})

const payload = {
  args: schema.optional().meta({ description: 'JSON Schema of the list of positional arguments. Default: anything.' }),
  kwargs: schema.optional().meta({ description: 'JSON Schema of the dictionary of keyword arguments. Default: anything.' }),
}

const validate = object(
  {
    ...payload,
    result: object(payload, 'What the final result of a call must be like. Default: anything.').optional(),
    progress: object(payload, 'What its progressive results must be like. Default: anything.').optional(),
    error: object(payload, 'What its errors must carry. Default: anything.').optional(),
  },
  'What calls and events must be like: others are answered with wamp.error.invalid_argument. Payloads for the far end only (ppt_scheme) are not looked into.',
)

const authorizerTimeoutMs = whole(
  1,
  60_000,
  'milliseconds',
  'How long an answer may take, in milliseconds. Then the request fails with wamp.error.authorization_failed. Default: 5000.',
).optional()

const authorizer = z
  .union(
    [
      text('the URI of a procedure', 'URI of the procedure, as in { type: "dynamic", procedure }.'),
      z.discriminatedUnion(
        'type',
        [
          object(
            {
              type: z.literal('dynamic'),
              procedure: text(
                'the URI of a procedure',
                'Procedure that is called with session details, URI, action and options, and answers true, false or { allow, disclose, cache, validate }. The role of its callee needs a permission to register it.',
              ),
              timeoutMs: authorizerTimeoutMs,
            },
            'A procedure that decides.',
          ),
          object(
            {
              type: z.literal('function'),
              module: text(
                'the path of a .ts or .js file',
                'Path of a .ts, .mts, .js or .mjs file, relative to the configuration file. Its default export is called with session details, URI, action and options, and answers as a procedure would; it may be async.',
              ),
              timeoutMs: authorizerTimeoutMs,
            },
            'A function of yours that decides.',
          ),
        ],
        { error: AUTHORIZER },
      ),
    ],
    { error: AUTHORIZER },
  )
  .meta({ description: 'Asked where no permission of the role says anything.' })

const permission = object(
  {
    uri: z.string({ error: 'must be a URI, as text' }).meta({
      description:
        'URI or pattern. "" with match prefix, or "*", stands for every URI; without match, "com.app.*" is a prefix and "com.*.read" a wildcard.',
    }),
    match: choice(['exact', 'prefix', 'wildcard'], 'How `uri` matches. Default: exact, or what stars in the URI say.').optional(),
    allow: allow.optional(),
    disclose: object(
      {
        caller: truth('Callees are told who calls, asked or not. Default: false.').optional(),
        publisher: truth('Subscribers are told who publishes, asked or not. Default: false.').optional(),
      },
      'Whose identity is told, asked or not. Default: that of those who ask for it with disclose_me.',
    ).optional(),
    cache: truth('Without effect: permissions are known at once. Authorizers answer with `cache` themselves.').optional(),
    validate: validate.optional(),
  },
  'A permission. Of those that match a URI the most specific decides alone: exact, then the longest prefix, then the best wildcard.',
)

export const realmSchema = object(
  {
    name: text('the name of a realm, a URI', 'Name of the realm, a URI.'),
    roles: list(
      object(
        {
          name: text('the name of a role', 'Name of the role.'),
          permissions: list(
            permission,
            'Permissions of the role. Where none says anything its authorizer is asked; without one that is denied.',
          ).optional(),
          authorizer: authorizer.optional(),
          'allow-by-default': truth('For a role without permissions and authorizer: it may do everything. Default: false.').optional(),
        },
        'A role.',
      ),
      'Roles. Sessions with another role are refused. Without roles everybody may do everything.',
    ).optional(),
    options: object(
      {
        uri_check: choice(['strict', 'loose'], 'Which rule URIs must follow. Default: loose.').optional(),
        requestIds: choice(
          ['strict', 'lenient'],
          'Whether request ids must count 1, 2, 3 …, as WAMP asks; lenient takes any from clients that count otherwise. Default: strict.',
        ).optional(),
        allowDisclose: truth('Whether callers and publishers may disclose themselves (disclose_me). Default: true.').optional(),
        allowRetain: truth('Whether events that are published with retain are kept. Default: true.').optional(),
        enable_meta_api: z
          .literal(true, { error: 'must be true: the meta API is always there' })
          .meta({ description: 'The meta API is always there; true is all that can be said.' })
          .optional(),
      },
      'Options of the realm.',
    ).optional(),
    store: store.optional(),
    topics: list(topic, 'What holds for certain topics; the most specific that matches decides alone.').optional(),
    procedures: list(procedure, 'What holds for certain procedures; the most specific that matches decides alone.').optional(),
    trustlevels: dictionary(
      whole(0, 1_000_000, '', 'The trust level, 0 the lowest.'),
      'The trust level of publishers and callers, by role; without it none is told.',
    ).optional(),
    resume: object(
      {
        waitMs: whole(1, 86_400_000, 'milliseconds', 'How long a session waits for its client. Default: 30000.').optional(),
        messagesMax: whole(1, 1_000_000, 'messages', 'How many messages wait for the client. Default: 1000.').optional(),
        bytesMax: whole(1_024, 1_073_741_824, 'bytes', 'How many bytes of payload wait for the client. Default: 4194304.').optional(),
      },
      'Sessions may outlive their transport for a while. Without it they do not.',
    ).optional(),
  },
  'A realm: routing between its sessions and nobody else.',
)
