// The public door of the router.

export { ROUTER_FEATURES } from './handshake.ts'
export { DEFAULT_LIMITS, LimitUri, type RouterLimits } from './limits.ts'
export { PatternIndex } from './pattern-index.ts'
export type { Realm, RealmOptions } from './realm.ts'
export { Router, type RouterObserver, type RouterOptions, type SessionSummary } from './router.ts'
