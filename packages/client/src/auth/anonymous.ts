// Without a login (AUTH-02).

import type { AuthMethod } from '../authentication.ts'

/**
 * Joins without a login where nothing before it in the list is accepted.
 *
 * @example
 * new Client({ url, auth: [ticket({ authid: 'joe', ticket: 's3cret' }), anonymous()] })
 */
export function anonymous(): AuthMethod {
  return { method: 'anonymous', begin: () => ({}) }
}
