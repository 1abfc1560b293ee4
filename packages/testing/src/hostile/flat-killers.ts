// FlatBuffers frames that readers without a verifier follow out of the frame, or work at without end. Each is refused.

import { flatbuffersSerializer, MessageType } from '@crosspoint/protocol'
import { type Place, placesOf } from './flat-places.ts'
import { encodeList } from './good-talk.ts'

const REFERENCES = 10_000
const LONG_TEXT = 'x'.repeat(20_000)

const publish = [MessageType.PUBLISH, 1, { exclude: [1, 2], exclude_authid: ['peter', LONG_TEXT] }, 'com.topic', [1], { key: 2 }]
const subscribe = [MessageType.SUBSCRIBE, 1, {}, 'com.topic']

/** A valid frame with one place of a kind, the `index`-th, written over. */
function changed(list: readonly unknown[], kind: Place['kind'], index: number, value: number): Uint8Array {
  const frame = Buffer.from(encodeList(flatbuffersSerializer, list))
  const place = placesOf(frame).all.filter((one) => one.kind === kind)[index]!
  if (place.size === 2) frame.writeUInt16LE(value, place.at)
  else if (place.size === 1) frame.writeUInt8(value, place.at)
  else {
    frame.fill(0, place.at, place.at + place.size)
    frame.writeUInt32LE(value, place.at)
  }
  return frame
}

/** A list of texts that are all the same long one: small as a frame, large when each is read. */
function sameText(): Uint8Array {
  const frame = Buffer.from(encodeList(flatbuffersSerializer, publish))
  const { lists } = placesOf(frame)
  const whole = Buffer.concat([frame, Buffer.alloc(-frame.length & 3)])
  const references = Buffer.alloc(4 + 4 * REFERENCES)
  references.writeUInt32LE(REFERENCES)
  const text = Buffer.alloc(4 + LONG_TEXT.length, LONG_TEXT)
  text.writeUInt32LE(LONG_TEXT.length)
  for (let at = 4; at < references.length; at += 4) references.writeUInt32LE(references.length - at, at)
  whole.writeUInt32LE(whole.length - lists[0]!.at, lists[0]!.at)
  return Buffer.concat([whole, references, text])
}

/** Sent within a session; each ends it with ABORT. */
export const FLAT_KILLERS: { readonly [what: string]: Uint8Array } = {
  'no bytes': new Uint8Array(0),
  'three bytes': Uint8Array.of(4, 0, 0),
  'a root outside the frame': Uint8Array.of(0xff, 0xff, 0xff, 0xff),
  'a root that is its own offset': new Uint8Array(4),
  'a root whose list of slots is outside the frame': Uint8Array.of(4, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f),
  'a message type that is none': changed(subscribe, 'number', 0, 255),
  'a message read as another type': changed(subscribe, 'number', 0, MessageType.EVENT),
  'request id 0': changed(subscribe, 'number', 1, 0),
  'an offset beyond the frame': changed(subscribe, 'offset', 1, 0x7fffffff),
  'an offset that wraps': changed(subscribe, 'offset', 1, 0xfffffff0),
  'a list of slots of 64 kB': changed(subscribe, 'sizes', 2, 0xfffe),
  'a list of slots of odd length': changed(subscribe, 'sizes', 2, 7),
  'a table of 64 kB': changed(subscribe, 'sizes', 3, 0xffff),
  'a slot outside its table': changed(subscribe, 'entry', 3, 0xffff),
  'a text of 4 GB': changed(subscribe, 'length', 0, 0xffffffff),
  'a vector whose bytes overflow 32 bits': changed(publish, 'length', 1, 0x20000001),
  'ten thousand times the same text': sameText(),
}
