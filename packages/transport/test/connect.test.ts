import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { cborSerializer, jsonSerializer } from '@crosspoint/protocol'
import { connectRawSocket } from '../src/index.ts'
import { ended, Recorder, serve } from './server.ts'

/** A TCP server that does with each connection what the test says; its sockets end with the test. */
async function serveTcp(t: TestContext, onSocket: (socket: Socket) => void): Promise<{ host: string; port: number }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

/** A server that answers the handshake with `reply`. */
function answering(t: TestContext, reply: readonly number[]): Promise<{ host: string; port: number }> {
  return serveTcp(t, (socket) => socket.once('data', () => socket.write(Buffer.from(reply))))
}

const JSON_OPTIONS = { serializer: jsonSerializer }

for (const [reply, why] of [
  [[0x7f, 0x10, 0, 0], /the other side refused: serializer unsupported/],
  [[0x7f, 0x20, 0, 0], /the other side refused: maximum message length unacceptable/],
  [[0x7f, 0x30, 0, 0], /the other side refused: use of reserved bits/],
  [[0x7f, 0x40, 0, 0], /the other side refused: maximum connection count reached/],
  [[0x7f, 0x90, 0, 0], /the other side refused: error 9/],
  [[0x48, 0x54, 0x54, 0x50], /does not speak RawSocket \(it began with 0x48\)/],
  [[0x7f, 0xf3, 0, 0], /chose serializer 3 instead of 1/],
  [[0x7f, 0xf1, 0, 1], /reserved bits set/],
] as const) {
  test(`TRN-16 a reply of ${Buffer.from(reply).toString('hex')} fails the connection: ${why.source}`, async (t) => {
    const address = await answering(t, reply)
    await assert.rejects(connectRawSocket(address, JSON_OPTIONS), (error: Error & { code: string }) => {
      assert.equal(error.code, 'ERR_CONNECT_FAILED')
      assert.ok(error.message.startsWith(`Cannot open a RawSocket to 127.0.0.1:${address.port}: `), error.message)
      assert.match(error.message, why)
      return true
    })
  })
}

test('a port that nobody listens on: ERR_CONNECT_FAILED with the cause', async (t) => {
  const server = await serve(t)
  const { port } = server
  await server.listener.close()
  const attempt = connectRawSocket({ host: '127.0.0.1', port }, JSON_OPTIONS)
  await assert.rejects(attempt, (error: Error & { code: string; cause: NodeJS.ErrnoException }) => {
    assert.deepEqual([error.code, error.cause.code], ['ERR_CONNECT_FAILED', 'ECONNREFUSED'])
    return true
  })
})

test('a Unix socket that does not exist: ERR_CONNECT_FAILED, which names it', async () => {
  await assert.rejects(connectRawSocket({ path: '/nowhere/at/all.sock' }, JSON_OPTIONS), {
    code: 'ERR_CONNECT_FAILED',
    message: /Cannot open a RawSocket to \/nowhere\/at\/all\.sock: /,
  })
})

test('a connection that ends during the handshake: ERR_CONNECT_FAILED', async (t) => {
  const address = await serveTcp(t, (socket) => socket.end(Buffer.from([0x7f, 0xf1])))
  await assert.rejects(connectRawSocket(address, JSON_OPTIONS), { code: 'ERR_CONNECT_FAILED', message: /closed during the handshake/ })
})

test('a server that never answers: ERR_CONNECT_FAILED after timeoutMs, and the socket is closed', async (t) => {
  const accepted = Promise.withResolvers<Socket>()
  const address = await serveTcp(t, accepted.resolve)
  await assert.rejects(connectRawSocket(address, { ...JSON_OPTIONS, timeoutMs: 40 }), {
    code: 'ERR_CONNECT_FAILED',
    message: /no answer within 40 ms/,
  })
  await ended(await accepted.promise)
})

test('a signal ends the attempt, before it begins or while it waits, and the socket is closed', async (t) => {
  const accepted = Promise.withResolvers<Socket>()
  const address = await serveTcp(t, accepted.resolve)
  const reason = new Error('enough')
  const isEnded = (error: Error & { code: string }) => error.code === 'ERR_CONNECT_FAILED' && error.cause === reason
  await assert.rejects(connectRawSocket(address, { ...JSON_OPTIONS, signal: AbortSignal.abort(reason) }), isEnded)
  const controller = new AbortController()
  const attempt = connectRawSocket(address, { ...JSON_OPTIONS, signal: controller.signal })
  const socket = await accepted.promise
  controller.abort(reason)
  await assert.rejects(attempt, isEnded)
  await ended(socket)
})

test('a signal that comes after the connection is open does nothing', async (t) => {
  const server = await serve(t)
  const controller = new AbortController()
  const transport = await connectRawSocket({ host: '127.0.0.1', port: server.port }, { ...JSON_OPTIONS, signal: controller.signal })
  const arrival = await server.arrivals.take()
  controller.abort()
  transport.send(Buffer.from('[1]'))
  assert.equal((await arrival.frames.take()).toString(), '[1]')
  transport.close()
  await arrival.closes.take()
})

test('TRN-11 TRN-13 both sides know what the other accepts', async (t) => {
  const server = await serve(t, { limits: { frameBytesMax: 2 ** 17 } })
  const options = { serializer: cborSerializer, frameBytesMax: 3000 }
  const transport = await connectRawSocket({ host: '127.0.0.1', port: server.port }, options)
  const arrival = await server.arrivals.take()
  assert.equal(transport.frameBytesMax, 2 ** 17)
  assert.equal(arrival.transport.frameBytesMax, 2048, 'rounded down to a power of two')
  assert.equal(arrival.serializer.name, 'cbor')
  transport.close()
  await arrival.closes.take()
})

test('TRN-21 a reply in pieces, with a frame behind it in the same write, is understood', async (t) => {
  const address = await serveTcp(t, (socket) => {
    socket.setNoDelay(true)
    socket.once('data', () => {
      socket.write(Buffer.from([0x7f, 0xf1]), () => socket.write(Buffer.from([0, 0, 0, 0, 0, 3, 0x5b, 0x31, 0x5d])))
    })
  })
  const transport = await connectRawSocket(address, JSON_OPTIONS)
  const recorder = new Recorder(transport)
  assert.equal((await recorder.frames.take()).toString(), '[1]')
  transport.close()
})

test('TRN-20 PRV-31 the client, too, fails the connection on a frame that is too long', async (t) => {
  const server = await serve(t)
  const options = { ...JSON_OPTIONS, frameBytesMax: 512 }
  const transport = await connectRawSocket({ host: '127.0.0.1', port: server.port }, options)
  const recorder = new Recorder(transport)
  const arrival = await server.arrivals.take()
  arrival.transport.send(Buffer.alloc(513)) // `send` is the raw one: peers look at frameBytesMax first
  assert.match(await recorder.closes.take(), /513 bytes was announced; at most 512/)
  await arrival.closes.take()
})
