// Foreign clients with each other over our router: every client once on each side, mostly with different transports and serializers.

import type { SerializerName, TransportName } from './line-protocol.ts'

export interface PairSide {
  /** The name of one of CLIENTS. */
  readonly client: string
  readonly link: readonly [TransportName, SerializerName]
}

export const PAIRS: readonly (readonly [PairSide, PairSide])[] = [
  [
    { client: 'autobahn-js 26.3.1', link: ['websocket', 'msgpack'] },
    { client: 'Autobahn|Python 26.10.2', link: ['rawsocket', 'cbor'] },
  ],
  [
    { client: 'wampy.js 8.0.2', link: ['websocket', 'json'] },
    { client: 'nexus 3.3.0', link: ['rawsocket', 'msgpack'] },
  ],
  [
    { client: 'Autobahn|Python 26.10.2', link: ['websocket', 'ubjson'] },
    { client: 'xconn-go 0.1.0', link: ['rawsocket', 'json'] },
  ],
  [
    { client: 'nexus 3.3.0', link: ['websocket', 'cbor'] },
    { client: 'autobahn-js 26.3.1', link: ['rawsocket', 'json'] },
  ],
  [
    { client: 'xconn 0.5.1 (Python)', link: ['rawsocket', 'cbor'] },
    { client: 'wampy.js 8.0.2', link: ['websocket', 'json'] },
  ],
  [
    { client: 'xconn-go 0.1.0', link: ['websocket', 'msgpack'] },
    { client: 'xconn 0.5.1 (Python)', link: ['rawsocket', 'json'] },
  ],
]
