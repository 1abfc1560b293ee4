// The Transport interface: ordered, reliable, message-based frames, both ways (TRN-02). Anything that can do this can carry
// WAMP; docs/guides/your-own-transport.md builds one and runs the shared suite over it.

import type { ProtocolViolation } from './errors.ts'
import type { FrameQueue } from './frame-queue.ts'

/**
 * What a login can be bound to, so that it holds on this connection only (RFC 5929, RFC 9266). `tls-unique-router` is the router's
 * Finished message instead of the client's, which Autobahn|Python and Crossbar.io take for `tls-unique` (AUTH-66).
 */
export type ChannelBinding = 'tls-unique' | 'tls-unique-router' | 'tls-exporter' | 'tls-server-end-point'

export interface Transport {
  /** Sends one frame: one message's bytes. After `close` it does nothing. */
  send(frame: Uint8Array): void
  /**
   * Closes, after what was sent before has left. `reason` is a WAMP close or error URI; a transport that can tell the other
   * side (a WebSocket close code) does. Calls `onClose` once, possibly later.
   */
  close(reason?: string): void
  /** Called for every frame that arrives: the bytes `[start..end)` of `bytes`, all of it when they are left out. */
  onFrame: (bytes: Uint8Array, start?: number, end?: number) => void
  /** Called once, when the transport is closed by either side or by a fault. `reason` is text for logs. */
  onClose: (reason: string) => void
  /** Set by the peer; call it for what the transport itself finds wrong and ABORT should name, such as text for binary. */
  onFault?: ((violation: ProtocolViolation) => void) | undefined
  /** Stops calling `onFrame`, because the reader upstream is full; nothing is lost. */
  pause(): void
  /** Goes on calling `onFrame`, with what was held back first. */
  resume(): void
  /** The session is established: a deadline or limit for strangers no longer applies. */
  establish?(): void
  /** Bytes sent and not yet taken by the network. */
  readonly bufferedBytes: number
  /**
   * Calls `call` once, later, when everything sent so far has been taken by the network; forgotten at the end. Leave it out in
   * a transport that cannot tell: streams over it are then bounded by its own limit alone.
   */
  whenDrained?(call: () => void): void
  /** The data that a login can be bound to; undefined when the connection has none of that type. Leave it out without TLS. */
  channelId?(type: ChannelBinding): Uint8Array | undefined
  /** The longest frame the other side accepts; `undefined` when it did not say. */
  readonly frameBytesMax?: number | undefined
  /**
   * For transports that write framed bytes themselves and batch them: peers append to this queue instead of calling `send`.
   * Leave it out in a transport of your own; `send` is all that is needed.
   */
  readonly queue?: FrameQueue | undefined
}
