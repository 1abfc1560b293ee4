// In words for a log, why TLS let a client not in: the client learns little of it, and the operator would guess.

import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { peerOf } from './addresses.ts'

/**
 * The connection below TLS. Node.js keeps it here, and it alone still knows the address when a handshake has failed; without it
 * the notice has no address, and nothing else changes.
 */
export function connectionBelow(socket: TLSSocket): Socket | undefined {
  return (socket as TLSSocket & { readonly _parent?: Socket | null })._parent ?? undefined
}

/** Undefined for what is no news: a connection that was opened and closed, as those do that only look whether the port is open. */
export function tlsRefusal(error: NodeJS.ErrnoException & { readonly reason?: string }, socket: TLSSocket): string | undefined {
  const below = connectionBelow(socket)
  const peer = below === undefined ? 'a client' : peerOf(below)
  // Node.js ends the connection without an error of its own when the certificate is not good.
  const certificateFault: unknown = socket.authorizationError
  if (certificateFault) return `${peer}: TLS refused it: its certificate is not accepted (${certificateFault})`
  if (error.code === 'ECONNRESET') {
    if (below?.bytesRead === 0) return undefined
    return `${peer}: left during the TLS handshake (${error.code}); it may not trust the certificate of this listener`
  }
  return `${peer}: TLS refused it: ${error.reason ?? error.message} (${error.code})`
}
