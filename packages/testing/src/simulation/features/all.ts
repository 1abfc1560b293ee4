// Every feature that the simulator knows. One more is one more line here.

import type { Feature } from '../feature.ts'
import { calls } from './calls.ts'
import { kills } from './kills.ts'
import { misbehaviour } from './misbehaviour.ts'
import { publishSubscribe } from './publish-subscribe.ts'
import { registrations } from './registrations.ts'
import { sessions } from './sessions.ts'
import { streams } from './streams.ts'
import { uploads } from './uploads.ts'

export const ALL_FEATURES: readonly Feature[] = [sessions, publishSubscribe, registrations, calls, uploads, streams, kills, misbehaviour]
