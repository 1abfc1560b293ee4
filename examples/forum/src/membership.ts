// Signed in or not, and how that survives lost connections: a new session is a stranger to the forum, so on every one the
// page signs in again, with the same name and the same key.

import { type App, ApplicationError } from '@crosspoint/client'
import { errors, procedures, type SignedIn, topics } from '../api.ts'
import { failureText, isError } from './failure.ts'

/** Where a window that is being reloaded leaves its name and key for the page that follows in it. */
const HANDOVER = 'forum.handover'

interface Identity {
  readonly name: string | undefined
  /** Known to this window alone: who knows it may take the name over. */
  readonly key: string
}

export interface MembershipEvents {
  /** Signed in, or in again. */
  entered(welcome: SignedIn): void
  /** Signed out, with the reason when it was not the person's wish. */
  left(why: string): void
}

export class Membership {
  readonly #app: App
  readonly #events: MembershipEvents
  readonly #key: string
  #name: string | undefined

  constructor(app: App, events: MembershipEvents) {
    this.#app = app
    this.#events = events
    const { name, key } = handedOver() ?? { name: undefined, key: randomKey() }
    this.#name = name
    this.#key = key
    app.subscribe(topics.pulse, () => this.#stay())
    // The window closes, or is reloaded. Should the goodbye not arrive, the forum notices by itself some seconds later.
    window.addEventListener('pagehide', () => {
      if (this.#name !== undefined) sessionStorage.setItem(HANDOVER, JSON.stringify({ name: this.#name, key: this.#key }))
      void this.#leave()
    })
    // While the page is there nothing is left lying around, since a window that is duplicated gets a copy of it.
    window.addEventListener('pageshow', () => sessionStorage.removeItem(HANDOVER))
  }

  get name(): string | undefined {
    return this.#name
  }

  /** Rejects with what the forum has against it. */
  async signIn(name: string): Promise<void> {
    const welcome = await this.#app.call<SignedIn>(procedures.signIn, name, this.#key)
    this.#name = welcome.name
    this.#events.entered(welcome)
  }

  /** There is a new session: signs in again when somebody was signed in. */
  async resume(): Promise<void> {
    if (this.#name === undefined) return
    try {
      await this.signIn(this.#name)
    } catch (error) {
      // Anything else is a lost connection, and the next session comes here again.
      if (error instanceof ApplicationError) this.#forget(failureText(error))
    }
  }

  async signOut(): Promise<void> {
    await this.#leave()
    this.#forget('')
  }

  #forget(why: string): void {
    this.#name = undefined
    this.#events.left(why)
  }

  async #leave(): Promise<void> {
    if (this.#name === undefined) return
    await this.#app.call(procedures.signOut).catch(() => {})
  }

  async #stay(): Promise<void> {
    if (this.#name === undefined) return
    try {
      await this.#app.call(procedures.stay)
    } catch (error) {
      // The machine slept, or the page comes back out of the browser's history.
      if (isError(error, errors.notSignedIn)) await this.resume()
    }
  }
}

/** What the page before this one has left, when this is a reload. */
function handedOver(): Identity | undefined {
  const stored = sessionStorage.getItem(HANDOVER)
  return stored === null ? undefined : (JSON.parse(stored) as Identity)
}

/** 128 bits in hexadecimal. `crypto.randomUUID` exists on https and localhost only. */
function randomKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
