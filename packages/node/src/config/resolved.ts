// A configuration as the node uses it: every default filled in, every path absolute, every file read; nothing is optional.

import type { RealmOptions, RouterLimits, StreamOptions } from '@crosspoint/router'
import type { Endpoint, TransportLimits } from '@crosspoint/transport'

export type SerializerName = 'json' | 'msgpack' | 'cbor' | 'ubjson' | 'ubjson-plain' | 'flatbuffers'
/** Those that a transport speaks unless it is told otherwise. */
export const SERIALIZER_NAMES: readonly SerializerName[] = Object.freeze(['json', 'msgpack', 'cbor', 'ubjson', 'flatbuffers'] as const)

export interface ResolvedRealm {
  /** What the router is given, but for the store. */
  readonly options: RealmOptions & { readonly name: string }
  /** The subscriptions whose events are kept. */
  readonly streams: readonly StreamOptions[]
  /** Absolute path of the file that keeps them; `undefined` for memory. */
  readonly storeFile: string | undefined
}

export interface ResolvedStatic {
  /** "/" or "/assets". */
  readonly httpPath: string
  /** Absolute path. */
  readonly directory: string
}

export interface ResolvedListener {
  /** For logs: the id of the transport, or its place in the configuration. */
  readonly name: string
  readonly endpoint: Endpoint
  readonly serializers: readonly SerializerName[]
  readonly websocketPaths: readonly string[]
  readonly longPollPaths: readonly string[]
  readonly hasRawSocket: boolean
  /** The role of sessions that do not log in, by path, and over RawSocket; "anonymous" for other paths. */
  readonly authroles: { readonly [httpPath: string]: string }
  readonly rawSocketAuthrole: string
  readonly allowedOrigins: readonly string[]
  readonly assumesJson: boolean
  readonly statics: readonly ResolvedStatic[]
  readonly limits: TransportLimits
}

export interface ResolvedComponent {
  /** Absolute path of the module. */
  readonly module: string
  /** As written in the configuration, for logs. */
  readonly name: string
  readonly realm: string
  readonly authrole: string
  readonly extra: unknown
}

export interface ResolvedNode {
  /** For logs: "crosspoint.config.ts", or "the development node". */
  readonly source: string
  readonly id: string
  readonly realms: readonly ResolvedRealm[]
  readonly routerLimits: RouterLimits
  readonly listeners: readonly ResolvedListener[]
  readonly components: readonly ResolvedComponent[]
  /** What the configuration says that has no effect here; each is logged once at start. */
  readonly warnings: readonly string[]
}
