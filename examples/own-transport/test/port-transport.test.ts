import { MessageChannel } from 'node:worker_threads'
import { transportSuite } from '@crosspoint/testing'
import { PortTransport } from '../port-transport.ts'

transportSuite('MessagePort', async () => {
  const { port1, port2 } = new MessageChannel()
  return { ends: [new PortTransport(port1), new PortTransport(port2)] }
})
