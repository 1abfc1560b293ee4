// What to tell a person when a call has failed.

import { ApplicationError, UsageError } from '@crosspoint/client'

/** One sentence or two. */
export function failureText(error: unknown): string {
  if (error instanceof ApplicationError) return typeof error.args[0] === 'string' ? error.args[0] : `The forum answered ${error.error}.`
  if (!(error instanceof UsageError)) return `That failed: ${String(error)}`
  if (error.code === 'ERR_NOT_CONNECTED') return 'There is no connection to the forum now. Please try again in a moment.'
  if (error.code === 'ERR_CONNECTION_LOST') return 'The connection was lost before the answer came. Please try again.'
  return error.message
}

/** Whether a call failed with this error of the other side. */
export function isError(error: unknown, uri: string): boolean {
  return error instanceof ApplicationError && error.error === uri
}
