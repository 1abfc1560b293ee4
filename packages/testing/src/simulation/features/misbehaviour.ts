// Clients that break the rules: wrong ids, wrong order, wrong roles, garbage. Whether a message is a violation is for the
// checkers to say (section 4.3 of the requirements); some of these are none.

import {
  cborSerializer,
  type Dict,
  EMPTY_DICT,
  encodeMessage,
  jsonSerializer,
  type Message,
  MessageType,
  msgpackSerializer,
  Payload,
  ProtocolViolation,
  type RequestId,
  type Serializer,
  type SessionId,
} from '@crosspoint/protocol'
import type { Feature, Operation } from '../feature.ts'
import type { RawClient } from '../raw-client.ts'

const PAYLOAD = Payload.of(['broken'])

function broken(name: string, make: (client: RawClient) => Message): Operation {
  return { name, weight: 1, isMisbehaviour: true, run: (client) => client.send(make(client)) }
}

/** The elements of a message in a list that is none, or not that one. */
function garbage(client: RawClient): void {
  const { chance, link } = client
  if (link === undefined) return
  const list = chance.pick<readonly unknown[]>([
    [],
    ['PUBLISH'],
    [999, 1, {}],
    [MessageType.PUBLISH],
    [MessageType.PUBLISH, -1, {}, 'com.hot.a'],
    [MessageType.PUBLISH, 1.5, {}, 'com.hot.a'],
    [MessageType.CALL, client.lastRequestId + 1, { timeout: -1 }, 'com.hot.a'],
    [MessageType.SUBSCRIBE, client.lastRequestId + 1, { match: 'any' }, 'com.hot.a'],
    [MessageType.SUBSCRIBE, client.lastRequestId + 1, {}, 17],
    [MessageType.CANCEL, 1, { mode: 'gently' }],
    [MessageType.UNSUBSCRIBE, client.lastRequestId + 1, 1, {}, 2],
    [MessageType.YIELD, 0, {}],
  ])
  link.sendUp(chance.is(30) ? randomBytes(client) : link.serializer.encodePayload([list]))
}

function randomBytes({ chance }: RawClient): Uint8Array {
  return Uint8Array.from({ length: chance.between(0, 40) }, () => chance.below(256))
}

/** A proper message, cut short or with a byte changed. */
function damaged(client: RawClient): void {
  const { chance, link } = client
  if (link === undefined) return
  const requestId = client.nextId(MessageType.PUBLISH, false)
  const message: Message = { type: MessageType.PUBLISH, requestId, options: EMPTY_DICT, topic: 'com.hot.a', payload: client.payload() }
  const frame = encodeMessage(link.serializer, message)
  if (chance.is(50)) return link.sendUp(frame.slice(0, chance.below(frame.length)))
  const changed = frame.slice()
  changed[chance.below(changed.length)]! ^= 1 << chance.below(8)
  if (isReadable(link.serializer, changed)) link.sendUp(changed)
}

/** Not a message whose payload is well formed and has no form here or in another serializer: who gets it depends on who reads it how. */
function isReadable(serializer: Serializer, frame: Uint8Array): boolean {
  try {
    const message = serializer.decode(frame)
    if ('payload' in message) for (const other of [jsonSerializer, msgpackSerializer, cborSerializer]) message.payload.bytesIn(other)
    return true
  } catch (error) {
    return error instanceof ProtocolViolation
  }
}

const operations: readonly Operation[] = [
  { name: 'garbage', weight: 1, isMisbehaviour: true, run: garbage },
  { name: 'damaged frame', weight: 1, isMisbehaviour: true, run: damaged },
  {
    name: 'garbage for HELLO',
    weight: 1,
    isMisbehaviour: true,
    isOutside: true,
    run: (client) => {
      if (client.state === 'paused') return
      client.connect()
      garbage(client)
    },
  },
  {
    name: 'no HELLO first',
    weight: 5,
    isMisbehaviour: true,
    isOutside: true,
    run: (client) => {
      if (client.state === 'paused') return
      client.connect()
      const requestId = 1 as RequestId
      client.send(
        client.chance.pick<Message>([
          { type: MessageType.GOODBYE, details: EMPTY_DICT, reason: 'wamp.close.normal' },
          { type: MessageType.SUBSCRIBE, requestId, options: EMPTY_DICT, topic: 'com.hot.a' },
          { type: MessageType.AUTHENTICATE, signature: '', extra: EMPTY_DICT },
        ]),
      )
    },
  },
  broken('second HELLO', () => ({ type: MessageType.HELLO, realm: 'realm1', details: { roles: { caller: {} } } })),
  broken('AUTHENTICATE', () => ({ type: MessageType.AUTHENTICATE, signature: '', extra: EMPTY_DICT })),
  broken('WELCOME to the router', () => ({ type: MessageType.WELCOME, sessionId: 1 as SessionId, details: EMPTY_DICT })),
  broken(
    'EVENT to the router',
    () => ({ type: 36, subscriptionId: 1, publicationId: 1, details: EMPTY_DICT, payload: PAYLOAD }) as Message,
  ),
  broken('request id out of order', (client) => ({
    type: client.chance.pick([MessageType.PUBLISH, MessageType.SUBSCRIBE] as const) as typeof MessageType.PUBLISH,
    requestId: client.chance.between(1, client.lastRequestId + 3) as RequestId,
    options: EMPTY_DICT,
    topic: 'com.hot.a',
    payload: PAYLOAD,
  })),
  broken('CALL with an old id', (client) => ({
    type: MessageType.CALL,
    requestId: client.chance.between(1, client.lastRequestId + 2) as RequestId,
    options: EMPTY_DICT,
    procedure: 'com.hot.a',
    payload: PAYLOAD,
  })),
  broken('YIELD for nothing', (client) => yieldFor(client.chance.between(1, 50), EMPTY_DICT)),
  broken('progressive YIELD for nothing', (client) => yieldFor(client.chance.between(1, 50), { progress: true })),
  broken('ERROR for nothing', (client) => errorFor(client.chance.between(1, 50), MessageType.INVOCATION, 'com.hot.error')),
  broken('ERROR with a wrong type', (client) => errorFor(client.chance.between(1, 50), MessageType.PUBLISH, 'com.hot.error')),
  broken('ERROR with a wrong URI', (client) => errorFor(client.chance.between(1, 50), MessageType.INVOCATION, 'not a uri')),
  broken('GOODBYE with a wrong reason', () => ({ type: MessageType.GOODBYE, details: EMPTY_DICT, reason: '..' })),
  broken('REGISTER without regard to roles', (client) => ({
    type: MessageType.REGISTER,
    requestId: client.nextId(MessageType.REGISTER),
    options: EMPTY_DICT,
    procedure: 'com.hot.b',
  })),
]

function yieldFor(requestId: number, options: Dict): Message {
  return { type: MessageType.YIELD, requestId: requestId as RequestId, options, payload: PAYLOAD }
}
function errorFor(requestId: number, requestType: number, error: string): Message {
  return { type: MessageType.ERROR, requestType, requestId: requestId as RequestId, details: EMPTY_DICT, error, payload: PAYLOAD }
}

export const misbehaviour: Feature = { name: 'misbehaviour', operations }
