// Makes one mutated frame out of valid ones. Chance alone decides, so a seed and a number name a frame.

import type { SeededRandom } from '../conformance/seeded-random.ts'
import type { Format, Frames } from './corpus.ts'
import { pick } from './draw.ts'

export class Mutator {
  readonly #random: SeededRandom
  readonly #frames: Frames
  readonly #marks: readonly Uint8Array[]

  /** Frames of `format` whose requests carry `requestId`. */
  constructor(random: SeededRandom, format: Format, requestId: number) {
    this.#random = random
    this.#frames = format.frames(requestId)
    this.#marks = format.marks
  }

  /** The next frame. One in sixteen is left as it is: what follows a legal message is also of interest. */
  next(): Uint8Array {
    const random = this.#random
    const kind = random.below(16)
    if (kind === 0) return pick(random, this.#frames.valid)
    if (kind < 8) return this.#frames.altered(random)
    return this.#bytes(kind < 15 ? pick(random, this.#frames.valid) : this.#frames.altered(random))
  }

  /** Changes bytes in one to three places. */
  #bytes(frame: Uint8Array): Uint8Array {
    let bytes = frame
    for (let times = 1 + this.#random.below(3); times > 0 && bytes.length > 0; times--) bytes = this.#change(bytes)
    return bytes
  }

  #change(bytes: Uint8Array): Uint8Array {
    const random = this.#random
    const at = random.below(bytes.length)
    const changed = Buffer.from(bytes)
    switch (random.below(8)) {
      case 0:
      case 1:
        changed[at]! ^= 1 << random.below(8)
        return changed
      case 2:
        changed[at] = random.below(256)
        return changed
      case 3:
        return changed.subarray(0, at)
      case 4: {
        const mark = pick(random, this.#marks)
        return Buffer.concat([changed.subarray(0, at), mark, changed.subarray(at)])
      }
      case 5: {
        const mark = pick(random, this.#marks)
        return Buffer.concat([changed.subarray(0, at), mark, changed.subarray(at + mark.length)])
      }
      case 6: {
        // The beginning of one and the end of another.
        const other = pick(random, this.#frames.valid)
        return Buffer.concat([changed.subarray(0, at), other.subarray(random.below(other.length))])
      }
      default: {
        const length = 1 + random.below(12)
        const part = changed.subarray(at, at + length)
        return Buffer.concat([changed.subarray(0, at), part, changed.subarray(at)])
      }
    }
  }
}
