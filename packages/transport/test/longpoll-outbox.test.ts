import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cborSerializer, jsonSerializer } from '@crosspoint/protocol'
import { ByteSink } from '@crosspoint/protocol/internal'
import { LongPollOutbox } from '../src/longpoll-outbox.ts'

function outboxOf(serializer: typeof jsonSerializer, isBatched: boolean): { outbox: LongPollOutbox; put: (message: string) => void } {
  const outbox = new LongPollOutbox({ name: '', serializer, isBatched }, () => {})
  const put = (message: string): void => {
    const bytes = Buffer.from(message)
    outbox.queue.append(new ByteSink(1), { bytes, start: 0, end: bytes.length }, new Uint8Array(0))
  }
  return { outbox, put }
}
const textOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('latin1')

for (const isBatched of [false, true]) {
  test(`what was given out ${isBatched ? 'as a batch' : 'alone'} stays as it is, whatever is queued after it`, () => {
    const { outbox, put } = outboxOf(jsonSerializer, isBatched)
    put('["first"]')
    const first = outbox.take()
    const before = textOf(first)
    for (let count = 0; count < 100; count++) {
      put('["later"]')
      outbox.take()
    }
    assert.equal(textOf(first), before)
    assert.match(before, /^\["first"\]/)
  })
}

test('TRN-32 alone: one message at a time, over chunks that are packed meanwhile, counted to the last byte', () => {
  const { outbox, put } = outboxOf(cborSerializer, false)
  const messages = Array.from({ length: 50 }, (_, id) => `${id}`.repeat(1 + id * 20))
  const got: string[] = []
  for (const [id, message] of messages.entries()) {
    put(message)
    if (id % 7 === 3) outbox.hold()
    if (id % 5 === 4) got.push(textOf(outbox.take()))
  }
  outbox.close()
  put('after the end')
  while (!outbox.isEmpty) {
    const before = outbox.bytes
    const message = outbox.take()!
    assert.equal(before - outbox.bytes, message.length + 4)
    got.push(textOf(message))
  }
  assert.deepEqual(got, messages)
  assert.deepEqual([outbox.bytes, outbox.take()], [0, undefined])
})

test('TRN-32 batched: all that waits', () => {
  const { outbox, put } = outboxOf(cborSerializer, true)
  assert.equal(outbox.take(), undefined)
  put('one')
  put('three')
  assert.equal(textOf(outbox.take()), '\0\0\0\x03one\0\0\0\x05three')
  assert.equal(outbox.bytes, 0)
  put('dropped')
  outbox.drop()
  assert.deepEqual([outbox.bytes, outbox.take()], [0, undefined])
})
