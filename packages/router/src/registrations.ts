// Who offers which procedure: REGISTER, UNREGISTER, revocation (sections 6.1, 6.11, 6.12, 6.14 of the requirements) and what
// the meta API tells of it (section 7.3).

import {
  type Clock,
  type Dict,
  ErrorUri,
  type InvocationPolicy,
  isReservedUri,
  type MatchPolicy,
  MessageType,
  type Register,
  type RegistrationId,
  type RequestId,
  type Unregister,
  type Uri,
} from '@crosspoint/protocol'
import { LimitUri } from './limits.ts'
import type { Outbox } from './outbox.ts'
import { PatternIndex } from './pattern-index.ts'
import type { RealmRules } from './realm-rules.ts'
import { Registration } from './registration.ts'
import type { Session } from './session.ts'

/** Publishes a meta event; `args` is only called when somebody would receive it. */
export type Tell = (topic: Uri, args: () => readonly unknown[]) => void

export class Registrations {
  readonly #rules: RealmRules
  readonly #outbox: Outbox
  readonly #clock: Clock
  readonly #tell: Tell
  /** Whether the router itself serves this URI. */
  readonly #isOwn: (uri: Uri) => boolean
  readonly #index = new PatternIndex<Registration>()
  readonly byId = new Map<number, Registration>()
  #lastId = 0
  /** Called when a callee has come to a registration or gone from it; it may have been the last. */
  onCalleesChanged: (registration: Registration) => void = () => {}

  constructor(rules: RealmRules, outbox: Outbox, clock: Clock, tell: Tell, isOwn: (uri: Uri) => boolean) {
    this.#rules = rules
    this.#outbox = outbox
    this.#clock = clock
    this.#tell = tell
    this.#isOwn = isOwn
  }

  /** The registration with exactly this URI and policy. */
  get(uri: Uri, match: MatchPolicy): Registration | undefined {
    return this.#index.get(uri, match)
  }
  getExact(procedure: Uri): Registration | undefined {
    return this.#index.getExact(procedure)
  }
  /** The one that a call goes to (RPC-114); no pattern takes calls to `wamp.…` (URI-11). */
  matchBest(procedure: Uri): Registration | undefined {
    return isReservedUri(procedure) ? undefined : this.#index.matchBest(procedure)
  }

  register(session: Session, message: Register): void {
    const { options, procedure, requestId } = message
    const match = (options['match'] ?? 'exact') as MatchPolicy
    const invoke = (options['invoke'] ?? 'single') as InvocationPolicy
    const refusal = this.#refuse(procedure, match, options)
    if (refusal !== undefined) return session.fail(MessageType.REGISTER, requestId, refusal.error, refusal.text)
    let registration = this.#index.get(procedure, match)
    const isForced = registration !== undefined && options['force_reregister'] === true
    const isHeld = registration !== undefined && session.registrations.has(registration.id)
    if (isForced && session.registrations.size - (isHeld ? 1 : 0) >= this.#rules.limits.registrationsMax) {
      return session.fail(MessageType.REGISTER, requestId, LimitUri.tooManyRegistrations, `Cannot register "${procedure}": too many`)
    }
    if (registration !== undefined && isForced) {
      for (const callee of [...registration.callees]) this.revoke(registration, callee.session, 'wamp.error.unregistered') // RPC-127
      registration = undefined
    }
    const conflict = registration === undefined ? undefined : conflictWith(registration, procedure, invoke)
    if (conflict !== undefined) return session.fail(MessageType.REGISTER, requestId, ErrorUri.procedureAlreadyExists, conflict)
    // The same session once more under a shared policy: same id, no second slot (RPC-125).
    if (registration !== undefined && session.registrations.has(registration.id)) {
      return this.#outbox.deliver({ type: MessageType.REGISTERED, requestId, registrationId: registration.id }, session)
    }
    if (session.registrations.size >= this.#rules.limits.registrationsMax) {
      const text = `Cannot register "${procedure}": the session has ${session.registrations.size} registrations, which is the limit`
      return session.fail(MessageType.REGISTER, requestId, LimitUri.tooManyRegistrations, text)
    }
    this.#add(session, registration, procedure, match, invoke, options, requestId)
  }

  #add(
    session: Session,
    known: Registration | undefined,
    procedure: Uri,
    match: MatchPolicy,
    invoke: InvocationPolicy,
    options: Dict,
    requestId: RequestId,
  ): void {
    const registration = known ?? this.#create(procedure, match, invoke)
    registration.add({
      session,
      registration,
      disclosesCaller: options['disclose_caller'] === true,
      forwardsTimeout: options['forward_timeout'] === true && session.takesTimeout,
      concurrency: (options['concurrency'] ?? 0) as number,
      running: 0,
    })
    session.registrations.set(registration.id, registration)
    this.#outbox.deliver({ type: MessageType.REGISTERED, requestId, registrationId: registration.id }, session)
    if (known === undefined) this.#tell('wamp.registration.on_create', () => [session.id, describeRegistration(registration)]) // META-40
    this.#tell('wamp.registration.on_register', () => [session.id, registration.id])
    this.onCalleesChanged(registration)
  }

  #create(procedure: Uri, match: MatchPolicy, invoke: InvocationPolicy): Registration {
    const id = ++this.#lastId as RegistrationId
    const rule = match === 'exact' ? this.#rules.procedureRule(procedure) : undefined
    const registration = new Registration(id, procedure, match, invoke, this.#clock.now(), rule, this.#rules.hasTrustlevels)
    this.#index.add(procedure, match, registration)
    this.byId.set(id, registration)
    return registration
  }

  #refuse(procedure: Uri, match: MatchPolicy, options: Dict): { error: Uri; text: string } | undefined {
    const invalid = this.#rules.refuseUri('register', procedure, match)
    if (invalid !== undefined) return { error: ErrorUri.invalidUri, text: invalid }
    if (isReservedUri(procedure)) {
      return {
        error: ErrorUri.invalidUri,
        text: `Cannot register "${procedure}": URIs that begin with "wamp." or "crosspoint." belong to the router`,
      } // URI-08
    }
    if (this.#isOwn(procedure)) {
      return { error: ErrorUri.procedureAlreadyExists, text: `Cannot register "${procedure}": the router serves it itself` }
    }
    if (options['disclose_caller'] === true && !this.#rules.allowsDisclose) {
      return { error: ErrorUri.discloseMeDisallowed, text: 'The realm does not allow disclose_caller; register without it' } // RPC-107
    }
    return undefined
  }

  unregister(session: Session, message: Unregister): void {
    const registration = session.registrations.get(message.registrationId)
    if (registration === undefined) {
      const text = `Cannot unregister: the session has no registration ${message.registrationId}`
      return session.fail(MessageType.UNREGISTER, message.requestId, ErrorUri.noSuchRegistration, text)
    }
    // Invocations that run go on to their answer (RPC-04).
    this.#outbox.deliver({ type: MessageType.UNREGISTERED, requestId: message.requestId, details: undefined }, session)
    this.#remove(registration, session)
  }

  /** Takes a registration away from a session (RPC-131, RPC-132). `reason` is a URI. */
  revoke(registration: Registration, session: Session, reason: Uri): void {
    if (session.takesRegistrationRevocation) {
      const details = { registration: registration.id, reason }
      this.#outbox.deliver({ type: MessageType.UNREGISTERED, requestId: 0 as RequestId, details }, session)
    }
    this.#remove(registration, session)
  }

  /** Ends all registrations of a session that leaves (SES-26). */
  leave(session: Session): void {
    for (const registration of session.registrations.values()) this.#remove(registration, session)
  }

  #remove(registration: Registration, session: Session): void {
    session.registrations.delete(registration.id)
    registration.remove(session)
    const isLast = registration.callees.length === 0
    if (isLast) {
      this.#index.remove(registration.uri, registration.match)
      this.byId.delete(registration.id)
    }
    this.onCalleesChanged(registration)
    this.#tell('wamp.registration.on_unregister', () => [session.id, registration.id])
    if (isLast) this.#tell('wamp.registration.on_delete', () => [session.id, registration.id])
  }
}

function conflictWith(registration: Registration, procedure: Uri, invoke: InvocationPolicy): string | undefined {
  if (registration.invoke === 'single') return `Cannot register "${procedure}": it is registered already, and not shared`
  if (registration.invoke === invoke) return undefined
  return `Cannot register "${procedure}" with invocation policy ${invoke}: it is registered with ${registration.invoke}`
}

/** A registration as the meta API tells it (META-30). */
export function describeRegistration(registration: Registration): Dict {
  const { id, created, uri, match, invoke } = registration
  return { id, created: new Date(created).toISOString(), uri, match, invoke }
}
