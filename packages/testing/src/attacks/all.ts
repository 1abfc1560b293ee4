// All attacks, in the order of the page.

import type { Attack } from './attack.ts'
import { claims } from './claims.ts'
import { cookies } from './cookies.ts'
import { downgrade } from './downgrade.ts'
import { escalation } from './escalation.ts'
import { flood } from './flood.ts'
import { lookalike } from './lookalike.ts'
import { replay } from './replay.ts'
import { tokens } from './tokens.ts'

export const ATTACKS: readonly Attack[] = [...replay, ...lookalike, ...flood, ...claims, ...escalation, ...downgrade, ...tokens, ...cookies]
