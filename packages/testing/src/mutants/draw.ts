// Which requirement ids must have a mutant: drawn by a seed, so that nobody picks the ones that are easy to break.
//
// How it works: every candidate gets a number from the seed and its own name, and the smallest numbers are drawn. So the
// draw stays as it is when other candidates come or go.

import { createHash } from 'node:crypto'

/** Change it, and other ids are drawn, which then need patches. */
const SEED = '20260701'
export const DRAWN_COUNT = 60

export interface Draw {
  readonly drawn: readonly string[]
  /** Ids whose turn it was, but for which there can be no mutant. */
  readonly passedOver: readonly string[]
}

/** Draws `DRAWN_COUNT` of `candidates`; the next one stands in for each that `undrawable` names. */
export function draw(candidates: readonly string[], undrawable: { readonly [id: string]: string }): Draw {
  const drawn: string[] = []
  const passedOver: string[] = []
  for (const id of ranked(candidates)) {
    if (drawn.length === DRAWN_COUNT) break
    if (Object.hasOwn(undrawable, id)) passedOver.push(id)
    else drawn.push(id)
  }
  return { drawn, passedOver }
}

function ranked(candidates: readonly string[]): string[] {
  const numbers = new Map(candidates.map((id) => [id, createHash('sha256').update(`${SEED} ${id}`).digest('hex')]))
  return [...candidates].sort((a, b) => (numbers.get(a)! < numbers.get(b)! ? -1 : 1))
}
