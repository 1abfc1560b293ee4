// Every feature that the simulator knows. One more is one more line here.

import type { Feature } from '../feature.ts'
import { calls } from './calls.ts'
import { concurrency } from './concurrency.ts'
import { history } from './history.ts'
import { kills } from './kills.ts'
import { logins } from './logins.ts'
import { misbehaviour } from './misbehaviour.ts'
import { passthru } from './passthru.ts'
import { publishSubscribe } from './publish-subscribe.ts'
import { registrations } from './registrations.ts'
import { resumption } from './resume.ts'
import { sessions } from './sessions.ts'
import { slowSubscribers } from './slow.ts'
import { streams } from './streams.ts'
import { testaments } from './testaments.ts'
import { uploads } from './uploads.ts'

/** What comes of a session's end is said in this order. */
export const ALL_FEATURES: readonly Feature[] = [
  sessions,
  logins,
  publishSubscribe,
  concurrency,
  registrations,
  calls,
  uploads,
  streams,
  passthru,
  slowSubscribers,
  history,
  testaments,
  resumption,
  kills,
  misbehaviour,
]
