import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cborSerializer, MessageType, Payload, type RequestId } from '@crosspoint/protocol'
import { keptPayload } from '../src/kept-payload.ts'
import { World } from './support.ts'

test('values become bytes, bytes are copied, and what has no form as bytes stays', () => {
  const values = keptPayload(Payload.of(['x'.repeat(100)]))
  assert.equal(values.serializer, cborSerializer)
  assert.ok(values.end - values.start > 100)
  const buffer = cborSerializer.encodePayload([[1]]).slice()
  const bytes = new Payload(1, cborSerializer, buffer, 0, buffer.length)
  assert.notEqual(keptPayload(bytes).bytes, buffer)
  assert.deepEqual(keptPayload(bytes).read(), bytes.read())
  const beyond = Payload.of([2n ** 5000n])
  assert.equal(keptPayload(beyond), beyond)
})

test('PUB-51 retainedBytesMax holds for what components in the process publish, too', () => {
  const world = new World({ limits: { retainedBytesMax: 1_000 } })
  const peer = world.router.attachLocal()
  peer.send({ type: MessageType.HELLO, realm: 'realm1', details: { roles: { publisher: {} } } })
  for (const [index, topic] of ['a.small', 'a.large'].entries()) {
    const payload = Payload.of(['x'.repeat(index * 2_000)])
    peer.send({ type: MessageType.PUBLISH, requestId: (index + 1) as RequestId, options: { retain: true }, topic, payload })
  }
  const client = world.join()
  for (const topic of ['a.small', 'a.large']) client.request(32, { get_retained: true }, topic)
  assert.deepEqual(
    client
      .take()
      .filter(([type]) => type === 36)
      .map((event) => event[1]),
    [1],
  )
})
