// The public door: listeners for routers, connections for clients.

export { type ClientTls, connectRawSocket, type RawSocketAddress, type RawSocketOptions } from './connect.ts'
export { createListener, type Listener } from './listener.ts'
export {
  type ClientCertificate,
  type ConnectionInfo,
  DEFAULT_LIMITS,
  type Endpoint,
  type HttpHeaders,
  type KeyPair,
  type ListenerOptions,
  type TlsOptions,
  type TransportLimits,
  type UpgradeRequest,
} from './options.ts'
export { TlsWebSocket } from './websocket-client.ts'
