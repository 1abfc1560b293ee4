// All features, in the order of the matrix.

import type { Stage } from '../stage.ts'
import { CALLS } from './calls.ts'
import { ENCRYPTION } from './encryption.ts'
import { EVENTS } from './events.ts'
import { LOGIN_FEATURES } from './logins.ts'
import { META } from './meta.ts'
import { SESSIONS } from './sessions.ts'
import { STREAMS } from './streams.ts'
import { VALUES } from './values.ts'

export const FEATURES: { readonly [feature: string]: (stage: Stage) => Promise<void> } = {
  ...SESSIONS,
  ...LOGIN_FEATURES,
  ...CALLS,
  ...STREAMS,
  ...EVENTS,
  ...VALUES,
  ...META,
  ...ENCRYPTION,
}

/** What two foreign clients are tried on with each other. */
export const PAIR_FEATURES = [
  'call with args and kwargs',
  'called with args and kwargs',
  'error received',
  'error sent',
  'progress received',
  'progress sent',
  'event received',
  'event sent',
  'publisher disclosed',
  'publisher seen',
  'bytes',
  'integers beyond 2^32',
  'unicode',
  'one megabyte',
] as const
