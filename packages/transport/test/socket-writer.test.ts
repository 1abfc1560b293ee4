import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { ByteSink, type FrameQueue } from '@crosspoint/protocol/internal'
import { SeededRandom } from '@crosspoint/testing'
import { Flusher } from '../src/flusher.ts'
import { SocketWriter } from '../src/socket-writer.ts'

/** A socket whose network takes bytes only when the test lets it. */
class SlowSocket extends Duplex {
  readonly taken: Buffer[] = []
  isOpen = true
  #go: (() => void) | undefined

  override _read(): void {}
  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.taken.push(Buffer.from(bytes))
    if (this.isOpen) done()
    else this.#go = done
  }
  block(): void {
    this.isOpen = false
  }
  /** Takes what was held back, and from now on everything at once. */
  unblock(): void {
    this.isOpen = true
    const go = this.#go
    this.#go = undefined
    go?.()
  }
  get bytes(): Buffer {
    return Buffer.concat(this.taken)
  }
}

function append(queue: FrameQueue, bytes: Uint8Array): boolean {
  return queue.append(new ByteSink(1), { bytes, start: 0, end: bytes.length }, new Uint8Array(0))
}

function framed(...payloads: Uint8Array[]): Buffer {
  return Buffer.concat(
    payloads.flatMap((payload) => [Buffer.from([0, payload.length >> 16, (payload.length >> 8) & 255, payload.length & 255]), payload]),
  )
}

function makeWriter(bufferedBytesMax = Number.POSITIVE_INFINITY, frameBytesMax = 2 ** 24) {
  const socket = new SlowSocket()
  const overflows: number[] = []
  const onOverflow = (bytes: number) => {
    overflows.push(bytes)
    socket.destroy()
  }
  const writer = new SocketWriter(socket as unknown as Socket, 'rawsocket', frameBytesMax, new Flusher(), bufferedBytesMax, onOverflow)
  return { socket, writer, overflows }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

test('what is queued within a tick is one write', async () => {
  const { socket, writer } = makeWriter()
  const [one, two] = [Buffer.from('one'), Buffer.from('two')]
  append(writer.queue, one)
  append(writer.queue, two)
  assert.equal(writer.bufferedBytes, 14)
  assert.equal(socket.taken.length, 0)
  await nextTurn()
  await nextTurn()
  assert.equal(socket.taken.length, 1)
  assert.deepEqual(socket.bytes, framed(one, two))
  assert.equal(writer.bufferedBytes, 0)
})

test('TRN-20 a frame above the limit of the other side is not queued', () => {
  const { writer } = makeWriter(undefined, 512)
  assert.equal(append(writer.queue, Buffer.alloc(513)), false)
  assert.equal(append(writer.queue, Buffer.alloc(512)), true)
})

test('TRN-02 frames keep their order through blocked and open sockets, slow and fast (random runs)', async () => {
  const seed = (Math.random() * 2 ** 32) >>> 0
  const random = new SeededRandom(seed)
  const { socket, writer } = makeWriter()
  const sent: Buffer[] = []
  for (let turn = 0; turn < 300; turn++) {
    for (let count = random.below(6); count > 0; count--) {
      const frame = Buffer.alloc(random.below(10) === 0 ? random.below(70_000) : random.below(300), sent.length & 255)
      append(writer.queue, frame)
      sent.push(frame)
    }
    const what = random.below(10)
    if (what === 0) socket.block()
    else if (what < 3) socket.unblock()
    else if (what === 3) writer.flush()
    await nextTurn()
  }
  socket.unblock()
  while (writer.bufferedBytes > 0) await nextTurn()
  assert.ok(socket.bytes.equals(framed(...sent)), `the bytes differ; seed ${seed}`)
})

test('bufferedBytesMax: what waits behind a blocked socket is counted, and beyond the limit it overflows once', async () => {
  const { socket, writer, overflows } = makeWriter(100_000)
  socket.block()
  for (let count = 0; count < 100 && overflows.length === 0; count++) {
    append(writer.queue, Buffer.alloc(10_000))
    await nextTurn()
  }
  assert.equal(overflows.length, 1)
  // The queue is looked at when it needs a new chunk, which is at most 64 kB later.
  assert.ok(overflows[0]! > 100_000 && overflows[0]! <= 100_000 + 65_536 + 10_004, `${overflows[0]} bytes`)
  writer.flush()
  assert.equal(writer.queue.isClosed, true)
  assert.equal(overflows.length, 1)
})

test('flushAll() writes even to a blocked socket, and ends the queue', async () => {
  const { socket, writer } = makeWriter()
  const [long, last] = [Buffer.alloc(40_000, 1), Buffer.from('last words')]
  socket.block()
  append(writer.queue, long)
  await nextTurn()
  append(writer.queue, last)
  writer.flushAll()
  append(writer.queue, Buffer.from('never'))
  socket.unblock()
  socket.end()
  await nextTurn()
  await nextTurn()
  assert.deepEqual(socket.bytes, framed(long, last))
})

test('after the end of the socket nothing is queued any more', async () => {
  const { socket, writer } = makeWriter()
  append(writer.queue, Buffer.from('x'))
  socket.destroy()
  await nextTurn()
  await nextTurn()
  assert.equal(writer.queue.isClosed, true)
  assert.equal(writer.bufferedBytes, 0)
})

test('whenDrained calls back once the network takes more, and not before', async () => {
  const { socket, writer } = makeWriter()
  let calls = 0
  socket.block()
  for (let i = 0; i < 40; i++) append(writer.queue, new Uint8Array(4000))
  await nextTurn()
  writer.whenDrained(() => calls++)
  await nextTurn()
  assert.equal(calls, 0)
  socket.unblock()
  await nextTurn()
  await nextTurn()
  assert.equal(calls, 1)
  writer.whenDrained(() => calls++)
  assert.equal(calls, 1, 'never within the call itself')
  await nextTurn()
  assert.equal(calls, 2, 'also when nothing waits')
})
