// Testaments (section 7.5 of the requirements): publications that a session leaves behind.

import { type Dict, Payload } from '@crosspoint/protocol'
import type { Feature, OwnProcedure } from '../feature.ts'
import type { Model } from '../model/model.ts'
import type { ModelSession } from '../model/state.ts'
import type { Turn } from '../model/turn.ts'
import { isReserved, isValid } from '../model/uris.ts'
import { payloadKey } from '../payload-key.ts'
import type { RawClient } from '../raw-client.ts'
import { drawUri } from '../uri-pool.ts'
import { failed } from './call-ends.ts'
import { answered, callOwn, drawTimeout, permitted } from './own-calls.ts'
import { drawPassthru } from './passthru.ts'
import { newPublication } from './publication.ts'
import { publishTo } from './publications.ts'
import { drawLists } from './publish-operations.ts'

const SCOPES = ['detached', 'destroyed'] as const
type Scope = (typeof SCOPES)[number]

interface Testament {
  readonly topic: string
  readonly options: Dict
  readonly payload: string
}

const testamentsBySession = new WeakMap<ModelSession, Record<Scope, Testament[]>>()

function testamentsOf(session: ModelSession): Record<Scope, Testament[]> {
  let own = testamentsBySession.get(session)
  if (own === undefined) testamentsBySession.set(session, (own = { detached: [], destroyed: [] }))
  return own
}

const add: OwnProcedure = (model, turn, caller, message) => {
  const { args: given, kwargs: words } = message.payload.read()
  const [topic, args, kwargs] = given
  const { publish_options: options = {}, scope = 'destroyed' } = words
  const isWellFormed =
    typeof topic === 'string' && Array.isArray(args) && isDict(kwargs) && isDict(options) && given.length === 3 && isScope(scope)
  const refusals: string[] = []
  if (!isWellFormed || !areOptions(options)) refusals.push('wamp.error.invalid_argument') // META-04, TST-07
  const isUri = typeof topic === 'string' && isValid(topic, 'exact', caller.realm.hasStrictUris)
  if (!isUri || topic.length > model.limits.uriLengthMax) refusals.push('wamp.error.invalid_uri')
  if (refusals.length > 0) return failed(turn, caller, message.requestId, refusals)
  const payload = payloadKey(Payload.of(args as readonly unknown[], kwargs as Dict))
  permitted(model, turn, caller, message, 'publish', topic as string, (later) => {
    const testaments = testamentsOf(caller)[scope as Scope]
    if (testaments.length >= model.limits.testamentsMax) {
      return failed(later, caller, message.requestId, ['crosspoint.error.too_many_testaments'])
    }
    testaments.push({ topic: topic as string, options: options as Dict, payload })
    answered(later, caller, message.requestId, () => [])
  })
}

const flush: OwnProcedure = (_model, turn, caller, message) => {
  const { args, kwargs } = message.payload.read()
  const { scope = 'destroyed' } = kwargs
  if (args.length > 0 || !isScope(scope)) return failed(turn, caller, message.requestId, ['wamp.error.invalid_argument'])
  testamentsOf(caller)[scope as Scope] = []
  answered(turn, caller, message.requestId, () => [])
}

function isDict(value: unknown): value is Dict {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
function isScope(scope: unknown): boolean {
  return SCOPES.includes(scope as Scope)
}
/** As far as they are drawn wrong. */
function areOptions(options: unknown): boolean {
  return isDict(options) && typeof (options['acknowledge'] ?? true) === 'boolean'
}

/** In the order in which they were added, one after the other (TST-03, TST-04), before the news of the leaving (META-25). */
function fire(model: Model, turn: Turn, session: ModelSession, scope: Scope, leaving: object = {}): void {
  const testaments = testamentsOf(session)[scope].splice(0)
  for (const { topic, options: given, payload } of testaments) {
    const { exclude_me: _, ...options } = given // says nothing (TST-05)
    model.guard.ask(turn, session, 'publish', topic, (later, decision) => {
      const isRefused = isReserved(topic) || (options['disclose_me'] === true && !session.realm.allowsDisclose)
      if (decision !== 'allowed' || isRefused) return
      const token = {}
      const order = later === turn ? { about: [leaving, token], after: later.lastTestament } : {}
      if (later === turn) later.lastTestament = token
      publishTo(model, later, newPublication(later, session, topic, options, payload), order)
    })
  }
}

function left(model: Model, turn: Turn, session: ModelSession, leaving: object, isSilent: boolean): void {
  if (!isSilent) for (const scope of SCOPES) fire(model, turn, session, scope, leaving) // META-22, TST-06
}

function addTestament(client: RawClient): void {
  const { chance } = client
  const options: Record<string, unknown> = {}
  if (chance.is(15)) options['retain'] = true
  if (chance.is(15)) options['disclose_me'] = true
  if (chance.is(15)) Object.assign(options, drawLists(client))
  if (chance.is(10)) options['acknowledge'] = chance.pick([true, 17])
  if (chance.is(10)) options['exclude_me'] = false
  const opaque = drawPassthru(client, 'publisher')
  Object.assign(options, opaque?.options)
  const { args, kwargs } = (opaque?.payload ?? client.payload()).read()
  const words: Record<string, unknown> = chance.is(60) ? { publish_options: options } : {}
  if (chance.is(50)) words['scope'] = chance.is(95) ? chance.pick(SCOPES) : 'never'
  const topic = chance.is(97) ? drawUri(chance) : 17
  callOwn(client, 'wamp.session.add_testament', chance.is(97) ? [topic, args, kwargs] : [topic, args], words, drawTimeout(client))
}

export const testaments: Feature = {
  name: 'testaments',
  operations: [
    { name: 'add_testament', weight: 8, run: addTestament },
    {
      name: 'flush_testaments',
      weight: 2,
      run: (client) => callOwn(client, 'wamp.session.flush_testaments', [], client.chance.pick([{}, { scope: 'detached' }, { scope: 5 }])),
    },
  ],
  procedures: new Map([
    ['wamp.session.add_testament', add],
    ['wamp.session.flush_testaments', flush],
  ]),
  left,
  detached: (model, turn, session) => fire(model, turn, session, 'detached'), // TST-04, RES-07
}
