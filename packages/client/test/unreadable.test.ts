// Answers with a value that this side cannot read: well formed, so they pass every router, and without a form in JavaScript.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type ApplicationError,
  encodeMessage,
  MemoryTransport,
  type Message,
  MessageType,
  Payload,
  type RequestId,
  type SessionId,
  ubjsonSerializer,
} from '@crosspoint/protocol'
import { Client } from '../src/index.ts'
import { rejection, SILENT } from './support/fake-router.ts'
import { settle, VirtualClock } from './support/virtual-clock.ts'

/** A list with a number in decimal that no float holds exactly: "[HU" and its length, the text, "]". */
const UNREADABLE = new TextEncoder().encode('[HU\u000712.5e-9]')
const argument = (error: Error): string => (error as ApplicationError).args[0] as string
const payload = (): Payload => new Payload(1, ubjsonSerializer, UNREADABLE, 0, UNREADABLE.length)

/** A client whose router answers each CALL with what `answers` gives for its request id. */
async function calling(answers: (requestId: RequestId) => Message[]): Promise<Client> {
  const transport = async () => {
    const [ours, theirs] = MemoryTransport.pair()
    const say = (message: Message): void => theirs.send(encodeMessage(ubjsonSerializer, message))
    theirs.onFrame = (bytes) => {
      const message = ubjsonSerializer.decode(bytes)
      if (message.type === MessageType.HELLO) {
        say({ type: MessageType.WELCOME, sessionId: 1 as SessionId, details: { roles: { broker: {}, dealer: {} } } })
      } else if (message.type === MessageType.CALL) for (const answer of answers(message.requestId)) say(answer)
    }
    return { transport: ours, serializer: ubjsonSerializer }
  }
  const client = new Client({ transport, clock: new VirtualClock(), logger: SILENT }) // it does not connect again by itself
  await client.start()
  return client
}

test('SER-25 a RESULT that cannot be read rejects its call, and the session goes on', async () => {
  const client = await calling((requestId) => [
    { type: MessageType.RESULT, requestId, details: {}, payload: requestId === 1 ? payload() : Payload.of(['fine']) },
  ])
  const error = await rejection(client.call('com.example.tiny'))
  assert.equal(error.error, 'wamp.error.invalid_argument')
  assert.match(argument(error), /Cannot read the BJData number 12\.5e-9/)
  assert.equal(await client.call('com.example.fine'), 'fine')
})

test('SER-25 progress that cannot be read rejects its call; what follows is ignored', async () => {
  const client = await calling((requestId) => [
    { type: MessageType.RESULT, requestId, details: { progress: true }, payload: payload() },
    { type: MessageType.RESULT, requestId, details: {}, payload: Payload.of() },
  ])
  const error = await rejection(client.callResult('com.example.tiny', { onProgress: () => assert.fail('nothing could be read') }))
  assert.equal(error.error, 'wamp.error.invalid_argument')
  assert.notEqual(client.session, undefined)
})

test('SER-25 an ERROR and an ABORT whose arguments cannot be read are told all the same', async () => {
  const client = await calling((requestId) => [
    {
      type: MessageType.ERROR,
      requestType: MessageType.CALL,
      requestId,
      details: {},
      error: 'com.example.failed',
      payload: payload(),
    },
    { type: MessageType.ABORT, details: {}, reason: 'wamp.error.canceled', payload: payload() },
  ])
  const error = await rejection(client.call('com.example.tiny'))
  assert.equal(error.error, 'com.example.failed')
  assert.match(argument(error), /Cannot read the BJData number/)
  await settle()
  assert.equal(client.session, undefined)
  await client.stop()
})
