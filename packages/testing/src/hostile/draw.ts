// Draws by chance: from lists, from elements that may be large, and from messages by how far they get.

import { layoutOf } from '@crosspoint/protocol/internal'
import type { SeededRandom } from '../conformance/seeded-random.ts'

// A frame with a nasty element of this size or more costs as much as a hundred others: few of them are enough.
const LARGE_BYTES = 2_000
const LARGE_ONE_IN = 50

export function pick<Item>(random: SeededRandom, items: readonly Item[]): Item {
  return items[random.below(items.length)]!
}

/** One of `nasty`, seldom a large one. */
export function pickNasty(random: SeededRandom, nasty: readonly Uint8Array[]): Uint8Array {
  for (;;) {
    const element = pick(random, nasty)
    if (element.length < LARGE_BYTES || random.below(LARGE_ONE_IN) === 0) return element
  }
}

/** The messages, those that clients send three times: they get further than the first look. */
export function byUse(messages: readonly (readonly unknown[])[]): (readonly unknown[])[] {
  return messages.flatMap((list) => (layoutOf(list[0] as number)!.from === 'router' ? [list] : [list, list, list]))
}
