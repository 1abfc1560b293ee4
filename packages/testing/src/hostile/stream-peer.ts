// One end of the streams of long-streams.ts, in a process of its own whose memory is looked at from outside.
//
//   callee: sends `chunks` progressive results to whoever calls com.stream.down, and counts the chunks of calls of com.stream.up
//   caller: calls one of them; prints how many chunks came
//
// The reading end is slower than the writing one, so that what comes too fast has to wait somewhere.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { Client, msgpackSerializer } from '@crosspoint/client/node'

const [role, url, direction, chunkText, bytesText] = process.argv.slice(2)
const chunks = Number(chunkText)
const chunk = new Uint8Array(Number(bytesText)).fill(7)
const SLOW_EVERY = 4 // chunks between two rests of the reader

const client = new Client({
  url: url!,
  serializers: [msgpackSerializer],
  logger: { debug() {}, info() {}, warn() {}, error: console.error },
})
await client.start()

async function count(stream: AsyncIterable<{ readonly args: readonly unknown[] }>): Promise<number> {
  let seen = 0
  for await (const { args } of stream) {
    if (args[0] instanceof Uint8Array) seen++
    if (seen % SLOW_EVERY === 0) await nextTurn()
  }
  return seen
}

async function* upload() {
  for (let sent = 0; sent < chunks; sent++) yield { args: [chunk] }
}

if (role === 'callee') {
  await client.registerInvocation('com.stream.down', async ({ progress, writable }) => {
    for (let sent = 0; sent < chunks; sent++) {
      progress([chunk])
      await writable()
    }
    return chunks
  })
  await client.registerInvocation('com.stream.up', ({ input }) => count(input))
  console.log('ready')
} else if (direction === 'down') {
  const call = client.callProgress('com.stream.down')
  const seen = await count(call)
  console.log(`seen ${seen} of ${(await call.result).value}`)
  await client.stop()
} else {
  const { value } = await client.callResult('com.stream.up', { input: upload() })
  console.log(`seen ${value} of ${chunks}`)
  await client.stop()
}
