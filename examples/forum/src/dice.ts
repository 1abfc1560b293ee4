// The slow call: progress with `for await`, and a button that cancels.

import type { App } from '@crosspoint/client'
import { type Dice, type DiceNews, limits, procedures, topics } from '../api.ts'
import { byId, create } from './dom.ts'
import { failureText } from './failure.ts'
import type { Membership } from './membership.ts'

const FACES = ['⚀', '⚁', '⚂', '⚃', '⚄', '⚅']

/** The reason of an abort by the button, to tell it from everything else that may end the call. */
const CANCELLED = new Error('The Cancel button was pressed')

export class DiceView {
  readonly #app: App
  readonly #faces = byId('dice-faces', HTMLElement)
  readonly #bars: HTMLElement[] = []
  readonly #progress = byId('dice-progress', HTMLProgressElement)
  readonly #count = byId('dice-count', HTMLOutputElement)
  readonly #roll = byId('dice-roll', HTMLButtonElement)
  readonly #cancel = byId('dice-cancel', HTMLButtonElement)
  readonly #outcome = byId('dice-outcome', HTMLElement)
  #controller: AbortController | undefined

  /** `tell` gets a line for the log of the chat. */
  constructor(app: App, membership: Membership, tell: (line: string) => void) {
    this.#app = app
    for (const face of FACES) {
      const bar = create('span', 'fill')
      const column = create('span', 'column')
      column.append(bar)
      const cell = create('span', 'face')
      cell.append(column, create('span', 'pips', face))
      this.#bars.push(bar)
      this.#faces.append(cell)
    }
    this.#roll.addEventListener('click', () => void this.#run())
    this.#cancel.addEventListener('click', () => this.#controller?.abort(CANCELLED))
    app.subscribe(topics.dice, (news: DiceNews) => {
      const { name, rolled, times, isCancelled } = news
      tell(isCancelled ? `${name} cancelled the dice after ${rolled} of ${times} rolls` : `${name} rolled the dice ${times} times`)
      if (isCancelled && name === membership.name && this.#controller === undefined) {
        this.#outcome.textContent += ` The component heard it and stopped at ${rolled}.`
      }
    })
  }

  async #run(): Promise<void> {
    const controller = new AbortController()
    this.#controller = controller
    this.#setRunning(true)
    this.#show({ rolled: 0, times: limits.diceTimesMax, counts: FACES.map(() => 0) })
    this.#outcome.textContent = 'Rolling …'
    let rolled = 0
    try {
      const call = this.#app.callProgress<Dice>(procedures.rollDice, { args: [limits.diceTimesMax], signal: controller.signal })
      for await (const progress of call) {
        rolled = progress.value.rolled
        this.#show(progress.value)
      }
      const dice = (await call.result).value
      this.#show(dice)
      this.#outcome.textContent = `Done. The average is ${averageOf(dice)}.`
    } catch (error) {
      this.#outcome.textContent = error === CANCELLED ? `You cancelled after roll ${rolled}.` : failureText(error)
    } finally {
      this.#controller = undefined
      this.#setRunning(false)
    }
  }

  #show(dice: Dice): void {
    const most = Math.max(1, ...dice.counts)
    for (const [face, bar] of this.#bars.entries()) bar.style.height = `${(dice.counts[face]! / most) * 100}%`
    this.#faces.ariaLabel = dice.counts.map((count, face) => `${face + 1}: ${count} times`).join(', ')
    this.#progress.max = dice.times
    this.#progress.value = dice.rolled
    this.#count.textContent = `${dice.rolled} / ${dice.times}`
  }

  /** The focus goes with the button that can be pressed. */
  #setRunning(isRunning: boolean): void {
    const [next, last] = isRunning ? [this.#cancel, this.#roll] : [this.#roll, this.#cancel]
    const hadFocus = document.activeElement === last
    next.disabled = false
    last.disabled = true
    if (hadFocus) next.focus()
  }
}

function averageOf({ counts, rolled }: Dice): string {
  const sum = counts.reduce((total, count, face) => total + count * (face + 1), 0)
  return (sum / Math.max(1, rolled)).toFixed(2)
}
