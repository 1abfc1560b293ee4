// Draws of the world. Every draw comes from the seed, so the same seed draws the same.

import { SeededRandom } from '../conformance/seeded-random.ts'

export class Chance extends SeededRandom {
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  /** True in `percent` of 100 draws. */
  is(percent: number): boolean {
    return this.below(100) < percent
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!
  }

  /** One of `items`, each as often as its weight says; `undefined` when all weights are 0. */
  weighted<Item>(items: readonly Item[], weightOf: (item: Item) => number): Item | undefined {
    let total = 0
    for (const item of items) total += weightOf(item)
    if (total === 0) return undefined
    let at = this.below(total)
    for (const item of items) {
      at -= weightOf(item)
      if (at < 0) return item
    }
    return undefined
  }

  /** Some of `items`, each with a chance of one half. */
  some<Item>(items: readonly Item[]): Item[] {
    return items.filter(() => this.below(2) === 1)
  }
}
