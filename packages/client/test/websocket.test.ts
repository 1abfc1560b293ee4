// The transport over a WebSocket, with a socket that the test holds the other end of.

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { jsonSerializer, msgpackSerializer } from '@crosspoint/protocol'
import { connectWebSocket, type PlatformWebSocket } from '../src/websocket.ts'
import { rejection } from './support/fake-router.ts'
import { VirtualClock } from './support/virtual-clock.ts'

class FakeSocket implements PlatformWebSocket {
  static last: FakeSocket
  binaryType = 'blob'
  protocol = ''
  bufferedAmount = 0
  onopen: PlatformWebSocket['onopen'] = null
  onmessage: PlatformWebSocket['onmessage'] = null
  onclose: PlatformWebSocket['onclose'] = null
  onerror: PlatformWebSocket['onerror'] = null
  readonly sent: unknown[] = []
  readonly closed: unknown[] = []
  readonly offered: string[]
  constructor(_url: string, protocols: string[]) {
    this.offered = protocols
    FakeSocket.last = this
  }
  send(data: string | Uint8Array): void {
    this.sent.push(data)
  }
  close(...reason: unknown[]): void {
    this.closed.push(reason)
  }
  open(protocol: string): void {
    this.protocol = protocol
    this.onopen!({})
  }
}

const real = globalThis.WebSocket
afterEach(() => {
  globalThis.WebSocket = real
})

function connect(serializers = [jsonSerializer, msgpackSerializer], clock = new VirtualClock()) {
  globalThis.WebSocket = FakeSocket as never
  const controller = new AbortController()
  const opening = connectWebSocket('ws://router/ws', { serializers, signal: controller.signal, clock })
  return { opening, socket: FakeSocket.last, controller }
}

test('TRN-03 subprotocols are offered in order and the answer chooses the serializer', async () => {
  const { opening, socket } = connect()
  assert.deepEqual(socket.offered, ['wamp.2.json', 'wamp.2.msgpack'])
  socket.open('wamp.2.msgpack')
  const { transport, serializer } = await opening
  assert.equal(serializer, msgpackSerializer)
  assert.equal(socket.binaryType, 'arraybuffer')
  transport.send(new Uint8Array([1]))
  assert.deepEqual(socket.sent, [new Uint8Array([1])])
})

test('whenDrained looks now and then, and calls back once nothing waits', async () => {
  const clock = new VirtualClock()
  const { opening, socket } = connect([jsonSerializer], clock)
  socket.open('wamp.2.json')
  const { transport } = await opening
  socket.bufferedAmount = 5_000_000
  let calls = 0
  transport.whenDrained!(() => calls++)
  await clock.advance(1_000)
  assert.equal(calls, 0)
  socket.bufferedAmount = 0
  await clock.advance(1_000)
  assert.deepEqual([calls, clock.timerCount], [1, 0])
  transport.whenDrained!(() => calls++)
  transport.close()
  await clock.advance(1_000)
  transport.whenDrained!(() => calls++)
  assert.equal(clock.timerCount, 0)
})

test('text serializers send and receive text', async () => {
  const { opening, socket } = connect()
  socket.open('wamp.2.json')
  const { transport } = await opening
  const frames: string[] = []
  transport.onFrame = (bytes) => frames.push(new TextDecoder().decode(bytes))
  transport.send(new TextEncoder().encode('["ä"]'))
  transport.pause()
  socket.onmessage!({ data: '[1]' })
  assert.deepEqual(frames, [])
  transport.resume()
  socket.onmessage!({ data: '["ö"]' })
  assert.deepEqual([socket.sent, frames], [['["ä"]'], ['[1]', '["ö"]']])
})

test('SER-07 PRV-10 binary for text, and text for binary, is a fault that ABORT can name', async () => {
  for (const [protocol, data] of [
    ['wamp.2.json', new ArrayBuffer(3)],
    ['wamp.2.msgpack', '[1]'],
  ]) {
    const { opening, socket } = connect()
    socket.open(protocol as string)
    const { transport } = await opening
    const faults: string[] = []
    transport.onFault = (violation) => faults.push(violation.message)
    transport.onFrame = () => assert.fail('it is no frame')
    socket.onmessage!({ data })
    assert.match(faults[0]!, /must be (text|binary) here, not (binary|text)/)
  }
})

test('a server that chooses nothing that was offered is left', async () => {
  const { opening, socket } = connect()
  socket.open('chat')
  const error = await rejection(opening)
  assert.equal(error.code, 'ERR_CONNECT_FAILED')
  assert.match(error.message, /ws:\/\/router\/ws.*"chat"/)
  assert.equal(socket.closed.length, 1)
})

test('a failed connect tells why; an abort ends it', async () => {
  const failed = connect()
  failed.socket.onerror!({ message: 'connection refused' })
  failed.socket.onclose!({ code: 1006 })
  assert.match((await rejection(failed.opening)).message, /connection refused/)
  const aborted = connect()
  const reason = new Error('stopped')
  aborted.controller.abort(reason)
  assert.equal(await rejection(aborted.opening), reason)
  assert.equal(aborted.socket.closed.length, 1)
})

test('close tells the reason where it fits, and the end is told once with code and reason', async () => {
  const { opening, socket } = connect()
  socket.open('wamp.2.json')
  const { transport } = await opening
  const ends: string[] = []
  transport.onClose = (reason) => ends.push(reason)
  transport.close('wamp.close.normal')
  transport.close('x'.repeat(200))
  transport.send(new Uint8Array([91]))
  assert.deepEqual([socket.closed, socket.sent], [[[1000, 'wamp.close.normal']], []])
  socket.onclose!({ code: 1000, reason: 'bye' })
  assert.deepEqual(ends, ['WebSocket closed with 1000 (bye)'])
})
