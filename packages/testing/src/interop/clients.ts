// The foreign clients: what they need, how they start, and what they speak.

import { join } from 'node:path'
import type { Built } from './build-tools.ts'
import { CACHE } from './environment.ts'
import { buildGoPrograms } from './go-tools.ts'
import { nodeModulesWith, pythonWith } from './installs.ts'
import { buildJavaProgram, javaCommand } from './java-tools.ts'
import type { SerializerName, TransportName } from './line-protocol.ts'

export interface ForeignClient {
  /** The library and its version, as the program must tell it. */
  readonly name: string
  /** What installs or builds it; named in the line that says why it was not run. */
  readonly needs: Need
  /** The program and its arguments up to the port. */
  command(folder: string): readonly string[]
  readonly speaks: readonly (readonly [TransportName, SerializerName])[]
  /** What is worth knowing beside the checks; for the page. */
  readonly remarks?: readonly string[]
}

export type Need = 'node' | 'wampy' | 'autobahn' | 'xconn' | 'crossbar' | 'go' | 'java'

/** Fulfils a need. */
export const NEEDS: { readonly [need in Need]: () => Promise<Built> } = {
  node: async () => ({ folder: '' }), // autobahn-js is one of this package's own devDependencies
  wampy: () => nodeModulesWith('wampy'),
  autobahn: () => pythonWith('autobahn'),
  xconn: () => pythonWith('xconn'),
  crossbar: () => pythonWith('crossbar'),
  go: () => buildGoPrograms(CACHE),
  java: () => buildJavaProgram(CACHE),
}

const peer = (file: string) => join(import.meta.dirname, 'peers', file)

function each(transports: readonly TransportName[], serializers: readonly SerializerName[]): ForeignClient['speaks'] {
  return transports.flatMap((transport) => serializers.map((serializer) => [transport, serializer] as const))
}

export const CLIENTS: readonly ForeignClient[] = [
  {
    name: 'autobahn-js 26.3.1',
    needs: 'node',
    command: () => [process.execPath, peer('autobahn-js-peer.mjs')],
    speaks: [...each(['websocket'], ['json', 'msgpack', 'cbor']), ['rawsocket', 'json']],
    remarks: ['A call in flight when the connection drops never settles.'],
  },
  {
    name: 'wampy.js 8.0.2',
    needs: 'wampy',
    command: (folder) => [process.execPath, peer('wampy-peer.mjs'), folder],
    speaks: each(['websocket'], ['json', 'msgpack', 'cbor']),
  },
  {
    name: 'Autobahn|Python 26.10.2',
    needs: 'autobahn',
    command: (folder) => [join(folder, 'bin/python'), peer('autobahn_peer.py')],
    speaks: each(['websocket', 'rawsocket'], ['json', 'msgpack', 'cbor', 'ubjson', 'flatbuffers']),
    remarks: [
      'Over RawSocket its Component takes the end of the transport after GOODBYE as a failed attempt to connect; the session itself ends cleanly, and that is what is checked.',
      'It refuses invalid URIs by itself, before they are sent.',
    ],
  },
  {
    name: 'xconn 0.5.1 (Python)',
    needs: 'xconn',
    command: (folder) => [join(folder, 'bin/python'), peer('xconn_peer.py')],
    speaks: each(['websocket', 'rawsocket'], ['json', 'msgpack', 'cbor']),
  },
  {
    name: 'nexus 3.3.0',
    needs: 'go',
    command: (folder) => [join(folder, 'nexus-peer')],
    speaks: each(['websocket', 'rawsocket'], ['json', 'msgpack', 'cbor']),
  },
  {
    name: 'xconn-go 0.1.0',
    needs: 'go',
    command: (folder) => [join(folder, 'xconn-peer')],
    speaks: each(['websocket', 'rawsocket'], ['json', 'msgpack', 'cbor']),
  },
  {
    name: 'autobahn-java 20.6.1',
    needs: 'java',
    command: javaCommand,
    speaks: each(['websocket'], ['json', 'msgpack', 'cbor']),
    remarks: [
      'Its RawSocket transport says of itself that it is not implemented.',
      'On a busy machine it loses WELCOME in some joins of a hundred (its field for the future of a join is filled only after HELLO has been sent) and waits for ever; the checks then join once more.',
    ],
  },
]
