// What the arguments of the meta procedures must be (META-04).

import { type Dict, ErrorUri, isId, isValidUri, type Uri } from '@crosspoint/protocol'
import { isDict } from '@crosspoint/protocol/internal'
import { CallFailure, type OwnCall } from '../own-procedures.ts'

export const isText = (value: unknown): value is string => typeof value === 'string'
export const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText)
export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)
export { isDict, isId }

/** An optional value: absent and null are alike. */
export function optional<Value>(accepts: (value: unknown) => value is Value): (value: unknown) => value is Value | null | undefined {
  return (value): value is Value | null | undefined => value === undefined || value === null || accepts(value)
}

/** The keyword `reason`, a URI, or `fallback` (META-21). */
export function reasonOf(call: OwnCall, fallback: Uri, given: unknown = call.kwargs['reason']): Uri {
  if (given === undefined || given === null) return fallback
  if (isText(given) && isValidUri(given)) return given
  throw new CallFailure(ErrorUri.invalidUri, `${call.procedure}: reason must be a URI, not ${JSON.stringify(given)}`)
}

/** The match policy in an options dictionary, `exact` when there is none. */
export function matchOf(call: OwnCall, options: Dict): 'exact' | 'prefix' | 'wildcard' {
  const match = options['match'] ?? 'exact'
  if (match === 'exact' || match === 'prefix' || match === 'wildcard') return match
  throw new CallFailure(
    ErrorUri.invalidArgument,
    `${call.procedure}: options.match must be "exact", "prefix" or "wildcard", not ${JSON.stringify(match)}`,
  )
}
