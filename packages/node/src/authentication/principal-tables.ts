// The tables of principals: `crosspoint_principals`, a row for each name that logs in by a method, and `crosspoint_principals_keys`,
// a row for each public key of those who log in by cryptosign. They are made for hands: everything but authid, authmethod and
// credentials has a default, and what `crosspoint passwd` prints as JSON is what `credentials` takes.
//
//   INSERT INTO crosspoint_principals (authmethod, authid, role, credentials)
//     VALUES ('ticket', 'joe', 'user', '{"ticket-hash": "$argon2id$v=19$m=65536,t=3,p=1$…"}');
//   INSERT INTO crosspoint_principals (authmethod, authid, role) VALUES ('cryptosign', 'sensor7', 'device');
//   INSERT INTO crosspoint_principals_keys (authid, pubkey) VALUES ('sensor7', '545efb0a…');

import { type CompiledQuery, sql } from 'kysely'
import { builder, type Engine } from '../storage/sql.ts'

/** A principal as it is stored. */
export interface PrincipalRow {
  /** The realm that it joins; '' is any. */
  realm: string
  /** As in a configuration: "ticket", "wampcra", "scram", "cryptosign". */
  authmethod: string
  authid: string
  /** Null is the default role. */
  role: string | null
  /** A dictionary in JSON, which PostgreSQL gives as a value. */
  credentials: unknown
  /** `authextra` of the session, likewise; null is none. */
  extra: unknown
  /** Whether it may not log in. */
  disabled: boolean | number
}

interface KeyRow {
  realm: string
  authid: string
  pubkey: string
}

interface Tables {
  principals: PrincipalRow
  keys: KeyRow
}

export type FoundRow = PrincipalRow & { readonly pubkey?: string | null }

/** By what a principal is found. */
export interface Wanted {
  readonly authmethod: string
  /** Null is any. */
  readonly realm: string | null
  readonly authid: string | undefined
  readonly pubkey: string | undefined
}

/** The statements about one pair of tables. */
export interface PrincipalTables {
  readonly versions: readonly (readonly CompiledQuery[])[]
  /** Rows of those who may be meant, each with the key if it is one of its own; those of the realm before those of any. */
  find(wanted: Wanted): CompiledQuery<FoundRow>
  /** Any row of the method. */
  example(authmethod: string): CompiledQuery<FoundRow>
}

/** Two realms and two names at most decide whether it is clear who is meant. */
const ROWS_MAX = 4

/** @param table the name of the first table; the second has `_keys` behind it */
export function principalTables(engine: Engine, table: string): PrincipalTables {
  const build = builder<Tables>(engine)
  // The names are the operator's, the columns are known.
  const principals = `${table} as p` as 'principals as p'
  const keys = `${table}_keys as k` as 'keys as k'
  return {
    versions: versions(engine, table),
    find({ authmethod, realm, authid, pubkey }) {
      let query = build.selectFrom(principals).selectAll('p').where('p.authmethod', '=', authmethod)
      if (realm !== null) query = query.where('p.realm', 'in', [realm, ''])
      if (authid !== undefined) query = query.where('p.authid', '=', authid)
      query = query.orderBy('p.realm', 'desc').limit(ROWS_MAX)
      if (pubkey === undefined) return query.compile()
      const withKey = query
        .leftJoin(keys, (join) => join.onRef('k.realm', '=', 'p.realm').onRef('k.authid', '=', 'p.authid').on('k.pubkey', '=', pubkey))
        .select('k.pubkey')
      return (authid === undefined ? withKey.where('k.pubkey', 'is not', null) : withKey).compile()
    },
    example: (authmethod) => build.selectFrom(principals).selectAll('p').where('p.authmethod', '=', authmethod).limit(1).compile(),
  }
}

function versions(engine: Engine, table: string): CompiledQuery[][] {
  const { schema } = builder<Tables>(engine)
  // A slip of the hand is refused when the row is written, not when somebody logs in.
  const dictionary = (column: string) =>
    engine === 'sqlite'
      ? sql`case when json_valid(${sql.ref(column)}) then json_type(${sql.ref(column)}) = 'object' else ${sql.ref(column)} is null end`
      : sql`jsonb_typeof(${sql.ref(column)}) = 'object'`
  const json = engine === 'sqlite' ? 'text' : 'jsonb'
  const first = [
    schema
      .createTable(table)
      .addColumn('realm', 'text', (column) => column.notNull().defaultTo(''))
      .addColumn('authmethod', 'text', (column) => column.notNull())
      .addColumn('authid', 'text', (column) => column.notNull())
      .addColumn('role', 'text')
      .addColumn('credentials', json, (column) => column.notNull().defaultTo('{}'))
      .addColumn('extra', json)
      .addColumn('disabled', 'boolean', (column) => column.notNull().defaultTo(sql`false`))
      .addPrimaryKeyConstraint(`${table}_key`, ['authid', 'authmethod', 'realm'])
      .addCheckConstraint(`${table}_authmethod`, sql`authmethod in ('ticket', 'wampcra', 'scram', 'cryptosign')`)
      .addCheckConstraint(`${table}_credentials`, dictionary('credentials'))
      .addCheckConstraint(`${table}_extra`, dictionary('extra')),
    schema
      .createTable(`${table}_keys`)
      .addColumn('realm', 'text', (column) => column.notNull().defaultTo(''))
      .addColumn('authid', 'text', (column) => column.notNull())
      .addColumn('pubkey', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint(`${table}_keys_key`, ['authid', 'realm', 'pubkey'])
      .addCheckConstraint(`${table}_keys_pubkey`, sql`length(pubkey) = 64 and pubkey = lower(pubkey)`),
    schema.createIndex(`${table}_keys_pubkey_index`).on(`${table}_keys`).column('pubkey'),
  ]
  return [first.map((statement) => statement.compile())]
}
