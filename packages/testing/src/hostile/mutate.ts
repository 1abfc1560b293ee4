// Makes one mutated frame out of valid ones. Chance alone decides, so a seed and a number name a frame.

import { MESSAGE_LAYOUTS } from '@crosspoint/protocol/internal'
import type { SeededRandom } from '../conformance/seeded-random.ts'
import type { Format } from './corpus.ts'

/** The names of all known options: with a wrong value under such a name a message gets past the layout. */
const OPTION_NAMES = [...new Set(MESSAGE_LAYOUTS.flatMap((layout) => [...layout.options.keys()])), 'roles', 'authmethods']
// A frame with a nasty element of this size or more costs as much as a hundred others: few of them are enough.
const LARGE_BYTES = 2_000
const LARGE_ONE_IN = 50

export class Mutator {
  readonly #random: SeededRandom
  readonly #format: Format
  readonly #corpus: readonly (readonly Uint8Array[])[]

  constructor(random: SeededRandom, format: Format, corpus: readonly (readonly Uint8Array[])[]) {
    this.#random = random
    this.#format = format
    this.#corpus = corpus
  }

  /** The next frame. One in sixteen is left as it is: what follows a legal message is also of interest. */
  next(): Uint8Array {
    const kind = this.#random.below(16)
    if (kind === 0) return this.#format.assemble(this.#pick(this.#corpus))
    if (kind < 8) return this.#format.assemble(this.#elements())
    if (kind < 15) return this.#bytes(this.#format.assemble(this.#pick(this.#corpus)))
    return this.#bytes(this.#format.assemble(this.#elements()))
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#random.below(items.length)]!
  }

  #nasty(): Uint8Array {
    for (;;) {
      const element = this.#pick(this.#format.nasty)
      if (element.length < LARGE_BYTES || this.#random.below(LARGE_ONE_IN) === 0) return element
    }
  }

  /** A frame with an element exchanged, dropped, added or doubled. */
  #elements(): Uint8Array[] {
    const elements = [...this.#pick(this.#corpus)]
    const at = this.#random.below(elements.length)
    switch (this.#random.below(7)) {
      case 0:
        elements.splice(at, 1)
        break
      case 1:
        elements.splice(at, 0, elements[at]!)
        break
      case 2:
        elements.push(this.#nasty())
        break
      case 3:
        elements[at] = this.#pick(this.#pick(this.#corpus)) // what is right elsewhere
        break
      case 4:
        elements[at] = this.#format.dict(this.#pick(OPTION_NAMES), this.#nasty())
        break
      default:
        elements[at] = this.#nasty()
    }
    return elements
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
        const mark = this.#pick(this.#format.marks)
        return Buffer.concat([changed.subarray(0, at), mark, changed.subarray(at)])
      }
      case 5: {
        const mark = this.#pick(this.#format.marks)
        return Buffer.concat([changed.subarray(0, at), mark, changed.subarray(at + mark.length)])
      }
      case 6: {
        // The beginning of one and the end of another.
        const other = this.#format.assemble(this.#pick(this.#corpus))
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
