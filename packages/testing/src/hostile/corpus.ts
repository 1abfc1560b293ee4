// Valid frames of every message, and for each format its own way to alter them: lists (list-frames.ts) and FlatBuffers
// (flat-frames.ts).

import {
  cborSerializer,
  flatbuffersSerializer,
  jsonSerializer,
  MessageType,
  msgpackSerializer,
  plainUbjsonSerializer,
  type Serializer,
  ubjsonSerializer,
} from '@crosspoint/protocol'
import type { SeededRandom } from '../conformance/seeded-random.ts'
import { FlatFrames, flatMarks } from './flat-frames.ts'
import { ListFrames, type ListShape } from './list-frames.ts'
import { nastyCbor, nastyJson, nastyMsgpack } from './nasty.ts'
import { nastyUbjson, ubjsonMarks } from './nasty-ubjson.ts'

/** What frames are drawn from. Chance decides, so that a seed and a number name a frame. */
export interface Frames {
  /** Every valid frame, those that clients send three times, as they get further. */
  readonly valid: readonly Uint8Array[]
  /** A frame whose structure was altered where the format has one: elements, offsets, slots. */
  altered(random: SeededRandom): Uint8Array
}

export interface Format {
  readonly serializer: Serializer
  /** Frames whose requests carry `requestId`. */
  readonly frames: (requestId: number) => Frames
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

function listFormat(shape: ListShape, marks: readonly Uint8Array[]): Format {
  return { serializer: shape.serializer, frames: (requestId) => new ListFrames(shape, validMessages(requestId)), marks }
}

/** Both dialects write containers without counts with the same brackets. */
function ubjson(serializer: Serializer): Format {
  const shape: ListShape = {
    serializer,
    assemble: (elements) => Buffer.concat([bytes(91), ...elements, bytes(93)]),
    dict: (key, value) => Buffer.concat([bytes(123, 85, key.length), Buffer.from(key), value, bytes(125)]),
    nasty: nastyUbjson,
  }
  return listFormat(shape, ubjsonMarks)
}

export const FORMATS: readonly Format[] = [
  listFormat(
    {
      serializer: jsonSerializer,
      assemble: (elements) =>
        Buffer.concat([bytes(91), ...elements.flatMap((element, index) => (index === 0 ? [element] : [comma, element])), bytes(93)]),
      dict: (key, value) => Buffer.concat([Buffer.from(`{${JSON.stringify(key)}:`), value, bytes(125)]),
      nasty: nastyJson,
    },
    ['"', '\\', '[', ']', '{', '}', ',', ':', '\\u0000', '\\ud800', '\u0000', 'e999', '-', '.', '\ufeff', '/**/'].map((text) =>
      Buffer.from(text),
    ),
  ),
  listFormat(
    {
      serializer: msgpackSerializer,
      assemble: (elements) => Buffer.concat([counted(0x90, elements.length), ...elements]),
      dict: (key, value) => Buffer.concat([counted(0x80, 1), msgpackSerializer.encodePayload([key]), value]),
      nasty: nastyMsgpack,
    },
    [
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
  ),
  listFormat(
    {
      serializer: cborSerializer,
      assemble: (elements) => Buffer.concat([counted(0x80, elements.length), ...elements]),
      dict: (key, value) => Buffer.concat([counted(0xa0, 1), cborSerializer.encodePayload([key]), value]),
      nasty: nastyCbor,
    },
    [
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
  ),
  ubjson(ubjsonSerializer),
  ubjson(plainUbjsonSerializer),
  {
    serializer: flatbuffersSerializer,
    frames: (requestId) => new FlatFrames(validMessages(requestId)),
    marks: flatMarks,
  },
]

/** Those that can be offered side by side: the two dialects of UBJSON share a name, so `seed` chooses one. */
export function offeredFormats(seed: number): readonly Format[] {
  const other = seed % 2 === 0 ? plainUbjsonSerializer : ubjsonSerializer
  return FORMATS.filter(({ serializer }) => serializer !== other)
}

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
