// Who is here.

import type { App } from '@crosspoint/client'
import { type PeopleNews, topics } from '../api.ts'
import { badge, byId, create } from './dom.ts'
import type { Membership } from './membership.ts'

export class PeopleView {
  readonly #list = byId('people', HTMLUListElement)
  readonly #count = byId('people-count', HTMLElement)
  readonly #membership: Membership

  /** `tell` gets a line for the log of the chat. */
  constructor(app: App, membership: Membership, tell: (line: string) => void) {
    this.#membership = membership
    app.subscribe(topics.people, ({ people, came, went }: PeopleNews) => {
      this.show(people)
      if (went !== undefined && went !== membership.name) tell(`${went} has left`)
      if (came !== undefined && came !== membership.name) tell(`${came} is here`)
    })
    byId('sign-out', HTMLButtonElement).addEventListener('click', () => void membership.signOut())
  }

  show(people: readonly string[]): void {
    this.#count.textContent = String(people.length)
    this.#list.replaceChildren(
      ...people.map((name) => {
        const item = create('li')
        item.append(badge(name), create('span', '', name))
        if (name === this.#membership.name) item.append(create('span', 'you', '(you)'))
        return item
      }),
    )
  }
}
