// Testaments (section 7.5 of the requirements): publications that a session leaves behind.

import { type Dict, EMPTY_DICT, ErrorUri, MessageType, Payload, type Uri } from '@crosspoint/protocol'
import { layoutOf, shown } from '@crosspoint/protocol/internal'
import { type Action, type Decision, type Grant, isRefused } from '../authorizer.ts'
import type { Broker } from '../broker.ts'
import { principalOf } from '../broker.ts'
import { DISCLOSED_BY_ROLE } from '../details.ts'
import type { Principal } from '../event-store.ts'
import { LimitUri } from '../limits.ts'
import { CallFailure, type OwnCall, type OwnProcedure } from '../own-procedures.ts'
import type { RealmRules } from '../realm-rules.ts'
import type { Session } from '../session.ts'
import { wrongPayload } from '../validation.ts'
import { isDict, isList, isText } from './checks.ts'

export const SCOPES = ['detached', 'destroyed'] as const
export type Scope = (typeof SCOPES)[number]

interface Testament {
  readonly topic: Uri
  readonly options: Dict
  readonly payload: Payload
}

/** Asks the realm's authorizer, or says yes when there is none. */
export type Ask = (principal: Principal, action: Action, uri: Uri, options: Dict, decide: (decision: Decision) => void) => void

export class Testaments {
  readonly #rules: RealmRules
  readonly #broker: Broker
  readonly #ask: Ask
  readonly #bySession = new Map<Session, Record<Scope, Testament[]>>()

  constructor(rules: RealmRules, broker: Broker, ask: Ask) {
    this.#rules = rules
    this.#broker = broker
    this.#ask = ask
  }

  /** Sessions that have testaments. */
  get size(): number {
    return this.#bySession.size
  }

  /** Publishes the testaments of a scope, in the order in which they were added (TST-03, TST-04). */
  fire(session: Session, scope: Scope): void {
    const lists = this.#bySession.get(session)
    if (lists === undefined) return
    const testaments = lists[scope].splice(0)
    if (lists.detached.length === 0 && lists.destroyed.length === 0) this.#bySession.delete(session)
    const owner = principalOf(session)
    for (const { topic, options, payload } of testaments) {
      this.#ask(owner, 'publish', topic, options, (decision) => {
        if (isRefused(decision) || wrongTestament(decision, payload, options) !== undefined) return // TST-07
        const isDisclosed = typeof decision === 'object' && decision.isDisclosed === true
        const disclose = isDisclosed ? { disclose_me: DISCLOSED_BY_ROLE } : EMPTY_DICT
        this.#broker.publishTestament(owner, session, topic, { ...options, ...disclose }, payload)
      })
    }
  }

  /** Forgets the testaments of a session that is killed without them (META-22). */
  forget(session: Session): void {
    this.#bySession.delete(session)
  }

  readonly procedures: Record<Uri, OwnProcedure> = {
    'wamp.session.add_testament': (call) => this.#add(call),
    'wamp.session.flush_testaments': (call) => {
      call.atMost(0)
      const scope = scopeOf(call)
      const lists = this.#bySession.get(call.caller)
      lists?.[scope].splice(0)
      if (lists !== undefined && lists.detached.length === 0 && lists.destroyed.length === 0) this.#bySession.delete(call.caller)
      call.answer()
    },
  }

  #add(call: OwnCall): void {
    call.atMost(3)
    const topic = call.argument(0, 'topic', isText, 'a URI')
    const args = call.argument(1, 'args', isList, 'a list')
    const kwargs = call.argument(2, 'kwargs', isDict, 'a dictionary')
    const options = call.keyword('publish_options', isDict, 'a dictionary') ?? {}
    const scope = scopeOf(call)
    checkPublishOptions(call, options)
    const invalid = this.#rules.refuseUri('publish to', topic, 'exact')
    if (invalid !== undefined) throw new CallFailure(ErrorUri.invalidUri, invalid)
    this.#ask(principalOf(call.caller), 'publish', topic, options, (decision) => {
      if (isRefused(decision)) {
        const error = decision === 'failed' ? ErrorUri.authorizationFailed : ErrorUri.notAuthorized
        return call.fail(error, `Cannot leave a testament for "${topic}": this session may not publish there`)
      }
      const payload = Payload.of(args, kwargs)
      const wrong = wrongTestament(decision, payload, options)
      if (wrong !== undefined) return call.fail(ErrorUri.invalidArgument, `Cannot leave a testament for "${topic}": ${wrong}`) // AUTHZ-08
      if (!call.isOpen || call.caller.realm === undefined) return // cancelled meanwhile: nothing is left behind (RPC-79)
      this.#keep(call, scope, { topic, options, payload })
    })
  }

  #keep(call: OwnCall, scope: Scope, testament: Testament): void {
    let lists = this.#bySession.get(call.caller)
    if (lists === undefined) this.#bySession.set(call.caller, (lists = { detached: [], destroyed: [] }))
    const limit = this.#rules.limits.testamentsMax
    if (lists[scope].length >= limit) {
      return call.fail(LimitUri.tooManyTestaments, `The session has ${limit} testaments of scope ${scope}, which is the limit`)
    }
    lists[scope].push(testament)
    call.answer()
  }
}

/** What is wrong with the payload under the leave to publish it; undefined when nothing is. */
function wrongTestament(decision: 'allowed' | Grant, payload: Payload, options: Dict): string | undefined {
  return typeof decision === 'object' ? wrongPayload(decision.validation, payload, options) : undefined
}

function scopeOf(call: OwnCall): Scope {
  const scope = call.kwargs['scope'] ?? 'destroyed'
  if (scope === 'detached' || scope === 'destroyed') return scope
  throw new CallFailure(
    ErrorUri.invalidArgument,
    `${call.procedure}: keyword argument scope must be "destroyed" or "detached", not ${shown(scope)}`,
  )
}

/** The options are those of PUBLISH, with the same checks (MSG-11). */
function checkPublishOptions(call: OwnCall, options: Dict): void {
  for (const [name, kind] of layoutOf(MessageType.PUBLISH)!.options) {
    if (options[name] === undefined || kind.accepts(options[name])) continue
    const text = `${call.procedure}: publish_options.${name} must be ${kind.expected}, not ${shown(options[name])}`
    throw new CallFailure(ErrorUri.invalidArgument, text)
  }
}
