// WebSocket connections of a Node client over TLS: the WebSocket that Node has knows no certificates of ours and does not show its
// connection, to which a login may be bound. It looks like the one of browsers.

import { constants } from 'node:crypto'
import type { Socket } from 'node:net'
import type { ChannelBinding } from '@crosspoint/protocol'
import { WebSocket } from 'ws'
import { channelIdOf } from './channel-binding.ts'
import type { ClientTls } from './connect.ts'

/** Longest message accepted, in bytes: what RawSocket can announce. */
const FRAME_BYTES_MAX = 16 * 1024 * 1024

/** The connection of an open WebSocket, for the data that a login can be bound to. */
export class TlsWebSocket extends WebSocket {
  #socket: Socket | undefined

  /**
   * Opens `wss://` with certificates of its own.
   *
   * @param protocols subprotocols, in the order of preference
   * @example
   * const socket = new TlsWebSocket('wss://localhost/ws', ['wamp.2.json'], { ca: readFileSync('ca.pem', 'utf8') })
   */
  constructor(url: string, protocols: string[], tls: ClientTls = {}) {
    super(url, protocols, {
      perMessageDeflate: false,
      maxPayload: FRAME_BYTES_MAX,
      ...tls,
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION, // what a login is bound to must not change
    } as ConstructorParameters<typeof WebSocket>[2])
    this.on('upgrade', (response) => {
      this.#socket = response.socket
    })
  }

  /** See `Transport.channelId`. */
  channelId(type: ChannelBinding): Uint8Array | undefined {
    return this.#socket && channelIdOf(this.#socket, 'client', type)
  }
}
