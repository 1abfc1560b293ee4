// The real clock and real chance. The one impure file of the package, behind its own entry "./system".

import type { Clock, Timer } from './clock.ts'
import type { Random } from './random.ts'

// biome-ignore lint/suspicious/noShadowRestrictedNames: the declaration is of that very global; there is no DOM or Node library here
declare const Date: { now(): number }
declare function setTimeout(fire: () => void, delayMs: number): unknown
declare function clearTimeout(handle: unknown): void
declare const crypto: { getRandomValues(words: Uint32Array): Uint32Array }

const DELAY_MS_MAX = 2 ** 31 - 1 // a longer setTimeout would fire at once

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(delayMs: number, fire: () => void): Timer {
    const handle = setTimeout(fire, Math.min(delayMs, DELAY_MS_MAX))
    return { cancel: () => clearTimeout(handle) }
  },
}

const words = new Uint32Array(1024) // one call into the engine serves 512 ids
let next = words.length

function word(): number {
  if (next === words.length) {
    crypto.getRandomValues(words)
    next = 0
  }
  return words[next++]!
}

export const systemRandom: Random = {
  id() {
    for (;;) {
      const value = (word() & 0x1fffff) * 0x100000000 + word()
      if (value !== 0) return value
    }
  },
  below: (n) => Math.floor((word() / 0x100000000) * n),
}
