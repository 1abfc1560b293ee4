// The messages and the line to write one.

import type { App } from '@crosspoint/client'
import { type Message, procedures, topics } from '../api.ts'
import { badge, byId, create } from './dom.ts'
import { failureText } from './failure.ts'
import type { Membership } from './membership.ts'

/** Lines that the page keeps; the oldest ones go. */
const LINES_MAX = 300

/** This near to the end, in CSS pixels, a reader is taken to follow the conversation. */
const FOLLOW_DISTANCE = 60

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })

export class ChatView {
  readonly #app: App
  readonly #membership: Membership
  readonly #log = byId('log', HTMLElement)
  readonly #empty = byId('log-empty', HTMLElement)
  readonly #list = byId('messages', HTMLOListElement)
  readonly #text = byId('text', HTMLTextAreaElement)
  readonly #error = byId('compose-error', HTMLElement)
  /** By id, in the order in which they are shown. */
  readonly #shown = new Map<string, Message>()
  #isSending = false

  constructor(app: App, membership: Membership) {
    this.#app = app
    this.#membership = membership
    app.subscribe(topics.message, (message: Message) => {
      if (membership.name !== undefined) this.#add(message)
    })
    const form = byId('compose', HTMLFormElement)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#send()
    })
    this.#text.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
      event.preventDefault()
      form.requestSubmit()
    })
  }

  /** The texts on the page, oldest first. */
  get texts(): string[] {
    return [...this.#shown.values()].map((message) => message.text)
  }

  /** What was said before; what is shown already stays, also when the forum has forgotten it. */
  addAll(messages: readonly Message[]): void {
    for (const message of messages) this.#add(message)
    this.#log.scrollTop = this.#log.scrollHeight
  }

  /** A line about what happens in the room. */
  notice(text: string): void {
    this.#append(create('li', 'notice', text))
  }

  focus(): void {
    this.#text.focus()
  }

  /** For somebody else at the same window. */
  clear(): void {
    this.#shown.clear()
    this.#list.replaceChildren()
    this.#empty.hidden = false
  }

  #add(message: Message): void {
    if (this.#shown.has(message.id)) return
    this.#shown.set(message.id, message)
    this.#empty.hidden = true
    const isOwn = message.name === this.#membership.name
    const item = create('li', isOwn ? 'message own' : 'message')
    item.dataset['id'] = message.id
    const head = create('p', 'who', message.name)
    const time = create('time', '', timeFormat.format(message.at))
    time.dateTime = new Date(message.at).toISOString()
    head.append(time)
    const body = create('div', 'body')
    body.append(head, create('p', 'text', message.text))
    item.append(badge(message.name), body)
    this.#append(item, isOwn)
  }

  #append(item: HTMLLIElement, alwaysFollow = false): void {
    const log = this.#log
    const isFollowing = alwaysFollow || log.scrollHeight - log.scrollTop - log.clientHeight < FOLLOW_DISTANCE
    this.#list.append(item)
    if (this.#list.children.length > LINES_MAX) {
      const oldest = this.#list.firstElementChild as HTMLElement
      this.#shown.delete(oldest.dataset['id'] ?? '')
      oldest.remove()
    }
    if (isFollowing) log.scrollTop = log.scrollHeight
  }

  async #send(): Promise<void> {
    if (this.#isSending) return
    this.#isSending = true
    this.#error.textContent = ''
    try {
      this.#add(await this.#app.call<Message>(procedures.post, this.#text.value))
      this.#text.value = ''
    } catch (error) {
      this.#error.textContent = failureText(error) // the text stays, to be sent again
    } finally {
      this.#isSending = false
      this.#text.focus()
    }
  }
}
