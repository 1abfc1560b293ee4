// The Python component: another program, perhaps not running. It tells when it comes; whether it has gone is found by asking.

import { type App, ErrorUri } from '@crosspoint/client'
import { type PythonNews, procedures, type Statistics, topics } from '../api.ts'
import { byId } from './dom.ts'
import { failureText, isError } from './failure.ts'

const CHECK_MS = 10_000
/** While it is not there it is asked less and less often, since it tells when it comes. */
const ABSENT_CHECK_FIRST_MS = 2_000
const ABSENT_CHECK_MAX_MS = 30_000

export class PythonView {
  readonly #app: App
  readonly #texts: () => string[]
  readonly #state = byId('python-state', HTMLElement)
  readonly #command = byId('python-command', HTMLElement)
  readonly #ask = byId('python-ask', HTMLButtonElement)
  readonly #answer = byId('python-answer', HTMLElement)
  #absentCheckMs = ABSENT_CHECK_FIRST_MS
  #timer: number | undefined

  /** `texts` gives what it is asked about. */
  constructor(app: App, texts: () => string[]) {
    this.#app = app
    this.#texts = texts
    app.subscribe(topics.python, ({ heard }: PythonNews) => this.#showRunning(heard))
    this.#ask.addEventListener('click', () => void this.#askNow())
  }

  /** Asks whether it is there, now and from time to time. */
  async check(): Promise<void> {
    this.#absentCheckMs = ABSENT_CHECK_FIRST_MS
    await this.#check()
  }

  async #check(): Promise<void> {
    window.clearTimeout(this.#timer)
    try {
      const { heard } = await this.#statistics('')
      this.#showRunning(heard)
    } catch (error) {
      this.#showFailure(error)
    }
  }

  async #askNow(): Promise<void> {
    this.#answer.textContent = 'Asking …'
    try {
      const { words, letters, longest, heard } = await this.#statistics(this.#texts().join('\n'))
      this.#showRunning(heard)
      this.#answer.textContent = words === 0 ? 'There is nothing to count yet.' : answerText(words, letters, longest)
    } catch (error) {
      this.#answer.textContent = ''
      this.#showFailure(error)
    }
  }

  #statistics(text: string): Promise<Statistics> {
    return this.#app.call<Statistics>(procedures.statistics, text)
  }

  #showRunning(heard: number): void {
    const messages = heard === 1 ? '1 message' : `${heard} messages`
    this.#show('running', `The Python component is running. It has heard ${messages} since it came.`)
    this.#absentCheckMs = ABSENT_CHECK_FIRST_MS
    this.#checkIn(CHECK_MS)
  }

  #showFailure(error: unknown): void {
    if (isError(error, ErrorUri.noSuchProcedure)) {
      this.#show('absent', 'The Python component is not running. Start it with:')
      this.#answer.textContent = ''
      this.#checkIn(this.#absentCheckMs)
      this.#absentCheckMs = Math.min(ABSENT_CHECK_MAX_MS, this.#absentCheckMs * 2)
    } else {
      this.#show('unknown', failureText(error))
      this.#checkIn(CHECK_MS)
    }
  }

  #show(state: 'running' | 'absent' | 'unknown', text: string): void {
    this.#state.dataset['state'] = state
    if (this.#state.textContent !== text) this.#state.textContent = text // what changes is read out
    this.#command.hidden = state !== 'absent'
    this.#ask.hidden = state !== 'running'
  }

  #checkIn(delayMs: number): void {
    window.clearTimeout(this.#timer)
    this.#timer = window.setTimeout(() => void this.#check(), delayMs)
  }
}

function answerText(words: number, letters: number, longest: string): string {
  return `Python counts ${words} ${words === 1 ? 'word' : 'words'} with ${letters} letters; the longest is “${longest}”.`
}
