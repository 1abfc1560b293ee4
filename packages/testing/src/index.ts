// The testing package's own door: what the tests of other packages share.

export type { Link } from './conformance/link.ts'
export { loadScenarios } from './conformance/registry.ts'
export { type Result, runScenario, runsOn } from './conformance/runner.ts'
export { SeededRandom } from './conformance/seeded-random.ts'
export { VirtualClock } from './conformance/virtual-clock.ts'
export { allWays, type ClientWay } from './conformance/ways.ts'
export { eventStoreSuite, type OpenStore } from './event-store-suite.ts'
export { type PostgresServer, startPostgres, whyNoPostgres } from './postgres-server.ts'
export * from './raw-clients.ts'
export { type TransportPair, transportSuite } from './transport-suite.ts'
