// The form at the door.

import { byId } from './dom.ts'
import { failureText } from './failure.ts'
import type { Membership } from './membership.ts'

export class WelcomeView {
  readonly #section = byId('welcome', HTMLElement)
  readonly #form = byId('sign-in', HTMLFormElement)
  readonly #name = byId('name', HTMLInputElement)
  readonly #error = byId('sign-in-error', HTMLElement)
  #isBusy = false

  constructor(membership: Membership) {
    this.#name.value = membership.name ?? ''
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#submit(membership)
    })
  }

  show(why: string): void {
    this.#section.hidden = false
    this.#tell(why)
    this.#name.focus()
  }

  hide(): void {
    this.#section.hidden = true
    this.#tell('')
  }

  async #submit(membership: Membership): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    this.#tell('')
    try {
      await membership.signIn(this.#name.value)
    } catch (error) {
      this.#tell(failureText(error))
      this.#name.focus()
      this.#name.select()
    } finally {
      this.#isBusy = false
    }
  }

  #tell(text: string): void {
    this.#error.textContent = text
    this.#name.ariaInvalid = text === '' ? 'false' : 'true'
  }
}
