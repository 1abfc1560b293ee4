// The parts of the simulator that everything it says rests on: time, the network, the comparison of a turn, URIs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  jsonSerializer,
  type MatchPolicy,
  type Message,
  MessageType,
  Payload,
  type PublicationId,
  type RequestId,
} from '@crosspoint/protocol'
import { ByteSink, FrameQueue, type Framing } from '@crosspoint/protocol/internal'
import { Chance } from '../src/simulation/chance.ts'
import { Deframer } from '../src/simulation/deframer.ts'
import { Link, type LinkHost, type LinkSettings } from '../src/simulation/link.ts'
import { RANK, Turn } from '../src/simulation/model/turn.ts'
import { bestOf, isValid, matches } from '../src/simulation/model/uris.ts'
import { Scheduler } from '../src/simulation/scheduler.ts'

test('time jumps to what is due next, in the order of planning at one time, and passes over what is cancelled', () => {
  const scheduler = new Scheduler()
  const start = scheduler.now
  const done: string[] = []
  scheduler.after(20, () => done.push('late'))
  scheduler.after(5, () => done.push('first'))
  scheduler.after(5, () => done.push('second'))
  scheduler.after(1, () => done.push('never')).cancel()
  while (scheduler.step()) done.push(`${scheduler.now - start}`)
  assert.deepEqual(done, ['first', '5', 'second', '5', 'late', '20'])
})

test('frames come out of a stream whole, wherever it is cut', () => {
  const framings: readonly Framing[] = ['rawsocket', 'websocket-text', 'websocket-binary', 'batch-text', 'batch-binary']
  for (const framing of framings) {
    const queue = new FrameQueue(framing, 2 ** 24, () => {})
    const frames = [3, 125, 126, 70_000].map((length) => new Uint8Array(length).fill(length & 255))
    for (const bytes of frames) queue.append(new ByteSink(16), { bytes, start: 0, end: bytes.length }, new Uint8Array(0))
    const stream = Buffer.concat(queue.take().map((chunk) => chunk.bytes.subarray(0, chunk.end)))
    for (const cut of [1, 2, 3, 5, 6, 130, 135, 260, 265, 300, 60_000, stream.length - 1]) {
      const deframer = new Deframer(framing)
      const found = [...deframer.take(stream.subarray(0, cut)), ...deframer.take(stream.subarray(cut))]
      assert.deepEqual(
        found.map((frame) => Buffer.compare(frame, frames[found.indexOf(frame)]!)),
        [0, 0, 0, 0],
        `${framing} cut at ${cut}`,
      )
      assert.equal(deframer.restBytes, 0)
    }
  }
})

function linkWith(settings: Partial<LinkSettings>): { link: Link; scheduler: Scheduler; seen: string[] } {
  const scheduler = new Scheduler()
  const seen: string[] = []
  const host: LinkHost = {
    scheduler,
    chance: new Chance(1),
    arrived: (_link, frame, deliver) => {
      seen.push(`router got ${frame.length}`)
      deliver()
    },
    lost: (_link, reason, tell) => {
      seen.push(`router lost: ${reason}`)
      tell()
    },
    drained: (_link, tell) => tell(),
  }
  const all: LinkSettings = {
    kind: 'frames',
    framing: 'rawsocket',
    serializer: jsonSerializer,
    delayMsMin: 1,
    delayMsMax: 20,
    windowBytes: 100,
    bufferedBytesMax: 1000,
    frameBytesMax: undefined,
    hasLogin: false,
    closesAtOnce: false,
    ...settings,
  }
  const link = new Link(0, all, host)
  link.onClientFrame = (frame) => seen.push(`client got ${frame.length}`)
  link.onClientClose = () => seen.push('client lost')
  return { link, scheduler, seen }
}

test('a link keeps the order of each direction, however long each frame takes', () => {
  for (const kind of ['frames', 'stream'] as const) {
    const { link, scheduler, seen } = linkWith({ kind })
    for (let length = 1; length <= 30; length++) link.sendUp(new Uint8Array(length))
    while (scheduler.step());
    assert.deepEqual(
      seen,
      Array.from({ length: 30 }, (_, index) => `router got ${index + 1}`),
    )
  }
})

test('a cut loses what is under way, and both sides learn of it', () => {
  const { link, scheduler, seen } = linkWith({ kind: 'stream' })
  link.sendUp(new Uint8Array(10))
  link.cut()
  while (scheduler.step());
  assert.deepEqual(seen, ['router lost: the network was cut', 'client lost'])
})

test('a client that does not read makes bytes wait, tells so, and is closed at the limit', () => {
  const { link, scheduler, seen } = linkWith({ kind: 'frames' })
  link.stallDown(1_000_000)
  let isDrained = false
  for (let count = 0; count < 12; count++) link.send(new Uint8Array(100))
  link.whenDrained(() => {
    isDrained = true
  })
  assert.equal(link.bufferedBytes, 1200)
  while (scheduler.step(scheduler.now + 10));
  assert.deepEqual(seen, ['router lost: the client does not read: too many bytes wait for it'])
  assert.equal(isDrained, false)
})

test('what was sent before a close arrives before it', () => {
  for (const closesAtOnce of [true, false]) {
    const { link, scheduler, seen } = linkWith({ closesAtOnce, windowBytes: 1 })
    link.send(new Uint8Array(7))
    link.send(new Uint8Array(8))
    link.close()
    link.send(new Uint8Array(9))
    while (scheduler.step());
    assert.deepEqual(
      seen.filter((line) => line.startsWith('client')),
      ['client got 7', 'client got 8', 'client lost'],
    )
  }
})

const published: Message = { type: MessageType.PUBLISHED, requestId: 1 as RequestId, publicationId: 5 as PublicationId }
const goodbye: Message = { type: MessageType.GOODBYE, details: {}, reason: 'wamp.close.goodbye_and_out' }

test('a turn finds what is missing, what is too much and what is out of order', () => {
  const { link } = linkWith({})
  const turn = (): Turn => {
    const made = new Turn(0, 'a test', undefined)
    made.expect(link, MessageType.PUBLISHED, 'PUBLISHED 1', ({ requestId }) => requestId === 1, { rank: RANK.answer })
    made.expect(link, MessageType.GOODBYE, 'GOODBYE', () => true, { rank: RANK.last })
    return made
  }
  const run = (...messages: Message[]): void => {
    const made = turn()
    for (const message of messages) made.came(link, message, 20)
    made.end(new Set())
  }
  run(published, goodbye)
  assert.throws(() => run(published), /this did not come:\n {4}link 0: GOODBYE/)
  assert.throws(() => run(goodbye, published), /got GOODBYE.* which nothing explains/)
  assert.throws(() => run(published, published, goodbye), /got PUBLISHED.* which nothing explains/)
  assert.throws(() => run({ ...published, requestId: 2 as RequestId }, goodbye), /got PUBLISHED\(2 5\), which nothing explains/)
})

test('stages of a turn come one after the other, and one may build on what the one before told', () => {
  const { link } = linkWith({})
  const turn = new Turn(0, 'a test', undefined)
  let publicationId = 0
  turn.came(link, published, 20)
  turn.came(link, goodbye, 20)
  turn.expect(link, MessageType.PUBLISHED, 'PUBLISHED', () => true, {
    learn: (message) => {
      publicationId = message.publicationId
    },
  })
  turn.nextStage()
  assert.equal(publicationId, 5)
  turn.expect(link, MessageType.GOODBYE, 'GOODBYE', () => true, { rank: RANK.first })
  turn.end(new Set())
})

test('a turn finds a link that is closed without a reason, and one that is not closed', () => {
  const { link } = linkWith({})
  assert.throws(() => new Turn(0, 'a test', undefined).end(new Set([link])), /closed link 0, for which there was no reason/)
  const closing = new Turn(0, 'a test', undefined)
  closing.expectClose(link)
  assert.throws(() => closing.end(new Set()), /had to close link 0 and did not/)
  const event: Message = { type: 36, subscriptionId: 1, publicationId: 2, details: {}, payload: Payload.of() } as Message
  const surprised = new Turn(0, 'a test', undefined)
  surprised.came(link, event, 20)
  assert.throws(() => surprised.end(new Set()), /nothing was expected there/)
})

test('URI-20 the model says what is valid, as the table of the requirements does', () => {
  const table: [string, string][] = [
    ['com.myapp.topic1', '++++++'],
    ['realm1', '++++++'],
    ['com.myapp.', '--++++'],
    ['com..topic', '----++'],
    ['', '--++++'],
    ['.', '----++'],
    ['.com', '----++'],
    ['Com.MyApp', '+-+-+-'],
    ['com.my-app', '+-+-+-'],
    ['com.my app', '------'],
    ['com.my#x', '------'],
    ['a\n', '------'],
  ]
  for (const [uri, expected] of table) {
    const found = (['exact', 'prefix', 'wildcard'] as const).flatMap((match) => [isValid(uri, match, false), isValid(uri, match, true)])
    assert.equal(found.map((is) => (is ? '+' : '-')).join(''), expected, JSON.stringify(uri))
  }
})

test('RPC-118 the model chooses registrations as the table of the requirements does', () => {
  const all: [string, MatchPolicy][] = [
    ['a1.b2.c3.d4.e55', 'exact'],
    ['a1.b2.c3', 'prefix'],
    ['a1.b2.c3.d4', 'prefix'],
    ['a1.b2..d4.e5', 'wildcard'],
    ['a1.b2.c33..e5', 'wildcard'],
    ['a1.b2..d4.e5..g7', 'wildcard'],
    ['a1.b2..d4..f6.g7', 'wildcard'],
  ]
  const registrations = all.map(([uri, match], index) => ({ uri, match, number: index + 1 }))
  const calls: [string, number | undefined][] = [
    ['a1.b2.c3.d4.e55', 1],
    ['a1.b2.c3.d98.e74', 2],
    ['a1.b2.c3.d4.e325', 3],
    ['a1.b2.c55.d4.e5', 4],
    ['a1.b2.c33.d4.e5', 2],
    ['a1.b2.c88.d4.e5.f6.g7', 6],
    ['a2.b2.c2.d2.e2', undefined],
  ]
  for (const [uri, number] of calls) assert.equal(bestOf(registrations, uri)?.number, number, uri)
  assert.equal(matches('com.myapp..userevent', 'wildcard', 'com.myapp.foo.userevent'), true)
  assert.equal(matches('com.myapp..userevent', 'wildcard', 'com.myapp.foo.userevent.bar'), false)
})
