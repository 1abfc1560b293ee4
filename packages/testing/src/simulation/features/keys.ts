// What tells subscriptions, and registrations, of a realm apart: policy and URI (ID-03, RPC-112).

import type { MatchPolicy, Uri } from '@crosspoint/protocol'

export function keyOf(match: MatchPolicy, uri: Uri): string {
  return `${match} ${uri}`
}
