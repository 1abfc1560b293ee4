// WebSocket at a real listener (section 10.1 of the requirements): with the library's client, and with bytes of our own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorUri } from '@crosspoint/protocol'
import { OPCODE, SeededRandom, UpgradeRefused, webSocketFrame } from '@crosspoint/testing'
import { WebSocket } from 'ws'
import { ended, open, type Place } from './support.ts'

const url = (place: Place) => `ws://127.0.0.1:${place.listener.port}/ws`
const text = (payload: string, shape = {}) => webSocketFrame(OPCODE.text, Buffer.from(payload), shape)

/** A WebSocket of the library, once it is open. */
async function library(place: Place, protocols: string[]): Promise<WebSocket> {
  const webSocket = new WebSocket(url(place), protocols)
  await new Promise((resolve, reject) => webSocket.once('open', resolve).once('error', reject))
  return webSocket
}

for (const [offered, chosen] of [
  [['wamp.2.json'], 'wamp.2.json'],
  [['wamp.2.cbor', 'wamp.2.json'], 'wamp.2.cbor'],
  [['wamp.2.ubjson', 'nothing-known', 'wamp.2.msgpack', 'wamp.2.json'], 'wamp.2.msgpack'],
] as const) {
  test(`TRN-03 of ${offered.join(', ')} the first that is there is chosen and echoed`, async (t) => {
    const place = await open(t)
    const webSocket = await library(place, [...offered])
    assert.equal(webSocket.protocol, chosen)
    assert.equal((await place.end()).serializer.subprotocol, chosen)
    webSocket.terminate()
  })
}
for (const offered of [
  ['wamp.2.json', ''],
  ['', 'wamp.2.json', 'wamp.2.json'],
]) {
  test(`TRN-03 "${offered.join(', ')}", with an empty element or one twice, is read as what is in it`, async (t) => {
    const place = await open(t)
    const client = await place.webSocket({ protocols: offered })
    assert.equal(client.protocol, 'wamp.2.json')
    client.socket.destroy()
  })
}
for (const offered of [['wamp.2.flatbuffers'], []]) {
  test(`TRN-03 offering ${offered.join() || 'no subprotocol'} is answered with 400`, async (t) => {
    const place = await open(t)
    await assert.rejects(
      place.webSocket({ protocols: offered }),
      (error: UpgradeRefused) => error instanceof UpgradeRefused && error.status === 400,
    )
    assert.equal(place.accepted.length, 0)
  })
}
test('TRN-03 offering no subprotocol can be taken for JSON', async (t) => {
  const place = await open(t, { assumesJson: true })
  const client = await place.webSocket({ protocols: [] })
  assert.equal(client.protocol, '')
  assert.equal((await place.end()).serializer.name, 'json')
  client.socket.destroy()
})

test('TRN-02 one message per WebSocket message, both ways, text for JSON', async (t) => {
  const place = await open(t)
  const webSocket = await library(place, ['wamp.2.json'])
  const { transport, frames, info } = await place.end()
  assert.deepEqual([info.type, info.path, info.isSecure], ['websocket', '/ws', false])
  webSocket.send('[1]')
  webSocket.send('[2]')
  await place.until('both messages', () => frames.length === 2)
  assert.deepEqual(frames.map(String), ['[1]', '[2]'])
  const got = new Promise((resolve) => webSocket.once('message', (data, isBinary) => resolve([String(data), isBinary])))
  transport.send(Buffer.from('[3]'))
  assert.deepEqual(await got, ['[3]', false])
  webSocket.terminate()
})
test('TRN-02 binary messages for MessagePack', async (t) => {
  const place = await open(t)
  const webSocket = await library(place, ['wamp.2.msgpack'])
  const { transport, frames } = await place.end()
  webSocket.send(new Uint8Array([0x91, 1]))
  await place.until('the message', () => frames.length === 1)
  const got = new Promise((resolve) => webSocket.once('message', (data: Buffer, isBinary) => resolve([[...data], isBinary])))
  transport.send(new Uint8Array([0x91, 3]))
  assert.deepEqual(await got, [[0x91, 3], true])
  webSocket.terminate()
})
test('TRN-02 fragments are joined, with control frames between them', async (t) => {
  const place = await open(t)
  const client = await place.webSocket()
  const pongs: string[] = []
  client.onPong = (payload) => pongs.push(String(payload))
  client.socket.write(
    Buffer.concat([
      text('[1,', { isFinal: false }),
      webSocketFrame(OPCODE.ping, Buffer.from('between')),
      webSocketFrame(OPCODE.continuation, Buffer.from('"re'), { isFinal: false }),
      webSocketFrame(OPCODE.continuation, Buffer.alloc(0), { isFinal: false }),
      webSocketFrame(OPCODE.continuation, Buffer.from('alm1"]')),
      text('[2]'),
      webSocketFrame(OPCODE.ping, Buffer.from('behind')),
    ]),
  )
  const { frames } = await place.end()
  await place.until('both messages', () => frames.length === 2)
  assert.deepEqual(frames.map(String), ['[1,"realm1"]', '[2]'])
  await new Promise<void>((resolve) => {
    if (pongs.length === 2) resolve()
    else client.onPong = (payload) => pongs.push(String(payload)) === 2 && resolve()
  })
  assert.deepEqual(pongs, ['between', 'behind'])
  client.socket.destroy()
})
test('TRN-02 random messages, whole and in fragments, in random splits', async (t) => {
  const seed = Date.now() % 2 ** 32
  const random = new SeededRandom(seed)
  const place = await open(t, { limits: { strangerFrameBytesMax: 2 ** 20 } })
  const client = await place.webSocket()
  const messages = Array.from({ length: 60 }, () => 'm'.repeat(random.below(random.below(8) === 0 ? 80_000 : 300)))
  const stream = Buffer.concat(
    messages.flatMap((message) => {
      if (random.below(3) > 0) return [text(message)]
      const cut = random.below(message.length + 1)
      return [text(message.slice(0, cut), { isFinal: false }), webSocketFrame(OPCODE.continuation, Buffer.from(message.slice(cut)))]
    }),
  )
  for (let at = 0; at < stream.length; ) {
    const next = at + 1 + random.below(random.below(2) === 0 ? 20 : 9_000)
    client.socket.write(stream.subarray(at, next))
    if (random.below(3) === 0) await new Promise((resolve) => setImmediate(resolve))
    at = next
  }
  const { frames } = await place.end()
  await place.until(`all messages, seed ${seed}`, () => frames.length === messages.length)
  assert.deepEqual(
    frames.map((frame) => frame.length),
    messages.map((message) => message.length),
    `seed ${seed}`,
  )
  client.socket.destroy()
})
test('TRN-02 every cut of an upgrade with a message behind it', async (t) => {
  const place = await open(t)
  const client = await place.webSocket({ early: text('[1,"early"]') })
  const { frames } = await place.end()
  await place.until('the early message', () => frames.length === 1)
  assert.equal(String(frames[0]), '[1,"early"]')
  const stream = Buffer.concat([text('[2]'), text('x'.repeat(130)), text('[3]')])
  for (let cut = 1; cut < stream.length; cut++) {
    client.socket.write(stream.subarray(0, cut))
    await new Promise((resolve) => setImmediate(resolve))
    client.socket.write(stream.subarray(cut))
    await place.until(`the messages cut at ${cut}`, () => frames.length === 1 + 3 * cut)
    assert.deepEqual(frames.slice(-3).map(String), ['[2]', 'x'.repeat(130), '[3]'])
  }
  client.socket.destroy()
})

for (const [protocol, opcode, name] of [
  ['wamp.2.json', OPCODE.binary, 'binary'],
  ['wamp.2.cbor', OPCODE.text, 'text'],
] as const) {
  test(`SER-07 PRV-10 a ${name} message on ${protocol} is a fault for ABORT to name`, async (t) => {
    const place = await open(t)
    const client = await place.webSocket({ protocols: [protocol] })
    client.send(opcode, '[1]')
    const { frames, faults } = await place.end()
    await place.until('the fault', () => faults.length === 1)
    assert.match(faults[0]!.message, new RegExp(`^A ${name} WebSocket message`))
    assert.equal(faults[0]!.isTransportFault, false)
    assert.deepEqual(frames, [])
    client.socket.destroy()
  })
}

for (const [reason, code] of [
  ['wamp.close.goodbye_and_out', 1000],
  [undefined, 1000],
  ['wamp.close.system_shutdown', 1001],
  [ErrorUri.protocolViolation, 1002],
] as const) {
  test(`TRN-05 closing with ${reason} sends close code ${code}, behind what was sent before`, async (t) => {
    const place = await open(t)
    const client = await place.webSocket()
    const got: string[] = []
    client.onMessage = (bytes) => got.push(String(bytes))
    const { transport, ends } = await place.end()
    transport.send(Buffer.from('[3]'))
    transport.close(reason)
    await ended(client.socket)
    assert.deepEqual([got, client.closeCode], [['[3]'], code])
    await place.until('its own end', () => ends.length === 1)
  })
}
test('TRN-05 TRN-06 a message longer than the limit is refused at its header with 1009', async (t) => {
  const place = await open(t, { limits: { strangerFrameBytesMax: 1_000, frameBytesMax: 2_000 } })
  const client = await place.webSocket()
  const { transport, frames, ends } = await place.end()
  client.send(OPCODE.text, 'x'.repeat(1_000))
  await place.until('the longest of a stranger', () => frames.length === 1)
  transport.establish?.()
  client.send(OPCODE.text, 'x'.repeat(2_000))
  await place.until('the longest', () => frames.length === 2)
  client.socket.write(text('x'.repeat(2_001)).subarray(0, 10)) // the header, and no more
  await ended(client.socket)
  assert.equal(client.closeCode, 1009)
  await place.until('its end', () => ends.length === 1)
  assert.match(place.notices.join(), /2001 bytes was announced; at most 2000 .*frameBytesMax/)
  assert.equal(frames.length, 2)
})
test('TRN-05 TRN-06 fragments count together against the limit', async (t) => {
  const place = await open(t, { limits: { strangerFrameBytesMax: 1_000 } })
  const client = await place.webSocket()
  client.socket.write(
    Buffer.concat([text('x'.repeat(600), { isFinal: false }), webSocketFrame(OPCODE.continuation, Buffer.alloc(401, 'y'))]),
  )
  await ended(client.socket)
  assert.equal(client.closeCode, 1009)
  assert.deepEqual((await place.end()).frames, [])
})
test('TRN-05 frames that RFC 6455 forbids end the connection with 1002', async (t) => {
  const place = await open(t)
  for (const [at, bytes] of [
    text('[1]', { isMasked: false }),
    Buffer.from([0xc1, 0x80, 0, 0, 0, 0]), // a reserved bit without an extension
    Buffer.from([0x83, 0x80, 0, 0, 0, 0]), // a reserved opcode
    Buffer.from([0x09, 0x80, 0, 0, 0, 0]), // a control frame in fragments
  ].entries()) {
    const client = await place.webSocket()
    client.socket.write(bytes)
    await ended(client.socket)
    assert.equal(client.closeCode, 1002, `frame ${at}`)
    const { ends, frames } = await place.end(at)
    await place.until('its end', () => ends.length === 1)
    assert.deepEqual(frames, [])
  }
})
test('TRN-05 a close frame of the client is answered', async (t) => {
  const place = await open(t)
  const webSocket = await library(place, ['wamp.2.json'])
  const closed = new Promise((resolve) => webSocket.once('close', resolve))
  webSocket.close(1000)
  assert.equal(await closed, 1000)
  const { ends } = await place.end()
  await place.until('its end', () => ends.length === 1)
})
test('TRN-06 a PING is answered, before and after messages', async (t) => {
  const place = await open(t)
  const client = await place.webSocket()
  const answered = new Promise((resolve) => (client.onPong = (payload) => resolve(String(payload))))
  client.send(OPCODE.ping, 'hello?')
  assert.equal(await answered, 'hello?')
  client.socket.destroy()
})
test('TRN-06 origins that are not allowed are refused with 403', async (t) => {
  const place = await open(t, { allowedOrigins: ['https://*.example.com', 'http://localhost:*'] })
  const client = await place.webSocket({ headers: { Origin: 'https://app.example.com' } })
  client.socket.destroy()
  const noBrowser = await place.webSocket()
  noBrowser.socket.destroy()
  const refused = place.webSocket({ headers: { Origin: 'https://example.org' } })
  await assert.rejects(refused, (error: UpgradeRefused) => error.status === 403)
  assert.match(place.notices.join(), /https:\/\/example\.org is not allowed \(allowedOrigins\)/)
})
test('TRN-07 the headers of the upgrade request, cookies among them, come with the transport', async (t) => {
  const place = await open(t)
  const client = await place.webSocket({ headers: { Cookie: 'session=1' } })
  assert.equal((await place.end()).info.headers['cookie'], 'session=1')
  client.socket.destroy()
})
test('TRN-02 while paused nothing is handed on, afterwards everything in order', async (t) => {
  const place = await open(t)
  const client = await place.webSocket()
  const { transport, frames } = await place.end()
  const onFrame = transport.onFrame
  transport.onFrame = (bytes, start, end) => {
    onFrame(bytes, start, end)
    if (frames.length === 1) transport.pause()
  }
  client.socket.write(Buffer.concat(['[1]', '[2]', '[3]'].map((message) => text(message))))
  await place.until('the first message', () => frames.length === 1)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(frames.length, 1)
  transport.resume()
  await place.until('the others', () => frames.length === 3)
  assert.deepEqual(frames.map(String), ['[1]', '[2]', '[3]'])
  client.socket.destroy()
})
