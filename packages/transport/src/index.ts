// The public door: listeners for routers, RawSocket connections for clients.

export { connectRawSocket, type RawSocketAddress, type RawSocketOptions } from './connect.ts'
export { createListener, type Listener } from './listener.ts'
export {
  type ConnectionInfo,
  DEFAULT_LIMITS,
  type Endpoint,
  type ListenerOptions,
  type TlsOptions,
  type TransportLimits,
} from './options.ts'
