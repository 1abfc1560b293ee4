// The cookie that the router gave the browser (AUTH-10). The browser sends it when it connects, and nothing is asked.

import type { AuthMethod } from '../authentication.ts'

/**
 * Comes back as who logged in before from this browser, when the router keeps that under a cookie. Put it before the method
 * that it saves.
 *
 * @example
 * new Client({ url, auth: [cookie(), ticket({ authid: 'joe', ticket: () => askUser('Password?') })] })
 */
export function cookie(): AuthMethod {
  return { method: 'cookie', begin: () => ({}) }
}
