// The slow call: dice that take their time, tell about every roll, and stop when the caller does not want them any more.

import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApplicationError, type Invocation } from 'crosspoint'
import { type Dice, errors, limits } from '../api.ts'

const MS_PER_ROLL = 60

/**
 * Rolls a die as often as the first argument says; the result and every progress is a `Dice`.
 * @param onEnd told about the end, whichever it is.
 * @throws ApplicationError `bad_times`; an AbortError when the call was cancelled, which the caller sees as `wamp.error.canceled`.
 */
export async function rollDice(invocation: Invocation, onEnd: (dice: Dice, isCancelled: boolean) => void): Promise<Dice> {
  const times = checkTimes(invocation.args[0])
  const counts = [0, 0, 0, 0, 0, 0]
  let rolled = 0
  const dice = (): Dice => ({ rolled, times, counts: [...counts] })
  try {
    while (rolled < times) {
      // `signal` fires when the caller cancels and when the caller's session ends; the sleep then throws.
      await sleep(MS_PER_ROLL, undefined, { signal: invocation.signal })
      counts[randomInt(6)]!++
      rolled++
      invocation.progress([dice()])
    }
  } finally {
    onEnd(dice(), rolled < times)
  }
  return dice()
}

function checkTimes(wanted: unknown): number {
  if (typeof wanted === 'number' && Number.isInteger(wanted) && wanted >= 1 && wanted <= limits.diceTimesMax) return wanted
  throw new ApplicationError(errors.badTimes, [`Dice are rolled 1 to ${limits.diceTimesMax} times, not ${String(wanted)}.`])
}
