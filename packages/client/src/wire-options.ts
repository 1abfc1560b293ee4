// From the options of a public method to those on the wire.

import { type Dict, EMPTY_DICT } from '@crosspoint/protocol'
import { layoutOf } from '@crosspoint/protocol/internal'

/** Those options that a message of that type knows and that are given. */
export function wireOptions(type: number, given: object): Dict {
  const wire: Record<string, unknown> = {}
  for (const name of layoutOf(type)!.options.keys()) {
    const value = (given as Record<string, unknown>)[name]
    if (value !== undefined) wire[name] = value
  }
  return Object.keys(wire).length === 0 ? EMPTY_DICT : wire
}
