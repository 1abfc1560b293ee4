// RawSocket at a real listener, byte by byte (section 10.2 of the requirements).

import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { jsonSerializer, UsageError } from '@crosspoint/protocol'
import { rawSocketFrame, SeededRandom } from '@crosspoint/testing'
import { connectRawSocket } from '@crosspoint/transport'
import { append } from './append.ts'
import { ended, open, readAll, SERIALIZERS } from './support.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

for (const serializer of SERIALIZERS) {
  test(`TRN-11 TRN-13 the handshake for ${serializer.name} is answered with magic, own limit and the same serializer`, async (t) => {
    const place = await open(t, { limits: { frameBytesMax: 2 ** 20 } })
    const client = await place.rawSocket(serializer.rawSocketId, 3)
    assert.equal(hex(client.reply), `7fb${serializer.rawSocketId}0000`)
    const { transport, serializer: chosen, info } = await place.end()
    assert.equal(chosen, serializer)
    assert.equal(transport.frameBytesMax, 2 ** 12)
    assert.deepEqual([info.type, info.isSecure, info.path], ['rawsocket', false, ''])
    client.socket.destroy()
  })
}

test('TRN-11 L = 0 … 15 means 2^9 … 2^24 octets', async (t) => {
  const place = await open(t)
  for (let exponent = 0; exponent <= 15; exponent++) {
    const client = await place.rawSocket(1, exponent)
    assert.equal((await place.end(exponent)).transport.frameBytesMax, 2 ** (9 + exponent))
    client.socket.destroy()
  }
})

/** What four octets are answered with, until the connection ends. */
async function answerTo(t: TestContext, octets: readonly number[], options = {}): Promise<string> {
  const place = await open(t, options)
  const socket = place.dial()
  socket.write(Buffer.from(octets))
  const answer = hex(await readAll(socket))
  assert.equal(place.accepted.length, 0)
  return answer
}

test('TRN-13 a serializer that is not there is refused with error 1', async (t) => {
  for (const id of [4, 5, 6, 15]) assert.equal(await answerTo(t, [0x7f, 0xf0 | id, 0, 0]), '7f100000')
  assert.equal(await answerTo(t, [0x7f, 0xf3, 0, 0], { serializers: [jsonSerializer] }), '7f100000')
})
test('TRN-13 TRN-15 reserved octets are refused with error 3', async (t) => {
  assert.equal(await answerTo(t, [0x7f, 0xf1, 1, 0]), '7f300000')
  assert.equal(await answerTo(t, [0x7f, 0xf1, 0, 0x80]), '7f300000')
})
test('TRN-13 one connection too many is refused with error 4', async (t) => {
  const place = await open(t, { limits: { connectionsMax: 1 } })
  const first = await place.rawSocket()
  const second = place.dial()
  second.write(Buffer.from([0x7f, 0xf1, 0, 0]))
  assert.equal(hex(await readAll(second)), '7f400000')
  first.socket.destroy()
})
test('TRN-15 S = 0 is closed without an answer', async (t) => {
  assert.equal(await answerTo(t, [0x7f, 0xf0, 0, 0]), '')
})
test('TRN-15 an incomplete handshake is closed at the deadline', async (t) => {
  const place = await open(t, { limits: { handshakeTimeoutMs: 50 } })
  const socket = place.dial()
  socket.write(Buffer.from([0x7f, 0xf1]))
  assert.equal(hex(await readAll(socket)), '')
  assert.match(place.notices.join(), /handshakeTimeoutMs/)
})
test('TRN-14 a first octet other than 0x7F is HTTP, or nothing', async (t) => {
  const place = await open(t)
  const socket = place.dial()
  socket.write(Buffer.from([0x80, 0xf1, 0, 0]))
  assert.match(String(await readAll(socket)), /^HTTP\/1\.1 400 /)
})
test('TRN-14 0x7F begins no RawSocket where RawSocket is turned off', async (t) => {
  assert.match(Buffer.from(await answerTo(t, [0x7f, 0xf1, 0, 0, 13, 10], { hasRawSocket: false }), 'hex').toString(), /^HTTP\/1\.1 400 /)
})

/** A server that answers a client's handshake with these octets. */
async function refusing(t: TestContext, octets: readonly number[]): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => socket.write(Buffer.from(octets)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as { port: number }).port
}
for (const [title, octets, message] of [
  ['another serializer', [0x7f, 0xf2, 0, 0], /chose serializer 2 instead of 1/],
  ['a wrong magic', [0x48, 0x54, 0x54, 0x50], /does not speak RawSocket/],
  ['an error code', [0x7f, 0x10, 0, 0], /serializer unsupported/],
  ['error 4', [0x7f, 0x40, 0, 0], /maximum connection count/],
  ['reserved octets', [0x7f, 0xf1, 0, 1], /reserved bits/],
] as const) {
  test(`TRN-16 the client fails on a reply with ${title}`, async (t) => {
    const port = await refusing(t, octets)
    await assert.rejects(connectRawSocket({ host: '127.0.0.1', port }, { serializer: jsonSerializer }), (error: UsageError) => {
      assert.ok(error instanceof UsageError)
      assert.equal(error.code, 'ERR_CONNECT_FAILED')
      assert.match(error.message, message)
      return true
    })
  })
}

test('TRN-17 TRN-21 frames arrive whole in any split, byte by byte', async (t) => {
  const place = await open(t)
  const client = await place.rawSocket()
  const messages = ['[1]', '', 'x'.repeat(300), '[16,1,{},"a"]']
  const stream = Buffer.concat(messages.map((message) => rawSocketFrame(0, Buffer.from(message))))
  for (const byte of stream) {
    client.socket.write(Buffer.from([byte]))
    await new Promise((resolve) => setImmediate(resolve)) // so that the writes stay apart
  }
  const { frames } = await place.end()
  await place.until('all messages', () => frames.length === messages.length)
  assert.deepEqual(frames.map(String), messages)
  client.socket.destroy()
})

test('TRN-21 every cut of a short stream in two', async (t) => {
  const place = await open(t)
  const messages = ['[1,"realm1",{}]', '[2]']
  // The handshake too may come in pieces.
  const stream = Buffer.concat([Buffer.from([0x7f, 0xf1, 0, 0]), ...messages.map((message) => rawSocketFrame(0, Buffer.from(message)))])
  for (let cut = 1; cut < stream.length; cut++) {
    const socket = place.dial()
    socket.write(stream.subarray(0, cut))
    await new Promise((resolve) => setImmediate(resolve))
    socket.write(stream.subarray(cut))
    const { frames } = await place.end(cut - 1)
    await place.until(`the messages cut at ${cut}`, () => frames.length === messages.length)
    assert.deepEqual(frames.map(String), messages)
    socket.destroy()
  }
})

test('TRN-21 random messages in random splits', async (t) => {
  const seed = Date.now() % 2 ** 32
  const random = new SeededRandom(seed)
  const place = await open(t, { limits: { strangerFrameBytesMax: 2 ** 20 } })
  const client = await place.rawSocket()
  const messages = Array.from({ length: 60 }, () => 'm'.repeat(random.below(random.below(10) === 0 ? 100_000 : 200)))
  const stream = Buffer.concat(messages.map((message) => rawSocketFrame(0, Buffer.from(message))))
  for (let at = 0; at < stream.length; ) {
    const next = at + 1 + random.below(9_000)
    client.socket.write(stream.subarray(at, next))
    if (random.below(3) === 0) await new Promise((resolve) => setImmediate(resolve))
    at = next
  }
  const { frames } = await place.end()
  await place.until('all messages', () => frames.length === messages.length)
  assert.deepEqual(
    frames.map((frame) => frame.length),
    messages.map((message) => message.length),
    `seed ${seed}`,
  )
  client.socket.destroy()
})

test('TRN-18 2^24 − 1 is 00 FF FF FF, 2^24 is 08 00 00 00, both ways', async (t) => {
  const place = await open(t, { limits: { frameBytesMax: 2 ** 24, bufferedBytesMax: 2 ** 27 } })
  const client = await place.rawSocket()
  const { transport, frames } = await place.end()
  transport.establish?.()
  for (const length of [2 ** 24 - 1, 2 ** 24]) {
    const frame = rawSocketFrame(0, Buffer.alloc(length, 'x'))
    assert.equal(hex(frame.subarray(0, 4)), length === 2 ** 24 ? '08000000' : '00ffffff')
    client.socket.write(frame)
    await place.until(`the message of ${length} bytes`, () => frames.length === 1)
    assert.equal(frames.pop()!.length, length)
    const answered = new Promise<Buffer>((resolve) => client.socket.once('data', resolve))
    transport.send(Buffer.alloc(length, 'y'))
    assert.equal(hex((await answered).subarray(0, 4)), length === 2 ** 24 ? '08000000' : '00ffffff')
    await new Promise<void>((resolve) => (client.onMessage = () => resolve()))
  }
  client.socket.destroy()
})

for (const [title, payload] of [
  ['no bytes', ''],
  ['some bytes', 'are you there?'],
  ['many bytes', 'p'.repeat(60_000)],
] as const) {
  test(`TRN-19 a PING with ${title} gets one PONG with the same`, async (t) => {
    const place = await open(t)
    const client = await place.rawSocket()
    const pongs: string[] = []
    const answered = new Promise<void>((resolve) => {
      client.onPong = (bytes) => {
        pongs.push(String(bytes))
        if (String(bytes) === 'last') resolve()
      }
    })
    client.send(1, payload)
    client.send(1, 'last')
    await answered
    assert.deepEqual(pongs, [payload, 'last'])
    client.socket.destroy()
  })
}
test('TRN-19 a PONG that nobody asked for is ignored', async (t) => {
  const place = await open(t)
  const client = await place.rawSocket()
  client.send(2, 'unasked')
  client.send(0, '[1]')
  const { frames } = await place.end()
  await place.until('the message behind it', () => frames.length === 1)
  client.socket.destroy()
})
test('TRN-19 a PING between the bytes of nothing: before, after and among messages, in order', async (t) => {
  const place = await open(t)
  const client = await place.rawSocket()
  const { transport } = await place.end()
  const seen: string[] = []
  const done = new Promise<void>((resolve) => {
    client.onMessage = (bytes) => seen.push(`message ${bytes}`)
    client.onPong = (bytes) => {
      seen.push(`pong ${bytes}`)
      if (seen.length === 4) resolve()
    }
  })
  transport.onFrame = (bytes, start = 0, end = bytes.length) => transport.send(bytes.slice(start, end))
  client.socket.write(
    Buffer.concat([
      rawSocketFrame(0, Buffer.from('1')),
      rawSocketFrame(1, Buffer.from('2')),
      rawSocketFrame(0, Buffer.from('3')),
      rawSocketFrame(1, Buffer.from('4')),
    ]),
  )
  await done
  assert.deepEqual(seen, ['message 1', 'pong 2', 'message 3', 'pong 4'])
  client.socket.destroy()
})

/** A frame prefix that ends the connection at once, without ABORT (PRV-31). */
function faulty(title: string, prefix: readonly number[], notice: RegExp): void {
  test(title, async (t) => {
    const place = await open(t)
    const client = await place.rawSocket()
    const got: Buffer[] = []
    client.onMessage = (bytes) => got.push(bytes)
    client.socket.write(Buffer.from(prefix))
    await ended(client.socket)
    const { frames, ends } = await place.end()
    await place.until('its end', () => ends.length === 1)
    assert.match(ends[0]!, notice)
    assert.deepEqual([frames, got], [[], []])
  })
}
faulty('TRN-21 PRV-31 reserved bits', [0x10, 0, 0, 1], /reserved bits/)
faulty('TRN-21 the highest reserved bit', [0x80, 0, 0, 1], /reserved bits/)
for (const type of [3, 4, 5, 6, 7]) faulty(`TRN-21 frame type ${type} is reserved`, [type, 0, 0, 0], /type \d is reserved/)
faulty('TRN-18 TRN-21 the bit X with other length bits', [8, 0, 0, 1], /bit X/)
faulty(
  'TRN-20 PRV-31 a frame longer than the own limit is refused at its prefix',
  [0, 0x01, 0x00, 0x01],
  /65537 bytes was announced; at most 65536/,
)

test('TRN-20 the limit is that of a stranger until the session is established', async (t) => {
  const place = await open(t, { limits: { strangerFrameBytesMax: 1_000, frameBytesMax: 4_096 } })
  const client = await place.rawSocket()
  const { transport, frames } = await place.end()
  client.send(0, 'x'.repeat(1_000))
  await place.until('the longest message of a stranger', () => frames.length === 1)
  transport.establish?.()
  client.send(0, 'x'.repeat(4_096))
  await place.until('the longest message', () => frames.length === 2)
  client.send(0, 'x'.repeat(4_097))
  await ended(client.socket)
  assert.equal(frames.length, 2)
})
test('TRN-20 TRN-22 nothing longer than the limit of the peer is queued', async (t) => {
  const place = await open(t)
  const client = await place.rawSocket(1, 0)
  const { transport } = await place.end()
  const received: string[] = []
  const done = new Promise<void>((resolve) => {
    client.onMessage = (bytes) => {
      received.push(String(bytes))
      resolve()
    }
  })
  assert.equal(append(transport, 513), false)
  assert.equal(append(transport, 512), true)
  await done
  assert.deepEqual(received, ['x'.repeat(512)])
  client.socket.destroy()
})

test('TRN-24 01 00 00 00 is an empty PING, whoever meant 2^24 octets by it', async (t) => {
  const place = await open(t)
  const client = await place.rawSocket()
  const answered = new Promise<Buffer>((resolve) => (client.onPong = resolve))
  client.socket.write(Buffer.from([1, 0, 0, 0]))
  assert.equal((await answered).length, 0)
  client.socket.destroy()
})

test('TRN-16 TRN-11 the client of this package and the listener understand each other', async (t) => {
  const place = await open(t)
  const transport = await connectRawSocket(
    { host: '127.0.0.1', port: place.listener.port! },
    { serializer: jsonSerializer, frameBytesMax: 5_000 },
  )
  const { transport: theirs, frames } = await place.end()
  assert.equal(theirs.frameBytesMax, 4_096)
  transport.send(Buffer.from('[1]'))
  await place.until('the message', () => frames.length === 1)
  const closed = new Promise<void>((resolve) => (transport.onClose = () => resolve()))
  theirs.close()
  await closed
})
