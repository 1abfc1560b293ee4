// Options and limits of listeners: name with unit, default, and what happens when a limit is reached.

import type { ChannelBinding, Serializer, Transport } from '@crosspoint/protocol'

export interface TransportLimits {
  /** Longest message, or batch, accepted from a peer, in bytes (512 … 16777216). Longer: WebSocket close 1009, RawSocket closed, HTTP 413. */
  readonly frameBytesMax: number
  /** Longest message accepted before WELCOME, in bytes. */
  readonly strangerFrameBytesMax: number
  /** From accept to WELCOME, in milliseconds; no arriving byte extends it. Then the connection is closed. */
  readonly handshakeTimeoutMs: number
  /** Bytes that may wait for a reader that does not read. Beyond it the connection is destroyed; others notice nothing. */
  readonly bufferedBytesMax: number
  /** Silence on a WebSocket before a ping goes out, in milliseconds; 0 turns pings off. */
  readonly pingIntervalMs: number
  /** The same for RawSocket. Off by default, since Autobahn on Twisted takes a PING for an endless message; TCP keep-alive is on. */
  readonly rawSocketPingIntervalMs: number
  /** How long any answer may take after a ping, in milliseconds. Then the connection is destroyed. */
  readonly pingTimeoutMs: number
  /** No message from the peer for this long, in milliseconds, closes the connection; 0 turns it off. */
  readonly idleTimeoutMs: number
  /** Connections at one time. One more: HTTP 503, or RawSocket error 4. */
  readonly connectionsMax: number
  /**
   * Connections and long-poll transports of one IP address (IPv6: of one /64 network) that wait for WELCOME, those over Unix sockets
   * together; 0 turns it off. One more: closed at once, long-poll and upgrades HTTP 503.
   */
  readonly handshakesPerAddressMax: number
  /** Messages per second and connection, as a bucket of one second; 0 turns it off. Beyond it the session ends with ABORT. */
  readonly messagesPerSecondMax: number
  /** How long a long-poll `receive` is held open, in milliseconds; then 204, and the client asks again. */
  readonly longPollTimeoutMs: number
  /** No request of a long-poll client for this long, in milliseconds, ends its transport. */
  readonly longPollIdleTimeoutMs: number
  /** Bytes that may wait for a long-poll client's next `receive`. Beyond it the transport ends. */
  readonly longPollQueueBytesMax: number
  /** Long-poll transports open at one time. One more: HTTP 503. */
  readonly longPollTransportsMax: number
}

export const DEFAULT_LIMITS: TransportLimits = Object.freeze({
  frameBytesMax: 4 * 1024 * 1024,
  strangerFrameBytesMax: 64 * 1024,
  handshakeTimeoutMs: 10_000,
  bufferedBytesMax: 8 * 1024 * 1024,
  pingIntervalMs: 30_000,
  rawSocketPingIntervalMs: 0,
  pingTimeoutMs: 20_000,
  idleTimeoutMs: 0,
  connectionsMax: 50_000,
  handshakesPerAddressMax: 10_000,
  messagesPerSecondMax: 0,
  longPollTimeoutMs: 10_000,
  longPollIdleTimeoutMs: 30_000,
  longPollQueueBytesMax: 8 * 1024 * 1024,
  longPollTransportsMax: 10_000,
})

/** A private key and its certificate. */
export interface KeyPair {
  /** Private key, PEM text. */
  readonly key: string
  /** Certificate and chain, PEM text. */
  readonly cert: string
}

/**
 * TLS at a listener: version 1.2 or later, without renegotiation.
 *
 * @example
 * const tls = { key, cert, certificates: [{ key: otherKey, cert: otherCert }], ca, clientCertificates: 'wanted' }
 */
export interface TlsOptions extends KeyPair {
  /** Further ones, for clients that ask for a name (SNI) which the first has not; wildcards count after exact names. Default: none. */
  readonly certificates?: readonly KeyPair[] | undefined
  /** Certificate authorities for client certificates, PEM text. Default: clients are not asked for one. */
  readonly ca?: string | undefined
  /**
   * With `ca`: whether a client without a certificate, or with one that no authority of `ca` signed, is cut off ("required") or comes
   * in as one that has none ("wanted"). Default: "required".
   */
  readonly clientCertificates?: 'required' | 'wanted' | undefined
  /**
   * Ciphers as OpenSSL names them, separated by colons, in our order of preference. A list without any of TLS 1.3 (TLS_…) is one for
   * TLS 1.2, and leaves those of TLS 1.3 as they are. Default: those of Node.js with forward secrecy.
   */
  readonly ciphers?: string | undefined
  /** Diffie-Hellman parameters of at least 2048 bits, PEM text. Default: none, so no DHE ciphers; ECDHE needs none. */
  readonly dhparam?: string | undefined
}

/** Where a listener listens: a TCP port, or a Unix socket. */
export type Endpoint =
  | {
      readonly host?: string | undefined
      readonly port: number
      readonly tls?: TlsOptions | undefined
      readonly backlog?: number | undefined
    }
  | { readonly path: string; readonly tls?: undefined; readonly backlog?: number | undefined }

/** A certificate that a client showed and that an authority of `ca` signed. */
export interface ClientCertificate {
  /** SHA-1 and SHA-256 of the certificate, lower-case hexadecimal digits. */
  readonly sha1: string
  readonly sha256: string
  /** The subject's common name, if there is just one. */
  readonly commonName: string | undefined
}

/** What is known about a connection when its transport is handed on. */
export interface ConnectionInfo {
  /** "websocket", "rawsocket" or "longpoll". */
  readonly type: 'websocket' | 'rawsocket' | 'longpoll'
  /** Address of the peer, "127.0.0.1:51234", or the path of a Unix socket. */
  readonly peer: string
  readonly isSecure: boolean
  /** The HTTP path of a WebSocket, or the one below which long-poll is; empty for RawSocket. */
  readonly path: string
  /** HTTP headers of the upgrade or `open` request, the same object that `onUpgrade` saw; empty for RawSocket. */
  readonly headers: HttpHeaders
  /** What `onUpgrade` returned for this request. */
  readonly setCookies: readonly string[]
  /** The raw data that a login can be bound to; undefined when there is none of that type, as without TLS and over long-poll. */
  readonly channelId: (type: ChannelBinding) => Uint8Array | undefined
  /** The client's certificate; that of the `open` request for long-poll. */
  readonly certificate: ClientCertificate | undefined
}

/** Names in lower case. */
export interface HttpHeaders {
  readonly [name: string]: string | string[] | undefined
}

/** An HTTP request that opens a transport. */
export interface UpgradeRequest {
  readonly headers: HttpHeaders
  /** As in `ConnectionInfo`. */
  readonly path: string
  readonly isSecure: boolean
}

export interface ListenerOptions {
  /** The TCP port or Unix socket. */
  readonly endpoint: Endpoint
  /** In the order of preference for RawSocket errors and docs; WebSocket clients choose by their own order (TRN-03). */
  readonly serializers: readonly Serializer[]
  /** HTTP paths that take WebSocket upgrades; none turns WebSocket off. Default: `["/ws"]`. */
  readonly websocketPaths?: readonly string[] | undefined
  /** HTTP paths below which clients find long-poll, such as `/lp` for `/lp/open`. Default: none. */
  readonly longPollPaths?: readonly string[] | undefined
  /** The status that answers a long-poll `send` or `close`: the specification says 202, Autobahn|JS takes it for a failure (TRN-35). Default: 204. */
  readonly longPollDoneStatus?: 202 | 204 | undefined
  /** Whether a first octet 0x7F begins a RawSocket. Default: true. */
  readonly hasRawSocket?: boolean | undefined
  /** Origins that browsers may connect from, `*` standing for any run of characters. Default: `["*"]`. */
  readonly allowedOrigins?: readonly string[] | undefined
  /**
   * Values of the Host header that HTTP, WebSocket and long-poll are served under, against DNS rebinding: `*` stands for any run of
   * characters, one without a port for every port. Others: HTTP 403. Default: `["*"]`, any, and also none.
   */
  readonly allowedHosts?: readonly string[] | undefined
  /** Whether a client that offers no subprotocol is taken to speak wamp.2.json. Default: false, it is refused. */
  readonly assumesJson?: boolean | undefined
  /** Answers plain HTTP requests. Not asked on WebSocket paths (426), nor below long-poll paths. Default: 404. */
  readonly onRequest?: ((request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse) => void) | undefined
  /**
   * The values of Set-Cookie headers for the answer to a WebSocket upgrade or a long-poll `open` that is accepted; asked just before
   * `onTransport`. Default: none.
   */
  readonly onUpgrade?: ((request: UpgradeRequest) => readonly string[]) | undefined
  /** Takes over a new transport; the serializer was agreed on in the handshake. */
  readonly onTransport: (transport: Transport, serializer: Serializer, info: ConnectionInfo) => void
  /** Told when a limit ends a connection or TLS refuses one (at most once a second), in words for a log. */
  readonly onNotice?: ((notice: string) => void) | undefined
  /** Limits that differ from `DEFAULT_LIMITS`. */
  readonly limits?: Partial<TransportLimits> | undefined
}
