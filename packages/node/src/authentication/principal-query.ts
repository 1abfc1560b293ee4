// A statement of the operator's own in place of our tables, for those who have a table of users already:
//
//   SELECT role, password_hash AS "ticket-hash" FROM users WHERE name = :authid AND active
//
// What a client sends is never part of the text: `:authid`, `:realm`, `:authmethod` and `:pubkey` become parameters.

import { UsageError } from '@crosspoint/protocol'
import type { CompiledQuery } from 'kysely'
import type { Engine } from '../storage/sql.ts'
import type { FoundRow, Wanted } from './principal-tables.ts'

const NAMES = ['authid', 'realm', 'authmethod', 'pubkey'] as const
type Name = (typeof NAMES)[number]

/** What is no name of ours: texts, quoted names, comments, PostgreSQL's quotes by dollar and its casts; and then what may be one. */
const TOKENS = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|::|:([a-z]\w*)/gi

/**
 * Reads a statement.
 *
 * @returns how it is asked; a name that the client did not give is null
 * @throws UsageError ERR_CONFIG when it is no SELECT, has another name than those four, or has neither `:authid` nor `:pubkey`
 * @example
 * const find = principalQuery('SELECT role, hash AS "ticket-hash" FROM users WHERE name = :authid', 'postgres')
 * await database.all(find({ authmethod: 'ticket', realm: 'realm1', authid: 'joe', pubkey: undefined }))
 */
export function principalQuery(text: string, engine: Engine): (wanted: Wanted) => CompiledQuery<FoundRow> {
  const cannot = (why: string) => new UsageError('ERR_CONFIG', `Cannot look up principals by the query ${JSON.stringify(text)}: ${why}`)
  if (!/^\s*(select|with)\b/i.test(text)) throw cannot('it must begin with SELECT or WITH')
  const names: Name[] = []
  const sql = text.replace(TOKENS, (token: string, _tag: string | undefined, name: string | undefined) => {
    if (name === undefined) return token
    const known = NAMES.find((one) => one === name)
    if (known === undefined) throw cannot(`there is no :${name} here, there are ${NAMES.map((one) => `:${one}`).join(', ')}`)
    names.push(known)
    return engine === 'postgres' ? `$${names.length}` : '?'
  })
  if (!names.includes('authid') && !names.includes('pubkey'))
    throw cannot('it must compare something with :authid, or it would find everybody')
  return (wanted) =>
    ({ sql, parameters: names.map((name) => wanted[name] ?? null), query: { kind: 'RawNode' } }) as unknown as CompiledQuery<FoundRow>
}

/** A row of such a statement, as our tables would have it: columns that a principal does not have are credentials. */
export function queriedRow(row: { readonly [column: string]: unknown }, { authmethod, authid }: Wanted): FoundRow {
  const { role = null, realm, authid: own, extra = null, credentials, disabled, ...columns } = row
  const more = Object.entries(columns).filter(([, value]) => value !== null)
  return {
    realm: typeof realm === 'string' ? realm : '',
    authmethod,
    authid: typeof own === 'string' ? own : (authid ?? ''),
    role: role as string | null,
    credentials: more.length === 0 ? (credentials ?? {}) : { ...dictionaryOf(credentials), ...Object.fromEntries(more.map(listOf)) },
    extra,
    disabled: Boolean(disabled),
  }
}

/** SQLite has no lists but as JSON. */
function listOf([column, value]: [string, unknown]): [string, unknown] {
  return column === 'authorized_keys' && typeof value === 'string' ? [column, JSON.parse(value)] : [column, value]
}

/** A dictionary, or one in JSON; undefined when it is neither. */
export function dictionaryOf(value: unknown): object | undefined {
  try {
    const read: unknown = typeof value === 'string' ? JSON.parse(value) : value
    return typeof read === 'object' && read !== null && !Array.isArray(read) ? read : undefined
  } catch {
    return undefined
  }
}
