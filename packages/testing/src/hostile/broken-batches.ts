// Batches that are none: separators and lengths that are missing, wrong or too many. In front of the fault stands a message
// that is in order, and is carried out and answered (SER-22).

import type { Serializer } from '@crosspoint/protocol'
import { joinBatch } from '@crosspoint/protocol/internal'
import type { SeededRandom } from '../conformance/seeded-random.ts'
import { pick } from './draw.ts'

export interface BrokenBatch {
  readonly name: string
  readonly body: Uint8Array
  /** An empty batch ends the transport without ABORT (SER-20). */
  readonly isEmpty: boolean
}

const SEPARATOR = 0x1e

type Make = (random: SeededRandom, message: Uint8Array) => Uint8Array

const length = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** What follows the good message, by what is wrong with it; `message` is a valid one. */
const TEXT: { readonly [name: string]: Make } = {
  'no separator behind the last': (_random, message) => message,
  'a separator in front': (_random, message) => Buffer.concat([Buffer.of(SEPARATOR), message, Buffer.of(SEPARATOR)]),
  'separators alone': (random) => Buffer.alloc(1 + random.below(5000), SEPARATOR),
  'another separator': (random, message) => Buffer.concat([message, Buffer.of(pick(random, [0x1f, 0x1d, 0x0a, 0x00, 0x2c, 0xff]))]),
  'a separator within a message': (random, message) => {
    const at = 1 + random.below(message.length - 1)
    const parts = [message.subarray(0, at), Buffer.of(SEPARATOR), message.subarray(at), Buffer.of(SEPARATOR)]
    return Buffer.concat(parts)
  },
  'lengths as in binary batches': (_random, message) => Buffer.concat([length(message.length), message]),
  'two messages in one': (_random, message) => Buffer.concat([message, message, Buffer.of(SEPARATOR)]),
}

const BINARY: { readonly [name: string]: Make } = {
  'a length beyond the batch': (random, message) => Buffer.concat([length(message.length + 1 + random.below(100)), message]),
  'a length of 4 GB': (_random, message) => Buffer.concat([length(0xffffffff), message]),
  'a length of 2 GB': (_random, message) => Buffer.concat([length(0x80000000), message]),
  'a length of nothing': (_random, message) => Buffer.concat([length(0), length(message.length), message]),
  'lengths of nothing': (random) => Buffer.alloc(4 * (1 + random.below(2000))),
  'a length that is too short': (random, message) => Buffer.concat([length(1 + random.below(message.length - 1)), message]),
  'a length with the low byte first': (_random, message) => Buffer.concat([length(message.length).reverse(), message]),
  'less than a length': (random) => length(0).subarray(0, 1 + random.below(3)),
  'no length at all': (_random, message) => message,
  'two messages of one length': (_random, message) => Buffer.concat([length(2 * message.length), message, message]),
}

/** A batch that is wrong in one known way, behind `good`, which is carried out. */
export function brokenBatch(random: SeededRandom, serializer: Serializer, good: Uint8Array, message: Uint8Array): BrokenBatch {
  if (random.below(12) === 0) return { name: 'an empty batch', body: new Uint8Array(0), isEmpty: true }
  const makers = serializer.isBinary ? BINARY : TEXT
  const name = pick(random, Object.keys(makers))
  const body = Buffer.concat([joinBatch([good], serializer.isBinary), makers[name]!(random, message)])
  return { name: `a batch with ${name}`, body, isEmpty: false }
}
