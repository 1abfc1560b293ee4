// The schema of `auth`: how sessions of a transport log in. Crossbar's names where Crossbar has one, ours in camel case. What the
// credentials themselves must be like is checked by the readers of the protocol (check-auth.ts), which the router uses, too.

import { z } from 'zod'
import { jwtSchema } from './schema-jwt.ts'
import { choice, dictionary, list, object, text, truth, whole } from './schema-parts.ts'

const lookupTimeoutMs = whole(
  1,
  60_000,
  'milliseconds',
  'How long a lookup may take, in milliseconds. Then the login fails with wamp.error.authentication_failed. Default: 5000.',
).optional()

const role = text('the name of a role', 'Role of its sessions. Default: `default-role` beside `principals`.').optional()

/** Who a principal becomes, beside its credentials. */
const becomes = {
  role,
  realm: text('the name of a realm', 'Realm that it joins, whatever it asks for. Default: the one it asks for.').optional(),
  authid: text('a name', 'Another authid than the one it logs in by.').optional(),
  extra: z
    .record(z.string(), z.unknown(), { error: 'must be an object' })
    .meta({ description: 'Anything; the client finds it in `authextra` of its session.' })
    .optional(),
  totp: text(
    'a secret in Base32',
    'Asks for a code of an authenticator app as well, as a second step: the secret, in Base32, as the app has it.',
  ).optional(),
}

const number = (description: string) => whole(1, Number.MAX_SAFE_INTEGER, '', description).optional()

/** What a principal of each method looks like, here and in files and tables. */
export const PRINCIPALS = {
  ticket: object(
    {
      ticket: text('a ticket', 'The ticket itself. Give it or `ticket-hash`.').optional(),
      'ticket-hash': text('a hash', 'Its Argon2id hash, as `crosspoint passwd --method ticket` prints it.').optional(),
      ...becomes,
    },
    'A principal that shows a ticket.',
  ),
  wampcra: object(
    {
      secret: text(
        'a secret',
        'The secret; with `salt` the Base64 key made of it, as `crosspoint passwd --method wampcra` prints it, or the password, of which the key is made at each login.',
      ),
      salt: text('a salt', 'The salt of the key.').optional(),
      iterations: number('Iterations of PBKDF2. Default: 1000.'),
      keylen: number('Bytes of the key. Default: 32.'),
      ...becomes,
    },
    'A principal that answers a challenge with a shared secret.',
  ),
  scram: object(
    {
      kdf: text('"argon2id13" or "pbkdf2"', 'How the password was salted: argon2id13 or pbkdf2.'),
      iterations: whole(1, Number.MAX_SAFE_INTEGER, '', 'Iterations of the key derivation.'),
      memory: whole(1, Number.MAX_SAFE_INTEGER, 'KiB', 'KiB.')
        .nullable()
        .meta({ description: 'Memory of Argon2id in KiB; null or absent with pbkdf2.' })
        .optional(),
      salt: text('Base64', 'The salt, in Base64.'),
      'stored-key': text('hexadecimal digits or Base64', 'What checks the password; `crosspoint passwd --method scram` prints it.'),
      'server-key': text('hexadecimal digits or Base64', 'What proves this router to the client.'),
      ...becomes,
    },
    'A principal with a password that is never sent, nor stored here.',
  ),
  cryptosign: object(
    {
      authorized_keys: list(
        text('64 hexadecimal digits', 'A public key, 64 hexadecimal digits.'),
        'Its public keys (Ed25519); `crosspoint keygen` makes one.',
      ),
      'channel-binding': choice(
        ['optional', 'required'],
        'Whether its logins must be bound to their TLS channel. Default: what the method says.',
      ).optional(),
      ...becomes,
    },
    'A principal that signs a challenge.',
  ),
  tls: object(
    {
      'certificate-sha1': text('a fingerprint', 'SHA-1 of its certificate, AA:BB:…; as Crossbar has it.').optional(),
      'certificate-sha256': text('a fingerprint', 'SHA-256 of its certificate, AA:BB:…').optional(),
      ...becomes,
    },
    'A principal that is known by its certificate.',
  ),
} as const

/** The methods whose principals are looked up. */
export type PrincipalMethod = keyof typeof PRINCIPALS

const defaultRole = { 'default-role': text('the name of a role', 'Role of principals that have none.').optional() }

function byFunction<const Shape extends z.ZodRawShape>(more: Shape) {
  return object(
    {
      type: z.literal('function'),
      module: text(
        'the path of a .ts or .js file',
        'Path of a .ts, .mts, .js or .mjs file, relative to the configuration file. Its default export is called with realm, authid and details and gives the principal, a role, or nothing for nobody; it may be async.',
      ),
      timeoutMs: lookupTimeoutMs,
      ...defaultRole,
      ...more,
    },
    'Principals that a function of yours looks up.',
  )
}

function byProcedure<const Shape extends z.ZodRawShape>(more: Shape) {
  return object(
    {
      type: z.literal('dynamic'),
      authenticator: text(
        'the URI of a procedure',
        'Procedure that is called with realm, authid and details and gives a role or a principal.',
      ),
      'authenticator-realm': text('the name of a realm', 'Realm of the procedure. Default: the one that the client asks for.').optional(),
      'authenticator-role': text(
        'the name of a role',
        'Role with which the procedure is called; the realm must have it and let it call. Default: a role of its own, which may do just that.',
      ).optional(),
      timeoutMs: lookupTimeoutMs,
      ...defaultRole,
      ...more,
    },
    'Principals that a procedure looks up.',
  )
}

/** The sources that hold many principals. `more` are keys of the method. */
function everySource<const Shape extends z.ZodRawShape, const Fixed extends z.ZodRawShape>(fixed: Fixed, more: Shape) {
  return [
    object({ type: z.literal('static'), ...fixed, ...defaultRole, ...more }, 'Principals written here.'),
    object(
      {
        type: z.literal('file'),
        path: text(
          'the path of a file',
          'YAML or JSON file with the dictionary of principals, relative to the configuration file. It is read again when it changes; others must not be able to read it.',
        ),
        ...defaultRole,
        ...more,
      },
      'Principals in a file of their own.',
    ),
    object(
      {
        type: z.literal('sql'),
        url: text(
          'sqlite:PATH or postgres://…',
          'The database: `sqlite:` and a path relative to the configuration file, or `postgres://…`.',
        ),
        table: text('the name of a table', 'Its table. Default: crosspoint_principals.').optional(),
        query: text(
          'a SELECT statement',
          'Finds principals in tables of your own: a SELECT with :authid (and :realm, :authmethod, :pubkey) that gives one row with role and credentials. Default: none, the table is ours.',
        ).optional(),
        ...defaultRole,
        ...more,
      },
      'Principals in a table of a database.',
    ),
    byFunction(more),
    byProcedure(more),
  ] as const
}

const SOURCES =
  'must be { type: "static", … }, { type: "file", path }, { type: "sql", url }, { type: "function", module } or { type: "dynamic", authenticator }'
const FEW_SOURCES = 'must be { type: "static", … }, { type: "function", module } or { type: "dynamic", authenticator }'

const principalsOf = <Item extends z.ZodType>(item: Item) => dictionary(item, 'The principals, by authid.')

const anonymous = z
  .discriminatedUnion(
    'type',
    [
      object(
        {
          type: z.literal('static').meta({ description: 'Fixed in the configuration.' }).optional(),
          role: text('the name of a role', 'Role of anonymous sessions. Default: anonymous.').optional(),
          realm: text('the name of a realm', 'Realm that they join, whatever they ask for. Default: the one they ask for.').optional(),
          authid: text('a name', 'Their authid. Default: a random one for each.').optional(),
        },
        'The same for all of them.',
      ),
      byFunction({}),
      byProcedure({}),
    ],
    { error: FEW_SOURCES },
  )
  .meta({ description: 'Sessions without a login.' })

const cryptosignKeys = {
  routerKey: text(
    'the path of a file',
    'File with the private key by which this router proves itself to clients that ask for it, as `crosspoint keygen --out` writes it; relative to the configuration file. It must be no key of a client.',
  ).optional(),
  'channel-binding': choice(
    ['optional', 'required'],
    'Whether clients must bind their logins to the TLS channel, so that nobody in between can pass them on. Default: optional.',
  ).optional(),
  'tls-unique': choice(
    ['rfc', 'router'],
    'Whose message the channel binding tls-unique means: as in RFC 5929, or that of the router, as Autobahn|Python has it. Default: rfc.',
  ).optional(),
}

const methods = {
  anonymous: anonymous.optional(),
  ticket: z
    .discriminatedUnion('type', everySource({ principals: principalsOf(PRINCIPALS.ticket) }, {}), { error: SOURCES })
    .meta({ description: 'Tickets: the client sends a secret as it is, so use TLS.' })
    .optional(),
  wampcra: z
    .discriminatedUnion('type', everySource({ users: principalsOf(PRINCIPALS.wampcra) }, {}), { error: SOURCES })
    .meta({ description: 'WAMP-CRA: the client answers a challenge with a shared secret.' })
    .optional(),
  scram: z
    .discriminatedUnion('type', everySource({ principals: principalsOf(PRINCIPALS.scram) }, {}), { error: SOURCES })
    .meta({ description: 'WAMP-SCRAM: passwords that are neither sent nor stored. The best method for people.' })
    .optional(),
  cryptosign: z
    .discriminatedUnion('type', everySource({ principals: principalsOf(PRINCIPALS.cryptosign) }, cryptosignKeys), { error: SOURCES })
    .meta({ description: 'Keys of Ed25519: the client signs a challenge. The best method for programs.' })
    .optional(),
  tls: z
    .discriminatedUnion(
      'type',
      [
        object({ type: z.literal('static'), principals: principalsOf(PRINCIPALS.tls), ...defaultRole }, 'Principals written here.'),
        byFunction({}),
        byProcedure({}),
      ],
      { error: FEW_SOURCES },
    )
    .meta({ description: "The client's certificate; needs ca_certificates in the endpoint's tls." })
    .optional(),
  jwt: jwtSchema.optional(),
}

/** For RawSocket. */
export const authSchema = object(methods, 'Ways to log in; the client chooses among them. Default: nobody logs in, all are anonymous.')

/** For WebSocket and long-poll, which have cookies. */
export const authWithCookieSchema = object(
  {
    ...methods,
    cookie: object(
      {},
      'Browsers that have logged in by another method and come back with their cookie. See `cookie` beside `auth`.',
    ).optional(),
  },
  'Ways to log in; the client chooses among them. Default: nobody logs in, all are anonymous.',
)

export const cookieSchema = object(
  {
    name: text('a name', 'Name of the cookie. Default: cbtid.').optional(),
    length: whole(24, 64, 'characters', 'Characters of its value. Default: 24.').optional(),
    max_age: whole(1, 315_360_000, 'seconds', 'How long a login lasts, in seconds. Default: 604800, a week.').optional(),
    secure: truth('Whether browsers send it over TLS only. Default: true where the endpoint has TLS.').optional(),
    http_strict: truth('Whether scripts of the page cannot read it. Default: true.').optional(),
    same_site: choice(['Strict', 'Lax', 'None'], 'Whether browsers send it with requests of other sites. Default: Lax.').optional(),
    store: z
      .discriminatedUnion(
        'type',
        [
          object({ type: z.literal('memory') }, 'In memory: lost when the node stops.'),
          object(
            {
              type: z.literal('sql'),
              url: text(
                'sqlite:PATH or postgres://…',
                'The database: `sqlite:` and a path relative to the configuration file, or `postgres://…`, which several nodes may share.',
              ),
            },
            'In a database.',
          ),
        ],
        { error: 'must be { type: "memory" } or { type: "sql", url }' },
      )
      .meta({ description: 'Where logins are kept. Default: in memory.' })
      .optional(),
  },
  'The cookie by which browsers that have logged in are known again.',
)

/** As people write it. */
export type AuthConfig = z.input<typeof authWithCookieSchema>
export type CookieConfig = z.input<typeof cookieSchema>
/** The part of `auth` that belongs to one method whose principals are looked up. */
export type MethodConfig = NonNullable<AuthConfig[PrincipalMethod | 'anonymous']>
