// The public door of the router.

export { type AnonymousOptions, anonymous } from './authentication/anonymous.ts'
export {
  type Authenticator,
  BARE_LINK,
  type ClientCertificate,
  type Identity,
  type Link,
  type LoginOptions,
  type LoginRequest,
  type Next,
  type Refusal,
  type SecondStep,
  type Step,
} from './authentication/authenticator.ts'
export { type CryptosignOptions, cryptosign } from './authentication/cryptosign.ts'
export { identityOf } from './authentication/identity.ts'
export {
  fingerprintsOf,
  isLookupFailure,
  keysOf,
  type LookupFailure,
  type Principal as LoginPrincipal,
  type PrincipalQuery,
  type PrincipalSource,
  staticPrincipals,
} from './authentication/principals.ts'
export { denied, failed, lookupFailed, malformed } from './authentication/refusals.ts'
export { type ScramOptions, scram } from './authentication/scram.ts'
export { totpSecondStep } from './authentication/second-step.ts'
export { ticket } from './authentication/ticket.ts'
export { tls } from './authentication/tls.ts'
export { type WampcraOptions, wampcra } from './authentication/wampcra.ts'
export {
  ACTIONS,
  type Action,
  type Asker,
  type AuthorizationRequest,
  type Authorizer,
  type Decision,
  type Denial,
  type Grant,
} from './authorizer.ts'
export type { RecordedDecision } from './decision-record.ts'
export {
  type EventRecord,
  type EventStore,
  type HistoryPage,
  type HistoryQuery,
  isVisibleTo,
  type Principal,
  RETAINED_PER_TOPIC_MAX,
  type StoredEvent,
  type StoreFailure,
  type StreamOptions,
  type StreamState,
} from './event-store.ts'
export { type Answer, type DecisionExplanation, explainDecision, type Question } from './explain.ts'
export { ROUTER_FEATURES } from './handshake.ts'
export { DEFAULT_LIMITS, LimitUri, type RouterLimits } from './limits.ts'
export { MemoryEventStore } from './memory-event-store.ts'
export { PatternIndex } from './pattern-index.ts'
export type { Permission } from './permissions.ts'
export { Policies, type RoleOptions } from './policies.ts'
export type { Realm } from './realm.ts'
export type { HistoryOptions, ProcedureOptions, RealmOptions, ResumeOptions, TopicOptions } from './realm-options.ts'
export { type AttachInfo, type LoginSummary, Router, type RouterObserver, type RouterOptions, type SessionSummary } from './router.ts'
export { streamsOf } from './stream-options.ts'
export type { PayloadCheck, Validation, ValueCheck } from './validation.ts'
