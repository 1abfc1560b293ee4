// What every Transport must do, whoever wrote it. A test file opens pairs of linked ends and gets one test per rule:
//
//   transportSuite('my transport', async () => ({ ends: [one, other] }))

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonSerializer, type Message, MessageType, type Transport } from '@crosspoint/protocol'
import { RemotePeer } from '@crosspoint/protocol/internal'
import { Router } from '@crosspoint/router'
import { SeededRandom } from './conformance/seeded-random.ts'
import { VirtualClock } from './conformance/virtual-clock.ts'
import { EDGE_RULES } from './transport-edge-rules.ts'

const GUARD_MS = 5_000

export interface TransportPair {
  /** What one sends the other receives. Frames are JSON. */
  readonly ends: readonly [Transport, Transport]
  /** Frees what the pair stands on, such as a listener; called when a test is over. */
  readonly close?: (() => Promise<void> | void) | undefined
}

/** One end, with all that happened to it. */
export class End {
  readonly transport: Transport
  readonly frames: string[] = []
  readonly ends: string[] = []
  #look: () => void = () => {}

  constructor(transport: Transport) {
    this.transport = transport
    transport.onFrame = (bytes, start = 0, end = bytes.length) => {
      this.frames.push(Buffer.from(bytes.subarray(start, end)).toString())
      this.#look()
    }
    transport.onClose = (reason) => {
      this.ends.push(reason)
      this.#look()
    }
  }

  until(what: string, holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const guard = setTimeout(
        () => reject(new Error(`Waited ${GUARD_MS} ms in vain for ${what}; received ${this.frames.length} frames`)),
        GUARD_MS,
      )
      this.#look = () => {
        if (!holds()) return
        clearTimeout(guard)
        resolve()
      }
      this.#look()
    })
  }
}

const text = (frame: string): Uint8Array => new TextEncoder().encode(frame)

export type Rule = (one: End, other: End) => Promise<void>

const RULES: readonly (readonly [title: string, rule: Rule])[] = [
  [
    'frames arrive whole and in order',
    async (one, other) => {
      const frames = [1, 2, 100, 125, 126, 4_096, 40_000].map((length) => `"${'x'.repeat(length)}"`)
      for (const frame of frames) one.transport.send(text(frame))
      await other.until('all frames', () => other.frames.length === frames.length)
      assert.deepEqual(other.frames, frames)
      assert.deepEqual(one.frames, [])
    },
  ],
  [
    'a thousand frames at once, both ways at the same time',
    async (one, other) => {
      const frames = Array.from({ length: 1_000 }, (_, at) => `[${at}]`)
      for (const frame of frames) {
        one.transport.send(text(frame))
        other.transport.send(text(frame))
      }
      await other.until('all frames', () => other.frames.length === 1_000)
      await one.until('all frames', () => one.frames.length === 1_000)
      assert.deepEqual([one.frames, other.frames], [frames, frames])
    },
  ],
  [
    'while paused nothing is handed on, and nothing is lost',
    async (one, other) => {
      const onFrame = other.transport.onFrame
      other.transport.onFrame = (bytes, start, end) => {
        onFrame(bytes, start, end)
        if (other.frames.length === 2) other.transport.pause()
      }
      for (let at = 1; at <= 5; at++) one.transport.send(text(`[${at}]`))
      await other.until('the first two frames', () => other.frames.length === 2)
      // What the other direction brings shows that time has gone by.
      other.transport.send(text('["meanwhile"]'))
      await one.until('the answer', () => one.frames.length === 1)
      assert.equal(other.frames.length, 2)
      other.transport.onFrame = onFrame
      other.transport.resume()
      await other.until('the rest', () => other.frames.length === 5)
      assert.deepEqual(other.frames, ['[1]', '[2]', '[3]', '[4]', '[5]'])
    },
  ],
  [
    'close lets what was sent before arrive, and both sides are told once',
    async (one, other) => {
      one.transport.send(text('["last"]'))
      one.transport.close('wamp.close.normal')
      await other.until('the end', () => other.ends.length === 1)
      await one.until('the end', () => one.ends.length === 1)
      one.transport.close()
      other.transport.close()
      await new Promise((resolve) => setImmediate(resolve))
      assert.deepEqual(other.frames, ['["last"]'])
      assert.deepEqual([one.ends.length, other.ends.length], [1, 1])
      assert.equal(typeof other.ends[0], 'string')
    },
  ],
  [
    'after close, send does nothing',
    async (one, other) => {
      one.transport.close()
      one.transport.send(text('["late"]'))
      await other.until('the end', () => other.ends.length === 1)
      other.transport.send(text('["late"]'))
      await one.until('the end', () => one.ends.length === 1)
      assert.deepEqual([one.frames, other.frames], [[], []])
    },
  ],
  [
    'what waits is counted in bytes, and none are left in the end',
    async (one, other) => {
      one.transport.send(text('[1]'))
      assert.ok(one.transport.bufferedBytes >= 0)
      await other.until('the frame', () => other.frames.length === 1)
      other.transport.send(text('[2]'))
      await one.until('the answer', () => one.frames.length === 1)
      assert.equal(one.transport.bufferedBytes, 0)
    },
  ],
  [
    'a session from HELLO to GOODBYE',
    async (one, other) => {
      const router = new Router({ clock: new VirtualClock(), random: new SeededRandom(1), realms: [{ name: 'realm1' }] })
      router.attach(other.transport, jsonSerializer)
      const peer = new RemotePeer(one.transport, jsonSerializer)
      const received: Message[] = []
      const next = (): Promise<Message> => new Promise((resolve) => (peer.onMessage = resolve))
      const closed = new Promise<void>((resolve) => (peer.onClose = () => resolve()))
      let arrived = next()
      peer.send({ type: MessageType.HELLO, realm: 'realm1', details: { roles: { subscriber: {} } } })
      received.push(await arrived)
      arrived = next()
      peer.send({ type: MessageType.GOODBYE, details: {}, reason: 'wamp.close.close_realm' })
      received.push(await arrived)
      assert.deepEqual(
        received.map((message) => message.type),
        [MessageType.WELCOME, MessageType.GOODBYE],
      )
      await closed
      assert.equal(router.sessionCount, 0)
    },
  ],
]

/** Adds the tests of the suite, in both directions; `open` makes a new pair of linked ends for each. */
export function transportSuite(name: string, open: () => Promise<TransportPair>): void {
  for (const [title, rule] of [...RULES, ...EDGE_RULES]) {
    for (const direction of ['there', 'back']) {
      test(`TRN-02 ${name}: ${title} (${direction})`, async () => {
        const { ends, close } = await open()
        const [one, other] = ends.map((transport) => new End(transport)) as [End, End]
        try {
          await (direction === 'there' ? rule(one, other) : rule(other, one))
        } finally {
          one.transport.close()
          other.transport.close()
          await close?.()
        }
      })
    }
  }
}
