// The URIs of the workload: a small hot set, so that clients meet, and a large cold one, so that tables grow. Topics and
// procedures share them. Some are invalid, too long, reserved or invalid only in a realm with strict URIs.

import type { MatchPolicy, Uri } from '@crosspoint/protocol'
import type { Chance } from './chance.ts'

export const HOT = ['com.hot.a', 'com.hot.b', 'com.cool.a', 'org.hot.a', 'com.hot.a.b']
export const HOT_PREFIXES = ['com.', 'com.hot', 'com.hot.', 'com.hot.a', 'org.hot.a', 'cold.']
export const HOT_WILDCARDS = ['com..a', '.hot.a', 'com.hot.', '..a', 'com...b', 'com.hot.a']
const WRONG = ['com..a', '', 'com.hot. a', 'com.hot#a', '.com', `com.${'long.'.repeat(20)}end`, 'wamp.not.ours', 'wamp']

export function drawUri(chance: Chance): Uri {
  if (chance.is(3)) return chance.pick(WRONG)
  if (chance.is(88)) return chance.pick(HOT)
  return chance.is(10) ? `Cold.Strict-${chance.below(100)}` : `cold.n${chance.below(300)}.x`
}

/** A topic of the router's own, or a pattern that matches some of them. */
export function drawMetaPattern(chance: Chance): { uri: Uri; match: MatchPolicy } {
  const kind = chance.pick(['session', 'subscription', 'registration'])
  const event = chance.pick([
    'on_join',
    'on_leave',
    'on_create',
    'on_subscribe',
    'on_unsubscribe',
    'on_delete',
    'on_register',
    'on_unregister',
  ])
  const match = chance.pick(['exact', 'exact', 'prefix', 'wildcard'] as const)
  if (match === 'exact') return { uri: `wamp.${kind}.${event}`, match }
  if (match === 'prefix') return { uri: chance.pick(['', 'wamp.', `wamp.${kind}.`, 'wamp.s']), match }
  return { uri: chance.pick(['..', 'wamp..', `wamp..${event}`, `.${kind}.`]), match }
}

export function drawPattern(chance: Chance): { uri: Uri; match: MatchPolicy } {
  const match = chance.pick(['exact', 'exact', 'prefix', 'wildcard'] as const)
  if (match === 'exact') return { uri: drawUri(chance), match }
  if (chance.is(3)) return { uri: 'com.hot x', match }
  if (match === 'prefix') return { uri: chance.is(80) ? chance.pick(HOT_PREFIXES) : `cold.n${chance.below(30)}`, match }
  return { uri: chance.is(80) ? chance.pick(HOT_WILDCARDS) : `cold.n${chance.below(30)}.`, match }
}
