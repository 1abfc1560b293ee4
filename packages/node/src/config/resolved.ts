// A configuration as the node uses it: every default filled in, every path absolute, every file read; nothing is optional.

import type { LoginPrincipal, RealmOptions, RouterLimits, StreamOptions } from '@crosspoint/router'
import type { Endpoint, TransportLimits } from '@crosspoint/transport'
import type { CookieOptions } from '../authentication/cookies.ts'
import type { JwtOptions } from '../authentication/jwt-options.ts'
import type { RotatingFileOptions } from '../rotating-file.ts'
import type { TlsFiles } from './tls-files.ts'

export type SerializerName = 'json' | 'msgpack' | 'cbor' | 'ubjson' | 'ubjson-plain' | 'flatbuffers'
/** Those that a transport speaks unless it is told otherwise. */
export const SERIALIZER_NAMES: readonly SerializerName[] = Object.freeze(['json', 'msgpack', 'cbor', 'ubjson', 'flatbuffers'] as const)

/** Who decides where no permission of a role says anything. */
export type ResolvedAuthorizer =
  | { readonly type: 'procedure'; readonly procedure: string; readonly timeoutMs: number }
  /** `module` is an absolute path, `name` as written in the configuration. */
  | { readonly type: 'function'; readonly module: string; readonly name: string; readonly timeoutMs: number }

export interface ResolvedRealm {
  /** What the router is given, but for the store and the authorizers. */
  readonly options: RealmOptions & { readonly name: string }
  /** By role, for those that have one. */
  readonly authorizers: { readonly [role: string]: ResolvedAuthorizer }
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

/** Where the principals of a method are looked up. */
export type ResolvedSource =
  | { readonly type: 'static'; readonly principals: { readonly [authid: string]: LoginPrincipal } }
  /** `path` is absolute. */
  | { readonly type: 'file'; readonly path: string }
  /** A path in `url` is absolute. */
  | { readonly type: 'sql'; readonly url: string; readonly table: string | undefined; readonly query: string | undefined }
  /** `module` is an absolute path, `name` as written in the configuration. */
  | { readonly type: 'function'; readonly module: string; readonly name: string; readonly timeoutMs: number }
  | {
      readonly type: 'dynamic'
      readonly authenticator: string
      /** Undefined: the realm that the client asks for. */
      readonly realm: string | undefined
      readonly role: string
      readonly timeoutMs: number
    }

interface LookedUp {
  readonly source: ResolvedSource
  /** Role of principals that have none. */
  readonly defaultRole: string | undefined
}

export type ResolvedMethod =
  | {
      readonly method: 'anonymous'
      readonly source?: undefined
      readonly role: string
      readonly realm: string | undefined
      readonly authid: string | undefined
    }
  | (LookedUp & { readonly method: 'anonymous' | 'ticket' | 'wampcra' | 'scram' | 'tls' })
  | (LookedUp & {
      readonly method: 'cryptosign'
      /** The seed of the router's own key. */
      readonly routerKey: Uint8Array | undefined
      readonly channelBinding: 'optional' | 'required'
      readonly tlsUnique: 'rfc' | 'router'
    })
  | { readonly method: 'jwt'; readonly source?: undefined; readonly options: JwtOptions }

/** What `auth` says. */
export interface ResolvedLogin {
  readonly methods: readonly ResolvedMethod[]
  /** Undefined: nobody is known by a cookie. */
  readonly cookie: ResolvedCookie | undefined
}

export interface ResolvedCookie {
  readonly options: CookieOptions
  /** The database that keeps its logins, a path in it absolute; undefined for memory. */
  readonly storeUrl: string | undefined
}

export interface ResolvedListener {
  /** For logs: the id of the transport, or its place in the configuration. */
  readonly name: string
  readonly endpoint: Endpoint
  readonly serializers: readonly SerializerName[]
  readonly websocketPaths: readonly string[]
  readonly longPollPaths: readonly string[]
  readonly hasRawSocket: boolean
  /** How sessions log in, by the HTTP path of WebSocket and long-poll; on other paths nobody does, all are anonymous. */
  readonly logins: { readonly [httpPath: string]: ResolvedLogin }
  /** The same over RawSocket. */
  readonly rawSocketLogin: ResolvedLogin | undefined
  /** What `endpoint.tls` was read from; undefined without TLS. */
  readonly tlsFiles: TlsFiles | undefined
  /** Values of the Host header; `*` for any. */
  readonly allowedHosts: readonly string[]
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
  /** Where the node keeps what it makes for itself; undefined when there is no configuration. Absolute path. */
  readonly stateFolder: string | undefined
  readonly id: string
  /** Where the audit log is; undefined for none. */
  readonly audit: RotatingFileOptions | undefined
  readonly realms: readonly ResolvedRealm[]
  readonly routerLimits: RouterLimits
  readonly listeners: readonly ResolvedListener[]
  readonly components: readonly ResolvedComponent[]
  /** What the configuration says that has no effect here; each is logged once at start. */
  readonly warnings: readonly string[]
}
