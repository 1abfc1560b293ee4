// Frames of the formats that write a message as a list, kept as the bytes of their elements, so that any other element can be
// put in the place of one without knowing the format.

import type { Serializer } from '@crosspoint/protocol'
import { MESSAGE_LAYOUTS } from '@crosspoint/protocol/internal'
import type { SeededRandom } from '../conformance/seeded-random.ts'
import { byUse, pick, pickNasty } from './draw.ts'

export interface ListShape {
  readonly serializer: Serializer
  /** A frame from the bytes of its elements. */
  readonly assemble: (elements: readonly Uint8Array[]) => Uint8Array
  /** A dictionary with one key, from the bytes of its value. */
  readonly dict: (key: string, value: Uint8Array) => Uint8Array
  /** Elements that are malformed, or well formed and seldom thought of. */
  readonly nasty: readonly Uint8Array[]
}

/** The names of all known options: with a wrong value under such a name a message gets past the layout. */
const OPTION_NAMES = [...new Set(MESSAGE_LAYOUTS.flatMap((layout) => [...layout.options.keys()])), 'roles', 'authmethods']

export class ListFrames {
  readonly valid: readonly Uint8Array[]
  readonly #shape: ListShape
  readonly #messages: readonly (readonly Uint8Array[])[]

  constructor(shape: ListShape, messages: readonly (readonly unknown[])[]) {
    this.#shape = shape
    this.#messages = byUse(messages).map((list) => list.map((element) => shape.serializer.encodePayload([element])))
    this.valid = this.#messages.map(shape.assemble)
  }

  /** A frame with an element exchanged, dropped, added or doubled. */
  altered(random: SeededRandom): Uint8Array {
    const { assemble, dict, nasty } = this.#shape
    const elements = [...pick(random, this.#messages)]
    const at = random.below(elements.length)
    switch (random.below(7)) {
      case 0:
        elements.splice(at, 1)
        break
      case 1:
        elements.splice(at, 0, elements[at]!)
        break
      case 2:
        elements.push(pickNasty(random, nasty))
        break
      case 3:
        elements[at] = pick(random, pick(random, this.#messages)) // what is right elsewhere
        break
      case 4:
        elements[at] = dict(pick(random, OPTION_NAMES), pickNasty(random, nasty))
        break
      default:
        elements[at] = pickNasty(random, nasty)
    }
    return assemble(elements)
  }
}
