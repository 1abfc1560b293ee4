// The streams that a realm's history asks for, with its defaults (HIS-13).

import { UsageError } from '@crosspoint/protocol'
import type { StreamOptions } from './event-store.ts'
import type { HistoryOptions } from './realm-options.ts'
import type { RealmRules } from './realm-rules.ts'

const EVENTS_MAX = 1_000
const BYTES_MAX = 16_777_216

/**
 * The streams to open a store with. Throws `ERR_INVALID_ARGUMENT` for an invalid URI, or one that stands twice.
 *
 * @example
 * const streams = streamsOf([{ uri: 'com.example.', match: 'prefix', eventsMax: 100 }])
 */
export function streamsOf(history: readonly HistoryOptions[], rules?: RealmRules): StreamOptions[] {
  const seen = new Set<string>()
  return history.map(({ uri, match = 'exact', eventsMax = EVENTS_MAX, ageMsMax = 0, bytesMax = BYTES_MAX }) => {
    const invalid = rules?.refuseUri('keep the history of', uri, match)
    if (invalid !== undefined) throw new UsageError('ERR_INVALID_ARGUMENT', invalid)
    if (seen.has(`${match} ${uri}`)) {
      throw new UsageError('ERR_INVALID_ARGUMENT', `The history of ${match} "${uri}" is asked for twice; say its limits once`)
    }
    seen.add(`${match} ${uri}`)
    return { uri, match, eventsMax, ageMsMax, bytesMax }
  })
}
