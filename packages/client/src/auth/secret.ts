// Secrets of the login methods: a value that is checked when the method is made, or a function that is asked for each session.

import { UsageError } from '@crosspoint/protocol'
import { asError, type Secret } from '../authentication.ts'

/**
 * How to have a secret when it is needed.
 *
 * @param secret a value, or a function, possibly asynchronous, that gives one
 * @param what names it in errors, which never show it
 * @param read checks a value, and gives it the form that is used
 * @returns a function that rejects, with an error that is not final, when `secret` is a function that throws or gives nothing usable
 * @throws UsageError `ERR_INVALID_ARGUMENT` when `secret` is a value that cannot be used
 * @example
 * const ask = secretOf(() => vault.read('ticket'), 'ticket', text)
 * const signature = await ask()
 */
export function secretOf<Value, Used>(
  secret: Secret<Value>,
  what: string,
  read: (value: Value, what: string) => Used,
): () => Promise<Used> {
  if (typeof secret !== 'function') {
    const used = read(secret, what)
    return async () => used
  }
  const provide = secret as () => Value | Promise<Value>
  return async () => {
    try {
      return read(await provide(), what)
    } catch (error) {
      throw new Error(`The ${what} is not to be had: ${asError(error).message}`, { cause: error })
    }
  }
}

/**
 * A text that is not empty.
 * @throws UsageError `ERR_INVALID_ARGUMENT` for anything else
 */
export function text(value: unknown, what: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw new UsageError('ERR_INVALID_ARGUMENT', `The ${what} must be a string that is not empty, or a function that gives one`)
}

/**
 * An authid.
 * @throws UsageError `ERR_INVALID_ARGUMENT` unless it is a string that is not empty
 */
export function checkAuthid(authid: unknown, method: string): string {
  if (typeof authid === 'string' && authid !== '') return authid
  throw new UsageError('ERR_INVALID_ARGUMENT', `${method} needs an authid, a string that is not empty`)
}
