// Valid frames of every message in every serializer, kept as the bytes of their elements, so that a mutation can put any
// other element in the place of one without knowing the format.

import {
  cborSerializer,
  jsonSerializer,
  MessageType,
  msgpackSerializer,
  plainUbjsonSerializer,
  type Serializer,
  ubjsonSerializer,
} from '@crosspoint/protocol'
import { layoutOf } from '@crosspoint/protocol/internal'
import { nastyCbor, nastyJson, nastyMsgpack } from './nasty.ts'
import { nastyUbjson, ubjsonMarks } from './nasty-ubjson.ts'

export interface Format {
  readonly serializer: Serializer
  /** A frame from the bytes of its elements. */
  readonly assemble: (elements: readonly Uint8Array[]) => Uint8Array
  /** A dictionary with one key, from the bytes of its value. */
  readonly dict: (key: string, value: Uint8Array) => Uint8Array
  /** Elements that are malformed, or well formed and seldom thought of. */
  readonly nasty: readonly Uint8Array[]
  /** Bytes that mean something in this format: lengths that lie, types, brackets. */
  readonly marks: readonly Uint8Array[]
}

const bytes = (...values: readonly number[]): Uint8Array => new Uint8Array(values)
const comma = bytes(44)

/** The head of a list or map of `count` items in MessagePack (`fix` 0x90 or 0x80) or CBOR (0x80 or 0xa0). */
function counted(fix: number, count: number): Uint8Array {
  if (count > 15) throw new RangeError(`A frame of the corpus has at most 15 elements, not ${count}`)
  return bytes(fix | count)
}

/** Both dialects write containers without counts with the same brackets. */
function ubjson(serializer: Serializer): Format {
  return {
    serializer,
    assemble: (elements) => Buffer.concat([bytes(91), ...elements, bytes(93)]),
    dict: (key, value) => Buffer.concat([bytes(123, 85, key.length), Buffer.from(key), value, bytes(125)]),
    nasty: nastyUbjson,
    marks: ubjsonMarks,
  }
}

export const FORMATS: readonly Format[] = [
  {
    serializer: jsonSerializer,
    assemble: (elements) =>
      Buffer.concat([bytes(91), ...elements.flatMap((element, index) => (index === 0 ? [element] : [comma, element])), bytes(93)]),
    dict: (key, value) => Buffer.concat([Buffer.from(`{${JSON.stringify(key)}:`), value, bytes(125)]),
    nasty: nastyJson,
    marks: ['"', '\\', '[', ']', '{', '}', ',', ':', '\\u0000', '\\ud800', '\u0000', 'e999', '-', '.', '\ufeff', '/**/'].map((text) =>
      Buffer.from(text),
    ),
  },
  {
    serializer: msgpackSerializer,
    assemble: (elements) => Buffer.concat([counted(0x90, elements.length), ...elements]),
    dict: (key, value) => Buffer.concat([counted(0x80, 1), msgpackSerializer.encodePayload([key]), value]),
    nasty: nastyMsgpack,
    marks: [
      bytes(0xdd, 0xff, 0xff, 0xff, 0xff),
      bytes(0xdf, 0xff, 0xff, 0xff, 0xff),
      bytes(0xdb, 0x7f, 0xff, 0xff, 0xff),
      bytes(0xc6, 0xff, 0xff, 0xff, 0xff),
      bytes(0xc9, 0xff, 0xff, 0xff, 0xff, 1),
      bytes(0xc1),
      bytes(0xcf),
      bytes(0xd9, 0xff),
      bytes(0xdc, 0, 0),
    ],
  },
  {
    serializer: cborSerializer,
    assemble: (elements) => Buffer.concat([counted(0x80, elements.length), ...elements]),
    dict: (key, value) => Buffer.concat([counted(0xa0, 1), cborSerializer.encodePayload([key]), value]),
    nasty: nastyCbor,
    marks: [
      bytes(0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
      bytes(0xbb, 0, 0, 0, 1, 0, 0, 0, 0),
      bytes(0x7b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff),
      bytes(0x5a, 0xff, 0xff, 0xff, 0xff),
      bytes(0x9f),
      bytes(0xbf),
      bytes(0x7f),
      bytes(0x5f),
      bytes(0xff),
      bytes(0xc6),
      bytes(0x1f),
    ],
  },
  ubjson(ubjsonSerializer),
  ubjson(plainUbjsonSerializer),
]

/** Those that can be offered side by side: the dialects of UBJSON share a name. */
export const OFFERED_FORMATS: readonly Format[] = FORMATS.filter(({ serializer }) => serializer !== plainUbjsonSerializer)

/** One valid message of each kind and of each common use, as lists; requests carry `requestId`. */
export function validMessages(requestId: number): unknown[][] {
  const t = MessageType
  const roles = { caller: {}, callee: {}, publisher: { features: { publisher_exclusion: true } }, subscriber: {} }
  const args = [1, 'zwei', [true, null], { drei: 3.5 }, 2 ** 40, -7]
  return [
    [t.HELLO, 'realm1', { roles, agent: 'corpus' }],
    [t.WELCOME, 1, { roles: { broker: {}, dealer: {} } }],
    [t.ABORT, { message: 'no more' }, 'wamp.error.protocol_violation', args],
    [t.CHALLENGE, 'ticket', {}],
    [t.AUTHENTICATE, 'signature', {}],
    [t.GOODBYE, {}, 'wamp.close.close_realm'],
    [t.ERROR, t.INVOCATION, 1, {}, 'com.fuzz.error.refused', args, { why: 'so' }],
    [t.PUBLISH, requestId, {}, 'com.fuzz.topic'],
    [t.PUBLISH, requestId, { acknowledge: true, exclude_me: false }, 'com.fuzz.topic', args, { key: 'value' }],
    [t.PUBLISH, requestId, { exclude: [1, 2], eligible_authrole: ['anonymous'], disclose_me: true }, 'com.fuzz.other.topic', args],
    [t.PUBLISHED, 1, 2],
    [t.SUBSCRIBE, requestId, {}, 'com.fuzz.topic'],
    [t.SUBSCRIBE, requestId, { match: 'prefix' }, 'com.fuzz'],
    [t.SUBSCRIBE, requestId, { match: 'wildcard' }, 'com..topic'],
    [t.SUBSCRIBED, 1, 2],
    [t.UNSUBSCRIBE, requestId, 1],
    [t.UNSUBSCRIBED, 1],
    [t.UNSUBSCRIBED, 0, { subscription: 1, reason: 'com.fuzz.reason' }],
    [t.EVENT, 1, 2, {}, args],
    [t.CALL, requestId, {}, 'com.fuzz.echo', args],
    [t.CALL, requestId, { timeout: 5, receive_progress: true }, 'com.fuzz.echo', args, { key: [1, 2, 3] }],
    [t.CALL, requestId, { disclose_me: true }, 'com.fuzz.nobody'],
    [t.CANCEL, 1, { mode: 'kill' }],
    [t.RESULT, 1, {}, args],
    [t.REGISTER, requestId, {}, 'com.fuzz.own'],
    [t.REGISTER, requestId, { match: 'wildcard', invoke: 'roundrobin' }, 'com.fuzz..deep'],
    [t.REGISTERED, 1, 2],
    [t.UNREGISTER, requestId, 1],
    [t.UNREGISTERED, 1],
    [t.UNREGISTERED, 0, { registration: 1, reason: 'com.fuzz.reason' }],
    [t.INVOCATION, 1, 2, {}, args],
    [t.INTERRUPT, 1, { mode: 'kill' }],
    [t.YIELD, 1, {}, args, { key: 'value' }],
    [t.YIELD, 1, { progress: true }, args],
  ]
}

/** The valid messages as the bytes of their elements; those that clients send three times, as they get further. */
export function corpusOf(format: Format, requestId: number): Uint8Array[][] {
  const lists = validMessages(requestId).flatMap((list) => (layoutOf(list[0] as number)!.from === 'router' ? [list] : [list, list, list]))
  return lists.map((list) => list.map((element) => format.serializer.encodePayload([element])))
}
