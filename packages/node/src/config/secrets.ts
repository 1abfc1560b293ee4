// What of a configuration may be shown in errors: not the credentials. Within principals everything counts as a credential that is
// not known to be none, since a misspelt key holds the secret all the same.

import type { ConfigPath } from './issue.ts'

/** Keys whose values are secrets wherever they stand. */
const SECRET_KEYS: ReadonlySet<string> = new Set(['ticket', 'ticket-hash', 'secret', 'stored-key', 'server-key', 'totp', 'keys'])
/** Dictionaries of principals. */
const PRINCIPALS_KEYS: ReadonlySet<string> = new Set(['principals', 'users'])
/** What is no secret within a principal. */
const PLAIN_KEYS: ReadonlySet<string> = new Set([
  'role',
  'realm',
  'authid',
  'kdf',
  'iterations',
  'memory',
  'keylen',
  'salt',
  'authorized_keys',
  'channel-binding',
  'certificate-sha1',
  'certificate-sha256',
])
/** What stands for a secret. */
export const HIDDEN = '(not shown)'
const PASSWORD_IN_URL = /^([a-z][a-z0-9+.-]*:\/\/[^:/@\s]*):[^@\s]*@/i

/** The value at a path as it may stand in an error or a log. */
export function showable(value: unknown, path: ConfigPath): unknown {
  if (value === undefined) return undefined
  const at = path.findIndex((part) => PRINCIPALS_KEYS.has(String(part)))
  // `auth.ticket` is a method, unless somebody took it for the ticket; `ticket` elsewhere is a secret.
  const isMethod = (index: number) => path[index - 1] === 'auth' && (index < path.length - 1 || typeof value === 'object')
  if (path.some((part, index) => SECRET_KEYS.has(String(part)) && !isMethod(index))) return HIDDEN
  if (at >= 0 && path.length > at + 2 && !PLAIN_KEYS.has(String(path[at + 2]))) return HIDDEN
  return hidden(value, at >= 0, [])
}

/**
 * A copy without secrets.
 *
 * @param isWithin whether it stands within a dictionary of principals
 * @param around the objects that it is in
 */
function hidden(value: unknown, isWithin: boolean, around: readonly object[]): unknown {
  if (typeof value === 'string') return value.replace(PASSWORD_IN_URL, '$1:(not shown)@')
  if (typeof value !== 'object' || value === null) return value
  if (around.includes(value)) return String(value) // circular: only a .ts or .js file can hold one
  const within = [...around, value]
  if (Array.isArray(value)) return value.map((item) => hidden(item, isWithin, within))
  const copy: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    const isDictionary = typeof item === 'object' && item !== null && !Array.isArray(item)
    if (isWithin ? !PLAIN_KEYS.has(key) : SECRET_KEYS.has(key) && !isDictionary) copy[key] = HIDDEN
    else copy[key] = hidden(item, isWithin || PRINCIPALS_KEYS.has(key), within)
  }
  return copy
}
