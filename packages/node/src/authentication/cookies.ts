// Cookies as HTTP has them (RFC 6265): read from requests, made for answers.

import { randomBytes } from 'node:crypto'

/** What a cookie is like; the names are Crossbar.io's. */
export interface CookieOptions {
  /** A letter a … z, then at least one of a … z, 0 … 9 and _. Default: "cbtid". */
  readonly name?: string | undefined
  /** Characters of its value, 24 (144 random bits) to 64. Default: 24. */
  readonly length?: number | undefined
  /** How long a login lasts, in seconds; the node holds to it, whatever the browser does. Default: 604800, a week. */
  readonly max_age?: number | undefined
  /** Whether browsers send it over TLS only. Default: whether the connection that it is made on has TLS. */
  readonly secure?: boolean | undefined
  /** Whether scripts of a page cannot read it (HttpOnly). Default: true. */
  readonly http_strict?: boolean | undefined
  /** Whether browsers send it with requests of other sites; "None" needs `secure`. Default: "Lax". */
  readonly same_site?: 'Strict' | 'Lax' | 'None' | undefined
}

export const COOKIE_DEFAULTS = Object.freeze({ name: 'cbtid', length: 24, max_age: 604_800, http_strict: true, same_site: 'Lax' })
export const COOKIE_NAME = /^[a-z][a-z0-9_]+$/

/**
 * The value of a cookie in a request, or undefined when it has none, or several that differ: then somebody else set one of them.
 *
 * @param header the header Cookie
 * @example
 * readCookie('theme=dark; cbtid=Zk9…', 'cbtid') // 'Zk9…'
 */
export function readCookie(header: string | readonly string[] | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  let found: string | undefined
  for (const pair of (typeof header === 'string' ? header : header.join(';')).split(';')) {
    const equals = pair.indexOf('=')
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue
    const text = pair.slice(equals + 1).trim()
    const value = /^"(.*)"$/.exec(text)?.[1] ?? text
    if (found !== undefined && found !== value) return undefined
    found = value
  }
  return found
}

/** A new value: characters of Base64url, which need no quotes, 6 random bits each. */
export function newCookieValue(length: number = COOKIE_DEFAULTS.length): string {
  return randomBytes(Math.ceil((length * 3) / 4))
    .toString('base64url')
    .slice(0, length)
}

/** Whether a value can be one of `newCookieValue`. */
export function isCookieValue(value: string, length: number = COOKIE_DEFAULTS.length): boolean {
  return value.length === length && /^[\w-]+$/.test(value)
}

/**
 * The value of a header Set-Cookie.
 *
 * @param path the cookie is sent to this path and those below it
 * @param isSecure whether the connection has TLS
 * @example
 * setCookie('Zk9…', {}, '/ws', true) // 'cbtid=Zk9…; Path=/ws; Max-Age=604800; Secure; HttpOnly; SameSite=Lax'
 */
export function setCookie(value: string, options: CookieOptions, path: string, isSecure: boolean): string {
  const { name, max_age, secure = isSecure, http_strict, same_site } = { ...COOKIE_DEFAULTS, ...options }
  const flags = `${secure ? '; Secure' : ''}${http_strict ? '; HttpOnly' : ''}; SameSite=${same_site}`
  return `${name}=${value}; Path=${path}; Max-Age=${max_age}${flags}`
}
