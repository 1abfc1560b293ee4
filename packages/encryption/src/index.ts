// Payloads that only the far end can read. The router carries them and never looks in.

export { cryptobox } from './cryptobox.ts'
export { generateKeyPair, type KeyPair, KeyRing, type KeySet } from './key-ring.ts'
export { type DataKey, dataKey, type PassthruOptions, passthru } from './passthru.ts'
