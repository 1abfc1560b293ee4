// The connection, in plain words.

import type { Status } from '@crosspoint/client'
import { byId } from './dom.ts'

export class ConnectionView {
  readonly #box = byId('connection', HTMLElement)
  readonly #text = byId('connection-text', HTMLElement)
  readonly #countdown = byId('connection-countdown', HTMLElement)
  #wasJoined = false
  #timer: number | undefined

  show({ status, reason, delayMs }: Status): void {
    window.clearInterval(this.#timer)
    this.#countdown.textContent = ''
    this.#box.dataset['state'] = status === 'waiting' ? 'lost' : status
    // The text is read out when it changes, so it stays the same over all attempts; the seconds are for the eyes only.
    if (status === 'joined') this.#say('Connected')
    else if (status === 'stopped') this.#say(`Not connected: ${reason}. Reload the page to try again.`)
    else if (this.#wasJoined) this.#say('Connection lost. Trying again')
    else this.#say(status === 'connecting' ? 'Connecting …' : 'Not reachable. Trying again')
    if (status === 'joined') this.#wasJoined = true
    if (delayMs !== undefined) this.#countDown(delayMs)
    else if (status === 'connecting' && this.#wasJoined) this.#countdown.textContent = ' now …'
  }

  #say(text: string): void {
    if (this.#text.textContent !== text) this.#text.textContent = text
  }

  #countDown(delayMs: number): void {
    const end = performance.now() + delayMs
    const show = () => {
      this.#countdown.textContent = ` in ${Math.max(1, Math.ceil((end - performance.now()) / 1000))} s`
    }
    show()
    this.#timer = window.setInterval(show, 250)
  }
}
