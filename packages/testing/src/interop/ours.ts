// Our side of every check: a Crosspoint client that answers, fails, counts, publishes and listens on request of the peer.

import { ApplicationError, Client, cborSerializer, type Dict, Result } from '@crosspoint/client/node'

/** Starts it; it speaks CBOR, so payloads of peers with another serializer cross over. */
export async function startOurs(url: string): Promise<Client> {
  const client = new Client({ url, realm: 'realm1', serializers: [cborSerializer], logger: silent })
  await client.start()
  const heard = new Map<string, unknown[]>()
  let cancels = 0
  await client.registerInvocation('ours.echo', ({ args, kwargs }) => new Result(args, kwargs))
  await client.register('ours.fail', () => {
    throw new ApplicationError('com.example.failed', ['no', 7], { code: 3 })
  })
  await client.registerInvocation('ours.count', ({ args, progress }) => {
    for (let n = 1; n <= Number(args[0]); n++) progress([n])
    return 'done'
  })
  await client.registerInvocation('ours.slow', ({ signal }) => {
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        cancels++
        resolve('stopped')
      })
    })
  })
  await client.register('ours.cancels', () => cancels)
  await client.registerInvocation('ours.who', ({ details }) => details['caller'] ?? null, { disclose_caller: true })
  await client.register('ours.ask', async (procedure: string, args: unknown[], kwargs: Dict) => {
    try {
      const result = await client.callResult(procedure, { args, kwargs })
      return { args: result.args, kwargs: result.kwargs }
    } catch (error) {
      const { error: uri, args: given, kwargs: named } = error as ApplicationError
      return { error: uri, args: given, kwargs: named }
    }
  })
  await client.register('ours.ask_progress', async (procedure: string, count: number) => {
    const call = client.callProgress(procedure, { args: [count] })
    const steps: unknown[] = []
    for await (const step of call) steps.push(step.value)
    return { steps, final: (await call.result).value }
  })
  await client.register('ours.publish', async (topic: string, args: unknown[], kwargs: Dict, options: Dict) => {
    await client.publishEvent(topic, { args, kwargs, acknowledge: true, ...options })
  })
  await client.register('ours.listen', async (topic: string) => {
    heard.set(topic, [])
    await client.subscribeEvent(topic, ({ args, kwargs }) => heard.get(topic)!.push({ args, kwargs }))
  })
  await client.register('ours.heard', (topic: string) => heard.get(topic) ?? [])
  return client
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }
