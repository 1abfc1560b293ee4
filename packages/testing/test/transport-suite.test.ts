// The shared transport suite over every transport of our own; examples/own-transport runs it over a reader's.

import { connect } from 'node:net'
import { jsonSerializer, MemoryTransport, type Transport } from '@crosspoint/protocol'
import { systemClock } from '@crosspoint/protocol/system'
import { LongPollClient, type TransportPair, transportSuite, WebSocketClient } from '@crosspoint/testing'
import { connectRawSocket, createListener } from '@crosspoint/transport'
import { connectWebSocket } from '../../client/src/websocket.ts'
import { ClientTransport } from './batch-transports.ts'

/** A listener, what `dial` opens to it, and its own end of that. */
async function overNetwork(dial: (port: number) => Promise<Transport>): Promise<TransportPair> {
  let accept: (transport: Transport) => void = () => {}
  const accepted = new Promise<Transport>((resolve) => {
    accept = resolve
  })
  const endpoint = { host: '127.0.0.1', port: 0 }
  const listener = createListener({
    endpoint,
    serializers: [jsonSerializer],
    longPollPaths: ['/lp'],
    onTransport: (transport) => accept(transport),
  })
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
    return (await connectWebSocket(`ws://127.0.0.1:${port}/ws`, { serializers: [jsonSerializer], signal, clock: systemClock })).transport
  }),
)
transportSuite('batched WebSocket', () =>
  overNetwork(async (port) => {
    const client = await WebSocketClient.open(connect({ host: '127.0.0.1', port, noDelay: true }), { protocols: ['wamp.2.json.batched'] })
    return ClientTransport.overWebSocket(client)
  }),
)
for (const protocol of ['wamp.2.json', 'wamp.2.json.batched']) {
  transportSuite(`long-poll with ${protocol}`, () =>
    overNetwork(async (port) => ClientTransport.overLongPoll(await LongPollClient.open(port, [protocol]))),
  )
}
