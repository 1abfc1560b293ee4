// Who may have a publication (sections 5.3 and 5.4 of the requirements).

import type { Dict } from '@crosspoint/protocol'
import type { ModelSession } from '../model/state.ts'

/** PUB-11, PUB-26, PUB-29, PUB-36. */
export function isEligible(publisher: ModelSession, subscriber: ModelSession, options: Dict): boolean {
  if (publisher === subscriber && options['exclude_me'] !== false) return false
  const isListed = (name: string, value: unknown): boolean => (options[name] as readonly unknown[]).includes(value)
  const values = { '': subscriber.id, _authid: subscriber.authid, _authrole: 'anonymous' }
  return Object.entries(values).every(([suffix, value]) => {
    if (options[`eligible${suffix}`] !== undefined && !isListed(`eligible${suffix}`, value)) return false
    return options[`exclude${suffix}`] === undefined || !isListed(`exclude${suffix}`, value)
  })
}
