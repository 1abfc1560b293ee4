// The client's side of RawSocket: dial, shake hands, hand over a transport.

import { constants } from 'node:crypto'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type Serializer, type Transport, UsageError } from '@crosspoint/protocol'
import { encodeHandshake, HANDSHAKE_ERRORS, RAWSOCKET_MAGIC } from '@crosspoint/protocol/internal'
import { Flusher } from './flusher.ts'
import { DEFAULT_LIMITS } from './options.ts'
import { RawSocketTransport } from './rawsocket-transport.ts'

/** Where a RawSocket is dialled. */
export type RawSocketAddress =
  | {
      readonly host: string
      readonly port: number
      readonly tls?: boolean | ClientTls | undefined
    }
  | { readonly path: string; readonly tls?: undefined }

/** TLS of a client; all PEM text. */
export interface ClientTls {
  /** Certificate authorities to trust. Default: those of Node.js. */
  readonly ca?: string
  /** The name that the router's certificate must have, and that is asked for. Default: the host. */
  readonly servername?: string
  /** Private key and certificate of this client, for routers that know clients by them. Default: none. */
  readonly key?: string
  readonly cert?: string
  /** The latest version to speak; "TLSv1.2" for logins that are bound by `tls-unique`. Default: "TLSv1.3". */
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3'
}

export interface RawSocketOptions {
  readonly serializer: Serializer
  /** Longest message accepted, in bytes; rounded down to a power of two. Default: 16777216. */
  readonly frameBytesMax?: number | undefined
  /** Time to dial and shake hands, in milliseconds. Default: 10000. */
  readonly timeoutMs?: number | undefined
  /** Ends the attempt. */
  readonly signal?: AbortSignal | undefined
}

const FRAME_BYTES_MAX = 16 * 1024 * 1024
const TIMEOUT_MS = 10_000
const flusher = new Flusher()

/**
 * Opens a RawSocket connection. Rejects with `ERR_CONNECT_FAILED`, naming the address and what went wrong.
 *
 * @example
 * const transport = await connectRawSocket({ host: '127.0.0.1', port: 8080 }, { serializer: jsonSerializer })
 */
export function connectRawSocket(address: RawSocketAddress, options: RawSocketOptions): Promise<Transport> {
  const where = 'path' in address ? address.path : `${address.host}:${address.port}`
  const frameBytesMax = options.frameBytesMax ?? FRAME_BYTES_MAX
  return new Promise((resolve, reject) => {
    const socket = dial(address)
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs)
    const fail = (why: string, cause?: unknown): void => {
      clean()
      socket.on('error', () => {})
      socket.destroy()
      reject(new UsageError('ERR_CONNECT_FAILED', `Cannot open a RawSocket to ${where}: ${why}`, { cause }))
    }
    const onError = (error: Error): void => fail(error.message, error)
    const onClose = (): void => fail('the connection was closed during the handshake')
    const onAbort = (): void => fail('the attempt was ended', options.signal?.reason)
    const clean = (): void => {
      clearTimeout(timer)
      socket.off('error', onError).off('close', onClose).off('data', onData)
      options.signal?.removeEventListener('abort', onAbort)
    }
    let reply: Buffer = Buffer.alloc(0)
    const onData = (bytes: Buffer): void => {
      reply = Buffer.concat([reply, bytes])
      if (reply.length < 4) return
      const why = refusalIn(reply, options.serializer.rawSocketId)
      if (why !== undefined) return fail(why)
      clean()
      socket.pause()
      const limits = { ...DEFAULT_LIMITS, frameBytesMax }
      const host = { flusher, limits, side: 'client' as const, onNotice: () => {}, onEstablished: () => {} }
      const transport = new RawSocketTransport(socket, 2 ** (9 + (reply[1]! >> 4)), frameBytesMax, host)
      resolve(transport)
      // Frames may have come with the reply; whoever waits for the transport sets its handlers first.
      setImmediate(() => {
        if (reply.length > 4) transport.receive(reply, 4)
        socket.resume()
      })
    }
    socket.on('error', onError).on('close', onClose).on('data', onData)
    if (options.signal?.aborted) return onAbort()
    options.signal?.addEventListener('abort', onAbort)
    socket.write(encodeHandshake({ frameBytesMax, serializerId: options.serializer.rawSocketId }))
  })
}

function dial(address: RawSocketAddress): Socket {
  if ('path' in address) return connectTcp(address.path)
  const { host, port, tls } = address
  if (!tls) return connectTcp({ host, port, noDelay: true, keepAlive: true })
  const socket = connectTls({
    host,
    port,
    servername: isIP(host) === 0 ? host : undefined, // RFC 6066: no addresses
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION, // what a login is bound to must not change
    ...(tls === true ? {} : tls),
  })
  socket.setNoDelay(true)
  return socket
}

/** Why the reply to the handshake is a refusal, `undefined` when it is none (TRN-16). */
function refusalIn(reply: Uint8Array, serializerId: number): string | undefined {
  if (reply[0] !== RAWSOCKET_MAGIC) return `the other side does not speak RawSocket (it began with 0x${reply[0]!.toString(16)})`
  const answered = reply[1]! & 15
  if (answered === 0) {
    const code = reply[1]! >> 4
    return `the other side refused: ${HANDSHAKE_ERRORS[code] ?? `error ${code}`}`
  }
  if (answered !== serializerId) return `the other side chose serializer ${answered} instead of ${serializerId}`
  if (reply[2] !== 0 || reply[3] !== 0) return 'the reply has reserved bits set'
  return undefined
}
