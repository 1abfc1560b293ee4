import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Dict } from '@crosspoint/protocol'
import fc from 'fast-check'
import { publicationFilter } from '../src/publication-filter.ts'
import type { Session } from '../src/session.ts'
import { bareSession } from './support.ts'

const ROLES = ['anonymous', 'admin', 'guest']
const sessions: readonly Session[] = Array.from(
  { length: 12 },
  (_, at) => bareSession(at + 1, `user${at % 4}`, ROLES[at % ROLES.length]!).session,
)

/** The three properties of a session that a list may name. */
const KEYS = [
  ['', (session: Session): unknown => session.id],
  ['_authid', (session: Session): unknown => session.authid],
  ['_authrole', (session: Session): unknown => session.authrole],
] as const

/** PUB-26, PUB-28, PUB-29 and PUB-36 as they are written. */
function mayReceive(options: Dict, publisher: Session, subscriber: Session): boolean {
  if (subscriber === publisher && options['exclude_me'] !== false) return false
  return KEYS.every(([suffix, keyOf]) => {
    const eligible = options[`eligible${suffix}`] as unknown[] | undefined
    const exclude = options[`exclude${suffix}`] as unknown[] | undefined
    return (eligible?.includes(keyOf(subscriber)) ?? true) && !(exclude?.includes(keyOf(subscriber)) ?? false)
  })
}

const ids = fc.array(fc.integer({ min: 1, max: 14 }), { maxLength: 8 }) // 13 and 14 are nobody
const authids = fc.array(fc.constantFrom('user0', 'user1', 'user2', 'user3', 'nobody'), { maxLength: 3 })
const authroles = fc.array(fc.constantFrom(...ROLES, 'nothing'), { maxLength: 2 })
const options = fc.record(
  {
    exclude_me: fc.boolean(),
    exclude: ids,
    eligible: ids,
    exclude_authid: authids,
    eligible_authid: authids,
    exclude_authrole: authroles,
    eligible_authrole: authroles,
  },
  { requiredKeys: [] },
)

test('PUB-26 PUB-28 PUB-29 PUB-36 who may receive is what the definition says', () => {
  fc.assert(
    fc.property(options, fc.constantFrom(...sessions), (given, publisher) => {
      const accepts = publicationFilter(given, publisher) ?? (() => true)
      for (const subscriber of sessions) {
        assert.equal(accepts(subscriber), mayReceive(given, publisher, subscriber), `session ${subscriber.id}`)
      }
    }),
    { numRuns: 2000 },
  )
})

const received = (given: Dict, publisher = sessions[0]!): number[] => {
  const accepts = publicationFilter(given, publisher) ?? (() => true)
  return sessions.filter(accepts).map(({ id }) => id)
}

test('PUB-26 exclude wins over eligible', () => {
  assert.deepEqual(received({ eligible: [2, 3, 4], exclude: [2] }), [3, 4])
})

test('PUB-29 an empty eligible list lets nobody in, an empty exclude list takes nobody out', () => {
  for (const name of ['eligible', 'eligible_authid', 'eligible_authrole']) assert.deepEqual(received({ [name]: [] }), [], name)
  for (const name of ['exclude', 'exclude_authid', 'exclude_authrole']) assert.equal(received({ [name]: [] }).length, 11, name)
})

test('PUB-11 PUB-36 the publisher is left out unless exclude_me is false, also when a list names it', () => {
  assert.equal(received({}).includes(1), false)
  assert.equal(received({ exclude_me: false }).length, sessions.length)
  assert.equal(publicationFilter({ exclude_me: false }, sessions[0]!), undefined, 'everybody may: no test per subscriber')
  assert.deepEqual(received({ eligible: [1, 2] }), [2])
  assert.deepEqual(received({ eligible: [1, 2], exclude_me: false }), [1, 2])
})
