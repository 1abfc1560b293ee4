// The shared transport suite over every transport of our own; examples/own-transport runs it over a reader's.

import { jsonSerializer, MemoryTransport, type Transport } from '@crosspoint/protocol'
import { type TransportPair, transportSuite } from '@crosspoint/testing'
import { connectRawSocket, createListener } from '@crosspoint/transport'
import { connectWebSocket } from '../../client/src/websocket.ts'

/** A listener, what `dial` opens to it, and its own end of that. */
async function overNetwork(dial: (port: number) => Promise<Transport>): Promise<TransportPair> {
  let accept: (transport: Transport) => void = () => {}
  const accepted = new Promise<Transport>((resolve) => {
    accept = resolve
  })
  const endpoint = { host: '127.0.0.1', port: 0 }
  const listener = createListener({ endpoint, serializers: [jsonSerializer], onTransport: (transport) => accept(transport) })
  await listener.listen()
  const ours = await dial(listener.port!)
  const theirs = await accepted
  theirs.establish?.()
  return { ends: [ours, theirs], close: () => listener.close() }
}

transportSuite('memory', async () => ({ ends: MemoryTransport.pair() }))
transportSuite('RawSocket', () => overNetwork((port) => connectRawSocket({ host: '127.0.0.1', port }, { serializer: jsonSerializer })))
transportSuite('WebSocket', () =>
  overNetwork(async (port) => {
    const signal = new AbortController().signal
    return (await connectWebSocket(`ws://127.0.0.1:${port}/ws`, { serializers: [jsonSerializer], signal })).transport
  }),
)
